"""Both mistakes of top-k, for all k at once, against each cut made by itself."""

import numpy as np
import pytest

from lib.cut_errors import top_k_errors
from lib.sampling import shape_distribution
from lib.settings import InvalidSetting
from tests.support.logits import odd_logits


def test_the_mistakes_of_top_k_are_those_of_each_cut_made_by_itself():
    rng = np.random.default_rng(0)
    for logits in odd_logits(40, rng):
        truth = rng.dirichlet(np.ones(40)) * (rng.random(40) < 0.5)
        truth /= truth.sum()
        errors = top_k_errors(logits, truth, temperature=0.8)
        assert errors.k.tolist() == list(range(1, 41))
        for k in errors.k:
            trace = shape_distribution(logits, top_k=int(k), temperature=0.8)
            assert errors.thrown_away[k - 1] == pytest.approx(truth[~trace.kept].sum(), abs=1e-12)
            assert errors.let_in[k - 1] == pytest.approx(trace.probabilities[truth == 0].sum(), abs=1e-12)


def test_bad_input_is_named():
    with pytest.raises(InvalidSetting, match="truth"):
        top_k_errors([1.0, 2.0], [1.0])
    with pytest.raises(InvalidSetting, match="logits"):
        top_k_errors([[1.0, 2.0]], [0.5, 0.5])
    with pytest.raises(InvalidSetting, match="probabilities"):
        top_k_errors([1.0, 2.0], [0.0, 0.0])
    with pytest.raises(InvalidSetting, match="temperature"):
        top_k_errors([1.0, 2.0], [0.5, 0.5], temperature=0)
