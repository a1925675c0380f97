"""What both models say after learning, with what they copied marked, and counted."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from lib.copying import copied_tokens, longest_matches, share_copied
from lib.own_text import OwnText
from lib.sampling_settings import SamplingSettings
from lib.text_model import PairJob, TextModel
from lib.web.elements.table import table
from lib.web.frame.language import _, decimal, percent, prose
from lib.web.training.player import arm_name
from lib.web.your_text.settings import Settings

SAID, PROMPT = 200, 4  # tokens
LEAST = 5  # tokens in a run that is marked
NS = (2, 3, 5, 8)


@dataclass(frozen=True)
class Said:
    """What a model said, in tokens, and for each of them how much is copied from there on."""

    tokens: list[str]
    matches: list[int]


def said_by(model: TextModel, text: OwnText, settings: Settings) -> Said:
    """Let a model go on from the first tokens of the part that it never read."""
    drawn = SamplingSettings(temperature=settings.temp, top_k=settings.k)
    ids = model.generate(SAID, settings.say, text.ids(text.validation[:PROMPT]), drawn)
    return Said([text.vocabulary[i] for i in ids], longest_matches(ids, text.ids(text.training), unknown=0))


def fresh_matches(text: OwnText) -> list[int]:
    """The same of the text that was kept aside, as long as what a model says: so much repeats itself by chance."""
    fresh = text.ids(text.validation[PROMPT : PROMPT + SAID])
    return longest_matches(fresh, text.ids(text.training), unknown=0)


def marked(said: Said) -> str:
    """The text as HTML, with every copied run of at least five tokens in a mark of its own.

    >>> marked(Said(["a", "<b>", "c", "d", "e", "f"], [0, 5, 4, 3, 2, 1]))
    'a<mark>&lt;b&gt;cdef</mark>'
    """
    parts, inside = [], False
    for token, copied in zip(said.tokens, copied_tokens(said.matches, LEAST), strict=True):
        if copied != inside:
            parts.append("<mark>" if copied else "</mark>")
            inside = copied
        parts.append(escape(token))
    return "".join(parts) + ("</mark>" if inside else "")


def report(job: PairJob, text: OwnText, settings: Settings) -> None:
    """What both say, side by side, and the copies in numbers."""
    st.caption(prose("your_text", "marked", count=LEAST))
    rows = []
    for place, model in zip(st.columns(2, border=True), job.models, strict=True):
        said, name = said_by(model, text, settings), arm_name(model.config.p)
        place.markdown(f"**{name}**")
        # The text is somebody's own: every token of it is escaped, and no browser is to translate it.
        place.html(f'<p class="said" translate="no">{marked(said)}</p>')
        rows.append([name, *_numbers(said.matches)])
    rows.append([_("The text kept for validation"), *_numbers(fresh_matches(text))])
    shares = [_("runs of {n} copied", n=n) for n in NS]
    table(["", _("longest copied run"), *shares], rows, "l" + "r" * (1 + len(NS)))
    st.caption(prose("your_text", "numbers"))
    losses = " ".join(
        _(
            "{arm}: training loss {train}, validation loss {val}, at its lowest {best}.",
            arm=arm_name(model.config.p),
            train=decimal(model.records[-1][1]),
            val=decimal(model.records[-1][2]),
            best=decimal(min(record[2] for record in model.records)),
        )
        for model in job.models
    )
    st.markdown(losses)


def _numbers(matches: list[int]) -> list[str]:
    return [decimal(max(matches, default=0), 0), *(percent(share_copied(matches, n), 0) for n in NS)]
