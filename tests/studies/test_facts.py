"""The facts of the Today page: nothing gets in without source, kind of evidence and confidence."""

import re
import tomllib

import pytest

from lib.sampling_settings import SamplingSettings
from lib.studies.facts import CONFIDENCES, KINDS, PATH, FactError, load_facts, parse_facts

CLAIM = {"id": "x", "text": "y", "source": "https://example.org", "kind": "paper", "confidence": "seen"}
MODEL = {"name": "m", "year": 2020, "note": "", "source": "https://example.org", "kind": "code", "confidence": "seen"}


EVENT = {
    "id": "2017-x", "short": "Transformer", "year": 2017, "die": "learn", "who": "Vaswani et al.",
    "title": "Attention Is All You Need", "what": "w", "number": "n", "source": "https://example.org", "kind": "paper",
    "confidence": "seen",
}  # fmt: skip


def written(table: str, entry: dict[str, object]) -> str:
    values = "\n".join(
        f"{name} = {value!r}" if isinstance(value, str) else f"{name} = {value}" for name, value in entry.items()
    )
    return f"[[{table}]]\n{values}\n"


def test_a_complete_entry_is_read() -> None:
    assert parse_facts(written("claim", CLAIM)).claims[0].text == "y"
    assert parse_facts(written("model", MODEL)).models[0].rate is None


@pytest.mark.parametrize("field", ["source", "kind", "confidence"])
@pytest.mark.parametrize(("table", "entry"), [("claim", CLAIM), ("model", MODEL)])
def test_an_entry_without_where_it_comes_from_is_refused(table: str, entry: dict[str, object], field: str) -> None:
    with pytest.raises(FactError) as refused:
        parse_facts(written(table, {name: value for name, value in entry.items() if name != field}))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", ""),
        ("source", "a book"),
        ("source", "http://example.org"),
        ("source", "javascript:alert(1)"),
        ("kind", "rumour"),
        ("kind", ""),
        ("confidence", "memory"),
        ("confidence", ""),
        ("extra", "field"),
    ],
)
def test_an_entry_with_a_bad_field_is_refused(field: str, value: str) -> None:
    with pytest.raises(FactError) as refused:
        parse_facts(written("claim", {**CLAIM, field: value}))
    assert (refused.value.entry, refused.value.field) == ("x", field)


@pytest.mark.parametrize("who", ["Attention Is All You Need", "attention is all you need", "Transformer", ""])
def test_the_authors_of_an_event_are_not_its_title(who: str) -> None:
    assert parse_facts(written("event", EVENT)).events[0].who == "Vaswani et al."
    with pytest.raises(FactError) as refused:
        parse_facts(written("event", {**EVENT, "who": who}))
    assert (refused.value.entry, refused.value.field) == ("2017-x", "who")


def test_the_authors_are_names() -> None:
    """Family names with commas between them, "et al." after the first where there are many."""
    name = r"(?:[A-Z][a-zA-Z]+ )?(?:De Luca )?[A-Z][a-zA-Z]+"
    for event in load_facts().events:
        assert re.fullmatch(rf"{name}(, {name})*( et al\.)?", event.who), event.who


@pytest.mark.parametrize("rate", [-0.1, 1.0, 30])
def test_a_rate_that_cannot_be_is_refused(rate: float) -> None:
    with pytest.raises(FactError, match="rate"):
        parse_facts(written("model", {**MODEL, "rate": rate}))


def test_where_sources_conflict_there_is_no_number() -> None:
    with pytest.raises(FactError, match="absent where sources conflict"):
        parse_facts(written("model", {**MODEL, "rate": 0.0, "confidence": "conflict"}))
    (model,) = parse_facts(written("model", {**MODEL, "confidence": "conflict"})).models
    assert model.status == "conflicting"


SHIPPED = {**MODEL, "temperature": 0.6, "top_k": 20, "top_p": 0.9}


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", 0.0), ("temperature", -1), ("top_k", 0), ("top_p", 0.0), ("top_p", 1.1)],
)
def test_a_die_that_cannot_be_is_refused(field: str, value: float) -> None:
    assert parse_facts(written("shipped", SHIPPED)).shipped[0].cuts == ("top_k", "top_p")
    with pytest.raises(FactError) as refused:
        parse_facts(written("shipped", {**SHIPPED, field: value}))
    assert (refused.value.entry, refused.value.field) == ("m", field)


def test_who_decodes_greedily_has_no_cut() -> None:
    with pytest.raises(FactError, match="temperature must be given where there is a cut"):
        parse_facts(written("shipped", {**MODEL, "top_k": 20}))
    (uncut,) = parse_facts(written("shipped", {**MODEL, "temperature": 1.0, "top_p": 1.0})).shipped
    assert uncut.cuts == ()
    assert uncut.settings == SamplingSettings(1.0)
    assert parse_facts(written("shipped", SHIPPED)).shipped[0].settings == SamplingSettings(0.6, top_k=20, top_p=0.9)


def test_code_that_only_runs_a_model_and_the_default_of_a_class_say_nothing() -> None:
    for model in load_facts().models:
        if "only runs the model" in model.note:
            assert model.status == "not stated", model.name
    assert {model.name for model in load_facts().models if model.rate is None} == {"GPT-2", "GPT-3", "LLaMA"}


def test_what_was_raised_and_added_stays() -> None:
    rates = {model.name: (model.rate, model.confidence) for model in load_facts().models}
    assert {name: rates[name] for name in ("T5", "BLOOM", "phi-1")} == dict.fromkeys(
        ("T5", "BLOOM", "phi-1"), (0.1, "seen")
    )


def test_silence_is_not_zero() -> None:
    silent, zero = parse_facts(written("model", MODEL) + written("model", {**MODEL, "rate": 0.0})).models
    assert (silent.status, zero.status) == ("not stated", "without")


def test_every_entry_of_the_file_is_shown_and_sourced() -> None:
    with PATH.open("rb") as file:
        tables = tomllib.load(file)
    facts = load_facts()
    assert list(tables) == ["event", "model", "tuning", "shipped", "claim", "reading"]
    assert sum(map(len, tables.values())) == len(facts.entries)
    for entry in facts.entries:
        assert entry.source.startswith("https://")
        assert entry.kind in KINDS
        assert entry.confidence in CONFIDENCES


def test_the_time_line_is_in_order_and_its_ids_are_different() -> None:
    events = load_facts().events
    assert [event.year for event in events] == sorted(event.year for event in events)
    assert len({event.id for event in events}) == len(events)


def test_the_corrections_are_those_that_the_notes_need() -> None:
    texts = " ".join(entry.correction for entry in load_facts().corrections)
    for said in (
        "ordinary dropout",
        "sum with the embeddings",
        "Silence is not zero",
        "from vision",
        "scaled at inference",
        "probability of keeping a unit",
    ):
        assert said in texts
