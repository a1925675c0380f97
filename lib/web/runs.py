"""Background runs: computed once, in a thread, for everybody who asks for the same config.

Forty students who open the same lesson watch one training run. At most ``workers`` runs are computed at a time; the
others wait in a queue whose length a page can show. A run that nobody watches stops at once and goes on when somebody
comes back to it. Finished runs stay in a small, bounded store, and so does the run that was last left half done.

Threads never call Streamlit. A page asks for a run with ``pool.watch(...)`` at every rerun; a watcher is one session,
and when the session ends its ``gone`` event is set (from the server's event loop, so nothing else is done there).
"""

import ctypes
import logging
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

import streamlit as st

_log = logging.getLogger(__name__)


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
        self.pools: set[RunPool[Any]] = set()

    def let_go(self) -> None:
        """Stop watching everything: the person went to another page."""
        for pool in tuple(self.pools):
            pool.leave(self)


class Run(Generic[J]):
    """One job and how far it is. Written by one worker thread, read by any."""

    def __init__(self, number: int, make_job: Callable[[], J]) -> None:
        self.number = number  # tells runs apart, also when a config is computed a second time
        self.job: J | None = None  # made by the worker: reading data and drawing weights take time
        self.error: Exception | None = None
        self.watchers: set[Watcher] = set()
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


class RunPool(Generic[J]):
    """All runs of one kind on this server."""

    def __init__(self, *, workers: int | None = None, keep: int = 8, half_done: int = 1) -> None:
        # Computing more runs at once than there are cores makes all of them slower; pages need a core too.
        self.workers = workers or min(2, os.cpu_count() or 1)
        self.keep = keep
        # Runs that are neither over nor watched. They hold all that training needs, ten times as much as finished ones:
        # up to 90 MB each on the Training page.
        self.half_done = half_done
        self._runs: OrderedDict[Hashable, Run[J]] = OrderedDict()
        self._queue: deque[Run[J]] = deque()
        self._active: set[Run[J]] = set()
        self._started = 0
        self._lock = threading.Lock()

    def watch(self, config: Hashable, watcher: Watcher, make_job: Callable[[], J]) -> Run[J]:
        """The run of this config, started or queued if need be. The watcher lets go of every other run."""
        watcher.pools.add(self)
        with self._lock:
            for other in self._runs.values():
                other.watchers.discard(watcher)
            run = self._runs.get(config)
            if run is None or run.error is not None:
                self._started += 1
                run = self._runs[config] = Run(self._started, make_job)
            self._runs.move_to_end(config)
            run.watchers.add(watcher)
            if not run.over and run not in self._active and run not in self._queue:
                self._queue.append(run)
            self._forget_old()
            self._start_workers()
            return run

    def leave(self, watcher: Watcher) -> None:
        """The watcher lets go of whatever it watched here."""
        watcher.pools.discard(self)
        with self._lock:
            for run in self._runs.values():
                run.watchers.discard(watcher)

    def before(self, run: Run[J]) -> int:
        """How many runs wait before this one, or 0 where it is being computed or over."""
        with self._lock:
            waiting = [each for each in self._queue if each.watched()]
            return waiting.index(run) + len(self._active) if run in waiting else 0

    def find(self, config: Hashable) -> Run[J] | None:
        """The run of this config if somebody asked for it and it is still here; nothing is started."""
        with self._lock:
            return self._runs.get(config)

    def active(self) -> int:
        """How many runs are being computed now."""
        with self._lock:
            return len(self._active)

    def _start_workers(self) -> None:
        while self._queue and len(self._active) < self.workers:
            run = self._queue.popleft()
            if run.watched():
                self._active.add(run)
                threading.Thread(target=self._work, args=(run,), name=f"run-{run.number}", daemon=True).start()

    def _work(self, run: Run[J]) -> None:
        run.work()
        with self._lock:
            self._active.discard(run)
            # Somebody may have come back between the last look and now.
            if not run.over and run.watched() and run not in self._queue:
                self._queue.append(run)
            self._forget_old()
            self._start_workers()
        _give_memory_back()

    def _forget_old(self) -> None:
        idle = [config for config, run in self._runs.items() if run not in self._active and not run.watched()]
        half_done = [config for config in idle if self._runs[config].job and not self._runs[config].done]
        for config in half_done[: max(0, len(half_done) - self.half_done)]:  # the one left last comes last
            self._forget(config)
        for config in idle:
            if len(self._runs) > self.keep and config in self._runs:
                self._forget(config)

    def _forget(self, config: Hashable) -> None:
        run = self._runs.pop(config)
        if run in self._queue:
            self._queue.remove(run)


def _give_memory_back() -> None:
    """Return to the system what a run has let go of: some 4 ms. Linux's C library would keep it, 55 MB after six of the
    largest runs."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None  # only GNU's library has it
    if trim is not None:
        trim(0)


def _session_over(watcher: Watcher) -> None:
    watcher.gone.set()


@st.cache_resource(scope="session", max_entries=1, on_release=_session_over, show_spinner=False)
def session_watcher() -> Watcher:
    """This session's watcher. Streamlit calls ``on_release`` when the tab is closed."""
    return Watcher()
