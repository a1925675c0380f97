"""Figures, drawn once for everybody who looks at the same: Plotly takes some 2 ms for one, as much as ten elements."""

import functools
import pickle
from collections.abc import Callable
from typing import Any, ParamSpec

P = ParamSpec("P")
MOST = 48  # figures of at most 0.2 MB, with what they were drawn from: 8 MB


def drawn_once(draw: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
    """Return ``draw(*args, **kwargs)``, a figure that nobody may change: others are looking at it.

    Two calls are the same if all their numbers and words are, so the labels bring the language in. (Streamlit's own
    caches take longer to compare lists of numbers than Plotly to draw them.)
    """
    return _drawn(draw, pickle.dumps((args, kwargs)))


@functools.lru_cache(maxsize=MOST)
def _drawn(draw: Callable[..., Any], arguments: bytes) -> Any:
    args, kwargs = pickle.loads(arguments)
    figure = draw(*args, **kwargs)
    spec = figure.to_dict()
    figure.to_dict = lambda: spec  # Streamlit asks for it at every rerun, and copying takes a millisecond
    return figure
