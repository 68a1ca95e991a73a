"""Codes of authenticator apps: which are accepted, and where the secret comes from."""

from datetime import UTC, datetime

import pyotp
import pytest

from reference_app.models import Admin
from reference_app.services.second_factor import STEP_S, OneTimeCodes
from reference_app.services.secret_key import SecretKey

PRESENT = 60_000_000
NOW = datetime.fromtimestamp(PRESENT * STEP_S + 7, UTC)


@pytest.fixture
def codes() -> OneTimeCodes:
    """Return the service at a moment of time step PRESENT."""
    return OneTimeCodes(SecretKey("key"), lambda: NOW)


def account(nonce: str = "nonce", last_step: int | None = None) -> Admin:
    """Return an account with a second factor."""
    return Admin(username="alice", totp_nonce=nonce, totp_last_step=last_step)


def code_of(codes: OneTimeCodes, step: int) -> str:
    """Return the code that the app shows in a time step."""
    return pyotp.TOTP(codes.enrolment(account()).secret).generate_otp(step)


@pytest.mark.parametrize(("offset", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)], ids=str)
def test_window(codes: OneTimeCodes, offset: int, *, accepted: bool) -> None:
    """A clock may be wrong by one step, either way."""
    step = codes.accepted_step(account(), code_of(codes, PRESENT + offset))
    assert (PRESENT + offset if accepted else None) == step


@pytest.mark.parametrize(("last_step", "accepted"), [(PRESENT - 1, PRESENT), (PRESENT, None), (PRESENT + 1, None)])
def test_replay(codes: OneTimeCodes, last_step: int, accepted: int | None) -> None:
    """A code counts once, and none that is older than the last one counts."""
    assert accepted == codes.accepted_step(account(last_step=last_step), code_of(codes, PRESENT))


@pytest.mark.parametrize("code", [None, "", "000000", "abcdef"])
def test_wrong(codes: OneTimeCodes, code: str | None) -> None:
    """Nothing else is a code."""
    assert code_of(codes, PRESENT) != code
    assert codes.accepted_step(account(), code) is None


def test_secret(codes: OneTimeCodes) -> None:
    """The secret has 256 bits, and follows from the key and the nonce: one alone gives another secret."""
    secret = codes.enrolment(account()).secret
    assert len(secret) == 52
    assert secret == codes.enrolment(account()).secret
    assert secret != codes.enrolment(account(nonce="other")).secret
    assert secret != OneTimeCodes(SecretKey("other")).enrolment(account()).secret


def test_uri(codes: OneTimeCodes) -> None:
    """The URI tells an app the secret, the account and who issued it."""
    enrolment = codes.enrolment(account())
    parsed = pyotp.parse_uri(enrolment.uri)
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.name, parsed.issuer) == (enrolment.secret, "alice", "Reference app")
