"""Queries straight to psycopg: one connection asks the same ones again and again, whatever happened in between."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from psycopg.errors import DivisionByZero

from reference_app.api.authentication import EXTENSION
from reference_app.database import Database

QUOTIENT = "SELECT 6 / %(divisor)s::int AS quotient, 6 %% %(divisor)s::int AS remainder"
MOMENT = "SELECT moment FROM moments"


@pytest.fixture
def database(app: Flask) -> Database:
    """Return the application's database."""
    found: Database = app.extensions[EXTENSION].database
    return found


def test_names_and_values(database: Database) -> None:
    """Every answer has its own values under the names of its columns, also between other queries."""
    with database.reading() as reader:
        for divisor in (1, 4):
            expected = [{"quotient": 6 // divisor, "remainder": 6 % divisor}]
            assert reader.rows(QUOTIENT, {"divisor": divisor}) == expected
            assert reader.rows("SELECT 1 AS one") == [{"one": 1}]


def test_after_an_error(database: Database) -> None:
    """A query that failed can be asked again over the same connection."""
    with database.reading() as reader:
        assert reader.rows(QUOTIENT, {"divisor": 6}) == [{"quotient": 1, "remainder": 0}]
        with pytest.raises(DivisionByZero):
            reader.rows(QUOTIENT, {"divisor": 0})
        assert reader.rows(QUOTIENT, {"divisor": 3}) == [{"quotient": 2, "remainder": 0}]


def test_a_column_gets_another_type(database: Database) -> None:
    """After a migration of a column the same query, over the same connection, reads what the column is now."""
    with database.reading() as reader:
        reader.driver.execute("CREATE TEMPORARY TABLE moments AS SELECT '2026-01-02 03:04Z'::text AS moment")
        assert reader.rows(MOMENT) == [{"moment": "2026-01-02 03:04Z"}]
        reader.driver.execute("ALTER TABLE moments ALTER moment TYPE timestamptz USING moment::timestamptz")
        assert reader.rows(MOMENT) == [{"moment": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}]
        reader.driver.execute("DROP TABLE moments")
