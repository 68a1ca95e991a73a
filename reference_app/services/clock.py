"""What time it is, in one place, so that tests can say it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware of its zone."""


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)
