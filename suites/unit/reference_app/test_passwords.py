"""Passwords: hashed with salt and cost, checked with equal work for everybody."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from pydantic import SecretStr

from reference_app.errors import InvalidInputError, Violation
from reference_app.services.passwords import Passwords, broken_rule, check_password
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


def test_renewed(passwords: Passwords, settings: Settings) -> None:
    """A hash of another cost is replaced by one of the present cost; any other stays as it is."""
    old = Passwords(settings.model_copy(update={"argon2_time_cost": 1})).hash("any")
    renewed = passwords.renewed("any", old)
    assert (extract_parameters(renewed).time_cost, passwords.matches("any", renewed)) == (2, True)
    assert renewed == passwords.renewed("any", renewed)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x" * 7, "8 to 128 characters"),
        ("x" * 129, "8 to 128 characters"),
        ("password", "most common"),
        ("PassWord123", "most common"),
        ("12qwaszx", "most common"),
        ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44", "most common"),
        ("Alice-Smith", "not the username"),
        ("\N{TURTLE}" * 8, "one character over and over"),
        ("zZ" * 20, "one character over and over"),
    ],
)
def test_broken_rule(password: str, said: str) -> None:
    """A short, long or common password, and the name itself, are refused, in whatever case or width."""
    assert said in (broken_rule("alice-smith", password) or "")


def test_bytes() -> None:
    """What a terminal or the environment gives, and is no text, is no password."""
    assert broken_rule("alice-smith", "long enough \udcff") == "a password is text in UTF-8"


@pytest.mark.parametrize(
    "password", ["jkwxvbqz", "xy" * 64, "vier wörter ohne zahl", "alice-smith1", "ab\N{TURTLE}" * 8]
)
def test_no_other_rule(password: str) -> None:
    """Nothing is asked about the kinds of characters."""
    assert broken_rule("alice-smith", password) is None


def test_rule_names_the_field() -> None:
    """A broken rule says in which member of the body."""
    with pytest.raises(InvalidInputError) as caught:
        check_password("alice", "password1", "/new_password")
    detail = "This password is one of the most common, which guessers try first"
    assert caught.value.violations == (Violation("body", "/new_password", detail),)
