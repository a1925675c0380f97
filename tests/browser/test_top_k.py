"""The Top-k page in a real browser: it plays its steps, keeps its place, and can be read from the last row."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_frame import ours
from tests.support.browsing import ready, seen

PICTURE = ".next-word svg[role=img]"


def opened(open_page, path: str = "top_k", **options) -> Page:
    tab = open_page(path, **options)
    seen(tab, f"{PICTURE} .bar")
    return tab


def words(tab: Page) -> list[str]:
    """The words under the bars, from left to right."""
    return tab.locator(f"{PICTURE} .word").evaluate_all(
        """groups => groups.map(g => [new DOMMatrix(g.style.transform).e, g.querySelector("text").textContent])
                           .sort((a, b) => a[0] - b[0]).map(pair => pair[1])"""
    )


def step(tab: Page, name: str) -> None:
    tab.locator(".next-word .steps").get_by_role("button", name=name).click()


def test_play_goes_through_all_seven_steps_in_order(open_page, complaints):
    tab = opened(open_page, "top_k?k=5")
    expect(tab.locator(".next-word .transport")).to_have_attribute("data-position", "6")
    # Every caption as it appears: a look now and then could miss one.
    tab.evaluate(
        """() => {
          const [player, transport, caption] = ['', ' .transport', ' .caption'].map(
            (part) => document.querySelector('.next-word' + part));
          window.captions = {};
          new MutationObserver(() => { window.captions[transport.dataset.position] = caption.textContent; })
            .observe(player, { subtree: true, childList: true, characterData: true, attributes: true });
        }"""
    )
    tab.get_by_role("combobox", name="Speed").select_option("4")
    tab.get_by_role("button", name="Play", exact=True).click()
    tab.wait_for_function("Object.keys(window.captions).length === 7")
    expect(tab.locator(".next-word .transport")).to_have_attribute("data-playing", "false")
    captions = tab.evaluate("Object.values(window.captions)")
    assert len(set(captions)) == 7
    assert ours(complaints) == []


def test_the_steps_do_what_they_are_called(open_page):
    tab = opened(open_page, "top_k?k=5")
    after = words(tab)
    step(tab, "softmax")
    before = words(tab)
    assert before == sorted(before, key=str.casefold) != after  # the order of the vocabulary
    assert set(before) == set(after)
    out = tab.locator(f"{PICTURE} .word.out")
    expect(out).to_have_count(0)
    step(tab, "sorted")
    assert words(tab) == after
    expect(out).to_have_count(0)
    step(tab, "cut")
    expect(out).to_have_count(len(after) - 5)
    step(tab, "one draw")
    drawn = tab.locator(f"{PICTURE} .word.drawn text").text_content()
    assert drawn in after[:5]
    expect(tab.locator(".st-key-go_on button")).to_contain_text(drawn)


def test_another_setting_keeps_the_step_and_does_not_reload_the_picture(open_page):
    tab = opened(open_page)
    step(tab, "cut")
    tab.evaluate("document.querySelector('.next-word').dataset.mine = 'yes'")
    slider = tab.locator(".st-key-top_k-k").get_by_role("slider")
    slider.focus()
    tab.keyboard.press("ArrowLeft")
    expect(tab.locator(".next-word .caption")).to_contain_text("keeps 14 of")
    expect(tab.locator(".next-word")).to_have_attribute("data-mine", "yes")
    expect(tab.locator(".next-word .transport")).to_have_attribute("data-position", "4")
    expect(tab).to_have_url(re.compile("k=14"))


def test_another_setting_keeps_the_speed_what_plays_and_the_keyboard(open_page):
    tab = opened(open_page, "top_k?p=0")
    transport, before = tab.locator(".next-word .transport"), tab.locator(PICTURE).text_content()
    step(tab, "logits")
    transport.get_by_role("combobox").select_option("0.25")
    transport.get_by_role("button", name="Play", exact=True).click()
    transport.get_by_role("slider").evaluate("scrub => { scrub.focus(); scrub.mine = true; }")
    # A click of the program's, which leaves the keyboard where it is.
    tab.locator(".st-key-top_k-p button").last.evaluate("option => option.click()")
    tab.wait_for_function(
        "([picture, before]) => document.querySelector(picture).textContent !== before", arg=[PICTURE, before]
    )
    expect(transport.get_by_role("combobox")).to_have_value("0.25")
    expect(transport).to_have_attribute("data-playing", "true")
    assert tab.evaluate("document.activeElement.mine") is True


def test_a_word_that_is_pointed_at_tells_its_numbers(open_page):
    tab = opened(open_page, "top_k?k=5")
    expect(tab.locator(f"{PICTURE} title")).to_have_count(0)
    tab.locator(f"{PICTURE} .word").first.hover()
    first = words(tab)[0]
    expect(tab.locator(f"{PICTURE} .word title")).to_have_text(
        re.compile(rf"{first}: logit .+, after the cut .+%, truth ")
    )


def test_the_keyboard_goes_through_the_steps(open_page):
    tab = opened(open_page)
    tab.locator(".next-word .transport").get_by_role("slider").focus()
    tab.keyboard.press("Home")
    expect(tab.locator(".next-word .steps [aria-current]")).to_have_text("logits")
    tab.keyboard.press("ArrowRight")
    expect(tab.locator(".next-word .steps [aria-current]")).to_have_text("divided by T")


def test_the_picture_is_told_in_words(open_page):
    tab = opened(open_page)
    for name in ("logits", "divided by T", "softmax", "sorted", "cut", "renormalised", "one draw"):
        step(tab, name)
        label = tab.locator(PICTURE).get_attribute("aria-label")
        assert "The next word after" in label
        assert tab.locator(".next-word .caption").text_content() in label
        assert re.search(r"\d", label)


def test_the_sentence_goes_on_and_the_link_repeats_it(open_page):
    tab = opened(open_page, "top_k?seed=3&k=5")
    drawn = tab.locator(f"{PICTURE} .word.drawn text").text_content()
    tab.locator(".st-key-go_on button").click()
    field = tab.locator(".st-key-top_k-text input")
    expect(field).to_have_value(re.compile(f" {drawn}$"))
    ready(tab)
    expect(tab).to_have_url(re.compile("text="))
    typed, seen = field.input_value(), words(tab)
    again = opened(open_page, tab.url.rsplit("/", 1)[1])
    expect(again.locator(".st-key-top_k-text input")).to_have_value(typed)
    assert words(again) == seen


def test_what_is_typed_stays_text(open_page, complaints):
    tab = opened(open_page)
    field = tab.locator(".st-key-top_k-text input")
    field.fill("the <img src=x onerror=alert(1)> $a$")
    field.press("Enter")
    expect(tab.locator(".st-key-unknown")).to_contain_text("“<img”, “src=x”, “onerror=alert(1)>”, “$a$”")
    expect(tab.locator(".st-key-unknown img")).to_have_count(0)
    assert ours(complaints) == []


@pytest.mark.parametrize("path", ["top_k", "top_k?all=true", "top_k?text=the+the&p=0.0"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_picture_and_main_controls_share_the_first_screen(open_page, path, scheme):
    tab = opened(open_page, path, scheme=scheme)
    for selector in (
        PICTURE,
        ".next-word .transport",
        ".st-key-top_k-text",
        ".st-key-top_k-k",
        ".st-key-top_k-temp",
        ".st-key-go_on",
    ):
        box = tab.locator(selector).bounding_box()
        assert box["y"] >= 0, selector
        assert box["y"] + box["height"] <= 720, selector


@pytest.mark.parametrize("path", ["top_k", "top_k?model=llm"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_in_the_picture_is_smaller_than_14_px_and_all_of_it_is_inside(open_page, width, path):
    tab = opened(open_page, path, width=width, height=800)
    frame = tab.locator(PICTURE).bounding_box()
    for name in ("logits", "sorted", "one draw"):
        step(tab, name)
        texts = tab.locator(f"{PICTURE} text").evaluate_all(
            """texts => texts.filter(t => t.textContent).map(t => {
                 const box = t.getBoundingClientRect();
                 return [t.textContent, parseFloat(getComputedStyle(t).fontSize), box.left, box.right]; })"""
        )
        for text, size, left, right in texts:
            assert size >= 14, text
            assert left >= frame["x"] - 1, text
            assert right <= frame["x"] + frame["width"] + 1, text


def test_a_real_model_can_be_chosen_and_cut_and_left_again(open_page, complaints):
    """Both models have a control for k, with other choices: neither may be handed what the other was set to."""
    tab = opened(open_page, "top_k")
    caption = tab.locator(".next-word .caption")
    tab.locator(".st-key-top_k-model button").last.click()
    expect(tab.locator(f"{PICTURE} .word.drawn text")).to_contain_text("␣")
    expect(tab).to_have_url(re.compile("model=llm$"))
    step(tab, "cut")
    expect(caption).to_contain_text("keeps 50 of 49,152")
    tab.locator(".st-key-top_k-k").get_by_role("slider").focus()
    tab.keyboard.press("End")
    expect(caption).to_contain_text("keeps 49,152 of 49,152")
    tab.locator(".st-key-shipped_2 button").click()
    expect(tab).to_have_url(re.compile("k=20&top_k-temp=0.6&top_k-top_p=0.95$"))
    tab.locator(".st-key-top_k-model button").first.click()
    expect(caption).to_contain_text("of 670")
    expect(tab).to_have_url(re.compile(r"top_k\?top_k-temp=0.6&top_k-top_p=0.95$"))
    expect(tab.locator(".st-key-top_k-text")).to_be_visible()
    assert ours(complaints) == []


def test_on_a_phone_the_picture_comes_before_the_controls(open_page):
    tab = opened(open_page, width=390, height=844)
    assert tab.locator(PICTURE).bounding_box()["y"] < tab.locator(".st-key-top_k-text").bounding_box()["y"]
