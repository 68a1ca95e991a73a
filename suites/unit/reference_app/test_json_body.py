"""JSON as RFC 8259 has it, and nothing else."""

import pytest
from flask import Flask

from reference_app.api.json_body import StrictJsonProvider

READER = StrictJsonProvider(Flask(__name__))


def test_reads() -> None:
    """Text and UTF-8 bytes are read."""
    assert READER.loads('{"a": [1, null]}') == READER.loads(b'{"a": [1, null]}') == {"a": [1, None]}


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "{", "", "9" * 5000, "[" * 100_000])
def test_refuses(text: str) -> None:
    """What is no JSON, or too much for the parser, is a ValueError and nothing worse."""
    with pytest.raises(ValueError, match=r"."):
        READER.loads(text)
