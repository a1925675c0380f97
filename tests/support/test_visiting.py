"""Every page over its WebSocket, as a browser asks for it: no error, and no more than a class's network can bear."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from tests.support.serving import served
from tests.support.visiting import Rerun, Visitor

PAGES = ["home", "dropout", "training", "top_k", "two_dice"]
PARTS = ["history", "models", "places", "data", "paper", "schedules", "instead"]
LINKS = [("" if page == "home" else page, "") for page in PAGES] + [("today", f"part={part}") for part in PARTS]
MOST, MOST_UNCHANGED = 150_000, 10_000  # bytes of a rerun, and of one where nothing visible changed

each_page = pytest.mark.parametrize(("page", "query"), LINKS, ids=[query or page or "home" for page, query in LINKS])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


T = TypeVar("T")


def run(visit: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: where the browser tests ran before, this one has an event loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, visit).result()


@each_page
def test_a_page_opens_by_its_link_and_every_control_can_be_moved(address: str, page: str, query: str) -> None:
    async def visit() -> list[tuple[Rerun, Any]]:
        async with Visitor(address) as visitor:
            reruns = [(await visitor.open(page, query), visitor.parts)]
            moved: set[str] = {"part"}  # each part has its own turn
            # A control may bring others with it, or take some away.
            while waiting := [name for name in visitor.widgets if name not in moved]:
                name = waiting[0]
                moved.add(name)
                reruns.append((await visitor.move(name, visitor.others(name)[-1]), visitor.parts))
            return reruns

    reruns = run(visit())
    assert [rerun for rerun, _ in reruns if rerun.error] == []
    largest, parts = max(reruns, key=lambda each: each[0].bytes)
    assert largest.bytes <= MOST, (largest, parts.most_common(5))


@each_page
def test_little_is_sent_when_nothing_changed(address: str, page: str, query: str) -> None:
    async def visit() -> list[tuple[Rerun, Any]]:
        async with Visitor(address) as visitor:
            await visitor.open(page, query)
            async for _ in visitor.stay(20, until_quiet=True):  # what is still being computed changes the page
                pass
            return [(await visitor.again(), visitor.parts)]

    ((rerun, parts),) = run(visit())
    assert rerun.error is None
    assert rerun.bytes <= MOST_UNCHANGED, (rerun, parts.most_common(8))


def test_a_slider_may_be_moved_faster_than_the_server_answers(address: str) -> None:
    """The server may leave out what the browser says it has: the browser must still have it when the answer comes."""

    async def visit() -> list[Rerun]:
        async with Visitor(address) as visitor:
            reruns = [await visitor.open("dropout")]
            visitor.hasty = True
            for p in 4 * ["0.00", "0.10", "0.20"]:
                reruns.append(await visitor.move("dropout-p", [p]))
            return reruns

    assert [rerun.error for rerun in run(visit())] == 13 * [None]


def test_a_training_run_arrives_whole_in_pieces(address: str) -> None:
    async def visit() -> list[tuple[Rerun, Any]]:
        async with Visitor(address) as visitor:
            reruns = [(await visitor.open("training", "train=1&steps=500&seed=7"), visitor.parts)]
            async for rerun in visitor.stay(60, until_quiet=True):
                reruns.append((rerun, visitor.parts))
            return reruns

    reruns = [rerun for rerun, _ in run(visit())]
    assert [rerun for rerun in reruns if rerun.error] == []
    assert {rerun.asked for rerun in reruns} == {"open", "piece"}
    assert all(rerun.bytes <= MOST for rerun in reruns)


def test_the_visitor_notices_an_error(tmp_path: Any) -> None:
    """The tests above would be worth nothing if the visitor overlooked what a person sees in red."""
    app = tmp_path / "app.py"
    app.write_text(
        "import streamlit as st\n"
        "if st.toggle('Break it', key='broken'):\n"
        "    st.error('It broke')\n"
        "st.slider('A slider', 0.0, 1.0, 0.5, 0.25, key='p', bind='query-params')\n"
    )

    async def visit(address: str) -> list[Rerun]:
        async with Visitor(address) as visitor:
            reruns = [await visitor.open(), await visitor.move("broken", True), await visitor.move("broken", False)]
            assert visitor.widgets["p"].values() == [[0.0], [0.25], [0.5], [0.75], [1.0]]
            reruns.append(await visitor.move("p", [0.75]))
            assert visitor.query == "p=0.75"
            reruns.append(await visitor.move("p", [0.5]))
            assert visitor.query == ""
            return reruns

    with served(app) as address:
        errors = [rerun.error for rerun in run(visit(address))]
    assert errors == [None, "It broke", None, None, None]
