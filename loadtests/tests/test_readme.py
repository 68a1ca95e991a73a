"""What the page about load tests says is true."""

import re
from pathlib import Path

import pytest

from loadtests.profile import read_profile
from loadtests.thresholds import parse

LOADTESTS = Path(__file__).parents[1]
PAGE = (LOADTESTS / "README.md").read_text()


def test_example_profile(tmp_path: Path) -> None:
    """The profile that the page shows is a sound one."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "example.toml").write_text(example)
    assert read_profile(tmp_path / "example.toml").arrivals == "poisson"


@pytest.mark.parametrize("text", re.findall(r"`((?:response|service|failures|rate|dropped|late) .*?[<>=].*?)`", PAGE))
def test_example_thresholds(text: str) -> None:
    """Every threshold that the page shows can be read."""
    assert parse(text).text == text


def test_profiles() -> None:
    """The page has every profile of the reference app, and no other."""
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert rows == {file.stem for file in (LOADTESTS / "profiles").glob("*.toml")}
