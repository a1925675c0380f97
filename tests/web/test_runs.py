"""Background runs: shared, bounded, queued, stopped when nobody watches. A job advances only when a test lets it."""

import threading

import pytest

from lib.web.runs.worker_pool import RunStore, Watcher, WorkerPool
from tests.support.apptest import until

SECONDS = 10


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


@pytest.fixture
def pool() -> RunStore[SteppedJob]:
    return RunStore(keep=2, crew=WorkerPool(2))


def test_one_run_for_all_who_ask_for_the_same_config(pool):
    made = []

    def make():
        made.append(SteppedJob())
        return made[-1]

    runs = [pool.watch("config", Watcher(), make) for _ in range(40)]
    assert len({id(run) for run in runs}) == 1
    until(lambda: len(made) == 1)
    made[0].let(3)
    until(lambda: runs[0].done and pool.active is None)
    assert runs[0].progress == 1
    assert len(made) == 1


def test_others_wait_in_a_queue_and_are_told_how_many_are_before_them(pool):
    jobs = {name: SteppedJob() for name in "abc"}
    runs = {name: pool.watch(name, Watcher(), lambda name=name: jobs[name]) for name in "abc"}
    assert [pool.before(runs[name]) for name in "abc"] == [0, 1, 2]
    assert pool.active is runs["a"]
    jobs["a"].let(3)
    until(lambda: runs["a"].done and pool.before(runs["b"]) == 0)
    assert pool.before(runs["c"]) == 1


def test_a_run_that_nobody_watches_stops_and_goes_on_when_somebody_comes_back(pool):
    job, watcher = SteppedJob(steps=5), Watcher()
    run = pool.watch("config", watcher, lambda: job)
    job.let(2)
    watcher.gone.set()
    job.may_step.release()  # the step that was under way when the tab was closed
    until(lambda: pool.active is None)
    assert not run.done
    assert job.step <= 3
    again = pool.watch("config", Watcher(), lambda: pytest.fail("it was made already"))
    assert again is run
    job.let(5 - job.step)
    until(lambda: run.done)


def test_asking_for_another_config_lets_go_of_the_old_one(pool):
    old, new, watcher = SteppedJob(steps=100), SteppedJob(), Watcher()
    pool.watch("old", watcher, lambda: old)
    old.let(1)
    run = pool.watch("new", watcher, lambda: new)
    old.may_step.release()
    until(lambda: run.job is new)
    assert old.step <= 2
    new.let(3)
    until(lambda: run.done)


def test_leaving_stops_the_run(pool):
    job, watcher = SteppedJob(steps=100), Watcher()
    pool.watch("config", watcher, lambda: job)
    job.let(1)
    pool.leave(watcher)
    job.may_step.release()
    until(lambda: pool.active is None)
    assert job.step <= 2


def test_who_goes_to_another_page_lets_go_of_all_kinds_of_runs(pool):
    other: RunStore[SteppedJob] = RunStore(crew=pool._crew)
    jobs, watcher = [SteppedJob(steps=100), SteppedJob(steps=100)], Watcher()
    for each, job in zip((pool, other), jobs, strict=True):
        each.watch("config", watcher, lambda job=job: job)
        job.let(1)
    watcher.let_go()
    for job in jobs:
        job.may_step.release()
    until(lambda: pool.active is None and other.active is None)
    assert not watcher.pools


def test_finished_runs_are_kept_but_not_without_bound(pool):
    for name in "abcd":
        job = SteppedJob(steps=1)
        watcher = Watcher()
        run = pool.watch(name, watcher, lambda job=job: job)
        job.let(1)
        until(lambda run=run: run.done and pool.active is None)
        watcher.gone.set()
    assert [pool.find(name) is not None for name in "abcd"] == [False, False, True, True]


def test_of_runs_left_half_done_only_the_last_is_kept(pool):
    for name in "abc":
        job, watcher = SteppedJob(steps=100), Watcher()
        pool.watch(name, watcher, lambda job=job: job)
        job.let(1)
        watcher.gone.set()
        job.may_step.release()  # the step that was under way when the tab was closed
        until(lambda: pool.active is None)
    assert [pool.find(name) is not None for name in "abc"] == [False, False, True]


def test_of_all_kinds_of_runs_left_half_done_only_the_last_is_kept(pool):
    other: RunStore[SteppedJob] = RunStore(crew=pool._crew)
    watchers, jobs = [Watcher(), Watcher()], [SteppedJob(steps=100), SteppedJob(steps=100)]
    for each, watcher, job in zip((pool, other), watchers, jobs, strict=True):
        each.watch("config", watcher, lambda job=job: job)
        job.let(1)
    for watcher, job in zip(watchers, jobs, strict=True):
        watcher.gone.set()
        job.may_step.release()
    until(lambda: pool.active is None and other.active is None)
    assert pool.find("config") is None
    assert other.find("config") is not None


def test_a_crew_computes_no_more_runs_at_once_than_it_has_members(pool):
    pools = [pool, *(RunStore(crew=pool._crew) for _ in range(2))]
    jobs = [SteppedJob(steps=1) for _ in pools]
    runs = [each.watch("config", Watcher(), lambda job=job: job) for each, job in zip(pools, jobs, strict=True)]
    assert [each.active is not None for each in pools] == [True, True, False]
    assert pools[2].before(runs[2]) == 2
    jobs[0].let(1)
    until(lambda: pools[2].active is runs[2])
    assert pools[1].active is runs[1]
    for job in jobs[1:]:
        job.let(1)
    until(lambda: all(run.done for run in runs))


def test_a_failure_is_kept_for_the_page_and_the_next_request_tries_again(pool, caplog):
    run = pool.watch("config", Watcher(), lambda: SteppedJob(fail=True))
    until(lambda: run.over)
    assert isinstance(run.error, RuntimeError)
    assert "a background run failed" in caplog.text
    job = SteppedJob(steps=1)
    again = pool.watch("config", Watcher(), lambda: job)
    assert again is not run
    job.let(1)
    until(lambda: again.done)


def test_speed_and_time_left_come_from_the_time_spent_computing(pool):
    job = SteppedJob(steps=4)
    run = pool.watch("config", Watcher(), lambda: job)
    assert run.seconds_left is None
    job.let(2)
    until(lambda: run.busy_seconds > 0)
    assert run.steps_per_second > 0
    assert run.seconds_left == pytest.approx((4 - job.step) / run.steps_per_second, rel=0.5)
    job.let(2)
    until(lambda: run.done)
