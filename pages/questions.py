"""Questions: what people ask about the two dice, each tried on the spot."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.listings.questions import question_listing
from lib.web.elements.controls import Controls
from lib.web.frame import lesson
from lib.web.frame.language import _, prose
from lib.web.frame.session import session
from lib.web.questions.asked import asked
from lib.web.questions.asking import answered, ask, choose_question, ways
from lib.web.questions.settings import Settings


def list_beside(controls: Controls[Settings]) -> DeltaGenerator:
    """Draw the list of all questions, and return the place beside it. A projector shows only the open question."""
    if session.presenting:
        return st.container()
    beside, stage = st.columns([0.26, 0.74], gap="medium")
    with beside:
        choose_question(controls)
    return stage


@lesson.fragment
def show_question() -> None:
    """The chosen question and, once somebody has guessed or the link shows it, its answer and its experiment."""
    controls = Controls(Settings)
    with lesson.picture_alone(), list_beside(controls):
        name, shown = controls.settings().question, answered(controls.settings())
        words, experiment = st.columns([0.45, 0.55], gap="medium") if shown else (st.container(), None)
        with words:
            ask(name, shown=shown)
            ways(name)
        if experiment:
            from lib.web.questions.report import report  # needs PyTorch

            with experiment:
                report(name, controls)
    lesson.link_here()
    lesson.takeaway(prose("questions", "takeaway"))
    if shown:
        label = _("The code: the same in a few lines of PyTorch")
        lesson.code(lambda: question_listing(name), label, question=asked(name).text)


with lesson.framed("questions"):
    show_question()
