"""Whether a webhook delivery comes from who knows the secret: HMAC-SHA256 over the body, as GitHub signs."""

import hashlib
import hmac

PREFIX = "sha256="


def sign(secret: str, body: bytes) -> str:
    """Return the value of X-Hub-Signature-256 for a body."""
    return PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Return whether `signature`, whatever it holds, is that of the body; takes the same time wherever it differs."""
    return hmac.compare_digest(sign(secret, body).encode(), signature.encode())
