"""Everything that the harness can say no with.

```
ProvingGroundError
├── RequestError            the request itself was wrong                          exit 2
│   ├── TargetFileError     target.toml: missing, malformed, unknown key or value
│   ├── PortTaken           the port that the target insists on is in use
│   ├── NotOurs             an external service holds somebody's data: refused, untouched
│   └── ResultsUnwritable   the results folder cannot be written
├── TargetFault             the target itself failed                              exit 1
│   ├── PrepareFailed       a migrate or seed command failed
│   ├── TargetExited        its process ended by itself
│   └── TargetNotReady      it runs, but never answered its readiness path with 2xx
└── Inconclusive            nothing can be said of the target                     exit 3
    ├── ServiceUnavailable  a Postgres or Redis could not be had
    ├── EngineUnavailable   no container engine answers
    ├── IdentityRefused     an identity of the auth file could not log in
    ├── UnreadableEvidence  a file under results/ cannot be read
    └── TimedOut            a condition did not come true before its deadline
```

A message is one line: what was tried, what happened, what would be right. Where a child process has more to
say, its last output follows on further lines.
"""

from pathlib import Path
from typing import ClassVar

EXIT_PASS = 0
EXIT_FAIL = 1
EXIT_REQUEST = 2
EXIT_INCONCLUSIVE = 3


class ProvingGroundError(Exception):
    """Base of all errors that are an answer rather than a bug; `exit_code` is the documented one."""

    exit_code: ClassVar[int] = EXIT_FAIL


class RequestError(ProvingGroundError):
    """The request itself was wrong: an option, a target.toml, a place that is not ours."""

    exit_code = EXIT_REQUEST


class TargetFileError(RequestError):
    """`target.toml` says something impossible: names the file, the key, what is wrong, what would be right."""

    def __init__(self, file: Path, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file = file
        self.key = key


class PortTaken(RequestError):
    """The port that the target insists on is in use by somebody else."""


class NotOurs(RequestError):
    """An external service holds data that the harness did not put there."""


class ResultsUnwritable(RequestError):
    """The results folder cannot be created or written."""


class TargetFault(ProvingGroundError):
    """The target failed to do its part; its last output is in the message."""


class PrepareFailed(TargetFault):
    """A migrate or seed command of the target ended with an error."""


class TargetExited(TargetFault):
    """The target's process ended by itself."""


class TargetNotReady(TargetFault):
    """The target runs but never answered its readiness path with a 2xx status."""


class Inconclusive(ProvingGroundError):
    """Nothing can be said of the target: neither that it passes nor that it fails."""

    exit_code = EXIT_INCONCLUSIVE


class ServiceUnavailable(Inconclusive):
    """A Postgres or Redis that the target needs could not be had."""


class EngineUnavailable(ServiceUnavailable):
    """No container engine answers, or it does not have the image and cannot get it."""


class IdentityRefused(Inconclusive):
    """An identity of the auth file could not log in; the message says what the target answered."""


class UnreadableEvidence(Inconclusive):
    """A file under results/ is missing, torn, or of another schema version."""


class TimedOut(Inconclusive):
    """A condition did not come true before its deadline."""
