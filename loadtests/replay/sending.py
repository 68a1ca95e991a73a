"""What was recorded, as it may be sent to a target: without credentials, as whom, under which name."""

import msgspec

from harness.identities import read_identities
from harness.target import Target
from loadtests.client.errors import InvalidRequest
from loadtests.client.request import RequestMaker
from loadtests.made_journeys import IDEMPOTENCY_KEY, Call, ReplayedRequest
from loadtests.openapi_journeys.document import UnusableError
from loadtests.openapi_journeys.rehearsal import ENDS_SESSION, NO_WRITES
from loadtests.replay.naming import Names
from loadtests.replay.things import Recorded, Sequence, resting_on

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
CREDENTIALS = {"authorization", "proxy-authorization", "cookie"}
OF_THE_CONNECTION = {
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "origin", "proxy-connection",
    "referer", "te", "trailer", "transfer-encoding", "upgrade", "x-schemathesis-testcaseid",
}  # fmt: skip
"""The client has its own, or they name where the request went when it was recorded."""
HIDDEN = ("[Filtered]", "%5BFiltered%5D")
"""What Schemathesis writes instead of secrets."""
UNAUTHORIZED = 401


class Sender:
    """Makes requests for one target of what was recorded of some."""

    def __init__(self, target: Target, names: Names) -> None:
        identities = read_identities(target)
        admin = target.settings.auth.admin if target.settings.auth else None
        self._identities = identities
        self._anybody = next((name for name in identities if name != admin), admin)
        self._credentials = CREDENTIALS.union(*(one.carriers for one in identities.values()))
        self._writes = target.load_writes
        self._names = names
        self._maker = RequestMaker("http://target", {})

    def name_of(self, recorded: Recorded) -> str:
        """Return of which endpoint a request is."""
        return f"{recorded.method} {self._template_of(recorded)}"

    def sequence(self, recorded: Sequence) -> tuple[ReplayedRequest, ...]:
        """Return a sequence as it is sent, with the paths that change with what it makes.

        Raises:
            UnusableError: one of its requests cannot be sent; names it.

        """
        made: set[str] = set()
        sent = []
        for one in recorded:
            try:
                request = self.request(one)
            except UnusableError as error:
                before = "" if one is recorded[-1] else f"{self.name_of(one)}, which belongs before it: "
                raise UnusableError(f"{before}{error}") from error
            sent.append(msgspec.structs.replace(request, of=resting_on(one.path, made)))
            made |= {one.made} if one.made else set()
        return tuple(sent)

    def request(self, recorded: Recorded) -> ReplayedRequest:
        """Return a request as it is sent.

        Raises:
            UnusableError: it cannot be, or must not be; says why.

        """
        if not recorded.url.lower().startswith(("http://", "https://")):
            raise UnusableError("is not HTTP")
        if recorded.method.upper() not in SAFE and not self._writes:
            raise UnusableError(NO_WRITES)
        identity = self._identity_of(recorded)
        template = self._template_of(recorded)
        if identity is not None and ENDS_SESSION.search(template):
            raise UnusableError("it would end the session")
        return ReplayedRequest(
            call=self._call(recorded),
            template=template,
            status=recorded.status,
            identity=identity,
            made=recorded.made,
        )

    def _template_of(self, recorded: Recorded) -> str:
        return recorded.template or self._names.of(recorded.path)

    def _identity_of(self, recorded: Recorded) -> str | None:
        """Return as whom to send it; credentials that were refused are as good as none."""
        had_some = any(self._is_credential(name, value) for name, value in recorded.headers)
        if recorded.status == UNAUTHORIZED or recorded.by_nobody or not (had_some or recorded.identity):
            return None
        if self._anybody is None:
            raise UnusableError("it had credentials, and target.toml has no [auth] to log in with")
        return recorded.identity if recorded.identity in self._identities else self._anybody

    def _is_credential(self, name: str, value: str) -> bool:
        return name.lower() in self._credentials or (value in HIDDEN and name.lower() != IDEMPOTENCY_KEY.lower())

    def _call(self, recorded: Recorded) -> Call:
        if recorded.problem is not None:
            raise UnusableError(recorded.problem)
        if any(hidden in recorded.path for hidden in HIDDEN):
            raise UnusableError("a value in its address is hidden in the file: [Filtered]")
        headers = {
            IDEMPOTENCY_KEY if name.lower() == IDEMPOTENCY_KEY.lower() else name: value
            for name, value in recorded.headers
            if not (name.startswith(":") or name.lower() in OF_THE_CONNECTION or self._is_credential(name, value))
        }
        try:
            body = None if recorded.body is None else recorded.body.decode()
            self._maker.make(recorded.method, recorded.path, headers=headers, data=body)
        except (InvalidRequest, UnicodeError) as error:
            said = "its body is not text" if isinstance(error, UnicodeDecodeError) else f"it cannot be sent: {error}"
            raise UnusableError(said) from error
        return Call(method=recorded.method, path=recorded.path, headers=headers, body=body)
