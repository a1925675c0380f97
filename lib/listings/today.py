"""The PyTorch programs of the Today page, with the settings on screen. Each runs as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lib.listings.training import training_listing

if TYPE_CHECKING:  # writing a program that imports PyTorch takes no PyTorch
    from lib.studies.regularisers import RegularisersConfig
    from lib.studies.schedules import ScheduleConfig
    from lib.training import TrainingConfig


def scaling_listing(p: float) -> str:
    """Dropout as libraries do it today: scaled while training, untouched afterwards.

    >>> "nn.Dropout(0.1)" in scaling_listing(0.1)
    True
    """
    return f"""\
import torch
from torch import nn

torch.manual_seed(0)
dropout = nn.Dropout({p})  # p is the chance to drop; the paper of 2014 calls the chance to keep p
x = torch.ones(10)
dropout.train()
print("training: ", dropout(x))  # kept ones are divided by 1 - p = {1 - p:g}, so that the mean stays
dropout.eval()
print("inference:", dropout(x))  # nothing is dropped, and nothing is scaled
"""


def block_listing(
    p: float, places: Sequence[str], *, training: bool, width: int = 64, heads: int = 4, seed: int = 0
) -> str:
    """A transformer block with its four dropout places, one forward pass.

    >>> "self.drop_2 = nn.Dropout(0)" in block_listing(0.3, ["mlp"], training=True)
    True
    """
    rates = [p if place in places else 0 for place in ("embedding", "attention", "projection", "mlp")]
    return f"""\
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
for _ in range(2):
    x = block(drop_1(words(ids) + positions(torch.arange(ids.shape[1]))))
    print(x[0, -1, :4])  # {"another answer in every pass" if training and any(rates) else "the same in every pass"}
"""


def data_size_listing(sentences: int, p: float, seed: int) -> str:
    """One point of the data-size experiment, and the same without dropout.

    >>> "for p in (0, 0.3)" in data_size_listing(500, 0.3, 0)
    True
    """
    rates = f"(0, {p})" if p else "(0,)"
    return f"""\
# Run this in the project's folder: the small GPT and its storybook are in lib/.
from lib.studies.data_size_trial import trial_config
from lib.language_model import train_language_model
from lib.story import load_story

print(f"floor: {{load_story().entropy_per_word:.3f}} nats per word")
for p in {rates}:
    for record in train_language_model(trial_config({sentences}, p, seed={seed})):
        losses = f"training {{record.train_loss:.3f}}, validation {{record.val_loss:.3f}}"
        print(f"p = {{p}}, step {{record.step}}: {{losses}}")
"""


def schedule_listing(config: ScheduleConfig) -> str:
    """The Training page's program with a rate that changes during the training, one schedule after the other.

    >>> from lib.studies.schedules import ScheduleConfig
    >>> "layer.p = rate(schedule, step / 2000)" in schedule_listing(ScheduleConfig())
    True
    """
    program = training_listing(_with_one_rate(config))
    schedules = f"""

def rate(schedule, share):
    if schedule == "falling":
        return {config.p} * (1 - share)
    drops = {{"none": False, "constant": True, "early": share < {config.switch}, "late": share >= {config.switch}}}
    return {config.p} if drops[schedule] else 0.0


for schedule in {config.schedules!r}:
"""
    steps = config.training.steps
    program = _replaced(program, f"\nfor p in ({config.p},):\n", schedules)
    program = _replaced(program, "nn.Dropout(p)", "nn.Dropout()")
    loop = f"    for step in range({steps}):\n"
    change = """\
        for layer in network:
            if isinstance(layer, nn.Dropout):
"""
    program = _replaced(program, loop, f"{loop}{change}                layer.p = rate(schedule, step / {steps})\n")
    return _replaced(program, 'f"p = {p}:', 'f"{schedule}:')


def _with_one_rate(config: ScheduleConfig) -> TrainingConfig:
    return replace(config.training, rates=(config.p,))


def regularisers_listing(config: RegularisersConfig) -> str:
    """The Training page's program with three arms; early stopping is its lowest validation loss on the way.

    >>> from lib.studies.regularisers import RegularisersConfig
    >>> '"weight decay": (0.0, 0.3)' in regularisers_listing(RegularisersConfig())
    True
    """
    runs = config.runs()
    program = training_listing(replace(runs["nothing"], rates=(0.0,), weight_decay=0.0))
    arms = f"""
# More data: write {runs["more_data"].n_train} for {runs["nothing"].n_train} above, and run "nothing" again.
arms = {{"nothing": (0.0, 0.0), "dropout": ({config.p}, 0.0), "weight decay": (0.0, {config.weight_decay})}}
for arm, (p, decay) in arms.items():
    lowest = float("inf")
"""
    program = _replaced(program, "\nfor p in (0.0,):\n", arms)
    program = _replaced(program, "torch.optim.Adam(", "torch.optim.AdamW(")
    rate = f"lr={config.training.learning_rate})"
    program = _replaced(program, rate, f"{rate[:-1]}, weight_decay=decay)")
    stopping = """\
        optimizer.step()
        if step % 20 == 0:  # early stopping would keep the best of these
            network.eval()
            with torch.no_grad():
                lowest = min(lowest, loss_function(network(val_x), val_y).item())
            network.train()
"""
    program = _replaced(program, "        optimizer.step()\n", stopping)
    program = _replaced(program, 'f"p = {p}:', 'f"{arm}:')
    return _replaced(program, "validation loss {val_loss:.3f}", "validation loss {val_loss:.3f}, lowest {lowest:.3f}")


def _replaced(program: str, old: str, new: str) -> str:
    """Replace a part that must be there."""
    if old not in program:
        raise ValueError(f"the listing has no {old!r}")
    return program.replace(old, new)
