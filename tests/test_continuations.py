"""The tree of continuations against all of them written out, the grammar, the training set, and generated sentences."""

import itertools

import numpy as np
import pytest

from lib.continuations import Node, Tree, likeliest_continuations
from lib.language_model import LanguageModel, load_model
from lib.sampling import shape_with
from lib.sampling_settings import SamplingSettings
from lib.story import ImpossiblePrefix

THREE = SamplingSettings(temperature=1.5, top_k=3)


def said_of(tree: Tree, node: Node) -> tuple[str, ...]:
    """The words from the beginning of the tree down to the node."""
    above = said_of(tree, tree.nodes[node.parent]) if node.parent >= 0 else ()
    return (*above, node.word)


def everything(model: LanguageModel, words: tuple[str, ...], settings: SamplingSettings, depth: int):
    """All continuations, written out word by word: the words and their probability."""

    def below(said: tuple[str, ...], above: float):
        if len(said) == depth or said[-1:] == (model.story.eos,):
            return
        probabilities = shape_with(model.next_logits((*words, *said)), settings).probabilities
        for i in np.flatnonzero(probabilities):
            longer = (*said, model.vocabulary[i])
            yield longer, above * probabilities[i]
            yield from below(longer, above * probabilities[i])

    return dict(below((), 1.0))


@pytest.mark.parametrize("most", [1, 7, 40, 1000])
@pytest.mark.parametrize("p", [0.0, 0.3])
def test_these_are_the_likeliest_of_all_continuations(p, most):
    model, words = load_model("en", p, "small"), ("after", "supper")
    tree = likeliest_continuations(model, words, THREE, depth=4, most=most, least=1e-9)
    every = everything(model, words, THREE, 4)
    likeliest = sorted(every.values(), reverse=True)[:most]
    assert [node.probability for node in tree.nodes] == pytest.approx(likeliest, rel=1e-9)
    for node in tree.nodes:
        assert node.probability == pytest.approx(every[said_of(tree, node)], rel=1e-9)


@pytest.mark.parametrize("words", [(), ("the", "lamb", "ate"), ("the", "the")])
def test_every_node_is_judged_as_grammar_and_training_set_judge_it(words):
    model = load_model("en", 0.0, "small")
    story, training = model.story, model.training_sentences
    tree = likeliest_continuations(model, words, SamplingSettings(temperature=1.5))
    assert len(tree.nodes) > 50
    for node in tree.nodes:
        said = [*words, *said_of(tree, node)]
        ends = said[-1] == story.eos
        if ends:
            assert node.possible == story.accepts(said[:-1])
            assert node.trained == (said[:-1] in training)
        else:
            try:
                story.next_word(said)
                assert node.possible
            except ImpossiblePrefix:
                assert not node.possible
            assert node.trained == any(each[: len(said)] == said for each in training)
        assert node.last == (ends or node.depth == 6)
        assert not node.trained or node.possible


def test_siblings_stand_from_the_likeliest_to_the_unlikeliest_and_sum_to_their_parent():
    tree = likeliest_continuations(load_model("en", 0.3, "small"), ("the",), SamplingSettings(top_k=15))
    for parent in range(-1, len(tree.nodes)):
        children = [node.probability for node in tree.nodes if node.parent == parent]
        assert children == sorted(children, reverse=True)
        assert sum(children) <= (tree.nodes[parent].probability if parent >= 0 else 1) + 1e-12
    for place, node in enumerate(tree.nodes):
        assert node.parent < place
        assert node.depth == 1 + (tree.nodes[node.parent].depth if node.parent >= 0 else 0)


def test_the_shares_are_those_of_generated_sentences():
    """2,000 sentences of the model; at four standard errors a right share fails once in 16,000 times. Seed fixed."""
    model, words, settings = load_model("en", 0.0, "small"), ("the", "lamb", "ate"), SamplingSettings()
    shares = likeliest_continuations(model, words, settings, least=1e-5, most=1000).shares
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["rest"] < 0.01
    n, beginnings = 2_000, {tuple(each[: len(words) + 6]) for each in model.training_sentences}
    said = [each[: len(words) + 6] for each in model.generate(n, np.random.default_rng(0), prefix=words)]
    trained = sum(tuple(each) in beginnings for each in said) / n
    error = (trained * (1 - trained) / n) ** 0.5
    assert abs(trained - shares["trained"]) < 4 * error + shares["rest"]


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja", "zh-Hant"])
def test_dropout_moves_the_mass_away_from_training_sentences(language):
    """What the page shows when one switches p, after the storybook's own prompts, in every language."""
    from lib.next_word import prompts

    shares = {}
    for p in (0.0, 0.3):
        model = load_model(language, p, "small")
        beginnings = [tuple(model.story.words_of(text)) for text in itertools.islice(prompts(model.story), 3, 8)]
        trees = [likeliest_continuations(model, words, SamplingSettings()) for words in beginnings]
        shares[p] = np.mean([tree.shares["trained"] for tree in trees])
    assert shares[0.0] > 2 * shares[0.3]


def test_a_beginning_as_long_as_the_model_reads_has_one_word_below_it():
    model = load_model("en", 0.3, "small")
    tree = likeliest_continuations(model, ("the",) * (model.config.context - 1), THREE)
    assert {node.depth for node in tree.nodes} == {1}
    assert all(node.last and not node.possible for node in tree.nodes)
