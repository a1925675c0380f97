"""How long a person waits for the home page, beside an empty Streamlit app in the same run.

Two waits are measured in a new visitor's browser: *cold*, from starting the server to the painted page, and *warm*,
from asking a running server to the painted page. Painted means that the heading is visible and, on the home page, that
the moving strip is drawn. The rounds are interleaved, so that a slow minute of the machine affects both.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from benchmarks.timing import Table, Target, ratio, report, wants_json
from tests.support.browsing import ARGUMENTS, CHROMIUM, seen
from tests.support.serving import ROOT, served

NOTHING, HOME = ("h1",), ("h1", ".life-strip svg circle")
EMPTY = "import streamlit as st\n\nst.title('Empty')\n"
ROUNDS = 7
TARGET = 1.3


def sights(browser: Browser, address: str, what: Sequence[str]) -> list[float]:
    """Seconds until a new visitor sees each of these, which appear in this order."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    seconds = []
    for each in what:
        seen(page, each, timeout=60_000)
        seconds.append(time.perf_counter() - start)
    context.close()
    return seconds


def cold(browser: Browser, app: Path, what: Sequence[str]) -> float:
    """Seconds from starting a server to its painted page."""
    start = time.perf_counter()
    with served(app) as address:
        sights(browser, address, what)
        return time.perf_counter() - start


def interleaved(tasks: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """The seconds that each task returns, in interleaved rounds; the first round burns in.

    What a task does after the page is painted, such as stopping the server, does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(1 + ROUNDS):
        for name, task in tasks.items():
            measured = task()
            if turn:
                seconds[name].append(measured)
    return seconds


def main(arguments: list[str]) -> int:
    """Print the seconds and the two ratios; the exit status says whether both are within the target."""
    as_json = wants_json(arguments, "startup")
    if CHROMIUM is None:
        raise SystemExit("This benchmark needs a browser: install the package chromium.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty = Path(folder) / "app.py"
        empty.write_text(EMPTY)
        # The same configuration for both: only the app differs.
        shutil.copytree(ROOT / ".streamlit", Path(folder) / ".streamlit")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        home = ROOT / "app.py"
        waits = {
            "cold": interleaved(
                {"empty": lambda: cold(browser, empty, NOTHING), "home": lambda: cold(browser, home, HOME)}
            )
        }
        with served(empty) as one, served(home) as two:
            waits["warm"] = interleaved(
                {"empty": lambda: sights(browser, one, NOTHING)[-1], "home": lambda: sights(browser, two, HOME)[-1]}
            )
        browser.close()
    rows = tuple(
        (wait, median(each["empty"]), median(each["home"]), ratio(each["home"], each["empty"]))
        for wait, each in waits.items()
    )
    title = f"Seconds until a new visitor sees the page (medians of {ROUNDS} interleaved rounds)"
    table = Table(title, ("wait", "empty app", "home page", "ratio"), rows)
    targets = [Target(f"home page against an empty app, {row[0]}", row[3], TARGET, at_most=True) for row in rows]
    return report("startup", [table], targets, as_json=as_json)
