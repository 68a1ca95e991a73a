"""The real Bandit on planted files."""

import re
from pathlib import Path

import pytest

from harness.target import Target
from security.evidence import CheckIncomplete, Outcome, Severity
from security.policy import Policy
from security.processes import Workshop
from security.scans.bandit import Bandit
from security.tests.stand_ins import MakeTarget

VULNERABLE = "import subprocess\n\n\ndef run(word):\n    subprocess.run('ls ' + word, shell=True)\n"


def scan(target: Target, policy: Policy, workshop: Workshop) -> Outcome:
    return Bandit(target, policy).scan(workshop)


def plant(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text(text)


def test_finds_planted(tmp_path: Path, make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """A shell injection is found at its line, relative to the target's folder."""
    plant(tmp_path, "src/bad.py", VULNERABLE)
    outcome = scan(make_target(sources='["src"]'), policy, workshop)
    found = [(one.rule, one.severity, one.location) for one in outcome.issues if one.severity is Severity.HIGH]
    assert found == [("B602", Severity.HIGH, "src/bad.py:5")]
    assert outcome.incomplete is None


def test_clean(tmp_path: Path, make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """Clean code gives no issue, and the number of files that were read."""
    plant(tmp_path, "src/good.py", "ANSWER = 42\n")
    plant(tmp_path, "src/more/good.py", "ANSWER = 43\n")
    outcome = scan(make_target(sources='["src"]'), policy, workshop)
    assert (outcome.covered, outcome.issues, outcome.incomplete) == (2, (), None)


def test_unparsable(tmp_path: Path, make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """A file that Bandit cannot parse is a gap, named, and does not count as covered."""
    plant(tmp_path, "src/good.py", "ANSWER = 42\n")
    plant(tmp_path, "src/broken.py", "def broken(:\n")
    outcome = scan(make_target(sources='["src"]'), policy, workshop)
    assert outcome.covered == 1
    assert outcome.incomplete == "src/broken.py: syntax error while parsing AST from file"


def test_nothing_to_scan(tmp_path: Path, make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """A source folder without a Python file is a gap, even beside one that has some."""
    plant(tmp_path, "src/good.py", "ANSWER = 42\n")
    (tmp_path / "empty").mkdir()
    outcome = scan(make_target(sources='["src", "empty"]'), policy, workshop)
    assert outcome.incomplete == "empty: no Python file found"


def test_nosec_is_ignored(tmp_path: Path, make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """Neither `# nosec` nor a .bandit file accepts a finding."""
    plant(tmp_path, "src/bad.py", VULNERABLE.replace("True)", "True)  # nosec"))
    plant(tmp_path, "src/.bandit", "[bandit]\nskips: B602\n")
    outcome = scan(make_target(sources='["src"]'), policy, workshop)
    assert "B602" in {issue.rule for issue in outcome.issues}


def test_excluded(tmp_path: Path, make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """An environment that lies in the source folder is not the target's code."""
    plant(tmp_path, "good.py", "ANSWER = 42\n")
    plant(tmp_path, ".venv/lib/bad.py", VULNERABLE)
    outcome = scan(make_target(sources='["."]'), policy, workshop)
    assert (outcome.covered, outcome.issues) == (1, ())


def test_no_sources(make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """A target that names no sources is told so."""
    with pytest.raises(CheckIncomplete, match=re.escape("names no [security].sources")):
        scan(make_target(), policy, workshop)


def test_crash(
    tmp_path: Path, make_target: MakeTarget, workshop: Workshop, monkeypatch: pytest.MonkeyPatch, policy: Policy
) -> None:
    """A scanner that is missing or crashes is a gap with its last line."""
    plant(tmp_path, "src/good.py", "ANSWER = 42\n")
    plant(tmp_path, "shadow/bandit.py", "raise SystemExit('bandit is out of order')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shadow"))
    with pytest.raises(CheckIncomplete, match="ended with 1 and no report: bandit is out of order"):
        scan(make_target(sources='["src"]'), policy, workshop)
