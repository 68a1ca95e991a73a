"""The way back to a target's seed, where the target or its services are in no state for it."""

from collections.abc import Iterator
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from harness.contract_findings import Step
from harness.errors import ServiceUnavailable, TargetExited
from harness.launch import Launched
from harness.results import ServiceRecord
from harness.seed import Seed
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller, show_again
from suites.contract.fuzzing.isolation import Isolation


class Services:
    """The services of a target: they hold a poison until its seed is restored, or cannot be asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.hold_poison = True
        self._error = error

    @property
    def is_of_services(self) -> bool:
        """Whether there are any."""
        return True

    def restore(self) -> bool:
        """Restore the seed."""
        if self._error:
            raise self._error
        self.hold_poison = False
        return False


class Dead(Launched):
    """A target that has ended, and ends again while it starts: as long as its services hold a poison, or for ever."""

    is_alive = False

    def __init__(self, services: Services, *, for_ever: bool = False) -> None:
        super().__init__("http://127.0.0.1:1", (), None, cast("Seed", services))
        self._services = services
        self._for_ever = for_ever
        self.starts = 0

    def restart(self) -> None:
        """Start, or not."""
        self.starts += 1
        if self._for_ever or self._services.hold_poison:
            raise TargetExited("it ended with code 3:\n    poisoned")
        self.is_alive = True


def test_what_was_stored_may_keep_a_target_from_starting() -> None:
    """Where it does not start on what a request has left, it is started on its seed."""
    dead = Dead(Services())
    isolation = Isolation(dead)
    isolation.revive("POST /poison")
    assert (isolation.deaths, dead.starts, dead.is_alive) == (["POST /poison"], 2, True)


def test_a_target_that_never_starts_again_is_given_up() -> None:
    """It is not started for each finding anew, its death is told once, and what was found is not tried again."""
    dead = Dead(Services(), for_ever=True)
    isolation = Isolation(dead)
    with pytest.raises(TargetExited):
        isolation.revive("GET /fatal")
    asked = Step(method="GET", path="/things", headers={})
    sighting = Sighting(steps=(asked,), answers=(Answer(500, {}, b""),), chain=(0,))
    cause = Cause(operation="GET /things", check="x", message="", phase="", seen=1, sighting=sighting)
    shown = show_again(cause, Caller("http://127.0.0.1:1", {}, isolation))
    assert (shown.again, isolation.deaths, dead.starts) == (None, ["GET /fatal"], 2)


@pytest.mark.parametrize(
    ("services", "said"),
    [
        (("redis",), "Redis had the target's seed again"),
        (("redis", "postgres"), "Postgres and Redis had the target's seed again"),
    ],
)
def test_what_is_restored_is_told(services: tuple[str, ...], said: str) -> None:
    """The evidence names the services that had the seed again, and says where there are none."""
    records = tuple(ServiceRecord(name=name, version="1", provider="p", origin="o") for name in services)
    assert str(Isolation(Launched("http://127.0.0.1:1", records, None, cast("Seed", Services())))).startswith(said)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator["Connection[Any, Any]"]:
    """Yield what an engine asks through, where Redis is gone."""
    alive = Dead(Services(redis.ConnectionError("Connection refused")))
    alive.is_alive = True
    with Isolation(alive).offered(tmp_path / "seed") as address:
        assert address is not None
        with Client(address, family="AF_UNIX") as connection:
            yield connection


def test_an_engine_is_told_why_there_is_no_seed(asking: "Connection[Any, Any]") -> None:
    """It goes on asking, and is told each time."""
    for _ in range(2):
        asking.send_bytes(b'{"do": "restore", "operation": "GET /things", "changed": true}')
        assert asking.recv_bytes() == b'{"error": "the target\'s seed: Connection refused", "forgotten": false}'


def test_a_service_that_is_gone() -> None:
    """It is an error of ours, which whoever asks for the seed can expect."""
    alive = Dead(Services(redis.ConnectionError("Connection refused")))
    alive.is_alive = True
    with pytest.raises(ServiceUnavailable, match="the target's seed: Connection refused"):
        Isolation(alive).restore()
