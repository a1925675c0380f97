"""A visitor: talks to a running app over its WebSocket as the browser does, and draws nothing.

A browser's session is one WebSocket. The browser sends "run the page again, and this is how the widgets stand"; the
server answers with the page's elements, one message each, and says that the script has finished. The visitor keeps what
the browser keeps (the widgets on the page and their values, the query string, the large messages that the server need
not send twice, the timers of the fragments) and can therefore stand in for a browser at a hundredth of its cost.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from lib.web.elements.component import unpacked

PATIENCE = 60.0  # seconds after which, without the whole answer, a visitor gives up
# static/two-dice/training.js asks for the next piece of a recording so many seconds after the last one ...
SOON, LATER, AGAIN = 0.03, 0.3, 2.5  # ... when there is more, when there will be more, and when no answer came


@dataclass(frozen=True)
class Rerun:
    """One answer of the server: what was asked for, how long it took and how much it was."""

    page: str
    asked: str  # "open", "go", "again", "timer", "piece", or the name of the widget that was moved
    fragment: bool  # only a part of the page ran
    seconds: float  # from the question to the end of the script
    bytes: int
    messages: int
    error: str | None = None


class Widget:
    """One widget on the page, as its message describes it. Subclasses know where its value stands."""

    field: ClassVar[str]  # of WidgetState, where the value travels

    def __init__(self, proto: Any, fragment: str) -> None:
        self.id: str = proto.id
        self.proto = proto
        self.fragment = fragment  # moving the widget runs only this fragment, where there is one
        key = self.id.split("-", 2)[-1]
        self.name: str = key if key != "None" else proto.label

    def default(self) -> Any:
        """The value before anybody touches the widget."""
        return self.proto.default

    def told(self) -> Any:
        """The value that the server wants the widget to have."""
        return self.proto.value

    def values(self) -> Sequence[Any]:
        """Everything that a hand could set the widget to."""
        raise NotImplementedError

    def write(self, value: Any, state: WidgetState) -> None:
        """Put the value where the server looks for it."""
        setattr(state, self.field, value)

    def in_link(self, value: Any) -> list[str]:
        """The value as the browser writes it into the address."""
        return [_written(each) for each in (value if isinstance(value, list) else [value])]


class _ListWidget(Widget):
    def write(self, value: Any, state: WidgetState) -> None:
        array = getattr(state, self.field)
        array.SetInParent()  # an empty choice is a choice
        array.data.extend(value)


class Slider(_ListWidget):
    """A slider over numbers."""

    field = "double_array_value"

    def default(self) -> Any:
        return list(self.proto.default)

    def told(self) -> Any:
        return list(self.proto.value)

    def values(self) -> Sequence[Any]:
        low, high, step = self.proto.min, self.proto.max, self.proto.step
        return [[round(low + i * step, 9)] for i in range(round((high - low) / step) + 1)]


class SelectSlider(_ListWidget):
    """A slider over a few options."""

    field = "string_array_value"

    def default(self) -> Any:
        return [self.proto.options[int(i)] for i in self.proto.default]

    def told(self) -> Any:
        return list(self.proto.raw_value)

    def values(self) -> Sequence[Any]:
        return [[option] for option in self.proto.options]


class ButtonGroup(_ListWidget):
    """A segmented control or pills, of which one is chosen."""

    field = "string_array_value"

    def default(self) -> Any:
        return [self.proto.options[i].content for i in self.proto.default]

    def told(self) -> Any:
        return list(self.proto.raw_values)

    def values(self) -> Sequence[Any]:
        return [[option.content] for option in self.proto.options]


class SelectBox(Widget):
    """A list to choose from."""

    field = "string_value"

    def default(self) -> Any:
        return self.proto.options[self.proto.default] if self.proto.HasField("default") else None

    def told(self) -> Any:
        return self.proto.raw_value if self.proto.HasField("raw_value") else None

    def values(self) -> Sequence[Any]:
        return list(self.proto.options)


class CheckBox(Widget):
    """A box to tick, or a switch."""

    field = "bool_value"

    def values(self) -> Sequence[Any]:
        return [False, True]


class NumberInput(Widget):
    """A whole number with a minus and a plus beside it: what a few clicks on them reach."""

    field = "int_value"

    def default(self) -> Any:
        return round(self.proto.default)

    def told(self) -> Any:
        return round(self.proto.value)

    def values(self) -> Sequence[Any]:
        low, high, step, middle = (round(getattr(self.proto, name)) for name in ("min", "max", "step", "default"))
        return [each for each in range(middle - 2 * step, middle + 3 * step, step) if low <= each <= high]


class TextInput(Widget):
    """A line of text; what may be written there is the visitor's to know."""

    field = "string_value"

    def values(self) -> Sequence[Any]:
        return ["", "the", "the fox", "a small dog"]


