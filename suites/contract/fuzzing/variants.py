"""Cases made from a case: the same call once more, or with something else in it."""

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from schemathesis import Case
from schemathesis.generation.meta import CoverageScenario, PhaseInfo

from suites.contract.laws.trials import KEY

VALID = PhaseInfo.coverage(CoverageScenario.DEFAULT_POSITIVE_TEST, "A valid call")


def another(case: Case[Any], **parts: Any) -> Case[Any]:
    """Return the same call with other parts, judged by the same checks: what was valid has to be valid still."""
    made = case.derive()
    # Schemathesis notes what it sends in what it knows of a case: each has its own. The two lines are its generators'.
    made._meta = replace(case.meta, phase=VALID) if case.meta else None  # noqa: SLF001
    for name, value in parts.items():
        setattr(made, name, value)
    made._record_starting_state()  # noqa: SLF001
    return made


def simplest(case: Case[Any]) -> Case[Any]:
    """Return the same call without what its operation does not require in query, headers and cookies."""
    needed: dict[str, set[str]] = {
        container: {one.name.lower() for one in getattr(case.operation, container) if one.is_required}
        for container in ("query", "headers", "cookies")
    }
    parts = {container: _only(getattr(case, container), names) for container, names in needed.items()}
    return another(case, **parts)


def _only(values: Any, names: set[str]) -> Any:
    kept = values.copy()
    for name in [name for name in kept if name.lower() not in names]:
        del kept[name]
    return kept


def with_own_key(case: Case[Any], number: int) -> Case[Any]:
    """Give the `number`th call of its operation an idempotency key of its own, where it has one."""
    for name in [name for name in case.headers if name.lower() == KEY]:
        case.headers[name] = str(uuid5(NAMESPACE_OID, f"{case.operation.label} {number}"))
    return case


def unjudged(case: Case[Any], **parts: Any) -> Case[Any]:
    """Return the same call with other parts, of which nobody says whether they should be accepted."""
    made = another(case, **parts)
    made._meta = None  # noqa: SLF001 - derived cases have their model's
    return made


def with_header(case: Case[Any], name: str, value: str) -> Case[Any]:
    """Return the same call with one header replaced, or with one more; nobody says whether it should be accepted."""
    headers = case.headers.copy()
    headers[name] = value
    return unjudged(case, headers=headers)
