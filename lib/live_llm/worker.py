"""The process in which a live model runs. It reads questions and writes answers, a line of JSON for each.

    python -m lib.live_llm.worker

The first line names the model and how much memory must stay free: ``{"source": ..., "revision": ..., "spare": ...}``.
While it is loaded, lines say what is done: ``{"stage": "reading"}``. Then comes ``{"ready": {...}}`` with what
`lib.live_llm.client.About` holds, or ``{"failed": reason}``, and the process ends.

A question is a text and the numbers of the tokens after it, ``{"text": ..., "said": [...]}``. The answer is
``{"logits": ...}``: V numbers in single precision, their bytes in base64. Each answer is worked out anew from the whole
text, so it depends on nothing else that was asked.

When its input ends, so does the process, whatever it is doing: no server leaves one behind.
"""

import base64
import hashlib
import json
import os
import queue
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from lib.live_llm.failure import Failure, Reason
from lib.live_llm.memory import free_memory
from lib.live_llm.offered import Model
from lib.live_llm.token_bytes import token_bytes
from lib.live_llm.vocabulary import Vocabulary

WORKING = 128 * 2**20  # bytes that an answer takes beside the weights
DOWNLOADED = ("*.json", "*.safetensors", "*.model", "merges.txt", "vocab.txt", "README.md", "LICENSE*")
Say = Callable[[dict[str, Any]], None]


class Speaker:
    """A loaded model and its tokenizer."""

    def __init__(self, folder: Path, *, spare: int) -> None:
        import torch
        import transformers

        local: Any = {"local_files_only": True, "trust_remote_code": False}
        self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, **local)
        self.parameters = parameters_in(folder)
        self.precision = precision_for(self.parameters, spare)
        kind: Any = transformers.AutoModelForCausalLM
        precision = getattr(torch, self.precision)
        self._model, loaded = kind.from_pretrained(
            folder, dtype=precision, use_safetensors=True, output_loading_info=True, **local
        )
        if loaded["missing_keys"]:  # transformers would make them up
            raise Failure(Reason.BROKEN)
        self._model.eval()
        config = self._model.config.get_text_config()
        self.context: int = getattr(config, "max_position_embeddings", None) or 2**20
        ends = self._model.generation_config.eos_token_id
        self.ends: list[int] = [ends] if isinstance(ends, int) else list(ends or ())

    def ids_of(self, text: str) -> list[int]:
        """The tokens of a text, as `generate` would get them; of an empty one, the token that begins all texts."""
        ids: list[int] = self.tokenizer(text).input_ids
        begin = self.tokenizer.bos_token_id if self.tokenizer.bos_token_id is not None else self.tokenizer.eos_token_id
        return ids or [begin or 0]

    def logits(self, ids: list[int]) -> np.ndarray:
        """The logits (V,) of the token after these. Raises `Failure` where they are too many for the model."""
        import torch

        if len(ids) > self.context:
            raise Failure(Reason.TOO_LONG)
        with torch.inference_mode():
            said = self._model(torch.tensor([ids]), use_cache=False)
        row: np.ndarray = said.logits[0, -1].float().numpy()
        if np.isnan(row).any() or not np.isfinite(row.max()):
            raise Failure(Reason.BROKEN)
        return row


def precision_for(parameters: int, spare: int) -> str:
    """Single precision if there is memory for it, else half of that; `Failure` where there is none for either.

    In bfloat16 scores have so few digits that many tokens tie.
    """
    free = free_memory()
    for precision, size in (("float32", 4), ("bfloat16", 2)):
        if free is None or parameters * size * 1.1 + WORKING + spare <= free:
            return precision
    raise Failure(Reason.NO_MEMORY)


def weights_in(folder: Path) -> list[Path]:
    """The files that the weights are in; `Failure` where there are none of the kind that runs no code when it is
    read."""
    index = folder / "model.safetensors.index.json"
    if index.exists():
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return [folder / name for name in sorted(names)]
    if not (folder / "model.safetensors").exists():
        raise Failure(Reason.NOT_SAFE)
    return [folder / "model.safetensors"]


def parameters_in(folder: Path) -> int:
    """How many numbers the weights are, as their files say before they are read."""
    from safetensors import safe_open

    count = 0
    for path in weights_in(folder):
        with safe_open(path, framework="numpy") as weights:
            count += sum(int(np.prod(weights.get_slice(name).get_shape())) for name in weights.keys())  # noqa: SIM118
    return count


def check(folder: Path) -> None:
    """Raise `Failure` for a folder in which there is no model, or none that speaks, or one that brings code."""
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    if not (folder / "config.json").is_file():
        raise Failure(Reason.NOT_FOUND)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind = config.get("model_type")
    if kind not in CONFIG_MAPPING:
        raise Failure(Reason.NOT_SAFE if "auto_map" in config else Reason.NOT_CAUSAL)
    speaks: Any = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(kind)
    if speaks is None or speaks not in (config.get("architectures") or [speaks]):
        raise Failure(Reason.NOT_CAUSAL)
    weights_in(folder)


