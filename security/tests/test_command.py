"""`python -m security` as people run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.results import Finding, Findings, Results
from security.tests.stand_ins import MakePolicy, MakeTarget, OsvPolicy, TinyService

ROOT = Path(__file__).parents[2]
Done = subprocess.CompletedProcess[str]


def run(tmp_path: Path, *arguments: str | Path, **environment: str) -> Done:
    """Run the command on the target in `tmp_path`, from the project's folder."""
    command = [sys.executable, "-m", "security", "--target", tmp_path / "target.toml", *arguments]
    return run_line(command, environment)


def run_line(command: list[str | Path] | str, environment: dict[str, str]) -> Done:
    known = {name: value for name, value in os.environ.items() if name != "OFFLINE"}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
        shell=isinstance(command, str),
    )


def findings(tmp_path: Path) -> Findings:
    return Results(tmp_path / "results").read(Findings)


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, Path, str, str]:
    """Give the options that most runs share."""
    return "--results", tmp_path / "results", "--seed", "7"


def test_green(
    tmp_path: Path, make_target: MakeTarget, tiny: TinyService, osv: OsvPolicy, options: tuple[str, ...]
) -> None:
    """A sound target passes every check, and its evidence is written."""
    (tmp_path / "good.py").write_text("ANSWER = 42\n")
    (tmp_path / "app.txt").write_text(f"clean==2.0 --hash=sha256:{'a' * 64}\n")
    make_target(
        sources='["good.py"]',
        requirements='["app.txt"]',
        head=f'base_url = "{tiny.base_url}"',
        tail='[openapi]\npath = "/openapi.json"\n',
    )
    done = run(tmp_path, *options, "--policy", osv.file)
    assert (done.returncode, done.stderr) == (0, "")
    assert {scan.tool: scan.covered for scan in findings(tmp_path).scans} == {
        "bandit": 1,
        "pip-audit": 1,
        "headers": 10,
        "anonymous": 3,
    }
    assert sorted(file.name for file in (tmp_path / "results/security").glob("*.sarif")) == [
        "anonymous.sarif",
        "bandit.sarif",
        "headers.sarif",
        "pip-audit.sarif",
    ]


def failing(tmp_path: Path, tool: str) -> Finding:
    return next(finding for finding in findings(tmp_path).findings if finding.tool == tool)


def test_header_reproduces(
    tmp_path: Path, make_target: MakeTarget, tiny: TinyService, options: tuple[str, ...]
) -> None:
    """A planted missing header turns the run red; its line, pasted, shows it again."""
    tiny.forgets["/proving-ground-000007"] = "X-Frame-Options"
    make_target(head=f'base_url = "{tiny.base_url}"')
    assert run(tmp_path, *options, "--only", "headers").returncode == 1
    finding = failing(tmp_path, "headers")
    assert (finding.rule, finding.location) == ("x-frame-options", "GET /(not found)")
    again = run_line(f"{finding.reproduce} --results {tmp_path / 'again'}", {})
    assert again.returncode == 1
    assert "X-Frame-Options is missing (status 404)" in again.stdout


def test_scan_reproduces(tmp_path: Path, make_target: MakeTarget, options: tuple[str, ...]) -> None:
    """A planted shell injection turns the run red; its line, pasted, shows it again with Bandit alone."""
    (tmp_path / "bad.py").write_text("import subprocess\nsubprocess.run(input(), shell=True)  # nosec\n")
    make_target(sources='["."]')
    assert run(tmp_path, *options, "--only", "bandit").returncode == 1
    finding = next(finding for finding in findings(tmp_path).findings if finding.rule == "B602")
    again = run_line(finding.reproduce, {})
    assert again.returncode == 1
    assert "B602" in again.stdout


def test_advisory_reproduces(tmp_path: Path, make_target: MakeTarget, osv: OsvPolicy, options: tuple[str, ...]) -> None:
    """A vulnerable pin turns the run red; its line, pasted, shows it again with pip-audit alone."""
    (tmp_path / "app.txt").write_text(f"leaky==1.0 --hash=sha256:{'a' * 64}\n")
    make_target(requirements='["app.txt"]')
    assert run(tmp_path, *options, "--policy", osv.file, "--only", "pip-audit").returncode == 1
    again = run_line(failing(tmp_path, "pip-audit").reproduce, {})
    assert again.returncode == 1
    assert "leaky" in again.stdout


def test_not_asked_for(tmp_path: Path, make_target: MakeTarget, options: tuple[str, ...]) -> None:
    """A run of one check leaves evidence that says the others were not asked for."""
    (tmp_path / "good.py").write_text("ANSWER = 42\n")
    make_target(sources='["good.py"]')
    assert run(tmp_path, *options, "--only", "bandit").returncode == 0
    assert {"pip-audit", "headers", "anonymous"} == {
        scan.tool for scan in findings(tmp_path).scans if scan.incomplete == "not asked for (--only)"
    }


@pytest.mark.parametrize(("offline", "code"), [("1", 0), ("0", 3)])
def test_offline(
    tmp_path: Path,
    make_target: MakeTarget,
    make_policy: MakePolicy,
    options: tuple[str, ...],
    offline: str,
    code: int,
) -> None:
    """Without a network pip-audit is inconclusive, and decides unless OFFLINE=1 says so."""
    (tmp_path / "good.py").write_text("ANSWER = 42\n")
    (tmp_path / "app.txt").write_text(f"clean==2.0 --hash=sha256:{'a' * 64}\n")
    make_target(sources='["good.py"]', requirements='["app.txt"]')
    policy = make_policy({'= "pypi"': '= "osv"\nosv_url = "http://127.0.0.1:9/"'})
    done = run(tmp_path, *options, "--policy", policy, "--only", "bandit", "pip-audit", OFFLINE=offline)
    assert code == done.returncode
    assert "inconclusive security/pip-audit" in done.stdout


def test_waivers(tmp_path: Path, make_target: MakeTarget, options: tuple[str, ...]) -> None:
    """A valid waiver accepts a finding, an expired one does not."""
    (tmp_path / "bad.py").write_text("import pickle\npickle.loads(input())\n")
    (tmp_path / "waivers.toml").write_text(waivers("2999-01-01"))
    make_target(sources='["bad.py"]', head='waivers = "waivers.toml"')
    assert run(tmp_path, *options, "--only", "bandit").returncode == 0
    (tmp_path / "waivers.toml").write_text(waivers("2020-01-01"))
    done = run(tmp_path, *options, "--only", "bandit")
    assert done.returncode == 1
    assert "waiver expired on 2020-01-01: known (ann, until 2020-01-01)" in done.stdout


def waivers(expires: str) -> str:
    return f'[[finding]]\nmatch = "bandit/B301/*"\nreason = "known"\nowner = "ann"\nexpires = {expires}\n'


def test_target_down(tmp_path: Path, make_target: MakeTarget, options: tuple[str, ...]) -> None:
    """A target that cannot be had is said in one line, and the evidence says so too."""
    make_target()
    done = run(tmp_path, *options, "--only", "headers")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    headers = next(scan for scan in findings(tmp_path).scans if scan.tool == "headers")
    assert str(headers.incomplete).startswith("the target could not be had: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "nonsense"), "invalid choice: 'nonsense'"),
        (("--policy", "nowhere.toml"), "error: nowhere.toml: there is no such file"),
    ],
)
def test_wrong_request(tmp_path: Path, make_target: MakeTarget, arguments: tuple[str, ...], message: str) -> None:
    """A wrong request is exit code 2 and one clear line."""
    make_target()
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
