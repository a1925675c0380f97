"""The few lines of PyTorch that do what the Dropout page shows, with the settings on screen. They run as they stand."""

from lib.pictured_network import TRAINED_RATES, PassSettings, load_pictured_network

# PyTorch has the inverted way only, so the paper's way needs a layer of its own.
_AT_TEST_LAYER = """
class DropoutAtTest(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            return x * (torch.rand_like(x) >= self.p)  # the kept units are left as they are ...
        return x * (1 - self.p)  # ... and all units are made smaller afterwards

"""


def dropout_listing(data: str, trained_rate: float, example: int, settings: PassSettings) -> str:
    """Return a program that sends one example through one pictured network and averages the passes.

    `data`, `trained_rate` name the network and `example` the input, as in `lib.pictured_network`.

    >>> program = dropout_listing("digits", 0.5, example=3, settings=PassSettings(passes=24))
    >>> print(program.splitlines()[7])
        nn.Dropout(0.5), nn.Linear(16, 16), nn.ReLU(),
    """
    inverted = settings.scaling == "inverted"
    layer_name = "nn.Dropout" if inverted else "DropoutAtTest"
    sizes = load_pictured_network(data, trained_rate).sizes
    ends = ["nn.ReLU()"] * (len(sizes) - 2) + ["nn.Softmax(dim=-1)"]
    layers = "\n".join(
        f"    {layer_name}({p:g}), nn.Linear({below}, {above}), {end},"
        for p, below, above, end in zip(settings.rates, sizes[:-1], sizes[1:], ends, strict=True)
    )
    # What `weights_in_use` says in lib/pictured_network.py: the same function needs larger weights here.
    rates = ", ".join(f"{p:g}" for p in settings.rates)
    growth = (
        f"growth = [1 / (1 - p) if p < 1 else 1 for p in ({rates})]  # this way of scaling goes with larger weights\n"
    )
    weight = f'torch.from_numpy(stored[f"weight_{{i}}"][which]){"" if inverted else " * growth[i]"}'
    return f"""import numpy as np
import torch
from torch import nn
{"" if inverted else _AT_TEST_LAYER}
stored = np.load("data/pictured_{data}.npz")  # run this in the project's folder
network = nn.Sequential(
{layers}
)
which = {TRAINED_RATES.index(trained_rate)}  # the network that was trained with p = {trained_rate:g}
{"" if inverted else growth}for i, linear in enumerate(layer for layer in network if isinstance(layer, nn.Linear)):
    linear.weight.data = {weight}
    linear.bias.data = torch.from_numpy(stored[f"bias_{{i}}"][which])
x = torch.from_numpy(stored["examples"][{example}])

torch.manual_seed({settings.seed})
with torch.no_grad():
    network.train()  # the die rolls: every pass is another network
    passes = torch.stack([network(x) for _ in range({settings.passes})])  # (passes, classes)
    network.eval()  # the die rests: the whole network, the same every time
    full = network(x)
print("one pass          ", passes[0])
print("mean of the passes", passes.mean(dim=0))
print("eval pass         ", full)
"""
