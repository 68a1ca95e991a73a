"""A server that answers whatever the request tells it to: `python hostile_server.py [CERTIFICATE_CHAIN…]`.

Its first line says on which ports it listens: plain, plain on ::1 (0 where there is no IPv6), then one for each
certificate chain. The path of a request is a script, in hexadecimal JSON: a list of steps, each a name and its
arguments. Other paths are answered with what the server saw of the request, as JSON.
"""

import asyncio
import contextlib
import json
import ssl
import struct
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

READ_BYTES = 65_536
BEGINNING_BYTES = 4_096
seen: Counter[str] = Counter()
connections = 0


class Conversation:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.requests = 0
        self.ended = False

    async def serve(self) -> None:
        """Answer until either side closes."""
        while not self.ended and (head := await self._head()):
            self.requests += 1
            line, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = line.split(" ", 2)
            fields = [tuple(line.split(": ", 1)) for line in lines if line]
            seen[target] += 1
            path, _, _ = target[1:].partition("?")
            if path.startswith("x"):
                await self._play(json.loads(bytes.fromhex(path[1:])), fields)
            else:
                await self._describe(method, target, fields)

    async def _head(self) -> bytes:
        try:
            return (await self.reader.readuntil(b"\r\n\r\n"))[:-4]
        except (asyncio.IncompleteReadError, OSError):
            return b""

    async def _play(self, steps: list[list[Any]], fields: list[Any]) -> None:
        for name, *arguments in steps:
            await getattr(self, f"do_{name}")(*arguments, fields=fields)
            if self.ended:
                break

    async def do_send(self, text: str, times: int = 1, **_more: Any) -> None:
        """Send a text, as Latin-1, so many times."""
        data = text.encode("latin-1")
        for _ in range(times):
            self.writer.write(data)
            await self.writer.drain()

    async def do_drip(self, text: str, pause_s: float, **_more: Any) -> None:
        """Send it byte by byte."""
        for byte in text.encode("latin-1"):
            self.writer.write(bytes([byte]))
            await self.writer.drain()
            await asyncio.sleep(pause_s)

    async def do_body(self, fields: list[Any], **_more: Any) -> None:
        """Read the body of the request."""
        async for _ in self._pieces(fields):
            pass

    async def do_hang(self, **_more: Any) -> None:
        """Say nothing more, until the client is gone."""
        with contextlib.suppress(OSError):
            while await self.reader.read(READ_BYTES):
                pass
        self.ended = True

    async def do_close(self, **_more: Any) -> None:
        """Close the connection."""
        self.ended = True

    async def do_close_if_reused(self, **_more: Any) -> None:
        """Close it unless this is its first request."""
        self.ended = self.requests > 1

    async def do_reset(self, **_more: Any) -> None:
        """Reset the connection."""
        self.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.ended = True

    async def _describe(self, method: str, target: str, fields: list[Any]) -> None:
        length, checksum, beginning = 0, 0, b""
        async for piece in self._pieces(fields):
            length += len(piece)
            checksum = sum(piece, checksum)
            beginning = (beginning + piece)[:BEGINNING_BYTES]
        said = {
            "method": method,
            "target": target,
            "headers": {name.lower(): value for name, value in fields},
            "length": length,
            "sum": checksum,
            "beginning": beginning.decode("latin-1"),
            "connections": connections,
            "seen": seen[target.partition("?of=")[2]],
        }
        body = b"" if method == "HEAD" else json.dumps(said).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)

    async def _pieces(self, fields: list[Any]) -> AsyncIterator[bytes]:
        headers = {name.lower(): value for name, value in fields}
        if headers.get("expect") == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readline(), 16):
                yield await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        left = int(headers.get("content-length", 0))
        while left and (piece := await self.reader.read(min(left, READ_BYTES))):
            left -= len(piece)
            yield piece


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection, however it ends."""
    global connections  # noqa: PLW0603 - what this process is for
    connections += 1
    with contextlib.closing(writer), contextlib.suppress(OSError, EOFError, ValueError):
        await Conversation(reader, writer).serve()


async def listen(host: str, context: ssl.SSLContext | None = None) -> Callable[[], int]:
    """Listen on a free port, and return how to learn it."""
    server = await asyncio.start_server(converse, host, 0, ssl=context, limit=2**20)
    port: int = server.sockets[0].getsockname()[1]
    return lambda: port if server.is_serving() else 0


async def main() -> None:
    """Serve until killed."""
    ports = [await listen("127.0.0.1")]
    try:
        ports.append(await listen("::1"))
    except OSError:
        ports.append(lambda: 0)
    for chain in sys.argv[1:]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(chain)
        ports.append(await listen("127.0.0.1", context))
    print(json.dumps([port() for port in ports]), flush=True)  # noqa: T201 - how its starter learns them
    await asyncio.Event().wait()


asyncio.run(main())
