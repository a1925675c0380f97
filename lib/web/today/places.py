"""Where dropout sits in a transformer: the Today page's block with a toggle for each of the four places."""

import functools
from typing import Any

import streamlit as st

from lib.language_model import load_model
from lib.listings.today import block_listing
from lib.story import load_story
from lib.studies.facts import load_facts
from lib.studies.placed_dropout import PLACES, BlockPasses, record_block
from lib.web.elements.citation import citation
from lib.web.elements.controls import Controls
from lib.web.elements.prompt import choose_prompt, first_prompt, name_unknown_words, story_language
from lib.web.frame.language import _, decimal, percent, prose
from lib.web.today.block import transformer_player

_LONGEST = 7  # words: more would make the attention's cells too small to see
_TRAINED_WITH = 0.3
MOST_RECORDED = 16  # recordings that are kept for the next one who asks for the same


@functools.lru_cache(maxsize=MOST_RECORDED)  # of at most 0.3 MB; everybody begins with the same one
def _block_passes(
    language: str,
    words: tuple[str, ...],
    p: float,
    places: tuple[str, ...],
    training: bool,
    passes: int,
    block: int,
    seed: int,
) -> BlockPasses:
    """The passes for these settings, once for everybody who looks at them; nobody may change them."""
    model = load_model(language, _TRAINED_WITH)
    return record_block(model, words, p=p, places=places, training=training, passes=passes, block=block, seed=seed)


def places_part(controls: Controls[Any]) -> str:
    """The picture, and how far the passes' answers lie apart."""
    with st.container(key="picture-and-controls"):
        left, right = st.columns([0.26, 0.74], gap="medium")
    language = story_language()
    story, model = load_story(language), load_model(language, _TRAINED_WITH)
    with left:
        mode = controls.segmented("mode", _("Mode"))
        with st.container(horizontal=True, gap="small"):
            on = {
                "embedding": controls.toggle("emb", _("1 embedding")),
                "attention": controls.toggle("att", _("2 attention")),
                "projection": controls.toggle("proj", _("3 projection")),
                "mlp": controls.toggle("mlp", _("4 MLP")),
            }
        p = controls.slider("p", _("p, the chance to drop"))
        beginning = first_prompt(story, longest=_LONGEST)
        with controls.more("text", "block", "n", "seed") as drawn:
            if drawn:
                beginning = choose_prompt(story, longest=_LONGEST)
                controls.segmented("block", _("Block"))
                controls.steps("n", _("Passes"))
                controls.number("seed", _("Seed"))
        rest = controls.settings()
    places = tuple(place for place in PLACES if on[place])
    training = mode == "train"
    recording = _block_passes(
        language, beginning.words[:_LONGEST], p, places, training, rest.n, rest.block - 1, rest.seed
    )
    with right:
        transformer_player(recording, model.vocabulary, p=p, places=places, training=training)
        name_unknown_words(beginning, story)
    claim = load_facts().claim("places")
    st.caption(f"{_(claim.text)} {citation(claim)}")
    st.caption(prose("today", "places", p=decimal(model.config.p, 1)))

    st.subheader(_("The numbers"), anchor=False)
    best = int(recording.full.argmax())
    chances = recording.probabilities[:, best]
    st.markdown(
        prose(
            "today",
            "places-numbers",
            word=model.vocabulary[best],
            full=percent(float(recording.full[best])),
            low=percent(float(chances.min())),
            high=percent(float(chances.max())),
            n=rest.n,
            same=percent(float((recording.probabilities.argmax(1) == best).mean()), 0),
        )
    )
    return block_listing(
        p, places, training=training, width=model.config.width, heads=model.config.heads, seed=rest.seed
    )
