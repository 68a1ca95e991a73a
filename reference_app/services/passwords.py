"""Passwords: what they must be, their hashes (argon2id), and a check that takes the same time for nobody's."""

import secrets
import unicodedata
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from reference_app.errors import InvalidInputError, Violation
from reference_app.settings import Settings

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128
COMMON_PASSWORDS = "common_passwords.txt"


class Passwords:
    """Hashes and checks passwords with the configured cost."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._nobodys_hash = self.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Return a salted hash with its parameters, as text."""
        return self._hasher.hash(password)

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Return whether the password is the hashed one; without a hash, False after equal work."""
        try:
            self._hasher.verify(password_hash or self._nobodys_hash, password)
        except VerificationError:
            return False
        return password_hash is not None

    def renewed(self, password: str, password_hash: str) -> str:
        """Return a hash of the password with the present cost: the given one when it has that."""
        return self.hash(password) if self._hasher.check_needs_rehash(password_hash) else password_hash


def broken_rule(username: str, password: str) -> str | None:
    """Return what is wrong with the password that a user chose, None when nothing is.

    Length is all that is asked for, and that no guesser would try it early (NIST SP 800-63B-4, section 3.1.1.2).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    if any("\ud800" <= character <= "\udfff" for character in password):
        return "a password is text in UTF-8"  # a terminal and the environment may give other bytes
    compared = _compared(password)
    if len(set(compared)) == 1:
        return "a password is not one character over and over"
    if compared in _common_passwords():
        return "this password is one of the most common, which guessers try first"
    if compared == _compared(username):
        return "a password is not the username"
    return None


def check_password(username: str, password: str, pointer: str) -> None:
    """Raise `InvalidInputError` at the body's `pointer` when the password breaks a rule."""
    rule = broken_rule(username, password)
    if rule is not None:
        raise InvalidInputError([Violation("body", pointer, rule.capitalize())])


def _compared(text: str) -> str:
    """Return the form in which equal-looking texts are equal."""
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _common_passwords() -> frozenset[str]:
    """Return those of published breaches, and what people make of such rules as "a letter, a digit, the year"."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - megabytes, for when a password is chosen

    lines = files("reference_app.services").joinpath(COMMON_PASSWORDS).read_text(encoding="utf-8").splitlines()
    own = (line for line in lines if line and not line.startswith("# "))
    breached = (password for password in FREQUENCY_LISTS["passwords"] if len(password) >= SHORTEST_PASSWORD)
    return frozenset(map(_compared, (*own, *breached)))
