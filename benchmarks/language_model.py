"""The small GPT learning and generating: ours beside a textbook PyTorch loop.

The textbook loop is nanoGPT's: `nn.Module` and `nn.Dropout`, `scaled_dot_product_attention`, `torch.optim.AdamW`,
batches in shuffled order, padded to their longest sentence, and generation without a KV cache, where every word reads
all previous words again. Both sides train the same network on the same sentences, 32 per step, on one thread. That the
networks are the same is checked before anything is timed.

A cell of the experiment is 1,000 sentences; its time is that of a whole call of `generate`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.timing import Cell, Table, Target, interleave, ratio, report, wants_json
from lib.language_model import LanguageModel, LanguageModelConfig, Learner, load_model
from lib.transformer import Architecture, Weights, forward, unflatten

STEPS, SENTENCES = 25, 1_000
PAD = -1  # a target that does not count
SAMPLING: dict[str, dict[str, float | int]] = {
    "no cut": {},
    "k = 50": {"top_k": 50},
    "k = 10": {"top_k": 10},
    "k = 1": {"top_k": 1},
    "top-p 0.9": {"top_p": 0.9},
    "no cut, dropout left on": {"training": True},
}


class Block(nn.Module):
    """Attention and MLP, each normalised before and added after."""

    def __init__(self, size: Architecture, p: float) -> None:
        super().__init__()
        C = size.width
        self.heads, self.p = size.heads, p
        self.attention_norm, self.mlp_norm = nn.LayerNorm(C, bias=False), nn.LayerNorm(C, bias=False)
        self.attention, self.attention_projection = nn.Linear(C, 3 * C, bias=False), nn.Linear(C, C, bias=False)
        self.mlp, self.mlp_projection = nn.Linear(C, 4 * C, bias=False), nn.Linear(4 * C, C, bias=False)
        self.gelu, self.dropout = nn.GELU(), nn.Dropout(p)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, C) to (B, T, C)."""
        B, T, C = x.shape
        parts = self.attention(self.attention_norm(x)).split(C, dim=2)
        q, k, v = (part.view(B, T, self.heads, C // self.heads).transpose(1, 2) for part in parts)  # (B, H, T, D)
        p = self.p if self.training else 0.0
        y = functional.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
        x = x + self.dropout(self.attention_projection(y.transpose(1, 2).contiguous().view(B, T, C)))
        added: Tensor = self.dropout(self.mlp_projection(self.gelu(self.mlp(self.mlp_norm(x)))))
        return x + added


class TextbookGPT(nn.Module):
    """The same network as `lib.transformer.forward`, built from PyTorch's modules."""

    def __init__(self, size: Architecture, p: float, weights: Weights) -> None:
        super().__init__()
        self.word, self.position = nn.Embedding(size.vocab_size, size.width), nn.Embedding(size.context, size.width)
        self.dropout = nn.Dropout(p)
        self.blocks = nn.ModuleList(Block(size, p) for _ in range(size.layers))
        self.norm = nn.LayerNorm(size.width, bias=False)
        self.head = nn.Linear(size.width, size.vocab_size, bias=False)
        self.head.weight = self.word.weight
        names = {f"blocks.{name}" if name[0].isdigit() else name: w.detach().clone() for name, w in weights.items()}
        self.load_state_dict({f"{name}.weight": w for name, w in names.items()} | {"head.weight": names["word"]})

    def forward(self, tokens: Tensor) -> Tensor:
        """Hidden states (B, T, C) of tokens (B, T)."""
        x = self.dropout(self.word(tokens) + self.position(torch.arange(tokens.shape[1])))
        for block in self.blocks:
            x = block(x)
        states: Tensor = self.norm(x)
        return states


class TextbookLoop:
    """Training as in nanoGPT's train.py, on the learner's sentences."""

    def __init__(self, learner: Learner, network: TextbookGPT) -> None:
        self.corpus, self.size, self.network = learner.training, learner.config.batch_size, network
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=learner.config.learning_rate, weight_decay=learner.config.weight_decay
        )
        self.generator = torch.Generator().manual_seed(0)
        self.batches = self.shuffled()

    def shuffled(self) -> Iterator[Tensor]:
        """Batches of indices, epoch after epoch."""
        while True:
            yield from torch.split(torch.randperm(len(self.corpus.lengths), generator=self.generator), self.size)

    def step(self) -> None:
        """Learn from one batch."""
        inputs, targets, counts = self.corpus.batch(next(self.batches))
        logits = self.network.head(self.network(inputs))  # (B, T, V)
        targets = targets.masked_fill(~counts, PAD)
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


def textbook_generation(network: TextbookGPT, n: int, eos_id: int, context: int, top_k: int) -> Tensor:
    """Generate n sentences as nanoGPT's `generate` does, without a KV cache: ids (n, at most context + 1)."""
    ids = torch.full((n, 1), eos_id)
    ended = torch.zeros(n, dtype=torch.bool)
    with torch.no_grad():
        while ids.shape[1] <= context and not ended.all():
            logits = network.head(network(ids)[:, -1])  # (n, V)
            smallest = torch.topk(logits, top_k).values[:, -1:]
            logits[logits < smallest] = -torch.inf
            words = torch.multinomial(functional.softmax(logits, dim=-1), 1)
            ids = torch.cat((ids, words.masked_fill(ended[:, None], eos_id)), dim=1)
            ended |= ids[:, -1] == eos_id
    return ids


def learning() -> tuple[Table, list[Target]]:
    """Steps per second, ours and the textbook's."""
    rows: list[tuple[Cell, ...]] = []
    targets = []
    for p in (0.3, 0.0):
        config = LanguageModelConfig(p=p, record_every=1_000_000)
        learner = Learner(config, load_model().story)
        network = TextbookGPT(learner.network, p, unflatten(learner.parameters, learner.network))
        check_same_network(learner, network)
        textbook = TextbookLoop(learner, network)

        def ours(learner: Learner = learner) -> None:
            for _ in range(STEPS):
                learner.step()

        def theirs(textbook: TextbookLoop = textbook) -> None:
            for _ in range(STEPS):
                textbook.step()

        seconds = interleave({"ours": ours, "textbook": theirs}, rounds=9)
        gain = ratio(seconds["textbook"], seconds["ours"])
        rates = [STEPS / float(np.median(seconds[name])) for name in ("textbook", "ours")]
        rows.append((f"p = {p:g}", *rates, gain))
        if p > 0:
            targets.append(Target("training steps, ours / textbook, with dropout", gain, 1.3))
    return Table(
        "Learning: steps per second, 32 sentences each", ("", "textbook", "ours", "ratio"), tuple(rows)
    ), targets


def speaking(model: LanguageModel) -> tuple[Table, list[Target]]:
    """Words per second, ours and the textbook's, at k = 50, with all sentences of a cell at once."""
    size = model.config.network(len(model.vocabulary))
    network = TextbookGPT(size, model.config.p, unflatten(model.parameters, size)).eval()
    eos_id, rng = model.story.eos_id, np.random.default_rng(0)
    words: dict[str, int] = {"ours": 0, "textbook": 0}

    def ours() -> None:
        words["ours"] = sum(len(sentence) + 1 for sentence in model.generate(SENTENCES, rng, top_k=50))

    def theirs() -> None:
        ids = textbook_generation(network, SENTENCES, eos_id, size.context, top_k=50)
        words["textbook"] = int((ids[:, 1:] != eos_id).sum()) + SENTENCES

    seconds = interleave({"ours": ours, "textbook": theirs}, rounds=7)
    rates = {name: words[name] / float(np.median(seconds[name])) for name in words}
    gain = ratio(seconds["textbook"], seconds["ours"]) * words["ours"] / words["textbook"]
    table = Table(
        f"Generating: words per second, {SENTENCES:,} sentences at once, k = 50",
        ("", "textbook", "ours", "ratio"),
        (("words per second", rates["textbook"], rates["ours"], gain),),
    )
    return table, [Target("generated words, ours / textbook", gain, 1.5)]


def cells(model: LanguageModel) -> tuple[Table, list[Target]]:
    """Seconds for one cell of the experiment, for each sampling setting."""
    rng = np.random.default_rng(0)
    tasks = {
        name: lambda sampling=sampling: model.generate(SENTENCES, rng, **sampling)
        for name, sampling in SAMPLING.items()
    }
    seconds = interleave(tasks, rounds=5)
    rows = tuple((name, float(np.median(rounds))) for name, rounds in seconds.items())
    slowest = max(median for _, median in rows)
    table = Table(f"A cell: seconds for {SENTENCES:,} sentences", ("", "seconds"), rows)
    return table, [Target("seconds for a cell, the slowest setting", slowest, 3.0, at_most=True)]


def check_same_network(learner: Learner, network: TextbookGPT) -> None:
    """Refuse to time two networks that do not compute the same."""
    inputs, _, _ = learner.training.batch(torch.arange(32))
    with torch.no_grad():
        ours, _ = forward(unflatten(learner.parameters, learner.network), learner.network, inputs)
        torch.testing.assert_close(network.eval()(inputs), ours, rtol=1e-3, atol=1e-4)
    network.train()


def main(arguments: list[str]) -> int:
    """Run the benchmark; see `benchmarks.__main__`."""
    as_json = wants_json(arguments, "language_model")
    torch.set_num_threads(1)
    model = load_model(p=0.3)
    parts = [learning(), speaking(model), cells(model)]
    tables, targets = [table for table, _ in parts], [target for _, found in parts for target in found]
    return report("language_model", tables, targets, as_json=as_json)
