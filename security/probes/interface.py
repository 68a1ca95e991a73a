"""What a dynamic probe is. Each sibling file is one."""

from abc import ABC, abstractmethod
from typing import ClassVar

from harness.target import Target
from security.evidence import Outcome
from security.policy import Policy


class Probe(ABC):
    """A dynamic test: sends requests to the running target and judges the answers."""

    name: ClassVar[str]

    def __init__(self, target: Target, policy: Policy, reproduce: str) -> None:
        self.target = target
        self.policy = policy
        self.reproduce = reproduce

    @abstractmethod
    def probe(self, base_url: str, seed: int) -> Outcome:
        """Probe the target that answers at `base_url`.

        Raises:
            Inconclusive: it could not be done; says why in one line.

        """
