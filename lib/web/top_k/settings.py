"""What a link to the Top-k page repeats: with the storybook's model, and with a real one that was recorded."""

import functools
from dataclasses import dataclass

from lib import decoding
from lib.recorded_llm import PATHS, STEPS, load_recorded_llm, slug
from lib.sampling_settings import SamplingSettings
from lib.studies.facts import load_facts
from lib.web.elements.settings import arrangement, choice, flag, number, text

FEW = (*range(1, 21), 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500)

MANY = (1_000, 2_000, 5_000, 10_000, 20_000)  # for a vocabulary of tens of thousands

LONGEST = 200  # characters that anyone may type
MODELS = ("storybook", "llm", "live")
MOST_SAID = 48  # tokens that a live model's text may be longer than its beginning


@dataclass(frozen=True)
class Opening:
    """What the page opens with. After ``helps`` the model gives impossible words some probability, and a cut at ``k``
    takes exactly those away. After ``hurts`` the same cut takes away good words (scripts/find_beginnings.py)."""

    helps: str | None = None
    hurts: str | None = None
    k: int = 15


OPENINGS = {  # by the storybook's language
    "en": Opening("the lamb ate", "after supper the"),
    "de": Opening("Paul fand im Schloss eine", "nach dem Regen"),
    "es": Opening("había un erizo en el", "por la mañana", k=8),
    "fr": Opening("la chèvre gambada dans la", "un jour le", k=5),
    "ja": Opening("お父さんが植木ばちに", "うさぎは", k=6),
    "zh-Hant": Opening("小馬送給大野狼", "阿嬤在", k=5),
}


LLM_K = 50  # what Hugging Face's `generate` has if nobody says another
LLM_OPENING = "My favourite animal is the"  # beyond the 50 likeliest tokens lies almost half of the probability


@dataclass(frozen=True)
class Settings:
    """Everything on the Top-k page that a link repeats."""

    model: str = choice("storybook", MODELS[:2])
    text: str | None = text(LONGEST)  # what the sentence begins with
    k: int = choice(Opening.k, FEW)
    temp: float = number(1.0, 0.1, 3.0, 0.1)
    top_p: float = number(1.0, 0.05, 1.0, 0.05)
    min_p: float = number(0.0, 0.0, 0.5, 0.01)
    p: float = choice(0.3, (0.0, 0.3))
    all: bool = flag(False)
    seed: int = number(0, 0, 9999, 1)
    n: int = choice(100, (1, 100, 10000))
    tell: bool = flag(False)
    bench: bool = flag(False)
    order: str = arrangement("transformers", tuple(decoding.ORDERS), decoding.STEPS)
    typical: float = number(1.0, 0.05, 1.0, 0.05)
    sigma: float = number(0.0, 0.0, 4.0, 0.1)
    penalty: float = number(1.0, 1.0, 2.0, 0.05)
    greedy: bool = flag(False)
    tree: bool = flag(False)


@functools.cache  # two for each storybook
def settings_for(V: int, opening: int = Opening.k, *, live: bool = False) -> type[Settings]:
    """The settings for a storybook of V words: the page opens with k = ``opening``; the last choice is all words.

    ``live`` is whether a live model is offered beside it.
    """
    choices = (*(each for each in FEW if each < V), V)

    @dataclass(frozen=True)
    class OfStorybook(Settings):
        model: str = choice("storybook", _models(live))
        k: int = choice(opening, choices)

    return OfStorybook


@functools.cache  # two
def llm_settings(*, live: bool = False) -> type[Settings]:
    """The settings for the recorded model: where on which path one stands, and k up to all of its tokens."""
    llm = load_recorded_llm()

    @dataclass(frozen=True)
    class OfRecordedLlm(Settings):
        model: str = choice("storybook", _models(live))
        beginning: str = choice(slug(LLM_OPENING), llm.slugs)
        path: str = choice("k50", tuple(PATHS))
        at: int = number(0, 0, STEPS - 1, 1)  # how many tokens of the path are said
        k: int = choice(LLM_K, _cuts(llm.vocabulary_size))

    return OfRecordedLlm


@functools.lru_cache(maxsize=8)
def live_settings(names: tuple[str, ...], V: int | None) -> type[Settings]:
    """The settings for a live model of V tokens; before it is loaded, V is None, and k is what the link says.

    ``names`` are the models to choose from; where there are none, somebody types a name.
    """

    @dataclass(frozen=True)
    class OfLiveLlm(Settings):
        model: str = choice("storybook", MODELS)
        llm: str | None = choice(names[0], names) if names else text(LONGEST)
        prompt: str | None = text(LONGEST)
        tokens: str | None = text(10 * MOST_SAID)  # their numbers, with dots between
        k: int = choice(min(LLM_K, V), _cuts(V)) if V else number(LLM_K, 1, 10**7, 1)

    return OfLiveLlm


def _models(live: bool) -> tuple[str, ...]:
    return MODELS if live else MODELS[:2]


def _cuts(V: int) -> tuple[int, ...]:
    """Every k to choose from, with a vocabulary of V tokens."""
    shipped = (each.top_k for each in load_facts().shipped if each.top_k)
    return (*(k for k in sorted({*FEW, *shipped, *MANY}) if k < V), V)


def said_in_link(text: str | None, V: int) -> tuple[int, ...]:
    """The tokens that a link says, up to the first that is none of V.

    >>> said_in_link("17.0.300.5", V=300), said_in_link("x", V=300), said_in_link(None, V=300)
    ((17, 0), (), ())
    """
    said = []
    for each in (text or "").split(".")[:MOST_SAID]:
        if not (each.isdecimal() and each.isascii() and int(each) < V):
            break
        said.append(int(each))
    return tuple(said)


def sampling_of(settings: Settings, V: int) -> SamplingSettings:
    """How the next of V words is drawn. A cut that cuts nothing is none.

    >>> sampling_of(Settings(k=5, min_p=0.1), V=670)
    SamplingSettings(temperature=1.0, top_k=5, top_p=None, min_p=0.1)
    """
    return SamplingSettings(
        temperature=settings.temp,
        top_k=settings.k if settings.k < V else None,
        top_p=settings.top_p if settings.top_p < 1 else None,
        min_p=settings.min_p or None,
    )


def decoder_of(settings: Settings, V: int) -> decoding.Decoder:
    """What the bench does: the same cuts as in the picture and three more steps, in the order that was chosen.

    >>> decoder_of(Settings(k=5, sigma=1.5, order="llama.cpp"), V=670).switched_on
    ('sigma', 'top_k')
    """
    return decoding.Decoder(
        sampling_of(settings, V),
        typical=settings.typical if settings.typical < 1 else None,
        sigma=settings.sigma or None,
        penalty=settings.penalty,
        order=decoding.order_named(settings.order),
        greedy=settings.greedy,
    )
