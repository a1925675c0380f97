"""Background runs: shared, bounded, in turns, stopped when nobody watches. A job advances only when a test lets it."""

import logging
import threading
from functools import partial

import pytest

from lib import language_model
from lib.web import logs
from lib.web.frame.language import prose
from lib.web.runs import worker_pool
from lib.web.runs.status import run_status
from lib.web.runs.worker_pool import MOST_BEGUN, RunStore, Watcher, WorkerPool
from lib.web.two_dice.runs import measuring_runs
from tests.support.apptest import healthy, open_app_page, shown, until

SECONDS = 10
ENDLESS = 10**12  # steps: long, however fast they are


class SteppedJob:
    """A job that waits for the test before each step, so that no test has to sleep."""

    def __init__(self, steps: int = 3, fail: bool = False) -> None:
        self.steps, self.step, self.fail = steps, 0, fail
        self.may_step = threading.Semaphore(0)
        self.stepped = threading.Semaphore(0)

    @property
    def done(self) -> bool:
        return self.step >= self.steps

    def advance(self) -> None:
        if self.fail:
            raise RuntimeError("the job fails")
        assert self.may_step.acquire(timeout=SECONDS)
        self.step += 1
        self.stepped.release()

    def let(self, steps: int) -> None:
        for _ in range(steps):
            self.may_step.release()
            assert self.stepped.acquire(timeout=SECONDS)


class FreeJob:
    """A job that takes its steps as soon as it has a turn, and says so in ``turns``."""

    def __init__(self, name: str = "", steps: int = 3, turns: list[str] | None = None) -> None:
        self.name, self.steps, self.step = name, steps, 0
        self.turns = [] if turns is None else turns

    @property
    def done(self) -> bool:
        return self.step >= self.steps

    def advance(self) -> None:
        self.step += 1
        self.turns.append(self.name)


@pytest.fixture
def pool() -> WorkerPool:
    return WorkerPool(turn=0)  # a turn is one step


@pytest.fixture
def store(pool) -> RunStore:
    return RunStore(keep=2, pool=pool)


def test_one_run_for_all_who_ask_for_the_same_config(pool, store):
    made = []

    def make():
        made.append(SteppedJob())
        return made[-1]

    runs = [store.watch("config", Watcher(), make) for _ in range(40)]
    assert len({id(run) for run in runs}) == 1
    until(lambda: len(made) == 1)
    made[0].let(3)
    until(lambda: runs[0].done and pool.active is None)
    assert runs[0].progress == 1
    assert len(made) == 1


def test_runs_of_all_kinds_take_turns(pool, store):
    turns: list[str] = []
    stores = [store, store, RunStore(pool=pool)]
    with pool.lock:  # nothing begins before all are there
        runs = [
            each.watch(name, Watcher(), lambda name=name: FreeJob(name, 3, turns))
            for name, each in zip("abc", stores, strict=True)
        ]
    until(lambda: all(run.done for run in runs))
    assert "".join(turns) == "abcabcabc"


def test_who_waits_for_a_first_turn_is_told_how_many_are_before(store):
    jobs = {name: SteppedJob() for name in "abc"}
    runs = {name: store.watch(name, Watcher(), lambda name=name: jobs[name]) for name in "abc"}
    until(lambda: runs["a"].job is not None)
    assert [store.before(runs[name]) for name in "abc"] == [0, 1, 2]
    jobs["a"].let(1)
    until(lambda: runs["b"].job is not None)
    assert [store.before(runs[name]) for name in "abc"] == [0, 0, 2]
    assert [store.beside(runs[name]) for name in "ab"] == [1, 1]
    for job in jobs.values():
        job.may_step.release(3)
    until(lambda: all(run.done for run in runs.values()))


def test_a_run_that_nobody_watches_stops_and_goes_on_when_somebody_comes_back(pool, store):
    job, watcher = SteppedJob(steps=5), Watcher()
    run = store.watch("config", watcher, lambda: job)
    job.let(2)
    watcher.gone.set()
    job.may_step.release()  # the step that was under way when the tab was closed
    until(lambda: pool.active is None)
    assert not run.done
    assert job.step <= 3
    again = store.watch("config", Watcher(), lambda: pytest.fail("it was made already"))
    assert again is run
    job.let(5 - job.step)
    until(lambda: run.done)


def test_asking_for_another_config_lets_go_of_the_old_one(store):
    old, new, watcher = SteppedJob(steps=100), SteppedJob(), Watcher()
    store.watch("old", watcher, lambda: old)
    old.let(1)
    run = store.watch("new", watcher, lambda: new)
    old.may_step.release()
    until(lambda: run.job is new)
    assert old.step <= 2
    new.let(3)
    until(lambda: run.done)


