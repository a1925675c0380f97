"""What holds on every page: cold deep links, Back, language, no sideways scrolling, no errors, accessible."""

import re
import zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from lib.web.frame.language import LANGUAGES
from lib.web.frame.navigation import PAGES
from lib.web.frame.source import archive_name
from tests.support.browsing import ready
from tests.support.serving import ROOT, served

PATHS = {page.id: "" if page.id == "home" else page.id for page in PAGES}
# Streamlit looks for its server at the page's own address before the root: two requests that fail by design.
NOT_OURS = re.compile(r"/_stcore/(health|host-config)\)$")


def ours(complaints):
    return [each for each in complaints if not NOT_OURS.search(each)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_a_cold_deep_link_opens_the_page(browser, page):
    with served() as fresh:
        context = browser.new_context(locale="en-US")
        tab = context.new_page()
        tab.goto(f"{fresh}/{PATHS[page.id]}")
        ready(tab)
        expect(tab.get_by_role("heading", level=1)).to_have_text(page.question())
        expect(tab.get_by_text("Page not found")).to_have_count(0)
        context.close()


on_every_page = pytest.mark.parametrize("to_read", list(PATHS.values()), ids=list(PATHS), indirect=True, scope="module")
in_both_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


@on_every_page
@in_both_schemes
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_nothing_scrolls_sideways_and_nothing_complains(to_read, scheme, width, height):
    tab = to_read.at(width, height, scheme)
    assert content_width(tab) <= width
    assert ours(to_read.complaints) == []


@on_every_page
@in_both_schemes
def test_axe_finds_no_serious_violation_that_is_ours(to_read, scheme):
    assert serious_violations(to_read.at(scheme=scheme)) == []


def content_width(tab):
    """How wide the page is, with what scrolls sideways."""
    return tab.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth)"
    )


def serious_violations(tab):
    """What axe finds, where it is serious and ours."""
    # What is still fading in is paler than it will be.
    tab.wait_for_function("document.getAnimations().every((each) => each.playState !== 'running')")
    tab.wait_for_selector("[data-stale=true]", state="detached")
    return [
        (each["id"], node["html"][:200])
        for each in Axe().run(tab).response["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
        if not STREAMLITS.search(node["html"])
    ]


# What Streamlit itself draws and an app cannot change.
STREAMLITS = re.compile(r"data-testid=\"stMainMenu|stHeader|stToolbar|stExpandSidebar")


def test_the_language_survives_page_changes_and_back(open_page):
    tab = open_page("?lang=fr")
    assert "lang=fr" in tab.url
    tab.locator(".st-key-navigation a").nth(1).click()
    tab.wait_for_url("**/dropout*")
    ready(tab)
    expect(tab).to_have_url(re.compile(r"/dropout\?lang=fr$"))
    expect(tab.locator(".st-key-languages")).to_contain_text("Français")
    tab.go_back()
    tab.wait_for_url(re.compile(r"/\?lang=fr$"))
    ready(tab)
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.locator(".st-key-languages")).to_contain_text("Français")


def test_the_browsers_language_decides_where_the_link_says_nothing(open_page):
    tab = open_page("", locale="de-CH")
    expect(tab.locator(".st-key-languages")).to_contain_text("Deutsch")


def test_the_settings_of_a_page_are_there_when_one_comes_back(open_page):
    tab = open_page("training?p=0.3&lang=en")
    links = tab.locator(".st-key-navigation a")
    links.nth(1).click()
    tab.wait_for_url("**/dropout*")
    ready(tab)
    links.nth(2).click()
    expect(tab).to_have_url(re.compile("/training[?]training-p=0.3&lang=en$"))
    ready(tab)
    expect(
        tab.locator(".st-key-training-p [data-testid=stSliderThumbValue], .st-key-training-p [role=slider]").first
    ).to_be_visible()
    assert tab.locator(".st-key-training-p [role=slider], .st-key-training-p input[type=range]").first.get_attribute(
        "aria-valuenow"
    ) in (
        "0.3",
        None,
    )


def test_the_picture_of_the_home_page_plays_steps_and_pauses(open_page, complaints):
    tab = open_page()
    transport = tab.locator(".transport")
    first = int(transport.get_attribute("data-position"))
    tab.wait_for_function(f"Number(document.querySelector('.transport').dataset.position) > {first}")
    tab.get_by_role("button", name="Pause").click()
    expect(transport).to_have_attribute("data-playing", "false")
    at = int(transport.get_attribute("data-position"))
    tab.get_by_role("button", name="One step forward").click()
    expect(transport).to_have_attribute("data-position", str(at + 1))
    assert ours(complaints) == []


def test_under_reduced_motion_nothing_moves_by_itself(open_page):
    tab = open_page(reduced_motion="reduce")
    expect(tab.locator(".transport")).to_have_attribute("data-playing", "false")
    expect(tab.locator(".life-strip circle").first).to_be_visible()


