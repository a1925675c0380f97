"""The room that one is in: coming, following the teacher, showing the class what one has set.

A teacher's page tells the room what it shows whenever that changes; a guest's page looks every two seconds, and shows
the same, until its guest goes elsewhere.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import streamlit as st

from lib.web.elements.controls import change_all
from lib.web.elements.settings import read
from lib.web.frame import address
from lib.web.frame.navigation import page_named
from lib.web.frame.session import session
from lib.web.logs import event
from lib.web.rooms.room import NoSuchRoomError, Rooms, Seat, TooManyGuessesError, View, code_in
from lib.web.rooms.store import RoomError, RoomFullError, RoomsUnreachableError, TooManyRoomsError, room_store

ROOM = "room"  # the name under which a link says which room to enter
_OFTEN = 60.0  # seconds between two words that somebody is still in the room
# With its own number as the seed, each phone rolls dice of its own.
OWN_SEED = ("dropout", "top_k")
_TROUBLE: Mapping[type[RoomError], str] = {  # sections of content/<language>/room.md
    NoSuchRoomError: "no-such-room",
    TooManyGuessesError: "too-many-guesses",
    RoomFullError: "full",
    TooManyRoomsError: "too-many-rooms",
    RoomsUnreachableError: "unreachable",
}
_CLOSED = "closed"

# The secret of a seat is not in the address, which everybody can read from a projector's screen. The browser keeps it
# for as long as the tab is open, so that whoever reloads the page has the same seat.
#
# To follow the teacher to another page, the browser takes the link in the row of pages, and again at the next look at
# the room if it is still here: a click may be lost while the row is being drawn. (`st.switch_page` ends in an empty
# page when a fragment of the page that is left asks for something in the same moment.)
_mount_seat = st.components.v2.component(
    "two_dice_seat",
    js="""
export default function ({ data: [seat, path], setTriggerValue }) {
  const name = "two-dice-seat";
  try {
    if (seat === "-") sessionStorage.removeItem(name);
    else if (seat) sessionStorage.setItem(name, seat);
    else if (sessionStorage.getItem(name)) setTriggerValue("kept", sessionStorage.getItem(name));
  } catch {}  // in a frame of another page's, the browser may keep nothing
  if (path === null || location.pathname.split("/").at(-1) === path) return;
  for (const link of document.querySelectorAll(".st-key-navigation a[href]"))
    if (new URL(link.href).pathname.split("/").at(-1) === path) link.click();
}
""",
    isolate_styles=False,
)


@cache
def rooms() -> Rooms:
    """The rooms of this server."""
    return Rooms(room_store())


@contextmanager
def in_words() -> Iterator[None]:
    """Whatever is the matter with a room is said on the page, and the lesson goes on."""
    try:
        yield
    except RoomError as error:
        session.room_trouble = _TROUBLE[type(error)]
        if error.__cause__ or not isinstance(error, RoomsUnreachableError):  # once in each pause of `RoomsInRedis`
            event("refused", "room", reason=session.room_trouble)


def guest() -> Seat | None:
    """One's own seat, where one is a guest in a room."""
    return session.seat if session.seat and not session.seat.is_teacher else None


def teacher() -> Seat | None:
    """One's own seat, where one is the teacher of a room."""
    return session.seat if session.seat and session.seat.is_teacher else None


def open_room() -> None:
    """Open a room and show it this page: what a callback does."""
    with in_words():
        _sit(rooms().open())


def enter(code: str) -> None:
    """Enter a room: what a callback does, and a link."""
    with in_words():
        _sit(rooms().enter(code_in(code) or code[:20]))


def leave() -> None:
    """Leave the room; a teacher closes it. What a callback does."""
    if session.seat:
        with in_words():
            rooms().close(session.seat)
    session.seat, session.left_room = None, True


def follow_again() -> None:
    """Show what the teacher shows from now on: what a callback does."""
    session.following, session.room_seen = True, None


def _sit(seat: Seat) -> None:
    session.seat, session.left_room, session.room_trouble = seat, False, ""
    follow_again()


def _come_back() -> None:
    """This browser has been in a room, and the session is a new one: somebody has reloaded the page."""
    with in_words():
        _sit(rooms().come_back(str(st.session_state["two-dice-seat"]["kept"])[:40]))
    if session.room_trouble == _TROUBLE[NoSuchRoomError]:
        session.room_trouble, session.left_room = _CLOSED, True


def arrive() -> None:
    """Enter the room that a link names, unless one is in it. For whoever has just come to a page."""
    if session.going == session.page:
        session.going = None
        if session.run_to_come:
            session.arrived = {**session.arrived, address.RUN: session.run_to_come}
    code = st.query_params.get(ROOM)
    if code and (session.seat is None or session.seat.code != code_in(code)):
        enter(code)


def seat_in_browser() -> None:
    """Let the browser keep the seat, or ask it for one where the session is new; and let it follow the teacher."""
    seat = session.seat
    session.arrived_at = session.arrived_at or session.page
    if seat or session.left_room or session.page == session.arrived_at:
        kept = f"{seat.code}.{seat.secret}" if seat else "-" if session.left_room else ""
        path = page_named(session.going).path if session.going else None
        asked = time.monotonic() if session.going else None  # with other data than before, the browser looks at them
        _mount_seat(key="two-dice-seat", width=1, height=1, data=[kept, path, asked], on_kept_change=_come_back)
        session.left_room = False


def follow() -> bool:
    """Set this page's controls as the teacher's are, or prepare to follow to another page. Before they are drawn.

    Returns whether anything is other than before.
    """
    seat = guest()
    if seat is None:
        return False
    view = None
    with in_words():
        view = rooms().view(seat.code)
    return view is not None and _take(seat, view)


def is_gone() -> bool:
    """Whether the room that one was in has been closed, or forgotten. Then one is in none any more."""
    seat = session.seat
    if seat is None:
        return True
    with in_words():
        _stay(seat)
        if not rooms().store.exists(seat.code):
            session.seat, session.left_room, session.room_trouble = None, True, _CLOSED
    return session.seat is None


def _take(seat: Seat, view: View) -> bool:
    if view == session.room_seen or not session.following:
        if view.page not in (session.page, session.going):  # the guest has gone elsewhere
            session.following = False
        return False
    session.room_seen, session.step = view, view.step
    own = {"seed": str(seat.number)} if view.page in OWN_SEED else {}
    session.links = {**session.links, view.page: {**view.settings, **own}}
    if view.page != session.page:
        session.going, session.run_to_come = view.page, view.run
        return True
    change_all(session.links[view.page])
    address.forget_run()
    if view.run:
        session.arrived = {address.RUN: view.run}  # the controls start it, as that of a link
    return True


def publish() -> None:
    """Let the class see what the teacher's page shows. Every fragment of a page ends with this."""
    seat = teacher()
    if seat is None:
        return
    run, remembered = address.asked_run(), address.remembered()
    view = View(
        session.page,
        dict(remembered),
        address.link_to_run(read(type(run), remembered), run) if run else None,
        session.step if address.step_here() else None,
    )
    with in_words():
        if view != session.room_seen:
            rooms().show(seat, view)
            session.room_seen = view


def _stay(seat: Seat) -> None:
    if time.monotonic() - session.touched > _OFTEN:
        session.touched = time.monotonic()
        rooms().store.touch(seat.code)
