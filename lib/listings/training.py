"""The PyTorch program that does what the Training page shows, with the settings on screen. It is ready to run.

The Today page's programs begin the same way and have the same network: `beginning`, `network`.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from lib.listings.parts import SOURCE_FOLDER, comment

if TYPE_CHECKING:  # writing a program that imports PyTorch does not need PyTorch
    from lib.training import TrainingConfig

# The curves of lib/datasets.py at n places `u` along them, (2, n) each: class 0, then class 1.
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
    """Return a program that trains one network for each dropout rate of the config and prints how each ends.

    The page trains `config.members` networks of each kind. A single one shows the same behaviour, with more luck in it.
    The data are the page's own. `file_name` is where the program looks for the table of a "csv" config.

    >>> from lib.training import TrainingConfig
    >>> program = training_listing(TrainingConfig(rates=(0.0, 0.3)))
    >>> [line for line in program.splitlines() if "Dropout" in line][0]
    '        nn.Linear(2, 64), nn.ReLU(), nn.Dropout(p),'
    """
    rates = ", ".join(map(str, config.rates)) + ("," if len(config.rates) == 1 else "")
    optimizer, decay = "Adam", ""
    if config.weight_decay:
        optimizer, decay = "AdamW", f", weight_decay={config.weight_decay}"
    return f"""\
{beginning(config, file_name)}
for p in ({rates}):
    torch.manual_seed({config.seed})  # the same first weights for each p
{network(config)}
    optimizer = torch.optim.{optimizer}(network.parameters(), lr={config.learning_rate}{decay})
    network.train()  # dropout on
    for rows in batches:
        loss = loss_function(network(train_x[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()  # dropout off
    with torch.no_grad():
        for name, inputs, truth in (("training", train_x, train_y), ("validation", val_x, val_y)):
            scores = network(inputs)
            loss, error = loss_function(scores, truth), ({_decided(config)} != truth).float().mean()
            print(f"p = {{p}}: {{name}} loss {{loss:.3f}}, {{name}} error {{error:.1%}}")
"""


def beginning(config: TrainingConfig, file_name: str = "table.csv") -> str:
    """What comes before the training: what differs from the screen, the imports, the data, the loss."""
    imports = {"csv": "import csv\n\n", "mnist": f"{SOURCE_FOLDER}\n"}.get(config.dataset, "")
    digits = "from sklearn.datasets import load_digits  # pip install scikit-learn\n" * (config.dataset == "digits")
    loss = "nn.BCEWithLogitsLoss()" if config.sizes[-1] == 1 else "nn.CrossEntropyLoss()"
    batch_size = min(config.batch_size, config.n_train)
    shuffles = ceil(config.steps * batch_size / config.n_train)
    targets = ".float().unsqueeze(1)" if config.sizes[-1] == 1 else ".long()"
    return f"""\
{_differs(config)}
{imports}import numpy as np
import torch
{digits}from torch import nn

# Three generators, so that drawing other labels does not move the points.
for_points, for_labels, for_validation = np.random.default_rng({config.seed}).spawn(3)
{_data(config, file_name)}
train_x, val_x = torch.from_numpy(train_x).float(), torch.from_numpy(val_x).float()
train_y, val_y = torch.from_numpy(train_y){targets}, torch.from_numpy(val_y){targets}

loss_function = {loss}
# Shuffle after shuffle, split into batches. They have their own generator: whatever dropout draws, every network sees
# the same examples in the same order.
generator = torch.Generator().manual_seed({config.seed})
shuffles = [torch.randperm(len(train_x), generator=generator) for _ in range({shuffles})]
batches = torch.cat(shuffles).split({batch_size})[:{config.steps}]
"""


def network(config: TrainingConfig, p: str = "p") -> str:
    """The lines that define the network with dropout ``p``, indented for a loop."""
    layers = [f"        nn.Dropout({config.input_rate} if {p} > 0 else 0),\n"] if config.input_rate else []
    *hidden, (last, outputs) = pairwise(config.sizes)
    layers += [f"        nn.Linear({below}, {above}), nn.ReLU(), nn.Dropout({p}),\n" for below, above in hidden]
    layers.append(f"        nn.Linear({last}, {outputs}),\n")
    return f"    network = nn.Sequential(\n{''.join(layers)}    )"


def _decided(config: TrainingConfig) -> str:
    """An expression for the predicted class, in the shape of the targets."""
    return "(scores > 0).float()" if config.sizes[-1] == 1 else "scores.argmax(1)"


def _differs(config: TrainingConfig) -> str:
    """Which numbers differ from those on screen, and by how much: tests/listings/test_training.py measures it."""
    things = {"digits": "digits", "mnist": "digits", "csv": "rows"}.get(config.dataset, "points")
    note = (
        f"The {things} and their labels are those on screen. One network of each kind is trained here and "
        f"{config.members} on screen, from other first weights and with other batches and masks. Expect losses within "
        "a third of the screen's, and a training loss below 0.2, where examples are memorised, within a factor of four."
    )
    if config.sizes[0] > 2:
        note += f" All {things} are measured here; the curves on screen use 100 training and 300 validation examples."
    return comment(note)


def _data(config: TrainingConfig, file_name: str) -> str:
    """Return the lines that define train_x, train_y, val_x and val_y as NumPy arrays."""
    if config.dataset in _CURVES:
        # The world itself is noisy here, so validation labels are flipped as often as training labels.
        return f"""

def draw(n, points, labels):
    y, u = np.arange(n) % 2, points.random(n)
{_CURVES[config.dataset]}
    x = np.where(y == 0, c0, c1).T + {config.noise} * points.standard_normal((n, 2))
    wrong = labels.permutation(n)[: round({config.label_noise} * n)]
    y[wrong] = 1 - y[wrong]
    return x, y


train_x, train_y = draw({config.n_train}, for_points, for_labels)
val_x, val_y = draw(1000, for_validation, for_validation)"""

    classes = 10 if config.table is None else len(config.table.classes)
    split = """\
order = for_points.permutation(len(y))
# The first and the last of each class go to the two ends, so that every class is in both parts.
first = np.unique(y[order], return_index=True)[1]
last = len(y) - 1 - np.unique(y[order][::-1], return_index=True)[1]
middle = np.setdiff1d(np.arange(len(y)), np.append(first, last))
order = order[np.concatenate([first, middle, last])]
"""
    if config.dataset == "mnist":  # its validation part is MNIST's own
        split += f"""\
train, val = order[:{config.n_train}], for_validation.permutation(len(val_y))
train_x, train_y, val_x, val_y = x[train], y[train], val_x[val], val_y[val]
"""
    else:
        split += f"""\
train, val = order[:{config.n_train}], order[{config.n_train}:]
train_x, train_y, val_x, val_y = x[train], y[train], x[val], y[val]
"""
    if config.label_noise:
        split += f"""\
wrong = for_labels.permutation(len(train))[: round({config.label_noise} * len(train))]
other = (train_y + for_labels.integers(1, {classes}, len(train))) % {classes}  # any class but the true one
train_y[wrong] = other[wrong]
"""
    if config.dataset == "digits":
        return f"""\
x, y = load_digits(return_X_y=True)  # 8 x 8 pixels, from 0 to 16
x = x / 16
{split.rstrip()}"""
    if config.dataset == "mnist":
        return f"""\
with np.load(TWO_DICE / "data" / "mnist_small.npz") as file:
    (x, y), (val_x, val_y) = (
        (file[f"{{part}}_images"].reshape(-1, 28 * 28) / 255, file[f"{{part}}_classes"].astype(int))
        for part in ("train", "val")
    )
{split.rstrip()}"""

    assert config.table is not None  # a config without a table is not accepted for csv
    return f"""\
# Your table: put the path of your file here.
with open({file_name!r}, newline="", encoding="utf-8-sig") as file:
    lines = [line for line in csv.reader(file, delimiter=",") if line]  # some files separate columns by ";" or "\\t"
header, *rows = [[" ".join(cell.split()) for cell in line] for line in lines]
columns = [header.index(name) for name in {list(config.table.features)!r}]
x = np.array([[float(row[column]) for column in columns] for row in rows])
_, y = np.unique([row[header.index({config.table.label!r})] for row in rows], return_inverse=True)
{split}\
mean, spread = train_x.mean(0), train_x.std(0)
spread[spread == 0] = 1
train_x, val_x = (train_x - mean) / spread, (val_x - mean) / spread"""
