"""What may go wrong in a term: each fault ends in recovery or in words, and leaves nothing behind."""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed

from lib.web.frame.language import read_sections
from lib.web.frame.navigation import PAGES
from lib.web.rooms.room import Rooms
from lib.web.rooms.store import RoomsInProcess
from lib.web.runs import worker_pool
from lib.web.runs.worker_pool import RunStore, Watcher, WorkerPool
from tests.support.apptest import until
from tests.support.serving import ROOT, copied, free_port, serving
from tests.support.visiting import Button, Visitor
from tests.web.test_logs import NO_JSON, SHORT, forged, metrics, until_counted
from tests.web.test_runs import ENDLESS, FreeJob, SteppedJob
from tests.web.test_server import in_a_thread

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, or sets limits as Linux does")
ALL = ["" if page.id == "home" else page.id for page in PAGES]
IDLE = 'two_dice_runs{state="computing"} 0\ntwo_dice_runs{state="waiting"} 0\n'
WENT_WRONG = {
    "de": "Hier ist etwas schiefgegangen",
    "fr": "Quelque chose a mal tourné ici",
    "es": "Algo ha fallado aquí",
    "ja": "ここで問題が起きました",
}


def long_run(seed: int = 0, *, members: int = 16) -> str:
    """The link of a run of many steps, which takes minutes, or seconds where it has few members."""
    return f"train=1&training-steps=8000&training-seeds={members}&training-seed={seed}"


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.05)


def how_often(address: str, event: str) -> int:
    """How many training runs have had this event, as the server counts."""
    found = re.search(rf'event="{event}",kind="training"}} (\d+)', metrics(address))
    return int(found[1]) if found else 0


def points(visitor: Visitor) -> int:
    """How many points of its curves the visitor has been told of."""
    picture = visitor.component("training")
    return int(picture[1]["count"]) if picture else 0


async def watch(visitor: Visitor, enough: Callable[[], bool]) -> None:
    """Look at the page until there is enough to see on it."""
    async for rerun in visitor.stay(120):
        assert not rerun.error
        if enough():
            return
    raise AssertionError("nothing more came")


# ------------------------------------------------------------------------------------------------------ the server dies


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_is_killed_while_somebody_watches_a_run_and_goes_on_when_it_is_back(how):
    async def visit(address: str, kill: Callable[[], None], start: Callable[[], None]) -> None:
        async with Visitor(address) as visitor:
            await visitor.open("training", long_run(members=1))
            await watch(visitor, lambda: points(visitor) > 1)
            await asyncio.to_thread(kill)
            with pytest.raises(ConnectionClosed):
                await visitor.again()
            await asyncio.to_thread(start)
            assert not (await visitor.reconnect()).error
            await watch(visitor, lambda: points(visitor) > 1)  # the page asked for its run, and it has begun again

    port = free_port()
    with ExitStack() as first, ExitStack() as second:
        address, process = first.enter_context(serving(port=port))

        def kill() -> None:
            os.kill(process, how)
            first.close()  # waits for its end

        in_a_thread(visit(address, kill, lambda: second.enter_context(serving(port=port)) and None))


# --------------------------------------------------------------------------------------------------- one server for all


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, int]]:
    """A server that must log no error, and its process."""
    with serving() as (address, process):
        yield address, process


@pytest.fixture
def address(running: tuple[str, int]) -> str:
    return running[0]


# -------------------------------------------------------------------------------------------------- the network is cut


class Relay:
    """Stands between a visitor and the server, as the network does, and can fall silent without closing anything."""

    def __init__(self, address: str) -> None:
        self.port, self.on = int(address.rpartition(":")[2]), asyncio.Event()
        self.on.set()

    async def __aenter__(self) -> str:
        self.server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_error: object) -> None:
        self.server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self._copy(reader, their_writer), self._copy(their_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65536):
            await self.on.wait()
            writer.write(part)
        writer.close()


def test_the_network_is_silent_for_a_while_and_the_run_is_on_the_page_afterwards(address):
    before = how_often(address, "run_finished")

    async def visit() -> None:
        relay = Relay(address)
        async with relay as through, Visitor(through) as visitor:
            await visitor.open("training", "train=1&training-steps=500&training-seeds=1&training-seed=501")
            relay.on.clear()
            watching = asyncio.create_task(watch(visitor, lambda: visitor.quiet))
            await eventually(lambda: how_often(address, "run_finished") > before)
            assert not watching.done()
            relay.on.set()
            await watching
            assert visitor.component("training")[1]["complete"]

    in_a_thread(visit())


