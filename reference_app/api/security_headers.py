"""Security headers on every response, after OWASP's Secure Headers list."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from reference_app.api.added_headers import adding
from reference_app.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
DOCUMENTATION_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Swagger UI writes style attributes, and its icons are data URLs; scripts come only from files of ours."""
DOCUMENTATION_PREFIX = "/api/docs"
UNUSED_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""What a browser could do for a page, and no page of ours asks for."""
FIXED = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-DNS-Prefetch-Control", "off"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES)),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
API_HEADERS = (*FIXED, ("Content-Security-Policy", API_POLICY), ("Cache-Control", "no-store"))


def add_security_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on all of `app`'s responses, unless the settings say that somebody else does it.

    Strict-Transport-Security goes out where a lifetime is configured and the request came over TLS (RFC 6797, 7.2).
    """
    if settings.talisman_enabled:
        app.wsgi_app = _HeaderWriter(app.wsgi_app, settings.hsts_max_age_s)  # type: ignore[method-assign]


class _HeaderWriter:
    """Adds ready-made lists."""

    def __init__(self, app: "WSGIApplication", hsts_max_age_s: int) -> None:
        self._app = app
        self._api = list(API_HEADERS)
        self._documentation = [*FIXED, ("Content-Security-Policy", DOCUMENTATION_POLICY)]
        hsts = ("Strict-Transport-Security", f"max-age={hsts_max_age_s}; includeSubDomains")
        self._over_tls = [hsts] if hsts_max_age_s else []

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        added = self._documentation if environ["PATH_INFO"].startswith(DOCUMENTATION_PREFIX) else self._api
        if environ["wsgi.url_scheme"] == "https":
            added = added + self._over_tls
        return self._app(environ, adding(added, start_response))
