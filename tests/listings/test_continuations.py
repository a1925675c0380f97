"""The tree's program runs elsewhere, beside the source code, and prints the page's continuations and bits."""

import re
from pathlib import Path

import pytest

from lib.continuations import Node, Tree, likeliest_continuations
from lib.language_model import load_model
from lib.listings.continuations import continuations_listing
from lib.memorising import memorised_bits
from lib.sampling_settings import UNCUT, SamplingSettings
from tests.support.listings import fits_beside_the_page, run_elsewhere, with_source

WORDS = ("the", "lamb", "ate")


def said_of(tree: Tree, node: Node) -> str:
    above = said_of(tree, tree.nodes[node.parent]) if node.parent >= 0 else " ".join(WORDS)
    return f"{above} {node.word}"


@pytest.mark.parametrize(
    ("settings", "p"), [(UNCUT, 0.0), (SamplingSettings(1.3, top_k=20, top_p=0.9, min_p=0.01), 0.3)]
)
def test_it_prints_the_tree_and_the_bits(settings: SamplingSettings, p: float, tmp_path: Path) -> None:
    program = continuations_listing(WORDS, settings, p=p)
    assert fits_beside_the_page(program)
    printed = run_elsewhere(with_source(program), tmp_path)
    model = load_model("en", p, "small")
    tree = likeliest_continuations(model, WORDS, settings)
    expected = [
        f"{node.probability:.1%} {said_of(tree, node)}" + " (training set)" * node.trained for node in tree.nodes[:20]
    ]
    assert sorted(printed.splitlines()[:20]) == sorted(expected)
    medians = [float(each) for each in re.findall(r": ([+-][\d.]+) bits", printed)]
    assert medians == [round(median, 1) for median in memorised_bits(model).medians]
