"""The document itself: valid, as it was committed, and as good as its word."""

from harness.contract_records import DocumentCheck


def test_valid(document_check: DocumentCheck) -> None:
    """The document is what the OpenAPI Specification allows, and every reference in it leads somewhere."""
    assert document_check.invalid == ()


def test_snapshot(document_check: DocumentCheck) -> None:
    """The document that is served is the one that was committed; `--renew-snapshot` takes the served one."""
    assert document_check.differences == ()


def test_no_client_breaks(document_check: DocumentCheck) -> None:
    """Since the base, nothing has changed that breaks a client, unless the version's major number is greater."""
    assert document_check.allowed or document_check.breaking == ()
