"""A tiny HTTP server for the tests, as a process of its own: `python tiny_server.py [PORT]` prints its port.

GET / answers 200 at once; /fail 500; /hang never; /die ends the process.
"""

import asyncio
import os
import sys


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection (keep-alive)."""
    while head := await read_head(reader):
        path = head.split(b" ")[1]
        if path == b"/die":
            os._exit(1)
        if path == b"/hang":
            await asyncio.Event().wait()
        status = b"500 Internal Server Error" if path == b"/fail" else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")
    writer.close()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """Return the head of the next request; empty when the connection ends."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""


async def main() -> None:
    """Serve until killed."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how its starter learns the port
    await server.serve_forever()


asyncio.run(main())
