"""What a student waits for: the first sight of every page, and the picture after every move of every control.

*First sight.* A new visitor opens a link to the page, beside an empty Streamlit app in the same round. *Cold* means
that the server has just started and this is its first visitor; *warm*, that it has had one. The first paint is the
heading, which is all that the empty app has and is judged against it. The page's picture comes later; how much later is
printed too.

*A moved control.* The page is open on an idle server, and each of its controls is moved back and forth, by key or
click. The clock starts with the key or click in the browser (Streamlit 1.67 sends each at once; for a text field it is
the Enter key). It stops with the last frame in which anything on the page changed, other than the control itself,
before the app came to rest. Pictures hold still, as for somebody who asked the browser for less motion.

Controls are found on the page, so a new one is measured without a change here. `--page NAME` measures only one page.
"""

import argparse
import ast
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Locator, Page, TimeoutError, sync_playwright

from benchmarks.startup import EMPTY, NOTHING, sights
from benchmarks.timing import Cell, Table, Target, ratio, report
from tests.support.browsing import ARGUMENTS, BUSY, CHROMIUM
from tests.support.serving import ROOT, served

ROUNDS, MOVES = 5, 6
FIRST_PAINT, MOVE = 1.5, 150  # the targets: times an empty app, and milliseconds

# The element that shows that a page's picture is drawn. (The quiz has no picture, and only buttons.)
_CHART = ".chart .main-svg"
PICTURES = {
    "": ".life-strip svg circle",
    "dropout": ".network > svg circle.unit",
    "training": ".two-dice.training .main-svg",
    "top_k": ".next-word > svg .word",
    "two_dice": ".experiment table",
    "today": ".time-line .events",
    "today?part=models": _CHART,
    "today?part=places": ".block > svg",
    "today?part=data": _CHART,
    "today?part=paper": _CHART,
    "today?part=schedules": _CHART,
    "today?part=instead": _CHART,
}
# Controls that are there, or can be used, only with these settings.
ELSEWHERE = {
    "dropout?each=true": ("p2",),
    "training?train=1": ("metric", "log", "noisy"),
    "today?part=paper&fig=10&images=digits": ("images", "flips", "digits", "drop"),
}
KINDS = {
    "stSlider": "slider",
    "stNumberInput": "number",
    "stButtonGroup": "choice",
    "stSelectbox": "list",
    "stCheckbox": "toggle",
    "stTextInput": "text",
    "stButton": "button",
    "stMenuButton": "menu",
}
WIDGETS = ", ".join(f"[data-testid={kind}]" for kind in KINDS)
UNFOLD, HOLDS = ".st-key-more details", f"details:has({WIDGETS})"  # "More", and other expanders with controls in them
# Buttons with these icons, and options with this name, start a training; the wait for it is not measured here.
TRAINS = ("play_arrow", "school")
TRAINED = "your own"


@dataclass(frozen=True)
class Control:
    """A widget on the page, where to find it, and its name: that of its setting, or the text on the button."""

    kind: str
    name: str
    where: str


@dataclass(frozen=True)
class Move:
    """One move of a control: milliseconds from the key or click."""

    new: bool  # the value is new to this server
    first: float  # until the first change on the page
    last: float  # until the last one
    server: float  # the part of this between the browser's request and the server's last message


def visits(browser: Browser, app: Path, path: str, what: Sequence[str]) -> tuple[list[float], list[float]]:
    """Seconds until a server's first visitor sees each of these, and its second."""
    with served(app) as address:
        return sights(browser, f"{address}/{path}", what), sights(browser, f"{address}/{path}", what)


def first_sights(browser: Browser, links: list[str]) -> Table:
    """Every page beside an empty app, in interleaved rounds. A server is started for each visit of a round."""
    seconds = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "app.py"
        empty.write_text(EMPTY)
        # The same configuration for both: only the app differs.
        shutil.copytree(ROOT / ".streamlit", Path(folder) / ".streamlit")
        for turn in range(1 + ROUNDS):
            measured = {"empty app": visits(browser, empty, "", NOTHING)}
            for link in links:
                measured[link or "home"] = visits(browser, ROOT / "app.py", link, ("h1", PICTURES[link]))
            for name, waits in measured.items():
                if turn:  # the first round burns in
                    seconds[name].append(waits)
    rows = []
    nothing = [[heading for heading, *_picture in waits] for waits in zip(*seconds["empty app"], strict=True)]
    for name, waited in seconds.items():
        row: list[Cell] = [name]
        for ours, theirs in zip(zip(*waited, strict=True), nothing, strict=True):
            headings, pictures = [each[0] for each in ours], [each[-1] for each in ours]
            row += [median(headings), ratio(headings, theirs), median(pictures), ratio(pictures, theirs)]
        rows.append(tuple(row))
    title = (
        f"Seconds until a new visitor sees the page, and times an empty app (medians of {ROUNDS} interleaved rounds)"
    )
    columns = ("first paint, cold", "ratio", "picture, cold", "ratio", "first paint, warm", "ratio", "picture, warm")
    return Table(title, ("link", *columns, "ratio"), tuple(rows))


