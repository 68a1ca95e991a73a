"""The edge of every part: the common options, one clear line for an error, the documented exit code."""

import argparse
import os
import secrets
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import EXIT_REQUEST, ProvingGroundError

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_TARGET = Path("reference_app/target.toml")
DEFAULT_RESULTS = Path("results")
SERVICE_CHOICES = ("auto", "containers", "embedded", "external")
SERVICES_VARIABLE = "PROVING_GROUND_SERVICES"
EXIT_INTERRUPTED = 130


def parser(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser whose mistakes are one line with exit code 2."""
    return argparse.ArgumentParser(prog=program, description=description, allow_abbrev=False)


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every part understands."""
    parser.add_argument(
        "--target",
        type=Path,
        default=DEFAULT_TARGET,
        metavar="PATH",
        help="the target.toml (default: %(default)s)",
    )
    parser.add_argument(
        "--services",
        choices=SERVICE_CHOICES,
        default=default_services(),
        help=f"where Postgres and Redis come from (default: ${SERVICES_VARIABLE}, else auto)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=DEFAULT_RESULTS,
        metavar="DIR",
        help="evidence folder (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="seed of everything random (default: new)")


def default_services() -> str:
    """Return what `--services` is when it is not given."""
    return os.environ.get(SERVICES_VARIABLE) or "auto"


def new_seed() -> int:
    """Return a fresh seed, small enough to read out."""
    return secrets.randbelow(1_000_000)


def offline() -> bool:
    """Whether the user stated, by OFFLINE=1, that there is no network."""
    return os.environ.get("OFFLINE", "") not in {"", "0"}


def python_command(*arguments: str | Path) -> str:
    """Return a line for the shell that runs `python arguments…` with this interpreter, from this folder."""
    interpreter = Path(sys.executable)
    here = Path.cwd()
    shown = interpreter.relative_to(here) if interpreter.is_relative_to(here) else interpreter
    return shlex.join([str(shown), *(str(argument) for argument in arguments)])


def own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which `python -m harness…` works from any folder."""
    places = [str(PROJECT), environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, places))}


def run_edge(main: Callable[[], int]) -> int:
    """Run a part's main function and return its exit code; an answer of the error tree is one clear line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` ends a run as Ctrl-C does
    try:
        return main()
    except ProvingGroundError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_REQUEST
