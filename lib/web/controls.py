"""Controls: one frozen dataclass per page declares each setting once, with default and bounds; a bound widget shows it.

A widget's key is the setting's name and its name in the link, so a link repeats a picture exactly. The ids of choices
are never translated, since a link must mean the same in every language: what an option means is said in a translated
caption under it. A bad value in the link falls back to the default.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import Field, field, fields
from typing import Any, Generic, TypeVar

import streamlit as st

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

    A setting whose widget was not drawn keeps its default; ``settings()`` builds the dataclass at the end.
    """

    def __init__(self, settings: type[S]) -> None:
        self._class = settings
        self._fields: dict[str, Field[Any]] = {each.name: each for each in fields(settings)}  # type: ignore[arg-type]
        self._values: dict[str, Any] = {}
        for name in self._fields:
            _refuse_infinity(name)

    def slider(self, name: str, label: str, *, unit: str | None = None, help: str | None = None) -> Any:
        """A slider over the setting's bounds."""
        default, bounds = self._declared(name)
        self._values[name] = st.slider(
            label,
            bounds["low"],
            bounds["high"],
            default,
            bounds["step"],
            key=name,
            format=unit,
            help=help,
            bind="query-params",
        )
        return self._values[name]

    def number(self, name: str, label: str, *, help: str | None = None) -> Any:
        """A field to type a number into, within the setting's bounds."""
        default, bounds = self._declared(name)
        value = st.number_input(
            label, bounds["low"], bounds["high"], default, bounds["step"], key=name, help=help, bind="query-params"
        )
        self._values[name] = default if value is None else value
        return self._values[name]

    def select(self, name: str, label: str, *, captions: Mapping[Any, str] | None = None) -> Any:
        """A list to choose from; the choice's translated caption stands under it."""
        default, bounds = self._declared(name)
        options = bounds["options"]
        value = st.selectbox(label, options, index=options.index(default), key=name, bind="query-params")
        return self._chosen(name, value, captions)

    def segmented(self, name: str, label: str, *, captions: Mapping[Any, str] | None = None) -> Any:
        """A row of a few choices; the choice's translated caption stands under it."""
        default, bounds = self._declared(name)
        value = st.segmented_control(
            label, bounds["options"], default=default, required=True, key=name, bind="query-params"
        )
        return self._chosen(name, value, captions)

    def steps(self, name: str, label: str) -> Any:
        """A slider over the setting's options, for a few values that are not evenly spaced."""
        default, bounds = self._declared(name)
        self._values[name] = st.select_slider(label, bounds["options"], default, key=name, bind="query-params")
        return self._values[name]

    def toggle(self, name: str, label: str, *, help: str | None = None) -> bool:
        """A switch."""
        self._values[name] = st.toggle(label, self._declared(name)[0], key=name, help=help, bind="query-params")
        return bool(self._values[name])

    def settings(self) -> S:
        """The settings as they stand."""
        return self._class(**self._values)

    def _declared(self, name: str) -> tuple[Any, Mapping[str, Any]]:
        """The setting's default and its bounds or options."""
        return self._fields[name].default, self._fields[name].metadata

    def _chosen(self, name: str, value: Any, captions: Mapping[Any, str] | None) -> Any:
        value = self._declared(name)[0] if value is None else value
        if captions and value in captions:
            st.caption(captions[value])
        self._values[name] = value
        return value


def _refuse_infinity(name: str) -> None:
    """Take an infinite number out of the link: Streamlit 1.67 fails on it where it expects a whole number."""
    try:
        infinite = math.isinf(float(st.query_params.get(name, "")))
    except ValueError:
        return
    if infinite:
        del st.query_params[name]
        st.rerun()
