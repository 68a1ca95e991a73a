"""Reads what was recorded, and chooses from it. Only `read_recording` touches the disk."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from harness.errors import RequestError
from loadtests.replay.events import sequences_of_events
from loadtests.replay.har import sequences_of_har
from loadtests.replay.things import Sequence, with_makers

LARGEST_FILE = 512_000_000


class Choice(NamedTuple):
    """What to replay of a file: all, the `slowest` so many sequences, those that `failed`, or the slowest of these."""

    file: Path
    slowest: int | None = None
    failed: bool = False


def read_recording(choice: Choice) -> list[Sequence]:
    """Return the sequences that were chosen, in their order, each with what it rests on.

    Raises:
        RequestError: the file cannot be read, holds nothing that was recorded, or nothing of what was asked for.

    """
    try:
        if choice.file.stat().st_size > LARGEST_FILE:
            raise RequestError(f"{choice.file}: has more than {LARGEST_FILE // 1_000_000} MB; record less")
        content = choice.file.read_bytes()
    except OSError as error:
        raise RequestError(f"{choice.file}: cannot be read: {error.strerror}") from error
    try:
        sequences = sequences_of(content)
    except ValueError as error:
        raise RequestError(f"{choice.file}: {' '.join(str(error).split())}") from error
    if not sequences:
        raise RequestError(f"{choice.file}: holds no requests")
    chosen = chosen_of(sequences, choice)
    if not chosen:
        raise RequestError(f"{choice.file}: none of its {sum(map(len, sequences))} requests failed (--failed)")
    whole = with_makers(sequences)
    return [whole[at] for at in chosen]


def sequences_of(content: bytes) -> list[Sequence]:
    """Return what a file's content holds, whatever its format.

    Raises:
        ValueError: it is neither a HAR nor events of Schemathesis; says why.

    """
    try:
        parsed = json.loads(content)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError as error:
        return sequences_of_events(_lines(content, error))
    if isinstance(parsed, dict) and "log" in parsed:
        return sequences_of_har(parsed)
    return sequences_of_events([parsed])


def chosen_of(sequences: list[Sequence], choice: Choice) -> list[int]:
    """Return the places of the sequences that were asked for. A sequence is as slow as its slowest request."""
    every = [at for at, one in enumerate(sequences) if not choice.failed or any(request.failed for request in one)]
    by_time = sorted(every, key=lambda at: max(request.elapsed_s for request in sequences[at]), reverse=True)
    return sorted(by_time[: choice.slowest])


def origins_of(sequences: Iterable[Sequence]) -> list[str]:
    """Return where the requests went when they were recorded."""
    places = (urlsplit(request.url) for sequence in sequences for request in sequence)
    return list(dict.fromkeys(f"{place.scheme}://{place.netloc.rpartition('@')[2]}" for place in places))


def _lines(content: bytes, whole: ValueError) -> list[Any]:
    """Return the JSON of each line. The last line may be cut short: that is how a run ends that is killed."""
    lines = content.splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(msgspec.json.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if number == 1:
                raise ValueError(f"is not JSON: {whole}") from None
            if number < len(lines) or content.endswith(b"\n"):
                raise ValueError(f"line {number} is not JSON") from None
    return found
