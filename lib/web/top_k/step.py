"""The Top-k page's one step: the next word after the prompt, drawn, and the buttons that go on with it."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from lib.language_model import LanguageModel
from lib.next_word import Continuation, NextWord, next_word, what_follows
from lib.sampling_settings import SamplingSettings
from lib.story import Story
from lib.web.elements.controls import change
from lib.web.elements.icon_button import icon_button
from lib.web.elements.prompt import Prompt, continue_with
from lib.web.frame.language import _, plain
from lib.web.top_k.report import drawn_word


def step_of(
    model: LanguageModel, words: tuple[str, ...], seed: int, sampling: SamplingSettings
) -> tuple[Continuation, NextWord]:
    """What the model and the grammar say may follow, and the step from there to one drawn word.

    Every word of a sentence has a die of its own, so that going on and coming back gives the same word again.
    """
    follows = what_follows(model, words)
    die = np.random.default_rng([seed, len(words)])
    return follows, next_word(follows.logits, follows.truth, sampling, pointer=die.random())


def go_on_buttons(step: NextWord, story: Story, prompt: Prompt, *, longest: int, seed: int) -> None:
    """One word back, another draw, and on with the drawn word."""
    if prompt.words:
        icon_button(":material/undo:", _("One word back"), on_click=continue_with, args=(prompt.words[:-1],))
    icon_button(":material/casino:", _("Draw again"), on_click=change, kwargs={"seed": (seed + 1) % 10_000})
    st.button(
        plain(drawn_word(step, story.vocabulary, story.eos)),
        type="primary",
        disabled=step.drawn == story.eos_id or len(prompt.words) == longest,
        on_click=continue_with,
        args=([*prompt.words, story.vocabulary[step.drawn]],),
        key="go_on",
    )


def force_word(prompt: Prompt, longest: int, vocabulary: Sequence[str], number: int) -> None:
    """Say this word next, whatever the die says: what a callback does. The link has the sentence, which is the path."""
    if len(prompt.words) < longest:
        continue_with([*prompt.words, vocabulary[number]])
