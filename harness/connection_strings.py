"""Connection strings for command lines, which every user of the machine can read: without the password."""

import re

_PASSWORD = re.compile(r"(?<=://)([^:/@]*):([^@]*)@")


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """Return a Postgres URL without its password, and the environment variable that carries that instead."""
    found = _PASSWORD.search(url)
    return _PASSWORD.sub(r"\1@", url), {"PGPASSWORD": found[2]} if found else {}
