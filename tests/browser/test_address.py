"""The address always says what the page shows: after every change, Back, a reload, and a new server."""

import re
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from lib.web.elements.settings import Arrangement, Choice, Flag, Number, in_link
from tests.browser.test_frame import ours
from tests.support.browsing import READY, ready
from tests.support.serving import free_port, serving
from tests.web.test_settings import PAGES as SETTINGS

OTHER_MODELS = {"llm", "live", "any"}  # of the Top-k page
PAGES = {page: settings for page, settings in SETTINGS.items() if page not in OTHER_MODELS}
# The Today page's settings stand on seven parts.
PARTS = {
    "history": {"part", "event"},
    "models": {"part", "die", "show", "kind"},
    "places": {"part", "mode", "emb", "att", "proj", "mlp", "p", "text", "block", "n", "seed"},
    "data": {"part", "loss", "size", "rate", "seed"},
    "paper": {"part", "fig", "images", "digits", "flips", "drop", "seed"},
    "schedules": {"part", "peak", "switch", "curves", "toy", "few", "seed"},
    "instead": {"part", "drop", "decay", "times", "curves", "toy", "few", "seed"},
}


def query(tab: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(tab.url).query, keep_blank_values=True))


def says(tab: Page, settings: dict[str, str]) -> None:
    """Wait until the address says exactly this."""
    tab.wait_for_function(
        """wanted => { const found = Object.fromEntries(new URLSearchParams(location.search));
            return JSON.stringify(Object.entries(found).sort()) === JSON.stringify(Object.entries(wanted).sort()); }""",
        arg=settings,
    )


def go(tab: Page, number: int, path: str) -> None:
    """Follow a link of the navigation, once the page is at rest: a click on what is being drawn anew is lost."""
    ready(tab)
    tab.locator(".st-key-navigation a").nth(number).click()
    tab.wait_for_url(re.compile(rf"/{path}($|\?)"))
    loaded(tab)


def back(tab: Page, path: str) -> None:
    tab.go_back()
    tab.wait_for_url(re.compile(rf"/{path}($|\?)"))
    loaded(tab)


def other(setting: Any) -> str:
    """A value that is not the default, as a link writes it."""
    if setting.name == "part":
        return "models"  # computes nothing
    match setting.metadata["accepts"]:
        case Number(low, _, step):
            value = low + step if low == setting.default else low
            return in_link(round(value) if isinstance(setting.default, int) else value)
        case Choice(options):
            return in_link(next(option for option in options if option != setting.default))
        case Arrangement(_, items):
            return ".".join(reversed(items))
        case Flag():
            return in_link(not setting.default)
    return "the old fox & a hen"


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_of_a_link_survives_a_reload_and_back(open_page, complaints, page):
    settings = {each.name: other(each) for each in fields(PAGES[page])}
    link = "&".join(f"{name}={text.replace('&', '%26').replace(' ', '+')}" for name, text in settings.items())
    tab = loaded(open_page(f"{page}?{link}&lang=en"))
    wanted = {f"{page}-{name}": text for name, text in settings.items()} | {"lang": "en"}
    says(tab, wanted)
    tab.reload()
    ready(tab)
    says(tab, wanted)
    go(tab, 0, "")
    says(tab, {"lang": "en"})
    back(tab, page)
    says(tab, wanted)
    go(tab, 0, "")
    go(tab, [*PAGES].index(page) + 1, page)
    says(tab, wanted)
    assert ours(complaints) == []


def loaded(tab: Page) -> Page:
    """Wait until the browser has the code of all widgets too: what is pressed before is lost on them."""
    ready(tab)
    tab.wait_for_load_state("networkidle")
    return tab


def move(control: Locator) -> None:
    """Set a control to another value, as a hand does."""
    slider, field = control.locator("input[type=range]"), control.locator("input")
    if slider.count():
        at_end = slider.first.evaluate("slider => slider.value === slider.max")
        slider.first.press("ArrowLeft" if at_end else "ArrowRight")
    elif control.locator("[data-testid=stNumberInput]").count():
        field.press("ArrowUp")
    elif control.get_by_role("radio").count():
        other_one = control.get_by_role("radio", checked=False).first.element_handle()
        other_one.click()
        control.page.wait_for_function("radio => radio.ariaChecked === 'true'", arg=other_one)
    elif control.locator("[data-testid=stTextInput]").count():
        field.fill("the old fox")
        field.press("Enter")
    elif control.locator("[data-testid=stCheckbox]").count():
        control.locator("label").first.click()
    else:
        field.press("ArrowDown")
        field.press("ArrowDown")
        field.press("Enter")


