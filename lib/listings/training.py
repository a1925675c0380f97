"""The PyTorch program that does what the Training page shows, with the settings on screen. It runs as it stands."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # writing a program that imports PyTorch takes no PyTorch
    from lib.training import TrainingConfig

# The curves of lib/datasets.py, at n places `u` along them, (2, n): class 0, then class 1.
_CURVES = {
    "moons": """\
    a = np.pi * u  # two half circles
    c0, c1 = [np.cos(a), np.sin(a)], [1 - np.cos(a), 0.5 - np.sin(a)]""",
    "circles": """\
    a = 2 * np.pi * u  # a ring inside a ring
    c0, c1 = [1.25 * np.cos(a), 1.25 * np.sin(a)], [0.5 * np.cos(a), 0.5 * np.sin(a)]""",
    "spirals": """\
    r, a = 0.25 + 1.75 * u, 2 * np.pi * u  # two arms, one turn each
    c0, c1 = [r * np.cos(a), r * np.sin(a)], [-r * np.cos(a), -r * np.sin(a)]""",
}


def training_listing(config: TrainingConfig, *, file_name: str = "table.csv") -> str:
    """Return a program that trains one network for each dropout rate of the config and prints the losses at the end.

    The page trains `config.members` networks of each kind; one shows the same shape with more luck in it. `file_name`
    is where the program looks for the table of a "csv" config.

    >>> from lib.training import TrainingConfig
    >>> program = training_listing(TrainingConfig(rates=(0.0, 0.3)))
    >>> [line for line in program.splitlines() if "Dropout" in line][0]
    '        nn.Linear(2, 64), nn.ReLU(), nn.Dropout(p),'
    """
    imports = "import csv\n\n" if config.dataset == "csv" else ""
    rates = ", ".join(map(str, config.rates)) + ("," if len(config.rates) == 1 else "")

    layers = [f"        nn.Dropout({config.input_rate} if p > 0 else 0),\n"] if config.input_rate else []
    *hidden, (last, outputs) = pairwise(config.sizes)
    layers += [f"        nn.Linear({below}, {above}), nn.ReLU(), nn.Dropout(p),\n" for below, above in hidden]
    layers.append(f"        nn.Linear({last}, {outputs}),\n")
    optimizer, decay = "Adam", ""
    if config.weight_decay:
        optimizer, decay = "AdamW", f", weight_decay={config.weight_decay}"
    loss = "nn.BCEWithLogitsLoss()" if outputs == 1 else "nn.CrossEntropyLoss()"
    targets = ".float().unsqueeze(1)" if outputs == 1 else ".long()"
    return f"""\
{imports}import numpy as np
import torch
from torch import nn

rng = np.random.default_rng({config.seed})
{_data(config, file_name)}
train_x, val_x = torch.from_numpy(train_x).float(), torch.from_numpy(val_x).float()
train_y, val_y = torch.from_numpy(train_y){targets}, torch.from_numpy(val_y){targets}

loss_function = {loss}
for p in ({rates}):
    torch.manual_seed({config.seed})  # the same first weights for each p
    network = nn.Sequential(
{"".join(layers)}    )
    optimizer = torch.optim.{optimizer}(network.parameters(), lr={config.learning_rate}{decay})
    network.train()  # dropout on
    for step in range({config.steps}):
        rows = torch.randperm(len(train_x))[:{config.batch_size}]
        loss = loss_function(network(train_x[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()  # dropout off
    with torch.no_grad():
        train_loss = loss_function(network(train_x), train_y).item()
        val_loss = loss_function(network(val_x), val_y).item()
    print(f"p = {{p}}: training loss {{train_loss:.3f}}, validation loss {{val_loss:.3f}}")
"""


def _data(config: TrainingConfig, file_name: str) -> str:
    """Return the lines that make train_x, train_y, val_x and val_y as numpy arrays."""
    if config.dataset in _CURVES:
        # The world itself is noisy here, so validation labels are flipped as often as training labels.
        return f"""

def draw(n):
    u, y = rng.random(n), np.arange(n) % 2
{_CURVES[config.dataset]}
    x = np.where(y == 0, c0, c1).T + {config.noise} * rng.standard_normal((n, 2))
    flipped = rng.permutation(n) < round({config.label_noise} * n)
    return x, np.where(flipped, 1 - y, y)


train_x, train_y = draw({config.n_train})
val_x, val_y = draw(1000)"""

    split = f"""\
order = rng.permutation(len(x))
train, val = order[:{config.n_train}], order[{config.n_train}:]
train_x, train_y, val_x, val_y = x[train], y[train], x[val], y[val]
"""
    classes = 10 if config.dataset == "digits" or config.table is None else len(config.table.classes)
    if config.label_noise:
        split += f"""\
wrong = rng.permutation(len(train)) < round({config.label_noise} * len(train))
train_y = np.where(wrong, (train_y + rng.integers(1, {classes}, len(train))) % {classes}, train_y)
"""
    if config.dataset == "digits":
        return f"""\
digits = np.load("data/digits.npz")  # run this in the project's folder
x, y = digits["images"].reshape(-1, 64) / 16, digits["classes"].astype(int)
{split.rstrip()}"""

    assert config.table is not None  # a config without a table is not accepted for csv
    return f"""\
with open({file_name!r}, newline="", encoding="utf-8-sig") as file:
    lines = [line for line in csv.reader(file, delimiter=",") if line]  # some files have ";" or "\\t" between columns
header, *rows = [[" ".join(cell.split()) for cell in line] for line in lines]
columns = [header.index(name) for name in {list(config.table.features)!r}]
x = np.array([[float(row[column]) for column in columns] for row in rows])
_, y = np.unique([row[header.index({config.table.label!r})] for row in rows], return_inverse=True)
{split}\
mean, spread = train_x.mean(0), train_x.std(0)
spread[spread == 0] = 1
train_x, val_x = (train_x - mean) / spread, (val_x - mean) / spread"""
