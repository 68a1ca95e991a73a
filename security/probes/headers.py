"""Security headers, expected on every kind of answer.

The list follows the OWASP Secure Headers project; the policy says which, and what they may say. One place that
forgets them is enough for an attacker: errors and refusals are asked for beside successes.
"""

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from harness.errors import Inconclusive
from harness.identities import read_identities
from security.evidence import CheckIncomplete, Issue, Outcome, Severity
from security.probes.exchange import Answer, Request, send
from security.probes.interface import Probe
from security.probes.openapi import Operation, read_operations


class Kind(msgspec.Struct, frozen=True):
    """A kind of answer: how reports name it, and the request that asks for it.

    The name stays the same from run to run, where the path asked for may not.
    """

    name: str
    request: Request


class Headers(Probe):
    """Compares the headers of every kind of answer with `[headers.expect]`."""

    name: ClassVar[str] = "headers"

    def probe(self, base_url: str, seed: int) -> Outcome:
        """Ask for every kind of answer; `seed` decides the path that must not be found."""
        policy = self.policy.headers
        expected = expected_headers(policy.expect, policy.expect_over_https, base_url)
        kinds, gaps = self._kinds(base_url, seed)
        issues: list[Issue] = []
        unanswered: list[str] = []
        for kind in kinds:
            try:
                issues += judge(kind, send(base_url, kind.request, policy.timeout_s), expected, self.reproduce)
            except CheckIncomplete as error:
                unanswered.append(str(error))
        return Outcome(
            covered=len(kinds) - len(unanswered),
            issues=tuple(issues),
            incomplete="; ".join(gaps + unanswered) or None,
        )

    def _kinds(self, base_url: str, seed: int) -> tuple[list[Kind], list[str]]:
        """Return the kinds of answer to ask for, and why some could not be; no document at all is no gap."""
        serve, openapi = self.target.settings.serve, self.target.settings.openapi
        kinds = general_kinds(serve.ready if serve else "/", seed)
        if openapi is None:
            return kinds, []
        if openapi.path is not None:
            kinds.append(_plain("GET", openapi.path))
        try:
            operations = read_operations(self.target, base_url, self.policy.headers.timeout_s)
            kinds += documented_kinds(operations, self._credentials(base_url))
        except Inconclusive as error:
            return kinds, [str(error)]
        return list({kind.name: kind for kind in kinds}.values()), []

    def _credentials(self, base_url: str) -> dict[str, str]:
        """Return the headers of the first identity; of a target without identities: none."""
        identities = list(read_identities(self.target).values())
        return identities[0].log_in(base_url) if identities else {}


def general_kinds(ready: str, seed: int) -> list[Kind]:
    """Return the kinds of answer that any service has."""
    return [
        _plain("GET", ready),
        _plain("HEAD", ready),
        _plain("OPTIONS", ready),
        Kind("GET /(not found)", Request("GET", f"/proving-ground-{seed:06d}")),
        Kind(f"PROPFIND {ready} (method not allowed)", Request("PROPFIND", ready)),
    ]


def documented_kinds(operations: list[Operation], credentials: Mapping[str, str]) -> list[Kind]:
    """Return the kinds of answer that need the document: successes, a refusal, a missing object, a torn body."""
    reads = [operation for operation in operations if operation.method == "GET"]
    refused = next((one for one in reads if one.secured), None)
    absent = next((one for one in reads if one.has_parameters), None)
    written = next((one for one in operations if one.request.body is not None), None)
    kinds = [_known(one, credentials) for one in reads if not one.has_parameters]
    if refused:
        kinds.append(_known(refused, {}, " (anonymous)"))
    if absent:
        kinds.append(_known(absent, credentials, " (absent)"))
    if written:
        kinds.append(_known(written, credentials, " (torn body)", body=b'{"torn'))
    return kinds


def _plain(method: str, path: str) -> Kind:
    return Kind(f"{method} {path}", Request(method, path))


def _known(operation: Operation, credentials: Mapping[str, str], remark: str = "", body: bytes | None = None) -> Kind:
    request = operation.request
    headers = {**request.headers, **credentials}
    return Kind(f"{operation}{remark}", Request(request.method, request.path, headers, body or request.body))


def expected_headers(always: Mapping[str, str], over_https: Mapping[str, str], base_url: str) -> dict[str, str]:
    """Return the headers expected of answers from this address, with the patterns of their values."""
    return {**always, **(over_https if base_url.startswith("https:") else {})}


def judge(kind: Kind, answer: Answer, expected: Mapping[str, str], reproduce: str) -> list[Issue]:
    """Return what the headers of an answer lack."""
    issues = []
    for header, pattern in expected.items():
        value = answer.headers.get(header.lower())
        if value is not None and re.fullmatch(pattern, value, re.IGNORECASE):
            continue
        said = "is missing" if value is None else f"says {value!r}, which does not match {pattern!r}"
        issues.append(
            Issue(
                rule=header.lower(),
                severity=Severity.MEDIUM,
                place=kind.name,
                message=f"{header} {said} (status {answer.status})",
                subject=header.lower(),
                reproduce=reproduce,
            )
        )
    return issues
