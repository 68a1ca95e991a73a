"""Recordings as browsers and Schemathesis write them, in few words."""

import json
from base64 import b64encode
from typing import Any

THERE = "http://127.0.0.1:8123"


def entry(request: str, status: int = 200, **more: Any) -> dict[str, Any]:
    """Return an entry of a HAR, of `METHOD /path`.

    `headers`, `body` of the request, `answer`, `ms`, `page`, `identity`.
    """
    method, path = request.split(" ", 1)
    sent: dict[str, Any] = {"method": method, "url": path if "://" in path else f"{THERE}{path}"}
    sent["headers"] = [{"name": name, "value": value} for name, value in more.get("headers", {}).items()]
    if "body" in more:
        sent["postData"] = {"mimeType": "application/json", "text": more["body"]}
    answered = {"status": status, "headers": [], "content": {"text": more.get("answer", "")}}
    page = {"pageref": more["page"]} if "page" in more else {}
    identity = {"_identity": more["identity"]} if "identity" in more else {}
    return {"request": sent, "response": answered, "time": more.get("ms", 1.0), **page, **identity}


def har(*entries: dict[str, Any]) -> bytes:
    """Return a HAR, laid out as browsers do."""
    return json.dumps({"log": {"version": "1.2", "entries": entries}}, indent=2).encode()


def event(**cases: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a finished scenario, of a `case` for each name."""
    return {
        "ScenarioFinished": {
            "status": "success",
            "recorder": {
                "label": "a scenario",
                "cases": {name: one["case"] for name, one in cases.items()},
                "checks": {name: one["checks"] for name, one in cases.items()},
                "interactions": {name: one["interaction"] for name, one in cases.items()},
            },
        }
    }


def case(request: str, template: str, status: int = 200, **more: Any) -> dict[str, Any]:
    """Return a case: `parent`, `identity`, `body` and `answer`, `check` (the status of its only one)."""
    method, path = request.split(" ", 1)
    value = {"method": method, "path": template}
    sent: dict[str, Any] = {"method": method, "uri": f"{THERE}{path}", "headers": {}}
    if "identity" in more:
        value["auth_identity"] = more["identity"]
        sent["headers"]["Authorization"] = ["[Filtered]"]
    if "body" in more:
        sent["body"] = {"$base64": b64encode(more["body"]).decode()}
    answered = {"status_code": status, "headers": {}, "elapsed": more.get("elapsed", 0.001)}
    if "answer" in more:
        answered["content"] = {"$base64": b64encode(more["answer"]).decode()}
    return {
        "case": {"value": value, **({"parent_id": more["parent"]} if "parent" in more else {})},
        "checks": [{"name": "not_a_server_error", "status": more.get("check", "success")}],
        "interaction": {"request": sent, "response": answered if status else None},
    }


def ndjson(*events: dict[str, Any]) -> bytes:
    """Return events, a line each, after the one with which a run begins."""
    first = {"Initialize": {"command": "st run", "seed": 1}}
    return b"".join(json.dumps(one).encode() + b"\n" for one in (first, *events))
