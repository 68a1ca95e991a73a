"""When users may send: on time, each slot once, too late ones never. In this process; gevent patches nothing here."""

import itertools
import resource
import sys
import time
from collections.abc import Iterator

import gevent
import pytest
from gevent import GreenletExit

from loadtests.engine.alarm import Alarm
from loadtests.engine.pacing import Clock, ClosedPacer, OpenPacer
from loadtests.engine.recorder import Recorder
from loadtests.profile import Profile, Stage
from loadtests.schedule import slots
from loadtests.tests.samples import profile

TEN = profile(stages=[Stage(duration_s=1, rate=10)], patience_s=5.0)


class Reader:
    """A user, as far as a pacer knows one."""

    def __init__(self, rank: float = 0.5) -> None:
        self.rank = rank


class Bench:
    """An open pacer at a time of its schedule."""

    def __init__(self, planned: Profile, now_s: float) -> None:
        self.recorder = Recorder(planned)
        self.clock = Clock()
        self.clock.open()
        self.clock.started_at_s -= now_s
        self.pacer = OpenPacer(slots(planned, seed=1), planned, self.recorder, self.clock)

    def taken(self) -> Iterator[int]:
        """Yield the numbers of the slots that a user gets, until the schedule is over."""
        while True:
            try:
                yield self.pacer.take(Reader()).number
            except GreenletExit:
                return

    @property
    def dropped(self) -> int:
        """How many slots were dropped since it was last asked."""
        told = self.recorder.cut_second(0, warm_up=False, cpu=0, gc_s=0)
        return sum(fates.dropped for fates in told.fates)


def plain_alarm() -> Alarm:
    """Return an alarm that could have no timerfd, as where the system knows none: here no file can be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        return Alarm()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(params=[Alarm, plain_alarm], ids=["timerfd", "none"])
def alarm(request: pytest.FixtureRequest) -> Iterator[Alarm]:
    """Give an alarm of each kind."""
    with request.param() as made:
        yield made


def test_kinds_of_alarm(alarm: Alarm, request: pytest.FixtureRequest) -> None:
    """There is a timerfd on Linux, and without one there is an alarm all the same."""
    assert alarm.is_exact == (sys.platform == "linux" and "timerfd" in request.node.name)


@pytest.mark.parametrize("ahead_s", [0.0, -1.0, 0.0002, 0.001, 0.0123, 0.05])
def test_never_early(alarm: Alarm, ahead_s: float) -> None:
    """The alarm rings at its time or later, never before it."""
    for _again in range(5):
        when_s = time.perf_counter() + ahead_s
        alarm.sleep_until(when_s)
        assert time.perf_counter() >= when_s


def test_alarm_yields(alarm: Alarm) -> None:
    """While it waits others run, also when its time has passed."""
    for ahead_s in (0.01, -1.0):
        ran: list[int] = []
        gevent.spawn(ran.append, 1)
        alarm.sleep_until(time.perf_counter() + ahead_s)
        assert ran == [1]


def test_two_alarms() -> None:
    """Each of several greenlets is woken by its own alarm."""
    woken: list[int] = []

    def sleep(number: int, until_s: float) -> None:
        with Alarm() as alarm:
            alarm.sleep_until(until_s)
        assert time.perf_counter() >= until_s
        woken.append(number)

    now_s = time.perf_counter()
    gevent.joinall([gevent.spawn(sleep, number, now_s + number / 100) for number in range(3)], raise_error=True)
    assert sorted(woken) == [0, 1, 2]


def test_each_once() -> None:
    """Every slot is taken once and in order, though all are due at once."""
    bench = Bench(TEN, now_s=2.0)
    gevent.spawn(bench.pacer.walk)
    assert list(range(10)) == list(bench.taken())
    assert bench.dropped == 0


def test_not_before_due() -> None:
    """No slot is handed out before it is due."""
    planned = profile(stages=[Stage(duration_s=0.2, rate=50)])
    bench = Bench(planned, now_s=0.0)
    gevent.spawn(bench.pacer.walk)
    for _number in range(10):
        slot = bench.pacer.take(Reader())
        assert bench.clock.now_s() >= slot.due_s


def test_out_of_patience() -> None:
    """Slots that are further behind time than the profile's patience are dropped, and counted."""
    bench = Bench(TEN, now_s=5.45)
    gevent.spawn(bench.pacer.walk)
    taken = list(bench.taken())
    assert set(taken) <= set(range(5, 10))
    assert len(taken) + bench.dropped == 10


def test_nobody_takes() -> None:
    """When all users are busy for long, what has waited too long does not pile up."""
    bench = Bench(TEN, now_s=60.0)
    bench.pacer.walk()
    assert bench.dropped == 9
    assert list(bench.taken()) == []
    assert bench.dropped == 1


@pytest.mark.parametrize(("until_s", "dropped"), [(0.0, 1), (0.45, 5), (1.0, 10), (9.0, 10)])
def test_closed_early(until_s: float, dropped: int) -> None:
    """At the end of a run what was due until then and not taken is dropped; what was not yet due was never intended."""
    bench = Bench(TEN, now_s=0.0)
    bench.pacer.close(until_s)
    assert (dropped, []) == (bench.dropped, list(bench.taken()))


def test_closed_amid_walk() -> None:
    """A schedule that is stopped in its walk loses no slot, whichever it was about to hand out."""
    bench = Bench(TEN, now_s=0.35)
    walk = gevent.spawn(bench.pacer.walk)
    first = bench.pacer.take(Reader())
    walk.kill()
    bench.pacer.close(1.0)
    assert (first.number, bench.dropped) == (0, 9)


def test_journeys_apart() -> None:
    """A user gets the slots of its own journey and no others."""
    bench = Bench(profile(stages=[Stage(duration_s=1, rate=10)], journeys={"Reader": 3.0, "Author": 2.0}), now_s=2.0)
    gevent.spawn(bench.pacer.walk)
    assert len(list(bench.taken())) == 6
    bench.pacer.close(1.0)
    assert bench.dropped == 4


def test_closed_loop_users() -> None:
    """In a closed loop as many users may send as the stage has at work; the others wait until it is over."""
    clock = Clock()
    clock.open()
    planned = profile(stages=[Stage(duration_s=60, users=2)], users=4, arrivals="closed")
    pacer = ClosedPacer(planned, clock)
    users = [Reader((number + 0.5) / 4) for number in range(4)]
    numbers = [pacer.take(user).number for user in itertools.chain(users[:2], users[:2])]
    assert numbers == [1, 2, 3, 4]
    waiting = [gevent.spawn(pacer.take, user) for user in users[2:]]
    gevent.sleep(0)
    assert not any(greenlet.ready() for greenlet in waiting)
    pacer.close(0.0)
    gevent.joinall(waiting)
    assert all(isinstance(greenlet.value, GreenletExit) for greenlet in waiting)


def test_closed_loop_due() -> None:
    """In a closed loop a request is due when it is sent."""
    clock = Clock()
    clock.open()
    pacer = ClosedPacer(profile(stages=[Stage(duration_s=60)], arrivals="closed"), clock)
    before_s = clock.now_s()
    assert before_s <= pacer.take(Reader()).due_s <= clock.now_s()
