"""With which settings models are shipped, and what those would do to the distribution on screen."""

from dataclasses import replace

import streamlit as st

from lib.next_word import NextWord
from lib.sampling import SamplingTrace, shape_with
from lib.sampling_settings import SamplingSettings
from lib.studies.facts import Shipped, load_facts
from lib.web.elements.citation import citation
from lib.web.elements.controls import change
from lib.web.elements.table import markdown_table
from lib.web.frame.language import _, decimal, percent, prose
from lib.web.top_k.llm import RankedTokens

TRIED = ("Qwen3, thinking", "Gemma", "gpt-oss", "nanochat")  # beside Llama 3, by the names in data/facts.toml
FALLBACK_K = 50  # of the transformers library, as the claim "fallback-k" says


def shipped_here() -> tuple[Shipped, ...]:
    """The settings to try: those of Llama 3 first, as its makers ship it and as transformers then runs it, and others.

    >>> [each.settings.top_k for each in shipped_here()[:2]]
    [None, 50]
    """
    facts = load_facts()
    by_name = {each.name: each for each in facts.shipped}
    own, claim = by_name["Llama 3"], facts.claim("fallback-k")
    through = replace(own, name="Llama 3, transformers", top_k=FALLBACK_K, source=claim.source, kind=claim.kind)
    return own, through, *(by_name[name] for name in TRIED)


def shipped_settings(step: NextWord, tokens: RankedTokens, now: SamplingSettings) -> None:
    """A button for each model that sets T, k and p as it comes; what that leaves here; and where it is written."""
    shipped = shipped_here()
    traces = [shape_with(step.trace.logits, each.settings) for each in shipped]
    with st.container(horizontal=True, gap="small"):
        for i, each in enumerate(shipped):
            st.button(
                each.name,
                type="primary" if each.settings == now else "secondary",
                on_click=change,
                kwargs=_as_controls(each, len(tokens)),
                key=f"shipped_{i}",
            )
    head = ["", "T", "k", "top-p", _("tokens left"), _("the likeliest"), _("source")]
    st.markdown(markdown_table(head, [_row(*each) for each in zip(shipped, traces, strict=True)], "lrrrrrl"))
    st.markdown(_silent_k(*traces[:2]))


def _as_controls(shipped: Shipped, V: int) -> dict[str, float]:
    """The settings as the page's controls have them: a cut that cuts nothing is all words, or p = 1."""
    settings = shipped.settings
    return {
        "temp": settings.temperature,
        "k": min(settings.top_k or V, V),
        "top_p": settings.top_p or 1.0,
        "min_p": 0.0,
    }


def _row(shipped: Shipped, trace: SamplingTrace) -> list[str]:
    return [
        shipped.name,
        decimal(shipped.settings.temperature, 1),
        decimal(shipped.top_k, 0) if shipped.top_k else "–",
        decimal(shipped.top_p) if shipped.top_p else "–",
        decimal(int(trace.kept.sum()), 0),
        percent(float(trace.probabilities.max())),
        citation(shipped),
    ]


def _silent_k(own: SamplingTrace, through: SamplingTrace) -> str:
    """What the k does that the library puts in where the model's maker has none."""
    kept, left = decimal(int(own.kept.sum()), 0), decimal(int(through.kept.sum()), 0)
    lost = float(own.probabilities[~through.kept].sum())
    if not lost:
        return prose("top_k", "llm-shipped-same", own=kept)
    return prose("top_k", "llm-shipped-differ", own=kept, through=left, lost=percent(lost))
