"""The server's process: where its threads run, what starts it, and that it ends when it is asked to."""

import asyncio
import os
import signal
import socket
import sys
import time
import tomllib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit import net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests
from streamlit.web.server.server_util import is_url_from_allowed_origins

from lib.web import server
from tests.support.serving import ROOT, command, serving
from tests.support.visiting import Visitor

HEAVY = "train=1&data=digits&n=1000&layers=256-256&seeds=16&batch=128&steps=8000"


def in_a_thread(work: Coroutine[None, None, None]) -> None:
    """Run it to its end in a thread of its own: the browser of other tests has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def cores(task: Path) -> str:
    return (task / "status").read_text().partition("Cpus_allowed_list:")[2].split()[0]


def test_the_app_is_started_as_the_readme_says() -> None:
    """No option that a person does not give, but for where it listens; the file watcher is off for everybody."""
    line = command(ROOT / "app.py", 8501)
    assert [Path(line[0]).name, *line[1:3]] == ["streamlit", "run", "app.py"]
    options = {each.partition("=")[0] for each in line if each.startswith("-")}
    assert options == {"--server.address", "--server.port", "--server.headless"}
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["fileWatcherType"] == "none"


def test_two_containers_on_one_machine_use_different_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """In each of them the server is process 1; Docker's addresses follow each other."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(socket, "gethostname", lambda: "6ec57f84c680")
    numbers = []
    for address in ("172.18.0.3", "172.18.0.4"):
        monkeypatch.setattr(socket, "gethostbyname", {"6ec57f84c680": address}.__getitem__)
        numbers.append(server._number())
    assert [number % 2 for number in numbers] == [1, 0]

    def unknown(host: str) -> str:
        raise socket.gaierror(host)

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    assert server._number() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's threads from /proc")
def test_pages_share_a_core_runs_have_the_others_and_sigterm_ends_both() -> None:
    async def visit(address: str, process: int) -> None:
        threads = Path(f"/proc/{process}/task")
        async with Visitor(address) as visitor:
            await visitor.open("training", HEAVY)
            pages = cores(threads / str(process))
            if (os.cpu_count() or 1) > 1:
                async for _rerun in visitor.stay(60):
                    picture = visitor.component("training")
                    if picture and picture[1]["count"] > 1:  # the run is under way
                        break
                runs = {cores(each) for each in threads.iterdir()} - {pages}
                assert pages.isdigit()
                assert runs
                assert pages not in runs
            os.kill(process, signal.SIGTERM)
            end = time.monotonic() + 5
            while (Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]) != "Z":
                assert time.monotonic() < end, "the server is still there"
                await asyncio.sleep(0.05)

    with serving() as (address, process):
        in_a_thread(visit(address, process))


def test_a_server_asks_nobody_for_its_own_address(monkeypatch):
    """Also where another site's page tries to connect; that is refused as before."""
    asked: list[str] = []
    monkeypatch.setattr(net_util, "_external_ip", None)
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda address, **_options: asked.append(address))
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # is given back after
    assert not is_url_from_allowed_origins("https://elsewhere.example")
    assert asked != []  # what Streamlit does
    asked.clear()
    monkeypatch.setattr(server, "serves", lambda: True)
    server.ask_nobody_for_our_address.__wrapped__()
    assert not is_url_from_allowed_origins("https://elsewhere.example")
    assert asked == []


class Session:
    """What `lose_no_page` sees of a session of Streamlit's, and of the run that it has under way."""

    def __init__(self) -> None:
        self._scriptrunner: ScriptRequests | None = None
        self.has_fragment = "ab".__contains__  # "" is none, and is held to be known
        self.request_rerun = AppSession.request_rerun.__get__(self)
        self._create_scriptrunner = AppSession._create_scriptrunner.__get__(self)


