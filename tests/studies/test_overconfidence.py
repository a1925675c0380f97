"""How sure a model is when it is wrong, against the same counted word by word."""

import numpy as np
import pytest

from lib.language_model import load_model, validation_sentences
from lib.sampling import softmax
from lib.studies.overconfidence import RATES, SEEDS, confidence, load_confidences, save_confidences


@pytest.mark.parametrize("p", [0.0, 0.3])
def test_it_is_what_one_counts_word_by_word(p: float) -> None:
    model = load_model(p=p)
    sentences = validation_sentences(model.config, model.story)[:15]
    right, when_wrong = [], []
    for sentence in sentences:
        for t, word in enumerate([*sentence, model.story.eos]):
            probabilities = softmax(model.next_logits(sentence[:t]))
            best = int(probabilities.argmax())
            right.append(model.vocabulary[best] == word)
            if not right[-1]:
                when_wrong.append(probabilities[best])
    accuracy, mean = confidence(model, sentences)
    assert accuracy == pytest.approx(np.mean(right))
    assert mean == pytest.approx(np.mean(when_wrong), rel=1e-4)


def test_every_run_is_in_the_file_and_is_written_as_it_is_read(tmp_path) -> None:
    runs = load_confidences()
    assert [(run.seed, run.p) for run in runs] == [(seed, p) for seed in SEEDS for p in RATES]
    save_confidences(runs, tmp_path / "again.csv")
    assert load_confidences(tmp_path / "again.csv") == runs
