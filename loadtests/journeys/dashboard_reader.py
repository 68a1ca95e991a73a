"""The dashboard reader: looks at the list, narrows it down, opens a pipeline, reads its log."""

# ruff: noqa: S311 - which pipeline is opened is no secret

import random
from http import HTTPStatus

from locust import FastHttpUser, constant_pacing, task

from loadtests.identities import log_in_ordinary_user

STATUSES = ("queued", "running", "success", "failed")
OVER = ("success", "failed")


class DashboardReader(FastHttpUser):
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
                # Not those still under way: an author may delete them before they are opened.
                self.known = [item["id"] for item in answer.json()["items"] if item["status"] in OVER]

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
    def read_log(self) -> None:
        """Open the log of one pipeline of the list."""
        if self.known:
            self.client.get(
                f"/api/pipelines/{random.choice(self.known)}/logs",
                name="/api/pipelines/{id}/logs",
                headers=self.headers,
            )
