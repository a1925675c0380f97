"""Shown to a class: large, a step at a time, by keyboard or a presenter's remote, and nothing else on the screen."""

import re

import pytest
from playwright.sync_api import expect

from lib.web.frame.navigation import PAGES
from lib.web.frame.steps import steps_of
from tests.browser.test_frame import ours, serious_violations
from tests.support.browsing import present, ready, seen
from tests.support.sweeping import WATCH, at_rest, faults_in_sight

PICTURE = ".two-dice svg, .two-dice canvas, .two-dice table, .two-dice .events"
# The smallest text that is seen, in pixels of the screen. Text in a drawing is as large as the drawing makes it.
SMALLEST = """() => {
  const sizes = [...document.querySelectorAll('[data-testid=stMain] *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
    && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !element.closest('[data-testid=stIconMaterial], option, title, desc')
    && element.getBoundingClientRect().width > 2)
  .map((element) => {
    const size = parseFloat(getComputedStyle(element).fontSize), box = element.getBBox?.();
    if (!box || !box.width) return [size * element.currentCSSZoom, element.textContent];
    const { width, height } = element.getBoundingClientRect();  // of a turned one too
    return [size * Math.sqrt(width * height / (box.width * box.height)), element.textContent];
  });
  return sizes.sort((one, other) => one[0] - other[0])[0];
}"""
STEPS = [(page.id, number) for page in PAGES for number in range(1, 1 + len(steps_of(page.id, "en")))]


def link(page, number, more=""):
    return f"{'' if page == 'home' else page}?present=1&step={number}{more}"


@pytest.mark.parametrize(("page", "number"), [each for each in STEPS if each[0] != "home" or each[1] == 1])
def test_a_step_fills_the_screen_with_large_text(open_page, complaints, page, number):
    tab = open_page(link(page, number, "&lang=en"), script=WATCH)
    seen(tab, PICTURE)
    at_rest(tab)
    for width, height, least in ((1280, 720, 18), (1920, 1080, 24)):
        tab.set_viewport_size({"width": width, "height": height})
        tab.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        assert faults_in_sight(tab) == []
        assert tab.evaluate(SMALLEST)[0] >= least - 0.01
        expect(tab.locator(".st-key-navigation")).to_be_hidden()
        expect(tab.get_by_test_id("stHeader")).to_be_hidden()
        for part in (".st-key-ways", ".two-dice .transport") if tab.locator(".two-dice .transport").count() else ():
            box = tab.locator(part).first.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= height
        assert tab.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
    if number == 1:
        assert serious_violations(tab) == []
    assert ours(complaints) == []


def test_a_remote_and_the_keys_go_through_the_steps_and_escape_leaves(open_page, complaints):
    tab = open_page("dropout?lang=en")
    expect(tab.locator(".st-key-path")).to_have_count(0)
    present(tab)
    expect(tab.locator(".st-key-path")).to_contain_text("Step 1 of 5")
    expect(tab.locator("html")).to_have_attribute("data-presenting", "")
    for key, number in (("PageDown", 2), ("ArrowRight", 3), ("PageUp", 2), ("ArrowLeft", 1), ("PageDown", 2)):
        tab.keyboard.press(key)
        expect(tab.locator(".st-key-ways")).to_contain_text(f"Step {number} of 5")
        ready(tab)
    # A control that has the keyboard keeps its arrows.
    tab.locator(".st-key-dropout-p input[type=range]").first.focus()
    tab.keyboard.press("ArrowRight")
    expect(tab.locator(".st-key-path")).to_contain_text("You have left step 2")
    ready(tab)
    tab.keyboard.press("Escape")
    expect(tab.locator(".st-key-navigation")).to_be_visible()
    expect(tab.locator("html")).not_to_have_attribute("data-presenting", "")
    tab.wait_for_url(re.compile(r"/dropout\?left=2&dropout-p=0\.55&lang=en$"))
    assert ours(complaints) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_remote_goes_through_the_questions_of_the_quiz(open_page, complaints, scheme):
    tab = open_page("quiz?q=4&lang=en", scheme=scheme)
    present(tab)
    expect(tab.locator("html")).to_have_attribute("data-presenting", "")
    for key, number in (("PageDown", 5), ("ArrowRight", 6), ("PageUp", 5), ("ArrowLeft", 4)):
        tab.keyboard.press(key)
        expect(tab.locator(".st-key-where")).to_contain_text(f"Question {number} of")
        ready(tab)
    tab.locator(".st-key-option-1 button").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("alert")).to_contain_text("Not right. The right answer: All of them.")
    ready(tab)
    for width, height, least in ((1280, 720, 18), (1920, 1080, 24)):
        tab.set_viewport_size({"width": width, "height": height})
        tab.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        assert tab.evaluate(SMALLEST)[0] >= least - 0.01
        assert min(each.bounding_box()["height"] for each in tab.locator(".st-key-options button").all()) >= 44
        expect(tab.locator(".st-key-navigation")).to_be_hidden()
        box = tab.locator(".st-key-questions").bounding_box()
        assert box["y"] + box["height"] <= height
    assert serious_violations(tab) == []
    tab.keyboard.press("Escape")
    expect(tab.locator(".st-key-navigation")).to_be_visible()
    ready(tab)
    assert serious_violations(tab) == []
    tab.wait_for_url(re.compile(r"/quiz\?quiz-q=4&lang=en$"))
    assert ours(complaints) == []


