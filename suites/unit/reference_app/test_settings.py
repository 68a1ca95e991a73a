"""Settings: read once, validated, and a bad environment is told in one line without its secrets."""

import pytest

from reference_app.settings import Settings, SettingsError

URLS = {"DATABASE_URL": "postgresql://user:hunter2@db/app", "REDIS_URL": "redis://:hunter2@cache/0"}
DEVELOPMENT = URLS | {"APP_ENV": "development"}
LONG_SECRET = "0123456789abcdef" * 2


def refusal(environment: dict[str, str]) -> str:
    """Return why these settings are refused."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    return caught.value.message


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_database_driver(scheme: str) -> None:
    """Every usual way to write a Postgres URL ends with the psycopg driver."""
    settings = Settings.from_environment(DEVELOPMENT | {"DATABASE_URL": f"{scheme}://u:p@db:5432/app"})
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://u:p@db:5432/app"


def test_values_are_read() -> None:
    """Numbers and booleans come as text; what is not ours, and what is empty, is not read."""
    given = {"SESSION_ABSOLUTE_S": "60", "SWAGGER_ENABLED": "false", "LOG_LEVEL": "", "SHELL": "/bin/sh"}
    settings = Settings.from_environment(DEVELOPMENT | given)
    assert (settings.session_absolute_s, settings.swagger_enabled, settings.log_level) == (60, False, "info")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "", "DATABASE_URL: Field required"),
        ("DATABASE_URL", "mysql://u:hunter2@db/app", "DATABASE_URL: must be a URL like postgresql://"),
        ("DATABASE_URL", "postgresql:hunter2", "DATABASE_URL: must be a URL like postgresql://"),
        ("DATABASE_URL", "postgresql://u:hunter2@db:first/app", "DATABASE_URL: must be a URL like postgresql://"),
        ("DATABASE_STATEMENT_TIMEOUT_S", "0.0001", "DATABASE_STATEMENT_TIMEOUT_S: Input should be greater than"),
        ("REDIS_URL", "http://hunter2@cache", "REDIS_URL: must be a URL like redis://"),
        ("REDIS_URL", "redis://:hunter2@cache:first/0", "REDIS_URL: must be a URL like redis://"),
        ("REDIS_URL", "redis://cache/0?socket_timeout=hunter2", "REDIS_URL: must be a URL like redis://"),
        ("APP_ENV", "staging", "APP_ENV: Input should be 'development', 'testing' or 'production'"),
        ("SESSION_ABSOLUTE_S", "0", "SESSION_ABSOLUTE_S: Input should be greater than or equal to 1"),
        ("RATELIMIT_DEFAULT", "50 per hunter2", "RATELIMIT_DEFAULT: must be limits like '200 per day;50 per hour'"),
        ("RATELIMIT_LOGIN", "many", "RATELIMIT_LOGIN: must be limits like"),
        ("ARGON2_TIME_COST", "many", "ARGON2_TIME_COST: Input should be a valid integer"),
        ("LOG_LEVEL", "verbose", "LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
        ("CACHE_TYPE", "memcached", "CACHE_TYPE: Input should be 'redis', 'simple' or 'null'"),
        ("SENTRY_DSN", "hunter2", "SENTRY_DSN: must be a URL like https://key@host/1"),
        ("SENTRY_DSN", "https://hunter2@host/project", "SENTRY_DSN: must be a URL like https://key@host/1"),
        ("SENTRY_DSN", "https://hunter2@[::1/1", "SENTRY_DSN: must be a URL like https://key@host/1"),
        ("SENTRY_DSN", "https://hunter2@host:port/1", "SENTRY_DSN: must be a URL like https://key@host/1"),
        ("ARGON2_PARALLELISM", "10000", "ARGON2_MEMORY_KIB: must be 8 or more for each of ARGON2_PARALLELISM"),
    ],
)
def test_refusal(name: str, value: str, said: str) -> None:
    """A bad value is named with what would be right, in one line that shows no value."""
    message = refusal(DEVELOPMENT | {name: value})
    assert said in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_bytes() -> None:
    """What the environment has of bytes that are no UTF-8 is no text."""
    assert (
        refusal(DEVELOPMENT | {"CACHE_KEY_PREFIX": "hunter2\udcff"})
        == "settings: CACHE_KEY_PREFIX: must be text in UTF-8"
    )


def fields_of(*kinds: type) -> list[str]:
    """Return the variables whose settings have one of these types."""
    return [name.upper() for name, field in Settings.model_fields.items() if field.annotation in kinds]


def checked_fields() -> list[str]:
    """Return the variables for which some text is wrong: all but free text and secrets."""
    free = ("SECRET_KEY", "CACHE_KEY_PREFIX", "GITHUB_WEBHOOK_SECRET", "SEED_", "RATELIMIT_DEFAULT", "RATELIMIT_LOGIN")
    free += ("RATELIMIT_REGISTRATION", "RATELIMIT_WEBHOOK")
    return [name.upper() for name in Settings.model_fields if not name.upper().startswith(free)]


@pytest.mark.parametrize("name", checked_fields())
def test_nonsense(name: str) -> None:
    """Every setting that is not free text refuses nonsense, in one line that names it and no other."""
    message = refusal(DEVELOPMENT | {name: "hunter2"})
    assert message.startswith(f"settings: {name}: ")
    assert "\n" not in message
    assert "; " not in message
    assert "hunter2" not in message


@pytest.mark.parametrize("name", fields_of(int, float))
@pytest.mark.parametrize("value", ["-1", "1e400", "nan", "99999999999999999999"])
def test_numbers(name: str, value: str) -> None:
    """No number is negative, infinite, none at all or beyond what the libraries take."""
    assert refusal(DEVELOPMENT | {name: value}).startswith(f"settings: {name}: ")


def test_all_refusals_at_once() -> None:
    """Every variable that is wrong is told, not only the first."""
    message = refusal({"APP_ENV": "development"})
    assert "DATABASE_URL" in message
    assert "REDIS_URL" in message


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_weak_secret_in_production(secret: str) -> None:
    """Production is the default, and does not start with a placeholder or a short secret."""
    assert refusal(URLS | {"SECRET_KEY": secret}).startswith("settings: SECRET_KEY: in production")


def test_production() -> None:
    """A long secret is enough for production."""
    assert Settings.from_environment(URLS | {"SECRET_KEY": LONG_SECRET}).is_production


def test_no_secret_in_repr() -> None:
    """Printing the settings shows no secret."""
    shown = repr(Settings.from_environment(DEVELOPMENT | {"SECRET_KEY": LONG_SECRET, "SEED_BOB_PASSWORD": "hunter2"}))
    assert "hunter2" not in shown
    assert LONG_SECRET not in shown


def test_seed_passwords() -> None:
    """Development has passwords of its own for the seeded accounts; given ones win."""
    passwords = Settings.from_environment(DEVELOPMENT | {"SEED_BOB_PASSWORD": "bobs-own"}).seed_passwords()
    assert passwords == {"alice": "alice-in-development", "bob": "bobs-own", "admin": "admin-in-development"}


def test_seed_passwords_in_production() -> None:
    """Production wants a password for each of the seeded accounts."""
    settings = Settings.from_environment(URLS | {"SECRET_KEY": LONG_SECRET, "SEED_BOB_PASSWORD": "bobs-own"})
    with pytest.raises(SettingsError, match="SEED_ALICE_"):
        settings.seed_passwords()
