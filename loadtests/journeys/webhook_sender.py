"""The webhook sender: GitHub, telling of a workflow's run as it is queued, runs and succeeds.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from locust import constant_pacing, task

from loadtests.client.user import LeanHttpUser
from loadtests.identities import log_in_administrator, variable_of_target

WEBHOOK = "/api/webhooks/github"
PIPELINE = "/api/pipelines/{id}"
STEPS = (("queued", "created"), ("in_progress", "updated"), ("completed", "updated"))  # status, and what it comes to
BIGGEST_ID = 2**53 - 1


class WebhookSender(LeanHttpUser):
    """Delivers signed reports of runs, some twice; the administrator then deletes the pipelines that came of them.

    What the app keeps for good stays: the ids of deliveries, and the audit trail.
    """

    wait_time = constant_pacing(4)  # for plain Locust; `python -m loadtests` puts requests on a schedule instead

    def on_start(self) -> None:
        """Get the secret that GitHub and the target share."""
        self.secret = variable_of_target("GITHUB_WEBHOOK_SECRET").encode()
        self.headers = log_in_administrator(str(self.host))
        self.made: int | None = None

    def on_stop(self) -> None:
        """Delete what the end of the run left."""
        if self.made:
            self.delete()

    @task
    def whole_run(self) -> None:
        """Report a run in each of its states, and the last one again, as GitHub does after a time-out."""
        run_id = uuid4().int % BIGGEST_ID + 1  # not from the seeded generator: no later load may report this run
        for status, comes_to in STEPS:
            delivery, body = str(uuid4()), json.dumps(_payload(run_id, status))
            self.deliver(delivery, body, comes_to)
        self.deliver(delivery, body, "replayed")
        if self.made:
            self.delete()

    def deliver(self, delivery: str, body: str, comes_to: str) -> None:
        """Deliver a report; an answer that says it came to something else is a failure."""
        signature = hmac.new(self.secret, body.encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "workflow_run",
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        with self.client.post(WEBHOOK, headers=headers, data=body, catch_response=True) as answer:
            if answer.status_code == HTTPStatus.OK:
                said = answer.json()
                self.made = said["pipeline_id"] or self.made
                if said["result"] != comes_to:
                    answer.failure(f"a delivery was {said['result']} that should have been {comes_to}")

    def delete(self) -> None:
        """Delete the pipeline of the run."""
        self.client.delete(f"/api/pipelines/{self.made}", name=PIPELINE, headers=self.headers)
        self.made = None


def _payload(run_id: int, status: str) -> dict[str, Any]:
    """Return what GitHub sends, as far as receivers like the app read it."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    run = {
        "id": run_id,
        "name": "load-test",
        "display_title": "load-test of a webhook",
        "head_branch": "main",
        "head_sha": f"{run_id:040x}",
        "head_commit": {"message": "Reported by the load test."},
        "run_number": 1,
        "run_attempt": 1,
        "status": status,
        "conclusion": "success" if status == "completed" else None,
        "run_started_at": now,
        "updated_at": now,
    }
    return {"action": status, "workflow_run": run, "repository": {"full_name": "octo-org/octo-repo"}}
