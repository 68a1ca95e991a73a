"""Does what the run says, in the order of `loadtests.messages`: imports journeys, starts users, makes the load."""

from collections.abc import Callable
from pathlib import Path

import gevent
import msgspec
from gevent.event import Event
from gevent.queue import SimpleQueue

from harness.errors import ProvingGroundError
from loadtests.engine.engine import Engine
from loadtests.engine.journey_files import load_journeys
from loadtests.engine.made_users import user_classes
from loadtests.messages import Begin, Go, Order, Plan, Ready, Refused, Send, Started, Stop


class Orders:
    """What the run says, read in a greenlet of its own. `stopped` is set when it says stop, or nothing any more."""

    def __init__(self, read: Callable[[], Order | None]) -> None:
        self.stopped = Event()
        self._read = read
        self._waiting: SimpleQueue = SimpleQueue()
        gevent.spawn(self._listen)

    def next(self) -> Order | None:
        """Wait for the next order; None when there will be no more."""
        said: Order | None = self._waiting.get()
        return said

    def _listen(self) -> None:
        while (said := self._read()) is not None and not isinstance(said, Stop):
            self._waiting.put(said)
        self.stopped.set()
        self._waiting.put(None)


def serve(orders: Orders, tell: Send) -> None:
    """Do what the orders say, until the run is over or refused."""
    plan = orders.next()
    if not isinstance(plan, Plan):
        return
    try:
        engine = Engine(plan, load_journeys(Path(plan.journeys)), orders.stopped, tell) if plan.journeys else None
        tell(Ready())
        if isinstance(go := orders.next(), Go):
            with engine or _engine_of_made(plan, go, orders, tell) as engine:
                engine.start_users(go.base_url)
                tell(Started())
                if isinstance(orders.next(), Begin):
                    tell(engine.run())
                    engine.hold()
    except ProvingGroundError as error:
        tell(Refused(message=str(error), exit_code=error.exit_code))


def _engine_of_made(plan: Plan, go: Go, orders: Orders, tell: Send) -> Engine:
    journeys = user_classes(go.made) if go.made else {}
    return Engine(msgspec.structs.replace(plan, profile=go.profile or plan.profile), journeys, orders.stopped, tell)
