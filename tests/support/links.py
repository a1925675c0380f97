"""What links say."""

from collections.abc import Mapping
from importlib import import_module

from lib.web.elements.settings import read, written


def as_the_page_writes(page: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of a link as the page itself would write them, without what is at its default; the home page has
    none."""
    if page == "home":
        return {}
    return written(read(import_module(f"lib.web.{page}.settings").Settings, settings))
