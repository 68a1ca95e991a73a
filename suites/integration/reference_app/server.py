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
    """A gunicorn of this test's own, whose temporary files go to `folder`; every request sends `headers`."""

    def __init__(self, process: GuardedProcess, port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder
        self.base_url = f"http://{LOOPBACK}:{port}"
        self.headers: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a GET on a connection of its own."""
        return self._ask(path, None)

    def post(self, path: str, body: bytes) -> tuple[int, str]:
        """Return status and body of a POST of JSON on a connection of its own."""
        return self._ask(path, body)

    def is_clean(self) -> bool:
        """Return whether no temporary file of the server is left."""
        return not list(self.folder.iterdir())

    def _ask(self, path: str, body: bytes | None) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", **self.headers}
        request = urllib.request.Request(self.base_url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
