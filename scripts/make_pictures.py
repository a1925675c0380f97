"""Make the README's pictures from the running app: ``python -m scripts.make_pictures``. Needs Chromium."""

from playwright.sync_api import sync_playwright

from tests.support.browsing import ARGUMENTS, CHROMIUM, ready
from tests.support.serving import ROOT, served

FOLDER = ROOT / "docs"


def main() -> None:
    """Write docs/dropout.png and docs/training.png."""
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
        browser.close()


if __name__ == "__main__":
    main()
