"""What all pictures have in common: scripts that do not arrive, paper, phones, translation, the keyboard."""

from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from lib.figures.palette import CLASSES, LEARN, SPEAK
from tests.browser.test_frame import ours
from tests.support.apptest import pictures
from tests.support.browsing import ready, seen
from tests.web.test_recordings import waiting

FAILURE = "This picture has not loaded yet. The page keeps trying."


def go_to(tab: Page, name: str) -> None:
    tab.locator(".st-key-navigation").get_by_role("link", name=name, exact=True).click()


# --- Scripts that do not arrive ---


@pytest.mark.parametrize("script", ["dropout.js", "parts/player.js"])
def test_a_script_that_fails_to_arrive_is_asked_for_again(open_page, script):
    tab = open_page("")
    tab.route(f"**/two-dice/{script}*", lambda route: route.abort())
    go_to(tab, "Dropout")
    expect(tab.get_by_text(FAILURE).first).to_be_visible()
    tab.unroute(f"**/two-dice/{script}*")
    seen(tab, ".network > svg circle.unit")
    expect(tab.locator(".network").get_by_text(FAILURE)).to_have_count(0)
    expect(tab.locator(".network .transport")).to_have_count(1)


def test_curves_come_when_plotly_arrives_after_all(open_page):
    tab = open_page("")
    tab.route("**/plotly-basic*", lambda route: route.abort())
    tab.goto(tab.url.split("?")[0] + "training?train=1&steps=200&lang=en")
    expect(tab.locator(".two-dice.training").get_by_text(FAILURE)).to_be_visible()
    tab.unroute("**/plotly-basic*")
    seen(tab, ".two-dice.training .curves .main-svg")
    expect(tab.locator(".two-dice.training").get_by_text(FAILURE)).to_have_count(0)
    expect(tab.locator(".two-dice.training .curves")).to_have_count(2)


def test_a_chart_says_its_numbers_until_plotly_arrives(open_page):
    tab = open_page("dropout", height=1300)
    tab.route("**/plotly-basic*", lambda route: route.abort())
    tab.reload()
    chart = tab.locator(".st-key-running_average .chart")
    expect(chart).to_contain_text("Probability of class 1 over 100 passes")
    tab.unroute("**/plotly-basic*")
    expect(chart.locator(".main-svg").first).to_be_visible()


# --- A run ---


def test_a_run_that_waits_shows_its_status_its_points_and_its_axes(open_page, complaints):
    """How long a run waits is up to the server, so its picture is given by hand what it gets meanwhile."""
    (data,) = pictures(AppTest.from_function(waiting, default_timeout=30).run(), "training")
    tab = open_page("")
    tab.evaluate(
        """async (data) => {
          const parentElement = document.createElement('div');
          parentElement.innerHTML = '<div class="two-dice"></div>';
          document.querySelector('[data-testid=stMainBlockContainer]').prepend(parentElement);
          const { update } = await import('./app/static/two-dice/training.js');
          update({ parentElement, data, failure: '', setTriggerValue() {} });
        }""",
        {**data, "status": "Waiting: 1 run before this one"},
    )
    seen(tab, ".two-dice.training .map .points path")
    player = tab.locator(".two-dice.training")
    expect(player.locator(".status")).to_have_text("Waiting: 1 run before this one")
    expect(player.locator(".legend")).to_contain_text("flipped label")
    for curves in player.locator(".curves").all():
        x, y, floors = curves.evaluate(
            "({ _fullLayout: { xaxis, yaxis, shapes } }) => [xaxis.range, yaxis.range, shapes.map((each) => each.y0)]"
        )
        assert x == [0, 2000]
        assert 0 <= y[0] < 0.391 < 0.69 < y[1] < 1
        assert floors == [pytest.approx(0.391, abs=0.001)]
    points = player.locator(".map").first.evaluate("map => map.querySelectorAll('.points path').length")
    assert points == 110  # 100 points, and a cross on each of the 10 flipped ones
    assert ours(complaints) == []


def test_another_run_shows_nothing_of_the_one_before(open_page):
    tab = open_page("training?train=1&steps=200&seed=42")
    player = tab.locator(".two-dice.training")
    tab.get_by_label("Follow live").check()
    expect(tab.locator(".two-dice .numbers").first).to_contain_text("Step 200")
    # What is on screen at the moment when the picture turns to the next run.
    player.evaluate(
        """player => new MutationObserver((_, observer) => {
             observer.disconnect();
             window.moving = [...player.querySelectorAll('.panel')].map((panel) => [
               panel.querySelector('.numbers').textContent, panel.querySelector('canvas').width,
               panel.querySelector('.over clipPath rect').getAttribute('width')]);
           }).observe(player, { attributeFilter: ['data-run'] })"""
    )
    tab.locator(".st-key-training-p").get_by_role("slider").focus()
    tab.keyboard.press("ArrowLeft")
    tab.get_by_role("button", name="Train", exact=True).click()
    expect(player.locator("h3").last).to_have_text("With dropout, p = 0.45")
    assert tab.evaluate("window.moving") == [["", 0, "0"]] * 2
    plotted, received = player.evaluate(
        """player => [Math.max(...[...player.querySelectorAll('.curves')]
                                   .flatMap((plot) => plot.data.map((each) => each.x?.length ?? 0))),
                      Number(player.querySelector('.transport').dataset.length)]"""
    )
    assert plotted <= received


