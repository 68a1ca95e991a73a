"""What of a recording is sent to a target: names, identities, what is left out; and runs of the real command."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from harness.command_line import EXIT_INTERRUPTED
from harness.errors import Inconclusive
from harness.launch import launch
from harness.load_records import LoadSummary
from harness.results import Results
from harness.target import Target
from loadtests.made_journeys import IDEMPOTENCY_KEY, Call
from loadtests.profile import read_profile
from loadtests.replay.making import MOST_REQUESTS, PROFILE, journey_of
from loadtests.replay.naming import Names
from loadtests.replay.recording import Choice, read_recording, sequences_of
from loadtests.replay.sending import Sender
from loadtests.replay.things import with_makers
from loadtests.tests.conftest import ROOT, Lab, finished, heard
from loadtests.tests.recordings import case, entry, event, har, ndjson

STRANGER = Path(__file__).with_name("stranger")
NAMES = Names(["/books", "/books/{id}", "/books/new", "/books/{id}.txt"], "/v2")
QUICK = """
users = 4
patience_s = 30
thresholds = ["failures == 0", "dropped == 0", "response max < 60s"]
[journeys]
Reader = 1
Writer = 2
[[stages]]
duration_s = 2
rate = 20
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the stranger's folder, with a quick profile."""
    shutil.copytree(STRANGER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "quick.toml").write_text(QUICK)
    return tmp_path


@pytest.fixture
def sender(folder: Path) -> Sender:
    """Give what sends to the stranger, which we serve."""
    return Sender(Target.read(folder), NAMES)


def on(base_url: str, folder: Path) -> Target:
    """Return the stranger as somebody else runs it."""
    text = (folder / "target.toml").read_text()
    served = '[serve]\ncommand = ["{python}", "service.py", "{port}"]\n'
    assert served in text
    (folder / "target.toml").write_text(text.replace(served, f'base_url = "{base_url}"\n'))
    return Target.read(folder)


def command(folder: Path, *words: str) -> list[str]:
    """Return the command that replays `recorded` of the folder."""
    options = ("--replay", str(folder / "recorded"), "--target", str(folder), "--results", str(folder / "results"))
    return [sys.executable, "-m", "loadtests", "run", *words, *options, "--seed", "1"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v2/books/new?x=1", "/books/new"),
        ("/v2/books/b7", "/books/{id}"),
        ("/v2/books/b7.txt", "/books/{id}"),
        ("/v2/other/7/8a6e0804-2bd0-4672-b79d-d97027f9071a", "/v2/other/{id}/{id}"),
        ("/commits/0123456789abcdef01/log", "/commits/{id}/log"),
        ("/", "/"),
    ],
)
def test_names(path: str, name: str) -> None:
    """A path is named by its template, of the document or, where that has none, by what looks like an id."""
    assert NAMES.of(path) == name


def test_credentials_stay(sender: Sender) -> None:
    """Credentials, and what belongs to the connection, are not sent again; the key of a call is there to be renewed."""
    headers = {
        "X-token": "t",
        "Cookie": "a=b",
        "authorization": "Basic x",
        "Host": "h",
        ":path": "/",
        "X-Key": "[Filtered]",
    }
    kept = {"Accept": "text/plain", "idempotency-key": "[Filtered]"}
    ((one,),) = sequences_of(har(entry("PUT /v2/books/b1", body="{}", headers={**headers, **kept})))
    sent = sender.request(one)
    expected = {"Accept": "text/plain", IDEMPOTENCY_KEY: "[Filtered]"}
    assert sent.call == Call(method="PUT", path="/v2/books/b1", headers=expected, body="{}")
    assert (sent.template, sent.identity) == ("/books/{id}", "ann")


def test_identities(sender: Sender) -> None:
    """Whom the file names is logged in if the target has such a one; who was refused had no good credentials."""
    cases = [
        case("GET /v2/members", "/members", identity="root"),
        case("GET /v2/members", "/members", identity="zoe"),
        case("GET /v2/members", "/members", 401, identity="root"),
        case("GET /v2/members", "/members"),
    ]
    sequences = sequences_of(ndjson(*(event(a=one) for one in cases)))
    assert [sender.request(one).identity for (one,) in sequences] == ["root", "ann", None, None]


