"""Top-k: the model's scores for the next word, cut, renormalised and drawn from, beside the truth."""

from typing import Any

import streamlit as st

from lib.web.frame import lesson

frame = lesson.framed("top_k")  # first of all: the heading is there while PyTorch is imported

import numpy as np

from lib.language_model import load_model
from lib.listings.top_k import generate_listing, top_k_listing
from lib.next_word import NextWord, next_word, what_follows
from lib.sampling_settings import SamplingSettings
from lib.story import load_story
from lib.web.elements.controls import Controls, key_of
from lib.web.elements.prompt import (
    choose_prompt,
    continue_with,
    name_impossible_word,
    name_unknown_words,
    story_language,
)
from lib.web.frame.language import _, plain, prose
from lib.web.top_k.player import next_word_player
from lib.web.top_k.report import drawn_word, draws, mistakes, numbers, stories, words_table
from lib.web.top_k.settings import settings_for
from lib.web.two_dice.link import link_to_two_dice

language = story_language()
story = load_story(language)
V = len(story.vocabulary)


def draw_again() -> None:
    """Another throw of the die: the next seed."""
    st.session_state[key_of("seed")] = (st.session_state.get(key_of("seed"), 0) + 1) % 10_000


@lesson.fragment
def many_throws(controls: Controls[Any], step: NextWord, seed: int) -> None:
    """How often each word comes, beside how often it should."""
    draws(step, story.vocabulary, controls.segmented("n", _("How many")), seed)


@lesson.fragment
def twenty_stories(
    controls: Controls[Any], p: float, words: tuple[str, ...], seed: int, sampling: SamplingSettings
) -> None:
    """What is told from here on, if somebody wants to read it."""
    if controls.toggle("tell", _("Tell them: greedy, with the settings on screen, and without a cut")):
        stories(language, p, words, seed, sampling)


@lesson.fragment
def look() -> None:
    """The controls, the picture of the cut, and what it does to the words."""
    with st.container(key="picture-and-controls"):
        left, right = st.columns([0.26, 0.74], gap="medium")

    with left:
        controls = Controls(settings_for(V), texts=("text",))
        longest = load_model(language, 0.3, "small").config.context - 1
        beginning = choose_prompt(story, longest=longest)
        go_on = st.container(horizontal=True, gap="small")
        controls.steps("k", _("k, the words that stay in (50 is usual)"))
        controls.slider("temp", _("Temperature T"))
        remarks = st.container()
        with controls.more("top_p", "min_p", "all", "seed") as drawn:
            if drawn:
                controls.slider("top_p", _("Top-p: the share of probability that stays in"))
                controls.slider("min_p", _("Min-p: how likely, beside the likeliest"))
                controls.toggle("all", _("All words, on a logarithmic axis"))
                controls.number("seed", _("Seed of the die"))
        controls.segmented("p", _("The model learned with dropout p ="))
    settings = controls.settings()
    sampling = SamplingSettings(
        temperature=settings.temp,
        top_k=settings.k if settings.k < V else None,
        top_p=settings.top_p if settings.top_p < 1 else None,
        min_p=settings.min_p or None,
    )

    model = load_model(language, settings.p, "small")
    follows = what_follows(model, beginning.words)
    die = np.random.default_rng([settings.seed, len(beginning.words)])
    step = next_word(follows.logits, follows.truth, sampling, pointer=die.random())

    with go_on:
        if beginning.words:
            st.button(":material/undo:", on_click=continue_with, args=(beginning.words[:-1],), help=_("One word back"))
        st.button(":material/casino:", on_click=draw_again, help=_("Throw again"))
        st.button(
            plain(drawn_word(step, story.vocabulary, story.eos)),
            type="primary",
            disabled=step.drawn == story.eos_id or len(beginning.words) == longest,
            on_click=continue_with,
            args=([*beginning.words, story.vocabulary[step.drawn]],),
            key="go_on",
        )

    with remarks:
        name_unknown_words(beginning, story)
        if follows.impossible:
            name_impossible_word(follows.impossible)

    with right:
        said = " ".join(beginning.words) or "…"
        next_word_player(step, story.vocabulary, temperature=settings.temp, said=said, logarithmic=settings.all)
    numbers(step, V)
    words_table(step, story.vocabulary)

    wrong, many = st.columns(2, gap="large")
    with wrong:
        st.subheader(_("What a cut does wrong, for every k"), anchor=False)
        mistakes(model, beginning.words, settings.k, settings.temp)
    with many:
        st.subheader(_("Many throws"), anchor=False)
        many_throws(controls, step, settings.seed)

    st.subheader(_("Twenty stories from here"), anchor=False)
    twenty_stories(controls, settings.p, beginning.words, settings.seed, sampling)
    st.markdown(prose("top_k", "dropout" if settings.p else "no-dropout"))
    lesson.link_here()
    lesson.takeaway(prose("top_k", "takeaway"))
    link_to_two_dice(_("And what does this k change where dropout was missing? Measure both dice"), k=settings.k)
    lesson.code(top_k_listing(beginning.words, sampling, language=language, p=settings.p, seed=settings.seed))
    lesson.code(
        generate_listing(beginning.words, sampling, seed=settings.seed),
        _("The code: the same settings, with Hugging Face's generate and a large model"),
        key="code_generate",
    )


with frame:
    lesson.predict(
        "top_k",
        _("Only the 50 likeliest words stay in, then chance decides. What does this cut change?"),
        {
            "model": _("what the model knows"),
            "words": _("which words it may say"),
            "best": _("it always says the best word"),
        },
    )
    look()
