"""The system's own Chromium, and how to know that a page is ready."""

import shutil

from playwright.sync_api import Page

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine can be reached, by any name: what a page asks of another host is an error on its console.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
# Not at rest: a widget whose code is being loaded, or a run in the background, with which the server is not idle.
BUSY = (
    "[data-testid=stSkeleton], [data-testid=stProgress], .experiment[data-complete=false], "
    ".two-dice.training .status:not([hidden])"
)
READY = '[data-testid=stApp][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'


# The app's own look (lib/web/frame/style.css) comes with the code of Streamlit's components, which a browser loads
# meanwhile.
DRESSED = "(style => style && getComputedStyle(style).position === 'absolute')(document.querySelector('.st-key-style'))"


def ready(page: Page) -> None:
    """Wait until the page's script has run to its end, and the page looks as it should."""
    page.wait_for_function(f"ready => document.querySelector(ready) && {DRESSED}", arg=READY)


def seen(page: Page, selector: str, timeout: float = 30_000) -> None:
    """Wait until the first element of this kind is there and takes room.

    Asked at every frame: a locator's own wait asks less and less often, in the end twice a second.
    """
    visible = "element?.getBoundingClientRect().height > 0 && element.checkVisibility({ visibilityProperty: true })"
    found = f"selector => (element => {visible})(document.querySelector(selector))"
    page.wait_for_function(found, arg=selector, polling="raf", timeout=timeout)


def present(page: Page) -> None:
    """Press P, once the page is at rest and has the code for it: a key before that is lost."""
    ready(page)
    page.wait_for_function("globalThis.twoDiceKeys")
    seen(page, ".st-key-icon-co_present button")
    page.keyboard.press("p")
