"""Load from several hosts: network namespaces with cables (veth) between them, each with an address of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from loadtests.tests.conftest import ROOT, RUN_TIMEOUT_S, Lab

HERE = "10.77.0.1"
SERVER = Path(__file__).with_name("tiny_server.py")
# Runs in the namespace of the first host, in an empty folder: $1 is Python, $2 the server, $3 the target, then the run.
FIRST_HOST = f"""
set -eu
trap 'kill $(jobs -p)' EXIT

another_host() {{
    mkfifo "up$1" "plugged$1"
    unshare --net bash -c '
        set -eu
        echo >"up$1"
        read -r <"plugged$1"
        ip link set lo up
        ip address add "10.77.$1.2/30" dev eth0
        ip link set eth0 up
        ip route add {HERE} via "10.77.$1.1"
        exec "${{@:2}}"' bash "$@" &
    read -r <"up$1"
    ip link add "cable$1" type veth peer name eth0 netns $!
    ip address add "10.77.$1.1/30" dev "cable$1"
    ip link set "cable$1" up
    echo >"plugged$1"
}}

ip link set lo up
ip address add {HERE}/32 dev lo
"$1" "$2" 8000 '' {HERE} >port &
another_host 1 "$1" -m loadtests worker --join {HERE}:5557 --target "$3"
another_host 2 "$1" -m loadtests worker --join {HERE}:5557 --target "$3"
"${{@:4}}" --workers 2 --bind {HERE}:5557 --allow-remote {HERE}
"$1" -c 'import urllib.request as web; print(web.urlopen("http://{HERE}:8000/peers").read().decode())' >peers
"""


@pytest.fixture
def in_namespace() -> Sequence[str]:
    """Return a command that runs another in a network namespace of its own, where it may lay cables."""
    if shutil.which("ip") is None:
        pytest.skip("no `ip` on PATH: apt-get install iproute2")
    alone = ["unshare", "--net", *(["--map-root-user"] if os.geteuid() else [])]
    tried = subprocess.run([*alone, "ip", "link", "add", "type", "veth"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no network namespace with veth: {' '.join(alone)} ip link add type veth: {tried.stderr.strip()}")
    return alone


def test_several_hosts(lab: Lab, tmp_path: Path, in_namespace: Sequence[str]) -> None:
    """Workers on two other hosts run an unchanged profile against a target on the first one, as one run."""
    lab.target(f'base_url = "http://{HERE}:8000"')
    lab.profile("failures == 0", stages="[[stages]]\nduration_s = 1\nrate = 61\n")
    words = (sys.executable, str(SERVER), str(lab.folder / "target.toml"), *lab.command())
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    with subprocess.Popen(
        [*in_namespace, "bash", "-c", FIRST_HOST, "bash", *words],
        cwd=hosts, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            said = process.communicate(timeout=RUN_TIMEOUT_S)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, said
    assert "joined, 2 of 2" in said
    summary = lab.summary()
    assert 61 == summary.arrivals.intended == summary.total.count
    assert summary.generator.processes == 2
    assert {"10.77.1.2", "10.77.2.2"} <= set((hosts / "peers").read_text().split())
