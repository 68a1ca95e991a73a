"""Services that several test processes use, in a process of their own.

`python -m harness.services.shared` starts them when the first one asks, or at once with `--now`: beside the test run,
on another core, while that still collects its tests. It ends, and stops everything, when its stdin does.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

import msgspec

from harness.command_line import own_environment
from harness.errors import ProvingGroundError, RequestError, ServiceUnavailable
from harness.guardian import CLEAN_UP_TIMEOUT_S, Guardian
from harness.services.interface import Service
from harness.target import ServiceName
from harness.wait import wait_for

Services = Mapping[ServiceName, Service]
START_TIMEOUT_S = 120.0
LONGEST_FOLDER = 78
"""Bytes of the path of a run's folder: sockets lie in it, and Linux takes 107 bytes as the address of one."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the services process answers: the services, or an error with its exit code; and the lines it has to say."""

    services: Services | None
    error: tuple[str, int] | None
    said: tuple[str, ...]


class ServicesProcess:
    """The services process, as the test run that owns it sees it; `address` is where to ask.

    Raises:
        RequestError: the run's folder is where no socket can be.

    """

    def __init__(self, folder: Path, target: Path, wanted: str, *, now: bool) -> None:
        if len(os.fsencode(folder)) > LONGEST_FOLDER:
            raise RequestError(f"TMPDIR: {folder}: is too long for sockets, which lie in it; give a shorter one")
        self.address = str(folder / "services.socket")
        command = [sys.executable, "-m", "harness.services.shared", str(target), wanted, self.address]
        with _log(self.address).open("ab") as log:  # pytest would keep what it says for a test that it is not about
            self._process = subprocess.Popen(
                [*command, *(["--now"] if now else [])],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=own_environment(os.environ),
            )

    def close(self) -> None:
        """End the process, and wait until everything that it started is gone."""
        with self._process as process:
            if process.stdin:
                process.stdin.close()
            process.wait(CLEAN_UP_TIMEOUT_S)


def ask_for_services(address: str) -> Answer:
    """Return the run's services from the process that owns them, once they are up.

    Raises:
        ServiceUnavailable: that process is gone.

    """
    try:
        connection: Connection[Any, Any] = wait_for(
            lambda: Client(address, family="AF_UNIX"),
            what="the process that owns this run's services",
            timeout_s=START_TIMEOUT_S,
            transient=(FileNotFoundError, ConnectionRefusedError),
        )
        with connection:
            return msgspec.json.decode(connection.recv_bytes(), type=Answer)
    except (OSError, EOFError) as error:
        log = _log(address)
        said = log.read_text(errors="replace").strip() if log.exists() else ""
        why = said or "it said nothing: something has killed it"
        raise ServiceUnavailable(f"the process that owns this run's services is gone: {why}") from error


def _log(address: str) -> Path:
    """Return where the process that listens at this address says what went wrong."""
    return Path(address).with_suffix(".log")


def _start(target: Path, wanted: str, guardian: Guardian) -> Answer:
    """Start the services, migrated; say how it went."""
    from harness.launch import start_migrated_services  # noqa: PLC0415 - late: a process that nobody asks stays light
    from harness.target import Target  # noqa: PLC0415

    said: list[str] = []
    try:
        services = start_migrated_services(Target.read(target), wanted, guardian, said.append)
    except ProvingGroundError as error:
        return Answer(services=None, error=(str(error), error.exit_code), said=tuple(said))
    return Answer(services=services, error=None, said=tuple(said))


def _end_with_stdin(main_thread: int) -> None:
    """End the process when stdin does. The signal is for the thread that waits: another would not wake it."""
    sys.stdin.read()
    signal.pthread_kill(main_thread, signal.SIGTERM)


def main() -> None:
    """Serve the services' URLs over a Unix socket until stdin ends."""
    parser = argparse.ArgumentParser(prog="python -m harness.services.shared")
    parser.add_argument("target", type=Path)
    parser.add_argument("wanted")
    parser.add_argument("address")
    parser.add_argument("--now", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with Guardian() as guardian, Listener(options.address, family="AF_UNIX") as listener:
        threading.Thread(target=_end_with_stdin, args=[threading.get_ident()], daemon=True).start()
        answer = _start(options.target, options.wanted, guardian) if options.now else None
        while True:
            with listener.accept() as connection:
                answer = answer or _start(options.target, options.wanted, guardian)
                connection.send_bytes(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
