"""Figures, made once for everybody who looks at the same."""

import functools
import pickle
from collections.abc import Callable
from typing import ParamSpec

from lib.figures.figure import Figure

P = ParamSpec("P")
MOST = 48  # figures of at most 0.2 MB, with what they were drawn from: 8 MB


def drawn_once(draw: Callable[P, Figure], *args: P.args, **kwargs: P.kwargs) -> Figure:
    """Return ``draw(*args, **kwargs)``, a figure that nobody may change: others are looking at it.

    Two calls are the same if all their numbers and words are, so the labels bring the language in. (Streamlit's own
    caches take longer to compare lists of numbers than a figure takes to make.)
    """
    return _drawn(draw, pickle.dumps((args, kwargs)))


@functools.lru_cache(maxsize=MOST)
def _drawn(draw: Callable[..., Figure], arguments: bytes) -> Figure:
    args, kwargs = pickle.loads(arguments)
    return draw(*args, **kwargs)