def fetched(model: Model, spare: int, say: Say) -> Path:
    """The folder of a model of the hub: from this machine if it is here, else downloaded. Raises `Failure`."""
    import huggingface_hub
    from huggingface_hub import errors

    what: Any = {"repo_id": model.source, "revision": model.revision, "allow_patterns": DOWNLOADED}
    with suppress(errors.LocalEntryNotFoundError):
        folder = Path(huggingface_hub.snapshot_download(**what, local_files_only=True))
        if any(folder.glob("*.safetensors")):
            return folder
    try:
        about = huggingface_hub.HfApi().model_info(model.source, revision=model.revision, files_metadata=True)
        sizes = {each.rfilename: each.size or 0 for each in about.siblings or ()}
        weights = sum(size for name, size in sizes.items() if name.endswith(".safetensors"))
        if not weights:
            raise Failure(Reason.NOT_SAFE)
        precision_for(weights // 4, spare)  # at least so many numbers: a file has at most four bytes for each
        say({"stage": "fetching", "megabytes": round(weights / 1e6)})
        return Path(huggingface_hub.snapshot_download(**what))
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.HFValidationError) as error:
        raise Failure(Reason.NOT_FOUND) from error
    except errors.HfHubHTTPError as error:
        known = error.response is not None and error.response.status_code in (401, 403, 404)
        raise Failure(Reason.NOT_FOUND if known else Reason.HUB_UNREACHABLE) from error
    except Failure:
        raise
    except Exception as error:  # no connection, or no room on the disk: each library says it in its own way
        raise Failure(Reason.HUB_UNREACHABLE) from error


def checksum_of(folder: Path) -> str:
    """The SHA-256 of the weights; where they are several files, of these one after the other."""
    digest = hashlib.sha256()
    for path in weights_in(folder):
        with path.open("rb") as file:
            while piece := file.read(2**20):
                digest.update(piece)
    return digest.hexdigest()


def licence_of(folder: Path) -> str | None:
    """The licence as the model's card names it, or else the first line of the licence itself."""
    with suppress(OSError):
        card = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
        if named := re.search(r"\A---\n(?:.*\n)*?license: *([\w.-]+)", card):
            return str(named[1])
    for path in sorted(folder.glob("LICENSE*")):
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip()[:60] for line in lines if line.strip()), None)
    return None


def load(model: Model, spare: int, say: Say) -> tuple[Speaker, dict[str, Any]]:
    """Load a model, and say what it is. Raises `Failure` with the reason why it cannot be."""
    if model.revision is None:
        os.environ["HF_HUB_OFFLINE"] = "1"  # everything is in the folder
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    say({"stage": "importing"})
    try:
        import safetensors  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise Failure(Reason.NO_TRANSFORMERS) from error
    folder = fetched(model, spare, say) if model.revision else Path(model.source)
    try:
        check(folder)
        say({"stage": "reading"})
        speaker = Speaker(folder, spare=spare)
        V = len(speaker.logits(speaker.ids_of("A")))
        tokens = token_bytes(speaker.tokenizer, range(V))
    except Failure:
        raise
    except MemoryError as error:
        raise Failure(Reason.NO_MEMORY) from error
    except Exception as error:  # a library says in many ways that it cannot read a file
        raise Failure(Reason.BROKEN) from error
    return speaker, {
        "vocabulary": Vocabulary.of([tokens[i] for i in range(V)]).written(),
        "ends": speaker.ends,
        "context": speaker.context,
        "precision": speaker.precision,
        "parameters": speaker.parameters,
        "checksum": checksum_of(folder),
        "licence": licence_of(folder),
    }


def answer(speaker: Speaker, question: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question."""
    try:
        row = speaker.logits([*speaker.ids_of(question["text"]), *question["said"]])
    except Failure as failure:
        return {"failed": failure.reason.value}
    return {"logits": base64.b64encode(row.astype("<f4").tobytes()).decode()}


def main() -> None:
    """Load the model and answer until the server hangs up."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this process does, not the server
    os.environ["OMP_NUM_THREADS"] = "1"  # read by PyTorch: the other cores are for the pages and what they compute
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    lines = _lines(sys.stdin)

    def say(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=answers, flush=True)

    first = json.loads(lines.get())
    try:
        speaker, about = load(Model(first["source"], first["revision"]), first["spare"], say)
    except Failure as failure:
        say({"failed": failure.reason.value})
        return
    say({"ready": about})
    while True:
        say(answer(speaker, json.loads(lines.get())))


def _lines(stream: TextIO) -> "queue.SimpleQueue[str]":
    """What the server sends. When it hangs up, the process ends at once."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


if __name__ == "__main__":
    main()
