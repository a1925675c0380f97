"""The decision map shows every class: its points, its colour, its entry in the legend."""

from itertools import pairwise

import numpy as np
import pytest

from lib.figures.decision_map import MapLabels, decision_map_figure
from lib.tables import MAX_CLASSES


@pytest.mark.parametrize("count", [2, 3, 7, MAX_CLASSES])
def test_every_class_has_points_a_name_and_a_colour_of_its_own(count: int) -> None:
    rng = np.random.default_rng(0)
    points, classes = rng.normal(size=(10 * count, 2)), np.arange(10 * count) % count
    names = tuple(f"class {i}" for i in range(count))
    labels = MapLabels(names, "flipped label", ("width", "height"))
    figure = decision_map_figure(points, classes, classes == 1, (-3, 3, -3, 3), 48, labels)
    *of_classes, flipped = figure["data"]
    assert [trace["name"] for trace in of_classes] == list(names)
    assert [len(trace["x"]) for trace in of_classes] == [10] * count
    assert len(flipped["x"]) == 10
    shown = [trace["marker"]["color"] for trace in of_classes]
    assert len(set(shown)) == count
    painted = figure["layout"]["meta"]["colors"]
    # Two classes have a middle; of more, class c is painted with the colour at c / (C - 1).
    assert painted[:: 2 if count == 2 else 1] == shown
    assert figure["layout"]["xaxis"]["title"]["text"] == "width"
    assert figure["layout"]["yaxis"]["title"]["text"] == "height"


def test_neighbours_in_the_legend_differ_in_their_symbol_too() -> None:
    labels = MapLabels(tuple("abcdefgh"), "flipped label", ("x1", "x2"))
    points, classes = np.zeros((8, 2)), np.arange(8)
    figure = decision_map_figure(points, classes, classes < 0, (-1, 1, -1, 1), 48, labels)
    symbols = [trace["marker"]["symbol"] for trace in figure["data"]]
    assert all(one != other for one, other in pairwise(symbols))
    assert "x-thin" not in symbols[:-1]
