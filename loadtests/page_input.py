"""What Locust's page and tables of a finished run are made from (`loadtests.engine.locust_pages`)."""

from harness.results import Record
from loadtests.histograms import Cells
from loadtests.made_journeys import MadeJourneys
from loadtests.messages import Series


class Moment(Record, frozen=True):
    """A point of the page's charts: what happened in the seconds before `ended_s`."""

    ended_s: float
    rate: float
    failure_rate: float
    response: Cells
    users: int


class Finished(Record, frozen=True):
    """A finished run. `started`: seconds since the epoch; `journeys`: each class's users; from a folder, or made."""

    results: str
    output: str
    base_url: str
    started: float
    ended_s: float
    journeys_folder: str | None
    made: MadeJourneys | None
    journeys: dict[str, int]
    series: tuple[Series, ...]
    errors: dict[str, int]
    moments: tuple[Moment, ...]
