"""A property that fails can be followed in Allure: its smallest example, its seed, its command, what was tried."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPECIMEN = "suites/specimens/properties.py"
EXAMPLES = {"test_given": "number=1000", "test_machine": "state.add(more=5)"}
Attachments = dict[str, dict[str, str]]
"""Texts by name, by test."""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)


@pytest.fixture(scope="module")
def attachments(tmp_path_factory: pytest.TempPathFactory) -> Attachments:
    """Return what is attached to the tests of the specimen, run in a pytest of their own."""
    folder = tmp_path_factory.mktemp("properties")
    done = run(sys.executable, "-m", "pytest", SPECIMEN, "--results", folder, "--seed", "7")
    assert done.returncode == 1, done.stdout + done.stderr
    results = [json.loads(file.read_text()) for file in (folder / "allure").glob("*-result.json")]
    return {
        result["name"]: {
            each["name"]: (folder / "allure" / each["source"]).read_text() for each in result.get("attachments", [])
        }
        for result in results
    }


@pytest.mark.parametrize(("test", "example"), EXAMPLES.items())
def test_failure(attachments: Attachments, test: str, example: str) -> None:
    """A failing property, given or stateful, has its smallest example, its seed, its command and statistics."""
    found = attachments[test]
    assert example in found["minimal example"]
    assert found["seed"] == "7"
    assert f"{SPECIMEN}::{test} " in found["reproduce"]
    assert "distinct error" in found["Hypothesis statistics"]


def test_success(attachments: Attachments) -> None:
    """A property that holds has statistics only, also where it stands inside a test."""
    found = attachments["test_inner"]
    assert "100 passing" in found["Hypothesis statistics"]
    assert found.keys() & {"minimal example", "seed", "reproduce"} == set()


def test_ordinary_failure(attachments: Attachments) -> None:
    """A failure without a property has none of this."""
    assert attachments["test_no_property"].keys() & {"minimal example", "Hypothesis statistics"} == set()


def test_command(tmp_path: Path, attachments: Attachments) -> None:
    """The command, pasted, finds the same smallest example again."""
    done = run(*shlex.split(attachments["test_machine"]["reproduce"]), "--results", tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert EXAMPLES["test_machine"] in done.stdout
