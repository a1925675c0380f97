"""Buttons of which only the icon is seen. Their name is for those who point at them and those who hear the page."""

from typing import Any

import streamlit as st


def icon_button(icon: str, name: str, **button: Any) -> None:
    """Draw the button, as `st.button` does. On screen its name is hidden (lib/web/frame/style.css)."""
    key = "icon-" + icon.strip(":").rpartition("/")[2]
    st.button(name, key=key, icon=icon, help=name, **button)
