"""What is set once for the whole process of a server, each with the figure that keeps it. Nothing else tunes it."""

import asyncio
import ctypes
import functools
import gc
import os
import socket
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from importlib import import_module
from ipaddress import ip_address
from typing import Any
from weakref import WeakKeyDictionary

# Read by PyTorch when it is imported. A page's tensors are small, and handing half of one to a second thread takes
# longer than working on it: with two, a product of 12 microseconds took up to 7 ms under load.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Linux's C library gives each thread a heap of its own, up to eight for each core. Every rerun is a thread, and what
# one has freed the next one cannot use: after a class of forty, 20 MB more stay taken. Python's lock lets few threads
# allocate at once, so one heap is enough. (-8 is M_ARENA_MAX in malloc.h; only GNU's library has it.)
if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(-8, 1)

# ------------------------------------------------------------------------------------------------------------- cores
#
# Python's lock lets one thread run at a time, and a rerun hands it over two hundred times, to the server's event loop
# and back. To a thread that sleeps on another core that takes many times as long as to one on the same core: on two
# cores of their own, forty visitors waited twice as long (`python -m benchmarks server`). So all pages share a core.
#
# A background run computes in PyTorch, without that lock, for most of its time. It has the other cores: with all of
# them to choose from, a page's rerun beside it took 33 ms in place of 18 (medians; p95 57 and 28). And it has the
# priority of the pages. With a lower one, other programs kept it from the processor while it held the lock, and
# everybody waited: at nice 10 and on the pages' core, beside four busy processes on two cores, a lesson took two to
# three times as long, and the server six to eight seconds to end. `python -m benchmarks busy` measures it.


def _number() -> int:
    """What differs between the servers on one machine, so that each takes another core: their process ids.

    In a container the id is 1. There it is the address, which Docker gives out one after the other.
    """
    if os.getpid() == 1:
        with suppress(OSError):
            return int(ip_address(socket.gethostbyname(socket.gethostname())))
    return os.getpid()


_CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
_OF_PAGES = set(_CORES[_number() % len(_CORES) :][:1]) if _CORES else set()
_OF_RUNS = set(_CORES) - _OF_PAGES or _OF_PAGES


def serves() -> bool:
    """Whether this process is a server, and no test or script."""
    return "streamlit.web.bootstrap" in sys.modules


def _chooses_cores() -> bool:
    """Whether this is a server on Linux, which alone can give a thread its cores."""
    return sys.platform == "linux" and serves()


@functools.cache
def share_a_core() -> None:
    """Keep all threads of this server, and those that they will start, on one core, once and for all."""
    for thread in threading.enumerate() if _chooses_cores() else ():
        if thread.native_id is not None:
            _use(thread.native_id, _OF_PAGES)


def use_the_cores_of_runs() -> None:
    """Move the calling thread, which computes background runs, off the pages' core, if there is another."""
    if _chooses_cores():
        _use(threading.get_native_id(), _OF_RUNS)


def _use(thread: int, cores: set[int]) -> None:
    with suppress(OSError):  # it has ended, or the host does not allow it
        os.sched_setaffinity(thread, cores)


# ----------------------------------------------------------------------------------------------------------- PyTorch

# After the page has been painted: importing takes a processor, which the page's own scripts may need until then.
SECONDS = 2.0
NEEDED = ("lib.training", "lib.language_model", "lib.pictured_network")


@functools.cache
def import_pytorch_soon() -> threading.Timer | None:
    """Import PyTorch and what uses it in a thread of its own, once per server, unless a page has done so before.

    Whoever opens the first page that needs it would otherwise wait for it, 0.9 s.
    """
    if "torch" in sys.modules:
        return None
    timer = threading.Timer(SECONDS, lambda: [import_module(name) for name in NEEDED])
    timer.daemon = True
    timer.start()
    return timer


# ------------------------------------------------------------------------------------------------------------- pages


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


SOON = 0.005  # seconds


class _StillSendingError(Exception):
    """The run before has ended, and what it drew last is on its way."""


@functools.cache
def lose_no_page() -> None:
    """Mend three races of Streamlit (1.67), for when one of a page's fragments is due in a bad moment.

    A curve asks for its next piece, or a slider is moved, and in the same moment

    - the browser has asked for another page. Streamlit would run the fragment after the new page, and tell the browser
      that it is on the old one. What a page that was left still asks for is dropped here.
    - the page has been drawn to its end, and its last elements are on their way. Streamlit would start the fragment and
      throw away what still comes from the run before. Here the fragment waits until that has been sent, and so does all
      that is asked after it: each request brings the settings of its moment, and the last one must be heard last.
    - a server that knows nothing of the page, since it was started anew, or is another replica, begins to draw it. It
      does not know the fragment yet, and Streamlit would drop the request: the slider would stand at one value, and the
      picture at another. Here it draws all of the page, as the request says that it stands.

    The first two leave a page empty, or half of it: with a key up to 40 ms after a click on another page 6 of 21 pages
    stayed empty, and now none of 56. The busier the server, the longer the last elements are on their way. Of moves
    within 0.1 s of the new connection, 5 of 8 were lost.
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
                    request(self, of_what_is_known(self, waiting[0]))
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

    def of_what_is_known(session: AppSession, client_state: ClientState | None) -> ClientState | None:
        if client_state is None or client_state.is_auto_rerun or session.has_fragment(client_state.fragment_id):
            return client_state
        whole = ClientState()
        whole.CopyFrom(client_state)
        whole.ClearField("fragment_id")
        return whole

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


# ------------------------------------------------------------------------------------------------------------ memory


def freeze_imports() -> None:
    """Take what the imports made out of the garbage collector's sight, once per server and once more after PyTorch.

    A host may override ``runner.postScriptGC``, and then Streamlit collects after every rerun: 116 ms with PyTorch, and
    10 ms with what lives for ever frozen.
    """
    _freeze("torch" in sys.modules)


@functools.cache  # True and False
def _freeze(with_torch: bool) -> None:
    gc.collect()
    gc.freeze()


_gave_back = 0.0  # when, by the monotonic clock


def give_memory_back(*, not_within: float = 0.0) -> None:
    """Return to the system what a run, or a class that has left, has let go of, unless that was done just now.

    Linux's C library would keep it, 55 MB after six of the largest runs. It holds everybody up for some 50 ms.
    """
    global _gave_back
    if time.monotonic() - _gave_back < not_within:
        return
    _gave_back = time.monotonic()
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None  # only GNU's library has it
    if trim is not None:
        trim(0)
