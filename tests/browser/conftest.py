"""A real browser on the real app. Without Chromium these tests are skipped; in CI a missing browser is a failure."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.support.browsing import ARGUMENTS, CHROMIUM, ready
from tests.support.serving import served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: .ci/run installs Debian's package chromium")
        pytest.skip("no Chromium on this machine: install the package chromium to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(browser: Browser) -> Iterator[str]:
    """The address of the running app; asks for the browser first, so that nothing is started in vain."""
    with served() as address:
        yield address


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test said on the console as errors; a test asserts that it stays empty."""
    return []


@pytest.fixture
def open_page(browser: Browser, address: str, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """``open_page("dropout?p=0.3")``: a new tab of a new visitor, ready to be looked at; or that of another app, by its
    whole address."""
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "",
        *,
        width: int = 1280,
        height: int = 720,
        scheme: str = "light",
        script: str = "",
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **{"locale": "en-US", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(script)  # runs before the page's own
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(message, complaints))
        page.goto(path if "://" in path else f"{address}/{path}", wait_until="commit")
        ready(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type == "error":
        complaints.append(f"{message.text} ({message.location.get('url', '')})")
