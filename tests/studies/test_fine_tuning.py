"""Fine-tuning: the shipped runs are whole, and the computation agrees with the same done by hand on a tiny model."""

import math
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from lib.grammar import parse_grammar
from lib.lora import LoraLinear
from lib.sampling import shape_with
from lib.sampling_settings import SamplingSettings
from lib.statistics.intervals import Estimate, share
from lib.story import Story, load_story
from lib.studies.fine_tuning import (
    ARMS,
    GRAMMAR,
    KS,
    MODEL,
    PROMPT_WORDS,
    PROMPTS,
    SEEDS,
    WITHOUT,
    Copying,
    FineTuningConfig,
    Loss,
    append,
    change,
    load_copying,
    load_losses,
    share_of,
    told_apart,
)
from lib.studies.fine_tuning_trial import (
    MOST_TOKENS,
    Llm,
    Trial,
    _words_of,
    add_residual_dropout,
    grammar_goes_on,
    grammar_speaks,
    sentences_of,
)
from scripts.fetch_llm import NAME

END = 0
TINY = FineTuningConfig(
    "lora", 0.2, sentences=12, epochs=2, batch_size=4, learning_rate=0.01, rank=2, alpha=4, blocks=1
)


class Letters:
    """A tokenizer in the form of transformers': a token for each byte, after `END`."""

    def __call__(self, text: str, add_special_tokens: bool) -> SimpleNamespace:
        assert not add_special_tokens
        return SimpleNamespace(input_ids=[1 + byte for byte in text.encode()])

    def decode(self, tokens: list[int]) -> str:
        return bytes(token - 1 for token in tokens).decode(errors="replace")


