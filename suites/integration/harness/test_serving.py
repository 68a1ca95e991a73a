"""A target that cannot be served says why, with its last output; one that can is really there, and really gone."""

import urllib.request
from pathlib import Path

import pytest

from harness.errors import PortTaken, PrepareFailed, ProvingGroundError, TargetNotReady
from harness.launch import given, launch
from harness.ports import free_port
from harness.target import Target

SERVER = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(os.environ.get("STATUS", "200")))
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())

print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def write_target(
    folder: Path, program: str = SERVER, extra: str = "", argument: str = "{port}", ready_timeout_s: int = 60
) -> Target:
    """Write a target whose server is one Python file."""
    (folder / "server.py").write_text(program)
    (folder / "target.toml").write_text(
        f'name = "specimen"\n[serve]\ncommand = ["{{python}}", "server.py", "{argument}"]\n'
        f"ready_timeout_s = {ready_timeout_s}\n{extra}"
    )
    return Target.read(folder)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode()


def refused(target: Target) -> str:
    """Serve a target that cannot be served, and return what the harness says."""
    with pytest.raises(ProvingGroundError) as refusal, launch(target):
        pass
    return str(refusal.value)


def refused_once_up(folder: Path, program: str = SERVER, extra: str = "", *, sign: str) -> str:
    """Return what the harness says of a target that starts and is never ready: `sign` is in it.

    Its deadline has to pass, but not before the machine has started it; on most a second is enough.
    """
    for ready_timeout_s in (1, 4, 16, 32):
        message = refused(write_target(folder, program, extra, ready_timeout_s=ready_timeout_s))
        assert f"a 2xx answer of /: not within {ready_timeout_s} s: " in message
        if sign in message:
            return message
    raise AssertionError(message)


def test_served_target_answers_and_ends(tmp_path: Path) -> None:
    """The target answers as a process of its own, and does not after the end."""
    with launch(write_target(tmp_path)) as launched:
        assert get(launched.base_url) == str(launched.pid)
    with pytest.raises(OSError, match="refused"):
        get(launched.base_url)


def test_restart_keeps_the_address(tmp_path: Path) -> None:
    """A restarted target is another process at the same address."""
    with launch(write_target(tmp_path)) as launched:
        before = get(launched.base_url)
        launched.restart()
        assert get(launched.base_url) != before


def test_renewed_target_begins_again(tmp_path: Path) -> None:
    """A renewed target has what `[prepare]` makes once more, and a process that knows nothing."""
    seed = "open('seed', 'a').write('.')"
    with launch(write_target(tmp_path, extra=f'[prepare]\nseed = [["{{python}}", "-c", "{seed}"]]\n')) as launched:
        before = get(launched.base_url)
        launched.renew()
        assert get(launched.base_url) != before
        assert (tmp_path / "seed").read_text() == ".."


def test_exits_at_once(tmp_path: Path) -> None:
    """A target that ends before it is ready is shown with its exit code and last output."""
    message = refused(write_target(tmp_path, "raise SystemExit('no such table: pipelines')"))
    assert "ended with code 1 before it was ready" in message
    assert "no such table: pipelines" in message


def test_never_ready(tmp_path: Path) -> None:
    """A target that listens to nobody is given up on at its deadline, with its last output."""
    program = "import time; print('warming up', flush=True); time.sleep(600)"
    assert "no answer" in refused_once_up(tmp_path, program, sign="warming up")


def test_readiness_answers_500(tmp_path: Path) -> None:
    """A readiness path that answers 500 is not ready, and the message says 500."""
    refused_once_up(tmp_path, extra='[serve.environment]\nSTATUS = "500"\n', sign="it answered 500")


def test_unknown_command(tmp_path: Path) -> None:
    """A command that does not exist is the target file's mistake, named by its key."""
    target = write_target(tmp_path)
    target.file.write_text(target.file.read_text().replace("{python}", "no-such-server"))
    assert (
        refused(Target.read(tmp_path))
        == f"{target.file}: serve.command: 'no-such-server' does not exist or is not on PATH"
    )


def test_taken_port(tmp_path: Path) -> None:
    """A target that insists on a port which is taken is refused before it starts."""
    with launch(write_target(tmp_path)) as launched:
        port = launched.base_url.rsplit(":", 1)[1]
        fixed = tmp_path / "fixed"
        fixed.mkdir()
        with (
            pytest.raises(PortTaken, match=f"port {port} on 127.0.0.1 is taken"),
            launch(write_target(fixed, extra=f"port = {port}\n")),
        ):
            pass


def test_fixed_port(tmp_path: Path) -> None:
    """A target that insists on a free port gets it."""
    port = free_port()
    with launch(write_target(tmp_path, extra=f"port = {port}\n", argument=str(port))) as launched:
        assert launched.base_url == f"http://127.0.0.1:{port}"


def test_failing_migration(tmp_path: Path) -> None:
    """A migration that fails is shown with its command and last output, and nothing is served."""
    extra = '[prepare]\nmigrate = [["{python}", "-c", "raise SystemExit(\'no such column\')"]]\n'
    with pytest.raises(PrepareFailed, match="no such column"), launch(write_target(tmp_path, extra=extra)):
        pass


def test_given_target(tmp_path: Path) -> None:
    """A target that somebody else runs is used as it is."""
    with launch(write_target(tmp_path)) as launched:
        elsewhere = tmp_path / "given.toml"
        elsewhere.write_text(f'name = "given"\nbase_url = "{launched.base_url}/"\n')
        assert given(Target.read(elsewhere)).base_url == launched.base_url


def test_given_target_that_is_down(tmp_path: Path) -> None:
    """A base_url at which nobody answers is said to be so."""
    (tmp_path / "target.toml").write_text(f'name = "down"\nbase_url = "http://127.0.0.1:{free_port()}"\n')
    with pytest.raises(TargetNotReady, match="no answer"):
        given(Target.read(tmp_path))


def test_program_output_is_kept(tmp_path: Path) -> None:
    """What the target prints can be read while it runs."""
    with launch(write_target(tmp_path)) as launched:
        assert launched.log is not None
        assert "listening" in launched.log.read_text()


def test_other_braces_stay(tmp_path: Path) -> None:
    """Only {python} and {port} are filled in; JSON and shell braces pass unharmed."""
    program = "import sys; sys.exit(f'argument: {sys.argv[1]}')"
    environment = '[serve.environment]\nPORT = "{port}"\n'
    assert "argument: {home}" in refused(write_target(tmp_path, program, environment, argument="{home}"))


def test_environment_is_the_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target sees our environment, overridden by its own settings."""
    monkeypatch.setenv("STATUS", "503")
    target = write_target(tmp_path, extra='[serve.environment]\nSTATUS = "204"\n')
    with launch(target) as launched, urllib.request.urlopen(launched.base_url, timeout=60) as answer:
        assert answer.status == 204
