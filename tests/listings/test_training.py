"""The program shown at the end of the Training page runs anywhere, on the page's data, and ends as the page ends."""

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lib.datasets import make_dataset
from lib.listings.training import training_listing
from lib.tables import example_table_text, load_table
from lib.training import Trainer, TrainingConfig, train
from tests.support.listings import fits_beside_the_page, run_elsewhere, with_source

LINE = r"p = (\S+): (training|validation) loss (\S+), \2 error (\S+)%"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads on a busy machine wait for each other at every product of small matrices."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ends(printed: str) -> dict[tuple[float, str], tuple[float, float]]:
    """Loss and error (a share) for each p and set, as printed."""
    return {(float(p), name): (float(loss), float(error) / 100) for p, name, loss, error in re.findall(LINE, printed)}


def run_here(program: str) -> tuple[dict[str, Any], str]:
    """The program's names and what it printed; its global seed is undone."""
    names: dict[str, Any] = {}
    with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(program, names)
    return names, printed.getvalue()


def is_as_close_as_it_says(loss: float, page: float) -> bool:
    """What the comment at the top of the program promises."""
    factor = 4 if page < 0.2 else 4 / 3
    return page / factor < loss < page * factor


def test_it_says_how_close_the_numbers_are() -> None:
    for config in (TrainingConfig(), TrainingConfig("digits")):
        program = " ".join(training_listing(config).replace("\n#", "").split())
        assert "Expect losses within a third of the screen's" in program
        assert "a training loss below 0.2, where examples are memorised, within a factor of four" in program
        assert ("the curves on screen use 100 training and 300 validation examples" in program) == (
            config.dataset == "digits"
        )


def test_saved_anywhere_it_ends_as_the_page_does(tmp_path: Path) -> None:
    config = TrainingConfig()  # as the page opens
    program = training_listing(config)
    assert fits_beside_the_page(program)
    printed = ends(run_elsewhere(program, tmp_path))
    page = train(config)
    assert list(printed) == [(p, name) for p in (0.0, 0.5) for name in ("training", "validation")]
    for arm, p in enumerate(config.rates):
        for name, losses in (("training", page.train_loss), ("validation", page.val_loss)):
            assert is_as_close_as_it_says(printed[p, name][0], float(losses[-1, arm].mean()))
    # The shape that the page's takeaway speaks of.
    assert page.loss_floor is not None
    assert printed[0.0, "training"] < printed[0.5, "training"]
    assert printed[0.0, "validation"][0] > 1.3 * printed[0.5, "validation"][0] > page.loss_floor


