"""Lines with bands: what is marked, what is shown of the axis, and how percentages are written."""

import plotly.graph_objects as go

from lib.figures.lines import Line, Spot, lines_figure

LINE = Line("error", [1, 2], [0.025, 0.012], [0.02, 0.012], [0.03, 0.012])


def test_spots_of_one_name_are_one_entry_of_the_legend() -> None:
    spots = [Spot("paper", 2, 0.016), Spot("yours", 1, 0.02), Spot("paper", 2, 0.0125)]
    figure = lines_figure([LINE], x_label="x", y_label="y", spots=spots)
    rings = {trace["name"]: (trace["x"], trace["y"]) for trace in figure["data"] if trace["mode"] == "markers"}
    assert rings == {"paper": ([2, 2], [0.016, 0.0125]), "yours": ([1], [0.02])}
    go.Figure(figure)  # Plotly accepts it


def test_percentages_keep_the_digits_that_tell_ticks_apart() -> None:
    axis = lines_figure([LINE], x_label="x", y_label="y", percent=True, y_range=(0.01, 0.03))["layout"]["yaxis"]
    assert axis["range"] == [0.01, 0.03]
    assert axis["tickformat"] == ".1~%"  # 1.5% and 10%, where .0% would write 2% for 1.5%
    assert "range" not in lines_figure([LINE], x_label="x", y_label="y")["layout"]["yaxis"]
