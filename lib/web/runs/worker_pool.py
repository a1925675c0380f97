"""Background runs: computed once, in a thread, for everybody who asks for the same config.

Forty students who open the same lesson watch one training run. A `WorkerPool` computes a few runs at a time; the others
wait in a queue whose length a page can show. A run that nobody watches stops at once and goes on when somebody comes
back to it. Finished runs stay in a small, bounded store, and so does the run that was last left half done.

Threads never call Streamlit. A page asks for a run with ``pool.watch(...)`` at every rerun; a watcher is one session,
and when the session ends its ``gone`` event is set (from the server's event loop, so nothing else is done there).
"""

import ctypes
import gc
import logging
import os
import sys
import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

import streamlit as st

_log = logging.getLogger(__name__)


_OFTEN = 20.0  # seconds between two times at which memory is given back while runs go on


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
        self.pools: set[RunStore[Any]] = set()

    def let_go(self) -> None:
        """Stop watching everything: the person went to another page."""
        for pool in tuple(self.pools):
            pool.leave(self)


class Run(Generic[J]):
    """One job and how far it is. Written by one worker thread, read by any."""

    def __init__(self, make_job: Callable[[], J]) -> None:
        self.id = uuid.uuid4().hex  # tells runs apart, those of a server that was started again too
        self.job: J | None = None  # made by the worker: reading data and drawing weights take time
        self.error: Exception | None = None
        self.watchers: set[Watcher] = set()
        self.asked = 0.0  # when somebody last asked for it, by the monotonic clock
        self.busy_seconds = 0.0  # time spent computing; waiting and stopped time do not count
        self._make_job = make_job

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
        """It was begun, and there is more to do."""
        return self.job is not None and not self.over

    @property
    def progress(self) -> float:
        """0 to 1."""
        return self.job.step / self.job.steps if self.job else 0.0

    @property
    def steps_per_second(self) -> float:
        """Steps of the job per second of computing; 0 before the first."""
        return self.job.step / self.busy_seconds if self.job and self.busy_seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the speed so far, or None where there is none yet."""
        if not self.job or not self.steps_per_second:
            return None
        return (self.job.steps - self.job.step) / self.steps_per_second

    def watched(self) -> bool:
        """Somebody still wants this run."""
        return any(not watcher.gone.is_set() for watcher in tuple(self.watchers))

    def work(self) -> None:
        """Compute until done or until nobody watches. Runs in a worker thread."""
        try:
            if self.job is None:
                self.job = self._make_job()
            while not self.job.done and self.watched():
                before = time.perf_counter()
                self.job.advance()
                self.busy_seconds += time.perf_counter() - before
        except Exception as error:  # whatever went wrong in a thread is told on the page, and is in the server's log
            _log.exception("a background run failed")
            self.error = error


class WorkerPool:
    """Who computes, for all pools of a server: one run of each kind at a time, and never more than there are cores.

    More at once would make all of them slower, and pages need a core too. Runs wait for each other in one queue.
    """

    def __init__(self, size: int | None = None) -> None:
        self.size = size or min(2, os.cpu_count() or 1)
        self.lock = threading.RLock()  # guards the crew and all its pools
        self.pools: list[RunStore[Any]] = []
        self.queue: deque[tuple[RunStore[Any], Run[Any]]] = deque()

    def start(self) -> None:
        """Start what can be started. Call it with the lock held."""
        for pool, run in tuple(self.queue):
            if pool.active is None and sum(each.active is not None for each in self.pools) < self.size:
                self.queue.remove((pool, run))
                if run.watched():
                    pool.active = run
                    threading.Thread(target=pool.work, args=(run,), name=f"run-{run.id}", daemon=True).start()

    def forget_half_done(self) -> None:
        """Of all runs that were left half done, keep the last, for whoever comes back. Call it with the lock held.

        Such a run holds all that training needs, ten times as much as a finished one: up to 90 MB.
        """
        left = [(run.asked, config, pool) for pool in self.pools for config, run in pool.idle() if run.half_done]
        for _asked, config, pool in sorted(left, key=lambda each: each[0])[:-1]:
            pool.forget(config)


WORKER_POOL = WorkerPool()
_here: set[Watcher] = set()  # the watchers of all sessions


class RunStore(Generic[J]):
    """All runs of one kind on this server."""

    def __init__(self, *, keep: int = 8, crew: WorkerPool = WORKER_POOL) -> None:
        self.keep = keep
        self.active: Run[J] | None = None  # the run that is being computed
        self._crew, self._lock = crew, crew.lock
        self._runs: OrderedDict[Hashable, Run[J]] = OrderedDict()
        crew.pools.append(self)

    def watch(self, config: Hashable, watcher: Watcher, make_job: Callable[[], J]) -> Run[J]:
        """The run of this config, started or queued if need be. The watcher lets go of every other run."""
        watcher.pools.add(self)
        with self._lock:
            for other in self._runs.values():
                other.watchers.discard(watcher)
            run = self._runs.get(config)
            if run is None or run.error is not None:
                run = self._runs[config] = Run(make_job)
            self._runs.move_to_end(config)
            run.asked = time.monotonic()
            run.watchers.add(watcher)
            self._go_on(run)
            return run

    def leave(self, watcher: Watcher) -> None:
        """The watcher lets go of whatever it watched here."""
        watcher.pools.discard(self)
        with self._lock:
            for run in self._runs.values():
                run.watchers.discard(watcher)

    def before(self, run: Run[J]) -> int:
        """How many runs, of any kind, come before this one, or 0 where it is being computed or over."""
        with self._lock:
            waiting = [each for _pool, each in self._crew.queue if each.watched()]
            active = sum(pool.active is not None for pool in self._crew.pools)
            return waiting.index(run) + active if run in waiting else 0

    def find(self, config: Hashable) -> Run[J] | None:
        """The run of this config if somebody asked for it and it is still here; nothing is started."""
        with self._lock:
            return self._runs.get(config)

    def idle(self) -> list[tuple[Hashable, Run[J]]]:
        """Runs that are not being computed and that nobody watches; the one that was asked for longest ago is first."""
        return [each for each in self._runs.items() if each[1] is not self.active and not each[1].watched()]

    def forget(self, config: Hashable) -> None:
        """Let go of a run and all it holds."""
        entry = (self, self._runs.pop(config))
        if entry in self._crew.queue:
            self._crew.queue.remove(entry)

    def work(self, run: Run[J]) -> None:
        """Compute a run: what its thread does."""
        _let_pages_go_first()
        run.work()
        with self._lock:
            self.active = None
            self._go_on(run)  # somebody may have come back between the last look and now
        _give_memory_back(not_within=_OFTEN)

    def _go_on(self, run: Run[J]) -> None:
        """Queue the run if it needs to be, forget what is too much, and start whatever can be started."""
        if not run.over and run.watched() and run is not self.active and (self, run) not in self._crew.queue:
            self._crew.queue.append((self, run))
        self._crew.forget_half_done()
        for config, _run in self.idle()[: max(0, len(self._runs) - self.keep)]:
            self.forget(config)
        self._crew.start()


def _let_pages_go_first() -> None:
    """Ask the system to run this thread only when no page wants the processor. Linux alone can tell threads apart."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


_gave_back = 0.0  # when, by the monotonic clock


def _give_memory_back(*, not_within: float = 0.0) -> None:
    """Return to the system what a run, or a class that has left, has let go of, unless that was done just now.

    Linux's C library would keep it, 55 MB after six of the largest runs. It holds everybody up for some 50 ms.
    """
    global _gave_back
    if time.monotonic() - _gave_back < not_within:
        return
    _gave_back = time.monotonic()
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None  # only GNU's library has it
    if trim is not None:
        trim(0)


def _session_over(watcher: Watcher) -> None:
    watcher.gone.set()
    _here.discard(watcher)
    if not _here:  # the class has left
        tidy = threading.Timer(1.0, _give_memory_back)
        tidy.daemon = True  # a server that is being stopped does not wait for it
        tidy.start()


@st.cache_resource(scope="session", max_entries=1, on_release=_session_over, show_spinner=False)
def session_watcher() -> Watcher:
    """This session's watcher. Streamlit calls ``on_release`` when the tab is closed."""
    watcher = Watcher()
    _here.add(watcher)
    return watcher
