"""One step of ours beside one of PyTorch's optimisers."""

import pytest
import torch
from torch import nn

from lib.adamw import AdamW


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_steps_are_pytorchs_under_a_learning_rate_that_changes(weight_decay: float) -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(1000, generator=generator)
    ours, theirs = start.clone(), nn.Parameter(start.clone())
    optimizer = AdamW(ours, weight_decay)
    # Without weight decay, AdamW is Adam.
    oracle = (torch.optim.AdamW if weight_decay else torch.optim.Adam)([theirs], weight_decay=weight_decay)
    for step in range(50):
        gradient = torch.randn(1000, generator=generator)
        learning_rate = 0.01 * (step + 1) / 50
        optimizer.step(gradient.clone(), learning_rate)
        oracle.param_groups[0]["lr"] = learning_rate
        theirs.grad = gradient
        oracle.step()
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-5, atol=1e-6)


def test_the_gradient_is_left_as_it_is() -> None:
    gradient = torch.ones(5)
    AdamW(torch.ones(5), 0.1).step(gradient, 0.1)
    assert torch.equal(gradient, torch.ones(5))
