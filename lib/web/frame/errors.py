"""What a page says where a part of it has failed: it is the program's fault, and the reader is told so in words."""

import functools

import streamlit as st
from streamlit import error_util

from lib.web.frame.language import _
from lib.web.server import serves


@functools.cache
def say_errors_in_words() -> None:
    """Say in the reader's language that something went wrong, once per server. Streamlit (1.67) says it in English.

    Its own hook, `st.App`, would need another command to start the server.
    """
    if serves():
        error_util.show_uncaught_app_exception = _say


def _say(ex: BaseException) -> None:
    st.error(
        _(
            "Something went wrong here, and it was not your fault. Reload the page: your settings are in its address. "
            "Whoever runs this server finds the error in its log."
        )
    )
