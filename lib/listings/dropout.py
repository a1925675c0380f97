"""The program that does what the Dropout page shows, with the settings on screen. It is ready to run."""

import base64

import numpy as np

from lib.listings.parts import comment
from lib.pictured_network import PassSettings, load_examples, load_pictured_network

# A dropout layer with either scaling, as in `training_scale` and `inference_scale` of lib/dropout.py.
_FORWARD = {
    "inverted": """\
        if not self.training:
            return x  # nothing is dropped, and nothing is scaled
        kept = torch.rand(x.shape, generator=self.generator) >= self.p{take_out}
        return x * kept / (1 - self.p) if self.p < 1 else x * 0  # kept units are scaled up, so the mean stays""",
    "at_test": """\
        if not self.training:
            return x * (1 - self.p)  # after training, all units are scaled down
        kept = torch.rand(x.shape, generator=self.generator) >= self.p{take_out}
        return x * kept  # kept units are left as they are""",
}
_INIT = """\
    def __init__(self, p, seed):
        super().__init__()
        self.p, self.generator = p, torch.Generator().manual_seed(seed)"""
_BENCH = (
    """\
    def __init__(self, p, seed, benched=()):
        super().__init__()
        self.p, self.generator, self.benched = p, torch.Generator().manual_seed(seed), list(benched)""",
    """
        kept[:, self.benched] = False  # by hand, whatever the die says""",
)


def dropout_listing(data: str, trained_rate: float, example: int, settings: PassSettings) -> str:
    """Return a program that sends one example through one pictured network and averages the passes.

    `data` and `trained_rate` name the network and `example` the input, as in `lib.pictured_network`. Both are written
    into the program, so that it runs anywhere.

    >>> program = dropout_listing("digits", 0.5, example=3, settings=PassSettings(passes=24))
    >>> [line for line in program.splitlines() if "Linear(16, 16)" in line]
    ['    Dropout(0.5, seed=1), nn.Linear(16, 16), nn.ReLU(),']
    """
    sizes, rates = load_pictured_network(data, trained_rate).sizes, settings.rates
    ends = ["nn.ReLU()"] * (len(sizes) - 2) + ["nn.Softmax(dim=-1)"]
    dice = [f"{p:g}, seed={settings.seed * len(rates) + i}{_benched(settings, i)}" for i, p in enumerate(rates)]
    layers = "\n".join(
        f"    Dropout({die}), nn.Linear({below}, {above}), {end},"
        for die, below, above, end in zip(dice, sizes[:-1], sizes[1:], ends, strict=True)
    )
    init, take_out = _BENCH if settings.benched else (_INIT, "")
    # As in `weights_in_use` in lib/pictured_network.py: for the same function, this scaling needs larger weights.
    growth = ""
    if settings.scaling == "at_test":
        growth = f"""\
for p, layer in zip({rates}, network[1::3]):  # this way of scaling needs larger weights
    layer.weight.data *= 1 / (1 - p) if p < 1 else 1
"""
    which = f"The network on screen, trained with p = {trained_rate:g}: its weights and biases as text, layer by layer."
    differs = (
        "The numbers are those on screen: the same input and the same masks. But the weights are rounded here, which "
        "changes the eval pass and the mean by at most 0.003, and one pass by 0.05."
    )
    return f"""\
{comment(differs)}
import base64

import numpy as np
import torch
from torch import nn


class Dropout(nn.Module):  # nn.Dropout(p) with its own generator, so that the masks are those on screen
{init}

    def forward(self, x):
{_FORWARD[settings.scaling].format(take_out=take_out)}


network = nn.Sequential(
{layers}
)
{_input(data, example)}

{comment(which)}
text = \"\"\"
{_as_text(data, trained_rate)}
\"\"\"
numbers = np.frombuffer(base64.b85decode(text.replace("\\n", "")), dtype="<f2")  # 16 bits each
nn.utils.vector_to_parameters(torch.from_numpy(numbers.astype(np.float32)), network.parameters())
{growth}
with torch.no_grad():
    network.train()  # dropout on: every pass is a different network
    passes = network(x.expand({settings.passes}, -1))  # (passes, classes), every row with its own masks
    network.eval()  # dropout off: the whole network, the same every time
    full = network(x)
for c in range(len(full)):
    first, mean = passes[0, c], passes[:, c].mean()
    print(f"class {{c}}: first pass {{first:.3f}}, mean of all passes {{mean:.3f}}, eval pass {{full[c]:.3f}}")
"""


def _benched(settings: PassSettings, depth: int) -> str:
    """The argument that names the neurons of a layer which are benched by hand, counted from 0; mostly there is none.

    >>> _benched(PassSettings(benched=((1, 2), (2, 0), (2, 5))), depth=2)
    ', benched=[0, 5]'
    """
    units = [unit for layer, unit in settings.benched if layer == depth]
    return f", benched={units}" if units else ""


def _input(data: str, example: int) -> str:
    """The lines that define the input x."""
    x = load_examples(data).inputs[example].numpy()
    if data == "moons":
        return f"x = torch.tensor([{', '.join(map(str, x.tolist()))}])  # a point in the plane"
    if data == "mnist":
        lines = "\n".join(bytes(map(int, row)).hex() for row in (255 * x).round().reshape(28, 28))
        what = "28 x 28 pixels, with two hexadecimal digits for each: 00 is white, ff is black"
        return f'{comment(what)}\nimage = """\n{lines}\n"""\nx = torch.tensor(list(bytes.fromhex(image))) / 255'
    rows = ",\n".join(f"    {list(map(int, row))}" for row in (16 * x).round().reshape(8, 8))
    return f"x = torch.tensor([  # 8 x 8 pixels, from 0 (white) to 16 (black)\n{rows},\n]).flatten() / 16"


def _as_text(data: str, trained_rate: float) -> str:
    """Weights and biases in half precision, in the order of ``network.parameters()``, as lines of base85."""
    network = load_pictured_network(data, trained_rate)
    pairs = zip(network.weights, network.biases, strict=True)
    numbers = np.concatenate([part.numpy().ravel() for pair in pairs for part in pair])
    text = base64.b85encode(numbers.astype("<f2").tobytes()).decode("ascii")
    return "\n".join(text[start : start + 118] for start in range(0, len(text), 118))
