"""The Two dice page's table while it is being measured: twice a second it is drawn as far as it is."""

import streamlit as st

from lib.experiment import ExperimentConfig
from lib.story import load_story
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, prose
from lib.web.runs.status import pair_status
from lib.web.runs.worker_pool import Run
from lib.web.two_dice.runs import (
    MeasuringJob,
    Pair,
    Tables,
    is_recorded,
    measured,
    results_so_far,
    shipped_models,
    trained_pair,
    training_pairs,
)
from lib.web.two_dice.table import experiment_table


def live_table(run: Run[MeasuringJob] | None, configs: Tables, pair: Pair | None, measure: str) -> None:
    """The table that ``run`` measures; without a run it waits for the models to be trained."""
    over = run is not None and run.over
    # The same fragment before and after, so that the picture stays where it is and goes on playing.
    aside(_draw, run_every=None if over else 0.5)(configs, pair, measure, live=not over)


def _draw(configs: tuple[ExperimentConfig, ...], pair: Pair | None, measure: str, *, live: bool) -> None:
    """The picture as far as it is measured; while it is ``live``, this runs twice a second."""
    run, table, status = measured(configs, pair), configs[0], ""
    if is_recorded(configs, pair):
        status = _("Recorded beforehand. “Other sentences” generates new ones here.")
    if pair:
        training = trained_pair(pair)
        models, status = training.job.models if training.job else {}, pair_status(training_pairs(), training)
        failed = training.error
    else:
        models = shipped_models(table)
        failed = None
    experiment_table(table, run, results_so_far(table, run, pair), models, load_story(table.language), measure, status)
    if failed or (run and run.error):
        st.error(prose("two_dice", "failed"))
    elif live and run and run.over:
        st.rerun()  # what stands below waits for it
