"""The database of a failed test can be opened afterwards, though its server ended with the run."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from harness.errors import EXIT_FAIL, EXIT_PASS

TEST = """
import psycopg

def test_it(database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE clues (what text)")
        connection.execute("INSERT INTO clues VALUES ('the butler')")
    assert False
"""


def test_database_of_a_failed_test_is_kept(tmp_path: Path) -> None:
    """The line that a failure prints serves the database as the test left it, until it is interrupted."""
    (tmp_path / "test_it.py").write_text(TEST)
    fixed = ("-c", "pyproject.toml", "--rootdir=.", "-p", "harness.fixtures", "--services", "embedded")
    command = [sys.executable, "-m", "pytest", tmp_path / "test_it.py", *fixed, "--results", tmp_path / "results"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == EXIT_FAIL
    line = re.findall(r"^kept; open it: (.*)$", done.stdout, re.MULTILINE)[0]
    with subprocess.Popen(shlex.split(line), stdout=subprocess.PIPE, text=True) as opened:
        assert opened.stdout is not None
        url = re.findall(r"postgresql://\S+", opened.stdout.readline())[0]
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT what FROM clues").fetchall() == [("the butler",)]
        opened.send_signal(signal.SIGINT)
        assert opened.wait(60) == EXIT_PASS
