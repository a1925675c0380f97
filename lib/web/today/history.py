"""The Today page's time line and its table of models: everything from data/facts.toml, each with its source."""

from collections.abc import Callable

import streamlit as st

from lib.figures.models import TICKS, ModelLabels, models_figure
from lib.figures.palette import LEARN, SPEAK
from lib.listings.today import scaling_listing
from lib.studies.facts import Event, Model, load_facts
from lib.web.elements.chart import chart
from lib.web.elements.citation import citation, confidence_name, corrected, kind_name
from lib.web.elements.component import moving_picture
from lib.web.elements.controls import Controls, change
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import markdown_table
from lib.web.frame import lesson
from lib.web.frame.frame import aside
from lib.web.frame.language import _, decimal, in_parts, plain, prose
from lib.web.frame.session import session
from lib.web.today.settings import Settings

_mount = moving_picture("today_time_line")


def history_part() -> Callable[[], str]:
    """The time line, walked through by click, arrow keys or the slider under it, and the card of the chosen event."""
    events = load_facts().events
    with lesson.picture_alone():
        picture, card = st.container(), st.container(border=True, key="event-card", gap="xsmall")
        chosen = Controls(Settings).steps(
            "event", _("Event"), {each.id: f"{each.year}: {_(each.short)}" for each in events}
        )
        with picture:
            _time_line(events, chosen)
        event = next(each for each in events if each.id == chosen)
        with card:
            st.markdown(f"**{event.year} · {event.title}**")
            st.markdown(f"{event.who} · {_(event.what)}")  # "et al." ends in a full stop of its own
            st.markdown(f"**{_(event.number)}** {citation(event)}")
            corrected(event)
    _all_corrections()
    return lambda: scaling_listing(0.1)


@aside
def _all_corrections() -> None:
    """They are drawn while somebody looks at them; opening them runs only this function."""
    label = _("Everything that is often misreported, corrected")
    expander = st.expander(label, icon=":material/ink_eraser:", key="corrections", on_change="rerun")
    if expander.open:
        with expander:
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
            "steps": session.time_line_steps,
            "labels": {
                "picture": _("Time line, {first} to {last}", first=events[0].year, last=events[-1].year),
                "year": _("year"),
                "event": _("Event"),
                "learn": _("the die that rolls while learning"),
                "speak": _("the die that rolls while speaking"),
                "correction": _("something here is often misreported"),
                "options": [f"{each.year}: {_(each.short)}. {_(each.number)}" for each in events],
            },
        },
        on_walk_change=_walk,
    )


def _walk() -> None:
    """A click or an arrow key in the picture: the slider follows, and with it the link."""
    match st.session_state["time_line"].get("walk"):
        case {"to": str(event), "steps": int(steps)} if event in {each.id for each in load_facts().events}:
            change(event=event)
            session.time_line_steps = steps


def status_names() -> dict[str, str]:
    """What the page calls a model's status."""
    return {
        "with": _("with dropout"),
        "without": _("without dropout"),
        "not stated": _("not stated"),
        "conflicting": _("conflicting"),
    }


def models_part() -> Callable[[], str]:
    """Rate over year, and the table; both show what the filters let through."""
    with lesson.picture(Settings) as (controls, stage):
        stated = {"all": _("all"), "with": _("with"), "without": _("without"), "silent": _("not stated")}
        show = controls.segmented("show", _("Models, by dropout"), stated)
        evidence = {"any": _("any"), "paper": _("paper"), "code": _("code"), "card": _("model card")}
        kind = controls.segmented("kind", _("Evidence"), evidence)
        st.caption(prose("today", "silence"))
    models = [model for model in load_facts().models if _passes(model, show, kind)]
    ticks = tuple(decimal(rate, 1 if rate else 0) for rate in TICKS)
    labels = ModelLabels(_("year"), _("dropout rate in (pre-)training"), _("not stated"), status_names(), ticks)
    with stage:
        chart(
            drawn_once(models_figure, models, labels),
            key="models",
            alt=in_parts(f"{each.name} ({each.year}): {_rate(each)}" for each in models) or _("No model matches."),
        )
    st.subheader(_("The numbers"), anchor=False)
    st.markdown(_models_table(models) if models else _("No model matches."))
    return lambda: scaling_listing(0.1)


def _models_table(models: list[Model]) -> str:
    names, opened = status_names(), _("open")
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
    head = (
        _("model"),
        _("year"),
        _("dropout rate"),
        _("status"),
        _("note"),
        _("evidence"),
        _("confidence"),
        _("source"),
    )
    return markdown_table(head, rows, "lrrlllll")


def _passes(model: Model, show: str, kind: str) -> bool:
    shown = {"all": True, "silent": model.rate is None}.get(show, model.status == show)
    return shown and kind in ("any", model.kind.removeprefix("model "))


def _rate(model: Model) -> str:
    return status_names()[model.status] if model.rate is None else decimal(model.rate, 1)
