"""The pictured networks and their recorded passes, against plain PyTorch and against counting all masks."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lib.dropout import dropout_mask
from lib.pictured_network import (
    _SIDE_BY_SIDE,
    MAX_PASSES,
    PICTURED_DATA,
    TRAINED_RATES,
    MonteCarlo,
    PassSettings,
    forward,
    load_examples,
    load_pictured_network,
    monte_carlo_error,
    pictured_data,
    record_class,
    record_passes,
)
from lib.settings import InvalidSetting

everywhere = pytest.mark.parametrize(("data", "p"), list(product(PICTURED_DATA, TRAINED_RATES)))
rate = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])
pass_settings = st.builds(
    PassSettings,
    rates=st.tuples(rate, rate, rate),
    training=st.booleans(),
    scaling=st.sampled_from(["inverted", "at_test"]),
    passes=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)


def as_module(data: str, p: float) -> nn.Sequential:
    """The same network as a torch module."""
    network = load_pictured_network(data, p)
    layers: list[nn.Module] = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": weight, "bias": bias})
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


# ---------------------------------------------------------------- what is shipped


@everywhere
def test_the_recorded_accuracy_is_the_network_s(data: str, p: float) -> None:
    validation = pictured_data(data)
    with torch.no_grad():
        predicted = as_module(data, p)(torch.from_numpy(validation.val_x)).argmax(-1).numpy()
    assert load_pictured_network(data, p).validation_accuracy == (predicted == validation.val_y).mean()


def test_the_networks_learned_something_and_survive_the_masks_they_were_trained_with() -> None:
    """Guessing would be right in 10% of digits and 50% of moons."""
    for data, chance in (("digits", 0.1), ("mnist", 0.1), ("moons", 0.5)):
        validation = pictured_data(data)
        x, y = torch.from_numpy(validation.val_x), torch.from_numpy(validation.val_y)
        for p in TRAINED_RATES:
            network = load_pictured_network(data, p)
            assert network.validation_accuracy > 0.85
            one_pass = 1 - float(monte_carlo_error(network, x, y, (0, p, p), passes=1).error.mean())
            assert one_pass > 0.5 + chance / 2
            assert one_pass < network.validation_accuracy + 1e-6


@pytest.mark.parametrize("data", PICTURED_DATA)
def test_examples_come_from_the_validation_data(data: str) -> None:
    validation, examples = pictured_data(data), load_examples(data)
    for x, label in zip(examples.inputs.numpy(), examples.labels.numpy(), strict=True):
        assert label in validation.val_y[(validation.val_x == x).all(axis=1)]


def test_the_first_ten_digits_are_zero_to_nine() -> None:
    for data in ("digits", "mnist"):
        assert load_examples(data).labels[:10].tolist() == list(range(10))


@pytest.mark.parametrize(("data", "p"), [("digits", 0.3), ("circles", 0.5), ("../digits", 0.5)])
def test_other_networks_are_not_there(data: str, p: float) -> None:
    with pytest.raises(KeyError):
        load_pictured_network(data, p)


# ---------------------------------------------------------------- recorded passes


@given(pass_settings, st.integers(0, 15))
@settings(max_examples=60, deadline=None)
def test_every_pass_is_what_plain_pytorch_computes_with_its_mask(chosen: PassSettings, example: int) -> None:
    """Oracle: the inverted network, layer by layer, with the recorded masks; it must agree in both conventions."""
    x = load_examples().inputs[example]
    recording = record_passes(load_pictured_network(), x, chosen)
    linear = [layer for layer in as_module("digits", 0.5) if isinstance(layer, nn.Linear)]
    for i in range(chosen.passes):
        h = x
        for layer, record, p in zip(linear, recording.layers, chosen.rates, strict=True):
            torch.testing.assert_close(record.activation[i], h, atol=1e-4, rtol=1e-4)  # the same in both conventions
            if chosen.training:
                h = h * record.kept[i] / (1 - p) if p < 1 else torch.zeros_like(h)
            elif p == 1 and chosen.scaling == "at_test":
                h = torch.zeros_like(h)  # times 1 - p
            h = layer(h).detach().relu() if layer is not linear[-1] else layer(h).detach()
        torch.testing.assert_close(recording.logits[i], h, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(recording.probabilities[i], h.softmax(-1), atol=1e-4, rtol=1e-4)


@given(pass_settings)
@settings(max_examples=60, deadline=None)
def test_no_number_is_ever_nan_and_a_lost_layer_is_flagged(chosen: PassSettings) -> None:
    recording = record_passes(load_pictured_network(), load_examples().inputs[3], chosen)
    assert bool(recording.probabilities.isfinite().all())
    assert bool(recording.full_probabilities.isfinite().all())
    torch.testing.assert_close(recording.probabilities.sum(-1), torch.ones(chosen.passes))
    for depth, (layer, p) in enumerate(zip(recording.layers, chosen.rates, strict=True)):
        assert torch.equal(recording.layer_gone[:, depth], (layer.kept.sum(-1) == 0))
        assert bool((layer.result[~layer.kept] == 0).all())
        torch.testing.assert_close(layer.result, layer.activation * layer.kept * layer.factor)
        if p == 1 and chosen.training:
            assert bool(recording.layer_gone[:, depth].all())


def test_when_a_layer_is_gone_the_output_no_longer_depends_on_the_input() -> None:
    network, inputs = load_pictured_network(), load_examples().inputs
    chosen = PassSettings(rates=(0.0, 1.0, 0.0), passes=3)
    first, second = (record_passes(network, inputs[i], chosen) for i in (3, 7))
    assert torch.equal(first.probabilities, second.probabilities)
    assert not torch.equal(first.full_probabilities, second.full_probabilities)


@pytest.mark.parametrize("scaling", ["inverted", "at_test"])
def test_in_eval_mode_every_pass_is_the_eval_pass(scaling: str) -> None:
    chosen = PassSettings(rates=(0.2, 0.5, 0.5), training=False, scaling=scaling, passes=5)  # type: ignore[arg-type]
    recording = record_passes(load_pictured_network(), load_examples().inputs[3], chosen)
    torch.testing.assert_close(recording.probabilities, recording.full_probabilities.expand(5, -1))
    assert recording.thinned_networks == 1
    assert recording.distinct_networks == [1] * 5


def test_the_two_conventions_are_one_function_with_the_factor_in_another_place() -> None:
    network, x = load_pictured_network(), load_examples().inputs[3]
    rates = (0.1, 0.5, 0.25)
    inverted, at_test = (
        record_passes(network, x, PassSettings(rates=rates, scaling=scaling, passes=50))  # type: ignore[arg-type]
        for scaling in ("inverted", "at_test")
    )
    torch.testing.assert_close(inverted.logits, at_test.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(inverted.full_probabilities, at_test.full_probabilities, atol=1e-5, rtol=1e-4)
    assert [layer.factor for layer in inverted.layers] == [1 / (1 - p) for p in rates]
    assert [layer.factor for layer in at_test.layers] == [1, 1, 1]
    assert [layer.factor for layer in inverted.full_layers] == [1, 1, 1]
    assert [layer.factor for layer in at_test.full_layers] == [1 - p for p in rates]


def test_the_same_seed_repeats_and_more_passes_begin_with_the_same_ones() -> None:
    network, x = load_pictured_network(), load_examples().inputs[0]
    short, long = (record_passes(network, x, PassSettings(passes=n, seed=9)) for n in (10, 40))
    torch.testing.assert_close(long.probabilities[:10], short.probabilities)
    assert long.distinct_networks[:10] == short.distinct_networks
    other = record_passes(network, x, PassSettings(passes=10, seed=10))
    assert not torch.equal(other.layers[1].kept, short.layers[1].kept)


def test_running_statistics_are_those_of_numpy() -> None:
    recording = record_passes(load_pictured_network(), load_examples().inputs[8], PassSettings(passes=60))
    outputs = recording.probabilities.double().numpy()
    for n in (1, 2, 17, 60):
        np.testing.assert_allclose(recording.running_mean[n - 1], outputs[:n].mean(0), atol=1e-5)
        geometric = np.exp(np.log(outputs[:n]).mean(0))
        np.testing.assert_allclose(recording.running_geometric_mean[n - 1], geometric / geometric.sum(), atol=1e-5)
        if n > 1:
            spread = outputs[:n].std(0, ddof=1)
            np.testing.assert_allclose(recording.running_spread[n - 1], spread, atol=1e-5)
            np.testing.assert_allclose(recording.standard_error[n - 1], spread / math.sqrt(n), atol=1e-5)
    assert bool(recording.running_spread[0].isnan().all())


def test_over_all_masks_of_the_last_layer_the_geometric_mean_is_the_eval_pass_exactly() -> None:
    """All 2**16 thinned networks of the layer below the output, not a sample of them."""
    network = load_pictured_network()
    masks = torch.tensor(list(product([False, True], repeat=16)))
    inputs = load_examples().inputs[3].expand(len(masks), -1)
    rates = (0.0, 0.0, 0.5)
    whole = [torch.ones(len(masks), n, dtype=torch.bool) for n in network.sizes[:2]]
    _, logits = forward(inputs, network.weights, network.biases, rates, "inverted", [*whole, masks])
    _, full = forward(inputs[0], network.weights, network.biases, rates, "inverted", None)
    torch.testing.assert_close(logits.double().mean(0).softmax(-1).float(), full.softmax(-1), atol=1e-5, rtol=1e-4)
    # The arithmetic mean is something else: less sure. The page says so, so it had better be true.
    assert float(logits.softmax(-1).mean(0).max()) < float(full.softmax(-1).max()) - 0.01


def test_distinct_networks_are_counted_and_reach_all_that_there_are() -> None:
    network, x = load_pictured_network("moons", 0.5), load_examples("moons").inputs[0]
    recording = record_passes(network, x, PassSettings(rates=(0.5, 0.0, 0.0), passes=100))
    assert recording.thinned_networks == 4
    masks = [tuple(row) for row in recording.layers[0].kept.tolist()]
    assert recording.distinct_networks == [len(set(masks[: n + 1])) for n in range(100)]
    assert recording.distinct_networks[-1] == 4  # misses one with probability 4 * 0.75**100 < 2e-12
    certain = record_passes(network, x, PassSettings(rates=(0.0, 0.0, 1.0), passes=10))
    assert certain.thinned_networks == 1
    assert certain.distinct_networks == [1] * 10


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("passes", {"passes": 0}),
        ("passes", {"passes": MAX_PASSES + 1}),
        ("seed", {"seed": -1}),
        ("seed", {"seed": 2**32}),
    ],
)
def test_settings_out_of_bounds_are_named(name: str, values: dict[str, int]) -> None:
    with pytest.raises(InvalidSetting, match=rf"^{name} must be") as caught:
        PassSettings(**values)  # type: ignore[arg-type]
    assert (caught.value.name, caught.value.value) == (name, values[name])


def test_rates_must_be_probabilities_and_one_for_each_layer() -> None:
    with pytest.raises(InvalidSetting, match=r"^rates must be numbers from 0 to 1"):
        PassSettings(rates=(0.0, 1.5, 0.5))
    network, x = load_pictured_network(), load_examples().inputs[0]
    with pytest.raises(InvalidSetting, match="rates"):
        record_passes(network, x, PassSettings(rates=(0.5, 0.5)))
    with pytest.raises(InvalidSetting, match="rates"):
        monte_carlo_error(network, x[None], torch.tensor([0]), (0.5, 0.5))


# ---------------------------------------------------------------- Figure 11 of 2014


def test_monte_carlo_averaging_meets_weight_scaling_on_the_digits() -> None:
    """One masked pass is far worse than the whole network, the mean of 100 is as good: the figure's shape."""
    validation, network = pictured_data("digits"), load_pictured_network("digits", 0.5)
    x, y = torch.from_numpy(validation.val_x), torch.from_numpy(validation.val_y)
    result = monte_carlo_error(network, x, y, (0.0, 0.5, 0.5))
    assert result.error.shape == (10, 100)
    assert result.weight_scaling_error == pytest.approx(1 - network.validation_accuracy)
    mean = result.error.mean(0)
    assert float(mean[0]) > 3 * result.weight_scaling_error
    # 797 digits: one standard deviation of an error near 9% is 1%.
    assert abs(float(mean[-1]) - result.weight_scaling_error) < 0.02
    assert bool((mean[[1, 3, 9, 29]] < mean[[0, 1, 3, 9]]).all())
    again = monte_carlo_error(network, x, y, (0.0, 0.5, 0.5))
    assert torch.equal(again.error, result.error)


