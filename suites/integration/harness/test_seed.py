"""A target's state goes back to its seed while the target runs."""

import psycopg
import redis

from harness.database import Databases
from harness.seed import Seed, Stored


def fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE numbers (number int GENERATED ALWAYS AS IDENTITY)")
        connection.execute("INSERT INTO numbers DEFAULT VALUES")


def insert(url: str) -> int:
    with psycopg.connect(url) as connection:
        ((number,),) = connection.execute("INSERT INTO numbers DEFAULT VALUES RETURNING number").fetchall()
        return int(number)


def test_database_goes_back(databases: Databases) -> None:
    """Rows and sequences are those of the template again, at the same address, whoever was connected."""
    template = databases.template("seed", fill)
    clone = databases.clone(template)
    seed = Seed(Stored(databases, clone, template), None)
    with psycopg.connect(clone.url):
        first = insert(clone.url)
        assert seed.restore()
    assert insert(clone.url) == first


def test_redis_goes_back(redis_url: str) -> None:
    """Keys are those of the start again, with their times to live."""
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", "one")
        client.set("passing", "two", px=600_000)
        seed = Seed(None, redis_url)
        client.set("kept", "three")
        client.set("new", "four")
        client.delete("passing")
        assert not seed.restore()
        assert (client.get("kept"), client.get("passing"), client.exists("new")) == (b"one", b"two", 0)
        assert 0 < client.pttl("passing") <= 600_000


def test_what_is_kept_later_is_the_seed(databases: Databases, redis_url: str) -> None:
    """A state that is kept while the target runs is what comes back from then on; nobody has to log in again."""
    template = databases.template("seed", fill)
    clone = databases.clone(template)
    seed = Seed(Stored(databases, clone, template), redis_url)
    with redis.Redis.from_url(redis_url) as client:
        first = insert(clone.url)
        client.set("session", "of somebody")
        assert seed.keep()
        insert(clone.url)
        client.delete("session")
        assert seed.restore()
        assert (insert(clone.url), client.get("session")) == (first + 1, b"of somebody")
