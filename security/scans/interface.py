"""What a static scanner is. Each sibling file is one."""

import importlib.metadata
from abc import ABC, abstractmethod
from typing import ClassVar

from harness.target import Target
from security.evidence import Outcome
from security.policy import Policy
from security.processes import Workshop


class Scanner(ABC):
    """A static scanner: looks at files of the target, never at the running target."""

    name: ClassVar[str]
    needs_network: ClassVar[bool] = False

    def __init__(self, target: Target, policy: Policy) -> None:
        self.target = target
        self.policy = policy

    @property
    def version(self) -> str:
        """The version of the installed scanner."""
        return installed_version(self.name)

    @abstractmethod
    def scan(self, workshop: Workshop) -> Outcome:
        """Look at all that target.toml names for this scanner.

        Raises:
            CheckIncomplete: it could not be run to its end; says why in one line.

        """


def installed_version(distribution: str) -> str:
    """Return the version of an installed distribution, or `not installed`."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
