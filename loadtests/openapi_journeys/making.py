"""From a target that answers to its journeys: the document is read, every identity rehearses. In the run's process."""

import contextlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from harness.errors import Inconclusive
from harness.identities import read_identities
from harness.openapi_document import fetch_document
from harness.target import Target
from loadtests.made_journeys import IDEMPOTENCY_KEY, Call, MadeJourney, MadeJourneys, NotExercised
from loadtests.openapi_journeys.calls import Calls
from loadtests.openapi_journeys.document import Document, Operation
from loadtests.openapi_journeys.identifiers import links_of
from loadtests.openapi_journeys.rehearsal import NOT_OURS, Answer, Rehearsal, SeenByOperation, Send
from loadtests.openapi_journeys.values import Values
from loadtests.profile import Profile

DEFAULT_PROFILES = Path(__file__).parent / "profiles"
"""For a target that has none."""
ANSWER_TIMEOUT_S = 10.0
LARGEST_ANSWER = 4_000_000
MOST_OPERATIONS = 500
MOST_ORDINARY = 2  # identities that rehearse: two see whether a list is everybody's or one's own
SAYS_LITTLE = (NOT_OURS, str(Answer(401)), str(Answer(403)))  # another identity's reason says more
ANONYMOUS, ORDINARY, ADMINISTRATOR = "Anonymous", "OrdinaryUser", "Administrator"


class Rehearser(NamedTuple):
    """Who rehearses: the journey's name, the identity (None is nobody), and how it sends a call."""

    journey: str
    identity: str | None
    send: Send


def make_journeys(target: Target, base_url: str, seed: int) -> MadeJourneys:
    """Make journeys for a target that answers at `base_url`, from its document; the same seed makes the same values.

    Raises:
        RequestError: target.toml names no document, or it is not one of OpenAPI 3 with operations.
        IdentityRefused: the target did not let an identity in.
        Inconclusive: the document cannot be had, or not one operation can be exercised.

    """
    identities = read_identities(target)
    admin = target.settings.auth.admin if target.settings.auth else None
    ordinary = [name for name in identities if name != admin][:MOST_ORDINARY]
    who = [(ORDINARY, name) for name in ordinary] + ([(ADMINISTRATOR, admin)] if admin else [])
    rehearsers = [
        Rehearser(ANONYMOUS, None, sender(base_url, {}))
    ]  # first: lists that are open to all have ids in them
    rehearsers += [
        Rehearser(journey, name, sender(base_url, identities[name].log_in(base_url))) for journey, name in who
    ]
    return journeys_of_document(fetch_document(target, base_url), rehearsers, seed, writes=target.load_writes)


def journeys_of_document(content: Any, rehearsers: Iterable[Rehearser], seed: int, *, writes: bool) -> MadeJourneys:
    """Make journeys of a document's content. What is open to all is nobody's; the admin does what others may not.

    Raises:
        RequestError: it is not a document of OpenAPI 3 with operations.
        Inconclusive: not one operation can be exercised.

    """
    document, everybody = Document(content), list(rehearsers)
    operations, reasons = _operations_of(document)
    calls, links, seen = Calls(document, Values(document, seed)), links_of(document, operations), SeenByOperation()
    journeys: list[MadeJourney] = []
    exercised: set[str] = set()
    for rehearser in everybody:
        theirs = [one for one in operations if _is_for(rehearser, one, document, exercised, len(everybody))]
        rehearsal = Rehearsal(theirs, calls, links, seen)
        rehearsal.run(rehearser.send, writes=writes)
        exercised |= rehearsal.made.keys()
        for name, reason in rehearsal.reasons.items():
            if reasons.get(name) in {None, *SAYS_LITTLE}:
                reasons[name] = reason
        if made := tuple(rehearsal.made.values()):
            journeys.append(MadeJourney(name=rehearser.journey, identity=rehearser.identity, operations=made))
    left = tuple(NotExercised(operation=name, reason=why) for name, why in reasons.items() if name not in exercised)
    if not journeys:
        said = "; ".join(f"{one.operation}: {one.reason}" for one in left[:3])
        raise Inconclusive(f"not one operation of the OpenAPI document can be exercised: {said}")
    return MadeJourneys(journeys=tuple(journeys), not_exercised=left)


def _operations_of(document: Document) -> tuple[list[Operation], dict[str, str]]:
    """Return the operations that can be read and are not too many, and why the others are not among them."""
    found = list(document.operations())
    operations = [one for one in found if isinstance(one, Operation)]
    reasons = dict(one for one in found if not isinstance(one, Operation))
    reasons.update((str(one), f"it comes after {MOST_OPERATIONS} others") for one in operations[MOST_OPERATIONS:])
    return operations[:MOST_OPERATIONS], reasons


def fitted(profile: Profile, made: MadeJourneys) -> Profile:
    """Return the default profile with those of its journeys that there are."""
    names = {journey.name for journey in made.journeys}
    weights = {name: weight for name, weight in profile.journeys.items() if name in names}
    return msgspec.structs.replace(profile, journeys=weights)


def _is_for(rehearser: Rehearser, operation: Operation, document: Document, exercised: set[str], number: int) -> bool:
    if rehearser.journey == ANONYMOUS:
        return number == 1 or not document.is_secured(operation)
    if not document.is_secured(operation):
        return False
    return rehearser.journey == ORDINARY or str(operation) not in exercised


def sender(base_url: str, headers: Mapping[str, str]) -> Callable[[Call], Answer]:
    """Return what sends a call with some headers and returns the answer; it follows no redirect."""
    opener = urllib.request.build_opener(_NoRedirects)

    def send(call: Call) -> Answer:
        given = {**headers, **call.headers}
        if IDEMPOTENCY_KEY in given:
            given[IDEMPOTENCY_KEY] = str(uuid4())
        body = None if call.body is None else call.body.encode()
        url = f"{base_url}{call.path}"
        request = urllib.request.Request(url, method=call.method, headers=given, data=body)  # noqa: S310 - http(s): base_url is checked
        try:
            with opener.open(request, timeout=ANSWER_TIMEOUT_S) as answer:
                return _answer(answer.status, answer.headers.get("Location"), answer.read(LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers.get("Location"), b"")
        except TimeoutError:
            return Answer(0, problem=f"it did not answer within {ANSWER_TIMEOUT_S:g} s")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(0, problem=f"{type(error).__name__}: {error}")

    return send


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Load goes to the target only, wherever that points."""

    def redirect_request(self, *_request: Any) -> None:
        """Follow none."""


def _answer(status: int, location: str | None, body: bytes) -> Answer:
    parsed = None
    with contextlib.suppress(ValueError, RecursionError):  # what is no JSON has no ids in it
        parsed = json.loads(body)
    return Answer(status, parsed, location or "")
