"""The container engine of this machine, Docker or Podman: where it answers, what it has, and removing what a run left.

`python -m harness.services.engine RUN_ID SERVICE` is the finalizer that the guardian runs: Ryuk, which
Testcontainers would use, is an image of its own and cannot be had everywhere.
"""

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.errors import EngineUnavailable, TimedOut
from harness.ports import LOOPBACK
from harness.wait import wait_for

if TYPE_CHECKING:  # importing docker takes a third of a second: not before an engine is known to be there
    from docker import DockerClient

RUN_LABEL = "proving-ground.run"
SERVICE_LABEL = "proving-ground.service"
ANSWER_TIMEOUT_S = 20.0
PULL_TIMEOUT_S = 300
_LATE_CONTAINER_S = 2.0
_REMOVAL_TIMEOUT_S = 20.0


def find_engine() -> str:
    """Return the address of an engine that accepts connections, spelled as DOCKER_HOST is.

    Raises:
        EngineUnavailable: none does, or it is another machine's.

    """
    if chosen := os.environ.get("DOCKER_HOST"):
        if problem := _problem_of(chosen):
            raise EngineUnavailable(f"container engine at {chosen} (DOCKER_HOST): {problem}")
        return chosen
    problems = {f"unix://{place}": _problem_of(f"unix://{place}") for place in _usual_sockets() if place.exists()}
    for address, problem in problems.items():
        if not problem:
            return address
    for address, problem in problems.items():
        raise EngineUnavailable(f"container engine at {address}: {problem}")
    places = ", ".join(map(str, _usual_sockets()))
    raise EngineUnavailable(f"no container engine: none of {places} exists; start Docker or Podman, or set DOCKER_HOST")


def _usual_sockets() -> list[Path]:
    of_user = Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}"))
    return [
        Path("/var/run/docker.sock"),
        of_user / "docker.sock",
        of_user / "podman" / "podman.sock",
        Path("/run/podman/podman.sock"),
    ]


def _problem_of(address: str) -> str | None:
    """Say why the engine at an address cannot be used, or return None."""
    place = urlsplit(address)
    if place.scheme == "unix":
        return _refusal(socket.AF_UNIX, place.path)
    if place.scheme in {"tcp", "http", "https"} and place.hostname in {LOOPBACK, "localhost"}:
        return _refusal(socket.AF_INET, (LOOPBACK, place.port or 2375))
    return "not on this machine, so ports published on its loopback cannot be reached; use --services external"


def _refusal(family: int, place: str | tuple[str, int]) -> str | None:
    with socket.socket(family) as probe:
        probe.settimeout(ANSWER_TIMEOUT_S)
        try:
            probe.connect(place)
        except FileNotFoundError:
            return "no such socket; start the engine, or correct the address"
        except PermissionError:
            return "permission denied; let this user into the socket's group (often `docker`), or run a rootless engine"
        except OSError as error:
            return f"{(error.strerror or str(error)).lower()}; the engine does not run, start it"
    return None


def environment_of(engine: str) -> dict[str, str]:
    """Return this process's environment with the engine in it, as docker-py reads it."""
    return {**os.environ, "DOCKER_HOST": engine}


def connect(engine: str, timeout_s: float = ANSWER_TIMEOUT_S) -> "DockerClient":
    """Return a client of the engine, to be closed by the caller; `timeout_s` holds for each answer.

    Raises:
        EngineUnavailable: it accepts connections but does not answer as an engine does.

    """
    import docker  # noqa: PLC0415 - see above
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        return docker.from_env(environment=environment_of(engine), timeout=timeout_s)
    except DockerException as error:
        raise EngineUnavailable(f"container engine at {engine}: does not answer as one ({first_line(error)})") from None


def ensure_image(engine: str, image: str, variable: str) -> None:
    """See to it that the engine has an image, pulling it when it does not.

    Raises:
        EngineUnavailable: it has it not and cannot get it.

    """
    client = connect(engine, PULL_TIMEOUT_S)
    try:
        if not _has_image(client, image):
            client.images.pull(image)
    except OSError as error:  # docker-py's APIError is one, and so is a time-out
        raise EngineUnavailable(
            f"image {image}: the engine does not have it and cannot pull it ({first_line(error)});"
            f" name one that it has in {variable}, or make one with deploy/images/build"
        ) from None
    finally:
        client.close()


def _has_image(client: "DockerClient", image: str) -> bool:
    from docker.errors import ImageNotFound  # noqa: PLC0415 - see above

    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def first_line(error: Exception) -> str:
    """Return the heart of an engine's error: what the engine itself said, on one line."""
    return str(getattr(error, "explanation", None) or error).strip().split("\n", 1)[0]


def remove(run_id: str, service: str) -> None:
    """Remove the containers that a run made for a service, and their volumes.

    A run that was killed may have asked for a container that the engine is still making: the first one is waited for.

    Raises:
        EngineUnavailable: the engine does not answer any more.
        TimedOut: a container is still there at the deadline.

    """
    client = connect(find_engine(), _REMOVAL_TIMEOUT_S)
    try:
        wait_for(lambda: _containers(client, run_id, service), what="a container", timeout_s=_LATE_CONTAINER_S)
    except TimedOut:
        return  # it ended before it had made one
    else:
        wait_for(lambda: _all_removed(client, run_id, service), what="their removal", timeout_s=_REMOVAL_TIMEOUT_S)
    finally:
        client.close()


def _containers(client: "DockerClient", run_id: str, service: str) -> list[Any]:
    labels = [f"{RUN_LABEL}={run_id}", f"{SERVICE_LABEL}={service}"]
    found: list[Any] = client.containers.list(all=True, sparse=True, filters={"label": labels})
    return found


def _all_removed(client: "DockerClient", run_id: str, service: str) -> bool:
    from docker.errors import APIError  # noqa: PLC0415 - see above

    for container in _containers(client, run_id, service):
        with contextlib.suppress(APIError):  # gone or going already; whether it is, the next look tells
            container.remove(force=True, v=True)
    return not _containers(client, run_id, service)


if __name__ == "__main__":
    remove(*sys.argv[1:])  # the guardian calls what the provider wrote
