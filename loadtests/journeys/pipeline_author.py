"""The pipeline author: creates a pipeline, starts it, looks at it, deletes it."""

from http import HTTPStatus
from uuid import uuid4

from locust import constant_pacing, task

from loadtests.client.user import LeanHttpUser
from loadtests.identities import log_in_ordinary_user

PIPELINE = "/api/pipelines/{id}"


class PipelineAuthor(LeanHttpUser):
    """Writes; leaves nothing behind."""

    wait_time = constant_pacing(4)  # for plain Locust; `python -m loadtests` puts requests on a schedule instead

    def on_start(self) -> None:
        """Log in."""
        self.headers = log_in_ordinary_user(str(self.host))
        self.mine: str | None = None
        self.version = ""

    def on_stop(self) -> None:
        """Delete what the end of the run left half done."""
        if self.mine:
            self.delete()

    @task
    def whole_life(self) -> None:
        """Create, write to the log, start, read, delete."""
        self.create()
        if self.mine is None:
            return
        path = f"/api/pipelines/{self.mine}"
        line = {"level": "info", "message": "deployed by the load test"}
        self.client.post(f"{path}/logs", name=f"{PIPELINE}/logs", headers=self.headers, json=line)
        changing = {**self.headers, "If-Match": self.version}
        self.client.patch(path, name=PIPELINE, headers=changing, json={"status": "running"})
        self.client.get(path, name=PIPELINE, headers=self.headers)
        self.delete()

    def create(self) -> None:
        """Create a pipeline and keep its id and its version."""
        body = {"name": "load-test", "branch": "main"}
        creating = {**self.headers, "Idempotency-Key": str(uuid4())}
        with self.client.post("/api/pipelines", headers=creating, json=body, catch_response=True) as answer:
            if answer.status_code == HTTPStatus.CREATED:
                self.mine = answer.json()["id"]
                self.version = answer.headers["ETag"]

    def delete(self) -> None:
        """Delete the pipeline."""
        self.client.delete(f"/api/pipelines/{self.mine}", name=PIPELINE, headers=self.headers)
        self.mine = None
