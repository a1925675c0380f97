"""The Training page in a real browser: curves grow in place, at each student's pace, and a closed tab stops its run."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_frame import ours

# Long enough to look at while it trains, and different for each test, since a finished run is shared.
LONG = "training?train=1&data=digits&n=1000&layers=256-256&steps=8000&seeds=16&batch=64&seed="
SHORT = "training?train=1&seed="

COUNT_REMOVALS = """() => {
  window.removals = 0;
  const plots = [...document.querySelectorAll('.two-dice .curves, .two-dice .map')];
  plots.forEach((plot) => (plot.marked = true));
  const plot = '.curves, .map';
  const lost = (node) => node.nodeType === 1 && (node.matches(`${plot}, .two-dice`) || node.querySelector(plot));
  new MutationObserver((changes) => changes.forEach((change) => {
    window.removals += [...change.removedNodes].filter(lost).length;
  })).observe(document.querySelector('[data-testid=stMain]'), { childList: true, subtree: true });
  return plots.length;
}"""

ZOOM = """() => Plotly.relayout(document.querySelector('.two-dice .curves'),
                                {'yaxis.range[0]': 0.1, 'yaxis.range[1]': 0.9})"""


def drawn(page: Page) -> int:
    return int(page.locator(".two-dice.training").get_attribute("data-drawn") or -1)


def wait_until_drawn(page: Page, point: int) -> None:
    page.wait_for_function(f"Number(document.querySelector('.two-dice.training')?.dataset.drawn ?? -1) >= {point}")


def received(page: Page) -> int:
    """Points that Plotly was given for the validation curve."""
    return page.evaluate(
        """() => Math.max(...document.querySelector('.two-dice .curves').data
             .filter((trace) => trace.meta?.series === 'val_loss.0.mean').map((trace) => trace.x?.length ?? 0))"""
    )


def last_step_shown(page: Page) -> float:
    """The step up to which the curves can be seen: where their clip ends, read off the axis."""
    return page.evaluate(
        """() => {
          const plot = document.querySelector('.two-dice .curves');
          const clip = document.querySelector('.two-dice .over clipPath rect');
          const end = Number(clip.getAttribute('x')) + Number(clip.getAttribute('width'));
          return plot._fullLayout.xaxis.p2d(end);
        }"""
    )


def test_curves_grow_while_training_without_a_remount_and_a_zoom_is_kept(open_page, complaints):
    page = open_page(LONG + "1")
    wait_until_drawn(page, 2)
    assert page.evaluate(COUNT_REMOVALS) == 2
    before, shown = received(page), last_step_shown(page)
    page.evaluate(ZOOM)
    wait_until_drawn(page, max(drawn(page) + 4, before))
    assert received(page) > before
    assert last_step_shown(page) > shown
    assert page.evaluate("document.querySelector('.two-dice .curves').layout.yaxis.range") == [0.1, 0.9]
    assert page.evaluate("window.removals") == 0
    assert page.evaluate("[...document.querySelectorAll('.two-dice .curves')].every((plot) => plot.marked)")
    assert ours(complaints) == []


def test_while_it_trains_there_are_at_least_three_updates_a_second(open_page):
    """In the best of four seconds: a machine that is busy with other tests draws slower, and not for ever."""
    page = open_page(SHORT + "2&steps=8000&seeds=16")
    wait_until_drawn(page, 1)
    rate = page.evaluate(
        """async () => {
          const player = document.querySelector('.two-dice.training');
          const rates = [];
          while (rates.length < 4 && !player.querySelector('.status').hidden) {
            const [count, start] = [Number(player.dataset.updates), performance.now()];
            while (performance.now() - start < 1000) await new Promise((next) => requestAnimationFrame(next));
            rates.push((Number(player.dataset.updates) - count) / ((performance.now() - start) / 1000));
          }
          return Math.max(...rates);
        }"""
    )
    assert round(rate) >= 3  # the last frame of a second is not at its end


def test_the_student_pauses_steps_scrubs_and_starts_again(open_page):
    page = open_page(SHORT + "3&steps=500")
    wait_until_drawn(page, 5)
    page.get_by_role("button", name="Pause").click()
    at = int(page.locator(".transport").get_attribute("data-position"))
    page.get_by_role("button", name="One step forward").click()
    expect(page.locator(".transport")).to_have_attribute("data-position", str(at + 1))
    expect(page.locator(".two-dice.training")).to_have_attribute("data-drawn", str(at + 1))
    page.wait_for_function("document.querySelector('.transport input[type=range]').max >= 40")
    page.locator(".transport input[type=range]").fill("40")
    expect(page.locator(".two-dice.training")).to_have_attribute("data-drawn", "40")
    assert last_step_shown(page) == pytest.approx(200, abs=3)  # half a pixel is a step and a half
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator(".two-dice.training")).to_have_attribute("data-drawn", "0")
    page.get_by_label("Follow live").check()
    expect(page.locator(".two-dice.training")).to_have_attribute("data-drawn", "100")
    expect(page.locator(".two-dice .numbers").first).to_contain_text("Step 500")


def test_the_numbers_over_the_curves_are_those_of_the_table(open_page):
    page = open_page(SHORT + "4&steps=200")
    wait_until_drawn(page, 1)
    page.get_by_label("Follow live").check()
    expect(page.locator(".two-dice .numbers").first).to_contain_text("Step 200")
    shown = re.search(r"validation ([\d.]+)", page.locator(".two-dice .numbers").first.inner_text())
    row = page.locator("tr", has_text="Validation loss at the end")
    expect(row.locator("td").nth(1)).to_have_text(shown.group(1))


def test_a_closed_tab_stops_its_run_within_five_seconds(open_page):
    """The runs of two tabs take turns until one tab is closed."""
    first, second = (open_page(f"{LONG}{seed}") for seed in (10, 11))
    wait_until_drawn(first, 1)
    status = second.locator(".two-dice.training .status")
    expect(status).to_contain_text("takes turns with 1 other run")
    first.close()
    expect(status).not_to_contain_text("takes turns", timeout=5_000)


def test_leaving_the_page_stops_the_run_and_coming_back_goes_on(open_page):
    page = open_page(LONG + "30")
    wait_until_drawn(page, 1)
    other = open_page(LONG + "31")
    status = other.locator(".two-dice.training .status")
    expect(status).to_contain_text("takes turns with 1 other run")
    page.locator(".st-key-navigation a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why dropout, if top-k is already random?")
    expect(status).not_to_contain_text("takes turns", timeout=20_000)
    other.close()
    page.go_back()
    before = drawn(page) if page.locator(".two-dice.training").count() else 0
    wait_until_drawn(page, max(1, before))
