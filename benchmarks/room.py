"""A class in a room: how long it takes from a tap on a phone until the projector counts it.

A projector and forty phones, each a session of its own over a WebSocket, in one room. The phones come within three
seconds by the room's link, follow the teacher from page to page, and answer each page's question at a moment of their
own. The projector looks at the room twice a second; a vote is there when its count has risen.

    python -m benchmarks room [--phones 40] [--json]

With ``TWO_DICE_REDIS=redis://...`` the rooms are kept there.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import time
from dataclasses import dataclass, field
from statistics import median

import uvloop

from benchmarks.server import OURS, p95, row
from benchmarks.timing import Table, Target, report
from tests.support.serving import ROOT, serving
from tests.support.visiting import Rerun, Visitor

PAGES = ("dropout", "training", "top_k", "two_dice")
ARRIVAL = 3.0  # seconds over which the phones come
ANSWERING = 12.0  # seconds over which they answer a question
COUNTED = re.compile(r"(\d+) of (\d+) have answered")


@dataclass
class Log:
    """What was seen."""

    reruns: list[Rerun] = field(default_factory=list)
    voted: dict[str, list[float]] = field(default_factory=lambda: {page: [] for page in PAGES})  # when
    counted: dict[str, list[float]] = field(default_factory=lambda: {page: [] for page in PAGES})
    followed: list[float] = field(default_factory=list)  # seconds from the teacher's going to a phone's arrival


@dataclass
class Lesson:
    """What the phones know of the teacher: the room's code, and when each page was opened."""

    code: str = ""
    opened: dict[str, float] = field(default_factory=dict)
    over: bool = False


async def teach(address: str, lesson: Lesson, log: Log, ready: asyncio.Event, phones: int) -> None:
    """Open a room, go from page to page, and count what the phones answer."""
    async with Visitor(address) as projector:
        await projector.open("room", "lang=en")
        await projector.move("open-room", True)
        found = re.search(r"Room ([A-Z]{4})", projector.words())
        assert found, projector.words()
        lesson.code = found[1]
        ready.set()
        await asyncio.sleep(ARRIVAL + 2)
        for page in PAGES:
            log.reruns.append(await projector.go_to(page))
            lesson.opened[page] = time.monotonic()
            async for rerun in projector.stay(ANSWERING + 8):
                log.reruns.append(rerun)
                if shown := COUNTED.search(projector.words()):
                    log.counted[page] += (int(shown[1]) - len(log.counted[page])) * [time.monotonic()]
                if len(log.counted[page]) == phones:
                    break
        lesson.over = True


async def attend(address: str, lesson: Lesson, log: Log, number: int, phones: int) -> None:
    """Enter the room, follow the teacher, and answer once on each page."""
    chance = random.Random(number)
    await asyncio.sleep(number / phones * ARRIVAL)
    async with Visitor(address) as phone:
        log.reruns.append(await phone.open("", f"room={lesson.code}&lang=en"))
        due: dict[str, float] = {}
        while not lesson.over:
            async for rerun in phone.stay(0.3):
                log.reruns.append(rerun)
                if arrived := await phone.follow():
                    log.reruns.append(arrived)
                    break
            page, now = phone.page, time.monotonic()
            if page in lesson.opened and page not in due:
                log.followed.append(now - lesson.opened[page])
                due[page] = lesson.opened[page] + 3 + chance.uniform(0, ANSWERING - 3)
            if now >= due.get(page, now + 1) and len(due) and page in due:
                due[page] = float("inf")
                log.voted[page].append(time.monotonic())
                name = f"guess_{page}"
                log.reruns.append(await phone.move(name, chance.choice(phone.widgets[name].values())))


async def lesson_of(address: str, phones: int) -> Log:
    """A whole lesson."""
    log, lesson, ready = Log(), Lesson(), asyncio.Event()

    async def come(number: int) -> None:
        await ready.wait()
        await attend(address, lesson, log, number, phones)

    async with Visitor(address) as first:  # the server's first visit pays for its imports
        for page in PAGES:
            await (first.open(page) if page == PAGES[0] else first.go_to(page))
    await asyncio.gather(teach(address, lesson, log, ready, phones), *map(come, range(phones)))
    return log


def main(arguments: list[str]) -> int:
    """Print how long votes and steps take; the exit status says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks room")
    parser.add_argument("--phones", type=int, default=40, help="phones in the room")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args(arguments)
    with (
        serving(ROOT / "app.py") as (address, _process),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        log = runner.run(lesson_of(address, options.phones))
    waits = [
        counted - voted
        for page in PAGES
        for voted, counted in zip(sorted(log.voted[page]), log.counted[page], strict=False)
    ]
    lost = sum(len(log.voted[page]) - len(log.counted[page]) for page in PAGES)
    errors = [rerun.error for rerun in log.reruns if rerun.error]
    for error in errors[:20]:
        print(error, file=sys.stderr)
    columns = ("", "how many", "median s", "p95 s", "longest s")
    kinds = [("from a vote to the projector", waits), ("from the teacher's step to a phone", log.followed)]
    rows = tuple((name, len(seen), median(seen), p95(seen), max(seen)) for name, seen in kinds if seen)
    by_kind = [("all", log.reruns), ("by themselves", [rerun for rerun in log.reruns if rerun.asked == "timer"])]
    sizes = ("median bytes", "most bytes", "most, nothing changed")
    tables = [
        Table(f"A room with {options.phones} phones ({OURS})", columns, rows),
        Table("Reruns", (*columns, *sizes), tuple(row(name, reruns) for name, reruns in by_kind)),
    ]
    targets = [
        Target("seconds from a vote to the projector, p95", p95(waits), 1.0, at_most=True),
        Target("votes lost", lost, 0, at_most=True),
        Target("errors", len(errors), 0, at_most=True),
    ]
    return report("room", tables, targets, as_json=options.json)
