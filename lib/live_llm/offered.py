"""Which live models a server offers. That is the host's choice: a visitor must not load what they like.

The environment variable ``TWO_DICE_LLM`` says it:

- not set: the model that ``python -m scripts.fetch_llm`` has fetched, if it is there;
- folders, and models of the Hugging Face Hub as ``owner/name@revision``, with commas between them: these;
- ``any``: whatever the person types, for a computer of one's own;
- empty: none.

A revision is a commit's 40 digits. A branch such as "main" may be another model tomorrow.
"""

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lib.live_llm.failure import Failure, Reason

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / "models" / "smollm2-135m-instruct"
VARIABLE = "TWO_DICE_LLM"
_HUB = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})")


@dataclass(frozen=True)
class Model:
    """A folder, or a model of the hub at one ``revision``. ``source`` is what transformers is given."""

    source: str
    revision: str | None = None

    @property
    def name(self) -> str:
        """What a page and a link call it: not where on this machine it is.

        >>> Model("/home/class/models/smollm2").name, Model("openai-community/gpt2", "0" * 40).name[:24]
        ('smollm2', 'openai-community/gpt2@00')
        """
        return f"{self.source}@{self.revision}" if self.revision else Path(self.source).name


@dataclass(frozen=True)
class Offer:
    """The models to choose from, and whether a person may name ``any`` other."""

    models: tuple[Model, ...] = ()
    any: bool = False

    def __bool__(self) -> bool:
        return self.any or bool(self.models)

    def named(self, name: str) -> Model:
        """The model of this name. Raises `Failure` where it cannot be one, or is not offered."""
        for model in self.models:
            if model.name == name:
                return model
        if self.any:
            return model_named(name)
        raise Failure(Reason.NOT_FOUND)


def model_named(text: str) -> Model:
    """A folder or ``owner/name@revision``; `Failure` where the text is neither.

    >>> model_named("openai-community/gpt2@" + "0" * 40).source
    'openai-community/gpt2'
    >>> model_named("openai-community/gpt2")
    Traceback (most recent call last):
    lib.live_llm.failure.Failure: not_found
    """
    text = text.strip()
    if hub := _HUB.fullmatch(text):
        return Model(*hub.groups())
    folder = Path(text).expanduser()
    try:
        if text and folder.is_dir():
            return Model(str(folder))
    except (OSError, ValueError):  # too long for a name, or with a null character in it
        pass
    raise Failure(Reason.NOT_FOUND)


def offer_of(setting: str | None) -> Offer:
    """What a host's setting offers. Of a list, a name that cannot be one stays, so that the page can say so.

    >>> [model.name for model in offer_of("/srv/models/tiny, owner/name@" + "0" * 40).models][0]
    'tiny'
    >>> offer_of("any").any, bool(offer_of(""))
    (True, False)
    """
    fetched = (Model(str(FETCHED)),) if FETCHED.is_dir() else ()
    if setting is None:
        return Offer(fetched if find_spec("transformers") else ())
    if setting.strip() == "any":
        return Offer(fetched, any=True)
    names = [name.strip() for name in setting.split(",") if name.strip()]
    return Offer(tuple(Model(*hub.groups()) if (hub := _HUB.fullmatch(name)) else Model(name) for name in names))


def offered() -> Offer:
    """What this server offers."""
    return offer_of(os.environ.get(VARIABLE))