def opened(page: Page, address: str) -> None:
    """Open the page, wait until it is at rest, and open the expanders that have controls in them."""
    page.goto(address)
    page.wait_for_selector(".st-key-footer")  # the last thing that a page draws
    settled(page)
    for expanders in (UNFOLD, HOLDS):  # first the one whose controls are drawn only when it is opened
        while (closed := page.locator(f"{expanders}:not([open]) > summary")).count():
            closed.first.click()
            settled(page)
    page.wait_for_function("document.getAnimations().length === 0")  # they unfold
    settled(page)


def settled(page: Page) -> None:
    """Wait until the page and any run behind it are at rest."""
    page.wait_for_function(f"stopwatch.quiet() && !document.querySelector('{BUSY}')", timeout=180_000)


def controls_of(page: Page) -> list[Control]:
    """Every control on the page, in order, except buttons that start a training."""
    found = page.locator("[data-testid=stMain]").locator(WIDGETS)
    described = found.evaluate_all(
        """found => found.map((each) => [
          each.dataset.testid,
          each.closest("[data-testid=stElementContainer]")?.className.match(/st-key-(\\S+)/)?.[1],
          each.innerText.split(/\\s*\\n\\s*/)])"""
    )
    controls = []
    for widget, key, texts in described:
        label = next((text for text in reversed(texts) if text and not text.startswith("expand_")), "")
        where = f".st-key-{key}" if key else f"[data-testid={widget}]:has-text('{label}')"
        if not set(texts) & set(TRAINS):
            setting = key and key.split("-", 1)[-1]  # the key of a setting begins with its page: dropout-p
            controls.append(Control(KINDS[widget], setting or label, where))
    return controls


