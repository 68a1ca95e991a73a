"""Anonymous access to operations that the OpenAPI document declares secured: each must be refused.

An answer that is neither a refusal nor a success (404, 422) shows that the request got past the place where
its sender should have been asked who he is.
"""

from collections.abc import Collection
from typing import ClassVar

from security.evidence import CheckIncomplete, Issue, Outcome, Severity
from security.probes.exchange import Answer, send
from security.probes.interface import Probe
from security.probes.openapi import Operation, read_operations

_OK, _REDIRECT, _SERVER_ERROR = 200, 300, 500


class Anonymous(Probe):
    """Sends one plausible request without credentials to every secured operation."""

    name: ClassVar[str] = "anonymous"

    def probe(self, base_url: str, seed: int) -> Outcome:
        """Ask every secured operation."""
        del seed  # nothing here is random
        timeout_s, refusals = self.policy.anonymous.timeout_s, self.policy.anonymous.refusals
        secured = [one for one in read_operations(self.target, base_url, timeout_s) if one.secured]
        if not secured:
            raise CheckIncomplete("the OpenAPI document declares no operation secured")
        issues: list[Issue] = []
        gaps: list[str] = []
        for operation in secured:
            try:
                answer = send(base_url, operation.request, timeout_s)
            except CheckIncomplete as error:
                gaps.append(str(error))
            else:
                issues += judge(operation, answer, refusals, self.reproduce)
        covered = len(secured) - len(gaps)
        return Outcome(covered=covered, issues=tuple(issues), incomplete="; ".join(gaps) or None)


def judge(operation: Operation, answer: Answer, refusals: Collection[int], reproduce: str) -> list[Issue]:
    """Return the issue that an answer to an anonymous request is, if it is one."""
    if answer.status in refusals:
        return []
    rule, severity = _verdict(answer.status)
    wanted = " or ".join(str(status) for status in refusals)
    return [
        Issue(
            rule=rule,
            severity=severity,
            place=str(operation),
            message=f"without credentials it answers {answer.status}, not {wanted}",
            subject=str(operation),
            reproduce=reproduce,
        )
    ]


def _verdict(status: int) -> tuple[str, Severity]:
    if _OK <= status < _REDIRECT:
        return "anonymous-access", Severity.HIGH
    if status >= _SERVER_ERROR:
        return "anonymous-error", Severity.HIGH
    return "anonymous-not-refused", Severity.MEDIUM