def test_identities_of_har(sender: Sender) -> None:
    """A HAR of the contract suite names whom to log in; null is nobody, whatever headers it had; others do not say."""
    token = {"X-Token": "[Filtered]"}
    entries = [
        entry("GET /v2/members", headers=token, identity="root"),
        entry("GET /v2/members", headers=token, identity=None),
        entry("GET /v2/members", headers=token),
        entry("GET /v2/members"),
    ]
    assert [sender.request(one).identity for (one,) in sequences_of(har(*entries))] == ["root", None, "ann", None]


def test_left_out(sender: Sender) -> None:
    """What cannot be sent is named, once for all of a kind, and so is the sequence that it belongs to."""
    token = {"X-Token": "t"}
    entries = [
        entry("GET /v2/books"),
        entry("GET blob:http://x/y"),
        entry("GET /v2/logout", headers=token),
        entry("GET /v2/search?mark=[Filtered]"),
        entry("GET /v2/search?mark=[Filtered]"),
        entry("GET /v2/members", headers={"X-Odd": "a\nb"}),
        entry("GET /v2/books", page="p"),
        entry("GET /v2/logout", page="p", headers=token),
        entry("GET /v2/books/b1", page="p"),
    ]
    journey, left = journey_of(sender, sequences_of(har(*entries)))
    assert [[one.call.path for one in sequence] for sequence in journey.sequences] == [["/v2/books"]]
    assert [f"{one.operation}: {one.reason}" for one in left] == [
        "GET http://x/y: is not HTTP",
        "GET /v2/logout: it would end the session",
        "GET /v2/search: a value in its address is hidden in the file: [Filtered] (2 times)",
        "GET /v2/members: it cannot be sent: the header X-Odd has control characters (a line's end?) in its value",
        "GET /books/{id}: GET /v2/logout, which belongs before it: it would end the session",
    ]


def test_bounded(sender: Sender) -> None:
    """No more is replayed than a journey may be long."""
    journey, left = journey_of(sender, sequences_of(har(*[entry("GET /v2/books")] * (MOST_REQUESTS + 3))))
    assert len(journey.sequences) == MOST_REQUESTS
    assert [one.reason for one in left] == ["it comes after 2000 others: choose with --slowest or --failed (3 times)"]


def test_writes_of_others(folder: Path) -> None:
    """On a target that somebody else runs nothing is written, nor is read what would have to be made before."""
    sender = Sender(on("http://127.0.0.1:1", folder), NAMES)
    made = [entry("POST /v2/books", 201, body="{}", answer='{"id": "n9"}'), entry("GET /v2/books/n9")]
    with pytest.raises(
        Inconclusive, match=r"not one .* POST /books: it writes: .*; GET /books/{id}: POST /books, which"
    ):
        journey_of(sender, with_makers(sequences_of(har(*made))))


def test_credentials_without_identities(tmp_path: Path) -> None:
    """Who had credentials is not replayed as nobody."""
    (tmp_path / "target.toml").write_text('name = "x"\nbase_url = "http://127.0.0.1:1"\n')
    sender = Sender(Target.read(tmp_path), Names())
    with pytest.raises(Inconclusive, match=r"it had credentials, and target\.toml has no \[auth\]"):
        journey_of(sender, sequences_of(har(entry("GET /", headers={"Cookie": "a=b"}))))


def test_own_profile() -> None:
    """The profile of a replay that is given none is sound, and has the journey of a replay."""
    assert list(read_profile(PROFILE).journeys) == ["Replay"]


