"""An alarm that rings on time: gevent's own timers are late by up to a millisecond. Imports gevent.

libev waits in epoll, whose time-out counts whole milliseconds and is rounded up, so a sleep of 0.2 ms takes 1.2. A
timerfd (Linux) is a file that becomes readable at an absolute time of the monotonic clock, to the microsecond, and
epoll returns for it as for a socket. Where there is none, gevent's timer has to do.
"""

import ctypes
import os
import time
from typing import Self

import gevent
from gevent import socket as gevent_socket

_ABSOLUTE = 1  # TFD_TIMER_ABSTIME
_CLOSE_ON_EXEC, _NONBLOCK = 0o2000000, 0o4000  # TFD_CLOEXEC, TFD_NONBLOCK
_NS = 1_000_000_000


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Timer(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Alarm:
    """For one greenlet at a time; a context manager."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = (
            self._libc.timerfd_create(time.CLOCK_MONOTONIC, _CLOSE_ON_EXEC | _NONBLOCK)
            if hasattr(self._libc, "timerfd_create")
            else -1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.is_exact:
            os.close(self._file)

    @property
    def is_exact(self) -> bool:
        """Whether there is a timerfd; else it rings up to some milliseconds late."""
        return self._file >= 0

    def sleep_until(self, when_s: float) -> None:
        """Sleep until the monotonic clock (`time.perf_counter`, on Linux the same) shows a time; at least yield."""
        ahead_s = when_s - time.perf_counter()
        if ahead_s <= 0 or self._file < 0:
            gevent.sleep(max(0.0, ahead_s))
            return
        seconds, nanoseconds = divmod(int(when_s * _NS), _NS)
        timer = _Timer(_Timespec(0, 0), _Timespec(seconds, nanoseconds))
        if self._libc.timerfd_settime(self._file, _ABSOLUTE, ctypes.byref(timer), None) != 0:
            raise OSError(ctypes.get_errno(), "the timer could not be set")
        gevent_socket.wait_read(self._file)
        os.read(self._file, 8)  # how often it rang; until this is read the file stays readable
