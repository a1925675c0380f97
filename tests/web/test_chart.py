"""What a chart sends to the browser."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.figures.dropout import MOST_POINTS
from lib.pictured_network import PassSettings, load_examples, load_pictured_network, record_passes
from scripts.fetch_plotly import SCRIPT, version_in, version_of_package
from tests.support.apptest import charts, healthy, open_app_page
from tests.support.figures import unpacked


def two_charts() -> None:
    from lib.web.elements.chart import chart

    figure = {"data": [{"type": "scatter", "x": [1, 2], "y": [3, 4]}], "layout": {}}
    chart(figure, key="plain", alt="A line from 3 to 4.")
    chart(figure, key="low", alt="The same.", height=120)


def test_a_chart_sends_its_figure_its_height_and_its_words():
    plain, low = charts(healthy(AppTest.from_function(two_charts, default_timeout=30).run()))
    assert plain == {
        "figure": {"data": [{"type": "scatter", "x": [1, 2], "y": [3, 4]}], "layout": {}},
        "separators": ".,",
        "percentage": "{}%",
        "height": 450,
        "alt": "A line from 3 to 4.",
    }
    assert low["height"] == 120


def test_the_browser_draws_with_the_version_that_python_describes_figures_for():
    assert version_in(SCRIPT.read_text(encoding="utf-8")) == version_of_package()


@pytest.mark.parametrize("passes", [1000, 200])
def test_many_passes_are_drawn_from_few_bytes(passes: int):
    at = healthy(open_app_page("dropout", n=str(passes)))
    sizes = [len(each.proto.json) for each in at.get("bidi_component") if "chart" in each.proto.component_name]
    assert max(sizes) < 15_000
    average = charts(at)[0]
    assert average["height"] == 400
    single, low, high, mean, geometric, full = average["figure"]["data"]
    recording = record_passes(load_pictured_network(), load_examples().inputs[1], PassSettings(passes=passes))
    best = int(recording.full_probabilities.argmax())
    apart = {1000: 5, 200: 1}[passes]
    assert (single["x0"], single["dx"]) == (1, apart)
    np.testing.assert_allclose(unpacked(single["y"]), recording.probabilities[::apart, best].numpy(), rtol=1e-6)
    assert single["name"] == {1000: "one pass in every 5", 200: "one pass"}[passes]
    for line, expected in ((mean, recording.running_mean), (geometric, recording.running_geometric_mean)):
        at_pass = unpacked(line["x"])
        assert len(at_pass) <= MOST_POINTS
        assert (at_pass[0], at_pass[-1]) == (1, passes)
        np.testing.assert_allclose(unpacked(line["y"]), expected[at_pass - 1, best].numpy(), rtol=1e-6)
    assert full["y"] == pytest.approx([float(recording.full_probabilities[best])] * 2)
    at_pass = unpacked(low["x"])
    assert len(at_pass) <= MOST_POINTS
    assert (at_pass[0], at_pass[-1]) == (2, passes)
    assert (np.diff(at_pass) > 0).all()
    middle = (unpacked(low["y"]) + unpacked(high["y"])) / 2
    inside = (unpacked(low["y"]) > 0) & (unpacked(high["y"]) < 1)  # at the edges the band is cut off
    np.testing.assert_allclose(
        middle[inside], recording.running_mean[at_pass - 1, best].numpy()[inside], rtol=1e-5, atol=1e-6
    )