@pytest.mark.parametrize("rates", [(0.0, 0.5, 0.5), (0.2, 0.0, 0.4), (0.0, 0.0, 0.5)])
def test_the_errors_are_those_of_plain_passes_averaged_one_example_at_a_time(rates: tuple[float, float, float]) -> None:
    validation, network = pictured_data("digits"), load_pictured_network("digits", 0.5)
    x, y = torch.from_numpy(validation.val_x[:40]), torch.from_numpy(validation.val_y[:40])
    result = monte_carlo_error(network, x, y, rates, passes=6, repeats=3, seed=5)
    generator = torch.Generator().manual_seed(5)
    first = next(depth for depth, p in enumerate(rates) if p)  # no die below it
    wrong = torch.zeros(3, 6)
    total = torch.zeros(3, 40, 10)
    for n in range(6):
        if n % _SIDE_BY_SIDE == 0:  # the dice of so many passes are rolled together
            together = [
                dropout_mask((size, min(_SIDE_BY_SIDE, 6 - n), 120), p, generator)
                for size, p in list(zip(network.sizes[:-1], rates, strict=True))[first:]
            ]
        rolled = [masks[:, n % _SIDE_BY_SIDE] for masks in together]
        for repeat, example in product(range(3), range(40)):
            column = repeat * 40 + example
            masks = [torch.ones(size, dtype=torch.bool) for size in network.sizes[:first]]
            masks += [mask[:, column] for mask in rolled]
            _, logits = forward(x[example], network.weights, network.biases, rates, "inverted", masks)
            total[repeat, example] += logits.softmax(-1)
            wrong[repeat, n] += int(total[repeat, example].argmax() != y[example])
    torch.testing.assert_close(result.error, wrong / 40)