# Each with a link that draws all of its settings and lets little be computed.
MOVED = [
    ("dropout", "dropout?each=true", {each.name for each in fields(PAGES["dropout"])} - {"each"}),
    ("training", "training", {each.name for each in fields(PAGES["training"])}),
    # The order of the steps is moved in tests/browser/test_top_k_bench.py.
    ("top_k", "top_k?bench=true", {each.name for each in fields(PAGES["top_k"])} - {"model", "bench", "order"}),
    ("two_dice", "two_dice?n=100", {each.name for each in fields(PAGES["two_dice"])} - {"n", "models"}),
    *(
        (
            "today",
            f"today?part={part}" + ("&fig=10&images=digits" if part == "paper" else ""),
            names - {"part", "fig", "images"},
        )
        for part, names in PARTS.items()
    ),
]


def test_all_settings_of_the_today_page_stand_on_one_of_its_parts():
    assert set().union(*PARTS.values()) == {each.name for each in fields(PAGES["today"])}


@pytest.mark.parametrize(("page", "path", "names"), MOVED, ids=lambda value: value if isinstance(value, str) else "")
def test_the_address_follows_every_control(open_page, complaints, page, path, names):
    tab = loaded(open_page(path))
    if tab.locator(".st-key-more summary").count():
        tab.locator(".st-key-more summary").click()
    for name in sorted(names):
        control = tab.locator(f".st-key-{page}-{name}")
        control.wait_for()
        move(control)
        moved = f"name => new URLSearchParams(location.search).has(name) && document.querySelector('{READY}')"
        try:  # a move is made on a page at rest: a click on one that grows may hit what has come there
            tab.wait_for_function(moved, arg=f"{page}-{name}", timeout=15_000)
        except TimeoutError as late:
            state = tab.locator("[data-testid=stApp]").get_attribute("data-test-script-state")
            raise AssertionError(f"{name} is not in {tab.url}, {state}: {control.inner_html()}") from late
    wanted = query(tab)
    assert {f"{page}-{name}" for name in names} <= set(wanted)
    tab.reload()
    ready(tab)
    says(tab, wanted)
    assert ours(complaints) == []


def p_of(tab: Page, page: str = "dropout") -> Locator:
    """The slider of p; what it says is its aria-valuetext, and its value counts the stops."""
    return tab.locator(f".st-key-{page}-p input[type=range]").first


def test_back_brings_the_settings_and_they_stay(open_page):
    tab = loaded(open_page("dropout?dropout-p=0.3&lang=en"))
    go(tab, 3, "top_k")
    says(tab, {"lang": "en"})
    back(tab, "dropout")
    expect(p_of(tab)).to_have_attribute("aria-valuetext", "0.30")
    says(tab, {"dropout-p": "0.3", "lang": "en"})
    p_of(tab).press("ArrowLeft")
    says(tab, {"dropout-p": "0.25", "lang": "en"})
    go(tab, 3, "top_k")
    go(tab, 1, "dropout")
    expect(p_of(tab)).to_have_attribute("aria-valuetext", "0.25")
    expect(tab.locator(".network > svg")).to_contain_text("p = 0.25")


def test_a_key_pressed_right_before_one_leaves_is_not_lost(open_page):
    tab = loaded(open_page("dropout?dropout-p=0.1&lang=en"))
    for times in range(1, 6):
        p_of(tab).press("ArrowRight")
        go(tab, 3, "top_k")
        back(tab, "dropout")
        now = 0.1 + 0.05 * times
        expect(p_of(tab)).to_have_attribute("aria-valuetext", f"{now:.2f}")
        says(tab, {"dropout-p": f"{now:.10g}", "lang": "en"})


def test_a_key_pressed_right_after_one_leaves_empties_no_page(open_page, complaints):
    """Without lib.web.mends.lose_no_page each of these tries fails with a probability of about 0.3, so all seven pass
    with one of 0.08."""
    for milliseconds in (0, 3, 6, 10, 15, 25, 40):
        tab = loaded(open_page("training?lang=en"))
        expect(p_of(tab, "training")).to_have_attribute("aria-valuetext", "0.50")
        tab.evaluate(
            """milliseconds => {
              document.querySelectorAll(".st-key-navigation a")[3].click();
              setTimeout(() => {
                const slider = document.querySelector(".st-key-training-p input[type=range]");
                slider?.focus();
                slider?.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
              }, milliseconds);
            }""",
            milliseconds,
        )
        expect(tab.locator(".two-dice.next-word svg").first).to_be_visible()
    assert ours(complaints) == []


