"""The application's key, and what is derived from it."""

import hashlib
import hmac


class SecretKey:
    """Derives values that nobody can compute who has only Redis or the database.

    Each purpose names itself: what was derived for one can never stand for another.
    """

    def __init__(self, key: str) -> None:
        # Copied for each text: that takes less time than keying anew, and lets no other thread in between.
        self._keyed = hmac.new(key.encode(), digestmod=hashlib.sha256)

    def derive(self, purpose: str, text: str) -> bytes:
        """Return the 32 bytes that belong to `text` for this purpose (HMAC-SHA256)."""
        mac = self._keyed.copy()
        mac.update(f"{purpose}:{text}".encode())
        return mac.digest()

    def fingerprint(self, purpose: str, token: str) -> str:
        """Return the same as 64 hexadecimal digits: a token's name in a store that must not know the token."""
        return self.derive(purpose, token).hex()
