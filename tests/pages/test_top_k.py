"""The Top-k page as Streamlit runs it: its default, every control moved, any prompt, full links, nonsense in
links."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.language_model import load_model
from lib.next_word import NextWord, next_word, prompts
from lib.sampling_settings import SamplingSettings
from lib.story import load_story
from lib.web.frame.language import plain
from lib.web.top_k.report import IN_TABLE
from lib.web.top_k.settings import OPENINGS
from tests.support.apptest import (
    both_spellings,
    charts,
    healthy,
    html,
    listing,
    numbers,
    open_app_page,
    picture_sizes,
    pictures,
    shown,
    tables,
)
from tests.support.serving import served
from tests.support.visiting import Visitor

OPENING = OPENINGS["en"]
STORY = load_story("en")


def opened(**parameters: str) -> AppTest:
    return healthy(open_app_page("top_k", **parameters))


def sent(at: AppTest) -> dict[str, Any]:
    """What the moving picture was given."""
    (data,) = pictures(at, "top_k")
    return data


def test_the_default_page_shows_the_model_the_cut_and_the_truth() -> None:
    at = opened()
    data = sent(at)
    words = OPENING.helps.split()
    model = load_model("en", 0.3, "small")
    pointer = np.random.default_rng([0, len(words)]).random()
    step = next_word(
        model.next_logits(words), STORY.next_word(words), SamplingSettings(top_k=OPENING.k), pointer=pointer
    )
    shown_words = step.order[: len(data["words"])]
    assert data["words"] == [STORY.vocabulary[i] for i in shown_words]
    assert data["before"] == pytest.approx(step.before[shown_words], rel=1e-3)
    # From these the browser works out the other steps.
    assert data["logits"] == pytest.approx(step.trace.logits[shown_words], rel=1e-4)
    assert data["cut"] == OPENING.k == sum(step.trace.kept[shown_words])
    assert data["after"] == pytest.approx(step.trace.probabilities[shown_words], rel=1e-4)
    assert data["truth"] == pytest.approx(STORY.next_word(words)[shown_words], rel=1e-3)
    assert data["words"][data["drawn"]] == STORY.vocabulary[step.drawn]
    parts = [data["before"], [each["before"] for each in data["others"]]]
    assert sum(map(sum, parts)) == pytest.approx(1, abs=1e-3)
    values = numbers(at)
    assert values["Cut away"] == f"{100 * step.removed:.1f}%"
    assert values["Words left"] == f"{OPENING.k} of {len(STORY.vocabulary)}"
    assert values["Good words thrown away"] == f"{100 * step.thrown_away:.1f}%"
    assert values["Effective choices"] == "{:.1f} → {:.1f}".format(*step.choices)
    assert len(charts(at)) == 2
    assert picture_sizes(at)[0] < 8_000


def test_the_default_shows_that_the_cut_removes_the_impossible_tail() -> None:
    """The takeaway's claim, with the page's own numbers: a large k lets impossible words in, and this one does not."""
    at = opened(tell="true")
    values = numbers(at)
    assert values["Good words thrown away"] == "0.0%"
    assert values["Impossible words let in"] == "0.0%"
    model, words = load_model("en", 0.3, "small"), OPENING.helps.split()
    uncut = next_word(model.next_logits(words), STORY.next_word(words), SamplingSettings())
    assert uncut.let_in > 0.04
    accepted = [int(each) for each in re.findall(r"<strong>(\d+)</strong> accepted", html(at, "stories"))]
    _greedy, with_cut, without_cut = accepted
    assert with_cut == 20 > without_cut


@pytest.mark.parametrize("language", OPENINGS)
def test_in_every_language_the_default_cut_helps_and_the_second_look_hurts(language: str) -> None:
    """The numbers that the page shows, from the model and the grammar of its language, and its twenty stories."""
    opening, model, story = OPENINGS[language], load_model(language, 0.3, "small"), load_story(language)
    cut = SamplingSettings(top_k=opening.k)

    def follows(text: str, settings: SamplingSettings) -> NextWord:
        words = story.words_of(text)
        return next_word(model.next_logits(words), story.next_word(words), settings)

    helped = follows(opening.helps, cut)
    assert f"{helped.thrown_away:.1%} {helped.let_in:.1%}" == "0.0% 0.0%"
    assert follows(opening.helps, SamplingSettings()).let_in > 0.02
    words = story.words_of(opening.helps)
    with_cut, without = (
        sum(story.accepts(told) for told in model.generate(20, np.random.default_rng(0), prefix=words, settings=each))
        for each in (cut, SamplingSettings())
    )
    assert with_cut > without
    hurt = follows(opening.hurts, cut)
    assert hurt.thrown_away > 0.2
    assert hurt.let_in < 0.01


def test_the_second_look_shows_where_the_same_cut_hurts() -> None:
    at = opened()
    at.button(key="where_it_hurts").click().run()
    assert at.text_input(key="top_k-text").value == OPENING.hurts
    values = numbers(healthy(at))
    assert float(values["Good words thrown away"].rstrip("%")) > 20
    assert float(values["Impossible words let in"].rstrip("%")) < 1


def test_the_whole_vocabulary_stays_under_40_kb() -> None:
    at = opened(all="true")
    assert len(sent(at)["words"]) == len(STORY.vocabulary)
    assert picture_sizes(at)[0] < 40_000


def test_every_figure_says_in_words_what_it_shows() -> None:
    at = opened()
    for chart in charts(at):
        assert any(character.isdigit() for character in chart["alt"])
        assert "{" not in chart["alt"]
    captions = sent(at)["labels"]["captions"]
    assert len(captions) == 7
    assert all(any(character.isdigit() for character in sentence) for sentence in captions)
    assert not any("{" in sentence for sentence in captions)


def test_the_first_guess_is_answered() -> None:
    at = opened()
    for guess in ("model", "words", "best"):
        at.button_group(key="guess_top_k").set_value(guess).run()
        assert "You say" in shown(at)


def test_every_control_changes_the_picture() -> None:
    at = opened()
    changes = [
        lambda: at.select_slider(key="top_k-k").set_value(5),
        lambda: at.select_slider(key="top_k-temp").set_value(1.5),
        lambda: at.select_slider(key="top_k-min_p").set_value(0.5),
        lambda: at.select_slider(key="top_k-top_p").set_value(0.3),
        lambda: at.toggle(key="top_k-all").set_value(True),
        lambda: at.number_input(key="top_k-seed").set_value(5),
        lambda: at.button_group(key="top_k-p").set_value(0.0),
        lambda: at.text_input(key="top_k-text").set_value("the old fox"),
    ]
    before = sent(at)
    for change in changes:
        change().run()
        healthy(at)
        after = sent(at)
        assert after != before
        before = after


@pytest.mark.parametrize("k", [1, 3, 50, len(STORY.vocabulary)])
def test_k_from_one_word_to_all(k: int) -> None:
    at = opened(k=str(k))
    assert numbers(at)["Words left"] == f"{k} of {len(STORY.vocabulary)}"
    if k == 1:
        assert sent(at)["drawn"] == 0
    if k == len(STORY.vocabulary):
        assert numbers(at)["Cut away"] == "0.0%"
        assert "topk" not in listing(at)


def test_the_sentence_goes_on_word_by_word_to_its_full_stop_and_back() -> None:
    at = opened(seed="3")
    words = OPENING.helps.split()
    for _ in range(30):
        data = sent(at)
        drawn = data["words"][data["drawn"]]
        button = at.button(key="go_on")
        if drawn == STORY.eos:
            break
        assert f"“{drawn}”" in button.label
        button.click().run()
        healthy(at)
        words.append(drawn)
        assert at.text_input(key="top_k-text").value == " ".join(words)
    assert at.button(key="go_on").disabled
    assert "Full stop" in at.button(key="go_on").label
    assert STORY.accepts(words)
    back = at.button(key="icon-undo")
    back.click().run()
    assert at.text_input(key="top_k-text").value == " ".join(words[:-1])


def test_another_throw_changes_the_draw_only() -> None:
    at = opened()
    before = sent(at)
    at.button(key="icon-casino").click().run()
    after = sent(healthy(at))
    assert after["pointer"] != before["pointer"]
    assert all(after[name] == before[name] for name in ("words", "before", "cut", "after"))
    assert at.number_input(key="top_k-seed").value == 1


def test_an_unknown_word_is_named_and_the_nearest_offered() -> None:
    at = opened(text="the rabit sleeps")
    text = shown(at)
    assert "Not in this storybook: “rabit”" in text
    assert "“the”" in sent(at)["labels"]["picture"]  # the words before it are used
    nearest = at.button(key="nearest_rabbit")
    nearest.click().run()
    assert at.text_input(key="top_k-text").value == "the rabbit"
    assert "Not in this storybook" not in shown(healthy(at))


HOSTILE = [
    "<b>x</b>",
    "`code`",
    "[a](javascript:b)",
    "$x^2$",
    "**bold**",
    ":smile:",
    ":material/home:",
    "{k}",
    "\\",
    "x" * 5000,
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_people_type_is_shown_as_they_typed_it(typed: str) -> None:
    at = opened(text=f"the {typed}")
    (remark,) = [each.value for each in at.markdown if "Not in this storybook" in each.value]
    shown_text = remark.split("“")[1].split("”")[0]
    plain_text = "".join(part for part in shown_text.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\"))
    assert plain_text.lower() == typed[:196].lower()
    # Every character that Markdown or HTML would act on stands behind a backslash.
    left = shown_text.replace("\\\\", "")
    for character in "<>`[]()*$:{}":
        assert left.count(character) == left.count("\\" + character)


def test_an_impossible_beginning_is_fine_for_the_model() -> None:
    at = opened(text="the the dog")
    assert "“the” cannot follow “the”" in shown(at)
    assert sent(at)["truth"] is None
    assert "Good words thrown away" not in numbers(at)
    assert len(charts(at)) == 1


@pytest.mark.parametrize("text", [".", "  ", "THE Old FOX.", "the " * 100])
def test_any_beginning_is_understood(text: str) -> None:
    at = opened(text=text)
    if text.startswith("THE"):
        assert "“the old fox”" in sent(at)["labels"]["picture"]
    assert sum(sent(at)["before"]) <= 1.001


def test_draws_come_with_a_verdict() -> None:
    at = opened(n="1")
    assert "Too few draws for a verdict" in shown(at)
    at = opened(n="10000")
    assert "degrees of freedom" in shown(at)
    at = opened(k="1")
    assert "nothing is left to chance" in shown(at)


def test_twenty_stories_side_by_side() -> None:
    at = opened(tell="true", k="3", p="0.0")
    columns = html(at, "stories").split("<section>")[1:]
    stories = [unescape(re.findall("<div.*?>(.*?)</div>", each, re.DOTALL)[0]).splitlines() for each in columns]
    assert [len(lines) for lines in stories] == [20, 20, 20]
    assert len(set(stories[0])) == 1  # greedy says one sentence
    first = OPENING.helps
    for line in (line for lines in stories for line in lines):
        sentence = line[2:].strip()
        assert sentence.lower().startswith(first.lower())
        assert (line[0] == "✓") == STORY.accepts(STORY.words_of(sentence))
    for lines, column in zip(stories, columns, strict=True):
        assert f"<strong>{len({line[2:] for line in lines})}</strong> different" in column
        assert f"<strong>{sum(line[0] == '✓' for line in lines)}</strong> accepted" in column
        assert f"<strong>{sum(line[1] == '©' for line in lines)}</strong> word for word" in column


def test_no_die_has_a_say_in_the_greedy_stories() -> None:
    first, again = (html(opened(tell="true", seed=seed), "stories").split("<section>") for seed in ("1", "2"))
    assert first[1] == again[1]
    assert first[2] != again[2]


def test_the_table_of_all_words_is_made_once_it_is_opened() -> None:
    at = opened(k="3", text="the old")
    assert not tables(at)
    at.session_state["words_table"] = True
    (table,) = tables(healthy(at.run()))
    step = next_word(load_model("en", 0.3, "small").next_logits(["the", "old"]), settings=SamplingSettings(top_k=3))
    assert len(table["word"]) == IN_TABLE
    at.toggle(key="every_word").set_value(True)
    (table,) = tables(healthy(at.run()))
    assert table["word"] == [plain(STORY.vocabulary[i]) for i in step.order]
    assert table["logit"] == [f"{step.trace.logits[i]:.2f}" for i in step.order]
    assert table["kept"] == ["✓"] * 3 + ["✗"] * (len(STORY.vocabulary) - 3)
    assert table["renormalised"][:4] == [f"{100 * p:.2f}%" for p in step.trace.probabilities[step.order[:4]]]
    truth = STORY.next_word(["the", "old"])
    assert table["truth"] == [f"{100 * truth[i]:.2f}%" for i in step.order]


def test_both_models_can_be_chosen_and_lead_on() -> None:
    at = opened(p="0.0")
    assert "trained **without** dropout" in shown(at)
    assert "model trained with p = 0." in listing(at)
    assert "trained **with** dropout" in shown(opened())


def test_a_link_with_every_setting_is_followed() -> None:
    at = opened(
        text="the old fox", k="5", temp="0.7", top_p="0.9", min_p="0.05", p="0.0", all="true", seed="77", n="10000",
        tell="true", lang="en",
    )  # fmt: skip
    model = load_model("en", 0.0, "small")
    words = ["the", "old", "fox"]
    step = next_word(model.next_logits(words), settings=SamplingSettings(0.7, top_k=5, top_p=0.9, min_p=0.05))
    assert sent(at)["cut"] == step.kept
    for setting in (
        "with p = 0.",
        "/ 0.7",
        "topk(scores, 5)",
        "1 - 0.9",
        "0.05 *",
        "default_rng([77, 3])",
        "'the old fox'",
    ):
        assert setting in listing(at)
    for setting in ("temperature=0.7", "top_k=5", "top_p=0.9", "min_p=0.05", "set_seed(77)", "'the old fox'"):
        assert setting in listing(at, "code_generate")


NONSENSE = ["", "-1", "nan", "inf", "1e308", "5001", "<script>alert(1)</script>", "é", "true", "0.123456", "0"]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_every_setting_still_shows_the_page(value: str) -> None:
    names = ["text", "k", "temp", "top_p", "min_p", "p", "all", "seed", "n", "tell", "lang"]
    for link in both_spellings("top_k", **dict.fromkeys(names, value)):
        data = sent(opened(**link))
        assert sum(data["before"]) <= 1.001
        assert 0 <= data["pointer"] < 1


def test_a_word_that_could_be_a_number_stays_in_the_sentence() -> None:
    for link in both_spellings("top_k", text="infinity", k="inf"):
        at = opened(**link)
        assert at.text_input(key="top_k-text").value == "infinity"
        assert at.select_slider(key="top_k-k").value == OPENING.k


def test_another_beginning_can_be_picked() -> None:
    at = opened()
    for text in prompts(STORY):
        at.menu_button(key="icon-prompts").click(text).run()
        assert f"“{text}”" in sent(healthy(at))["labels"]["picture"]
        assert at.text_input(key="top_k-text").value == text


def test_little_is_sent_again_where_nothing_changed() -> None:
    async def visit(address: str) -> list[int]:
        async with Visitor(address) as visitor:
            settings = "k=3&temp=0.7&top_p=0.5&min_p=0.1&tell=true&all=true&p=0.0&n=1&text=the+old+rabit"
            await visitor.open("top_k", settings)
            return [(await visitor.again()).bytes for _ in range(3)]

    with served() as address, ThreadPoolExecutor(1) as thread:  # where browser tests ran, this one has an event loop
        sizes = thread.submit(asyncio.run, visit(address)).result()
    # The first still says how a link has set the controls. With nothing unfolded it is 2 kB less (test_visiting.py).
    # Every switch of a part that is off, such as the bench, takes 75 bytes, and every page in the row some 90.
    assert max(sizes[1:]) < 10_700, sizes