def test_on_noisy_digits_too(tmp_path: Path) -> None:
    config = TrainingConfig("digits", n_train=500, label_noise=0.2, hidden=(128,), steps=500, members=4)
    printed = ends(run_elsewhere(training_listing(config), tmp_path))
    trainer = Trainer(config)
    trainer.advance(config.steps)
    data = trainer.history.dataset
    for name, x, y in (("training", data.train_x, data.train_y), ("validation", data.val_x, data.val_y)):
        q = trainer.probabilities(x)  # (A, E, N, C), on all digits as in the program
        page = -np.log(np.take_along_axis(q, y[None, None, :, None], axis=-1)).mean(axis=(2, 3))  # (A, E)
        for arm, p in enumerate(config.rates):
            assert is_as_close_as_it_says(printed[p, name][0], float(page[arm].mean()))
    assert printed[0.5, "validation"] < printed[0.0, "validation"]
    assert printed[0.0, "training"] < printed[0.5, "training"]


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig("moons"),
        TrainingConfig("circles", n_train=33, label_noise=0.3, seed=5),
        TrainingConfig("spirals", noise=0.1, seed=3),
        TrainingConfig("digits", n_train=500, label_noise=0.2, seed=4),
        TrainingConfig("digits", n_train=1400, label_noise=0.0),
        TrainingConfig("mnist", n_train=50, label_noise=0.2, seed=4),
        TrainingConfig("csv", n_train=40, label_noise=0.1, table=load_table(example_table_text().encode())),
    ],
    ids=lambda config: f"{config.dataset}-{config.n_train}",
)
def test_its_data_are_those_on_screen(config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(example_table_text(), encoding="utf-8")
    program = re.sub(r"\[:2000\]", "[:1]", training_listing(config))
    monkeypatch.setattr(sys, "path", sys.path.copy())
    names, _ = run_here(with_source(program) if config.dataset == "mnist" else program)
    page = make_dataset(
        config.dataset,
        n_train=config.n_train,
        noise=config.noise,
        label_noise=config.label_noise,
        seed=config.seed,
        table=config.table,
    )
    for name in ("train_x", "val_x", "train_y", "val_y"):
        drawn, shown = names[name].numpy(), getattr(page, name)
        np.testing.assert_allclose(drawn.reshape(shown.shape), shown, rtol=0, atol=1e-6)


def test_all_arms_see_the_same_examples_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever dropout draws: what each network is fed while it trains is compared, batch by batch."""
    config = TrainingConfig(n_train=50, hidden=(8,), rates=(0.0, 0.2, 0.5), input_rate=0.1, steps=30)
    seen: list[list[torch.Tensor]] = []

    class Watched(torch.nn.Sequential):
        def __init__(self, *layers: torch.nn.Module) -> None:
            super().__init__(*layers)
            seen.append([])

        def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
            if self.training:
                seen[-1].append(x)
            return super().forward(x)  # type: ignore[no-any-return]

    monkeypatch.setattr(torch.nn, "Sequential", Watched)
    names, _ = run_here(training_listing(config))
    first, *others = [torch.stack(batches) for batches in seen]
    assert first.shape == (30, 32, 2)
    assert len(others) == 2
    for other in others:
        assert torch.equal(first, other)
    # Shuffle after shuffle: after 25 batches of 32, which are 16 times all 50, every point was seen equally often.
    _, counts = torch.cat(names["batches"][:25]).unique(return_counts=True)
    assert counts.tolist() == [16] * 50


@pytest.mark.parametrize("label", ["label", 'the "label"'])
def test_it_reads_the_table_that_the_page_was_given(label: str, tmp_path: Path) -> None:
    text = example_table_text().replace("small", "b").replace("label", '"' + label.replace('"', '""') + '"')
    file = tmp_path / "my table.csv"
    file.write_text(text, encoding="utf-8")
    table = load_table(text.encode())
    config = TrainingConfig("csv", n_train=40, label_noise=0.0, table=table, steps=300)
    names, printed = run_here(training_listing(config, file_name=str(file)))
    np.testing.assert_array_equal(names["x"], table.x)
    assert [p for p, name in ends(printed) if name == "training"] == [0.0, 0.5]
    np.testing.assert_allclose(names["train_x"].numpy().std(0), 1, atol=1e-5)


def test_every_setting_is_in_the_program() -> None:
    config = TrainingConfig(
        n_train=77, noise=0.15, label_noise=0.05, hidden=(17, 13), rates=(0.3,), input_rate=0.125, batch_size=19,
        learning_rate=0.0021, weight_decay=0.07, steps=2, seed=11,
    )  # fmt: skip
    program = training_listing(config)
    for part in (
        "draw(77, ", "0.15 * points", "round(0.05 * n)", "nn.Linear(2, 17)", "nn.Linear(17, 13)", "nn.Linear(13, 1)",
        "for p in (0.3,):", "nn.Dropout(0.125 if p > 0 else 0)", "split(19)", "lr=0.0021", "AdamW", "weight_decay=0.07",
        "[:2]", "default_rng(11)", "manual_seed(11)",
    ):  # fmt: skip
        assert part in program
    _, printed = run_here(program)
    assert len(ends(printed)) == 2
