"""Forms with files (multipart/form-data, RFC 7578), given as `requests` takes them, and read while they are sent."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from secrets import token_hex
from typing import Any

from loadtests.client.errors import InvalidRequest
from loadtests.client.upload import PIECE_BYTES, Composed, Upload, as_bytes, is_streamed

BOUNDARY = token_hex(16)  # one for the process: that a file has these 128 bits in it will not happen
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
_NAMED, _TYPED, _HEADED = 2, 3, 4  # how long the tuple of a file is
_IN_QUOTES = str.maketrans({"\n": "%0A", "\r": "%0D", '"': "%22"})  # as browsers do

Part = tuple[bytes, Upload]


class Multipart(Composed):
    """Fields and files as one body; `length` is None when that of a file is not known before."""

    def __init__(self, fields: Any, files: Any) -> None:
        self._parts = [*_fields(fields), *map(_file, _pairs(files))]
        lengths = [None if body.length is None else len(head) + body.length + 2 for head, body in self._parts]
        self.length = None if None in lengths else sum(filter(None, lengths)) + len(_end())
        self.repeatable = all(body.repeatable for _head, body in self._parts)

    def __iter__(self) -> Iterator[bytes]:
        """Yield it in pieces of some 64 KiB: few sends, and no file is held."""
        gathered = bytearray()
        for piece in self._pieces():
            gathered += piece
            if len(gathered) >= PIECE_BYTES:
                yield bytes(gathered)
                gathered.clear()
        yield bytes(gathered)

    def rewind(self) -> None:
        """Let files be where they were."""
        for _head, body in self._parts:
            body.rewind()

    def _pieces(self) -> Iterator[bytes]:
        for head, body in self._parts:
            yield head
            yield from body.read()
            yield b"\r\n"
        yield _end()


def _fields(fields: Any) -> Iterator[Part]:
    """Yield the parts of a form; a list is a field for each of its values, and None none."""
    for name, values in _pairs(fields or {}):
        for value in values if isinstance(values, list | tuple) else [values]:
            if value is not None:
                yield _head(name), _body(value if isinstance(value, str | bytes) else str(value))


def _file(named: tuple[Any, Any]) -> Part:
    """Return the part of a file: its content, or a tuple of its name, content, type and headers."""
    field, given = named
    if not isinstance(given, list | tuple):
        return _head(field, _name_of(given) or field), _body(given)
    if not _NAMED <= len(given) <= _HEADED:
        raise InvalidRequest(
            f"the file {field} is a tuple of {len(given)}: give (name, content, type, headers), or less"
        )
    headers = dict(given[3]) if len(given) == _HEADED else {}
    if len(given) >= _TYPED and given[2]:
        headers["Content-Type"] = given[2]
    return _head(field, given[0], headers), _body(given[1])


def _head(field: Any, filename: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    disposition = f'form-data; name="{_quoted(field)}"'
    if filename is not None:
        disposition += f'; filename="{_quoted(filename)}"'
    lines = {"Content-Disposition": disposition, **(headers or {})}
    if any({"\r", "\n"} & {*name, *value} for name, value in lines.items()):
        raise InvalidRequest(f"the file {field} has a line's end in its headers")
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"--{BOUNDARY}\r\n{text}\r\n".encode()


def _body(content: Any) -> Upload:
    if is_streamed(content):
        return Upload(content, None)
    whole = as_bytes(content)
    return Upload(whole, len(whole))


def _pairs(given: Any) -> Iterable[tuple[Any, Any]]:
    """Return what was given as a mapping or as pairs."""
    try:
        return [(name, value) for name, value in (given.items() if isinstance(given, Mapping) else given)]
    except (TypeError, ValueError) as error:
        raise InvalidRequest(
            f"files, and data beside them, are a mapping or pairs of names and values: {error}"
        ) from None


def _name_of(file: Any) -> str:
    name = getattr(file, "name", None)
    return PurePath(name).name if isinstance(name, str) and not name.startswith("<") else ""


def _quoted(name: Any) -> str:
    return (name.decode() if isinstance(name, bytes) else str(name)).translate(_IN_QUOTES)


def _end() -> bytes:
    return f"--{BOUNDARY}--\r\n".encode()
