"""The document itself: valid, as it was committed, and as good as its word."""

from collections.abc import Sequence

import pytest

from harness.contract_records import DocumentCheck

MOST_SHOWN = 50


def refuse(lines: Sequence[str]) -> None:
    """Fail with what is wrong, if anything is; all of it is in `contract/document.json`."""
    if lines:
        more = [f"and {len(lines) - MOST_SHOWN} more"] if len(lines) > MOST_SHOWN else []
        pytest.fail("\n".join([*lines[:MOST_SHOWN], *more]), pytrace=False)


def test_valid(document_check: DocumentCheck) -> None:
    """The document is what the OpenAPI Specification allows, and every reference in it leads somewhere."""
    refuse(document_check.invalid)


def test_snapshot(document_check: DocumentCheck) -> None:
    """The document that is served is the one that was committed; `--renew-snapshot` takes the served one."""
    refuse(document_check.differences)


def test_no_client_breaks(document_check: DocumentCheck) -> None:
    """Since the base, nothing has changed that breaks a client, unless the version's major number is greater."""
    refuse(() if document_check.allowed else document_check.breaking)
