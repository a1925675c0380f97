"""The tree of everything that a live model can say from here. It grows while the page is open."""

import functools
import time
from typing import Any

import streamlit as st

from lib.continuations import DEPTH
from lib.figures.palette import HURT, LEARN, SPEAK
from lib.live_llm.client import Question
from lib.live_llm.failure import Failure
from lib.live_llm.tree import QUESTIONS, LiveNode, LiveTree
from lib.sampling_input import Floats
from lib.sampling_settings import SamplingSettings
from lib.tokens import readable, visible
from lib.web.elements.component import moving_picture
from lib.web.elements.controls import Controls
from lib.web.frame.fragments import aside, out_of_turn
from lib.web.frame.language import _, current_language, decimal, percent, plain, prose
from lib.web.top_k import live
from lib.web.top_k.live import Answered
from lib.web.top_k.tree import tree_labels

MOST_LIVE_TREES = 8
_MOMENT = 0.5  # seconds for which a page asks at a time
_EVERY = 1.0  # seconds
_mount = moving_picture("tree")


def live_tree(controls: Controls[Any], answered: Answered, sampling: SamplingSettings) -> None:
    """The whole part: a switch, and once that is on, the tree."""
    if not controls.toggle("tree", _("**Everything it can say from here**: the likeliest continuations as a tree")):
        return
    st.subheader(_("Everything it can say from here"), anchor=False)
    tree = _tree(answered.question, sampling, answered.about.ends)
    aside(_grow, run_every=None if tree.done else _EVERY)(tree, answered)


@functools.lru_cache(maxsize=MOST_LIVE_TREES)  # of at most 0.1 MB
def _tree(question: Question, sampling: SamplingSettings, ends: frozenset[int]) -> LiveTree:
    return LiveTree(sampling, ends)


def _grow(tree: LiveTree, answered: Answered) -> None:
    """Ask for a moment, and draw what is known."""
    complete, end = tree.done, time.monotonic() + _MOMENT

    def ask(path: tuple[int, ...]) -> Floats | None:
        question = answered.question
        after = Question(question.model, question.text, (*question.said, *path))
        return live.LIVE.ask(after, max(0.0, end - time.monotonic()))

    if not complete:
        try:
            with out_of_turn():
                complete = tree.grow(ask)
        except Failure as failure:
            name = plain(answered.question.model.name)
            st.warning(prose("top_k", f"live-{failure.reason.value}", name=name), icon=":material/block:")
        if complete:
            st.rerun()  # it need not be asked for any more
        label = _("The tree grows: {n} of at most {most} questions", n=tree.asked, most=QUESTIONS)
        st.progress(min(1.0, tree.asked / QUESTIONS), label)
    _draw(tuple(tree.nodes), answered)
    if complete:
        st.markdown(prose("top_k", "live-tree", rest=percent(tree.rest), n=decimal(QUESTIONS, 0)))


def _draw(nodes: tuple[LiveNode, ...], answered: Answered) -> None:
    text, vocabulary, ends = answered.live, answered.about.vocabulary, answered.about.ends
    words = [visible(vocabulary[node.path[-1]] or f"#{node.path[-1]}".encode()) for node in nodes]
    _mount(
        key="continuation_tree",
        data={
            "hue": SPEAK,
            "learn": LEARN,
            "wrong": HURT,
            "root": readable(text.text),
            "depth": DEPTH,
            "words": words,
            "glue": "",  # a token has its space with it
            "parents": [node.parent for node in nodes],
            "probabilities": [float(f"{node.probability:.4g}") for node in nodes],
            "kinds": [0] * len(nodes),
            "ends": [int(node.path[-1] in ends) for node in nodes],
            "locale": current_language(),
            "labels": tree_labels(len(nodes), readable(text.text), [_("what it may say")]),
        },
        on_go_change=lambda: _go(nodes, words, answered),
    )


def _go(nodes: tuple[LiveNode, ...], words: list[str], answered: Answered) -> None:
    """Go on from the box that was chosen: a browser names it by its words."""
    chosen, parent = st.session_state.get("continuation_tree", {}).get("go"), -1
    if not isinstance(chosen, list) or not chosen:
        return  # a browser may send anything
    for word in chosen:
        found = (i for i, node in enumerate(nodes) if node.parent == parent and words[i] == word)
        parent = next(found, len(nodes))
        if parent == len(nodes):
            return
    if nodes[parent].path[-1] not in answered.about.ends:
        live.force_tokens(answered.live.said_ids, nodes[parent].path)
