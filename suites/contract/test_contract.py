"""What a service promises in its OpenAPI document, it keeps: every check of Schemathesis, every operation."""

import pytest

from suites.contract.fuzzing import FuzzRun


def test_run_is_complete(fuzzing: FuzzRun) -> None:
    """Schemathesis ran to its end, in every phase, without errors of its own."""
    assert fuzzing.complete, f"{fuzzing.stop_reason}:{fuzzing.output}"
    assert fuzzing.errors == ()
    assert "interrupted" not in fuzzing.phases.values()


def test_every_operation_is_reached(fuzzing: FuzzRun, documented: dict[str, tuple[str, ...]]) -> None:
    """Every documented operation was called and answered at least once."""
    reached = {operation.operation for operation in fuzzing.reach}
    assert sorted(documented.keys() - reached) == []


def test_every_check_passes(fuzzing: FuzzRun) -> None:
    """No answer breaks the contract."""
    if fuzzing.failures:
        shown = (f"{failure.what}\n    reproduce: {failure.reproduce}" for failure in fuzzing.failures)
        pytest.fail("\n".join([f"{len(fuzzing.failures)} broken promises:", *shown]), pytrace=False)