def test_a_fragment_waits_for_the_page_and_is_dropped_with_it(monkeypatch) -> None:
    drawn: list[str] = []

    def request(session: Session, state: ClientState) -> None:
        """Streamlit's own, without what this test has no need of: a fragment joins the run that is under way."""
        data = RerunData(fragment_id=state.fragment_id or None, query_string=state.query_string)
        if not data.fragment_id:
            session._scriptrunner = None
        elif session._scriptrunner and session._scriptrunner.request_rerun(data):
            return drawn.append(data.query_string)
        session._create_scriptrunner(data)

    def create(session: Session, data: RerunData) -> None:
        drawn.append(data.query_string)
        session._scriptrunner = ScriptRequests()

    monkeypatch.setattr(AppSession, "request_rerun", request)
    monkeypatch.setattr(AppSession, "_create_scriptrunner", create)
    server.lose_no_page.__wrapped__()

    async def visit() -> None:
        session = Session()

        def ask(name: str, *, page: str = "one", fragment: str = "") -> None:
            session.request_rerun(ClientState(page_script_hash=page, fragment_id=fragment, query_string=name))

        ask("page")
        ask("while it runs", fragment="a")
        assert drawn == ["page", "while it runs"]
        session._scriptrunner.request_stop()
        ask("at its end", fragment="a")
        ask("after that", fragment="b")
        ask("page again")
        assert drawn[2:] == []
        session._scriptrunner = None  # all has been sent
        async with asyncio.timeout(10):
            while len(drawn) < 5:
                await asyncio.sleep(0)
        assert drawn[2:] == ["at its end", "after that", "page again"]  # in the order of asking
        ask("other page", page="two")
        ask("too late", page="one", fragment="a")
        ask("in time", page="two", fragment="a")
        joined = session._scriptrunner
        ask("nobody's", page="two", fragment="c")  # that this server has never known: all of the page is drawn
        assert session._scriptrunner is not joined
        assert drawn[5:] == ["other page", "in time", "nobody's"]

    in_a_thread(visit())


def test_a_move_is_not_lost_that_a_new_server_hears_of_before_the_page_is_drawn() -> None:
    """A browser sends it right after the request for the page; here it is the first that the server hears."""

    async def visit(address: str) -> None:
        async with Visitor(address) as visitor:
            await visitor.open("dropout", "dropout-p=0.3&dropout-layer=hidden2&lang=de")
            await visitor.move("dropout-p", ["0,35"])
            before = visitor.link
        visitor.forget_session()
        async with visitor:
            rerun = await visitor.move("dropout-p", ["0,40"])
            assert not rerun.error
            assert not rerun.fragment
            assert (visitor.value("dropout-p"), visitor.link) == (["0,40"], before.replace("0.35", "0.4"))
            # The browser finds another session's page, and tells the address, which does not yet know of the move.
            component, told = visitor.component("address")
            assert told["links"] is not None  # the page's own, not that of a fragment
            await visitor.trigger(component, "kept", before)
            _component, told_again = visitor.component("address")  # the same, but the address is to be written
            assert told_again == {**told, "serial": told["serial"] + 1}
            await visitor.trigger(component, "kept", before + "&dropout-seed=7")
            assert visitor.value("dropout-p") == ["0,40"]
            assert parse_qs(visitor.link) == {**parse_qs(before), "dropout-p": ["0.4"], "dropout-seed": ["7"]}

    with serving() as (address, _process):
        in_a_thread(visit(address))


@pytest.mark.parametrize("fragments", [None, ["a"]])
def test_where_to_send_a_file_is_told_even_if_a_run_starts_meanwhile(monkeypatch, fragments: list[str] | None) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "clear", ForwardMsgQueue.clear)  # is given back after
    server.lose_no_upload.__wrapped__()
    queue, told, drawn = ForwardMsgQueue(), ForwardMsg(), ForwardMsg()
    told.file_urls_response.response_id = "7"
    drawn.delta.fragment_id = "a"
    drawn.delta.new_element.text.body = "of the run before"
    drawn.metadata.delta_path[:] = [0, 0]
    queue.enqueue(drawn)
    queue.enqueue(told)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=fragments)
    assert queue.flush() == [told]
    queue.enqueue(told)
    queue.clear()
    assert queue.flush() == []


def test_a_request_that_fails_holds_up_no_other(monkeypatch) -> None:
    asked: list[str] = []

    def request(_session: Session, state: ClientState) -> None:
        if state.query_string == "bad":
            raise ValueError("bad")
        asked.append(state.query_string)

    monkeypatch.setattr(AppSession, "request_rerun", request)
    monkeypatch.setattr(AppSession, "_create_scriptrunner", AppSession._create_scriptrunner)  # is given back after
    server.lose_no_page.__wrapped__()
    session = Session()
    with pytest.raises(ValueError, match="bad"):
        session.request_rerun(ClientState(query_string="bad"))
    session.request_rerun(ClientState(query_string="good"))
    assert asked == ["good"]
