"""The numbers under the Dropout page's picture: one layer as a table, how many networks there are, and the averages."""

import functools
from math import log2, log10

import streamlit as st
import torch

from lib.figures.dropout import (
    AverageLabels,
    MonteCarloLabels,
    dots_apart,
    monte_carlo_figure,
    running_average_figure,
)
from lib.pictured_network import (
    LayerRecord,
    MonteCarlo,
    PassSettings,
    PicturedNetwork,
    Recording,
    load_pictured_network,
    monte_carlo_error,
    validation_part,
)
from lib.studies.facts import load_facts
from lib.web.dropout.player import class_names, layer_names
from lib.web.dropout.settings import Settings
from lib.web.elements.chart import chart
from lib.web.elements.citation import citation
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.metrics import numbers_in_a_row
from lib.web.elements.table import table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_sentences, percent, plain, prose

EXAMPLES = 200  # of the validation data, so that a moved slider is answered within a twentieth of a second
_APART = 0.1  # a mean that differs by more from the eval pass is explained
MOST_ERRORS = 200  # results of 5 kB: 1 MB
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def warnings(passes: PassSettings, asked: str | None) -> None:
    """Say when nothing is left of a layer, and when the link's number of passes, ``asked``, cannot be shown."""
    if passes.training and 1 in passes.rates:
        st.warning(prose("dropout", "all-dropped"))
    if asked is not None:
        st.warning(
            _(
                "The link asks for “{asked}” passes; this page shows {n}.",
                asked=plain(asked[:20]),
                n=passes.passes,
            )
        )


def about_network(network: PicturedNetwork) -> None:
    """How the network was trained and how good it is, and for digits what its edges show."""
    about = prose(
        "dropout",
        "net" if network.trained_rate else "net-none",
        p=decimal(network.trained_rate, 1),
        accuracy=percent(network.validation_accuracy),
        count=len(validation_part(network.data)[1]),
    )
    st.caption(in_sentences(about, prose("dropout", "edges") if network.data != "moons" else ""))


@lesson.fragment
def layer_numbers(controls: Controls[Settings], network: PicturedNetwork, recording: Recording) -> None:
    """One layer in one pass as a table, and how many thinned networks there are."""
    ids, names = ("input", "hidden1", "hidden2"), layer_names(network)
    options = {"input": _("input"), "hidden1": _("hidden layer 1"), "hidden2": _("hidden layer 2")}
    chosen = controls.segmented("layer", _("Layer"), options)
    settings = recording.settings
    at = controls.number("at", _("Pass"), most=settings.passes)
    depth = ids.index(chosen)
    layer = recording.layers[depth]
    kept = int(layer.kept[at - 1].sum())
    st.markdown(prose("dropout", "table", at=at, layer=names[depth], kept=kept, n=layer.kept.shape[1]))
    layer_table(layer, at - 1)
    st.caption(prose("dropout", "inverted" if settings.scaling == "inverted" else "at-test"))
    count_networks(recording)


def layer_table(layer: LayerRecord, at: int) -> None:
    """Activation, mask and result of every neuron of one layer, in pass `at` (counted from 0)."""
    neurons = zip(layer.activation[at].tolist(), layer.kept[at].tolist(), layer.result[at].tolist(), strict=True)
    rows = [
        (
            decimal(neuron, 0),
            decimal(activation, 3),
            decimal(int(kept), 0),
            decimal(layer.factor, 3),
            decimal(result, 3),
        )
        for neuron, (activation, kept, result) in enumerate(neurons, start=1)
    ]
    # All rows, and no box that scrolls: a keyboard could not reach into it.
    table((_("neuron"), _("activation"), _("mask"), _("factor"), _("result")), rows, "rrrrr")


def count_networks(recording: Recording) -> None:
    """How many thinned networks the die could make, and how many different ones it made."""
    seen, passes = recording.distinct_networks[-1], recording.settings.passes
    numbers_in_a_row(
        [
            (_("Possible thinned networks"), power_of_two(recording.thinned_networks), None),
            (_("Different ones in {n} passes", n=passes), decimal(seen, 0), None),
        ]
    )


def power_of_two(count: int) -> str:
    """A power of two in both ways of writing it.

    >>> power_of_two(1), power_of_two(2**5), power_of_two(2**96)
    ('1', '2⁵ = 32', '2⁹⁶ ≈ 8 × 10²⁸')
    """
    if count == 1:
        return "1"
    exponent = str(round(log2(count))).translate(_SUPERSCRIPT)
    if count < 10**6:
        return f"2{exponent} = {decimal(count, 0)}"
    digits = int(log10(count))
    return f"2{exponent} ≈ {round(count / 10**digits)} × 10{str(digits).translate(_SUPERSCRIPT)}"


