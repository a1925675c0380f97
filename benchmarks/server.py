"""A class on one small machine: how long a rerun takes, what it costs and what it sends, while forty students visit.

Every visitor is a separate session, over a WebSocket, with the messages of a browser (tests/support/visiting.py). All
arrive within three seconds, like a class that is given a link; their waiting then counts like everything else. They
walk through all pages, starting at different ones, and move a real control about once a second, while some of them
follow one training run after another. An empty Streamlit app with one slider gets the same visitors in the same run.
The visitors' own process runs on the same machine, and its share of a core is printed.

    python -m benchmarks server [--sessions 40] [--think 1.0] [--seconds 60] [--coming-and-going SECONDS]
                                [--replicas 1] [--json]

With ``--coming-and-going SECONDS``, visitors stay for 5 to 30 seconds and others take their places, for that many
seconds in all; then only errors and the growth of the memory are judged. With ``--replicas 2`` or more, so many servers
stand behind nginx with the configuration that ships; memory and processor time are those of all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from benchmarks.timing import Cell, Table, Target, report
from tests.support.proxying import NGINX, proxied
from tests.support.serving import ROOT, serving
from tests.support.visiting import Button, Rerun, Visitor

OURS = "Two Dice"
PAGES = ("home", "dropout", "training", "top_k", "two_dice", "today")
EMPTY = "import streamlit as st\n\nst.title('Empty')\nst.slider('One slider', 0, 100, key='slider')\n"
MOVES = 5  # on each page, before the visitor goes on to the next
FOLLOWERS = 5  # who watch the shared training run
TRAINING = "train=1&steps=8000&seed={seed}"  # some ten seconds on an idle machine
ARRIVAL = 3.0  # seconds over which the class arrives
FIRST_SIGHT = 2.0  # seconds after that in which the last ones still wait for their first page
SAMPLES = 5  # of the process, per second
KEPT = 120.0  # seconds for which Streamlit keeps the session of somebody who left (server.disconnectedSessionTTL)
JUDGED = 40  # sessions up to which the times are judged; with more, the server may be slow but must stay alive
# What a visitor leaves alone: these would start a separate training, and a class watches one together.
ALONE = {"Train both", "Train this point", "two_dice-models"}


@dataclass
class Log:
    """What the visitors saw."""

    reruns: list[Rerun] = field(default_factory=list)
    arrival: list[Rerun] = field(default_factory=list)  # those asked for while the class arrived
    errors: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, rerun: Rerun) -> None:
        """Add a rerun that has just ended."""
        self.reruns.append(rerun)
        if time.monotonic() - rerun.seconds - self.began < ARRIVAL + FIRST_SIGHT:
            self.arrival.append(rerun)
        if rerun.error:
            self.errors.append(f"{rerun.page}, {rerun.asked}: {rerun.error}")


@dataclass
class Process:
    """What the system says about the server, or all replicas: memory in MB, and CPU seconds of all threads."""

    ids: tuple[int, ...]
    runs: dict[str, float] = field(default_factory=dict)  # CPU seconds of every thread of a background run
    memory: list[float] = field(default_factory=list)  # resident, in MB

    def sample(self) -> float:
        """Take a sample, and return the resident memory."""
        pages = 0
        for process in (Path(f"/proc/{id}") for id in self.ids):
            of_pages = _cores(process)
            for thread in (process / "task").iterdir():
                with suppress(OSError):  # the thread has ended since
                    if _cores(thread) != of_pages:
                        self.runs[thread.name] = _cpu(thread)
            pages += int((process / "statm").read_text().split()[1])
        self.memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        return self.memory[-1]

    def cpu(self) -> float:
        """CPU seconds of the whole process, including threads that have ended."""
        return sum(_cpu(Path(f"/proc/{id}")) for id in self.ids)

    def background(self) -> float:
        """CPU seconds of background runs, except what each did after its last sample."""
        return sum(self.runs.values())

    async def watch(self) -> None:
        """Take samples until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(1 / SAMPLES)


