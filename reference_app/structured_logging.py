"""Logs: one JSON object a line on standard error, with the request's id; lines for people where that is preferred.

The application's own lines, those of its libraries and gunicorn's all have this format. No line has a request's body,
headers or query, a statement's parameters, or the values of local variables.
"""

import json
import logging.config
import re
import sys
import textwrap
import traceback
from contextvars import ContextVar
from typing import Any, Literal

import structlog
from pydantic_core import to_json
from structlog.typing import EventDict, ExcInfo, FilteringBoundLogger, Processor, WrappedLogger

LogLevel = Literal["debug", "info", "warning", "error"]

REQUEST_ID = "reference_app.request_id"
"""Where the WSGI environment has the request's id."""
present_request_id: ContextVar[str | None] = ContextVar("present_request_id", default=None)
"""The id of the request that this thread answers."""
_ROW = re.compile(r"^DETAIL: .*?(?=^\[SQL|^\(Background|^$|\Z)", re.MULTILINE | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Made once: json.dumps makes an encoder for each call that has options.
_encode = json.JSONEncoder(default=repr, check_circular=False).encode


class _StandardError:
    """Wherever standard error goes at the moment of writing."""

    def write(self, text: str) -> None:
        """Write `text`."""
        sys.stderr.write(text)

    def flush(self) -> None:
        """Write what is still held back."""
        sys.stderr.flush()

    def info(self, line: str) -> None:
        """Write a line at once: a line is one write, so that lines of several threads and processes stay whole."""
        sys.stderr.write(line + "\n")


_STANDARD_ERROR = _StandardError()


def without_rows(text: str) -> str:
    """Return an error's text without the rows that Postgres quotes in it: they hold hashes of passwords and tokens."""
    return _ROW.sub("", text)


def _format_exception(exc_info: ExcInfo) -> str:
    return without_rows("".join(traceback.format_exception(*exc_info)).rstrip())


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say which request the line is about, below Flask too."""
    identity = present_request_id.get()
    if identity is not None:
        event["request_id"] = identity
    return event


def _unforgeable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what would begin a line meant for people, or steer their terminal; tracebacks stand away from the edge."""
    event["event"] = _escape(str(event["event"]))
    if "exception" in event:
        event["exception"] = textwrap.indent("\n".join(map(_escape, event["exception"].split("\n"))), "    ")
    return event


def _escape(text: str) -> str:
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def _to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _encode(event)


def _plain_to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Do the same for values that are sure to be Unicode, numbers and None, in a third of the time."""
    return to_json(event, ensure_ascii=True).decode()


_TIME = structlog.processors.TimeStamper(fmt="iso", utc=True)
_SHARED: tuple[Processor, ...] = (
    _add_request_id,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    _TIME,
    structlog.processors.ExceptionRenderer(_format_exception),
)


def _render(*, as_json: bool, encode: Processor = _to_json) -> tuple[Processor, ...]:
    if as_json:
        return (encode,)
    console = structlog.dev.ConsoleRenderer(
        colors=False,
        exception_formatter=structlog.dev.plain_traceback,  # the others show local variables
        repr_native_str=True,
    )
    return (_unforgeable, console)


def request_logger(level: LogLevel, *, as_json: bool) -> FilteringBoundLogger:
    """Return the quick way for the one line of each request, past the standard library's machinery."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        _STANDARD_ERROR,
        processors=[_TIME, *_render(as_json=as_json, encode=_plain_to_json)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind(level="info", logger="reference_app.requests")
    return logger


def configure_logging(level: LogLevel, *, as_json: bool) -> None:
    """Send the logs of this process, and those of its libraries, to standard error."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(logging_config(level, as_json=as_json))


def logging_config(level: LogLevel, *, as_json: bool) -> dict[str, Any]:
    """Return what `logging.config.dictConfig` needs; gunicorn's own logs go the same way."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(as_json=as_json)],
    }
    logger = {"level": level.upper(), "handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": _STANDARD_ERROR, "formatter": "line"}},
        "loggers": {"reference_app": logger, "gunicorn.error": logger},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
    }
