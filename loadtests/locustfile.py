"""The journeys for plain Locust: `locust -f loadtests/locustfile.py --host http://127.0.0.1:8000`."""

from pathlib import Path

from loadtests.journey_files import load_journeys

globals().update(load_journeys(Path(__file__).parent / "journeys"))
