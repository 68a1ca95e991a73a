"""Everything that can go wrong with a request.

```
LeanError
├── InvalidRequest         what the journey asked for cannot be sent: raised in the journey, before anything is sent
│   └── BodySpent          a body that can be read only once would have to be sent again
├── Unanswered             no whole answer came: the answer has status_code 0, and this as its `error`
│   ├── ConnectFailed      no connection
│   │   ├── NameNotFound   the host's name could not be resolved
│   │   ├── ConnectTimeout not within the connect timeout (name, TCP and TLS together)
│   │   └── TlsFailed      the certificate was refused, or it is no TLS
│   ├── ConnectionLost     closed or reset before the answer was whole
│   │   └── NothingReceived   … before its first byte: what may be sent again, if it is safe
│   ├── AnswerTimeout      not within the read timeout
│   ├── BadAnswer          not HTTP/1.1, of ambiguous length, or beyond a bound
│   ├── OriginRefused      it would have gone to another origin than the client may reach
│   └── RedirectRefused    too many, to nowhere, or with a body that cannot be sent again
├── BadStatus              an answer of 400 or more; made for Locust's statistics and by `raise_for_status()`
└── BodyUnavailable        raised by what reads the body of an answer
    ├── BodyDiscarded      longer than `body_limit`: counted to its end, not kept
    └── DecodingFailed     its gzip is broken, or longer than `body_limit` when unpacked
```

An error that one request got is a failure of that request in Locust's statistics. Messages have no URL in them, so
that Locust counts the same failure of many objects as one.
"""


class LeanError(Exception):
    """Base of all errors of the client."""


class InvalidRequest(LeanError, ValueError):
    """What the journey asked for cannot be sent."""


class BodySpent(InvalidRequest):
    """A body that can be read only once would have to be sent again."""


class Unanswered(LeanError):
    """No whole answer came."""


class ConnectFailed(Unanswered):
    """No connection could be made."""


class NameNotFound(ConnectFailed):
    """The host's name could not be resolved."""


class ConnectTimeout(ConnectFailed):
    """No connection within the connect timeout."""


class TlsFailed(ConnectFailed):
    """The TLS handshake failed."""


class ConnectionLost(Unanswered):
    """The connection ended before the answer was whole."""


class NothingReceived(ConnectionLost):
    """The connection ended before the first byte of the answer."""


class AnswerTimeout(Unanswered):
    """The answer was not there within the read timeout."""


class BadAnswer(Unanswered):
    """What came is no HTTP/1.1 answer, is ambiguous, or goes beyond a bound."""


class OriginRefused(Unanswered):
    """The request would have gone to another origin than the client may reach."""


class RedirectRefused(Unanswered):
    """A redirect was not followed although that was asked for."""


class BadStatus(LeanError):
    """An answer with a status of 400 or more."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


class BodyUnavailable(LeanError):
    """The body of an answer cannot be had."""


class BodyDiscarded(BodyUnavailable):
    """The body was longer than what is kept."""


class DecodingFailed(BodyUnavailable):
    """The body could not be unpacked within its bound."""
