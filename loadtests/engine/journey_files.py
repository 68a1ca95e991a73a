"""Loads journeys: the Locust user classes in a folder of Python files. Imports Locust."""

import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from locust import FastHttpUser, HttpUser, User
from locust.util.load_locustfile import is_user_class

from harness.errors import RequestError
from loadtests.client.user import LeanHttpUser
from loadtests.profile import nearest


def load_journeys(folder: Path) -> dict[str, type[User]]:
    """Import every Python file of a folder (not those that begin with _) and return its user classes by name.

    Raises:
        RequestError: a file raises, two classes have one name, or there is no class at all.

    """
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # files of the folder may import each other, as Locust's may
    journeys: dict[str, type[User]] = {}
    for file in sorted(folder.glob("[!_]*.py")):
        for name, journey in _classes_of(file).items():
            if name in journeys:
                raise RequestError(f"{file}: a second journey with the name {name}; give each its own")
            journeys[name] = journey
    if not journeys:
        raise RequestError(
            f"{folder}: no journeys; put a Python file there with a class that subclasses LeanHttpUser, FastHttpUser "
            "or HttpUser"
        )
    return journeys


def choose_journeys(wanted: Iterable[str], journeys: dict[str, type[User]], profile: str) -> list[type[User]]:
    """Return the journeys that a profile names.

    Raises:
        RequestError: unknown (names the nearest), without tasks, or without an HTTP client.

    """
    chosen: list[type[User]] = []
    for name in wanted:
        journey = journeys.get(name)
        if journey is None:
            raise RequestError(f"{profile}: journeys.{name}: no such journey; {nearest(name, sorted(journeys))}")
        if not journey.tasks:
            raise RequestError(f"{profile}: journeys.{name}: has no tasks; mark a method with @task")
        if not issubclass(journey, LeanHttpUser | FastHttpUser | HttpUser):
            raise RequestError(
                f"{profile}: journeys.{name}: has no HTTP client; subclass LeanHttpUser, FastHttpUser or HttpUser"
            )
        chosen.append(journey)
    return chosen


def _classes_of(file: Path) -> dict[str, type[User]]:
    name = f"journeys_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise RequestError(f"{file}: is not a Python file that can be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a stranger's file raises is an answer here, not our bug
        raise RequestError(f"{file}{_line_in(file, error)}: {type(error).__name__}: {error}") from error
    return {name: item for name, item in vars(module).items() if is_user_class(item) and item.__module__ == spec.name}


def _line_in(file: Path, error: Exception) -> str:
    """Return `:LINE` of the last frame in that file; a syntax error knows its own line."""
    if isinstance(error, SyntaxError):
        return f":{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f":{lines[-1]}" if lines else ""
