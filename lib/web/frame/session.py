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
    from lib.training import TrainingConfig
    from lib.web.rooms.room import Seat, View


class Session:
    """One visitor's session: use `session`."""

    token: str = ""  # tells this session from one that the server has forgotten
    page: str = ""  # the id of the page that was drawn last
    language: str | None = None  # that somebody has chosen, here or by a link
    arrived: Mapping[str, str] = MappingProxyType({})  # the link by which one came, until the controls have read it
    links: Mapping[str, dict[str, str]] = MappingProxyType({})  # by page: its settings, as its link says them
    runs: Mapping[str, Any] = MappingProxyType({})  # by page, or part of one: the settings of the run it shows
    address: tuple[str, str, int] = ("", "", 0)  # what the browser's address says: page and query; a serial number

    step: tuple[str, int] | None = None  # the lesson whose path one follows, and the step of it, from 0
    presenting: bool = False  # shown to a class from a projector
    settings: type[Any] | None = None  # the class of the open page's settings, once its controls are drawn
    typed_first: Mapping[str, str] = MappingProxyType({})  # by key: what a line to type in says before one types

    seat: "Seat | None" = None  # in a room, where one is in one
    following: bool = True  # a guest's page shows what the teacher's shows
    room_seen: "View | None" = None  # what the teacher showed when this page was last set to it, or showed it itself
    going: str | None = None  # the page to which one follows the teacher
    run_to_come: str | None = None  # and the run that it shows, as a link says it
    room_trouble: str = ""  # the section of the room's prose that says why one is not in a room, or was put out of it
    left_room: bool = False  # the browser is to forget the seat
    arrived_at: str = ""  # the first page of this session: there the browser is asked for a seat that it may have
    own_draws: tuple[str, tuple[int, ...]] = ("", ())  # what a guest has drawn, and from which distribution
    touched: float = -1000.0  # when the room last heard that somebody is there, by the monotonic clock
    answers: Mapping[str, int] = MappingProxyType({})  # in the quiz: by question, the option that was chosen, from 0

    watched: "TrainingConfig | None" = None  # the run that the Training page shows
    watched_for: Any = None  # the settings that it was started with
    time_line_steps: int = 0  # steps of a walk that were answered: a key held down is faster than the server

    if not TYPE_CHECKING:  # the types above are the truth

        def __getattribute__(self, name: str) -> Any:
            return st.session_state.get(name, getattr(Session, name))

        def __setattr__(self, name: str, value: Any) -> None:
            getattr(Session, name)  # raises AttributeError: nothing is remembered that is not declared above
            st.session_state[name] = value


session = Session()
