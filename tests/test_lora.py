"""LoRA against the merged matrix, and its dropout against what it may and may not touch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lib.lora import LoraLinear, add_lora
from lib.settings import InvalidSetting


def layer_with(
    p: float,
    *,
    rank: int = 3,
    alpha: float = 6.0,
    seed: int = 0,
    inputs: int = 7,
    outputs: int = 5,
    learned: bool = True,
) -> LoraLinear:
    """A layer that has learned something, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    base = nn.Linear(inputs, outputs)
    layer = LoraLinear(base, rank, alpha, p, generator)
    with torch.no_grad():
        base.weight.copy_(torch.randn(base.weight.shape, generator=generator))
        if learned:
            layer.B.copy_(torch.randn(layer.B.shape, generator=generator))
    return layer.double()


def some(rows: int, columns: int, seed: int = 1) -> Tensor:
    return torch.randn((rows, columns), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


sizes = st.integers(1, 9)


@settings(max_examples=40, deadline=None)
@given(
    inputs=sizes, outputs=sizes, alpha=st.floats(0.5, 64), p=st.sampled_from([0.0, 0.1, 0.5]), seed=st.integers(0, 99)
)
def test_at_first_it_is_the_layer_as_it_was(inputs: int, outputs: int, alpha: float, p: float, seed: int) -> None:
    layer = layer_with(p, rank=1, alpha=alpha, seed=seed, inputs=inputs, outputs=outputs, learned=False)
    x = some(4, inputs, seed)
    assert torch.equal(layer.train()(x), layer.base(x))  # even while dropout is rolled


@settings(max_examples=40, deadline=None)
@given(data=st.data(), inputs=sizes, outputs=sizes, alpha=st.floats(0.5, 64), seed=st.integers(0, 99))
def test_without_dropout_it_is_the_merged_matrix(
    data: st.DataObject, inputs: int, outputs: int, alpha: float, seed: int
) -> None:
    rank = data.draw(st.integers(1, min(inputs, outputs)))
    layer = layer_with(0.3, rank=rank, alpha=alpha, seed=seed, inputs=inputs, outputs=outputs)
    x = some(4, inputs, seed)
    W, A, B, bias = (each.detach().double().numpy() for each in (layer.base.weight, layer.A, layer.B, layer.base.bias))
    merged = W + alpha / rank * B @ A
    # In eval mode dropout is off, so the rate is the same to it. `merged` rounds W to single precision.
    np.testing.assert_allclose(layer.eval()(x).detach().numpy(), x.numpy() @ merged.T + bias, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(layer.merged().detach().numpy(), merged, rtol=1e-5, atol=1e-5)


def test_dropout_hides_units_from_the_small_matrices_alone() -> None:
    """With B A = 1, the correction is the dropped input itself: each unit 0 or x / (1 - p), beside an untouched W x."""
    layer = layer_with(0.25, rank=5, alpha=5.0, inputs=5, outputs=5)
    with torch.no_grad():
        layer.A.copy_(torch.eye(5))
        layer.B.copy_(torch.eye(5))
    x = some(4_000, 5).abs() + 1
    correction = layer.train()(x) - layer.base(x)
    kept = correction.abs() > 1e-9
    torch.testing.assert_close(correction[kept], (x / 0.75)[kept])
    # Of 20,000 units three quarters stay; more than 5 standard deviations away once in two million seeds.
    assert abs(float(kept.double().mean()) - 0.75) < 5 * (0.75 * 0.25 / kept.numel()) ** 0.5


def test_only_the_small_matrices_learn() -> None:
    layer = layer_with(0.0)
    layer(some(4, 7)).sum().backward()
    assert layer.base.weight.grad is None
    assert layer.base.bias.grad is None
    assert layer.A.grad is not None
    assert layer.B.grad is not None


@pytest.mark.parametrize(
    ("rank", "p", "name"), [(0, 0.1, "rank"), (6, 0.1, "rank"), (2, 1.5, "p"), (2, float("nan"), "p")]
)
def test_bad_settings_are_named(rank: int, p: float, name: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        LoraLinear(nn.Linear(7, 5), rank, 1.0, p, torch.Generator())
    assert refused.value.name == name


def test_every_layer_of_these_names_gets_one_and_all_else_is_frozen() -> None:
    block = nn.ModuleDict({"up": nn.Linear(4, 6), "down": nn.Linear(6, 4), "norm": nn.LayerNorm(4)})
    model = nn.ModuleList([block, nn.ModuleDict({"up": nn.Linear(4, 6)})])
    trained = add_lora(model, ["up"], rank=2, alpha=4, p=0.1, generator=torch.Generator().manual_seed(0))
    found = {name: type(each) for name, each in model.named_modules() if isinstance(each, LoraLinear)}
    assert set(found) == {"0.up", "1.up"}
    learning = [each for each in model.parameters() if each.requires_grad]
    assert {id(each) for each in learning} == {id(each) for each in trained}
    assert len(trained) == 4


def test_a_name_that_no_layer_has_is_refused() -> None:
    with pytest.raises(ValueError, match="none is called q_proj"):
        add_lora(
            nn.ModuleDict({"up": nn.Linear(2, 2)}), ["q_proj"], rank=1, alpha=1, p=0.0, generator=torch.Generator()
        )


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_precision_is_that_of_the_layer_and_the_small_matrices_stay_exact(precision: torch.dtype) -> None:
    layer = LoraLinear(nn.Linear(6, 4).to(precision), 2, 4, 0.1, torch.Generator().manual_seed(0))
    assert layer(torch.ones(3, 6, dtype=precision)).dtype == precision
    assert {layer.A.dtype, layer.B.dtype, layer.merged().dtype} == {torch.float32}
