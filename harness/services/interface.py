"""The contract of a service provider: where a real Postgres or Redis comes from.

A provider starts each service at most once. Everything it starts belongs to the run's guardian, so nothing
stays behind whatever way the run ends; `containers` and `external` hand the guardian a finalizer command.
"""

import abc
from collections.abc import Callable
from typing import ClassVar

import msgspec

from harness.guardian import Guardian
from harness.results import ServiceRecord
from harness.target import ServiceName


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A running service.

    `url` may create databases (Postgres) or is the first of `spaces` consecutive logical databases that are
    ours to use (Redis). `run_id` marks what the run creates in it. It holds a password: `record` does not.
    """

    name: ServiceName
    url: str
    version: str
    provider: str
    origin: str
    run_id: str
    spaces: int = 1

    @property
    def record(self) -> ServiceRecord:
        """What evidence may say of it."""
        return ServiceRecord(name=self.name, version=self.version, provider=self.provider, origin=self.origin)


class Provider(abc.ABC):
    """One way to have services. `content` names what the caller will put into them (see `keep`)."""

    name: ClassVar[str]

    def __init__(self, guardian: Guardian, run_id: str, content: str | None = None) -> None:
        self.guardian = guardian
        self.run_id = run_id
        self.content = content

    @abc.abstractmethod
    def check(self, service: ServiceName) -> None:
        """Prove cheaply, without starting anything, that the service can be had.

        Raises:
            ServiceUnavailable: it cannot; one line that says what is missing and what would be right.
            RequestError: what the user gave for it is wrong.

        """

    @abc.abstractmethod
    def start(self, service: ServiceName) -> Service:
        """Start the service and return it once it answers.

        Raises:
            ServiceUnavailable: it did not come up; the message shows its last output.
            NotOurs: it holds somebody's data.

        """

    def keep(self) -> None:  # noqa: B027 - nothing to do is right for most
        """Keep what is in the services now, under the name `content`, so that later runs start with it.

        Only for a provider that can: the others start empty every time.
        """


Say = Callable[[str], None]
