"""The rhythm of every lesson: predict, see, read the numbers, sum up, run the code."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.listings.comments import with_comments
from lib.notebooks import in_markdown, notebook
from lib.web.elements.controls import Controls
from lib.web.elements.settings import written
from lib.web.frame import address
from lib.web.frame.fragments import aside, fragment
from lib.web.frame.frame import framed
from lib.web.frame.language import _, current_language, listed, prose, strong
from lib.web.frame.navigation import page_named
from lib.web.frame.path import on_the_path
from lib.web.frame.session import session
from lib.web.rooms.votes import class_guess, own_vote, vote

__all__ = ["code", "fragment", "framed", "link_here", "picture", "picture_alone", "predict", "section", "takeaway"]

S = TypeVar("S")


@aside
def predict(page: str, question: str, options: Mapping[str, str], *, outcome: str) -> None:
    """Ask before showing: the student picks an option, and is told what to look for. In a room it is a vote.

    ``options`` maps ids to what is shown; the answer to option ``x`` is the section ``predict-x`` of the page's prose.
    ``outcome`` is the option that the page's picture shows to be right.
    """
    key = f"guess_{page}"
    with st.container(key="predict", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(strong(_("First, your guess:")) + f" {question}", width="content")
        guess = st.pills(
            question,
            list(options),
            default=own_vote(page),
            format_func=lambda option: options[option],
            key=key,
            label_visibility="collapsed",
            wrap=True,
            on_change=lambda: vote(page, st.session_state[key]),
        )
    if guess is not None:
        st.markdown(prose(page, f"predict-{guess}"))
    class_guess(page, options, outcome)


@contextmanager
def picture(settings: type[S], *, width: float = 0.26) -> Iterator[tuple[Controls[S], DeltaGenerator]]:
    """The controls and, beside them, the stage for the picture that they change, together on the first screen.

    What is drawn inside stands among the controls, in a column of this share of the page's width, under what the step
    says of the path that one follows:

        with lesson.picture(Settings) as (controls, stage):
            controls.slider("p", _("p, the dropout rate"))
        with stage:
            draw(controls.settings())
    """
    with st.container(key="picture-and-controls"):
        beside, stage = st.columns([width, 1 - width], gap="medium")
    with beside, on_the_path():
        yield Controls(settings), stage


@contextmanager
def picture_alone() -> Iterator[None]:
    """A picture over the whole width, under what the step says: ``with lesson.picture_alone(): ...``."""
    with st.container(key="picture-and-controls"), on_the_path():
        yield


def section(title: str, text: str) -> None:
    """A heading and its text, in one element."""
    both = f"### {title}\n\n{text}"
    st.markdown(both, anchors=False)


def takeaway(text: str) -> None:
    """One or two sentences to leave with, in a frame (a quotation: lib/web/frame/style.css)."""
    name = strong(_("Takeaway:"))
    quotation = f"> {name} {text}"
    st.markdown(quotation)


def code(
    listing: Callable[[], str], label: str | None = None, *, question: str | None = None, key: str = "code"
) -> None:
    """The few lines of PyTorch that do the same with the settings on screen, to copy or to save as a notebook.

    ``question`` is what the program answers, if not the page's question; ``key`` is different for each listing. Names
    and output are English, the comments are in the person's language. They are written and drawn only while they are
    open: what the browser loads to colour them is larger than the rest of a page. The notebook is made at a click.
    """
    label = label or _("The code: the same thing with these settings, in PyTorch")
    expander = st.expander(label, icon=":material/code:", on_change="rerun", key=key)
    if expander.open:
        program = with_comments(listing(), _)
        expander.code(program, language="python")
        expander.download_button(
            _("As a notebook (.ipynb)"),
            partial(notebook, _notebook_title(question or page_named(session.page).question()), program),
            f"two-dice-{session.page}{key.removeprefix('code')}.ipynb",
            "application/x-ipynb+json",
            key=f"{key}-notebook",
            icon=":material/download:",
            on_click="ignore",
        )


def _notebook_title(question: str) -> str:
    """What a notebook opens with: the question, the link to the page, and the settings as the link names them."""
    run = address.asked_run()
    settings = written(run) if run else address.remembered()
    names = listed(in_markdown(f"{name} = {text}") for name, text in settings.items())
    return "\n\n".join(
        (
            f"# {in_markdown(question)}",
            _("The program of [this page of Two Dice]({link}). Run the cells from top to bottom.", link=_link()),
            _("Settings that are not at their default: {settings}", settings=names)
            if names
            else _("All settings are at their default."),
        )
    )


def link_here() -> None:
    """The link that repeats this picture in this language, drawn when somebody asks for it."""
    place = st.popover(_("Link"), icon=":material/link:", key="link", on_change="rerun")
    if place.open:
        place.markdown(_("This link brings this picture back, for a class or for next year:"))
        place.code(_link(), language=None, wrap_lines=True)


def _link() -> str:
    return _address({**address.query(), "lang": current_language()})


def _address(query: Mapping[str, str]) -> str:
    from urllib.parse import urlencode

    base = str(st.context.url or "").split("?")[0]
    return f"{base}?{urlencode(query)}"
