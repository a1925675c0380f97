"""The decoder’s bench on the Top-k page: off at first, every setting in the link, its table against the truth."""

import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.decoding import STEPS
from lib.language_model import load_model
from lib.next_word import prompts, what_follows
from lib.sampling import keep_top_p, shape_distribution, softmax
from lib.web.top_k import bench
from tests.support.apptest import (
    address,
    both_spellings,
    charts,
    healthy,
    listing,
    open_app_page,
    pictures,
    shown,
    tables,
)

HOT = {"bench": "true", "temp": "2", "top_p": "0.9", "k": "670"}
NAMES = ("transformers", "llama.cpp", "Gemma")


def opened(**parameters: str) -> AppTest:
    return healthy(open_app_page("top_k", **parameters))


def steps(at: AppTest) -> list[dict[str, Any]]:
    (data,) = pictures(at, "order")
    return list(data["steps"])


def rows(at: AppTest) -> dict[str, list[str]]:
    """The numbers of each order, by its name; the one on screen has a pointer before it."""
    columns = next(each for each in tables(at) if "order of the steps" in each)
    return {name: list(row) for name, *row in zip(*columns.values(), strict=True)}


def test_it_is_off_until_somebody_wants_it() -> None:
    at = opened()
    assert pictures(at, "order") == []
    assert at.toggle(key="top_k-bench").value is False
    at.toggle(key="top_k-bench").set_value(True)
    healthy(at.run())
    assert [each["id"] for each in steps(at)] == list(STEPS)
    assert [each["id"] for each in steps(at) if each["on"]] == ["top_k"]
    assert "the order changes nothing" in shown(at)
    assert address(at) == {"top_k-bench": "true"}


def test_the_table_says_what_the_order_does_where_the_truth_is_known() -> None:
    """Both orders worked out with the plain cuts of lib/sampling.py, in place of the list of steps."""
    model = load_model("en", 0.3, "small")
    let_in: dict[str, list[float]] = {"transformers": [], "llama.cpp": []}
    for prompt in prompts(model.story, 6):
        follows = what_follows(model, tuple(model.story.words_of(prompt)))
        first = shape_distribution(follows.logits, temperature=2.0, top_p=0.9).probabilities
        kept = keep_top_p(follows.logits, 0.9)
        last = softmax(np.where(kept, follows.logits / 2.0, -np.inf))
        for shares, probabilities in zip(let_in.values(), (first, last), strict=True):
            shares.append(float(probabilities[follows.truth == 0].sum()))
    at = opened(**HOT)
    table = rows(at)
    assert list(table) == ["▸ transformers", "llama.cpp", "Gemma"]
    for name, shares in let_in.items():
        found = table[name if name in table else f"▸ {name}"][1]
        assert found == f"{np.mean(shares):.1%} ({min(shares):.1%} to {max(shares):.1%})"
    assert "transformers is the bolder order" in shown(at)
    assert "llama.cpp is the safer order" in shown(opened(**HOT, order="llama.cpp"))
    assert len(charts(at)) == 3


def test_an_order_of_ones_own_is_in_the_link_and_comes_back() -> None:
    mine = "top_p.temperature.penalty.top_k.min_p.typical.sigma"
    at = opened(**HOT, order=mine)
    assert ".".join(each["id"] for each in steps(at)) == mine
    assert [each["id"] for each in steps(at) if each["on"]] == ["top_p", "temperature"]
    assert rows(at)["▸ your order"] == rows(at)["llama.cpp"]
    assert address(at)["top_k-order"] == mine
    at.button(key="order_transformers").click()
    healthy(at.run())
    assert "top_k-order" not in address(at)
    at.button(key="order_gemma").click()
    healthy(at.run())
    assert address(at)["top_k-order"] == "gemma"


@pytest.mark.parametrize("sent", [None, 7, "", "top_k", "penalty." * 7, ".".join((*STEPS, "top_k")), "<b>"])
def test_what_is_no_order_is_not_taken(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser may send anything."""
    monkeypatch.setattr(bench.st, "session_state", {"step_order": {"order": sent}})
    monkeypatch.setattr(bench, "change", lambda **values: pytest.fail(f"{values}"))
    bench._reorder()


def test_greedy_names_what_it_ignores() -> None:
    at = opened(**HOT, greedy="true", penalty="1.2", typical="0.5", sigma="1.5")
    (sentence,) = re.findall(r"though they are switched on: \*\*(.*?)\*\*", shown(at))
    assert sentence == "temperature, top-p, typical, top-nσ"
    assert [each["id"] for each in steps(at) if each["on"]] == ["penalty"]
    assert "would ignore the temperature and every cut" in shown(opened(bench="true", greedy="true", k="670"))


def test_the_button_sets_what_makes_the_order_matter() -> None:
    at = opened(bench="true", min_p="0.1")
    at.button(key="order_try").click()
    healthy(at.run())
    assert {name: at.select_slider(key=f"top_k-{name}").value for name in ("temp", "k")} == {"temp": 2.0, "k": 670}
    assert "bolder order" in shown(at)


@pytest.mark.parametrize("value", ["", "-1", "nan", "inf", "1e308", "<script>", "é", "true", "top_k.top_k", "0"])
def test_nonsense_in_its_settings_still_shows_it(value: str) -> None:
    names = ["order", "typical", "sigma", "penalty", "greedy"]
    for link in both_spellings("top_k", **dict.fromkeys(names, value)):
        assert len(steps(opened(bench="true", **link))) == len(STEPS)


def test_after_an_impossible_beginning_there_is_no_truth_here_but_there_is_elsewhere() -> None:
    at = opened(**HOT, text="the the")
    assert len(rows(at)) == 3
    assert "bolder order" in shown(at)


def test_the_code_has_the_steps_in_this_order() -> None:
    code = listing(opened(**HOT, order="llama.cpp", penalty="1.2"), "code_bench")
    places = [code.index(words) for words in ("# the repetition penalty", "# top-p", "# the temperature divides")]
    assert places == sorted(places)