class Button(Widget):
    """A button: pressed for one rerun, and without a value of its own."""

    field = "trigger_value"

    def default(self) -> Any:
        return None

    def values(self) -> Sequence[Any]:
        return [True]


class Fold(Widget):
    """A fold whose content the server draws while it is open; what always has its content is not a widget."""

    field = "bool_value"

    def default(self) -> Any:
        return self.proto.expanded

    def told(self) -> Any:
        return self.proto.expanded

    def values(self) -> Sequence[Any]:
        return [False, True]


_KINDS: dict[str, type[Widget]] = {
    "slider": Slider,
    "button_group": ButtonGroup,
    "selectbox": SelectBox,
    "checkbox": CheckBox,
    "number_input": NumberInput,
    "text_input": TextInput,
    "button": Button,
}


def _widget(kind: str, proto: Any, fragment: str) -> Widget:
    if kind == "slider" and proto.type == proto.SELECT_SLIDER:
        return SelectSlider(proto, fragment)
    return _KINDS[kind](proto, fragment)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


@dataclass
class _Placed:
    """What stands at one place of the page, and which run of which script put it there."""

    kind: str
    proto: Any
    fragment: str
    script: str
    run: str
    widget: Widget | None


@dataclass
class _Cached:
    message: ForwardMsg
    run_count: int
    fragment: str


@dataclass
class _Recording:
    """How much of a training run has arrived, and when to ask for more."""

    run: str
    have: int = 0  # points
    requested: int = -1  # where the last request began
    panels_id: str | None = None  # which figures it is drawn in
    ask_at: float | None = None