def test_the_connection_is_lost_and_taken_up_again_with_all_that_was_on_the_page(address):
    """For 20 seconds and more: the server keeps a session for two minutes."""
    assert config.get_option("server.disconnectedSessionTTL") >= 60
    before = how_often(address, "run_stopped")

    async def visit() -> None:
        async with Visitor(address) as visitor:
            await visitor.open("training", long_run())
            await visitor.move("guess_training", visitor.others("guess_training")[0])
            guess = visitor.value("guess_training")
            await watch(visitor, lambda: points(visitor) > 1)
            seen = points(visitor)
            visitor.drop()
            await eventually(lambda: how_often(address, "run_stopped") > before)
            await visitor.reconnect()
            await watch(visitor, lambda: points(visitor) > seen)  # the same run has gone on
            assert visitor.value("guess_training") == guess

    in_a_thread(visit())


# ----------------------------------------------------------------------------------------------------- too many of them


@on_linux
def test_200_who_are_gone_without_a_word_leave_nothing_behind_and_lose_no_finished_run(running):
    address, process = running

    def children() -> str:
        return "".join(each.read_text() for each in Path(f"/proc/{process}/task").glob("*/children"))

    async def come(number: int, everybody: list[Visitor]) -> None:
        visitor = await Visitor(address).__aenter__()
        everybody.append(visitor)
        assert not (await visitor.open("training", long_run(number))).error

    async def visit() -> None:
        async with Visitor(address) as first:
            await first.open("training", SHORT)
            await watch(first, lambda: first.quiet)
        everybody: list[Visitor] = []
        await asyncio.gather(*(come(number, everybody) for number in range(200)))
        assert waiting(metrics(address)) > 100
        for visitor in everybody:
            visitor.drop()
        await until_counted(address, IDLE)
        await eventually(lambda: "active_sessions 0" in metrics(address, "active_sessions"))
        assert children() == ""
        async with Visitor(address) as late:
            await late.open("training", SHORT)
            assert late.component("training")[1]["complete"]  # at once: it was kept

    in_a_thread(visit())


def waiting(counts: str) -> int:
    """How many runs wait for their first turn."""
    return int(counts.partition('state="waiting"} ')[2].split()[0])


