"""Schemathesis's command line, with operations kept apart: `python -m suites.contract.fuzzing.engine run …`.

Where the variable PROVING_GROUND_SEED names a socket, the target gets its seed back, through it, before each
operation of a phase and before each sequence of calls (`keeper.py`); so there is one worker. The variable
PROVING_GROUND_SHARE names a file with the operations that are its own, where several engines work side by side: it
knows all of the document and tries its share (`rounds.py`).
"""

import json
import os
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

from schemathesis.cli import schemathesis as command_line
from schemathesis.config import CacheConfig

from suites.contract.fuzzing import false_alarms, strict_answers  # noqa: F401 - register their hook and check
from suites.contract.fuzzing.accepted_inputs import judge_inputs
from suites.contract.fuzzing.chains import in_chains
from suites.contract.fuzzing.engine_address import ADDRESS, SHARE
from suites.contract.fuzzing.keeper import Keeper, keep_apart
from suites.contract.fuzzing.limits import limit_answers
from suites.contract.fuzzing.rounds import in_rounds
from suites.contract.fuzzing.senders import signed_by_senders


def main() -> None:
    """Run Schemathesis's command line; operations are kept apart, and shared, where somebody offers to."""
    limit_answers()
    remember_nothing()
    judge_inputs()
    chains = in_chains()
    if address := os.environ.get(ADDRESS):
        keep_apart(Keeper(Client(address, family="AF_UNIX"), chains))
    senders = signed_by_senders()
    if share := os.environ.get(SHARE):
        in_rounds(frozenset(json.loads(Path(share).read_text())), chains, senders)
    command_line()


def remember_nothing() -> None:
    """Keep nothing for the next run, and read nothing of the last one: the same seed sends the same.

    Schemathesis 4.32 keeps in `.schemathesis` what it learns of identities and answers, whoever runs it, unless a
    configuration file says otherwise; that is the target's.
    """
    prepare = CacheConfig.__init__

    def prepare_none(cache: CacheConfig, **more: Any) -> None:
        prepare(cache, **{**more, "enabled": False})

    CacheConfig.__init__ = prepare_none  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