def in_a_thread(work: Coroutine[None, None, None]) -> None:
    """Run it to its end in a thread of its own: the browser of other tests has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


class Visitor:
    """One browser tab. ``async with Visitor(address) as visitor: await visitor.open("training", "p=0.3")``."""

    def __init__(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        self.address = address
        self.headers = headers  # sent with the request for the WebSocket: a cookie, say
        self.page = ""
        self.query = ""
        self._shown = ""  # the page in the address bar, which changes a moment after the click
        self.parts: Counter[str] = Counter()  # bytes of the last rerun by element
        self._placed: dict[tuple[int, ...], _Placed] = {}
        self._blocks: dict[tuple[int, ...], tuple[str, str]] = {}  # the fragment and the run that drew each
        self._values: dict[str, Any] = {}
        self._cache: dict[str, _Cached] = {}
        self._had: list[str] = []  # of these messages, when it asked the last time
        self.hasty = False  # asks while the last answer is on its way, with what it had before that came
        self._cache_age = 2
        self._runs = 0
        self._run = self._script = self._main_script = ""
        self._session = ""  # by which the server knows it again, for two minutes after the connection was lost
        self._pages: dict[str, str] = {}  # script by page
        self._timers: dict[str, tuple[float, float]] = {}  # interval and next time by fragment
        self._recordings: dict[str, _Recording] = {}  # by component
        self._error: str | None = None
        self._fragment = False
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> "Visitor":
        self._socket = await connect(
            self.address.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit", *(["nothing", self._session] if self._session else [])],  # type: ignore[list-item]
            additional_headers=self.headers,
            compression=None,
            max_size=None,
            max_queue=None,
            ping_interval=None,  # the server pings
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._socket is not None
        await self._socket.close()

    @property
    def widgets(self) -> dict[str, Widget]:
        """The widgets on the page that a hand can move now, by name."""
        return {
            placed.widget.name: placed.widget
            for placed in self._placed.values()
            if placed.widget and not getattr(placed.widget.proto, "disabled", False)
        }

    def value(self, name: str) -> Any:
        """How the widget stands."""
        return self._values.get(self.widgets[name].id)

    def others(self, name: str) -> list[Any]:
        """The values that the widget could be moved to."""
        widget, now = self.widgets[name], self.value(name)
        return [value for value in widget.values() if value != now]

    def component(self, name: str) -> tuple[str, dict[str, Any]] | None:
        """The id and the data of the moving picture of this name (static/two-dice/NAME.js), if it is on the page."""
        for placed in self._placed.values():
            if placed.kind == "bidi_component" and placed.proto.component_name.endswith(f"two_dice_{name}"):
                return placed.proto.id, unpacked(placed.proto.json)
        return None

    def words(self) -> str:
        """The Markdown on the page."""
        return "\n".join(each.proto.body for _place, each in sorted(self._placed.items()) if each.kind == "markdown")

    async def follow(self) -> Rerun | None:
        """In a room, do what the browser does where the teacher has gone to another page: take the link to it."""
        for placed in self._placed.values():
            if placed.kind == "bidi_component" and placed.proto.component_name.endswith("two_dice_seat"):
                _seat, path, _asked = json.loads(placed.proto.json)
                if path is not None and (path or "home") != self.page:
                    return await self.go_to(path or "home")
        return None

    @property
    def link(self) -> str:
        """The settings in the address, as the server says them last (lib/web/frame/address.py)."""
        placed = (each.proto for each in self._placed.values() if each.kind == "bidi_component")
        told = [unpacked(each.json) for each in placed if each.component_name.endswith("two_dice_address")]
        newest: dict[str, Any] = max(told, key=lambda about: about["serial"])
        return str(newest["query"])

    async def open(self, page: str = "", query: str = "") -> Rerun:
        """Open a page by its link, as the first thing that this visitor does."""
        self.page, self.query, self._shown = page or "home", query, page
        return await self._ask("open", page_name=page)

    async def go_to(self, page: str) -> Rerun:
        """Click the first link to a page that is on this one."""
        script = self._pages[page]
        link = next(
            each.proto
            for _, each in sorted(self._placed.items())
            if each.kind == "page_link" and each.proto.page_script_hash == script
        )
        bound = {each.proto.query_param_key for each in self._bound()}
        kept = {name: texts for name, texts in parse_qs(self.query).items() if name in bound}
        self.query = "&".join(part for part in (urlencode(kept, doseq=True), link.query_string) if part)
        self.page = page
        self._keep_main_script_only()
        return await self._ask("go", script=script)

    def move_along(self, name: str, value: Any) -> Widget:
        """Move a widget in the same moment as what is asked next: a browser asks once for both."""
        widget = self.widgets[name]
        self._values[widget.id] = value
        return widget

    async def move(self, name: str, value: Any) -> Rerun:
        """Set a widget, or press a button."""
        widget = self.move_along(name, value)
        if param := getattr(widget.proto, "query_param_key", ""):
            query = parse_qs(self.query, keep_blank_values=True)
            query.pop(param, None)  # what is as it was at first is not written
            if value != widget.default():
                query[param] = widget.in_link(value)
            self.query = urlencode(query, doseq=True)
        rerun = await self._ask(name, fragment=widget.fragment)
        if isinstance(widget, Button):
            self._values.pop(widget.id, None)
        return rerun

    async def reconnect(self) -> Rerun:
        """After the connection has been lost: take up another one, with the page and all that stands on it."""
        await self.__aenter__()
        return await self._ask("again")

    def drop(self) -> None:
        """Be gone without a word: the connection is cut, and not closed."""
        assert self._socket is not None
        self._socket.transport.abort()

    def forget_session(self) -> None:
        """Connect the next time as to a server that knows nothing of this visitor."""
        self._session = ""

    async def again(self) -> Rerun:
        """Run the page as it stands: nothing changes that could be seen."""
        return await self._ask("again")

    async def trigger(self, component: str, event: str, value: Any, *, asked: str | None = None) -> Rerun:
        """What a component's module does with ``setTriggerValue(event, value)``."""
        placed = next(
            each for each in self._placed.values() if each.kind == "bidi_component" and each.proto.id == component
        )
        payload = json.dumps([{"event": event, "value": value}])
        return await self._ask(
            asked or event, fragment=placed.fragment, trigger=(f"$$STREAMLIT_INTERNAL_KEY_{component}__events", payload)
        )

    async def stay(self, seconds: float, *, until_quiet: bool = False) -> AsyncIterator[Rerun]:
        """Look at the page: what runs by itself, timers and recordings of a training, goes on. Yields those reruns.

        With ``until_quiet`` only until nothing does any more: no timer is set, and every recording is complete.
        """
        end = time.monotonic() + seconds
        while not (until_quiet and self.quiet):
            due = [(at, "timer", fragment) for fragment, (_, at) in self._timers.items()]
            due += [(each.ask_at, "piece", id) for id, each in self._recordings.items() if each.ask_at is not None]
            at, what, whose = min(due, default=(end, "", ""))
            await asyncio.sleep(max(0.0, min(at, end) - time.monotonic()))
            if at >= end:
                return
            yield await (self._tick(whose) if what == "timer" else self._ask_for_piece(whose))

    @property
    def quiet(self) -> bool:
        """Whether nothing on the page goes on by itself: what is computed is complete, and on screen."""
        return not self._timers and all(each.ask_at is None for each in self._recordings.values())

    async def _tick(self, fragment: str) -> Rerun:
        interval, at = self._timers[fragment]
        self._timers[fragment] = interval, max(at + interval, time.monotonic())
        return await self._ask("timer", fragment=fragment, by_itself=True)

    async def _ask_for_piece(self, component: str) -> Rerun:
        recording = self._recordings[component]
        recording.ask_at, recording.requested = time.monotonic() + AGAIN, recording.have
        request = {"run": recording.run, "from": recording.have, "panelsId": recording.panels_id}
        return await self.trigger(component, "request", request, asked="piece")

    async def _ask(
        self,
        asked: str,
        *,
        fragment: str = "",
        script: str | None = None,
        page_name: str = "",
        trigger: tuple[str, str] | None = None,
        by_itself: bool = False,
    ) -> Rerun:
        assert self._socket is not None
        question = BackMsg()
        state = question.rerun_script
        state.query_string, state.page_name, state.fragment_id = self.query, page_name, fragment
        state.page_script_hash = self._script if script is None else script
        state.is_auto_rerun = by_itself
        has = list(self._cache)
        state.cached_message_hashes.extend(self._had if self.hasty else has)
        self._had = has
        context = state.context_info
        context.locale, context.timezone, context.color_scheme = "en-US", "UTC", "light"
        context.url = f"{self.address}/{self._shown}"
        for placed in self._placed.values():
            value = self._values.get(placed.widget.id) if placed.widget else None
            if placed.widget and value is not None:
                placed.widget.write(value, state.widget_states.widgets.add(id=placed.widget.id))
        if trigger:
            state.widget_states.widgets.add(id=trigger[0], json_trigger_value=trigger[1])

        self.parts, self._error = Counter(), None
        size = messages = 0
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            await self._socket.send(question.SerializeToString())
            finished = None
            while finished is None:
                frame = await self._socket.recv()
                assert isinstance(frame, bytes)
                size, messages = size + len(frame), messages + 1
                finished = self._take(frame)
        seconds = time.perf_counter() - began
        return Rerun(self.page, asked, self._fragment, seconds, size, messages, self._error)

    def _take(self, frame: bytes) -> int | None:
        """Do with one message what the browser does. The end of a script that was not superseded is returned."""
        message = ForwardMsg.FromString(frame)
        kind = message.WhichOneof("type")
        name: str = kind or ""
        if kind == "ref_hash":
            cached = self._cache[message.ref_hash]
            cached.run_count = self._runs
            message.delta.CopyFrom(cached.message.delta)
            name, kind = "reference", "delta"
            self._place(message)
        elif kind == "delta":
            name = self._place(message)
            if message.metadata.cacheable and message.hash not in self._cache:
                self._cache[message.hash] = _Cached(message, self._runs, message.delta.fragment_id)
        elif kind == "new_session":
            self._begin(message)
        elif kind == "navigation":
            pages = message.navigation.app_pages
            self._script = message.navigation.page_script_hash
            self._pages = {"home" if page.is_default else page.url_pathname: page.page_script_hash for page in pages}
            self._shown = next(page.url_pathname for page in pages if page.page_script_hash == self._script)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            timer = message.auto_rerun
            if self._timers.get(timer.fragment_id, (None,))[0] != timer.interval:
                self._timers[timer.fragment_id] = timer.interval, time.monotonic() + timer.interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._timers.pop(fragment, None)
        elif kind == "page_not_found":
            self._error = f"page not found: {message.page_not_found.page_name}"
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            self._error = message.session_event.script_compilation_exception.message
        self.parts[name] += len(frame)
        if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self._finish(message)
            return int(message.script_finished)
        return None

    def _begin(self, message: ForwardMsg) -> None:
        session, run = message.new_session, message.metadata.run
        self._session = session.initialize.session_id
        if not run.fragment_ids:
            self._timers.clear()
            self._cache_age = session.config.max_cached_message_age
            self._main_script = session.main_script_hash
            if session.page_script_hash != self._script:
                self._keep_main_script_only()
            self._script = session.page_script_hash
        self._run = run.script_run_id

    def _keep_main_script_only(self) -> None:
        self._placed = {at: each for at, each in self._placed.items() if each.script == self._main_script}
        self._recordings.clear()

    def _place(self, message: ForwardMsg) -> str:
        """Put a delta where it belongs, and return what to call it."""
        at, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") != "new_element":
            self._placed.pop(at, None)
            self._blocks[at] = delta.fragment_id, self._run
            if delta.add_block.expandable.id:
                proto, fragment, script = (
                    delta.add_block.expandable,
                    delta.fragment_id,
                    message.metadata.active_script_hash,
                )
                self._placed[at] = _Placed("fold", proto, fragment, script, self._run, fold := Fold(proto, fragment))
                self._values.setdefault(proto.id, fold.default())
            return "block"
        kind = delta.new_element.WhichOneof("type") or ""
        proto = getattr(delta.new_element, kind)
        name: str = kind
        if kind in _KINDS or kind in ("page_link", "bidi_component", "markdown"):
            widget = _widget(kind, proto, delta.fragment_id) if kind in _KINDS else None
            script = message.metadata.active_script_hash
            self._placed[at] = _Placed(kind, proto, delta.fragment_id, script, self._run, widget)
            if widget:
                name = f"{kind} {widget.name}"
                if getattr(proto, "set_value", False):
                    self._values[widget.id] = widget.told()
                elif widget.id not in self._values:
                    self._values[widget.id] = widget.default()
            elif kind == "bidi_component":
                name = proto.component_name.split(".")[-1]
                if name == "two_dice_training":
                    self._receive(proto)
        else:
            self._placed.pop(at, None)
            if kind == "exception":
                self._error = f"{proto.type}: {proto.message}"
            elif kind == "alert" and proto.format == proto.ERROR:
                self._error = proto.body
        return name

    def _receive(self, proto: Any) -> None:
        """What training.js does with a piece: keep it, and ask for the next one."""
        data = unpacked(proto.json)
        recording = self._recordings.setdefault(proto.id, _Recording(data["run"]))
        if recording.run != data["run"]:
            recording.run, recording.have, recording.requested = data["run"], 0, -1
        if data["start"] <= recording.have:
            recording.have = max(recording.have, data["start"] + len(data["step"]))
        if data["panels"]:
            recording.panels_id = data["panelsId"]
        lacks = recording.have < data["count"] or recording.panels_id != data["panelsId"]
        whole = data["complete"] and not lacks and recording.requested == recording.have
        recording.ask_at = None if whole else time.monotonic() + (SOON if lacks else LATER)

    def _finish(self, message: ForwardMsg) -> None:
        """Take away what the run that has ended did not draw again, and forget large messages that grew old."""
        fragments = set(message.metadata.run.fragment_ids)
        self._fragment = bool(fragments)
        self._placed = {
            at: each
            for at, each in self._placed.items()
            if each.run == self._run or (fragments and not self._drawn_by(fragments, at))
        }
        present = {each.proto.id for each in self._placed.values() if each.kind not in ("page_link", "markdown")}
        self._values = {id: value for id, value in self._values.items() if id in present}
        self._recordings = {id: each for id, each in self._recordings.items() if id in present}
        self._runs += 1
        self._cache = {
            hash: each
            for hash, each in self._cache.items()
            if (fragments and each.fragment not in fragments) or self._runs - each.run_count <= self._cache_age
        }

    def _drawn_by(self, fragments: set[str], at: tuple[int, ...]) -> bool:
        """Whether this place is in a block that one of these fragments drew just now: what is in it, it drew too."""
        around = (self._blocks.get(at[:depth], ("", "")) for depth in range(len(at)))
        return any(fragment in fragments and run == self._run for fragment, run in around)

    def _bound(self) -> Iterable[Widget]:
        return (each for each in self.widgets.values() if getattr(each.proto, "query_param_key", ""))
