"""The control for the beginning of a sentence: pick one or type one, go on word by word; unknown words are named."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.language_model import checkpoint_path
from lib.next_word import prompts
from lib.story import ImpossiblePrefix, Story, story_languages
from lib.web.elements.controls import Controls, change
from lib.web.frame.language import _, current_language, listed, plain, quoted
from lib.writing import joined


@dataclass(frozen=True)
class Prompt:
    """What stands before the next word: the ``words`` that can be used, and what was ``unknown`` of what was typed."""

    words: tuple[str, ...]
    unknown: tuple[str, ...]


def story_language() -> str:
    """The language of the stories: the person's, where there is a storybook and a model that learned it, else
    English."""
    language = current_language()
    has_both = language in story_languages() and checkpoint_path(language, 0.3, "small").exists()
    return language if has_both else "en"


def choose_prompt(controls: Controls[Any], story: Story, *, longest: int, first: str | None = None) -> Prompt:
    """Draw the field to type in and the list to pick from; ``longest`` is how many words the model reads at most.

    At first the field says ``first``, or the first of the story's own prompts.

    Words are used up to the first unknown one. What is typed is the setting ``text``.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        offered = prompts(story) if first is None else (first, *prompts(story))
        text = controls.text("text", _("The sentence so far"), offered[0])
        # Nearly anything can follow the first beginning, very little the last.
        st.menu_button(
            _("Pick another beginning"),
            offered,
            key="icon-prompts",
            icon=":material/list:",
            help=_("Pick another beginning"),
            format_func=lambda each: plain(each) + " …",
            on_click=lambda: continue_with([st.session_state["icon-prompts"]]),
        )
    return prompt_of(text, story, longest=longest)


def prompt_of(text: str | None, story: Story, *, longest: int) -> Prompt:
    """The prompt that somebody has typed, or the first one of the story's own where nobody has."""
    typed = story.words_of(prompts(story)[0] if text is None else text)
    unknown = tuple(story.unknown_words(typed))
    known = next((i for i, word in enumerate(typed) if word in unknown), len(typed))
    return Prompt(tuple(typed[: min(known, longest)]), unknown)


def continue_with(words: Sequence[str]) -> None:
    """Make these words the prompt: what a callback does."""
    change(text=joined(words) or ".")


def name_problems(prompt: Prompt, story: Story, impossible: ImpossiblePrefix | None) -> None:
    """Say what cannot be used of the prompt, and why there may be no truth to compare with."""
    name_unknown_words(prompt, story)
    if impossible:
        name_impossible_word(impossible)


def name_unknown_words(prompt: Prompt, story: Story) -> None:
    """Say which words are not in the storybook, and offer those that are spelled like them."""
    if not prompt.unknown:
        return
    with st.container(key="unknown", border=True):
        names = listed(quoted(plain(word)) for word in prompt.unknown[:5])
        st.markdown(_("Not in this storybook: {words}. The picture uses the words before that.", words=names))
        first = prompt.unknown[0]
        nearest = story.nearest_words(first)
        if nearest:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(_("Did you mean"), width="content")
                for word in nearest:
                    st.button(plain(word), on_click=continue_with, args=([*prompt.words, word],), key=f"nearest_{word}")


def name_impossible_word(impossible: ImpossiblePrefix) -> None:
    """Say that the grammar has no sentence that begins so; for the model it is a beginning like any other."""
    before = joined(impossible.prefix[: impossible.position])
    word = impossible.prefix[impossible.position]
    st.info(
        _(
            "No sentence of the storybook begins like this: “{word}” cannot follow “{before}”. "
            "The model carries on all the same, but there is no truth to compare it with.",
            word=plain(word),
            before=plain(before) or "…",
        ),
        icon=":material/block:",
    )