def test_without_dropout_every_average_is_the_eval_pass() -> None:
    validation, network = pictured_data("moons"), load_pictured_network("moons", 0.2)
    x, y = torch.from_numpy(validation.val_x), torch.from_numpy(validation.val_y)
    result = monte_carlo_error(network, x, y, (0.0, 0.0, 0.0), passes=5, repeats=2)
    torch.testing.assert_close(result.error, torch.full((2, 5), result.weight_scaling_error))


def test_everything_dropped_guesses_one_class_for_all() -> None:
    validation, network = pictured_data("digits"), load_pictured_network("digits", 0.5)
    x, y = torch.from_numpy(validation.val_x), torch.from_numpy(validation.val_y)
    result = monte_carlo_error(network, x, y, (0.0, 1.0, 1.0), passes=2, repeats=1)
    shares = y.bincount() / len(y)
    assert float(result.error[0, 0]) in (1 - shares).tolist()


@pytest.mark.parametrize(
    ("errors", "meets_at", "apart"),
    [
        ([0.4, 0.3, 0.2, 0.1], 3, True),  # from the third on not worse than 0.2; it ends well below
        ([0.4, 0.2, 0.3, 0.2], 4, False),  # meets, leaves and meets again: only the last time counts
        ([0.4, 0.3, 0.3, 0.3], None, True),
        ([0.4, 0.3, 0.3, 0.21], None, False),  # 400 examples cannot tell 0.21 from 0.20: one standard error is 0.02
        ([0.2, 0.2, 0.2, 0.2], 1, False),
    ],
)
def test_when_the_average_meets_the_eval_pass(errors: list[float], meets_at: int | None, apart: bool) -> None:
    result = MonteCarlo(torch.tensor([errors]), 0.2, 400)
    assert result.meets_at == meets_at
    assert result.apart is apart


