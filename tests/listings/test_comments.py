"""Every comment of every program is a message, and a program in another language differs in its comments only."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from lib.decoding import ORDERS, Decoder
from lib.listings.comments import MESSAGES, WIDTH, comments, message_of, with_comments, wrapped
from lib.listings.continuations import continuations_listing
from lib.listings.decoding import decoding_listing
from lib.listings.dropout import dropout_listing
from lib.listings.parts import comment
from lib.listings.questions import question_listing
from lib.listings.today import (
    block_listing,
    data_size_listing,
    paper_listing,
    regularisers_listing,
    scaling_listing,
    schedule_listing,
)
from lib.listings.top_k import generate_listing, live_listing, llm_listing, top_k_listing
from lib.listings.training import training_listing
from lib.listings.two_dice import two_dice_listing
from lib.listings.your_text import your_text_listing
from lib.live_llm.step import LiveStep
from lib.live_llm.vocabulary import Vocabulary
from lib.pictured_network import PassSettings
from lib.questions.threads import THREADS
from lib.recorded_llm import load_recorded_llm
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.studies.regularisers import RegularisersConfig
from lib.studies.schedules import ScheduleConfig
from lib.tables import example_table_text, load_table
from lib.training import TrainingConfig
from lib.web.frame import language as web_language
from lib.web.frame.language import LANGUAGES
from tests.support.apptest import listing, open_app_page
from tests.support.listings import fits_beside_the_page

# The shapes of tensors, and a command: the same in every language.
SAME = re.compile(r"\([A-Z](, [A-Z])*\)|pip install scikit-learn")
WIDE_TABLE = "a,b,c,label\n" + "".join(f"{i % 7},{i % 5},{i % 3},{'xy'[i % 2]}\n" for i in range(40))


def all_programs() -> Iterator[str]:
    """Each page's program as it opens, and with every setting that changes a comment."""
    for data, scaling, rates in product(
        ("digits", "mnist", "moons"), ("inverted", "at_test"), ((0.0, 0.5, 0.5), (0.1, 1.0, 0.95))
    ):
        yield dropout_listing(data, 0.2, 3, PassSettings(rates=rates, scaling=scaling))  # type: ignore[arg-type]
        by_hand = PassSettings(rates=rates, scaling=scaling, benched=((1, 2),))  # type: ignore[arg-type]
        yield dropout_listing(data, 0.2, 3, by_hand)

    for dataset, label_noise in product(("moons", "circles", "spirals", "digits", "mnist"), (0.0, 0.2)):
        yield training_listing(TrainingConfig(dataset, label_noise=label_noise))  # type: ignore[arg-type]
    yield training_listing(TrainingConfig(rates=(0.25,), input_rate=0.1, weight_decay=0.01, members=1, seed=12))
    for text in (example_table_text(), WIDE_TABLE):
        table = load_table(text.encode())
        yield training_listing(TrainingConfig("csv", n_train=20, label_noise=0.1, table=table), file_name="#1.csv")

    for prompt in ([], ["the", "dog"], ["when", "the", "old", "king"]):
        yield top_k_listing(prompt, UNCUT, p=0.3, seed=5)
        for k in (1, 2, 3, 4, 11, 50, 101, 102, 103):
            yield top_k_listing(prompt, SamplingSettings(top_k=k))
        yield top_k_listing(prompt, SamplingSettings(temperature=0.7, top_k=10, top_p=0.85, min_p=0.05), p=0.1)
        yield top_k_listing(prompt, SamplingSettings(temperature=3, top_p=0.5, min_p=0.001), corpus="large")
        yield generate_listing(prompt, SamplingSettings(top_k=50, top_p=0.9, min_p=0.02), seed=1)

    llm = load_recorded_llm()
    for k in (None, 50):
        yield llm_listing(llm.step(0, "uncut", 2), SamplingSettings(top_k=k), die=(0, 0, 2))

    words = Vocabulary.of([b" cat", b" dog", b"#no comment"])
    answer = LiveStep.of(np.log([0.2, 0.7, 0.1]), words, "The # one", (0, 2))
    for folder, revision in (("tiny", None), ("owner/name", "0" * 40)):
        yield live_listing(
            answer, SamplingSettings(top_k=2), folder=folder, revision=revision, precision="float32", die=(0, 2)
        )

    every_step = Decoder(SamplingSettings(0.7, 10, 0.85, 0.05), typical=0.9, sigma=1.5, penalty=1.2)
    for order, greedy in product(ORDERS.values(), (False, True)):
        yield decoding_listing(["the", "dog"], replace(every_step, order=order, greedy=greedy), p=0.3)

    yield continuations_listing([], UNCUT)
    yield continuations_listing(["the", "dog"], SamplingSettings(0.7, 10, 0.85, 0.05), p=0.3)

    yield two_dice_listing((0.0, 0.3), (None, 50, 10), n=1000, seed=0)
    yield two_dice_listing((0.0, 0.1, 0.5), (None, 1), n=37, seed=2, train=(500, 1500, 4))
    yield your_text_listing(language="en", unit=None, sentences=150, p=0.3, k=10, temperature=1.0, seed=0, say=0)

    yield scaling_listing(0.1)
    yield scaling_listing(0.95)
    for places, training in product(([], ["attention", "mlp"]), (True, False)):
        yield block_listing(0.3, places, training=training)
    yield paper_listing((800, 800), (0.5, 2.5))
    yield data_size_listing(500, 0.3, 0)
    yield data_size_listing(20000, 0.0, 3)
    small = TrainingConfig("circles", n_train=200, members=4, seed=9)
    yield schedule_listing(ScheduleConfig())
    yield schedule_listing(ScheduleConfig(small, p=0.25, switch=0.75))
    yield regularisers_listing(RegularisersConfig())
    yield regularisers_listing(RegularisersConfig(replace(small, hidden=(32,)), p=0.1, times=5))

    yield from map(question_listing, THREADS)


