"""The API document at /api/openapi.json, and Swagger UI over it at /api/docs/ without anything from outside."""

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, jsonify, redirect, send_from_directory, url_for
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.types import SecuritySchemesDict
from werkzeug import Response as BaseResponse

from reference_app.api.cached import describe_cache
from reference_app.api.rate_limits import describe_rate_limits

DOCUMENT_PATH = "/api/openapi.json"
PAGE_FOLDER = Path(__file__).parent / "docs_page"
SWAGGER_FOLDER = Path(str(files("flask_openapi3_swagger"))) / "templates" / "swagger"
INFO = Info(
    title="Reference app",
    version="1.0.0",
    description="A monitor of CI/CD pipelines. Log in, then send the token as a bearer token.",
)
RELEASE = f"reference-app@{INFO.version}"
SIGNATURE_HEADER = "X-Hub-Signature-256"
SIGNATURE_SCHEME = "signature"
SECURITY_SCHEMES: SecuritySchemesDict = {
    "bearer": {"type": "http", "scheme": "bearer"},
    SIGNATURE_SCHEME: {
        "type": "apiKey",
        "in": "header",
        "name": SIGNATURE_HEADER,
        "description": "`sha256=` and the HMAC-SHA256 of the body under the webhook's secret, in hex.",
    },
}

page_routes = Blueprint("documentation", __name__, url_prefix="/api/docs")


def add_document(app: OpenAPI) -> None:
    """Serve the document of all routes registered so far; made once, here."""
    document = app.api_doc
    describe_cache(document)
    describe_rate_limits(document)
    app.add_url_rule(DOCUMENT_PATH, "openapi_document", lambda: jsonify(document))


@page_routes.get("")
def page_without_slash() -> BaseResponse:
    """Lead to the page; Werkzeug's own redirect would lead to whatever host the client names."""
    return redirect(url_for("documentation.page"), HTTPStatus.PERMANENT_REDIRECT)


@page_routes.get("/")
def page() -> Response:
    """Show the page."""
    return send_from_directory(PAGE_FOLDER, "index.html")


@page_routes.get("/start.js")
def start_script() -> Response:
    """Send the script that starts Swagger UI: a file, because the policy allows no inline script."""
    return send_from_directory(PAGE_FOLDER, "start.js")


@page_routes.get("/swagger/<path:name>")
def swagger_asset(name: str) -> Response:
    """Send a file of Swagger UI."""
    return send_from_directory(SWAGGER_FOLDER, name)
