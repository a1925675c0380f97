"""A language model as small as can be, with random weights, in a folder as transformers saves it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

TEXT = "Two dice: the dog ate the red apple.\nThe “dog” rolled a die, übermütig — 犬がサイコロを振る。" * 3
V, CONTEXT = 300, 240  # the tokenizer knows fewer tokens than the model, as is usual


def make_tiny_llm(folder: Path, *, seed: int = 0, **config: Any) -> Path:
    """Save a random Llama of some thousand weights and a byte-level tokenizer; skip the test without transformers."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # the bars that show how far a model is read
    transformers: Any = pytest.importorskip("transformers", reason="transformers is not installed")
    tokenizers: Any = pytest.importorskip("tokenizers")
    bpe = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator([TEXT], vocab_size=290, min_frequency=1, special_tokens=["<|end|>"], show_progress=False)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token="<|end|>")
    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    made = transformers.LlamaConfig(
        vocab_size=V, max_position_embeddings=CONTEXT, initializer_range=0.3, **shape, **ends, **config
    )
    torch.manual_seed(seed)
    transformers.LlamaForCausalLM(made).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def loaded(folder: Path, precision: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """The tokenizer and the model of a folder, as a program would load them."""
    transformers: Any = pytest.importorskip("transformers", reason="transformers is not installed")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=precision).eval()
    return transformers.AutoTokenizer.from_pretrained(folder), model


def change_config(folder: Path, **entries: Any) -> None:
    """Change entries of the model's config; None removes one."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **entries}
    path.write_text(json.dumps({name: value for name, value in config.items() if value is not None}))
