"""The verdict's arithmetic against published tables, and the verdicts themselves on histories made by hand."""

import math
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from lib.datasets import Floor, make_dataset
from lib.statistics.comparison import compare, paired_interval, summarise, t_quantile
from lib.training import History, TrainingConfig


def history_of(
    val_loss: object, *, train_loss: object = None, val_accuracy: object = None, floor: float | None = 0.4
) -> History:
    """A history with the given curves (T, A, E); accuracy and training loss are zero where not given."""
    val = np.asarray(val_loss, dtype=float)
    zero = np.zeros_like(val)
    data = make_dataset("moons", n_train=10, noise=0.2, label_noise=0.1, seed=0)
    return History(
        config=TrainingConfig(members=val.shape[2], rates=(0.0, 0.5)[: val.shape[1]]),
        dataset=replace(data, floor=None if floor is None else Floor(floor, 0.9)),
        looked_at=(10, 1000),
        step=np.arange(len(val)) * 100,
        train_loss=zero if train_loss is None else np.asarray(train_loss, dtype=float),
        val_loss=val,
        train_accuracy=zero,
        val_accuracy=zero if val_accuracy is None else np.asarray(val_accuracy, dtype=float),
        train_loss_dropout=zero,
        maps=None,
        map_extent=None,
        predictions=None,
    )


@pytest.mark.parametrize(
    ("degrees", "confidence", "quantile"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2
    [
        (1, 0.95, 12.706),
        (2, 0.95, 4.303),
        (4, 0.95, 2.776),
        (7, 0.95, 2.365),
        (30, 0.95, 2.042),
        (100, 0.95, 1.984),
        (1, 0.9, 6.314),
        (7, 0.99, 3.499),
        (30, 0.998, 3.385),
    ],
)
def test_students_t_is_that_of_the_published_table(degrees: int, confidence: float, quantile: float) -> None:
    assert t_quantile(degrees, confidence) == pytest.approx(quantile, abs=6e-4)


def test_students_t_is_exact_where_it_has_a_closed_form() -> None:
    for confidence in (0.1, 0.5, 0.95, 0.999):
        assert t_quantile(1, confidence) == pytest.approx(math.tan(math.pi * confidence / 2), rel=1e-12)
        closed = confidence * math.sqrt(2 / (1 - confidence**2))
        assert t_quantile(2, confidence) == pytest.approx(closed, rel=1e-12)
    with pytest.raises(ValueError, match="degrees"):
        t_quantile(0)


def test_the_interval_is_that_of_students_own_data() -> None:
    # "Student" (1908): hours of sleep gained by ten patients with two drugs. R prints this interval as the example of
    # its paired t-test: t.test(extra ~ group, data = sleep, paired = TRUE).
    drug_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    drug_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    assert paired_interval((drug_2 - drug_1).tolist()) == pytest.approx((0.7001142, 2.4598858), abs=5e-8)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    intervals = [paired_interval(rng.normal(1, 2, size=5).tolist()) for _ in range(2000)]
    share = np.mean([low < 1 < high for low, high in intervals])
    # Four standard errors of a binomial share: fails by chance for one seed in 16,000.
    assert abs(share - 0.95) < 4 * (0.95 * 0.05 / 2000) ** 0.5


@pytest.mark.parametrize(
    ("without", "with_it", "outcome"),
    [
        ([1.0, 1.2, 1.1], [0.5, 0.6, 0.7], "helped"),
        ([0.5, 0.6, 0.7], [1.0, 1.2, 1.1], "hurt"),
        ([1.0, 0.5, 0.7], [0.6, 1.0, 0.7], "no_difference"),
        ([0.500, 0.600, 0.700], [0.501, 0.601, 0.7012], "no_difference"),  # certain, and too small to matter
        ([0.5, 0.5], [0.5, 0.5], "no_difference"),
        ([1.0], [0.1], "unknown"),  # one member: it may be luck
        ([1.0, 2.0], [np.nan, 0.1], "unknown"),
        ([np.inf, 2.0], [np.inf, 0.1], "unknown"),
    ],
)
def test_verdicts_on_the_loss(without: list[float], with_it: list[float], outcome: str) -> None:
    found = compare(history_of([[[9.0] * len(without)] * 2, [without, with_it]]))
    assert found.outcome == outcome
    if outcome in ("helped", "hurt"):
        assert found.low <= found.difference <= found.high
        assert found.difference == pytest.approx(found.arm_value - found.baseline_value)


def test_for_accuracy_more_is_better() -> None:
    accuracy = [[[0.80, 0.81, 0.82], [0.90, 0.92, 0.91]]]
    history = history_of([[[1.0] * 3] * 2], val_accuracy=accuracy)
    assert compare(history, metric="val_accuracy").outcome == "helped"
    assert compare(history, arm=0, baseline=1, metric="val_accuracy").outcome == "hurt"
    assert compare(history, metric="val_accuracy").difference == pytest.approx(0.1)


def test_a_pair_that_shares_its_luck_is_told_apart_where_two_groups_would_not_be() -> None:
    start_luck = np.array([0.0, 3.0, 6.0, 9.0])
    history = history_of([[start_luck + 1.0, start_luck + 0.8 + np.array([0, 0.01, -0.01, 0])]])
    assert compare(history).outcome == "helped"
    without, with_it = history.val_loss[0]
    two_groups = math.sqrt((without.var(ddof=1) + with_it.var(ddof=1)) / 4)
    assert abs(with_it.mean() - without.mean()) < 0.1 * two_groups  # two groups would be a tenth of an error apart


def test_one_member_has_no_interval() -> None:
    found = compare(history_of([[[1.0], [0.5]]]))
    assert (found.low, found.high, found.difference) == (-inf, inf, -0.5)


def test_the_summary_of_an_arm() -> None:
    val = np.array([0.7, 0.5, 0.6, 1.4])[:, None, None] * np.ones((1, 2, 3))
    val[:, 1] = 0.45
    training = np.array([0.7, 0.5, 0.4, 0.1])[:, None, None] * np.ones((1, 2, 3))
    training[:, 1] = 0.42
    history = history_of(val, train_loss=training)
    without, with_it = summarise(history, 0), summarise(history, 1)
    assert (without.best_step, without.best_val_loss) == (100, 0.5)
    assert without.val_loss == pytest.approx(1.4)
    assert without.gap == pytest.approx(1.3)
    assert (without.memorised, with_it.memorised) == (True, False)
    assert with_it.best_step == 0
    assert summarise(history_of(val, train_loss=training, floor=None), 0).memorised is None


def test_the_mean_of_the_members_speaks_for_an_arm() -> None:
    val = [[[1.0, 1.0, 1.0]], [[0.0, 0.5, 0.7]], [[9.0, 0.5, 0.5]]]
    summary = summarise(history_of(val), 0)
    assert summary.best_step == 100
    assert summary.best_val_loss == pytest.approx(0.4)
    assert summary.val_loss == pytest.approx(10 / 3)
    assert summarise(history_of(np.full((2, 1, 3), np.nan)), 0).best_step == 0
