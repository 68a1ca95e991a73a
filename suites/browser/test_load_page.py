"""Locust's page beside a load run, as a person uses it: figures come while it runs, and it can be ended there."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.command_line import EXIT_INTERRUPTED
from harness.launch import Launched
from harness.load_records import LoadSummary
from harness.ports import free_port
from harness.results import Results

PROFILE = """
users = 4
patience_s = 30
thresholds = ["failures == 0"]
[journeys]
Reader = 1
[[stages]]
duration_s = 600
rate = 40
"""
JOURNEY = """
from locust import task
from loadtests.client.user import LeanHttpUser

class Reader(LeanHttpUser):
    @task
    def read(self):
        self.client.get("/livez")
"""
TIMEOUT_MS = 60_000
FINER = re.compile(r"^\d+\.\d+$")  # Locust itself rounds to whole milliseconds


@pytest.fixture
def run(tmp_path: Path, served_target: Launched) -> Iterator[subprocess.Popen[str]]:
    """Run a load that would take ten minutes, with Locust's page."""
    (tmp_path / "target.toml").write_text(
        f'name = "app"\nbase_url = "{served_target.base_url}"\n[load]\njourneys = "."\nprofiles = "."\n'
    )
    (tmp_path / "quick.toml").write_text(PROFILE)
    (tmp_path / "reader.py").write_text(JOURNEY)
    options = ("--target", str(tmp_path), "--results", str(tmp_path / "results"), "--port", str(free_port()))
    command = [sys.executable, "-m", "loadtests", "ui", "quick", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def heard(run: subprocess.Popen[str], word: str) -> str:
    """Wait until a run says a word, and return that line."""
    assert run.stdout is not None
    return next(line for line in run.stdout if word in line)


def test_load_page(page: Page, run: subprocess.Popen[str], tmp_path: Path) -> None:
    """Figures come, finer than Locust's; nothing can be started; Stop ends the load, whose results are labelled."""
    address = heard(run, "Locust's page").split()[-1]
    heard(run, " left")
    page.goto(address)
    median = page.locator("tr", has_text="/livez").locator("td").nth(4)
    expect(median).to_have_text(FINER, timeout=TIMEOUT_MS)
    asked = {"user_count": "9", "spawn_rate": "9"}
    assert page.request.post(f"{address}/swarm", form=asked).json()["success"] is False
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="New")).to_be_visible(timeout=TIMEOUT_MS)
    heard(run, "until Ctrl-C")
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=TIMEOUT_MS / 1000)[0]
    assert run.returncode == EXIT_INTERRUPTED
    assert "these are partial results" in said
    assert Results(tmp_path / "results").read(LoadSummary, "quick").total.failures == 0
