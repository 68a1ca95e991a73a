"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): rows as they come.

A stream asks for news again and again, and holds no connection or transaction in between. It keeps a thread of
its process, so there are only so many at once, and none is for ever: its reader comes back with `Last-Event-ID`.
That is also when a session that has ended, or a right that was lost, is noticed.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from flask import Flask, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from reference_app.errors import NotFoundError, UnavailableError
from reference_app.settings import Settings
from reference_app.shutdown import process_shutdown

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 1000
POLL_S = 0.25
HEARTBEAT_S = 1.0
"""A write is how a server learns that the reader has gone."""

EXTENSION = "reference_app.event_streams"

Position = TypeVar("Position")

_log = structlog.get_logger("reference_app.event_streams")


@dataclass(frozen=True)
class Event:
    """One event; `data` is a single line."""

    id: str
    name: str
    data: str

    def __str__(self) -> str:
        return f"id: {self.id}\nevent: {self.name}\ndata: {self.data}\n\n"


@dataclass(frozen=True)
class News(Generic[Position]):
    """Events, where to go on after them, and whether nothing more is waited for."""

    events: list[Event]
    position: Position
    is_last: bool = False


class _Slot:
    """One of the places for streams, taken; it can be left more than once."""

    def __init__(self, slots: threading.BoundedSemaphore) -> None:
        self._slots = slots
        self._is_left = False

    def leave(self) -> None:
        """Let somebody else have it."""
        if not self._is_left:
            self._is_left = True
            self._slots.release()


class EventStreams:
    """The streams of this process."""

    def __init__(self, settings: Settings) -> None:
        self._longest_s = settings.stream_longest_s
        self._slots = threading.BoundedSemaphore(settings.streams_per_process)

    def open(self, ask: Callable[[Position], News[Position]], position: Position) -> Response:
        """Return a response that tells what `ask` finds behind `position`, and behind that, until there is an end.

        Raises `UnavailableError` when there are as many streams as may be, and what the first `ask` raises.
        """
        if not self._slots.acquire(blocking=False):
            raise UnavailableError("This process serves as many event streams as it may; try again later.")
        slot = _Slot(self._slots)
        try:
            news = ask(position)
        except BaseException:
            slot.leave()
            raise
        response = Response(self._told(ask, news, slot), mimetype=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
        response.call_on_close(slot.leave)  # nobody may ever have asked for the first event
        return response

    def _told(self, ask: Callable[[Position], News[Position]], news: News[Position], slot: "_Slot") -> Iterator[str]:
        """Leave the slot at the end of the stream, before the reader can see that it has ended, and come back."""
        try:
            yield from self._tell(ask, news)
        finally:
            slot.leave()

    def _tell(self, ask: Callable[[Position], News[Position]], news: News[Position]) -> Iterator[str]:
        yield f"retry: {RETRY_MS}\n\n"
        told_s = time.monotonic()
        ends_s = told_s + self._longest_s
        while not news.is_last:
            if news.events:
                yield "".join(map(str, news.events))
                told_s = time.monotonic()
            elif time.monotonic() - told_s >= HEARTBEAT_S:
                yield ": nothing new\n\n"
                told_s = time.monotonic()
            else:
                time.sleep(min(POLL_S, max(0.0, ends_s - time.monotonic())))
            if time.monotonic() >= ends_s or process_shutdown.is_near():
                return
            following = _ask_again(ask, news.position)
            if following is None:
                return
            news = following
        yield "".join(map(str, news.events)) + "event: end\ndata: {}\n\n"


def _ask_again(ask: Callable[[Position], News[Position]], position: Position) -> News[Position] | None:
    """Return the news; the last ones when what they are about was deleted, None when there are none to be had."""
    try:
        return ask(position)
    except NotFoundError:
        return News([], position, is_last=True)
    except SQLAlchemyError as error:
        _log.warning("event_stream_broken_off", error=type(error).__name__)
        return None


def add_event_streams(app: Flask, settings: Settings) -> None:
    """Let views of `app` open event streams."""
    app.extensions[EXTENSION] = EventStreams(settings)


def open_stream(ask: Callable[[Position], News[Position]], position: Position) -> Response:
    """Open a stream of the present application, as `EventStreams.open` says."""
    streams: EventStreams = current_app.extensions[EXTENSION]
    return streams.open(ask, position)
