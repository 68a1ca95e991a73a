"""A target that dies under the contract suite is a finding, and no end of the run."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness.contract_findings import ContractFindings
from harness.contract_records import ContractCoverage
from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE
from harness.results import Results

SERVER = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.path.startswith("/fatal"):
            os._exit(1)
        body = b"{}"
        self.send_response(401 if self.path == "/login" else 200 if self.path in ("/", "/harmless") else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
AUTH = """
auth:
  - name: nobody
    loginEndpointAuth:
      endpoint: /login
      verb: POST
      payloadRaw: "{}"
      token: {extractFrom: body, extractSelector: /token, sendName: Authorization, sendIn: header}
"""


def _operation() -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {"get": {"responses": {"200": {"description": "fine", "content": content}}}}


def contract(folder: Path, *, auth: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the contract suite on a target of two operations, one of which ends it."""
    paths = {"/fatal": _operation(), "/harmless": _operation()}
    document = {"openapi": "3.1.0", "info": {"title": "specimen", "version": "1"}, "paths": paths}
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "server.py").write_text(SERVER)
    extra = '[auth]\nfile = "auth.yaml"\n' if auth else ""
    (folder / "auth.yaml").write_text(auth or "")
    (folder / "target.toml").write_text(
        'name = "mortal"\n[serve]\ncommand = ["{python}", "server.py", "{port}"]\nready_timeout_s = 60\n'
        f'[openapi]\nfile = "openapi.json"\n{extra}'
    )
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "suites/contract", "--target", folder / "target.toml"),
            *("--results", folder / "results", "--seed", "1", "--max-examples", "3"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def test_death_is_a_finding_and_the_run_goes_on(tmp_path: Path) -> None:
    """The request that the target did not survive is named; it is started again, and the other operation is reached."""
    done = contract(tmp_path)
    assert done.returncode == EXIT_FAIL, done.stdout + done.stderr
    results = Results(tmp_path / "results")
    assert any("/fatal" in death for death in results.read(ContractFindings).deaths)
    reached = {operation.operation: operation.statuses for operation in results.read(ContractCoverage).operations}
    assert 200 in reached["GET /harmless"]


def test_refused_identity_is_inconclusive(tmp_path: Path) -> None:
    """An identity that cannot log in ends the run with what the service answered: nothing was shown."""
    done = contract(tmp_path, auth=AUTH)
    assert done.returncode == EXIT_INCONCLUSIVE, done.stdout + done.stderr
    assert "identity nobody" in done.stdout + done.stderr
    assert "answered 401" in done.stdout + done.stderr
