"""Load profiles: which journeys, how many arrivals over time, and the thresholds that decide."""

import difflib
import math
import re
from collections.abc import Collection
from itertools import accumulate
from pathlib import Path
from typing import Literal

import msgspec

from harness.errors import RequestError, TargetFileError
from harness.toml_files import read_toml
from loadtests.thresholds import INTENDED, OPEN_ONLY, Rule, ThresholdError, parse


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a profile."""


class Ramp(_Table, frozen=True):
    """A number that changes evenly over a stage, from its start to its end."""

    start: float
    end: float


class Stage(_Table, frozen=True):
    """A stretch of time. A `warm_up` stage is shown but not judged.

    `rate`: arrivals (requests) per second. `users`: in a closed loop, how many of the users are at work.
    """

    duration_s: float
    rate: float | Ramp | None = None
    users: float | Ramp | None = None
    name: str = ""
    warm_up: bool = False

    @property
    def start_rate(self) -> float:
        """Arrivals per second at the start."""
        return _ends(self.rate).start

    @property
    def end_rate(self) -> float:
        """Arrivals per second at the end."""
        return _ends(self.rate).end

    def users_at(self, elapsed_s: float) -> float | None:
        """Return how many users are at work so many seconds into the stage; None for all of them."""
        if self.users is None:
            return None
        ends = _ends(self.users)
        return ends.start + (ends.end - ends.start) * min(elapsed_s / self.duration_s, 1.0)


class Profile(_Table, frozen=True):
    """A profile as written.

    `arrivals`: how requests come. `even` and `poisson` are open: each request is due at its time, whatever the target
    does. `closed` is a closed loop: users ask, wait for the answer, wait as their `wait_time` says, and ask again, so a
    slow target gets fewer requests and none is ever late or dropped.
    `journeys`: the share of the arrivals (in a closed loop: of the users) that each user class gets. `users`: simulated
    users, and so the bound on requests in flight. `patience_s`: how far behind time a request is still sent (later ones
    are dropped), and how long answers are awaited after the last stage.
    """

    journeys: dict[str, float]
    stages: tuple[Stage, ...]
    arrivals: Literal["even", "poisson", "closed"] = "even"
    thresholds: tuple[str, ...] = ()
    users: int = 50
    patience_s: float = 5.0

    @property
    def is_open(self) -> bool:
        """Whether requests are due at times of their own."""
        return self.arrivals != "closed"

    @property
    def starts_s(self) -> tuple[float, ...]:
        """When each stage starts, in seconds since the first arrival."""
        return tuple(accumulate((stage.duration_s for stage in self.stages), initial=0.0))[:-1]

    @property
    def titles(self) -> tuple[str, ...]:
        """What each stage is called: its name, or its number from 0."""
        return tuple(stage.name or str(index) for index, stage in enumerate(self.stages))

    @property
    def duration_s(self) -> float:
        """Seconds from the first arrival to the end of the last stage."""
        return sum(stage.duration_s for stage in self.stages)

    def stage_at(self, elapsed_s: float) -> int:
        """Return the index of the stage at a time since the start; after the end, the last one."""
        for index, stage in enumerate(self.stages):
            elapsed_s -= stage.duration_s
            if elapsed_s < 0:
                return index
        return len(self.stages) - 1

    def seconds_of(self, stages: Collection[int], until_s: float) -> float:
        """Return how many seconds before a time belong to these stages."""
        return sum(
            max(0.0, min(self.stages[index].duration_s, until_s - self.starts_s[index])) for index in sorted(stages)
        )

    def intended(self, from_s: float, until_s: float) -> float:
        """Return how many arrivals come between two times: the integral of the rate."""
        return self._arrivals_before(until_s) - self._arrivals_before(from_s)

    def _arrivals_before(self, time_s: float) -> float:
        total = 0.0
        for stage, start_s in zip(self.stages, self.starts_s, strict=True):
            lasted_s = min(max(time_s - start_s, 0.0), stage.duration_s)
            slope = (stage.end_rate - stage.start_rate) / stage.duration_s
            total += stage.start_rate * lasted_s + slope * lasted_s**2 / 2
        return total


def find_profile(name: str, folder: Path) -> Path:
    """Return the file of a profile: a name in the target's folder of profiles, or a path.

    Raises:
        RequestError: no such profile; names the nearest.

    """
    if name.endswith(".toml") or "/" in name:
        return Path(name)
    file = folder / f"{name}.toml"
    if file.is_file():
        return file
    known = sorted(path.stem for path in folder.glob("*.toml"))
    raise RequestError(f"profile {name!r}: not in {folder}; {nearest(name, known)}")


def read_profile(file: Path) -> Profile:
    """Read and validate a profile.

    Raises:
        TargetFileError: names the file, the key (and the column of a threshold), and what would be right.

    """
    profile = read_toml(file, Profile)
    for key, problem in _problems(profile):
        raise TargetFileError(file, key, problem)
    return profile


def _ends(value: float | Ramp | None) -> Ramp:
    if isinstance(value, Ramp):
        return value
    return Ramp(start=value or 0.0, end=value or 0.0)


def nearest(name: str, known: list[str]) -> str:
    """Return the end of a message about an unknown name: the nearest known one, or all of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known) or 'none'}"


