"""Train it yourself: both models learn while the class watches, their curves beside the floor."""

import math

import streamlit as st

from lib.figures.curves import curves_figure
from lib.story import load_story
from lib.web.elements.controls import Controls, change
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, decimal, prose
from lib.web.runs.recordings import Panels, Recording, flat_series, recording_player
from lib.web.runs.status import pair_status
from lib.web.runs.worker_pool import Run
from lib.web.training.player import arm_name, curve_labels
from lib.web.two_dice.runs import Pair, TrainingPairJob, pair_config, trained_pair, training_pairs
from lib.web.two_dice.settings import Settings


@aside
def pair_player(run: Run[TrainingPairJob], pair: Pair, *, live: bool) -> None:
    """Draw both models' losses and keep drawing while they learn. Only this runs again meanwhile.

    ``live`` says that the run was not over when the page was drawn.
    """
    recording_player("pair_player", run, recording_of(run, pair))
    if live and run.over:
        st.rerun()  # the verdict and the table stand outside of this fragment


def recording_of(run: Run[TrainingPairJob], pair: Pair) -> Recording:
    """What both models have recorded so far: as much as the one that is behind."""
    records = run.job.records if run.job else ([], [])
    count = min(len(each) for each in records)
    return Recording(
        step=[record.step for record in records[0][:count]],
        series=flat_series([[vars(record) for record in each[:count]] for each in records]),
        maps=None,
        panels=_panels(pair),
        panels_id="",
        metric="loss",
        status=pair_status(training_pairs(), run),
    )


def _panels(pair: Pair) -> Panels:
    labels = curve_labels(_("loss (nats per word)"), _("floor, the source's entropy"))
    story = load_story(pair[0].language)
    floor, guess = story.entropy_per_word, math.log(len(story.vocabulary))
    return [
        {
            "title": arm_name(config.p),
            "arm": arm,
            "curves": drawn_once(curves_figure, arm, labels, metric="loss", steps=config.steps, floor=floor),
            "map": None,
            "range": [0.0, round(1.05 * guess, 3)],  # before the first point: an untrained model guesses
        }
        for arm, config in enumerate(pair)
    ]


def train_both(controls: Controls[Settings]) -> None:
    """Train a pair with the settings on screen, and let it fill the table."""
    change(models="yours")
    controls.start()


def asked_pair(controls: Controls[Settings], language: str) -> Pair | None:
    """The models that somebody trains on this page, where they are the ones to speak."""
    started = controls.run()
    if controls.settings().models != "yours":
        return None
    if started is None:
        controls.start()
        started = controls.settings()
    return pair_config(started.p, started.train_n, started.train_seed, language)


def report_training(pair: Pair, settings: Settings, language: str) -> None:
    """The curves of both models, and what they ended with."""
    if pair != pair_config(settings.p, settings.train_n, settings.train_seed, language):
        st.caption(prose("two_dice", "changed"))
    run = trained_pair(pair)
    pair_player(run, pair, live=not run.over)
    pair_verdict(trained_pair(pair), pair)


def pair_verdict(run: Run[TrainingPairJob], pair: Pair) -> None:
    """What the two ended with, beside the floor."""
    if run.job is None or not run.done:
        return
    floor = load_story(pair[0].language).entropy_per_word
    paragraphs = []
    for config, records in zip(pair, run.job.records, strict=True):
        last = records[-1]
        memorised = last.train_loss < floor
        losses = _(
            "{arm}: training loss {train}, validation loss {val}; the floor is {floor}.",
            arm=arm_name(config.p),
            train=decimal(last.train_loss),
            val=decimal(last.val_loss),
            floor=decimal(floor),
        )
        verdict = _("Training loss below the floor: it has memorised.") if memorised else _("No sign of memorising.")
        paragraphs.append(f"{losses} **{verdict}**")
    st.markdown("\n\n".join(paragraphs))
