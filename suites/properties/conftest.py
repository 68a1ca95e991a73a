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
    settings = Settings(app_env="testing", database_url=SecretStr(database_url), redis_url=SecretStr(redis_url))
    database = Database(settings, Metrics())
    yield database
    database.engine.dispose()


@pytest.fixture
def backend(database_url: str, redis_url: str) -> Iterator[Backend]:
    """Yield all services of the app over a migrated, empty database; password hashes cost next to nothing."""
    backend = Backend(
        Settings(
            app_env="testing",
            database_url=SecretStr(database_url),
            redis_url=SecretStr(redis_url),
            argon2_time_cost=1,
            argon2_memory_kib=8,
            argon2_parallelism=1,
        ),
        Metrics(),
    )
    yield backend
    backend.close()
