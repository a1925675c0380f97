"""The small GPT: parts against PyTorch's, training against a textbook loop, sentences against exact probabilities."""

import itertools
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from lib import language_model as lm
from lib.grammar import parse_grammar
from lib.language_model import (
    CheckpointError,
    Corpus,
    LanguageModel,
    LanguageModelConfig,
    PrefixTooLongError,
    UnknownWord,
    load_model,
    train_language_model,
)
from lib.sampling import shape_distribution
from lib.settings import InvalidSetting
from lib.story import Story, UnknownLanguage, load_story
from lib.transformer import Architecture, Place, forward, initial_parameters, unflatten
from scripts import train_storybook

torch.set_num_threads(1)

TOY = """
sentence:
  3 | the <animal> sleeps
  2 | the <animal> eats the <food>
  the <animal> and the <animal> eat
animal: ranked
  dog, cat, mouse, owl
food: equal
  cheese, bread
"""
SMALL = LanguageModelConfig(
    p=0.2, n_sentences=60, steps=40, batch_size=8, record_every=20, width=16, heads=2, context=12
)


@pytest.fixture(scope="module")
def toy() -> Story:
    return Story(parse_grammar(TOY))


@pytest.fixture(scope="module")
def model(toy: Story) -> LanguageModel:
    *_, last = train_language_model(SMALL, toy)
    assert last.model is not None
    return last.model


# ---------------------------------------------------------------------------------------------- the network


class TorchGPT(nn.Module):
    """The same network from PyTorch's own parts: nn.TransformerEncoderLayer with a causal mask, pre-norm."""

    def __init__(self, network: Architecture, weights: dict[str, torch.Tensor]) -> None:
        super().__init__()
        C = network.width
        self.weights = weights
        self.layers = nn.ModuleList()
        for i in range(network.layers):
            layer = nn.TransformerEncoderLayer(
                C, network.heads, 4 * C, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, bias=False
            )
            with torch.no_grad():
                layer.norm1.weight.copy_(weights[f"{i}.attention_norm"])
                layer.self_attn.in_proj_weight.copy_(weights[f"{i}.attention"])
                layer.self_attn.out_proj.weight.copy_(weights[f"{i}.attention_projection"])
                layer.norm2.weight.copy_(weights[f"{i}.mlp_norm"])
                layer.linear1.weight.copy_(weights[f"{i}.mlp"])
                layer.linear2.weight.copy_(weights[f"{i}.mlp_projection"])
            self.layers.append(layer)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        T = tokens.shape[1]
        x = self.weights["word"][tokens] + self.weights["position"][:T]
        ahead = nn.Transformer.generate_square_subsequent_mask(T)
        for layer in self.layers:
            x = layer(x, src_mask=ahead)
        return functional.layer_norm(x, x.shape[-1:], self.weights["norm"])


@pytest.fixture(scope="module")
def network() -> Architecture:
    return Architecture(vocab_size=11, width=12, layers=3, heads=3, context=9)


@pytest.fixture(scope="module")
def weights(network: Architecture) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    size = sum(math.prod(shape) for shape in network.shapes().values())
    return unflatten(torch.randn(size, generator=generator) * 0.3, network)  # large, so that every part matters


@pytest.fixture(scope="module")
def tokens() -> torch.Tensor:
    return torch.randint(11, (4, 9), generator=torch.Generator().manual_seed(6))


