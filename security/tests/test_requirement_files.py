"""Reading requirements files on our own."""

from pathlib import Path

import pytest

from security.evidence import CheckIncomplete
from security.scans.requirement_files import read_requirements


def test_continuation(tmp_path: Path) -> None:
    """Hashes on continuation lines and comments do not change names and lines."""
    file = tmp_path / "app.txt"
    file.write_text("# top\nFoo_Bar==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\nbaz>=2\n")
    entries = read_requirements(file)
    assert [(entry.name, entry.line, entry.hashed, entry.pinned) for entry in entries] == [
        ("foo-bar", 2, True, True),
        ("baz", 6, False, False),
    ]


def test_include(tmp_path: Path) -> None:
    """Packages of an included file are expected too."""
    (tmp_path / "base.txt").write_text("foo==1\n")
    (tmp_path / "app.txt").write_text(
        "--index-url https://example.invalid/simple\n-c limits.txt\n-r base.txt\nbar==2\n"
    )
    assert [(entry.name, entry.line) for entry in read_requirements(tmp_path / "app.txt")] == [("foo", 3), ("bar", 4)]


@pytest.mark.parametrize("line", ["./folder", "-e .", "https://example.invalid/x.whl"])
def test_not_by_name(tmp_path: Path, line: str) -> None:
    """A requirement that has no name cannot be audited, and is named."""
    (tmp_path / "app.txt").write_text(f"foo==1\n{line}\n")
    with pytest.raises(CheckIncomplete, match=r"app\.txt:2: .* is not a requirement by name"):
        read_requirements(tmp_path / "app.txt")
