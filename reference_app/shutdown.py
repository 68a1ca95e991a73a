"""Whether this process is about to end: what takes long looks here, and comes to its end by itself."""

from collections.abc import Callable


class Shutdown:
    """One for the process. Whoever runs the process says how to find out."""

    def __init__(self) -> None:
        self._is_near: Callable[[], bool] | None = None

    def watch(self, is_near: Callable[[], bool]) -> None:
        """Believe `is_near` from now on."""
        self._is_near = is_near

    def is_near(self) -> bool:
        """Return whether the process is about to end; never where nobody can tell."""
        return self._is_near is not None and self._is_near()


process_shutdown = Shutdown()
