"""Can I use dropout together with batch normalisation?

Batch normalisation remembers the variance of its input in training, and divides by it at test time. Dropout *before* it
makes that input vary more in training than at test time, so the remembered variance is wrong (Li, Chen, Hu and Yang
2019, "Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift", CVPR, arXiv 1801.05134).
Behind the last batch normalisation dropout does no such harm.
"""

import torch
from torch import Tensor, nn

from lib.dropout import apply_dropout
from lib.questions.result import Result, mean_of

P, UNITS, BATCH, BATCHES, REPEATS = 0.5, 64, 256, 60, 8


def experiment(seed: int) -> Result:
    """The variance at test time of what batch normalisation gives, which should be 1, with dropout before and behind.

    >>> {name: round(row.value, 1) for name, row in experiment(0).rows.items()}
    {'behind': 1.0, 'before': 0.4}
    """
    die = torch.Generator().manual_seed(seed)
    weights = [torch.randn(UNITS, UNITS, generator=die) / UNITS**0.5 for _repeat in range(REPEATS)]
    behind, before = ([_variance(weight, p, die) for weight in weights] for p in (0.0, P))
    rows = {"behind": mean_of(behind), "before": mean_of(before)}
    effect = mean_of([one - other for one, other in zip(behind, before, strict=True)])
    return Result(rows, effect, "number", {"p": P, "n": REPEATS, "batches": BATCHES})


def _variance(weight: Tensor, p: float, die: torch.Generator) -> float:
    """The variance at test time with dropout of p before batch normalisation; dropout behind it changes nothing."""
    return float(_settled(weight, p, die)(_activations(die) @ weight).var(0).mean())


def _settled(weight: Tensor, p: float, die: torch.Generator) -> nn.BatchNorm1d:
    """Batch normalisation that has seen many batches with dropout before it, and is in eval mode now."""
    norm = nn.BatchNorm1d(UNITS, affine=False)
    for _batch in range(BATCHES):
        norm(apply_dropout(_activations(die), p, die) @ weight)  # (B, units)
    return norm.eval()


def _activations(die: torch.Generator) -> Tensor:
    """A batch from a layer of ReLUs: (B, units)."""
    return torch.randn(BATCH, UNITS, generator=die).relu()
