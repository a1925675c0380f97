"""The Today page's models: which learn with dropout, and which die they are shipped with; all from data/facts.toml."""

from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from lib.figures.models import TICKS, ModelLabels, ShippedLabels, models_figure, shipped_figure
from lib.listings.today import scaling_listing
from lib.sampling_settings import SamplingSettings
from lib.studies.facts import Model, Rated, Shipped, Sourced, load_facts
from lib.web.elements.chart import chart
from lib.web.elements.citation import citation, confidence_name, corrected, kind_name
from lib.web.elements.controls import Controls
from lib.web.elements.drawn_once import drawn_once
from lib.web.elements.table import markdown_table
from lib.web.frame import lesson
from lib.web.frame.language import _, decimal, in_parts, plain, prose
from lib.web.today.settings import Settings


def models_part() -> Callable[[], str]:
    """The picture of one die, and its table; both show what the filters let through."""
    facts = load_facts()
    with lesson.picture(Settings) as (controls, stage):
        dice = {"learn": _("in training"), "tune": _("in fine-tuning"), "speak": _("when speaking")}
        die = controls.segmented("die", _("Which die, and when?"), dice)
        passes = _choose(controls, die)
    if die == "speak":
        shipped = [each for each in facts.shipped if passes(each)]
        with stage:
            _draw_shipped(shipped)
        _show_table(_shipped_numbers(shipped), _shipped_table(shipped) if shipped else "")
        _show_claims("sampling-off", "fallback-k", "order")
        return lambda: _listing(shipped)
    rated = [each for each in (facts.tunings if die == "tune" else facts.models) if passes(each)]
    with stage:
        _draw_rates(rated, _("dropout rate in fine-tuning") if die == "tune" else _("dropout rate in (pre-)training"))
    _show_table(_tuning_numbers(rated) if die == "tune" else "", _rates_table(rated) if rated else "")
    if die == "learn":
        _show_claims("class-default")
    return lambda: scaling_listing(0.1)


def _listing(models: Sequence[Shipped]) -> str:
    """A program that speaks with the die of the first model on screen that rolls one."""
    from lib.listings.top_k import generate_listing  # it needs PyTorch, for the Top-k page

    die = next((each for each in models if each.temperature is not None), None)
    settings = SamplingSettings(die.temperature or 1.0, die.top_k, die.top_p) if die else SamplingSettings()
    return generate_listing(("Once", "upon", "a", "time"), settings)


def _choose(controls: Controls[Settings], die: str) -> Callable[[Sourced], bool]:
    """The filters; returns what they let through."""
    show = "all"
    if die != "speak":
        stated = {"all": _("all"), "with": _("with"), "without": _("without"), "silent": _("not stated")}
        show = controls.segmented("show", _("Models, by dropout"), stated)
    evidence = {"any": _("any"), "paper": _("paper"), "code": _("code"), "card": _("model card")}
    kind = controls.segmented("kind", _("Evidence"), evidence)
    st.caption(prose("today", {"learn": "silence", "tune": "tuning", "speak": "shipped"}[die]))

    def passes(entry: Sourced) -> bool:
        shown = not isinstance(entry, Rated) or _is_shown(entry, show)
        return shown and kind in ("any", entry.kind.removeprefix("model "))

    return passes


def _is_shown(entry: Rated, show: str) -> bool:
    return {"all": True, "silent": entry.rate is None}.get(show, entry.status == show)


def _show_table(numbers: str, table: str) -> None:
    st.subheader(_("The numbers"), anchor=False)
    if table and numbers:
        st.markdown(numbers)
    st.markdown(table or _("No model matches."))


def _tuning_numbers(rated: Sequence[Rated]) -> str:
    """How many switch dropout on while fine-tuning; nothing where none does."""
    on = [each.rate for each in rated if each.rate]
    if not on:
        return ""
    low, high, off = decimal(min(on)), decimal(max(on)), sum(each.rate == 0 for each in rated)
    return prose("today", "tuning-numbers", on=len(on), n=len(rated), low=low, high=high, off=off)


