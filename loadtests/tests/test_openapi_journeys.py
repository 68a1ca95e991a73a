"""Journeys that are made of a document, on a stranger's service, by the command that a user gives."""

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from harness.launch import launch
from harness.load_records import LoadSummary
from harness.results import Results
from harness.target import Target
from loadtests.tests.conftest import ROOT, Lab

STRANGER = Path(__file__).with_name("stranger")
PROFILE = """
users = 8
patience_s = 30
thresholds = ["failures == 0", "dropped == 0", "response max < 60s"]
[journeys]
OrdinaryUser = 8
Administrator = 2
Anonymous = 2
[[stages]]
duration_s = 2
rate = 100
"""
ENOUGH = "duration_s = 8\nrate = 150\n"
"""Operations are chosen by chance, and a write is one in a hundred: some come among twelve hundred, in any order."""
BROKEN = "  /broken:\n    get: {responses: {200: {description: never}}}\n"
READS = {
    "GET /books",
    "GET /books/{id}",
    "GET /books/{id}/pages/{page}",
    "GET /members",
    "GET /members/{name}",
    "GET /search",
}
WRITES = {"POST /books", "PUT /books/{id}", "DELETE /books/{id}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the stranger's folder, without the broken route, and with a quick profile."""
    for file in STRANGER.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    document = tmp_path / "openapi.yaml"
    document.write_text(document.read_text().replace(BROKEN, ""))
    (tmp_path / "quick.toml").write_text(PROFILE)
    return tmp_path


@pytest.fixture
def running(folder: Path) -> Iterator[str]:
    """Yield the address of the service, which somebody else runs as far as target.toml says."""
    with launch(Target.read(folder)) as launched:
        text = (folder / "target.toml").read_text()
        served = '[serve]\ncommand = ["{python}", "service.py", "{port}"]\n'
        assert served in text
        (folder / "target.toml").write_text(text.replace(served, f'base_url = "{launched.base_url}"\n'))
        yield launched.base_url


def run(folder: Path, profile: str) -> subprocess.CompletedProcess[str]:
    """Run a profile."""
    options = ("--target", str(folder), "--results", str(folder / "results"), "--seed", "1")
    return subprocess.run(
        [sys.executable, "-m", "loadtests", "run", profile, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def summary_of(folder: Path) -> LoadSummary:
    """Read what the run left."""
    return Results(folder / "results").read(LoadSummary, "quick")


def test_all_that_works_is_exercised(folder: Path, running: str) -> None:
    """Reads and writes, by whoever may, with ids from lists; what is left out is named; nothing is left behind."""
    target = folder / "target.toml"
    target.write_text(f"{target.read_text()}\n[load]\nwrites = true\n")
    profile = folder / "quick.toml"
    profile.write_text(PROFILE.replace("duration_s = 2\nrate = 100\n", ENOUGH))
    done = run(folder, str(profile))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    summary = summary_of(folder)
    assert {endpoint.name for endpoint in summary.endpoints} == READS | WRITES
    assert summary.not_exercised == (
        "GET /lost: $ref '#/components/parameters/Nowhere' leads nowhere",
        "GET /logout: it would end the session",
        "POST /badges: when the same was sent again, it answered 409",
        "POST /logout: it would change what the run has not made",
    )
    assert all(f"  not exercised: {sentence}" in done.stdout for sentence in summary.not_exercised)
    with urllib.request.urlopen(f"{running}/v2/books", timeout=30) as answer:
        assert [book["bookId"] for book in msgspec.json.decode(answer.read())["shelf"]] == ["b0", "b1", "b2"]


@pytest.mark.usefixtures("running")
def test_given_target_is_only_read(folder: Path) -> None:
    """On a target that somebody else runs nothing is written, unless its file allows it."""
    assert run(folder, str(folder / "quick.toml")).returncode == 0
    summary = summary_of(folder)
    assert {endpoint.name for endpoint in summary.endpoints} == READS
    assert [one for one in summary.not_exercised if "writes = true" in one] != []


def test_broken_route_fails(folder: Path) -> None:
    """A route that ends in a server error is not left out of the load: it fails it, and is named."""
    shutil.copy(STRANGER / "openapi.yaml", folder)
    done = run(folder, str(folder / "quick.toml"))
    assert done.returncode == 1
    assert "times: GET /broken: answered 500" in done.stdout


@pytest.mark.parametrize(
    ("openapi", "code", "said"),
    [
        ("", 2, "load: has no journeys, and there is no [openapi] of which they could be made"),
        ('[openapi]\nfile = "bad.yaml"', 2, "bad.yaml: neither JSON nor YAML"),
        ('[openapi]\nfile = "old.yaml"', 2, "is not of version 3 (Swagger 2.0)"),
        ('[openapi]\npath = "/fail"', 3, "/fail: HTTP Error 500"),
    ],
    ids=["none", "unreadable", "old", "not given out"],
)
def test_no_document(lab: Lab, openapi: str, code: int, said: str) -> None:
    """A document that cannot be had or understood is one clear line."""
    (lab.folder / "bad.yaml").write_text("a: [")
    (lab.folder / "old.yaml").write_text("swagger: '2.0'")
    (lab.folder / "target.toml").write_text(f'name = "tiny"\nbase_url = "{lab.base_url}"\n{openapi}\n')
    done = lab.run(profile="smoke")
    assert code == done.returncode
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