def test_leaving_stops_the_run(pool, store):
    job, watcher = SteppedJob(steps=100), Watcher()
    store.watch("config", watcher, lambda: job)
    job.let(1)
    store.leave(watcher)
    job.may_step.release()
    until(lambda: pool.active is None)
    assert job.step <= 2


def test_who_goes_to_another_page_lets_go_of_all_kinds_of_runs(pool, store):
    other: RunStore[SteppedJob] = RunStore(pool=pool)
    jobs, watcher = [SteppedJob(steps=100), SteppedJob(steps=100)], Watcher()
    for each, job in zip((store, other), jobs, strict=True):
        each.watch("config", watcher, lambda job=job: job)
    jobs[0].let(1)
    watcher.let_go()
    for job in jobs:
        job.may_step.release()
    until(lambda: pool.active is None)
    assert not watcher.stores
    assert not pool.waiting


def test_finished_runs_are_kept_but_not_without_bound(pool, store):
    for name in "abcd":
        watcher = Watcher()
        run = store.watch(name, watcher, lambda: FreeJob(steps=1))
        until(lambda run=run: run.done and pool.active is None)
        watcher.gone.set()
    assert [store.find(name) is not None for name in "abcd"] == [False, False, True, True]


def test_a_crowd_that_waits_pushes_out_no_finished_run(pool, store):
    gone = Watcher()
    finished = store.watch("finished", gone, lambda: FreeJob(steps=1))
    until(lambda: finished.done and pool.active is None)
    gone.gone.set()
    crowd = [Watcher() for _ in range(20)]
    for number, watcher in enumerate(crowd):
        store.watch(number, watcher, partial(FreeJob, steps=ENDLESS))
    assert store.find("finished") is finished
    for watcher in crowd:
        watcher.gone.set()
    until(lambda: pool.active is None)
    last = store.watch("last", Watcher(), FreeJob)
    until(lambda: last.done and pool.active is None)
    assert [store.find(config) is not None for config in ("finished", "last")] == [True, True]
    assert len(store._runs) <= 2 * store.keep


def test_of_all_kinds_of_runs_left_half_done_only_the_last_is_kept(pool, store):
    stores = {"a": store, "b": RunStore(pool=pool), "c": store}
    for name, each in stores.items():
        job, watcher = SteppedJob(steps=100), Watcher()
        each.watch(name, watcher, lambda job=job: job)
        job.let(1)
        watcher.gone.set()
        job.may_step.release()  # the step that was under way when the tab was closed
        until(lambda: pool.active is None)
    assert [each.find(name) is not None for name, each in stores.items()] == [False, False, True]


def test_only_so_many_have_begun_and_the_next_begins_when_one_ends(pool, store):
    watchers = [Watcher() for _ in range(MOST_BEGUN + 2)]
    with pool.lock:
        runs = [
            store.watch(i, watcher, lambda i=i: SteppedJob(steps=2 if i == 1 else 100))
            for i, watcher in enumerate(watchers)
        ]
    most = 0
    for turn in range(4 * MOST_BEGUN):
        until(lambda: pool.active is not None and pool.active.job is not None)
        active = pool.active
        most = max(most, sum(run.half_done for run in runs))
        if turn == MOST_BEGUN:
            assert [store.before(run) for run in runs[-2:]] == [MOST_BEGUN, MOST_BEGUN + 1]
        active.job.let(1)
        until(lambda active=active: pool.active is not active)
    assert most == MOST_BEGUN
    assert runs[1].done
    assert [run.job is not None for run in runs[-2:]] == [True, False]
    for run, watcher in zip(runs, watchers, strict=True):
        watcher.gone.set()
        if run.job:
            run.job.may_step.release(100)
    until(lambda: pool.active is None)


def test_beside_two_long_runs_a_third_waits_and_a_short_one_does_not(pool, store):
    made: list[str] = []

    def make(name, steps):
        made.append(name)
        return FreeJob(name, steps)

    watchers = {name: Watcher() for name in "abc"}
    runs = {name: store.watch(name, watchers[name], lambda name=name: make(name, ENDLESS)) for name in "abc"}
    until(lambda: runs["c"].long)
    assert runs["a"].half_done
    assert runs["b"].half_done
    short = store.watch("short", Watcher(), lambda: make("short", 50))
    until(lambda: short.done)
    assert runs["c"].job is None
    assert store.before(runs["c"]) == 2
    assert made.count("c") == 1  # it had one turn, in which it turned out to be long
    watchers["a"].gone.set()
    until(lambda: runs["c"].half_done)
    assert made.count("c") == 2
    for watcher in watchers.values():
        watcher.gone.set()
    until(lambda: pool.active is None)