def averages(network: PicturedNetwork, recording: Recording) -> None:
    """The mean of the outputs of the first N passes beside the eval pass, for the class that the eval pass says."""
    best = int(recording.full_probabilities.argmax())
    name, passes = class_names(network)[best], recording.settings.passes
    full, mean = float(recording.full_probabilities[best]), float(recording.running_mean[-1, best])
    geometric = float(recording.running_geometric_mean[-1, best])
    error = float(recording.standard_error[-1, best]) if passes > 1 else None
    values = {
        "passes": passes,
        "name": name,
        "mean": percent(mean),
        "geometric": percent(geometric),
        "full": percent(full),
        "error": "?" if error is None else percent(2 * error),
    }
    figure = drawn_once(
        running_average_figure,
        recording.probabilities[:, best].numpy(),
        recording.running_mean[:, best].numpy(),
        recording.standard_error[:, best].numpy(),
        recording.running_geometric_mean[:, best].numpy(),
        full,
        average_labels(name, dots_apart(passes)),
    )
    chart(
        figure,
        key="running_average",
        alt=_(
            "Probability of class {name} over {passes} passes: the mean ends at {mean}, "
            "the geometric mean at {geometric}, the eval pass gives {full}.",
            **values,
        ),
    )
    sections = ["average"] if recording.settings.training else ["average-eval"]
    if abs(mean - full) > _APART and recording.settings.training:
        sections.append("average-why")
    st.markdown(in_sentences(*(prose("dropout", section, **values) for section in sections)))
    if "average-why" in sections:
        for claim in map(load_facts().claim, ("geometric-sigmoid", "geometric-relu")):
            st.caption(f"{_(claim.text)} {citation(claim)}")


def average_labels(name: str, apart: int) -> AverageLabels:
    """The words in the figure for the class of this name, where every ``apart``-th pass has a dot."""
    return AverageLabels(
        passes=_("passes averaged"),
        value=_("probability of class {name}", name=name),
        single=_("one pass") if apart == 1 else _("one pass in every {n}", n=apart),
        mean=_("mean"),
        band=_("± 2 standard errors"),
        geometric=_("geometric mean"),
        full=_("eval pass"),
    )


@functools.lru_cache(maxsize=MOST_ERRORS)
def _monte_carlo(data: str, trained_rate: float, rates: tuple[float, ...], seed: int) -> MonteCarlo:
    x, labels = (torch.from_numpy(part[:EXAMPLES]) for part in validation_part(data))
    return monte_carlo_error(load_pictured_network(data, trained_rate), x, labels, rates, repeats=5, seed=seed)


def monte_carlo(network: PicturedNetwork, rates: tuple[float, ...], seed: int) -> None:
    """Figure 11 of Srivastava et al. (2014), with this network and its validation data, worked out while it is open.

    It takes 100,000 forward passes, more than the rest of the page.
    """
    label = _("How many passes is the eval pass worth? Figure 11 of the 2014 paper, with this network")
    expander = st.expander(label, icon=":material/bar_chart:", on_change="rerun", key="monte_carlo_expander")
    if expander.open:
        with expander:
            _draw_monte_carlo(network, rates, seed)


def _draw_monte_carlo(network: PicturedNetwork, rates: tuple[float, ...], seed: int) -> None:
    result = _monte_carlo(network.data, network.trained_rate, rates, seed)
    error, full = result.error.numpy(), result.weight_scaling_error  # (R, N)
    values = {
        "repeats": error.shape[0],
        "passes": error.shape[1],
        "count": result.examples,
        "one": percent(error[:, 0].mean()),
        "all": percent(error[:, -1].mean()),
        "spread": percent(error[:, -1].std(ddof=1)),
        "full": percent(full),
    }
    labels = MonteCarloLabels(
        passes=_("passes averaged"),
        value=_("validation error"),
        mean=_("mean of masked passes"),
        band=_("± 1 standard deviation"),
        full=_("eval pass (weight scaling)"),
    )
    picture, words = st.columns([0.6, 0.4], gap="large", vertical_alignment="center")
    with picture:
        chart(
            drawn_once(monte_carlo_figure, error, full, labels),
            key="monte_carlo",
            alt=_(
                "Validation error by number of passes averaged: {one} with one pass, "
                "{all} with {passes}; the eval pass has {full}.",
                **values,
            ),
        )
    if result.meets_at is not None:
        verdict = prose("dropout", "figure-11-meet", n=result.meets_at)
    else:
        section = "figure-11-apart" if result.apart else "figure-11-near"
        verdict = prose("dropout", section, p=decimal(network.trained_rate, 1), count=result.examples)
    paper = load_facts().claim("figure-11")
    words.markdown(f"{prose('dropout', 'figure-11', **values)}\n\n{verdict}\n\n{_(paper.text)} {citation(paper)}")
