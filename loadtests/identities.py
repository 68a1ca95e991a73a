"""Identities for journeys: log in once, share the session.

The identities are those of the target's auth file. Plain `locust -f loadtests/locustfile.py` uses the reference app's;
`python -m loadtests` says in an environment variable which target it is.
"""

import itertools
import os
import threading
from functools import cache
from pathlib import Path

from harness.command_line import DEFAULT_TARGET
from harness.errors import TargetFileError
from harness.identities import Identity, read_identities
from harness.target import Target

TARGET_VARIABLE = "PROVING_GROUND_TARGET"

_turns = itertools.count()
_one_at_a_time = threading.Lock()


def log_in_ordinary_user(base_url: str) -> dict[str, str]:
    """Return the headers of one of the target's ordinary users (not its administrator), each in turn.

    An identity logs in once in a process, and its users share that session: hashing a password is slow on purpose, and
    a storm of logins before the load would be what is measured.

    Raises:
        TargetFileError: the target has no ordinary user.
        IdentityRefused: the target did not let the user in.

    """
    identities = _ordinary_identities()
    identity = identities[next(_turns) % len(identities)]
    with _one_at_a_time:
        return dict(_headers_of(identity, base_url))


@cache
def _headers_of(identity: Identity, base_url: str) -> dict[str, str]:
    return identity.log_in(base_url)


@cache
def _ordinary_identities() -> tuple[Identity, ...]:
    target = Target.read(Path(os.environ.get(TARGET_VARIABLE, DEFAULT_TARGET)))
    admin = target.settings.auth.admin if target.settings.auth else None
    ordinary = tuple(identity for name, identity in read_identities(target).items() if name != admin)
    if not ordinary:
        raise TargetFileError(target.file, "auth", "has no ordinary user, and the journeys need one")
    return ordinary
