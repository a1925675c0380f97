"""The listings of the Top-k page run wherever they are saved, and draw the page's word from the page's distribution."""

import ast
import contextlib
import io
import itertools
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lib.language_model import load_model
from lib.listings.top_k import generate_listing, llm_listing, top_k_listing
from lib.next_word import NextWord, next_word
from lib.recorded_llm import load_recorded_llm, pointer_of
from lib.sampling import shape_distribution
from lib.sampling_settings import UNCUT, SamplingSettings
from scripts.fetch_llm import FOLDER
from tests.support.listings import fits_beside_the_page, run_elsewhere

SETTINGS: list[dict[str, Any]] = [
    {"temperature": T, "top_k": k, "top_p": p, "min_p": m}
    for T, k, p, m in itertools.product((1.0, 0.7, 3.0), (None, 1, 5, 50), (None, 0.8, 1.0), (None, 0.0, 0.05))
]
WORDS = ["the", "old"]


def page(
    chosen: dict[str, Any], seed: int, words: list[str] = WORDS, p: float = 0.3, corpus: str = "small"
) -> NextWord:
    """The step that the page shows: see pages/top_k.py."""
    pointer = np.random.default_rng([seed, len(words)]).random()
    return next_word(
        load_model(p=p, corpus=corpus).next_logits(words), None, SamplingSettings(**chosen), pointer=pointer
    )


def left_out(program: str) -> float:
    """How much of the probability the program says that it leaves out."""
    found = re.search(r"hold ([\d.]+)% together", program.replace("\n#", ""))
    return float(found[1]) / 100 if found else 0.0


def check(program: str, printed: str, step: NextWord, vocabulary: list[str]) -> None:
    """The printed numbers are the page's, but for what the program says that it leaves out."""
    missing = left_out(program)
    assert missing <= 0.001
    (kept,) = re.findall(r"words that stay in: (\d+)", printed)
    assert int(kept) == step.kept or missing
    rows = re.findall(r"probability of '(.*)': ([\d.]+)%", printed)
    assert [word for word, _ in rows] == [vocabulary[i] for i in step.order[:5]]
    for i, (_, percent) in zip(step.order, rows, strict=False):
        exact = step.trace.probabilities[i]
        assert float(percent) / 100 == pytest.approx(exact, abs=0.00051 + missing * exact)
    assert printed.splitlines()[-1] == f"drawn: '{vocabulary[step.drawn]}'"


@pytest.mark.parametrize("chosen", SETTINGS, ids=str)
def test_the_pytorch_listing_draws_the_page_s_word(chosen: dict[str, Any]) -> None:
    program = top_k_listing(WORDS, SamplingSettings(**chosen), p=0.3, seed=3)
    assert fits_beside_the_page(program)
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(program, "listing", "exec"), names)
    step, vocabulary = page(chosen, 3), load_model().vocabulary
    check(program, printed.getvalue(), step, vocabulary)
    ours = dict(zip(vocabulary, step.trace.probabilities, strict=True))
    listed = dict(zip(names["words"], names["probabilities"].tolist(), strict=True))
    assert sum(mass for word, mass in ours.items() if word not in listed) == pytest.approx(
        left_out(program), abs=0.00006
    )
    for word, probability in listed.items():
        assert probability == pytest.approx(ours[word], rel=2e-4 + 1.1 * left_out(program))


@pytest.mark.parametrize("words", [[], ["one", "day"], ["when", "the", "dog"]], ids=" ".join)
@pytest.mark.parametrize("p", [0.0, 0.3])
def test_it_does_so_after_any_words_for_any_seed(words: list[str], p: float) -> None:
    for seed in range(20):
        program = top_k_listing(words, SamplingSettings(top_k=50), p=p, seed=seed)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(program, {})
        check(program, printed.getvalue(), page({"top_k": 50}, seed, words, p), load_model().vocabulary)


