"""The contract suite beside git, and on documents of which little can be told: one clear line, the right exit code."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.contract_records import DocumentCheck
from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS, EXIT_REQUEST, RequestError
from harness.results import Results
from suites.contract.document_checks.check import check_document, renew

BASE_URL = "http://127.0.0.1:4711"
TARGET = """
name = "a folder of files"
[serve]
command = ["{python}", "-m", "http.server", "{port}", "--bind", "127.0.0.1"]
[openapi]
path = "/openapi.json"
snapshot = "snapshot.json"
"""
TREE = {"type": "object", "properties": {"of": {"$ref": "#/components/schemas/Tree"}}}


def document(schema: Any) -> dict[str, Any]:
    """Return a document with one operation, whose answer has this schema."""
    answer = {"description": "fine", "content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1.0.0"},
        "paths": {"/things": {"get": {"responses": {"200": answer}}}},
        "components": {"schemas": {"Tree": TREE}},
    }


def checked(
    folder: Path, text: str | None, *options: str, tests: str = "suites/contract/test_document.py"
) -> subprocess.CompletedProcess[str]:
    """Run the checks of the document on a target that serves this text as its document."""
    (folder / "target.toml").write_text(TARGET)
    if text is not None:
        (folder / "openapi.json").write_text(text)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", tests, "-q"),
            *("--target", folder / "target.toml", "--results", folder / "results", *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (None, EXIT_INCONCLUSIVE, "the OpenAPI document: http://127.0.0.1:"),
        ("{ no JSON", EXIT_REQUEST, "neither JSON nor YAML"),
        ('{"swagger": "2.0", "paths": {}}', EXIT_REQUEST, "is not of version 3 (Swagger 2.0)"),
        (json.dumps(document({}) | {"paths": {}}), EXIT_INCONCLUSIVE, "the OpenAPI document has no operations"),
        (json.dumps(document({"$ref": "#/nowhere"})), EXIT_FAIL, "$ref '#/nowhere' leads nowhere"),
        (json.dumps(document({"$ref": "#/components/schemas/Tree"})), EXIT_PASS, "3 passed"),
        (yaml.safe_dump(document({"type": "string", "example": dt.date(2026, 1, 1)})), EXIT_PASS, "3 passed"),
        ("[]", EXIT_REQUEST, "the OpenAPI document is no object but list"),
        ("{}", EXIT_REQUEST, "is not of version 3 (openapi not given)"),
    ],
    ids=[
        *("missing", "not JSON", "Swagger 2.0", "no operations", "a reference to nowhere", "recursive"),
        *("YAML", "a list", "not OpenAPI"),
    ],
)
def test_bad_documents(tmp_path: Path, text: str | None, code: int, said: str) -> None:
    """A document of which nothing can be told ends the suite at once and says why; one that is only wrong fails."""
    done = checked(tmp_path, text, "--renew-snapshot")
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_unknown_base_ref(tmp_path: Path) -> None:
    """A base that git does not know ends the suite with one line."""
    done = checked(tmp_path, json.dumps(document({})), "--renew-snapshot", "--base-ref", "nowhere")
    assert (done.returncode, "--base-ref nowhere: git knows no such commit" in done.stdout) == (EXIT_REQUEST, True)


def test_evidence_of_the_document(tmp_path: Path) -> None:
    """What was checked becomes evidence, the comparison that was not made too."""
    done = checked(tmp_path, json.dumps(document({})))
    found = Results(tmp_path / "results").read(DocumentCheck)
    assert (done.returncode, found.problems) == (
        EXIT_FAIL,
        ("snapshot.json is not there; --renew-snapshot makes it",),
    )
    assert "not looked for" in found.base


def git(folder: Path, *arguments: str) -> str:
    """Run git, as nobody in particular; return what it says."""
    who = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """Return a snapshot that is committed, after a commit without it (tagged `empty`)."""
    snapshot = tmp_path / "openapi.json"
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "nothing yet")
    git(tmp_path, "tag", "empty")
    renew(snapshot, document({"type": "string"}), BASE_URL)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "a document")
    return snapshot


def test_broken_promise(committed: Path) -> None:
    """What a document promised at the base and no longer keeps makes it fail, until its major number is greater."""
    broken = document({"type": "integer"})
    renew(committed, broken, BASE_URL)
    found = check_document(broken, BASE_URL, committed, "HEAD")
    assert found.problems == ("GET /things: status 200: may be integer now, was string",)
    honest = {**broken, "info": {"title": "Things", "version": "2.0.0"}}
    renew(committed, honest, BASE_URL)
    found = check_document(honest, BASE_URL, committed, "HEAD")
    assert (len(found.breaking), found.allowed, found.problems) == (1, True, ())


def test_base_without_a_snapshot(committed: Path) -> None:
    """A base from before the snapshot compares with nothing, and says so."""
    found = check_document(document({"type": "string"}), BASE_URL, committed, "empty")
    assert (found.problems, "empty has no openapi.json" in found.base) == ((), True)


@pytest.mark.parametrize("ref", ["nowhere", "--help", "HEAD~9"])
def test_unknown_base(committed: Path, ref: str) -> None:
    """A base that git does not know is the request's fault."""
    with pytest.raises(RequestError, match="git knows no such commit"):
        check_document(document({}), BASE_URL, committed, ref)


def test_base_that_a_clone_lacks(committed: Path) -> None:
    """A snapshot that git knows of, and does not have, is not taken for one that was never there."""
    blob = git(committed.parent, "rev-parse", "HEAD:openapi.json")
    (committed.parent / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(RequestError, match=r"git does not give out openapi\.json there"):
        check_document(document({}), BASE_URL, committed, "HEAD")


def test_torn_base(committed: Path) -> None:
    """A snapshot that is no JSON at the base is the request's fault."""
    committed.write_text("{")
    git(committed.parent, "commit", "--quiet", "--all", "--message", "torn")
    with pytest.raises(RequestError, match="is not JSON there"):
        check_document(document({}), BASE_URL, committed, "HEAD")


def test_evidence_that_cannot_be_written(tmp_path: Path) -> None:
    """Where the evidence should be and cannot, the run ends with one line."""
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "contract").write_text("no folder")
    done = checked(tmp_path, json.dumps(document({})), "--renew-snapshot")
    assert (done.returncode, "document.json: cannot be written" in done.stdout) == (EXIT_REQUEST, True), done.stdout


def test_a_run_that_would_try_nothing_is_refused(tmp_path: Path) -> None:
    """A wrong option of the suite's own ends it before anything is started, with one line."""
    done = checked(tmp_path, None, "--max-examples", "0")
    assert (done.returncode, "--max-examples 0: is at least 1" in done.stderr + done.stdout) == (EXIT_REQUEST, True)


def test_an_operation_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Whoever mistypes what to fuzz is told so, where all of the document would be fuzzed otherwise."""
    done = checked(tmp_path, json.dumps(document({})), "--operation", "GET /thing", tests="suites/contract")
    assert done.returncode == EXIT_REQUEST
    assert "--operation 'GET /thing': there is no such operation to fuzz in the document" in done.stdout + done.stderr
