"""A launched target: services chosen and started, a database made, the target served. For any part, any target."""

import contextlib
import os
import secrets
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from harness.database import Database, Databases, content_hash
from harness.guardian import Guardian
from harness.results import ServiceRecord
from harness.seed import Seed, Stored
from harness.serve import ServedTarget, await_given_target, run_commands, target_environment
from harness.services.choice import choose
from harness.services.interface import Provider, Say, Service
from harness.services.spaces import Spaces
from harness.target import Command, ServiceName, Target


class Launched:
    """A target that answers at `base_url`.

    `log` and `pid` are None for a target that somebody else runs; `restart` and `renew` then do nothing, and `seed` is
    None: nobody can give it its seed back.
    """

    def __init__(
        self,
        base_url: str,
        services: tuple[ServiceRecord, ...],
        served: ServedTarget | None,
        seed: Seed | None = None,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self.base_url = base_url
        self.services = services
        self.seed = seed
        self._served = served
        self._prepare = prepare

    @property
    def is_alive(self) -> bool:
        """Whether the target's process runs; true for one that somebody else runs."""
        return self._served is None or self._served.is_alive

    def await_ready(self) -> None:
        """Wait until a target that we serve answers its readiness path."""
        if self._served:
            self._served.await_ready()

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

    def renew(self) -> None:
        """Start a target that needs no service anew, as it was first: what `[prepare]` makes is made again before."""
        if self._served:
            self._served.restart(self._prepare)


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
        running = start_migrated_services(target, services, guardian, say)
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

    def fill() -> None:
        run_commands(target, guardian, prepare.migrate + prepare.seed, environment_for(target, urls))

    with contextlib.ExitStack() as stack:
        if redis := running.get("redis"):
            urls["redis"] = (spaces or Spaces(redis)).lease()
        if postgres := running.get("postgres"):
            databases = stack.enter_context(Databases(postgres))
            template = prepared_template(target, guardian, databases, urls, seeded=True)
            clone = databases.clone(template)
            urls["postgres"] = clone.url
            stored = Stored(databases, clone, template)
        else:
            stored = None
            fill()
        served = ServedTarget(target, guardian, environment_for(target, urls))
        seed = Seed(stored, urls.get("redis"))
        yield Launched(served.base_url, tuple(service.record for service in running.values()), served, seed, fill)
        served.stop()


def start_services(target: Target, wanted: str, guardian: Guardian, say: Say) -> dict[ServiceName, Service]:
    """Start the services that the target needs, side by side."""
    return _start(target, wanted, guardian, say, None)[1] if target.services else {}


def start_migrated_services(target: Target, wanted: str, guardian: Guardian, say: Say) -> dict[ServiceName, Service]:
    """Start the services with the migrated, unseeded template in them.

    Where the provider can keep one, a copy of that Postgres is kept for the next run with the same `prepare.inputs`,
    commands and installed packages. In CI migrations always run.
    """
    if not target.services:
        return {}
    provider, running = _start(target, wanted, guardian, say, _content(target))
    if postgres := running.get("postgres"):
        others: dict[ServiceName, str] = {name: service.url for name, service in running.items() if name != "postgres"}
        with Databases(postgres) as databases:
            prepared_template(target, guardian, databases, others, seeded=False)
        provider.keep()
    return running


def _start(
    target: Target, wanted: str, guardian: Guardian, say: Say, content: str | None
) -> tuple[Provider, dict[ServiceName, Service]]:
    names, run_id = tuple(target.services), new_run_id()
    provider = choose(wanted, names, lambda kind: kind(guardian, run_id, content), say)
    with ThreadPoolExecutor(len(names)) as threads:
        return provider, dict(zip(names, threads.map(provider.start, names), strict=True))


def _content(target: Target) -> str | None:
    """Return a name for what migrations make, or None where it must not be kept: in CI, or without `prepare.inputs`."""
    if os.environ.get("CI") == "true" or not target.settings.prepare.inputs:
        return None
    packages = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns  # changes when one is installed or upgraded
    return f"{_template_key(target, target.settings.prepare.migrate)}-{packages:x}"


def prepared_template(
    target: Target,
    guardian: Guardian,
    databases: Databases,
    others: Mapping[ServiceName, str],
    *,
    seeded: bool,
) -> Database:
    """Return the template database with the target's migrations, and its seed data where asked for.

    `others` are the URLs of the services beside Postgres, for commands that use them too.
    """
    prepare = target.settings.prepare

    def fill(commands: tuple[Command, ...], url: str) -> None:
        run_commands(target, guardian, commands, environment_for(target, {**others, "postgres": url}))

    migrated = databases.template(_template_key(target, prepare.migrate), partial(fill, prepare.migrate))
    if not seeded:
        return migrated
    key = _template_key(target, prepare.migrate + prepare.seed)
    return databases.template(f"{key}_seeded", partial(fill, prepare.seed), migrated)


def _template_key(target: Target, commands: tuple[Command, ...]) -> str:
    """Return a hash over the commands and the content of `prepare.inputs`."""
    inputs = target.settings.prepare.inputs
    return content_hash([repr(commands), *inputs], [target.resolve(place) for place in inputs])


def environment_for(target: Target, urls: Mapping[ServiceName, str]) -> dict[str, str]:
    """Return the environment in which the target's processes find the given services."""
    return target_environment(target, {target.services[name]: url for name, url in urls.items()})


def new_run_id() -> str:
    """Return a short id that marks what this run creates elsewhere; fit for a database's name."""
    return secrets.token_hex(4)
