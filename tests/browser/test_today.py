"""The Today page in a real browser: the time line walks, the masks play, and every part fits where it must."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from lib.studies.facts import load_facts
from tests.browser.test_frame import content_width, in_both_schemes, ours, serious_violations
from tests.support.browsing import ready, seen

EVENTS = load_facts().events
PARTS = ("history", "models", "places", "data", "paper", "schedules", "instead")
PICTURE = {"history": ".time-line .events", "places": ".block > svg"}


def opened(open_page, part: str = "history", rest: str = "", **options) -> Page:
    tab = open_page(f"today?part={part}{rest}", **options)
    seen(tab, PICTURE.get(part, ".chart .main-svg"), timeout=90_000)
    return tab


def chosen(tab: Page) -> str:
    return tab.locator(".time-line").get_attribute("data-chosen")


def test_arrow_keys_walk_along_the_time_line(open_page, complaints):
    tab = opened(open_page)
    line = tab.get_by_role("listbox")
    line.focus()
    tab.keyboard.press("ArrowRight")
    assert chosen(tab) == EVENTS[1].id
    expect(tab.locator(".st-key-event-card")).to_contain_text(EVENTS[1].title)
    tab.keyboard.press("End")
    expect(tab.locator(".st-key-event-card")).to_contain_text(EVENTS[-1].title)
    tab.keyboard.press("ArrowRight")
    assert chosen(tab) == EVENTS[-1].id
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    expect(tab.locator(".st-key-event-card")).to_contain_text(EVENTS[-3].title)
    tab.keyboard.press("Home")
    expect(tab.locator(".st-key-event-card")).to_contain_text(EVENTS[0].title)
    assert ours(complaints) == []


def test_a_key_held_down_is_faster_than_the_server_and_loses_no_step(open_page):
    tab = opened(open_page)
    line, card = tab.get_by_role("listbox"), tab.locator(".st-key-event-card")
    line.focus()
    line.evaluate("line => { line.first = true; }")
    for _ in range(5):
        for i, key in enumerate((*["ArrowRight"] * 6, *["ArrowLeft"] * 4)):
            tab.keyboard.press(key)
            if i % 3 == 0:  # now faster than the answers, now slower
                expect(card).to_contain_text(EVENTS[min(i + 1, 11 - i)].title)
        expect(card).to_contain_text(EVENTS[2].title)
        assert chosen(tab) == EVENTS[2].id
        tab.keyboard.press("Home")
    expect(card).to_contain_text(EVENTS[0].title)
    assert line.evaluate("line => line.first && document.activeElement === line"), "the time line was made anew"


def test_a_click_opens_an_event_and_the_link_repeats_it(open_page):
    tab = opened(open_page)
    event = next(each for each in EVENTS if each.id == "2012-alexnet")
    tab.get_by_role("option", name=re.compile("AlexNet")).click()
    expect(tab.locator(".st-key-event-card")).to_contain_text(event.title)
    expect(tab.locator(".st-key-event-card")).to_contain_text("Often misreported")
    source = tab.locator(".st-key-event-card").get_by_role("link", name="source").first
    assert source.get_attribute("href") == event.source
    tab.wait_for_function("location.search.includes('event=2012-alexnet')")
    again = opened(open_page, rest="&event=2012-alexnet")
    assert chosen(again) == "2012-alexnet"


def test_the_slider_walks_too(open_page):
    tab = opened(open_page)
    tab.locator(".st-key-today-event input[type=range]").focus()
    tab.keyboard.press("ArrowRight")
    expect(tab.locator(".time-line")).to_have_attribute("data-chosen", EVENTS[1].id)


# Pairs of names that are nearer to each other than 4 px.
TOUCHING = """() => {
  const names = [...document.querySelectorAll('.time-line .name')].map((name) => [name, name.getBoundingClientRect()]);
  const near = (a, b) => a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom && b.top < a.bottom;
  return names.flatMap(([one, a], i) =>
    names.slice(i + 1).filter(([_, b]) => near(a, b)).map(([other]) => `${one.textContent} ${other.textContent}`));
}"""


@pytest.mark.parametrize("language", ["de", "ja"])  # those with the longest names
@pytest.mark.parametrize("present", ["", "&present=1"])
def test_no_two_names_of_the_time_line_touch(open_page, language, present):
    tab = opened(open_page, rest=f"&lang={language}{present}")
    for width in (1280, 1024, 800, 390):
        tab.set_viewport_size({"width": width, "height": 720})
        down = "document.querySelector('.time-line .events').classList.contains('down')"
        tab.wait_for_function(f"{down} === {str(width == 390).lower()}")
        tab.wait_for_function(f"({TOUCHING})().length === 0", timeout=5_000)
    assert tab.locator(".time-line .name").count() == len(EVENTS)


def position(tab: Page) -> int:
    return int(tab.locator(".block .transport").get_attribute("data-position"))


def test_masks_play_and_differ_from_pass_to_pass(open_page, complaints):
    tab = opened(open_page, "places")
    seen = set()
    tab.get_by_role("button", name="Play", exact=True).click()
    for _ in range(3):
        at = position(tab)
        seen.add(tab.locator(".block .caption").inner_text())
        tab.wait_for_function("n => Number(document.querySelector('.block .transport').dataset.position) > n", arg=at)
    assert len(seen) == 3
    assert ours(complaints) == []


def test_hollow_cells_are_those_that_the_caption_counts(open_page):
    tab = opened(open_page, "places", "&att=false")
    caption = tab.locator(".block .caption").inner_text()
    embedding, attention, projection, mlp = (int(number) for number in re.findall(r"\d+", caption.split(":")[1])[:4])
    assert attention == 0
    assert tab.locator(".block .unit.dropped").count() == embedding + attention + projection + mlp
    expect(tab.locator(".block .die.off")).to_have_count(1)


def test_a_toggle_keeps_the_place_and_eval_drops_nothing(open_page):
    tab = opened(open_page, "places")
    for _ in range(4):
        tab.get_by_role("button", name="One step forward").click()
    tab.locator(".st-key-today-mlp label").first.click()
    expect(tab.locator(".block .die.off")).to_have_count(1)
    assert position(tab) == 4
    tab.locator(".st-key-today-mode").get_by_role("radio", name="evaluate").click()
    expect(tab.locator(".block .unit.dropped")).to_have_count(0)
    expect(tab.locator(".block .caption")).to_contain_text("nothing is dropped")


def in_parts(*parts: str):
    """Look at each of these parts, in a tab that all tests share."""
    paths = [(part, f"today?part={part}") for part in parts]
    return pytest.mark.parametrize(("part", "to_read"), paths, ids=parts, indirect=["to_read"], scope="module")


in_every_part = in_parts(*PARTS)


def pictured(to_read, part, *size, **options) -> Page:
    """The part, with its picture drawn."""
    tab = to_read.at(*size, **options)
    seen(tab, PICTURE.get(part, ".chart .main-svg"), timeout=90_000)
    ready(tab)
    return tab


@in_every_part
def test_the_picture_is_on_the_first_screen(to_read, part):
    tab = pictured(to_read, part)
    box = tab.locator(PICTURE.get(part, ".chart")).first.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 720


MAIN = {
    "models": ("die", "show", "kind"),
    "places": ("mode", "emb", "att", "proj", "mlp", "p"),
    "data": ("loss", "size", "rate"),
    "paper": ("fig",),
    "schedules": ("peak", "switch", "curves"),
    "instead": ("drop", "decay", "times", "curves"),
}


@in_parts(*MAIN)
def test_the_main_controls_are_on_the_first_screen(to_read, part):
    tab = pictured(to_read, part)
    for key in MAIN[part]:
        box = tab.locator(f".st-key-today-{key}").first.bounding_box()
        assert box["y"] + box["height"] <= 720, key


@in_every_part
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_scrolls_sideways_and_no_text_of_a_picture_is_small(to_read, part, width):
    tab = pictured(to_read, part, width, 844)
    assert content_width(tab) <= width
    smallest = tab.evaluate("""() => Math.min(99, ...[...document.querySelectorAll(
        '.two-dice svg text, .two-dice .year, .two-dice .name, .main-svg text')]
        .filter((text) => text.textContent.trim() && text.getBoundingClientRect().width)
        .map((text) => parseFloat(getComputedStyle(text).fontSize)))""")
    assert 14 <= smallest < 99


@in_every_part
@in_both_schemes
def test_axe_finds_no_serious_violation_in_any_part(to_read, part, scheme):
    assert serious_violations(pictured(to_read, part, scheme=scheme)) == []


def test_the_picture_comes_before_the_controls_on_a_phone(open_page):
    tab = opened(open_page, "places", width=390, height=844)
    assert tab.locator(".block > svg").bounding_box()["y"] < tab.locator(".st-key-today-mode").bounding_box()["y"]


def test_a_point_is_trained_live(open_page, complaints):
    tab = opened(open_page, "paper", "&fig=10&images=digits&digits=20")
    tab.get_by_role("button", name="Train this point").click()
    expect(tab.get_by_text("Your run, with 20 digits")).to_be_visible(timeout=120_000)
    assert ours(complaints) == []


def test_the_pictures_speak_for_those_who_cannot_see_them(open_page):
    tab = opened(open_page, "places")
    picture = tab.get_by_role("img", name=re.compile("One block of the small GPT"))
    expect(picture).to_have_count(1)
    line = opened(open_page)
    expect(line.get_by_role("option")).to_have_count(len(EVENTS))
    expect(line.get_by_role("option", selected=True)).to_have_count(1)


@pytest.mark.parametrize("die", ["learn", "speak"])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_every_model_s_name_can_be_read(open_page, width, height, die):
    tab = opened(open_page, "models", f"&die={die}", width=width, height=height)
    chart = tab.locator(f".st-key-{'models' if die == 'learn' else 'shipped'} .plot")
    chart.scroll_into_view_if_needed()
    names = chart.locator(".ytick text")
    facts = load_facts()
    expect(names).to_have_count(len(facts.models if die == "learn" else facts.shipped))
    boxes = sorted((each.bounding_box() for each in names.all()), key=lambda box: box["y"])
    for above, below in pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"] + 1
    frame = chart.bounding_box()
    for text in chart.locator(".ytick text, .xtick text, .annotation-text").all():
        box = text.bounding_box()
        assert frame["x"] - 1 <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
    ticks = sorted((each.bounding_box() for each in chart.locator(".xtick text").all()), key=lambda box: box["x"])
    for left, right in pairwise(ticks):
        assert left["x"] + left["width"] <= right["x"] + 1
