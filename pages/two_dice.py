"""Two dice: who learned with dropout, who speaks with top-k, and which of the two changes what. All of it measured."""

from functools import partial

import streamlit as st

from lib.web.frame import lesson

frame = lesson.framed("two_dice")  # first of all: the heading is there while PyTorch is imported

from lib.experiment import MEASURES, ExperimentConfig, to_csv
from lib.language_model import load_model
from lib.listings.two_dice import two_dice_listing
from lib.story import load_story
from lib.web.elements.controls import Controls, key_of
from lib.web.elements.prompt import story_language
from lib.web.frame.language import _, prose
from lib.web.runs.worker_pool import Run
from lib.web.two_dice.report import differences, effects, forgotten_eval, numbers
from lib.web.two_dice.runs import Pair, TrainingPairJob, measured, pair_config, results_so_far, trained_pair
from lib.web.two_dice.settings import Settings, tables
from lib.web.two_dice.table import experiment_table
from lib.web.two_dice.training import pair_player, pair_verdict, training_status


def draw_again() -> None:
    """Other sentences: the next seed."""
    st.session_state[key_of("seed")] = (st.session_state.get(key_of("seed"), 0) + 1) % 10_000


def train_both() -> None:
    """Train a pair with the settings on screen, and let it fill the table."""
    st.session_state[key_of("models")] = "yours"
    st.session_state["train"] = True


def draw_table(configs: tuple[ExperimentConfig, ...], pair: Pair | None, measure: str, *, live: bool) -> None:
    """The picture as far as it is measured; while it is ``live``, this runs twice a second."""
    run, table, status = measured(configs, pair), configs[0], ""
    if pair:
        training = trained_pair(pair)
        models, status = training.job.models if training.job else {}, training_status(training)
        failed = training.error
    else:
        models = {p: load_model(table.language, p, table.corpus) for p in table.rates}
        failed = None
    experiment_table(table, run, results_so_far(table, run, pair), models, load_story(table.language), measure, status)
    if failed or (run and run.error):
        st.error(prose("two_dice", "failed"))
    elif live and run and run.over:
        st.rerun()  # what stands below waits for it


@st.fragment
def watch_training(run: Run[TrainingPairJob], pair: Pair) -> None:
    """Both curves. The browser asks for more, and only this part runs again."""
    pair_player(run, pair)
    if run.over and st.session_state.get("pair_told") != run.id:
        st.session_state["pair_told"] = run.id
        st.rerun()


@lesson.fragment
def look() -> None:
    """The controls, the table that they ask for, and what it says; then both trainings."""
    with st.container(key="picture-and-controls"):
        left, right = st.columns([0.22, 0.78], gap="medium")
    report, forgotten, training = st.container(), st.container(), st.container()

    controls = Controls(Settings)
    with left:
        controls.segmented("p", _("Dropout p, second row"))
        controls.segmented("k", _("k, second column"))
        controls.toggle("all", _("The whole table"))
        controls.select(
            "measure",
            _("Measure to look at"),
            captions={name: prose("two_dice", f"measure-{name.replace('_', '-')}") for name in MEASURES},
        )
        st.button(_("Other sentences"), on_click=draw_again, icon=":material/casino:", width="stretch")
        with controls.more("seed", "n", "models") as drawn:
            if drawn:
                controls.number("seed", _("Seed of the sentences"))
                controls.number("n", _("Sentences in each cell"))
                controls.segmented(
                    "models",
                    _("The models learned from"),
                    captions={name: prose("two_dice", f"models-{name}") for name in ("small", "large", "yours")},
                )
    with forgotten:
        st.subheader(_("The forgotten eval()"), anchor=False)
        controls.toggle("forgot", _("Let the model speak with dropout left on"))
    with training:
        lesson.section(_("Train it yourself"), prose("two_dice", "train"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            controls.number("train_n", _("Training sentences"))
            controls.number("train_seed", _("Seed of the training"))
            st.button(_("Train both"), on_click=train_both, type="primary", icon=":material/play_arrow:")
    settings = controls.settings()

    language, yours = story_language(), settings.models == "yours"
    if st.session_state.pop("train", False) or (yours and "pair" not in st.session_state):
        st.session_state["pair"] = pair_config(settings.p, settings.train_n, settings.train_seed, language)
    pair: Pair | None = st.session_state["pair"] if yours else None
    configs = tables(settings, pair, language)
    story = load_story(language)

    run = measured(configs, pair)
    done = run is not None and run.done
    with right:
        # The same fragment before and after, so that the picture stays where it is and goes on playing.
        over = run is not None and run.over
        st.fragment(draw_table, run_every=None if over else 0.5)(configs, pair, settings.measure, live=not over)

    if run is not None and run.job is not None and done:
        job = run.job
        with report:
            numbers(job, configs[0], story.entropy_per_word)
            st.subheader(_("Does each die do its own job?"), anchor=False)
            effects(job, configs[0], settings.measure)
            differences(job, configs[0], settings.p, settings.k)
            with st.container(horizontal=True):
                st.download_button(
                    _("The table as CSV"),
                    partial(to_csv, job.results),
                    "two-dice.csv",
                    "text/csv",
                    icon=":material/download:",
                    on_click="ignore",
                )
                lesson.link_here()
        if settings.forgot:
            with forgotten:
                forgotten_eval(configs[1].rates[0], job.results)
    if pair:
        with training:
            if pair != pair_config(settings.p, settings.train_n, settings.train_seed, language):
                st.caption(prose("two_dice", "changed"))
            watch_training(trained_pair(pair), pair)
            pair_verdict(trained_pair(pair), pair)

    lesson.section(_("Practice and match"), prose("two_dice", "coach"))
    lesson.takeaway(prose("two_dice", "takeaway"))
    trained = (pair[0].n_sentences, pair[0].steps, pair[0].seed) if pair else None
    lesson.code(
        two_dice_listing(
            configs[0].rates,
            configs[0].ks,
            n=settings.n,
            seed=settings.seed,
            language=language,
            corpus=configs[0].corpus,
            train=trained,
        )
    )


with frame:
    lesson.predict(
        "two_dice",
        _("A model says its training sentences word for word. What helps?"),
        {"cut": _("a smaller k"), "dropout": _("dropout while it learns"), "both": _("either will do")},
    )
    look()
