"""Ctrl-C during long work with Postgres: at a point where it can be obeyed.

Left to itself, Python raises KeyboardInterrupt between any two of its instructions. Where those belong to a library
that has just taken a lock, nobody gives the lock back, and the way out waits for it for ever; in a callback of the
garbage collector the exception is printed, and lost.
"""

import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Y = TypeVar("Y")
S = TypeVar("S")
R = TypeVar("R")

LAST_WAIT_S = 3.0
"""How long each answer of Postgres is waited for on the way out: rolling back takes it no time."""


class Interruption:
    """Whether the work is to end early, and whether that has begun."""

    def __init__(self) -> None:
        self.is_expected = False
        self._is_wanted = False
        self._is_under_way = False

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Meanwhile Ctrl-C raises KeyboardInterrupt, once, where this is asked to `obey`, and nowhere else.

        A second Ctrl-C ends the process where it stands. Where SIGINT is ignored, or somebody else's, it stays so.
        """
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        self.is_expected, self._is_wanted, self._is_under_way = True, False, False
        signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.is_expected = False

    def obey(self) -> None:
        """Raise KeyboardInterrupt if there was a Ctrl-C since the last time; a safe point."""
        if self._is_wanted:
            self._is_wanted, self._is_under_way = False, True
            raise KeyboardInterrupt

    def shorten(self, wait_s: float) -> float:
        """Return how long to wait for an answer: not long on the way out."""
        return min(wait_s, LAST_WAIT_S) if self._is_under_way else wait_s

    def _note(self, *_signal: object) -> None:
        self._is_wanted = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)


class Obedient(Generator[Y, S, R]):
    """Does as `generator` does, but obeys before each of its steps; it can be resumed after that."""

    def __init__(self, generator: Generator[Y, S, R], interruption: Interruption) -> None:
        self._generator = generator
        self._interruption = interruption

    def send(self, value: S) -> Y:
        """Take the next step."""
        self._interruption.obey()
        return self._generator.send(value)

    def throw(self, *error: Any) -> Y:
        """Pass an error in."""
        return self._generator.throw(*error)
