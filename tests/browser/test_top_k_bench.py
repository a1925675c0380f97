"""The decoder's bench in a real browser: a step is moved with its buttons, by keyboard, and the link has the order."""

import re

from playwright.sync_api import expect

from lib.decoding import STEPS
from tests.browser.test_frame import ours
from tests.support.browsing import ready, seen


def test_a_step_is_moved_and_keeps_the_keyboard(open_page, complaints):
    tab = open_page("top_k?bench=true&temp=2&top_p=0.9&k=670")
    seen(tab, ".order li")
    items = tab.locator(".order li")
    expect(items).to_have_text(
        [re.compile(name) for name in ("penalty", "temperature", "top-k", "top-p")] * 1 + [re.compile(".")] * 3
    )
    later = tab.get_by_role("button", name="temperature: later")
    mine = list(STEPS)
    for place in (2, 3):
        later.focus()
        tab.keyboard.press("Enter")
        mine.remove("temperature")
        mine.insert(place, "temperature")
        # The server has answered: the address and the table have the new order.
        expect(tab).to_have_url(re.compile(rf"order={re.escape('.'.join(mine))}"))
        ready(tab)
        expect(later).to_be_focused()
        assert items.evaluate_all("items => items.map(item => item.dataset.id)") == mine
    expect(tab.get_by_role("cell", name=re.compile("your order"))).to_be_visible()
    # The first step cannot come earlier.
    expect(items.first.get_by_role("button", name=re.compile("earlier"))).to_have_attribute("aria-disabled", "true")
    assert ours(complaints) == []
