"""What the property tests stand on: the reference app's database, without HTTP in between."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from reference_app.backend import Backend
from reference_app.database import Database
from reference_app.metrics import Metrics
from reference_app.settings import Settings


@pytest.fixture
def database(database_url: str, redis_url: str) -> Iterator[Database]:
    """Yield a migrated, empty database; its connections are closed afterwards."""
    database = Database(_settings(database_url, redis_url), Metrics())
    yield database
    database.engine.dispose()


@pytest.fixture
def backend(database_url: str, redis_url: str) -> Iterator[Backend]:
    """Yield all services of the app over a migrated, empty database; password hashes cost next to nothing."""
    backend = Backend(_settings(database_url, redis_url), Metrics())
    yield backend
    backend.close()


def _settings(database_url: str, redis_url: str) -> Settings:
    """Return settings with cheap hashes, and with patience: a machine that stalls is no outage."""
    return Settings(
        app_env="testing",
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        argon2_time_cost=1,
        argon2_memory_kib=8,
        argon2_parallelism=1,
        database_connect_timeout_s=60,
        database_pool_timeout_s=60,
        database_statement_timeout_s=60,
        redis_timeout_s=60,
    )
