"""Headers that every kind of response has."""

import pytest
from flask.testing import FlaskClient

from reference_app import create_app
from reference_app.api.authentication import EXTENSION
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth

RESPONSES = [
    ("GET", "/livez", 200),
    ("GET", "/api/docs/", 200),
    ("GET", "/api/docs/start.js", 200),
    ("GET", "/api/docs", 308),
    ("GET", "/api/openapi.json", 200),
    ("OPTIONS", "/api/pipelines", 200),
    ("HEAD", "/api/auth/me", 401),
    ("GET", "/api/pipelines", 401),
    ("GET", "/nothing", 404),
    ("DELETE", "/metrics", 405),
    ("POST", "/api/auth/login", 415),
]
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(("method", "path", "status"), RESPONSES)
def test_everywhere(client: FlaskClient, method: str, path: str, status: int) -> None:
    """Successes, redirects and errors alike carry the security headers and the request's id."""
    response = client.open(path, method=method, buffered=True)
    assert status == response.status_code
    assert {name: response.headers.get(name) for name in EXPECTED} == EXPECTED
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert len(response.headers["X-Request-ID"]) == 32
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/pipelines", "/api/nothing", "/health"])
def test_no_store(client: FlaskClient, auth: Auth, path: str) -> None:
    """What the API answers is nobody's to keep."""
    auth.login("alice")
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_transport_security(settings: Settings) -> None:
    """HSTS_MAX_AGE_S tells browsers to stay with TLS."""
    app = create_app(settings.model_copy(update={"hsts_max_age_s": 600}))
    expected = "max-age=600; includeSubDomains"
    assert expected == app.test_client().get("/livez").headers["Strict-Transport-Security"]
    app.extensions[EXTENSION].close()
