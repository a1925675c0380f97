"""Background runs on a busy machine, and beside other runs: how long a student waits for one.

A teacher's laptop also runs a browser with twenty tabs, a video call and a virus scanner. Here two processes per core
that never rest stand in for them. The same server is measured with and without them in turn:

- the Training page's default lesson with a seed of its own, from its link to its last point; and, for comparison, the
  same training in a separate program, which gets the ordinary share of the processor;
- how long a rerun of another page takes while a heavy training is computed.

Then, without them, how runs affect each other: four students ask for four different lessons at once, and one asks for a
lesson while a classmate's run of several minutes is being computed.

    python -m benchmarks busy [--rounds 5] [--json]
"""

import argparse
import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, TypeVar

from benchmarks.server import p95
from benchmarks.timing import Table, Target, ratio, report
from lib.training import TrainingConfig, train
from tests.support.serving import serving
from tests.support.visiting import Visitor

LESSON = "train=1&seed={seed}"  # the default except for the seed: the run that ships with the app is not computed
HEAVY = "train=1&data=digits&n=1000&layers=256-256&steps=8000&seed={seed}"  # minutes
LONG = "n=20000&all=true&forgot=true&seed={seed}"  # of Two dice, minutes too
RERUNS = 30  # beside a heavy training, in each round
PAUSE = 0.2  # seconds between two of them
STUDENTS = 4  # who ask at once

T = TypeVar("T")
_seeds = itertools.count(100)  # no two runs of this benchmark are the same, or they would be shared


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep every core busy."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def plain() -> float:
    """Seconds of the lesson's training by itself, without a server or a page."""
    began = time.perf_counter()
    train(TrainingConfig(seed=next(_seeds)))
    return time.perf_counter() - began


async def lesson(address: str) -> tuple[float, float]:
    """Open the link of a lesson and follow it: seconds until its first points, and until its last."""
    began, first = time.perf_counter(), None
    async with Visitor(address) as visitor:
        await visitor.open("training", LESSON.format(seed=next(_seeds)))
        async for _rerun in visitor.stay(600, until_quiet=True):
            picture = visitor.component("training")
            if first is None and picture and picture[1]["count"] > 1:
                first = time.perf_counter() - began
    ended = time.perf_counter() - began
    return first or ended, ended


async def beside(address: str, page: str, link: str, doing: Coroutine[Any, Any, T]) -> T:
    """Do something while a visitor watches a long run."""
    async with Visitor(address) as visitor:
        await visitor.open(page, link.format(seed=next(_seeds)))
        watching = asyncio.create_task(_follow(visitor))
        await asyncio.sleep(2)  # it has begun
        try:
            return await doing
        finally:
            watching.cancel()


async def _follow(visitor: Visitor) -> None:
    async for _rerun in visitor.stay(600):
        pass


async def reruns(address: str) -> list[float]:
    """Seconds of each rerun for somebody who moves a slider on another page."""
    seconds = []
    async with Visitor(address) as visitor:
        await visitor.open("dropout")
        for turn in range(RERUNS):
            await asyncio.sleep(PAUSE)
            seconds.append((await visitor.move("dropout-p", [f"0.{1 + turn % 8}0"])).seconds)
    return seconds


async def at_once(address: str) -> list[tuple[float, float]]:
    """Several students, each with a lesson of their own."""
    return list(await asyncio.gather(*(lesson(address) for _ in range(STUDENTS))))


def main(arguments: list[str]) -> int:
    """Print what was measured; the exit status says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks busy")
    parser.add_argument("--rounds", type=int, default=5, help="of each measurement")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args(arguments)
    processes = 2 * (os.cpu_count() or 1)

    alone: list[float] = []
    crowded: list[float] = []
    plain_alone: list[float] = []
    plain_crowded: list[float] = []
    quiet_reruns: list[float] = []
    busy_reruns: list[float] = []
    together: list[tuple[float, float]] = []
    after_long: list[tuple[float, float]] = []
    with serving() as (address, _process), asyncio.Runner() as runner:
        runner.run(lesson(address))  # both burn in
        plain()
        for _round in range(options.rounds):
            plain_alone.append(plain())
            alone.append(runner.run(lesson(address))[1])
            quiet_reruns += runner.run(beside(address, "training", HEAVY, reruns(address)))
            with busy(processes):
                plain_crowded.append(plain())
                crowded.append(runner.run(lesson(address))[1])
                busy_reruns += runner.run(beside(address, "training", HEAVY, reruns(address)))
            together += runner.run(at_once(address))
            after_long.append(runner.run(beside(address, "two_dice", LONG, lesson(address))))
    lessons = Table(
        f"Seconds of the default lesson, medians of {options.rounds} interleaved rounds",
        ("", "first points", "last point", "longest until the first"),
        (
            ("alone", None, median(alone), None),
            (f"beside {processes} busy processes", None, median(crowded), None),
            ("a separate program, alone", None, median(plain_alone), None),
            (f"the same beside {processes} busy processes", None, median(plain_crowded), None),
            _row(f"{STUDENTS} different ones at once", together),
            _row("beside a classmate's long run", after_long),
        ),
    )
    pages = Table(
        "Milliseconds of a page's rerun beside a heavy training",
        ("", "median", "p95", "longest"),
        tuple(
            (name, *(1000 * each for each in (median(seconds), p95(seconds), max(seconds))))
            for name, seconds in (("otherwise quiet", quiet_reruns), (f"and {processes} busy processes", busy_reruns))
        ),
    )
    promises = [
        ("a lesson beside busy processes, as a multiple of one alone", ratio(crowded, alone), 4.0),
        (f"seconds until the first points, {STUDENTS} at once", max(each[0] for each in together), 10.0),
        ("seconds until the first points, beside a long run", max(each[0] for each in after_long), 10.0),
        ("p95 seconds of a rerun beside a training", p95(quiet_reruns), 0.150),
        ("the same with busy processes", p95(busy_reruns), 0.150),
    ]
    targets = [Target(name, measured, bound, at_most=True) for name, measured, bound in promises]
    return report("busy", [lessons, pages], targets, as_json=options.json)


def _row(name: str, seconds: list[tuple[float, float]]) -> tuple[str, float, float, float]:
    first, last = zip(*seconds, strict=True)
    return name, median(first), median(last), max(first)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
