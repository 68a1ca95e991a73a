"""The coordinator as seen from the run: a child process through which the workers are links like any other engine."""

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from harness.errors import Inconclusive, RequestError
from loadtests.child_process import ChildProcess
from loadtests.crew import Hear
from loadtests.distributed.address import Address
from loadtests.distributed.messages import CannotListen, Gone, Joined, Listening, News, Said, Told, news
from loadtests.messages import Order


class Worker:
    """The link to one worker."""

    def __init__(self, number: int, identity: str, coordinator: ChildProcess) -> None:
        self.name = f"worker {number} ({identity})"
        self._number = number
        self._coordinator = coordinator
        self._ending = "ended"

    def tell(self, order: Order) -> None:
        """Give an order."""
        self._coordinator.tell(Told(worker=self._number, order=order))

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
        where = f"{self._address.host}:{self._address.port}"
        arguments = ["loadtests.distributed.coordinator", where, str(self._count)]
        self._child = ChildProcess(arguments, self._log, self._take_line)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._child.close()

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
                worker = self._workers[told.worker] = Worker(told.worker, told.identity, self._child)
                say(f"{worker.name} joined, {told.worker} of {self._count}")
                yield worker

    def _take_line(self, line: bytes | None) -> None:
        if line is not None:
            self._take(news.decode(line))
            return
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
