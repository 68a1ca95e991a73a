"""The administrator: looks after users, their sessions, the audit trail, and requests for accounts."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

from locust import constant_pacing, task

from loadtests.client.user import LeanHttpUser
from loadtests.identities import log_in_administrator

USER = "/api/users/{id}"
REGISTRATIONS = "/api/registrations"
REGISTRATION = f"{REGISTRATIONS}/{{id}}"
PENDING = f"{REGISTRATIONS}?status=pending&limit=100"


class Administrator(LeanHttpUser):
    """Makes rounds, each with all that an administrator does, so that a short run has all of it too.

    Somebody asks for an account; in turn such requests are rejected and approved. What the app keeps for good stays:
    decided requests, the audit trail, and the accounts that came of approvals, which are turned off.
    """

    wait_time = constant_pacing(10)  # for plain Locust; `python -m loadtests` puts requests on a schedule instead

    def on_start(self) -> None:
        """Log in."""
        self.headers = log_in_administrator(str(self.host))
        self.rounds = 0
        self.asked = ""
        self.waiting: int | None = None
        self.account: int | None = None

    def on_stop(self) -> None:
        """Decide, and turn off, what the end of the run left."""
        if self.asked:
            self.waiting = self.find_request()
        if self.waiting:
            self.reject()
        if self.account:
            self.turn_off()

    @task
    def round(self) -> None:
        """Look around, then decide on a request."""
        self.look_around()
        self.rounds += 1
        self.request_account()
        self.waiting = self.find_request()
        if self.waiting is None:
            return
        if self.rounds % 2:
            self.reject()
        else:
            self.approve()
            self.turn_off()

    def look_around(self) -> None:
        """Open the users, one of them with the sessions, and the audit trail."""
        users = self.read("/api/users")
        if users:
            path = f"/api/users/{users['items'][self.rounds % len(users['items'])]['id']}"
            self.read(path, USER)
            self.read(f"{path}/sessions", f"{USER}/sessions")
        self.read("/api/auth/sessions")
        self.read("/api/audit")
        self.read("/api/audit?outcome=denied", "/api/audit?outcome")

    def request_account(self) -> None:
        """Ask for an account, as anybody may."""
        name = f"load-test-{uuid4().hex[:20]}"
        body = {"username": name, "password": uuid4().hex, "reason": "asked for by the load test"}
        self.asked = name  # before it is sent: the end of a run may come while it is on its way
        self.client.post(REGISTRATIONS, json=body)

    def find_request(self) -> int | None:
        """Find the request among those that wait."""
        cursor = ""
        while page := self.read(f"{PENDING}{cursor}", f"{REGISTRATIONS}?status"):
            found = [item["id"] for item in page["items"] if item["username"] == self.asked]
            if found or not page["next_cursor"]:
                self.asked = ""
                return found[0] if found else None
            cursor = f"&cursor={page['next_cursor']}"
        return None

    def reject(self) -> None:
        """Turn the request down."""
        path = f"{REGISTRATIONS}/{self.waiting}/rejection"
        self.client.post(path, name=f"{REGISTRATION}/rejection", headers=self.headers)
        self.waiting = None

    def approve(self) -> None:
        """Make the account that was asked for."""
        path = f"{REGISTRATIONS}/{self.waiting}/approval"
        with self.client.post(
            path, name=f"{REGISTRATION}/approval", headers=self.headers, json={"role": "member"}, catch_response=True
        ) as answer:
            if answer.status_code == HTTPStatus.CREATED:
                self.account, self.waiting = answer.json()["id"], None

    def turn_off(self) -> None:
        """Turn the account off."""
        if self.account:
            changes = {"active": False}
            self.client.patch(f"/api/users/{self.account}", name=USER, headers=self.headers, json=changes)
            self.account = None

    def read(self, path: str, name: str | None = None) -> dict[str, Any] | None:
        """Read JSON; None when there is none to be had."""
        with self.client.get(path, name=name, headers=self.headers, catch_response=True) as answer:
            if answer.status_code == HTTPStatus.OK:
                return dict(answer.json())
        return None
