"""The Dropout page in a real browser: it plays by itself, and nothing but the student stops it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_frame import ours
from tests.support.browsing import ready, seen


def opened(open_page, path: str = "dropout", **options) -> Page:
    tab = open_page(path, **options)
    seen(tab, ".network .transport")
    return tab


def position(tab: Page) -> int:
    return int(tab.locator(".network .transport").get_attribute("data-position"))


def wait_for_position(tab: Page, beyond: int) -> None:
    tab.wait_for_function("n => Number(document.querySelector('.network .transport').dataset.position) > n", arg=beyond)


def outputs(tab: Page) -> list[str]:
    return tab.locator(".network text.value").all_text_contents()


def test_play_advances_and_every_pass_is_another_network(open_page, complaints):
    tab = opened(open_page)
    assert position(tab) == 0
    seen = {tuple(outputs(tab))}
    tab.get_by_role("button", name="Play", exact=True).click()
    for _ in range(3):
        wait_for_position(tab, position(tab))
        seen.add(tuple(outputs(tab)))
    assert len(seen) > 1
    tab.get_by_role("button", name="Pause", exact=True).click()
    stopped = position(tab)
    tab.get_by_role("button", name="One step back").click()
    assert position(tab) == stopped - 1
    expect(tab.locator(".network .caption")).to_contain_text(f"Pass {stopped}:")
    assert ours(complaints) == []


def test_the_table_follows_the_picture_to_where_it_rests(open_page, complaints):
    tab = opened(open_page)
    for _ in range(3):
        tab.get_by_role("button", name="One step forward").click()
    expect(tab.locator(".st-key-dropout-at input")).to_have_value("4")
    expect(tab.get_by_text("In pass 4,")).to_be_visible()
    tab.wait_for_url(re.compile(r"[?&]dropout-at=4(&|$)"))
    assert position(tab) == 3
    assert ours(complaints) == []


def test_in_eval_every_pass_is_the_same(open_page):
    tab = opened(open_page, "dropout?mode=eval")
    first = outputs(tab)
    for _ in range(3):
        tab.get_by_role("button", name="One step forward").click()
        assert outputs(tab) == first
    expect(tab.locator(".network .unit.dropped:not(.legend *)")).to_have_count(0)


def test_the_keyboard_plays_and_scrubs(open_page):
    tab = opened(open_page)
    scrub = tab.get_by_role("slider", name="Position")
    scrub.focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert position(tab) == 2
    assert scrub.get_attribute("aria-valuetext") == "3 of 100"
    tab.get_by_role("button", name="Play", exact=True).focus()
    tab.keyboard.press("Enter")
    wait_for_position(tab, 2)


# All that is drawn, and how: every shape with its attributes and its words.
DRAWN = """() => JSON.stringify([...document.querySelectorAll('.network > svg *')].map((shape) =>
  [shape.tagName, shape.textContent, ...shape.getAttributeNames().map((name) => shape.getAttribute(name))]))"""


@pytest.mark.parametrize(
    ("before", "after", "control", "key"),
    [
        ("seed=7", "seed=6", ".st-key-dropout-seed input", "ArrowDown"),
        ("p=0.5&p_in=0.2", "p=0.45&p_in=0.2", ".st-key-dropout-p input", "ArrowLeft"),
        ("data=moons&x=3&p_in=0.5", "data=moons&x=3&p_in=0.45", ".st-key-dropout-p_in input", "ArrowLeft"),
    ],
)
def test_another_setting_gives_the_same_shapes_other_looks(open_page, before: str, after: str, control: str, key: str):
    expected = opened(open_page, f"dropout?{after}").evaluate(DRAWN)
    tab = opened(open_page, f"dropout?{before}")
    assert tab.evaluate(DRAWN) != expected
    tab.evaluate("() => { window.shapes = [...document.querySelectorAll('.network > svg *')]; }")
    if not tab.locator(control).is_visible():
        tab.locator(".st-key-more summary").click()
    tab.locator(control).press(key)
    tab.wait_for_function(f"expected => ({DRAWN})() === expected", arg=expected)
    assert tab.evaluate("window.shapes.every((shape) => shape.isConnected)")


def test_a_picture_ends_with_its_page(open_page):
    tab = opened(open_page)
    tab.get_by_role("button", name="Play", exact=True).click()
    tab.evaluate("() => { window.picture = document.querySelector('.network'); }")
    tab.locator(".st-key-navigation").get_by_text("The question").click()
    seen(tab, ".life-strip svg circle")
    tab.wait_for_function("!window.picture.isConnected && window.picture.childElementCount === 0")


def test_dropped_neurons_are_hollow_and_their_edges_gone(open_page):
    """What is drawn is what the table below says."""
    tab = opened(open_page, "dropout?p=0.5&layer=hidden1&seed=3")
    drawn = tab.evaluate("""() => {
        const circles = [...document.querySelectorAll('.network > svg circle.unit')].slice(0, 16);
        return circles.map((circle) => ({
            dropped: circle.classList.contains('dropped'),
            x: circle.getAttribute('cx'), y: circle.getAttribute('cy') }));
    }""")
    sentence = tab.get_by_text(re.compile(r"In pass 1, the layer .* keeps \d+ of 16 neurons")).inner_text()
    assert sum(not unit["dropped"] for unit in drawn) == int(re.search(r"keeps (\d+)", sentence)[1])
    visible = tab.evaluate("""() => [...document.querySelectorAll('.network line.edge')]
        .filter((line) => Number(line.getAttribute('stroke-opacity')) > 0)
        .flatMap((line) => [1, 2].map((end) => [line.getAttribute('x' + end), line.getAttribute('y' + end)].join()))""")
    assert visible
    for unit in drawn:
        if unit["dropped"]:
            assert f"{unit['x']},{unit['y']}" not in visible


def test_a_rerun_does_not_disturb_what_plays(open_page):
    tab = opened(open_page)
    tab.get_by_role("button", name="Play", exact=True).click()
    tab.evaluate("document.querySelector('.network > svg').mark = 'the same element'")
    # Another layer in the table: the page runs again, the picture's data stay the same.
    tab.locator(".st-key-dropout-layer").get_by_role("radio", name="hidden layer 2").click()
    expect(tab.get_by_text("the layer “hidden 2” keeps")).to_be_visible()
    ready(tab)
    assert tab.evaluate("document.querySelector('.network > svg').mark") == "the same element"
    assert tab.locator(".network .transport").get_attribute("data-playing") == "true"
    wait_for_position(tab, position(tab))


def test_another_p_keeps_the_place_the_speed_and_what_plays(open_page):
    tab = opened(open_page)
    for _ in range(4):
        tab.get_by_role("button", name="One step forward").click()
    tab.get_by_role("combobox", name="Speed").select_option("0.25")
    tab.get_by_role("button", name="Play", exact=True).click()
    tab.locator(".st-key-dropout-p input[type=range]").focus()
    tab.keyboard.press("ArrowRight")
    expect(tab.locator(".network > svg")).to_contain_text("p = 0.55")
    expect(tab).to_have_url(re.compile("p=0.55"))
    assert tab.get_by_role("combobox", name="Speed").input_value() == "0.25"
    wait_for_position(tab, 4)


def test_a_lost_layer_is_said_and_not_nan(open_page):
    tab = opened(open_page, "dropout?p=1&n=10")
    expect(tab.locator(".network .caption")).to_contain_text("nothing of the input gets through")
    expect(tab.locator(".network > svg")).to_contain_text("all out")
    assert "NaN" not in tab.locator(".network").inner_html()


@pytest.mark.parametrize("data", ["digits", "mnist", "moons"])
def test_picture_and_controls_share_the_first_screen(open_page, data):
    tab = opened(open_page, f"dropout?data={data}")
    parts = [".network > svg", ".network .transport", ".network .legend"]
    parts += [f".st-key-dropout-{key}" for key in ("mode", "p", "p_in", "x", "scale")]
    for part in parts:
        box = tab.locator(part).first.bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 720, part


@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_in_the_picture_is_smaller_than_14_px(open_page, width):
    tab = opened(open_page, width=width, height=800)
    smallest = tab.evaluate("""() => Math.min(...[...document.querySelectorAll('.network > svg text')].map((text) =>
        parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))""")
    assert smallest >= 14


def test_on_a_phone_the_picture_comes_before_the_controls(open_page):
    tab = opened(open_page, width=390, height=844)
    assert (
        tab.locator(".network > svg").bounding_box()["y"]
        < tab.locator(".network .transport").bounding_box()["y"]
        < tab.locator(".st-key-dropout-p").bounding_box()["y"]
    )


def test_nothing_moves_under_reduced_motion_until_asked(open_page):
    tab = opened(open_page, reduced_motion="reduce")
    assert tab.locator(".network .transport").get_attribute("data-playing") == "false"
    still = tab.locator(".network .unit").first.evaluate("unit => getComputedStyle(unit).transitionDuration")
    assert still in ("0s", "")


def test_the_picture_speaks_for_those_who_cannot_see_it(open_page):
    tab = opened(open_page)
    picture = tab.get_by_role("img", name=re.compile("A handwritten 1 goes through a network of 64-16-16-10 neurons"))
    expect(picture).to_have_count(1)
    assert "Pass 1:" in picture.get_attribute("aria-label")


def test_settings_survive_a_visit_to_another_page(open_page, complaints):
    tab = opened(open_page, "dropout?p=0.3&data=moons&x=7")
    tab.get_by_role("link", name="Train vs. validation").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("stop learning")
    ready(tab)
    tab.get_by_role("link", name="Dropout", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("same network")
    expect(tab.locator(".network > svg")).to_contain_text("p = 0.3")
    expect(tab.locator(".network .track").first).to_be_visible()
    assert ours(complaints) == []


@pytest.mark.parametrize(
    ("path", "link"), [("training?data=spirals&n=20", "Dropout"), ("dropout?p=1&seed=9999", "Train vs. validation")]
)
def test_settings_of_one_name_with_other_bounds_do_not_break_the_next_page(open_page, complaints, path, link):
    """Both pages have a p, a data and an n, with other options."""
    tab = open_page(path)
    tab.get_by_role("link", name=link, exact=True).click()
    expect(tab.locator(".st-key-navigation")).to_be_visible()
    page = "training" if link.startswith("Train") else "dropout"
    tab.wait_for_url(f"**/{page}*")
    ready(tab)
    expect(tab.locator(f".st-key-{page}-p").first).to_be_visible()
    expect(tab.locator("[data-testid=stException], [data-testid=stAlertContentError]")).to_have_count(0)
    assert ours(complaints) == []
