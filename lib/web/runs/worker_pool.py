"""Background runs: computed once, in a thread, for everybody who asks for the same config.

Forty students who open the same lesson watch one training run. Different runs take turns of half a second, so that
nobody's picture waits for a classmate's run of minutes. A run that nobody watches stops at once and goes on when
somebody comes back to it. Finished runs stay in a small, bounded store.

Threads never call Streamlit. A page asks for a run with ``store.watch(...)`` at every rerun; a watcher is one session,
and when the session ends its ``gone`` event is set (from the server's event loop, so nothing else is done there).
"""

import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

import streamlit as st

from lib.web.logs import event
from lib.web.server import give_memory_back, use_the_cores_of_runs

TURN = 0.5  # seconds: with MOST_BEGUN runs, everybody's picture moves every two seconds
# A run that has begun holds all that training needs, up to 90 MB (docs/memory.md): so many have at a time. One that
# takes more than LONG seconds of computing may hold a place for minutes, so there is always room beside those for the
# default of a page, which takes one or two.
MOST_BEGUN, MOST_LONG, LONG = 4, 2, 10.0
_SELDOM = 20.0  # seconds between two times at which memory is given back while runs go on


class Job(Protocol):
    """Something that is computed a little at a time. ``advance`` works for some 20-50 ms and returns."""

    step: int
    steps: int

    @property
    def done(self) -> bool:
        """True when there is nothing left to advance."""

    def advance(self) -> None:
        """Do the next small part of the work."""


J = TypeVar("J", bound=Job)


class Watcher:
    """One session's interest in runs: at most one of each kind."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.stores: set[RunStore[Any]] = set()
        self.stopped: dict[RunStore[Any], Hashable] = {}  # the config that this person has stopped, of each kind

    def let_go(self) -> None:
        """Stop watching everything: the person went to another page."""
        for store in tuple(self.stores):
            store.leave(self)


class Run(Generic[J]):
    """One job and how far it is. Written by the worker thread, read by any."""

    def __init__(self, make_job: Callable[[], J], kind: str = "") -> None:
        self.id = uuid.uuid4().hex  # tells runs apart, those of a server that was started again too
        self.kind = kind  # what the log calls it
        self.going = False  # it takes turns, as far as the log knows
        self.job: J | None = None  # made by the worker: reading data and drawing weights take time
        self.recorded = False  # it ships with the program, and nothing was computed here
        self.error: BaseException | None = None
        self.watchers: set[Watcher] = set()
        self.watched_at = 0.0  # when a page last asked for it, by the monotonic clock
        self.busy_seconds = 0.0  # time spent computing; waiting and stopped time do not count
        self.long: bool | None = None  # known after the first steps
        self._first_step = 0  # a job may find some of its work done
        self._make_job = make_job

    @property
    def begun(self) -> bool:
        """Some page has asked for it. Before that it is only the place where a run will be."""
        return self.watched_at > 0

    @property
    def done(self) -> bool:
        """Everything is computed."""
        return self.job is not None and self.job.done

    @property
    def over(self) -> bool:
        """Nothing more will come: done, or failed."""
        return self.done or self.error is not None

    @property
    def half_done(self) -> bool:
        """It has begun, and there is more to do."""
        return self.job is not None and not self.over

    @property
    def progress(self) -> float:
        """0 to 1."""
        job = self.job
        return job.step / job.steps if job else 0.0

    @property
    def steps_per_second(self) -> float:
        """Steps of the job per second of computing; 0 before the first."""
        job = self.job
        return (job.step - self._first_step) / self.busy_seconds if job and self.busy_seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds of computing still to come, by the speed so far; None where there is none yet."""
        job, speed = self.job, self.steps_per_second
        return (job.steps - job.step) / speed if job and speed else None

    def watched(self) -> bool:
        """Somebody still wants this run."""
        return any(not watcher.gone.is_set() for watcher in tuple(self.watchers))

    def take_turn(self, seconds: float, *, room: bool = True) -> None:
        """Compute for so long, or until done, or until nobody watches. Runs in the worker thread.

        The first turn goes on until it is known whether the run is long. Without ``room`` for a long one, nobody sees
        it before that, and a long one is forgotten: it begins again when there is room.
        """
        end, job, first = time.monotonic() + seconds, self.job, self.long is None
        if not self.going:
            self.going = True
            self._log("run_started")
        try:
            if job is None:
                job = self._make_job()
                self._first_step, self.busy_seconds = job.step, 0.0
                if room:
                    self.job = job
            while not job.done and self.watched():
                before = time.perf_counter()
                job.advance()
                self.busy_seconds += time.perf_counter() - before
                if time.monotonic() >= end and not (first and job.step == self._first_step):
                    break
        except BaseException as error:  # the page says so; what would end this thread must not end all other runs
            self._log("run_failed", error=error)
            self.error = error
            return
        if self.long is None and job.step > self._first_step:
            self.long = self.busy_seconds * (job.steps - self._first_step) / (job.step - self._first_step) > LONG
        if room or job.done or not self.long:
            self.job = job
        if job.done:
            self._log("run_finished")

    def stand_still(self) -> None:
        """It takes no more turns until somebody watches it again: for the log."""
        if self.going and not self.over:
            self.going = False
            self._log("run_stopped")

    def _log(self, what: str, **more: Any) -> None:
        steps: dict[str, Any] = {"step": self.job.step, "of": self.job.steps} if self.job else {}
        event(what, self.kind, run=self.id[:8], **steps, seconds=round(self.busy_seconds, 1), **more)


