"""Every test gets a database of its own, with the template's content, quickly."""

import psycopg
import pytest

from harness.database import Databases, Pool
from harness.errors import ServiceUnavailable
from harness.fixtures import Services


def rows(url: str) -> list[tuple[int]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT number FROM numbers ORDER BY number").fetchall()


def fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE numbers (number int)")
        connection.execute("INSERT INTO numbers VALUES (1)")


def test_clones_do_not_see_each_other(databases: Databases) -> None:
    """What one clone holds, another does not."""
    template = databases.template("clones", fill)
    one, other = databases.clone(template), databases.clone(template)
    with psycopg.connect(one.url) as connection:
        connection.execute("INSERT INTO numbers VALUES (2)")
    assert rows(one.url) == [(1,), (2,)]
    assert rows(other.url) == [(1,)]


def test_template_is_filled_once(databases: Databases) -> None:
    """Migrations run once per key, however often the template is asked for."""
    filled: list[str] = []

    def count(url: str) -> None:
        filled.append(url)
        fill(url)

    databases.template("once", count)
    databases.template("once", count)
    assert len(filled) == 1


def test_half_a_template_is_never_cloned(databases: Databases) -> None:
    """A template whose migration failed is made anew the next time."""

    def fail(url: str) -> None:
        fill(url)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        databases.template("half", fail)
    assert rows(databases.clone(databases.template("half", fill)).url) == [(1,)]


def test_dropped_database_is_gone(databases: Databases) -> None:
    """Dropping works also while somebody is connected."""
    database = databases.clone(databases.template("dropped", fill))
    with psycopg.connect(database.url):
        databases.drop(database)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(database.url)


def test_pool_gives_each_lease_its_own_clone(services: Services, databases: Databases) -> None:
    """More leases than were made ahead are all fresh and all different."""
    template = databases.template("pool", fill)
    with Pool(services["postgres"], template, ahead=2) as pool:
        leased = [pool.lease() for _ in range(5)]
        assert len({database.name for database in leased}) == 5
        assert [rows(database.url) for database in leased] == [[(1,)]] * 5


def test_pool_reports_what_went_wrong(services: Services, databases: Databases) -> None:
    """An error behind the pool's back is raised to who leases, not lost in its thread."""
    template = databases.clone(databases.template("lost", fill))
    databases.drop(template)
    with Pool(services["postgres"], template, ahead=1) as pool, pytest.raises((ServiceUnavailable, psycopg.Error)):
        pool.lease()
