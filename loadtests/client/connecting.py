"""Opens connections: the name, TCP and TLS, all within the connect timeout."""

import socket
import ssl
from pathlib import Path

import gevent
import gevent.monkey
import gevent.socket

from loadtests.client.connection import Connection
from loadtests.client.errors import ConnectFailed, ConnectTimeout, NameNotFound
from loadtests.client.origin import Origin

Verify = bool | str | Path
PlainSocket: type[socket.socket] = gevent.monkey.get_original("socket", "socket")


def open_connection(origin: Origin, timeout_s: float, context: ssl.SSLContext) -> Connection:
    """Return a new connection; `context` counts for https.

    Raises:
        ConnectFailed: says why there is none.

    """
    late = ConnectTimeout(f"no connection to {origin.authority} within {timeout_s:g} s")
    try:
        with gevent.Timeout(timeout_s, late):
            connection = Connection(_connect(origin))
            if origin.scheme == "https":
                connection.secure(context, origin.host)
    except (socket.gaierror, UnicodeError) as error:
        raise NameNotFound(f"the name {origin.host} could not be resolved: {error}") from None
    except OSError as error:
        raise ConnectFailed(f"no connection to {origin.authority}: {error.strerror or error}") from None
    return connection


def tls_context(verify: Verify) -> ssl.SSLContext:
    """Return how certificates are judged: by the system's store, by a file of authorities, or (False) not at all."""
    if isinstance(verify, str | Path):
        return ssl.create_default_context(cafile=str(verify))
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _connect(origin: Origin) -> socket.socket:
    """Return a plain socket: gevent's own would look for time-outs and closed hubs at every call."""
    made = gevent.socket.create_connection((origin.host, origin.port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    family, kind, protocol = made.family, made.type, made.proto
    plain = PlainSocket(family, kind, protocol, fileno=made.detach())
    plain.setblocking(False)  # noqa: FBT003 - its only way
    return plain
