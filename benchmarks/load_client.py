"""Requests per second of one core against nginx answering 200: Locust's users, ours, hey and wrk; memory per user.

nginx has core 1, each client core 0, with as many connections. `cpu_us` is what one request costs the client in CPU
time: it says the same as the rate where nothing else runs, and says it still where something does.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping

from benchmarks.load_rates import CONNECTIONS, MEASURED_S
from benchmarks.record import Sample
from harness.command_line import PROJECT
from harness.errors import Inconclusive, RequestError
from harness.guardian import Guardian
from harness.ports import LOOPBACK, free_port
from harness.wait import wait_for

CLIENT_CORE, SERVER_CORE = "0", "1"
PACKAGES = {"nginx": "nginx-light", "taskset": "util-linux", "hey": "hey", "wrk": "wrk"}
USERS = {"HttpUser": "HttpUser", "FastHttpUser": "FastHttpUser", "ours_events": "LeanHttpUser"}
"""Case and kind of user. `ours_events` reports to Locust's event; `ours`, whose hooks the engine has, joins here."""
START_S = 30.0
TIMEOUT_S = 300.0
CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  server {{ listen {address}; location / {{ return 200 "hello"; }} }}
}}
"""


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield the rate, the CPU time of a request and the memory of a user."""
    _need("nginx", "taskset")
    if not {int(CLIENT_CORE), int(SERVER_CORE)} <= os.sched_getaffinity(0):
        raise Inconclusive("load_client needs two cores: one for nginx, one for the client")
    tools = {name: run for name, run in TOOLS.items() if _is_there(name)}
    with Guardian() as guardian:
        url = _serve(guardian)
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for case, kind in USERS.items():
                rate = _locust(kind, url, "rate")
                found |= _samples(case, rate["requests"], rate["wall_s"], rate["cpu_s"])
            for name, run in tools.items():
                found |= _samples(name, *run(url))
            for case, kind in USERS.items():
                found[(case, "kb_per_user", "KB")] = _locust(kind, url, "memory")["kb_per_user"]
            yield found


def _samples(case: str, requests: float, wall_s: float, cpu_s: float) -> dict[Sample, float]:
    return {(case, "rps_per_core", "/s"): requests / wall_s, (case, "cpu_us", "us"): cpu_s / requests * 1e6}


def _locust(kind: str, url: str, what: str) -> dict[str, float]:
    output, _ = _run(sys.executable, "-m", "benchmarks.load_users", kind, url, what)
    found: dict[str, float] = json.loads(output)
    return found


def _hey(url: str) -> tuple[float, float, float]:
    output, cpu_s = _run("hey", "-z", f"{MEASURED_S:g}s", "-c", str(CONNECTIONS), "-cpus", "1", url)
    return _number(r"\[200\]\s+(\d+) responses", output), _number(r"Total:\s+([\d.]+) secs", output), cpu_s


def _wrk(url: str) -> tuple[float, float, float]:
    output, cpu_s = _run("wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{MEASURED_S:g}s", url)
    assert "Non-2xx" not in output, output
    requests = _number(r"(\d+) requests in", output)
    return requests, requests / _number(r"Requests/sec:\s+([\d.]+)", output), cpu_s


TOOLS: Mapping[str, Callable[[str], tuple[float, float, float]]] = {"hey": _hey, "wrk": _wrk}


def _run(*argv: str) -> tuple[str, float]:
    """Run a client on its core; return what it printed, and the CPU seconds that it took."""
    before = os.times()
    done = subprocess.run(
        ["taskset", "-c", CLIENT_CORE, *argv],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = os.times()
    return done.stdout, after.children_user + after.children_system - before.children_user - before.children_system


def _serve(guardian: Guardian) -> str:
    """Start nginx on its core, and return its base URL."""
    address = f"{LOOPBACK}:{free_port()}"
    configuration = guardian.folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(address=address))
    command = ["taskset", "-c", SERVER_CORE, "nginx", "-e", "stderr", "-p", str(guardian.folder)]
    command += ["-c", str(configuration)]
    guardian.spawn(command, output=guardian.folder / "nginx.log")
    wait_for(lambda: _answers(f"http://{address}/"), what="nginx", timeout_s=START_S, transient=(OSError,))
    return f"http://{address}"


def _answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - of our own making
        return bool(answer.read() == b"hello")


def _number(pattern: str, output: str) -> float:
    matched = re.search(pattern, output)
    assert matched, output
    return float(matched[1])


def _need(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            raise RequestError(f"load_client: {name} is not on PATH; Debian has it in the package {PACKAGES[name]}")


def _is_there(name: str) -> bool:
    if shutil.which(name) is None:
        print(f"load_client: no row for {name}: it is not on PATH; Debian has it in the package {PACKAGES[name]}")
        return False
    return True
