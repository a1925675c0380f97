"""``F.dropout`` ignores ``model.eval()``.

A module knows whether it is in training or in eval mode; a plain function does not, unless it is told. The default of
``torch.nn.functional.dropout`` is ``training=True``.
"""

import torch
from torch import Tensor, nn

from lib.dropout import apply_dropout
from lib.questions.result import Result, difference
from lib.statistics.intervals import Estimate, share

P, UNITS = 0.5, 1_000


class Layer(nn.Module):
    """A layer that calls dropout in one of three ways, with a die of its own.

    "module" and "told" do what ``nn.Dropout(p)(x)`` and ``F.dropout(x, p, training=self.training)`` do; "untold" is
    ``F.dropout(x, p)``.
    """

    def __init__(self, way: str, p: float, die: torch.Generator) -> None:
        super().__init__()
        self.way, self.p, self.die = way, p, die

    def forward(self, x: Tensor) -> Tensor:
        """Drop out of x, of any shape."""
        if self.way == "untold":
            return apply_dropout(x, self.p, self.die)
        return apply_dropout(x, self.p, self.die, self.training)


def experiment(seed: int) -> Result:
    """Which share of the units is dropped after ``model.eval()``, for three ways of calling dropout.

    >>> experiment(0).rows["told"].value, experiment(0).verdict
    (0.0, 'yes')
    """
    die = torch.Generator().manual_seed(seed)

    def dropped(way: str) -> Estimate:
        model = nn.Sequential(Layer(way, P, die)).eval()
        return share(int((model(torch.ones(UNITS)) == 0).sum()), UNITS)

    rows = {way: dropped(way) for way in ("module", "told", "untold")}
    return Result(rows, difference(rows["untold"], rows["told"]), setup={"p": P, "n": UNITS})
