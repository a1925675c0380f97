"""Parts of a page that are drawn again by themselves, and the turns that all who draw take."""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from lib.web.frame import address
from lib.web.rooms import here as rooms

P = ParamSpec("P")
_drawing = threading.local()  # ``now``: this thread is drawing a page, or a fragment by itself
_pen = threading.Lock()
_PATIENCE = 1.0  # seconds


@contextmanager
def turn() -> Iterator[None]:
    """Draw while nobody else does: whoever comes later waits, but not longer than a second.

    Python's lock lets one thread run at a time. Forty reruns side by side all end late, and handing the lock to and fro
    costs as well; one after the other, most of them end sooner (`python -m benchmarks server`).
    """
    in_turn = _pen.acquire(timeout=_PATIENCE)
    _drawing.now = True
    try:
        yield
    finally:
        _drawing.now = False
        if in_turn:
            _pen.release()


def fragment(draw: Callable[P, None]) -> Callable[P, None]:
    """Make a function a fragment: when one of its own controls is moved, it runs again, and not the whole page.

    A page sends some sixty elements, each of which takes the server up to half a millisecond; a quarter of them are the
    frame's. A fragment may contain others.
    """

    @st.fragment
    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if getattr(_drawing, "now", False):  # a part of a page or of another fragment, which ends with the address
            return draw(*args, **kwargs)
        with turn():
            draw(*args, **kwargs)
            address.follow(draw.__name__)
            rooms.publish()

    return run


def aside(draw: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """Make a function a fragment that has none of the page's settings: a guess, the curves of a run.

    A browser puts what happens within the same moment into one message, and names one fragment in it. If somebody moves
    a slider right when this fragment is due, the server hears of it and draws only this; then the page is drawn anew.
    """

    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        draw(*args, **kwargs)
        if not getattr(_drawing, "now", False) and address.is_behind():
            st.rerun()

    return st.fragment(run, run_every=run_every)
