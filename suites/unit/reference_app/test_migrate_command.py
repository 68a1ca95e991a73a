"""`python -m reference_app.migrations` with a bad environment."""

import pytest

from reference_app.migrations.__main__ import main


@pytest.mark.parametrize("url", ["", "sqlite://", "nonsense"])
def test_bad_url(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a Postgres URL it says so in one line and ends with 2."""
    monkeypatch.setenv("DATABASE_URL", url)
    assert main() == 2
    assert capsys.readouterr().err == "DATABASE_URL: must be a URL like postgresql://user:password@host:5432/name\n"
