"""Gunicorn: threads in several processes, metrics over all of them, nothing left behind.

The environment may set WEB_CONCURRENCY (processes) and WEB_THREADS (threads in each).
"""

import os
import shutil
import socket
import struct
import sys
import tempfile
from typing import Any, Protocol

from gunicorn.glogging import Logger

from reference_app.settings import Settings, SettingsError
from reference_app.shutdown import process_shutdown
from reference_app.startup import import_application
from reference_app.structured_logging import logging_config

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CLIENT_WAIT_S = 5
"""How long a thread waits for the next piece of a request, or for a client to take the next piece of a response.

For all of a request it waits as long as `server_worker.py` says.
"""


class _Worker(Protocol):
    """What the hooks read of gunicorn's workers."""

    pid: int
    ppid: int
    alive: bool


class _ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's log without its line for each request: the application logs those itself, with their ids."""

    def access(self, *_details: object) -> None:
        """Say nothing; a level or handler that drops the line would leave the work of making it."""

    def exception(self, message: str, *details: object, **more: object) -> None:
        """Log an error with its traceback; a client that fell silent is none."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.info("a client fell silent in the middle of a request")
        else:
            super().exception(message, *details, **more)


def _settings() -> Settings:
    """Refuse a bad environment here, in one line, before any worker starts and fails."""
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise SystemExit(error.message) from None


def _number(variable: str, default: int) -> int:
    """Return how many there are to be; none would listen, and answer nobody."""
    given = os.environ.get(variable) or str(default)
    if not given.isdecimal() or int(given) < 1:
        raise SystemExit(f"settings: {variable}: must be a number, 1 or more")
    return int(given)


_read = _settings()

wsgi_app = "reference_app.wsgi:app"
bind = "127.0.0.1:8000"
worker_class = "reference_app.server_worker.BoundedWorker"
workers = _number("WEB_CONCURRENCY", 2)
threads = _number("WEB_THREADS", 4)  # more only wait for each other: `benchmarks/app_server.py`
timeout = 30
graceful_timeout = 10
keepalive = 15
limit_request_line = 8190  # RFC 9112, section 3, wants 8000 or more
control_socket_disable = True
forwarded_allow_ips = ""  # the application decides which proxies to believe (TRUSTED_PROXIES)
secure_scheme_headers: dict[str, str] = {}
logger_class = _ServerLog
logconfig_dict = logging_config(_read.log_level, as_json=_read.use_structured_logging)


def on_starting(_server: object) -> None:
    """Make the folder in which the workers share their metrics, and import what they would all import.

    The application is built in each of them: nothing here connects to anything, or counts. New code needs a new master:
    SIGHUP renews workers only.
    """
    os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="reference_app_metrics_")
    import_application()  # not before: metrics read the folder when imported


def when_ready(server: Any) -> None:
    """Limit every wait for a client: threads wait for requests that have begun, and there are few of them.

    Connections inherit it from the sockets that listen. Python's own timeouts would not do: gunicorn resets those.
    """
    wait = struct.pack("ll", CLIENT_WAIT_S, 0)
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)


def post_worker_init(worker: _Worker) -> None:
    """Let event streams see that their worker was asked to end: it waits for them. Let its refusals be problems."""
    from reference_app.api.server_refusals import refuse_with_problems  # noqa: PLC0415 - the application is there by now

    process_shutdown.watch(lambda: not worker.alive)
    refuse_with_problems(security_headers=_read.talisman_enabled)


def child_exit(_server: object, worker: _Worker) -> None:
    """Drop the live gauges of a worker that is gone; its counters go on counting."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - reads the folder when imported

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def worker_exit(_server: object, worker: _Worker) -> None:
    """Remove the metrics folder when the master was killed and cannot do it."""
    if os.getppid() != worker.ppid:
        _remove_metrics_folder()


def on_exit(_server: object) -> None:
    """Remove the metrics folder when all workers are gone."""
    _remove_metrics_folder()


def _remove_metrics_folder() -> None:
    shutil.rmtree(os.environ[METRICS_FOLDER], ignore_errors=True)
