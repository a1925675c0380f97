"""Does watching slow the training down? The same run, unwatched and watched by a browser, in turn.

*Unwatched* is a server's background run in a separate process, with nobody asking for it. *Watched* is the app itself:
a browser on the same machine draws the run's curves and maps while it trains, and the page shows the speed under the
numbers. Each round has two watched runs: one that begins while the browser is still loading the page, which keeps both
cores busy whatever is shown, and a second one watched by the open page. Only the second is judged. Each run has a
different seed, since a finished one would be shared.
"""

import re
import subprocess
import sys
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.timing import Table, Target, ratio, report, wants_json
from tests.support.browsing import ARGUMENTS, CHROMIUM, ready
from tests.support.serving import ROOT, served

STEPS, ROUNDS = 8000, 5

UNWATCHED = """
import sys, threading
from lib.training import TrainingConfig
from lib.web.runs.worker_pool import Run, Watcher
from lib.web.training.player import TrainingJob
config = TrainingConfig(steps={steps}, seed={seed})
run = Run(lambda: TrainingJob(config))
run.watchers.add(Watcher())
thread = threading.Thread(target=run.take_turn, args=(1e9,))
thread.start()
thread.join()
print(run.steps_per_second * len(config.rates) * config.members)
"""


def unwatched(seed: int) -> float:
    """Network-steps per second of a background run that nobody watches."""
    program = UNWATCHED.format(steps=STEPS, seed=seed)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def watched(browser: Browser, address: str, seed: int) -> tuple[float, float, float]:
    """Network-steps per second of a run during which a browser opens the page, and of the next one, which the open page
    watches; and how often per second the browser drew that one."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-US")
    page = context.new_page()
    page.goto(f"{address}/training?train=1&steps={STEPS}&seed={seed}")
    ready(page)
    opened = speed_shown(page)
    page.get_by_text("More", exact=True).click()
    number = page.locator(".st-key-training-seed input")
    number.fill(str(1000 + seed))
    number.press("Enter")
    page.get_by_text("The controls have changed since").wait_for()
    player = "document.querySelector('.two-dice.training').dataset"
    before = page.evaluate(f"{player}.run")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(f"{player}.run !== '{before}'", timeout=20_000)
    drawn = page.evaluate(
        f"""async () => {{
          const count = Number({player}.updates), start = performance.now();
          await new Promise((next) => setTimeout(next, 2000));
          return (Number({player}.updates) - count) / ((performance.now() - start) / 1000);
        }}"""
    )
    speed = speed_shown(page)
    context.close()
    return opened, speed, float(drawn)


def speed_shown(page: Page) -> float:
    """Network-steps per second, as shown on the page once the run is over."""
    text = page.get_by_text("networks trained side by side").inner_text(timeout=60_000)
    speed = re.search(r"([\d,]+) network-steps", text)
    assert speed, text
    return float(speed[1].replace(",", ""))


def main(arguments: list[str]) -> int:
    """Print both speeds, their ratio, and the browser's updates per second."""
    as_json = wants_json(arguments, "watching")
    if CHROMIUM is None:
        raise SystemExit("This benchmark needs a browser: install the package chromium.")
    alone, opened, watching, updates = [], [], [], []
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for seed in range(ROUNDS + 1):
            slow, (first, fast, drawn) = unwatched(seed), watched(browser, address, seed)
            if seed:  # the first round burns in
                alone.append(slow)
                opened.append(first)
                watching.append(fast)
                updates.append(drawn)
        browser.close()
    share = ratio(watching, alone)
    table = Table(
        f"Two arms of 8 networks, 2-64-64-1, {STEPS:,} steps (medians of {ROUNDS} interleaved rounds)",
        ("", "network-steps/s", "updates/s in the browser"),
        (
            ("unwatched", median(alone), None),
            ("while the page is opened", median(opened), None),
            ("watched by the open page", median(watching), median(updates)),
        ),
    )
    targets = [
        Target("speed while watched, as a share of unwatched", share, 0.85),
        Target("updates per second while it trains", median(updates), 3.0),
    ]
    return report("watching", [table], targets, as_json=as_json)
