"""The Today page's picture of one transformer block: sends recorded passes, which the browser plays by itself."""

import base64
from typing import Any

import numpy as np

from lib.figures.palette import LEARN, SPEAK
from lib.studies.placed_dropout import PLACES, BlockPasses
from lib.web.elements.component import moving_picture
from lib.web.elements.transport import transport_labels
from lib.web.frame.language import _, current_language, decimal
from lib.writing import joined

_mount = moving_picture("today_block")
_TOP = 6  # next words shown


def transformer_player(
    passes: BlockPasses, vocabulary: list[str], *, p: float, places: tuple[str, ...], training: bool
) -> None:
    """Draw the passes, ready to play; `places` are those where the die rolls."""
    top = np.argsort(-passes.full)[:_TOP]
    masks = np.concatenate([passes.kept[place].reshape(len(passes.probabilities), -1) for place in PLACES], axis=1)
    on = [training and place in places for place in PLACES]
    _mount(
        key="transformer_player",
        data={
            "hue": LEARN if training else SPEAK,
            "restHue": SPEAK,
            "training": training,
            "p": decimal(p),
            "passes": len(masks),
            "C": passes.kept["mlp"].shape[1],
            "H": passes.attention.shape[0],
            "T": len(passes.words),
            "on": on,
            "masks": base64.b64encode(np.packbits(masks, axis=1, bitorder="little").tobytes()).decode(),
            "attention": np.round(passes.attention.astype(float), 3).tolist(),
            "top": [vocabulary[i] for i in top],
            "chances": np.round(passes.probabilities[:, top].astype(float), 4).tolist(),
            "full": np.round(passes.full[top].astype(float), 4).tolist(),
            "predicted": [vocabulary[i] for i in passes.probabilities.argmax(1)],
            "locale": current_language(),
            "labels": _labels(joined(passes.words[1:]) or passes.words[0]),
        },
    )


def _labels(words: str) -> dict[str, Any]:
    """The words in the picture of a block that reads these ``words``."""
    return {
        "transport": transport_labels(),
        "stages": [_("embedding"), _("attention"), _("projection"), _("MLP")],
        "p": "p = {p}",
        "off": _("no die here"),
        "count": _("{out} of {n} out"),
        "number": _("Pass"),
        "dropped": _("dropped"),
        "eval": _("eval pass"),
        "next": _("the next word"),
        "picture": _("One block of the small GPT reads “{words}”. The die can sit in four places.", words=words),
        "pass": _(
            "Pass {i}: the die drops {one} numbers of the embedding, {two} attention weights, "
            "{three} numbers of the projection and {four} of the MLP. The likeliest next word: {word}."
        ),
        "evalPass": _("Eval: nothing is dropped, and every pass is the same. The likeliest next word: {word}."),
    }
