"""Where dropout sits in a transformer: forward passes of the small GPT with a die of its own in each of four places.

The places are those of `lib.transformer`, which are nanoGPT's and minGPT's (Karpathy, "nanoGPT", model.py):

1. "embedding": after the sum of word and position embedding,
2. "attention": on the attention weights,
3. "projection": after the projection that ends the attention block,
4. "mlp": after the projection that ends the MLP block.

Many passes are one forward pass of a batch: the same sentence N times, each with masks of its own.

Shapes in the comments: N passes, T words (the mark in front counted), C width, H heads, V words of the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lib.dropout import dropout_mask
from lib.language_model import LanguageModel, SettingError
from lib.threads import one_fast_thread
from lib.transformer import forward, unflatten

PLACES: Final = ("embedding", "attention", "projection", "mlp")


@dataclass(frozen=True)
class BlockPasses:
    """N recorded passes, with what one block shows of them.

    Attributes:
        words: the T words read, the mark first.
        kept: for "embedding", "projection" and "mlp" the mask of the last word, (N, C) bool; for "attention" the mask
            of the weights with which each word looks at each, (N, H, T, T) bool, row: the word that looks. All True
            where nothing is dropped.
        attention: (H, T, T) the attention weights of the eval pass, rows sum to 1.
        probabilities: (N, V) the next word, in each pass.
        full: (V,) the next word in the eval pass.
    """

    words: list[str]
    kept: dict[str, NDArray[np.bool_]]
    attention: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    full: NDArray[np.float32]


@one_fast_thread()
def record_block(
    model: LanguageModel,
    words: Sequence[str],
    *,
    p: float,
    places: Sequence[str] = PLACES,
    training: bool = True,
    passes: int = 50,
    block: int = 0,
    seed: int = 0,
) -> BlockPasses:
    """Send the words through the model again and again.

    Args:
        model: a trained model.
        words: the beginning of a sentence.
        p: probability to drop, 0 <= p <= 1.
        places: where to drop, some of `PLACES`; all blocks drop there.
        training: False for eval: nothing is dropped, whatever `places` says.
        passes: N.
        block: which block's masks to keep, from 0.
        seed: of the masks.

    Raises:
        SettingError: a ValueError that names the setting.
        UnknownWord, PrefixTooLongError: as `LanguageModel.next_logits`.

    >>> from lib.language_model import load_model
    >>> passes = record_block(load_model(p=0.3), ["the"], p=0.3, places=["mlp"], passes=5)
    >>> passes.kept["embedding"].all(), passes.kept["mlp"].all(), passes.probabilities.shape[0]
    (np.True_, np.False_, 5)
    """
    if not 0 <= p <= 1:
        raise SettingError("p", p, "a number from 0 to 1")
    if not set(places) <= set(PLACES):
        raise SettingError("places", places, f"some of {', '.join(PLACES)}")
    if not 0 <= block < model.config.layers:
        raise SettingError("block", block, f"a whole number from 0 to {model.config.layers - 1}")
    if passes < 1:
        raise SettingError("passes", passes, "a whole number from 1")
    full = torch.from_numpy(model.next_logits(words)).softmax(-1)  # also checks the words
    network = model.config.network(len(model.vocabulary))
    w = unflatten(model.parameters, network)
    tokens = torch.tensor([[model.story.eos_id, *(model.story.word_id[word] for word in words)]])  # (1, T)
    die = torch.Generator().manual_seed(seed)
    calls = 0
    kept: dict[str, Tensor] = {}
    weights: list[Tensor] = []

    def drop(x: Tensor) -> Tensor:
        # `forward` calls once for the embedding, then three times for each block.
        nonlocal calls
        place = PLACES[0] if calls == 0 else PLACES[1 + (calls - 1) % 3]
        here = calls == 0 or (calls - 1) // 3 == block
        calls += 1
        mask = torch.ones(x.shape, dtype=torch.bool)
        if training and place in places:
            mask = dropout_mask(x.shape, p, die)
        if here:
            # Attention weights come as (N, H, looked at, looking); the picture wants a row for each that looks.
            kept[place] = mask.transpose(2, 3) if place == "attention" else mask[:, -1].clone()
        if training and place in places:
            return x * mask / (1 - p) if p < 1 else torch.zeros_like(x)
        return x

    def look(x: Tensor) -> Tensor:
        if x.dim() == 4:
            weights.append(x[0].transpose(1, 2))  # (H, T, T)
        return x

    with torch.no_grad():
        forward(w, network, tokens, look)
        states, _ = forward(w, network, tokens.expand(passes, -1), drop)  # (N, T, C)
        probabilities = (states[:, -1] @ w["word"].T).softmax(-1)  # (N, V)
    return BlockPasses(
        words=[model.story.eos, *words],
        kept={place: mask.numpy() for place, mask in kept.items()},
        attention=weights[block].numpy(),
        probabilities=probabilities.numpy(),
        full=full.float().numpy(),
    )
