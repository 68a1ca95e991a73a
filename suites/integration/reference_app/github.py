"""GitHub, as far as this application knows it: deliveries of `workflow_run` events, signed."""

import json
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from reference_app.services.webhook_signature import sign

PATH = "/api/webhooks/github"
SHARED = "what only GitHub and these tests know"
COMMIT = "3484a" * 8


def payload(**run: Any) -> dict[str, Any]:
    """Return a payload shaped like a real one, `run` replacing fields of its `workflow_run`."""
    return {
        "action": run.get("status", "completed"),
        "workflow": {"id": 2823525, "name": "Tests", "path": ".github/workflows/test.yml", "state": "active"},
        "repository": {"id": 300029405, "full_name": "octo-org/octo-repo", "private": False, "license": None},
        "sender": {"login": "octocat", "id": 1, "site_admin": False},
        "workflow_run": {
            "id": 289782451,
            "name": "Tests",
            "node_id": "MDExOldvcmtmbG93UnVuMjg5NzgyNDUx",
            "head_branch": "main",
            "head_sha": COMMIT,
            "path": ".github/workflows/test.yml",
            "display_title": "Check the payload",
            "run_number": 17,
            "event": "push",
            "status": "completed",
            "conclusion": "success",
            "pull_requests": [],
            "created_at": "2026-01-05T16:33:24Z",
            "updated_at": "2026-01-05T16:34:54Z",
            "run_attempt": 1,
            "run_started_at": "2026-01-05T16:33:24Z",
            "head_commit": {
                "id": COMMIT,
                "message": "build(test): check workflow run event payload",
                "timestamp": "2026-01-05T16:32:07Z",
                "author": {"name": "Octo Cat", "email": "octocat@example.invalid"},
            },
            **run,
        },
    }


def headers_for(body: bytes, *, event: str = "workflow_run", delivery: str | None = None) -> dict[str, str]:
    """Return the headers of a delivery."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid4()),
        "X-Hub-Signature-256": sign(SHARED, body),
    }


def deliver(
    client: FlaskClient, content: Any, *, event: str = "workflow_run", delivery: str | None = None
) -> TestResponse:
    """Deliver an event as GitHub does."""
    body = json.dumps(content).encode()
    return client.post(PATH, data=body, headers=headers_for(body, event=event, delivery=delivery))
