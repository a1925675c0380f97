"""Controls: each shows one setting of the page (lib/web/elements/settings.py), and the address follows it.

A control's key is the page's name and the setting's, and so is the setting's name in the address: ``dropout-p=0.3``. A
link may leave the page's name out: ``dropout?p=0.3``. What it says that cannot be is the default.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st

from lib.web.elements.settings import declared, in_link, is_same, read, read_one, written
from lib.web.frame.address import RUN, ask_for_run, asked_run, remembered, run_in_link
from lib.web.frame.language import _, decimal
from lib.web.frame.session import session

S = TypeVar("S")


class Controls(Generic[S]):
    """Draws the widgets of one page's settings and gathers what they say.

    A setting whose widget is not drawn keeps its value. ``refused`` holds what a link asked for in vain, by name.
    """

    def __init__(self, settings: type[S]) -> None:
        self._class, self._declared = settings, declared(settings)
        session.settings = settings
        self._link, self.refused = remembered(), self._arrive()
        known = read(settings, self._link)
        self._values = {name: getattr(known, name) for name in self._declared}
        self._link.clear()
        self._link.update(written(known))

    def _arrive(self) -> dict[str, str]:
        """Take over what the link says by which somebody has come, and return what of it cannot be."""
        link, session.arrived = session.arrived, {RUN: session.arrived[RUN]} if RUN in session.arrived else {}
        texts = {name: link.get(key_of(name), link.get(name)) for name in self._declared}
        refused = {}
        for name, text in texts.items():
            if text is None:
                continue
            value = read_one(self._declared[name], text)
            if value is None:
                refused[name] = text
            else:
                change(**{name: value})
        return refused

    def settings(self) -> S:
        """The settings as they stand."""
        return self._class(**self._values)

    def slider(self, name: str, label: str, *, help: str | None = None) -> Any:
        """A slider over the setting's bounds.

        Streamlit's slider over numbers writes them with a decimal point in every language; one over options writes them
        as it is told.
        """
        value = self._values[name]
        stops, digits = self._accepts(name).stops(value), 0 if isinstance(value, int) else 2
        called = partial(decimal, digits=digits)
        shown = st.select_slider(label, stops, value, format_func=called, help=help, **self._of(name))
        return self._take(name, shown)

    def number(self, name: str, label: str, *, most: int | None = None, help: str | None = None) -> Any:
        """A field to type a number into, within the setting's bounds or up to ``most``. Both stand beside its label."""
        bounds = self._accepts(name)
        high = bounds.high if most is None else min(most, bounds.high)
        label = _("{label} ({low}–{high})", label=label, low=decimal(bounds.low, 0), high=decimal(high, 0))
        value = min(self._values[name], high)
        return self._take(
            name, st.number_input(label, bounds.low, high, value, bounds.step, help=help, **self._of(name))
        )

    def select(
        self, name: str, label: str, names: Mapping[Any, str] | None = None, *, then: Callable[[], None] | None = None
    ) -> Any:
        """A list to choose from; ``names`` says what the options are called, ``then`` is done after a choice."""
        options = self._accepts(name).options
        chosen = options.index(self._values[name])
        widget = self._of(name, then)
        return self._take(name, st.selectbox(label, options, chosen, format_func=_called(names), **widget))

    def segmented(
        self, name: str, label: str, names: Mapping[Any, str] | None = None, *, then: Callable[[], None] | None = None
    ) -> Any:
        """A row of a few choices; ``names`` says what they are called, ``then`` is done after a choice."""
        shown = st.segmented_control(
            label,
            self._accepts(name).options,
            format_func=_called(names),
            default=self._values[name],
            required=True,
            wrap=True,
            **self._of(name, then),
        )
        return self._take(name, shown)

    def steps(self, name: str, label: str, names: Mapping[Any, str] | None = None) -> Any:
        """A slider over the setting's options, for a few values that are not evenly spaced."""
        options, called = self._accepts(name).options, _called(names)
        shown = st.select_slider(label, options, self._values[name], format_func=called, **self._of(name))
        return self._take(name, shown)

    def toggle(self, name: str, label: str, *, help: str | None = None) -> bool:
        """A switch."""
        return bool(self._take(name, st.toggle(label, self._values[name], help=help, **self._of(name))))

    def text(self, name: str, label: str, first: str, *, then: Callable[[], None] | None = None) -> str:
        """A line to type in, with the text that stands there at first; ``then`` is done after somebody has typed."""
        session.typed_first = {**session.typed_first, key_of(name): first}
        value = first if self._values[name] is None else self._values[name]
        typed: str = st.text_input(label, value, max_chars=self._accepts(name).most, **self._of(name, then))
        self._take(name, None if typed == first else typed)
        return typed

    @contextmanager
    def more(self) -> Iterator[bool]:
        """An expander for the settings that few people move: ``with controls.more() as drawn: if drawn: ...``.

        They are drawn when it is opened: five widgets take a server as long as a picture.
        """
        expander = st.expander(_("More"), on_change="rerun", key="more")
        with expander:
            yield bool(expander.open)

    def start(self) -> None:
        """Start the run that the controls ask for: the callback of a button."""
        ask_for_run(read(self._class, self._link))

    def run(self) -> S | None:
        """The settings of the run that the page shows: the last one that was started, on the page or by its link."""
        text = session.arrived.get(RUN)
        session.arrived = {}
        started = run_in_link(self.settings(), text) if text else None
        if started:
            ask_for_run(started)
        run: S | None = asked_run()
        return run

    def _accepts(self, name: str) -> Any:
        return self._declared[name].metadata["accepts"]

    def _of(self, name: str, then: Callable[[], None] | None = None) -> dict[str, Any]:
        """What makes a widget that of a setting: its key, and that what it says is remembered.

        In a callback, since that is called also where somebody leaves the page before it has run to its end. (A widget
        begins with the setting's value as its default. If it were put into the session state, the browser would be
        told so once, and a press of another key at that moment would overtake it.)
        """
        return {"key": key_of(name), "on_change": self._remember, "args": (name, then)}

    def _remember(self, name: str, then: Callable[[], None] | None) -> None:
        # A callback may come from a page that the person has left, and with it the widget.
        if key_of(name) in st.session_state:
            self._take(name, st.session_state[key_of(name)])
            if then:
                then()

    def _take(self, name: str, value: Any) -> Any:
        """Keep what a widget says, for the settings and for the address."""
        default = self._declared[name].default
        value = self._values[name] = default if value is None else value
        if is_same(value, default):
            self._link.pop(name, None)
        else:
            self._link[name] = in_link(value)
        return value


