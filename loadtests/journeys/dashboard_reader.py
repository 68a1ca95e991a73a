"""The dashboard reader: looks at the list, narrows it down, opens a pipeline, reads its log."""

# ruff: noqa: S311 - which pipeline is opened is no secret

import random
from http import HTTPStatus
from typing import Any

from locust import constant_pacing, task

from loadtests.client.user import LeanHttpUser
from loadtests.identities import log_in_ordinary_user

STATUSES = ("queued", "running", "success", "failed")
OVER = ("success", "failed")
LOAD_TEST = "load-test"  # how the names of what journeys make begin


class DashboardReader(LeanHttpUser):
    """Reads only; most of the traffic of a dashboard."""

    wait_time = constant_pacing(1)  # for plain Locust; `python -m loadtests` puts requests on a schedule instead

    def on_start(self) -> None:
        """Log in."""
        self.headers = log_in_ordinary_user(str(self.host))
        self.known: list[str] = []

    @task(4)
    def list_pipelines(self) -> None:
        """Open the first page, newest first."""
        with self.client.get("/api/pipelines", headers=self.headers, catch_response=True) as answer:
            if answer.status_code == HTTPStatus.OK:
                # Not those of other journeys, which delete them: one may be gone before it is opened.
                lasting = [item["id"] for item in answer.json()["items"] if _lasts(item)]
                self.known = lasting or self.known

    @task(2)
    def filter_pipelines(self) -> None:
        """Narrow the list down to one status."""
        status = random.choice(STATUSES)
        self.client.get(f"/api/pipelines?status={status}", name="/api/pipelines?status", headers=self.headers)

    @task(3)
    def read_pipeline(self) -> None:
        """Open one pipeline of the list."""
        if self.known:
            self.client.get(
                f"/api/pipelines/{random.choice(self.known)}", name="/api/pipelines/{id}", headers=self.headers
            )

    @task(1)
    def read_statistics(self) -> None:
        """Look at the figures above the list."""
        self.client.get("/api/pipelines/statistics", headers=self.headers)

    @task(1)
    def read_log(self) -> None:
        """Open the log of one pipeline of the list."""
        if self.known:
            self.client.get(
                f"/api/pipelines/{random.choice(self.known)}/logs",
                name="/api/pipelines/{id}/logs",
                headers=self.headers,
            )


def _lasts(item: dict[str, Any]) -> bool:
    return item["status"] in OVER and not item["name"].startswith(LOAD_TEST)
