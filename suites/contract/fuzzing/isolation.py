"""Gives the target its seed back while the engine waits; the other end of `engine.py`."""

import contextlib
import json
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

import psycopg
import redis

from harness.errors import ProvingGroundError, ServiceUnavailable, TargetExited, TargetFault
from harness.launch import Launched
from harness.seed import Seed


@contextlib.contextmanager
def _asked_services() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, redis.RedisError, OSError) as error:
        raise ServiceUnavailable(f"the target's seed: {' '.join(str(error).split())}") from error


class Isolation:
    """Restores the target's seed on demand; counts what it did. Nothing of it for a target that is not ours."""

    def __init__(self, launched: Launched) -> None:
        self._launched = launched
        self.restores = 0
        self.clones = 0
        self.deaths: list[str] = []
        self.place = ""
        """The operation that the engine is at."""
        self._is_over = False
        self._ended: str | None = None
        """Why the target cannot be started any more."""

    @property
    def is_possible(self) -> bool:
        """Whether there is a seed to restore."""
        return self._launched.seed is not None

    @property
    def _is_of_services(self) -> bool:
        return self._launched.seed is not None and self._launched.seed.is_of_services

    def __str__(self) -> str:
        if not self.is_possible:
            return "none: the target runs elsewhere, and what one operation left another one met"
        if not self._is_of_services:
            return (
                "the target, which needs no service, was started anew for each operation of a phase and each sequence"
                " of calls, where anything but reads had been sent to it"
            )
        names = " and ".join(sorted(record.name.capitalize() for record in self._launched.services))
        return (
            f"{names} had the target's seed again before each operation of a phase and each sequence of calls; what"
            " its process keeps in memory stayed"
        )

    def restore(self, *, changed: bool = True) -> bool:
        """Give the target its seed again, and wait until it answers; whether it has forgotten who was logged in.

        Not `changed`: nothing but reads was sent to it since it was given its seed last.

        Raises:
            TargetFault: it has ended, and cannot be started any more.
            ServiceUnavailable: a service of it cannot be asked.

        """
        if self._launched.seed is None:
            return False
        if not self._launched.is_alive:
            self.revive("it ended between two requests")
        self.restores += 1
        if not self._is_of_services:
            if changed:
                self._launched.renew()
            return changed
        if self._restore_services(self._launched.seed):
            self._launched.await_ready()
        return False

    def _restore_services(self, seed: Seed) -> bool:
        """Return whether the target's connections to Postgres have ended."""
        with _asked_services():
            is_cloned = seed.restore()
        self.clones += is_cloned
        return is_cloned

    def keep(self) -> None:
        """Take what the target's services hold now as its seed: identities have logged in."""
        if self._launched.seed is None:
            return
        with _asked_services():
            has_written = self._launched.seed.keep()
        if has_written:
            self._launched.await_ready()

    def revive(self, request: str) -> None:
        """Note a request that the target did not survive, and start its process again.

        Raises:
            TargetFault: it cannot be started, on its seed neither.

        """
        if self._ended:
            raise TargetExited(self._ended)
        self.deaths.append(request)
        try:
            self._launched.restart()
        except TargetFault:  # what it had stored may be why
            self._start_on_seed()

    def _start_on_seed(self) -> None:
        try:
            if self._launched.seed is not None:
                self._restore_services(self._launched.seed)
            self._launched.restart()
        except TargetFault as error:
            self._ended = str(error)
            raise

    def add(self, other: "Isolation") -> None:
        """Count what was done for another target of the same run, too."""
        self.restores += other.restores
        self.clones += other.clones
        self.deaths += other.deaths

    @contextlib.contextmanager
    def offered(self, socket: Path) -> Iterator[str | None]:
        """Listen at the address that this yields; None where nothing can be restored."""
        if not self.is_possible:
            yield None
            return
        with Listener(str(socket), family="AF_UNIX") as listener:
            threading.Thread(target=self._serve, args=(listener,), name="seed", daemon=True).start()
            try:
                yield str(socket)
            finally:
                self._is_over = True

    def _serve(self, listener: Listener) -> None:
        with contextlib.suppress(OSError, EOFError), listener.accept() as connection:  # the engine ends: so does this
            while True:
                self._answer(connection)

    def _answer(self, connection: "Connection[Any, Any]") -> None:
        asked = json.loads(connection.recv_bytes())
        if self._is_over:  # an engine outlives an interrupted run by a moment, and its target
            raise EOFError
        error, forgotten = None, False
        try:
            match asked["do"]:
                case "restore":
                    self.place = asked["operation"]
                    forgotten = self.restore(changed=asked["changed"])
                case "keep":
                    self.keep()
                case "revive":
                    self.revive(asked["request"])
        except ProvingGroundError as failure:
            error = str(failure)
        connection.send_bytes(json.dumps({"error": error, "forgotten": forgotten}).encode())