def test_p_typed_into_a_field_is_a_letter(open_page):
    tab = open_page("top_k?lang=en")
    field = tab.locator(".st-key-top_k-text input")
    field.fill("the ")
    field.press("p")
    expect(field).to_have_value("the p")
    expect(tab.locator("html")).not_to_have_attribute("data-presenting", "")


def test_the_whole_story_goes_over_all_pages_and_back(open_page, complaints):
    tab = open_page("?present=1&lang=en")
    story = steps_of("home", "en")
    for number, step in enumerate(story, 1):
        expect(tab.locator(".st-key-ways")).to_contain_text(f"Step {number} of {len(story)}")
        expect(tab.locator(".st-key-path strong").first).to_have_text(re.findall(r"\*\*(.+?)\*\*", step.text)[0])
        seen(tab, PICTURE)
        ready(tab)
        if number < len(story):
            tab.keyboard.press("PageDown")
    assert ours(complaints) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["home", "dropout", "training", "today"])
def test_axe_finds_no_serious_violation_on_a_path(open_page, page, scheme):
    tab = open_page(link(page, 2 if page != "home" else 1), scheme=scheme)
    seen(tab, PICTURE)
    ready(tab)
    assert serious_violations(tab) == []
    tab.keyboard.press("Escape")
    expect(tab.locator(".st-key-navigation")).to_be_visible()
    ready(tab)
    assert serious_violations(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_step_lies_over_the_end_of_the_page(open_page, scheme):
    tab = open_page("dropout?step=2&lang=en", width=390, height=844, scheme=scheme)
    seen(tab, PICTURE)
    box = tab.locator(".st-key-path").bounding_box()
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    assert box["width"] == pytest.approx(390, abs=1)
    behind = tab.locator(".st-key-path").evaluate("sheet => getComputedStyle(sheet).backgroundColor")
    page = tab.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert behind == page
    tab.locator(".st-key-step-after button").click()
    expect(tab.locator(".st-key-path")).to_contain_text("Step 3 of 5")
    expect(tab.locator(".two-dice .transport")).to_be_visible()


def test_the_picture_stays_where_it_is_while_controls_are_scrolled(open_page):
    tab = open_page("training?present=1&lang=en")
    seen(tab, PICTURE)
    ready(tab)
    before = tab.locator(".two-dice .transport").bounding_box()["y"]
    tab.get_by_test_id("stMain").evaluate("main => main.scrollBy({ top: 60, behavior: 'instant' })")
    expect(tab.locator(".two-dice .transport")).to_be_in_viewport()
    assert tab.locator(".two-dice .transport").bounding_box()["y"] == pytest.approx(before, abs=20)
