"""What an experiment found, in the person's language: the verdict, the picture, and how it was tried."""

import functools
import threading
from functools import partial

import streamlit as st

from lib.figures.questions import Row, rows_figure
from lib.questions.every import RECORDED, answer
from lib.questions.result import Result
from lib.questions.threads import THREADS
from lib.statistics.intervals import Estimate
from lib.web.elements.chart import chart
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame.language import _, decimal, in_parts, percent, prose, strong
from lib.web.questions.asked import rows_of, tried
from lib.web.questions.settings import Settings

MOST_RESULTS = 128  # of some 2 kB each
_SMALL = 0.02  # where all shares are below this, percentages have two decimals
_LARGE = 10  # from here on, other numbers have one


_computed = functools.lru_cache(maxsize=MOST_RESULTS)(answer)
_computing = threading.Lock()


def result_of(name: str, seed: int) -> Result:
    """The result of an experiment, computed once for a whole class: who asks for it meanwhile waits."""
    with _computing:
        return _computed(name, seed)


def report(name: str, controls: Controls[Settings]) -> None:
    """What the question's experiment does, what it found, and the seed of its die."""
    place = st.container()
    if name in RECORDED:
        st.caption(_("These runs take minutes, so they were recorded."))
        seed = 0
    else:
        seed = controls.number("seed", _("Seed"))
    result = result_of(name, seed)
    with place:
        st.subheader(_("The experiment"), anchor=False)
        st.markdown(tried(name, **{key: _set_to(value) for key, value in result.setup.items()}))
        draw_rows(name, result)
        draw_verdict(name, result)
    threads = " · ".join(f"[{address.removeprefix('https://')}]({address})" for address in THREADS[name])
    if threads:
        st.markdown(strong(_("Where people ask this:")) + f" {threads}")


def draw_verdict(name: str, result: Result) -> None:
    """What the numbers say of the answer, judged by the interval of the difference that decides."""
    if result.verdict != "yes":
        st.warning(prose("questions", result.verdict), icon=":material/help:")
        return
    numbers = {row: written(each, result) for row, each in result.rows.items()}
    text = prose("questions", f"{name}-yes", **numbers)
    st.success(strong(_("Tried, and so it is.")) + f" {text}", icon=":material/science:")


def draw_rows(name: str, result: Result) -> None:
    """The measured numbers with their 95% intervals, each in a row of its own under its name."""
    names = [each.replace("`", "") for each in rows_of(name)]  # Plotly knows no code
    rows = [
        Row(_("{name}: {value}", name=called, value=written(each, result)), each.value, each.low, each.high)
        for called, each in zip(names, result.rows.values(), strict=True)
    ]
    units = {"share": _("share, with 95% interval"), "loss": _("loss in nats, with 95% interval")}
    axis = units.get(result.unit, _("value, with 95% interval"))
    chart(
        drawn_once(rows_figure, rows, axis=axis, percent=result.unit == "share"),
        key="rows",
        alt=in_parts(row.text for row in rows),
    )


def written(estimate: Estimate, result: Result) -> str:
    """A number with the ends of its interval, as the person's language writes it; without them where they are equal."""
    largest = max(each.value for each in result.rows.values())
    if result.unit == "share":
        write = partial(percent, digits=2 if largest < _SMALL else 1)
    else:
        write = partial(decimal, digits=1 if largest >= _LARGE else 2)
    value, low, high = map(write, (estimate.value, estimate.low, estimate.high))
    return value if low == high else _("{value} ({low} to {high})", value=value, low=low, high=high)


def _set_to(value: float) -> str:
    """A setting: a whole number, or one with as many decimals as it needs, up to three."""
    if isinstance(value, int):
        return decimal(value, 0)
    text = f"{value:.3f}".rstrip("0")
    return decimal(value, max(1, len(text.partition(".")[2])))
