"""Signatures of webhook deliveries."""

import pytest

from reference_app.services.webhook_signature import is_signed, sign

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_github_example() -> None:
    """The example of GitHub's documentation has the signature that it says."""
    assert sign(SECRET, BODY) == SIGNATURE
    assert is_signed(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", SIGNATURE[:-1], SIGNATURE + "0", SIGNATURE.upper(), SIGNATURE.removeprefix("sha256="), "\xe9☾"],
)
def test_other_signature(signature: str) -> None:
    """Anything else is no signature, whatever characters it has."""
    assert not is_signed(SECRET, BODY, signature)


def test_other_body_or_secret() -> None:
    """A signature is of one body under one secret."""
    assert not is_signed(SECRET, BODY + b" ", SIGNATURE)
    assert not is_signed(SECRET + " ", BODY, SIGNATURE)
