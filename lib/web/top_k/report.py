"""Under the Top-k page's picture: the numbers, the mistakes over all k, many draws, and stories side by side."""

import functools
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from lib.cut_errors import TopKErrors, top_k_errors
from lib.figures.figure import Figure
from lib.figures.top_k import MOST_BARS, DrawLabels, ErrorLabels, draws_figure, errors_figure
from lib.language_model import LanguageModel, load_model
from lib.next_word import NextWord, judge, what_follows
from lib.sampling import draw
from lib.sampling_settings import SamplingSettings
from lib.statistics.chi_square import chi_square_test
from lib.story import load_story
from lib.web.elements.chart import chart
from lib.web.elements.controls import Controls, change
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.metrics import numbers_in_a_row
from lib.web.elements.table import table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_sentences, ngettext, percent, plain, prose
from lib.web.top_k.settings import OPENINGS, Opening

STORIES = 20
IN_TABLE = 100  # words
MOST_STORIES = 300  # times 20 stories
MOST_ERRORS = 128  # curves over k
_STRONG = re.compile(r"\*\*(.+?)\*\*")  # as the prose marks it
_UNLIKELY = 0.01  # the p-value below which the verdict is "not from these probabilities"


def numbers(step: NextWord, V: int) -> None:
    """What the cut took away, and how open the choice was before and after it."""
    (entropy_before, entropy_after), (before, after) = step.entropy, step.choices
    cells = [
        (_("Cut away"), percent(step.removed), _("The probability of all the cut words together.")),
        (_("Words left"), _("{kept} of {V}", kept=decimal(step.kept, 0), V=decimal(V, 0)), None),
        (
            _("Effective choices"),
            f"{decimal(before, 1)} → {decimal(after, 1)}",
            _("The choice is as open as one between this many equally likely words: exp(entropy)."),
        ),
        (_("Entropy, nats"), f"{decimal(entropy_before)} → {decimal(entropy_after)}", None),
    ]
    if step.thrown_away is not None and step.let_in is not None:
        cells += [
            (
                _("Good words thrown away"),
                percent(step.thrown_away),
                _("The true probability of the words that were cut."),
            ),
            (
                _("Impossible words let in"),
                percent(step.let_in),
                _("The probability of drawing a word that cannot stand here."),
            ),
        ]
    numbers_in_a_row(cells)


def words_table(step: NextWord, vocabulary: Sequence[str], *, named: int | None = None) -> None:
    """Every step of every word, the likeliest first, as a table that is made while it is open.

    All words of the storybook take a browser longer than the rest of the page, so the first are shown until somebody
    asks for all. Where only the ``named`` likeliest are known by name, those are all that is shown.
    """
    expander = st.expander(_("The words as a table"), icon=":material/table:", on_change="rerun", key="words_table")
    if not expander.open:
        return
    if named is None and expander.toggle(_("All {V} words", V=decimal(len(vocabulary), 0)), key="every_word"):
        named = len(vocabulary)
    trace, truth = step.trace, step.truth
    head = [_("word"), _("logit"), _("divided by T"), _("softmax"), _("kept"), _("renormalised")]
    rows = [
        [
            vocabulary[i],
            decimal(trace.logits[i]),
            decimal(trace.scaled[i]),
            percent(step.before[i], 2),
            "✓" if trace.kept[i] else "✗",
            percent(trace.probabilities[i], 2),
            *([] if truth is None else [percent(truth[i], 2)]),
        ]
        for i in step.order[: named or IN_TABLE]
    ]
    with expander:
        if truth is None:
            table(head, rows, "lrrrcr")
        else:
            table([*head, _("truth")], rows, "lrrrcrr")


@functools.lru_cache(maxsize=MOST_ERRORS)
def _errors(model: LanguageModel, words: tuple[str, ...], temperature: float) -> TopKErrors | None:
    """Both mistakes for every k, in single precision: half as much to send, and more than a screen shows."""
    follows = what_follows(model, words)
    if follows.truth is None:
        return None
    k, thrown_away, let_in = top_k_errors(follows.logits, follows.truth, temperature=temperature)
    return TopKErrors(k, thrown_away.astype(np.float32), let_in.astype(np.float32))


