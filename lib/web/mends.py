"""What Streamlit (1.67) does that a class would suffer from, each mended once for the whole process.

The frame calls all of them at every page (lib/web/frame/frame.py); only the first call does something. When Streamlit
mends one of them itself, its function here can go: the tests in tests/web/test_mends.py say what to look for.
"""

import asyncio
import functools
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from lib.web.server import serves


def mend_streamlit() -> None:
    """Do all of it, in the order in which one wraps the other."""
    ask_nobody_for_our_address()
    end_even_in_silence()
    disconnect_who_floods()
    lose_no_move()
    lose_no_page()
    lose_no_upload()


@functools.cache
def ask_nobody_for_our_address() -> None:
    """Keep the server from asking a host of Amazon's for its own address, and everybody from waiting for the answer.

    Streamlit (1.67) asks whenever another site's page tries to connect, on the thread that serves all: up to two
    seconds where no answer comes. That page is refused either way.
    """
    from streamlit import net_util

    if serves():
        net_util.get_external_ip = lambda: None


@functools.cache
def end_even_in_silence() -> None:
    """Let a server end that can say nothing any more: its disk is full, or its terminal was closed.

    Streamlit (1.67) first says that it is stopping, and where that fails it does not stop.
    """
    from streamlit import cli_util

    say = cli_util.print_to_cli

    def try_to_say(message: str, **kwargs: Any) -> None:
        with suppress(OSError):
            say(message, **kwargs)

    if serves():
        cli_util.print_to_cli = try_to_say


MOST_ASKED = 200  # messages of one browser in a second; a key held down on a slider sends some thirty


@functools.cache
def disconnect_who_floods() -> None:
    """Close the connection of whoever sends more than a browser does; a browser connects again by itself.

    Streamlit (1.67) reads all that has come of one visitor before it turns to another. While one sent messages as fast
    as they went, another waited for more than a minute.
    """
    from starlette.websockets import WebSocketDisconnect
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.runtime import Runtime, SessionClient

    from lib.web.logs import event

    handle = Runtime.handle_backmsg
    asked = WeakKeyDictionary[SessionClient, tuple[int, int]]()  # the second, and how many in it

    def handle_backmsg(self: Runtime, session_id: str, msg: BackMsg, *, client: SessionClient | None = None) -> None:
        if client is not None:
            now = int(time.monotonic())
            second, count = asked.get(client, (now, 0))
            asked[client] = now, count + 1 if second == now else 1
            if asked[client][1] > MOST_ASKED:
                event("refused", "flood")
                raise WebSocketDisconnect  # ends Streamlit's loop over this visitor's messages
        handle(self, session_id, msg, client=client)

    if serves():
        Runtime.handle_backmsg = handle_backmsg  # type: ignore[method-assign]


