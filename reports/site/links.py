"""Links from `results/site/` to what lies under `results/`; only to files that are there."""

from pathlib import Path
from urllib.parse import quote

import msgspec

from reports.evidence import file_inside

SITE = "site"


class Link(msgspec.Struct, frozen=True):
    """A file for the reader: what it is called, and its address relative to the page."""

    label: str
    href: str


class Links(msgspec.Struct, frozen=True):
    """Addresses of files under `results`; what belongs to the site is looked up in `site`, where it is being made."""

    results: Path
    site: Path

    def href(self, place: str | None) -> str | None:
        """Return the address of a file named relative to the results folder; None if it is not there."""
        own = place.removeprefix(f"{SITE}/") if place else None
        if own != place:
            return quote(own) if own and file_inside(self.site, own) else None
        return quote(f"../{place}") if file_inside(self.results, place) else None

    def all_matching(self, pattern: str) -> list[Link]:
        """Return links to all files of the results folder that match, labelled with their paths."""
        found = sorted(file for file in self.results.glob(pattern) if file.is_file())
        places = [str(file.relative_to(self.results)) for file in found]
        return [Link(place, quote(f"../{place}")) for place in places]


def evidence_links(links: Links) -> list[tuple[str, list[Link]]]:
    """Return everything that a reader may want to open, by kind."""
    groups = (
        ("Reports", ["load/*/*.html"]),
        ("JUnit", ["junit/*.xml"]),
        ("Contract", ["contract/*.*"]),
        ("Load", ["load/*/*.json", "load/*/*.jsonl", "load/*/*.csv", "load/*/*.hlog"]),
        ("Security", ["security/*.sarif", "security/*.json"]),
        ("Databases of failed tests", ["databases/*.dump"]),
        ("Run", ["run.json", "target.json"]),
    )
    found = [
        (title, [link for pattern in patterns for link in links.all_matching(pattern)]) for title, patterns in groups
    ]
    if allure := links.href(f"{SITE}/allure/index.html"):
        found[0][1].insert(0, Link("Allure report", allure))
    # These two are written right after the page: they are there when it is read.
    found[-1][1].extend(Link(name, f"../{name}") for name in ("verdict.json", "verdict.md"))
    return [(title, entries) for title, entries in found if entries]
