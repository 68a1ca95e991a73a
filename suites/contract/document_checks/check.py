"""All checks of a document together, as one record of evidence."""

import json
from pathlib import Path
from typing import Any

from harness.contract_records import DocumentCheck
from harness.errors import RequestError
from harness.openapi_document import Node
from suites.contract.document_checks.changes import breaking_changes, version_allows
from suites.contract.document_checks.snapshot import at_commit, differences, written
from suites.contract.document_checks.validity import problems


def check_document(document: Node, base_url: str, snapshot: Path | None, base_ref: str | None) -> DocumentCheck:
    """Return what is wrong with a document that is served at `base_url`, alone and beside its committed snapshot.

    Raises:
        RequestError: the base cannot be compared with: no such commit, no snapshot is named.

    """
    info = document.get("info")
    about: dict[str, Any] = dict(info) if isinstance(info, dict) else {}
    base, told = _base(snapshot, base_ref)
    served = json.loads(written(document, base_url))
    return DocumentCheck(
        title=str(about.get("title", "")),
        version=str(about.get("version", "")),
        invalid=problems(document),
        snapshot=snapshot.name if snapshot else "none is named in [openapi] of target.toml",
        differences=tuple(_differences(snapshot, served)) if snapshot else (),
        base=told,
        breaking=breaking_changes(base, served) if base is not None else (),
        allowed=base is not None and version_allows(base, served),
    )


def renew(snapshot: Path | None, document: Node, base_url: str) -> None:
    """Write the served document to its snapshot.

    Raises:
        RequestError: none is named, or it cannot be written.

    """
    if snapshot is None:
        raise RequestError("--renew-snapshot: [openapi] of target.toml names no `snapshot`, such as openapi.json")
    try:
        snapshot.write_text(written(document, base_url), encoding="utf-8")
    except OSError as error:
        raise RequestError(f"--renew-snapshot: {snapshot}: cannot be written ({error.strerror})") from error


def _differences(snapshot: Path, served: Any) -> list[str]:
    try:
        committed = json.loads(snapshot.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [f"{snapshot.name} is not there; --renew-snapshot makes it"]
    except (OSError, ValueError) as error:
        return [f"{snapshot.name} cannot be read: {error}; --renew-snapshot makes it anew"]
    return list(differences(committed, served))


def _base(snapshot: Path | None, base_ref: str | None) -> tuple[Node | None, str]:
    """Return the snapshot at the base commit, if there is one, and the sentence that says what was compared with."""
    if not base_ref:
        return None, "none: changes that break clients were not looked for (--base-ref REF)"
    if snapshot is None:
        raise RequestError(
            f"--base-ref {base_ref}: [openapi] of target.toml names no `snapshot` that could be compared"
        )
    text = at_commit(snapshot, base_ref)
    if text is None:
        return None, f"{base_ref} has no {snapshot.name}: changes that break clients were not looked for"
    try:
        base = json.loads(text)
    except ValueError as error:
        raise RequestError(f"--base-ref {base_ref}: {snapshot.name} is not JSON there: {error}") from error
    if not isinstance(base, dict):
        raise RequestError(f"--base-ref {base_ref}: {snapshot.name} is no object there")
    return base, base_ref
