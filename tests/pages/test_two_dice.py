"""The Two dice page as Streamlit runs it: its default, every control moved, full links, nonsense, and live training."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.experiment import KS, SHOWN, TABLE_RATES, Cell, ExperimentConfig, run_experiment
from lib.language_model import LIVE, load_model
from lib.recorded import recorded_cells
from lib.web.two_dice import runs as two_dice_runs
from lib.web.two_dice.runs import CellStore, MeasuringJob, TrainingPairJob, measuring_runs, pair_config, training_pairs
from tests.support.apptest import (
    address,
    both_spellings,
    charts,
    healthy,
    listing,
    open_app_page,
    picture_sizes,
    pictures,
    shown,
    until,
)

FEW = {"n": "100"}  # sentences in a cell, where a test does not need more


def sent(at: AppTest) -> dict[str, Any]:
    """What the moving table was given."""
    (data,) = pictures(at, "two_dice")
    return data


def measured(at: AppTest) -> AppTest:
    """Wait until the background run is over, and look again. The browser would ask twice a second."""

    def over() -> bool:
        healthy(at.run())
        return bool(sent(at)["complete"])

    until(over)
    return healthy(at.run())


def opened(**parameters: str) -> AppTest:
    return measured(healthy(open_app_page("two_dice", **parameters)))


def test_the_default_shows_that_neither_die_does_the_other_s_job() -> None:
    """The takeaway's claim, with the page's own numbers, recorded and there at once."""
    at = healthy(open_app_page("two_dice"))
    data = sent(at)
    assert data["complete"]
    value = {
        (p, k): {each["name"]: float(each["value"].rstrip("%").replace("−", "-")) for each in cell["measures"]}
        for p, row in zip((0.0, 0.3, None), data["rows"], strict=True)
        for k, cell in zip((None, 1), row["cells"], strict=True)
    }
    # No k undoes what was memorised ...
    assert value[0.0, None]["copied"] > 75
    assert value[0.0, 1]["copied"] > 75
    assert value[0.3, None]["copied"] < 10
    # ... and no dropout in training makes a greedy model varied.
    assert value[0.0, 1]["different"] == value[0.3, 1]["different"] == 0.1
    assert value[0.3, None]["different"] > 90
    alt = next(each["alt"] for each in charts(at) if "interaction" in each["alt"])
    shares = {name: float(share) for name, share in re.findall(r"(\w+): dropout ([\d.]+)%", alt)}
    assert shares["copied"] > 75
    assert shares["different"] < 25


def test_the_default_page_shows_the_two_by_two_and_the_grammar() -> None:
    at = opened()
    data = sent(at)
    assert data["columns"] == ["Speaks: no cut", "Speaks: top-k, k = 1"]
    assert [row["title"] for row in data["rows"]] == [
        "Learned with p = 0",
        "Learned with p = 0.3",
        "The grammar itself",
    ]
    # Another machine may round a draw of a thousand to another word: tests/test_recorded.py computes them anew.
    expected = recorded_cells(ExperimentConfig(ks=(None, 1)))
    for row, p in zip(data["rows"], (0.0, 0.3, None), strict=True):
        for cell, k in zip(row["cells"], (None, 1), strict=True):
            result = expected[Cell(p, k)]
            assert cell["measures"][0]["value"] == f"{100 * result.copied.value:.1f}%"
            assert sum(cell["shares"]) == pytest.approx(1)
            assert len(cell["sentences"]) == SHOWN
            verdicts = ("copied", "new", "impossible")
            assert [verdicts[i] for _, i in cell["sentences"]] == [each.verdict for each in result.sentences]
    history = load_model(p=0.3).history
    assert f"training loss {history.train_loss[-1]:.2f}" in data["rows"][1]["details"]
    assert picture_sizes(at)[0] < 60_000
    assert len(charts(at)) == 4
    assert "Practice and match" in shown(at)


def test_everything_measured_is_there_in_words() -> None:
    at = opened()
    text = shown(at)
    for measure in ("copied", "possible", "different", "log p per word"):
        assert f"**{measure}** · Learned with p = 0.3" in text
    assert "How much copying is chance?" in text
    assert "interaction" in text
    for chart in charts(at)[:2]:
        assert "copied" in chart["alt"]
        assert "{" not in chart["alt"]
        assert "nan" not in chart["alt"]


def test_the_guesses_are_answered() -> None:
    at = opened(**FEW)
    for guess, answer in (("cut", "first row"), ("dropout", "first column"), ("both", "compare two steps")):
        at.button_group(key="guess_two_dice").set_value(guess).run()
        assert answer in shown(healthy(at))


def test_every_control_changes_the_picture() -> None:
    at = opened(**FEW)
    changes = [
        lambda: at.button_group(key="two_dice-p").set_value(0.2),
        lambda: at.button_group(key="two_dice-k").set_value(3),
        lambda: at.number_input(key="two_dice-seed").set_value(4),
        lambda: at.number_input(key="two_dice-n").set_value(200),
        lambda: at.selectbox(key="two_dice-measure").set_value("different"),
        lambda: at.button_group(key="two_dice-models").set_value("large"),
        lambda: press(at, "Other sentences"),
        lambda: at.toggle(key="two_dice-all").set_value(True),
    ]
    before = sent(at)
    for change in changes:
        change().run()
        measured(at)
        after = sent(at)
        assert after != before
        before = after
    assert at.session_state["two_dice-seed"] == 5
    assert len(before["columns"]) == len(KS)
    assert [row["title"] for row in before["rows"]][:2] == ["Learned with p = 0", "Learned with p = 0.3"]


def press(at: AppTest, label: str) -> Any:
    """Press the button with this label."""
    return next(each for each in at.button if each.label == label).click()


def test_the_whole_table_has_every_rate_and_every_k() -> None:
    at = opened(all="true", measure="accepted", **FEW)
    data = sent(at)
    assert data["compact"] is True
    assert len(data["rows"]) == len(TABLE_RATES) + 1
    assert all(len(row["cells"]) == len(KS) for row in data["rows"])
    for row in data["rows"]:
        for cell in row["cells"]:
            assert [measure["name"] for measure in cell["measures"] if measure["chosen"]] == ["possible"]
    bars, lines = (chart["figure"] for chart in charts(at)[:2])
    totals = np.sum([trace["x"] for trace in bars["data"]], axis=0)
    assert totals == pytest.approx(1)
    assert len(lines["data"]) == len(TABLE_RATES) + 1


def test_the_forgotten_eval_stands_beside_top_k() -> None:
    at = opened(forgot="true", **FEW)
    assert len(charts(at)) == 5
    off, on = charts(at)[2]["figure"]["data"]
    expected = run_experiment(ExperimentConfig((0.3,), KS, 100, dropout_on=True, grammar=False))
    assert on["x"] == pytest.approx([expected[Cell(0.3, k, True)].accepted.value for k in KS])
    assert off["y"] != on["y"]
    assert "With dropout left on it is" in shown(at)


def test_a_link_with_every_setting_is_followed() -> None:
    at = opened(
        p="0.5", k="3", all="false", n="150", seed="77", models="small", measure="log_probability", forgot="true",
        train_n="700", train_seed="9", lang="en",
    )  # fmt: skip
    data = sent(at)
    assert data["columns"][1] == "Speaks: top-k, k = 3"
    expected = run_experiment(ExperimentConfig((0.0, 0.5), (None, 3), 150, seed=77))
    assert data["rows"][1]["cells"][1]["measures"][1]["value"] == (
        f"{100 * expected[Cell(0.5, 3)].accepted.value:.1f}%"
    )
    assert at.number_input(key="two_dice-train_n").value == 700
    for setting in ("(0.0, 0.5)", "(None, 3)", "len(sentences) < 150", "default_rng([77, 2, ", "corpus='small'"):
        assert setting in listing(at)


NONSENSE = ["", "-1", "nan", "inf", "1e308", "5000000", "<script>alert(1)</script>", "é", "true", "0.123456", "yours"]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_every_setting_still_shows_the_page(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_dice_runs, "LIVE", replace(LIVE, steps=2, record_every=2))  # "yours" trains
    names = ["p", "k", "all", "n", "seed", "models", "measure", "forgot", "train_n", "train_seed", "lang"]
    for link in both_spellings("two_dice", **dict.fromkeys(names, value)):
        data = sent(healthy(open_app_page("two_dice", **link)))
        assert data["rows"][0]["title"] == "Learned with p = 0"


def test_training_both_fills_the_table_from_the_new_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_dice_runs, "LIVE", replace(LIVE, steps=6, record_every=2))
    at = opened(train_n="100", train_seed="3", **FEW)
    press(at, "Train both").run()
    assert at.session_state["two_dice-models"] == "yours"
    measured(at)
    table, (player,) = sent(at), pictures(at, "training")
    assert player["step"] == [0, 2, 4, 6]
    assert [panel["title"] for panel in player["panels"]] == ["Without dropout", "With dropout, p = 0.30"]
    floor = load_model().story.entropy_per_word
    assert [shape["y0"] for shape in player["panels"][0]["curves"]["layout"]["shapes"]] == [floor]
    # Six steps teach little: these are not the checkpoints.
    assert table["rows"][0]["cells"][0]["shares"][2] > 0.5
    text = shown(at)
    assert "the floor is" in text
    assert "nan" not in text
    assert "n_sentences=100, steps=6, seed=3" in listing(at)


def test_a_link_to_ones_own_models_trains_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_dice_runs, "LIVE", replace(LIVE, steps=2, record_every=1))
    at = opened(models="yours", train_n="100", train_seed="4", p="0.2", **FEW)
    assert sent(at)["rows"][1]["title"] == "Learned with p = 0.2"
    assert training_pairs().find(pair_config(0.2, 100, 4)) is not None
    assert address(at)["train"] == "1"
    at.number_input(key="two_dice-train_n").set_value(200).run()
    assert "You have changed the controls" in shown(healthy(at))
    assert address(at)["train"] == "train_n=100"  # which models these are, whatever the controls say now
    again = opened(**{name.removeprefix("two_dice-"): text for name, text in address(at).items()})
    assert sent(again)["draw"] == sent(at)["draw"]


def test_two_visitors_share_one_measurement() -> None:
    first, second = opened(seed="4321", **FEW), opened(seed="4321", **FEW)
    assert sent(first)["draw"] == sent(second)["draw"]
    assert measuring_runs().active is None


def test_a_pair_learns_in_turns_and_says_how_far_it_is() -> None:
    job = TrainingPairJob(tuple(replace(each, steps=4, record_every=2) for each in pair_config(0.3, 100, 0)))  # type: ignore[arg-type]
    assert job.models == {}
    seen = []
    while not job.done:
        job.advance()
        seen.append(tuple(len(records) for records in job.records))
    assert seen == [(1, 0), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3)]
    assert (job.step, job.steps) == (8, 8)
    assert set(job.models) == {0.0, 0.3}


def test_the_store_of_cells_is_bounded_and_forgets_the_oldest() -> None:
    store = CellStore(most=2)
    first = store.of("a")
    store.of("b")
    assert store.of("a") is first
    store.of("c")
    assert store.of("a") is first
    again = store.of("b")
    again[Cell(0.0, 1)] = run_experiment(ExperimentConfig((0.0,), (1,), 100, grammar=False))[Cell(0.0, 1)]
    assert store.of("c") == {}


@pytest.mark.parametrize(
    ("page", "settings", "query"), [("training", {"p": "0.45"}, "p=0.5"), ("top_k", {"k": "40"}, "k=50")]
)
def test_other_pages_link_here_with_their_settings(page: str, settings: dict[str, str], query: str) -> None:
    at = healthy(open_app_page(page, **settings))
    links = [link.proto.query_string for link in at.get("page_link") if "Measure both dice" in link.proto.label]
    assert len(links) == 1
    assert query in links[0]


def test_what_is_derived_from_a_finished_table_is_made_once_and_from_an_unfinished_one_every_time() -> None:
    job = MeasuringJob((ExperimentConfig((0.3,), (3,), 100, grammar=False),), None, {})
    made = []

    def cells(results: Any, word: str) -> str:
        made.append(word)
        return f"{len(results)} {word}"

    assert [job.derived(cells, "cells") for _ in range(2)] == ["0 cells", "0 cells"]
    while not job.done:
        job.advance()
    assert [job.derived(cells, word) for word in ("cells", "cells", "of it", "cells")] == [
        "1 cells", "1 cells", "1 of it", "1 cells",
    ]  # fmt: skip
    assert made == ["cells", "cells", "cells", "of it"]
    for i in range(100):
        job.derived(cells, str(i))
    assert len(job._derived) <= two_dice_runs._MOST_DERIVED
