"""A real browser on the real app. Without Chromium these tests are skipped; in CI a missing browser is a failure."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, ConsoleMessage, Page, expect, sync_playwright

from tests.support.browsing import ARGUMENTS, CHROMIUM, ready
from tests.support.serving import served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserType]:
    """The browser that is started by what asks for it."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: .ci/run installs Debian's package chromium")
        pytest.skip("no Chromium on this machine: install the package chromium to run the browser tests")
    expect.set_options(timeout=30_000)  # as for all that is awaited; on a busy machine 5 s are little
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    """A browser without a profile: each of its contexts is somebody who has never been here."""
    browser = chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def profile(chromium: BrowserType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser with a profile, which keeps what it has compiled of Streamlit's scripts: a page opens in two thirds of
    the time. Every tab is a session of its own, as with a browser without a profile."""
    folder = tmp_path_factory.mktemp("profile")
    context = chromium.launch_persistent_context(folder, executable_path=CHROMIUM, args=ARGUMENTS, locale="en-US")
    yield context
    context.close()


@pytest.fixture(scope="session")
def address(chromium: BrowserType) -> Iterator[str]:
    """The address of the running app; asks for the browser first, so that nothing is started in vain."""
    with served() as address:
        yield address


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test said on the console as errors; a test asserts that it stays empty."""
    return []


@pytest.fixture
def open_page(request: pytest.FixtureRequest, address: str, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """``open_page("dropout?p=0.3")``: a new tab of a new visitor, ready to be looked at; or that of another app, by its
    whole address. ``device`` are options of a browser context: another language, a phone that is touched."""
    with opener(request, address, complaints) as open_page:
        yield open_page


class ToRead:
    """A page for tests that only look at it: opened once for each width, with what all its tabs complain of."""

    def __init__(self, open_page: Callable[..., Page], path: str, complaints: list[str]) -> None:
        self.complaints = complaints
        self._open, self._path, self._tabs = open_page, path, dict[int, Page]()

    def at(self, width: int = 1280, height: int = 720, scheme: str = "light") -> Page:
        """The tab of this width in this height and these colours, at rest."""
        page = self._tabs.get(width) or self._open(self._path, width=width, height=height, scheme=scheme)
        self._tabs[width] = page
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme", arg=scheme
        )
        ready(page)
        return page


@pytest.fixture(scope="module")
def to_read(request: pytest.FixtureRequest, address: str) -> Iterator[ToRead]:
    """The page whose path is the parameter: ``@pytest.mark.parametrize("to_read", ["dropout"], indirect=True)``."""
    complaints: list[str] = []
    with opener(request, address, complaints) as open_page:
        yield ToRead(open_page, request.param, complaints)


@contextmanager
def opener(request: pytest.FixtureRequest, address: str, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """What opens tabs, and closes them in the end."""
    opened: list[Page | BrowserContext] = []

    def open_page(
        path: str = "",
        *,
        width: int = 1280,
        height: int = 720,
        scheme: Literal["light", "dark"] = "light",
        reduced_motion: Literal["reduce", "no-preference"] = "no-preference",
        script: str = "",
        **device: Any,
    ) -> Page:
        if device:
            browser: Browser = request.getfixturevalue("browser")
            context = browser.new_context(**{"locale": "en-US", **device})
        else:
            context = request.getfixturevalue("profile")
        page = context.new_page()
        opened.append(context if device else page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion=reduced_motion)
        page.add_init_script(script)  # runs before the page's own
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: note(message, complaints))
        page.goto(path if "://" in path else f"{address}/{path}", wait_until="commit")
        ready(page)
        return page

    yield open_page
    for each in opened:
        each.close()


def note(message: ConsoleMessage, complaints: list[str]) -> None:
    """Take down what the console says as an error."""
    if message.type == "error":
        complaints.append(f"{message.text} ({message.location.get('url', '')})")
