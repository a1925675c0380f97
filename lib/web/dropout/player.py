"""The Dropout page's moving picture: sends one recording of masked passes, which the browser then plays by itself."""

import base64
import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from lib.figures.palette import CLASSES, LEARN, SPEAK
from lib.pictured_network import (
    MAX_PASSES,
    Examples,
    PassSettings,
    PicturedNetwork,
    Recording,
    load_examples,
    load_pictured_network,
    record_passes,
)
from lib.web.dropout.settings import bench_or_bring_back
from lib.web.elements.component import moving_picture
from lib.web.elements.controls import change, key_of
from lib.web.elements.transport import transport_labels
from lib.web.frame.address import remembered
from lib.web.frame.language import _, current_language
from lib.web.frame.session import session
from lib.web.rooms.here import guest, in_words, rooms

_mount = moving_picture("dropout")


@functools.lru_cache(maxsize=8)  # of at most 1 MB, with what is worked out from it
def recorded(data: str, trained_rate: float, example: int, passes: PassSettings) -> Recording:
    """The passes of an example, computed once for a class that looks at the same settings."""
    network, examples = load_pictured_network(data, trained_rate), load_examples(data)
    return record_passes(network, examples.inputs[example], passes)


@functools.lru_cache(maxsize=8)  # of some 90 kB
def _packed(data: str, trained_rate: float, example: int, passes: PassSettings) -> dict[str, Any]:
    return packed(recorded(data, trained_rate, example, passes))


def dropout_player(network: PicturedNetwork, recording: Recording, examples: Examples, chosen: int) -> None:
    """Draw the passes of the chosen example, ready to play. Where they rest, the table of one layer follows."""
    training = recording.settings.training
    _mount(
        key="network_player",
        data={
            "kind": network.data,
            "training": training,
            "hue": LEARN if training else SPEAK,
            "restHue": SPEAK,
            "classHues": CLASSES[: network.sizes[-1]],
            "points": [
                [*_rounded(x), y] for x, y in zip(examples.inputs.tolist(), examples.labels.tolist(), strict=True)
            ]
            if network.data == "moons"
            else [],
            "chosen": chosen,
            "benched": [list(neuron) for neuron in recording.settings.benched],
            "locale": current_language(),
            **_packed(network.data, network.trained_rate, chosen, recording.settings),
            "labels": {"transport": transport_labels(), **_labels(network, recording, int(examples.labels[chosen]))},
        },
        on_rest_change=_follow,
        on_tapped_change=lambda: _tap(network.sizes),
    )


def _follow() -> None:
    at = st.session_state.get("network_player", {}).get("rest")
    if type(at) is int and 1 <= at <= MAX_PASSES:  # a browser may send anything, and True is an int
        change(at=at)


def _tap(sizes: tuple[int, ...]) -> None:
    """Bench the neuron that was tapped, or bring it back; in a room the projector hears of it."""
    tapped = st.session_state.get("network_player", {}).get("tapped")
    if isinstance(tapped, list) and len(tapped) == 2 and all(type(each) is int for each in tapped):
        layer, unit = tapped
        out = bench_or_bring_back(remembered().get("out", ""), layer, unit, sizes)
        change(out=out or session.typed_first.get(key_of("out")))
        if seat := guest():
            with in_words():
                rooms().bench(seat, out)


def packed(recording: Recording) -> dict[str, Any]:
    """The numbers of a recording in few bytes: masks as bits, activations, which are only seen as how full a neuron
    is, as 8-bit shares of the largest, outputs as 16-bit ones.
    """
    layers = recording.layers
    hidden = [layer.activation.numpy() for layer in layers[1:]]  # (N, units) each
    scales = [float(each.max()) or 1.0 for each in hidden]
    return {
        "sizes": [layer.kept.shape[1] for layer in layers] + [recording.probabilities.shape[1]],
        "rates": [layer.p for layer in layers],
        "factors": [layer.factor for layer in layers],
        "passes": recording.settings.passes,
        "input": _rounded(layers[0].activation[0].tolist()),
        "masks": [_base64(_once(np.packbits(each.kept.numpy(), axis=1, bitorder="little"))) for each in layers],
        "activations": [
            _base64(_once(np.round(each.clip(0, scale) / scale * 255).astype(np.uint8)))
            for each, scale in zip(hidden, scales, strict=True)
        ],
        "scales": scales,
        "outputs": _base64(_sixteen_bits(recording.probabilities.numpy())),
        "full": _rounded(recording.full_probabilities.tolist()),
        # Only for how strong an edge looks: 7 bits and a sign are plenty.
        "weights": [
            _base64(np.round(w.numpy() / w.abs().max().item() * 127).astype(np.int8)) for w in recording.weights
        ],
    }


def _once(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The first row, if all are the same: so it is in every layer that no die comes before."""
    return rows[:1] if (rows == rows[0]).all() else rows


def _sixteen_bits(shares: npt.NDArray[np.floating]) -> npt.NDArray[np.uint16]:
    return np.round(shares.clip(0, 1) * 65535).astype("<u2")


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 4) for value in values]


def _base64(array: npt.NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def layer_names(network: PicturedNetwork) -> list[str]:
    """What the layers are called on the page, from the input to the output."""
    return [_("input"), *(_("hidden {i}", i=i) for i in range(1, len(network.sizes) - 1)), _("output")]


def class_names(network: PicturedNetwork) -> list[str]:
    """What the classes are called on the page."""
    return [str(each) for each in range(network.sizes[-1])]


def _labels(network: PicturedNetwork, recording: Recording, label: int) -> dict[str, Any]:
    if network.data != "moons":
        given = _("A handwritten {digit} goes through a network of {sizes} neurons.")
    else:
        given = _("A point of class {digit} goes through a network of {sizes} neurons.")
    return {
        "picture": given.format(digit=label, sizes="-".join(str(n) for n in network.sizes)),
        "layers": layer_names(network),
        "classes": class_names(network),
        "number": _("Pass"),
        "rate": "p = {p}",
        "kept": _("kept: the fuller, the stronger"),
        "dropped": _("dropped"),
        "benched": _("benched by hand"),
        "thisPass": _("output of this pass"),
        "mean": _("mean of the passes so far"),
        "full": _("eval pass"),
        "allOut": _("all out"),
        "pass": _(
            "Pass {i}: {out} of {n} hidden neurons are out. The answer is {class} ({percent}); "
            "the mean so far gives {mean} ({meanPercent})."
        ),
        "evalPass": _("Pass {i}, no die: all {n} hidden neurons take part, and every pass gives {class} ({percent})."),
        "gone": _("All of “{layer}” is out: nothing of the input gets through; only the biases are left."),
    }
