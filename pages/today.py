"""Today: with enough data and one epoch you can leave dropout out; chat models are shipped with sampling on."""

from collections.abc import Callable

import streamlit as st

from lib.web.elements.controls import Controls
from lib.web.frame import lesson
from lib.web.frame.language import _, prose
from lib.web.today.settings import Settings


def show_part(part: str) -> Callable[[], str]:
    """Draw a part of the page, and return what writes its code.

    Each is imported when it is chosen, since some need PyTorch.
    """
    match part:
        case "models":
            from lib.web.today.models import models_part

            return models_part()
        case "places":
            from lib.web.today.places import places_part

            return places_part()
        case "data":
            from lib.web.today.data import data_part

            return data_part()
        case "paper":
            from lib.web.today.paper import paper_part

            return paper_part()
        case "schedules":
            from lib.web.today.arms import schedules_part

            return schedules_part()
        case "instead":
            from lib.web.today.arms import instead_part

            return instead_part()
    from lib.web.today.history import history_part

    return history_part()


@lesson.fragment
def show_picture() -> None:
    """The chosen part with its controls."""
    names = {
        "history": _("history"),
        "models": _("models"),
        "places": _("places"),
        "data": _("data size"),
        "paper": _("paper"),
        "schedules": _("schedules"),
        "instead": _("alternatives"),
    }
    questions = {
        "history": _("What happened since 2012?"),
        "models": _("Which models learn with dropout, and with which die do they speak?"),
        "places": _("Where does dropout sit in a transformer?"),
        "data": _("When does it stop helping?"),
        "paper": _("What did the 2014 paper measure, and what do we get?"),
        "schedules": _("Must the rate stay the same throughout training?"),
        "instead": _("What else keeps a network from memorising?"),
    }
    part = Controls(Settings).segmented("part", _("Topic"), names)
    st.caption(questions[part])
    listing = show_part(part)
    lesson.link_here()
    lesson.takeaway(prose("today", "takeaway"))
    lesson.code(listing, question=questions[part])


with lesson.framed("today"):
    lesson.predict(
        "today",
        _("A model reads billions of sentences, each of them only once. Does it need dropout?"),
        {"more": _("more than ever"), "as-ever": _("as much as ever"), "less": _("hardly")},
        outcome="less",
    )
    show_picture()
