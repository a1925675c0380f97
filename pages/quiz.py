"""Quiz: questions about all pages, one at a time, each with the picture that shows the answer."""

import streamlit as st

from lib.web.elements.controls import Controls
from lib.web.frame import lesson
from lib.web.frame.language import current_language
from lib.web.quiz.asking import ask_the_class, choose, explain, score, ways, where
from lib.web.quiz.questions import questions
from lib.web.quiz.settings import Settings


@lesson.fragment
def show_question() -> None:
    """The question that the link names, or the score after the last one, and the ways on."""
    asked, at = questions(current_language()), Controls(Settings).settings().q
    with lesson.picture_alone(), st.container(key="quiz"):
        where(asked, at)
        if at > len(asked):
            score(asked)
        else:
            question = asked[at - 1]
            st.subheader(question.text, anchor=False)
            chosen = choose(question)
            ask_the_class(question)
            if chosen is not None:
                explain(question, chosen)
        ways(asked, at)


with lesson.framed("quiz"):
    show_question()
