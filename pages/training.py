"""Train vs. validation: networks trained live, with and without dropout, and the moment one starts to memorise."""

from functools import partial

import streamlit as st

from lib.web.frame import lesson

frame = lesson.framed("training")  # first of all: the heading is there while PyTorch is imported

from lib.curves import to_csv
from lib.listings.training import training_listing
from lib.training import TrainingConfig
from lib.web.elements.controls import Controls
from lib.web.frame.language import _, prose
from lib.web.runs.worker_pool import Run, session_watcher
from lib.web.training.player import TrainingJob, training_player, training_runs
from lib.web.training.report import disagreements, numbers, verdict
from lib.web.training.settings import FEW_MOVE, LESSONS, Settings, choose_lesson, config_of
from lib.web.training.table_upload import own_table
from lib.web.two_dice.link import link_to_two_dice


@st.fragment
def watch(run: Run[TrainingJob], config: TrainingConfig, settings: Settings) -> None:
    """The picture. Only this part runs again while the recording arrives."""
    training_player(run, config, metric=settings.metric, log=settings.log, with_dropout=settings.noisy)
    if run.over and st.session_state.get("told") != run.id:
        # The verdict and the numbers below are outside of this fragment: run the page once more.
        st.session_state["told"] = run.id
        st.rerun()


@lesson.fragment
def look() -> None:
    """The controls, the picture of the run that they ask for, and its numbers."""
    with st.container(key="picture-and-controls"):
        left, right = st.columns([0.26, 0.74], gap="medium")

    with left:
        controls = Controls(Settings)
        data = controls.select(
            "data",
            _("Data"),
            captions={
                "moons": _("Two half moons that touch"),
                "circles": _("A ring around a ring"),
                "spirals": _("Two spirals, wound into each other"),
                "digits": _("Handwritten digits, 8 x 8 pixels"),
                "csv": _("A table of your own"),
            },
        )
        missing = data == "csv" and not own_table()
        controls.steps("n", _("Training examples"))
        controls.slider("flips", _("Wrong labels (share)"))
        controls.slider("p", _("p, the chance to drop a hidden neuron"))
        if st.button(_("Train"), type="primary", width="stretch", icon=":material/play_arrow:", disabled=missing):
            st.session_state["train"] = True
        with controls.more(*FEW_MOVE) as drawn:
            if drawn:
                controls.segmented("metric", _("Curves show"), captions={"loss": _("Loss"), "accuracy": _("Accuracy")})
                controls.toggle("log", _("Logarithmic axis"))
                controls.toggle("noisy", _("Also the training loss with dropout on, as the optimiser sees it"))
                controls.slider("noise", _("Spread of the points"))
                controls.slider("p_in", _("p of the inputs, in the arm with dropout"))
                controls.select("layers", _("Hidden layers"))
                controls.slider("seeds", _("Networks in each arm"))
                controls.steps("steps", _("Training steps"))
                controls.steps("batch", _("Batch size"))
                controls.steps("lr", _("Learning rate"))
                controls.steps("decay", _("Weight decay"))
                controls.number("seed", _("Seed"))
        lessons = st.popover(_("Lessons"), width="stretch", icon=":material/school:", key="lessons", on_change="rerun")
        for name in LESSONS if lessons.open else ():
            lessons.button(prose("training", f"lesson-{name}"), on_click=choose_lesson, args=(name,), width="stretch")
    settings = controls.settings()
    config = config_of(settings) if not missing else None
    if config and config.n_train != settings.n:
        with left:
            st.caption(_("This data lends {n} training examples.", n=config.n_train))

    # A link that ends in train=1 starts by itself, so that a class opens the lesson and watches.
    if st.query_params.get("train") == "1" and "watched" not in st.session_state:
        st.session_state["train"] = True
    if st.session_state.pop("train", False) and config:
        st.session_state["watched"] = config
    watched: TrainingConfig | None = st.session_state.get("watched")
    finished = None

    with right:
        if watched is None:
            st.info(prose("training", "before"), icon=":material/arrow_back:")
        else:
            run = training_runs().watch(watched, session_watcher(), partial(TrainingJob, watched))
            remark = st.empty()  # has its place also when there is nothing to say: the picture below stays where it is
            if config != watched:
                remark.caption(prose("training", "changed"))
            if run.error:
                st.error(prose("training", "failed"))
            else:
                watch(run, watched, settings)
                finished = run.job if run.done else None
            if finished:
                verdict(finished.ending, watched)

    if watched and finished:
        st.subheader(_("The numbers"), anchor=False)
        numbers(finished.ending, watched, run.steps_per_second)
        disagreements(finished.history)
        with st.container(horizontal=True):
            st.download_button(
                _("All curves as CSV"),
                partial(to_csv, finished.history, watched.rates),
                "two-dice-training.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
            lesson.link_here(train="1")
    lesson.takeaway(prose("training", "takeaway"))
    link_to_two_dice(_("And what does this p change about what a language model says? Measure both dice"), p=settings.p)
    lesson.code(training_listing(watched or config or TrainingConfig()))


with frame:
    lesson.predict(
        "training",
        _("Ten labels in a hundred are wrong. What will a large network do with them?"),
        {"ignore": _("ignore them"), "memorise": _("learn them by heart"), "fail": _("fail to learn at all")},
    )
    look()