def test_a_run_that_failed_stays_so_until_somebody_asks_anew(store, caplog):
    jobs = [SteppedJob(fail=True), SteppedJob(fail=True), FreeJob()]
    first, second = Watcher(), Watcher()

    def watch(watcher):
        return store.watch("config", watcher, lambda: jobs.pop(0))

    run = watch(first)
    until(lambda: run.over)
    assert isinstance(run.error, RuntimeError)
    assert [watch(first) for _ in range(20)] == [run] * 20  # at every tick of a page
    again = watch(second)  # somebody comes to it anew
    assert again is not run
    until(lambda: again.over)
    assert watch(first) is again  # who saw the first failure has not asked for a third try
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in records] == ["run_failed"] * 2
    assert str(records[0].error) == "the job fails"
    store.resume("config", first)  # who presses the button has
    third = watch(first)
    until(lambda: third.done)
    assert watch(second) is third


def test_who_stops_a_run_sees_it_stand_still_until_they_resume_it_or_ask_for_another(pool, store):
    job, watcher = SteppedJob(steps=100), Watcher()
    run = store.watch("config", watcher, lambda: job)
    job.let(2)
    store.stop("config", watcher)
    job.may_step.release()  # the step that was under way
    until(lambda: pool.active is None)
    at = job.step
    assert store.watch("config", watcher, SteppedJob) is run  # the page goes on asking for it
    assert store.stopped("config", watcher)
    assert pool.active is None
    assert not pool.waiting
    assert job.step == at
    store.resume("config", watcher)
    assert store.watch("config", watcher, SteppedJob) is run
    job.let(1)
    store.stop("config", watcher)
    job.may_step.release()
    until(lambda: pool.active is None)
    other = store.watch("other", watcher, FreeJob)
    until(lambda: other.done)
    assert not store.stopped("config", watcher)


def test_a_run_that_one_has_stopped_goes_on_for_a_classmate(store):
    job, one, classmate = SteppedJob(), Watcher(), Watcher()
    run = store.watch("config", one, lambda: job)
    store.watch("config", classmate, lambda: job)
    store.stop("config", one)
    job.let(3)
    until(lambda: run.done)


def test_speed_and_time_left_come_from_the_steps_taken_and_the_time_spent_on_them(store):
    job = SteppedJob(steps=8)
    job.step = 4  # it found half of its work done
    run = store.watch("config", Watcher(), lambda: job)
    until(lambda: run.job is not None)
    assert run.seconds_left is None
    job.let(2)
    until(lambda: run.busy_seconds > 0)
    done = job.step - 4
    assert run.steps_per_second == pytest.approx(done / run.busy_seconds, rel=0.5)
    assert run.seconds_left == pytest.approx((8 - job.step) / run.steps_per_second, rel=0.5)
    job.let(2)
    until(lambda: run.done)


def test_a_turn_ends_after_its_time(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(worker_pool.time, "monotonic", lambda: next(clock))
    run = worker_pool.Run(lambda: FreeJob(steps=100))
    run.watchers.add(Watcher())
    run.take_turn(5)
    assert run.job.step == 5
    run.take_turn(7)
    assert run.job.step == 12


def test_the_status_says_whether_a_run_waits_computes_or_shares_and_how_long_it_will_take(store):
    jobs = [SteppedJob(steps=3), SteppedJob(steps=3)]
    first, second = (store.watch(i, Watcher(), lambda job=job: job) for i, job in enumerate(jobs))
    until(lambda: first.job is not None)

    def status(run):
        return run_status(store, run, lambda job, left: f"step {job.step}, {left} s left")

    assert status(first) == "Computing the first steps"
    assert status(second) == "Waiting: 1 run before this one"
    jobs[0].let(1)
    until(lambda: second.job is not None)
    first.busy_seconds = 30.0  # two steps more at this speed take a minute, and in turns two
    assert status(first) == "step 1, 120 s left · takes turns with 1 other run"
    for job in jobs:
        job.may_step.release(3)
    until(lambda: first.done and second.done)
    assert status(first) == ""


def test_a_checkpoint_that_cannot_be_read_is_one_event_in_the_log_and_words_on_the_page(tmp_path, monkeypatch, caplog):
    spoilt = tmp_path / "spoilt.npz"
    spoilt.write_bytes(b"not a checkpoint")
    monkeypatch.setattr(language_model, "checkpoint_path", lambda *_which: spoilt)
    language_model._loaded.cache_clear()
    try:
        app = open_app_page("two_dice", seed="4711")
        until(lambda: measuring_runs()._pool.active is None)
        for _tick in range(5):
            app = healthy(app.run())
    finally:
        language_model._loaded.cache_clear()
    assert prose("two_dice", "failed") in shown(app)
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == "run_failed"
    assert "spoilt.npz: it cannot be read" in logs.OneLine().format(record)
