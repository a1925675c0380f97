"""The Top-k page with a real language model's recorded answers: the same page, on numbers that nobody made up."""

import re
from html import unescape
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.next_word import NextWord, next_word
from lib.recorded_llm import PATHS, STEPS, TOP, load_recorded_llm, pointer_of
from lib.sampling import shape_with, softmax
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.tokens import readable, visible
from lib.web.frame.language import plain
from lib.web.top_k.llm import TAIL
from lib.web.top_k.settings import LLM_OPENING
from lib.web.top_k.shipped import shipped_here
from tests.support.apptest import (
    address,
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

LLM = load_recorded_llm()
CAPITAL = LLM.beginnings.index("The capital of France is")
LIFE = LLM.beginnings.index("The meaning of life is")


def opened(**parameters: str) -> AppTest:
    return healthy(open_app_page("top_k", **{"model": "llm", "beginning": LLM.slugs[CAPITAL], **parameters}))


def sent(at: AppTest) -> dict[str, Any]:
    """What the moving picture was given."""
    (data,) = pictures(at, "top_k")
    return data


def expected(beginning: int, path: str, at: int, settings: SamplingSettings, seed: int = 0) -> NextWord:
    """The step that the page shows, from the recording."""
    logits = LLM.step(beginning, path, at).logits
    return next_word(logits, settings=settings, pointer=pointer_of(seed, beginning, at))


def test_a_link_opens_the_real_model() -> None:
    at = opened()
    data, recorded = sent(at), LLM.step(CAPITAL, "k50", 0)
    step = expected(CAPITAL, "k50", 0, SamplingSettings(top_k=50))
    assert data["words"][0] == "␣Paris"
    assert data["words"] == [visible(recorded.tokens[i]) for i in range(len(data["words"]))]
    assert data["ids"] == [recorded.ids[i] for i in range(len(data["words"]))]
    assert data["ids"] != sorted(data["ids"])  # before they are sorted, they stand in the order of the vocabulary
    assert data["before"] == pytest.approx(step.before[: len(data["words"])], rel=1e-4)
    assert data["after"] == pytest.approx(step.trace.probabilities[: len(data["words"])], rel=1e-4)
    assert (data["cut"], data["drawn"], data["truth"]) == (50, step.drawn, None)
    values = numbers(at)
    assert values["Cut away"] == f"{100 * step.removed:.1f}%"
    assert values["Words left"] == f"50 of {LLM.vocabulary_size:,}"
    assert picture_sizes(at)[0] < 10_000


def test_the_default_shows_a_long_tail_and_the_k_that_nobody_asked_for() -> None:
    """The takeaway's claim, with the page's own numbers: each token of the tail is rare, and all together are not."""
    at = healthy(open_app_page("top_k", model="llm"))
    assert f"“{LLM_OPENING}”" in sent(at)["labels"]["picture"]
    assert float(numbers(at)["Cut away"].rstrip("%")) > 40
    (tail, _shipped) = tables(at)
    assert int(tail["without a cut, one draw in"][0].replace(",", "")) > 200
    assert "with that k only" in shown(at)


def test_the_storybook_stays_the_default_and_both_can_be_chosen() -> None:
    at = healthy(open_app_page("top_k"))
    assert at.button_group(key="top_k-model").value == "storybook"
    assert sent(at)["truth"] is not None
    at.button_group(key="top_k-model").set_value("llm").run()
    assert sent(healthy(at))["words"][0] == "␣cat"
    assert address(at)["top_k-model"] == "llm"
    at.button_group(key="top_k-model").set_value("storybook").run()
    assert sent(healthy(at))["truth"] is not None
    assert "top_k-model" not in address(at)


def test_all_words_of_one_model_is_not_asked_of_the_other() -> None:
    at = opened(k=str(LLM.vocabulary_size))
    assert sent(at)["cut"] == LLM.vocabulary_size
    at.button_group(key="top_k-model").set_value("storybook").run()
    assert sent(healthy(at))["cut"] < 1_000
    at.select_slider(key="top_k-k").set_value(
        max(int(each.replace(",", "")) for each in at.select_slider(key="top_k-k").options)
    ).run()
    at.button_group(key="top_k-model").set_value("llm").run()
    assert sent(healthy(at))["cut"] == 50


def test_what_needs_the_truth_is_left_out_and_the_page_says_why() -> None:
    at = opened()
    assert not {"Good words thrown away", "Impossible words let in"} & set(numbers(at))
    assert len(charts(at)) == 1  # many draws; not the mistakes for every k
    assert not {"top_k-tell", "top_k-p", "top_k-text"} & {each.key for each in (*at.toggle, *at.text_input)}
    text = shown(at)
    assert "no grammar stands behind" in text
    assert "What the cut gets wrong" not in text


def test_the_model_is_named_with_its_file_and_its_licence() -> None:
    text = shown(opened())
    source = LLM.source
    for said in (source.name, source.licence, source.file, source.wheel, source.sha256, "does not run here", "English"):
        assert said in text


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_walked_to_its_end_and_back(path: str) -> None:
    at = opened(path=path, beginning=LLM.slugs[LIFE])
    for step in range(LLM.length(LIFE, path)):
        recorded = LLM.step(LIFE, path, step)
        assert sent(at)["words"][:5] == [visible(recorded.tokens[i]) for i in range(5)]
        assert readable(recorded.text) in sent(at)["labels"]["picture"]
        said = [unescape(each) for each in re.findall("<span>(.*?)</span>", html(at, "tokens"))]
        assert said == [*map(visible, recorded.said), "…"]
        button = at.button(key="go_on")
        assert plain(visible(recorded.taken)) in button.label
        assert button.disabled == recorded.last
        if not recorded.last:
            button.click().run()
            healthy(at)
    at.button(key="icon-undo").click().run()
    assert address(healthy(at))["top_k-at"] == str(LLM.length(LIFE, path) - 2)


def test_with_the_path_s_own_cut_the_page_draws_the_token_of_the_path() -> None:
    for path, k in {"greedy": 1, "k50": 50}.items():
        for at in range(3):
            data = sent(opened(path=path, k=str(k), at=str(at)))
            assert data["words"][data["drawn"]] == visible(LLM.step(CAPITAL, path, at).taken)


def test_another_beginning_starts_at_its_first_token() -> None:
    at = opened(at="3", path="greedy")  # of the capital of France
    at.selectbox(key="top_k-beginning").set_value(LLM.slugs[LIFE]).run()
    data = sent(healthy(at))
    assert f"“{LLM.beginnings[LIFE]}”" in data["labels"]["picture"]
    assert address(at) == {"top_k-model": "llm", "top_k-path": "greedy", "top_k-beginning": LLM.slugs[LIFE]}


def test_every_beginning_is_in_the_list_and_opens() -> None:
    at = opened()
    options = at.selectbox(key="top_k-beginning").options
    assert options == [readable(each.encode()) + " …" for each in LLM.beginnings]
    for slug in LLM.slugs[::13]:
        assert sum(sent(opened(beginning=slug))["before"]) <= 1.001


def test_every_control_changes_the_picture() -> None:
    at = opened(beginning=LLM.slugs[LIFE], at="1")  # the first step is the same on every path
    changes = [
        lambda: at.select_slider(key="top_k-k").set_value(20),
        lambda: at.select_slider(key="top_k-temp").set_value(1.5),
        lambda: at.select_slider(key="top_k-top_p").set_value(0.8),
        lambda: at.select_slider(key="top_k-min_p").set_value(0.5),
        lambda: at.toggle(key="top_k-all").set_value(True),
        lambda: at.number_input(key="top_k-seed").set_value(5),
        lambda: at.button_group(key="top_k-path").set_value("uncut"),
        lambda: at.selectbox(key="top_k-beginning").set_value(LLM.slugs[0]),
    ]
    before = sent(at)
    for change in changes:
        change().run()
        after = sent(healthy(at))
        assert after != before
        before = after


@pytest.mark.parametrize("k", [1, 20, TOP, 500, 5_000, LLM.vocabulary_size])
def test_k_from_one_token_to_all(k: int) -> None:
    at = opened(k=str(k), beginning=LLM.slugs[LIFE])
    step = expected(LIFE, "k50", 0, SamplingSettings(top_k=k))
    assert numbers(at)["Words left"] == f"{k:,} of {LLM.vocabulary_size:,}"
    assert numbers(at)["Cut away"] == f"{100 * step.removed:.1f}%"
    assert ("straight line" in shown(at)) == (k > TOP)


def test_a_draw_between_two_recorded_ranks_is_named_by_its_rank() -> None:
    """Where nothing is cut, the die falls into the unrecorded tail now and then."""
    logits, ids = LLM.step(LIFE, "k50", 0).logits, LLM.step(LIFE, "k50", 0).ids
    seed, drawn = next(
        (seed, drawn)
        for seed in range(200)
        if (drawn := next_word(logits, settings=UNCUT, pointer=pointer_of(seed, LIFE, 0)).drawn) not in ids
    )
    data = sent(opened(beginning=LLM.slugs[LIFE], k=str(LLM.vocabulary_size), seed=str(seed)))
    assert data["drawn"] == drawn
    assert f"“rank {drawn + 1:,}”" in data["labels"]["captions"][-1]


def test_the_logarithmic_picture_has_the_recorded_tokens() -> None:
    at = opened(all="true", k=str(LLM.vocabulary_size))
    recorded = LLM.step(CAPITAL, "k50", 0)
    assert sent(at)["words"] == [visible(recorded.tokens[i]) for i in range(TOP)]
    assert picture_sizes(at)[0] < 25_000


def test_the_tail_is_named() -> None:
    (table, _shipped) = tables(opened(beginning=LLM.slugs[LIFE], k="1000"))
    recorded = LLM.step(LIFE, "k50", 0)
    chances = softmax(recorded.logits)
    assert table["rank"] == [f"{rank:,}" for rank in TAIL]
    assert table["token"] == [visible(recorded.tokens[rank - 1]) for rank in TAIL]
    assert table["without a cut, one draw in"] == [f"{1 / chances[rank - 1]:,.0f}" for rank in TAIL]
    assert table["kept"] == ["✓", "✓", "✗", "✗"]
    assert f"hold {100 * chances[50:].sum():.1f}% of the probability" in shown(opened(beginning=LLM.slugs[LIFE]))


def test_the_table_of_the_recorded_tokens() -> None:
    at = opened(k="3")
    at.session_state["words_table"] = True
    table = next(each for each in tables(healthy(at.run())) if "logit" in each)
    recorded = LLM.step(CAPITAL, "k50", 0)
    assert table["word"] == [visible(recorded.tokens[i]) for i in range(TOP)]
    assert table["kept"] == ["✓"] * 3 + ["✗"] * (TOP - 3)
    assert "truth" not in table
    assert "every_word" not in {each.key for each in at.toggle}


@pytest.mark.parametrize("which", range(len(shipped_here())))
def test_a_press_sets_the_die_as_a_model_is_shipped(which: int) -> None:
    shipped = shipped_here()[which]
    at = opened(beginning=LLM.slugs[LIFE], min_p="0.2", k="7")
    at.button(key=f"shipped_{which}").click().run()
    trace = shape_with(LLM.step(LIFE, "k50", 0).logits, shipped.settings)
    assert sent(healthy(at))["cut"] == trace.kept.sum()
    assert at.select_slider(key="top_k-temp").value == shipped.temperature
    (_tail, table) = tables(at)
    row = table[""].index(shipped.name)
    assert table["tokens left"][row] == f"{trace.kept.sum():,}"
    assert table["the likeliest"][row] == f"{100 * trace.probabilities.max():.1f}%"
    assert shipped.source in table["source"][row]


def test_the_k_that_nobody_asked_for_is_named() -> None:
    """Llama's top-p alone, and the same through transformers, whose k is 50 where none is named."""
    differ = same = 0
    for beginning in range(0, len(LLM.beginnings), 5):
        logits = LLM.step(beginning, "k50", 0).logits
        own = shape_with(logits, SamplingSettings(0.6, top_p=0.9))
        through = shape_with(logits, SamplingSettings(0.6, top_k=50, top_p=0.9))
        text = shown(opened(beginning=LLM.slugs[beginning]))
        if (own.kept == through.kept).all():
            same += 1
            assert f"only **{own.kept.sum()}** of the tokens" in text
        else:
            differ += 1
            assert f"keeps **{own.kept.sum():,}** tokens; with that k only **{through.kept.sum()}** are left" in text
            assert f"had {100 * own.probabilities[~through.kept].sum():.1f}% of the probability" in text
    assert differ
    assert same


def test_a_link_with_every_setting_is_followed() -> None:
    at = opened(
        beginning=LLM.slugs[LIFE], path="uncut", at="2", k="20", temp="0.7", top_p="0.9", min_p="0.05", all="true",
        seed="77", n="10000", lang="en",
    )  # fmt: skip
    step = expected(LIFE, "uncut", 2, SamplingSettings(0.7, top_k=20, top_p=0.9, min_p=0.05), seed=77)
    assert (sent(at)["cut"], sent(at)["drawn"]) == (step.kept, step.drawn)
    program = listing(at)
    for said in (repr(LLM.beginnings[LIFE]), "/ 0.7", "topk(scores, 20)", "1 - 0.9", "0.05 *", f"[77, {LIFE}, 2]"):
        assert said in program


def test_a_link_beyond_the_end_of_a_path_shows_its_last_step() -> None:
    b, path = next((b, path) for b in range(len(LLM.beginnings)) for path in PATHS if LLM.length(b, path) < STEPS)
    at = opened(beginning=LLM.slugs[b], path=path, at=str(STEPS - 1))
    assert at.button(key="go_on").disabled
    assert "recording ends" in at.button(key="go_on").label


NONSENSE = ["", "-1", "nan", "inf", "1e308", "49153", "<script>alert(1)</script>", "é", "true", "0.123456", "0"]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_every_setting_still_shows_the_page(value: str) -> None:
    names = ["beginning", "path", "at", "k", "temp", "top_p", "min_p", "all", "seed", "n", "lang"]
    for link in both_spellings("top_k", **dict.fromkeys(names, value)):
        data = sent(opened(**link))
        assert sum(data["before"]) <= 1.001
        assert 0 <= data["pointer"] < 1


def test_a_model_that_does_not_exist_is_the_storybook() -> None:
    assert sent(healthy(open_app_page("top_k", model="gpt-9")))["truth"] is not None


def test_tokens_that_look_like_markdown_stay_as_they_are() -> None:
    """Every token that may be drawn most often: as a name on the button, and in the sentence on the draws."""
    at = opened(beginning="def-add-a-b-return", path="greedy")
    for _step in range(6):
        drawn = re.search(r"“(.*?)” came up", shown(at))
        assert drawn is None or not re.search(r"(?<!\\)[`*_$<]", drawn[1]), drawn[1]
        at.button(key="go_on").click().run()
        healthy(at)


def test_the_page_computes_what_it_says_in_every_digit() -> None:
    """Effective choices of a row that was cut, by hand."""
    at = opened(beginning=LLM.slugs[LIFE], k="2")
    first, second = softmax(LLM.step(LIFE, "k50", 0).logits[:2])
    entropy = -(first * np.log(first) + second * np.log(second))
    assert numbers(at)["Effective choices"].endswith(f"→ {np.exp(entropy):.1f}")
