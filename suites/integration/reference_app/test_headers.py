"""Headers that every kind of response has."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from reference_app.backend import Backend
from reference_app.models import AuditEvent
from suites.integration.reference_app.conftest import Auth, MakeApp

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
    "X-DNS-Prefetch-Control": "off",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(("method", "path", "status"), RESPONSES)
def test_everywhere(client: FlaskClient, method: str, path: str, status: int) -> None:
    """Successes, redirects and errors alike carry the security headers and the request's id."""
    response = client.open(path, method=method, buffered=True)
    assert status == response.status_code
    assert {name: response.headers.getlist(name) for name in EXPECTED} == {name: [EXPECTED[name]] for name in EXPECTED}
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert len(response.headers["X-Request-ID"]) == 32
    assert "Strict-Transport-Security" not in response.headers


def test_redirect(client: FlaskClient) -> None:
    """A redirect stays where the client is, whatever host it names: nobody can send others elsewhere with it."""
    response = client.get("/api/docs", headers={"Host": "elsewhere.example"})
    assert (response.status_code, response.headers["Location"]) == (308, "/api/docs/")


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/pipelines", "/api/nothing", "/health"])
def test_no_store(client: FlaskClient, auth: Auth, path: str) -> None:
    """What the API answers is nobody's to keep."""
    auth.login("alice")
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_switched_off(make_app: MakeApp) -> None:
    """TALISMAN_ENABLED=false leaves the headers to a proxy in front."""
    headers = make_app(talisman_enabled=False).test_client().get("/livez").headers
    assert [name for name in EXPECTED if name in headers] == []


def test_transport_security(make_app: MakeApp) -> None:
    """HSTS_MAX_AGE_S tells browsers to stay with TLS, and only over TLS, where nobody can have put it in."""
    client = make_app(hsts_max_age_s=600).test_client()
    over_tls = client.get("/livez", base_url="https://localhost")
    assert over_tls.headers["Strict-Transport-Security"] == "max-age=600; includeSubDomains"
    assert "Strict-Transport-Security" not in client.get("/livez").headers


def test_no_transport_security(client: FlaskClient) -> None:
    """Without HSTS_MAX_AGE_S there is no such promise, over TLS neither."""
    assert "Strict-Transport-Security" not in client.get("/livez", base_url="https://localhost").headers


@pytest.mark.parametrize("path", ["/api/pipelines", "/api/openapi.json", "/api/docs/", "/nothing"])
def test_plain_http_refused(make_app: MakeApp, path: str) -> None:
    """FORCE_HTTPS refuses plain HTTP with a problem that says so, and never redirects: what was sent has leaked."""
    client = make_app(force_https=True).test_client()
    response = client.get(path)
    assert (response.status_code, response.content_type) == (403, "application/problem+json")
    assert "HTTPS" in response.json["detail"]
    assert client.get(path, base_url="https://localhost", buffered=True).status_code != 403


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health", "/metrics"])
def test_probes_from_inside(make_app: MakeApp, path: str) -> None:
    """Under FORCE_HTTPS probes from inside need no TLS; through a proxy they do."""
    client = make_app(force_https=True, trusted_proxies=1).test_client()
    assert client.get(path).status_code == 200
    through_proxy = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http"}
    assert client.get(path, headers=through_proxy).status_code == 403


@pytest.mark.parametrize(("proxies", "status"), [(0, 403), (1, 401)])
def test_scheme_from_proxy(make_app: MakeApp, proxies: int, status: int) -> None:
    """X-Forwarded-Proto counts only where TRUSTED_PROXIES says that a proxy wrote it."""
    client = make_app(force_https=True, trusted_proxies=proxies).test_client()
    assert status == client.get("/api/pipelines", headers={"X-Forwarded-Proto": "https"}).status_code


@pytest.mark.parametrize(
    ("proxies", "given", "address"),
    [
        (0, "192.0.2.1", "127.0.0.1"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "192.0.2.66, 192.0.2.1", "192.0.2.1"),
        (2, "192.0.2.66, 192.0.2.1, 192.0.2.2", "192.0.2.1"),
        (2, "192.0.2.1", "127.0.0.1"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "x" * 100, None),
    ],
)
def test_address_from_proxy(make_app: MakeApp, backend: Backend, proxies: int, given: str, address: str | None) -> None:
    """The address in the audit trail is what the trusted proxies saw; what the client wrote before that is nothing.

    What is no address leaves the event without one, and does not keep it out of the trail.
    """
    client = make_app(trusted_proxies=proxies).test_client()
    assert client.get("/api/pipelines", headers={"X-Forwarded-For": given}).status_code == 401
    with backend.database.transaction() as session:
        assert address == session.scalars(select(AuditEvent.address)).one()