def moves(page: Page, control: Control) -> Iterator[tuple[object, Callable[[], None]]]:
    """Yield moves of a control: how far it will be from where it started, and the action."""
    widget = page.locator(control.where).first
    match control.kind:
        case "slider" | "number":
            thumb = widget.locator("input")
            least, now, most, step = (float(thumb.get_attribute(name) or 0) for name in ("min", "value", "max", "step"))
            keys = ("ArrowRight", "ArrowLeft") if control.kind == "slider" else ("ArrowUp", "ArrowDown")
            up, down = round((most - now) / step), round((now - least) / step)
            reach = min(3, max(up, down))  # as far as there is room, and back
            for i in range(MOVES):
                onward = (i // reach) % 2 == 0
                key = keys[onward != (up >= down)]
                yield reach - abs((i + 1) % (2 * reach) - reach), partial(thumb.press, key)
        case "choice":
            options = widget.locator("button").filter(has_not_text=TRAINED)
            checked = [each.get_attribute("aria-checked") == "true" for each in options.all()]
            yield from in_turn(options, checked.index(True) if True in checked else -1)
        case "toggle":
            for turned in 3 * (True, False):
                yield turned, widget.locator("label").click
        case "list":
            field, options = widget.locator("input"), page.locator("[role=option]")
            for i in range(1, 1 + MOVES):
                chosen = field.input_value()
                widget.locator("button").click()
                options.first.wait_for()
                texts = options.all_inner_texts()
                at = (texts.index(chosen) + 1) % len(texts)
                yield i % len(texts), options.nth(at).click
        case "text":
            field = widget.locator("input")
            words = field.input_value().split()
            for cut in (1, 2, 0, 1, 2, 0):
                field.fill(" ".join(words[: max(1, len(words) - cut)]))
                yield cut % len(words), partial(field.press, "Enter")
        case "button":
            button = widget.locator("button").first
            for i in range(1, 1 + MOVES):
                if button.count() and button.is_enabled():  # it is disabled at the end of a sentence
                    yield i, button.click
        case "menu":
            for i in range(2 * MOVES):
                widget.locator("button").click()
                options = page.get_by_role("menuitem")
                options.first.wait_for()
                yield i % options.count(), options.nth(i % options.count()).click


def in_turn(options: Locator, now: int) -> Iterator[tuple[object, Callable[[], None]]]:
    """Click one option after another, starting after the one chosen now, and then each once more."""
    count = options.count()
    for i in range(1, 1 + max(MOVES, 2 * count)) if count else ():
        yield i % count, options.nth((now + i) % count).click


def moved(page: Page, control: Control) -> list[Move]:
    """Move a control back and forth, and wait each time until the page is at rest again."""
    seen: set[object] = {0}
    done: list[Move] = []
    widget = page.locator(control.where).first
    widget.scroll_into_view_if_needed()  # first, because scrolling closes a list
    settled(page)
    try:
        for value, move in moves(page, control):
            widget.evaluate("control => { stopwatch.own = control; }")
            move()
            page.wait_for_function("stopwatch.sent && stopwatch.quiet()")
            at = page.evaluate("({ ...stopwatch, own: null })")
            first, last = ((at[each] or at["received"]) - at["asked"] for each in ("first", "drawn"))
            done.append(Move(value not in seen, first, last, at["received"] - at["sent"]))
            seen.add(value)
            settled(page)
    except TimeoutError:
        print(f"{control} on {page.url} could not be moved.", file=sys.stderr)
    return done


def waits_of_controls(browser: Browser, links: list[str]) -> dict[tuple[str, str, str], list[Move]]:
    """All moves by link, control and kind. For every control, the page is opened anew with its link."""
    found: dict[tuple[str, str, str], list[Move]] = {}
    with served() as address:
        context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
        context.add_init_script(path=Path(__file__).with_name("stopwatch.js"))
        page = context.new_page()
        page.set_default_timeout(20_000)
        for link in links:
            opened(page, f"{address}/{link}")
            known = {name for other, name, _kind in found if other == link.split("?")[0]}
            for control in controls_of(page):
                if control.name in ELSEWHERE[link] if link in ELSEWHERE else control.name not in known:
                    opened(page, f"{address}/{link}")
                    made = moved(page, control)
                    if made:
                        found[link, control.name, control.kind] = made
        context.close()
    return found


def settings_of(name: str) -> set[str]:
    """The settings that a page declares, read from the source, because importing a page would run it."""
    page = ROOT / ("app.py" if name == "home" else f"pages/{name}.py")
    beside = ROOT / "lib" / "web" / name / "settings.py"  # if they are not in the page itself
    nodes = [node for file in (page, beside) if file.exists() for node in ast.parse(file.read_text("utf-8")).body]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    return {each.target.id for node in classes for each in node.body if isinstance(each, ast.AnnAssign)}  # type: ignore[union-attr]


def main(arguments: list[str]) -> int:
    """Print both tables, the longest waits first; the exit status says whether all are within their targets."""
    pages = list(dict.fromkeys(page_of(link) for link in PICTURES))
    parser = argparse.ArgumentParser(prog="python -m benchmarks waits")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--page", choices=pages, help="measure this page only")
    options = parser.parse_args(arguments)
    if CHROMIUM is None:
        raise SystemExit("This benchmark needs a browser: install the package chromium.")
    wanted = [options.page] if options.page else pages
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        sights = first_sights(browser, [link for link in PICTURES if page_of(link) in wanted])
        waits = waits_of_controls(browser, [link for link in (*PICTURES, *ELSEWHERE) if page_of(link) in wanted])
        browser.close()
    targets = [
        Target(f"first paint of {row[0]}, cold, times an empty app", float(row[2] or 0), FIRST_PAINT, at_most=True)
        for row in sights.rows[1:]
    ]
    for name in wanted:
        slowest = {key: median(move.last for move in made) for key, made in waits.items() if page_of(key[0]) == name}
        if slowest:
            key = max(slowest, key=slowest.__getitem__)
            label = f"slowest control of {name} ({key[1]} on {key[0]}), milliseconds"
            targets.append(Target(label, slowest[key], MOVE, at_most=True))
        forgotten = settings_of(name) - {key[1] for key in slowest}
        if forgotten:
            targets.append(
                Target(f"settings of {name} without a control to move: {forgotten}", len(forgotten), 0, at_most=True)
            )
    return report("waits", [sights, table_of(waits)], targets, as_json=options.json)


def page_of(link: str) -> str:
    """The page that a link leads to."""
    return link.split("?")[0] or "home"


def table_of(waits: dict[tuple[str, str, str], list[Move]]) -> Table:
    """Medians by control, the slowest first."""
    rows = []
    for (link, name, kind), made in waits.items():
        new, again = ([move.last for move in made if move.new is which] for which in (True, False))
        rows.append(
            (
                f"{link} {name}",
                kind,
                len(made),
                median(move.last for move in made),
                median(new) if new else None,
                median(again) if again else None,
                median(move.first for move in made),
                median(move.server for move in made),
            )
        )
    rows.sort(key=lambda row: -row[3])
    columns = ("control", "kind", "moves", "all changed", "new values", "seen before", "first change", "server")
    return Table("Milliseconds from a moved control to the changed page (medians)", columns, tuple(rows))