def _shipped_numbers(shipped: Sequence[Shipped]) -> str:
    """How many of the models draw, and with which cuts; nothing where none does."""
    drawing = [each for each in shipped if each.temperature is not None]
    if not drawing:
        return ""
    top_p, top_k = (sum(cut in each.cuts for each in drawing) for cut in ("top_p", "top_k"))
    uncut = sum(not each.cuts for each in drawing)
    return prose(
        "today", "shipped-numbers", drawing=len(drawing), n=len(shipped), top_p=top_p, top_k=top_k, uncut=uncut
    )


def _show_claims(*names: str) -> None:
    for name in names:
        claim = load_facts().claim(name)
        st.markdown(f"- {_(claim.text)} {citation(claim)}")
        corrected(claim)


def status_names() -> dict[str, str]:
    """What the page calls a model's status."""
    return {
        "with": _("with dropout"),
        "without": _("without dropout"),
        "not stated": _("not stated"),
        "conflicting": _("conflicting"),
    }


def _draw_rates(models: Sequence[Rated], rate: str) -> None:
    ticks = tuple(decimal(each, 1 if each else 0) for each in TICKS)
    labels = ModelLabels(rate, _("not stated"), status_names(), ticks)
    chart(
        drawn_once(models_figure, models, labels),
        key="models",
        alt=in_parts(f"{each.heading}: {_rate(each) or status_names()[each.status]}" for each in models)
        or _("No model matches."),
    )


def _draw_shipped(models: Sequence[Shipped]) -> None:
    labels = ShippedLabels(
        title=_("what their makers ship"),
        columns=("T", "top-p", "top-k"),
        looks={"acts": _("changes the draw"), "leaves": _("changes nothing"), "greedy": _("greedy")},
    )
    chart(
        drawn_once(shipped_figure, models, [_settings(each) for each in models], labels),
        key="shipped",
        alt=in_parts(f"{each.heading}: {_in_words(each)}" for each in models) or _("No model matches."),
    )


def _settings(model: Shipped) -> tuple[str, str, str]:
    """Temperature, top-p and top-k as a person writes them; empty where there is none."""
    temperature = "" if model.temperature is None else decimal(model.temperature, 1)
    top_p = "" if model.top_p is None else decimal(model.top_p, 1 if 10 * model.top_p % 1 == 0 else 2)
    return temperature, top_p, "" if model.top_k is None else str(model.top_k)


def _in_words(model: Shipped) -> str:
    named = zip(("T", "top-p", "top-k"), _settings(model), strict=True)
    return " ".join(f"{name} {value}" for name, value in named if value) or _("greedy")


def _shipped_table(models: Iterable[Shipped]) -> str:
    head = (_("model"), _("year"), "T", "top-p", "top-k", _("dropout in training"))
    rows = [
        (
            plain(each.name),
            str(each.year),
            *(value or "–" for value in _settings(each)),
            _trained(load_facts().trained(each.name)),
        )
        for each in models
    ]
    return _with_sources(head, rows, "lrrrrr", models)


def _trained(model: Model | None) -> str:
    """The dropout rate in training, where anything is known of it."""
    return (_rate(model) if model else "") or status_names()["not stated"]


def _rates_table(models: Sequence[Rated]) -> str:
    dated = any(isinstance(each, Model) for each in models)
    head = (_("model"), *([_("year")] if dated else []), _("dropout rate"), _("status"))
    rows = [
        (
            plain(each.name),
            *([str(each.year)] if isinstance(each, Model) else []),
            _rate(each),
            status_names()[each.status],
        )
        for each in models
    ]
    return _with_sources(head, rows, "lrrl" if dated else "lrl", models)


def _with_sources(
    head: Sequence[str], rows: Iterable[Sequence[str]], aligned: str, entries: Iterable[Rated | Shipped]
) -> str:
    """The table with what every entry has: its note, its kind of evidence, how it was read, and the link."""
    opened = _("open")
    sources = [
        (
            plain(_(each.note)) if each.note else "",
            kind_name(each.kind),
            confidence_name(each.confidence),
            f"[{opened}](<{each.source}>)",
        )
        for each in entries
    ]
    whole = [(*row, *source) for row, source in zip(rows, sources, strict=True)]
    return markdown_table((*head, _("note"), _("evidence"), _("confidence"), _("source")), whole, aligned + "llll")


def _rate(model: Rated) -> str:
    """The rate as a person writes it; empty where there is none."""
    return "" if model.rate is None else decimal(model.rate, 2 if model.rate == 0.05 else 1)
