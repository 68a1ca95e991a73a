"""Which provider a run uses, and why, in one line."""

from collections.abc import Callable

from harness.errors import RequestError, ServiceUnavailable
from harness.services.interface import Provider, Say
from harness.target import ServiceName


def choose(
    wanted: str, services: tuple[ServiceName, ...], make: Callable[[type[Provider]], Provider], say: Say
) -> Provider:
    """Return the provider that `--services` asks for, checked; `auto` prefers containers.

    Raises:
        ServiceUnavailable: a service cannot be had from it.
        RequestError: what the user gave for it is wrong.

    """
    if wanted != "auto":
        provider = make(_kind(wanted))
        _check(provider, services)
        return provider
    try:
        containers = make(_kind("containers"))
        _check(containers, services)
    except ServiceUnavailable as error:
        say(f"services: embedded, because containers cannot be had ({error})")
        embedded = make(_kind("embedded"))
        _check(embedded, services)
        return embedded
    say("services: containers, because an engine answers and the images can be had")
    return containers


def _check(provider: Provider, services: tuple[ServiceName, ...]) -> None:
    for service in services:
        provider.check(service)


def _kind(name: str) -> type[Provider]:
    """Import only the provider that is used: each brings its own libraries."""
    match name:
        case "containers":
            from harness.services.containers import Containers  # noqa: PLC0415

            return Containers
        case "embedded":
            from harness.services.embedded import Embedded  # noqa: PLC0415

            return Embedded
        case "external":
            from harness.services.external import External  # noqa: PLC0415

            return External
    raise RequestError(f"--services {name}: choose auto, containers, embedded or external")