def tiny_llm(seed: int = 0) -> Llm:
    """A Llama of two narrow layers with random weights, in single precision."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    config = transformers.LlamaConfig(
        vocab_size=257, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True, max_position_embeddings=256,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = transformers.LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # the usual first weights are so small that all bytes are as likely
            parameter.mul_(4)
    return Llm(model, Letters(), END)


# ---------------------------------------------------------------------------------------------------------- the model


def log_probabilities(llm: Llm, tokens: list[int]) -> np.ndarray:
    """Of every next token after these, by one ordinary pass of the whole model, (V,)."""
    with torch.no_grad():
        logits = llm.model(torch.tensor([tokens])).logits[0, -1].double()
    return (logits - logits.logsumexp(0)).numpy()


def test_a_text_s_loss_is_the_sum_over_its_tokens_one_by_one() -> None:
    llm = tiny_llm()
    texts = [[*llm.tokens(text), END] for text in ("The fox.", "A much longer sentence.", "Oh")]
    by_hand = [-sum(log_probabilities(llm, text[:t])[text[t]] for t in range(1, len(text))) for text in texts]
    with torch.no_grad():
        np.testing.assert_allclose(llm.nats(texts).numpy(), by_hand, rtol=1e-5)


@pytest.mark.parametrize("k", [None, 3])
def test_it_goes_on_as_the_whole_model_does_token_by_token(k: int | None) -> None:
    """With the cache and in groups of one length, from the same random numbers, drawn one row after the other."""
    llm, prompts = tiny_llm(), [[END, 5, 9, 40], *([END, 1 + byte] for byte in range(30)), [END, 9, 8, 7]]
    texts = llm.go_on(prompts, k, np.random.default_rng(3))
    rng, expected = np.random.default_rng(3), [list(prompt) for prompt in prompts]
    for rows in (range(1, 31), (0, 31)):  # those of one length
        for _step in range(MOST_TOKENS):
            going_on = [row for row in rows if expected[row][1:].count(END) == 0]
            pointers = rng.random((len(going_on), 1))[:, 0] if going_on else []
            for row, pointer in zip(going_on, pointers, strict=True):
                kept = shape_with(log_probabilities(llm, expected[row]), SamplingSettings(top_k=k)).probabilities
                expected[row].append(int((kept.cumsum() > pointer).argmax()))
    assert texts == expected
    if k is None:  # some have ended, the others went on
        assert {text[-1] == END for text in texts} == {True, False}


def test_the_cut_at_one_is_the_likeliest_token() -> None:
    llm = tiny_llm()
    (text,) = llm.go_on([[END, 5]], 1, np.random.default_rng(0))
    for t in range(2, len(text)):
        assert text[t] == log_probabilities(llm, text[:t]).argmax()


# ------------------------------------------------------------------------------------------------------------ the runs


def test_a_trial_s_losses_are_those_of_the_merged_matrices_per_word() -> None:
    """Train, put one ordinary matrix in the place of each LoRA layer, and measure again, sentence by sentence."""
    llm, story = tiny_llm(), load_story("en")
    trial = Trial(llm, story, TINY)
    trial.advance()
    for parent in list(llm.model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LoraLinear):
                layer = torch.nn.Linear(child.base.in_features, child.base.out_features, bias=False)
                layer.weight.data = child.merged().detach()
                setattr(parent, name, layer)
    assert not [each for each in llm.model.modules() if isinstance(each, LoraLinear)]
    drawn = sentences_of(TINY, story)
    for loss, prompts in zip(trial.losses[-2:], PROMPTS, strict=True):
        nats = words = 0.0
        for sentence in drawn[prompts]:
            tokens = [*llm.tokens(story.text_of(sentence)), END]
            nats -= sum(log_probabilities(llm, tokens[:t])[tokens[t]] for t in range(1, len(tokens)))
            words += len(sentence) + 1
        assert loss.value == pytest.approx(nats / words, rel=1e-4)
        assert (loss.quantity, loss.epoch) == (f"{'train' if prompts == 'trained' else 'val'}_loss", 1)


def test_before_the_first_epoch_it_is_the_model_as_it_came() -> None:
    story, untouched = load_story("en"), tiny_llm()
    trial = Trial(tiny_llm(), story, TINY)
    texts = [[*untouched.tokens(story.text_of(each)), END] for each in sentences_of(TINY, story)["trained"]]
    words = sum(len(each) + 1 for each in sentences_of(TINY, story)["trained"])
    with torch.no_grad():
        assert trial.losses[0].value == pytest.approx(float(untouched.nats(texts).sum()) / words, rel=1e-5)


def test_fine_tuning_learns_and_the_same_seed_does_it_again() -> None:
    def losses(config: FineTuningConfig) -> list[float]:
        trial = Trial(tiny_llm(), load_story("en"), config)
        for _epoch in range(config.epochs):
            trial.advance()
        return [loss.value for loss in trial.losses]

    first = losses(TINY)
    assert first[-2] < first[0] - 0.5  # nats per word
    assert losses(TINY) == first
    for other in (replace(TINY, place="none", p=0.0), replace(TINY, place="residual")):
        others = losses(other)
        assert others[:2] == first[:2]  # the same sentences
        assert others[-2:] != first[-2:]
    assert losses(replace(TINY, seed=1))[:2] != first[:2]


def test_residual_dropout_is_gpt_2_s_on_both_halves_and_on_the_attention_weights() -> None:
    """In training what both halves add is 0 or x / (1 - p), and the attention weights are rolled as well."""
    llm, p = tiny_llm(), 0.25
    block = llm.model.base_model.layers[1]
    add_residual_dropout([block], p, torch.Generator().manual_seed(0))
    x = torch.randn((40, 50, 24), generator=torch.Generator().manual_seed(1))
    for layer in (block.self_attn.o_proj, block.mlp.down_proj):
        inputs = x if layer.in_features == 24 else torch.cat([x, x], dim=-1)[..., : layer.in_features]
        whole, dropped = layer.eval()(inputs), layer.train()(inputs)
        kept = dropped != 0
        torch.testing.assert_close(dropped[kept], whole[kept] / (1 - p))
        # 48,000 units: further away than 5 standard deviations once in two million seeds.
        assert abs(float(kept.double().mean()) - (1 - p)) < 5 * math.sqrt(p * (1 - p) / kept.numel())
        layer.eval()
    tokens = torch.tensor([[END, 5, 9, 40, 7]])
    outputs = []
    for training in (False, False, True, True):
        block.self_attn.training = training  # not the layers in it: only the attention weights are dropped
        with torch.no_grad():
            outputs.append(llm.model(tokens).logits)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[2], outputs[3])


def test_dropout_is_off_when_a_trial_measures_and_speaks() -> None:
    for place in ("lora", "residual"):
        llm = tiny_llm()
        trial = Trial(llm, load_story("en"), replace(TINY, place=place))
        trial.advance()
        texts = [[*llm.tokens("The fox"), END]]
        with torch.no_grad():
            assert torch.equal(llm.nats(texts), llm.nats(texts))
        trial.speak()
        assert not any(each.training for each in llm.model.modules())


# ------------------------------------------------------------------------------------------------------- the sentences


def test_fresh_sentences_are_none_of_the_training_sentences() -> None:
    for seed in SEEDS:
        drawn = sentences_of(FineTuningConfig(seed=seed), load_story("en"))
        assert [len(sentences) for sentences in drawn.values()] == [200, 200]
        assert not {tuple(each) for each in drawn["trained"]} & {tuple(each) for each in drawn["fresh"]}
        assert min(len(each) for sentences in drawn.values() for each in sentences) > PROMPT_WORDS


@pytest.mark.parametrize(
    "text", ["the fox met Anna.", "The fox met Anna", "The  fox met Anna.", "The fox met Anna..", "The FOX met Anna."]
)
def test_a_sentence_counts_only_as_it_is_written(text: str) -> None:
    story = load_story("en")
    assert _words_of("The fox met Anna.", story) == ("the", "fox", "met", "Anna")
    assert not story.accepts(_words_of(text, story))


def chance_of(story: Story, prompt: tuple[str, ...], sentence: tuple[str, ...], k: int | None) -> float:
    """How likely the grammar, cut at k, goes on from the prompt to just this sentence."""
    if sentence[: len(prompt)] != prompt:
        return 0.0
    chance = 1.0
    for t in range(len(prompt), len(sentence) + 1):
        with np.errstate(divide="ignore"):
            scores = np.log(story.next_word(list(sentence[:t])))
        word = story.eos_id if t == len(sentence) else story.word_id[sentence[t]]
        chance *= shape_with(scores, SamplingSettings(top_k=k)).probabilities[word]
    return chance


@pytest.mark.parametrize("k", [None, 1])
def test_the_grammar_goes_on_as_likely_as_it_says(k: int | None) -> None:
    """Chi-square would be too much for three sentences: each count within 5 standard deviations, p < 1e-6 each."""
    rules = "sentence:\n  3 | the dog sleeps now\n  2 | the dog sleeps\n  the dog eats\n  a cat eats"
    story = Story(parse_grammar(rules))
    n, prompt = 3_000, ("the", "dog")
    said = Counter(map(tuple, grammar_goes_on(story, [prompt] * n, k, np.random.default_rng(0))))
    chances = {each: chance_of(story, prompt, each, k) for each in said}
    assert sum(chances.values()) == pytest.approx(1)
    for sentence, chance in chances.items():
        assert abs(said[sentence] - n * chance) <= 5 * math.sqrt(n * chance * (1 - chance))


# ------------------------------------------------------------------------------------------------------ what is shipped


def test_the_model_is_the_one_that_is_fetched() -> None:
    assert MODEL == NAME


def test_every_run_is_there_and_whole() -> None:
    losses, copying = load_losses(), load_copying()
    seeds = {loss.seed for loss in losses}
    assert set(SEEDS) <= seeds
    epochs = range(FineTuningConfig().epochs + 1)
    wanted = {
        (*arm, seed, epoch, quantity)
        for arm in ARMS for seed in seeds for epoch in epochs for quantity in ("train_loss", "val_loss")
    }  # fmt: skip
    assert Counter((each.place, each.p, each.seed, each.epoch, each.quantity) for each in losses) == Counter(wanted)
    told = {(*arm, seed, prompts, k) for arm in (*ARMS, GRAMMAR) for seed in seeds for prompts in PROMPTS for k in KS}
    assert Counter((each.place, each.p, each.seed, each.prompts, each.k) for each in copying) == Counter(told)
    assert all(0 <= each.copied <= each.possible <= each.n == FineTuningConfig().sentences for each in copying)


def test_runs_of_one_seed_begin_alike_and_differ_by_dropout_alone() -> None:
    for quantity in ("train_loss", "val_loss"):
        for seed in SEEDS:
            losses = [each for each in load_losses() if (each.seed, each.epoch, each.quantity) == (seed, 0, quantity)]
            assert len({each.value for each in losses}) == 1


def test_no_fresh_loss_is_below_the_floor() -> None:
    """Nobody can know fresh sentences better than their source; 200 of them may be luckier than the average by 0.1."""
    floor = load_story("en").entropy_per_word
    assert min(each.value for each in load_losses() if each.quantity == "val_loss") > floor - 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_grammar_s_row_is_drawn_again_and_is_what_chance_gives(seed: int) -> None:
    story, config = load_story("en"), FineTuningConfig(seed=seed)
    shipped = {(each.prompts, each.k): each for each in load_copying() if (each.place, each.seed) == ("grammar", seed)}
    for each in grammar_speaks(config, story):
        known = shipped[each.prompts, each.k]
        assert (each.copied, each.possible) == (known.copied, known.possible)
        assert each.possible == each.n
    drawn = sentences_of(config, story)
    trained = {tuple(each) for each in drawn["trained"]}
    prompts = [tuple(each[:PROMPT_WORDS]) for each in drawn["fresh"]]
    chances = np.array([sum(chance_of(story, prompt, each, None) for each in trained) for prompt in prompts])
    spread = math.sqrt(float((chances * (1 - chances)).sum()))
    assert abs(shipped["fresh", None].copied - chances.sum()) <= 5 * spread


def test_rows_are_written_as_they_are_read(tmp_path: Path) -> None:
    losses = [Loss("lora", 0.1, 0, 0, "train_loss", 7.25, 3.5), Loss("lora", 0.1, 0, 0, "val_loss", 7.125, 4.5)]
    told = [
        Copying("grammar", 0.0, 0, "fresh", None, 200, 3, 200, 1.5),
        Copying("residual", 0.3, 1, "trained", 50, 200, 30, 180, 2.5),
    ]
    for rows, load in ((losses, load_losses), (told, load_copying)):
        path, kind = tmp_path / f"{load.__name__}.csv", type(rows[0])
        append(rows[:1], path)  # type: ignore[type-var]
        append(rows[1:], path)  # type: ignore[type-var]
        assert load(path) == rows
        assert path.read_text().splitlines()[0] == ",".join(each.name for each in fields(kind))


@pytest.mark.parametrize("line", ["lora,0.1,0,1,val_loss,low,3", "lora,0.1,0,1", "lora,,0,1,val_loss,2.0,3"])
def test_a_line_that_is_no_loss_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "fine_tuning.csv"
    append([Loss("lora", 0.1, 0, 0, "train_loss", 7.25, 3.5)], path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ValueError, match=r"line 3 of fine_tuning\.csv must be a Loss"):
        load_losses(path)


def test_shares_pool_the_seeds_and_a_difference_has_newcombe_s_interval() -> None:
    rows: list[Any] = [Copying(*WITHOUT, seed, "trained", None, 35, 28, 35, 1.0) for seed in (0, 1)]
    rows += [Copying("lora", 0.3, seed, "trained", None, 40, 24, 40, 1.0) for seed in (0, 1)]
    before, after = (share_of(rows, "copied", arm, "trained", None) for arm in (WITHOUT, ("lora", 0.3)))
    assert (before, after) == (share(56, 70), share(48, 80))
    difference = change(before, after)  # Newcombe (1998), table II, example (a), method 10, the other way round
    assert [round(end, 4) for end in (difference.value, difference.low, difference.high)] == [-0.2, -0.3339, -0.0524]
    assert told_apart(difference)
    assert not told_apart(Estimate(-0.1, -0.2, 0.0))
