"""ONNX for decoders, for real: exported, served, asked and certified. Skipped without the extra `genai`."""

from __future__ import annotations

import json
import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rightsizer.errors import ArtifactError, InputError
from rightsizer.evaluation.run import score
from rightsizer.serving.model_server import ModelServer
from rightsizer.students.artifact import load_student
from rightsizer.students.decoder import DecoderStudent
from rightsizer.students.decoder_constraint import grammar_for
from rightsizer.students.onnx_decoder import OnnxWriter
from rightsizer.students.prompted import PromptedStudent
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_lm import ARCHITECTURES, write_tiny_lm
from rightsizer.training.decoder.export import export_decoder
from rightsizer.training.train import train
from rightsizer.types import Candidate, Task, TaskPolicy

pytest.importorskip("onnxruntime_genai", reason="needs the extra 'genai'")
EXAMPLES = label_examples(60)
TASK = Task(id="t", name="intents", output="label")
# The builder of onnxruntime-genai 0.18 knows Nemotron and not its hybrid, and fails on Gemma 3 (multi_cache).
UNKNOWN = {"nemotron_h", "gemma3_text"}


def trained(base: Path, out: Path, steps: int = 3, rate: float = 1e-3) -> DecoderStudent:
    params = {"max_steps": steps, "batch_size": 8, "learning_rate": rate}
    train(Candidate(rung="decoder", method="full", base_model=str(base), params=params), TASK, EXAMPLES, out)
    student = load_student(out)
    assert isinstance(student, DecoderStudent)
    return student


def writer(student: DecoderStudent, out: Path, quantization: str) -> OnnxWriter:
    made = export_decoder(student.folder, out, "onnx", name="small", quantization=quantization)
    assert out / "onnx" / "model.onnx" in made
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    return OnnxWriter(out / "onnx", student.format.tokenizer, int(student.params["max_new_tokens"]))


@pytest.mark.parametrize("architecture", sorted(set(ARCHITECTURES) - UNKNOWN))
def test_it_writes_what_the_weights_write(
    tiny: Callable[[str], Path], tmp_path: Path, architecture: str
) -> None:
    student = trained(tiny(architecture), tmp_path / "s")
    there = writer(student, tmp_path / "out", "f32")
    prompts = [student.prompt(e.prompt) for e in EXAMPLES[:4]]
    for grammar in (None, grammar_for(EXAMPLES[0].prompt, student.params["known"])):
        for prompt in prompts:
            (a,) = student.write([prompt], [grammar])
            (b,) = there.write([prompt], [grammar])
            assert replace(a, probability=0.0) == replace(b, probability=0.0)
            close = math.isclose(a.probability, b.probability, rel_tol=0.02, abs_tol=1e-30)
            assert close, "before the constraint, in both"


def test_the_gate_runs_on_the_export(tmp_path: Path) -> None:
    texts = [m.text for e in EXAMPLES for m in (*e.prompt.messages, e.completion)]
    base = write_tiny_lm(tmp_path / "base", texts, width=128, vocabulary=600)
    student = trained(base, tmp_path / "s", steps=120)
    there = writer(student, tmp_path / "out", "q4_0")
    app = ModelServer(student, "small", there, str(there.folder))
    with listening(app) as url:
        params = {"server": {"base_url": url, "model": "small"}, "weights": str(there.folder)}
        candidate = Candidate(rung="decoder", method="prompted", params=params)
        told = train(candidate, TASK, EXAMPLES, tmp_path / "p")
        assert "the server says that it serves these weights" in told.notes[0]
        assert told.recipe["asked_twice"]["differ"] == 0, "one question at a time: the same answer twice"
        behind = load_student(tmp_path / "p")
        assert isinstance(behind, PromptedStudent)
        scores = score(behind, label_examples(30, seed=5, split="test"), TaskPolicy())
        right = sum(s.loss == 0 for s in scores)
        assert right >= 15, "it has learned, and four bits leave most of it"
        config = there.folder / "genai_config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), "note": "changed"}))
        with pytest.raises(ArtifactError, match="not the ones"):
            load_student(tmp_path / "p")


def test_what_cannot_be_exported_says_why(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    student = trained(tiny("llama"), tmp_path / "s")
    with pytest.raises(InputError, match="ONNX has no q8_0"):
        export_decoder(student.folder, tmp_path / "out", "onnx", name="small", quantization="q8_0")
    with pytest.raises(InputError, match="there is no model"):
        OnnxWriter(tmp_path, student.format.tokenizer, 8).write(["a"], [None])


@contextmanager
def listening(app: ModelServer) -> Iterator[str]:
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.05)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(30)
