"""Reading the TOML files that people write: one clear error that names file, key and what would be right."""

import difflib
import re
import tomllib
import typing
from pathlib import Path
from typing import TypeVar

import msgspec

from harness.errors import RequestError, TargetFileError

T = TypeVar("T", bound=msgspec.Struct)

_AT = re.compile(r"^(?P<problem>.*?)(?: - at `\$\.?(?P<key>.*?)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")


def read_toml(file: Path, kind: type[T]) -> T:
    """Read and validate a TOML file as the given record.

    Raises:
        TargetFileError: missing, malformed, unknown or missing key (with the nearest known one), wrong type.

    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TargetFileError(file, "", "there is no such file") from error
    except OSError as error:
        raise TargetFileError(file, "", f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise TargetFileError(file, "", "is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise TargetFileError(file, "", f"is not TOML: {error}") from error
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise _explain(file, kind, str(error)) from None


def _explain(file: Path, kind: type[msgspec.Struct], message: str) -> RequestError:
    """Turn msgspec's sentence into ours: the whole key, and the nearest known one."""
    match = _AT.match(message)
    place = (match["key"] or "") if match else ""
    problem = match["problem"] if match else message
    if unknown := _UNKNOWN.search(problem):
        known = _fields_at(kind, place)
        near = difflib.get_close_matches(unknown["field"], known, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(known)}"
        return TargetFileError(file, _join(place, unknown["field"]), f"unknown key; {hint}")
    if missing := _MISSING.search(problem):
        return TargetFileError(file, _join(place, missing["field"]), "is required and missing")
    return TargetFileError(file, place, problem[:1].lower() + problem[1:])


def _join(place: str, field: str) -> str:
    return f"{place}.{field}" if place else field


def _fields_at(kind: type[msgspec.Struct], place: str) -> list[str]:
    """Return the keys that the record knows at a dotted place such as `serve` or `stages[0]`."""
    current: type[msgspec.Struct] = kind
    for step in filter(None, re.sub(r"\[[^\]]*\]", "", place).split(".")):
        inner = [
            struct
            for field in msgspec.structs.fields(current)
            if field.encode_name == step
            for struct in _structs_in(field.type)
        ]
        if not inner:
            return []
        current = inner[0]
    return [field.encode_name for field in msgspec.structs.fields(current)]


def _structs_in(annotation: object) -> list[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [struct for argument in typing.get_args(annotation) for struct in _structs_in(argument)]
