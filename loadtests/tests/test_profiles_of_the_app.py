"""The reference app's profiles: what they name is there."""

import re
import tomllib
from pathlib import Path

import pytest

LOADTESTS = Path(__file__).parents[1]
PROFILES = sorted((LOADTESTS / "profiles").glob("*.toml"))


def test_all_there() -> None:
    """There is a profile for each question."""
    assert [file.stem for file in PROFILES] == ["baseline", "breakpoint", "smoke", "soak", "spike", "stress"]


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.stem)
def test_names(file: Path) -> None:
    """A profile names journeys that exist, and judges stages that it has and measures."""
    profile = tomllib.loads(file.read_text())
    sources = "".join(source.read_text() for source in (LOADTESTS / "journeys").glob("*.py"))
    assert profile["journeys"].keys() <= set(re.findall(r"^class (\w+)\(", sources, re.MULTILINE))
    measured = {stage["name"] for stage in profile["stages"] if not stage.get("warm_up")}
    judged = {name for text in profile["thresholds"] for name in re.findall(r" in stage (\S+)", text)}
    assert judged <= measured


def test_smoke_has_all_journeys_and_is_short() -> None:
    """Smoke is twenty seconds with a bit of everything: it is what every proof runs."""
    smoke = tomllib.loads((LOADTESTS / "profiles/smoke.toml").read_text())
    assert sum(stage["duration_s"] for stage in smoke["stages"]) == 20
    assert len(smoke["journeys"]) == len(list((LOADTESTS / "journeys").glob("[!_]*.py")))
