"""The journeys for plain Locust: `locust -f loadtests/locustfile.py --host http://127.0.0.1:8000`.

Locust rounds times to two digits before it counts them; here it keeps three.
"""

from pathlib import Path

import locust.stats

from loadtests.engine.journey_files import load_journeys
from loadtests.histograms import cell_of, highest_us


def three_digits(response_ms: float) -> float:
    """Return a time as our histograms keep it."""
    return highest_us(cell_of(response_ms / 1000)) / 1000


locust.stats.bucket_response_time = three_digits  # type: ignore[assignment]  # declared to return whole milliseconds
globals().update(load_journeys(Path(__file__).parent / "journeys"))
