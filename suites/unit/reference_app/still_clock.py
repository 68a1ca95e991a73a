"""Time for tests."""


class StillClock:
    """A clock that stands still until it is set."""

    now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s