def test_a_table_of_three_classes_has_three_colours(open_page, complaints):
    tab = open_page("training?data=csv&flips=0&steps=500&seeds=1&lr=0.02&n=50")
    centres = {"rose": (0, 0), "lily": (10, 0), "iris": (5, 9)}
    rows = [f"{x + i % 5 * 0.1},{y + i % 7 * 0.1},{name}" for i in range(40) for name, (x, y) in centres.items()]
    table = "\n".join(["width,height,label", *rows])
    tab.locator("input[type=file]").set_input_files(
        [{"name": "flowers.csv", "mimeType": "text/csv", "buffer": table.encode()}]
    )
    expect(tab.get_by_text("In use: 120 rows")).to_be_visible()
    tab.get_by_role("button", name="Train", exact=True).click()
    player = tab.locator(".two-dice.training")
    expect(player.locator(".legend")).to_contain_text("class iris")
    for name in centres:
        expect(player.locator(".legend .item", has_text=name)).to_have_count(1)
    tab.get_by_label("Follow live").check()
    expect(player.locator(".numbers").first).to_contain_text("Step 500")
    tab.wait_for_function("document.querySelector('.two-dice.training canvas').width > 0")  # painted after the numbers
    painted = player.locator("canvas").first.evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const counts = {};
          for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) {
            const colour = [0, 1, 2].map((c) => data[i + c]).join();
            counts[colour] = (counts[colour] ?? 0) + 1;
          }
          const most = Object.entries(counts).sort((a, b) => b[1] - a[1]).slice(0, 3);
          return most.map(([colour]) => colour.split(",").map(Number));
        }"""
    )
    # The middle class is sent as 128, for 127.5, so its colour may be off by one.
    wanted = sorted([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in CLASSES[:3])
    np.testing.assert_allclose(sorted(painted), wanted, atol=1)
    assert ours(complaints) == []


# --- Paper ---


def test_paper_shows_charts_that_were_never_near_the_screen_and_cuts_no_column_off(open_page):
    tab = open_page("dropout")
    seen(tab, ".network > svg circle.unit")
    chart = tab.locator(".st-key-running_average .chart")
    assert chart.locator(".main-svg").count() == 0
    # Paper waits for nothing: the chart is there when the event is over.
    assert tab.evaluate(
        """() => { dispatchEvent(new Event('beforeprint'));
                   return document.querySelectorAll('.st-key-running_average .main-svg').length > 0; }"""
    )
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 718, "height": 1000})  # A4 between margins of 1 cm
    tab.wait_for_function("getComputedStyle(document.querySelector('.st-key-navigation')).display === 'none'")
    cut = tab.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMain] table, .main-svg, .network > svg')]
              .filter((each) => each.checkVisibility())
              .map((each) => [each, each.closest('[data-testid=stColumn]')])
              .filter(([each, column]) => each.getBoundingClientRect().right > column.getBoundingClientRect().right + 1)
              .map(([each]) => each.outerHTML.slice(0, 80))"""
    )
    assert cut == []
    assert tab.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 718


# --- Phones ---


def boxes(tab: Page, selector: str) -> list[dict[str, float]]:
    return tab.locator(selector).evaluate_all(
        """elements => elements.filter((each) => each.textContent.trim()).map((each) => {
             const { left, right, top, bottom } = each.getBoundingClientRect();
             return { left, right, top, bottom }; })"""
    )


@pytest.mark.parametrize("path", ["dropout?p=0.25", "dropout?p=0.25&data=moons", "dropout?p=0.25&lang=de"])
def test_every_layer_has_its_name_and_its_p_on_a_phone(open_page, path):
    tab = open_page(path, width=390, height=844)
    seen(tab, ".network > svg circle.unit")
    names, rates = boxes(tab, ".network > svg text.layer"), boxes(tab, ".network > svg text.rate:not(:empty)")
    assert len(names) == 4
    under_names = [rate for rate in rates if rate["top"] < names[0]["bottom"] + 20]
    assert len(under_names) == 3
    assert len({round(rate["top"]) for rate in under_names}) == 1
    for row in (names, under_names):
        for one, other in pairwise(row):
            assert one["right"] < other["left"]
    assert names[-1]["right"] <= 390


