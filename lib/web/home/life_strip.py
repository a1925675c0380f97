"""The home page's moving picture: the life of a model, one die on each half."""

import functools
import json
from typing import Any

from lib.figures.palette import FLOOR, LEARN, SPEAK
from lib.web.elements.component import moving_picture
from lib.web.elements.transport import transport_labels
from lib.web.frame.language import ROOT, _, current_language, percent
from lib.writing import spaced

_mount = moving_picture("home", inline=True)


@functools.cache
def _recording() -> dict[str, Any]:
    return dict(json.loads((ROOT / "data" / "life_strip.json").read_text(encoding="utf-8")))


def life_strip() -> None:
    """Draw the strip: masks and words as ``scripts/make_life_strip.py`` recorded them."""
    recording = _recording()
    spoken = recording["words"].get(current_language()) or recording["words"]["en"]
    words = [
        {
            **step,
            "prompt": spaced(step["prompt"]),
            "choices": [{**each, "percent": percent(each["probability"], 0)} for each in step["choices"]],
        }
        for step in spoken
    ]
    _mount(
        key="life_strip",
        data={
            "passes": recording["passes"],
            "words": words,
            "colours": {"learn": LEARN, "speak": SPEAK, "quiet": FLOOR},
            "labels": {
                "learns": _("While it learns: the dropout die"),
                "speaks": _("While it speaks: the top-k die"),
                "pass": _("Forward pass {i}: {out} of {n} hidden neurons sit out. The next pass rolls again."),
                "learned": _("Learning is over. All neurons play, and this die rests."),
                "word": _(
                    "Word {i}: only the {k} likeliest stay in, and the die picks “{word}”. The next word rolls again."
                ).replace("{k}", str(recording["top_k"])),
                "silent": _("It is not speaking yet. This die rests."),
                "drawn": _("{percent}, drawn"),
                "cut": _("{percent}, cut"),
                "columns": [_("step"), _("neuron"), _("word"), _("probability"), _("kept"), _("drawn")],
                "transport": transport_labels(),
            },
        },
    )