def mistakes(model: LanguageModel, words: tuple[str, ...], k: int, temperature: float) -> None:
    """Over all k: the probability of good words thrown away, and of impossible words let in."""
    errors = _errors(model, words, temperature)
    if errors is None:
        st.caption(prose("top_k", "no-truth"))
        return
    at = min(k, len(errors.k)) - 1
    best = int(np.argmin(errors.thrown_away + errors.let_in))
    values = {
        "k": k,
        "thrown": percent(errors.thrown_away[at]),
        "let_in": percent(errors.let_in[at]),
        "best": int(errors.k[best]),
        "best_thrown": percent(errors.thrown_away[best]),
        "best_let_in": percent(errors.let_in[best]),
        "V": len(errors.k),
        "all": percent(errors.let_in[-1]),
    }
    figure = drawn_once(
        errors_figure,
        errors,
        at + 1,
        ErrorLabels(
            k=_("k (logarithmic)"),
            value=_("probability"),
            thrown_away=_("good words thrown away"),
            let_in=_("impossible words let in"),
            now=_("k = {k}", k=k),
            fallback=_("50, Hugging Face’s default"),
        ),
    )
    alt = _(
        "Two curves over k from 1 to {V}. At k = {k}, {thrown} of the true probability is thrown away "
        "and {let_in} of the draws are impossible. The sum of both is smallest at k = {best}.",
        **values,
    )
    chart(figure, key="mistakes", alt=alt)
    st.markdown(prose("top_k", "mistakes", **values))


def where_it_hurts(language: str) -> None:
    """The second example: a beginning after which the same k throws good words away."""
    if hurts := OPENINGS.get(language, Opening()).hurts:
        label = _("Where the same k hurts: “{beginning} …”", beginning=hurts)
        st.button(label, on_click=change, kwargs={"text": hurts}, key="where_it_hurts")


def drawn_beside_expected(step: NextWord, vocabulary: Sequence[str], counts: npt.NDArray[np.integer]) -> Figure:
    """The figure of how often each kept word was drawn, from the ``counts`` (V,) of all words."""
    kept = step.order[: step.kept]
    return drawn_once(
        draws_figure,
        [vocabulary[i] for i in kept[:MOST_BARS]],
        counts[kept],
        counts.sum() * step.trace.probabilities[kept],
        DrawLabels(count=_("times drawn"), drawn=_("drawn"), expected=_("expected"), others=_("all others")),
    )


def draws(step: NextWord, vocabulary: Sequence[str], n: int, seed: int) -> None:
    """Draw n times from the distribution on screen, beside what was expected, with a verdict."""
    probabilities = step.trace.probabilities
    drawn = draw(probabilities, n, np.random.default_rng([seed, n]))
    counts = np.bincount(drawn, minlength=len(vocabulary))
    test = chi_square_test(counts, probabilities)
    kept = step.order[: step.kept]
    most = int(kept[np.argmax(counts[kept])])
    values = {
        "n": decimal(n, 0),
        "word": vocabulary[most],
        "count": decimal(int(counts[most]), 0),
        "expected": decimal(n * float(probabilities[most]), 1),
        "different": decimal(int((counts > 0).sum()), 0),
    }
    figure = drawn_beside_expected(step, vocabulary, counts)
    if n == 1:
        sentence = _("One draw gave “{word}”.")
    else:
        sentence = _(
            "{n} draws gave {different} different words; “{word}” came up {count} times; {expected} were expected."
        )
    chart(figure, key="draws", alt=sentence.format(**values))
    said = sentence.format(**{**values, "word": plain(values["word"])})  # a real model's token may look like Markdown
    if test.dof == 0:
        verdict = prose("top_k", "draws-few" if step.kept > 1 else "draws-one-word")
    else:
        section = "draws-unlikely" if test.p_value < _UNLIKELY else "draws-fit"
        verdict = prose(
            "top_k",
            section,
            statistic=decimal(test.statistic, 1),
            dof=test.dof,
            p_value=decimal(test.p_value, 3),
            one_in=decimal(1 / _UNLIKELY, 0),
        )
    st.markdown(in_sentences(said, verdict))


@functools.lru_cache(maxsize=8)  # two models for each storybook, 1 MB each
def _training_sentences(language: str, p: float) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(sentence) for sentence in load_model(language, p, "small").training_sentences)


