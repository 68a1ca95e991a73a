"""What logs leave out of errors, and that libraries log in the same format."""

import json
import logging

import pytest

from reference_app.structured_logging import configure_logging, without_rows

REFUSED = """Traceback (most recent call last):
psycopg.errors.CheckViolation: new row for relation "admins" violates check constraint "ck_admins_username_form"
DETAIL:  Failing row contains (1, a
b, $argon2id$secret).

The above exception was the direct cause of the following exception:

sqlalchemy.exc.IntegrityError: (psycopg.errors.CheckViolation) new row for relation "admins"
DETAIL:  Failing row contains (1, x, $argon2id$secret).
[SQL: INSERT INTO admins]
DETAIL:  Failing row contains (1, x, $argon2id$secret)."""


def test_without_rows() -> None:
    """The rows that Postgres quotes go, over several lines too, and what else it says stays."""
    assert "secret" not in without_rows(REFUSED)
    assert "[SQL: INSERT INTO admins]" in without_rows(REFUSED)
    assert "The above exception" in without_rows(REFUSED)
    assert without_rows(REFUSED).count("violates check constraint") == 1


@pytest.mark.parametrize("name", ["gunicorn.error", "sqlalchemy.pool", "reference_app.anything"])
def test_libraries(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What libraries log has the same format, with its logger's name."""
    configure_logging("info", as_json=True)
    logging.getLogger(name).warning("it took %s s\nor so", 5)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == ("it took 5 s\nor so", "warning", name)
