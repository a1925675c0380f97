"""Train vs. validation: networks trained live, with and without dropout, and the moment one starts to memorise."""

from typing import Any

import streamlit as st

from lib.web.elements.controls import Controls
from lib.web.frame import lesson
from lib.web.frame.language import _, prose


def choose(controls: Controls[Any]) -> None:
    """The controls, and the button that starts the run that they describe."""
    from lib.web.training.settings import suit_the_data
    from lib.web.training.table_upload import own_table

    data = controls.select(
        "data",
        _("Data"),
        {
            "moons": _("Two half moons that touch"),
            "circles": _("A ring around a ring"),
            "spirals": _("Two interlocking spirals"),
            "digits": _("Handwritten digits"),
            "mnist": _("MNIST, 28 × 28"),
            "csv": _("Your own table"),
        },
        then=suit_the_data,
    )
    missing = data == "csv" and not own_table()
    controls.steps("n", _("Training examples"))
    controls.slider("flips", _("Share of wrong labels"))
    controls.slider("p", _("p, the chance of dropping a hidden neuron"))
    st.button(
        _("Train"),
        on_click=controls.start,
        type="primary",
        width="stretch",
        icon=":material/play_arrow:",
        disabled=missing,
    )
    choose_more(controls)
    lessons_to_choose()


def choose_more(controls: Controls[Any]) -> None:
    """The controls that few people move."""
    layers = {
        "8": _("one layer of 8"),
        "64": _("one layer of 64"),
        "64-64": _("two layers of 64"),
        "64-64-64": _("three layers of 64"),
        "256-256": _("two layers of 256"),
    }
    with controls.more() as drawn:
        if not drawn:
            return
        controls.segmented("metric", _("Curves show"), {"loss": _("loss"), "accuracy": _("accuracy")})
        controls.toggle("log", _("Logarithmic axis"))
        controls.toggle("noisy", _("Also the training loss with dropout on, as the optimiser sees it"))
        controls.slider("noise", _("Spread of the points"))
        controls.slider("p_in", _("p of the inputs, in the dropout arm"))
        controls.select("layers", _("Hidden layers"), layers)
        controls.slider("seeds", _("Networks in each arm"))
        controls.steps("steps", _("Training steps"))
        controls.steps("batch", _("Batch size"))
        controls.steps("lr", _("Learning rate"))
        controls.steps("decay", _("Weight decay"))
        controls.number("seed", _("Seed"))


def lessons_to_choose() -> None:
    """A list of a few settings worth a click."""
    from lib.web.training.settings import LESSONS, choose_lesson

    st.menu_button(
        _("Lessons"),
        list(LESSONS),
        format_func=lambda name: prose("training", f"lesson-{name}"),
        on_click=choose_lesson,
        width="stretch",
        icon=":material/school:",
        key="lessons",
    )


def remark(run: Any, *, started: bool, changed: bool) -> str:
    """The section of the page's prose that says which run this is."""
    if started:
        return "changed" if changed else "started"
    return "recorded" if run.recorded else "before"


@lesson.fragment
def show_picture() -> None:
    """The controls, the picture of the run that they ask for, and its numbers."""
    # PyTorch takes a second to import; by now the heading is on the screen.
    from lib.listings.training import training_listing
    from lib.training import TrainingConfig
    from lib.web.runs.status import stop_button
    from lib.web.training.player import first_run, training_player, training_run, training_runs
    from lib.web.training.report import report, verdict
    from lib.web.training.settings import Settings, asked_config, watched_config
    from lib.web.two_dice.link import link_to_two_dice

    with lesson.picture(Settings) as (controls, stage):
        choose(controls)
        settings = controls.settings()
        config = asked_config(settings)
        if config and config.n_train != settings.n:
            st.caption(_("This data set has only {n} training examples.", n=config.n_train))
        if config and config.members != settings.seeds:
            st.caption(_("With this many pixels, at most {n} networks are trained in each arm.", n=config.members))

    watched = watched_config(controls.run())
    shown = watched or config or TrainingConfig()
    run = training_run(watched) if watched else first_run(shown)
    with stage:
        # It has its place also when there is nothing to say: the picture below stays where it is.
        st.empty().caption(prose("training", remark(run, started=watched is not None, changed=config != watched)))
        if run.error:
            st.error(prose("training", "failed"))
        else:
            training_player(run, shown, settings, live=not run.over)
            stop_button(training_runs(), run, shown)
            verdict(run, shown)
    report(run, shown)

    lesson.takeaway(prose("training", "takeaway" if shown.label_noise else "takeaway-no-wrong-labels"))
    link_to_two_dice(_("How does this p change what a language model says? Measure both dice"), p=settings.p)
    lesson.code(lambda: training_listing(shown))


with lesson.framed("training"):
    lesson.predict(
        "training",
        _("Ten labels in a hundred are wrong. What will a large network do with them?"),
        {"ignore": _("ignore them"), "memorise": _("memorise them"), "fail": _("fail to learn at all")},
        outcome="memorise",
    )
    show_picture()
