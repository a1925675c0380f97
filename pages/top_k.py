"""Top-k: the model's scores for the next word, cut, renormalised and drawn from, beside the truth."""

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.web.elements.controls import Controls, asked, change
from lib.web.frame import lesson
from lib.web.frame.language import _, prose

if TYPE_CHECKING:
    from lib.web.top_k.live import Answered, Chosen


def choose_cuts(controls: Controls[Any]) -> None:
    """What happens to the scores: the temperature and the cuts."""
    controls.steps("k", _("k: how many words stay in (often 50)"))
    controls.slider("temp", _("Temperature T"))


def choose_more(controls: Controls[Any], all_words: str) -> None:
    """The controls that few people move. ``all_words`` is what the switch to a logarithmic axis is called."""
    with controls.more() as drawn:
        if drawn:
            controls.slider("top_p", _("Top-p: how much probability stays in"))
            controls.slider("min_p", _("Min-p: how likely, compared with the likeliest"))
            controls.toggle("all", all_words)
            controls.number("seed", _("Seed of the die"))


def choose_model(controls: Controls[Any], opening: int) -> None:
    """The model that speaks: a small one whose truth is known, or a real one. Each begins at a k of its own, the
    storybook's at ``opening``."""
    from lib.web.top_k.settings import LLM_K

    models = {"storybook": _("storybook"), "llm": _("a real one, recorded"), "live": _("a real one, live")}
    label = _("The model that speaks")
    controls.segmented("model", label, models, then=lambda: change(k=LLM_K if asked("model") else opening))


@lesson.fragment
def show_picture() -> None:
    """The controls, the picture of the cut, and what it does to the words of the model that is chosen."""
    from lib.web.top_k.live import is_offered

    live = is_offered()
    if asked("model") == "live" and live:
        show_live_model()
    elif asked("model") == "llm":
        show_real_model(live)
    else:
        show_storybook(live)


def show_storybook(live: bool) -> None:
    """A small model that has learned a storybook, whose grammar knows the truth. ``live``: a live model is offered."""
    # PyTorch takes a second to import; by now the heading is on the screen.
    from lib.language_model import load_model
    from lib.listings.top_k import generate_listing, top_k_listing
    from lib.story import load_story
    from lib.web.elements.prompt import choose_prompt, name_problems, story_language
    from lib.web.rooms.switch import shows_the_class
    from lib.web.top_k.bench import bench
    from lib.web.top_k.class_draws import draw_my_word, name_of, pile_of_the_class
    from lib.web.top_k.player import next_word_player
    from lib.web.top_k.report import report
    from lib.web.top_k.settings import OPENINGS, Opening, sampling_of, settings_for
    from lib.web.top_k.step import force_word, go_on_buttons, step_of
    from lib.web.top_k.tree import tree_of_everything
    from lib.web.two_dice.link import link_to_two_dice
    from lib.writing import joined

    language = story_language()
    story = load_story(language)
    longest = load_model(language, 0.3, "small").config.context - 1
    opening = OPENINGS.get(language, Opening())
    with lesson.picture(settings_for(len(story.vocabulary), opening.k, live=live)) as (controls, stage):
        prompt = choose_prompt(controls, story, longest=longest, first=opening.helps)
        buttons = st.container(horizontal=True, gap="small")
        choose_cuts(controls)
        problems = st.container()
        choose_more(controls, _("All words, on a logarithmic axis"))
        controls.segmented("p", _("The model learned with dropout p ="))
        choose_model(controls, opening.k)
    settings = controls.settings()
    sampling, model = sampling_of(settings, len(story.vocabulary)), load_model(language, settings.p, "small")
    follows, step = step_of(model, prompt.words, settings.seed, sampling)

    of = name_of(prompt.words, sampling, settings.p)
    with buttons:
        draw_my_word(of, model, prompt.words, sampling)
        go_on_buttons(step, story, prompt, longest=longest, seed=settings.seed)
    with problems:
        name_problems(prompt, story, follows.impossible)
    with stage:
        if shows_the_class():
            pile_of_the_class(of, step, story.vocabulary)
        else:
            said = joined(prompt.words) or "…"
            next_word_player(
                step,
                story.vocabulary,
                temperature=settings.temp,
                prompt=said,
                logarithmic=settings.all,
                ends=(story.eos_id,),
                force=partial(force_word, prompt, longest, story.vocabulary),
            )
    report(controls, step, model, prompt.words, sampling)
    bench(controls, model, prompt.words)
    tree_of_everything(controls, model, prompt.words, sampling, longest)

    lesson.link_here()
    lesson.takeaway(prose("top_k", "takeaway"))
    link_to_two_dice(_("What does this k change if the model learned without dropout? Measure both dice"), k=settings.k)
    lesson.code(lambda: top_k_listing(prompt.words, sampling, language=language, p=settings.p, seed=settings.seed))
    lesson.code(
        lambda: generate_listing(prompt.words, sampling, seed=settings.seed),
        _("The code: the same settings, with Hugging Face's generate and a large model"),
        key="code_generate",
    )


