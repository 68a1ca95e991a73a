"""The Locust user classes of journeys that were made, of whatever. Imports Locust."""

from locust import User

from loadtests.made_journeys import MadeJourney, MadeJourneys, ReplayJourney
from loadtests.openapi_journeys import users as of_document
from loadtests.replay import users as of_recording


def user_classes(made: MadeJourneys) -> dict[str, type[User]]:
    """Return a Locust user class for each name among the journeys, as `loadtests.journey_files.load_journeys` does."""
    documented: dict[str, list[MadeJourney]] = {}
    classes: dict[str, type[User]] = {}
    for journey in made.journeys:
        if isinstance(journey, ReplayJourney):
            classes[journey.name] = of_recording.user_class(journey)
        else:
            documented.setdefault(journey.name, []).append(journey)
    return classes | {name: of_document.user_class(name, journeys) for name, journeys in documented.items()}
