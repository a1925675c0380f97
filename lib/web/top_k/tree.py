"""The tree of everything that the model can say from here, and below it how much it has memorised, in bits."""

import functools
from typing import Any

import streamlit as st

from lib.continuations import DEPTH, Tree, likeliest_continuations
from lib.figures.memorising import BitsLabels, BitsRow, bits_figure
from lib.figures.palette import HURT, LEARN, SPEAK
from lib.language_model import LanguageModel, load_model
from lib.listings.continuations import continuations_listing
from lib.memorising import SENTENCES, memorised_bits
from lib.sampling_settings import SamplingSettings
from lib.web.elements.chart import chart
from lib.web.elements.component import moving_picture
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.prompt import continue_with
from lib.web.frame import lesson
from lib.web.frame.language import _, current_language, decimal, percent, prose, signed
from lib.writing import joined

MOST_TREES = 32
_mount = moving_picture("tree")


def tree_of_everything(
    controls: Controls[Any], model: LanguageModel, words: tuple[str, ...], sampling: SamplingSettings, longest: int
) -> None:
    """The whole part: a switch, and once that is on, the tree and the bits."""
    if not controls.toggle("tree", _("**Everything it can say from here**: the likeliest continuations as a tree")):
        return
    st.subheader(_("Everything it can say from here"), anchor=False)
    tree = _tree(model, words, sampling)
    _draw(tree, model, words, longest)
    shares = {name: percent(share) for name, share in tree.shares.items()}
    st.markdown(prose("top_k", "tree-shares", depth=DEPTH, **shares))
    st.subheader(_("Memorising in bits"), anchor=False)
    _bits(model.config.language)
    lesson.code(
        lambda: continuations_listing(words, sampling, language=model.config.language, p=model.config.p),
        _("The code: the likeliest continuations, and the bits, in PyTorch"),
        key="code_tree",
    )


@functools.lru_cache(maxsize=MOST_TREES)  # of at most 0.1 MB
def _tree(model: LanguageModel, words: tuple[str, ...], sampling: SamplingSettings) -> Tree:
    return likeliest_continuations(model, words, sampling)


def _draw(tree: Tree, model: LanguageModel, words: tuple[str, ...], longest: int) -> None:
    said = joined(words) or "…"
    kinds = {
        "new": _("new, and possible"),
        "trained": _("as in the training set"),
        "impossible": _("the grammar forbids it"),
    }
    end = model.story.eos
    _mount(
        key="continuation_tree",
        data={
            "hue": SPEAK,
            "learn": LEARN,
            "wrong": HURT,
            "root": said,
            "depth": DEPTH,
            "words": [node.word for node in tree.nodes],
            "parents": [node.parent for node in tree.nodes],
            "probabilities": [float(f"{node.probability:.4g}") for node in tree.nodes],
            "kinds": [0 if not node.trained and node.possible else 1 if node.trained else 2 for node in tree.nodes],
            "ends": [int(node.word == end) for node in tree.nodes],
            "locale": current_language(),
            "labels": tree_labels(len(tree.nodes), said, list(kinds.values())),
        },
        on_go_change=lambda: _go(model, words, longest),
    )


def tree_labels(n: int, said: str, kinds: list[str]) -> dict[str, Any]:
    """The words of a tree of n nodes, which are of these kinds."""
    return {
        "picture": _(
            "The {n} likeliest continuations of “{said}”, up to {depth} words: a row for each word, each box "
            "as wide as it is likely.",
            n=decimal(n, 0),
            said=said,
            depth=DEPTH,
        ),
        "node": _("{text}: {probability}, {kind}"),
        "open": _("Point at a box to read it. Click on it, or press Enter, to go on from there."),
        "kinds": kinds,
        "rest": _("too unlikely to draw"),
        "columns": [_("continuation"), _("probability"), _("kind")],
    }


def _go(model: LanguageModel, words: tuple[str, ...], longest: int) -> None:
    """Go on from the box that was chosen."""
    more = st.session_state.get("continuation_tree", {}).get("go")
    known = model.story.word_id
    if not isinstance(more, list) or not all(isinstance(each, str) and each in known for each in more):
        return  # a browser may send anything
    if model.story.eos not in more and len(words) + len(more) <= longest:
        continue_with([*words, *more])


def _bits(language: str) -> None:
    """How much likelier than the storybook the models find sentences: those they learned from, and fresh ones."""
    rows: list[BitsRow] = []
    values: dict[str, str] = {}
    for p, names in ((0.0, ("without", "without_fresh")), (0.3, ("with", "with_fresh"))):
        bits = memorised_bits(load_model(language, p, "small"))
        written = decimal(p, 1) if p else "0"
        rows.append(BitsRow(_("p = {p}, training set", p=written), bits.trained, True))
        rows.append(BitsRow(_("p = {p}, fresh", p=written), bits.fresh, False))
        values |= {name: signed(median, 1) for name, median in zip(names, bits.medians, strict=True)}
    times = 2 ** memorised_bits(load_model(language, 0.0, "small")).medians[0]
    figure = drawn_once(
        bits_figure,
        rows,
        BitsLabels(
            bits=_("bits by which the model finds a sentence too likely (+) or too unlikely (−)"),
            sentence=_("a sentence"),
            median=_("the median"),
            as_likely=_("as likely as in the storybook"),
        ),
    )
    alt = _(
        "Medians over {n} sentences each. p = 0: training set {without} bits, fresh {without_fresh}. "
        "p = 0.3: training set {with}, fresh {with_fresh}.",
        n=SENTENCES,
        **values,
    )
    chart(figure, key="bits", alt=alt)
    st.markdown(prose("top_k", "bits", n=SENTENCES, times=decimal(round(times, -2), 0), **values))
