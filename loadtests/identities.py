"""Identities for journeys, and what else they must know of the target: log in once, share the session.

The identities are those of the target's auth file. Plain `locust -f loadtests/locustfile.py` uses the reference
app's; `python -m loadtests` says in an environment variable which target it is.
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
    return _session_of(identities[next(_turns) % len(identities)], base_url)


def log_in_as(name: str, base_url: str) -> dict[str, str]:
    """Return the headers of the identity of this name, whose session is shared as `log_in_ordinary_user` says.

    Raises:
        TargetFileError: the auth file has no such identity.
        IdentityRefused: the target did not let the identity in.

    """
    target = _target()
    identity = read_identities(target).get(name)
    if identity is None:
        raise TargetFileError(target.file, "auth", f"has no identity {name!r}, and a journey needs it")
    return _session_of(identity, base_url)


def log_in_administrator(base_url: str) -> dict[str, str]:
    """Return the headers of the target's administrator, whose session is shared as `log_in_ordinary_user` says.

    Raises:
        TargetFileError: the target has no administrator.
        IdentityRefused: the target did not let that one in.

    """
    target = _target()
    admin = target.settings.auth.admin if target.settings.auth else None
    if admin is None:
        raise TargetFileError(target.file, "auth.admin", "is missing, and a journey needs the administrator")
    return log_in_as(admin, base_url)


def variable_of_target(name: str) -> str:
    """Return a variable of the environment in which the target runs: as target.toml sets it, or as ours is.

    Raises:
        TargetFileError: it is set in neither.

    """
    target = _target()
    served = target.settings.serve.environment if target.settings.serve else {}
    if value := served.get(name) or os.environ.get(name):
        return value
    raise TargetFileError(target.file, "serve.environment", f"does not set {name}, and a journey needs it")


def _session_of(identity: Identity, base_url: str) -> dict[str, str]:
    with _one_at_a_time:
        return dict(_headers_of(identity, base_url))


@cache
def _headers_of(identity: Identity, base_url: str) -> dict[str, str]:
    return identity.log_in(base_url)


@cache
def _target() -> Target:
    return Target.read(Path(os.environ.get(TARGET_VARIABLE, DEFAULT_TARGET)))


@cache
def _ordinary_identities() -> tuple[Identity, ...]:
    target = _target()
    admin = target.settings.auth.admin if target.settings.auth else None
    ordinary = tuple(identity for name, identity in read_identities(target).items() if name != admin)
    if not ordinary:
        raise TargetFileError(target.file, "auth", "has no ordinary user, and the journeys need one")
    return ordinary
