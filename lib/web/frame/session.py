"""What the server remembers of one visitor, beside the values of the widgets on the page.

All of it is declared here, by name, type and first value. It lives in Streamlit's session state under the same names,
and is forgotten when the visitor has left.

    session.language = "fr"
    if session.watched is None: ...
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:  # a session remembers these, and need not import PyTorch to do so
    from lib.studies.digits_trial import DigitsTrial
    from lib.training import TrainingConfig
    from lib.web.two_dice.runs import Pair


class Session:
    """One visitor's session: use `session`."""

    page: str = ""  # the id of the page that was drawn last
    language: str | None = None
    links: Mapping[str, Mapping[str, str]] = MappingProxyType({})  # by page: what its link said when it was left

    train: bool = False  # somebody has just pressed "Train", on the Training or the Two dice page
    watched: "TrainingConfig | None" = None  # the run that the Training page shows
    shown_end: str | None = None  # the number of the run whose end that page has shown
    pair: "Pair | None" = None  # the two models that the Two dice page trains
    shown_pair_end: str | None = None
    today_point: tuple[int, float, int] | None = None  # a point to be trained: sentences, p and seed
    today_digits: "DigitsTrial | None" = None
    time_line_steps: int = 0  # steps of a walk that were answered: a key held down is faster than the server

    if not TYPE_CHECKING:  # the types above are the truth

        def __getattribute__(self, name: str) -> Any:
            return st.session_state.get(name, getattr(Session, name))

        def __setattr__(self, name: str, value: Any) -> None:
            getattr(Session, name)  # raises AttributeError: nothing is remembered that is not declared above
            st.session_state[name] = value


session = Session()
