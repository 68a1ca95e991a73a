"""What clients did to a register with compare-and-set, whose every change makes the next version."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Register:
    """What the register holds at one moment."""

    version: int
    value: str


@dataclass(frozen=True)
class Unseen:
    """What it holds after changes that are not shown: one of these values, in this version or a later one."""

    least: int
    values: frozenset[str]


State = Register | Unseen


@dataclass(frozen=True)
class Operation:
    """One call of one client, between two moments of one clock."""

    client: str
    called_s: float
    answered_s: float

    def after(self, state: State) -> Sequence[State]:
        """Return what may follow when this happens to `state`; nothing when it cannot have happened to it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Read(Operation):
    """A read, which saw `seen`."""

    seen: Register

    def after(self, state: State) -> Sequence[State]:
        """Return what was seen, if it may have been there."""
        if isinstance(state, Unseen):
            possible = self.seen.version >= state.least and self.seen.value in state.values
        else:
            possible = self.seen == state
        return [self.seen] if possible else []

    def __str__(self) -> str:
        return f"reads version {self.seen.version} ({self.seen.value})"


@dataclass(frozen=True)
class Changed(Operation):
    """An acknowledged change of version `expected` (None: of any) to `value`, which made `version`."""

    expected: int | None
    value: str
    version: int

    def after(self, state: State) -> Sequence[State]:
        """Return the new state, if the version before it was the expected one."""
        before = self.version - 1
        if self.expected not in {None, before}:
            return []
        possible = state.least <= before if isinstance(state, Unseen) else state.version == before
        return [Register(self.version, self.value)] if possible else []

    def __str__(self) -> str:
        return f"changes {_named(self.expected)} to {self.value}: done, version {self.version}"


@dataclass(frozen=True)
class Refused(Operation):
    """A change that was refused, because the version was not the expected one."""

    expected: int

    def after(self, state: State) -> Sequence[State]:
        """Return the state as it was, if its version was another."""
        return [] if isinstance(state, Register) and state.version == self.expected else [state]

    def __str__(self) -> str:
        return f"changes version {self.expected}: refused"


@dataclass(frozen=True)
class Unanswered(Operation):
    """A change that was never answered (at infinity): it may take effect at any time after its call, or never."""

    expected: int | None
    value: str

    def after(self, state: State) -> Sequence[State]:
        """Return the state without the change and, where it fits, with it."""
        if isinstance(state, Register) and self.expected in {None, state.version}:
            return [state, Register(state.version + 1, self.value)]
        return [state]

    def __str__(self) -> str:
        return f"changes {_named(self.expected)} to {self.value}: no answer"


def _named(expected: int | None) -> str:
    return "any version" if expected is None else f"version {expected}"
