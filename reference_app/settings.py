"""Every setting of the application: read once from the environment, validated, frozen.

A setting is the upper-case name of a field below: `database_url` comes from `DATABASE_URL`.
"""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from click import ClickException
from limits import parse_many
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from redis import ConnectionPool

from reference_app.database_url import with_driver

PLACEHOLDER_SECRET = "development-only-" + "not-a-secret" * 2  # assembled: secret scanners need not ask
SHORTEST_SECRET_KEY = 32
LEAST_ARGON2_KIB = 8
"""Memory of each of argon2's threads (RFC 9106, section 3.1)."""
LARGEST_NUMBER = 1_000_000_000
"""More than any setting means, less than the libraries overflow at."""
_BYTES = re.compile("[\ud800-\udfff]")
"""What the environment has of bytes that are no UTF-8."""
_SENTRY_DSN = re.compile(r"https?://[^\s@/]+@[^\s@/]+(/[^\s/]+)*/[0-9]+")

EnvironmentName = Literal["development", "testing", "production"]
CacheType = Literal["redis", "simple", "null"]


class SettingsError(ClickException):
    """The environment is not fit to run in; a click error, so that `flask` shows one line."""

    exit_code = 2


def _check_redis_url(url: SecretStr) -> SecretStr:
    try:
        ConnectionPool.from_url(url.get_secret_value())  # connects to nothing
    except ValueError:
        raise ValueError("must be a URL like redis://host:6379/0") from None
    return url


def _check_sentry_dsn(dsn: SecretStr) -> SecretStr:
    if not _is_sentry_dsn(dsn.get_secret_value()):
        raise ValueError("must be a URL like https://key@host/1")
    return dsn


def _is_sentry_dsn(text: str) -> bool:
    try:
        return _SENTRY_DSN.fullmatch(text) is not None and urlsplit(text).port != 0
    except ValueError:  # host or port is none
        return False


def _normalise_database_url(url: SecretStr) -> SecretStr:
    return SecretStr(with_driver(url.get_secret_value()))


def _check_limits(text: str) -> str:
    try:
        parse_many(text)
    except ValueError:
        raise ValueError("must be limits like '200 per day;50 per hour'") from None
    return text


LimitText = Annotated[str, AfterValidator(_check_limits)]