class WorkerPool:
    """Computes the runs of all stores of a server, in turns.

    One thread does it. Two would share Python's lock, which a training asks for every few microseconds: two of the
    Training page's default runs took 2.3 s side by side, and 1.1 s each on their own.
    """

    def __init__(self, turn: float = TURN) -> None:
        self.turn = turn
        self.lock = threading.RLock()  # guards the pool and all its stores
        self.stores: list[RunStore[Any]] = []
        self.waiting: deque[Run[Any]] = deque()  # for their next turn
        self.active: Run[Any] | None = None
        self._at_work = False

    def add(self, run: Run[Any]) -> None:
        """Give the run a turn after those that wait, unless it has one. Call it with the lock held."""
        if run is self.active or run.over or not run.watched():
            return
        if run not in self.waiting:
            self.waiting.append(run)
        if not self._at_work:
            try:
                threading.Thread(target=self._work, name="background runs", daemon=True).start()
                self._at_work = True
            except RuntimeError as error:  # the host allows no more threads; the page asks again in a moment
                event("no_thread", error=error)

    def counts(self) -> tuple[int, int]:
        """How many runs take turns, and how many wait for their first."""
        with self.lock:
            computing = len(self.begun())
            watched = sum(run.watched() for run in self.waiting) + (self.active is not None)
            return computing, watched - computing

    def before(self, run: Run[Any]) -> int:
        """How many runs come before the first turn of this one; 0 where it has had one."""
        with self.lock:
            if run is self.active or run.job is not None or run not in self.waiting:
                return 0
            first = list(self.waiting)[: self.waiting.index(run)]
            # One that is known to be long waits for a place; others overtake it.
            ahead = [each for each in first if each.job is None and each.watched() and (run.long or not each.long)]
            return len(ahead) + len(self.begun())

    def begun(self) -> list[Run[Any]]:
        """The runs that take turns. Call it with the lock held."""
        begun = [run for run in self.waiting if run.job is not None and run.watched()]
        return begun if self.active is None else [*begun, self.active]

    def forget_half_done(self, keep: int = 1) -> None:
        """Of all runs that were left half done, keep the last, for whoever comes back. Call it with the lock held."""
        left = [
            (run.watched_at, config, store)
            for store in self.stores
            for config, run in store.idle()
            if run.half_done and run is not self.active
        ]
        for _watched_at, config, store in sorted(left, key=lambda each: each[0])[: max(0, len(left) - keep)]:
            store.forget(config)

    def _work(self) -> None:
        """What the worker thread does: a turn for each run, until none is left."""
        try:
            use_the_cores_of_runs()
            while following := self._next():
                run, room = following
                run.take_turn(self.turn, room=room)
                with self.lock:
                    self.active = None
                    self.add(run)
                    if run not in self.waiting:
                        run.stand_still()
                    for store in self.stores:
                        store.forget_the_oldest()
                if not run.half_done:
                    give_memory_back(not_within=_SELDOM)
        except BaseException as error:  # whatever ended this thread: the next page that asks for its run begins another
            with self.lock:
                self.active, self._at_work = None, False
            event("worker_failed", error=error)

    def _next(self) -> tuple[Run[Any], bool] | None:
        """Take the next run that may have a turn, and say whether there is room for a long one."""
        with self.lock:
            for run in self.waiting:
                if not run.watched():
                    run.stand_still()
            self.waiting = deque(run for run in self.waiting if run.watched())
            begun = self.begun()
            room = sum(bool(run.long) for run in begun) < MOST_LONG
            for run in self.waiting:
                if run.job is None:
                    if len(begun) == MOST_BEGUN or (run.long and not room):
                        continue
                    if len(begun) == MOST_BEGUN - 1:
                        self.forget_half_done(keep=0)  # the last place is needed
                self.waiting.remove(run)
                self.active = run
                return run, room or run.job is not None
            self._at_work = False
            return None


WORKER_POOL = WorkerPool()
_here: set[Watcher] = set()  # the watchers of all sessions


