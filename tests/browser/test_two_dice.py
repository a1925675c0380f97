"""The Two dice page in a browser: sentences come by themselves, the table fills, the picture stays put and in sight."""

import re

from playwright.sync_api import expect

from tests.browser.test_frame import ours
from tests.support.browsing import ready

TABLE = ".two-dice.experiment"


def measured(tab, path_is="true"):
    expect(tab.locator(TABLE)).to_have_attribute("data-complete", path_is, timeout=60_000)
    ready(tab)


def shown(tab):
    """The newest sentence of every cell."""
    return tab.locator(f"{TABLE} .feed li:first-child").all_inner_texts()


def test_the_two_by_two_measures_itself_and_tells_sentences(open_page, complaints):
    tab = open_page("two_dice?n=200")
    measured(tab)
    expect(tab.locator(f"{TABLE} tbody td")).to_have_count(6)
    expect(tab.locator(f"{TABLE} .waiting")).to_have_count(0)
    before = shown(tab)
    at = int(tab.locator(f"{TABLE} .transport").get_attribute("data-position"))
    tab.wait_for_function(f"Number(document.querySelector('.experiment .transport').dataset.position) > {at}")
    assert shown(tab) != before
    # A mark is a symbol and a word, not only a colour.
    for text in shown(tab):
        assert re.match(r"(© copied|✓ new|✗ impossible) ", text)
    assert ours(complaints) == []


def test_table_and_main_controls_are_on_the_first_screen(open_page):
    for path in ("two_dice?n=100", "two_dice?n=100&all=true"):
        tab = open_page(path)
        measured(tab)
        for selector in (
            f"{TABLE} table",
            f"{TABLE} .transport",
            ".st-key-two_dice-p",
            ".st-key-two_dice-k",
            ".st-key-two_dice-all",
        ):
            box = tab.locator(selector).first.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 720, selector


def test_no_text_in_the_table_is_smaller_than_14_px(open_page):
    for path in ("two_dice?n=100", "two_dice?n=100&all=true"):
        tab = open_page(path)
        measured(tab)
        sizes = tab.evaluate(
            f"""[...document.querySelectorAll('{TABLE} *')]
                .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
                .map((e) => parseFloat(getComputedStyle(e).fontSize))"""
        )
        assert min(sizes) >= 14


def test_another_measure_leaves_the_picture_where_it_is_and_other_sentences_start_anew(open_page):
    tab = open_page("two_dice?n=100")
    measured(tab)
    transport = tab.locator(f"{TABLE} .transport")
    tab.locator(TABLE).get_by_role("button", name="Pause").click()
    for _ in range(5):
        tab.locator(TABLE).get_by_role("button", name="One step forward").click()
    at, before = transport.get_attribute("data-position"), shown(tab)
    tab.evaluate(f"document.querySelector('{TABLE}').dataset.kept = 'yes'")
    # What stands below is drawn anew; the table is not even touched.
    tab.locator(".st-key-two_dice-forgot label").first.click()
    expect(tab.get_by_text("Does it buy variety?")).to_be_visible(timeout=60_000)
    expect(tab.locator(TABLE)).to_have_attribute("data-kept", "yes")
    expect(transport).to_have_attribute("data-position", at)
    assert shown(tab) == before
    tab.get_by_role("button", name="Other sentences").click()
    expect(tab).to_have_url(re.compile("seed=1"))
    measured(tab)
    expect(transport).to_have_attribute("data-playing", "true")
    expect(tab.locator(TABLE)).to_have_attribute("data-kept", "yes")


def test_under_reduced_motion_no_sentence_moves_by_itself(open_page):
    tab = open_page("two_dice?n=100", reduced_motion="reduce")
    measured(tab)
    expect(tab.locator(f"{TABLE} .transport")).to_have_attribute("data-playing", "false")
    assert len(shown(tab)) == 6


def test_the_table_says_what_it_is_to_those_who_cannot_see_it(open_page):
    tab = open_page("two_dice?n=100", width=390, height=844)
    measured(tab)
    table = tab.get_by_role("table", name="How each model learned")
    expect(table.get_by_role("rowheader")).to_have_count(3)
    expect(table.get_by_role("columnheader")).to_have_count(2)
    expect(table.get_by_role("img", name=re.compile(r"% copied, .*% impossible"))).to_have_count(6)
    expect(tab.get_by_text("The forgotten eval()")).to_be_attached()


def test_both_models_are_trained_live_and_their_curves_grow(open_page, complaints):
    tab = open_page("two_dice?n=100&train_n=100")
    measured(tab)
    tab.get_by_role("button", name="Train both").click()
    player = tab.locator(".two-dice.training")
    expect(player.locator(".panel")).to_have_count(2, timeout=60_000)
    tab.wait_for_function("Number(document.querySelector('.two-dice.training').dataset.drawn) >= 1", timeout=60_000)
    tab.evaluate("document.querySelector('.two-dice.training').dataset.kept = 'yes'")
    first = int(player.get_attribute("data-drawn"))
    tab.wait_for_function(
        f"Number(document.querySelector('.two-dice.training').dataset.drawn) > {first}", timeout=60_000
    )
    expect(player).to_have_attribute("data-kept", "yes")
    expect(tab.locator(f"{TABLE} .status")).to_contain_text("Both models are learning")
    expect(tab).to_have_url(re.compile("models=yours"))
    assert ours(complaints) == []
