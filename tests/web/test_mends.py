"""What Streamlit does that a class would suffer from, and that it no longer does."""

import asyncio
from urllib.parse import parse_qs

import pytest
from streamlit import net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests
from streamlit.web.server.server_util import is_url_from_allowed_origins

from lib.web import mends
from tests.support.serving import serving
from tests.support.visiting import Visitor, in_a_thread


def test_a_server_asks_nobody_for_its_own_address(monkeypatch):
    """Also where another site's page tries to connect; that is refused as before."""
    asked: list[str] = []
    monkeypatch.setattr(net_util, "_external_ip", None)
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda address, **_options: asked.append(address))
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # is given back after
    assert not is_url_from_allowed_origins("https://elsewhere.example")
    assert asked != []  # what Streamlit does
    asked.clear()
    monkeypatch.setattr(mends, "serves", lambda: True)
    mends.ask_nobody_for_our_address.__wrapped__()
    assert not is_url_from_allowed_origins("https://elsewhere.example")
    assert asked == []


class Session:
    """What `lose_no_move` and `lose_no_page` see of a session of Streamlit's, and of the run that it has under way."""

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
    mends.lose_no_move.__wrapped__()
    mends.lose_no_page.__wrapped__()

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


def test_what_is_moved_while_a_picture_asks_for_its_next_piece_is_drawn() -> None:
    """A browser sends both at once, as a request of the picture's: its fragment has the pieces, and not the page."""

    async def visit(address: str) -> None:
        async with Visitor(address) as visitor:
            await visitor.open("training", "lang=en")
            picture, told = visitor.component("training")
            piece = {"run": told["run"], "from": 0, "panelsId": told["panelsId"]}
            rerun = await visitor.trigger(picture, "request", piece)
            assert rerun.fragment
            visitor.move_along("training-p", ["0.30"])
            rerun = await visitor.trigger(picture, "request", piece)
            assert not rerun.error
            assert not rerun.fragment
            assert parse_qs(visitor.link)["training-p"] == ["0.3"]
            rerun = await visitor.trigger(picture, "request", piece)  # nothing more was moved
            assert rerun.fragment
            # The fragment of the controls has the picture's in it: what the picture asks for is in what it draws.
            visitor.move_along("training-p", ["0.35"])
            assert (await visitor.move("training-flips", ["0.20"])).fragment

    with serving() as (address, _process):
        in_a_thread(visit(address))
        in_a_thread(visit(address))  # the first visitor brought the mends, and this one is heard by them from the start


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
    mends.lose_no_upload.__wrapped__()
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
    mends.lose_no_page.__wrapped__()
    session = Session()
    with pytest.raises(ValueError, match="bad"):
        session.request_rerun(ClientState(query_string="bad"))
    session.request_rerun(ClientState(query_string="good"))
    assert asked == ["good"]
