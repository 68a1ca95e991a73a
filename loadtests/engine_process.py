"""An engine as a child process of the run: one link of its crew."""

from pathlib import Path

from loadtests.child_process import ChildProcess
from loadtests.crew import Hear
from loadtests.identities import TARGET_VARIABLE
from loadtests.messages import Order, answer


class EngineProcess:
    """A running engine. `log` receives what it prints."""

    def __init__(self, name: str, target_file: Path, log: Path, hear: Hear) -> None:
        self.name = name
        self._hear = hear
        self._child = ChildProcess(["loadtests.engine"], log, self._take, {TARGET_VARIABLE: str(target_file)})

    def tell(self, order: Order) -> None:
        """Give an order."""
        self._child.tell(order)

    def close(self) -> None:
        """End it."""
        self._child.close()

    def ending(self) -> str:
        """Return how it ended."""
        return self._child.ending()

    def _take(self, line: bytes | None) -> None:
        self._hear(self, None if line is None else answer(line))
