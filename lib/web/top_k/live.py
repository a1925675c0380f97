"""The Top-k page with a live model: any beginning, and on with whatever was drawn or clicked on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from lib.live_llm.client import IN_USE, About, LiveLlm, Question
from lib.live_llm.failure import Failure, Reason
from lib.live_llm.offered import ROOT, Model, Offer, offered
from lib.live_llm.step import LiveStep
from lib.next_word import NextWord, next_word
from lib.sampling_settings import SamplingSettings
from lib.tokens import visible
from lib.web.elements.controls import Controls, asked, change
from lib.web.elements.icon_button import icon_button
from lib.web.frame.fragments import aside, out_of_turn
from lib.web.frame.language import _, decimal, in_sentences, plain, prose
from lib.web.logs import event
from lib.web.server import use_the_cores_of_runs
from lib.web.top_k.settings import LLM_OPENING, MOST_SAID, said_in_link

# Who may name any model is on a computer of their own, and need not wait for others to let go of one.
LIVE = LiveLlm(in_use=0.0 if offered().any else IN_USE, begin=use_the_cores_of_runs, log=event)
PATIENCE = 0.5  # seconds for which a page waits for an answer before it says that it does
_EVERY = 1.0  # seconds
_STAGES = ("waiting", "memory", "importing", "fetching", "reading", "answering")


@dataclass(frozen=True)
class Chosen:
    """The live model that the page is set to: ``model`` if there is one of this ``name``, and what is known of it."""

    offer: Offer
    name: str
    model: Model | None
    about: About | None

    @property
    def names(self) -> tuple[str, ...]:
        """What there is to choose from; nothing where a person types the name."""
        return () if self.offer.any else tuple(model.name for model in self.offer.models)

    @property
    def V(self) -> int | None:  # noqa: N802
        """How many tokens the model knows, once it is loaded."""
        return len(self.about.vocabulary) if self.about else None


def is_offered() -> bool:
    """Whether this server offers a live model."""
    return bool(offered())


def chosen_model() -> Chosen:
    """What the link, or the control, says before it is drawn."""
    offer = offered()
    first = offer.models[0].name if offer.models else ""
    names = {model.name for model in offer.models}
    name = asked("llm") or first
    if not offer.any and name not in names:
        name = first
    try:
        model = offer.named(name)
    except Failure:
        return Chosen(offer, name, None, None)
    return Chosen(offer, name, model, LIVE.about(model))


def choose_live_model(controls: Controls[Any], chosen: Chosen) -> None:
    """The list of models, or a line for a name. Another one starts at its first token."""
    if chosen.offer.any:
        first = chosen.offer.models[0].name if chosen.offer.models else ""
        label = _("The model: a folder, or owner/name@revision of the Hugging Face Hub")
        controls.text("llm", label, first, then=_begin_anew)
    elif len(chosen.names) > 1:
        controls.select("llm", _("The model"), then=_begin_anew)


def type_beginning(controls: Controls[Any]) -> str:
    """The line for any text to begin with."""
    return controls.text("prompt", _("The text begins with"), LLM_OPENING, then=_begin_anew)


def _begin_anew() -> None:
    change(tokens=None)


def question_of(chosen: Chosen, beginning: str, settings: Any) -> Question | None:
    """What the page asks; None where there is no such model."""
    if chosen.model is None:
        return None
    # Before the model is loaded nobody knows which tokens it has; then the question is only there to load it.
    return Question(chosen.model, beginning, said_in_link(settings.tokens, chosen.V or 0))


@dataclass(frozen=True)
class Answered:
    """What the model, of which this is known ``about``, said to a ``question``, and the ``step`` from there to one
    drawn token."""

    about: About
    question: Question
    live: LiveStep
    step: NextWord


def answer_to(chosen: Chosen, question: Question | None, seed: int, sampling: SamplingSettings) -> Answered | None:
    """What the model says, or None where that is still to come. Raises `Failure`.

    Each token has a die of its own, so that going on and coming back gives the same token again.
    """
    if question is None:
        raise Failure(Reason.NOT_FOUND)
    with out_of_turn():
        logits = LIVE.ask(question, PATIENCE if chosen.about else 0.0)
    if logits is None or chosen.about is None:
        return None
    live = LiveStep.of(logits, chosen.about.vocabulary, question.text, question.said)
    pointer = float(np.random.default_rng(die_of(seed, question)).random())
    return Answered(chosen.about, question, live, next_word(live.logits, settings=sampling, pointer=pointer))


def die_of(seed: int, question: Question) -> list[int]:
    """What the die of a step is made from."""
    return [seed, len(question.said)]


def go_on_live_buttons(answered: Answered, seed: int) -> None:
    """One token back, another draw, and on with the drawn token."""
    live, rank = answered.live, answered.step.drawn
    drawn, said = live.ids[rank], live.said_ids
    if said:
        icon_button(":material/undo:", _("One word back"), on_click=_say, args=(said[:-1],))
    icon_button(":material/casino:", _("Draw again"), on_click=change, kwargs={"seed": (seed + 1) % 10_000})
    ends = drawn in answered.about.ends
    word = _("Continue with “{word}”", word=plain(visible(live.tokens[rank])))
    st.button(
        _("The text ends here") if ends else word,
        type="primary",
        disabled=ends or not _has_room(said),
        on_click=_say,
        args=((*said, drawn),),
        key="go_on",
    )


def force_tokens(said: Sequence[int], numbers: Sequence[int]) -> None:
    """Say these tokens next, whatever the die says: what a callback does."""
    if _has_room(said, len(numbers)):
        _say((*said, *numbers))


def _has_room(said: Sequence[int], more: int = 1) -> bool:
    return len(said) + more <= MOST_SAID


def _say(said: Sequence[int]) -> None:
    change(tokens=".".join(map(str, said)) or None)


def wait_for_the_answer(question: Question | None) -> None:
    """Say what is being done until there is an answer, or a reason why there is none; then the page is drawn anew."""
    aside(_wait, run_every=_EVERY)(question)


def _wait(question: Question | None) -> None:
    if question is None:
        return
    try:
        over = LIVE.ask(question) is not None
    except Failure:
        over = True
    if over:
        st.rerun()
    now = LIVE.progress(question)
    doing = {
        "waiting": _("Questions of others before yours: {n}", n=decimal(now.before, 0)),
        "memory": _("Checking how much memory is free"),
        "importing": _("Starting the process in which the model runs"),
        "fetching": _("Downloading the model: {n} MB", n=decimal(now.megabytes, 0)),
        "reading": _("Reading the weights"),
        "answering": _("The model is computing its answer"),
    }
    st.progress(_STAGES.index(now.stage) / len(_STAGES), doing[now.stage])


def say_why(failure: Failure, chosen: Chosen, question: Question | None) -> None:
    """Why there is no answer, and a button to ask again."""
    st.warning(prose("top_k", f"live-{failure.reason.value}", name=plain(chosen.name)), icon=":material/block:")
    if question is None:
        return
    if failure.reason is Reason.TOO_LONG:
        st.button(_("Back to the beginning"), on_click=_begin_anew, key="begin_anew")
    else:
        st.button(_("Try again"), on_click=LIVE.try_again, args=(question,), key="try_again")


def about_the_live_model(chosen: Chosen, about: About) -> None:
    """Which model this is, exactly, in which precision it runs, and how its tokens are written."""
    said = prose(
        "top_k",
        "live-about",
        name=plain(chosen.name),
        parameters=decimal(about.parameters, 0),
        V=decimal(len(about.vocabulary), 0),
        precision=about.precision,
        sha256=about.checksum,
    )
    licence = _("Its licence: {name}.", name=plain(about.licence)) if about.licence else ""
    ties = prose("top_k", "live-ties") if about.precision == "bfloat16" else ""
    st.caption(in_sentences(said, licence, ties))


def listing_of(answered: Answered, sampling: SamplingSettings, seed: int) -> str:
    """The program that asks the model again."""
    from lib.listings.top_k import live_listing

    model = answered.about.model
    return live_listing(
        answered.live,
        sampling,
        folder=_source_of(model),
        revision=model.revision,
        precision=answered.about.precision,
        die=die_of(seed, answered.question),
    )


def _source_of(model: Model) -> str:
    """Where a program finds the model: as the person who runs it may know it, not where it is on this server."""
    if model.revision:
        return model.source
    folder = Path(model.source).resolve()
    return folder.relative_to(ROOT).as_posix() if folder.is_relative_to(ROOT) else model.name