def test_200_presses_of_train_start_one_run_after_the_other_and_hold_up_nobody(address):
    async def press(hasty: Visitor) -> None:
        for number in range(200):
            if number % 10 == 0:
                await hasty.move("training-p", hasty.others("training-p")[number // 10 % 5])
            assert not (await hasty.move("Train", True)).error

    async def visit() -> None:
        async with Visitor(address) as hasty, Visitor(address) as classmate:
            await hasty.open("training", "training-steps=8000&training-seeds=16")
            pressing = asyncio.create_task(press(hasty))
            await classmate.open("training", SHORT.replace("seed=77", "seed=78"))
            await watch(classmate, lambda: classmate.quiet)
            assert classmate.component("training")[1]["complete"]
            await pressing
            assert waiting(metrics(address)) <= 1
        await until_counted(address, IDLE)

    in_a_thread(visit())


def test_who_floods_the_server_is_disconnected_and_others_are_served(address):
    async def flood(visitor: Visitor, question: bytes) -> None:
        with suppress(ConnectionClosed):
            while True:
                await visitor._socket.send(question)
                await asyncio.sleep(0)

    async def visit() -> None:
        async with Visitor(address) as flooder, Visitor(address) as other:
            await flooder.open("dropout")
            await other.open("dropout")
            question = BackMsg()
            question.rerun_script.page_script_hash = flooder._script
            flooding = asyncio.create_task(flood(flooder, question.SerializeToString()))
            async with asyncio.timeout(60):
                while not flooding.done():
                    assert not (await other.move("dropout-p", other.others("dropout-p")[0])).error
            await flooding
            assert 'two_dice_events_total{event="refused",kind="flood"} 1\n' in metrics(address)
            assert not (await flooder.reconnect()).error

    in_a_thread(visit())


def test_who_asks_for_one_run_after_the_other_has_one_at_a_time_and_a_classmate_every_other_turn():
    turns: list[str] = []
    pool = WorkerPool(turn=0)
    store: RunStore[FreeJob] = RunStore(pool=pool)
    greedy, classmate = Watcher(), Watcher()
    run = store.watch("classmate", classmate, lambda: FreeJob("classmate", 50, turns))
    number = 0
    while not run.done:
        number += 1
        store.watch(number, greedy, partial(FreeJob, "greedy", ENDLESS, turns))
        with pool.lock:
            assert sum(each.watched() for each in pool.waiting) <= 2
    greedy.gone.set()
    until(lambda: pool.active is None)
    assert turns.count("classmate") == 50
    until_its_end = turns[: len(turns) - turns[::-1].index("classmate")]
    assert until_its_end.count("greedy") <= 2 * 50


# -------------------------------------------------------------------------------------------------- a trainer is killed


@pytest.mark.parametrize("error", [RuntimeError("it fails"), MemoryError(), SystemExit(1), KeyboardInterrupt()])
def test_a_trainer_that_raises_ends_its_own_run_and_no_other(error):
    class Killed(FreeJob):
        def advance(self) -> None:
            raise error

    pool = WorkerPool(turn=0)
    store: RunStore[FreeJob] = RunStore(pool=pool)
    killed, other = store.watch(1, Watcher(), Killed), store.watch(2, Watcher(), FreeJob)
    until(lambda: killed.over and other.done and pool.active is None)
    assert killed.error is error
    assert other.error is None


def test_a_worker_thread_that_is_killed_is_replaced_when_a_page_next_asks(monkeypatch):
    def kill(**_options: object) -> None:
        monkeypatch.undo()
        raise SystemExit

    monkeypatch.setattr(worker_pool, "give_memory_back", kill)
    pool = WorkerPool(turn=0)
    store: RunStore[FreeJob] = RunStore(pool=pool)
    with pool.lock:
        first, second = (store.watch(name, Watcher(), FreeJob) for name in "ab")
    until(lambda: first.done and not pool._at_work)
    assert not second.over
    store.watch("b", Watcher(), FreeJob)
    until(lambda: second.done)


def test_a_host_that_allows_no_more_threads_only_delays_a_run(monkeypatch):
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    store: RunStore[FreeJob] = RunStore(pool=WorkerPool(turn=0))
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        run = store.watch("a", Watcher(), FreeJob)
        assert not run.over
    store.watch("a", Watcher(), FreeJob)  # the page asks again
    until(lambda: run.done)


# ------------------------------------------------------------------------------------------------------- a clock jumps


@pytest.mark.parametrize("jump", [-400 * 86_400.0, 400 * 86_400.0])
def test_a_clock_that_jumps_by_a_year_changes_nothing(jump, monkeypatch):
    rooms, store = Rooms(RoomsInProcess()), RunStore[SteppedJob](pool=WorkerPool(turn=0))
    teacher, job = rooms.open(), SteppedJob(steps=4)
    run = store.watch("config", Watcher(), lambda: job)
    job.let(2)
    until(lambda: run.busy_seconds > 0)
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + jump)
    assert rooms.enter(teacher.code).number == 1
    assert 0 <= run.seconds_left < 60
    job.let(2)
    until(lambda: run.done)
    assert run.busy_seconds < 60


# ------------------------------------------------------------------------------------------------- forged messages


FORGED = {
    "double_array_value": [[1e308], [float("nan")], [], [1.0] * 50],
    "string_array_value": [["nonsense"], [], ["0.05"] * 50, ["x" * 100_000]],
    "string_value": ["nonsense", "x" * 100_000, "\0<script>"],
    "int_value": [2**62, -(2**62)],
    "bool_value": [True, False],
}
VALUES = (None, -1, 10**30, "x", [1, [2]], {"run": "x", "from": 10**30, "to": [], "steps": -1}, True)
EVENTS = {  # what components may tell the server, on all pages and on one
    "": [("two_dice_address", "kept"), ("two_dice_seat", "kept")],
    "training": [("two_dice_training", "request")],
    "dropout": [("two_dice_dropout", "rest"), ("two_dice_dropout", "tapped")],
    "today": [("two_dice_today_time_line", "walk")],
}


@pytest.mark.parametrize("page", ALL)
def test_forged_messages_end_in_the_bounds(page, address):
    """No error is shown, none is logged (the server's log is read at its end), and no run begins."""

    async def visit() -> None:
        async with Visitor(address) as visitor:
            await visitor.open(page)
            for component, event in {*EVENTS[""], *EVENTS.get(page, [])}:
                for value in VALUES:
                    rerun = await forged(visitor, component, json.dumps([{"event": event, "value": value}]))
                    assert not rerun.error, (component, event, value, rerun.error)
            for name, widget in list(visitor.widgets.items()):
                for value in [] if isinstance(widget, Button) else FORGED[widget.field]:
                    if name in visitor.widgets:
                        rerun = await visitor.move(name, value)
                        assert not rerun.error, (name, value, rerun.error)
        assert IDLE in metrics(address)

    in_a_thread(visit())


# ---------------------------------------------------------------------- files that cannot be written, or cannot be read


class Trap:
    """What runs a command where somebody unpickles it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


def spoil(data: Path, trapped: Path) -> None:
    """Of the checkpoints with p = 0 one is missing, one truncated, one corrupted, and one a pickle that would run."""
    missing, truncated, corrupted, pickled = (data / f"storybook_{each}_small_p00.npz" for each in WENT_WRONG)
    missing.unlink()
    truncated.write_bytes(truncated.read_bytes()[:10_000])
    whole = corrupted.read_bytes()
    corrupted.write_bytes(whole[:10_000] + bytes(byte ^ 255 for byte in whole[10_000:10_100]) + whole[10_100:])
    with np.load(pickled, allow_pickle=False) as stored:
        arrays = dict(stored)
    np.savez(pickled, **{**arrays, "parameters": np.array([Trap(f"touch {trapped}")], dtype=object)})


@dataclass(frozen=True)
class Crippled:
    """A server without a place to write to, and with spoilt checkpoints."""

    address: str
    process: int
    folder: Path
    log: Path
    trapped: Path

    def files(self) -> dict[str, tuple[int, int]]:
        """All that is in its folder: the size of each file, and when it was written."""
        all_files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in all_files}


@pytest.fixture(scope="module")
def crippled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crippled]:
    """The folder is read-only, and so is HOME. Root may write anyway, unless it gives up its privileges."""
    if sys.platform != "linux":
        pytest.skip("sets limits as Linux does")
    before: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root writes to read-only folders, and there is no setpriv (util-linux) to keep it from that")
        before = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
    place = tmp_path_factory.mktemp("crippled")
    folder, log, trapped = place / "program", place / "server.log", place / "trapped"
    folder.mkdir()
    app = copied(folder)
    spoil(folder / "data", trapped)
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    try:
        for each in folders:
            each.chmod(0o555)
        with serving(app, log=log, before=before, HOME=str(folder)) as (address, process):
            yield Crippled(address, process, folder, log, trapped)
    finally:
        for each in folders:
            each.chmod(0o755)


async def visit_all(address: str, seed: int) -> None:
    """Open every page, and let one train."""
    for page in ALL:
        async with Visitor(address) as visitor:
            assert not (await visitor.open(page)).error
    async with Visitor(address) as visitor:
        await visitor.open("training", SHORT.replace("seed=77", f"seed={seed}"))
        await watch(visitor, lambda: visitor.quiet)
        assert visitor.component("training")[1]["complete"]


def test_every_page_opens_and_trains_where_nothing_can_be_written(crippled):
    before = crippled.files()
    in_a_thread(visit_all(crippled.address, seed=1))
    assert crippled.files() == before


@pytest.mark.parametrize("language", WENT_WRONG)
def test_a_spoilt_checkpoint_is_said_in_words_and_the_others_go_on(crippled, language):
    async def visit() -> None:
        async with Visitor(crippled.address) as visitor:
            rerun = await visitor.open("top_k", f"lang={language}&top_k-p=0")
            assert rerun.error is not None
            assert rerun.error.startswith(WENT_WRONG[language])
        async with Visitor(crippled.address) as visitor:
            assert not (await visitor.open("top_k", f"lang={language}&top_k-p=0.3")).error

    in_a_thread(visit())
    assert not crippled.trapped.exists()


def test_a_table_with_a_spoilt_checkpoint_fails_in_words_and_the_log_names_the_file(crippled):
    async def visit() -> None:
        async with Visitor(crippled.address) as visitor:
            rerun = await visitor.open("two_dice", "lang=de&two_dice-seed=4711")
            async for rerun in visitor.stay(60, until_quiet=True):
                if rerun.error:
                    break
            assert rerun.error == failed
            await until_counted(crippled.address, 'event="run_failed",kind="measuring"')

    failed = read_sections(ROOT / "content" / "de" / "two_dice.md")["failed"][0]
    in_a_thread(visit())
    assert re.search(r"CheckpointError: storybook_de_small_p00\.npz: no such", crippled.log.read_text())


def test_a_full_disk_stops_the_log_and_nothing_else(crippled):
    """The last test with this server: from now on it can write to no file, not even to its log."""
    import resource  # which other systems have not

    resource.prlimit(crippled.process, resource.RLIMIT_FSIZE, (0, 0))
    size = crippled.log.stat().st_size
    in_a_thread(visit_all(crippled.address, seed=2))

    async def visit() -> None:
        async with Visitor(crippled.address) as visitor:
            await visitor.open("home", "lang=de")
            rerun = await forged(visitor, "two_dice_address", NO_JSON)
            assert rerun.error is not None
            assert rerun.error.startswith(WENT_WRONG["de"])
            assert not (await visitor.again()).error

    in_a_thread(visit())
    assert crippled.log.stat().st_size == size
