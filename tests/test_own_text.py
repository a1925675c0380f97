"""A text of one's own: what is read, what is refused, how it is cut, and how copying is counted."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from torch.nn import functional

from lib.copying import copied_tokens, longest_matches, share_copied
from lib.own_text import (
    MOST_BYTES,
    MOST_DIFFERENT,
    UNKNOWN,
    Refusal,
    TextRefused,
    cut_text,
    read_text,
    unit_for,
)
from lib.sampling_settings import SamplingSettings
from lib.story import load_story
from lib.text_model import TRAINING, PairJob, TextModel
from tests.support.serving import ROOT


def story_text(language: str, sentences: int = 100) -> str:
    story = load_story(language)
    return "\n".join(map(story.text_of, story.sample(sentences, np.random.default_rng(1))))


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *((language, encoding) for language in ("en", "fr", "de", "es") for encoding in ("cp1252", "utf-8-sig")),
        *(("ja", encoding) for encoding in ("cp932", "euc_jp", "utf-8", "utf-16", "utf-32")),
        *(("zh-Hant", encoding) for encoding in ("big5", "utf-8", "utf-16", "utf-8-sig")),
    ],
)
def test_the_encodings_of_the_six_languages_are_read(language, encoding):
    text = story_text(language)
    assert read_text(text.encode(encoding)) == text


def a_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("text.txt", story_text("en"))
    return packed.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        a_zip(),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        bytes(range(256)) * 10,
        b"a text with a NUL\0in it",
        b"\xff\xfe\x00\xd8" * 100,  # half of a pair of UTF-16
        np.random.default_rng(0).bytes(5_000),
        (ROOT / "data" / "digits.npz").read_bytes()[:100_000],
    ],
)
def test_what_is_no_text_is_refused(data):
    with pytest.raises(TextRefused) as refused:
        read_text(data)
    assert refused.value.reason is Refusal.NOT_TEXT


def test_what_is_too_large_or_too_short_is_refused():
    assert read_text(b"a" * MOST_BYTES)
    for much in (b"a" * (MOST_BYTES + 1), b"\0" * (MOST_BYTES + 1)):
        with pytest.raises(TextRefused) as refused:
            read_text(much)
        assert refused.value.reason is Refusal.TOO_LARGE
    for little in ("", "a" * 199, "To be, or not to be."):
        with pytest.raises(TextRefused) as refused:
            cut_text(little)
        assert refused.value.reason is Refusal.TOO_SHORT
    assert len(cut_text("a" * 200).tokens) == 200


@given(some.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    try:
        text = read_text(data)
    except TextRefused:
        return
    assert read_text(text.encode()) == text


@given(some.text(max_size=300), some.sampled_from(["words", "characters"]))
def test_tokens_in_a_row_are_the_text_again(typed, unit):
    try:
        text = read_text((typed * 3 + " and so on" * 100).encode("utf-8", "surrogatepass"))
    except TextRefused:
        return
    own = cut_text(text, unit)
    assert "".join(own.tokens) == text
    assert own.training + own.validation == own.tokens
    assert all(own.vocabulary[i] in (token, UNKNOWN) for i, token in zip(own.ids(own.tokens), own.tokens, strict=True))


def test_the_unit_suits_script_and_size():
    units = {language: unit_for(story_text(language)) for language in ("en", "fr", "de", "es", "ja", "zh-Hant")}
    words, characters = dict.fromkeys(("en", "fr", "de", "es"), "words"), dict.fromkeys(("ja", "zh-Hant"), "characters")
    assert units == words | characters
    assert unit_for("Twinkle, twinkle, little star. " * 20) == "characters"  # 160 words


def test_the_vocabulary_is_bounded_and_the_rest_unknown():
    own = cut_text(" ".join(f"w{i % 4_000}" for i in range(6_000)), "words")
    assert len(own.vocabulary) == MOST_DIFFERENT
    assert own.ids(("never",)) == [0]


TOKENS = some.lists(some.integers(0, 3), max_size=30)


@given(TOKENS, TOKENS)
def test_copies_are_those_that_a_search_for_every_run_finds(said, source):
    def stands(run: list[int]) -> bool:
        return any(source[i : i + len(run)] == run for i in range(len(source) - len(run) + 1))

    matches = longest_matches(said, source)
    assert matches == [
        max(n for n in range(len(said) - i + 1) if n == 0 or stands(said[i : i + n])) for i in range(len(said))
    ]
    for n in range(2, 9):
        runs = [said[i : i + n] for i in range(len(said) - n + 1)]
        assert share_copied(matches, n) == (sum(map(stands, runs)) / len(runs) if runs else 0)
        inside = {i + j for i, run in enumerate(runs) if stands(run) for j in range(n)}
        assert copied_tokens(matches, n) == [i in inside for i in range(len(said))]


def test_an_unknown_token_is_no_copy():
    assert longest_matches([1, 0, 2], [1, 0, 2], unknown=0) == [1, 0, 1]


QUICK = replace(TRAINING, steps=20, batch_size=4, context=8, record_every=10, width=16)


def test_the_same_seed_gives_the_same_curve_and_dropout_another():
    text = cut_text(story_text("en"))

    def curves(p: float, seed: int) -> list[list[tuple[int, float, float]]]:
        job = PairJob(text, p, seed, QUICK)
        while not job.done:
            job.advance()
        assert [record[0] for record in job.models[0].records] == [0, 10, 20]
        return list(job.records())

    first = curves(0.3, 0)
    assert curves(0.3, 0) == first
    assert curves(0.5, 0)[0] == first[0]  # without dropout p says nothing
    assert curves(0.5, 0)[1] != first[1]
    assert first[0][0] == first[1][0]  # both begin alike
    assert curves(0.3, 1)[0] != first[0]


def test_the_loss_is_that_of_pytorch_window_by_window():
    text = cut_text(story_text("en", 60))
    model = TextModel(QUICK, text)
    from lib.transformer import forward, unflatten

    w, ids = unflatten(model.parameters, model.network), text.ids(text.validation)
    starts = sorted({int(i * (len(ids) - 9) / 127) for i in range(128)})
    losses = []
    for start in starts:
        window = torch.tensor([ids[start : start + 9]])
        scores = forward(w, model.network, window[:, :-1])[0] @ w["word"].T
        losses.append(float(functional.cross_entropy(scores[0], window[0, 1:])))
    assert model.losses()[1] == pytest.approx(np.mean(losses), rel=1e-5)


def test_greedy_speech_is_certain_and_goes_on_beyond_what_the_model_reads():
    model = TextModel(QUICK, cut_text(story_text("en")))
    one, other = (model.generate(30, seed, [1, 2], SamplingSettings(top_k=1)) for seed in (0, 1))
    assert one == other
    assert len(one) == 30 > QUICK.context
    assert model.generate(30, 0, [1, 2]) != model.generate(30, 1, [1, 2])
