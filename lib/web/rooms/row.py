"""The row under the navigation that says in which room one is, and keeps a guest's page with the teacher's."""

import streamlit as st

from lib.web.elements.icon_button import icon_button
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, current_language, ngettext, prose, strong
from lib.web.frame.navigation import page_named
from lib.web.frame.session import session
from lib.web.rooms.here import follow, follow_again, in_words, is_gone, leave, rooms, seat_in_browser
from lib.web.rooms.room import Seat

_EVERY = {True: 1.0, False: 2.0}  # seconds from one look at the room to the next, of the teacher and of a guest


def room_row() -> None:
    """What was the matter with a room, if something was, and the row; nothing where one is in no room."""
    if session.seat:
        aside(_row, run_every=_EVERY[session.seat.is_teacher])()
    if session.room_trouble:
        st.warning(prose("room", session.room_trouble))
        session.room_trouble = ""


def _row() -> None:
    seat = session.seat
    if seat is None or is_gone() or (follow() and not session.going):
        st.rerun()
    seat_in_browser()
    with st.container(key="room", horizontal=True, vertical_alignment="center", gap="small"):
        _about_the_class(seat) if seat.is_teacher else _about_oneself(seat)
        name = _("Close the room") if seat.is_teacher else _("Leave the room")
        icon_button(":material/logout:", name, on_click=leave, type="tertiary")


def _about_the_class(seat: Seat) -> None:
    count = 0
    with in_words():
        count = rooms().count(seat.code)
    here = ngettext("{count} phone is here", "{count} phones are here", count)
    st.markdown(f"{_name_of(seat)} · {here}", width="content")
    if session.page != "room":
        query = {"lang": current_language()}
        st.page_link(page_named("room").file, label=_("Show the code"), icon=":material/qr_code_2:", query_params=query)


def _about_oneself(seat: Seat) -> None:
    about = _("You are number {n}.", n=seat.number)
    st.markdown(f"{_name_of(seat)} · {about}", width="content")
    if not session.following:
        st.button(_("Follow the teacher again"), on_click=follow_again, key="follow-again", type="tertiary")


def _name_of(seat: Seat) -> str:
    return strong(_("Room {code}", code=seat.code))
