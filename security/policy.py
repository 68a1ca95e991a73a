"""The one policy of all scans and probes: `policy.toml`, parsed and validated."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from harness.errors import TargetFileError
from harness.toml_files import read_toml
from security.evidence import Severity

DEFAULT_POLICY = Path(__file__).with_name("policy.toml")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of policy.toml. `timeout_s`: seconds for the whole process; `fail_on`: where it differs."""

    timeout_s: float
    fail_on: Severity | None = None


class BanditPolicy(_Table, frozen=True, kw_only=True):
    """`exclude`: shell patterns of paths that are not the target's own code."""

    exclude: tuple[str, ...] = ()


class PipAuditPolicy(_Table, frozen=True, kw_only=True):
    """Which advisory service is asked, and `canary`: a pinned package that it must know to be vulnerable."""

    vulnerability_service: Literal["pypi", "osv"]
    osv_url: str | None = None
    request_timeout_s: int
    canary: str


class HeadersPolicy(_Table, frozen=True, kw_only=True):
    """Regular expressions that whole header values must match, by header; `timeout_s` is for one request."""

    expect: dict[str, str]
    expect_over_https: dict[str, str] = {}


class AnonymousPolicy(_Table, frozen=True, kw_only=True):
    """`refusals`: statuses that refuse an anonymous request; `timeout_s` is for one request."""

    refusals: tuple[int, ...]


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"pip_audit": "pip-audit"}):
    """`policy.toml` as written. `fail_on` is the severity from which findings fail, unless a table says another."""

    fail_on: Severity
    bandit: BanditPolicy
    pip_audit: PipAuditPolicy
    headers: HeadersPolicy
    anonymous: AnonymousPolicy

    @property
    def tables(self) -> dict[str, _Table]:
        """The tables by their names, which are those of the scans and probes."""
        fields = [field for field in msgspec.structs.fields(self) if field.name != "fail_on"]
        return {field.encode_name: getattr(self, field.name) for field in fields}

    def threshold(self, tool: str) -> Severity:
        """Return the severity from which findings of a tool fail its gate."""
        return self.tables[tool].fail_on or self.fail_on


def read_policy(file: Path) -> Policy:
    """Read and validate a policy.

    Raises:
        TargetFileError: names the file, the key, what is wrong and what would be right.

    """
    policy = read_toml(file, Policy)
    for check in (_check_timeouts, _check_patterns, _check_advisories):
        check(file, policy)
    return policy


def _check_timeouts(file: Path, policy: Policy) -> None:
    for name, table in policy.tables.items():
        if table.timeout_s <= 0:
            raise TargetFileError(file, f"{name}.timeout_s", "must be more than 0 seconds")
    if policy.pip_audit.request_timeout_s <= 0:
        raise TargetFileError(file, "pip-audit.request_timeout_s", "must be more than 0 seconds")


def _check_patterns(file: Path, policy: Policy) -> None:
    for table in ("expect", "expect_over_https"):
        for header, pattern in getattr(policy.headers, table).items():
            try:
                re.compile(pattern)
            except re.error as error:
                key = f"headers.{table}.{header}"
                raise TargetFileError(file, key, f"{pattern!r} is not a regular expression: {error}") from error
    if not policy.headers.expect:
        raise TargetFileError(file, "headers.expect", "is empty; name at least one header and the pattern of its value")


def _is_open_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None


def _check_advisories(file: Path, policy: Policy) -> None:
    wanted = policy.pip_audit
    if wanted.osv_url is not None and wanted.vulnerability_service != "osv":
        raise TargetFileError(file, "pip-audit.osv_url", 'only counts with vulnerability_service = "osv"')
    if wanted.osv_url is not None and not _is_open_address(wanted.osv_url):
        # A password in it would be seen in the process list and in the results.
        raise TargetFileError(file, "pip-audit.osv_url", "must be an http(s):// address without user or password")
    try:
        specifier = str(Requirement(wanted.canary).specifier)
    except InvalidRequirement:
        specifier = ""
    if not specifier.startswith("=="):
        raise TargetFileError(file, "pip-audit.canary", f"{wanted.canary!r} is not a pinned package (name==version)")
