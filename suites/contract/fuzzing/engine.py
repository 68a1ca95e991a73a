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

from schemathesis.cli import schemathesis as command_line

from suites.contract.fuzzing import false_alarms, strict_answers  # noqa: F401 - register their hook and check
from suites.contract.fuzzing.chains import in_chains
from suites.contract.fuzzing.engine_address import ADDRESS, SHARE
from suites.contract.fuzzing.keeper import Keeper, keep_apart
from suites.contract.fuzzing.limits import limit_answers
from suites.contract.fuzzing.rounds import in_rounds
from suites.contract.fuzzing.senders import signed_by_senders


def main() -> None:
    """Run Schemathesis's command line; operations are kept apart, and shared, where somebody offers to."""
    limit_answers()
    chains = in_chains()
    if address := os.environ.get(ADDRESS):
        keep_apart(Keeper(Client(address, family="AF_UNIX"), chains))
    senders = signed_by_senders()
    if share := os.environ.get(SHARE):
        in_rounds(frozenset(json.loads(Path(share).read_text())), chains, senders)
    command_line()


if __name__ == "__main__":
    main()
