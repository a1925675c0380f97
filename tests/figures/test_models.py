"""The picture of the models: every mark stands in the row that bears its model's name."""

from dataclasses import replace

import plotly.graph_objects as go

from lib.figures.models import ModelLabels, ShippedLabels, models_figure, shipped_figure
from lib.studies.facts import load_facts

STATUS = {"with": "with", "without": "without", "not stated": "silent", "conflicting": "sources conflict"}
SHIPPED = ShippedLabels("shipped", ("T", "top-p", "top-k"), {"acts": "acts", "leaves": "leaves", "greedy": "greedy"})
LABELS = ModelLabels("rate", "not stated", STATUS)


def test_every_model_has_a_row_with_its_name_and_one_mark() -> None:
    models = load_facts().models
    figure = go.Figure(models_figure(models, LABELS))
    names = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    marks = {row: (x, trace.name) for trace in figure.data for x, row in zip(trace.x, trace.y, strict=True)}
    assert sum(len(trace.x) for trace in figure.data) == len(marks) == len(models)
    for row, model in enumerate(models):
        x, status = marks[row]
        assert names[row] == f"{model.name}, {model.year}"
        assert status == STATUS[model.status]
        assert x < 0 if model.rate is None else x == model.rate


def test_rows_are_high_enough_for_their_names_and_names_short_enough_for_a_phone() -> None:
    models = load_facts().models
    for count in (1, len(models)):
        layout = go.Figure(models_figure(models[:count], LABELS)).layout
        room = layout.height - layout.margin.t - layout.margin.b
        assert room / count >= 1.3 * layout.yaxis.tickfont.size
        assert layout.yaxis.tickfont.size >= 14
    assert max(len(each.heading) for each in (*load_facts().models, *load_facts().shipped)) <= 28


def test_a_conflict_is_told_from_silence_in_a_legend() -> None:
    silent = next(model for model in load_facts().models if model.rate is None)
    conflict = replace(silent, name="another", confidence="conflict")
    assert not go.Figure(models_figure([silent], LABELS)).layout.showlegend
    figure = go.Figure(models_figure([silent, conflict], LABELS))
    assert figure.layout.showlegend
    assert [trace.name for trace in figure.data] == ["silent", "sources conflict"]


def test_a_mark_is_filled_where_the_setting_changes_the_draw() -> None:
    """The rule, said another way: dividing by 1 and keeping all of the probability change nothing."""
    models = load_facts().shipped
    values = [(str(each.temperature), str(each.top_p or ""), str(each.top_k or "")) for each in models]
    figure = go.Figure(shipped_figure(models, values, SHIPPED))
    assert list(figure.layout.yaxis.ticktext) == [f"{each.name}, {each.year}" for each in models]
    marks = {
        (models[row].name, column): (trace.name, text.strip())
        for trace in figure.data
        for column, row, text in zip(trace.x, trace.y, trace.text, strict=True)
    }
    for each in models:
        if each.temperature is None:
            assert marks.pop((each.name, 0)) == ("greedy", "greedy")
            continue
        settings = ((each.temperature, {None, 1.0}), (each.top_p, {None, 1.0}), (each.top_k, {None}))
        for column, (value, idle) in enumerate(settings):
            said = "leaves" if value in idle else "acts"
            assert marks.pop((each.name, column)) == (said, "" if value is None else str(value))
    assert not marks
