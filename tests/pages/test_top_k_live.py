"""The Top-k page with a live model: the same page, on what the model says to any text. The model here is a tiny one."""

import re
import threading
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from lib.live_llm.client import About, LiveLlm, Question
from lib.live_llm.failure import Failure, Reason
from lib.live_llm.offered import FETCHED, Model
from lib.live_llm.step import LiveStep
from lib.live_llm.tree import LiveNode
from lib.live_llm.vocabulary import Vocabulary
from lib.next_word import NextWord, next_word
from lib.sampling import softmax
from lib.sampling_settings import UNCUT, SamplingSettings
from lib.tokens import visible
from lib.web.frame import fragments
from lib.web.frame.language import prose
from lib.web.top_k import live, live_tree, player
from lib.web.top_k.settings import LLM_OPENING, MOST_SAID
from tests.support.apptest import (
    address,
    both_spellings,
    healthy,
    html,
    listing,
    numbers,
    open_app_page,
    pictures,
    shown,
    tables,
)
from tests.support.listings import run_elsewhere
from tests.support.tiny_llm import V, loaded, make_tiny_llm

PATIENCE = 240.0  # seconds: the process imports PyTorch and transformers first


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llm(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def one() -> Iterator[LiveLlm]:
    one = LiveLlm(spare=0)
    yield one
    one.close()


@pytest.fixture(autouse=True)
def offered(tiny: Path, one: LiveLlm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model is what this server offers."""
    monkeypatch.setenv("TWO_DICE_LLM", str(tiny))
    monkeypatch.setattr(live, "LIVE", one)


def answered(at: AppTest) -> AppTest:
    """The page once the model has answered, as the browser asks for it again and again."""
    end = time.monotonic() + PATIENCE
    while healthy(at).get("progress"):
        assert time.monotonic() < end, at.get("progress")
        time.sleep(0.1)
        at.run()
    return at


def opened(**parameters: str) -> AppTest:
    return answered(open_app_page("top_k", **{"model": "live", "prompt": "the dog", **parameters}))


def sent(at: AppTest) -> dict[str, Any]:
    (data,) = pictures(at, "top_k")
    return data


class Own:
    """The model itself, in this process."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer, self._model = loaded(folder)

    def logits(self, text: str, said: tuple[int, ...] = ()) -> np.ndarray:
        with torch.inference_mode():
            row: np.ndarray = (
                self._model(torch.tensor([[*self.tokenizer(text).input_ids, *said]])).logits[0, -1].numpy()
            )
        return row

    def step(self, text: str, said: tuple[int, ...], settings: SamplingSettings, seed: int = 0) -> tuple[Any, NextWord]:
        """Its tokens from the likeliest on, and the step from there."""
        logits = self.logits(text, said)
        order = np.argsort(-logits, kind="stable")
        pointer = np.random.default_rng([seed, len(said)]).random()
        return order, next_word(logits[order], settings=settings, pointer=pointer)


@pytest.fixture(scope="module")
def own(tiny: Path) -> Own:
    return Own(tiny)


@pytest.mark.parametrize(
    ("link", "settings"),
    [
        ({}, SamplingSettings(top_k=50)),
        ({"k": "300"}, UNCUT),
        ({"k": "7", "temp": "0.6", "seed": "3"}, SamplingSettings(0.6, top_k=7)),
        ({"k": "100", "temp": "1.5", "top_p": "0.8", "min_p": "0.05"}, SamplingSettings(1.5, 100, 0.8, 0.05)),
    ],
)
def test_the_picture_s_numbers_are_the_model_s_own(own: Own, link: dict[str, str], settings: SamplingSettings) -> None:
    at = opened(tokens="5.280", **link)
    data, (order, step) = sent(at), own.step("the dog", (5, 280), settings, int(link.get("seed", 0)))
    shown = len(data["words"])
    assert data["ids"] == order[:shown].tolist()
    whole = [(word, own.tokenizer.decode([i])) for word, i in zip(data["words"], order, strict=False)]
    assert all(word == visible(text.encode()) for word, text in whole if text and "\ufffd" not in text)
    assert data["logits"] == pytest.approx(step.trace.logits[:shown], rel=1e-4, abs=1e-5)
    assert data["before"] == pytest.approx(step.before[:shown], rel=1e-4)
    assert data["after"] == pytest.approx(step.trace.probabilities[:shown], rel=1e-4)
    assert (data["cut"], data["drawn"], data["truth"]) == (step.kept, step.drawn, None)
    values = numbers(at)
    assert values["Cut away"] == f"{100 * step.removed:.1f}%"
    assert values["Words left"] == f"{step.kept} of {V}"


def test_it_is_offered_beside_the_others_and_each_begins_at_its_own_k() -> None:
    at = healthy(open_app_page("top_k"))
    control = at.button_group(key="top_k-model")
    assert control.options == ["storybook", "a real one, recorded", "a real one, live"]
    control.set_value("live").run()
    assert f"“{LLM_OPENING}”" in sent(answered(at))["labels"]["picture"]
    assert sent(at)["cut"] == 50
    at.button_group(key="top_k-model").set_value("storybook").run()
    assert sent(healthy(at))["cut"] == 15
    assert address(at) == {}


def test_where_none_is_offered_the_page_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO_DICE_LLM", "")
    at = healthy(open_app_page("top_k", model="live"))
    assert len(at.button_group(key="top_k-model").options) == 2
    assert sent(at)["truth"] is not None
    assert len(healthy(open_app_page("top_k", model="llm")).button_group(key="top_k-model").options) == 2


def test_it_goes_on_with_what_is_drawn_and_back(own: Own) -> None:
    at, said = opened(k="300"), ()
    for _step in range(4):
        order, step = own.step("the dog", said, UNCUT)
        said = (*said, int(order[step.drawn]))
        at.button(key="go_on").click().run()
        assert address(answered(at))["top_k-tokens"] == ".".join(map(str, said))
        assert sent(at)["ids"][:5] == own.step("the dog", said, UNCUT)[0][:5].tolist()
    shown_tokens = [unescape(each) for each in re.findall("<span>(.*?)</span>", html(at, "tokens"))]
    assert len(shown_tokens) == 5
    assert shown_tokens[-1] == "…"
    at.button(key="icon-undo").click().run()
    assert address(answered(at))["top_k-tokens"] == ".".join(map(str, said[:-1]))
    at.button(key="icon-casino").click().run()
    assert address(answered(at))["top_k-seed"] == "1"


def test_another_beginning_starts_at_its_first_token(own: Own) -> None:
    at = opened(tokens="5.280")
    at.text_input(key="top_k-prompt").set_value("犬が").run()
    assert sent(answered(at))["ids"][:5] == own.step("犬が", (), UNCUT)[0][:5].tolist()
    assert "top_k-tokens" not in address(at)
    at.text_input(key="top_k-prompt").set_value("").run()  # the model begins a text of its own
    assert len(sent(answered(at))["words"]) == 75


def test_a_token_that_is_clicked_on_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(live, "change", lambda **values: said.append(values))
    monkeypatch.setattr(player.st, "session_state", {"next_word_player": {"forced": [7, 1]}})
    player._forced(V, frozenset({0}), lambda number: live.force_tokens((5, 280), (number,)))
    assert said == [{"tokens": "5.280.7"}]
    live.force_tokens((5,) * MOST_SAID, (7,))
    assert len(said) == 1
    assert sent(opened())["ends"] == [0]


def test_where_the_model_ends_its_text_the_page_does_not_go_on(own: Own) -> None:
    end = own.tokenizer.eos_token_id
    first = max(range(1, V), key=lambda number: softmax(own.logits("the dog", (number,)))[end])
    order, _step = own.step("the dog", (first,), UNCUT)
    logits = own.logits("the dog", (first,))[order]
    dice = (np.random.default_rng([seed, 1]).random() for seed in range(10_000))
    drawn = (order[next_word(logits, pointer=die).drawn] for die in dice)
    seed = next(seed for seed, number in enumerate(drawn) if number == end)
    button = opened(k="300", tokens=str(first), seed=str(seed)).button(key="go_on")
    assert (button.label, button.disabled) == ("The text ends here", True)


def test_the_report_is_that_of_the_recorded_model() -> None:
    at = opened()
    text = shown(at)
    for said in ("What the tail holds", "Many draws", "Which speaking die", "**tiny**", "float32", "no grammar stands"):
        assert said in text
    assert not {"Good words thrown away", "Impossible words let in"} & set(numbers(at))
    (tail, shipped) = tables(at)
    assert tail["rank"] == ["51"]  # it has no 500 tokens
    assert "Llama 3" in shipped[""]
    at.button(key="shipped_3").click().run()
    assert at.select_slider(key="top_k-k").value == 64
    assert "bfloat16" not in shown(answered(at))


def test_the_program_prints_what_is_on_screen(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(tokens="5.280", k="20", temp="0.7")
    program, data = listing(at), sent(at)
    assert "'tiny'" in program
    monkeypatch.setenv("TQDM_DISABLE", "1")
    printed = run_elsewhere(program.replace("'tiny'", repr(str(tiny))), tmp_path)
    assert f"words that stay in: {data['cut']}\n" in printed
    assert printed.count("probability of") == 5
    assert f": {data['after'][0]:.1%}\n" in printed


def test_the_tree_grows_until_it_is_complete(own: Own) -> None:
    at = opened(tree="true", k="2", temp="0.5")
    (data,) = pictures(at, "tree")
    order, step = own.step("the dog", (), SamplingSettings(0.5, top_k=2))
    first = [data["words"].index(word) for word in sent(at)["words"][:2]]
    assert [data["parents"][i] for i in first] == [-1, -1]
    assert [data["probabilities"][i] for i in first] == pytest.approx(step.trace.probabilities[:2], rel=1e-3)
    assert max(data["parents"]) > 0
    assert set(data["kinds"]) == {0}
    assert "at most 60 times" in shown(at)
    assert len(order) == V


def test_a_box_that_was_chosen_is_said(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(live, "change", lambda **values: said.append(values))
    words = Vocabulary.of([b".", b"a", b" b"])
    about = About(Model(str(tiny)), words, frozenset({0}), 9, "float32", 1, "", None)
    answered = live.Answered(about, Question(about.model, ""), LiveStep.of(np.zeros(3), words, "", (2,)), None)  # type: ignore[arg-type]
    nodes = (LiveNode((1,), -1, 0.5, False), LiveNode((1, 2), 0, 0.3, False), LiveNode((0,), -1, 0.1, True))

    def go(chosen: Any) -> None:
        monkeypatch.setattr(live_tree.st, "session_state", {"continuation_tree": {"go": chosen}})
        live_tree._go(nodes, ["a", "␣b", "."], answered)

    go(["a", "␣b"])
    assert said == [{"tokens": "2.1.2"}]
    for nonsense in (None, [], "a", ["␣b"], ["a", "a"], ["."], [["a"]], [1], ["a", "␣b", "a"], {"a": 1}):
        go(nonsense)
    assert len(said) == 1


NONSENSE = ["", "-1", "nan", "1e308", "49153", "<script>alert(1)</script>", "é", "5.x.7", "²", "9" * 500, "1.2.3"]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_every_setting_still_shows_the_page(value: str) -> None:
    names = ["llm", "prompt", "tokens", "k", "temp", "top_p", "min_p", "all", "seed", "n", "lang"]
    for link in both_spellings("top_k", **dict.fromkeys(names, value)):
        assert sum(sent(opened(**link))["before"]) <= 1.001


def test_others_draw_while_a_page_waits_for_the_model() -> None:
    drawn = threading.Event()

    def another() -> None:
        with fragments.turn():
            drawn.set()

    with fragments.turn():
        thread = threading.Thread(target=another)
        thread.start()
        with fragments.out_of_turn():
            thread.join(PATIENCE)
            assert drawn.is_set()
        assert fragments._pen.locked()
    assert not fragments._pen.locked()


# --- Which model, and why there may be none ---


def test_a_link_names_one_of_several(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO_DICE_LLM", f"{tmp_path / 'nothing'},{tiny}")
    at = opened(llm="tiny")
    assert at.selectbox(key="top_k-llm").options == ["nothing", "tiny"]
    assert len(sent(at)["words"]) == 75
    assert address(at)["top_k-llm"] == "tiny"


def test_a_visitor_cannot_load_what_the_host_does_not_offer(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    ask = live.LIVE.ask
    monkeypatch.setattr(
        live.LIVE, "ask", lambda question, patience=0.0: (asked.append(question), ask(question, patience))[1]
    )
    opened(llm=str(tmp_path))
    assert {question.model.source for question in asked} == {str(tiny)}


def test_where_anything_may_be_named_a_wrong_name_is_told(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO_DICE_LLM", "any")
    at = open_app_page("top_k", model="live", prompt="the dog", llm="**no** <b>such</b>")
    (warning,) = healthy(at).warning
    assert r"\*\*no\*\*" in warning.value
    assert "<b>" not in warning.value
    assert "owner/name@revision" in warning.value
    at.text_input(key="top_k-llm").set_value(str(tiny)).run()
    assert len(sent(answered(at))["words"]) == 75


def test_a_folder_that_will_not_do_says_why_and_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LIVE", LiveLlm(spare=0))
    monkeypatch.setenv("TWO_DICE_LLM", str(make_tiny_llm(tmp_path / "wrong")))
    weights = tmp_path / "wrong" / "model.safetensors"
    weights.rename(tmp_path / "elsewhere")
    at = opened()
    assert "safetensors" in at.warning[0].value
    (tmp_path / "elsewhere").rename(weights)
    at.button(key="try_again").click().run()
    assert len(sent(answered(at))["words"]) == 75
    live.LIVE.close()


def test_short_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LIVE", LiveLlm(spare=2**60))
    assert "not enough free memory" in opened().warning[0].value


def test_too_long_a_text_leads_back_to_the_beginning() -> None:
    at = opened(prompt="9" * 200, tokens=".".join(["7"] * MOST_SAID))
    assert "too long" in at.warning[0].value
    at.button(key="begin_anew").click().run()
    assert len(sent(answered(at))["words"]) == 75
    assert "top_k-tokens" not in address(at)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(question: object, patience: float = 0.0) -> None:
        raise Failure(reason)

    monkeypatch.setattr(live.LIVE, "ask", refuse)
    (warning,) = open_app_page("top_k", model="live").warning
    assert warning.value == prose("top_k", f"live-{reason.value}", name="tiny")


@pytest.mark.parametrize("language", ["de", "es", "fr", "ja", "zh-Hant"])
def test_it_speaks_every_language(language: str) -> None:
    at = opened(lang=language)
    assert at.button_group(key="top_k-model").label != "The model that speaks"
    assert "The model is" not in shown(at)
    assert any(f"{V}" in value for value in numbers(at).values())


def test_a_page_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.LIVE, "ask", lambda question, patience=0.0: None)
    at = healthy(open_app_page("top_k", model="live", k="300", tokens="7.8", temp="0.5"))
    (progress,) = at.get("progress")
    assert progress.proto.text == "The model is computing its answer"
    assert address(at) == {"top_k-model": "live", "top_k-k": "300", "top_k-tokens": "7.8", "top_k-temp": "0.5"}
    at.button_group(key="top_k-model").set_value("storybook").run()
    assert sent(healthy(at))["truth"] is not None


@pytest.mark.skipif(not FETCHED.is_dir(), reason="the model is not there: python -m scripts.fetch_llm")
def test_the_real_model_says_what_is_recorded_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from lib.recorded_llm import load_recorded_llm

    monkeypatch.delenv("TWO_DICE_LLM")
    monkeypatch.setattr(live, "LIVE", LiveLlm(spare=0))
    recorded = load_recorded_llm()
    step = recorded.step(recorded.beginnings.index(LLM_OPENING), "k50", 0)
    data = sent(opened(prompt=LLM_OPENING))
    assert data["words"][:40] == [visible(step.tokens[rank]) for rank in range(40)]
    assert data["before"][:40] == pytest.approx(next_word(step.logits).before[:40], rel=1e-3)
    live.LIVE.close()