class Settings(BaseModel):
    """What the factory needs to know. Times are seconds, sizes bytes, unless the name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_env: EnvironmentName = "production"
    database_url: Annotated[SecretStr, AfterValidator(_normalise_database_url)]
    redis_url: Annotated[SecretStr, AfterValidator(_check_redis_url)]
    secret_key: SecretStr = SecretStr(PLACEHOLDER_SECRET)
    """Keys the hashes of tokens and the secrets of second factors: changing it ends every session and token."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    use_structured_logging: bool = True
    swagger_enabled: bool = True
    sentry_dsn: Annotated[SecretStr, AfterValidator(_check_sentry_dsn)] | None = None
    """Where unexpected errors are reported; none reports nowhere."""

    talisman_enabled: bool = True
    """Whether responses carry security headers."""
    force_https: bool = False
    """Refuse requests that came without TLS; an API does not redirect them, because they have leaked already."""
    hsts_max_age_s: int = Field(default=0, ge=0)
    """Lifetime of Strict-Transport-Security; 0 sends none (right without TLS in front)."""
    trusted_proxies: int = Field(default=0, ge=0)
    """How many proxies in front set X-Forwarded-For and X-Forwarded-Proto; 0 believes none."""
    max_body_bytes: int = Field(default=64 * 1024, ge=1024)

    cache_type: CacheType = "redis"
    """`simple` keeps answers in each process: other processes see a write when their answer is over."""
    cache_default_timeout: float = Field(default=30, gt=0)
    """Seconds for which an answer is fresh unless a write ends it."""
    cache_stale_s: float = Field(default=300, ge=0)
    """How long beyond that an answer may still be given while Postgres is slow or down."""
    cache_key_prefix: str = "cache:"

    ratelimit_enabled: bool = True
    ratelimit_default: LimitText = "200 per day;50 per hour"
    """For each route and user, or address of whoever is not known."""
    ratelimit_login: LimitText = "10 per minute"
    ratelimit_registration: LimitText = "5 per hour"
    ratelimit_webhook: LimitText = "600 per minute"

    session_idle_s: int = Field(default=30 * 60, ge=1)
    session_absolute_s: int = Field(default=8 * 3600, ge=1)
    token_longest_days: int = Field(default=365, ge=1, le=365)
    """The API document says 365; an installation may allow less."""
    argon2_time_cost: int = Field(default=3, ge=1)
    argon2_memory_kib: int = Field(default=64 * 1024, ge=LEAST_ARGON2_KIB)
    argon2_parallelism: int = Field(default=4, ge=1)
    """Defaults are RFC 9106's second choice; tests take cheap ones, because they log in a lot."""
    login_failures_per_address: int = Field(default=30, ge=1)
    login_failures_per_account: int = Field(default=10, ge=1)
    """Wrong passwords in a quarter of an hour before more are refused unseen."""

    github_webhook_secret: SecretStr | None = None
    """What GitHub signs its deliveries with; without it they are refused."""
    stream_longest_s: float = Field(default=60, gt=0)
    """After this time an event stream ends, and its reader comes back for the rest."""
    streams_per_process: int = Field(default=2, ge=1)
    """How many event streams, each of which keeps a thread, one process serves at once."""

    seed_alice_password: SecretStr | None = None
    seed_bob_password: SecretStr | None = None
    seed_admin_password: SecretStr | None = None
    """What `flask seed` gives the accounts it makes; development and testing have defaults."""

    database_pool_size: int = Field(default=8, ge=1)
    database_connect_timeout_s: int = Field(default=2, ge=2)
    """libpq takes 2 as the least."""
    database_pool_timeout_s: float = Field(default=2, gt=0)
    database_statement_timeout_s: float = Field(default=5, ge=0.01, le=24 * 3600)
    """To Postgres it is whole milliseconds, also a part of it, and 0 would be none."""
    database_retry_s: float = Field(default=1, gt=0)
    """For how long after a wait in vain Postgres is not asked again."""
    redis_timeout_s: float = Field(default=0.5, gt=0)
    redis_retry_s: float = Field(default=1, gt=0)
    """For how long after a failure Redis is not asked again where the answer can do without it."""
    retry_after_s: int = Field(default=2, ge=1)
    """What Retry-After says while Postgres or Redis cannot be reached."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; `SettingsError` names each variable that is wrong, never its value."""
        names = ((name, name.upper()) for name in cls.model_fields)
        given = {name: environment[variable] for name, variable in names if environment.get(variable)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    @property
    def is_production(self) -> bool:
        """Whether secrets made for development must be refused."""
        return self.app_env == "production"

    def seed_passwords(self, more: tuple[str, ...] = ()) -> dict[str, str]:
        """Return the passwords of the seeded accounts by name, and of `more`, whose passwords everybody can guess.

        `SettingsError` in production, when there are such, or the others' are not set.
        """
        given = {
            "alice": self.seed_alice_password,
            "bob": self.seed_bob_password,
            "admin": self.seed_admin_password,
        }
        if self.is_production and None in given.values():
            raise SettingsError("settings: in production, set SEED_ALICE_, SEED_BOB_ and SEED_ADMIN_PASSWORD")
        if self.is_production and more:
            raise SettingsError("settings: in production, seed --member is refused: use create-admin")
        secrets = {**dict.fromkeys(more), **given}
        return {
            name: secret.get_secret_value() if secret else f"{name}-in-development" for name, secret in secrets.items()
        }

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_bytes(cls, value: object) -> object:
        if isinstance(value, str) and not value.isascii() and _BYTES.search(value):
            raise ValueError("must be text in UTF-8")
        return value

    @field_validator("*")
    @classmethod
    def _refuse_endless(cls, value: object) -> object:
        if isinstance(value, int | float) and not value <= LARGEST_NUMBER:
            raise ValueError(f"must be at most {LARGEST_NUMBER}")
        return value

    @model_validator(mode="after")
    def _refuse_weak_secret(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if self.is_production and (secret == PLACEHOLDER_SECRET or len(secret) < SHORTEST_SECRET_KEY):
            raise ValueError(f"SECRET_KEY: in production it must have {SHORTEST_SECRET_KEY} or more random characters")
        return self

    @model_validator(mode="after")
    def _refuse_too_little_memory(self) -> Self:
        if self.argon2_memory_kib < LEAST_ARGON2_KIB * self.argon2_parallelism:
            raise ValueError(f"ARGON2_MEMORY_KIB: must be {LEAST_ARGON2_KIB} or more for each of ARGON2_PARALLELISM")
        return self


def _explain(error: ValidationError) -> str:
    problems = []
    for item in error.errors(include_url=False, include_input=False):
        variable = "".join(f"{part}: " for part in item["loc"]).upper()
        problems.append(variable + item["msg"].removeprefix("Value error, "))
    return "settings: " + "; ".join(problems)
