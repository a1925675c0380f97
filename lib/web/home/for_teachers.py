"""At the foot of the home page: the notes for teachers, and the way to a room."""

import streamlit as st

from lib.web.frame import source
from lib.web.frame.language import ROOT, _, current_language
from lib.web.frame.navigation import page_named

_NOTES = "docs/teaching.md"


def for_teachers() -> None:
    """A link to the notes where the source is public, else the file itself; they are in English."""
    address = source.address()
    with st.container(key="for-teachers", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            _("For teachers: a plan for 45 minutes and one for 90, what people get wrong, and a sheet for students."),
            width="content",
        )
        label, icon = _("Notes for teachers (in English)"), ":material/menu_book:"
        if address:
            st.link_button(label, f"{address}/blob/HEAD/{_NOTES}", icon=icon, type="tertiary")
        else:
            st.download_button(
                label,
                (ROOT / _NOTES).read_bytes,
                "two-dice-teaching.md",
                "text/markdown",
                key="notes",
                icon=icon,
                type="tertiary",
                on_click="ignore",
            )
        query = {"lang": current_language()}
        st.page_link(page_named("room").file, label=_("Open a room"), icon=":material/groups:", query_params=query)
