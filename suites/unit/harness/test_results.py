"""Evidence is written whole, read with its schema checked, and weighed by the worst status."""

from pathlib import Path

import pytest

from harness.errors import ResultsUnwritable, UnreadableEvidence
from harness.results import Gate, Results, Status, Verdict

VERDICT = Verdict(
    run_id="r1",
    target="shop",
    status=Status.FAIL,
    gates=(Gate(name="unit", kind="suite", status=Status.FAIL, summary="1 of 3 failed"),),
)


def test_document_comes_back_as_written(tmp_path: Path) -> None:
    """What is written is what is read."""
    results = Results(tmp_path)
    results.write(VERDICT)
    assert results.read(Verdict) == VERDICT


def test_nothing_beside_the_document(tmp_path: Path) -> None:
    """Writing leaves the document and no temporary file."""
    Results(tmp_path).write(VERDICT)
    assert [path.name for path in tmp_path.iterdir()] == ["verdict.json"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"schema": 1, "run_id"', "unreadable"),
        ('{"schema": 99, "run_id": "r", "target": "t", "status": "pass", "gates": []}', "schema 99"),
        ('{"schema": 1, "run_id": "r", "target": "t", "status": "splendid", "gates": []}', "unreadable"),
        ("", "unreadable"),
    ],
)
def test_torn_or_foreign_document(tmp_path: Path, text: str, says: str) -> None:
    """A torn document, or one of another schema, is unreadable evidence that names its file."""
    (tmp_path / "verdict.json").write_text(text)
    with pytest.raises(UnreadableEvidence, match=rf"verdict\.json: .*{says}"):
        Results(tmp_path).read(Verdict)


def test_missing_document(tmp_path: Path) -> None:
    """Missing evidence is said to be missing."""
    with pytest.raises(UnreadableEvidence, match=r"verdict\.json: missing"):
        Results(tmp_path).read(Verdict)


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    """A results folder that cannot be made is refused in one line."""
    (tmp_path / "file").touch()
    with pytest.raises(ResultsUnwritable, match="cannot be written"):
        Results(tmp_path / "file" / "results").prepare()


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ([Status.PASS, Status.INCONCLUSIVE, Status.FAIL], Status.FAIL),
        ([Status.INCONCLUSIVE, Status.PASS], Status.INCONCLUSIVE),
        ([Status.PASS], Status.PASS),
        ([], Status.INCONCLUSIVE),
    ],
)
def test_worst_status_decides(statuses: list[Status], worst: Status) -> None:
    """The worst status of several decides; none at all shows nothing."""
    assert Status.worst(statuses) == worst