@functools.cache
def lose_no_move() -> None:
    """Draw the whole page where Streamlit (1.67) would draw a fragment of it, and what somebody has moved is elsewhere.

    - A browser sends what is moved within a moment as one request, under the name of the fragment that was the first in
      it. If a picture has just asked for its next piece, that is the picture, and the control beside it would stand at
      one value and the page at another. The busier the browser, the longer the moment.
    - A server that knows nothing of the page, since it was started anew, or is another replica, does not know the
      fragment yet, and would drop the request. Of moves within 0.1 s of the new connection, 5 of 8 were lost.
    """
    from streamlit.proto.ClientState_pb2 import ClientState
    from streamlit.proto.WidgetStates_pb2 import WidgetState
    from streamlit.runtime.app_session import AppSession

    request = AppSession.request_rerun
    heard = WeakKeyDictionary[AppSession, dict[str, int]]()  # a hash of how each widget stood at the last request

    def request_rerun(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is None or client_state.is_auto_rerun:  # a timer's: what is moved meanwhile comes with the next
            return request(self, client_state)
        widgets, before = client_state.widget_states.widgets, heard.get(self, {})
        now = {each.id: hash(each.SerializeToString(deterministic=True)) for each in widgets}
        moved = [each.id for each in widgets if is_moved(self, each, before.get(each.id), now[each.id])]
        request(self, client_state if reaches(self, client_state, moved) else of_the_page(client_state))
        heard[self] = {each.id: now[each.id] for each in widgets if not is_pressed(each)}

    def is_pressed(widget: WidgetState) -> bool:
        return "trigger" in (widget.WhichOneof("value") or "")

    def is_moved(session: AppSession, widget: WidgetState, before: int | None, now: int) -> bool:
        """Whether a widget does not stand as it was told last, or, told of for the first time, as it was drawn."""
        if before is not None or is_pressed(widget):
            return before != now
        drawn = session.session_state._new_widget_state.get_serialized(widget.id)
        return drawn is not None and drawn.SerializeToString(deterministic=True) != widget.SerializeToString(
            deterministic=True
        )

    def reaches(session: AppSession, client_state: ClientState, moved: Sequence[str]) -> bool:
        """Whether what a request asks for draws all that was moved."""
        fragment = client_state.fragment_id
        if not fragment:
            return True
        homes = {home_of(session, name, fragment) for name in moved}
        return session.has_fragment(fragment) and all(
            home == fragment or (home is not None and session._fragment_storage.has_ancestor_in(home, {fragment}))
            for home in homes
        )

    def home_of(session: AppSession, widget: str, fragment: str) -> str | None:
        """The fragment that a widget is in; None is the page. One that this server has not drawn is where it says."""
        known = session.session_state._new_widget_state.widget_metadata.get(widget)
        return known.fragment_id if known else fragment

    def of_the_page(client_state: ClientState) -> ClientState:
        whole = ClientState()
        whole.CopyFrom(client_state)
        whole.ClearField("fragment_id")
        return whole

    AppSession.request_rerun = request_rerun  # type: ignore[method-assign]


SOON = 0.005  # seconds


class _StillSendingError(Exception):
    """The run before has ended, and what it drew last is on its way."""


@functools.cache
def lose_no_page() -> None:
    """Mend two races of Streamlit (1.67), for when one of a page's fragments is due in a bad moment.

    A curve asks for its next piece, or a slider is moved, and in the same moment

    - the browser has asked for another page. Streamlit would run the fragment after the new page, and tell the browser
      that it is on the old one. What a page that was left still asks for is dropped here.
    - the page has been drawn to its end, and its last elements are on their way. Streamlit would start the fragment and
      throw away what still comes from the run before. Here the fragment waits until that has been sent, and so does all
      that is asked after it: each request brings the settings of its moment, and the last one must be heard last.
    Both leave a page empty, or half of it: with a key up to 40 ms after a click on another page 6 of 21 pages stayed
    empty, and now none of 56. The busier the server, the longer the last elements are on their way.
    """
    from streamlit.proto.ClientState_pb2 import ClientState
    from streamlit.runtime.app_session import AppSession
    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

    request, create = AppSession.request_rerun, AppSession._create_scriptrunner
    newest = WeakKeyDictionary[AppSession, str]()
    asked = WeakKeyDictionary[AppSession, deque[ClientState | None]]()

    def create_scriptrunner(self: AppSession, initial_rerun_data: RerunData) -> None:
        if self._scriptrunner is not None:
            raise _StillSendingError
        create(self, initial_rerun_data)

    def request_rerun(self: AppSession, client_state: ClientState | None) -> None:
        waiting = asked.setdefault(self, deque())
        waiting.append(client_state)
        if len(waiting) == 1:  # else whoever asked first will see to it
            answer(self)

    def answer(self: AppSession) -> None:
        while waiting := asked[self]:
            try:
                if not is_of_a_page_that_was_left(self, waiting[0]):
                    request(self, waiting[0])
            except _StillSendingError:
                asyncio.get_running_loop().call_later(SOON, answer, self)
                return
            except BaseException:
                waiting.popleft()
                raise
            waiting.popleft()

    def is_of_a_page_that_was_left(session: AppSession, client_state: ClientState | None) -> bool:
        if client_state is None:
            return False
        page = client_state.page_script_hash  # empty where the page is asked for by its name, as one arrives
        if not client_state.fragment_id:
            newest[session] = page
        return newest.get(session, page) not in ("", page)

    AppSession.request_rerun = request_rerun  # type: ignore[method-assign]
    AppSession._create_scriptrunner = create_scriptrunner  # type: ignore[method-assign]


@functools.cache
def lose_no_upload() -> None:
    """Let a run that starts leave the answer alone that tells a browser where to send a file.

    Streamlit (1.67) throws away what waits to be sent of the run before, and this answer with it. The browser would
    wait for it for ever, and the person for the file.
    """
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

    clear = ForwardMsgQueue.clear

    def clear_but_for_answers(
        self: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        waiting: list[ForwardMsg] = self._queue if retain_lifecycle_msgs else []
        clear(self, retain_lifecycle_msgs, fragment_ids_this_run)
        kept = {id(message) for message in self._queue}
        answers = [each for each in waiting if each.WhichOneof("type") == "file_urls_response" and id(each) not in kept]
        self._queue.extend(answers)

    ForwardMsgQueue.clear = clear_but_for_answers  # type: ignore[method-assign]
