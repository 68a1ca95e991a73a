"""How requests get here: over TLS or not, directly or through proxies."""

from flask import Flask, request
from werkzeug.exceptions import Forbidden
from werkzeug.middleware.proxy_fix import ProxyFix

from reference_app.api.probes import probe_routes


def believe_proxies(app: Flask, number: int) -> None:
    """Take client address and scheme from the last `number` entries of X-Forwarded-For and -Proto; 0 takes neither.

    The entries before those are whatever the client wrote.
    """
    if number:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number, x_proto=number, x_host=0)  # type: ignore[method-assign]


def refuse_plain_http(app: Flask) -> None:
    """Refuse requests without TLS, but for probes that came through no proxy: those are from inside.

    An API does not redirect to HTTPS: what the client sent has been readable already, and it would never notice.
    """

    def check() -> None:
        if request.is_secure:
            return
        if request.blueprint == probe_routes.name and "X-Forwarded-For" not in request.headers:
            return
        raise Forbidden("Use HTTPS. What this request carried was readable on its way; change it if it was secret.")

    app.before_request(check)