def test_the_model_is_the_one_that_is_named() -> None:
    program = top_k_listing(["the"], SamplingSettings(top_k=5), p=0.3, corpus="large")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(program, {})
    check(program, printed.getvalue(), page({"top_k": 5}, 0, ["the"], corpus="large"), load_model().vocabulary)


@pytest.mark.parametrize("chosen", [{"top_k": 50}, {"top_k": None, "temperature": 0.7}], ids=str)
def test_it_runs_wherever_it_is_saved(chosen: dict[str, Any], tmp_path: Path) -> None:
    program = top_k_listing(WORDS, SamplingSettings(**chosen), p=0.3, seed=5)
    check(program, run_elsewhere(program, tmp_path), page(chosen, 5), load_model().vocabulary)


def test_a_step_left_out_has_no_line() -> None:
    program = top_k_listing(["the"], UNCUT)
    assert not [name for name in ("topk", "min-p", "top-p") if name in program]
    assert "\n\n\n" not in program


@pytest.mark.parametrize("chosen", SETTINGS[:72], ids=str)
def test_the_generate_listing_cuts_as_ours_does(chosen: dict[str, Any], monkeypatch, capsys) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=70, n_positions=64, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0, pad_token_id=0
    )
    tiny = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        tiny.transformer.wte.weight *= 50  # steeper logits, so that every cut bites
    ids = torch.tensor([[1, 2, 3]])
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    class Tokenizer:
        def __call__(self, text, return_tensors):
            assert (text, return_tensors) == ("the dog's", "pt")
            return inputs

        def decode(self, tokens):
            return f"{len(tokens)} tokens"

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda name: Tokenizer())
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", lambda name: tiny)
    program = generate_listing(["the", "dog's"], SamplingSettings(**chosen), seed=3)
    exec(compile(program, "listing", "exec"), {})
    assert capsys.readouterr().out.endswith("tokens\n")

    call = next(
        node
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "model.generate"
    )
    arguments: dict[str, Any] = {
        word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg is not None
    }
    arguments["max_new_tokens"] = 1
    result = tiny.generate(**inputs, **arguments, output_scores=True, output_logits=True, return_dict_in_generate=True)
    ours = shape_distribution(result.logits[0].numpy(), **chosen).probabilities
    np.testing.assert_allclose(torch.softmax(result.scores[0], -1).numpy(), ours, rtol=1e-4, atol=1e-7)
    kept = (ours > 0).sum()
    assert kept <= (chosen["top_k"] or math.inf)


@pytest.mark.parametrize(
    ("beginning", "path", "at", "settings"),
    [
        ("My favourite animal is the", "k50", 0, SamplingSettings(top_k=50)),
        ("Once upon a time, there was a", "uncut", 3, SamplingSettings(0.7, top_k=100, top_p=0.9, min_p=0.01)),
    ],
)
def test_the_listing_for_the_real_model_asks_it_again(
    tmp_path: Path, monkeypatch, beginning: str, path: str, at: int, settings: SamplingSettings
) -> None:
    """The model itself says what is recorded of it, to the digit that the page shows, and the die falls alike."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    if not FOLDER.exists():
        pytest.skip("the model is not there: python -m scripts.fetch_llm")
    llm = load_recorded_llm()
    number = llm.beginnings.index(beginning)
    recorded = llm.step(number, path, at)
    step = next_word(recorded.logits, settings=settings, pointer=pointer_of(7, number, at))
    program = llm_listing(recorded, settings, die=(7, number, at))
    assert fits_beside_the_page(program)
    elsewhere = program.replace('"models/smollm2-135m-instruct"', repr(str(FOLDER)))
    assert elsewhere != program
    monkeypatch.setenv("TQDM_DISABLE", "1")  # the bar that shows how far the model is read
    printed = run_elsewhere(elsewhere, tmp_path)
    assert f"words that stay in: {step.kept}\n" in printed
    for rank in range(5):
        name = recorded.tokens[rank].decode()
        assert f"probability of {name!r}: {step.trace.probabilities[rank]:.1%}\n" in printed
    assert f"drawn: {recorded.tokens[step.drawn].decode()!r}" in printed
