"""The ensemble against PyTorch's own modules and automatic differentiation."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lib.fast_masks import MaskRoller
from lib.network import Ensemble, cross_entropy, encode_targets, probabilities
from lib.threads import one_fast_thread


def rngs(members: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, member]) for member in range(members)]


def one_network(ensemble: Ensemble, network: int) -> nn.ModuleList:
    """The same network as PyTorch modules."""
    layers = nn.ModuleList()
    for weight, bias in zip(ensemble.weights, ensemble.biases, strict=True):
        layer = nn.Linear(weight.shape[1], weight.shape[2])
        layer.weight.data, layer.bias.data = weight[network].T.clone(), bias[network, 0].clone()
        layers.append(layer)
    return layers


def run_one(layers: nn.ModuleList, x: Tensor, masks: Sequence[Tensor | None]) -> Tensor:
    """A forward pass as one would write it for one network, with the given masks on the input and the hidden layers."""
    h = x
    for i, layer in enumerate(layers):
        if masks[i] is not None:
            h = h * masks[i]
        h = layer(h)
        if i < len(layers) - 1:
            h = h.relu()
    return h


@pytest.mark.parametrize("sizes", [(2, 16, 16, 1), (5, 8, 3), (3, 7, 6, 5, 1)])
@pytest.mark.parametrize("input_rate", [0.0, 0.3])
def test_forward_and_backward_are_what_autograd_says(sizes: tuple[int, ...], input_rate: float) -> None:
    rates, members, batch = (0.0, 0.5, 0.2), 3, 9
    ensemble = Ensemble(sizes, arms=3, batch_size=batch, generators=rngs(members))
    hidden = len(sizes) - 2
    roller = MaskRoller(
        sizes[:-1],
        [[input_rate if rate else 0.0 for rate in rates], *[rates] * hidden],
        batch_size=batch,
        generators=rngs(members, 1),
    )
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(members, batch, sizes[0], generator=generator)
    classes = torch.randint(0, max(2, sizes[-1]), (members, batch), generator=generator)
    targets = torch.stack([encode_targets(each, sizes[-1]) for each in classes])
    masks = roller.roll()

    logits = ensemble.forward(x, masks).clone()
    ensemble.backward((probabilities(logits) - targets) / batch, masks)
    weight_gradients, bias_gradients = ensemble._views(ensemble.gradients)
    for arm in range(3):
        for member in range(members):
            network = arm * members + member
            layers = one_network(ensemble, network)
            mine = [of_arms[arm][member] if arm in of_arms else None for of_arms in masks]
            assert (mine[1] is None) == (rates[arm] == 0)
            expected = run_one(layers, x[member], mine)
            torch.testing.assert_close(logits[arm, member], expected.detach(), rtol=1e-5, atol=1e-6)
            if sizes[-1] == 1:
                loss = nn.functional.binary_cross_entropy_with_logits(expected[:, 0], classes[member].float())
            else:
                loss = nn.functional.cross_entropy(expected, classes[member])
            torch.testing.assert_close(cross_entropy(logits[arm, member], targets[member]).mean(), loss.detach())
            loss.backward()
            for layer, linear in enumerate(layers):
                torch.testing.assert_close(weight_gradients[layer][network], linear.weight.grad.T, rtol=1e-4, atol=1e-7)
                torch.testing.assert_close(bias_gradients[layer][network, 0], linear.bias.grad, rtol=1e-4, atol=1e-7)


def test_a_whole_layer_dropped_gives_the_bias_and_no_nan() -> None:
    ensemble = Ensemble((2, 4, 1), arms=1, batch_size=3, generators=rngs(2))
    roller = MaskRoller((2, 4), [[0.0], [1.0]], batch_size=3, generators=rngs(2))
    masks = roller.roll()
    logits = ensemble.forward(torch.ones(2, 3, 2), masks).clone()
    torch.testing.assert_close(logits, ensemble.biases[1].view(1, 2, 1, 1).expand(1, 2, 3, 1))
    ensemble.backward(torch.ones(1, 2, 3, 1), masks)
    weight_gradients, bias_gradients = ensemble._views(ensemble.gradients)
    assert not any(gradient.any() for gradient in weight_gradients)
    assert torch.equal(bias_gradients[1], torch.full((2, 1, 1), 3.0))


def test_looking_at_points_is_a_forward_pass_without_masks() -> None:
    ensemble = Ensemble((4, 8, 8, 3), arms=2, batch_size=6, generators=rngs(3))
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    trained = ensemble.forward(x.expand(3, 6, 4), [{}, {}, {}]).clone()
    torch.testing.assert_close(ensemble.logits(x), trained)
    torch.testing.assert_close(ensemble.logits(x, members=1), trained[:, :1])


def test_members_start_like_linear_layers_alike_in_all_arms_and_different_from_each_other() -> None:
    ensemble = Ensemble((50, 100, 1), arms=2, batch_size=1, generators=rngs(3))
    for (fan_in, _), weight, bias in zip(pairwise(ensemble.sizes), ensemble.weights, ensemble.biases, strict=True):
        torch.manual_seed(0)
        for mine, theirs in ((weight, nn.Linear(fan_in, 2000).weight), (bias, nn.Linear(fan_in, 2000).bias)):
            bound = fan_in**-0.5
            assert mine.abs().max() <= bound
            assert theirs.abs().max() <= bound  # so does PyTorch
        assert torch.equal(weight[:3], weight[3:])
        assert not torch.equal(weight[0], weight[1])
    # 15,000 different numbers: six standard errors of a uniform distribution's standard deviation, bound / sqrt(3).
    spread = ensemble.weights[0][:3].std().item() * 50**0.5
    assert abs(spread - 3**-0.5) < 6 * 3**-0.5 * (0.2 / 15_000) ** 0.5


@pytest.mark.parametrize("outputs", [1, 4])
def test_loss_and_probabilities_are_pytorchs_also_for_large_logits(outputs: int) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 50, outputs, generator=generator) * torch.tensor([0.1, 1, 10, 50, 1e4]).view(5, 1, 1)
    classes = torch.randint(0, max(2, outputs), (50,), generator=generator)
    targets = encode_targets(classes, outputs)
    if outputs == 1:
        expected = nn.functional.binary_cross_entropy_with_logits(
            logits[..., 0], classes.float().expand(5, 50), reduction="none"
        )
        torch.testing.assert_close(probabilities(logits), logits.sigmoid())
    else:
        expected = nn.functional.cross_entropy(logits.mT, classes.expand(5, 50), reduction="none")
        torch.testing.assert_close(probabilities(logits), logits.softmax(-1))
    torch.testing.assert_close(cross_entropy(logits, targets), expected, rtol=1e-5, atol=1e-6)


def denormals_are_zero() -> bool:
    return bool((torch.full((64,), 1e-39) * torch.ones(64) == 0).all())


def test_fast_threads_are_put_back_and_do_not_touch_other_threads() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        inside, checked = threading.Event(), threading.Event()
        seen: list[object] = []

        def other() -> None:
            seen.append(torch.get_num_threads())
            with one_fast_thread(), one_fast_thread():
                seen.append((torch.get_num_threads(), denormals_are_zero()))
                inside.set()
                checked.wait(10)
            seen.append((torch.get_num_threads(), denormals_are_zero()))

        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(10)
        assert torch.get_num_threads() == 2
        assert not denormals_are_zero()
        checked.set()
        thread.join()
        assert seen == [2, (1, True), (2, False)]
    finally:
        torch.set_num_threads(before)


def test_training_does_not_import_torchs_compiler() -> None:
    program = """
import sys
from lib.training import TrainingConfig, train
train(TrainingConfig(hidden=(4,), members=1, steps=3))
print([name for name in ("torch._dynamo", "torch._inductor", "streamlit", "plotly") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
