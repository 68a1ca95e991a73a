"""Unpacks gzip, within a bound: a small answer may unpack to more than there is memory."""

import zlib
from collections.abc import Iterable, Iterator

from loadtests.client.errors import DecodingFailed

GZIP = frozenset({b"gzip", b"x-gzip"})
PIECE_BYTES = 262_144
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def unpack(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what packed pieces unpack to, in pieces of at most `PIECE_BYTES`.

    Raises:
        DecodingFailed: it is no gzip, or ends too early.

    """
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    started = False
    for piece in pieces:
        rest, is_full = piece, False
        while rest or is_full:
            if unpacker.eof:  # gzip members may follow one another
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            started = True
            try:
                unpacked = unpacker.decompress(rest, PIECE_BYTES)
            except zlib.error as error:
                raise DecodingFailed(f"the body says it is gzip, but: {error}") from None
            rest = unpacker.unconsumed_tail or unpacker.unused_data
            is_full = len(unpacked) == PIECE_BYTES and not unpacker.eof  # there may be more without more input
            if unpacked:
                yield unpacked
    if started and not unpacker.eof:
        raise DecodingFailed("the body says it is gzip, but ends too early")


def unpack_all(body: bytes, limit: int) -> bytes:
    """Return what a body unpacks to.

    Raises:
        DecodingFailed: it is no gzip, or unpacks to more than `limit` bytes.

    """
    unpacked = bytearray()
    for piece in unpack((body,)):
        unpacked += piece
        if len(unpacked) > limit:
            raise DecodingFailed(f"the body unpacks to more than {limit} bytes (the user's body_limit)")
    return bytes(unpacked)
