"""The pages show everything, lead to files that exist, and are not moved by hostile text."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from harness.contract_records import Unreached
from harness.results import Failure, Gate, Results, Status, Verdict
from reports.evidence import Evidence, Unreadable, read_evidence
from reports.gates import all_gates
from reports.markdown import code_block, verdict_markdown
from reports.site.page import render_page
from reports.tests.samples import BANDIT, COVERAGE, DOCUMENT, FINDING, FINDINGS, HOSTILE, LOAD, RUN, SOUND, part
from reports.text import one_line
from reports.verdict import judge

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
HOSTILE_GATE = Gate(
    name=f"suite/{HOSTILE}",
    kind="suite",
    status=Status.FAIL,
    summary=HOSTILE,
    evidence=HOSTILE,
    reproduce=f"pytest '{HOSTILE}'",
    failures=(Failure(what=HOSTILE, reproduce=HOSTILE),) * 60,
    accepted=None,
)
HOSTILE_EVIDENCE = Evidence(
    run=replace(
        RUN,
        id=HOSTILE,
        commit=HOSTILE,
        services=tuple(replace(service, name=HOSTILE, version=HOSTILE) for service in RUN.services),
        parts=(replace(part("unit"), command=HOSTILE),),
    ),
    contract=replace(
        COVERAGE,
        operations=(replace(COVERAGE.operations[0], operation=HOSTILE, unseen=(HOSTILE,)),),
        dimensions=(replace(COVERAGE.dimensions[0], name=HOSTILE),),
        unreached=(Unreached(dimension=HOSTILE, operation=HOSTILE, what=HOSTILE, how=HOSTILE),) * 600,
        fail_under={HOSTILE: 50},
    ),
    document=replace(DOCUMENT, title=HOSTILE, base=HOSTILE, invalid=(HOSTILE,), breaking=(HOSTILE,) * 600),
    loads={HOSTILE: replace(LOAD, errors=(HOSTILE,), thresholds=(replace(LOAD.thresholds[0], expression=HOSTILE),))},
    security=replace(
        FINDINGS,
        scans=(replace(BANDIT, incomplete=HOSTILE, sarif="../../etc/passwd"),),
        findings=(replace(FINDING, message=HOSTILE, location=HOSTILE, accepted=HOSTILE),),
    ),
)


class Page(HTMLParser):
    """What a browser would find in a page: links, ids, and elements by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.elements: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]


def render(verdict: Verdict, evidence: Evidence, results: Results) -> str:
    """Render the page as if its site were in place."""
    site = results.folder / "site"
    (site / "allure").mkdir(parents=True, exist_ok=True)
    (site / "allure" / "index.html").write_text("<!doctype html>")
    return render_page(verdict, evidence, results.folder, site, NOW)


def hostile_verdict() -> Verdict:
    """Return a verdict in which every text is hostile."""
    accepted = replace(HOSTILE_GATE, accepted=HOSTILE)
    return replace(judge((HOSTILE_GATE, accepted), target=HOSTILE), notes=(HOSTILE,))


def test_links(sound: Results) -> None:
    """Every link leads to a file that is there or to a place on the page; Locust, SARIF and JUnit are among them."""
    evidence = read_evidence(sound, ci=False, offline=False)
    text = render(judge(all_gates(evidence), run=evidence.record), evidence, sound)
    sound.write_text("verdict.json", "{}")
    sound.write_text("verdict.md", "")
    page = Page(text)
    files = {unquote(link) for link in page.links if not link.startswith(("#", "data:"))}
    missing = [file for file in files if not (sound.folder / "site" / file).resolve().is_file()]
    assert (missing, [link for link in page.links if link.startswith("#") and link[1:] not in page.ids]) == ([], [])
    assert {"allure/index.html", "../load/smoke/locust.html", "../security/bandit.sarif", "../junit/unit.xml"} <= files


def test_self_contained(sound: Results) -> None:
    """The page has no scripts and asks no other address for anything."""
    text = render(judge(all_gates(SOUND), run=RUN), SOUND, sound)
    assert (re.findall(r"https?://", text), [name for name in Page(text).elements if name == "script"]) == ([], [])


