"""Everything behind the views, put together once per application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from reference_app.database import Database
from reference_app.models import Admin
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.session import SessionRepository
from reference_app.services.accounts import AccountService
from reference_app.services.authentication import Authentication
from reference_app.services.deployment_logs import DeploymentLogService
from reference_app.services.passwords import Passwords
from reference_app.services.pipelines import PipelineService
from reference_app.services.seed import Seed
from reference_app.settings import Settings

REDIS_CONNECTIONS = 16


@dataclass(frozen=True)
class Work:
    """The services of one database transaction."""

    accounts: AccountService
    pipelines: PipelineService
    logs: DeploymentLogService
    seed: Seed


class Backend:
    """The connections and the services over them. Making one connects to nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.redis = connect_redis(settings)
        self._passwords = Passwords(settings)
        self.authentication = Authentication(
            self._find_account,
            self._passwords,
            SessionRepository(self.redis),
            settings.secret_key.get_secret_value(),
            timedelta(seconds=settings.session_ttl_s),
        )

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Give services that share one transaction: committed at the end, rolled back on an error."""
        with self.database.transaction() as session:
            pipelines, logs = PipelineRepository(session), DeploymentLogRepository(session)
            accounts = AccountService(AdminRepository(session), self._passwords)
            service = PipelineService(pipelines)
            yield Work(
                accounts=accounts,
                pipelines=service,
                logs=DeploymentLogService(service, logs),
                seed=Seed(accounts, pipelines, logs),
            )

    def close(self) -> None:
        """Close the pooled connections."""
        self.database.engine.dispose()
        self.redis.close()

    def _find_account(self, username: str) -> Admin | None:
        # A transaction of its own: checking the password takes long, and needs no connection.
        with self.work() as work:
            return work.accounts.find(username)


def connect_redis(settings: Settings) -> Redis:
    """Return a client whose every wait ends after `redis_timeout_s`."""
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=REDIS_CONNECTIONS,
        timeout=settings.redis_timeout_s,
        socket_timeout=settings.redis_timeout_s,
        socket_connect_timeout=settings.redis_timeout_s,
        retry=Retry(NoBackoff(), 1),  # one more try, for a connection that died in the pool
        decode_responses=True,
    )
    return Redis.from_pool(pool)
