"""The requests of the benchmarks on the reference app, as they go over the wire."""

import itertools
import random
from collections.abc import Callable, Mapping

from benchmarks.http_loop import RequestMaker, request

PIPELINES = "/api/pipelines"


class Requests:
    """Makes requests of one session against `rows` seeded pipelines; the same seed makes the same ones."""

    def __init__(self, session: Mapping[str, str], rows: int, seed: int = 1) -> None:
        self._session = dict(session)
        self._rows = rows
        self._random = random.Random(seed)  # noqa: S311 - which rows are read is no secret
        self._numbers = itertools.count()
        self._list = request("GET", PIPELINES, self._session)
        self._statistics = request("GET", f"{PIPELINES}/statistics", self._session)

    def list(self) -> bytes:
        """Return the first page."""
        return self._list

    def statistics(self) -> bytes:
        """Return the counts."""
        return self._statistics

    def read(self) -> bytes:
        """Read any pipeline."""
        return self.read_of(self._rows)

    def read_of(self, hot: int) -> bytes:
        """Read one of the `hot` oldest pipelines."""
        return request("GET", f"{PIPELINES}/{self._random.randint(1, hot)}", self._session)

    def create(self) -> bytes:
        """Create a pipeline, with a key of its own."""
        headers = self._session | {"Idempotency-Key": f"bench-{self._random.getrandbits(64):x}-{next(self._numbers)}"}
        return request("POST", PIPELINES, headers, {"name": "Nightly build", "branch": "main", "run_number": 17})

    def update(self) -> bytes:
        """Rename one of alice's pipelines, whatever its version."""
        return self.update_of(self._rows)

    def update_of(self, hot: int) -> bytes:
        """Rename one of alice's among the `hot` oldest pipelines: every third is hers, from the first on."""
        identity = 1 + 3 * self._random.randrange(max(hot // 3, 1))
        body = {"name": f"Renamed {next(self._numbers)}"}
        return request("PATCH", f"{PIPELINES}/{identity}", self._session | {"If-Match": "*"}, body)

    def mixed(self, hot: int) -> RequestMaker:
        """Return HttpArena's CRUD mix: 75% reads, 15% updates, 5% lists, 5% creates."""
        makers: tuple[Callable[[], bytes], ...] = (
            lambda: self.read_of(hot),
            lambda: self.update_of(hot),
            self.list,
            self.create,
        )

        def make() -> bytes:
            return self._random.choices(makers, weights=(75, 15, 5, 5))[0]()

        return make
