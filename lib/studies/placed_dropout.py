"""Where dropout acts in a transformer: forward passes of the small GPT with dropout in any of its four places.

The places are those of `lib.transformer`, which are nanoGPT's and minGPT's (Karpathy, "nanoGPT", model.py):

1. "embedding": after the sum of word and position embedding,
2. "attention": on the attention weights,
3. "projection": after the projection that ends the attention block,
4. "mlp": after the projection that ends the MLP block.

All N passes are one forward pass of a batch: the same sentence N times, each with its own masks.

Shapes in the comments: N passes, T words (with the EOS in front), C width, H heads, V words of the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lib.dropout import apply_mask, dropout_mask
from lib.language_model import LanguageModel
from lib.settings import InvalidSetting, real_number, whole_number
from lib.threads import one_fast_thread
from lib.transformer import Place, forward, unflatten

PLACES: Final[tuple[Place, ...]] = get_args(Place)
MAX_PASSES: Final = 1_000


@dataclass(frozen=True)
class BlockPasses:
    """N recorded passes, with what one block shows of them.

    Attributes:
        words: the T words read, EOS first.
        kept: for "embedding", "projection" and "mlp" the mask of the last word, (N, C) bool; for "attention" the mask
            of the attention weights, (N, H, T, T) bool, with a row for each word that attends. All True where nothing
            is dropped.
        attention: (H, T, T) the attention weights of the eval pass; rows sum to 1.
        probabilities: (N, V) the distribution of the next word, in each pass.
        full: (V,) the distribution of the next word in the eval pass.
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
        words: the prompt.
        p: the probability of dropping, 0 <= p <= 1.
        places: where to drop, some of `PLACES`; every block drops there.
        training: False for eval mode: nothing is dropped, whatever `places` says.
        passes: N, at most 1,000.
        block: which block's masks to record, from 0.
        seed: for the masks.

    Raises:
        InvalidSetting: (a ValueError) naming the setting and what is accepted.
        UnknownWord, PrefixTooLongError: as `LanguageModel.next_logits`.

    >>> from lib.language_model import load_model
    >>> passes = record_block(load_model(p=0.3), ["the"], p=0.3, places=["mlp"], passes=5)
    >>> passes.kept["embedding"].all(), passes.kept["mlp"].all(), passes.probabilities.shape[0]
    (np.True_, np.False_, 5)
    """
    p = real_number("p", p, 0, 1)
    if not set(places) <= set(PLACES):
        raise InvalidSetting("places", places, f"some of {', '.join(PLACES)}")
    block = whole_number("block", block, 0, model.config.layers - 1)
    passes = whole_number("passes", passes, 1, MAX_PASSES)
    full = torch.from_numpy(model.next_logits(words)).softmax(-1)  # (V,); also checks the words
    network = model.config.network(len(model.vocabulary))
    w = unflatten(model.parameters, network)
    tokens = torch.tensor([[model.story.eos_id, *(model.story.word_id[word] for word in words)]])  # (1, T)
    die = torch.Generator().manual_seed(seed)
    weights: dict[int | None, Tensor] = {}  # of the eval pass, by layer
    kept: dict[str, Tensor] = {}

    def keep_weights(x: Tensor, place: Place, layer: int | None) -> Tensor:
        if place == "attention":
            weights[layer] = x[0].transpose(1, 2)  # (H, T, T)
        return x

    def drop(x: Tensor, place: Place, layer: int | None) -> Tensor:
        rolled = training and place in places
        mask = dropout_mask(x.shape, p, die) if rolled else torch.ones(x.shape, dtype=torch.bool)
        if layer in (None, block):
            # Attention weights have a column for each word that attends; the picture needs a row.
            kept[place] = mask.transpose(2, 3) if place == "attention" else mask[:, -1].clone()
        return apply_mask(x, mask, p) if rolled else x

    with torch.no_grad():
        forward(w, network, tokens, keep_weights)
        states, _ = forward(w, network, tokens.expand(passes, -1), drop)  # (N, T, C)
        probabilities = (states[:, -1] @ w["word"].T).softmax(-1)  # (N, V)
    return BlockPasses(
        words=[model.story.eos, *words],
        kept={place: mask.numpy() for place, mask in kept.items()},
        attention=weights[block].numpy(),
        probabilities=probabilities.numpy(),
        full=full.float().numpy(),
    )