def test_network_is_pytorchs_own_transformer(network, weights, tokens):
    with torch.no_grad():
        expected = TorchGPT(network, weights)(tokens)
        torch.testing.assert_close(forward(weights, network, tokens)[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_reading_on_from_a_cache_is_reading_at_once(network, weights, tokens, cut):
    at_once, whole = forward(weights, network, tokens)
    states, cache = forward(weights, network, tokens[:, :cut])
    pieces = [states]
    for t in range(cut, 9):
        states, cache = forward(weights, network, tokens[:, t : t + 1], cache=cache)
        pieces.append(states)
    torch.testing.assert_close(torch.cat(pieces, dim=1), at_once, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(cache[-1].keys, whole[-1].keys, rtol=1e-4, atol=1e-5)
    # Several words at once, too: the causal mask has to start where the cache ends.
    _, cache = forward(weights, network, tokens[:, :cut])
    torch.testing.assert_close(
        forward(weights, network, tokens[:, cut:], cache=cache)[0], at_once[:, cut:], rtol=1e-4, atol=1e-5
    )


def test_no_position_sees_the_words_after_it(network, weights, tokens):
    changed = tokens.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 11
    before, after = forward(weights, network, tokens)[0], forward(weights, network, changed)[0]
    assert torch.equal(before[:, :5], after[:, :5])
    assert not torch.isclose(before[:, 5:], after[:, 5:]).all(dim=2).any()


def test_dropout_is_called_in_the_four_places(network, weights, tokens):
    seen = []

    def drop(x: torch.Tensor, place: Place, layer: int | None) -> torch.Tensor:
        seen.append((place, layer, tuple(x.shape)))
        return x

    states, _ = forward(weights, network, tokens, drop)
    expected = [("embedding", None, (4, 9, 12))]
    for layer in range(3):
        expected += [("attention", layer, (4, 3, 9, 9)), ("projection", layer, (4, 9, 12)), ("mlp", layer, (4, 9, 12))]
    assert seen == expected
    assert torch.equal(states, forward(weights, network, tokens)[0])


def test_what_each_place_drops(network, weights, tokens):
    """Dropping everything at one place must do what leaving that part out does."""

    def with_zero(*names: str) -> torch.Tensor:
        without = {name: torch.zeros_like(w) if name in names else w for name, w in weights.items()}
        return forward(without, network, tokens)[0]

    def dropped(where: tuple[Place, int | None]) -> torch.Tensor:
        def drop(x: torch.Tensor, place: Place, layer: int | None) -> torch.Tensor:
            return torch.zeros_like(x) if (place, layer) == where else x

        return forward(weights, network, tokens, drop)[0]

    assert torch.equal(dropped(("embedding", None)), with_zero("word", "position"))
    for layer in range(3):
        without_attention = with_zero(f"{layer}.attention_projection")
        assert torch.equal(dropped(("attention", layer)), without_attention)
        assert torch.equal(dropped(("projection", layer)), without_attention)
        assert torch.equal(dropped(("mlp", layer)), with_zero(f"{layer}.mlp_projection"))


def test_parameters_start_as_in_gpt2():
    network = Architecture(vocab_size=700, width=64, layers=2, heads=4, context=32)
    w = unflatten(initial_parameters(network, torch.Generator().manual_seed(0)), network)
    deviation = 0.02 * math.sqrt(768 / 64)
    assert w["word"].std() == pytest.approx(deviation, rel=0.02)
    assert w["1.mlp"].std() == pytest.approx(deviation, rel=0.02)
    assert w["1.mlp_projection"].std() == pytest.approx(deviation / math.sqrt(4), rel=0.03)
    assert torch.equal(w["0.mlp_norm"], torch.ones(64))
    assert 100_000 <= sum(part.numel() for part in w.values()) <= 300_000


# ---------------------------------------------------------------------------------------------- learning


def test_training_is_the_textbook_loop(toy):
    """Every step recomputed with PyTorch's AdamW, one sentence at a time, from the same first parameters."""
    config = replace(SMALL, p=0.0, steps=12, record_every=12)
    *_, last = train_language_model(config, toy)
    network = config.network(len(toy.vocabulary))
    generator = torch.Generator().manual_seed(config.seed)
    flat = nn.Parameter(initial_parameters(network, generator))
    optimizer = torch.optim.AdamW([flat], weight_decay=config.weight_decay)
    sentences = toy.sample(60, np.random.default_rng([0, 0]))
    corpus = Corpus.of(sentences, toy.word_id, toy.eos_id, config.context)
    words_in_a_batch = 8 * sum(len(sentence) + 1 for sentence in sentences) / 60
    for step, index in enumerate(itertools.islice(corpus.shuffled_batches(8, generator), 12), start=1):
        w = unflatten(flat, network)
        loss = torch.zeros(())
        for i in index.tolist():
            ids = torch.tensor([[0, *(toy.word_id[word] for word in sentences[i]), 0]])
            states, _ = forward(w, network, ids[:, :-1])
            loss = loss + functional.cross_entropy(states[0] @ w["word"].T, ids[0, 1:], reduction="sum")
        optimizer.zero_grad()
        (loss / words_in_a_batch).backward()
        optimizer.param_groups[0]["lr"] = lm.learning_rate(config, step)
        optimizer.step()
    assert last.model is not None
    torch.testing.assert_close(last.model.parameters, flat.detach(), rtol=1e-3, atol=1e-5)


def test_same_config_same_model_and_the_seed_matters(toy, model):
    *_, again = train_language_model(SMALL, toy)
    *_, other = train_language_model(replace(SMALL, seed=1), toy)
    assert torch.equal(again.model.parameters, model.parameters)
    assert again.model.history == model.history
    assert not torch.isclose(other.model.parameters, model.parameters).all()


def test_everything_random_has_the_seed(toy):
    first, second = lm.Learner(SMALL, toy), lm.Learner(replace(SMALL, seed=1), toy)
    assert not torch.isclose(first.parameters, second.parameters).all()
    assert not torch.equal(next(first.batches), next(second.batches))
    assert lm.training_sentences(first.config, toy) != lm.training_sentences(second.config, toy)
    assert lm.validation_sentences(first.config, toy) != lm.validation_sentences(second.config, toy)
    assert lm.training_sentences(first.config, toy) != lm.validation_sentences(first.config, toy)[: SMALL.n_sentences]


def test_one_thread_and_none_of_the_callers_settings_changed(toy, model, monkeypatch):
    """Two threads make products this small many times slower on a busy machine."""
    seen = set()

    def spy(*arguments, **settings):
        seen.add(torch.get_num_threads())
        return forward(*arguments, **settings)

    monkeypatch.setattr(lm, "forward", spy)
    torch.set_num_threads(2)
    try:
        list(train_language_model(replace(SMALL, steps=1), toy))
        model.next_logits([])
        model.generate(1, np.random.default_rng(0))
        model.loss([["the"]])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert seen == {1}


def test_training_leaves_global_randomness_alone(toy):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    list(train_language_model(replace(SMALL, steps=3), toy))
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_records(toy, model):
    records = list(train_language_model(SMALL, toy))
    assert [record.step for record in records] == [0, 20, 40]
    assert [record.model is None for record in records] == [True, True, False]
    first, last = records[0], records[-1]
    assert first.tokens == 0
    assert first.train_loss == pytest.approx(math.log(len(toy.vocabulary)), rel=0.2)  # it knows nothing yet
    assert last.val_loss < first.val_loss
    assert last.model.history.step == [0, 20, 40]
    assert last.model.history.val_loss == [record.val_loss for record in records]
    # The recorded losses are those of a model without dropout, on whole sentences.
    assert last.train_loss == pytest.approx(last.model.loss(last.model.training_sentences), rel=1e-6)
    fresh = lm.validation_sentences(SMALL, toy)
    assert last.val_loss == pytest.approx(last.model.loss(fresh), rel=1e-6)


def test_large_training_sets_are_measured_on_their_first_thousand(toy):
    config = replace(SMALL, n_sentences=1_500, steps=1)
    *_, last = train_language_model(config, toy)
    assert last.train_loss == pytest.approx(last.model.loss(last.model.training_sentences[:1_000]), rel=1e-6)
    assert last.train_loss != pytest.approx(last.model.loss(last.model.training_sentences), rel=1e-6)


def test_tokens_count_the_words_learned_from(toy):
    config = replace(SMALL, n_sentences=20, batch_size=5, steps=8, record_every=4)  # 4 batches are an epoch
    records = list(train_language_model(config, toy))
    words = sum(len(sentence) + 1 for sentence in lm.training_sentences(config, toy))
    assert [record.tokens for record in records] == [0, words, 2 * words]


def test_loss_is_the_mean_surprise_word_by_word(toy, model):
    sentences = toy.sample(7, np.random.default_rng(3))
    surprise = []
    for sentence in sentences:
        for t, word in enumerate([*sentence, toy.eos]):
            probabilities = shape_distribution(model.next_logits(sentence[:t])).probabilities
            surprise.append(-math.log(probabilities[toy.word_id[word]]))
    assert model.loss(sentences) == pytest.approx(np.mean(surprise), rel=1e-5)


def test_batches_hold_every_sentence_once_an_epoch_and_hardly_any_padding():
    story = load_story("en")
    config = LanguageModelConfig()
    corpus = lm.Learner(config, story).training
    batches = list(itertools.islice(corpus.shuffled_batches(32, torch.Generator().manual_seed(0)), 63))
    assert sorted(torch.cat(batches).tolist()) == list(range(2000))
    needed, filled = (
        sum(int(corpus.lengths[index].sum()) for index in batches),
        sum(len(index) * int(corpus.lengths[index].max()) for index in batches),
    )
    assert filled < 1.1 * needed
    unsorted = torch.split(torch.arange(2000), 32)
    assert sum(len(index) * int(corpus.lengths[index].max()) for index in unsorted) > 1.3 * needed


def test_sentences_that_do_not_fit_the_context_are_cut():
    corpus = Corpus.of(
        [["a", "b", "c", "d"], ["a", "b", "c"], ["a", "b"]], {".": 0, "a": 1, "b": 2, "c": 3, "d": 4}, 0, 3
    )
    inputs, targets, counts = corpus.batch(torch.tensor([0, 1, 2]))
    assert inputs.tolist() == [[0, 1, 2], [0, 1, 2], [0, 1, 2]]
    assert targets.tolist() == [[1, 2, 3], [1, 2, 3], [1, 2, 0]]  # the cut sentences are not said to end
    assert counts.all()


def test_dropout_slows_learning_by_heart_and_is_off_in_the_records(toy):
    config = replace(SMALL, n_sentences=12, steps=300, record_every=300, learning_rate=0.01, width=32)
    losses = {}
    for p in (0.0, 0.5):
        *_, last = train_language_model(replace(config, p=p), toy)
        losses[p] = last.train_loss
    assert losses[0.0] < losses[0.5]


def test_no_optimizer_is_constructed():
    """torch.optim would import the compiler (torch._dynamo): a second and 65 MB for nothing."""
    program = (
        "import sys; from lib.language_model import *;"
        "c = LanguageModelConfig(p=0.1, n_sentences=9, steps=2, width=8, heads=2);"
        "*_, last = train_language_model(c); last.model.generate(2, np.random.default_rng(0));"
        "print('torch._dynamo' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p", 1.0), ("p", -0.1), ("p", math.nan), ("p", "0.5"), ("p", None), ("p", True),
        ("n_sentences", 0), ("n_sentences", 2.5), ("n_sentences", 10**9),
        ("steps", 0), ("steps", True), ("batch_size", 0), ("record_every", 0),
        ("learning_rate", 0.0), ("learning_rate", math.inf), ("weight_decay", -1e-9), ("weight_decay", math.nan),
        ("width", 0), ("layers", 0), ("heads", 5), ("context", 1), ("seed", -1), ("seed", 2**63),
    ],
)  # fmt: skip
def test_bad_settings_are_named(name, value):
    with pytest.raises(InvalidSetting, match=rf"^{name} must be .* but is") as caught:
        LanguageModelConfig(**{name: value})
    assert caught.value.name == name
    assert isinstance(caught.value, ValueError)


def test_numpys_numbers_are_settings_too_and_become_pythons():
    config = LanguageModelConfig(p=np.float32(0.5), steps=np.int64(10), learning_rate=1)
    assert config == LanguageModelConfig(p=0.5, steps=10, learning_rate=1.0)
    assert {type(value) for value in (config.p, config.learning_rate)} == {float}
    assert type(config.steps) is int


def test_config_is_a_key():
    assert {LanguageModelConfig(p=0.3): 1}[LanguageModelConfig(p=0.3)] == 1
    with pytest.raises(UnknownLanguage):
        next(train_language_model(LanguageModelConfig(language="xx")))


# ---------------------------------------------------------------------------------------------- speaking


def exact_sentence_probabilities(model: LanguageModel, prefix=(), **sampling) -> dict[tuple[str, ...], float]:
    """Every sentence's probability, by the chain rule from next_logits: no cache, no batch."""
    found: dict[tuple[str, ...], float] = {}
    open_ends = [(tuple(prefix), 1.0)]
    while open_ends:
        words, chance = open_ends.pop()
        for i, p in enumerate(shape_distribution(model.next_logits(words), **sampling).probabilities):
            if p * chance > 1e-9:
                longer = (*words, model.vocabulary[i])
                if i == model.story.eos_id:
                    found[words] = found.get(words, 0.0) + p * chance
                elif len(longer) == model.config.context:
                    found[longer] = found.get(longer, 0.0) + p * chance
                else:
                    open_ends.append((longer, p * chance))
    return found


@pytest.mark.parametrize(
    ("prefix", "sampling"),
    [((), {"top_k": 2}), (("the",), {"top_k": 2, "temperature": 0.5}), (("the", "owl"), {"top_k": 3, "top_p": 0.8})],
)
def test_sentences_come_with_their_exact_probability(toy, prefix, sampling):
    config = replace(SMALL, steps=300, learning_rate=0.01, context=6)
    *_, last = train_language_model(config, toy)
    exact = exact_sentence_probabilities(last.model, prefix, **sampling)
    assert sum(exact.values()) == pytest.approx(1, abs=1e-3)
    n = 20_000
    sentences = [tuple(words) for words in last.model.generate(n, np.random.default_rng(8), prefix=prefix, **sampling)]
    assert set(sentences) <= set(exact)
    # Each frequency within 5 standard deviations: with the few dozen sentences there are, a wrong alarm in 10,000 runs.
    for sentence, chance in exact.items():
        deviation = math.sqrt(chance * (1 - chance) / n)
        assert abs(sentences.count(sentence) / n - chance) <= 5 * deviation + 1 / n


def test_generation_repeats_with_the_seed_and_only_then(model):
    sentences = model.generate(20, np.random.default_rng(4))
    assert sentences == model.generate(20, np.random.default_rng(4))
    assert sentences != model.generate(20, np.random.default_rng(5))


def test_greedy_speech_is_one_sentence_forever(model):
    sentences = model.generate(30, np.random.default_rng(0), top_k=1)
    assert len({tuple(words) for words in sentences}) == 1
    words: list[str] = []
    while (best := model.vocabulary[int(model.next_logits(words).argmax())]) != model.story.eos and len(words) < 11:
        words.append(best)
    assert sentences[0][:11] == words


def test_prefix_begins_every_sentence(model):
    sentences = model.generate(10, np.random.default_rng(0), prefix=["the", "owl"])
    assert all(words[:2] == ["the", "owl"] for words in sentences)
    # Nothing in the model forbids an odd prompt, EOS included.
    assert model.generate(1, np.random.default_rng(0), prefix=["cheese", "."])[0][:2] == ["cheese", "."]


def test_unending_sentences_stop_at_the_context(toy):
    network = SMALL.network(len(toy.vocabulary))
    parameters = initial_parameters(network, torch.Generator().manual_seed(0))
    w = unflatten(parameters, network)
    w["word"][toy.eos_id] = 0  # EOS has the logit 0, and all others ...
    w["norm"].fill_(1)
    model = LanguageModel(SMALL, toy, parameters, lm.LossHistory([], [], [], []))
    sentences = model.generate(40, np.random.default_rng(0), temperature=5.0)
    assert max(map(len, sentences)) == SMALL.context
    full = list(itertools.islice(itertools.cycle(["the", "owl"]), SMALL.context - 1))
    assert model.next_logits(full).shape == (len(toy.vocabulary),)
    assert len(model.generate(1, np.random.default_rng(0), prefix=full)[0]) in (SMALL.context - 1, SMALL.context)


def test_forgotten_eval_leaves_dropout_on(model, toy):
    """One sentence forever under top-k = 1, unless dropout is left on; at p = 0 there is nothing to forget."""
    sentences = model.generate(50, np.random.default_rng(0), top_k=1, training=True)
    assert len({tuple(words) for words in sentences}) > 1
    assert sentences == model.generate(50, np.random.default_rng(0), top_k=1, training=True)
    *_, without = train_language_model(replace(SMALL, p=0.0), toy)
    assert without.model.generate(9, np.random.default_rng(0)) == without.model.generate(
        9, np.random.default_rng(0), training=True
    )


def test_no_sentences(model):
    assert model.generate(0, np.random.default_rng(0)) == []


def test_what_cannot_be_said_is_named(model):
    rng = np.random.default_rng(0)
    for ask in (
        model.next_logits,
        lambda words: model.generate(1, rng, prefix=words),
        lambda words: model.loss([words]),
    ):
        with pytest.raises(UnknownWord, match="'dragon'") as caught:
            ask(["the", "dragon"])
        assert (caught.value.word, caught.value.code) == ("dragon", "unknown_word")
    for ask in (model.next_logits, lambda words: model.generate(1, rng, prefix=words)):
        with pytest.raises(PrefixTooLongError, match="12 words") as too_long:
            ask(["the"] * 12)
        assert (too_long.value.length, too_long.value.limit, too_long.value.code) == (12, 11, "prefix_too_long")
    for n in (-1, 2.0, True):
        with pytest.raises(InvalidSetting, match=r"^n must be"):
            model.generate(n, rng)
    with pytest.raises(InvalidSetting, match=r"^sentences must be"):
        model.loss([])
    with pytest.raises(ValueError, match=r"^top_k must be"):
        model.generate(0, rng, top_k=0)


# ---------------------------------------------------------------------------------------------- on disk


def test_checkpoint_comes_back_as_it_was_stored(tmp_path, model, toy):
    path = tmp_path / "toy.npz"
    stored = model.save(path)
    loaded = LanguageModel.load(path, Story(parse_grammar("# A comment is no change.\n" + TOY)))
    assert torch.equal(loaded.parameters, stored.parameters)
    assert (loaded.config, loaded.history) == (stored.config, stored.history)
    torch.testing.assert_close(loaded.parameters, model.parameters, rtol=1e-3, atol=1e-6)  # half precision: 11 bits
    assert loaded.history.train_loss[-1] == pytest.approx(loaded.loss(loaded.training_sentences), rel=1e-6)
    assert loaded.history.train_loss[:-1] == model.history.train_loss[:-1]


@pytest.mark.parametrize("change", [("3 |", "4 |"), ("owl", "fox"), ("dog, cat", "cat, dog")])
def test_checkpoint_of_another_grammar_is_refused(tmp_path, model, change):
    model.save(tmp_path / "toy.npz")
    with pytest.raises(CheckpointError, match=r"^toy.npz: it was trained on another grammar") as caught:
        LanguageModel.load(tmp_path / "toy.npz", Story(parse_grammar(TOY.replace(*change))))
    assert caught.value.code == "stale_checkpoint"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: b"",
        lambda file: file[: len(file) // 2],
        lambda file: file[:-1],
        lambda file: np.random.default_rng(0).bytes(len(file)),
        lambda file: file[:1000] + b"\0\1\2\3" + file[1004:],
        lambda file: b"PK\3\4",
    ],
)
def test_a_checkpoint_that_cannot_be_read_is_named(tmp_path, model, spoil):
    path = tmp_path / "toy.npz"
    model.save(path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(CheckpointError, match=r"^toy.npz: it cannot be read") as caught:
        LanguageModel.load(path, model.story)
    assert caught.value.code == "unreadable_checkpoint"


@pytest.mark.parametrize("p", [0.77, 0.301])
def test_missing_checkpoint_is_named(p):
    with pytest.raises(CheckpointError, match=rf"storybook_en_small_p{100 * p:g}\.npz: no such checkpoint") as caught:
        load_model(p=p)
    assert caught.value.code == "no_checkpoint"


# ---------------------------------------------------------------------------------------------- the shipped checkpoints


@pytest.mark.parametrize("key", lm.CHECKPOINTS, ids=lambda key: lm.checkpoint_path(*key).stem)
def test_recorded_losses_are_the_checkpoints_own(key):
    """Losses measured anew, on sentences drawn anew; another machine adds up in another order."""
    model = load_model(*key)
    assert model.config == lm.checkpoint_config(*key)
    training, fresh = (model.story.sample(n, np.random.default_rng([0, i])) for i, n in enumerate((2_000, 1_000)))
    assert model.training_sentences[:2_000] == training
    assert model.history.train_loss[-1] == pytest.approx(model.loss(training[:1_000]), rel=1e-4)
    assert model.history.val_loss[-1] == pytest.approx(model.loss(fresh), rel=1e-4)
    assert model.history.step == list(range(0, 3_001, 100))


def test_checkpoints_are_small_and_no_others_lie_about():
    shipped = {lm.checkpoint_path(*key) for key in lm.CHECKPOINTS}
    assert set(lm.DATA.glob("storybook_*.npz")) == shipped
    assert max(path.stat().st_size for path in shipped) < 300_000
    assert sum(path.stat().st_size for path in lm.DATA.rglob("*") if path.is_file()) < 25_000_000


def test_the_shapes_the_lesson_needs():
    """Memorising, and dropout against it; the floor is the entropy, below which no honest model can be for long."""
    floor = load_story("en").entropy_per_word
    small = {p: load_model(p=p) for p in (0.0, 0.1, 0.2, 0.3, 0.5)}
    train = {p: model.history.train_loss[-1] for p, model in small.items()}
    fresh = {p: model.history.val_loss[-1] for p, model in small.items()}
    assert train[0.0] < floor - 0.5  # memorised ...
    assert fresh[0.0] > floor + 0.8  # ... and it shows
    assert abs(train[0.3] - floor) < 0.2
    assert floor < fresh[0.3] < floor + 0.2
    assert train[0.0] < train[0.1] < train[0.2] < train[0.3] < train[0.5]
    assert fresh[0.0] > fresh[0.1] > fresh[0.2] > fresh[0.3]
    assert fresh[0.5] > fresh[0.3]  # too much of it

    copied = {}
    for p, model in small.items():
        known = {tuple(words) for words in model.training_sentences}
        sentences = model.generate(1_000, np.random.default_rng(0))
        copied[p] = sum(tuple(words) in known for words in sentences) / 1_000
    # The standard deviation of each share is below 0.016: these are more than 6 of them away from their bounds.
    assert copied[0.0] > 0.6
    assert copied[0.1] < 0.4
    assert max(copied[p] for p in (0.2, 0.3, 0.5)) < 0.1

    large = {p: load_model(p=p, corpus="large").history for p in (0.0, 0.3)}
    assert large[0.0].val_loss[-1] < floor + 0.06  # with enough sentences nothing is memorised, ...
    assert large[0.0].val_loss[-1] < large[0.3].val_loss[-1] + 0.01  # ... and dropout has nothing to add


def test_readme_shows_what_is_stored():
    assert train_storybook.table() in (lm.DATA / "README.md").read_text(encoding="utf-8")


def test_live_training_shows_the_split():
    """What a page promises of LIVE: with a third of its steps, the losses have parted without dropout."""
    for progress in train_language_model(lm.LIVE):
        if progress.step == 500:
            break
    assert progress.val_loss - progress.train_loss > 0.2
