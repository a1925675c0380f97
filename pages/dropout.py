"""Dropout: every forward pass is a different, thinner network, and the whole one stands in for their average."""

from typing import Any

import streamlit as st

from lib.web.elements.controls import Controls
from lib.web.frame import lesson
from lib.web.frame.language import _, prose, strong


def choose(controls: Controls[Any]) -> None:
    """The controls. What few people move stands below, but is drawn first: the others depend on it."""
    main = st.container()
    with controls.more() as drawn:
        if drawn:
            controls.toggle("each", _("Each hidden layer has its own p"))
            names = {"digits": _("digits"), "mnist": _("MNIST, 28 × 28"), "moons": _("two moons")}
            controls.segmented("data", _("Network"), names)
            controls.segmented("net", _("Trained with p ="))
            controls.steps("n", _("Passes"))
            controls.number("seed", _("Seed"))
            controls.text("out", _("Benched by hand, as layer.neuron (or tap a neuron)"), "")
    each, data = controls.settings().each, controls.settings().data
    with main:
        mode = controls.segmented("mode", _("Mode"), {"train": _("train"), "eval": _("evaluate")})
        st.caption(prose("dropout", mode))
        controls.slider(
            "p",
            _("p of hidden layer 1") if each else _("p, the chance of dropping a hidden neuron"),
            help=_("As in PyTorch. In the 2014 paper p is the chance of keeping a neuron, so there it is 1 − this."),
        )
        if each:
            controls.slider("p2", _("p of hidden layer 2"))
        controls.slider("p_in", _("p of the inputs"))
        controls.steps("x", _("Input: 0 to 9, then hard ones") if data != "moons" else _("Input: which point"))
        controls.segmented("scale", _("Scaling"), {"inverted": _("while training"), "at-test": _("at test time")})


@lesson.fragment
def show_picture() -> None:
    """The controls, the picture that they change, and its numbers."""
    # PyTorch takes a second to import; by now the heading is on the screen.
    from lib.listings.dropout import dropout_listing
    from lib.pictured_network import load_examples, load_pictured_network
    from lib.web.dropout.ensemble import class_as_ensemble
    from lib.web.dropout.player import dropout_player, recorded
    from lib.web.dropout.report import about_network, averages, layer_numbers, monte_carlo, warnings
    from lib.web.dropout.settings import Settings, passes_of
    from lib.web.rooms.switch import shows_the_class

    with lesson.picture(Settings) as (controls, stage):
        choose(controls)
    settings = controls.settings()
    network, examples = load_pictured_network(settings.data, settings.net), load_examples(settings.data)
    example, passes = settings.x % len(examples.labels), passes_of(settings, network.sizes)
    recording = recorded(settings.data, settings.net, example, passes)

    with stage:
        if shows_the_class():
            class_as_ensemble(settings.data, settings.net, example, passes)
        else:
            dropout_player(network, recording, examples, example)
        warnings(passes, controls.refused.get("n"))
    about_network(network)

    st.subheader(_("The numbers"), anchor=False)
    table, mean = st.columns(2, gap="large")
    with table:
        layer_numbers(controls, network, recording)
    with mean:
        st.markdown(strong(_("The average of the passes, and the eval pass")))
        averages(network, recording)
    monte_carlo(network, passes.rates, settings.seed)

    lesson.link_here()
    lesson.takeaway(prose("dropout", "takeaway"))
    lesson.code(lambda: dropout_listing(settings.data, settings.net, example, passes))


with lesson.framed("dropout"):
    lesson.predict(
        "dropout",
        _("While a network learns, it sees the same digit twice in a row. Does it give the same answer?"),
        {"same": _("the same"), "close": _("nearly the same"), "other": _("perhaps a different one")},
        outcome="other",
    )
    show_picture()
