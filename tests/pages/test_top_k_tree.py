"""The tree of everything that can be said, memorising in bits, and words that are said by a click."""

import json
import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.continuations import DEPTH, MOST, likeliest_continuations
from lib.language_model import load_model
from lib.memorising import memorised_bits
from lib.sampling_settings import SamplingSettings
from lib.web.top_k import player, tree
from tests.support.apptest import address, charts, healthy, html, open_app_page, pictures, shown

WORDS = ("the", "lamb", "ate")


def opened(**parameters: str) -> AppTest:
    return healthy(open_app_page("top_k", **parameters))


def sent(at: AppTest) -> dict[str, Any]:
    (data,) = pictures(at, "tree")
    return data


def test_it_is_off_until_somebody_wants_it() -> None:
    at = opened()
    assert pictures(at, "tree") == []
    at.toggle(key="top_k-tree").set_value(True)
    healthy(at.run())
    assert sent(at)["root"] == "the lamb ate"
    assert address(at) == {"top_k-tree": "true"}


@pytest.mark.parametrize("p", ["0.0", "0.3"])
def test_the_browser_gets_the_likeliest_continuations_and_the_page_says_their_shares(p: str) -> None:
    at = opened(tree="true", p=p, k="40", temp="1.2", top_p="0.95")
    data = sent(at)
    settings = SamplingSettings(1.2, top_k=40, top_p=0.95)
    expected = likeliest_continuations(load_model("en", float(p), "small"), WORDS, settings)
    assert data["words"] == [node.word for node in expected.nodes]
    assert data["parents"] == [node.parent for node in expected.nodes]
    assert data["probabilities"] == pytest.approx([node.probability for node in expected.nodes], rel=1e-3)
    for kind, node in zip(data["kinds"], expected.nodes, strict=True):
        assert kind == (2 if not node.possible else 1 if node.trained else 0)
    assert [bool(each) for each in data["ends"]] == [node.word == "." for node in expected.nodes]
    assert len(json.dumps(data)) < 12_000
    said = re.search(rf"next {DEPTH} words, \*\*(.*?)\*\* goes on .*?\*\*(.*?)\*\* is new", shown(at))
    assert said
    assert said.groups() == tuple(f"{expected.shares[kind]:.1%}" for kind in ("trained", "new"))


def test_without_dropout_most_of_it_is_a_training_sentence_and_with_it_hardly_any() -> None:
    trained = [sent(opened(tree="true", p=p, k="670"))["kinds"].count(1) for p in ("0.0", "0.3")]
    shares = [
        likeliest_continuations(load_model("en", p, "small"), WORDS, SamplingSettings()).shares["trained"]
        for p in (0.0, 0.3)
    ]
    assert shares[0] > 0.9
    assert shares[1] < 0.1
    assert min(trained) >= 1


def test_a_smaller_k_prunes_it() -> None:
    sizes = [len(sent(opened(tree="true", k=k))["words"]) for k in ("670", "2", "1")]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] <= MOST
    assert sizes[-1] <= DEPTH


def test_after_an_impossible_beginning_everything_is_impossible() -> None:
    at = opened(tree="true", text="the the")
    assert set(sent(at)["kinds"]) == {2}
    assert len(charts(at)) == 2  # both mistakes need a truth, and the bits are about whole sentences


def test_the_bits_are_the_models() -> None:
    at = opened(tree="true")
    assert len(charts(at)) == 3
    for p, (before, between) in {0.0: ("finds a training sentence", "and a fresh one"), 0.3: ("it is", "and")}.items():
        trained, fresh = memorised_bits(load_model("en", p, "small")).medians
        written = [f"{bits:+.1f}".replace("-", "−") for bits in (trained, fresh)]
        assert re.search(rf"{before} \*\*{re.escape(written[0])}.*?{between} \*\*{re.escape(written[1])}", shown(at))


def test_a_box_that_was_chosen_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    model, said = load_model("en", 0.3, "small"), []
    monkeypatch.setattr(tree, "continue_with", said.append)

    def go(sent: Any, longest: int = 31) -> None:
        monkeypatch.setattr(tree.st, "session_state", {"continuation_tree": {"go": sent}})
        tree._go(model, WORDS, longest)

    go(["hay", "in"])
    assert said == [["the", "lamb", "ate", "hay", "in"]]
    for nonsense in (None, "hay", 7, ["nonsuch"], ["hay", "."], [["hay"]], {"a": 1}):  # a browser may send anything
        go(nonsense)
    go(["hay", "in"], longest=4)
    assert len(said) == 1


def test_a_word_that_was_clicked_on_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[int] = []

    def click(sent: Any) -> None:
        monkeypatch.setattr(player.st, "session_state", {"next_word_player": {"forced": sent}})
        player._forced(2, {1}, said.append)

    click([0, 1])
    assert said == [0]
    for nonsense in (None, 0, [2, 1], [-1, 1], [1, 1], [0], [0, "1"], ["0", 1], [[0], 1], [0.0, 1]):
        click(nonsense)
    assert said == [0]


def test_words_can_be_clicked_on_where_a_storybook_speaks_and_not_where_one_is_recorded() -> None:
    data = pictures(opened(), "top_k")[0]
    (end,) = data["ends"]
    assert load_model("en", 0.3, "small").vocabulary[end] == "."
    assert pictures(opened(model="llm"), "top_k")[0]["ends"] is None


@pytest.mark.parametrize("language", ["de", "es", "fr", "ja", "zh-Hant"])
def test_it_speaks_every_language(language: str) -> None:
    at = opened(tree="true", bench="true", lang=language)
    assert len(sent(at)["labels"]["kinds"]) == 3
    assert "{" not in sent(at)["labels"]["picture"] + shown(at) + html(at, "numbers")
