"""Parts of a page that are drawn again by themselves, and the turns that all who draw take."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from lib.web.frame import address
from lib.web.frame.session import session
from lib.web.logs import event
from lib.web.rooms import here as rooms

P = ParamSpec("P")
# ``now``: this thread is drawing a page, or a fragment by itself; ``in_turn``: and it has the pen.
_drawing = threading.local()
_pen = threading.Lock()
_PATIENCE = 1.0  # seconds
SLOW = 1.0  # seconds after which a person thinks that nothing happens


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Log a part of a page that takes long to draw, the time included for which it waits for its turn."""
    began = time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - began
        if seconds > SLOW:
            event("slow_rerun", session.page, part=part, seconds=round(seconds, 1))


@contextmanager
def turn() -> Iterator[None]:
    """Draw while nobody else does: whoever comes later waits, but not longer than a second.

    Python's lock lets one thread run at a time. Forty reruns side by side all end late, and handing the lock to and fro
    costs as well; one after the other, most of them end sooner (`python -m benchmarks server`).
    """
    _drawing.in_turn = _pen.acquire(timeout=_PATIENCE)
    _drawing.now = True
    try:
        yield
    finally:
        _drawing.now = False
        if _drawing.in_turn:
            _pen.release()


@contextmanager
def out_of_turn() -> Iterator[None]:
    """Let others draw while this page waits for another process."""
    in_turn = getattr(_drawing, "in_turn", False) and getattr(_drawing, "now", False)
    if in_turn:
        _pen.release()
    try:
        yield
    finally:
        if in_turn:
            _drawing.in_turn = _pen.acquire(timeout=_PATIENCE)


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
        with timed(draw.__name__), turn():
            draw(*args, **kwargs)
            address.follow(draw.__name__)
            rooms.publish()

    return run


def aside(draw: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """Make a function a fragment that has none of the page's settings: a guess, the curves of a run."""

    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if getattr(_drawing, "now", False):
            return draw(*args, **kwargs)
        with timed(draw.__name__):
            draw(*args, **kwargs)

    return st.fragment(run, run_every=run_every)
