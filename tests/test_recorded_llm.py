"""The recorded answers of a real language model: whole, as they were drawn, and cut as transformers would cut them."""

import dataclasses
import itertools
import json
from typing import Any

import numpy as np
import pytest

from lib import recorded_llm
from lib.next_word import next_word
from lib.recorded_llm import (
    JSON,
    NPZ,
    PATHS,
    SEED,
    STEPS,
    TOP,
    RecordedLlm,
    load_recorded_llm,
    packed,
    pointer_of,
    unpacked,
)
from lib.sampling import shape_with, softmax
from lib.sampling_settings import SamplingSettings
from lib.settings import InvalidSetting
from lib.tokens import visible
from scripts.fetch_llm import GGUF, GGUF_SHA256, LICENCE, NAME, WHEEL
from scripts.record_llm import BEGINNINGS, NAMED, grid_of
from tests.test_sampling import check_against_the_processors

LLM = load_recorded_llm()
EVERY_STEP = [(b, path, at) for b in range(len(LLM.beginnings)) for path in PATHS for at in range(LLM.length(b, path))]
SOME_ROWS = range(0, len(LLM.first), 40)


def stored_logits(rows: Any) -> np.ndarray:
    """What is stored of these distributions (rows, R)."""
    fallen = np.cumsum(LLM.gaps[rows].astype(np.float64), axis=1)
    return LLM.first[rows, None] - np.concatenate([np.zeros((len(fallen), 1)), fallen], axis=1)


def test_what_ships_is_small_and_as_the_script_says() -> None:
    assert NPZ.stat().st_size + JSON.stat().st_size <= 3_000_000
    assert LLM.beginnings == BEGINNINGS
    assert len(LLM.beginnings) >= 60
    assert LLM.ranks.tolist() == grid_of(LLM.vocabulary_size).tolist()
    assert {51, *NAMED, LLM.vocabulary_size} <= set(LLM.ranks.tolist())
    assert dataclasses.asdict(LLM.source) == {
        "name": NAME, "wheel": WHEEL, "file": GGUF, "sha256": GGUF_SHA256, "licence": LICENCE,
    }  # fmt: skip


def test_a_path_is_whole_or_ends_where_the_model_ends_its_text() -> None:
    ends = {b"<|im_end|>", b"<|endoftext|>"}
    for b, path in itertools.product(range(len(LLM.beginnings)), PATHS):
        length = LLM.length(b, path)
        steps = [LLM.step(b, path, at) for at in range(length)]
        assert [each.last for each in steps] == [False] * (length - 1) + [True]
        assert length == STEPS or steps[-1].taken in ends
        assert not ends & set(steps[-1].said)
        assert steps[-1].said == tuple(each.taken for each in steps[:-1])
        assert steps[-1].text == LLM.beginnings[b].encode() + b"".join(steps[-1].said)


def test_the_first_step_is_the_same_on_every_path() -> None:
    assert (LLM.steps[:, :, 0] == LLM.steps[:, :1, 0]).all()
    same = (LLM.taken[:, :, 0] == LLM.taken[:, :1, 0]) & (LLM.steps[:, :, 1] >= 0) & (LLM.steps[:, :1, 1] >= 0)
    assert ((LLM.steps[:, :, 1] == LLM.steps[:, :1, 1]) == same).all()


def test_the_probabilities_fall_and_sum_to_one() -> None:
    for row in range(len(LLM.first)):
        every = np.exp(unpacked(LLM.ranks, LLM.first[row], LLM.gaps[row]) - LLM.log_sum[row])
        assert every.shape == (LLM.vocabulary_size,)
        assert (np.diff(every) <= 0).all()
        assert every.sum() == pytest.approx(1, abs=2e-4)


def test_every_rank_has_a_token_of_its_own() -> None:
    for row in SOME_ROWS:
        assert len(set(LLM.ids[row].tolist())) == len(LLM.ranks)


def test_a_greedy_path_takes_the_likeliest_token() -> None:
    for b in range(len(LLM.beginnings)):
        for at in range(LLM.length(b, "greedy")):
            step = LLM.step(b, "greedy", at)
            assert step.tokens[0] == step.taken


def test_the_recorded_die_draws_the_recorded_token_again() -> None:
    """At seed 0 and with the path's own cut, the page's draw is the token with which the path went on."""
    beyond = 0
    for b, path, at in EVERY_STEP:
        step = LLM.step(b, path, at)
        drawn = next_word(step.logits, settings=PATHS[path], pointer=pointer_of(SEED, b, at)).drawn
        if path == "uncut" and drawn not in step.tokens:  # a rank between two of the grid
            beyond += 1
            assert step.taken not in [step.tokens[rank] for rank in range(TOP)]
        else:
            assert step.tokens[drawn] == step.taken
    # One in eight tokens or so is drawn from beyond the 200 likeliest where nothing is cut.
    assert 0 < beyond < 0.25 * sum(LLM.length(b, "uncut") for b in range(len(LLM.beginnings)))


def test_the_flat_and_the_spiky_are_both_there() -> None:
    likeliest = np.exp(LLM.first - LLM.log_sum)[LLM.steps[:, 0, 0]]
    assert likeliest.max() > 0.9
    assert likeliest.min() < 0.1


def test_a_fact_that_everybody_knows() -> None:
    step = LLM.step(LLM.beginnings.index("The capital of France is"), "greedy", 0)
    assert visible(step.tokens[0]) == "␣Paris"
    assert softmax(step.logits)[0] > 0.5