def _problems(profile: Profile) -> list[tuple[str, str]]:
    """Return what is wrong, as pairs of key and sentence."""
    return [
        *(problem for index in range(len(profile.stages)) for problem in _stage_problems(index, profile)),
        *_stage_name_problems(profile),
        *_journey_problems(profile),
        *_threshold_problems(profile),
    ]


def _stage_problems(index: int, profile: Profile) -> list[tuple[str, str]]:
    stage, key = profile.stages[index], f"stages[{index}]"
    problems = []
    if not 0 < stage.duration_s < math.inf:
        problems.append((f"{key}.duration_s", f"{stage.duration_s:g}: must be more than 0 seconds, and have an end"))
    if profile.is_open:
        if stage.users is not None:
            problems.append((f"{key}.users", 'only with arrivals = "closed"; here `rate` says how many requests come'))
        problems += _amount_problems(f"{key}.rate", stage.rate, "arrivals per second")
    elif stage.rate is not None:
        problems.append((f"{key}.rate", 'not with arrivals = "closed"; there `users` says how many are at work'))
    elif stage.users is not None:
        problems += _amount_problems(f"{key}.users", stage.users, "users")
        if max(_ends(stage.users).start, _ends(stage.users).end) > profile.users:
            problems.append((f"{key}.users", f"more than the profile's {profile.users} users; raise `users` there"))
    return problems


def _amount_problems(key: str, amount: float | Ramp | None, unit: str) -> list[tuple[str, str]]:
    """Return what is wrong with an amount that may rise from nothing or fall to nothing, but not be nothing."""
    if amount is None:
        return [(key, f"is missing; give {unit}")]
    ends = _ends(amount)
    if min(ends.start, ends.end) >= 0 and 0 < max(ends.start, ends.end) < math.inf:
        return []
    shown = " to ".join(dict.fromkeys(f"{end:g}" for end in (ends.start, ends.end)))
    return [(key, f"{shown}: must be more than 0 {unit}")]


def _stage_name_problems(profile: Profile) -> list[tuple[str, str]]:
    problems = []
    for index, title in enumerate(profile.titles):
        if not re.fullmatch(r"[\w.-]+", title):
            problems.append((f"stages[{index}].name", f"{title!r}: letters, digits, `-`, `_` and `.` only"))
        if title in profile.titles[:index]:
            problems.append((f"stages[{index}].name", f"{title!r}: another stage has that name"))
    if all(stage.warm_up for stage in profile.stages):
        problems.append(("stages", "nothing is measured; give at least one stage that is not warm_up"))
    return problems


def _journey_problems(profile: Profile) -> list[tuple[str, str]]:
    problems = [
        (f"journeys.{name}", f"weight {weight:g} must be more than 0")
        for name, weight in profile.journeys.items()
        if not 0 < weight < math.inf
    ]
    if not profile.journeys:
        problems.append(("journeys", "is empty; give each journey a weight, as in `Reader = 1`"))
    if profile.users < max(1, len(profile.journeys)):
        problems.append(("users", f"{profile.users}: at least one for each of {len(profile.journeys)} journeys"))
    if not 0 <= profile.patience_s < math.inf:
        problems.append(("patience_s", f"{profile.patience_s:g}: must be 0 or more seconds"))
    return problems


def _threshold_problems(profile: Profile) -> list[tuple[str, str]]:
    problems = []
    for index, text in enumerate(profile.thresholds):
        try:
            check(parse(text), profile)
        except ThresholdError as error:
            problems.append((f"thresholds[{index}]", f"{text!r}, {error}"))
    return problems


def check(rule: Rule, profile: Profile) -> None:
    """Refuse a threshold that this profile could never judge.

    Raises:
        ThresholdError: its stage is unknown or warm-up, its window is longer than what it is judged over, or it asks
            for what only open arrivals have.

    """
    if rule.measure in OPEN_ONLY and not profile.is_open:
        raise ThresholdError(1, f"a measure that a closed loop has; {rule.measure} is for open arrivals")
    if rule.unit == INTENDED and not profile.is_open:
        raise ThresholdError(rule.unit_column, "`/s`; a closed loop intends no rate")
    stages = dict(zip(profile.titles, profile.stages, strict=True))
    if rule.stage is not None and rule.stage not in stages:
        raise ThresholdError(rule.stage_column, f"a stage; {nearest(rule.stage, list(stages))}")
    if rule.stage is not None and stages[rule.stage].warm_up:
        raise ThresholdError(rule.stage_column, "a stage that is judged; this one is warm_up")
    judged_s = sum(
        stage.duration_s for title, stage in stages.items() if rule.stage == title or not (rule.stage or stage.warm_up)
    )
    if rule.window_s is not None and rule.window_s > judged_s:
        raise ThresholdError(rule.window_column, f"at most the {judged_s:g} s over which it is judged")
