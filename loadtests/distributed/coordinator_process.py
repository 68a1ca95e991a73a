"""The coordinator as seen from the run: a child process through which the workers are links like any other engine."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Self, cast

from harness.errors import Inconclusive, RequestError
from loadtests.crew import Hear
from loadtests.distributed.address import Address
from loadtests.distributed.messages import CannotListen, Gone, Joined, Listening, News, Said, Told, news
from loadtests.messages import Order, send

CLOSE_TIMEOUT_S = 10.0


class Worker:
    """The link to one worker."""

    def __init__(self, number: int, identity: str, pipe: IO[bytes]) -> None:
        self.name = f"worker {number} ({identity})"
        self._number = number
        self._pipe = pipe
        self._ending = "ended"

    def tell(self, order: Order) -> None:
        """Give an order."""
        with contextlib.suppress(BrokenPipeError):
            send(self._pipe, Told(worker=self._number, order=order))

    def close(self) -> None:
        """Nothing: the end of the coordinator lets all workers quit."""

    def ending(self) -> str:
        """Return how it ended."""
        return self._ending

    def end(self, how: str) -> None:
        """Note how it ended."""
        self._ending = how


class CoordinatorProcess:
    """A running coordinator; a context manager."""

    def __init__(self, bind: str, workers: int, log: Path, hear: Hear) -> None:
        self._address = Address.read(bind, "--bind")
        self._count = workers
        self._log = log
        self._hear = hear
        self._joined: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        self._workers: dict[int, Worker] = {}

    def __enter__(self) -> Self:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "loadtests.distributed.coordinator",
                    f"{self._address.host}:{self._address.port}",
                    str(self._count),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        threading.Thread(target=self._listen, args=(cast("IO[bytes]", self._process.stdout),), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def await_workers(self, say: Callable[[str], None]) -> Iterator[Worker]:
        """Yield each worker when it joins, until all are there.

        Raises:
            RequestError: the address cannot be bound.
            Inconclusive: the coordinator ended.

        """
        while len(self._workers) < self._count:
            told = self._joined.get()
            if told is None:
                raise Inconclusive(f"the coordinator ended; its output is in {self._log}")
            if isinstance(told, CannotListen):
                raise RequestError(f"--bind {self._address.host}:{self._address.port}: {told.why}")
            if isinstance(told, Listening):
                here = f"{self._address.host}:{told.port}"
                say(f"waiting for {self._count} workers; start each with: python -m loadtests worker --join {here}")
            if isinstance(told, Joined):
                worker = self._workers[told.worker] = Worker(told.worker, told.identity, self._stdin)
                say(f"{worker.name} joined, {told.worker} of {self._count}")
                yield worker

    def _listen(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self._take(news.decode(line))
        self._joined.put(None)
        for worker in self._workers.values():
            self._hear(worker, None)

    def _take(self, told: News) -> None:
        if isinstance(told, Said):
            self._hear(self._workers[told.worker], told.answer)
        elif isinstance(told, Gone) and told.worker in self._workers:
            self._workers[told.worker].end(told.how)
            self._hear(self._workers[told.worker], None)
        else:
            self._joined.put(told)
