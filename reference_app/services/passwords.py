"""Password hashes (argon2id), and a check that takes the same time for users who do not exist."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from reference_app.settings import Settings


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