def show_real_model(live: bool) -> None:
    """A real language model, whose answers are recorded. Nobody knows the truth about what it may say."""
    from lib.listings.top_k import llm_listing
    from lib.recorded_llm import TOP, load_recorded_llm
    from lib.tokens import readable
    from lib.web.elements.prompt import story_language
    from lib.web.top_k.llm import (
        RankedTokens,
        about_the_model,
        choose_beginning,
        choose_path,
        go_along_buttons,
        llm_report,
        llm_step_of,
        said_so_far,
        say_what_the_grid_is,
    )
    from lib.web.top_k.player import next_word_player
    from lib.web.top_k.settings import OPENINGS, Opening, llm_settings, sampling_of
    from lib.web.top_k.shipped import shipped_settings

    llm = load_recorded_llm()
    with lesson.picture(llm_settings(live=live)) as (controls, stage):
        choose_beginning(controls, llm)
        text = st.container(gap="small")
        choose_cuts(controls)
        choose_path(controls)
        choose_more(controls, _("The {n} likeliest, on a logarithmic axis", n=TOP))
        choose_model(controls, OPENINGS.get(story_language(), Opening()).k)
    settings = controls.settings()
    sampling = sampling_of(settings, llm.vocabulary_size)
    recorded, step = llm_step_of(llm, settings, sampling)
    tokens = RankedTokens(recorded)

    with text:
        said_so_far(recorded)
        with st.container(horizontal=True, gap="small"):
            go_along_buttons(recorded, settings.seed)
    with stage:
        next_word_player(
            step,
            tokens,
            temperature=settings.temp,
            prompt=readable(recorded.text),
            logarithmic=settings.all,
            ids=recorded.ids,
        )
        say_what_the_grid_is(step, llm)
    llm_report(controls, step, tokens)
    lesson.section(_("Which speaking die is a model shipped with?"), prose("top_k", "llm-shipped"))
    shipped_settings(step, tokens, sampling)
    about_the_model(llm)

    lesson.link_here()
    lesson.takeaway(prose("top_k", "llm-takeaway"))
    lesson.code(lambda: llm_listing(recorded, sampling, die=(settings.seed, recorded.number, len(recorded.said))))


def show_live_model() -> None:
    """A real language model that runs beside this server, and goes on with any text."""
    from lib.live_llm.failure import Failure
    from lib.recorded_llm import TOP
    from lib.web.elements.prompt import story_language
    from lib.web.top_k.live import (
        answer_to,
        choose_live_model,
        chosen_model,
        question_of,
        say_why,
        type_beginning,
        wait_for_the_answer,
    )
    from lib.web.top_k.settings import OPENINGS, Opening, live_settings, sampling_of

    chosen = chosen_model()
    with lesson.picture(live_settings(chosen.names, chosen.V)) as (controls, stage):
        choose_live_model(controls, chosen)
        beginning = type_beginning(controls)
        text = st.container(gap="small")
        if chosen.about:
            choose_cuts(controls)
            choose_more(controls, _("The {n} likeliest, on a logarithmic axis", n=TOP))
        choose_model(controls, OPENINGS.get(story_language(), Opening()).k)
    settings = controls.settings()
    question = question_of(chosen, beginning, settings)
    try:
        answered = answer_to(chosen, question, settings.seed, sampling_of(settings, chosen.V or 0))
    except Failure as failure:
        with stage:
            say_why(failure, chosen, question)
    else:
        if answered:
            show_live_answer(controls, text, stage, chosen, answered)
        else:
            with stage:
                wait_for_the_answer(question)


def show_live_answer(
    controls: Controls[Any], text: DeltaGenerator, stage: DeltaGenerator, chosen: "Chosen", answered: "Answered"
) -> None:
    """What a live model said: the same picture and report as of a recorded one."""
    from lib.tokens import readable
    from lib.web.top_k.live import about_the_live_model, force_tokens, go_on_live_buttons, listing_of
    from lib.web.top_k.live_tree import live_tree
    from lib.web.top_k.llm import RankedTokens, llm_report, said_so_far
    from lib.web.top_k.player import next_word_player
    from lib.web.top_k.settings import sampling_of
    from lib.web.top_k.shipped import shipped_settings

    settings, live, step = controls.settings(), answered.live, answered.step
    tokens, sampling = RankedTokens(live), sampling_of(settings, len(live.logits))
    with text:
        said_so_far(live, "und")  # nobody knows in which language it is
        with st.container(horizontal=True, gap="small"):
            go_on_live_buttons(answered, settings.seed)
    with stage:
        next_word_player(
            step,
            tokens,
            temperature=settings.temp,
            prompt=readable(live.text),
            logarithmic=settings.all,
            ids=live.ids,
            ends=answered.about.ends,
            force=lambda number: force_tokens(live.said_ids, (number,)),
        )
    llm_report(controls, step, tokens)
    lesson.section(_("Which speaking die is a model shipped with?"), prose("top_k", "llm-shipped"))
    shipped_settings(step, tokens, sampling)
    live_tree(controls, answered, sampling)
    about_the_live_model(chosen, answered.about)

    lesson.link_here()
    lesson.takeaway(prose("top_k", "llm-takeaway"))
    lesson.code(lambda: listing_of(answered, sampling, settings.seed))


with lesson.framed("top_k"):
    lesson.predict(
        "top_k",
        _("Keep the 50 likeliest words, then draw one at random. What does this cut change?"),
        {
            "model": _("what the model knows"),
            "words": _("which words it may say"),
            "best": _("it always says the best word"),
        },
        outcome="words",
    )
    show_picture()