def test_recorded_page(folder: Path) -> None:
    """What was made is made anew and asked for where it stands now; a fault is seen again."""
    token = {"X-Token": "long gone"}
    book = {"page": "p", "headers": token}
    entries = [
        entry("POST /v2/books", 201, body='{"title": "new"}', answer='{"bookId": "n7"}', **book),
        entry("GET /v2/books/n7", 200, **book),
        entry("DELETE /v2/books/n7", 204, **book),
        entry("GET /v2/books/n7", 404, **book),
        entry("GET http://elsewhere:1/v2/books"),
        entry("GET /v2/broken", 500, headers=token),
    ]
    for one in entries[:1]:
        one["request"]["headers"].append({"name": "content-type", "value": "application/json"})
    (folder / "recorded").write_bytes(har(*entries))
    replay = command(folder, str(folder / "quick.toml"))
    done = subprocess.run(replay, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout
    assert "replay: 6 requests, recorded at http://127.0.0.1:8123, http://elsewhere:1" in done.stdout
    assert f"--replay {folder / 'recorded'}" in done.stdout
    summary = Results(folder / "results").read(LoadSummary, "replay-quick")
    failures = {one.name: one.failures > 0 for one in summary.endpoints}
    names = ("GET /books", "POST /books", "GET /books/{id}", "DELETE /books/{id}", "GET /broken")
    assert failures == {name: name == "GET /broken" for name in names}
    (error,) = summary.errors
    assert error.endswith("times: GET /broken: CatchResponseError: answered 500, recorded 500")


def test_own_arrivals(folder: Path) -> None:
    """Without a profile a replay has arrivals of its own, here until Ctrl-C; what failed is chosen, and mended now."""
    with launch(Target.read(folder)) as launched:
        on(launched.base_url, folder)
        fine = event(a=case("GET /v2/books", "/books"))
        mended = event(a=case("GET /v2/books/b1", "/books/{id}", 500, identity="ben"))
        (folder / "recorded").write_bytes(ndjson(fine, mended, event(a=case("POST /v2/badges", "/badges", 500))))
        with subprocess.Popen(command(folder, "--failed"), cwd=ROOT, stdout=PIPE, stderr=PIPE, text=True) as process:
            heard(process, " left")
            process.send_signal(signal.SIGINT)
            finished(process)
    assert process.returncode == EXIT_INTERRUPTED
    summary = Results(folder / "results").read(LoadSummary, "replay")
    assert (summary.stages[0].name, summary.errors) == ("warm-up", ())
    histograms = (folder / "results/load/replay/histograms.hlog").read_text()
    assert set(re.findall(r"Tag=response:0:(\S+?),", histograms)) == {"GET%20/books/%7Bid%7D"}
    assert "POST /badges: it writes" in summary.not_exercised[0]
    assert "--failed" in summary.reproduce


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--replay", "missing.har"], "missing.har: cannot be read: No such file"),
        (["--failed"], "--slowest and --failed choose from a recording: give --replay FILE"),
    ],
)
def test_wrong_request(lab: Lab, words: list[str], said: str) -> None:
    """A recording that is not there, or not given, is one clear line, and nothing is started."""
    lab.profile()
    done = lab.run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_recordings_of_schemathesis(folder: Path) -> None:
    """Both of its formats are read, and are the same requests; the broken route is among what failed."""
    document = [
        "openapi.yaml",
        "--header",
        "X-Token: t-ann",
        "--exclude-path",
        "/lost",
        "--exclude-path-regex",
        "logout",
    ]
    what = ["--phases", "examples,coverage", "--max-examples", "1", "--seed", "1", "--generation-database", "none"]
    reports = ["--report", "har,ndjson", "--report-har-path", "a.har", "--report-ndjson-path", "a.ndjson"]
    with launch(Target.read(folder)) as launched:
        command = [sys.executable, "-m", "schemathesis.cli", "run", *document, "--url", f"{launched.base_url}/v2"]
        done = subprocess.run([*command, *what, *reports], cwd=folder, capture_output=True, timeout=110, check=False)
    assert done.returncode == 1, done.stdout.decode()
    flat = {
        name: sorted(
            (one.method, one.path) for sequence in sequences_of((folder / name).read_bytes()) for one in sequence
        )
        for name in ("a.har", "a.ndjson")
    }
    assert flat["a.har"] == flat["a.ndjson"]
    failed = read_recording(Choice(folder / "a.ndjson", failed=True))
    assert "/broken" in {one.template for sequence in failed for one in sequence}
