"""The Today page's time line and its table of models: everything from data/facts.toml, each with its source."""

from typing import Any

import streamlit as st

from lib.figures.models import ModelLabels, models_figure
from lib.figures.palette import LEARN, SPEAK
from lib.listings.today import scaling_listing
from lib.studies.facts import Event, Model, load_facts
from lib.web.elements.chart import chart
from lib.web.elements.citation import citation, confidence_name, corrected, kind_name
from lib.web.elements.component import moving_picture
from lib.web.elements.controls import Controls, key_of
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import markdown_table
from lib.web.frame.language import _, decimal, plain, prose

_mount = moving_picture("today_time_line")
_STEPS = "time_line_steps"  # how many steps of a walk this page has answered: a key held down goes faster than it does


def history_part(controls: Controls[Any]) -> str:
    """The time line, walked through by click, arrow keys or the slider under it, and the card of the chosen event."""
    events = load_facts().events
    picture, card = st.container(), st.container(border=True, key="event-card", gap="xsmall")
    chosen = controls.steps("event", _("Event"))
    with picture:
        _time_line(events, chosen)
    event = next(each for each in events if each.id == chosen)
    with card:
        st.markdown(f"**{event.year} · {event.title}**")
        st.markdown(f"{event.who} · {_(event.what)}")  # "et al." ends in a full stop of its own
        st.markdown(f"**{_(event.number)}** {citation(event)}")
        corrected(event)
    _all_corrections()
    return scaling_listing(0.1)


@st.fragment
def _all_corrections() -> None:
    """They are drawn while somebody looks at them; opening them runs only this function."""
    label = _("All corrections of what is often told")
    fold = st.expander(label, icon=":material/ink_eraser:", key="corrections", on_change="rerun")
    if fold.open:
        with fold:
            for each in load_facts().corrections:
                corrected(each)


def _time_line(events: tuple[Event, ...], chosen: str) -> None:
    _mount(
        key="time_line",
        data={
            "hues": {"learn": LEARN, "speak": SPEAK},
            "events": [
                {
                    "id": each.id,
                    "year": each.year,
                    "short": _(each.short),
                    "die": each.die,
                    "correction": bool(each.correction),
                }
                for each in events
            ],
            "chosen": chosen,
            "steps": st.session_state.get(_STEPS, 0),
            "labels": {
                "picture": _("Time line, {first} to {last}", first=events[0].year, last=events[-1].year),
                "learn": _("the die that rolls while learning"),
                "speak": _("the die that rolls while speaking"),
                "correction": _("something here is often told otherwise"),
                "options": [f"{each.year}: {_(each.short)}. {_(each.number)}" for each in events],
            },
        },
        on_walk_change=_walk,
    )


def _walk() -> None:
    """A click or an arrow key in the picture: the slider follows, and with it the link."""
    match st.session_state["time_line"].get("walk"):
        case {"to": str(event), "steps": int(steps)} if event in {each.id for each in load_facts().events}:
            st.session_state[key_of("event")], st.session_state[_STEPS] = event, steps


def status_names() -> dict[str, str]:
    """What the page calls a model's status."""
    return {
        "with": _("with dropout"),
        "without": _("without dropout"),
        "not stated": _("not stated"),
        "conflicting": _("conflicting"),
    }


def models_part(controls: Controls[Any]) -> str:
    """Rate over year, and the table; both show what the filters let through."""
    with st.container(key="picture-and-controls"):
        left, right = st.columns([0.26, 0.74], gap="medium")
    with left:
        show = controls.segmented(
            "show",
            _("Models"),
            captions={
                "all": _("All of them"),
                "with": _("Those that state a rate above 0"),
                "without": _("Those that state 0"),
                "silent": _("Those whose source is silent or contradicted"),
            },
        )
        kind = controls.segmented(
            "kind",
            _("Evidence"),
            captions={
                "any": _("Papers, code and model cards"),
                "paper": _("A paper says so"),
                "code": _("Published code says so"),
                "card": _("A model card says so"),
            },
        )
        st.caption(prose("today", "silence"))
    names = status_names()
    models = [model for model in load_facts().models if _passes(model, show, kind)]
    labels = ModelLabels(_("year"), _("dropout rate in (pre-)training"), _("not stated"), names)
    with right:
        chart(
            drawn_once(models_figure, models, labels),
            key="models",
            alt="; ".join(f"{each.name} ({each.year}): {_rate(each)}" for each in models) or _("No model passes."),
        )
    st.subheader(_("The numbers"), anchor=False)
    opened = _("open")
    rows = [
        (
            plain(each.name),
            str(each.year),
            "" if each.rate is None else decimal(each.rate, 1),
            names[each.status],
            plain(_(each.note)) if each.note else "",
            kind_name(each.kind),
            confidence_name(each.confidence),
            f"[{opened}](<{each.source}>)",
        )
        for each in models
    ]
    head = (_("model"), _("year"), _("dropout rate"), _("status"), _("note"), _("evidence"), _("read"), _("source"))
    if rows:
        st.markdown(markdown_table(head, rows, "lrrlllll"))
    else:
        st.markdown(_("No model passes."))
    return scaling_listing(0.1)


def _passes(model: Model, show: str, kind: str) -> bool:
    shown = {"all": True, "silent": model.rate is None}.get(show, model.status == show)
    return shown and kind in ("any", model.kind.removeprefix("model "))


def _rate(model: Model) -> str:
    return status_names()[model.status] if model.rate is None else decimal(model.rate, 1)
