"""Load profiles: which journeys, how many arrivals over time, and the thresholds that decide."""

import difflib
from pathlib import Path

import msgspec

from harness.errors import RequestError, TargetFileError
from harness.toml_files import read_toml
from loadtests.thresholds import ThresholdError, parse


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a profile."""


class Ramp(_Table, frozen=True):
    """A rate that changes evenly over a stage: arrivals per second at its start and at its end."""

    start: float
    end: float


class Stage(_Table, frozen=True):
    """A stretch of time. `rate`: arrivals (requests) per second; a `warm_up` stage is shown but not judged."""

    duration_s: float
    rate: float | Ramp
    name: str = ""
    warm_up: bool = False

    @property
    def start_rate(self) -> float:
        """Arrivals per second at the start."""
        return self.rate.start if isinstance(self.rate, Ramp) else self.rate

    @property
    def end_rate(self) -> float:
        """Arrivals per second at the end."""
        return self.rate.end if isinstance(self.rate, Ramp) else self.rate


class Profile(_Table, frozen=True):
    """A profile as written.

    `journeys`: the share of the arrivals that each user class gets. `users`: simulated users, and so the bound on
    requests in flight. `patience_s`: how far behind time a request is still sent (later ones are dropped), and how
    long answers are awaited after the last stage.
    """

    journeys: dict[str, float]
    stages: tuple[Stage, ...]
    thresholds: tuple[str, ...] = ()
    users: int = 50
    patience_s: float = 5.0

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

    def measured_s(self, until_s: float) -> float:
        """Return the seconds before `until_s` that are not warm-up; time past the last stage counts."""
        start, measured = 0.0, 0.0
        for stage in self.stages:
            if not stage.warm_up:
                measured += max(0.0, min(stage.duration_s, until_s - start))
            start += stage.duration_s
        return measured + max(0.0, until_s - start)


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


def nearest(name: str, known: list[str]) -> str:
    """Return the end of a message about an unknown name: the nearest known one, or all of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known) or 'none'}"


def _problems(profile: Profile) -> list[tuple[str, str]]:
    """Return what is wrong, as pairs of key and sentence."""
    return [
        *(problem for index, stage in enumerate(profile.stages) for problem in _stage_problems(index, stage)),
        *_journey_problems(profile),
        *_threshold_problems(profile),
    ]


def _stage_problems(index: int, stage: Stage) -> list[tuple[str, str]]:
    problems = []
    if not stage.duration_s > 0:
        problems.append((f"stages[{index}].duration_s", f"{stage.duration_s:g}: must be more than 0 seconds"))
    rates = (stage.start_rate, stage.end_rate)
    if min(rates) < 0 or not max(rates) > 0:
        shown = " to ".join(f"{rate:g}" for rate in dict.fromkeys(rates))
        problems.append((f"stages[{index}].rate", f"{shown}: must be more than 0 arrivals per second"))
    return problems


def _journey_problems(profile: Profile) -> list[tuple[str, str]]:
    problems = [
        (f"journeys.{name}", f"weight {weight:g} must be more than 0")
        for name, weight in profile.journeys.items()
        if not weight > 0
    ]
    if not profile.journeys:
        problems.append(("journeys", "is empty; give each journey a weight, as in `Reader = 1`"))
    if profile.users < max(1, len(profile.journeys)):
        problems.append(("users", f"{profile.users}: at least one for each of {len(profile.journeys)} journeys"))
    if profile.patience_s < 0:
        problems.append(("patience_s", f"{profile.patience_s:g}: must not be negative"))
    if all(stage.warm_up for stage in profile.stages):
        problems.append(("stages", "nothing is measured; give at least one stage that is not warm_up"))
    return problems


def _threshold_problems(profile: Profile) -> list[tuple[str, str]]:
    problems = []
    for index, text in enumerate(profile.thresholds):
        try:
            parse(text)
        except ThresholdError as error:
            problems.append((f"thresholds[{index}]", f"{text!r}, {error}"))
    return problems
