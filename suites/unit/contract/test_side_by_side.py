"""How many engines work at once, and what several of them say together."""

import json
import math
from pathlib import Path
from typing import cast

import pytest

from harness.errors import RequestError
from harness.guardian import GuardedProcess
from harness.target import Target
from suites.contract.fuzzing.run import Engine, FuzzRun, Part, merged
from suites.contract.fuzzing.side_by_side import processes_for

RUNNING = 'name = "shop"\nbase_url = "http://127.0.0.1:1"\n'
SERVED = 'name = "shop"\n[serve]\ncommand = ["shop", "{port}"]\n'


def read(folder: Path, text: str) -> Target:
    (folder / "target.toml").write_text(text)
    return Target.read(folder / "target.toml")


def test_a_target_of_ours_is_served_more_than_once(tmp_path: Path) -> None:
    """As often as somebody asks for, else once or twice."""
    target = read(tmp_path, SERVED)
    assert processes_for(target, 3) == 3
    assert processes_for(target, None) in {1, 2}


@pytest.mark.parametrize("text", [RUNNING, SERVED + "port = 8000\n"])
def test_a_target_that_exists_once_has_one_engine(tmp_path: Path, text: str) -> None:
    """A target that runs elsewhere, or insists on a port, cannot be served again; who asks for it is told so."""
    target = read(tmp_path, text)
    assert processes_for(target, None) == 1
    with pytest.raises(RequestError, match="only once"):
        processes_for(target, 2)


def test_an_engine_that_died_is_named() -> None:
    """Parts are a whole run when all of them are; else it says which one is not, and shows what that one said."""
    whole = FuzzRun(complete=True, stop_reason="engine 1 of 2: completed", errors=("one",), output="fine")
    dead = FuzzRun(
        complete=False,
        stop_reason="engine 2 of 2: Schemathesis ended with code -9 and without a report",
        output="killed",
    )
    run = merged([whole, dead])
    assert (run.complete, run.stop_reason, run.output) == (False, dead.stop_reason, "killed")
    assert run.errors == ("one",)
    assert merged([whole, whole]).complete
    assert merged([whole, whole]).errors == ("one",)


class Killed:
    """A process that was killed."""

    def wait(self, _timeout_s: float) -> int:
        """Return its exit code: a signal."""
        return -9

    def last_output(self) -> str:
        """Return what it had printed."""
        return "half a line"


def test_what_a_killed_engine_had_recorded_counts(tmp_path: Path) -> None:
    """Finished scenarios are kept, an unfinished line is none, and nobody takes the run for a whole one."""
    recorder = {"label": "GET /livez", "cases": {"a": {}}}
    finished = json.dumps({"ScenarioFinished": {"phase": "coverage", "recorder": recorder}})
    (tmp_path / "events.ndjson").write_text(f"{finished}\n{finished[:40]}")
    (tmp_path / "report.json").touch()
    part = Part(number=2, of=2, share=("GET /livez",), base_url="http://127.0.0.1:1", seed_address=None)
    killed = cast("GuardedProcess", Killed())
    run = Engine(part=part, process=killed, folder=tmp_path, longest_s=60, deadline_s=math.inf).finish(lambda: None)
    assert (run.complete, [phase for phase, _ in run.scenarios]) == (False, ["coverage"])
    assert run.stop_reason.startswith("engine 2 of 2: Schemathesis ended with code -9")
