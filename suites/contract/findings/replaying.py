"""Shows causes again on a freshly seeded target, with as few requests as that takes."""

import copy
import http.client
import itertools
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from harness.contract_findings import Shrinking, Step
from harness.errors import Inconclusive, TargetFault
from harness.identities import Identity
from suites.contract.findings.causes import LAWS, Cause, Sighting
from suites.contract.findings.exchange import FILTERED, TIMEOUT_S, Answer, send
from suites.contract.findings.renaming import Names
from suites.contract.findings.smaller_requests import SAFE
from suites.contract.fuzzing.isolation import Isolation

BROKEN = (OSError, http.client.HTTPException, ValueError)
"""Nothing answered, what answered was no HTTP, or the request cannot be written by a client that keeps to it."""
CANNOT_ASK = (Inconclusive, TargetFault)
"""An identity cannot log in any more, a service is gone, or the target cannot be started again."""
IN_SEQUENCE = frozenset({"use_after_free", "ensure_resource_availability", *LAWS})


Exchanged = tuple[tuple[Step, Answer | None], ...]
"""Calls, and what they were answered."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The requests that stand for a cause, their answers, and whether they showed it again (None: not tried)."""

    steps: tuple[Step, ...]
    answers: tuple[Answer | None, ...]
    again: bool | None
    shrinking: Shrinking | None = None


class Caller:
    """Calls a target as its identities, who log in anew after each restoration of its seed."""

    def __init__(
        self,
        base_url: str,
        identities: Mapping[str, Identity],
        isolation: Isolation,
        timeout_s: float = TIMEOUT_S,
        admin: str | None = None,
    ) -> None:
        self.base_url = base_url
        self.identities = identities
        self._isolation = isolation
        self._timeout_s = timeout_s
        self._credentials: dict[str, dict[str, str]] = {}
        self._is_changed = True  # what was sent to the target before nobody knows
        self.peers = tuple(name for name in identities if name != admin)
        """Who should be kept from each other's things."""

    def among(self, peers: tuple[str, ...]) -> "Caller":
        """Return the same caller, to whom only these are each other's equals."""
        made = copy.copy(self)
        made.peers = peers
        return made

    @property
    def has_seed(self) -> bool:
        """Whether `restore` does anything."""
        return self._isolation.is_possible

    def restore(self) -> None:
        """Give the target its seed again."""
        self._isolation.restore(changed=self._is_changed)
        self._credentials.clear()
        self._is_changed = False

    def call(self, step: Step) -> Answer | None:
        """Send a request as its identity; None when nothing answered.

        Raises:
            IdentityRefused: the identity cannot log in.

        """
        self._is_changed = self._is_changed or step.method.upper() not in SAFE
        filtered = any(FILTERED in value for value in step.headers.values())
        mine = self.credentials(step.identity) if filtered and step.identity else {}
        try:
            return send(self.base_url, step, mine, self._timeout_s)
        except BROKEN:
            return None

    def told(self, step: Step) -> Step:
        """Return a request as evidence may tell it: whose it is if it carries credentials, and none of these."""
        carriers = self.carriers
        identity = self.identities.get(step.identity or "")
        carried = identity is not None and any(name.lower() in identity.carriers for name in step.headers)
        headers = {name: FILTERED if name.lower() in carriers else value for name, value in step.headers.items()}
        return msgspec.structs.replace(step, headers=headers, identity=step.identity if carried else None)

    @property
    def carriers(self) -> frozenset[str]:
        """The headers that carry identities, in lower case."""
        return frozenset[str]().union(*(one.carriers for one in self.identities.values()))

    def credentials(self, name: str) -> dict[str, str]:
        """Return the headers that carry an identity."""
        if name not in self._credentials:
            self._credentials[name] = self.identities[name].log_in(self.base_url)
        return self._credentials[name]


def replayed(calls: Exchanged, caller: Caller, names: Names | None = None) -> Exchanged:
    """Send recorded calls again, each with the names that the answers before it have given; return what was sent.

    Raises:
        IdentityRefused: an identity cannot log in.

    """
    names = names or Names()
    sent: list[tuple[Step, Answer | None]] = []
    for step, before in calls:
        now = names.told(step)
        answer = caller.call(now)
        names.learn(before, answer)
        sent.append((now, answer))
    return tuple(sent)


def show_again(cause: Cause, caller: Caller) -> Shown:
    """Send more and more requests to fresh targets until the cause shows: the last one alone, what led to it, all.

    What came back counts as the same when its status, the names of its headers and the shape of its body are. What is
    wrong only after other calls is shown by those: all answers have to be the same, and to differ where they did.
    """
    sighting = _with_identities(cause, caller)
    if not caller.has_seed:
        return _part(sighting, sighting.chain, again=None)
    in_sequence = cause.check in IN_SEQUENCE
    for positions in [sighting.chain] if in_sequence else _attempts(sighting):
        steps = [sighting.steps[position] for position in positions]
        expected = [sighting.answers[position] for position in positions]
        try:
            caller.restore()
            answers = [answer for _, answer in replayed(tuple(zip(steps, expected, strict=True)), caller)]
        except CANNOT_ASK:
            return _part(sighting, sighting.chain, again=None)
        compared = zip(answers, expected, strict=True) if in_sequence else [(answers[-1], expected[-1])]
        differ = not in_sequence or _differences(steps, expected) <= _differences(steps, answers)
        if differ and all(is_same(answer, before) for answer, before in compared):
            return _part(sighting, positions, again=True)
    return _part(sighting, sighting.chain, again=False)


def is_same(answer: Answer | None, expected: Answer | None) -> bool:
    """Whether what came back is of the kind of what was expected, or nothing came where nothing had come."""
    if answer is None or expected is None:
        return answer is expected
    return answer.kind == expected.kind


def _differences(steps: Sequence[Step], answers: Sequence[Answer | None]) -> set[tuple[int, int]]:
    """Return which two equal requests were answered differently, to the byte: some laws are broken by that alone."""
    bodies = [answer and answer.body for answer in answers]
    pairs = itertools.combinations(range(len(steps)), 2)
    return {(one, other) for one, other in pairs if steps[one] == steps[other] and bodies[one] != bodies[other]}


def _attempts(sighting: Sighting) -> Iterator[tuple[int, ...]]:
    """Yield positions to send: the last one, its chain, then the last two, four, … and all of them."""
    every = range(len(sighting.steps))
    tried: set[tuple[int, ...]] = set()
    sizes = [2**power for power in range(1, len(every).bit_length() + 1)]
    for positions in (tuple(every[-1:]), sighting.chain, *(tuple(every[-size:]) for size in sizes)):
        if positions not in tried:
            tried.add(positions)
            yield positions


def _part(sighting: Sighting, positions: tuple[int, ...], *, again: bool | None) -> Shown:
    return Shown(
        steps=tuple(sighting.steps[position] for position in positions),
        answers=tuple(sighting.answers[position] for position in positions),
        again=again,
    )


def _with_identities(cause: Cause, caller: Caller) -> Sighting:
    """Name who sent each request: with one identity Schemathesis does not, and a probe of `ignored_auth` is nobody."""
    only = next(iter(caller.identities), None)
    sighting = cause.sighting
    steps = [msgspec.structs.replace(step, identity=step.identity or only) for step in sighting.steps]
    if cause.check == "ignored_auth":
        steps[-1] = msgspec.structs.replace(steps[-1], identity=None)
    # Not every header that carries an identity has a name by which Schemathesis takes it for a secret.
    return msgspec.structs.replace(sighting, steps=tuple(map(caller.told, steps)))
