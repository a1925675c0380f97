"""Every page and every part, with all that opens opened: no picture stays empty, and the console has no complaint."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from importlib import import_module

import pytest

from lib.web.frame.navigation import PAGES
from lib.web.today.settings import PARTS
from tests.browser.test_frame import ours
from tests.support.serving import ROOT, served
from tests.support.sweeping import WATCH, sweep

QUICK = {"training": "steps=200&seeds=2", "two_dice": "n=100"}  # what is trained or measured is soon over
# What no choice on the page leads to: a run; a beginning of which nobody knows how it goes on; and all that there is of
# another model.
BESIDE = {
    "training": ("train=1", "train=1&data=digits&metric=accuracy"),
    "questions": ("shown=true", "question=smaller_network&shown=true"),
    "top_k": ("text=the+the", "model=llm", "model=llm&k=1000&at=3&path=uncut"),
}


def links(queries: Callable[[str], Iterable[str]]) -> list[str]:
    """Links to the pages, with the queries of each."""
    return [
        f"{'' if page.id == 'home' else page.id}?" + "&".join(filter(None, (query, QUICK.get(page.id))))
        for page in PAGES
        for query in queries(page.id)
    ]


def parts_of(page: str) -> tuple[str, ...]:
    """The queries of a page's parts, as its settings declare them; of a page without parts, that of the page."""
    try:
        settings = getattr(import_module(f"lib.web.{page}.settings"), "Settings", None)
    except ModuleNotFoundError:  # a page without settings
        settings = None
    declared = fields(settings) if settings else ()
    parts = [each.metadata["accepts"].options for each in declared if each.name == "part"]
    return tuple(f"part={part}" for part in parts[0]) if parts else ("",)


@pytest.mark.parametrize("link", links(parts_of))
def test_everything_on_the_page_is_drawn_and_nothing_complains(open_page, complaints, link):
    faults = sweep(open_page(link, script=WATCH))
    assert faults + ours(complaints) == []


@pytest.mark.parametrize("link", links(lambda page: BESIDE.get(page, ())))
def test_what_only_a_link_or_a_run_brings_is_drawn_too(open_page, complaints, link):
    faults = sweep(open_page(link, script=WATCH), choices=False)
    assert faults + ours(complaints) == []


def test_the_browser_reaches_no_other_host_and_complains_where_a_page_asks_one(open_page, complaints):
    """So that a page without complaints has asked no one but its own server, for scripts, fonts and all else."""
    tab = open_page("today")
    port = tab.evaluate("location.port")
    # A name of this machine, which the server would answer to.
    elsewhere = f"http://elsewhere.localhost:{port}/app/static/dice.svg"
    tab.evaluate("url => new Promise(done => Object.assign(new Image(), { src: url, onerror: done }))", elsewhere)
    (complaint,) = ours(complaints)
    assert elsewhere in complaint
    assert "ERR_NAME_NOT_RESOLVED" in complaint


def test_every_page_and_every_part_is_visited():
    assert {link.split("?")[0] or "home" for link in links(parts_of)} == {page.id for page in PAGES}
    assert {f"today?part={part}" for part in PARTS} <= set(links(parts_of))


# One picture that is as it should be, and four that are not, each in a way of its own; and an error in words.
FAULTY = """
from pathlib import Path
from unittest.mock import patch

import numpy as np
import streamlit as st

from lib.figures.figure import figure
from lib.web.elements import component
from lib.web.elements.chart import chart

component.page_style()
line = {"type": "scatter", "x": [1, 2, 3]}
chart(figure([{**line, "y": [1, 2, 3]}], {}), key="good", alt="A line.", height=100)
chart(figure([{**line, "y": []}], {}), key="no-points", alt="A line.", height=100)
with patch.object(component, "refuse_what_json_cannot_hold"):  # as it was before somebody looked
    chart(figure([{**line, "y": [1, np.float32(2), 3]}], {}), key="scalar", alt="A line.", height=100)
with patch.object(component, "_FOLDER", Path(__file__).parent / "static" / "two-dice"):
    for name in ("throws", "idle"):
        component.moving_picture(name)(key=name, data={})
st.error("It broke.")
"""
MODULES = {
    "throws": 'export function update() { throw new Error("broken on purpose"); }',
    "idle": "export function update() {}",
}


@pytest.fixture
def faulty(browser, tmp_path) -> Iterator[str]:
    """The address of an app that is broken on purpose, with the real one's settings and scripts."""
    for name in (".streamlit", "static"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name, script in MODULES.items():
        module = tmp_path / "static" / "two-dice" / f"{name}.js"
        module.write_text(f"{script}\nexport function destroy() {{}}\n")
    app = tmp_path / "app.py"
    app.write_text(FAULTY)
    with served(app, PYTHONPATH=str(ROOT)) as address:
        yield address


def test_the_sweep_finds_what_is_broken(open_page, complaints, faulty):
    """The test above would be worth nothing if it overlooked a picture that nobody sees."""
    faults = sweep(open_page(faulty, script=WATCH))
    assert faults == [
        "no-points has empty axes",
        "scalar is empty",
        "throws is empty",
        "idle is empty",
        "the page says: It broke.",
    ]
    console = "\n".join(ours(complaints))
    assert "is not valid JSON" in console
    assert "broken on purpose" in console
