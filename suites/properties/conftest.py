"""What the property tests stand on: the reference app's database, without HTTP in between."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

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
