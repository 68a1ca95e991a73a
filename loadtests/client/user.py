"""A Locust user with the fast client. Imports Locust."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from locust import User
from locust.env import Environment
from locust.exception import StopTest
from locust.user.users import RestMixin

from loadtests.client.answer import WALL_CLOCK_OFFSET_S, JudgedAnswer
from loadtests.client.client import LeanHttpClient
from loadtests.client.connecting import Verify, tls_context
from loadtests.client.exchange import Exchange
from loadtests.client.request import RequestMaker
from loadtests.client.transport import Transport

BODY_LIMIT = 16 * 2**20

_tls_context = functools.lru_cache(maxsize=16)(tls_context)  # loading the system's authorities takes 20 ms


class LeanHttpUser(RestMixin[JudgedAnswer], User):
    """A user whose `client` is a `LeanHttpClient`. Set the attributes in the class; later changes have no effect."""

    abstract = True

    connection_timeout: float = 60.0
    """For the name, TCP and TLS together, in seconds."""

    network_timeout: float = 60.0
    """From sending a request to the last byte of its answer; with `stream=True` between two pieces. In seconds."""

    default_headers: Mapping[str, str] | None = None
    """Sent with every request, unless it has headers of the same name."""

    verify: Verify = True
    """How TLS certificates are judged: by the system's store, by the authorities in a file, or (False) not at all."""

    body_limit: int = BODY_LIMIT
    """What is longer is read and counted, but not kept; in bytes."""

    allow_redirects: bool = False
    """Whether redirects are followed by requests that do not say."""

    max_redirects: int = 30
    """More fail the request."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if self.host is None:
            raise StopTest("Give the base host: the attribute `host` of the user's class, or --host")
        defaults = tuple((self.default_headers or {}).items())
        has_contexts = type(self).context is not User.context
        self.client = LeanHttpClient(
            self.host,
            _request_maker(self.host, defaults),
            Transport(_tls_context(self.verify), self.body_limit),
            report=locust_report(environment),
            contexts=self.context if has_contexts else None,
            timeouts=(self.connection_timeout, self.network_timeout),
            body_limit=self.body_limit,
            max_redirects=self.max_redirects,
            follows_redirects=self.allow_redirects,
        )

    def start(self, group: Any) -> Any:
        """Start, as every user; its connections are closed when it has ended."""
        greenlet = super().start(group)
        greenlet.rawlink(lambda _ended: self.client.close())
        return greenlet


def locust_report(environment: Environment) -> Callable[[Exchange], None]:
    """Return a report that fires Locust's event for a request."""
    fire = environment.events.request.fire

    def report(exchange: Exchange) -> None:
        answer = exchange.answer
        if answer is not None and answer.meta is not None:
            fire(**{**answer.meta, "response": answer, "exception": exchange.error})  # type: ignore[no-untyped-call]
            return
        fire(  # type: ignore[no-untyped-call]
            request_type=exchange.method,
            name=exchange.name,
            response_time=exchange.service_s * 1000,
            response_length=exchange.length,
            exception=exchange.error,
            context=exchange.context,
            response=answer,
            start_time=exchange.sent_s + WALL_CLOCK_OFFSET_S,
            url="" if answer is None else answer.url,
        )

    return report


@functools.lru_cache(maxsize=64)
def _request_maker(host: str, defaults: tuple[tuple[str, str], ...]) -> RequestMaker:
    """Return what all users of one host share."""
    return RequestMaker(host, dict(defaults))
