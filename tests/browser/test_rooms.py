"""A projector and phones, each a browser of its own: the phones follow, guess, and keep their seat."""

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.test_frame import ours, serious_violations
from tests.browser.test_presenting import SMALLEST
from tests.support.browsing import present, ready


@pytest.fixture
def projector(open_page):
    """A teacher's browser with a room open, and its code."""
    tab = open_page("room?lang=en")
    tab.locator(".st-key-open-room button").click()
    code = tab.locator(".st-key-code h2").inner_text()
    expect(tab.locator(".st-key-room")).to_contain_text(f"Room {code}")
    return tab, code


@pytest.fixture
def join(open_page, projector):
    """Opens the room's link on one more phone."""

    def phone():
        tab = open_page(f"?room={projector[1]}&lang=en", width=390, height=844, scheme="dark")
        expect(tab.locator(".st-key-room")).to_contain_text("You are number")
        return tab

    return phone


def test_the_code_scans_and_is_the_link(projector):
    tab, code = projector
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        far_away = Image.open(io.BytesIO(tab.screenshot())).resize((640, 360))  # half as sharp
        read = zxingcpp.read_barcodes(far_away)
        assert [each.text.partition("/?")[2] for each in read] == [f"room={code}"]
    assert tab.locator(".st-key-code h2").evaluate("each => parseFloat(getComputedStyle(each).fontSize)") > 60


def test_phones_follow_guess_bench_and_keep_their_seat(projector, join, complaints):
    tab, _code = projector
    first, second = join(), join()
    tab.locator(".st-key-pages a", has_text="Dropout").click()
    for phone in (first, second):
        expect(phone).to_have_url(re.compile(r"/dropout\?"))
        phone.locator(".st-key-guess_dropout button", has_text="perhaps a different one").click()
    guesses = tab.locator(".st-key-class-guess")
    expect(guesses).to_contain_text("2 of 2 have answered.")
    expect(guesses).not_to_contain_text("perhaps")
    tab.locator(".st-key-reveal button").click()
    expect(guesses).to_contain_text("perhaps a different one: 2 (100%)")

    # What is said of the guess has come, and pushes nothing any more: a tap on a picture that moves may miss.
    expect(first.get_by_test_id("stMain")).to_contain_text("You say")
    ready(first)
    first.locator("circle.tappable").nth(2).click()  # hidden layer 1, neuron 3
    expect(first.locator("circle.benched").first).to_be_visible()
    expect(first).to_have_url(re.compile(r"dropout-out=1\.3"))
    tab.locator(".st-key-class-view button", has_text="the class").click()
    expect(tab.locator(".st-key-class-networks .js-plotly-plot")).to_be_visible()
    expect(tab.get_by_test_id("stMain")).to_contain_text("Phones: 2, each of them a thinned network.")
    first.locator("circle.tappable").nth(2).click()
    expect(first.locator("circle.tappable.benched")).to_have_count(0)

    second.reload()
    ready(second)
    expect(second.locator(".st-key-room")).to_contain_text("You are number 2")
    tab.reload()
    expect(tab.locator(".st-key-room")).to_contain_text("2 phones are here")
    slider = tab.locator(".st-key-dropout-p input[type=range]").first
    slider.press("ArrowRight")
    for phone in (first, second):
        expect(phone).to_have_url(re.compile(r"dropout-p=0\.55"))
    assert ours(complaints) == []


def test_on_the_projector_all_is_large_and_accessible(projector, join, complaints):
    tab, _code = projector
    join()
    present(tab)
    expect(tab.locator(".st-key-navigation")).to_be_hidden()
    assert tab.evaluate(SMALLEST)[0] >= 18 - 0.01
    assert serious_violations(tab) == []
    tab.keyboard.press("Escape")
    tab.locator(".st-key-pages a", has_text="Dropout").click()
    expect(tab.locator(".st-key-class-guess")).to_contain_text("have answered")
    present(tab)
    expect(tab.locator(".st-key-navigation")).to_be_hidden()
    tab.locator(".st-key-reveal button").click()
    tab.locator(".st-key-class-view button", has_text="the class").click()
    expect(tab.locator(".st-key-class-networks .js-plotly-plot")).to_be_visible()
    assert tab.evaluate(SMALLEST)[0] >= 18 - 0.01
    expect(tab.locator(".st-key-room")).to_be_in_viewport()
    assert serious_violations(tab) == []
    assert ours(complaints) == []
