"""The evidence of a load run: `load/<profile>/summary.json`, and each second of `load/<profile>/timeline.jsonl`."""

from harness.results import Document, Record, Status


class Latency(Record, frozen=True):
    """Percentiles in milliseconds."""

    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    max: float


class EndpointLoad(Record, frozen=True):
    """One endpoint under load. Service time: sent to answered; response time: due to answered."""

    name: str
    count: int
    failures: int
    service_ms: Latency
    response_ms: Latency


class Arrivals(Record, frozen=True):
    """Requests by fate: intended by the schedule, started, dropped (never started), late (started behind time)."""

    intended: int
    started: int
    dropped: int
    late: int


class StageLoad(Record, frozen=True):
    """One stage: the requests that were due in it. Times in seconds since the first arrival."""

    name: str
    warm_up: bool
    start_s: float
    duration_s: float
    arrivals: Arrivals
    total: EndpointLoad
    endpoints: tuple[EndpointLoad, ...]


class Generator(Record, frozen=True):
    """The load generator itself, in the stages that are judged; of several processes the busiest.

    `cpu`: mean share of one core; `cpu_peak`: its greatest mean over five seconds; `lag_p99_ms`: how late it woke up;
    `start_lag_ms`: how much later than due requests were started, for whatever reason; `gc_max_ms`: its longest pause
    for collecting garbage; `saturated`: whether it was the bottleneck.
    """

    processes: int
    cpu: float
    cpu_peak: float
    lag_p99_ms: float
    start_lag_ms: Latency
    gc_max_ms: float
    saturated: bool


class TargetUse(Record, frozen=True):
    """What the target's processes used in the measured stages: shares of one core, megabytes of resident memory."""

    cpu_mean: float
    cpu_peak: float
    rss_peak_mb: float


class Threshold(Record, frozen=True):
    """One threshold of a profile, as written, and what was observed."""

    expression: str
    status: Status
    observed: str


class LoadSummary(Document, frozen=True):
    """`load/<profile>/summary.json`; `total`, `endpoints` and `arrivals` are of the measured stages together.

    `loop`: `open` (requests were due at times of their own) or `closed` (users asked when they had their answer; then
    response time is service time). `aborted`: the threshold that ended the run early. `inconclusive`: why the run does
    not say what it should (interrupted, no requests, a saturated generator), and what to change. `target`: None when
    somebody else runs the target. `not_exercised`: operations of the OpenAPI document that journeys made of it leave
    out, each with the reason.
    """

    FILE = "load/{}/summary.json"
    profile: str
    seed: int
    loop: str
    seconds: float
    arrivals: Arrivals
    total: EndpointLoad
    endpoints: tuple[EndpointLoad, ...]
    stages: tuple[StageLoad, ...]
    generator: Generator
    thresholds: tuple[Threshold, ...]
    errors: tuple[str, ...]
    reproduce: str
    target: TargetUse | None = None
    aborted: str | None = None
    inconclusive: tuple[str, ...] = ()
    not_exercised: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """What the run says: its worst threshold; at best inconclusive without thresholds or with a doubt."""
        told = [threshold.status for threshold in self.thresholds]
        return Status.worst([*told, Status.INCONCLUSIVE] if self.inconclusive or not told else told)


class LoadSecond(Record, frozen=True):
    """One second of a run: what happened in it, whenever it was due.

    `answered`: requests with an outcome that had an HTTP status; `unanswered`: failures without one (refused, reset,
    timed out). Percentiles: None without an outcome. `cpu`: the busiest load process, as a share of one core;
    `target_cpu` and `target_rss_mb`: all the target's processes together, None where they are not ours to see.
    """

    second: int
    stage: str
    warm_up: bool
    started: int
    answered: int
    failures: int
    unanswered: int
    in_flight: int
    late: int
    dropped: int
    response_p50_ms: float | None
    response_p99_ms: float | None
    cpu: float
    target_cpu: float | None
    target_rss_mb: float | None
