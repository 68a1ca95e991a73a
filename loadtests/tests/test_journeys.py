"""The journeys of the reference app, on the reference app as a real process."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import msgspec
import pytest

from harness.identities import Identity
from harness.launch import Launched
from harness.load_records import LoadSummary
from harness.results import Results
from harness.target import Target
from loadtests.tests.conftest import ROOT

PROFILE = """
users = 6
patience_s = 30
thresholds = ["failures == 0", "dropped == 0", "response max < 60s"]
[journeys]
DashboardReader = 1
PipelineAuthor = 1
WebhookSender = 1
LiveLogFollower = 1
Administrator = 6
[[stages]]
duration_s = 6
rate = 20
"""
TIMEOUT_S = 110


@pytest.fixture
def folder(tmp_path: Path, target: Target, served_target: Launched) -> Path:
    """Describe the served app as one that somebody else runs: it is there after the load, to be looked at."""
    auth = target.settings.auth
    assert auth is not None
    lines = (
        f'name = "app"\nbase_url = "{served_target.base_url}"',
        f'[auth]\nfile = "{target.resolve(auth.file)}"\nadmin = "admin"',
        f'[load]\njourneys = "{ROOT}/loadtests/journeys"\nprofiles = "."',
    )
    (tmp_path / "target.toml").write_text("\n".join(lines))
    (tmp_path / "all.toml").write_text(PROFILE)
    return tmp_path


def run(folder: Path, target: Target, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command that knows the target in `folder`, and the secret it shares with GitHub."""
    assert target.settings.serve is not None
    known = {"PROVING_GROUND_TARGET": str(folder), "GITHUB_WEBHOOK_SECRET": ""}
    environment = {**os.environ, **known, **target.settings.serve.environment}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def left_behind(base_url: str, admin: Identity) -> list[str]:
    """Return what can still be seen of a load: pipelines, waiting requests, accounts that are on."""
    headers = admin.log_in(base_url)
    left: list[str] = []
    for place in ("pipelines", "registrations?status=pending", "users"):
        request = urllib.request.Request(f"{base_url}/api/{place}", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            items = msgspec.json.decode(answer.read())["items"]
        for item in items:
            name = item.get("name") or item["username"]
            if name.startswith("load-test") and item.get("active", True):
                left.append(f"{place}: {name}")
    return left


def test_all_together(folder: Path, target: Target, served_target: Launched, identities: dict[str, Identity]) -> None:
    """All journeys at once: none fails on a healthy app, and none leaves anything behind."""
    done = run(folder, target, "loadtests", "run", "all", "--target", str(folder), "--results", str(folder / "results"))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    summary = Results(folder / "results").read(LoadSummary, "all")
    assert {endpoint.name for endpoint in summary.endpoints} >= {
        "GET /api/pipelines/{id}/logs/stream",
        "POST /api/webhooks/github",
        "POST /api/registrations/{id}/approval",
        "POST /api/registrations/{id}/rejection",
        "GET /api/users/{id}/sessions",
    }
    assert left_behind(served_target.base_url, identities["admin"]) == []


def test_plain_locust(folder: Path, target: Target, served_target: Launched, identities: dict[str, Identity]) -> None:
    """Plain Locust runs the same journeys, and leaves nothing behind either, if it lets them end what they do."""
    length = ("--run-time", "5s", "--stop-timeout", "60s")
    options = ("--headless", "--users", "10", "--spawn-rate", "10", *length, "--json")
    done = run(folder, target, "locust", "-f", "loadtests/locustfile.py", "--host", served_target.base_url, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = {entry["name"]: entry["num_failures"] for entry in msgspec.json.decode(done.stdout)}
    assert {"/api/pipelines/{id}/logs/stream", "/api/webhooks/github", "/api/audit"} <= asked.keys()
    assert set(asked.values()) == {0}
    assert left_behind(served_target.base_url, identities["admin"]) == []
