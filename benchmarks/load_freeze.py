"""A target that freezes for 1.4 s in a minute at a constant rate: what each tool says of it, and what is true.

Each answer takes D = 50 ms; the server is stopped (SIGSTOP) for F = 1.4 s in T = 60 s. A request that is due during
the freeze is read when it ends, and answered D later; one that was being served is answered when it ends. So with x >
D the requests that took longer than x were due in a stretch of F + 2D - x seconds, or 2(F + D - x) where x > F. The
response time at a share q of all is the x at which that stretch is (1 - q)T.

wrk knows no rate: it keeps as many requests in flight as make the same rate. hey and Locust's `constant_throughput`
have one, which their users keep until they wait.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load_lab import LoadLab
from benchmarks.record import Sample
from benchmarks.tools import need, number
from harness.command_line import PROJECT
from harness.load_records import Latency
from harness.ports import LOOPBACK

DELAY_S, FREEZE_S, SECONDS, RATE, FREEZE_AT_S = 0.050, 1.4, 60, 200, 20.0
USERS = 400
SHARES = {"p50_ms": 0.50, "p90_ms": 0.90, "p99_ms": 0.99, "p999_ms": 0.999, "max_ms": 1.0}
PROFILE = f"""
users = {USERS}
thresholds = ["dropped == 0"]
[[stages]]
duration_s = {SECONDS}
rate = {RATE}
"""
Figures = Mapping[str, float]


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield what each tool says of the same freeze, and the truth."""
    need("load_freeze", "hey", "wrk")
    for _ in range(repeats):
        found: dict[Sample, float] = {}
        for case, run in CASES.items():
            with _server() as (process, url), tempfile.TemporaryDirectory() as folder:
                figures, frozen_s = run(Path(folder), url, process)
            found |= {(case, metric, "ms"): value for metric, value in figures.items()}
            if case == "ours":
                found |= {("truth", metric, "ms"): value for metric, value in truth(frozen_s).items()}
                found |= {
                    (case, metric.replace("_ms", "_error"), "%"): _error(figures, frozen_s, metric) for metric in SHARES
                }
        yield found


def truth(frozen_s: float) -> Figures:
    """Return the response times that a freeze of this length makes, in milliseconds."""
    return {metric: _at(share, frozen_s) * 1000 for metric, share in SHARES.items()}


def _at(share: float, frozen_s: float) -> float:
    beyond_s = (1 - share) * SECONDS
    slow = frozen_s + DELAY_S - beyond_s / 2
    return max(DELAY_S, slow if slow >= frozen_s else frozen_s + 2 * DELAY_S - beyond_s)


def _error(figures: Figures, frozen_s: float, metric: str) -> float:
    true = truth(frozen_s)[metric]
    return abs(figures[metric] - true) / true * 100


@contextmanager
def _server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "benchmarks.delayed_server", str(DELAY_S)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, f"http://{LOOPBACK}:{process.stdout.readline().strip()}/"
        finally:
            process.kill()


def _freeze(process: subprocess.Popen[str]) -> float:
    """Stop the server for a while, some time into the run, and return for how long it was stopped."""
    time.sleep(FREEZE_AT_S)
    process.send_signal(signal.SIGSTOP)
    stopped_s = time.perf_counter()
    time.sleep(FREEZE_S)
    process.send_signal(signal.SIGCONT)
    return time.perf_counter() - stopped_s


def _ours(folder: Path, url: str, server: subprocess.Popen[str]) -> tuple[Figures, float]:
    lab = LoadLab(folder, url.rstrip("/"))
    run = lab.start("freeze", PROFILE)
    assert run.stdout is not None
    while "left" not in run.stdout.readline():
        assert run.poll() is None, "the run ended before it began"
    frozen_s = _freeze(server)
    return _figures(lab.finish("freeze", run).total.response_ms), frozen_s


def _figures(latency: Latency) -> Figures:
    return {metric: getattr(latency, metric.removesuffix("_ms")) for metric in SHARES}


def _fast_http_user(folder: Path, url: str, server: subprocess.Popen[str]) -> tuple[Figures, float]:
    del folder
    command = [sys.executable, "-m", "benchmarks.freeze_users", url.rstrip("/"), str(USERS), str(RATE), str(SECONDS)]
    said, frozen_s = _with_freeze(command, server)
    figures: dict[str, float] = json.loads(said)
    return figures, frozen_s


def _hey(folder: Path, url: str, server: subprocess.Popen[str]) -> tuple[Figures, float]:
    del folder
    each = RATE / USERS
    command = ["hey", "-z", f"{SECONDS}s", "-c", str(USERS), "-q", f"{each:g}", "-t", "60", "-o", "csv", url]
    said, frozen_s = _with_freeze(command, server)
    times_s = sorted(float(line.partition(",")[0]) for line in said.splitlines()[1:])
    ranks = {metric: max(0, round(share * len(times_s) + 0.5) - 1) for metric, share in SHARES.items()}
    return {metric: times_s[min(rank, len(times_s) - 1)] * 1000 for metric, rank in ranks.items()}, frozen_s


def _wrk(folder: Path, url: str, server: subprocess.Popen[str]) -> tuple[Figures, float]:
    script = folder / "percentiles.lua"
    shares = ", ".join(f"{share * 100:g}" for share in SHARES.values() if share < 1)
    script.write_text(
        "done = function(_, latency)\n"
        f"  for _, p in ipairs({{{shares}}}) do print('at ' .. latency:percentile(p)) end\n"
        "  print('at ' .. latency.max)\nend\n"
    )
    connections = round(RATE * DELAY_S)
    command = [
        "wrk",
        "-t",
        "1",
        "-c",
        str(connections),
        "-d",
        f"{SECONDS}s",
        "--timeout",
        "60s",
        "-s",
        str(script),
        url,
    ]
    said, frozen_s = _with_freeze(command, server)
    values = [number(r"at ([\d.]+)", line) / 1000 for line in said.splitlines() if line.startswith("at ")]
    return dict(zip(SHARES, values, strict=True)), frozen_s


def _with_freeze(command: list[str], server: subprocess.Popen[str]) -> tuple[str, float]:
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        frozen_s = _freeze(server)
        said, _ = process.communicate(timeout=2 * SECONDS)
        assert process.returncode == 0, said
    return said, frozen_s


CASES: Mapping[str, Callable[[Path, str, subprocess.Popen[str]], tuple[Figures, float]]] = {
    "ours": _ours,
    "FastHttpUser": _fast_http_user,
    "hey": _hey,
    "wrk": _wrk,
}
