"""Go through a page as nobody has the patience to: open all that opens, turn on and choose all there is, scroll past
every picture, and say what is wrong."""

from collections.abc import Iterator

from playwright.sync_api import Page, TimeoutError

from tests.support.browsing import BUSY, READY

PATIENCE = 60_000  # ms until a page is at rest: a training may be going on
DRAWN_WITHIN = 8_000  # ms from when a picture is seen to when it is drawn

# Options that start a training of half a minute, whose picture other tests look at.
TRAIN = {"two_dice-models": ("your own training",), "today-toy": ("digits",)}

# To be run before the page's own scripts. The page is at rest when the server has answered what was asked last, and
# nobody has touched the page just now: a click is on its way to the server for some milliseconds.
WATCH = """(() => {
  const { send } = WebSocket.prototype;
  let touched = 0, asked = 0, answered = 0;
  for (const kind of ["click", "keydown"]) addEventListener(kind, () => { touched = performance.now(); }, true);
  WebSocket.prototype.send = function (message) {
    if (!this.heard) this.addEventListener("message", () => { answered = performance.now(); });
    this.heard = true;
    asked = performance.now();
    send.call(this, message);
  };
  window.atRest = () => answered >= asked && performance.now() - Math.max(touched, answered) > 60;
})()"""

# What is wrong with the pictures on the screen: in each something is drawn beside its buttons and its legend, each plot
# of Plotly's has marks between its axes, and each canvas is painted. An error on the page is always wrong.
FAULTS = """() => {
  const extent = (element) => { const { width, height } = element.getBoundingClientRect(); return width + height; };
  const painted = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value);
  };
  const visible = (element) => element.checkVisibility({ visibilityProperty: true });  // not before the first data
  const fault = (picture) => {
    const marks = [...picture.querySelectorAll("svg :is(path, circle, rect, line, text), td, [role=option]")];
    if (!marks.some((mark) => !mark.closest(".transport, .legend") && extent(mark))) return "is empty";
    if (picture.matches(".chart") && !picture.querySelector(".js-plotly-plot")) return "is not drawn";
    for (const plot of picture.querySelectorAll(".js-plotly-plot"))
      if (visible(plot) && ![...plot.querySelectorAll(":is(.scatterlayer, .barlayer) path")].some(extent))
        return "has empty axes";
    if (![...picture.querySelectorAll("canvas")].filter(visible).every(painted)) return "has an empty canvas";
  };
  const place = (element) => element.closest("[data-testid=stElementContainer]") ?? element;
  const name = (element) => place(element).className.match(/st-key-(\\S+)/)?.[1] ?? "a picture";
  const seen = (element) => {
    const { top, bottom } = place(element).getBoundingClientRect();
    return bottom >= 0 && top <= innerHeight && place(element).checkVisibility();
  };
  const pictures = [...document.querySelectorAll(".two-dice")].filter(seen)
    .map((picture) => [name(picture), fault(picture)]).filter(([, fault]) => fault).map((each) => each.join(" "));
  const errors = [...document.querySelectorAll("[data-testid=stException], [data-testid=stAlertContentError]")]
    .map((error) => `the page says: ${error.innerText}`);
  return [...pictures, ...errors];
}"""


def sweep(page: Page, *, choices: bool = True) -> list[str]:
    """Everything that is wrong on a page which was opened with the script `WATCH`, beside what its console says.

    Where something is wrong as the page opens, that is all. Without ``choices`` the page keeps those of its link.
    """
    at_rest(page)
    if faults := scroll_through(page):
        return list(dict.fromkeys(faults))
    unfold(page)
    look_into_lists(page)
    faults = scroll_through(page)
    if choices:
        for _choice in make_every_choice(page):
            faults += faults_in_sight(page)
        faults += scroll_through(page)
    return list(dict.fromkeys(faults))


def at_rest(page: Page) -> None:
    """Wait until the page is there, and neither it nor a run behind it goes on by itself."""
    ready = f"document.querySelector('{READY}') && !document.querySelector('{BUSY}')"
    page.wait_for_function(f"{ready} && atRest()", timeout=PATIENCE)


def scroll_through(page: Page) -> list[str]:
    """What is wrong from the top of the page to its end, a screen at a time."""
    faults: list[str] = []
    main = page.get_by_test_id("stMain")
    main.evaluate("main => main.scrollTo(0, 0)")
    end = False
    while not end:
        faults += faults_in_sight(page)
        end = main.evaluate(
            """main => {
              const before = main.scrollTop;
              main.scrollBy({ top: 0.7 * main.clientHeight, behavior: "instant" });
              return main.scrollTop === before;
            }"""
        )
    return faults


def faults_in_sight(page: Page) -> list[str]:
    """What is still wrong on the screen after the time that drawing may take."""
    try:
        page.wait_for_function(f"({FAULTS})().length === 0", timeout=DRAWN_WITHIN)
    except TimeoutError:
        return list(page.evaluate(FAULTS))
    return []


def unfold(page: Page) -> None:
    """Open every expander and turn on every toggle, also those that only then are drawn."""
    closed = page.locator("details:not([open]) > summary")
    off = page.locator("[data-testid=stCheckbox]:has(input:not(:checked):enabled) label")
    for each in (closed, off, closed, off):
        while each.count():
            each.first.click()
            at_rest(page)


def look_into_lists(page: Page) -> None:
    """Open every popover and every menu, see that there is something in it, and close it."""
    for kind, content in (("stPopover", "p, code, a"), ("stMenuButton", "[role=menuitem]")):
        for button in page.get_by_test_id(f"{kind}Button").locator("visible=true").all():
            button.click()
            page.get_by_test_id(f"{kind}Body").locator(content).first.wait_for()
            at_rest(page)
            page.keyboard.press("Escape")
            page.get_by_test_id(f"{kind}Body").wait_for(state="detached")


def make_every_choice(page: Page) -> Iterator[None]:
    """Choose every option of every row of options, then the one that was chosen at first; stop after each to look."""
    keys = page.get_by_test_id("stButtonGroup").evaluate_all(
        "rows => rows.map((row) => row.closest('[class*=st-key-]').className.match(/st-key-(\\S+)/)[1])"
    )
    for key in keys:
        options = page.locator(f".st-key-{key} button")
        chosen = options.evaluate_all("all => all.findIndex((each) => each.getAttribute('aria-checked') === 'true')")
        if key.endswith("-part"):  # each part is a page of its own
            continue
        names = options.all_inner_texts()
        for i in [*range(len(names)), chosen]:
            if i >= 0 and names[i] not in TRAIN.get(key, ()):
                options.nth(i).click()
                at_rest(page)
                yield
