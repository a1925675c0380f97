"""Where a claim comes from, shown beside it: a badge for the kind of evidence, and a link to the source."""

import streamlit as st

from lib.studies.facts import Sourced
from lib.web.frame.language import _, strong

_COLOURS = {"paper": "blue", "code": "green", "model card": "violet"}  # and what people say: grey


def kind_name(kind: str) -> str:
    """The kind of evidence in the person's language."""
    return {
        "paper": _("paper"),
        "code": _("code"),
        "model card": _("model card"),
        "talk": _("talk"),
        "discussion": _("discussion"),
        "encyclopedia": _("encyclopedia"),
    }[kind]


def confidence_name(confidence: str) -> str:
    """How it was read."""
    return {"seen": _("read in the source"), "quoted": _("quoted by others"), "conflict": _("sources conflict")}[
        confidence
    ]


def citation(fact: Sourced) -> str:
    """Badge and link, as Markdown to stand behind a claim."""
    badge = f":{_COLOURS.get(fact.kind, 'gray')}-badge[{kind_name(fact.kind)}]"
    return f"{badge} :gray-badge[{confidence_name(fact.confidence)}] [{_('source')}]({fact.source})"


def corrected(fact: Sourced) -> None:
    """What is often misreported, shown as a correction."""
    if fact.correction:
        otherwise = strong(_("Often misreported"))
        st.warning(f"{otherwise} · {_(fact.correction)} {citation(fact)}", icon=":material/ink_eraser:")
