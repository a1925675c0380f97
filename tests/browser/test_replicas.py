"""A browser whose replica is killed: it goes on with the other one, where it was."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browsing import ready
from tests.support.proxying import NGINX, proxied
from tests.support.visiting import Visitor
from tests.web.test_replicas import Hosted
from tests.web.test_server import in_a_thread

# Half a second later the connection is there again, so it is noted down that it was not.
NOTICE = """
globalThis.lost = false;
const connected = "[data-testid=stApp][data-test-connection-state=CONNECTED]";
const look = () => { lost ||= !document.querySelector(connected); };
new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
"""


async def somebody_has_been_at(replica: str) -> None:
    """The first visitor of a server waits until PyTorch is imported; that is not what is looked at here."""
    async with Visitor(replica) as visitor:
        await visitor.open("dropout")


@pytest.mark.skipif(NGINX is None, reason="no nginx on this machine: install the package nginx-light")
def test_a_killed_replica_is_hardly_noticed(browser):
    hosted = Hosted("")
    try:
        replicas = [hosted.start(port) for port in hosted.ports]
        for replica in replicas:
            in_a_thread(somebody_has_been_at(replica))
        with proxied(replicas) as hosted.proxy:
            tab = browser.new_context(locale="en-US").new_page()
            tab.goto(f"{hosted.proxy.address}/dropout?dropout-p=0.3")
            ready(tab)
            slider = tab.locator(".st-key-dropout-p input[type=range]").first
            slider.press("ArrowRight")
            tab.wait_for_url(re.compile(r"dropout-p=0\.35"))
            (seat,) = (each["value"] for each in tab.context.cookies() if each["name"] == "seat")
            tab.evaluate(NOTICE)
            hosted.kill(hosted.replica_of(seat))
            tab.wait_for_function("lost")
            ready(tab)
            expect(tab.locator(".st-key-dropout-p")).to_contain_text("0.35")
            slider.press("ArrowRight")
            tab.wait_for_url(re.compile(r"dropout-p=0\.4"))
            tab.context.close()
    finally:
        hosted.stop()
