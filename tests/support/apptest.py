"""Run the app's pages without a browser."""

import functools
import re
import threading
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from lib.web.elements.component import unpacked

PATIENCE = 60  # seconds: the first run of a page imports PyTorch

# Streamlit searches all installed packages for components when a server starts. AppTest does so at every run, which
# takes ten times as long as the page; what is installed does not change meanwhile.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


def open_app_page(page: str = "app.py", *, expanded: bool = True, **query: str) -> AppTest:
    """A new visitor opens a link to this page, and unfolds what is drawn only then: "More", tables, Figure 11."""
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    app.query_params.update(query)
    for expander in ("more", "monte_carlo_expander", "all_numbers", "real_llm_numbers"):
        app.session_state[expander] = expanded
    if page != "app.py":
        app.switch_page(f"pages/{page}.py")
    return app.run()


def both_spellings(page: str, **query: str) -> tuple[dict[str, str], dict[str, str]]:
    """A link's settings as a person may type them, p=0.3, and as the page writes them, dropout-p=0.3."""
    return query, {f"{page}-{name}": value for name, value in query.items()}


def healthy(app: AppTest) -> AppTest:
    """Assert that no exception reached the page, and give the page back."""
    assert not app.exception, [each.value for each in app.exception]
    return app


def shown(app: AppTest) -> str:
    """All text on the page."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.info,
        app.success,
        app.warning,
        app.error,
    )
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def to_its_end(slider: Any) -> Any:
    """Move a slider to its last stop: a number in English, or a name."""
    last = slider.options[-1]
    return slider.set_value(float(last.replace(",", "")) if last[0].isdigit() and " " not in last else last)


def listing(app: AppTest, key: str = "code") -> str:
    """The code at the end of the page, which is drawn once somebody opens it."""
    assert "python" not in {each.language for each in app.code}, "drawn before it was opened"
    app.session_state[key] = True
    (code,) = [str(each.value) for each in healthy(app.run()).code if each.language == "python"]
    app.session_state[key] = False
    healthy(app.run())
    return code


def tables(app: AppTest) -> list[dict[str, list[str]]]:
    """The page's tables, each as its columns by heading: ours of HTML, then those in Markdown."""
    found = []
    for text in (str(each.proto.body) for each in app.get("html")):
        if text.startswith("<table"):
            lines = [re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", line) for line in text.split("</tr>")[:-1]]
            found.append([[unescape(cell) for cell in line] for line in lines])
    for markdown in (str(each.value) for each in app.markdown):
        for text in re.findall(r"^\| .*(?:\n\|.*)+", markdown, re.MULTILINE):
            head, _aligned, *rows = ([cell.strip() for cell in line[1:-1].split(" | ")] for line in text.splitlines())
            found.append([head, *rows])
    return [{name: [row[column] for row in rows] for column, name in enumerate(head)} for head, *rows in found]


def html(app: AppTest, name: str) -> str:
    """The page's own HTML of this class."""
    return next(str(each.proto.body) for each in app.get("html") if f'class="{name}"' in each.proto.body)


def numbers(app: AppTest) -> dict[str, str]:
    """The row of numbers (lib/web/elements/metrics.py) by their names."""
    row = html(app, "numbers")
    names = [re.sub("<button.*?</button>", "", name) for name in re.findall("<dt>(.*?)</dt>", row)]
    return dict(zip(names, re.findall("<dd .*?>(.*?)</dd>", row), strict=True))


def pictures(app: AppTest, name: str) -> list[dict[str, Any]]:
    """What was sent to the pictures of static/two-dice/<name>.js, in their order on the page."""
    ours = (each.proto for each in app.get("bidi_component") if each.proto.component_name.endswith(f"two_dice_{name}"))
    return [unpacked(each.json) for each in ours]


def picture_sizes(app: AppTest) -> list[int]:
    """The bytes that each moving picture and chart was sent, in their order on the page."""
    others = ("style", "address")
    pictures = (each.proto for each in app.get("bidi_component") if not each.proto.component_name.endswith(others))
    return [len(each.json) for each in pictures]


def address(app: AppTest) -> dict[str, str]:
    """What the page writes into the browser's address."""
    newest = max(pictures(app, "address"), key=lambda data: data["serial"])
    return dict(parse_qsl(newest["query"], keep_blank_values=True))


def charts(app: AppTest) -> list[dict[str, Any]]:
    """What the charts on the page were sent: each has a figure and, in words, an alt."""
    return pictures(app, "chart")


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what another thread is about to do."""
    pause = threading.Event()
    for _ in range(int(seconds * 100)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")
