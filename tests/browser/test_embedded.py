"""A page inside a course page, of another origin: as docs/teaching.md shows it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import note
from tests.browser.test_frame import ours
from tests.support.proxying import NGINX, proxied
from tests.support.serving import ROOT

GUIDE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
SHOWN = "https://your-app.streamlit.app/dropout?p=0.3"


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """The address of a server of another origin, which has the files of a folder."""
    server = ThreadingHTTPServer(("localhost", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def course_page(tmp_path, address) -> Iterator[str]:
    """The address of a page with the guide's frame, on a server of its own."""
    lines = re.findall(r"```html\n(.*?)```", GUIDE, re.DOTALL)[0]
    assert SHOWN in lines
    lines = lines.replace(SHOWN, f"{address}/dropout?p=0.3&lang=en")
    (tmp_path / "course.html").write_text(f'<!doctype html><link rel="icon" href="data:,"><h1>Week 3</h1>{lines}')
    with site(tmp_path) as origin:
        yield f"{origin}/course.html"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_course_page_shows_it_whole_without_its_frame(browser, course_page, complaints, width):
    tab = browser.new_page(viewport={"width": width, "height": 844})
    tab.on("console", lambda message: note(message, complaints))
    tab.goto(course_page)
    frame = tab.frame_locator("#two-dice")
    expect(frame.locator(".network > svg circle.unit").first).to_be_visible()
    expect(frame.locator(".st-key-navigation a")).to_have_count(0)
    expect(frame.locator(".st-key-footer")).to_have_count(0)
    link = frame.get_by_role("link", name="Open in Two Dice")
    expect(link).to_be_visible()
    # As high as what is in it: nothing scrolls in the frame.
    tab.wait_for_function("document.getElementById('two-dice').offsetHeight > 1000")
    inner = frame.get_by_test_id("stMain")
    expect(inner).to_have_js_property("scrollHeight", inner.evaluate("main => main.clientHeight"))
    # The link opens what is shown now.
    frame.locator(".st-key-dropout-p input[type=range]").first.press("ArrowRight")
    expect(frame.locator(".st-key-dropout-p")).to_contain_text("0.35")
    next(each for each in tab.frames if "/dropout" in each.url).wait_for_url(re.compile(r"dropout-p=0\.35"))
    link.hover()
    expect(link).to_have_attribute("href", re.compile(r"/dropout\?dropout-p=0\.35&lang=en$"))
    assert ours(complaints) == []
    tab.close()


@pytest.mark.skipif(NGINX is None, reason="no nginx on this machine: install the package nginx-light")
def test_behind_the_proxy_one_course_page_may_show_it_and_no_other_site(browser, address, tmp_path):
    guide = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    (allowing,) = re.findall(r"```nginx\n(.*)\n```", guide)
    shipped = allowing.replace(" https://moodle.example.edu", "")

    def shows(origin: str, change: str) -> bool:
        """Whether a page of that origin gets the frame, from a proxy whose configuration has this line."""
        with proxied([address], {shipped: change}) as proxy:
            (tmp_path / "course.html").write_text(f'<iframe src="{proxy.address}/_stcore/health"></iframe>')
            tab = browser.new_page()
            tab.goto(f"{origin}/course.html")  # waits for the frame, too
            content = tab.frames[1].content()
            tab.close()
            return ">ok<" in content

    with site(tmp_path) as origin:
        assert shows(origin, allowing.replace("https://moodle.example.edu", origin))
        assert not shows(origin, shipped)
        assert not shows(origin, allowing)  # that is for another site
