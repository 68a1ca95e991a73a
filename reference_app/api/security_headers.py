"""Security headers on every response, after OWASP's Secure Headers list."""

from collections.abc import Callable

from flask import Flask, Response, request

from reference_app.settings import Settings

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


def add_security_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on all of `app`'s responses, unless the settings say that somebody else does it.

    Strict-Transport-Security goes out where a lifetime is configured and the request came over TLS (RFC 6797, 7.2).
    """
    if settings.talisman_enabled:
        app.after_request(_header_writer(settings.hsts_max_age_s))


def _header_writer(hsts_max_age_s: int) -> Callable[[Response], Response]:
    # Lists made once: this runs for every response.
    api = [*FIXED, ("Content-Security-Policy", API_POLICY)]
    documentation = [*FIXED, ("Content-Security-Policy", DOCUMENTATION_POLICY)]
    hsts = f"max-age={hsts_max_age_s}; includeSubDomains"

    def write(response: Response) -> Response:
        headers = response.headers
        if request.path.startswith(DOCUMENTATION_PREFIX):
            headers.extend(documentation)
        else:
            headers.extend(api)
            headers["Cache-Control"] = "no-store"
        if hsts_max_age_s and request.is_secure:
            headers["Strict-Transport-Security"] = hsts
        return response

    return write