def test_accessible(sound: Results) -> None:
    """A screen reader finds landmarks, one main heading, a caption on every table and a word for every status."""
    text = render(judge(all_gates(SOUND), run=RUN), SOUND, sound)
    elements = Page(text).elements
    assert tuple(elements.count(name) for name in ("h1", "main", "nav")) == (1, 1, 1)
    assert elements.count("table") == elements.count("caption")
    assert '<html lang="en">' in text
    assert re.search(r'class="badge pass">.*</svg>pass</span>', text)


@pytest.mark.parametrize(
    ("status", "words"),
    [(Status.PASS, "Safe to ship"), (Status.FAIL, "Not safe to ship"), (Status.INCONCLUSIVE, "Not proven")],
)
def test_first_screen(results: Results, status: Status, words: str) -> None:
    """The verdict is said in words, with target, commit and seed."""
    text = render(judge((replace(HOSTILE_GATE, status=status),), run=RUN), SOUND, results)
    assert words in text
    assert {"reference app", "3f2a9c41d7e0", "1,000 of 1,000 started", "POST /api/pipelines"} <= set(
        re.findall("reference app|3f2a9c41d7e0|1,000 of 1,000 started|POST /api/pipelines", text)
    )


def test_reach(results: Results) -> None:
    """Totals of the reach are shown, with what is asked for, and what was not reached, with what would reach it."""
    text = " ".join(re.sub("<[^>]*>", " ", render(judge(all_gates(SOUND), run=RUN), SOUND, results)).split())
    for words in ("statuses 1 3 33.3% 33%", "examples 0 0", "parameters 1,999 2,000 99.9%"):
        assert words in text
    assert "what would reach it (1) POST /api/pipelines : status 409. send the same thing twice" in text


def test_document(results: Results) -> None:
    """What is wrong with the document is on the page, and what it was compared with."""
    broken = replace(DOCUMENT, base="v1", breaking=("GET /x: is gone",), allowed=True)
    text = " ".join(re.sub("<[^>]*>", " ", render(judge(()), Evidence(document=broken), results)).split())
    assert "Compared with v1" in text
    assert "Breaks clients, as its version says (1) GET /x: is gone" in text


def test_hostile_page(results: Results) -> None:
    """Text of tests, tools and targets stays text in HTML."""
    text = render(hostile_verdict(), HOSTILE_EVIDENCE, results)
    page = Page(text)
    assert (
        [name for name in page.elements if name in {"script", "b"}],
        [link for link in page.links if "javascript" in link or "passwd" in link],
    ) == ([], [])
    assert not re.search("[\x1b\u202e]", text)


def test_hostile_markdown() -> None:
    """Text of tests, tools and targets stays text in Markdown: no HTML, no link, no extra row or cell."""
    text = verdict_markdown(hostile_verdict())
    prose = re.sub(r"^(`{3,})sh\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert ("<" in prose, re.findall(r"(?<!\\)\[", prose), "\x1b" in text) == (False, [], False)
    assert {4} == {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert "and 40 more, in verdict.json" in text


@pytest.mark.parametrize("command", ["pytest x", "echo ``` # ````", "a\nb", "`"])
def test_code_block(command: str) -> None:
    """A command cannot end its own code block."""
    opening, line, closing = code_block(command).splitlines()
    assert (opening, " ".join(command.split())) == (f"{closing}sh", line)
    assert closing not in line


def test_nothing_but_a_verdict(results: Results) -> None:
    """Without readable evidence the page still says what is missing."""
    evidence = Evidence(run=Unreadable("run.json", "run.json: torn"))
    text = render(judge(all_gates(evidence)), evidence, results)
    assert ("Not proven" in text, "run.json: torn" in text, "no readable run record" in text) == (True, True, True)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n b\t c", "a b c"), ("\x1b[31mred", "[31mred"), ("\u202eabc", "abc"), ("x" * 400, "x" * 299 + "…"), ("", "")],
)
def test_one_line(text: str, line: str) -> None:
    """Any text becomes one harmless line of bounded length."""
    assert line == one_line(text)


def test_missing_evidence_is_not_linked(results: Results, tmp_path: Path) -> None:
    """A gate whose file is not there, or lies outside, is shown without a link."""
    outside = tmp_path / "outside.txt"
    outside.write_text("")
    gates = tuple(replace(HOSTILE_GATE, evidence=place) for place in ("junit/none.xml", "../outside.txt", str(outside)))
    links = Page(render(judge(gates), Evidence(), results)).links
    assert [link for link in links if "outside" in link or "none.xml" in link] == []
