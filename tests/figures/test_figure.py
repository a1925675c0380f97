"""The figures of the app are Plotly's own, though they are made without its check."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from lib.figures.figure import figure


def test_a_wrong_name_in_a_figure_is_found_by_the_tests():
    """The fixture that checks all figures in all tests would be worth nothing if it let this pass."""
    with pytest.raises(ValueError, match="colour"):
        figure([{"type": "scatter", "x": [1], "y": [2], "line": {"colour": "red"}}], {})


def test_what_is_sent_is_what_plotly_makes_of_it(monkeypatch):
    traces = [{"type": "bar", "x": ["a", "b"], "y": [1.5, 2], "marker": {"color": "#123456"}}]
    layout = {"xaxis": {"title": {"text": "word"}}, "height": 300}
    checked = figure(traces, layout)
    monkeypatch.undo()
    unchecked = figure(traces, layout)
    assert type(unchecked) is go.Figure is not type(checked)
    sent, made = unchecked.to_dict(), checked.to_dict()
    assert sent["layout"].pop("template") == {}  # what Plotly calls "none" says the type of a scatter plot
    del made["layout"]["template"]
    assert json.dumps(sent, sort_keys=True) == json.dumps(made, sort_keys=True)


def test_a_figure_is_sent_as_it_is_and_not_as_plotlys_check_mends_it():
    """With a NumPy scalar in a list the check makes an array of it, and the test would not see what people get."""
    made = figure([{"type": "scatter", "x": [1], "y": [np.float32(0.5)]}], {})
    assert type(made.to_dict()["data"][0]["y"][0]) is np.float32