@pytest.fixture(scope="module")
def programs() -> list[str]:
    return list(dict.fromkeys(all_programs()))


def test_every_comment_is_a_message_and_every_message_a_comment(programs: list[str]) -> None:
    said = [each.text for program in programs for each in comments(program) if not SAME.fullmatch(each.text)]
    assert [text for text in said if message_of(text) is None] == []
    messages = {found[0] for found in map(message_of, said) if found}
    assert [message for message in MESSAGES if message not in messages] == []


def test_what_fills_a_message_is_short_and_makes_the_comment_again(programs: list[str]) -> None:
    """A message that fits by accident would swallow other words."""
    for program in programs:
        for each in comments(program):
            if found := message_of(each.text):
                message, values = found
                assert message.format(**values) == each.text
                assert all(re.fullmatch(r"'[\w ]+'" if name == "words" else r"[\d.]+", values[name]) for name in values)


def test_no_program_has_a_docstring_which_would_stay_in_english(programs: list[str]) -> None:
    for program in programs:
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                assert ast.get_docstring(node) is None


@pytest.mark.parametrize("translate", [lambda message: message, lambda message: ""], ids=["English", "not translated"])
def test_in_english_nothing_changes(translate, programs) -> None:
    for program in programs:
        assert with_comments(program, translate) == program


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_in_another_language_all_comments_and_only_comments_differ(language, programs, monkeypatch) -> None:
    monkeypatch.setattr(web_language, "current_language", lambda: language)
    for program in programs:
        translated = with_comments(program, web_language._)
        assert ast.dump(ast.parse(translated)) == ast.dump(ast.parse(program))
        assert fits_beside_the_page(translated)
        before, after = list(comments(program)), list(comments(translated))
        assert [each.alone for each in before] == [each.alone for each in after]
        for english, other in zip(before, after, strict=True):
            assert (english.text == other.text) == bool(SAME.fullmatch(english.text)), english.text


def test_a_page_shows_them() -> None:
    english, german = (listing(open_app_page("dropout", lang=language)) for language in ("en", "de"))
    assert "# kept units are scaled up, so the mean stays\n" in english
    assert "# behaltene Einheiten hochskaliert: Mittelwert bleibt\n" in german
    assert ast.dump(ast.parse(german)) == ast.dump(ast.parse(english))


def test_a_comment_alone_is_wrapped_and_one_behind_code_is_not() -> None:
    program = "if x:\n    # down in 5 steps\n    y = 1  # down in 5 steps\n"
    long = "die Treppe hinunter in {n} Stufen, " * 6
    above, *more, code = with_comments(program, lambda message: long.strip()).splitlines()[1:]
    assert len(more) == 2
    assert all(line.startswith("    # ") and len(line) <= WIDTH for line in (above, *more))
    assert code == "    y = 1  # " + long.strip().format(n=5)


@pytest.mark.parametrize("width", [10, 11, 30, 88])
def test_japanese_lines_fit_and_keep_their_signs_and_words_whole(width) -> None:
    text = "サイコロは 0 と 1 の間の数です（softmax の後）。「モデル」は model.eval() でちょっと変わり、p = 0.3 です。"
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        columns = sum(2 if ord(character) > 0x2E80 else 1 for character in line)
        assert columns <= max(width, len("model.eval()"))
        assert line[0] not in "。、）」ょっー"
        assert line[-1] not in "（「"
    for whole in ("サイコロ", "model.eval()", "p = 0.3"):
        assert any(whole in line for line in lines)


def test_a_word_parted_at_its_hyphen_is_whole_again() -> None:
    text = "a " * 55 + "well-known thing"
    assert "-\n" in comment(text)
    assert [each.text for each in comments(comment(text))] == [text]
