"""A text of one's own: read from any file, cut as its script wants it, and learned by the small GPT."""

import codecs
import io
import math
import zipfile

import numpy as np
import pytest
import torch
from torch.nn import functional

from lib.own_text import END, LONGEST, MAX_BYTES, MAX_KINDS, RARE, OwnTextError, decoded, own_text, suits
from lib.own_text_model import TextTrainer
from lib.sampling_settings import SamplingSettings
from lib.story import load_story
from lib.transformer import forward, unflatten
from lib.writing import sentence

ENCODINGS = {
    "en": ["ascii"],
    "fr": ["cp1252"],
    "de": ["cp1252"],
    "es": ["cp1252"],
    "ja": ["shift_jis", "euc_jp"],
    "zh-Hant": ["big5"],
}
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
TEXT = "The cat sat on the mat. The dog saw the cat. A bird sang in the tree! " * 20


def story_text(language: str, n: int = 60) -> str:
    return " ".join(sentence(words) for words in load_story(language).sample(n, np.random.default_rng(1)))


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(language, each) for language, own in ENCODINGS.items() for each in [*own, *UNICODE]],
)
def test_a_file_is_read_in_every_encoding_of_the_six_languages(language: str, encoding: str) -> None:
    text = story_text(language).replace("œ", "oe")
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    assert decoded(mark + text.encode(encoding)) == text


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("text.txt", TEXT)
    return file.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
        zipped(),
        np.random.default_rng(0).bytes(20_000),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x00\x01\x02",
        b"\xff\xfe\x00\xd8\x00\xd8",  # half a pair of surrogates
        b"a text with a \x00 in it",
    ],
    ids=["png", "zip", "noise", "pdf", "surrogates", "nul"],
)
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(OwnTextError, match="not text"):
        decoded(raw)


def test_too_much_and_too_little_are_refused_with_their_numbers() -> None:
    assert decoded(b"a" * MAX_BYTES)
    with pytest.raises(OwnTextError) as large:
        decoded(b"a" * (MAX_BYTES + 1))
    assert (large.value.code, large.value.found, large.value.expected) == ("too_large", 200_001, 200_000)
    for text in ("", " \n\n ", "One. Two. Three."):
        with pytest.raises(OwnTextError) as small:
            own_text(text)
        assert (small.value.code, small.value.expected) == ("too_short", 20)


@pytest.mark.parametrize("language", ENCODINGS)
def test_words_where_there_are_spaces_and_characters_where_there_are_none(language: str) -> None:
    unit = "characters" if language in ("ja", "zh-Hant") else "words"
    assert suits(story_text(language)) == own_text(story_text(language)).unit == unit


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_all_of_the_text_is_in_its_passages_in_order(unit: str) -> None:
    text = own_text(TEXT, unit)  # type: ignore[arg-type]
    rows = [*text.training, *text.validation]
    assert " ".join(map(text.written, rows)).split() == TEXT.split()
    assert len(text.validation) == len(rows) // 10
    assert max(map(len, rows)) <= LONGEST[unit]  # type: ignore[index]
    assert text.vocabulary[:2] == (END, RARE)


def test_what_is_beyond_the_commonest_is_rare() -> None:
    words = [f"w{i}" for i in range(MAX_KINDS + 500)]
    text = own_text("\n".join(f"the {word} is here" for word in words))
    assert len(text.vocabulary) == MAX_KINDS + 2
    assert {text.written(row) for row in text.validation} == {f"the {RARE} is here"}


def test_two_texts_have_two_names_which_tell_nothing() -> None:
    one, other = own_text(TEXT), own_text(TEXT.replace("cat", "cow"))
    assert one.digest == own_text(TEXT).digest != other.digest
    assert hash(one) != hash(other)


def test_a_training_begins_at_a_guess_and_is_the_same_every_time() -> None:
    text, runs = own_text(TEXT), []
    for _ in range(2):
        trainer = TextTrainer(text, p=0.3, seed=5)
        trainer.advance()
        trainer.advance()
        runs.append(trainer)
    assert runs[0].records == runs[1].records
    assert torch.equal(runs[0].model.parameters, runs[1].model.parameters)
    first, second = runs[0].records
    assert first.train_loss == pytest.approx(math.log(len(text.vocabulary)), abs=0.5)
    assert second.train_loss < first.train_loss
    assert TextTrainer(text, p=0.3, seed=6).model.parameters[0] != runs[0].model.parameters[0]


def test_the_loss_is_that_of_pytorch_over_all_words_and_ends() -> None:
    text = own_text(TEXT)
    trainer = TextTrainer(text, p=0.0)
    trainer.advance()
    model, total, count = trainer.model, 0.0, 0
    network = model.config.network(len(text.vocabulary))
    w = unflatten(model.parameters, network)
    for row in text.validation:
        states, _ = forward(w, network, torch.tensor([[0, *row]]))  # (1, T, C)
        total += float(functional.cross_entropy(states[0] @ w["word"].T, torch.tensor([*row, 0]), reduction="sum"))
        count += len(row) + 1
    assert trainer.records[0].val_loss == pytest.approx(total / count, rel=1e-5)


def test_greedy_passages_are_the_likeliest_words_one_after_the_other() -> None:
    text = own_text(TEXT)
    trainer = TextTrainer(text, p=0.0)
    while len(trainer.records) < 4:
        trainer.advance()
    model = trainer.model
    (spoken,) = set(model.speak(3, np.random.default_rng(0), SamplingSettings(top_k=1)))
    network = model.config.network(len(text.vocabulary))
    w, said = unflatten(model.parameters, network), [0]
    while len(said) < model.config.context:  # all of it is read anew for each word
        states, _ = forward(w, network, torch.tensor([said]))
        said.append(int((states[0, -1] @ w["word"].T).argmax()))
        if said[-1] == 0:
            break
    assert list(spoken) == [each for each in said if each]