def test_the_history_has_one_entry_for_each_visit_of_a_page(open_page):
    tab = loaded(open_page("training?lang=en"))
    before = tab.evaluate("history.length")
    for _ in range(3):
        p_of(tab, "training").press("ArrowRight")
    says(tab, {"training-p": "0.65", "lang": "en"})
    assert tab.evaluate("history.length") == before
    tab.get_by_role("link", name="Measure both dice").click()
    tab.wait_for_url("**/two_dice?*")
    ready(tab)
    says(tab, {"two_dice-p": "0.5", "lang": "en"})
    assert tab.evaluate("history.length") == before + 1
    go(tab, 1, "dropout")
    says(tab, {"lang": "en"})
    assert tab.evaluate("history.length") == before + 2
    back(tab, "two_dice")
    says(tab, {"two_dice-p": "0.5", "lang": "en"})
    back(tab, "training")
    says(tab, {"training-p": "0.65", "lang": "en"})


def test_a_language_chosen_on_a_page_is_in_the_address_and_holds(open_page, complaints):
    tab = loaded(open_page("dropout?p=0.3&layer=hidden2&lang=en"))
    tab.locator(".st-key-languages button").click()
    tab.get_by_role("menuitem", name="Français").click()
    french = {"dropout-p": "0.3", "dropout-layer": "hidden2", "lang": "fr"}
    says(tab, french)
    expect(tab.locator(".st-key-dropout-layer [aria-checked=true]")).to_have_count(1)
    tab.locator(".st-key-guess_dropout button").first.click()
    p_of(tab).press("ArrowRight")
    says(tab, french | {"dropout-p": "0.35"})
    expect(tab.locator(".st-key-languages")).to_contain_text("Français")
    assert ours(complaints) == []


def test_a_slider_speaks_the_language_and_the_arrow_keys_move_it_by_a_step(open_page, complaints):
    tab = loaded(open_page("dropout?p=0.33&lang=fr"))  # a link may say what is between two steps
    thumb = tab.locator(".st-key-dropout-p [data-testid=stSliderThumbValue]")
    for key, shown, linked in [
        ("", "0,33", "0.33"),
        ("ArrowRight", "0,35", "0.35"),
        ("ArrowRight", "0,40", "0.4"),
        ("ArrowLeft", "0,35", "0.35"),
        ("ArrowLeft", "0,30", "0.3"),
        ("End", "1,00", "1"),
        ("Home", "0,00", "0"),
    ]:
        if key:
            p_of(tab).press(key)
        expect(thumb).to_have_text(shown)
        expect(p_of(tab)).to_have_attribute("aria-valuetext", shown)
        says(tab, {"dropout-p": linked, "lang": "fr"})
    assert tab.locator(".st-key-dropout-p [data-testid=stSliderTickBar]").inner_text().split() == ["0,00", "1,00"]
    tab.locator(".st-key-languages button").click()
    tab.get_by_role("menuitem", name="English").click()
    expect(thumb).to_have_text("0.00")
    says(tab, {"dropout-p": "0", "lang": "en"})
    assert ours(complaints) == []


def test_a_slider_moved_in_the_same_moment_as_a_guess_is_not_lost(open_page):
    tab = loaded(open_page("dropout?p=0.3&lang=en"))
    expect(p_of(tab)).to_have_attribute("aria-valuetext", "0.30")
    tab.evaluate(
        """() => {
          document.querySelector(".st-key-guess_dropout button").click();
          const slider = document.querySelector(".st-key-dropout-p input[type=range]");
          slider.focus();
          slider.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
        }"""
    )
    says(tab, {"dropout-p": "0", "lang": "en"})
    expect(tab.locator(".network > svg circle.dropped")).to_have_count(0)
    expect(tab.locator(".st-key-guess_dropout [aria-checked=true]")).to_have_count(1)


def test_a_link_of_the_navigation_opens_a_new_tab_with_language_and_settings(open_page):
    tab = loaded(open_page("dropout?p=0.3&lang=de"))
    go(tab, 3, "top_k")
    says(tab, {"lang": "de"})
    links = tab.locator(".st-key-navigation a")
    expect(links.nth(1)).to_have_attribute("href", re.compile(r"/dropout\?dropout-p=0\.3&lang=de$"))
    expect(links.nth(0)).to_have_attribute("href", re.compile(r"^http://[^/]+/\?lang=de$"))


SMALL = "n=20&steps=200&seeds=2&layers=8"
SMALL_SETTINGS = {"training-n": "20", "training-steps": "200", "training-seeds": "2", "training-layers": "8"}


