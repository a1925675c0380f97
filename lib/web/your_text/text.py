"""The text that is learned from: the storybook's at first, or one that somebody pastes or uploads.

A person's text is kept in their session: not in a link, not in the log. A run in the store is named by a fingerprint of
its text, so only who has the same text finds it. It holds the text as numbers while it trains, and afterwards only the
models, until newer runs push it out.
"""

import functools

import numpy as np
import streamlit as st

from lib.own_text import MOST_BYTES, OwnText, TextRefused, cut_text, read_text
from lib.story import load_story
from lib.web.elements.controls import Controls
from lib.web.frame.language import _, decimal, prose
from lib.web.logs import event
from lib.web.your_text.settings import Settings

SENTENCES = 150  # of the storybook: few enough to learn by heart while one watches


@functools.lru_cache(maxsize=8)  # one for each language, 0.2 MB
def story_text(language: str) -> OwnText:
    """Sentences from the storybook of this language, in words, or in characters where its script has no spaces."""
    story = load_story(language)
    return cut_text("\n".join(map(story.text_of, story.sample(SENTENCES, np.random.default_rng(0)))))


def ask_for_text(source: str) -> str | None:
    """The field or the uploader, and what it holds; a message where it holds nothing that can be learned from.

    A text that was accepted before stays when the next file is refused.
    """
    if source == "paste":
        typed = st.text_area(_("Your text"), max_chars=MOST_BYTES, height=120, key="pasted")
        if typed and st.session_state.get("text_typed") != typed:
            st.session_state["text_typed"] = typed
            _accept(typed.encode("utf-8", "replace"), source)
    else:
        file = st.file_uploader(_("A text file, up to 200 kB"), max_upload_size=1, key="text_file")
        if file is not None and st.session_state.get("text_file_id") != file.file_id:
            st.session_state["text_file_id"] = file.file_id
            _accept(file.read(MOST_BYTES + 1), source)
        # The browser still names a file that the server has forgotten: the widget then has a value, and it is no file.
        elif file is None and st.session_state.get("text_file") is not None:
            st.warning(prose("your_text", "restarted"))
    if refused := st.session_state.get(f"text_refused_{source}"):
        st.error(prose("your_text", refused))
    text: str | None = st.session_state.get(f"text_of_{source}")
    return text


def _accept(data: bytes, source: str) -> None:
    """Keep the text in these bytes, or the reason why it is refused."""
    st.session_state[f"text_refused_{source}"] = None
    try:
        text = read_text(data)
        cut_text(text, "characters")
        st.session_state[f"text_of_{source}"] = text
    except TextRefused as error:
        st.session_state[f"text_refused_{source}"] = error.reason.value
        event("refused", "text", reason=error.reason.value)


def train(controls: Controls[Settings]) -> None:
    """Train with the settings on screen, on the text that is there by now. (Another text does not change the run.)"""
    st.session_state["text_trained"] = st.session_state.get(f"text_of_{controls.settings().source}")
    controls.start()


def chosen_text(settings: Settings, language: str) -> OwnText | None:
    """The text that is trained on with these settings, in tokens, or None where there is none."""
    if settings.source == "story":
        return story_text(language)
    text: str | None = st.session_state.get("text_trained")
    if text is None:
        return None
    try:
        return _cut(text, settings.unit)
    except TextRefused:  # enough characters, and too few words
        return None


def _cut(text: str, unit: str) -> OwnText:
    """The text in tokens, cut once for as long as the session asks for the same."""
    known = st.session_state.get("text_cut")
    if known is None or known[0] != (text, unit):
        known = (text, unit), cut_text(text, None if unit == "auto" else unit)  # type: ignore[arg-type]
        st.session_state["text_cut"] = known
    own: OwnText = known[1]
    return own


def summary(text: OwnText) -> str:
    """What is learned from and what is kept aside, in one line."""
    values = {
        "training": decimal(len(text.training), 0),
        "validation": decimal(len(text.validation), 0),
        "different": decimal(len(text.vocabulary) - 1, 0),
    }
    if text.unit == "words":
        return _(
            "{training} words to learn from, {different} of them different; {validation} kept for validation.", **values
        )
    return _(
        "{training} characters to learn from, {different} of them different; {validation} kept for validation.",
        **values,
    )
