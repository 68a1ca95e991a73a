"""Waivers accept by name, for a stated reason, until a stated day."""

import datetime as dt
from pathlib import Path

import pytest

from harness.errors import TargetFileError
from harness.waivers import Waivers, accepted_by, read_waivers

DAY = dt.date(2026, 1, 31)
TEXT = """
[[gate]]
match = "scan / *"
reason = "the index has no advisories"
owner = "ops"
expires = 2026-01-31
"""


def read(folder: Path, text: str) -> Waivers:
    file = folder / "waivers.toml"
    file.write_text(text)
    return read_waivers(file)


def test_accepts_until_the_end_of_the_day(tmp_path: Path) -> None:
    """A waiver holds on its last day, and not on the next."""
    waivers = read(tmp_path, TEXT).gate
    assert accepted_by(waivers, "scan / pip-audit", DAY) == waivers[0]
    assert accepted_by(waivers, "scan / pip-audit", DAY + dt.timedelta(days=1)) is None


def test_accepts_only_what_it_names(tmp_path: Path) -> None:
    """Another gate is not accepted."""
    assert accepted_by(read(tmp_path, TEXT).gate, "suite / unit", DAY) is None


def test_no_file_accepts_nothing() -> None:
    """Without a file there are no waivers."""
    assert read_waivers(None) == Waivers()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT.replace("reason", "# reason"), r"gate\[0\]\.reason: is required"),
        (TEXT.replace('"ops"', '" "'), r"gate\[0\]\.owner: is empty"),
        (TEXT.replace("2026-01-31", '"soon"'), r"gate\[0\]\.expires"),
        (TEXT.replace("expires", "expiry"), r"did you mean `expires`"),
    ],
)
def test_incomplete_waiver_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """A waiver without reason, owner or date is refused: silence is not acceptance."""
    with pytest.raises(TargetFileError, match=says):
        read(tmp_path, text)
