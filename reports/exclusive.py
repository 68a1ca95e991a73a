"""One process at a time, also when it is killed: the kernel gives the lock back."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(place: Path) -> Iterator[None]:
    """Hold an advisory lock on an existing file or folder; waits for whoever holds it."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
