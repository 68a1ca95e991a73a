"""`python -m reference_app.migrations` with a bad environment."""

import pytest

from harness.ports import LOOPBACK, free_port
from reference_app.migrations.__main__ import main


@pytest.mark.parametrize("url", ["", "sqlite://", "nonsense"])
def test_bad_url(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a Postgres URL it says so in one line and ends with 2."""
    monkeypatch.setenv("DATABASE_URL", url)
    assert main() == 2
    assert capsys.readouterr().err == "DATABASE_URL: must be a URL like postgresql://user:password@host:5432/name\n"


def test_nothing_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """When nothing answers there it says so in one line and ends with 3."""
    monkeypatch.setenv("DATABASE_URL", f"postgresql://carol@{LOOPBACK}:{free_port()}/none")
    assert main() == 3
    said = capsys.readouterr().err
    assert said.startswith("Postgres: ")
    assert said.count("\n") == 1
