"""The Today page's time line: everything from data/facts.toml, each with its source."""

from collections.abc import Callable

import streamlit as st

from lib.figures.palette import LEARN, SPEAK
from lib.listings.today import scaling_listing
from lib.studies.facts import Event, load_facts
from lib.web.elements.citation import citation, corrected
from lib.web.elements.component import moving_picture
from lib.web.elements.controls import Controls, change
from lib.web.frame import lesson
from lib.web.frame.fragments import aside
from lib.web.frame.language import _
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
    _further_reading()
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


@aside
def _further_reading() -> None:
    """Where the question has been asked before; drawn while somebody looks at it."""
    expander = st.expander(_("Read and watch more"), icon=":material/menu_book:", key="readings", on_change="rerun")
    if expander.open:
        with expander:
            for each in load_facts().readings:
                what = f" {_(each.what)}" if each.what else ""
                st.markdown(f"**{each.title}**{what} {citation(each)}")


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
