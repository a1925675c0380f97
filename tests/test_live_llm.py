"""A live model: the process says what the model itself says, and every reason why it may not answer is told."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lib.continuations import LEAST
from lib.live_llm import client, worker
from lib.live_llm.client import LiveLlm, Question
from lib.live_llm.failure import Failure, Reason
from lib.live_llm.memory import free_memory
from lib.live_llm.offered import FETCHED, ROOT, Model, model_named, offer_of
from lib.live_llm.token_bytes import token_bytes
from lib.live_llm.tree import QUESTIONS, LiveTree
from lib.sampling import shape_with
from lib.sampling_settings import SamplingSettings
from tests.support.tiny_llm import CONTEXT, V, change_config, loaded, make_tiny_llm
from tests.test_sampling import check_against_the_processors

PATIENCE = 240.0  # seconds: a process imports PyTorch and transformers first
TEXTS = ("Two dice", "the dog ate", "犬が", "übermütig —", "", "a\n\tb  c", "🎲🎲")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llm(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def live() -> Iterator[LiveLlm]:
    live = LiveLlm(spare=0)
    yield live
    live.close()


def asked(live: LiveLlm, question: Question) -> np.ndarray:
    """The answer, or the failure, however long it takes."""
    answer = live.ask(question, PATIENCE)
    assert answer is not None, live.progress(question)
    return answer


def until(condition: Callable[[], Any]) -> Any:
    """What the condition gives once that is true."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def ended(pid: int) -> bool:
    """Whether there is no such process, or only what is left of it until its parent asks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


# --- What it answers ---


def test_the_answers_are_the_model_s_own(live: LiveLlm, tiny: Path) -> None:
    tokenizer, model = loaded(tiny)
    for text in TEXTS:
        ids = tokenizer(text).input_ids or [tokenizer.eos_token_id]
        for said in ((), (5, 280, 7)):
            with torch.inference_mode():
                own = model(torch.tensor([[*ids, *said]])).logits[0, -1].numpy()
            ours = asked(live, Question(Model(str(tiny)), text, said))
            assert ours.dtype == np.float32
            np.testing.assert_allclose(ours, own, rtol=1e-5, atol=1e-5)


def greedy(live: LiveLlm, model: Model, text: str, steps: int) -> list[int]:
    said: list[int] = []
    for _step in range(steps):
        said.append(int(asked(live, Question(model, text, tuple(said))).argmax()))
    return said


def generated(folder: Path, text: str, steps: int) -> list[int]:
    tokenizer, model = loaded(folder)
    inputs = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    model.generation_config.eos_token_id = None  # as long as ours
    result = model.generate(**inputs, do_sample=False, max_new_tokens=steps, pad_token_id=0)
    return result[0, inputs["input_ids"].shape[1] :].tolist()


@pytest.mark.parametrize("text", [text for text in TEXTS if text])
def test_greedy_says_what_generate_says_token_for_token(live: LiveLlm, tiny: Path, text: str) -> None:
    assert greedy(live, Model(str(tiny)), text, 24) == generated(tiny, text, 24)


def test_the_cuts_keep_what_transformers_processors_keep(live: LiveLlm, tiny: Path) -> None:
    processors: Any = pytest.importorskip("transformers.generation.logits_process")
    tokenizer, model = loaded(tiny)
    rng = np.random.default_rng(0)
    for text in TEXTS[:3]:
        with torch.inference_mode():
            own = model(torch.tensor([tokenizer(text).input_ids])).logits[:, -1]
        ours = asked(live, Question(Model(str(tiny)), text))
        for _case in range(40):
            temperature, k = float(rng.uniform(0.3, 2)), int(rng.integers(1, V))
            p, least = float(rng.uniform(0.1, 1)), float(rng.uniform(0, 0.3))
            trace = shape_with(ours, SamplingSettings(temperature, top_k=k, top_p=p, min_p=least))
            scores = own
            for process in (
                processors.TemperatureLogitsWarper(temperature),
                processors.TopKLogitsWarper(k),
                processors.TopPLogitsWarper(p),
                processors.MinPLogitsWarper(least),
            ):
                scores = process(None, scores)
            assert (trace.kept == torch.isfinite(scores)[0].numpy()).all()
            np.testing.assert_allclose(trace.probabilities, torch.softmax(scores, -1)[0], rtol=1e-4, atol=1e-7)


def test_what_is_known_of_the_model(live: LiveLlm, tiny: Path) -> None:
    asked(live, Question(Model(str(tiny)), "Two"))
    about = live.about(Model(str(tiny)))
    assert about is not None
    tokenizer, model = loaded(tiny)
    assert len(about.vocabulary) == V
    assert about.vocabulary[0] == b"<|end|>"
    for text in TEXTS:
        assert b"".join(about.vocabulary[i] for i in tokenizer(text).input_ids) == text.encode()
    assert about.vocabulary[V - 1] == b""  # the tokenizer knows no such token
    assert (about.ends, about.context, about.precision) == (frozenset({0}), CONTEXT, "float32")
    assert about.parameters == sum(each.numel() for each in model.parameters())
    weights = tiny / "model.safetensors"
    assert about.checksum == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert about.licence is None


def test_the_licence_is_read_from_the_card_or_the_licence_itself(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("\n      Apache License\n   Version 2.0\n")
    assert worker.licence_of(tmp_path) == "Apache License"
    (tmp_path / "README.md").write_text("---\nlanguage:\n- en\nlicense: mit\n---\n# A model\n")
    assert worker.licence_of(tmp_path) == "mit"


def test_tokens_of_sentencepiece_are_bytes_too() -> None:
    tokenizers: Any = pytest.importorskip("tokenizers")
    transformers: Any = pytest.importorskip("transformers")
    words = ["<s>", "▁the", "▁", "<0xE2>", "é", "<0x0A>"]
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: i for i, word in enumerate(words)}, "<s>"))
    steps = tokenizers.decoders
    made.decoder = steps.Sequence([steps.Replace("▁", " "), steps.ByteFallback(), steps.Fuse()])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>")
    found = token_bytes(tokenizer, range(8))
    assert list(found.values()) == [b"<s>", b" the", b" ", b"\xe2", "é".encode(), b"\n", b"", b""]


def test_without_room_for_single_precision_the_weights_are_halved(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    def room(free: int | None) -> str:
        monkeypatch.setattr(worker, "free_memory", lambda: free)
        return worker.precision_for(10**9, spare=10**9)

    assert room(None) == room(6 * 10**9) == "float32"
    assert room(5 * 10**9) == "bfloat16"
    with pytest.raises(Failure, match="no_memory"):
        room(3 * 10**9)
    monkeypatch.setattr(worker, "precision_for", lambda parameters, spare: "bfloat16")
    tokenizer, model = loaded(tiny, torch.bfloat16)
    half = worker.Speaker(tiny, spare=0).logits(tokenizer("Two dice").input_ids)
    with torch.inference_mode():
        own = model(torch.tensor([tokenizer("Two dice").input_ids])).logits[0, -1]
    np.testing.assert_array_equal(half, own.float().numpy())


@pytest.mark.parametrize("settings", [SamplingSettings(top_k=3), SamplingSettings(0.5, top_k=6, top_p=0.8)])
def test_the_tree_has_every_likely_continuation_and_no_other(tiny: Path, settings: SamplingSettings) -> None:
    """All of them by going everywhere, with the model itself."""
    tokenizer, model = loaded(tiny)
    begin, depth = tokenizer("the dog").input_ids, 3

    def logits(said: tuple[int, ...]) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.tensor([[*begin, *said]])).logits[0, -1].numpy()

    def everywhere(said: tuple[int, ...], above: float) -> dict[tuple[int, ...], float]:
        probabilities = above * shape_with(logits(said), settings).probabilities
        likely = {(*said, int(i)): float(probabilities[i]) for i in np.flatnonzero(probabilities >= LEAST)}
        below = [everywhere(path, p) for path, p in likely.items() if path[-1] != 0 and len(path) < depth]
        return {path: p for each in (likely, *below) for path, p in each.items()}

    tree, expected, asked_for = LiveTree(settings, {0}, depth), everywhere((), 1.0), list[tuple[int, ...]]()

    def slowly(said: tuple[int, ...]) -> np.ndarray | None:
        asked_for.append(said)
        return logits(said) if asked_for.count(said) == 2 else None  # the answer is there when it is asked again

    turns = 1
    while not tree.grow(slowly):
        turns += 1
    assert turns == tree.asked + 1 == len(asked_for) // 2 + 1
    assert tree.asked <= QUESTIONS
    found = {node.path: node.probability for node in tree.nodes}
    assert found == pytest.approx(expected)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(node.parent < 0 or tree.nodes[node.parent].path == node.path[:-1] for node in tree.nodes)
    assert tree.rest == pytest.approx(1 - sum(p for path, p in expected.items() if path[-1] == 0 or len(path) == depth))


def test_the_tree_asks_only_so_often() -> None:
    tree, asked_for = LiveTree(SamplingSettings(top_k=2), set(), depth=8), list[tuple[int, ...]]()
    assert tree.grow(lambda said: asked_for.append(said) or np.zeros(2))
    assert len(asked_for) == len(set(asked_for)) == tree.asked == QUESTIONS
    assert all(not node.path or node.path[:-1] in asked_for for node in tree.nodes)


# --- Why it may not ---


def without_safetensors(folder: Path) -> None:
    torch.save({}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def with_code_of_its_own(folder: Path) -> None:
    code = "from pathlib import Path\nPath(__file__).with_name('it-ran').touch()\n"
    for name in ("configuration_own.py", "modeling_own.py"):
        (folder / name).write_text(code + "class Own: ...\n")
    auto = {"AutoConfig": "configuration_own.Own", "AutoModelForCausalLM": "modeling_own.Own"}
    change_config(folder, model_type="own", architectures=["Own"], auto_map=auto)


def with_weights_missing(folder: Path) -> None:
    import safetensors.torch

    weights = safetensors.torch.load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def with_weights_that_are_no_numbers(folder: Path) -> None:
    import safetensors.torch

    weights = safetensors.torch.load_file(folder / "model.safetensors")
    weights["model.norm.weight"] *= torch.nan
    safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


DAMAGE: dict[str, tuple[Callable[[Path], object], Reason]] = {
    "no safetensors": (without_safetensors, Reason.NOT_SAFE),
    "code of its own": (with_code_of_its_own, Reason.NOT_SAFE),
    "an encoder": (partial(change_config, architectures=["LlamaForSequenceClassification"]), Reason.NOT_CAUSAL),
    "another kind": (partial(change_config, model_type="t5"), Reason.NOT_CAUSAL),
    "no model": (lambda folder: (folder / "config.json").unlink(), Reason.NOT_FOUND),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), Reason.BROKEN),
    "half of the weights": (lambda folder: os.truncate(folder / "model.safetensors", 5_000), Reason.BROKEN),
    "no JSON": (lambda folder: (folder / "config.json").write_text("{"), Reason.BROKEN),
    "weights missing": (with_weights_missing, Reason.BROKEN),
    "weights that are no numbers": (with_weights_that_are_no_numbers, Reason.BROKEN),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_folder_that_will_not_do_says_why(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder, (do, reason) = shutil.copytree(tiny, tmp_path / "model"), DAMAGE[damage]
    do(folder)
    with pytest.raises(Failure) as caught:
        worker.load(Model(str(folder)), 0, lambda message: None)
    assert caught.value.reason is reason
    assert not (folder / "it-ran").exists()


def test_a_known_kind_that_brings_code_is_read_without_it(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = shutil.copytree(tiny, tmp_path / "model")
    kind = json.loads((folder / "config.json").read_text())
    with_code_of_its_own(folder)
    change_config(folder, model_type=kind["model_type"], architectures=kind["architectures"])
    speaker, _about = worker.load(Model(str(folder)), 0, lambda message: None)
    assert type(speaker._model).__module__.startswith("transformers.")
    assert not (folder / "it-ran").exists()


def test_too_long_a_text_is_refused_and_the_next_one_is_answered(live: LiveLlm, tiny: Path) -> None:
    model = Model(str(tiny))
    with pytest.raises(Failure) as caught:
        asked(live, Question(model, "Two dice", (7,) * CONTEXT))
    assert caught.value.reason is Reason.TOO_LONG
    asked(live, Question(model, "Two dice", (7,)))


def test_where_memory_is_short_no_process_is_started(tiny: Path) -> None:
    live = LiveLlm(spare=2**60)
    with pytest.raises(Failure) as caught:
        asked(live, Question(Model(str(tiny)), "Two"))
    assert caught.value.reason is Reason.NO_MEMORY
    assert live.pid is None


def test_without_transformers_it_says_so(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(Failure, match="no_transformers"):
        worker.load(Model(str(tiny)), 0, lambda message: None)


# --- The process ---


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_that_is_killed_is_started_again(live: LiveLlm, tiny: Path) -> None:
    model = Model(str(tiny))
    before = asked(live, Question(model, "the dog"))
    pid = live.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: ended(pid))
    after = asked(live, Question(model, "the dog", (7,)))
    assert live.pid not in (None, pid)
    assert not np.array_equal(before, after)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_worker_that_dies_on_a_question_is_tried_twice_and_then_given_up(tiny: Path) -> None:
    """The first one is killed while it holds still, so that it cannot have answered, and the second as it starts."""
    live, question, killed = LiveLlm(spare=0), Question(Model(str(tiny)), "the dog"), set[int]()
    asked(live, Question(Model(str(tiny)), "Two"))
    assert live.pid is not None
    os.kill(live.pid, signal.SIGSTOP)
    assert live.ask(question) is None

    def given_up() -> Reason | None:
        pid = live.pid
        if pid is not None and pid not in killed:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        try:
            assert live.ask(question) is None
        except Failure as failure:
            return failure.reason
        return None

    assert until(given_up) is Reason.DIED
    assert len(killed) == 2
    live.try_again(question)
    asked(live, question)
    live.close()


def test_too_many_questions_are_refused_and_another_model_while_one_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the thread that asks stands still, and no process is started."""
    gate = threading.Event()
    monkeypatch.setattr(LiveLlm, "_work", lambda self: gate.wait(PATIENCE))
    live, model = LiveLlm(), Model("one")
    for i in range(client.MOST_WAITING):
        assert live.ask(Question(model, str(i))) is None
    assert live.ask(Question(model, "0")) is None  # who waits already may ask again
    assert live.progress(Question(model, "7")).before == 7
    for refused in (Question(model, "one more"), Question(Model("another"), "0")):
        with pytest.raises(Failure, match="busy"):
            live.ask(refused)
    gate.set()


