"""Every setting of the application: read once from the environment, validated, frozen.

A setting is the upper-case name of a field below: `database_url` comes from `DATABASE_URL`.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from click import ClickException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from reference_app.database_url import with_driver

PLACEHOLDER_SECRET = "development-only-" + "not-a-secret" * 2  # assembled: secret scanners need not ask
SHORTEST_SECRET_KEY = 32

EnvironmentName = Literal["development", "testing", "production"]


class SettingsError(ClickException):
    """The environment is not fit to run in; a click error, so that `flask` shows one line."""

    exit_code = 2


def _check_redis_scheme(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must be a URL like redis://host:6379/0")
    return url


def _normalise_database_url(url: SecretStr) -> SecretStr:
    return SecretStr(with_driver(url.get_secret_value()))


class Settings(BaseModel):
    """What the factory needs to know. Times are seconds, sizes bytes, unless the name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_env: EnvironmentName = "production"
    database_url: Annotated[SecretStr, AfterValidator(_normalise_database_url)]
    redis_url: Annotated[SecretStr, AfterValidator(_check_redis_scheme)]
    secret_key: SecretStr = SecretStr(PLACEHOLDER_SECRET)
    """Keys the hashes of session tokens: changing it ends every session."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    use_structured_logging: bool = True
    swagger_enabled: bool = True
    hsts_max_age_s: int = Field(default=0, ge=0)
    """Lifetime of Strict-Transport-Security; 0 sends none (right without TLS in front)."""
    max_body_bytes: int = Field(default=64 * 1024, ge=1024)

    seed_alice_password: SecretStr | None = None
    seed_bob_password: SecretStr | None = None
    seed_admin_password: SecretStr | None = None
    """What `flask seed` gives the accounts it makes; development and testing have defaults."""

    session_ttl_s: int = Field(default=8 * 3600, ge=1)
    argon2_time_cost: int = Field(default=3, ge=1)
    argon2_memory_kib: int = Field(default=64 * 1024, ge=8)
    argon2_parallelism: int = Field(default=4, ge=1)
    """Defaults are RFC 9106's second choice; tests take cheap ones, because they log in a lot."""

    database_pool_size: int = Field(default=8, ge=1)
    database_connect_timeout_s: int = Field(default=2, ge=2)
    """libpq takes 2 as the least."""
    database_pool_timeout_s: float = Field(default=2, gt=0)
    database_statement_timeout_s: float = Field(default=5, gt=0)
    redis_timeout_s: float = Field(default=1, gt=0)
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

    def seed_passwords(self) -> dict[str, str]:
        """Return the passwords of the seeded accounts by name; `SettingsError` in production without them."""
        given = {
            "alice": self.seed_alice_password,
            "bob": self.seed_bob_password,
            "admin": self.seed_admin_password,
        }
        if self.is_production and None in given.values():
            raise SettingsError("settings: in production, set SEED_ALICE_, SEED_BOB_ and SEED_ADMIN_PASSWORD")
        return {
            name: secret.get_secret_value() if secret else f"{name}-in-development" for name, secret in given.items()
        }

    @model_validator(mode="after")
    def _refuse_weak_secret(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if self.is_production and (secret == PLACEHOLDER_SECRET or len(secret) < SHORTEST_SECRET_KEY):
            raise ValueError(f"SECRET_KEY: in production it must have {SHORTEST_SECRET_KEY} or more random characters")
        return self


def _explain(error: ValidationError) -> str:
    problems = []
    for item in error.errors(include_url=False, include_input=False):
        variable = "".join(f"{part}: " for part in item["loc"]).upper()
        problems.append(variable + item["msg"].removeprefix("Value error, "))
    return "settings: " + "; ".join(problems)