def _cpu(task: Path) -> float:
    """CPU seconds of a process or a thread, in user and kernel mode."""
    figures = (task / "stat").read_text().rpartition(")")[2].split()  # from the third field on; see proc(5)
    return (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


def _cores(task: Path) -> str:
    """The cores of a process or a thread; background runs use other cores than the pages (lib/web/server.py)."""
    return (task / "status").read_text().partition("Cpus_allowed_list:")[2].split()[0]


async def linger(visitor: Visitor, log: Log, seconds: float) -> None:
    """Wait, while the page does what it does by itself."""
    async for rerun in visitor.stay(seconds):
        log.add(rerun)


async def move_something(visitor: Visitor, log: Log, chance: random.Random) -> None:
    """Move one of the page's controls to another of its values."""
    names = [
        name
        for name, widget in visitor.widgets.items()
        if name not in ALONE and not (isinstance(widget, Button) and visitor.page == "training")
    ]
    if names:
        name = chance.choice(sorted(names))
        log.add(await visitor.move(name, chance.choice(visitor.others(name))))


async def walk(visitor: Visitor, log: Log, pages: Sequence[str], think: float, chance: random.Random) -> None:
    """Visit the pages in turn, forever; on each, move some controls, then run it once more with nothing changed."""
    log.add(await visitor.open("" if pages[0] == "home" else pages[0]))
    while True:
        for page in (*pages[1:], pages[0]):
            for _ in range(MOVES):
                await linger(visitor, log, chance.uniform(0.5, 1.5) * think)
                await move_something(visitor, log, chance)
            await linger(visitor, log, think)
            if visitor.quiet:
                log.add(await visitor.again())
            if len(pages) > 1:
                await linger(visitor, log, think)
                log.add(await visitor.go_to(page))


def seated(address: str, number: int) -> Visitor:
    """A visitor with a seat of deploy/nginx.conf; where there is no proxy, it means nothing."""
    return Visitor(address, {"Cookie": f"seat={number % 256:02x}"})


async def follow(address: str, log: Log, seeds: Iterable[int], number: int = 0) -> None:
    """Open the link of a training run and watch it to its end, then the next one's."""
    for seed in seeds:
        async with seated(address, number) as visitor:
            log.add(await visitor.open("training", TRAINING.format(seed=seed)))
            async for rerun in visitor.stay(600, until_quiet=True):
                log.add(rerun)


async def until(end: float, log: Log, doing: Coroutine[Any, Any, None]) -> None:
    """Do something until a point in time; whatever goes wrong before is an error of the app."""
    try:
        async with asyncio.timeout(end - time.monotonic()) as limit:
            await doing
    except Exception as error:
        if not limit.expired():
            log.errors.append(repr(error))


async def visit(address: str, log: Log, pages: Sequence[str], think: float, number: int) -> None:
    """One student, who walks through all pages, starting at one of them."""
    chance = random.Random(number)
    start = number % len(pages)
    async with seated(address, number) as visitor:
        await walk(visitor, log, (*pages[start:], *pages[:start]), think, chance)


async def see_everything(address: str, pages: Sequence[str]) -> None:
    """The warm-up: one visitor sees every page to its end, and one training run."""
    log = Log()
    async with Visitor(address) as visitor:
        await visitor.open()
        for page in pages[1:]:
            await visitor.go_to(page)
            for part in visitor.others("today-part") if page == "today" else ():
                await visitor.move("today-part", part)
                await linger(visitor, log, 3)
            await linger(visitor, log, 3)
    if len(pages) > 1:
        await follow(address, log, [9999])


async def a_class(address: str, log: Log, pages: Sequence[str], options: argparse.Namespace) -> None:
    """Everybody arrives, stays until the end and leaves."""
    end = time.monotonic() + options.seconds
    followers = min(FOLLOWERS, options.sessions) if len(pages) > 1 else 0

    async def come(number: int) -> None:
        await asyncio.sleep(number / options.sessions * min(ARRIVAL, options.seconds / 2))
        following = follow(address, log, range(9999), number) if number < followers else None
        await until(end, log, following or visit(address, log, pages, options.think, number))

    await asyncio.gather(*map(come, range(options.sessions)))


async def coming_and_going(address: str, log: Log, pages: Sequence[str], options: argparse.Namespace) -> None:
    """Students come, stay for a while and leave; the number present stays the same."""
    end = time.monotonic() + options.coming_and_going

    async def seat(number: int) -> None:
        chance, guest = random.Random(number), number
        while (now := time.monotonic()) < end:
            stay = min(end, now + chance.uniform(5, 30))
            await until(stay, log, visit(address, log, pages, options.think, guest))
            guest += options.sessions

    await asyncio.gather(*map(seat, range(options.sessions)))


async def everybody_gone(replicas: Sequence[str], process: Process) -> tuple[float, float]:
    """The memory right after the class has left, and once the server has dropped its sessions."""
    await asyncio.sleep(2)
    right_after = process.sample()
    await asyncio.sleep(KEPT)
    for replica in replicas:
        async with Visitor(replica) as passer_by:  # when a session opens or closes, the server drops the old ones
            await passer_by.open()
    await asyncio.sleep(2)
    return right_after, process.sample()


def p95(values: Iterable[float]) -> float:
    """The 95th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else 0.0


def row(name: str, reruns: Sequence[Rerun]) -> tuple[Cell, ...]:
    """One line of the table of reruns."""
    if not reruns:
        return name, 0, *[None] * 6
    seconds, sizes = [each.seconds for each in reruns], [each.bytes for each in reruns]
    unchanged = max((each.bytes for each in reruns if each.asked == "again"), default=None)
    return name, len(reruns), median(seconds), p95(seconds), max(seconds), int(median(sizes)), max(sizes), unchanged


@dataclass
class Result:
    """One app under load: what the visitors saw, and what it cost."""

    log: Log
    seconds: float
    cpu: float  # CPU seconds of the server
    background: float  # the part of it in background runs
    load: float  # CPU seconds of this process
    memory: list[float]  # MB, in every sample
    start: float
    after: tuple[float, float] | None = None


async def measure(
    address: str, replicas: Sequence[str], server: Process, pages: Sequence[str], options: argparse.Namespace
) -> Result:
    """Warm up, let the visitors in, and measure what is left when they have gone."""
    for replica in replicas:
        await see_everything(replica, pages)
    start = server.sample()
    server.runs.clear()
    watching = asyncio.create_task(server.watch())
    log, began, cpu, load = Log(), time.monotonic(), server.cpu(), time.process_time()
    await (coming_and_going if options.coming_and_going else a_class)(address, log, pages, options)
    seconds, cpu, load = time.monotonic() - began, server.cpu() - cpu, time.process_time() - load
    watching.cancel()
    result = Result(log, seconds, cpu, server.background(), load, server.memory, start)
    if len(pages) > 1 and not options.coming_and_going:
        result.after = await everybody_gone(replicas, server)
    return result


def run(app: Path, pages: Sequence[str], options: argparse.Namespace) -> Result:
    """Serve an app in a separate process, or in several behind a proxy, and measure it."""
    result = None
    try:
        with ExitStack() as stack, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            replicas, processes = zip(
                *(stack.enter_context(serving(app)) for _ in range(options.replicas)), strict=True
            )
            address = stack.enter_context(proxied(replicas)).address if options.replicas > 1 else replicas[0]
            result = runner.run(measure(address, replicas, Process(processes), pages, options))
    except AssertionError:  # raised if there are tracebacks in the server's log
        if result is None:
            raise
        result.log.errors.append("the server logged a traceback")
    return result


def tables(apps: dict[str, Result]) -> list[Table]:
    """What the apps took, per rerun and overall."""
    reruns, costs = [], []
    for name, result in apps.items():
        log, count = result.log, max(1, len(result.log.reruns))
        reruns.append(row(name, log.reruns))
        if name == OURS:
            full = [each for each in log.reruns if not each.fragment]
            reruns.append(row("  the whole page", full))
            reruns += [row(f"    {page}", [each for each in full if each.page == page]) for page in PAGES]
            reruns.append(row("  a fragment of it", [each for each in log.reruns if each.fragment]))
            if log.arrival:
                reruns.append(row("  while the class arrived", log.arrival))
        each = (result.cpu - result.background) / count
        cores = [seconds / result.seconds for seconds in (result.cpu, result.background, result.load)]
        memory = (result.start, max(result.memory), *(result.after or (None, None)))
        costs.append((name, count / result.seconds, each, *cores, *memory, len(log.errors)))
    sizes = ("median bytes", "most bytes", "most, nothing changed")
    speed = ("reruns/s", "CPU s/rerun", "cores", "in background runs", "in this load")
    memory_names = ("MB at start", "at most", "after", "after 2 min")
    return [
        Table("Reruns", ("", "how many", "median s", "p95 s", "longest s", *sizes), tuple(reruns)),
        Table("The server (CPU a rerun: without background runs)", ("", *speed, *memory_names, "errors"), tuple(costs)),
    ]


CLASSES = (1, 10, 100, 1000)
CLASS = 40  # students
SHARE = 0.7  # of its core that a replica may use for pages: beyond that, waiting grows fast


def school(result: Result, options: argparse.Namespace) -> Table:
    """What classes need that all do at once what this one did: replicas with a core each, memory, bandwidth."""
    classes = options.sessions / CLASS
    cores = (result.cpu - result.background) / result.seconds / classes
    megabits = 8e-6 * sum(each.bytes for each in result.log.reruns) / result.seconds / classes
    gigabytes = max(result.memory) / options.replicas / 1000
    rows = []
    for many in CLASSES:
        replicas = math.ceil(many * cores / SHARE)
        rows.append((f"{many:,} of {CLASS}", many * cores, replicas, replicas * gigabytes, many * megabits))
    columns = ("classes", "cores busy", f"replicas, {SHARE:.0%} busy", "GB of memory", "Mbit/s")
    return Table("If so many classes did the same at once", columns, tuple(rows))


def targets(result: Result, options: argparse.Namespace) -> list[Target]:
    """The targets for this load."""
    promises: list[tuple[str, float, float]] = [("errors", len(result.log.errors), 0)]
    if options.coming_and_going:
        third = len(result.memory) // 3
        some = 10 * SAMPLES
        growth = median(result.memory[-some:]) / median(result.memory[third : third + some])
        promises.append(("memory at the end, as a multiple of that after a third of the time", growth, 1.1))
    else:
        sizes = [each.bytes for each in result.log.reruns]
        unchanged = [each.bytes for each in result.log.reruns if each.asked == "again"]
        promises += [("most bytes of a rerun", max(sizes), 150_000), ("where nothing changed", max(unchanged), 10_000)]
    if options.sessions <= JUDGED and result.after:
        seconds = [each.seconds for each in result.log.reruns]
        promises += [("median seconds of a rerun", median(seconds), 0.030), ("p95 of them", p95(seconds), 0.150)]
        promises += [("MB at most", max(result.memory), 600 * options.replicas)]
        promises += [("MB when all have left, as a multiple of the start", result.after[1] / result.start, 1.1)]
    return [Target(name, measured, bound, at_most=True) for name, measured, bound in promises]


def main(arguments: list[str]) -> int:
    """Print the tables; the exit status says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks server")
    parser.add_argument("--sessions", type=int, default=40, help="visitors at a time")
    parser.add_argument("--think", type=float, default=1.0, help="seconds between two moves of a visitor, on average")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the class stays")
    parser.add_argument(
        "--coming-and-going", type=float, default=0.0, metavar="SECONDS", help="let visitors take turns"
    )
    parser.add_argument("--replicas", type=int, default=1, help="servers; more than one stand behind nginx")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args(arguments)
    if options.replicas > 1 and NGINX is None:
        raise SystemExit("Several replicas need nginx: install Debian's package nginx-light, for example.")
    if not Path("/proc/self/statm").exists():
        raise SystemExit("This benchmark reads a process's memory from /proc, which only Linux has.")
    apps = {OURS: run(ROOT / "app.py", PAGES, options)}
    if not options.coming_and_going:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "app.py").write_text(EMPTY)
            shutil.copytree(ROOT / ".streamlit", Path(folder) / ".streamlit")
            apps["an empty app"] = run(Path(folder) / "app.py", ("home",), options)
    for error, count in Counter(apps[OURS].log.errors).most_common(20):
        print(f"{count} x {error}", file=sys.stderr)
    found = [*tables(apps), school(apps[OURS], options)]
    return report("server", found, targets(apps[OURS], options), as_json=options.json)
