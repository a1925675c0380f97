"""Train vs. validation: networks trained live, with and without dropout, and the moment one starts to memorise."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from lib.web import lesson

frame = lesson.framed("training")  # first of all: the heading is there while PyTorch is imported

from lib.curves import to_csv
from lib.datasets import DATASETS, train_bounds
from lib.listings.training import training_listing
from lib.training import TrainingConfig
from lib.web.controls import Controls, choice, flag, key_of, number
from lib.web.language import _, prose
from lib.web.runs import Run, session_watcher
from lib.web.table_upload import own_table
from lib.web.training_player import TrainingJob, history_of, training_player, training_runs
from lib.web.training_report import disagreements, numbers, verdict
from lib.web.two_dice_link import link_to_two_dice


@dataclass(frozen=True)
class Settings:
    """Everything on this page that a link repeats."""

    data: str = choice("moons", DATASETS)
    n: int = choice(100, (20, 50, 100, 200, 500, 1000))
    flips: float = number(0.1, 0.0, 0.4, 0.05)
    p: float = number(0.5, 0.05, 0.9, 0.05)
    noise: float = number(0.25, 0.0, 0.5, 0.05)
    p_in: float = number(0.0, 0.0, 0.5, 0.05)
    layers: str = choice("64-64", ("8", "64", "64-64", "64-64-64", "256-256"))
    seeds: int = number(8, 1, 16, 1)
    steps: int = choice(2000, (200, 500, 1000, 2000, 4000, 8000))
    batch: int = choice(32, (8, 16, 32, 64, 128))
    lr: float = choice(0.005, (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02))
    decay: float = choice(0.0, (0.0, 0.0001, 0.001, 0.01, 0.1))
    seed: int = number(0, 0, 9999, 1)
    metric: str = choice("loss", ("loss", "accuracy"))
    log: bool = flag(False)
    noisy: bool = flag(False)


DIGITS: dict[str, Any] = {"data": "digits", "layers": "256-256", "batch": 64, "lr": 0.001, "steps": 1000, "seeds": 4}

# Lessons worth a click. The last one shows dropout making no difference, because it does not always help.
LESSONS: dict[str, dict[str, Any]] = {
    "noisy-moons": {},
    "noisy-digits": {
        "data": "digits",
        "n": 1000,
        "flips": 0.2,
        "layers": "256-256",
        "batch": 64,
        "lr": 0.001,
        "seeds": 4,
    },
    "more-data": {"n": 1000},
    "clean-digits": {
        "data": "digits",
        "n": 200,
        "flips": 0.0,
        "layers": "256-256",
        "batch": 64,
        "lr": 0.001,
        "seeds": 4,
    },
}


def choose_lesson(name: str) -> None:
    """Put a lesson's settings into the controls and start it."""
    for each in Settings.__dataclass_fields__.values():
        st.session_state[key_of(each.name)] = LESSONS[name].get(each.name, each.default)
    st.session_state["train"] = True


def config_of(settings: Settings) -> TrainingConfig:
    """The training run that these settings ask for; a small table lends fewer examples than asked."""
    table = st.session_state.get("table") if settings.data == "csv" else None
    fewest, most = train_bounds(settings.data, table)
    return TrainingConfig(
        dataset=settings.data,
        table=table,
        n_train=min(max(settings.n, fewest), most),
        noise=settings.noise,
        label_noise=settings.flips,
        hidden=tuple(int(width) for width in settings.layers.split("-")),
        rates=(0.0, settings.p),
        input_rate=settings.p_in,
        members=settings.seeds,
        batch_size=settings.batch,
        learning_rate=settings.lr,
        weight_decay=settings.decay,
        steps=settings.steps,
        seed=settings.seed,
    )


@st.fragment
def watch(run: Run[TrainingJob], config: TrainingConfig, settings: Settings) -> None:
    """The picture. Only this part runs again while the recording arrives."""
    training_player(run, config, metric=settings.metric, log=settings.log, with_dropout=settings.noisy)
    if run.over and st.session_state.get("told") != run.number:
        # The verdict and the numbers below are outside of this fragment: run the page once more.
        st.session_state["told"] = run.number
        st.rerun()


with frame:
    lesson.predict(
        "training",
        _("Ten labels in a hundred are wrong. What will a large network do with them?"),
        {"ignore": _("ignore them"), "memorise": _("learn them by heart"), "fail": _("fail to learn at all")},
    )
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
        with st.expander(_("More")):
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
        with st.popover(_("Lessons"), width="stretch", icon=":material/school:"):
            for name in LESSONS:
                st.button(prose("training", f"lesson-{name}"), on_click=choose_lesson, args=(name,), width="stretch")
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
    history = None

    with right:
        if watched is None:
            st.info(prose("training", "before"), icon=":material/arrow_back:")
        else:
            run = training_runs().watch(watched, session_watcher(), partial(TrainingJob, watched))
            if config != watched:
                st.caption(prose("training", "changed"))
            if run.error:
                st.error(prose("training", "failed"))
            else:
                watch(run, watched, settings)
                history = history_of(run) if run.done else None
            if history:
                verdict(history, watched)

    if watched and history:
        st.subheader(_("The numbers"), anchor=False)
        numbers(history, watched, run.steps_per_second)
        disagreements(history)
        with st.container(horizontal=True):
            st.download_button(
                _("All curves as CSV"),
                partial(to_csv, history, watched.rates),
                "two-dice-training.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
            lesson.link_here(train="1")
    lesson.takeaway(prose("training", "takeaway"))
    link_to_two_dice(_("And what does this p change about what a language model says? Measure both dice"), p=settings.p)
    lesson.code(training_listing(watched or config or TrainingConfig()))
