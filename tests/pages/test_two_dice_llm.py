"""The Two dice page's real language model: what it says is what the shipped runs say, counted again from the files."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lib.story import load_story
from lib.studies.fine_tuning import (
    ARMS,
    COPYING,
    GRAMMAR,
    KS,
    LOSSES,
    PROMPTS,
    SEEDS,
    WITHOUT,
    Copying,
    Loss,
    load_copying,
    load_losses,
)
from lib.web.two_dice.real_llm import findings
from tests.support.apptest import charts, healthy, open_app_page, shown, tables

COLUMNS = [f"{whose} sentences, k = {k}" for whose in ("training", "fresh") for k in ("all", "50")]
NAMES = {
    WITHOUT: "without dropout",
    **{("lora", p): f"LoRA’s dropout, p = {p}" for p in (0.1, 0.3)},
    **{("residual", p): f"residual dropout, p = {p}" for p in (0.1, 0.3)},
    GRAMMAR: "The grammar itself",
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def wilson(count: int, n: int) -> tuple[float, float]:
    """The two p at which the count is 1.96 standard deviations from what is expected, found by bisection."""

    def crossing(inside: float, outside: float) -> float:
        for _halving in range(60):
            middle = (inside + outside) / 2
            far = abs(count / n - middle) > 1.959964 * math.sqrt(middle * (1 - middle) / n)
            inside, outside = (inside, middle) if far else (middle, outside)
        return inside

    return crossing(count / n, 0.0), crossing(count / n, 1.0)


@pytest.fixture(scope="module")
def page():
    return healthy(open_app_page("two_dice"))


def test_the_tables_are_what_the_file_counts(page) -> None:
    cells = [(prompts, "" if k is None else str(k)) for prompts in PROMPTS for k in KS]
    for measure in ("copied", "possible"):
        (table,) = [each for each in tables(page) if {measure, *COLUMNS} <= set(each)]
        rows = dict(zip(table[measure], zip(*(table[name] for name in COLUMNS), strict=True), strict=True))
        assert list(rows) == list(NAMES.values())
        for (place, p), name in NAMES.items():
            for (prompts, k), said in zip(cells, rows[name], strict=True):
                found = [
                    each
                    for each in read(COPYING)
                    if (each["place"], float(each["p"]), each["prompts"], each["k"]) == (place, p, prompts, k)
                ]
                count, n = (sum(int(each[column]) for each in found) for column in (measure, "n"))
                low, high = wilson(count, n) if 0 < count < n else (None, None)
                assert said.startswith(f"{100 * count / n:.1f}% (")
                if low is not None and high is not None:
                    assert said == f"{100 * count / n:.1f}% ({100 * low:.1f}–{100 * high:.1f})"


def test_the_curves_are_the_means_over_the_seeds(page) -> None:
    floor = load_story("en").entropy_per_word
    for quantity, name in (("train_loss", "training loss"), ("val_loss", "validation loss")):
        (chart,) = [each for each in charts(page) if each["alt"].startswith(f"{name} at the end: ")]
        assert f"The floor is {floor:.2f}." in chart["alt"]
        drawn = {trace["name"]: trace for trace in chart["figure"]["data"] if trace.get("name")}
        for place, p in ARMS:
            trace = drawn[NAMES[place, p].replace("’s dropout", "").replace("residual dropout", "residual")]
            for epoch, mean in zip(trace["x"], trace["y"], strict=True):
                values = [
                    float(each["value"])
                    for each in read(LOSSES)
                    if (each["place"], float(each["p"]), int(each["epoch"]), each["quantity"])
                    == (place, p, epoch, quantity)
                ]
                assert len(values) >= len(SEEDS)
                assert mean == pytest.approx(sum(values) / len(values))
            assert f"{NAMES[place, p]}: {trace['y'][-1]:.2f}" in chart["alt"]


def test_the_findings_are_on_the_page_with_what_they_cost(page) -> None:
    text = shown(page)
    said = findings(load_losses(), load_copying())
    assert len(said) == 5
    assert all(each in text for each in said)
    assert "{" not in "".join(said)
    last = max(int(each["epoch"]) for each in read(LOSSES))
    trained = sum(
        float(each["seconds"]) for each in read(LOSSES) if int(each["epoch"]) == last and each["quantity"] == "val_loss"
    )
    minutes = (trained + sum(float(each["seconds"]) for each in read(COPYING))) / 60
    assert f"Recorded beforehand: SmolLM2-135M-Instruct, {len(ARMS) * len(SEEDS)} runs with {len(SEEDS)} seeds" in text
    assert f"{minutes:.0f} minutes on one core" in text
    assert any("today-die=tune" in link.proto.query_string for link in page.get("page_link"))


# ------------------------------------------------------------------------------- what is said follows from the numbers


def with_copied(wanted: Callable[[Copying], int]) -> list[Copying]:
    return [replace(each, copied=wanted(each), possible=each.n) for each in load_copying()]


def test_what_dropout_did_to_copying_follows_from_the_interval() -> None:
    base = 80  # of 200, with each seed
    for other, sentence in ((40, "less copying"), (76, "no measurable change"), (120, "more copying, not less")):
        rows = with_copied(lambda each, other=other: base if each.place == "none" else other)
        _memorised, lora, _weaker, residual, _cut = findings(load_losses(), rows)
        for place, said in (("LoRA’s", lora), ("Residual", residual)):
            assert f"**{place} dropout, p = 0.3: {sentence}" in said
            assert f"{(other - base) / 2:+.1f} (".replace("-", "−") in said
            assert ("includes zero" in said) == (sentence == "no measurable change")


def test_what_the_cut_did_follows_from_the_interval() -> None:
    for other, sentence in (
        (40, "**Here the cut at k = 50 reduced copying:** −20.0 ("),
        (84, "**The cut at k = 50 did not undo memorising:** +2.0 ("),
        (120, "**The cut at k = 50 did not undo memorising; there was more copying:** +20.0 ("),
    ):
        said = findings(load_losses(), with_copied(lambda each, other=other: other if each.k else 80))[-1]
        assert said.startswith(sentence)


def test_what_is_said_of_fresh_sentences_follows_from_every_seed() -> None:
    for raised, sentence in (((), "with every seed"), ((0,), "with some seeds"), (SEEDS, "with no seed")):
        losses = [
            each if each.place == "none" else replace(each, value=100.0 if each.seed in raised else 0.01)
            for each in load_losses()
        ]
        _memorised, lora, _weaker, residual, _cut = findings(losses, load_copying())
        assert sentence in lora
        assert sentence in residual


@pytest.mark.parametrize(("shift", "sentence"), [(-10.0, "**It memorises"), (10.0, "**Nothing proves memorising")])
def test_memorising_is_a_training_loss_below_the_floor(shift: float, sentence: str) -> None:
    def shifted(loss: Loss) -> Loss:
        return replace(loss, value=loss.value + shift) if loss.quantity == "train_loss" else loss

    assert findings([shifted(each) for each in load_losses()], load_copying())[0].startswith(sentence)
