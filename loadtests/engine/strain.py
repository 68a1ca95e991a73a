"""How strained the engine's own process is: its CPU, its pauses for garbage, how late it wakes up. Imports gevent."""

import gc
import time

from loadtests.engine.alarm import Alarm
from loadtests.engine.recorder import Recorder

HEARTBEAT_S = 0.010


class Strain:
    """Measured from one `cut` to the next."""

    def __init__(self) -> None:
        self._cpu_s = self._cut_at_s = 0.0
        self._collecting_since_s = self._longest_gc_s = 0.0

    def begin(self) -> None:
        """Begin: what was made until now (Locust, the journeys, the users) is not looked through for garbage again."""
        gc.collect()
        gc.freeze()
        gc.callbacks.append(self._on_gc)
        self.cut()

    def end(self) -> None:
        """End."""
        gc.callbacks.remove(self._on_gc)
        gc.unfreeze()

    def cut(self) -> tuple[float, float]:
        """Return the CPU as a share of one core, and the longest pause for garbage in seconds, since the last cut."""
        cpu_s, now_s = time.process_time(), time.perf_counter()
        share = (cpu_s - self._cpu_s) / max(now_s - self._cut_at_s, 1e-9)
        longest_s = self._longest_gc_s
        self._cpu_s, self._cut_at_s, self._longest_gc_s = cpu_s, now_s, 0.0
        return share, longest_s

    def _on_gc(self, phase: str, _info: dict[str, int]) -> None:
        now_s = time.perf_counter()
        if phase == "start":
            self._collecting_since_s = now_s
        else:
            self._longest_gc_s = max(self._longest_gc_s, now_s - self._collecting_since_s)


def beat(recorder: Recorder) -> None:
    """Note for ever how late this process wakes up, also while every user is busy."""
    with Alarm() as alarm:
        while True:
            asked_s = time.perf_counter() + HEARTBEAT_S
            alarm.sleep_until(asked_s)
            recorder.note_lag(max(0.0, time.perf_counter() - asked_s))