def test_a_question_that_nobody_waits_for_is_dropped(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All three are asked before the process has started; only the last one is asked again."""
    monkeypatch.setattr(client, "FORGOTTEN", 0.2)
    live, model = LiveLlm(spare=0), Model(str(tiny))
    first, dropped, wanted = (Question(model, text) for text in ("first", "dropped", "wanted"))
    assert live.ask(first) is None
    assert live.ask(dropped) is None
    asked(live, wanted)
    assert wanted in live._answers
    assert dropped not in {*live._waiting, *live._answers}
    live.close()


def test_a_class_that_asks_at_once_is_answered_in_turn(live: LiveLlm, tiny: Path) -> None:
    tokenizer, model = loaded(tiny)
    with torch.inference_mode():
        own = [model(torch.tensor([[*tokenizer("the").input_ids, i]])).logits[0, -1].numpy() for i in range(40)]
    with ThreadPoolExecutor(40) as students:
        ours = list(students.map(lambda i: asked(live, Question(Model(str(tiny)), "the", (i,))), range(40)))
    np.testing.assert_allclose(ours, own, rtol=1e-5, atol=1e-5)


def test_on_a_computer_of_one_s_own_another_model_takes_its_place_at_once(tiny: Path, tmp_path: Path) -> None:
    other = Model(str(make_tiny_llm(tmp_path / "other", seed=1)))
    live, model = LiveLlm(spare=0, in_use=0.0), Model(str(tiny))
    first = asked(live, Question(model, "Two dice"))
    pid = live.pid
    assert not np.array_equal(first, asked(live, Question(other, "Two dice")))
    assert live.pid != pid  # one at a time
    assert (live.about(model) is None, live.about(other) is None) == (True, False)
    live.close()


def test_only_so_many_answers_are_kept(live: LiveLlm, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_KEPT", 3 * 4 * V)
    for i in range(5):
        asked(live, Question(Model(str(tiny)), "kept", (i,)))
    assert [question.said for question in live._answers] == [(2,), (3,), (4,)]
    assert asked(live, Question(Model(str(tiny)), "kept", (2,))) is asked(
        live, Question(Model(str(tiny)), "kept", (2,))
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_without_questions_the_process_ends_and_comes_back(tiny: Path) -> None:
    live, model = LiveLlm(spare=0, idle=0.0), Model(str(tiny))
    asked(live, Question(model, "Two"))
    until(lambda: live.pid is None)
    assert live.about(model) is not None  # what was answered can still be shown
    asked(live, Question(model, "dice"))
    until(lambda: live.pid is None)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("when", "how"), [("loading", signal.SIGKILL), ("ready", signal.SIGKILL), ("ready", signal.SIGTERM)]
)
def test_no_process_is_left_when_the_server_ends(tiny: Path, how: signal.Signals, when: str) -> None:
    wait = "0" if when == "loading" else str(PATIENCE)
    program = f"""
import time
from lib.live_llm.client import LiveLlm, Question
from lib.live_llm.offered import Model
live = LiveLlm(spare=0)
live.ask(Question(Model({str(tiny)!r}), "Two"), {wait})
while live.pid is None:
    time.sleep(0.01)
print(live.pid, flush=True)
time.sleep({PATIENCE})
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert not ended(pid)
        server.send_signal(how)
    until(lambda: ended(pid))


def test_what_a_library_prints_does_not_get_between_the_answers(tiny: Path) -> None:
    program = """
import os, sys
from lib.live_llm import worker
load = worker.load
def noisy(*arguments):
    print("noise"); os.write(1, b"more of it\\n")
    return load(*arguments)
worker.load = noisy
worker.main()
"""
    first = json.dumps({"source": str(tiny), "revision": None, "spare": 0})
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        print(first, file=process.stdin, flush=True)
        messages = [json.loads(process.stdout.readline()) for _line in range(3)]
        process.stdin.close()
        assert [next(iter(each)) for each in messages] == ["stage", "stage", "ready"]
        assert process.stdout.read() == ""
    assert process.returncode == 0


# --- The hub ---


REVISION, REPOSITORY = "0123456789abcdef0123456789abcdef01234567", "somebody/tiny"


class Hub(BaseHTTPRequestHandler):
    """As much of the Hugging Face Hub as a download needs, with one model."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.split("?")[0]
        files = {each.name: each for each in sorted(self.folder.iterdir())}
        if path in (f"/api/models/{REPOSITORY}/revision/{REVISION}", f"/api/models/{REPOSITORY}/tree/{REVISION}"):
            siblings = [{"rfilename": name, "size": each.stat().st_size} for name, each in files.items()]
            tree = [
                {"type": "file", "path": name, "size": each.stat().st_size, "oid": name} for name, each in files.items()
            ]
            about = {"id": REPOSITORY, "sha": REVISION, "siblings": siblings}
            self._send(json.dumps(tree if "tree" in path else about).encode(), "application/json")
        elif (name := path.removeprefix(f"/{REPOSITORY}/resolve/{REVISION}/")) in files:
            self._send(files[name].read_bytes(), "application/octet-stream")
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    """A hub that the processes started meanwhile ask, with an empty cache."""
    served = shutil.copytree(tiny, tmp_path / "served")
    (served / "evil.py").write_text("raise SystemExit")
    (served / "pytorch_model.bin").write_bytes(b"a pickle")
    handler = type("OneHub", (Hub,), {"folder": served, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    for name in ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield handler
    server.shutdown()
    server.server_close()


def test_a_model_of_the_hub_is_fetched_at_its_revision_and_nothing_else_of_it(
    hub: type[Hub], tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, model = LiveLlm(spare=0), model_named(f"{REPOSITORY}@{REVISION}")
    answer = asked(live, Question(model, "Two dice"))
    tokenizer, own = loaded(tiny)
    with torch.inference_mode():
        expected = own(torch.tensor([tokenizer("Two dice").input_ids])).logits[0, -1].numpy()
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)
    fetched = {path.name for path in (tmp_path / "cache").rglob("snapshots/*/*")}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= fetched
    assert not {"evil.py", "pytorch_model.bin"} & fetched
    assert all(REVISION in path for path in hub.asked), hub.asked
    live.close()

    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # where nobody answers: it is here now
    again = LiveLlm(spare=0)
    np.testing.assert_array_equal(asked(again, Question(model, "Two dice")), answer)
    again.close()


def test_a_name_that_the_hub_does_not_know(hub: type[Hub]) -> None:
    live = LiveLlm(spare=0)
    with pytest.raises(Failure, match="not_found"):
        asked(live, Question(Model("nobody/nothing", REVISION), "Two"))
    live.close()


def test_where_the_hub_is_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    live, question = LiveLlm(spare=0), Question(Model("nobody/nothing", REVISION), "Two")
    with pytest.raises(Failure, match="hub_unreachable"):
        asked(live, question)
    with pytest.raises(Failure, match="hub_unreachable"):  # it is not tried again by itself
        live.ask(question)
    live.try_again(question)
    assert live.ask(question) is None
    live.close()


# --- What is offered, and memory ---


def test_what_a_host_offers(tmp_path: Path) -> None:
    folder = str(tmp_path / "tiny")
    both = offer_of(f" {folder} , openai-community/gpt2@{REVISION},")
    assert both.models == (Model(folder), Model("openai-community/gpt2", REVISION))
    assert not both.any
    assert both.named("tiny") == Model(folder)
    for other in ("", "other", folder, f"nobody/nothing@{REVISION}", "../tiny"):
        with pytest.raises(Failure, match="not_found"):
            both.named(other)
    assert not offer_of("")
    assert offer_of(None).models == ((Model(str(FETCHED)),) if FETCHED.is_dir() else ())


def test_with_any_a_person_names_a_folder_or_a_revision(tmp_path: Path) -> None:
    offer = offer_of("any")
    assert offer.named(str(tmp_path)) == Model(str(tmp_path))
    assert offer.named(f"openai-community/gpt2@{REVISION}").revision == REVISION
    for wrong in ("", " ", "openai-community/gpt2", "gpt2@main", "a/b/c@" + REVISION, "/no/such", "x" * 5000, "\0"):
        with pytest.raises(Failure, match="not_found"):
            offer.named(wrong)


def system(root: Path, files: dict[str, str]) -> int | None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return free_memory(root)


def test_free_memory_is_the_machine_s_or_the_container_s_if_that_is_less(tmp_path: Path) -> None:
    machine = {"proc/meminfo": "MemTotal: 16000 kB\nMemAvailable:   8000 kB\n", "proc/self/cgroup": "0::/a/b\n"}
    limited = {"memory.max": "5000000", "memory.current": "4000000", "memory.stat": "anon 1\ninactive_file 500000\n"}
    free = {"memory.max": "max", "memory.current": "4000000", "memory.stat": "inactive_file 0\n"}
    assert system(tmp_path / "none", {}) is None
    assert system(tmp_path / "machine", machine) == 8_192_000
    inner = {f"sys/fs/cgroup/a/b/{name}": text for name, text in limited.items()}
    outer = {f"sys/fs/cgroup/a/{name}": text for name, text in limited.items()}
    assert system(tmp_path / "own", machine | inner) == 1_500_000
    unlimited = {f"sys/fs/cgroup/a/b/{name}": text for name, text in free.items()}
    assert system(tmp_path / "around", machine | unlimited | outer) == 1_500_000
    container = {f"sys/fs/cgroup/{name}": text for name, text in limited.items()}
    assert system(tmp_path / "container", machine | {"proc/self/cgroup": "0::/\n"} | container) == 1_500_000
    old = {
        "proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/1\n",
        "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "3000000",
        "sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes": "2900000",
        "sys/fs/cgroup/memory/docker/1/memory.stat": "total_inactive_file 100000\n",
    }
    assert system(tmp_path / "old", machine | old) == 200_000
    assert system(tmp_path / "full", machine | {"proc/meminfo": "MemAvailable: 0 kB\n"}) == 0


# --- The real one, where it has been fetched ---


@pytest.mark.skipif(not FETCHED.is_dir(), reason="the model is not there: python -m scripts.fetch_llm")
def test_the_real_model_says_greedily_what_generate_says_and_is_cut_as_there() -> None:
    live, text = LiveLlm(spare=0), "The capital of France is"
    said = greedy(live, Model(str(FETCHED)), text, 12)
    assert said == generated(FETCHED, text, 12)
    about = live.about(Model(str(FETCHED)))
    assert about is not None
    assert b"".join(about.vocabulary[i] for i in said).startswith(b" Paris")
    assert about.licence == "Apache License"
    rng, logits = np.random.default_rng(0), asked(live, Question(Model(str(FETCHED)), text)).astype(np.float64)
    for _case in range(12):
        temperature, k, p = float(rng.uniform(0.3, 2)), int(2 ** rng.uniform(0, 15)), float(rng.uniform(0.1, 1))
        check_against_the_processors(logits[None], temperature=temperature, top_k=k, top_p=p, min_p=0.001)
    live.close()