class RunStore(Generic[J]):
    """All runs of one kind on this server."""

    def __init__(self, kind: str = "", *, keep: int = 8, pool: WorkerPool = WORKER_POOL) -> None:
        self.kind, self.keep = kind, keep
        self._pool, self._lock = pool, pool.lock
        self._runs: OrderedDict[Hashable, Run[J]] = OrderedDict()
        pool.stores.append(self)

    @property
    def active(self) -> Run[J] | None:
        """The run of this kind that is being computed now, if it is the turn of one."""
        with self._lock:
            run = self._pool.active
            return run if run in self._runs.values() else None

    def watch(
        self,
        config: Hashable,
        watcher: Watcher,
        make_job: Callable[[], J],
        recorded_job: Callable[[], J | None] = lambda: None,
    ) -> Run[J]:
        """The run of this config, begun or waiting for its turn. The watcher lets go of every other run.

        Where ``recorded_job`` gives a finished job, nothing has to be computed.

        A run that failed stays so for those who watch it; whoever comes to it anew starts it again. One that the
        watcher has stopped stays so until they `resume` it or watch another.
        """
        watcher.stores.add(self)
        with self._lock:
            for other in self._runs.values():
                if other is not self._runs.get(config):
                    other.watchers.discard(watcher)
            run = self._runs.get(config)
            if run is None or (run.error is not None and watcher not in run.watchers):
                new = Run(make_job, self.kind)
                new.job = recorded_job()
                new.recorded = new.job is not None
                # Those who watch the failed one watch this one: they have not asked for a third.
                new.watchers |= {each for each in (run.watchers if run else ()) if not each.gone.is_set()}
                run = self._runs[config] = new
            self._runs.move_to_end(config)
            run.watched_at = time.monotonic()
            if not self.stopped(config, watcher):
                watcher.stopped.pop(self, None)
                run.watchers.add(watcher)
                self._pool.add(run)
            self.forget_the_oldest()
            return run

    def leave(self, watcher: Watcher) -> None:
        """The watcher lets go of whatever it watched here."""
        watcher.stores.discard(self)
        with self._lock:
            for run in self._runs.values():
                run.watchers.discard(watcher)

    def stop(self, config: Hashable, watcher: Watcher) -> None:
        """This person wants no more of this run. It stands still unless a classmate watches it."""
        with self._lock:
            watcher.stopped[self] = config
            if run := self._runs.get(config):
                run.watchers.discard(watcher)

    def stopped(self, config: Hashable, watcher: Watcher) -> bool:
        """Whether this person has stopped this run."""
        return self in watcher.stopped and watcher.stopped[self] == config

    def resume(self, config: Hashable, watcher: Watcher) -> None:
        """This person asks anew: what they stopped goes on, and what failed is tried again, when next watched."""
        with self._lock:
            watcher.stopped.pop(self, None)
            if (run := self._runs.get(config)) and run.error is not None:
                run.watchers.discard(watcher)

    def before(self, run: Run[J]) -> int:
        """How many runs, of any kind, come before the first turn of this one; 0 where it has had one."""
        return self._pool.before(run)

    def beside(self, run: Run[J]) -> int:
        """How many other runs it takes turns with."""
        with self._lock:
            return sum(each is not run for each in self._pool.begun())

    def find(self, config: Hashable) -> Run[J] | None:
        """The run of this config if somebody asked for it and it is still here; nothing is started."""
        with self._lock:
            return self._runs.get(config)

    def idle(self) -> list[tuple[Hashable, Run[J]]]:
        """Runs that are not being computed and that nobody watches; the one that was asked for longest ago is first."""
        return [each for each in self._runs.items() if each[1] is not self._pool.active and not each[1].watched()]

    def forget(self, config: Hashable) -> None:
        """Let go of a run and all it holds."""
        run = self._runs.pop(config)
        if run in self._pool.waiting:
            self._pool.waiting.remove(run)

    def forget_the_oldest(self) -> None:
        """Forget what is more than is to be kept. What a crowd waits for pushes out no finished run."""
        self._pool.forget_half_done()
        for over in (True, False):
            count = sum(run.over is over for run in self._runs.values())
            idle = [config for config, run in self.idle() if run.over is over]
            for config in idle[: max(0, count - self.keep)]:
                self.forget(config)


def _session_over(watcher: Watcher) -> None:
    watcher.gone.set()
    _here.discard(watcher)
    if not _here:  # the class has left
        tidy = threading.Timer(1.0, give_memory_back)
        tidy.daemon = True  # a server that is being stopped does not wait for it
        tidy.start()


@st.cache_resource(scope="session", max_entries=1, on_release=_session_over, show_spinner=False)
def session_watcher() -> Watcher:
    """This session's watcher. Streamlit calls ``on_release`` when the tab is closed."""
    watcher = Watcher()
    _here.add(watcher)
    return watcher
