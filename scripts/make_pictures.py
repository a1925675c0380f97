"""Make the README's pictures from the running app: ``python -m scripts.make_pictures``. Needs Chromium."""

import base64

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browsing import ARGUMENTS, CHROMIUM, ready
from tests.support.serving import ROOT, served

FOLDER = ROOT / "docs"
PHONES = 5
SIDE_BY_SIDE = """
body { margin: 0; padding: 20px; display: flex; gap: 20px; justify-content: center; background: #e9edf2; }
img { height: 460px; border: 6px solid #222; border-radius: 14px; box-sizing: border-box; }
"""


def main() -> None:
    """Write docs/dropout.png, docs/training.png and docs/room.png."""
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-US").new_page()

        page.goto(f"{address}/training?train=1")
        ready(page)
        page.get_by_label("Follow live").check()
        page.wait_for_function("document.querySelector('.two-dice.training').dataset.drawn === '100'")
        page.screenshot(path=FOLDER / "training.png")

        page.goto(f"{address}/dropout")
        ready(page)
        page.locator(".transport input[type=range]").fill("6")
        page.screenshot(path=FOLDER / "dropout.png")

        a_room(browser, address).screenshot(path=FOLDER / "room.png")
        browser.close()


def a_room(browser: Browser, address: str) -> Page:
    """A page with the pictures of a projector and of three of the five phones in its room."""

    def opened(link: str, width: int, height: int) -> Page:
        tab = browser.new_context(viewport={"width": width, "height": height}, locale="en-US").new_page()
        tab.goto(f"{address}/{link}")
        ready(tab)
        return tab

    projector = opened("room", 1280, 720)
    projector.locator(".st-key-open-room button").click()
    code = projector.locator(".st-key-code h2").inner_text()
    projector.locator(".st-key-pages a", has_text="Dropout").click()
    phones = [opened(f"?room={code}", 390, 844) for _ in range(PHONES)]
    for phone in phones:
        phone.locator(".tappable").first.wait_for()
    projector.locator(".st-key-class-view button", has_text="the class").click()
    projector.get_by_text(f"Phones: {PHONES}").wait_for()
    projector.locator(".st-key-class-average .js-plotly-plot .scatterlayer path").first.wait_for()
    shots = [tab.screenshot() for tab in (projector, *phones[:3])]
    images = [f'<img src="data:image/png;base64,{base64.b64encode(shot).decode()}">' for shot in shots]
    together = browser.new_page(viewport={"width": 1760, "height": 500})
    together.set_content(f"<style>{SIDE_BY_SIDE}</style>{''.join(images)}")
    return together


if __name__ == "__main__":
    main()
