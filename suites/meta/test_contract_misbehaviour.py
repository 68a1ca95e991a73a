"""A target that dies, is late, never ends its answers or leads away under the contract suite: a finding, no hang."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.contract_findings import ContractFindings
from harness.contract_records import ContractCoverage
from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE
from harness.results import Results

SPECIMEN = Path("suites/specimens/misbehaving.py").resolve()
TARGET = """
name = "misbehaving"
[serve]
command = ["{{python}}", "{specimen}", "{{port}}", "{elsewhere}"]
ready_timeout_s = 60
[openapi]
path = "{document}"
schemathesis = "schemathesis.toml"
"""
SETTINGS = """
request-timeout = 1
[[operations]]
include-path-regex = "/allowed$"
checks.status_code_conformance.enabled = false
[cache]
enabled = true
"""
AUTH = """
auth:
  - name: nobody
    loginEndpointAuth:
      endpoint: /refused
      verb: GET
      token: {extractFrom: body, extractSelector: /token, sendName: Authorization, sendIn: header}
"""
EXPECTED = {
    "GET /late": ("F904", "answer_in_time", "No answer in time"),
    "GET /endless": ("F905", "answer_ends", "An answer without end"),
    "GET /dripping": ("F905", "answer_ends", "An answer without end"),
    "GET /broken": ("F906", "answer_is_whole", "The connection ended before there was a whole answer"),
    "GET /fatal": ("F906", "answer_is_whole", "The connection ended before there was a whole answer"),
    "GET /away": ("F101", "status_code_conformance", "Received: 302, which leads to http://127.0.0.1:"),
    "GET /abroad": ("F101", "status_code_conformance", "Received: 307, which leads to http://localhost:"),
    "GET /round": ("F101", "status_code_conformance", "Received: 302, which leads to /v1/round"),
}


class Elsewhere:
    """Somebody else's server on this machine, and what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle(self) -> None:
                asked.append(str(self.client_address))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Yield a server that must not be asked."""
    it = Elsewhere()
    thread = threading.Thread(target=it.server.serve_forever)
    thread.start()
    yield it
    it.server.shutdown()
    thread.join()
    it.server.server_close()


def contract(
    folder: Path, *options: str, elsewhere: int = 9, document: str = "/openapi.json", auth: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the contract suite on the specimen."""
    text = TARGET.format(specimen=SPECIMEN, elsewhere=elsewhere, document=document)
    if auth:
        text += '[auth]\nfile = "auth.yaml"\n'
        (folder / "auth.yaml").write_text(auth)
    (folder / "target.toml").write_text(text)
    (folder / "schemathesis.toml").write_text(SETTINGS)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "suites/contract", "--target", folder / "target.toml"),
            *("--results", folder / "results", "--seed", "1", "--max-examples", "3", *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def test_each_misbehaviour_is_a_finding_and_the_run_goes_on(tmp_path: Path, elsewhere: Elsewhere) -> None:
    """Each is named with a line that shows it, nobody else is asked, and what behaves is tested all the same."""
    done = contract(tmp_path, elsewhere=elsewhere.port)
    assert done.returncode == EXIT_FAIL, done.stdout + done.stderr
    results = Results(tmp_path / "results")
    found = results.read(ContractFindings)
    for operation, (code, check, said) in EXPECTED.items():
        named = [one for one in found.findings if (one.operation, one.code, one.check) == (operation, code, check)]
        assert [said in one.message for one in named] == [True], (operation, done.stdout)
        assert f"--operation '{operation}'" in named[0].reproduce
    assert [death for death in found.deaths if "/fatal" not in death] == []
    reached = {operation.operation: operation.statuses for operation in results.read(ContractCoverage).operations}
    assert (200 in reached["GET /harmless"], 200 in reached["GET /recursive"]) == (True, True)
    assert elsewhere.asked == []
    # A check that the target's configuration switches off stays off; what it has kept would decide the next run.
    assert 418 in reached["GET /allowed"]
    assert ("GET /allowed", "status_code_conformance") not in {(one.operation, one.check) for one in found.findings}
    assert not (tmp_path / ".schemathesis").exists()
    sent = [step.path for one in found.findings for step in one.steps]
    assert [path for path in sent if not path.startswith("/v1/")] == []  # as `servers` of the document has it


def test_run_has_an_end(tmp_path: Path) -> None:
    """A run that is not done in time is ended, and what it has seen until then is judged."""
    done = contract(tmp_path, "--longest-s", "3", "--operation", "GET /dripping")  # that takes 6 s
    assert done.returncode == EXIT_FAIL, done.stdout + done.stderr
    assert "it was not done within 3 s, and was ended; --longest-s gives it more" in done.stdout
    assert Results(tmp_path / "results").read(ContractFindings).seed == 1


def test_refused_identity_is_inconclusive(tmp_path: Path) -> None:
    """An identity that cannot log in ends the run with what the service answered: nothing was shown."""
    done = contract(tmp_path, auth=AUTH)
    assert done.returncode == EXIT_INCONCLUSIVE, done.stdout + done.stderr
    assert "identity nobody" in done.stdout + done.stderr
    assert 'answered 401 Unauthorized: {"detail": "who are you?"}' in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("/away", "HTTP Error 302: it leads to http://127.0.0.1:9, which is not the target: not followed"),
        ("/endless", "the answer does not end"),
        ("/fatal", "Remote end closed connection"),
    ],
)
def test_document_that_does_not_come(tmp_path: Path, document: str, said: str) -> None:
    """A document that never ends, is somebody else's or costs the target its life is inconclusive, in one line."""
    done = contract(tmp_path, document=document)
    assert done.returncode == EXIT_INCONCLUSIVE, done.stdout + done.stderr
    assert "the OpenAPI document: http://127.0.0.1:" in done.stdout
    assert said in done.stdout
