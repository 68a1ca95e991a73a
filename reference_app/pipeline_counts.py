"""The counts of pipelines for the metrics page, remembered for a moment: scrapes come often, and counting is slow."""

import threading
import time
from collections.abc import Callable, Mapping

from sqlalchemy.exc import SQLAlchemyError

from reference_app.backend import Backend
from reference_app.models import PipelineStatus

REMEMBERED_S = 15.0


class PipelineCounts:
    """Counts once in `REMEMBERED_S` at most; a failure is not remembered."""

    def __init__(self, backend: Backend, now_s: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._now_s = now_s
        self._lock = threading.Lock()
        self._counts: Mapping[PipelineStatus, int] | None = None
        self._counted_at_s = 0.0

    def read(self) -> Mapping[PipelineStatus, int] | None:
        """Return the counts by status; None while Postgres does not answer."""
        with self._lock:  # scrapes that come together cause one count
            if self._counts is None or self._now_s() - self._counted_at_s >= REMEMBERED_S:
                self._counts, self._counted_at_s = self._count(), self._now_s()
            return self._counts

    def _count(self) -> Mapping[PipelineStatus, int] | None:
        try:
            with self._backend.looking() as look:
                return look.statistics.by_status()
        except SQLAlchemyError:
            return None
