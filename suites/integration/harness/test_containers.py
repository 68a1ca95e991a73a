"""What the containers provider promises beyond what all providers do; on a real engine."""

import contextlib
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import EngineUnavailable, ServiceUnavailable
from harness.guardian import Guardian
from harness.services.containers import IMAGES, Containers, image_of
from harness.services.engine import RUN_LABEL, connect, ensure_image, find_engine
from harness.services.interface import Service
from harness.target import SERVICE_NAMES
from harness.wait import wait_for

if TYPE_CHECKING:
    from docker import DockerClient

RUN = """
import sys, time
from harness.guardian import Guardian
from harness.services.containers import Containers
provider = Containers(Guardian(), sys.argv[1])
print("asked", flush=True)
provider.start("postgres")
print("answers", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def engine() -> Iterator["DockerClient"]:
    """Return a client of a real engine that has both images; without one these tests cannot run."""
    try:
        address = find_engine()
        for service in SERVICE_NAMES:
            ensure_image(address, image_of(service), IMAGES[service][0])
    except EngineUnavailable as error:
        pytest.skip(str(error))
    client = connect(address)
    yield client
    client.close()


@pytest.fixture
def run_id() -> str:
    return secrets.token_hex(4)


def containers_of(engine: "DockerClient", run_id: str) -> list[Any]:
    found: list[Any] = engine.containers.list(all=True, sparse=True, filters={"label": f"{RUN_LABEL}={run_id}"})
    return found


def start_redis(guardian: Guardian, run_id: str) -> Service:
    return Containers(guardian, run_id).start("redis")


def test_published_on_loopback_only(engine: "DockerClient", run_id: str) -> None:
    """The engine binds the port to 127.0.0.1, and that is where it is reached."""
    with Guardian() as guardian:
        service = start_redis(guardian, run_id)
        (container,) = engine.containers.list(filters={"label": f"{RUN_LABEL}={run_id}"})
    addresses = {binding["HostIp"] for bindings in container.ports.values() for binding in bindings or ()}
    assert addresses == {"127.0.0.1"}
    assert "@127.0.0.1:" in service.url


def test_evidence_names_the_image(engine: "DockerClient", run_id: str) -> None:
    """The record says which image it was, by name and by content."""
    with Guardian() as guardian:
        service = start_redis(guardian, run_id)
    assert service.origin == f"{image_of('redis')} {engine.images.get(image_of('redis')).id}"


def test_end_removes_container_and_volume(engine: "DockerClient", run_id: str) -> None:
    """After an ordinary end the engine holds neither the container nor its data."""
    with Guardian() as guardian:
        start_redis(guardian, run_id)
        (container,) = engine.containers.list(filters={"label": f"{RUN_LABEL}={run_id}"})
        volumes = {mount["Name"] for mount in container.attrs["Mounts"]}
    assert containers_of(engine, run_id) == []
    assert volumes
    assert volumes.isdisjoint(volume.name for volume in engine.volumes.list())


@pytest.mark.parametrize("moment", ["asked", "made", "answers"])
def test_killed_run_leaves_no_container(engine: "DockerClient", run_id: str, moment: str) -> None:
    """A run killed before, while and after its container comes up leaves none."""
    with subprocess.Popen([sys.executable, "-c", RUN, run_id], stdout=subprocess.PIPE, start_new_session=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"asked\n"
        if moment == "made":
            wait_for(lambda: containers_of(engine, run_id), what="the container", timeout_s=60)
        if moment == "answers":
            assert run.stdout.readline() == b"answers\n"
        guard = guard_of(run.pid)
        run.send_signal(signal.SIGKILL)
    wait_for(lambda: not guard.exists(), what="the end of the guard", timeout_s=60)
    assert containers_of(engine, run_id) == []


def guard_of(pid: int) -> Path:
    """Return the place in /proc of a run's guard, which is its only child."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return Path("/proc") / child


def test_removal_spares_other_runs(engine: "DockerClient", run_id: str) -> None:
    """A run removes its own containers and nobody else's."""
    other = f"{run_id}-other"
    with Guardian() as guardian:
        start_redis(guardian, other)
        with Guardian() as ending:
            start_redis(ending, run_id)
        assert (len(containers_of(engine, run_id)), len(containers_of(engine, other))) == (0, 1)


def test_server_that_ends_at_once(engine: "DockerClient", run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container whose server refuses to run is an answer at once, with its last lines."""
    assert engine
    monkeypatch.setenv("PROVING_GROUND_POSTGRES_IMAGE", image_of("redis"))
    with Guardian() as guardian, pytest.raises(ServiceUnavailable) as refused:
        Containers(guardian, run_id).start("postgres")
    first, *output = str(refused.value).splitlines()
    assert "its container ended at once with code 1" in first
    assert any("FATAL CONFIG FILE ERROR" in line for line in output)


def test_image_not_to_be_had(engine: "DockerClient", monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that the engine lacks and cannot pull is one line that names the way out."""
    assert engine
    monkeypatch.setenv("PROVING_GROUND_REDIS_IMAGE", "127.0.0.1:1/no-such-image:1")
    with Guardian() as guardian, pytest.raises(EngineUnavailable) as missing:
        Containers(guardian, "unused").check("redis")
    message = str(missing.value)
    assert message.startswith("image 127.0.0.1:1/no-such-image:1: the engine does not have it and cannot pull it")
    assert "PROVING_GROUND_REDIS_IMAGE" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("unix:///nowhere/engine.sock", "no such socket"),
        ("tcp://127.0.0.1:1", "connection refused"),
        ("tcp://192.0.2.1:2375", "not on this machine"),
        ("ssh://somebody@elsewhere", "not on this machine"),
    ],
)
def test_engine_absent(address: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is not there, or not here, is one line that says which and why."""
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineUnavailable, match=problem) as absent:
        find_engine()
    assert str(absent.value).startswith(f"container engine at {address} (DOCKER_HOST): ")


def test_engine_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that a stopped engine left behind is told from one that never was."""
    place = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(place))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}")
    with pytest.raises(EngineUnavailable, match="connection refused; the engine does not run"):
        find_engine()


def test_engine_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that this user may not open says what to ask for."""
    place = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        place.chmod(0o000)
        with as_ordinary_user(), pytest.raises(EngineUnavailable, match="permission denied; let this user into"):
            find_engine()


@contextlib.contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Give up root's rights for a while; nothing to do for a user without them."""
    before = os.geteuid()
    os.seteuid(pwd.getpwnam("nobody").pw_uid if before == 0 else before)
    try:
        yield
    finally:
        os.seteuid(before)


def test_something_else_listens(tmp_path: Path) -> None:
    """What accepts connections and says nothing is not taken for an engine, and not waited for."""
    place = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place))
        silent.listen()
        with pytest.raises(EngineUnavailable, match="does not answer as one"):
            connect(f"unix://{place}", timeout_s=0.2)
