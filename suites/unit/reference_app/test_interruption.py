"""Ctrl-C where it is expected: obeyed at a safe point, once; the second is not ours any more."""

import signal
from collections.abc import Generator, Iterator

import pytest

from reference_app.interruption import LAST_WAIT_S, Interruption, Obedient


@pytest.fixture(autouse=True)
def _python_handler() -> Iterator[None]:
    """Give these tests the handler that a command starts with, whatever runs them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def steps() -> Generator[str, str, str]:
    heard = yield "first"
    return heard + (yield "second")


def test_obeyed_between_steps() -> None:
    """Nothing happens until the next step, which is not taken; later ones can be, as the way out needs them."""
    interruption = Interruption()
    with interruption.expected():
        obedient = Obedient(steps(), interruption)
        assert next(obedient) == "first"
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            obedient.send("not heard")
        assert obedient.send("heard ") == "second"
        with pytest.raises(StopIteration, match="heard twice"):
            obedient.send("twice")


def test_way_out_is_short() -> None:
    """Answers are waited for as long as ever, but not once an interruption is under way."""
    interruption = Interruption()
    with interruption.expected():
        signal.raise_signal(signal.SIGINT)
        assert interruption.shorten(3600.0) == 3600.0
        with pytest.raises(KeyboardInterrupt):
            interruption.obey()
        assert [interruption.shorten(wait_s) for wait_s in (3600.0, 0.5)] == [LAST_WAIT_S, 0.5]


def test_second_is_the_end() -> None:
    """The second Ctrl-C is the system's: it ends the process where it stands. Afterwards it is Python's again."""
    interruption = Interruption()
    with interruption.expected():
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler


def test_too_late() -> None:
    """A Ctrl-C that no safe point followed is no business of the next work's."""
    interruption = Interruption()
    with interruption.expected():
        signal.raise_signal(signal.SIGINT)
    with interruption.expected():
        interruption.obey()


def test_ignored() -> None:
    """Where SIGINT is ignored, as in the background of a script, it stays ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interruption = Interruption()
    with interruption.expected():
        signal.raise_signal(signal.SIGINT)
        interruption.obey()
