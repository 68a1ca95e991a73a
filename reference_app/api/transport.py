"""How requests get here: over TLS or not, directly or through proxies."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.exceptions import Forbidden
from werkzeug.middleware.proxy_fix import ProxyFix

from reference_app.addresses import address_in
from reference_app.api.probes import probe_routes
from reference_app.api.visit import Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def believe_proxies(app: Flask, number: int) -> None:
    """Take client address and scheme from the last `number` entries of X-Forwarded-For and -Proto; 0 takes neither.

    The entries before those are whatever the client wrote.
    """
    if number:
        read = _reading_address(app.wsgi_app)
        app.wsgi_app = ProxyFix(read, x_for=number, x_proto=number, x_host=0)  # type: ignore[method-assign]


def _reading_address(app: "WSGIApplication") -> "WSGIApplication":
    """Let `app` have an address or none: a proxy may add a port, and who gets past the proxies writes anything."""

    def read(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        address = address_in(environ.pop("REMOTE_ADDR", ""))
        if address is not None:
            environ["REMOTE_ADDR"] = address
        return app(environ, start_response)

    return read


def refuse_plain_http(environ: "WSGIEnvironment", visit: Visit) -> None:
    """Refuse a visit without TLS, but for probes that came through no proxy: those are from inside.

    An API does not redirect to HTTPS: what the client sent has been readable already, and it would never notice.
    """
    if environ["wsgi.url_scheme"] == "https":
        return
    is_probe = visit.rule is not None and visit.rule.endpoint.startswith(f"{probe_routes.name}.")
    if is_probe and "HTTP_X_FORWARDED_FOR" not in environ:
        return
    raise Forbidden("Use HTTPS. What this request carried was readable on its way; change it if it was secret.")
