"""The figures of the app are what Plotly understands, though Plotly's package has no part in making them."""

import base64

import numpy as np
import plotly.graph_objects as go
import pytest

from lib.figures import lines
from lib.figures.figure import figure, packed
from lib.figures.lines import Line, lines_figure


def test_a_wrong_name_in_a_figure_is_found_by_the_tests(monkeypatch):
    """The fixture that checks all figures in all tests would be worth nothing if it let this pass."""
    monkeypatch.setattr(lines, "AXIS", {"colour": "red"})
    with pytest.raises(ValueError, match="colour"):
        lines_figure([Line("a line", [1, 2], [3, 4])], x_label="x", y_label="y")


def test_what_json_cannot_hold_is_found_by_the_tests():
    """Streamlit would send it to the browser as a text."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        lines_figure([Line("a line", [1, 2], [np.float32(3), np.float32(4)])], x_label="x", y_label="y")


def test_a_figure_is_sent_as_plotly_would_write_it():
    traces = [{"type": "bar", "x": ["a", "b"], "y": [1.5, 2], "marker": {"color": "#123456"}}]
    sent = figure(traces, {"xaxis": {"title": {"text": "word"}}, "height": 300})
    made = go.Figure(sent).to_dict()
    del made["layout"]["template"]  # Plotly's standard look, which the app does without
    assert sent == made


@pytest.mark.parametrize("values", [np.arange(300), np.linspace(0, 1, 300, dtype=np.float32)])
def test_packed_numbers_are_packed_as_plotly_packs_them(values):
    sent, plotlys = packed(values), go.Figure({"data": [{"type": "scatter", "y": values}]}).to_dict()["data"][0]["y"]
    read = [np.frombuffer(base64.b64decode(each["bdata"]), "<" + each["dtype"]) for each in (sent, plotlys)]
    assert set(sent) == set(plotlys)
    np.testing.assert_array_equal(*read)
