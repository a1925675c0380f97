"""The PyTorch programs of the Today page, with the settings on screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from lib.listings.parts import SOURCE_FOLDER, comment
from lib.listings.training import beginning, network
from lib.studies.data_size import STEPS

if TYPE_CHECKING:  # writing a program that imports PyTorch does not need PyTorch
    from lib.studies.regularisers import RegularisersConfig
    from lib.studies.schedules import ScheduleConfig
    from lib.training import TrainingConfig


def scaling_listing(p: float) -> str:
    """Dropout as libraries do it today: scaled while training, untouched afterwards.

    >>> "nn.Dropout(0.1)" in scaling_listing(0.1)
    True
    """
    return f"""\
# None of these numbers is on screen. This shows, in PyTorch, what the corrections say about scaling.
import torch
from torch import nn

torch.manual_seed(0)
dropout = nn.Dropout({p})  # p is the probability of dropping; in the 2014 paper it is the probability of keeping
x = torch.ones(8)
dropout.train()
print("while training:", dropout(x))  # kept values are divided by 1 - p = {1 - p:g}, so the mean is unchanged
dropout.eval()
print("at inference:", dropout(x))  # nothing is dropped, and nothing is scaled
"""


def block_listing(
    p: float, places: Sequence[str], *, training: bool, width: int = 64, heads: int = 4, seed: int = 0
) -> str:
    """A transformer block with its four dropout places, one forward pass.

    >>> "self.drop_2 = nn.Dropout(0)" in block_listing(0.3, ["mlp"], training=True)
    True
    """
    rates = [p if place in places else 0 for place in ("embedding", "attention", "projection", "mlp")]
    differs = (
        "The picture's block is trained; this one has random weights. So none of the numbers is on screen, but you can "
        "compare where dropout acts, and whether two passes differ."
    )
    return f"""\
{comment(differs)}
import math

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.attention = nn.Linear(width, 3 * width, bias=False)
        self.projection = nn.Linear(width, width, bias=False)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width, bias=False), nn.GELU())
        self.mlp_projection = nn.Linear(4 * width, width, bias=False)
        self.drop_2 = nn.Dropout({rates[1]})  # on the attention weights
        self.drop_3 = nn.Dropout({rates[2]})  # after the projection
        self.drop_4 = nn.Dropout({rates[3]})  # after the projection of the MLP

    def forward(self, x):  # (B, T, C)
        B, T, C = x.shape
        q, k, v = self.attention(self.norm_1(x)).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(C // self.heads)  # (B, H, T, T)
        ahead = torch.ones(T, T, dtype=torch.bool).triu(1)
        weights = self.drop_2(scores.masked_fill(ahead, -math.inf).softmax(-1))
        mixed = (weights @ v).transpose(1, 2).reshape(B, T, C)
        x = x + self.drop_3(self.projection(mixed))
        return x + self.drop_4(self.mlp_projection(self.mlp(self.norm_2(x))))


torch.manual_seed({seed})
words, positions = nn.Embedding(600, {width}), nn.Embedding(32, {width})
drop_1 = nn.Dropout({rates[0]})  # on the sum of word and position embedding
block = Block(width={width}, heads={heads})
for module in (drop_1, block):
    module.train({training})
ids = torch.tensor([[0, 5, 17, 42]])  # (B, T)
for n in (1, 2):  # {"different in every pass" if training and any(rates) else "the same in every pass"}
    x = block(drop_1(words(ids) + positions(torch.arange(ids.shape[1]))))
    print(f"pass {{n}}, the last word's first four numbers:", x[0, -1, :4])
"""


def data_size_listing(sentences: int, p: float, seed: int) -> str:
    """One point of the data-size experiment, and the same run without dropout.

    >>> "for p in (0, 0.3)" in data_size_listing(500, 0.3, 0)
    True
    """
    rates = f"(0, {p})" if p else "(0,)"
    differs = (
        "On a machine like the server, the losses after the last step are those of “Train this point”. Another machine "
        "may round differently, which changes them by up to 0.05. The curves are means over several seeds."
    )
    return f"""\
{comment(differs)}
{SOURCE_FOLDER}
from lib.language_model import LanguageModelConfig, train_language_model
from lib.story import load_story

print(f"floor: {{load_story().entropy_per_word:.3f}} nats per word")
for p in {rates}:
    config = LanguageModelConfig(n_sentences={sentences}, p=p, steps={STEPS}, seed={seed})
    for record in train_language_model(config):
        losses = f"training loss {{record.train_loss:.3f}}, validation loss {{record.val_loss:.3f}}"
        print(f"p = {{p}}, step {{record.step}}: {{losses}}")
"""


def schedule_listing(config: ScheduleConfig) -> str:
    """The Training page's network with a dropout rate that changes during training, one schedule after another.

    >>> from lib.studies.schedules import ScheduleConfig
    >>> "layer.p = rate(schedule, step / 2000)" in schedule_listing(ScheduleConfig())
    True
    """
    from lib.studies.schedules import STAIRS  # imports PyTorch, which whoever made the config has done by now

    training = replace(config.training, rates=(config.p,))
    return f"""\
{beginning(training)}

def rate(schedule, share):  # share: how much of the training is over, from 0 to 1
    if schedule == "falling":
        return {config.p} * (1 - int({STAIRS} * share) / {STAIRS})  # down in {STAIRS} steps
    drops = {{"none": False, "constant": True, "early": share < {config.switch}, "late": share >= {config.switch}}}
    return {config.p} if drops[schedule] else 0.0


for schedule in {tuple(config.schedules)!r}:
    torch.manual_seed({training.seed})  # the same first weights for each schedule
{network(training, "0.0")}
    optimizer = torch.optim.Adam(network.parameters(), lr={training.learning_rate})
    network.train()
    for step, rows in enumerate(batches):
        for layer in network:
            if isinstance(layer, nn.Dropout):
                layer.p = rate(schedule, step / {training.steps})
        loss = loss_function(network(train_x[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        train_loss = loss_function(network(train_x), train_y).item()
        val_loss = loss_function(network(val_x), val_y).item()
    print(f"{{schedule}}: training loss {{train_loss:.3f}}, validation loss {{val_loss:.3f}}")
"""


def regularisers_listing(config: RegularisersConfig) -> str:
    """The Training page's network with three arms; early stopping is the lowest validation loss of a run.

    >>> from lib.studies.regularisers import RegularisersConfig
    >>> '"weight decay": (0.0, 0.3)' in regularisers_listing(RegularisersConfig())
    True
    """
    runs = config.runs()
    training: TrainingConfig = runs["nothing"]
    return f"""\
{beginning(training)}
# More data: write {runs["more_data"].n_train} for {training.n_train} above, and run "nothing" again.
arms = {{"nothing": (0.0, 0.0), "dropout": ({config.p}, 0.0), "weight decay": (0.0, {config.weight_decay})}}
for arm, (p, decay) in arms.items():
    torch.manual_seed({training.seed})  # the same first weights for each arm
{network(training)}
    optimizer = torch.optim.AdamW(network.parameters(), lr={training.learning_rate}, weight_decay=decay)
    lowest = float("inf")
    for step, rows in enumerate(batches, start=1):
        network.train()
        loss = loss_function(network(train_x[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % {max(1, round(training.steps / training.recordings))} == 0:
            network.eval()
            with torch.no_grad():
                train_loss = loss_function(network(train_x), train_y).item()
                val_loss = loss_function(network(val_x), val_y).item()
            lowest = min(lowest, val_loss)  # early stopping would keep the network of the lowest step
    print(f"{{arm}}: training loss {{train_loss:.3f}}, validation loss {{val_loss:.3f}}, lowest {{lowest:.3f}}")
"""


def paper_listing(hidden: Sequence[int], regularised: tuple[float, float], *, epochs: int = 60) -> str:
    """Figure 4 of the dropout paper on MNIST: networks without dropout, with it, and with max-norm as well.

    ``hidden`` are the units of the hidden layers, ``regularised`` is (p, c): the rate, and the longest that the weights
    into a unit may be.

    >>> "nn.Linear(784, 800), nn.ReLU(), nn.Dropout(p)," in paper_listing((800, 800), (0.5, 2.5))
    True
    """
    p, c = regularised
    sizes = (28 * 28, *hidden)
    layers = "".join(
        f"        nn.Linear({below}, {above}), nn.ReLU(), nn.Dropout(p),\n" for below, above in pairwise(sizes)
    )
    differs = (
        "One network of each kind is trained here, and some on screen, from other first weights and with other batches "
        "and masks. Each takes about ten minutes on one core. MNIST is fetched by python -m scripts.fetch_mnist, in "
        "the folder of the source code."
    )
    return f"""\
{comment(differs)}
{SOURCE_FOLDER}
import torch
from torch import nn

from lib.mnist import load_mnist

data = load_mnist(TWO_DICE / "models" / "mnist")
train_x, test_x = (
    torch.from_numpy(images.reshape(-1, 28 * 28) / 255).float() for images in (data.train_images, data.test_images)
)
train_y, test_y = torch.tensor(data.train_classes).long(), torch.tensor(data.test_classes).long()
epochs = {epochs}

for p, c in ((0, 0), ({p}, 0), ({p}, {c})):  # c = 0: without max-norm
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Dropout(0.2 if p > 0 else 0),
{layers}        nn.Linear({sizes[-1]}, 10),
    )
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, total_iters=epochs)
    for epoch in range(epochs):
        network.train()  # dropout on
        for rows in torch.randperm(len(train_x)).split(100):
            loss = nn.functional.cross_entropy(network(train_x[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                # nn.Dropout doubles what it keeps at p = 0.5: so c is halved there
                for layer in linear * (c > 0):
                    layer.weight.renorm_(2, 0, c * (0.8 if layer is linear[0] else 1 - p))
        schedule.step()
        network.eval()  # dropout off
        with torch.no_grad():
            error = (network(test_x).argmax(1) != test_y).float().mean()
        print(f"p = {{p}}, c = {{c}}, epoch {{epoch + 1}}: test error {{error:.2%}}")
"""
