"""The switch above a picture by which a teacher shows the class in its place."""

import streamlit as st

from lib.web.frame.language import _
from lib.web.rooms.here import teacher


def shows_the_class() -> bool:
    """Draw the switch, for a teacher in a room, and say whether the class is to be shown."""
    if teacher() is None:
        return False
    chosen = st.segmented_control(
        _("What the picture shows"),
        ("picture", "class"),
        format_func=lambda option: _("the class") if option == "class" else _("the picture"),
        default="picture",
        required=True,
        key="class-view",
        label_visibility="collapsed",
    )
    return chosen == "class"
