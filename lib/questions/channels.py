"""What does ``Dropout2d`` drop?

Whole channels of an image, where ``Dropout`` drops single pixels (Tompson et al. 2015, "Efficient Object Localization
Using Convolutional Networks", section 3.2). Neighbouring pixels say nearly the same, so one that is dropped is hardly
missed; a channel is.
"""

import torch
from torch import Tensor

from lib.dropout import apply_dropout, apply_mask, dropout_mask
from lib.questions.result import Result, difference
from lib.statistics.intervals import Estimate, share

P, IMAGES, CHANNELS, SIDE = 0.5, 32, 16, 6


def drop_channels(x: Tensor, p: float, die: torch.Generator) -> Tensor:
    """Drop whole channels of images x (B, C, H, W), as ``nn.Dropout2d`` does."""
    return apply_mask(x, dropout_mask((*x.shape[:2], 1, 1), p, die), p)


def experiment(seed: int) -> Result:
    """Which share of the pixels is dropped, and of the channels as a whole, by either kind of dropout.

    >>> experiment(0).rows["channels"].value, experiment(0).verdict
    (0.0, 'yes')
    """
    die = torch.Generator().manual_seed(seed)
    images = torch.rand(IMAGES, CHANNELS, SIDE, SIDE, generator=die) + 1  # no pixel is 0
    single, whole = apply_dropout(images, P, die), drop_channels(images, P, die)
    rows = {
        "pixels": _zeros(single.flatten()),
        "channels": _zeros(single.amax((2, 3))),
        "pixels_2d": _zeros(whole[:, :, 0, 0]),  # one pixel of each channel: the others are not independent of it
        "channels_2d": _zeros(whole.amax((2, 3))),
    }
    return Result(rows, difference(rows["channels_2d"], rows["channels"]), setup={"p": P, "n": IMAGES * CHANNELS})


def _zeros(values: Tensor) -> Estimate:
    return share(int((values == 0).sum()), values.numel())
