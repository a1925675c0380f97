"""Dropout: every forward pass is a different, thinner network, and the whole one stands in for their average."""

import streamlit as st

from lib.web.frame import lesson

frame = lesson.framed("dropout")  # first of all: the heading is there while PyTorch is imported

from lib.listings.dropout import dropout_listing
from lib.pictured_network import (
    PassSettings,
    Recording,
    load_examples,
    load_pictured_network,
    pictured_data,
)
from lib.web.dropout.player import dropout_player, layer_names, recorded
from lib.web.dropout.report import count_networks, layer_table, monte_carlo, running_average
from lib.web.dropout.settings import Settings
from lib.web.elements.controls import Controls, key_of
from lib.web.frame.language import _, decimal, percent, plain, prose, strong


@lesson.fragment
def numbers_of_a_layer(controls: Controls[Settings], recording: Recording, names: list[str]) -> None:
    """One layer in one pass as a table, and how many thinned networks there are."""
    ids = ("input", "hidden1", "hidden2")
    chosen = controls.segmented("layer", _("Layer"), captions=dict(zip(ids, names, strict=False)))
    settings = recording.settings
    at = min(controls.number("at", _("Pass")), settings.passes)
    depth = ids.index(chosen)
    layer = recording.layers[depth]
    kept = int(layer.kept[at - 1].sum())
    st.markdown(prose("dropout", "table", at=at, layer=names[depth], kept=kept, n=layer.kept.shape[1]))
    layer_table(layer, at - 1)
    st.caption(prose("dropout", "inverted" if settings.scaling == "inverted" else "at-test"))
    count_networks(recording)


@lesson.fragment
def look() -> None:
    """The controls, the picture that they change, and its numbers."""
    asked = st.query_params.get(key_of("n"))
    with st.container(key="picture-and-controls"):
        left, right = st.columns([0.26, 0.74], gap="medium")

    with left:
        controls, main = Controls(Settings), st.container()
        with controls.more("each", "data", "net", "n", "seed") as drawn:
            if drawn:
                controls.toggle("each", _("Each hidden layer has its own p"))
                controls.segmented(
                    "data",
                    _("Network"),
                    captions={
                        "digits": _("Handwritten digits, 64-16-16-10"),
                        "moons": _("Points of two moons, 2-12-12-2"),
                    },
                )
                controls.segmented("net", _("Trained with p ="))
                controls.steps("n", _("Passes"))
                controls.number("seed", _("Seed"))
        each, data = controls.settings().each, controls.settings().data
        with main:
            controls.segmented("mode", _("Mode"), captions={mode: prose("dropout", mode) for mode in ("train", "eval")})
            controls.slider(
                "p",
                _("p of hidden layer 1") if each else _("p, the chance to drop a hidden neuron"),
                help=_("As in PyTorch. The paper of 2014 writes p for the chance to keep a neuron: there, 1 − this."),
            )
            if each:
                controls.slider("p2", _("p of hidden layer 2"))
            controls.slider("p_in", _("p of the inputs"))
            controls.steps("x", _("Input: 0 to 9, then hard ones") if data == "digits" else _("Input: which point"))
            controls.segmented("scale", _("Scaling"))
    settings = controls.settings()

    network, examples = load_pictured_network(settings.data, settings.net), load_examples(settings.data)
    example = settings.x % len(examples.labels)
    passes = PassSettings(
        rates=(settings.p_in, settings.p, settings.p2 if settings.each else settings.p),
        training=settings.mode == "train",
        scaling="inverted" if settings.scale == "inverted" else "at_test",
        passes=settings.n,
        seed=settings.seed,
    )
    recording = recorded(settings.data, settings.net, example, passes)

    with right:
        dropout_player(network, recording, examples, example)
        if passes.training and 1 in passes.rates:
            st.warning(prose("dropout", "all-dropped"))
        if asked is not None and asked != str(settings.n):
            st.warning(
                _("The link asks for n = {asked} passes; this page shows {n}.", asked=plain(asked[:20]), n=settings.n)
            )

    st.caption(
        prose(
            "dropout",
            "net" if network.trained_rate else "net-none",
            p=decimal(network.trained_rate, 1),
            accuracy=percent(network.validation_accuracy),
            count=len(pictured_data(settings.data).val_y),
        )
        + " "
        + (prose("dropout", "edges") if settings.data == "digits" else "")
    )

    st.subheader(_("The numbers"), anchor=False)
    table, averages = st.columns(2, gap="large")
    with table:
        numbers_of_a_layer(controls, recording, layer_names(network))
    with averages:
        st.markdown(strong(_("The average of the passes, and the eval pass")))
        running_average(network, recording)

    monte_carlo(network, passes.rates, settings.seed)

    lesson.link_here()
    lesson.takeaway(prose("dropout", "takeaway"))
    lesson.code(dropout_listing(settings.data, settings.net, example, passes))


with frame:
    lesson.predict(
        "dropout",
        _("While a network learns, it sees the same digit twice in a row. Does it give the same answer?"),
        {"same": _("the same"), "close": _("nearly the same"), "other": _("perhaps another one")},
    )
    look()
