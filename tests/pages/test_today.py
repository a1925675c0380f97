"""The Today page without a browser: its default, every part, every control moved, full links, and nonsense in links."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.story import load_story
from lib.studies.data_size import STUDIED_RATES, crossing, load_points
from lib.studies.data_size_trial import trial_config
from lib.studies.facts import load_facts
from lib.studies.overconfidence import load_confidences, mean_of
from lib.studies.paper_mnist import ALL, DROPOUT, FIGURES, RATES, SEEDS, STANDARD, TABLE_2, Value
from lib.web.today import paper_mnist
from lib.web.today.runs import today_runs
from tests.support.apptest import (
    both_spellings,
    charts,
    healthy,
    listing,
    open_app_page,
    picture_sizes,
    pictures,
    shown,
    tables,
    to_its_end,
    until,
)

PARTS = ("history", "models", "places", "data", "paper", "schedules", "instead")


def opened(**parameters: str) -> AppTest:
    return healthy(open_app_page("today", **parameters))


def settled(at: AppTest) -> AppTest:
    """Rerun until what the page trains is trained; a browser would ask for it."""
    pool = today_runs()
    until(lambda: all(run.over for run in pool._runs.values() if run.watched()), 200)
    return healthy(at.run())


def sent(at: AppTest) -> dict[str, Any]:
    (data,) = pictures(at, "today_time_line") or pictures(at, "today_block")
    return data


def figure(at: AppTest, index: int = 0) -> dict[str, Any]:
    return dict(charts(at)[index]["figure"])


def test_why_a_little_dropout_hurts_on_very_few_sentences_is_told_with_measured_numbers() -> None:
    text = shown(opened(part="data"))
    runs = load_confidences()
    without, with_dropout = mean_of(runs, 0.0), mean_of(runs, 0.3)
    # The claim: right about as often, and more confident when wrong, in every single run.
    assert abs(with_dropout.accuracy - without.accuracy) < 0.02
    pairs = [(a, b) for a in runs for b in runs if (a.p, b.p, a.seed) == (0.0, 0.3, b.seed)]
    assert len(pairs) == 3
    assert all(b.confidence_when_wrong > a.confidence_when_wrong + 0.05 for a, b in pairs)
    assert f"{100 * with_dropout.confidence_when_wrong:.0f}% on average" in text
    assert f"{100 * with_dropout.accuracy:.1f}% and {100 * without.accuracy:.1f}%" in text
    assert "little dropout hurt" not in shown(opened(part="data", loss="best"))


@pytest.mark.parametrize("part", ["schedules", "instead"])
def test_what_takes_a_while_is_there_at_once_and_marked_as_recorded(part: str) -> None:
    at = healthy(open_app_page("today", part=part))
    assert "Recorded" in shown(at)
    assert len(charts(at)) == 1
    assert not at.get("progress")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_with_picture_takeaway_and_code(part: str) -> None:
    at = opened(part=part)
    if part in ("schedules", "instead"):
        at = settled(at)
    assert picture_sizes(at)
    assert "optional, not obsolete" in shown(at)
    assert "import" in listing(at)
    for chart in charts(at):
        assert any(character.isdigit() for character in chart["alt"])
        assert "{" not in chart["alt"]


def test_the_default_is_the_time_line_with_the_first_event() -> None:
    at = opened()
    data, events = sent(at), load_facts().events
    assert [each["id"] for each in data["events"]] == [event.id for event in events]
    assert data["chosen"] == events[0].id
    assert events[0].title in shown(at)
    assert events[0].source in shown(at)


@pytest.mark.parametrize("event", load_facts().events, ids=lambda event: event.id)
def test_every_event_shows_its_number_source_and_kind_of_evidence(event: Any) -> None:
    at = opened(event=event.id)
    text = shown(at)
    assert sent(at)["chosen"] == event.id
    assert event.title in text
    assert event.number in text
    assert f"]({event.source})" in text
    assert f"badge[{event.kind}]" in text
    (description,) = [each.value for each in at.markdown if each.value.startswith(event.who)]
    assert description == f"{event.who} · {event.what}"
    for each in at.markdown:
        assert not re.search(r"[.,;:!?]\s*[.,;:!?]", re.sub(r"https://\S+", "", each.value)), each.value


def test_corrections_are_marked() -> None:
    at = opened(event="2012-alexnet")
    assert "Often misreported" in at.warning[0].value
    assert "ordinary dropout of units" in at.warning[0].value
    assert len(at.warning) == 1
    at.session_state["corrections"] = True  # somebody opens the list
    assert len(healthy(at.run()).warning) == 1 + len(load_facts().corrections)


def test_the_models_table_and_its_picture_follow_the_filters() -> None:
    at = opened(part="models")
    everything = load_facts().models
    (table,) = tables(at)
    assert len(table["model"]) == len(everything)
    assert table["source"] == [f"[open](<{model.source}>)" for model in everything]
    at.button_group(key="today-show").set_value("silent").run()
    (table,) = tables(at)
    assert set(table["status"]) == {"not stated"}
    assert set(table["dropout rate"]) == {""}
    at.button_group(key="today-kind").set_value("paper").run()
    assert tables(at)[0]["model"] == [r"GPT\-3"]
    at.button_group(key="today-kind").set_value("card").run()
    assert not tables(healthy(at))
    assert "No model matches." in shown(at)


def test_the_dice_that_models_are_shipped_with_are_those_of_the_file() -> None:
    facts = load_facts()
    at = opened(part="models", die="speak")
    (table,) = tables(at)
    assert table["source"] == [f"[open](<{each.source}>)" for each in facts.shipped]
    for column, field in (("T", "temperature"), ("top-p", "top_p"), ("top-k", "top_k")):
        values = [getattr(each, field) for each in facts.shipped]
        assert [None if text == "–" else float(text) for text in table[column]] == values
    trained = {"T5": "0.1", "LLaMA": "not stated", "Gemma": "not stated", "nanochat": "0.0"}
    names = [each.name for each in facts.shipped]
    assert {name: table["dropout in training"][names.index(name)] for name in trained} == trained
    assert "temperature=0.8, top_k=0, top_p=0.95" in listing(at)  # LLaMA's die, the first that is rolled
    assert "today-show" not in {group.key for group in at.button_group}
    text = shown(at)
    drawing = [each for each in facts.shipped if each.temperature]
    top_k, uncut = sum(each.top_k is not None for each in drawing), {"DeepSeek-V3", "gpt-oss"}
    assert f"{len(drawing)} of these {len(facts.shipped)} draw their words" in text
    assert f"top-k in **{top_k}**, and {len(uncut)} cut nothing" in text
    for name in ("sampling-off", "fallback-k", "order"):
        assert facts.claim(name).text in text
        assert facts.claim(name).source in text


def test_the_defaults_of_fine_tuning_are_those_of_the_file() -> None:
    facts = load_facts()
    at = opened(part="models", die="tune")
    (table,) = tables(at)
    assert [float(rate) if rate else None for rate in table["dropout rate"]] == [each.rate for each in facts.tunings]
    assert table["source"] == [f"[open](<{each.source}>)" for each in facts.tunings]
    assert "at **0.05** to **0.10**" in shown(at)
    at.button_group(key="today-show").set_value("without").run()
    assert tables(healthy(at))[0]["model"] == ["PEFT", r"LLaMA\-Factory", "Unsloth"]


def test_further_reading_opens_with_its_links() -> None:
    at = opened()
    assert all(each.source not in shown(at) for each in load_facts().readings)
    at.session_state["readings"] = True  # somebody opens the list
    text = shown(healthy(at.run()))
    for each in load_facts().readings:
        assert f"**{each.title}**" in text
        assert f"]({each.source})" in text
        assert f"badge[{each.kind}]" in text


def test_what_is_not_stated_is_not_drawn_at_zero() -> None:
    silent = {"not stated"}
    traces = figure(opened(part="models"))["data"]
    assert {trace["name"] for trace in traces} >= silent
    for trace in traces:
        rates = trace["x"]
        assert all(rate < 0 for rate in rates) if trace["name"] in silent else all(rate >= 0 for rate in rates)


def test_the_places_follow_their_toggles_and_eval_drops_nothing() -> None:
    at = opened(part="places")
    assert sent(at)["on"] == [True] * 4
    for index, key in enumerate(("emb", "att", "proj", "mlp")):
        at.toggle(key=f"today-{key}").set_value(False).run()
        assert sent(at)["on"][index] is False
    assert len({tuple(chances) for chances in sent(at)["chances"]}) == 1
    at = opened(part="places", mode="eval")
    data = sent(at)
    assert data["on"] == [False] * 4
    assert data["chances"][0] == pytest.approx(data["full"], abs=2e-4)
    assert picture_sizes(at)[0] < 40_000


def test_the_sentence_and_the_block_change_what_is_played() -> None:
    before = sent(opened(part="places"))
    assert sent(opened(part="places", block="2"))["attention"] != before["attention"]
    at = opened(part="places", text="the old king")
    assert sent(at)["T"] == 4
    assert "Not in this storybook" in shown(opened(part="places", text="the dragonfly"))


def test_the_data_part_says_where_the_curves_cross_from_the_shipped_points() -> None:
    at = opened(part="data")
    text = shown(at)
    for p in STUDIED_RATES[1:]:
        assert f"**p = {p}** changes the validation loss" in text
    found = crossing(load_points(), 0.5)
    assert found.sentences
    assert f"cross at about **{float(f'{found.sentences:.2g}'):,.0f}**" in text
    traces = {trace["name"]: trace for trace in figure(at)["data"] if "name" in trace}
    assert traces["floor, the entropy of the storybook"]["y"][0] == pytest.approx(load_story().entropy_per_word)
    assert {f"p = {p:.1f}" for p in STUDIED_RATES} <= set(traces)


def test_one_point_is_run_live_and_stands_beside_the_shipped_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from lib.studies import data_size_trial

    def short(sentences: int, p: float, seed: int = 0) -> Any:
        return replace(trial_config(sentences, p, seed), steps=20, record_every=10, width=16, heads=2)

    monkeypatch.setattr(data_size_trial, "trial_config", short)
    at = opened(part="data", size="250", rate="0.1")
    next(each for each in at.button if each.label == "Train this point").click().run()
    at = settled(at)
    assert "Your run, with 250 sentences and p = 0.1" in shown(at)
    assert "your run" in {trace.get("name") for trace in figure(at)["data"]}


@pytest.mark.parametrize("fig", ["8", "9", "10"])
@pytest.mark.parametrize("flips", ["0.0", "0.2"])
def test_the_papers_figures_stand_beside_ours_on_small_digits(fig: str, flips: str) -> None:
    at = opened(part="paper", fig=fig, flips=flips, images="digits")
    text = shown(at)
    assert f"Figure {fig}:" in text
    assert "Why these values differ" in text
    assert len(figure(at)["data"]) >= 2


def results(order: tuple[float, float, float] = (0.016, 0.013, 0.012), *, opposite: bool = False) -> list[Value]:
    """Results of all five figures, made up: as in the paper, or with each of its shapes turned around."""
    made = []

    def add(figure: str, arm: tuple[float, float], value: float, quantity: str = "test_error", **where: int) -> None:
        for seed in SEEDS:
            n, step, passes = where.get("n", ALL), where.get("step", 36_000), where.get("passes", 0)
            made.append(Value(figure, "800-800", n, *arm, seed, step, passes, quantity, value, 60.0))

    for arm, error in zip(TABLE_2, order, strict=True):
        for step, before in ((600, 0.02), (36_000, 0.0)):
            add("4", arm, error + before, step=step)
    for p in RATES:
        u_shape = 0.01 + 0.1 * max(0.0, p - 0.6) + 0.01 * max(0.0, 0.2 - p)
        for half in ("9a", "9b"):
            add(half, (p, 0.0), 0.05 - 0.03 * p if opposite else u_shape)
    for n, without, with_it in (
        (100, 0.3, 0.3),
        (500, 0.2, 0.17),
        (1_000, 0.1, 0.05),
        (5_000, 0.04, 0.02),
        (10_000, 0.03, 0.02),
    ):
        add("10", STANDARD, without, n=n)
        add("10", DROPOUT, without - 10 / n if opposite else with_it, n=n)
    for passes, error in ((0, 0.013), (1, 0.05), (20, 0.014), (50, 0.013), (100, 0.0129)):
        add("11", DROPOUT, error + 0.002 * (opposite and passes > 0), passes=passes)
    for p, silent in ((0.0, 0.6), (0.5, 0.5 if opposite else 0.8)):
        for quantity, value in {"silent": silent, "mean": 0.1, **{f"bin{i}": 0.03 for i in range(30)}}.items():
            add("8", (p, 0.0), value, quantity)
    return made


@pytest.mark.parametrize("fig", FIGURES)
def test_on_mnist_the_paper_and_we_stand_side_by_side(fig: int) -> None:
    at = opened(part="paper", fig=str(fig))
    text = shown(at)
    assert load_facts().claim(f"figure-{fig}").text in text
    assert "These are the paper's own data" in text
    assert not [button for button in at.button if button.label == "Train this point"]
    if paper_mnist._is_there(fig):
        assert len(figure(at)["data"]) >= 2
        assert "Here · " in text.replace("**", "")
    else:
        assert "This figure is not measured yet" in text


@pytest.mark.parametrize(
    ("fig", "as_in_the_paper", "otherwise"),
    [
        (4, "The same order as in Table 2: **1.60%**", "it is **not** the order of Table 2: 1.20%"),
        (9, "is nearly flat, as in the paper: 1.00% to 1.00%", "is **not** flat here: 3.20% to 4.40%"),
        (
            9,
            "kept units, as many for every p, the test error is lowest, **1.00%**, at p",
            "lowest **at the edge**, 2.30% at p = 0.9",
        ),
        (
            10,
            "rises and then declines: 0.00 percentage points at 100 digits, **+5.00** at 1,000, +0.30",
            "does **not**",
        ),
        (11, "The mean of **50** passes or more is as good", "of 100 passes, 1.49%, is **not** quite as good"),
        (8, "Without dropout **60.0%** of the activations are zero", "**not** as in the paper"),
    ],
)
def test_each_finding_is_told_as_it_was_measured(
    fig: int, as_in_the_paper: str, otherwise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_mnist, "measured", results)
    text = shown(opened(part="paper", fig=str(fig)))
    assert as_in_the_paper in text
    assert otherwise not in text
    monkeypatch.setattr(paper_mnist, "measured", lambda: results((0.012, 0.013, 0.016), opposite=True))
    text = shown(opened(part="paper", fig=str(fig)))
    assert otherwise in text
    assert as_in_the_paper not in text


def test_table_2_stands_beside_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_mnist, "measured", results)
    at = opened(part="paper")
    (table,) = tables(at)
    assert table["the paper"] == ["1.60%", "1.25%", "1.06%"]
    assert table["here, 800-800"] == ["1.60% (1.60% to 1.60%)", "1.30% (1.30% to 1.30%)", "1.20% (1.20% to 1.20%)"]
    (rings,) = (trace for trace in figure(at)["data"] if trace.get("mode") == "markers")
    assert rings["y"] == [0.016, 0.0125, 0.0106]


def test_half_of_a_figure_is_not_taken_for_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def some() -> list[Value]:
        return [each for each in results() if each.p < 0.6 or each.figure != "9b"]

    monkeypatch.setattr(paper_mnist, "measured", some)
    at = opened(part="paper", fig="9")
    assert "nearly flat, as in the paper" in shown(at)
    assert "kept units, as many for every p" not in shown(at)
    monkeypatch.setattr(paper_mnist, "measured", lambda: [each for each in some() if each.n in (100, ALL)])
    assert "This figure is not measured yet" in shown(opened(part="paper", fig="10"))


def test_what_is_not_measured_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_mnist, "measured", list)
    for fig in FIGURES:
        text = shown(opened(part="paper", fig=str(fig)))
        assert "This figure is not measured yet" in text
        assert "0 of 30 runs are made" in text


def test_one_point_of_the_papers_figures_is_run_live() -> None:
    at = opened(part="paper", fig="10", digits="20", drop="0.5", images="digits")
    next(each for each in at.button if each.label == "Train this point").click().run()
    at = settled(at)
    assert "Your run, with 20 digits and p = 0.50" in shown(at)
    assert "your run" in {trace.get("name") for trace in figure(at)["data"]}


def test_schedules_end_with_a_table_and_the_honest_note() -> None:
    at = settled(opened(part="schedules", few="50"))
    text = shown(at)
    names = ["no dropout", "constant", "early only", "late only", "falling linearly"]
    assert tables(at)[0]["schedule"] == names
    assert "vision" in text
    assert "language models" in text
    assert len([trace for trace in figure(at)["data"] if trace.get("mode") == "lines"]) == 6  # and the floor


def test_the_other_regularisers_are_arms_of_one_picture() -> None:
    at = settled(opened(part="instead", few="50", times="2"))
    names = ["nothing", "dropout", "weight decay", "early stopping", "more data: 100"]
    (table,) = tables(at)
    assert table["arm"] == names
    assert set(table["verdict"][1:]) <= {
        "helped", "hurt", "no clear difference", "negligible difference",
    }  # fmt: skip
    assert "early stopping" in {trace.get("name") for trace in figure(at)["data"]}


def test_every_control_of_every_part_can_be_moved() -> None:
    for part in PARTS:
        at = opened(part=part, few="50", toy="moons")
        moves: list[Callable[[], Any]] = []
        moves += [lambda s=s: to_its_end(s) for s in at.select_slider if isinstance(s.value, str | float)]
        moves += [lambda t=t: t.set_value(not t.value) for t in at.toggle]
        moves += [lambda n=n: n.set_value(7) for n in at.number_input]
        for group in at.button_group:
            if group.key not in ("part", "toy", "guess_today"):
                moves += [
                    lambda g=group, o=option: g.set_value(o) for option in group.options if isinstance(option, str)
                ]
        for move in moves:
            move()
            healthy(at.run())


LINKS = {
    "history": {"event": "2020-degeneration"},
    "models": {"die": "tune", "show": "with", "kind": "code"},
    "places": {
        "mode": "train", "emb": "false", "att": "true", "proj": "false", "mlp": "true", "p": "0.6", "block": "2",
        "n": "25", "seed": "4", "text": "the old",
    },
    "data": {"loss": "best", "size": "1000", "rate": "0.1", "seed": "1"},
    "paper": {"fig": "10", "images": "digits", "flips": "0.2", "digits": "100", "drop": "0.3", "seed": "2"},
    "schedules": {"peak": "0.3", "switch": "0.2", "curves": "training", "toy": "moons", "few": "50", "seed": "3"},
    "instead": {
        "drop": "0.3", "decay": "0.1", "times": "2", "curves": "training", "toy": "moons", "few": "50", "seed": "3",
    },
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_a_link_with_every_setting_is_followed(part: str) -> None:
    at = opened(part=part, **LINKS[part])
    for name, value in LINKS[part].items():
        held = at.session_state[f"today-{name}"]
        assert str(held).lower() == value or float(held) == float(value), name


def test_the_link_s_settings_reach_the_code() -> None:
    assert "0.6" in listing(opened(part="places", **LINKS["places"]))
    assert "n_sentences=1000, p=p, steps=1500, seed=1" in listing(opened(part="data", **LINKS["data"]))
    assert "share < 0.2" in listing(opened(part="schedules", **LINKS["schedules"]))


NONSENSE = ["", "-1", "nan", "1e308", "inf", "<script>alert(1)</script>", "é", "null", "0.123456"]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_every_setting_still_shows_the_page(value: str) -> None:
    for part in PARTS[:5]:
        names = {name: value for name in LINKS[part] if name != "text"}
        for link in both_spellings("today", part=part, **names):
            assert "optional, not obsolete" in shown(opened(**link))
    assert sent(opened(part=value))["chosen"] == load_facts().events[0].id


def test_the_first_guess_is_answered() -> None:
    at = opened()
    for guess in ("more", "as-ever", "less"):
        at.button_group(key="guess_today").set_value(guess).run()
        assert "Open **data size**" in shown(at)