SETTINGS: list[dict[str, Any]] = [
    {"temperature": T, "top_k": k, "top_p": p, "min_p": m}
    for T, k, p, m in itertools.product((1.0, 0.6, 1.7), (None, 1, 20, 50, 64), (None, 0.8, 0.95), (None, 0.1))
]


def test_the_recorded_tokens_are_cut_as_by_the_processors() -> None:
    """Kept sets and probabilities, on the 200 likeliest tokens of some recorded distributions."""
    logits = stored_logits(SOME_ROWS)[:, :TOP]
    left_out = sum(check_against_the_processors(logits, **chosen) for chosen in SETTINGS)
    assert left_out == 0


@pytest.mark.parametrize("k", [1, 20, 50, 64, TOP])
def test_k_of_the_recorded_tokens_are_the_k_likeliest(k: int) -> None:
    """The same by hand, where transformers is not installed: the first k, each divided by their sum."""
    for row in SOME_ROWS:
        logits = unpacked(LLM.ranks, LLM.first[row], LLM.gaps[row])
        trace = shape_with(logits, SamplingSettings(top_k=k))
        ties = int((logits[k:] == logits[k - 1]).sum())
        assert trace.kept.tolist() == [True] * (k + ties) + [False] * (len(logits) - k - ties)
        first = np.exp(logits[: k + ties] - logits[0])
        np.testing.assert_allclose(trace.probabilities[: k + ties], first / first.sum(), rtol=1e-9)


def test_packing_keeps_the_order_the_ties_and_nearly_all_digits() -> None:
    rng = np.random.default_rng(0)
    rows = -np.sort(rng.exponential(5, (50, 300)), axis=1)
    rows[:, 100:103] = rows[:, 100:101]
    first, gaps = packed(rows)
    for row, one, rest in zip(rows, first, gaps, strict=True):
        again = unpacked(np.arange(1, 301), one, rest)
        # Half of the last of 11 bits of the gap before it; errors of earlier gaps do not add up.
        falls = rest > 0
        assert (np.abs(again - row)[1:][falls] <= rest.astype(np.float64)[falls] * 2.0**-11 + 1e-6).all()
        np.testing.assert_array_equal(np.sign(np.diff(again)), np.sign(np.diff(row)))


def test_between_two_ranks_of_the_grid_lies_a_straight_line_over_the_logarithm() -> None:
    """A power law is such a line, so nothing of it is lost."""
    ranks = grid_of(LLM.vocabulary_size)
    law = -1.2 * np.log(np.arange(1, LLM.vocabulary_size + 1)) - 2
    first, gaps = packed([law[ranks - 1]])
    np.testing.assert_allclose(unpacked(ranks, first[0], gaps[0]), law, atol=2e-3)
    assert softmax(law)[TOP:].sum() == pytest.approx(softmax(unpacked(ranks, first[0], gaps[0]))[TOP:].sum(), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "asked"),
    [("beginning", (-1, "greedy", 0)), ("beginning", (9999, "greedy", 0)), ("path", (0, "beam", 0)),
     ("at", (0, "greedy", -1)), ("at", (0, "greedy", STEPS))],
)  # fmt: skip
def test_what_is_not_recorded_is_refused(name: str, asked: tuple[int, str, int]) -> None:
    with pytest.raises(InvalidSetting) as caught:
        LLM.step(*asked)
    assert caught.value.name == name


SPOILED: dict[str, tuple[dict[str, Any], str]] = {
    "a row too few": ({"ids": LLM.ids[:-1]}, "ids has the wrong shape"),
    "ranks out of order": ({"ranks": LLM.ranks[::-1]}, "the ranks do not rise"),
    "a gap that is no number": ({"gaps": np.full_like(LLM.gaps, np.nan)}, "the probabilities do not fall"),
    "more than certain": ({"first": LLM.log_sum + 1}, "the probabilities do not fall from below 1"),
    "a step nowhere": ({"steps": np.full_like(LLM.steps, len(LLM.first))}, "a step has no distribution"),
    "a token without bytes": ({"tokens": dict(list(LLM.tokens.items())[1:])}, "1 tokens have no bytes"),
    "a beginning twice": ({"beginnings": LLM.beginnings[:1] * len(LLM.beginnings)}, "have the same name"),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_files_that_do_not_fit_together_are_refused(spoiled: str, tmp_path: Any, monkeypatch: Any) -> None:
    changes, complaint = SPOILED[spoiled]
    other: RecordedLlm = dataclasses.replace(LLM, **changes)
    arrays = {name: getattr(other, name) for name in ("ranks", "ids", "first", "gaps", "log_sum", "steps", "taken")}
    np.savez(tmp_path / "llm.npz", **arrays)
    about = {
        "source": dataclasses.asdict(other.source),
        "beginnings": other.beginnings,
        "tokens": {i: token.decode("latin-1") for i, token in other.tokens.items()},
    }
    (tmp_path / "llm.json").write_text(json.dumps(about), encoding="utf-8")
    monkeypatch.setattr(recorded_llm, "NPZ", tmp_path / "llm.npz")
    monkeypatch.setattr(recorded_llm, "JSON", tmp_path / "llm.json")
    with pytest.raises(ValueError, match=complaint):
        load_recorded_llm.__wrapped__()
