"""A server whose every answer takes just as long: `python -m benchmarks.delayed_server DELAY_S` prints its port.

A thread for each connection: `time.sleep` is right to a few microseconds, where an event loop's timer is late by up
to one millisecond, which would be the server's own error and not the client's.
"""

import socket
import sys
import threading
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BACKLOG = 2048


def main() -> None:
    """Serve until killed."""
    delay_s = float(sys.argv[1])
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _address = server.accept()
            threading.Thread(target=_serve, args=(connection, delay_s), daemon=True).start()


def _serve(connection: socket.socket, delay_s: float) -> None:
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            received = b""
            while not received.endswith(b"\r\n\r\n"):
                piece = connection.recv(65536)
                if not piece:
                    return
                received += piece
            time.sleep(delay_s)
            connection.sendall(ANSWER)


if __name__ == "__main__":
    main()
