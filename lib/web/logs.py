"""What a host may want to know of: a line in the log for each event, and a count of all (lib/web/metrics.py).

    2026-11-28T09:15:04.210Z level=info event=run_finished kind=training run=5d1c30ab steps=2000 seconds=8.1

Nothing of a visitor's is in it: no address, no link, no file's name, and no word that somebody has typed. Therefore an
error is told by its type and by the lines of the program that led to it. Its own words might quote a visitor; they are
logged only where they are about a file of the server's.
"""

import atexit
import functools
import json
import logging
import platform
import re
import threading
import time
import traceback
from collections import Counter
from collections.abc import Mapping

import streamlit as st

from lib.web.server import serves

_log = logging.getLogger("two_dice")
_lock = threading.Lock()
_counted: Counter[tuple[str, str]] = Counter()
_BARE = re.compile(r"[\w.:/+-]+")  # a value that needs no quotation marks


def event(name: str, kind: str = "", *, error: BaseException | None = None, **facts: object) -> None:
    """Log that something has happened, and count it by its name and ``kind``, which has few values."""
    with _lock:
        _counted[name, kind] += 1
    told = {"kind": kind} if kind else {}
    extra = {"facts": {**told, **facts}, "error": error}
    _log.log(logging.ERROR if error else logging.INFO, name, extra=extra)


def counted() -> Mapping[tuple[str, str], int]:
    """How often each event has happened, by its name and kind."""
    with _lock:
        return dict(_counted)


class OneLine(logging.Formatter):
    """An event as one line of ``key=value``; under that of an error, the way to it as Python prints it."""

    converter = staticmethod(time.gmtime)
    default_time_format, default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts = {"level": record.levelname.lower(), "event": record.getMessage(), **getattr(record, "facts", {})}
        line = " ".join([self.formatTime(record), *(f"{key}={_value(value)}" for key, value in facts.items())])
        error: BaseException | None = getattr(record, "error", None)
        return f"{line}\n{way_to(error)}" if error else line


def _value(value: object) -> str:
    text = str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def way_to(error: BaseException) -> str:
    """The traceback of an error and of what caused it, without the words of either, but for those about a file.

    >>> try:
    ...     int("what somebody has typed")
    ... except ValueError as error:
    ...     print(way_to(error).splitlines()[-1])
    ValueError
    """
    before = f"{way_to(error.__cause__)}\nwhich led to\n" if error.__cause__ else ""
    about_a_file = isinstance(error, OSError) or hasattr(error, "path")
    said = f"{type(error).__name__}: {error}" if about_a_file else type(error).__name__
    return f"{before}Traceback (most recent call last):\n{''.join(traceback.format_tb(error.__traceback__))}{said}"


@functools.cache
def log_events() -> None:
    """Write the events of this server to its standard error, from the first visit until it ends, once per server.

    Where a page fails, Streamlit's own log would print the error's words.
    """
    if not serves():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    logging.getLogger("streamlit.error_util").addFilter(_is_not_of_a_page)
    event("server_started", python=platform.python_version(), streamlit=st.__version__)
    began = time.monotonic()
    atexit.register(lambda: event("server_stopped", seconds=round(time.monotonic() - began)))


def _is_not_of_a_page(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return True
    event("page_failed", type(error).__name__, error=error)
    return False