def trained(tab: Page) -> None:
    """Wait until the run is over and the page is at rest: a key that meets a page being drawn may be lost on it."""
    expect(tab.get_by_role("heading", name="The numbers")).to_be_visible(timeout=120_000)
    loaded(tab)


def test_a_run_started_by_hand_survives_a_reload_also_when_the_controls_have_moved_on(open_page, complaints):
    tab = loaded(open_page(f"training?{SMALL}&p=0.3"))
    tab.get_by_role("button", name="Train", exact=True).click()
    says(tab, {**SMALL_SETTINGS, "training-p": "0.3", "train": "1"})
    trained(tab)
    expect(tab.get_by_text("With dropout, p = 0.30").first).to_be_visible()
    p_of(tab, "training").press("ArrowRight")
    moved = {**SMALL_SETTINGS, "training-p": "0.35", "train": "p=0.3"}
    says(tab, moved)
    tab.reload()
    ready(tab)
    expect(tab.get_by_text("With dropout, p = 0.30").first).to_be_visible()
    expect(tab.get_by_text("You have changed the controls since")).to_be_visible()
    says(tab, moved)
    assert ours(complaints) == []


def test_a_point_of_today_survives_a_reload(open_page):
    tab = loaded(open_page("today?part=paper&fig=10&images=digits&digits=20"))
    tab.get_by_role("button", name="Train this point").click()
    chosen = {"today-fig": "10", "today-images": "digits", "today-digits": "20"}
    says(tab, {"today-part": "paper", **chosen, "train": "1"})
    expect(tab.get_by_text("Your run, with 20 digits")).to_be_visible(timeout=120_000)
    tab.reload()
    ready(tab)
    expect(tab.get_by_text("Your run, with 20 digits")).to_be_visible(timeout=120_000)


def test_settings_and_run_survive_a_new_server(browser):
    """The browser connects again by itself, and finds a server that knows nothing of it."""
    port, context = free_port(), browser.new_context(locale="en-US")
    tab = context.new_page()
    with serving(port=port) as (address, _):
        tab.goto(f"{address}/dropout?p=0.3")
        loaded(tab)
        go(tab, 2, "training")
        back(tab, "dropout")
        p_of(tab).press("ArrowRight")
        says(tab, {"dropout-p": "0.35"})
        go(tab, 2, "training")
        tab.get_by_role("button", name="Train", exact=True).click()
        trained(tab)
        p_of(tab, "training").press("ArrowRight")
        says(tab, {"training-p": "0.55", "train": "p=0.5"})
        linked = context.new_page()  # Streamlit goes on sending the query of a link by which a page was opened
        linked.goto(f"{address}/training?n=50&{SMALL.replace('n=20&', '')}&lang=fr")
        loaded(linked)
        p_of(linked, "training").press("ArrowLeft")
        kept = {**SMALL_SETTINGS, "training-n": "50", "training-p": "0.45", "lang": "fr"}
        says(linked, kept)
    expect(tab.locator("[data-testid=stApp]")).not_to_have_attribute("data-test-connection-state", "CONNECTED")
    forgotten, forgotten_too = (each.evaluate("twoDiceAddress.session") for each in (tab, linked))
    with serving(port=port):
        tab.wait_for_function("session => twoDiceAddress.session !== session", arg=forgotten, timeout=60_000)
        ready(tab)
        expect(tab.get_by_text("You have changed the controls since")).to_be_visible()
        says(tab, {"training-p": "0.55", "train": "p=0.5"})
        expect(tab.get_by_text("With dropout, p = 0.50").first).to_be_visible()
        back(tab, "dropout")
        expect(p_of(tab)).to_have_attribute("aria-valuetext", "0.35")
        linked.wait_for_function("session => twoDiceAddress.session !== session", arg=forgotten_too, timeout=60_000)
        ready(linked)
        expect(p_of(linked, "training")).to_have_attribute("aria-valuetext", "0,45")
        says(linked, kept)
    context.close()


def test_the_list_of_lessons_closes_over_the_picture(open_page):
    tab = loaded(open_page("training"))
    tab.locator(".st-key-lessons button").first.click()
    tab.get_by_role("menuitem", name=re.compile("handwritten digits")).click()
    expect(tab.locator(".two-dice.training .panel")).to_have_count(2, timeout=60_000)
    expect(tab.get_by_role("menu")).to_have_count(0)


def test_buttons_with_an_icon_only_have_a_name(open_page):
    tab = loaded(open_page("top_k"))
    for name in ("One word back", "Draw again", "Pick another beginning"):
        button = tab.get_by_role("button", name=name, exact=True)
        expect(button).to_have_count(1)
        assert button.bounding_box()["width"] < 80
