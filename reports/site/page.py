"""index.html: the verdict, then what it rests on."""

import datetime as dt
import glob
from pathlib import Path

import jinja2
from markupsafe import Markup

from harness.load_records import Latency
from harness.results import Gate, Status, Verdict
from reports.evidence import Evidence, is_readable
from reports.site.links import Links, evidence_links
from reports.text import one_line, percent_of
from reports.verdict import counts, headline, not_passed

FAILURES_SHOWN = 50
FINDINGS_SHOWN = 200
UNREACHED_SHOWN = 500

_WHOLE_COMMIT = 40
_TEMPLATES = Path(__file__).with_name("templates")


def render_page(verdict: Verdict, evidence: Evidence, results: Path, site: Path, made: dt.datetime) -> str:
    """Return the page for a site that is being made in the folder `site`."""
    links = Links(results, site)
    return (
        _environment(links)
        .get_template("index.html.j2")
        .render(
            verdict=verdict,
            headline=headline(verdict),
            counts=counts(verdict),
            attention=[gate for gate in not_passed(verdict.gates) if gate.accepted is None],
            evidence=evidence,
            run=evidence.record,
            contract=evidence.contract if is_readable(evidence.contract) else None,
            document=evidence.document if is_readable(evidence.document) else None,
            loads={name: load for name, load in evidence.loads.items() if is_readable(load)},
            security=evidence.security if is_readable(evidence.security) else None,
            files=evidence_links(links),
            load_pages={name: links.all_matching(f"load/{glob.escape(name)}/*.html") for name in evidence.loads},
            made=made,
            failures_shown=FAILURES_SHOWN,
            findings_shown=FINDINGS_SHOWN,
            unreached_shown=UNREACHED_SHOWN,
            style=Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        )
    )


def _environment(links: Links) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "line": one_line,
        "href": links.href,
        "moment": _moment,
        "seconds": _seconds,
        "commit": _commit,
        "state": _state,
        "percentiles": _percentiles,
        "share": percent_of,
    }
    return environment


def _moment(text: str) -> str:
    """Show a time of ISO 8601 to the minute, in UTC; what is not one is shown as it is."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return one_line(text)
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _commit(commit: str) -> str:
    """Shorten a whole commit id; a name such as `3f2a9c41d7e0-dirty` stays."""
    return commit[:12] if len(commit) == _WHOLE_COMMIT else one_line(commit)


def _seconds(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"


def _state(thing: Gate | Status) -> str:
    """Return the name of the colour and sign with which a status is shown."""
    if isinstance(thing, Gate):
        return "accepted" if thing.accepted else str(thing.status)
    return str(thing)


def _percentiles(latency: Latency) -> list[str]:
    return [
        f"{value:,.1f}" if value < 100 else f"{value:,.0f}"  # noqa: PLR2004 - three digits are enough to compare
        for value in (latency.p50, latency.p90, latency.p95, latency.p99, latency.p999, latency.max)
    ]
