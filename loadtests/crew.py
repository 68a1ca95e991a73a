"""The engines of a run, however many and wherever they are: told together, heard together, their seconds added up."""

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from harness.errors import EXIT_REQUEST, Inconclusive, RequestError
from loadtests.messages import Answer, Begin, Ended, Go, Order, Plan, Ready, Refused, Second, Started, Stop
from loadtests.tally import pooled

SILENCE_S = (
    30.0  # an engine tells each second; one that says nothing for so long is blocked by a journey, or out of reach
)
_LISTEN_S = 1.0

A = TypeVar("A", bound=Answer)


class Link(Protocol):
    """The way to one engine."""

    name: str

    def tell(self, order: Order) -> None:
        """Give an order."""
        ...

    def close(self) -> None:
        """End the engine, and return when it has ended."""
        ...

    def ending(self) -> str:
        """Return how it ended; only after it did."""
        ...


Hear = Callable[[Link, Answer | None], None]  # None: it says nothing any more


class Ending(NamedTuple):
    """How a run of all engines ended; `lost`: a sentence for each that did not come to its end."""

    ended_s: float
    interrupted: bool
    lost: tuple[str, ...]


class Crew:
    """All engines of a run; one that says nothing for `silence_s` counts as lost."""

    def __init__(self, silence_s: float = SILENCE_S) -> None:
        self._silence_s = silence_s
        self._links: list[Link] = []
        self._heard: queue.SimpleQueue[tuple[Link, Answer | None]] = queue.SimpleQueue()

    def hear(self, link: Link, answer: Answer | None) -> None:
        """Take in what an engine says; from any thread."""
        self._heard.put((link, answer))

    def join(self, link: Link) -> None:
        """Add an engine."""
        self._links.append(link)

    def close(self) -> None:
        """End all of them."""
        for link in self._links:
            link.close()

    def stop(self) -> None:
        """Ask all of them to end early; they still tell what they know."""
        for link in self._links:
            link.tell(Stop())

    def plan(self, plans: Sequence[Plan]) -> None:
        """Give each its plan and wait until all have imported the journeys.

        Raises:
            RequestError: the journeys do not fit the profile, or cannot be imported.
            Inconclusive: an engine ended.

        """
        for link, plan in zip(self._links, plans, strict=True):
            link.tell(plan)
        self._await_all(Ready)

    def start(self, go: Go) -> None:
        """Start the users of all and wait until they are ready.

        Raises:
            Inconclusive: a journey could not start, or an engine ended; says why.

        """
        for link in self._links:
            link.tell(go)
        self._await_all(Started)

    def run(self, watch: Callable[[Second], None]) -> Ending:
        """Let all begin, hand each second of all together to `watch`, and return how it ended."""
        for link in self._links:
            link.tell(Begin())
        pool = _Pool(self._links, self._silence_s)
        while pool.active:
            for link, answer in self._listen():
                pool.take(link, answer)
            pool.give_up_on_silent()
            for second in pool.complete():
                watch(second)
        return pool.ending()

    def _await_all(self, kind: type[A]) -> None:
        waiting = list(self._links)
        while waiting:
            for link, answer in self._listen():
                if answer is None:
                    raise Inconclusive(f"{link.name} {link.ending()}")
                if isinstance(answer, Refused):
                    refusal = RequestError if answer.exit_code == EXIT_REQUEST else Inconclusive
                    raise refusal(answer.message)
                if isinstance(answer, kind):
                    waiting.remove(link)

    def _listen(self) -> Iterator[tuple[Link, Answer | None]]:
        """Yield what was said, at most one thing, within a while."""
        try:
            yield self._heard.get(timeout=_LISTEN_S)
        except queue.Empty:
            return


class _Pool:
    """Seconds of several engines on their way to one: a second is complete when every active engine has told it."""

    def __init__(self, links: Sequence[Link], silence_s: float) -> None:
        self._silence_s = silence_s
        self._of = len(links)
        self.active = {link.name: link for link in links}
        self._told = dict.fromkeys(self.active, 0)
        self._silent_s = dict.fromkeys(self.active, 0.0)
        self._looked_at_s = time.monotonic()
        self._seconds: dict[int, list[Second]] = {}
        self._ended: list[Ended] = []
        self._lost: list[str] = []

    def take(self, link: Link, answer: Answer | None) -> None:
        self._silent_s[link.name] = 0.0
        if link.name not in self.active:
            return
        if isinstance(answer, Second):
            self._seconds.setdefault(answer.second, []).append(answer)
            self._told[link.name] = answer.second + 1
        elif isinstance(answer, Ended):
            self._ended.append(answer)
            del self.active[link.name]
        elif answer is None:
            self._lose(link, link.ending())

    def give_up_on_silent(self) -> None:
        now_s = time.monotonic()
        # When this process did not get to listen, nobody was silent: the machine stalled, and the engines with it.
        passed_s = min(now_s - self._looked_at_s, _LISTEN_S)
        self._looked_at_s = now_s
        for name, link in list(self.active.items()):
            self._silent_s[name] += passed_s
            if self._silent_s[name] > self._silence_s:
                self._lose(link, f"said nothing for {self._silence_s:g} s (does a journey block its process?)")

    def complete(self) -> Iterator[Second]:
        told = min((self._told[name] for name in self.active), default=None)
        for second in sorted(self._seconds):
            if told is None or second < told:
                yield pooled(self._seconds.pop(second))

    def ending(self) -> Ending:
        told_s = float(max(self._told.values()))
        return Ending(
            ended_s=max((ended.ended_s for ended in self._ended), default=told_s),
            interrupted=any(ended.interrupted for ended in self._ended),
            lost=tuple(self._lost),
        )

    def _lose(self, link: Link, how: str) -> None:
        of = f" of {self._of}" if self._of > 1 else ""
        self._lost.append(
            f"{link.name}{of} {how} after {self._told[link.name]} s: its requests from then on are missing"
        )
        del self.active[link.name]
