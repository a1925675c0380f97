"""Can I use dropout together with batch normalisation?

Batch normalisation remembers the variance of its input in training, and divides by it at test time. Dropout *before* it
makes that input vary more in training than at test time, so the remembered variance is wrong (Li, Chen, Hu and Yang
2019, "Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift", CVPR, arXiv 1801.05134).
Behind the last batch normalisation dropout does no such harm.
"""

import torch
from torch import Tensor, nn

from lib.dropout import apply_dropout
from lib.questions.result import Result, least, mean_of

P, UNITS, BATCH, BATCHES, REPEATS = 0.5, 64, 256, 60, 8


def experiment(seed: int) -> Result:
    """The variance at test time of what batch normalisation gives, which should be 1, with dropout before and behind.

    >>> {name: round(row.value, 1) for name, row in experiment(0).rows.items()}
    {'behind': 1.0, 'before': 0.4}
    """
    die = torch.Generator().manual_seed(seed)
    variances = torch.tensor([_variances(die) for _repeat in range(REPEATS)])  # (repeats, 2)
    behind, before = variances.T.numpy()
    rows = {"behind": mean_of(behind), "before": mean_of(before)}
    return Result(rows, least([mean_of(behind - before)]), "number", {"p": P, "n": REPEATS, "batches": BATCHES})


def _variances(die: torch.Generator) -> tuple[float, float]:
    """For one layer with weights of its own: the variance with dropout behind batch normalisation, and before it."""
    weight = torch.randn(UNITS, UNITS, generator=die) / UNITS**0.5
    behind, before = (_settled(weight, p, die) for p in (0.0, P))
    x = _activations(die)
    return tuple(float(norm(x @ weight).var(0).mean()) for norm in (behind, before))  # type: ignore[return-value]


def _settled(weight: Tensor, p: float, die: torch.Generator) -> nn.BatchNorm1d:
    """Batch normalisation that has seen many batches with dropout before it, and is in eval mode now."""
    norm = nn.BatchNorm1d(UNITS, affine=False)
    for _batch in range(BATCHES):
        norm(apply_dropout(_activations(die), p, die) @ weight)  # (B, units)
    return norm.eval()


def _activations(die: torch.Generator) -> Tensor:
    """A batch from a layer of ReLUs: (B, units)."""
    return torch.randn(BATCH, UNITS, generator=die).relu()