def asked(name: str) -> str | None:
    """What the open page's setting will be, as a link says it, before its controls are drawn; None is its default.

    For a page that has other controls with one value of a setting than with another.
    """
    return session.arrived.get(key_of(name)) or session.arrived.get(name) or remembered().get(name)


def change_all(link: Mapping[str, str]) -> None:
    """Give all settings of the open page the values of a link; what it leaves out, their defaults. In a callback."""
    if session.settings is None:  # a page without controls
        return
    values = asdict(read(session.settings, link))
    untyped = {name: session.typed_first.get(key_of(name)) for name, value in values.items() if value is None}
    change(**values | untyped)


def change(**values: Any) -> None:
    """Give settings of the open page other values: what a callback does."""
    for name, value in values.items():
        if value is None:  # nobody has typed anything
            remembered().pop(name, None)
        else:
            remembered()[name] = in_link(value)
        if key_of(name) in st.session_state:
            st.session_state[key_of(name)] = value


def key_of(name: str) -> str:
    """The key of a setting of the open page, which is also its name in the address: ``dropout-p``.

    Two pages may each have a p. With one key for both, Streamlit would hand the value of one page on to the other.
    """
    return f"{session.page}-{name}"


def _called(names: Mapping[Any, str] | None) -> Any:
    """What an option is called: by its name, or a number as the person's language writes it."""

    def called(option: Any) -> str:
        if names and option in names:
            return names[option]
        if isinstance(option, int | float):
            return decimal(option, len(in_link(option).partition(".")[2]))
        return str(option)

    return called
