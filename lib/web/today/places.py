"""Where dropout sits in a transformer: the Today page's block with a toggle for each of the four places."""

import functools
from collections.abc import Callable

import streamlit as st

from lib.language_model import load_model
from lib.listings.today import block_listing
from lib.story import Story, load_story
from lib.studies.facts import load_facts
from lib.studies.placed_dropout import PLACES, BlockPasses, record_block
from lib.web.elements.citation import citation
from lib.web.elements.controls import Controls
from lib.web.elements.prompt import choose_prompt, name_unknown_words, prompt_of, story_language
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, percent, prose
from lib.web.today.block import transformer_player
from lib.web.today.settings import Settings

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


def places_part() -> Callable[[], str]:
    """The picture, and how far the passes' answers lie apart."""
    language = story_language()
    story, model = load_story(language), load_model(language, _TRAINED_WITH)
    with lesson.picture(Settings) as (controls, stage):
        _choose(controls, story)
    settings = controls.settings()
    prompt = prompt_of(settings.text, story, longest=_LONGEST)
    p, places, training = settings.p, _places_of(settings), settings.mode == "train"
    recording = _block_passes(
        language, prompt.words[:_LONGEST], p, places, training, settings.n, settings.block - 1, settings.seed
    )
    with stage:
        transformer_player(recording, model.vocabulary, p=p, places=places, training=training)
        name_unknown_words(prompt, story)
    claim = load_facts().claim("places")
    st.caption(f"{_(claim.text)} {citation(claim)}")
    st.caption(prose("today", "places", p=decimal(model.config.p, 1)))

    st.subheader(_("The numbers"), anchor=False)
    _numbers(recording, model.vocabulary)
    return lambda: block_listing(
        p, places, training=training, width=model.config.width, heads=model.config.heads, seed=settings.seed
    )


def _choose(controls: Controls[Settings], story: Story) -> None:
    """The controls: what the die does, and where it sits; then the sentence that the block reads."""
    controls.segmented("mode", _("Mode"), {"train": _("train"), "eval": _("evaluate")})
    with st.container(horizontal=True, gap="small"):
        controls.toggle("emb", _("1 embedding"))
        controls.toggle("att", _("2 attention"))
        controls.toggle("proj", _("3 projection"))
        controls.toggle("mlp", _("4 MLP"))
    controls.slider("p", _("p, the dropout rate"))
    with controls.more() as drawn:
        if drawn:
            choose_prompt(controls, story, longest=_LONGEST)
            controls.segmented("block", _("Block"))
            controls.steps("n", _("Passes"))
            controls.number("seed", _("Seed"))


def _places_of(settings: Settings) -> tuple[str, ...]:
    """The places where the die rolls."""
    on = {"embedding": settings.emb, "attention": settings.att, "projection": settings.proj, "mlp": settings.mlp}
    return tuple(place for place in PLACES if on[place])


def _numbers(recording: BlockPasses, vocabulary: list[str]) -> None:
    """How far the passes' answers lie apart."""
    best = int(recording.full.argmax())
    chances = recording.probabilities[:, best]
    st.markdown(
        prose(
            "today",
            "places-numbers",
            word=vocabulary[best],
            full=percent(float(recording.full[best])),
            low=percent(float(chances.min())),
            high=percent(float(chances.max())),
            n=len(chances),
            same=percent(float((recording.probabilities.argmax(1) == best).mean()), 0),
        )
    )
