"""The network of a GPT, from its flat vector of parameters to its hidden states; `lib.language_model` trains it.

It is the decoder of "Attention Is All You Need" (Vaswani et al., 2017, arXiv 1706.03762, section 3) in the pre-norm
form of GPT-2 and nanoGPT, without biases. One matrix serves both to embed words and to score the next one. Dropout acts
in the same four places as in those networks (`Place`):

1. "embedding": after the sum of word and position embedding,
2. "attention": on the attention weights,
3. "projection": after the projection that ends the attention block,
4. "mlp": after the projection that ends the MLP block.

`forward` names the place when it calls dropout; dropout itself is in `lib.dropout`.

Shapes in the comments: B sentences, T positions, C width, H heads, D = C / H, V words in the vocabulary.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

Weights = dict[str, Tensor]
Place = Literal["embedding", "attention", "projection", "mlp"]
Drop = Callable[[Tensor, Place, int | None], Tensor]
"""``drop(x, place, layer)`` returns x after dropout; ``layer`` counts from 0 and is None for the embedding."""


@dataclass(frozen=True)
class Architecture:
    """The size of the network: vocab_size V, width C, layers, heads H, and context, the most positions it can read."""

    vocab_size: int
    width: int
    layers: int
    heads: int
    context: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every parameter, in their order in the flat vector.

        >>> network = Architecture(vocab_size=600, width=64, layers=2, heads=4, context=32)
        >>> sum(math.prod(shape) for shape in network.shapes().values())
        139072
        """
        C = self.width
        shapes: dict[str, tuple[int, ...]] = {"word": (self.vocab_size, C), "position": (self.context, C)}
        for layer in range(self.layers):
            shapes |= {
                f"{layer}.attention_norm": (C,),
                f"{layer}.attention": (3 * C, C),  # queries, keys and values in one
                f"{layer}.attention_projection": (C, C),
                f"{layer}.mlp_norm": (C,),
                f"{layer}.mlp": (4 * C, C),
                f"{layer}.mlp_projection": (C, 4 * C),
            }
        return shapes | {"norm": (C,)}


def initial_parameters(network: Architecture, generator: torch.Generator) -> Tensor:
    """Draw the first parameters, a flat vector, from a normal distribution as GPT-2 does (Radford et al., 2019).

    GPT-2's standard deviation is 0.02 at a width of 768; here it is larger by the square root of how much narrower the
    network is. The outputs of the projections are added up from layer to layer, so their deviation is divided by the
    square root of their number: then the sum does not grow with the depth (section 2.3 there).
    """
    deviation = 0.02 * math.sqrt(768 / network.width)
    parts = []
    for name, shape in network.shapes().items():
        if name.endswith("norm"):
            parts.append(torch.ones(shape))
        else:
            scale = 1 / math.sqrt(2 * network.layers) if name.endswith("projection") else 1.0
            parts.append(torch.randn(shape, generator=generator) * deviation * scale)
    return torch.cat([part.flatten() for part in parts])


def unflatten(parameters: Tensor, network: Architecture) -> Weights:
    """The parts of the flat vector by name: views, not copies, so that all gradients end up in one vector."""
    shapes = network.shapes()
    parts = parameters.split_with_sizes([math.prod(shape) for shape in shapes.values()])
    return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def keep_all(x: Tensor, place: Place, layer: int | None) -> Tensor:
    """No dropout: what `forward` takes as ``drop`` outside of training."""
    return x


class KVCache(NamedTuple):
    """The keys and values that one layer keeps for the S words read so far, (B, H, S, D) each."""

    keys: Tensor
    values: Tensor


def forward(
    w: Weights, network: Architecture, tokens: Tensor, drop: Drop = keep_all, cache: list[KVCache] | None = None
) -> tuple[Tensor, list[KVCache]]:
    """Read words and return the network's hidden state at each of them.

    Args:
        w: the parameters, by name.
        network: their sizes.
        tokens: ids of words (B, T).
        drop: dropout, called in the four places.
        cache: the keys and values of earlier words, one entry per layer; the tokens continue from there.

    Returns:
        The hidden states (B, T, C), and the extended cache. ``states @ w["word"].T`` are the next words' logits.
    """
    C, start = network.width, cache[0].keys.shape[2] if cache else 0
    positions = w["position"][start : start + tokens.shape[1]]  # (T, C)
    x = drop(functional.embedding(tokens, w["word"]) + positions, "embedding", None)  # (B, T, C)
    extended = []
    for i in range(network.layers):
        normed = functional.layer_norm(x, (C,), w[f"{i}.attention_norm"])
        attended, kept = _attend(normed, w[f"{i}.attention"], network.heads, drop, i, cache[i] if cache else None)
        extended.append(kept)
        x = x + drop(attended @ w[f"{i}.attention_projection"].T, "projection", i)
        normed = functional.layer_norm(x, (C,), w[f"{i}.mlp_norm"])
        x = x + drop(functional.gelu(normed @ w[f"{i}.mlp"].T) @ w[f"{i}.mlp_projection"].T, "mlp", i)
    return functional.layer_norm(x, (C,), w["norm"]), extended


def _attend(
    x: Tensor, weight: Tensor, heads: int, drop: Drop, layer: int, cache: KVCache | None
) -> tuple[Tensor, KVCache]:
    """Mix every position with those before it: x (B, T, C) -> (B, T, C), and the layer's cache extended by T."""
    B, T, C = x.shape
    q, k, v = (x @ weight.T).view(B, T, 3, heads, C // heads).permute(2, 0, 3, 1, 4).unbind()  # each (B, H, T, D)
    if cache:
        k, v = torch.cat((cache.keys, k), dim=2), torch.cat((cache.values, v), dim=2)  # (B, H, S, D), S >= T
    S = k.shape[2]
    # Keys come before queries here, (B, H, S, T): a softmax along the short last dimension would take three times as
    # long.
    scores = k @ q.transpose(2, 3) / math.sqrt(C // heads)
    if T > 1:
        scores = scores + torch.full((S, T), -math.inf).tril(T - S - 1)  # no position sees later ones
    weights = drop(scores.softmax(dim=2), "attention", layer)  # (B, H, S, T)
    mixed = weights.transpose(2, 3) @ v  # (B, H, T, D)
    return mixed.transpose(1, 2).reshape(B, T, C), KVCache(k, v)
