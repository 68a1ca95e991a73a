"""A target that is down, dies, comes back, hangs, cannot be reached, or leads elsewhere."""

import signal
import urllib.request
from pathlib import Path

import pytest
import trustme

from harness.results import Status
from harness.wait import wait_for
from loadtests.tests.conftest import READER, Lab, Server, finished, heard_port, serve

LONG = "[[stages]]\nduration_s = 60\nrate = 20\n"
ELSEWHERE = """
from locust import FastHttpUser, HttpUser, SequentialTaskSet, task
from loadtests.client.user import LeanHttpUser

class Both(SequentialTaskSet):
    @task
    def ask(self):
        self.client.get("OTHER/", name=f"/asked/{type(self.user).__name__.lower()}")

    @task
    def follow(self):
        self.client.get("/to/OTHER/", name=f"/led/{type(self.user).__name__.lower()}")

class Lean(LeanHttpUser):
    allow_redirects = True
    tasks = [Both]

class Fast(FastHttpUser):
    tasks = [Both]

class Plain(HttpUser):
    tasks = [Both]

class Home(HttpUser):
    @task
    def read(self):
        self.client.get("/to//", name="/home")
"""


def asked_of(server: Server) -> str:
    """Return what a tiny server was asked."""
    with urllib.request.urlopen(f"{server.base_url}/seen", timeout=60) as answer:
        text: str = answer.read().decode()
    return text


@pytest.mark.parametrize("trusted", ["down", "TLS"])
def test_unreachable_target(lab: Lab, server: Server, tmp_path: Path, trusted: str) -> None:
    """A target that does not answer at the start, or with a certificate nobody vouches for, is named in one line."""
    lab.profile("failures < 1%")
    base_url = lab.base_url
    server.process.kill()
    server.process.wait()
    if trusted == "TLS":
        certificate = tmp_path / "server.pem"
        trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        with serve("0", str(certificate)) as process:
            base_url = f"https://127.0.0.1:{heard_port(process)}"
            lab.target(f'base_url = "{base_url}"')
            done = lab.run_to(1)
            process.kill()
        assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
    else:
        done = lab.run_to(1)
    assert f"error: tiny: base_url {base_url}: no answer" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_unknown_name(lab: Lab) -> None:
    """A target whose name cannot be resolved is named in one line."""
    lab.target('base_url = "http://nowhere.invalid"')
    lab.profile("failures < 1%")
    done = lab.run_to(1, "--allow-remote", "nowhere.invalid")
    assert "error: tiny: base_url http://nowhere.invalid: no answer" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_target_dies(lab: Lab, server: Server) -> None:
    """A target that dies amid the load fails, and the summary says from when on it did not answer."""
    lab.profile("failures < 1%", stages="[[stages]]\nduration_s = 5\nrate = 50\n")
    run, _line = lab.start()
    server.process.kill()
    said = finished(run)
    assert run.returncode == 1, said
    assert "the target stopped answering at" in said
    assert lab.summary().total.count == 250


def test_target_comes_back(lab: Lab, server: Server) -> None:
    """Of a target that dies and comes back, the outage is told with its seconds; load goes on, until SIGTERM here."""
    lab.profile("failures < 1%", stages=LONG)
    run, _line = lab.start()
    port = server.base_url.rpartition(":")[2]
    server.process.kill()
    server.process.wait()
    wait_for(lambda: any(row.unanswered and not row.answered for row in lab.timeline()), what="outage", timeout_s=60)
    with serve(port) as again:
        heard_port(again)
        back = len(lab.timeline())
        wait_for(lambda: any(row.answered for row in lab.timeline()[back:]), what="answers", timeout_s=60)
        run.send_signal(signal.SIGTERM)
        said = finished(run)
        again.kill()
    assert run.returncode == 130, said
    assert "these are partial results" in said
    assert "the target did not answer from" in said
    assert lab.summary().status == Status.INCONCLUSIVE


def test_served_target_dies(lab: Lab) -> None:
    """A target that we serve and whose process ends under load is a failure, whatever the thresholds say."""
    server = str(Path(__file__).with_name("tiny_server.py"))
    lab.target(f'[serve]\ncommand = ["{{python}}", "{server}", "{{port}}"]\n')
    lab.journey(READER.replace('"/"', '"/die"'))
    lab.profile("response p50 < 60s")
    done = lab.run_to(1)
    assert "error: tiny: its process ended under load" in done.stderr
    assert any("and no threshold judges failures" in doubt for doubt in lab.summary().inconclusive)


def test_hanging_target(lab: Lab) -> None:
    """Requests that never get an answer are failures, the slots behind them are dropped: none disappears."""
    lab.journey(READER.replace('"/"', '"/hang"'))
    lab.profile("failures < 1%", patience_s=0.5)
    lab.run_to(1)
    summary = lab.summary()
    assert (summary.arrivals.intended, summary.arrivals.started, summary.arrivals.dropped) == (50, 5, 45)
    assert 5 == summary.total.count == summary.total.failures


def test_elsewhere(lab: Lab, other_server: Server) -> None:
    """Whichever client a journey uses, nothing goes elsewhere, by its URL or by a redirect: the request fails."""
    lab.journey(ELSEWHERE.replace("OTHER", other_server.base_url))
    journeys = "\n".join(f"{name} = 1" for name in ("Lean", "Fast", "Plain", "Home"))
    lab.profile("failures < 1%", journeys=journeys, stages="[[stages]]\nduration_s = 1\nrate = 80\n", users=4)
    lab.run_to(1)
    failures = {one.name: (one.failures, one.count) for one in lab.summary().endpoints}
    names = {f"GET /{how}/{client}" for how in ("asked", "led") for client in ("lean", "fast", "plain")}
    assert failures == {**dict.fromkeys(names, (10, 10)), "GET /home": (0, 20)}
    assert all("this would have gone elsewhere" in error for error in lab.summary().errors)
    assert asked_of(other_server) == ""
