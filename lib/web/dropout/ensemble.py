"""The class as an ensemble: the thinned network that each phone has rolled, and the average of all of them.

It is Figure 11 of Srivastava et al. (2014), made of people. Which seed a phone has is its number, so the projector need
not be told what it shows, except for the neurons that its guest has benched by hand.
"""

import functools
from dataclasses import replace

import streamlit as st

from lib.figures.dropout import running_average_figure
from lib.figures.ensemble import NetworkLabels, networks_figure
from lib.pictured_network import PassSettings, Recording, load_examples, load_pictured_network, record_class
from lib.web.dropout.player import class_names
from lib.web.dropout.report import average_labels
from lib.web.dropout.settings import benched_in
from lib.web.elements.chart import chart
from lib.web.elements.drawn_once import drawn_once
from lib.web.frame.fragments import aside
from lib.web.frame.language import _, decimal, percent, prose
from lib.web.rooms.here import in_words, rooms, teacher

_EVERY = 1.0  # seconds
Class = tuple[tuple[int, tuple[tuple[int, int], ...]], ...]  # by number, the neurons benched by hand


def class_as_ensemble(data: str, trained_rate: float, example: int, passes: PassSettings) -> None:
    """Draw what the phones of the class have rolled, and go on doing so."""
    aside(_draw, run_every=_EVERY)(data, trained_rate, example, passes)


def _draw(data: str, trained_rate: float, example: int, passes: PassSettings) -> None:
    seat, network = teacher(), load_pictured_network(data, trained_rate)
    if seat is None:
        return
    class_: Class = ()
    with in_words():
        benched = rooms().benched(seat.code)
        class_ = tuple((n, benched_in(benched.get(n, ""), network.sizes)) for n in rooms().seats(seat.code))
    if not class_:
        st.info(prose("room", "nobody"))
        return
    recording, names = _recorded(data, trained_rate, example, passes, class_), class_names(network)
    best = int(recording.full_probabilities.argmax())
    answers = recording.probabilities.argmax(dim=1)  # (N,)
    small, average = st.columns([0.55, 0.45], gap="medium")
    values = {
        "n": decimal(len(class_), 0),
        "name": names[best],
        "agree": percent(float((answers == best).float().mean()), 0),
        "mean": percent(float(recording.running_mean[-1, best])),
        "full": percent(float(recording.full_probabilities[best])),
    }
    sentence = _(
        "Phones: {n}, each of them a thinned network. {agree} of them say “{name}”. "
        "Their average gives it {mean}, the eval pass {full}.",
        **values,
    )
    st.markdown(sentence)
    with small:
        figure = drawn_once(
            networks_figure,
            [layer.kept.numpy() for layer in recording.layers[1:]],
            [decimal(number, 0) for number, _benched in class_],
            [names[answer] for answer in answers.tolist()],
            NetworkLabels(kept=_("kept"), dropped=_("dropped")),
        )
        chart(figure, key="class-networks", alt=sentence)
    with average:
        figure = drawn_once(
            running_average_figure,
            recording.probabilities[:, best].numpy(),
            recording.running_mean[:, best].numpy(),
            recording.standard_error[:, best].numpy(),
            None,
            float(recording.full_probabilities[best]),
            replace(average_labels(names[best], 1), passes=_("phones averaged"), single=_("one phone")),
        )
        chart(figure, key="class-average", alt=sentence, height=320)


@functools.lru_cache(maxsize=4)
def _recorded(data: str, trained_rate: float, example: int, passes: PassSettings, class_: Class) -> Recording:
    network, x = load_pictured_network(data, trained_rate), load_examples(data).inputs[example]
    return record_class(network, x, passes, dict(class_))
