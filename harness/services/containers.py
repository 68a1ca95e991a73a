"""The `containers` provider: Postgres and Redis in containers, made through Testcontainers.

Images are pinned, and configurable by the variables in `IMAGES`. Ports are published on the loopback address and
reached there: Testcontainers, when it takes itself for containerised, would answer with the bridge's address. Each
container carries the run's id as a label, by which a finalizer finds it (`harness.services.engine`).
"""

import os
import secrets
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from harness.errors import ServiceUnavailable, TimedOut
from harness.ports import LOOPBACK
from harness.services.answering import postgres_version, redis_version
from harness.services.engine import (
    RUN_LABEL,
    SERVICE_LABEL,
    ensure_image,
    environment_of,
    find_engine,
    first_line,
)
from harness.services.interface import Provider, Service
from harness.services.short_lived import POSTGRES_SETTINGS, REDIS_SPACES
from harness.target import ServiceName
from harness.wait import wait_for

if TYPE_CHECKING:  # imported late: it takes half a second, and `auto` may find no engine
    from testcontainers.core.container import DockerContainer

START_TIMEOUT_S = 60.0

IMAGES: dict[ServiceName, tuple[str, str]] = {
    "postgres": ("PROVING_GROUND_POSTGRES_IMAGE", "postgres:18.4"),
    "redis": ("PROVING_GROUND_REDIS_IMAGE", "valkey/valkey:9.1.2"),
}


class Containers(Provider):
    """Containers of a Docker or Podman engine on this machine."""

    name: ClassVar[str] = "containers"

    def check(self, service: ServiceName) -> None:
        """Prove that an engine answers and that it has the image, pulling it when it does not."""
        ensure_image(find_engine(), image_of(service), IMAGES[service][0])

    def start(self, service: ServiceName) -> Service:
        """Start the service's container and return the service once it answers on the loopback address."""
        engine, image = find_engine(), image_of(service)
        recipe = _RECIPES[service](secrets.token_hex(16))
        finalizer = [sys.executable, "-m", "harness.services.engine", self.run_id, service]
        self.guardian.at_end(finalizer, environment_of(engine))  # first: the run may be killed while the engine works
        container = _container(engine, image, recipe, {RUN_LABEL: self.run_id, SERVICE_LABEL: service})
        try:
            container.start()
            url, version = _until_it_answers(container.get_wrapped_container(), recipe, f"{service}: {image}")
        except OSError as error:  # docker-py's APIError is one, and so is a time-out
            raise ServiceUnavailable(f"{service}: no container of {image} could be run: {first_line(error)}") from error
        finally:
            container.get_docker_client().client.close()
        return Service(
            name=service,
            url=url,
            version=version,
            provider=self.name,
            origin=f"{image} {container.get_wrapped_container().attrs['Image']}",
            run_id=self.run_id,
            spaces=recipe.spaces,
        )


def image_of(service: ServiceName) -> str:
    """Return the image that the environment names for a service, or the pinned one."""
    variable, pinned = IMAGES[service]
    return os.environ.get(variable) or pinned


class _Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a container is made of; `url` lacks its `{port}`, `files` maps places in the container to content."""

    port: int
    url: str
    command: list[str]
    environment: dict[str, str] = {}
    files: dict[str, bytes] = {}
    spaces: int = 1

    def version(self, url: str) -> str | None:
        """Return the server's version, or None while it does not answer."""
        return postgres_version(url) if url.startswith("postgresql") else redis_version(url)


def _postgres(password: str) -> _Recipe:
    return _Recipe(
        port=5432,
        url=f"postgresql://postgres:{password}@{LOOPBACK}:{{port}}/postgres",
        command=[word for key, value in POSTGRES_SETTINGS.items() for word in ("-c", f"{key}={value}")],
        # As embedded has it: UTF-8, sorted by code point.
        environment={
            "POSTGRES_PASSWORD": password,
            "POSTGRES_INITDB_ARGS": "--no-sync --encoding=UTF8 --locale=C.UTF-8",
        },
    )


def _redis(password: str) -> _Recipe:
    settings = {"requirepass": password, "databases": str(REDIS_SPACES), "save": '""', "appendonly": "no"}
    place = "/proving-ground.conf"
    return _Recipe(
        port=6379,
        url=f"redis://:{password}@{LOOPBACK}:{{port}}/0",
        command=[place],  # the entrypoints of Redis's and of Valkey's images put their own server before it
        files={place: "".join(f"{key} {value}\n" for key, value in settings.items()).encode()},
        spaces=REDIS_SPACES,
    )


_RECIPES = {"postgres": _postgres, "redis": _redis}


def _container(engine: str, image: str, recipe: _Recipe, labels: dict[str, str]) -> "DockerContainer":
    """Return a container that is not started yet."""
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 - see above
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    testcontainers_config.ryuk_disabled = True  # the guardian cleans up
    container = DockerContainer(image, docker_client_kw={"environment": environment_of(engine)}, env=recipe.environment)
    container.image = image  # without the prefix that Testcontainers can be told to put before all images
    container.ports = {f"{recipe.port}/tcp": (LOOPBACK, None)}  # type: ignore[dict-item] # docker-py takes the address
    # A network by name: else Testcontainers looks for one that it shares with the container.
    container.with_kwargs(labels=labels, network="bridge", shm_size="256m").with_command(recipe.command)
    for place, content in recipe.files.items():
        container.with_copy_into_container(content, place)
    return container


def _until_it_answers(container: Any, recipe: _Recipe, what: str) -> tuple[str, str]:
    """Return the URL of the server in a container and the version that it reports, as soon as it answers."""

    def answer() -> tuple[str, str] | None:
        container.reload()
        if container.status == "exited":
            code = container.attrs["State"]["ExitCode"]
            raise ServiceUnavailable(f"{what}: its container ended at once with code {code}:{_last_output(container)}")
        if not (published := container.ports.get(f"{recipe.port}/tcp")):
            return None
        url = recipe.url.format(port=published[0]["HostPort"])
        return (url, version) if (version := recipe.version(url)) else None

    try:
        return wait_for(answer, what=f"an answer of {what} on {LOOPBACK}", timeout_s=START_TIMEOUT_S)
    except TimedOut as error:
        raise ServiceUnavailable(f"{error}:{_last_output(container)}") from error


def _last_output(container: Any) -> str:
    lines = container.logs(tail=20).decode(errors="replace").splitlines()
    return "".join(f"\n    {line}" for line in lines)
