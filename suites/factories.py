"""Rows for tests: `PipelineFactory(status="failed")` writes a whole, plausible row and returns it.

What they say is made up by Faker from the run's seed and the test's name: a test with the same seed has the same rows
again, alone or among others, on whichever worker. The fixture `rows` binds them to the test's database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import factory
from argon2 import PasswordHasher
from factory.alchemy import SESSION_PERSISTENCE_COMMIT, SQLAlchemyModelFactory
from factory.random import reseed_random
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from reference_app.models import (
    Admin,
    ApiToken,
    DeploymentLog,
    IdempotencyRecord,
    LogLevel,
    Pipeline,
    PipelineStatus,
    Role,
    Scope,
    WebhookDelivery,
)

SPRING, AUTUMN = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class RowFactory(SQLAlchemyModelFactory):
    """Parent of all: each row is committed, so that the application sees it."""

    class Meta:
        abstract = True
        sqlalchemy_session_persistence = SESSION_PERSISTENCE_COMMIT


class AccountFactory(RowFactory):
    """A member whose password is the name and "-has-a-password"."""

    class Meta:
        model = Admin

    username = factory.Sequence(lambda number: f"user-{number}")
    password_hash = factory.LazyAttribute(lambda row: _CHEAP.hash(f"{row.username}-has-a-password"))
    role = Role.MEMBER


class PipelineFactory(RowFactory):
    """A pipeline of somebody's; by its status it has started and ended, or not."""

    class Meta:
        model = Pipeline

    class Params:
        began = factory.Faker("date_time_between_dates", datetime_start=SPRING, datetime_end=AUTUMN, tzinfo=UTC)
        lasted = factory.Faker("pyfloat", min_value=1, max_value=600)

    name = factory.Faker("catch_phrase")
    description = factory.Faker("sentence")
    status = PipelineStatus.QUEUED
    owner = factory.SubFactory(AccountFactory)
    branch = factory.Faker("random_element", elements=("main", "develop", "release/1.0"))
    commit_sha = factory.Faker("sha1")
    commit_message = factory.Faker("sentence")
    workflow_name = factory.Faker("random_element", elements=("build", "test", "deploy"))
    run_id = factory.Sequence(lambda number: number + 1)
    run_number = factory.Sequence(lambda number: number + 1)
    started_at = factory.LazyAttribute(lambda row: None if row.status == PipelineStatus.QUEUED else row.began)
    duration_s = factory.LazyAttribute(lambda row: row.lasted if PipelineStatus(row.status).is_final else None)
    completed_at = factory.LazyAttribute(
        lambda row: None if row.duration_s is None else row.began + timedelta(seconds=row.duration_s)
    )


class DeploymentLogFactory(RowFactory):
    """A line of a pipeline's log."""

    class Meta:
        model = DeploymentLog

    class Params:
        pipeline = factory.SubFactory(PipelineFactory)

    pipeline_id = factory.SelfAttribute("pipeline.id")
    level = factory.Faker("random_element", elements=tuple(LogLevel))
    message = factory.Faker("sentence")


class ApiTokenFactory(RowFactory):
    """A token of somebody's that nobody can know: only its hash is made up."""

    class Meta:
        model = ApiToken

    owner = factory.SubFactory(AccountFactory)
    name = factory.Faker("word")
    token_hash = factory.Faker("sha256")
    scopes = (Scope.PIPELINES_READ.value,)
    expires_at = factory.Faker("future_datetime", tzinfo=UTC)


class IdempotencyRecordFactory(RowFactory):
    """An answer kept for a call that might come again."""

    class Meta:
        model = IdempotencyRecord

    class Params:
        owner = factory.SubFactory(AccountFactory)

    owner_id = factory.SelfAttribute("owner.id")
    key = factory.Faker("uuid4")
    fingerprint = factory.Faker("sha256")
    status = 201
    headers: ClassVar[dict[str, Any]] = {}
    body = "{}"


class WebhookDeliveryFactory(RowFactory):
    """A delivery that had its effect."""

    class Meta:
        model = WebhookDelivery

    delivery_id = factory.Faker("uuid4")
    event = "workflow_run"
    result = "created"


@contextmanager
def bound_to(engine: Engine, seed: str) -> Iterator[Session]:
    """Have the factories write to the database of `engine`, with content that follows from `seed`."""
    reseed_random(seed)
    with Session(engine, expire_on_commit=False) as session:
        for kind in RowFactory.__subclasses__():
            kind.reset_sequence()
            kind._meta.sqlalchemy_session = session  # noqa: SLF001 - factory_boy's documents do the same
        yield session
