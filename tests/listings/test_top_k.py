"""The listings of the Top-k page run as they stand and give the distribution of lib/sampling.py."""

import ast
import itertools
import math
import types

import numpy as np
import pytest
import torch

from lib import language_model
from lib.listings.top_k import generate_listing, top_k_listing
from lib.sampling import shape_distribution
from lib.sampling_settings import UNCUT, SamplingSettings

SETTINGS = [
    {"temperature": T, "top_k": k, "top_p": p, "min_p": m}
    for T, k, p, m in itertools.product((1.0, 0.7), (None, 1, 5, 50), (None, 0.8, 1.0), (None, 0.0, 0.05))
]


@pytest.fixture
def a_model(monkeypatch):
    """A model of 60 words in place of the storybook's; the listing asks for it by its own import."""
    vocabulary = [f"word{i}" for i in range(60)]
    logits = np.random.default_rng(0).normal(0, 2, 60)
    logits[7] = logits[8]
    asked = []

    def load(language, p, corpus):
        asked.append((language, p, corpus))
        return types.SimpleNamespace(vocabulary=vocabulary, next_logits=lambda words: logits.copy())

    monkeypatch.setattr(language_model, "load_model", load)
    return types.SimpleNamespace(logits=logits, vocabulary=vocabulary, asked=asked)


@pytest.mark.parametrize("chosen", SETTINGS, ids=str)
def test_the_pytorch_listing_runs_and_draws_from_our_distribution(a_model, chosen, capsys):
    program = top_k_listing(["the", "dog's"], SamplingSettings(**chosen), p=0.3, corpus="large", seed=3)
    names: dict = {}
    exec(compile(program, "listing", "exec"), names)
    np.testing.assert_allclose(names["probabilities"], shape_distribution(a_model.logits, **chosen).probabilities)
    assert capsys.readouterr().out.split()[0] == a_model.vocabulary[names["word"]]
    assert a_model.asked == [("en", 0.3, "large")]
    assert max(map(len, program.splitlines())) <= 120


def test_a_step_left_out_has_no_line():
    program = top_k_listing(["the"], UNCUT)
    assert not [name for name in ("topk", "cumsum", "min-p") if name in program]
    assert "\n\n\n" not in program


@pytest.mark.parametrize("chosen", SETTINGS, ids=str)
def test_the_generate_listing_cuts_as_ours_does(chosen, monkeypatch, capsys):
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
    said = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg is not None}
    said["max_new_tokens"] = 1
    result = tiny.generate(**inputs, **said, output_scores=True, output_logits=True, return_dict_in_generate=True)
    ours = shape_distribution(result.logits[0].numpy(), **chosen).probabilities
    np.testing.assert_allclose(torch.softmax(result.scores[0], -1).numpy(), ours, rtol=1e-4, atol=1e-7)
    kept = (ours > 0).sum()
    assert kept <= (chosen["top_k"] or math.inf)
