"""The reference app's profiles: what they name is there."""

import re
from pathlib import Path

import pytest

from loadtests.profile import read_profile

LOADTESTS = Path(__file__).parents[1]
PROFILES = sorted((LOADTESTS / "profiles").glob("*.toml"))


def test_all_there() -> None:
    """There is a profile for each question."""
    assert [file.stem for file in PROFILES] == ["baseline", "breakpoint", "smoke", "soak", "spike", "stress"]


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.stem)
def test_names(file: Path) -> None:
    """A profile is sound, thresholds included, and names journeys that exist."""
    profile = read_profile(file)
    sources = "".join(source.read_text() for source in (LOADTESTS / "journeys").glob("*.py"))
    assert profile.journeys.keys() <= set(re.findall(r"^class (\w+)\(", sources, re.MULTILINE))


def test_smoke_has_all_journeys_and_is_short() -> None:
    """Smoke is twenty seconds with a bit of everything: it is what every proof runs."""
    smoke = read_profile(LOADTESTS / "profiles/smoke.toml")
    assert smoke.duration_s == 20
    assert len(smoke.journeys) == len(list((LOADTESTS / "journeys").glob("[!_]*.py")))
