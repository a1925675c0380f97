"""Every page in every language, as the browser shows it: no English is left, and nothing sticks out."""

import pytest
from playwright.sync_api import expect

from lib.web.frame.language import LANGUAGES
from lib.web.frame.navigation import PAGES
from tests.browser.test_frame import ours
from tests.support.browsing import seen
from tests.support.english import OTHERS, english

# What people see and hear: text, and the names of what has none.
READ = """() => [...document.querySelectorAll('[data-testid=stApp] *')].flatMap((element) =>
  element.closest('style, script, code, pre') ? [] : [
    ...[...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent),
    ...['aria-label', 'title', 'placeholder', 'alt'].map((name) => element.getAttribute(name) ?? ''),
  ]).map((text) => text.trim()).filter((text) => /[A-Za-z]{3}/.test(text))"""

# What shows that the page is drawn.
PICTURES = {
    "today": ".two-dice.time-line",
    "questions": ".st-key-options button",
    "quiz": ".st-key-options button",
    "room": ".st-key-open-room button",
}
# Links whose name does not fit in.
CUT_OFF = """() => [...document.querySelectorAll('[data-testid=stPageLink] span')]
  .filter((name) => name.scrollWidth > name.clientWidth + 1).map((name) => name.textContent)"""


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("page", [page.id for page in PAGES])
def test_the_browser_shows_no_english_and_nothing_sticks_out(open_page, complaints, page, language):
    tab = open_page(f"{'' if page == 'home' else page}?lang={language}")
    seen(tab, PICTURES.get(page, ".two-dice svg, .two-dice canvas"))
    expect(tab.locator("html")).to_have_attribute("lang", language)
    read = tab.evaluate(READ)
    assert len(read) > 5
    assert english(read) == set()
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 844})
        main = "document.querySelector('[data-testid=stMain]')"
        tab.wait_for_function(f"({main}).scrollWidth <= {width}", timeout=5_000)
        assert tab.evaluate(CUT_OFF) == []
    assert ours(complaints) == []


@pytest.mark.parametrize(("page", "frame"), [("", 4), ("dropout", 7), ("top_k", 2)])
def test_a_picture_keeps_its_frame_when_the_language_changes(open_page, page, frame):
    tab = open_page(f"{page}?lang=en", reduced_motion="reduce")  # nothing plays by itself
    seen(tab, ".two-dice .transport")
    tab.locator(".two-dice .transport input[type=range]").first.evaluate(
        "(slider, frame) => { slider.value = frame; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        frame,
    )
    caption = tab.locator(".two-dice .caption").first
    before = caption.inner_text()
    tab.locator(".st-key-languages button").click()
    tab.get_by_role("menuitem", name=LANGUAGES["de"]).click()
    expect(tab.locator("html")).to_have_attribute("lang", "de")
    expect(caption).not_to_have_text(before)
    expect(tab.locator(".two-dice .transport").first).to_have_attribute("data-position", str(frame))
    if page == "dropout":
        expect(caption).to_contain_text(f"Durchlauf {frame + 1}")
