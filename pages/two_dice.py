"""Two dice: who learned with dropout, who speaks with top-k, and which of the two changes what. All of it measured."""

from typing import Any

import streamlit as st

from lib.web.elements.controls import Controls, change
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, prose


def choose(controls: Controls[Any]) -> None:
    """Which row and which column stand beside no dropout and no cut, and what is measured in each cell."""
    from lib.experiment import MEASURES
    from lib.language_model import CORPORA
    from lib.web.two_dice.table import measure_name

    controls.segmented("p", _("Dropout p, second row"))
    controls.segmented("k", _("k, second column"))
    controls.toggle("all", _("The whole table"))
    measure = controls.select("measure", _("Measure to show"), {name: measure_name(name) for name in MEASURES})
    st.caption(prose("two_dice", f"measure-{measure.replace('_', '-')}"))
    others = {"seed": (controls.settings().seed + 1) % 10_000}
    st.button(_("Other sentences"), on_click=change, kwargs=others, icon=":material/casino:", width="stretch")
    with controls.more() as drawn:
        if drawn:
            controls.number("seed", _("Seed of the sentences"))
            controls.number("n", _("Sentences in each cell"))
            options = {name: _("{n} sentences", n=decimal(n, 0)) for name, n in CORPORA.items()}
            models = controls.segmented(
                "models", _("The models learned from"), {**options, "yours": _("your own training")}
            )
            st.caption(prose("two_dice", f"models-{models}"))


def choose_training(controls: Controls[Any]) -> None:
    """Two models of one's own: how much they read, and the button that starts them."""
    from lib.web.two_dice.training import train_both

    lesson.section(_("Train it yourself"), prose("two_dice", "train"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        controls.number("train_n", _("Training sentences"))
        controls.number("train_seed", _("Seed of the training"))
        st.button(_("Train both"), on_click=train_both, args=(controls,), type="primary", icon=":material/play_arrow:")


@lesson.fragment
def show_picture() -> None:
    """The controls, the table that they ask for, and what it says; then both trainings."""
    # PyTorch takes a second to import; by now the heading is on the screen.
    from lib.listings.two_dice import two_dice_listing
    from lib.web.elements.prompt import story_language
    from lib.web.two_dice.live import live_table
    from lib.web.two_dice.real_llm import real_llm
    from lib.web.two_dice.report import forgotten_eval, report
    from lib.web.two_dice.runs import measured
    from lib.web.two_dice.settings import Settings, tables
    from lib.web.two_dice.training import asked_pair, report_training

    with lesson.picture(Settings, width=0.22) as (controls, stage):
        choose(controls)
    below, forgotten, training = st.container(), st.container(), st.container()
    with forgotten:
        st.subheader(_("The forgotten eval()"), anchor=False)
        controls.toggle("forgot", _("Let the model speak with dropout left on"))
    with training:
        choose_training(controls)

    settings, language = controls.settings(), story_language()
    pair = asked_pair(controls, language)
    configs = tables(settings, pair, language)
    run = measured(configs, pair)
    with stage:
        live_table(run, configs, pair, settings.measure)
    if run and run.job and run.done:
        with below:
            report(run.job, configs[0], settings)
        if settings.forgot:
            with forgotten:
                forgotten_eval(configs[1].rates[0], run.job.results)
    if pair:
        with training:
            report_training(pair, settings, language)

    real_llm()

    lesson.section(_("Practice and match"), prose("two_dice", "coach"))
    lesson.takeaway(prose("two_dice", "takeaway"))
    table, trained = configs[0], pair and (pair[0].n_sentences, pair[0].steps, pair[0].seed)
    which = {"language": language, "corpus": table.corpus}
    lesson.code(lambda: two_dice_listing(table.rates, table.ks, n=table.n, seed=table.seed, train=trained, **which))


with lesson.framed("two_dice"):
    lesson.predict(
        "two_dice",
        _("A model repeats its training sentences word for word. What helps?"),
        {"cut": _("a smaller k"), "dropout": _("dropout while it learns"), "both": _("either will do")},
        outcome="dropout",
    )
    show_picture()
