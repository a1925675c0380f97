"""With which settings models are shipped, and what those would do to the distribution on screen."""

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

OWN, THROUGH_TRANSFORMERS = "llama3", "llama3-transformers"  # of one model, the two entries that are compared


def shipped_settings(step: NextWord, tokens: RankedTokens, now: SamplingSettings) -> None:
    """A button for each model that sets T, k and p as it comes; what that leaves here; and where it is written."""
    shipped = load_facts().shipped
    traces = {each.id: shape_with(step.trace.logits, each.settings) for each in shipped}
    with st.container(horizontal=True, gap="small"):
        for each in shipped:
            st.button(
                each.name,
                type="primary" if each.settings == now else "secondary",
                on_click=change,
                kwargs=_as_controls(each, len(tokens)),
                key=f"shipped_{each.id}",
            )
    head = ["", "T", "k", "top-p", _("tokens left"), _("the likeliest"), _("source")]
    st.markdown(markdown_table(head, [_row(each, traces[each.id]) for each in shipped], "lrrrrrl"))
    st.markdown(_silent_k(traces[OWN], traces[THROUGH_TRANSFORMERS]))


def _as_controls(shipped: Shipped, V: int) -> dict[str, float]:
    """The settings as the page's controls have them: a cut that cuts nothing is all words, or p = 1."""
    return {"temp": shipped.temperature, "k": shipped.top_k or V, "top_p": shipped.top_p or 1.0, "min_p": 0.0}


def _row(shipped: Shipped, trace: SamplingTrace) -> list[str]:
    return [
        shipped.name,
        decimal(shipped.temperature, 1),
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
