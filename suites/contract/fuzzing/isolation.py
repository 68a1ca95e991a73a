"""Gives the target its seed back while the engine waits; the other end of `engine.py`."""

import contextlib
import json
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from harness.errors import ProvingGroundError
from harness.launch import Launched


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

    @property
    def is_possible(self) -> bool:
        """Whether there is a seed to restore."""
        return self._launched.seed is not None

    def __str__(self) -> str:
        if not self.is_possible:
            return "none: the target runs elsewhere, and what one operation left another one met"
        return (
            "Postgres and Redis had the target's seed again before each operation of a phase and each sequence of"
            " calls; what its process keeps in memory stayed"
        )

    def restore(self) -> None:
        """Give the target its seed again, and wait until it answers."""
        if self._launched.seed is None:
            return
        if not self._launched.is_alive:
            self.revive("it ended between two requests")
        self.restores += 1
        if self._launched.seed.restore():
            self.clones += 1
            self._launched.await_ready()

    def keep(self) -> None:
        """Take what the target's services hold now as its seed: identities have logged in."""
        if self._launched.seed is not None and self._launched.seed.keep():
            self._launched.await_ready()

    def revive(self, request: str) -> None:
        """Note a request that the target did not survive, and start its process again."""
        self.deaths.append(request)
        self._launched.restart()

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
        error = None
        try:
            match asked["do"]:
                case "restore":
                    self.place = asked["operation"]
                    self.restore()
                case "keep":
                    self.keep()
                case "revive":
                    self.revive(asked["request"])
        except ProvingGroundError as failure:
            error = str(failure)
        connection.send_bytes(json.dumps({"error": error}).encode())
