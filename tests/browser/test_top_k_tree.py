"""Words that are chosen in the pictures of the Top-k page: boxes of the tree, by mouse and by keyboard, and bars."""

import re

from playwright.sync_api import Page, expect

from tests.browser.test_frame import ours
from tests.browser.test_saving import numbers
from tests.support.browsing import ready, seen


def the_sentence(tab: Page):
    return tab.locator(".st-key-top_k-text input")


def boxes(tab: Page):
    return tab.locator(".tree [role=treeitem]")


def test_a_box_is_chosen_by_keyboard_and_the_path_is_in_the_link(open_page, complaints):
    tab = open_page("top_k?tree=true&k=3")
    seen(tab, ".tree [role=treeitem]")
    expect(tab.locator(".tree > svg")).to_have_attribute("aria-label", re.compile("continuations of “the lamb ate”"))
    expect(tab.locator(".tree [tabindex='0']")).to_have_count(1)
    tab.locator(".tree [tabindex='0']").focus()
    expect(tab.locator(".tree .caption")).to_have_text(re.compile(r"^\w+: \d+"))
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    below = tab.locator(".tree [role=treeitem]:focus")
    expect(below).to_have_attribute("aria-level", "2")
    chosen = below.get_attribute("aria-label").split(":")[0]
    tab.keyboard.press("Enter")
    expect(the_sentence(tab)).to_have_value(f"the lamb ate {chosen}")
    ready(tab)
    expect(tab).to_have_url(re.compile("top_k-text=the"))
    expect(tab.locator(".tree > svg")).to_have_attribute("aria-label", re.compile(f"“the lamb ate {chosen}”"))
    assert ours(complaints) == []


def test_another_p_moves_the_boxes_and_widths_are_probabilities(open_page):
    tab = open_page("top_k?tree=true&p=0.0&k=670")
    seen(tab, ".tree .trained rect")
    trained = tab.locator(".tree [role=treeitem].trained")
    before = trained.count()
    assert before >= 4
    # Each box says its probability, and is as wide: to the percent, once it has come to rest.
    tab.wait_for_function(
        """() => {
          const whole = document.querySelector('.tree > svg').getBoundingClientRect().width;
          const box = document.querySelector('.tree [role=treeitem]');
          const said = parseFloat(box.getAttribute('aria-label').split(': ')[1]) / 100;
          return Math.abs(box.querySelector('rect').getBoundingClientRect().width / whole - said) < 0.01;
        }"""
    )
    names, rows = numbers(tab.locator(".two-dice.tree"))
    assert names == ["continuation", "probability", "kind"]
    assert len(rows) == boxes(tab).count()
    assert [kind for *_, kind in rows].count("as in the training set") == before
    tab.locator(".st-key-top_k-p button").last.click()
    expect(tab).not_to_have_url(re.compile("top_k-p="))
    expect(trained).not_to_have_count(before)


def test_a_bar_that_is_clicked_is_said_and_one_can_step_back(open_page):
    tab = open_page("top_k?k=5")
    seen(tab, ".next-word .word.forcible")
    bar = tab.locator(".next-word .word.forcible").nth(2)
    word = bar.locator("text").text_content()
    bar.locator("rect.bar").click()
    expect(the_sentence(tab)).to_have_value(f"the lamb ate {word}")
    ready(tab)
    tab.get_by_role("button", name="One word back").click()
    expect(the_sentence(tab)).to_have_value("the lamb ate")
