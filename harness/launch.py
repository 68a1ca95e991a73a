"""A launched target: services chosen and started, a database made, the target served. For any part, any target."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.database import Database, Databases, content_hash
from harness.guardian import Guardian
from harness.results import ServiceRecord
from harness.schema_cache import remembered
from harness.serve import ServedTarget, await_given_target, run_commands, target_environment
from harness.services.choice import choose
from harness.services.interface import Say, Service
from harness.services.spaces import Spaces
from harness.target import Command, ServiceName, Target


class Launched:
    """A target that answers at `base_url`.

    `log` and `pid` are None for a target that somebody else runs; `restart` then does nothing.
    """

    def __init__(self, base_url: str, services: tuple[ServiceRecord, ...], served: ServedTarget | None) -> None:
        self.base_url = base_url
        self.services = services
        self._served = served

    @property
    def log(self) -> Path | None:
        """What the target's process prints."""
        return self._served.log if self._served else None

    @property
    def pid(self) -> int | None:
        """Process id of the target's process."""
        return self._served.pid if self._served else None

    def restart(self) -> None:
        """Start the target's process anew, same port, same database."""
        if self._served:
            self._served.restart()


@contextlib.contextmanager
def launch(target: Target, services: str = "auto", say: Say = lambda _line: None) -> Iterator[Launched]:
    """Start what the target needs, prepare and seed its database, serve it, and stop all of it at the end.

    Raises:
        RequestError: the target file or an option is wrong.
        ServiceUnavailable: a service cannot be had.
        TargetFault: the target failed to prepare or to start.

    """
    if target.settings.base_url:
        yield given(target)
        return
    with Guardian() as guardian:
        running = start_services(target, services, guardian, say)
        with serving(target, guardian, running) as launched:
            say(f"{target.name} answers at {launched.base_url}")
            yield launched


def given(target: Target) -> Launched:
    """Return a target that somebody else runs, after a sign of life.

    Raises:
        TargetNotReady: it does not answer at its `base_url`.

    """
    base_url = str(target.settings.base_url)
    await_given_target(target, base_url)
    return Launched(base_url.rstrip("/"), (), None)


@contextlib.contextmanager
def serving(
    target: Target, guardian: Guardian, running: Mapping[ServiceName, Service], spaces: Spaces | None = None
) -> Iterator[Launched]:
    """Serve a target on running services: a migrated and seeded database and an empty Redis of its own."""
    prepare = target.settings.prepare
    urls: dict[ServiceName, str] = {}
    with contextlib.ExitStack() as stack:
        if redis := running.get("redis"):
            urls["redis"] = (spaces or Spaces(redis)).lease()
        if postgres := running.get("postgres"):
            databases = stack.enter_context(Databases(postgres))
            template = prepared_template(target, guardian, databases, urls, seeded=True)
            urls["postgres"] = databases.clone(template).url
        else:
            run_commands(target, guardian, prepare.migrate + prepare.seed, environment_for(target, urls))
        served = ServedTarget(target, guardian, environment_for(target, urls))
        yield Launched(served.base_url, tuple(service.record for service in running.values()), served)
        served.stop()


def start_services(target: Target, wanted: str, guardian: Guardian, say: Say) -> dict[ServiceName, Service]:
    """Start the services that the target needs, side by side."""
    names = tuple(target.services)
    if not names:
        return {}
    provider = choose(wanted, names, guardian, new_run_id(), say)
    with ThreadPoolExecutor(len(names)) as threads:
        return dict(zip(names, threads.map(provider.start, names), strict=True))


def prepared_template(
    target: Target,
    guardian: Guardian,
    databases: Databases,
    others: Mapping[ServiceName, str],
    *,
    seeded: bool,
) -> Database:
    """Return the template database with the target's migrations, and its seed data where asked for.

    The key is a hash over the commands and the content of `prepare.inputs`. `others` are the URLs of the services
    beside Postgres, for commands that use them too.
    """
    prepare = target.settings.prepare
    commands: tuple[Command, ...] = prepare.migrate + (prepare.seed if seeded else ())
    key = content_hash([repr(commands), *map(str, prepare.inputs)], [target.resolve(place) for place in prepare.inputs])

    def fill(url: str) -> None:
        run_commands(target, guardian, commands, environment_for(target, {**others, "postgres": url}))

    is_kept = bool(prepare.inputs) and not seeded
    return databases.template(key, remembered(f"{key}-{databases.server_version}", fill) if is_kept else fill)


def environment_for(target: Target, urls: Mapping[ServiceName, str]) -> dict[str, str]:
    """Return the environment in which the target's processes find the given services."""
    return target_environment(target, {target.services[name]: url for name, url in urls.items()})


def new_run_id() -> str:
    """Return a short id that marks what this run creates elsewhere; fit for a database's name."""
    return secrets.token_hex(4)
