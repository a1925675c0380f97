"""Controls: one frozen dataclass per page declares each setting once, with default and bounds; a bound widget shows it.

A widget's key is the page's name and the setting's, and so is its name in the link: a link repeats a picture exactly.
The ids of choices are never translated, since a link must mean the same in every language: what an option means is said
in a translated caption under it. A bad value in the link falls back to the default.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import Field, field, fields
from typing import Any, Generic, TypeVar

import streamlit as st

from lib.web.frame.language import _
from lib.web.frame.session import session

S = TypeVar("S")


def number(default: float, low: float, high: float, step: float) -> Any:
    """A setting that is a number between two bounds. Whole where the default is written whole."""
    return field(default=default, metadata={"low": low, "high": high, "step": step})


def choice(default: Any, options: Sequence[Any]) -> Any:
    """A setting that is one of a few ids."""
    return field(default=default, metadata={"options": tuple(options)})


def flag(default: bool) -> Any:
    """A setting that is on or off."""
    return field(default=default)


class Controls(Generic[S]):
    """Draws the widgets of one settings dataclass and gathers what they say.

    A setting whose widget was not drawn keeps its default; ``settings()`` builds the dataclass at the end. ``texts``
    names what else a link sets on the page: what somebody types.
    """

    def __init__(self, settings: type[S], *, texts: Sequence[str] = ()) -> None:
        self._class = settings
        self._fields: dict[str, Field[Any]] = {each.name: each for each in fields(settings)}  # type: ignore[arg-type]
        self._values: dict[str, Any] = {}
        _tidy_link(self._fields, texts)

    def slider(self, name: str, label: str, *, unit: str | None = None, help: str | None = None) -> Any:
        """A slider over the setting's bounds."""
        self._values[name] = st.slider(label, *self._range(name), format=unit, help=help, **_bound(name))
        return self._values[name]

    def number(self, name: str, label: str, *, help: str | None = None) -> Any:
        """A field to type a number into, within the setting's bounds."""
        value = st.number_input(label, *self._range(name), help=help, **_bound(name))
        self._values[name] = self._declared(name)[0] if value is None else value
        return self._values[name]

    def select(self, name: str, label: str, *, captions: Mapping[Any, str] | None = None) -> Any:
        """A list to choose from; the choice's translated caption stands under it."""
        default, bounds = self._declared(name)
        options = bounds["options"]
        value = st.selectbox(label, options, index=options.index(default), **_bound(name))
        return self._chosen(name, value, captions)

    def segmented(self, name: str, label: str, *, captions: Mapping[Any, str] | None = None) -> Any:
        """A row of a few choices; the choice's translated caption stands under it."""
        default, bounds = self._declared(name)
        value = st.segmented_control(label, bounds["options"], default=default, required=True, **_bound(name))
        return self._chosen(name, value, captions)

    def steps(self, name: str, label: str) -> Any:
        """A slider over the setting's options, for a few values that are not evenly spaced."""
        default, bounds = self._declared(name)
        self._values[name] = st.select_slider(label, bounds["options"], default, **_bound(name))
        return self._values[name]

    def toggle(self, name: str, label: str, *, help: str | None = None) -> bool:
        """A switch."""
        self._values[name] = st.toggle(label, self._declared(name)[0], help=help, **_bound(name))
        return bool(self._values[name])

    @contextmanager
    def more(self, *names: str) -> Iterator[bool]:
        """An expander for the settings that few people move: ``with controls.more("seed") as drawn: if drawn: ...``.

        They are drawn when it is opened, and while one of them is not at its default, since a setting whose
        widget is not there has its default. Five widgets take a server as long as a picture.
        """
        expander = st.expander(_("More"), on_change="rerun", key="more")
        with expander:
            yield bool(expander.open) or any(map(self._is_moved, names))

    def _is_moved(self, name: str) -> bool:
        """Whether a setting has another value than its default, also before its widget is drawn."""
        key = key_of(name)
        if key in st.query_params or name not in self._fields:
            return key in st.query_params
        default = self._fields[name].default
        return bool(st.session_state.get(key, default) != default)

    def settings(self) -> S:
        """The settings as they stand."""
        return self._class(**self._values)

    def _declared(self, name: str) -> tuple[Any, Mapping[str, Any]]:
        """The setting's default and its bounds or options."""
        return self._fields[name].default, self._fields[name].metadata

    def _range(self, name: str) -> tuple[Any, Any, Any, Any]:
        """Lowest, highest, default and step, in the order in which Streamlit wants them."""
        default, bounds = self._declared(name)
        return bounds["low"], bounds["high"], default, bounds["step"]

    def _chosen(self, name: str, value: Any, captions: Mapping[Any, str] | None) -> Any:
        value = self._declared(name)[0] if value is None else value
        if captions and value in captions:
            st.caption(captions[value])
        self._values[name] = value
        return value


def key_of(name: str) -> str:
    """The key of a setting of the open page, which is also its name in the link: ``dropout-p``.

    Two pages may each have a p. With one key for both, Streamlit would hand the value of one page on to the other, and
    drop it from links that lead from one to the other.
    """
    return f"{session.page}-{name}"


def in_link(name: str) -> str | None:
    """What the link says about a setting, before bad values fall back to the default."""
    return st.query_params.get(key_of(name))


def _bound(name: str) -> dict[str, Any]:
    """What makes a widget that of a setting: its key, and that the link follows it."""
    return {"key": key_of(name), "bind": "query-params"}


def _tidy_link(settings: Collection[str], texts: Collection[str]) -> None:
    """Write the link as the page writes it, and run again with that, if somebody typed it in another way.

    A link may leave the page's name out: ``dropout?p=0.3`` for ``dropout?dropout-p=0.3``; where it says both, the
    longer name counts. An infinite setting goes: Streamlit 1.67 fails on it where it expects a whole number.
    """
    typed, names = dict(st.query_params), (*settings, *texts)
    endless = {key_of(name) for name in settings if _is_infinite(typed.get(key_of(name), ""))}
    spelled = {key_of(name): typed[name] for name in names if name in typed}
    link = spelled | {name: text for name, text in typed.items() if name not in names and name not in endless}
    if link != typed:
        st.query_params.from_dict(link)
        st.rerun()


def _is_infinite(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False
