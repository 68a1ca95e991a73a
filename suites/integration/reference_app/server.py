"""The application in gunicorn, as it is deployed: several processes, each with threads."""

import sys
import urllib.error
import urllib.request
from pathlib import Path

from harness.guardian import GuardedProcess
from harness.ports import LOOPBACK

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "gunicorn", "--config", "python:reference_app.gunicorn_conf"]


class Server:
    """A gunicorn of this test's own, whose temporary files go to `folder`."""

    def __init__(self, process: GuardedProcess, port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a GET on a connection of its own."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def is_clean(self) -> bool:
        """Return whether no temporary file of the server is left."""
        return not list(self.folder.iterdir())
