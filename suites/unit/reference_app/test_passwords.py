"""Passwords: hashed with salt and cost, checked with equal work for everybody."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from pydantic import SecretStr

from reference_app.services.passwords import Passwords
from reference_app.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """Return settings with cheap hashes."""
    return Settings(
        app_env="testing",
        database_url=SecretStr("postgresql://db/app"),
        redis_url=SecretStr("redis://cache/0"),
        argon2_time_cost=2,
        argon2_memory_kib=16,
        argon2_parallelism=1,
    )


@pytest.fixture
def passwords(settings: Settings) -> Passwords:
    """Return the hasher of these settings."""
    return Passwords(settings)


def test_match(passwords: Passwords) -> None:
    """Only the password that was hashed matches."""
    hashed = passwords.hash("correct horse ☃")
    assert passwords.matches("correct horse ☃", hashed)
    assert not passwords.matches("correct horse", hashed)


def test_salt(passwords: Passwords) -> None:
    """Equal passwords have different hashes."""
    assert passwords.hash("same") != passwords.hash("same")


def test_configured_cost(passwords: Passwords) -> None:
    """The hash is argon2id with the cost that the settings ask for."""
    cost = extract_parameters(passwords.hash("any"))
    assert (cost.type.name, cost.time_cost, cost.memory_cost, cost.parallelism) == ("ID", 2, 16, 1)


def test_nobody(passwords: Passwords, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a user one hash of the same cost is checked all the same, and nothing matches."""
    checked: list[str] = []
    verify = PasswordHasher.verify

    def spy(self: PasswordHasher, hashed: str, password: str) -> bool:
        checked.append(hashed)
        return bool(verify(self, hashed, password))

    monkeypatch.setattr(PasswordHasher, "verify", spy)
    assert not passwords.matches("any", None)
    (hashed,) = checked
    assert extract_parameters(hashed).time_cost == settings.argon2_time_cost
