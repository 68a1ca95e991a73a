"""Webhooks: what other services tell. Who they are, a signature says; there is no session."""

from flask import Response, request
from pydantic import ValidationError

from reference_app.api.authentication import backend, work
from reference_app.api.blueprint import ApiBlueprint
from reference_app.api.documentation import SIGNATURE_HEADER, SIGNATURE_SCHEME
from reference_app.api.json_body import json_response
from reference_app.api.problems import refuse_invalid
from reference_app.api.responses import problems
from reference_app.api.shapes.headers import GithubDelivery
from reference_app.api.shapes.webhooks import DeliveryResult, GithubPayload, WorkflowRunPayload
from reference_app.errors import NotAuthenticatedError
from reference_app.services.run_reports import RunReport
from reference_app.services.webhook_signature import is_signed


def _check_signature() -> None:
    if request.method == "OPTIONS":  # Flask answers it with Allow, for anybody
        return
    secret = backend().settings.github_webhook_secret
    signature = request.headers.get(SIGNATURE_HEADER, "")
    if secret is None or not is_signed(secret.get_secret_value(), request.get_data(), signature):
        raise NotAuthenticatedError(f"The body is not signed with our secret in {SIGNATURE_HEADER}.")


class SignedBlueprint(ApiBlueprint):
    """Routes that take only what is signed, and look at nothing of it before."""

    def __init__(self, name: str, *, tag: str, prefix: str) -> None:
        super().__init__(name, tag=tag, protected=False, prefix=prefix)
        self.abp_security = [{SIGNATURE_SCHEME: []}]
        self.before_request(_check_signature)


webhook_routes = SignedBlueprint("webhooks", tag="Webhooks", prefix="/api/webhooks")


@webhook_routes.post("/github", responses={"200": DeliveryResult, **problems(401, 409, 503)})
def receive_github_delivery(header: GithubDelivery, body: GithubPayload) -> Response:
    """Take in what GitHub delivers: runs of workflows become pipelines, and move them forward, never back.

    A delivery that was taken in before changes nothing. The id of a delivery is not signed: a forged one repeats
    what GitHub has said of a run, which changes nothing either.
    """
    del body  # an object; of which shape, the event decides
    report = _read_report() if header.event == "workflow_run" else None
    with work() as services:
        reception = services.run_reports.receive(header.delivery, header.event, report)
    return json_response(DeliveryResult.model_validate(reception))


def _read_report() -> RunReport:
    try:
        return WorkflowRunPayload.model_validate(request.get_json()).report()
    except ValidationError as error:
        refuse_invalid(error)
