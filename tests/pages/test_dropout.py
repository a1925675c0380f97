"""The Dropout page as Streamlit runs it: its default, every control moved, full links, and nonsense in links."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.pictured_network import PassSettings, load_examples, load_pictured_network, record_passes
from tests.support.apptest import (
    address,
    both_spellings,
    charts,
    healthy,
    listing,
    numbers,
    open_app_page,
    picture_sizes,
    pictures,
    shown,
    tables,
)


def opened(**parameters: str) -> AppTest:
    return healthy(open_app_page("dropout", **parameters))


def sent(at: AppTest) -> dict[str, Any]:
    """What the moving picture was given."""
    (data,) = pictures(at, "dropout")
    return data


def first_number(at: AppTest) -> str:
    return next(iter(numbers(at).values()))


def test_the_default_page_shows_a_playable_recording_under_40_kb() -> None:
    at = opened()
    data = sent(at)
    assert data["passes"] == 100
    assert data["sizes"] == [64, 16, 16, 10]
    assert data["rates"] == [0, 0.5, 0.5]
    assert data["factors"] == [1, 2, 2]
    assert data["training"] is True
    assert picture_sizes(at)[0] < 40_000
    assert len(charts(at)) == 2
    recording = record_passes(load_pictured_network(), load_examples().inputs[1], PassSettings(passes=100))
    full = float(recording.full_probabilities.max())
    assert f"{100 * full:.1f}%" in shown(at)
    assert "import torch" in listing(at)


def test_the_default_shows_passes_that_differ_and_a_whole_network_that_stands_in_for_their_mean() -> None:
    """The takeaway's claim, with the page's own digit."""
    at = opened()
    recording = record_passes(load_pictured_network(), load_examples().inputs[1], PassSettings(passes=100))
    answers = recording.probabilities.argmax(1).tolist()
    assert len(set(answers[:3])) > 1  # seen within three presses
    assert recording.distinct_networks[-1] == 100
    full, mean = recording.full_probabilities, recording.running_mean[-1]
    best = int(full.argmax())
    assert int(mean.argmax()) == best
    assert abs(float(mean[best] - full[best])) < 0.05
    assert f"**{100 * float(full[best]):.1f}%**" in shown(at)
    assert f"**{100 * float(mean[best]):.1f}%**" in shown(at)


def test_where_the_plain_mean_is_far_from_the_whole_network_the_page_says_why() -> None:
    assert "Baldi and Sadowski" not in shown(opened())
    assert "Baldi and Sadowski" in shown(opened(x="3"))


def test_the_largest_recording_stays_under_150_kb() -> None:
    assert picture_sizes(opened(n="1000"))[0] < 150_000


def test_every_figure_says_in_words_what_it_shows() -> None:
    for chart in charts(opened()):
        assert "%" in chart["alt"]
        assert "{" not in chart["alt"]


def test_the_first_guess_is_answered() -> None:
    at = opened()
    for guess in ("same", "close", "other"):
        at.button_group(key="guess_dropout").set_value(guess).run()
        assert "Press **Play**" in shown(at)


def test_every_control_changes_the_picture() -> None:
    at = opened()
    changes = [
        lambda: at.select_slider(key="dropout-p").set_value(0.3),
        lambda: at.select_slider(key="dropout-p_in").set_value(0.2),
        lambda: at.toggle(key="dropout-each").set_value(True),
        lambda: at.select_slider(key="dropout-p2").set_value(0.9),
        lambda: at.select_slider(key="dropout-x").set_value(12),
        lambda: at.button_group(key="dropout-scale").set_value("at-test"),
        lambda: at.button_group(key="dropout-net").set_value(0.2),
        lambda: at.select_slider(key="dropout-n").set_value(25),
        lambda: at.number_input(key="dropout-seed").set_value(5),
        lambda: at.button_group(key="dropout-mode").set_value("eval"),
        lambda: at.button_group(key="dropout-data").set_value("moons"),
    ]
    before = sent(at)
    for change in changes:
        change().run()
        healthy(at)
        after = sent(at)
        assert after != before
        before = after


@pytest.mark.parametrize("layer", ["input", "hidden1", "hidden2"])
@pytest.mark.parametrize("scale", ["inverted", "at-test"])
def test_the_table_shows_activation_mask_and_result_of_the_chosen_layer(layer: str, scale: str) -> None:
    at = opened(layer=layer, at="7", scale=scale, p="0.25", p_in="0.1")
    (table,) = ({name: np.array(column, float) for name, column in table.items()} for table in tables(at))
    assert len(table["neuron"]) == (64 if layer == "input" else 16)
    p = 0.1 if layer == "input" else 0.25
    factor = 1 / (1 - p) if scale == "inverted" else 1.0
    assert table["factor"] == pytest.approx(factor, abs=5e-4)  # three decimals are shown
    assert table["result"] == pytest.approx(table["activation"] * table["mask"] * factor, abs=2e-3)
    assert "In pass 7" in shown(at)


def test_a_link_with_every_setting_is_followed() -> None:
    at = opened(
        p="0.3", p_in="0.1", each="true", p2="0.8", mode="train", scale="at-test", x="5", data="moons", net="0.2",
        n="50", seed="77", layer="hidden2", at="50", lang="en",
    )  # fmt: skip
    data = sent(at)
    assert data["kind"] == "moons"
    assert data["rates"] == [0.1, 0.3, 0.8]
    assert data["factors"] == [1, 1, 1]
    assert data["chosen"] == 5
    assert data["passes"] == 50
    recording = record_passes(
        load_pictured_network("moons", 0.2),
        load_examples("moons").inputs[5],
        PassSettings(rates=(0.1, 0.3, 0.8), scaling="at_test", passes=50, seed=77),
    )
    assert data["full"] == pytest.approx(recording.full_probabilities.tolist(), abs=1e-4)
    assert "In pass 50" in shown(at)
    for setting in ("(1 - self.p)", "Dropout(0.8, seed=233)", "x.expand(50, -1)", "trained with p = 0.2"):
        assert setting in listing(at)


NONSENSE = [
    "",
    "-1",
    "nan",
    "inf",
    "1e308",
    "5000",
    "<script>alert(1)</script>",
    "drop%20table",
    "é",
    "true",
    "0.123456",
]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_every_setting_still_shows_the_page(value: str) -> None:
    names = ["p", "p_in", "each", "p2", "mode", "scale", "x", "data", "net", "n", "seed", "layer", "at", "lang"]
    for link in both_spellings("dropout", **dict.fromkeys(names, value)):
        data = sent(opened(**link))
        assert 1 <= data["passes"] <= 1000
        assert all(0 <= p <= 1 for p in data["rates"])


def test_a_number_of_passes_that_cannot_be_is_said() -> None:
    at = opened(n="100000000")
    assert sent(at)["passes"] == 100
    assert any("100000000" in each.value and "100." in each.value for each in at.warning)
    assert not opened(n="200").warning


def test_dropping_everything_is_shown_and_said() -> None:
    at = opened(p="1")
    assert sent(at)["factors"] == [1, 0, 0]
    assert any("**every** neuron" in each.value for each in at.warning)
    assert "nan" not in json.dumps(sent(at)).lower()


def test_eval_rolls_no_die() -> None:
    at = opened(mode="eval")
    data = sent(at)
    assert data["training"] is False
    assert set(data["factors"]) == {1}
    assert list(numbers(at).values()) == ["1", "1"]


def test_the_number_of_thinned_networks_follows_the_rates() -> None:
    assert first_number(opened()).startswith("2³² ≈ 4 × 10⁹")
    assert first_number(opened(p="0")) == "1"
    assert first_number(opened(p_in="0.2")).startswith("2⁹⁶")


def test_what_few_people_open_is_drawn_when_it_is_expanded() -> None:
    at = healthy(open_app_page("dropout", expanded=False))
    assert len(charts(at)) == 1
    assert not [each for each in at.number_input if each.key == "dropout-seed"]
    at.session_state["monte_carlo_expander"] = True
    assert len(charts(healthy(at.run()))) == 2


def test_a_setting_counts_that_a_link_moves_and_that_is_not_drawn() -> None:
    at = healthy(open_app_page("dropout", expanded=False, seed="7", net="0.0"))
    assert "**without** dropout" in shown(at)
    assert "seed=22" in listing(at)  # 7 x 3 layers + 1: the die of hidden layer 1
    assert address(at) == {"dropout-net": "0", "dropout-seed": "7"}
    at.session_state["more"] = True  # somebody opens "More"
    assert healthy(at.run()).number_input(key="dropout-seed").value == 7
    at.number_input(key="dropout-seed").set_value(0).run()
    assert address(at) == {"dropout-net": "0"}
    at.session_state["more"] = False
    assert address(healthy(at.run())) == {"dropout-net": "0"}


def test_a_network_that_never_learned_with_dropout_is_announced() -> None:
    at = opened(net="0.0")
    assert "**without** dropout" in shown(at)
    assert "do **not** meet" in shown(at)


def test_more_input_than_the_moons_have_goes_round() -> None:
    assert sent(opened(data="moons", x="15"))["chosen"] == 3


def test_numbers_are_written_as_the_language_does() -> None:
    assert tables(opened(lang="fr"))


def test_the_most_passes_travel_light() -> None:
    at = healthy(open_app_page("dropout", n="1000", p_in="0.2", each="true", p2="0.3"))
    assert sum(picture_sizes(at)) < 130_000
