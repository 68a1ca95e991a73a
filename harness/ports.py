"""Free ports on the loopback interface."""

import socket

from harness.errors import PortTaken

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def claim_port(port: int) -> int:
    """Return the given port if nobody listens on it.

    Raises:
        PortTaken: somebody does.

    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(
                f"port {port} on {LOOPBACK} is taken ({error.strerror}); stop what uses it, or drop serve.port"
            ) from error
    return port
