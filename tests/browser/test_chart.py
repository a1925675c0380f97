"""Charts in a real browser: Plotly comes only when one is near, and a chart on screen is drawn in place."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_frame import ours
from tests.support.browsing import seen

# The script itself, and not this app's module of that name.
PLOTLY = "() => performance.getEntriesByType('resource').filter(({ name }) => /plotly-basic/.test(name)).length"
IDLE = "() => new Promise((idle) => requestIdleCallback(() => requestIdleCallback(idle)))"


def average(tab: Page) -> Locator:
    """The Dropout page's first chart."""
    return tab.locator(".st-key-running_average .chart")


def drawn(chart: Locator) -> int:
    return int(chart.get_attribute("data-drawn") or 0)


def come_to(chart: Locator) -> None:
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", re.compile(r"\d+"))


def line(chart: Locator) -> list[float]:
    """The running mean as it is drawn."""
    return chart.locator(".plot").evaluate("plot => [...plot.calcdata[3].map((point) => point.y)]")


def test_plotly_is_not_loaded_before_a_chart_is_near(open_page, complaints):
    tab = open_page("dropout", width=390, height=844)
    seen(tab, ".network > svg circle.unit")
    box = average(tab)
    expect(box.get_by_role("img")).to_have_attribute("aria-label", re.compile("Probability of class 1 over 100 passes"))
    place = box.bounding_box()
    assert place["height"] == 400
    tab.evaluate(IDLE)
    assert tab.evaluate(PLOTLY) == 0
    assert drawn(box) == 0
    come_to(box)
    assert tab.evaluate(PLOTLY) == 1
    expect(box.locator(".main-svg").first).to_be_visible()
    assert box.bounding_box()["height"] == place["height"]
    assert ours(complaints) == []


def test_a_moved_slider_changes_a_chart_in_place(open_page, complaints):
    tab = open_page("dropout", height=1300)
    chart = average(tab)
    come_to(chart)
    before, count = line(chart), drawn(chart)
    chart.locator(".main-svg").first.evaluate("svg => { svg.mark = 'the same element'; }")
    tab.locator(".st-key-dropout-p input[type=range]").focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function(f"Number(document.querySelector('.st-key-running_average .chart').dataset.drawn) > {count}")
    assert line(chart) != before
    assert chart.locator(".main-svg").first.evaluate("svg => svg.mark") == "the same element"
    assert ours(complaints) == []


def test_a_chart_out_of_sight_is_drawn_when_it_is_seen_again(open_page):
    tab = open_page("dropout", width=390, height=844)
    chart = average(tab)
    come_to(chart)
    before, count = line(chart), drawn(chart)
    mean = chart.locator(".plot").get_attribute("aria-label")
    thumb = tab.locator(".st-key-dropout-p input[type=range]")
    thumb.scroll_into_view_if_needed()
    thumb.focus()
    tab.keyboard.press("ArrowRight")
    # Those who cannot see it are told at once.
    expect(chart.locator(".plot")).not_to_have_attribute("aria-label", mean)
    tab.evaluate(IDLE)
    assert drawn(chart) == count
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", str(count + 1))
    assert line(chart) != before


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chart_looks_like_the_page_around_it(open_page, scheme, width):
    tab = open_page("dropout", scheme=scheme, width=width, height=844)
    chart = average(tab)
    come_to(chart)
    text = chart.evaluate("chart => getComputedStyle(chart).color")
    texts = chart.locator(".main-svg text").evaluate_all(
        """texts => texts.filter((text) => text.textContent).map((text) => getComputedStyle(text))
            .map(({ fill, fontSize, fontFamily }) => [fill, parseFloat(fontSize), fontFamily.split(",")[0]])"""
    )
    assert {fill for fill, _, _ in texts} == {text}
    assert min(size for _, size, _ in texts) >= 14
    family = chart.evaluate("chart => getComputedStyle(chart).fontFamily").split(",")[0]
    assert {name.strip("\"'") for _, _, name in texts} == {family.strip("\"'")}
    background = chart.locator(".main-svg").first.evaluate("svg => getComputedStyle(svg).backgroundColor")
    assert background in ("rgba(0, 0, 0, 0)", "transparent")


def test_a_chart_is_as_wide_as_its_place(open_page):
    tab = open_page("dropout", height=1300)
    chart = average(tab)
    come_to(chart)
    for width in (900, 390):
        tab.set_viewport_size({"width": width, "height": 1300})
        chart.scroll_into_view_if_needed()
        tab.wait_for_function(
            """() => { const chart = document.querySelector('.st-key-running_average .chart');
                return Math.floor(chart.getBoundingClientRect().width)
                    === Number(chart.querySelector('.main-svg').getAttribute('width')); }"""
        )
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_finger_scrolls_the_page_over_a_chart(open_page):
    tab = open_page("dropout", width=390, height=844, has_touch=True, is_mobile=True)
    chart = average(tab)
    come_to(chart)
    hand = tab.context.new_cdp_session(tab)
    y = chart.bounding_box()["y"] + 150
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    before = tab.evaluate(scrolled)
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 200, "y": y}]})
    for step in range(1, 11):
        point = {"x": 200, "y": y - 10 * step}
        hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tab.wait_for_function(f"{scrolled} > {before + 50}")


@pytest.mark.parametrize(
    ("path", "plot"), [("dropout?lang=es", ".two-dice.chart .plot"), ("training?metric=accuracy&lang=de", ".curves")]
)
def test_an_axis_writes_percentages_as_the_language_does(open_page, path: str, plot: str):
    tab = open_page(path, height=1300)
    tick = tab.locator(f"{plot} .ytick text", has_text="%").last
    expect(tick).to_have_text("100\N{NO-BREAK SPACE}%", use_inner_text=False)
    assert tick.text_content() == "100\N{NO-BREAK SPACE}%"  # what is compared above takes all spaces to be the same


def test_a_label_under_the_pointer_writes_percentages_as_the_language_does(open_page):
    tab = open_page("dropout?lang=de", height=1300)
    chart = average(tab)
    come_to(chart)
    at = chart.locator(".nsewdrag").first.bounding_box()
    tab.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    label = chart.locator(".hoverlayer text", has_text="%").first
    label.wait_for()
    assert re.search(r": \d+\N{NO-BREAK SPACE}%$", label.text_content())
