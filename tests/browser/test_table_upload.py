"""A table of one's own in a real browser: one bound for its size, and a server that restarts under it."""

import pytest
from playwright.sync_api import Page, expect

from lib.tables import MAX_BYTES, example_table_text
from tests.support import serving
from tests.support.browsing import ARGUMENTS, CHROMIUM, ready

EXAMPLE = example_table_text().encode()


def upload(page: Page, content: bytes) -> None:
    page.locator(".st-key-file input[type=file]").set_input_files(
        {"name": "own.csv", "mimeType": "text/csv", "buffer": content}
    )


def test_the_uploader_takes_what_the_reader_takes_and_not_one_byte_more(open_page):
    page = open_page("training?data=csv")
    upload(page, EXAMPLE + b"\n" * (MAX_BYTES + 1 - len(EXAMPLE)))
    expect(page.get_by_text("File must be 1.0MB or smaller.")).to_be_visible()
    upload(page, EXAMPLE + b"\n" * (MAX_BYTES - len(EXAMPLE)))
    expect(page.get_by_text("In use: 60 rows")).to_be_visible()


def test_after_a_restart_the_page_asks_for_the_file_again(chromium, monkeypatch: pytest.MonkeyPatch):
    port = serving.free_port()
    monkeypatch.setattr(serving, "free_port", lambda: port)
    browser = chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    page = browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-US").new_page()
    train = page.get_by_role("button", name="Train", exact=True)
    with serving.served() as address:
        page.goto(f"{address}/training?data=csv&lang=en", wait_until="commit")
        ready(page)
        upload(page, EXAMPLE)
        expect(train).to_be_enabled()
    with serving.served():
        again = page.get_by_text("The server has restarted and no longer has your file. Choose it again")
        expect(again).to_be_visible(timeout=60_000)
        expect(page.locator(".st-key-file").get_by_text("own.csv")).to_be_visible()
        expect(train).to_be_disabled()
        ready(page)
        with page.expect_response(lambda response: response.request.method == "PUT") as answer:
            upload(page, EXAMPLE)
        assert answer.value.ok, answer.value.status
        expect(page.get_by_text("In use: 60 rows")).to_be_visible()
        expect(train).to_be_enabled()
        expect(again).to_be_hidden()
    browser.close()
