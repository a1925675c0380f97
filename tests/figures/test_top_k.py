"""The figures of the decoder's bench and of memorising: which dots, bars and medians, in which place and look."""

import base64

import numpy as np
import pytest

from lib.figures.memorising import BitsLabels, BitsRow, bits_figure
from lib.figures.palette import FLOOR, HURT, LEARN, SPEAK
from lib.figures.top_k import OrderLabels, orders_figure


def unpacked(values: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(values["bdata"]), dtype=f"<{values['dtype']}")


def test_impossible_words_are_hatched_and_the_other_order_is_a_diamond_over_each():
    labels = OrderLabels("probability", "mine", "theirs", "impossible")
    this, other = np.array([0.5, 0.3, 0.2]), np.array([0.9, 0.0, 0.1])
    drawn = orders_figure(["hay", "meat", "oats"], this, other, np.array([False, True, False]), labels)
    good, bad, diamonds = drawn["data"]
    assert (good["name"], good["x"], good["y"]) == ("mine", ["hay", "oats"], [0.5, 0.2])
    assert (bad["name"], bad["x"], bad["y"]) == ("impossible", ["meat"], [0.3])
    assert good["marker"] == {"color": SPEAK}
    assert bad["marker"]["pattern"]["shape"] == "/"
    assert bad["marker"]["color"] == HURT
    assert (diamonds["x"], diamonds["y"]) == (["hay", "meat", "oats"], [0.9, 0.0, 0.1])
    assert diamonds["marker"]["line"]["color"] == [FLOOR, HURT, FLOOR]
    assert drawn["layout"]["xaxis"]["categoryarray"] == ["hay", "meat", "oats"]
    # Where no word is impossible, none is in the legend.
    assert len(orders_figure(["hay"], this[:1], other[:1], np.array([False]), labels)["data"]) == 2


def test_each_sentence_is_a_dot_in_its_row_and_the_median_a_diamond():
    rows = [
        BitsRow("p = 0, training set", np.array([8.0, 10.0, 15.0]), True),
        BitsRow("p = 0, fresh", np.array([-20.0, -10.0, -12.0, -14.0]), False),
    ]
    drawn = bits_figure(rows, BitsLabels("bits", "a sentence", "the median", "as likely"))
    first, second, medians = drawn["data"]
    assert unpacked(first["x"]) == pytest.approx([8, 10, 15])
    assert first["marker"]["color"] == LEARN
    assert second["marker"]["color"] == SPEAK
    assert np.abs(unpacked(first["y"]) - 1).max() <= 0.3  # the first row is on top
    assert np.abs(unpacked(second["y"])).max() <= 0.3
    assert (medians["x"], medians["y"]) == ([10.0, -13.0], [1, 0])
    axis = drawn["layout"]["yaxis"]
    assert dict(zip(axis["tickvals"], axis["ticktext"], strict=True)) == {1: rows[0].name, 0: rows[1].name}
    assert [trace.get("showlegend", True) for trace in drawn["data"]] == [True, False, True]