def test_neurons_benched_by_hand_are_out_in_every_pass_and_others_roll_as_before() -> None:
    network, x = load_pictured_network(), load_examples().inputs[0]
    free = record_passes(network, x, PassSettings(passes=50))
    benched = record_passes(network, x, PassSettings(passes=50, benched=((1, 3), (2, 0))))
    for depth, out in ((0, []), (1, [3]), (2, [0])):
        expected = free.layers[depth].kept.clone()
        expected[:, out] = False
        assert torch.equal(benched.layers[depth].kept, expected)
    assert benched.thinned_networks == free.thinned_networks // 4
    assert torch.equal(benched.full_probabilities, free.full_probabilities)  # after training everybody plays
    eval_mode = record_passes(network, x, PassSettings(training=False, benched=((1, 3),)))
    assert eval_mode.layers[1].kept.all()
    for nobody in ((1, 16), (3, 0), (-1, 0), (1, -1)):
        with pytest.raises(ValueError, match="benched"):
            record_passes(network, x, PassSettings(benched=(nobody,)))


def test_a_class_is_the_first_pass_of_each_seed() -> None:
    network, x = load_pictured_network("moons"), load_examples("moons").inputs[0]
    settings = PassSettings(rates=(0.1, 0.5, 0.3), scaling="at_test")
    together = record_class(network, x, settings, {4: (), 9: ((1, 0), (2, 1)), 1: ()})
    for row, (seed, benched) in enumerate([(4, ()), (9, ((1, 0), (2, 1))), (1, ())]):
        alone = record_passes(network, x, replace(settings, passes=1, seed=seed, benched=benched))
        torch.testing.assert_close(together.probabilities[row], alone.probabilities[0])
    assert together.settings.passes == 3