def test_pages_with_settings_of_the_same_name_leave_each_other_alone(open_page, complaints):
    """Dropout accepts p = 1 and n = 25, the Training page neither; each page finds its own again on the way back."""
    page = open_page("dropout?p=1.0&n=25")
    expect(page).to_have_url(re.compile("dropout-p=1&dropout-n=25"))
    slider = page.locator(".st-key-dropout-p input, .st-key-dropout-p [role=slider]").first
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("dropout-p=0.95"))
    links = page.locator(".st-key-navigation a")
    links.nth(2).click()
    expect(page.locator(".st-key-training-p")).to_contain_text("0.50")
    examples = page.locator(".st-key-training-n")
    expect(examples).to_contain_text("100")
    examples.locator("input, [role=slider]").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("training-n=200"))
    links.nth(1).click()
    expect(page.locator(".st-key-dropout-p")).to_contain_text("0.95")
    expect(page).to_have_url(re.compile("dropout-n=25"))
    assert "training" not in page.url
    page.go_back()
    expect(page.locator(".st-key-training-n")).to_be_visible()
    assert ours(complaints) == []


def test_a_link_to_another_page_brings_its_settings(open_page):
    page = open_page("top_k?k=60")
    slider = page.locator(".st-key-top_k-k input, .st-key-top_k-k [role=slider]").first
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("top_k-k=50|top_k$|top_k[?]lang=en$"))
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Measure both dice").click()
    expect(page).to_have_url(re.compile("two_dice-k=50"))
    expect(
        page.locator(".st-key-two_dice-k button[aria-checked=true], .st-key-two_dice-k button[kind*=Active]")
    ).to_have_text("50")


LISTINGS = [
    ("dropout?p=0.3&lang=en", ["Dropout(0.3, seed=1)"]),
    ("training?p=0.3&lang=en", ["for p in (0.0, 0.3)"]),
    ("top_k?k=5&lang=en", ["torch.topk(scores, 5)", "top_k=5"]),
    ("two_dice?k=3&lang=en", ["for k in (None, 3)"]),
    ("today?part=models&lang=en", ["nn.Dropout"]),
    ("today?part=data&size=1000&lang=en", ["LanguageModelConfig(n_sentences=1000, p=p"]),
]


@pytest.mark.parametrize(("path", "settings"), LISTINGS)
def test_what_colours_the_code_is_loaded_when_the_code_is_opened(open_page, complaints, path, settings):
    """A page does not load Streamlit's tables, nor its highlighter, which is as large as all the rest."""
    tab = open_page(path)
    tab.wait_for_load_state("networkidle")
    assert loaded(tab, "StreamlitMarkdown")
    assert not loaded(tab, "SyntaxHighlighter|DataFrame|arrowFormat")
    expect(tab).to_have_url(re.compile(r"-\w+=\S+&lang=en$"))  # the page has written its settings in its own way
    address = tab.url
    for number, setting in enumerate(settings):
        tab.get_by_text(re.compile("^The code:")).nth(number).click()
        expect(tab.locator("[data-testid=stCode]").nth(number)).to_contain_text(setting)
    ready(tab)
    assert loaded(tab, "SyntaxHighlighter")
    assert tab.url == address
    assert ours(complaints) == []


def loaded(tab, name):
    """The scripts of this name that the browser asked for."""
    names = tab.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    return [each for each in names if re.search(name, each)]


def test_the_source_can_be_downloaded_from_the_first_second_on(browser):
    # Without git the server knows no public address, and gives away its own files.
    with served(GIT_DIR="/nowhere", TWO_DICE_SOURCE="") as fresh:
        context = browser.new_context(locale="en-US", accept_downloads=True)
        tab = context.new_page()
        tab.goto(fresh)
        ready(tab)
        with tab.expect_download() as download:
            tab.get_by_role("button", name="Source code").click()
        assert download.value.suggested_filename == archive_name()
        with zipfile.ZipFile(download.value.path()) as file:
            assert "two-dice/app.py" in file.namelist()
            assert file.testzip() is None
        context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_phone_the_navigation_is_one_row_and_leads_to_every_page(open_page, language):
    tab = open_page(f"training?p=0.3&lang={language}", width=390, height=844)
    assert tab.locator(".st-key-navigation").bounding_box()["height"] < 60
    assert content_width(tab) <= 390
    links = tab.locator(".st-key-pages a")
    expect(links.first).to_be_hidden()
    tab.locator(".st-key-open-pages button").click()
    expect(links.first).to_be_visible()
    expect(links).to_have_count(len(PAGES))
    tab.keyboard.press("Escape")
    expect(links.first).to_be_hidden()
    tab.locator(".st-key-open-pages button").click()
    links.nth(1).click()
    tab.wait_for_url(re.compile(rf"/dropout\?lang={language}$"))
    ready(tab)
    expect(links.first).to_be_hidden()
    tab.locator(".st-key-open-pages button").click()
    links.nth(2).click()
    tab.wait_for_url(re.compile(rf"/training\?training-p=0\.3&lang={language}$"))


def test_a_browser_keeps_what_the_note_on_privacy_says_and_no_more(browser, address):
    note = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8").partition("**In the browser:**")[2]
    cookie, stored = re.findall(r"`(\w+)`", note)[:2]
    context = browser.new_context(locale="en-US")
    tab = context.new_page()
    for page in PATHS.values():
        tab.goto(f"{address}/{page}")
        ready(tab)
    (kept,) = context.cookies()
    assert (kept["name"], kept["expires"]) == (cookie, -1)  # it ends with the browser
    keys = tab.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert keys
    assert {key.partition("-")[0] for key in keys} == {stored}
    assert tab.evaluate("indexedDB.databases()") == []
    context.close()
