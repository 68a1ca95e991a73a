"""Tools that benchmarks of the load engine compare with, and the nginx that all of them are pointed at."""

import os
import re
import shutil
import urllib.request

from harness.errors import Inconclusive, RequestError
from harness.guardian import Guardian
from harness.ports import LOOPBACK, free_port
from harness.wait import wait_for

CLIENT_CORE, SERVER_CORE = "0", "1"
START_S = 30.0
_PACKAGES = {"nginx": "nginx-light", "taskset": "util-linux", "hey": "hey", "wrk": "wrk"}
_CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  server {{ listen {address}; location / {{ return 200 "hello"; }} }}
}}
"""


def need(benchmark: str, *names: str) -> None:
    """Refuse to begin without some tools on PATH.

    Raises:
        RequestError: names the first that is missing, and Debian's package of it.

    """
    for name in names:
        if shutil.which(name) is None:
            raise RequestError(f"{benchmark}: {name} is not on PATH; Debian has it in the package {_PACKAGES[name]}")


def need_two_cores(benchmark: str) -> None:
    """Refuse to begin where client and server would share a core.

    Raises:
        Inconclusive: they would.

    """
    if not {int(CLIENT_CORE), int(SERVER_CORE)} <= os.sched_getaffinity(0):
        raise Inconclusive(
            f"{benchmark} needs cores {CLIENT_CORE} and {SERVER_CORE}: one for the client, one for nginx"
        )


def nginx(guardian: Guardian) -> str:
    """Start an nginx on its core that answers 200, and return its base URL."""
    address = f"{LOOPBACK}:{free_port()}"
    configuration = guardian.folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(address=address))
    command = ["taskset", "-c", SERVER_CORE, "nginx", "-e", "stderr", "-p", str(guardian.folder)]
    guardian.spawn([*command, "-c", str(configuration)], output=guardian.folder / "nginx.log")
    wait_for(lambda: _answers(f"http://{address}/"), what="nginx", timeout_s=START_S, transient=(OSError,))
    return f"http://{address}"


def number(pattern: str, output: str) -> float:
    """Return the number that the first group of a pattern finds in what a tool printed."""
    matched = re.search(pattern, output)
    assert matched, output
    return float(matched[1])


def _answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - of our own making
        return bool(answer.read() == b"hello")
