"""Questions: what people ask about the two dice, each tried on the spot."""

import streamlit as st

from lib.web.elements.controls import Controls
from lib.web.frame import lesson
from lib.web.frame.language import _, prose
from lib.web.questions.asking import ask, choose_question, ways
from lib.web.questions.settings import Settings


def choose(controls: Controls[Settings]) -> None:
    """The list of questions, and the seed of the experiment."""
    choose_question(controls)
    with controls.more() as drawn:
        if drawn:
            controls.number("seed", _("Seed"))


def show_experiment(settings: Settings) -> None:
    """What was tried, and what it says."""
    from lib.web.questions.report import report  # needs PyTorch

    report(settings.question, settings.seed)


@lesson.fragment
def show_question() -> None:
    """The list, the chosen question, and its experiment once it has been guessed or is shown by the link."""
    from lib.listings.questions import question_listing

    with lesson.picture(Settings, width=0.3) as (controls, stage):
        choose(controls)
    settings = controls.settings()
    with stage, st.container(key="question"):
        shown = ask(settings.question, shown=settings.shown)
        if shown:
            show_experiment(settings)
        ways(settings.question)
    lesson.link_here()
    lesson.takeaway(prose("questions", "takeaway"))
    if shown:
        lesson.code(lambda: question_listing(settings.question), _("The code: the same in a few lines of PyTorch"))


with lesson.framed("questions"):
    show_question()
