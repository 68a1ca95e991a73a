"""Creating calls with an Idempotency-Key: the first attempt has the effect, later ones get the same answer."""

import hashlib
import json
from collections.abc import Callable

from flask import Response, request

from reference_app.api.authentication import current_principal, work
from reference_app.errors import MissingKeyError
from reference_app.services.idempotency import HEADER, Answer, Call
from reference_app.work import Work

REPLAYED_HEADER = "Idempotency-Replayed"
_KEPT_HEADERS = ("Location", "ETag")


def require_key(key: str | None) -> str:
    """Return the key; `MissingKeyError` without one."""
    if key is None:
        raise MissingKeyError(f"Send an {HEADER}: a new one for each call, the same for each attempt at it.")
    return key


def answer_once(key: str | None, create: Callable[[Work], Response]) -> Response:
    """Return what `create` answers, or has answered to an earlier attempt; without a key every call is a new one."""
    with work() as services:
        if key is None:
            return create(services)
        call = Call(current_principal().user_id, key, _fingerprint())
        earlier = services.idempotency.recall(call)
        if earlier is not None:
            return _replay(earlier)
        response = create(services)
        services.idempotency.remember(call, _answer_of(response))
        return response


def _fingerprint() -> str:
    """Hash what is asked for; how the JSON is written does not matter."""
    asked = json.dumps([request.endpoint, request.path, request.get_json()], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


def _answer_of(response: Response) -> Answer:
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, kept, response.get_data(as_text=True))


def _replay(answer: Answer) -> Response:
    headers = {**answer.headers, REPLAYED_HEADER: "true"}
    return Response(answer.body, answer.status, headers, mimetype="application/json")