@st.cache_data(max_entries=MOST_STORIES, show_spinner=False)
def _continuations(
    language: str, p: float, words: tuple[str, ...], seed: int, settings: SamplingSettings
) -> tuple[str, dict[str, int]]:
    """20 continuations, one in a line with its verdicts before it, and how many there are of each kind."""
    story, model = load_story(language), load_model(language, p, "small")
    sentences = model.generate(STORIES, np.random.default_rng(seed), prefix=words, settings=settings)
    verdict = judge(sentences, story, _training_sentences(language, p))
    lines = [
        f"{'✓' if right else '✗'}{'©' if copied else ' '} {_sentence(model, sentence)}"
        for sentence, right, copied in zip(sentences, verdict.accepted, verdict.copied, strict=True)
    ]
    return "\n".join(lines), {
        "n": verdict.n,
        "different": verdict.different,
        "accepted": int(verdict.accepted.sum()),
        "copied": int(verdict.copied.sum()),
    }


def stories(language: str, p: float, words: tuple[str, ...], seed: int, settings: SamplingSettings) -> None:
    """20 continuations each: greedy, with the present cuts, without any; and what grammar and corpus say to them."""
    ways = [
        # Greedily nothing is random, so that any seed will do.
        (_("Greedy: always the likeliest (k = 1)"), _continuations(language, p, words, 0, SamplingSettings(top_k=1))),
        (_("The settings on screen"), _continuations(language, p, words, seed, settings)),
        (_("No cut"), _continuations(language, p, words, seed, SamplingSettings(settings.temperature))),
    ]
    columns = []
    for name, (lines, verdict) in ways:
        counts = _STRONG.sub(r"<strong>\1</strong>", escape(prose("top_k", "stories", **verdict)))
        listed = f'<div role="region" aria-label="{escape(name)}" tabindex="0">{escape(lines)}</div>'
        columns.append(f"<section><p><strong>{escape(name)}</strong></p><p>{counts}</p>{listed}</section>")
    st.html(f'<div class="stories">{"".join(columns)}</div>')
    model = load_model(language, p, "small")
    st.caption(prose("top_k", "stories-legend", sentences=decimal(len(model.training_sentences), 0)))


def _sentence(model: LanguageModel, words: list[str]) -> str:
    """The sentence; one that was still going on at the model's last word is left open."""
    return model.story.text_of(words, unfinished=len(words) >= model.config.context)


def drawn_word(step: NextWord, vocabulary: list[str], end: str) -> str:
    """What the button that goes on says."""
    word = vocabulary[step.drawn]
    return _("Full stop: the sentence ends") if word == end else _("Continue with “{word}”", word=word)


def word_count(count: int) -> str:
    """A number of words in the person's language."""
    return ngettext("{count} word", "{count} words", count)


def report(
    controls: Controls[Any], step: NextWord, model: LanguageModel, words: tuple[str, ...], sampling: SamplingSettings
) -> None:
    """What the cut does: in numbers, for every k, over many draws, and in twenty stories."""
    settings, vocabulary = controls.settings(), model.vocabulary
    numbers(step, len(vocabulary))
    words_table(step, vocabulary)
    wrong, many = st.columns(2, gap="large")
    with wrong:
        st.subheader(_("What the cut gets wrong, for every k"), anchor=False)
        mistakes(model, words, settings.k, settings.temp)
        where_it_hurts(model.config.language)
    with many:
        st.subheader(_("Many draws"), anchor=False)
        many_draws(controls, step, vocabulary, settings.seed)
    _twenty_stories(controls, model, words, settings.seed, sampling)
    st.markdown(prose("top_k", "dropout" if settings.p else "no-dropout"))


@lesson.fragment
def many_draws(controls: Controls[Any], step: NextWord, vocabulary: Sequence[str], seed: int) -> None:
    """How often each word comes, beside how often it should."""
    draws(step, vocabulary, controls.segmented("n", _("How many")), seed)


@lesson.fragment
def _twenty_stories(
    controls: Controls[Any], model: LanguageModel, words: tuple[str, ...], seed: int, sampling: SamplingSettings
) -> None:
    """Twenty continuations each, if somebody wants to read them."""
    label = _("**Twenty stories from here**: greedy, with the settings on screen, and without a cut")
    if controls.toggle("tell", label):
        stories(model.config.language, model.config.p, words, seed, sampling)
