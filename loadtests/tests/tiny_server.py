"""A tiny HTTP server for the tests, as a process of its own: `python tiny_server.py [PORT [CERTIFICATE [HOST]]]`.

It prints its port. GET / answers 200 at once; /fail 500; /hang never; /die ends the process; /to/URL redirects there;
/seen answers with the paths asked before, one a line; /peers with the addresses that asked; /metrics with a number;
anything else as /.
"""

import asyncio
import os
import ssl
import sys
from urllib.parse import unquote

seen: list[str] = []
peers: set[str] = set()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection (keep-alive)."""
    peers.add(writer.get_extra_info("peername")[0])
    while head := await read_head(reader):
        path = head.split(b" ")[1].decode()
        if path == "/die":
            os._exit(1)
        if path == "/hang":
            await asyncio.Event().wait()
        writer.write(answer(path))
        seen.append(path)
    writer.close()


def answer(path: str) -> bytes:
    """Return the whole answer to a request."""
    status, more, body = "200 OK", "", "ok"
    if path == "/fail":
        status = "500 Internal Server Error"
    elif path.startswith("/to/"):
        status, more = "302 Found", f"Location: {unquote(path.removeprefix('/to/'))}\r\n"
    elif path == "/seen":
        body = "\n".join(seen)
    elif path == "/peers":
        body = "\n".join(peers)
    elif path == "/metrics":
        body = f"requests_seen {len(seen)}\n"
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """Return the head of the next request; empty when the connection ends."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""


async def main(port: str = "0", certificate: str = "", host: str = "127.0.0.1") -> None:
    """Serve until killed."""
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    # While it is stopped connections wait, and are not refused until TCP asks again seconds later.
    server = await asyncio.start_server(serve, host, int(port), ssl=context, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how its starter learns the port
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
