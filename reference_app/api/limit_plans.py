"""What the limits of a route are, where a client stands in them, and the headers that tell both.

The headers are those of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers):
`RateLimit-Policy` lists the quotas (q) and windows (w, seconds), `RateLimit` what remains (r) and for how long (t).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItem

from reference_app.limit_storage import Count, Window

POLICY_HEADER = "RateLimit-Policy"
REMAINING_HEADER = "RateLimit"


@dataclass(frozen=True)
class Policy:
    """One limit of a route, under the name that clients see."""

    name: str
    most: int
    length_s: int


@dataclass(frozen=True)
class Plan:
    """All limits of a route, and the header that lists them."""

    endpoint: str
    policies: tuple[Policy, ...]
    header: tuple[str, str]

    def windows(self, client: str) -> list[Window]:
        """Return what counts the requests of `client`."""
        return [Window(f"{self.endpoint}:{client}:{each.name}", each.most, each.length_s) for each in self.policies]


@dataclass(frozen=True, slots=True)
class Standing:
    """The counts of one client, with this request in them, in the order of the plan's policies."""

    plan: Plan
    counts: Sequence[Count]

    def wait_s(self) -> int | None:
        """Return after how many seconds the client may ask again; None when it may now."""
        waits_s = [
            count.left_s
            for each, count in zip(self.plan.policies, self.counts, strict=True)
            if count.number > each.most
        ]
        return math.ceil(max(waits_s)) if waits_s else None

    def headers(self) -> list[tuple[str, str]]:
        """Return what tells the client where it stands."""
        remaining = ", ".join(
            f'"{each.name}";r={max(0, each.most - count.number)};t={math.ceil(count.left_s)}'
            for each, count in zip(self.plan.policies, self.counts, strict=True)
        )
        return [self.plan.header, (REMAINING_HEADER, remaining)]


def make_plan(endpoint: str, source: str, limits: Sequence[RateLimitItem]) -> Plan | None:
    """Return the plan of an endpoint whose `limits` come from the setting `source`; None where there are none."""
    policies = tuple(_policy(source, limit) for limit in sorted(limits))
    listed = ", ".join(f'"{each.name}";q={each.most};w={each.length_s}' for each in policies)
    return Plan(endpoint, policies, (POLICY_HEADER, listed)) if policies else None


def _policy(source: str, limit: RateLimitItem) -> Policy:
    unit = limit.GRANULARITY.name
    length = unit if limit.multiples == 1 else f"{limit.multiples}-{unit}s"
    return Policy(f"{source}-{length}", limit.amount, limit.get_expiry())
