"""What the page of a room shows: the way in, and the code for those who are to come."""

from urllib.parse import urlsplit

import streamlit as st

from lib.web.frame.language import _, prose, strong
from lib.web.frame.navigation import PAGES, link_to
from lib.web.rooms.here import ROOM, enter, open_room
from lib.web.rooms.room import Seat

_THIS_MACHINE = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}
_QUIET = 4  # modules of white around a QR code, which its standard asks for


def two_doors() -> None:
    """For a teacher the button that opens a room, for a guest the line for its code."""
    st.markdown(prose("room", "what"))
    teachers, guests = st.columns(2, border=True)
    with teachers:
        st.markdown(strong(_("You teach")))
        st.button(_("Open a room"), on_click=open_room, type="primary", key="open-room", icon=":material/meeting_room:")
    with guests, st.form("join", border=False):
        st.markdown(strong(_("You were given a code")))
        st.text_input(_("Four letters"), max_chars=20, key="letters", autocomplete="off")
        st.form_submit_button(_("Join"), on_click=lambda: enter(st.session_state["letters"]), icon=":material/login:")


def invitation(seat: Seat) -> None:
    """The code, as large as the back row needs it, and where to go from here."""
    link = link_to_room(str(st.context.url or ""), seat.code)
    code, about = st.columns(2, gap="large", vertical_alignment="center")
    with code:
        name = _("A code that a phone scans: it opens the link beside it.")
        st.image(qr_code(link), alt=name, width="stretch")
    with about:
        with st.container(key="code"):
            st.header(seat.code, anchor=False)
        st.markdown(prose("room", "how-to-join"))
        st.code(link, language=None, wrap_lines=True)
        if urlsplit(link).hostname in _THIS_MACHINE:
            st.warning(prose("room", "on-this-machine"))
        st.markdown(prose("room", "go-on"))
        with st.container(horizontal=True, gap="small"):
            for page in PAGES:
                if page.id != "room":
                    link_to(page.id, page.name())


def waiting_room() -> None:
    """What a guest sees while the teacher's page shows the code."""
    st.markdown(prose("room", "waiting"))


def link_to_room(here: str, code: str) -> str:
    """The link that a phone opens, from the address of this page.

    >>> link_to_room("https://example.org/dice/room?lang=de", "BCDF")
    'https://example.org/dice/?room=BCDF'
    """
    parts = urlsplit(here)
    folder = parts.path.removesuffix("room")
    return f"{parts.scheme}://{parts.netloc}{folder}?{ROOM}={code}"


def qr_code(link: str) -> str:
    """The link as a QR code: a drawing in SVG, black on white also where the page is dark."""
    import segno

    return str(segno.make(link, error="m").svg_inline(scale=10, border=_QUIET, light="white"))
