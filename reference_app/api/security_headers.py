"""Security headers on every response, after OWASP's Secure Headers list."""

from collections.abc import Callable

from flask import Flask, Response, request

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
DOCUMENTATION_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Swagger UI writes style attributes, and its icons are data URLs; scripts come only from files of ours."""
DOCUMENTATION_PREFIX = "/api/docs"
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def add_security_headers(app: Flask, hsts_max_age_s: int) -> None:
    """Put the headers on all of `app`'s responses; 0 seconds leave Strict-Transport-Security out."""
    hsts = f"max-age={hsts_max_age_s}; includeSubDomains" if hsts_max_age_s else None
    app.after_request(_header_writer(hsts))


def _header_writer(hsts: str | None) -> Callable[[Response], Response]:
    def write(response: Response) -> Response:
        documentation = request.path.startswith(DOCUMENTATION_PREFIX)
        response.headers.update(FIXED)
        response.headers["Content-Security-Policy"] = DOCUMENTATION_POLICY if documentation else API_POLICY
        if not documentation:
            response.headers["Cache-Control"] = "no-store"
        if hsts:
            response.headers["Strict-Transport-Security"] = hsts
        return response

    return write
