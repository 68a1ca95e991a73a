"""What a contract run was asked for: its options, what target.toml adds to them, and the end of one asked wrongly."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ProvingGroundError, RequestError
from harness.target import Target
from harness.waivers import Waiver, read_waivers
from suites.contract.findings.exchange import TIMEOUT_S
from suites.contract.fuzzing.run import Request

BASE_REF_VARIABLE = "PROVING_GROUND_BASE_REF"
NO_TEST = "cache"
"""What a configuration may switch off, and nothing is tried less; the engine does without it anyway."""


def add_options(parser: pytest.Parser) -> None:
    """Add what narrows a contract run down."""
    group = parser.getgroup("proving ground contract suite")
    group.addoption(
        "--operation",
        action="append",
        default=[],
        metavar="'METHOD /path'",
        help="fuzz this operation only; may be given several times",
    )
    group.addoption(
        "--processes",
        type=int,
        default=None,
        metavar="N",
        help="how many engines at once, each with a target of its own (default: one for each core, two at most)",
    )
    group.addoption("--max-examples", type=int, default=20, metavar="N", help="cases per operation (default: 20)")
    group.addoption(
        "--longest-s", type=float, default=1800, metavar="N", help="end the run then, and judge what was seen: 1800"
    )
    group.addoption(
        "--base-ref",
        default=os.environ.get(BASE_REF_VARIABLE) or None,
        metavar="REF",
        help=f"the commit whose snapshot the document must not break (default: ${BASE_REF_VARIABLE}, else none)",
    )
    group.addoption("--renew-snapshot", action="store_true", help="write the served document to the snapshot")


def refuse_impossible(option: Any) -> None:
    """Refuse options with which nothing would be tried.

    Raises:
        RequestError: there are some.

    """
    if option.max_examples < 1:
        raise RequestError(f"--max-examples {option.max_examples}: is at least 1")
    if not option.longest_s > 0:
        raise RequestError(f"--longest-s {option.longest_s:g}: is more than 0")


def or_exit(error: ProvingGroundError) -> BaseException:
    """Return the end of the session: one clear line and the documented exit code."""
    return pytest.exit.Exception(str(error), returncode=error.exit_code)


def request_for(option: Any, target: Target, document: str, prefix: str) -> Request:
    """Return what Schemathesis is to do with a document (a URL or a file), whose paths begin at `prefix`."""
    auth = target.settings.auth
    return Request(
        document=document,
        prefix=prefix,
        auth_file=target.resolve(auth.file) if auth else None,
        configuration=configuration_of(target),
        seed=option.seed,
        max_examples=option.max_examples,
        operations=tuple(option.operation),
        longest_s=option.longest_s,
    )


def configuration_of(target: Target) -> Path | None:
    """Return the configuration file of Schemathesis."""
    openapi = target.settings.openapi
    return target.resolve(openapi.schemathesis) if openapi and openapi.schemathesis else None


def patience_s(target: Target) -> float:
    """Return how long an answer may take when a finding is shown again: longer than the engine has waited for it.

    Raises:
        RequestError: the configuration of Schemathesis cannot be read.

    """
    waited = _read(target).get("request-timeout")
    try:
        return TIMEOUT_S if waited is None else 2 * float(waited)
    except (ValueError, TypeError) as error:
        raise RequestError(f"{configuration_of(target)}: request-timeout: {error}") from error


def switched_off(target: Target) -> tuple[str, ...]:
    """Return what the configuration of Schemathesis switches off, and where: it has its reasons, and is told.

    Raises:
        RequestError: the configuration of Schemathesis cannot be read.

    """
    return tuple(_switched_off(_read(target), "", ""))


def _switched_off(node: Any, name: str, where: str) -> Iterator[str]:
    if isinstance(node, list):
        for table in [one for one in node if isinstance(one, Mapping)]:
            yield from _switched_off(table, "", _filters(table))
    if not isinstance(node, Mapping):
        return
    if node.get("enabled") is False:
        yield f"{name or 'everything'}{where}"
    for key, inner in node.items():
        if key != NO_TEST:
            yield from _switched_off(inner, f"{name}.{key}".removeprefix("."), where)


def _filters(table: Mapping[str, Any]) -> str:
    """Return in words which operations a table of the configuration is about."""
    chosen = [f"{key} {value}" for key, value in table.items() if key.startswith(("include-", "exclude-"))]
    return f" ({', '.join(chosen)})" if chosen else ""


def _read(target: Target) -> dict[str, Any]:
    configuration = configuration_of(target)
    try:
        return tomllib.loads(configuration.read_text("utf-8")) if configuration else {}
    except (OSError, ValueError) as error:
        raise RequestError(f"{configuration}: {error}") from error


def accepted_findings(target: Target) -> tuple[Waiver, ...]:
    """Return the waivers of broken promises.

    Raises:
        TargetFileError: the waivers file is malformed.

    """
    waivers = target.settings.waivers
    return read_waivers(target.resolve(waivers) if waivers else None).contract
