"""Cases made from a case: the same call once more, or with something else in it."""

from dataclasses import replace
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

from schemathesis import Case
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import CaseMetadata, ComponentInfo, CoverageScenario, PhaseInfo

from suites.contract.laws.offers import KEY


class Call(NamedTuple):
    """A case; as whom it is sent, if not as whom the operation is called anyway; which parameters no link may fill."""

    case: Case[Any]
    identity: str | None = None
    kept: tuple[str, ...] = ()


VALID = PhaseInfo.coverage(CoverageScenario.DEFAULT_POSITIVE_TEST, "A valid call")


def another(case: Case[Any], **parts: Any) -> Case[Any]:
    """Return the same call with other parts, judged by the same checks: what was valid has to be valid still."""
    made = _like(case, _own(case.meta) if case.meta else None, parts)
    made._record_starting_state()  # noqa: SLF001 - as Schemathesis's generators do
    return made


def unjudged(case: Case[Any], **parts: Any) -> Case[Any]:
    """Return the same call with other parts, of which nobody says whether they should be accepted."""
    return _like(case, None, parts)


def _like(case: Case[Any], meta: CaseMetadata | None, parts: dict[str, Any]) -> Case[Any]:
    made = case.derive()
    made._meta = meta  # noqa: SLF001 - a derived case has its model's
    for name, value in parts.items():
        setattr(made, name, value)
    return made


def _own(meta: CaseMetadata) -> CaseMetadata:
    """Return what is known of a valid case for another one, which notes there what it becomes when it is sent.

    It is valid, also where it was looked at without the credentials that it will have.
    """
    return replace(
        meta,
        phase=VALID,
        generation=replace(meta.generation, mode=GenerationMode.POSITIVE),
        components={place: ComponentInfo(GenerationMode.POSITIVE) for place in meta.components},
    )


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


def with_header(case: Case[Any], name: str, value: str) -> Case[Any]:
    """Return the same call with one header replaced, or with one more; nobody says whether it should be accepted."""
    headers = case.headers.copy()
    headers[name] = value
    return unjudged(case, headers=headers)
