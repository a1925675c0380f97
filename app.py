"""The question: why dropout, if top-k is already random? Start here: ``streamlit run app.py``."""

import streamlit as st

from lib.web.frame.frame import framed
from lib.web.frame.language import _, prose
from lib.web.frame.lesson import picture_alone
from lib.web.frame.navigation import PAGES, link_to
from lib.web.home.for_teachers import for_teachers
from lib.web.home.life_strip import life_strip

with framed("home"):
    st.markdown(prose("home", "answer"))

    # The picture: the life of a model, from left to right.
    with picture_alone():
        life_strip()
    st.caption(prose("home", "source"))

    # The coach's two choices: the same two dice, on a playing field.
    practice, match = st.columns(2, border=True)
    practice.markdown(prose("home", "practice"), anchors=False)
    match.markdown(prose("home", "match"), anchors=False)

    st.subheader(_("See for yourself"), anchor=False)
    lessons = [page for page in PAGES if page.has_card]
    for first in range(0, len(lessons), 3):
        row = lessons[first : first + 3]
        for column, page in zip(st.columns(len(row)), row, strict=True):
            with column.container(border=True, height="stretch", key=f"card-{page.id}"):
                link_to(page.id, f"**{page.name()}**")
                st.markdown(f"**{page.question()}** " + prose("home", f"card-{page.id}"))
    for_teachers()
