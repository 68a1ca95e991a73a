"""An engine's process that starts before there is anything to do: what it is told it does, and it holds nobody up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.guardian import Guardian
from harness.ports import LOOPBACK, free_port
from suites.contract.fuzzing.run import Part, Request
from suites.contract.fuzzing.side_by_side import waiting_engines

DOCUMENT = '{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}'


@pytest.fixture(scope="module")
def own_guardian() -> Iterator[Guardian]:
    """Yield a guardian whose folder holds these engines alone."""
    with Guardian() as guardian:
        yield guardian


def request_of(folder: Path) -> Request:
    """Return what is asked of an engine, of a document without operations."""
    document = folder / "openapi.json"
    document.write_text(DOCUMENT)
    return Request(
        document=str(document),
        auth_file=None,
        configuration=None,
        seed=1,
        max_examples=1,
        operations=(),
        longest_s=200,
    )


def part(number: int) -> Part:
    """Return what one of two engines does, on a target that nobody has to ask."""
    return Part(number=number, of=2, share=(), base_url=f"http://{LOOPBACK}:{free_port()}", seed_address=None)


def test_engines_wait(own_guardian: Guardian, tmp_path: Path) -> None:
    """One does what it is told when it is told, whatever the other does.

    Nobody is held up by one that ended before it was told anything, and it is not taken for a whole run.
    """
    asked = request_of(tmp_path)
    with waiting_engines(2, None, own_guardian) as (first, second):
        worked = first.start(asked, part(1)).finish(lambda: None)
        assert (worked.complete, worked.stop_reason) == (True, "engine 1 of 2: completed")
        assert second.process.exit_code is None
        second.process.stop()
        ended = second.start(asked, part(2)).finish(lambda: None)
    assert not ended.complete
    assert ended.stop_reason == "engine 2 of 2: Schemathesis ended with code -15 and without a report"
