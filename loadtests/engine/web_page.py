"""Locust's web page beside a run: it shows the load and may end it; it starts none. Imports Locust."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request
from locust.env import Environment

from harness.ports import LOOPBACK

START, STOP = "/swarm", "/stop"
REFUSAL = "The profile decides on the load. For another run: python -m loadtests ui PROFILE"


def show_page(environment: Environment, port: int, on_stop: Callable[[], None]) -> None:
    """Serve the page; `on_stop` is called when somebody ends the load on it."""

    def answer_instead() -> Response | None:
        if request.path == START:
            return jsonify({"success": False, "message": REFUSAL, "host": environment.host})
        if request.path == STOP:
            on_stop()
            return jsonify({"success": True, "message": "The load ends; its users do what they have begun"})
        return None

    app: Any = environment.create_web_ui(LOOPBACK, port).app
    app.before_request(answer_instead)
