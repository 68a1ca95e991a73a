"""A webhook's replays: what was delivered before changes nothing, whatever it says now."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from reference_app.backend import Backend
from reference_app.models.base import Base
from suites.integration.reference_app.conftest import MakeApp
from suites.integration.reference_app.github import SHARED, deliver, payload
from suites.patience import PATIENT

Delivery = tuple[int, int, int, str]
"""Its id, the run that it tells of, the attempt and the status."""
deliveries = st.tuples(
    st.integers(1, 6), st.integers(1, 2), st.integers(1, 3), st.sampled_from(["requested", "in_progress", "completed"])
)


def send(client: FlaskClient, delivery: Delivery) -> str:
    """Deliver, and return what came of it."""
    identity, run, attempt, status = delivery
    conclusion = "success" if status == "completed" else None
    content = payload(id=run, run_attempt=attempt, status=status, conclusion=conclusion)
    answer = deliver(client, content, delivery=f"delivery-{identity}")
    assert answer.status_code == 200
    result: str = answer.json["result"]
    return result


def everything(backend: Backend) -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    with backend.database.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all()))
            for table in Base.metadata.tables.values()
        }


@pytest.mark.timeout(420)
def test_replays_change_nothing(make_app: MakeApp, backend: Backend) -> None:
    """Once its first delivery was taken in, an id may come again, with any content, to any process: no row changes."""
    clients = [make_app(github_webhook_secret=SecretStr(SHARED)).test_client() for _ in range(2)]

    @settings(PATIENT, max_examples=40)
    @given(first=st.lists(deliveries, min_size=1, max_size=6), again=st.lists(deliveries, min_size=1, max_size=8))
    def check(first: Sequence[Delivery], again: Sequence[Delivery]) -> None:
        with backend.database.engine.begin() as connection:
            connection.execute(text("TRUNCATE pipelines, webhook_deliveries CASCADE"))
        taken: set[int] = set()
        for number, delivery in enumerate(first):
            assert (send(clients[number % 2], delivery) == "replayed") == (delivery[0] in taken)
            taken.add(delivery[0])
        before = everything(backend)
        for number, (which, *content) in enumerate(again):
            assert send(clients[number % 2], (first[which % len(first)][0], *content)) == "replayed"
        assert before == everything(backend)

    check()