def test_the_events_of_the_time_line_have_names_on_a_phone(open_page):
    tab = open_page("today", width=390, height=844)
    seen(tab, ".time-line .event")
    names = boxes(tab, ".time-line .name")
    assert len(names) == tab.locator(".time-line .event").count()
    for one, other in pairwise(names):
        assert one["bottom"] <= other["top"]
    assert max(name["right"] for name in names) <= 390


@pytest.mark.parametrize("width", [1280, 390])
def test_no_sentence_of_the_table_is_cut_off(open_page, width):
    tab = open_page("two_dice?n=100", width=width, height=844)
    table = tab.locator(".two-dice.experiment")
    expect(table).to_have_attribute("data-complete", "true", timeout=60_000)
    ready(tab)
    table.get_by_role("button", name="Pause").click()
    cut = tab.evaluate(
        """() => {
          const cut = [], scrub = document.querySelector('.experiment .transport input');
          for (let at = 0; at <= Number(scrub.max); at++) {
            scrub.value = at;
            scrub.dispatchEvent(new Event('input'));
            for (const item of document.querySelectorAll('.experiment .feed li')) {
              const box = item.getBoundingClientRect(), feed = item.parentElement.getBoundingClientRect();
              if (box.bottom > feed.bottom + 1 || box.right > feed.right + 1) cut.push(item.textContent);
            }
          }
          return cut;
        }"""
    )
    assert cut == []


# --- Translation by the browser, the keyboard, and the home page ---


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("", ".life-strip .caption, .life-strip svg, .transport output"),
        ("dropout", ".network .caption, .network > svg, .transport output, .numbers dd, td.r"),
        ("top_k", ".next-word .caption, .next-word > svg, .numbers dd"),
        ("today?part=places", ".block .caption, .block > svg"),
        ("two_dice?n=100", ".experiment tbody td, .experiment .status span"),
        ("training?train=1&steps=200&seed=43", ".training .numbers, .training .status span, td.r"),
    ],
)
def test_numbers_that_change_are_not_for_the_browsers_translation(open_page, path, numbers):
    tab = open_page(path)
    for selector in numbers.split(", "):
        found = tab.locator(selector)
        expect(found.first).to_be_attached(timeout=60_000)
        allowed = found.evaluate_all(
            "elements => elements.map((each) => each.closest('[translate]')?.getAttribute('translate'))"
        )
        assert set(allowed) == {"no"}, selector


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_the_keyboard_is_can_be_seen(open_page, scheme):
    tab = open_page("dropout", scheme=scheme)
    seen(tab, ".network .transport")
    for selector in (".st-key-navigation a", ".st-key-languages button", ".st-key-dropout-p input", ".transport .play"):
        tab.locator(selector).first.focus()
        tab.keyboard.press("Shift+Tab")
        tab.keyboard.press("Tab")
        outline = tab.evaluate(
            "(({ outlineStyle, outlineWidth, outlineColor }) => [outlineStyle, parseFloat(outlineWidth), outlineColor])"
            "(getComputedStyle(document.activeElement))"
        )
        assert outline[0] == "solid", selector
        assert outline[1] >= 2, selector


def test_both_dice_are_seen_in_their_colour_from_the_start(open_page):
    tab = open_page("", reduced_motion="reduce")
    squares = tab.locator(".life-strip .die rect")
    expect(squares).to_have_count(2)
    dice = squares.evaluate_all(
        """dice => dice.map((die) => {
             let opacity = 1;
             for (let each = die; each; each = each.parentElement) opacity *= Number(getComputedStyle(each).opacity);
             return [die.getAttribute('fill'), opacity]; })"""
    )
    assert dice == [[LEARN, 1], [SPEAK, 1]]


def test_all_of_a_card_leads_to_its_lesson(open_page):
    tab = open_page("", height=1100)
    cards = tab.locator("[class*=st-key-card-]")
    expect(cards).to_have_count(8)
    link = tab.locator(".st-key-card-top_k a p").first
    assert "underline" in link.evaluate("link => getComputedStyle(link).textDecorationLine")
    box = tab.locator(".st-key-card-top_k").bounding_box()
    tab.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] - 20)
    expect(tab.get_by_role("heading", level=1)).to_have_text("What may the next word be?")


def test_text_on_a_phone_is_no_smaller_than_elsewhere(open_page):
    tab = open_page("", width=390, height=844)
    seen(tab, ".life-strip svg text")
    sizes = tab.locator(".life-strip svg text").evaluate_all(
        "texts => texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
    )
    assert min(sizes) >= 14
