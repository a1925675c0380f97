"""Every page in every language, as the browser shows it: no English is left, and nothing sticks out."""

import re

import pytest
from playwright.sync_api import expect

from lib.studies.facts import load_facts
from lib.web.frame.language import LANGUAGES
from lib.web.frame.navigation import PAGES
from tests.browser.test_frame import ours
from tests.pages.test_languages import ENGLISH
from tests.support.browsing import seen

OTHERS = [language for language in LANGUAGES if language != "en"]
# What people see and hear: text, and the names of what has none.
READ = """() => [...document.querySelectorAll('[data-testid=stApp] *')].flatMap((element) =>
  element.closest('style, script, code, pre') ? [] : [
    ...[...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent),
    ...['aria-label', 'title', 'placeholder', 'alt'].map((name) => element.getAttribute(name) ?? ''),
  ]).map((text) => text.trim()).filter((text) => /[A-Za-z]{3}/.test(text))"""
# Streamlit's own words, which the app cannot change.
STREAMLIT = re.compile(r"Press Enter|Drag and drop|Limit \\d|per file|Browse files|Main menu|View fullscreen|Copy to")


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("page", [page.id for page in PAGES])
def test_the_browser_shows_no_english_and_nothing_sticks_out(open_page, complaints, page, language):
    tab = open_page(f"{'' if page == 'home' else page}?lang={language}")
    seen(tab, ".two-dice.time-line" if page == "today" else ".two-dice svg, .two-dice canvas")
    expect(tab.locator("html")).to_have_attribute("lang", language)
    papers = "|".join(re.escape(text) for event in load_facts().events for text in (event.title, event.who))
    read = [re.sub(papers, "", text) for text in tab.evaluate(READ)]
    assert len(read) > 5
    assert [text for text in read if ENGLISH.search(text) and not STREAMLIT.search(text)] == []
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 844})
        main = "document.querySelector('[data-testid=stMain]')"
        tab.wait_for_function(f"({main}).scrollWidth <= {width}", timeout=5_000)
    assert ours(complaints) == []


def test_a_picture_keeps_its_frame_when_the_language_changes(open_page):
    tab = open_page("dropout?lang=en")
    seen(tab, ".network > svg circle.unit")
    tab.locator(".two-dice.network input[type=range]").evaluate(
        "(slider) => { slider.value = 7; slider.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    caption = tab.locator(".two-dice.network .caption")
    expect(caption).to_contain_text("8")
    tab.locator(".st-key-languages button").click()
    tab.get_by_role("button", name=LANGUAGES["de"]).click()
    expect(tab.locator("html")).to_have_attribute("lang", "de")
    expect(caption).to_contain_text("Durchlauf 8")
