"""A hostile server in a process of its own, and the transport of the client, which patches nothing, to ask it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from loadtests.client.answer_head import Head
from loadtests.client.connecting import Verify, tls_context
from loadtests.client.request import RequestMaker
from loadtests.client.transport import Transport

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OK = "HTTP/1.1 200 OK\r\n"
Step = tuple[Any, ...]


class Fetched(NamedTuple):
    """An answer."""

    head: Head
    body: bytes | None
    length: int

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body or b"")


class Certificates(NamedTuple):
    """Files: the authority, a chain for 127.0.0.1 and localhost, one for another host."""

    authority: Path
    good: Path
    other: Path


class Hostile(NamedTuple):
    """The hostile server's base URLs; `ipv6` is empty where there is none."""

    plain: str
    ipv6: str
    good: str
    other: str
    certificates: Certificates


class Asker:
    """One user's transport, to ask the hostile server with."""

    def __init__(self, base_url: str, *, verify: Verify = False, body_limit: int = 2**20) -> None:
        self.maker = RequestMaker(base_url, {})
        self.transport = Transport(tls_context(verify), body_limit)

    def ask(self, path: str = "/", method: str = "GET", timeout_s: float = 60, **options: Any) -> Fetched:
        """Send a request and return its answer."""
        request = self.maker.make(method, path, **options)
        return Fetched(*self.transport.fetch(request, time.perf_counter(), (timeout_s, timeout_s)))

    def play(self, *steps: Step, method: str = "GET", timeout_s: float = 60, **options: Any) -> Fetched:
        """Send a request that is answered by these steps."""
        return self.ask(script(*steps), method, timeout_s, **options)

    def seen(self, path: str) -> int:
        """Return how often the server got requests to a path."""
        count: int = self.ask(f"/?of={path}").json()["seen"]
        return count


def script(*steps: Step) -> str:
    """Return the path that makes the server do these steps."""
    return "/x" + json.dumps(steps).encode().hex()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Make an authority and two certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    made = Certificates(folder / "authority.pem", folder / "good.pem", folder / "other.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(made.authority))
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(str(made.good))
    authority.issue_cert("elsewhere.example").private_key_and_cert_chain_pem.write_to_path(str(made.other))
    return made


@pytest.fixture(scope="session")
def hostile(certificates: Certificates) -> Iterator[Hostile]:
    """Serve the hostile server."""
    command = [sys.executable, str(HERE / "hostile_server.py"), str(certificates.good), str(certificates.other)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        plain, ipv6, good, other = json.loads(process.stdout.readline())
        yield Hostile(
            plain=f"http://127.0.0.1:{plain}",
            ipv6=f"http://[::1]:{ipv6}" if ipv6 else "",
            good=f"https://127.0.0.1:{good}",
            other=f"https://127.0.0.1:{other}",
            certificates=certificates,
        )
        process.kill()


@pytest.fixture
def asker(hostile: Hostile) -> Iterator[Asker]:
    """Ask the hostile server."""
    made = Asker(hostile.plain)
    yield made
    made.transport.close()


class Child:
    """Runs lines of Python as a journey would, in a process of their own that Locust has patched.

    They find `client`, `user`, `environment`, `script`, `events` (what Locust's event was fired with) and `say`, whose
    arguments come back.
    """

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._said, self._errors = folder / "said", folder / "errors"

    def run(self, source: str, *settings: str) -> list[Any]:
        """Run it, with these settings of the user's class; return what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([source, settings, str(self._said), str(self._errors)]) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "[0]\n", self._errors.read_text()
        return [json.loads(line) for line in self._said.read_text().splitlines()]


@pytest.fixture(scope="session")
def child(hostile: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """Run journeys against the hostile server; all from one process, since importing Locust takes longest."""
    command = [sys.executable, str(HERE / "child.py"), hostile.plain]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield Child(process, tmp_path_factory.mktemp("child"))
        os.killpg(process.pid, signal.SIGKILL)
