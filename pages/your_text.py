"""Your text: a small GPT learns from a text of one's own, with and without dropout; what it copies is marked."""

from typing import Any

import streamlit as st

from lib.web.elements.controls import Controls, change
from lib.web.frame import lesson
from lib.web.frame.language import _, prose


def choose(controls: Controls[Any]) -> bool:
    """The text, and how it is learned; whether there is a text."""
    from lib.web.your_text.text import ask_for_text

    source = controls.segmented(
        "source",
        _("Text"),
        {"story": _("the storybook"), "paste": _("paste"), "file": _("upload")},
    )
    there = source == "story" or ask_for_text(source) is not None
    if source != "story":
        st.caption(prose("your_text", "privacy"))
        controls.segmented(
            "unit",
            _("Tokens"),
            {"auto": _("as it suits the text"), "words": _("words"), "characters": _("characters")},
        )
    controls.slider("p", _("Dropout p of the second model"))
    return there


@lesson.fragment
def show_picture() -> None:
    """The controls, the curves of both models, and what they say."""
    # PyTorch takes a second to import; by now the heading is on the screen.
    from lib.listings.your_text import your_text_listing
    from lib.own_text import MOST_DIFFERENT
    from lib.web.elements.prompt import story_language
    from lib.web.your_text.report import report
    from lib.web.your_text.settings import Settings
    from lib.web.your_text.text import SENTENCES, chosen_text, summary, train
    from lib.web.your_text.training import show_training, text_run, trains_otherwise

    with lesson.picture(Settings) as (controls, stage):
        there = choose(controls)
        st.button(
            _("Train both"),
            on_click=train,
            args=(controls,),
            type="primary",
            width="stretch",
            icon=":material/play_arrow:",
            disabled=not there,
        )
        with controls.more() as drawn:
            if drawn:
                controls.number("seed", _("Seed of the training"))
    settings, started = controls.settings(), controls.run() or Settings()
    text = chosen_text(started, story_language())
    with stage:
        if text is None:
            st.info(prose("your_text", "no-text"))
        else:
            run = text_run(text, started)
            remark = "changed" if trains_otherwise(settings, started) else "recorded" if run.recorded else ""
            st.caption(summary(text) + (" " + prose("your_text", remark) if remark else ""))
            show_training(run, text, started)

    lesson.section(_("What they say"), prose("your_text", "say"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        controls.segmented("k", "k", {MOST_DIFFERENT: _("all")})
        controls.slider("temp", _("Temperature"))
        again = {"say": (settings.say + 1) % 10_000}
        st.button(_("Say something else"), on_click=change, kwargs=again, icon=":material/casino:")
    settings = controls.settings()
    if text is not None and run.job and run.done:
        report(run.job, text, settings)
    lesson.takeaway(prose("your_text", "takeaway"))
    which: dict[str, Any] = {
        "language": story_language(),
        "sentences": SENTENCES,
        "unit": None if started.unit == "auto" else started.unit,
        "p": started.p,
        "seed": started.seed,
    }
    lesson.code(lambda: your_text_listing(**which, k=settings.k, temperature=settings.temp, say=settings.say))


with lesson.framed("your_text"):
    lesson.predict(
        "your_text",
        _("A small model reads a short text over and over. What will it say afterwards?"),
        {"own": _("sentences of its own"), "copy": _("what it has read, word for word"), "noise": _("nonsense")},
        outcome="copy",
    )
    show_picture()
