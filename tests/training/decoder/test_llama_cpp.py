"""llama.cpp for real: converted, quantised, served, asked and certified. Skipped where it is not built.

LLAMA_CPP_DIR=…/llama.cpp python -m pytest tests/training/decoder/test_llama_cpp.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.errors import ArtifactError
from rightsizer.evaluation.evaluate import evaluate
from rightsizer.evaluation.run import score
from rightsizer.students.artifact import load_student
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.students.decoder import DecoderStudent
from rightsizer.students.prompted import PromptedStudent, Prompting
from rightsizer.students.shots import ShotBook
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.llama_server import llama_server
from rightsizer.testing.tiny_lm import ARCHITECTURES, write_converter, write_tiny_lm
from rightsizer.training.decoder.export import export_decoder, find_program
from rightsizer.training.train import train
from rightsizer.types import (
    Candidate,
    Dataset,
    Example,
    Message,
    Prediction,
    Student,
    Task,
    TaskPolicy,
    ToolCallPart,
)  # fmt: skip

EXAMPLES = label_examples(60)
TASK = Task(id="t", name="intents", output="label")
SCHEMA = {
    "type": "object",
    "properties": {"intent": {"type": "string", "enum": ["warranty", "return_item"]}},
    "required": ["intent"],
    "additionalProperties": False,
}


CALLING = Task(id="t", name="calls", output="tool_call")
LABELS = sorted({json.loads(e.completion.text)["intent"] for e in EXAMPLES})


def offered(enum: list[str]) -> tuple[dict[str, Any], ...]:
    parameters = {
        "type": "object",
        "properties": {"intent": {"type": "string", "enum": enum}},
        "required": ["intent"],
        "additionalProperties": False,
    }
    told = {"name": "file_under", "description": "Sorts a message.", "parameters": parameters}
    return ({"type": "function", "function": told},)


def calling(example: Example) -> Example:
    """The same call, answered by a tool's."""
    call = ToolCallPart(name="file_under", arguments=example.completion.text)
    prompt = example.prompt.model_copy(update={"tools": offered(LABELS)})
    completion = Message(role="assistant", parts=(call,))
    return example.model_copy(update={"prompt": prompt, "completion": completion})


@pytest.fixture(autouse=True)
def llama_cpp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = os.environ.get("LLAMA_CPP_DIR")
    if not folder or find_program("llama-server") is None:
        pytest.skip("needs LLAMA_CPP_DIR, a built checkout of llama.cpp")
    made = write_converter(Path(folder), tmp_path / "llama.cpp")
    monkeypatch.setenv("LLAMA_CPP_DIR", str(made))
    return made


def trained(
    base: Path,
    out: Path,
    method: str = "lora",
    *,
    steps: int = 3,
    rate: float = 3e-3,
    rows: list[Example] = EXAMPLES,
) -> Path:
    params = {"max_steps": steps, "batch_size": 8, "learning_rate": rate, "rank": 4}
    candidate = Candidate(rung="decoder", method=method, base_model=str(base), params=params)
    train(candidate, TASK if rows is EXAMPLES else CALLING, rows, out)
    return out


def exported(student: Path, out: Path, quantization: str) -> Path:
    return export_decoder(student, out, "gguf", name="small", quantization=quantization)[-1]


def student(url: str, weights: Path, out: Path, **how: Any) -> PromptedStudent:
    params = {"server": {"base_url": url, "model": "small"}, "weights": str(weights), "how": how}
    candidate = Candidate(rung="decoder", method="prompted", params=params)
    told = train(candidate, TASK, EXAMPLES, out)
    assert "the server says that it serves these weights" in told.notes[0]
    found = load_student(out)
    assert isinstance(found, PromptedStudent)
    return found


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_is_exported_and_served(
    tiny: Callable[[str], Path], tmp_path: Path, architecture: str
) -> None:
    gguf = exported(trained(tiny(architecture), tmp_path / "s"), tmp_path / "out", "q8_0")
    with llama_server(gguf, tmp_path / "log", name="small") as (url, _):
        asked = student(url, gguf, tmp_path / "p", repair=False, max_tokens=16)
        assert asked.vote(EXAMPLES[0].prompt).n_votes == 1  # it answers; what, is no matter untrained


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wide enough for the K formats, which take 256 weights at a time, and taught its task."""
    for package in ("torch", "trl", "llguidance"):
        pytest.importorskip(package, reason="needs the extra 'decoders'")
    folder = tmp_path_factory.mktemp("wide")
    texts = [m.text for e in EXAMPLES for m in (*e.prompt.messages, e.completion)]
    base = write_tiny_lm(folder / "base", texts, width=256, vocabulary=600)
    return trained(base, folder / "s", "full", steps=40)


@pytest.mark.parametrize("quantization", ["q8_0", "q4_k_m"])
def test_the_gate_runs_on_the_very_file_that_serves(wide: Path, tmp_path: Path, quantization: str) -> None:
    gguf = exported(wide, tmp_path / "out", quantization)
    with llama_server(gguf, tmp_path / "log", name="small") as (url, _):
        # One call at a time: several at once are added up in another order, and near ties fall otherwise.
        behind = student(url, gguf, tmp_path / "p", parallel=1)
        fresh = label_examples(40, seed=5, split="test")
        scores = score(behind, fresh, TaskPolicy())
        said = behind.predict([e.prompt for e in fresh])
        assert [p.message is not None for p in said] == [x.answered for x in scores]
        if quantization == "q8_0":  # coarser rounding changes answers: that is why the gate runs on the file
            assert _same_texts(wide, behind, fresh) >= 0.7 * len(fresh)
        record = Student(
            id="s", task_id="t", dataset_id="d", rung="decoder", method="prompted", artifact="p",
            artifact_hash="a" * 64, recipe={"weights": {"sha256": behind.weights.sha256}},
        )  # fmt: skip
        found = evaluate(record, _dataset(fresh), scores[:20], scores[20:], alpha=0.3, delta=0.1)
        assert found.weights_hash == behind.weights.sha256
        gguf.write_bytes(gguf.read_bytes()[:-1] + b"x")
        with pytest.raises(ArtifactError, match="not the ones"):
            load_student(tmp_path / "p")


def test_a_schema_is_held_by_the_server(wide: Path, tmp_path: Path) -> None:
    gguf = exported(wide, tmp_path / "out", "q8_0")
    wanted = {"type": "json_schema", "json_schema": {"name": "i", "strict": True, "schema": SCHEMA}}
    with llama_server(gguf, tmp_path / "log", name="small") as (url, _):
        behind = student(url, gguf, tmp_path / "p", repair=False)
        free = PromptedStudent(behind.server, behind.how, behind.book, known=None)
        asked = [e.prompt.model_copy(update={"response_format": wanted}) for e in EXAMPLES[:8]]
        found = free.predict(asked)
        assert all(p.message is not None for p in found)  # valid by the schema, or it would be an abstention
        assert {json.loads(p.message.text)["intent"] for p in found} <= {"warranty", "return_item"}


def test_a_student_that_calls_tools_is_served_and_held_to_their_schemas(tmp_path: Path) -> None:
    for package in ("torch", "trl", "llguidance"):
        pytest.importorskip(package, reason="needs the extra 'decoders'")
    rows = [calling(e) for e in label_examples(300)]
    texts = [m.text for e in rows for m in (*e.prompt.messages, e.completion)]
    texts += [json.dumps(offered(LABELS)[0]), *(e.completion.tool_calls[0].arguments for e in rows)]
    base = write_tiny_lm(tmp_path / "base", texts, width=128, vocabulary=600)
    trained(base, tmp_path / "s", "full", steps=150, rate=1e-3, rows=rows)
    gguf = exported(tmp_path / "s", tmp_path / "out", "q8_0")
    fresh = [calling(e) for e in label_examples(40, seed=5, split="test")]
    here = load_student(tmp_path / "s").predict([e.prompt for e in fresh])
    with llama_server(gguf, tmp_path / "log", name="small") as (url, _):
        asked = PromptedStudent(
            Server(base_url=url, model="small"),
            Prompting(repair=False, max_tokens=80, parallel=1),
            ShotBook((), None),
            known=None,
        )
        there = asked.predict([e.prompt for e in fresh])
        called = [p.message.tool_calls for p in there if p.message is not None]
        assert len(called) >= 0.9 * len(fresh)
        assert all(c.name == "file_under" for calls in called for c in calls)
        same = sum(_arguments(a) == _arguments(b) for a, b in zip(here, there, strict=True))
        assert same >= 0.8 * len(fresh), "8-bit weights turn few answers"
        # An enum that it has never seen: what it wants to write, the server does not let it.
        narrow = {"tools": offered(["parcel", "nothing"])}
        for choice in ("auto", "required"):
            params = {**fresh[0].prompt.params, "tool_choice": choice}
            prompts = [e.prompt.model_copy(update={**narrow, "params": params}) for e in fresh[:10]]
            held = [p for p in asked.predict(prompts) if p.message is not None]
            written = {_arguments(p) for p in held}
            assert written <= {("parcel",), ("nothing",)} | ({()} if choice == "auto" else set())
            assert written - {()}


def _arguments(found: Prediction) -> tuple[str, ...]:
    calls = found.message.tool_calls if found.message is not None else ()
    return tuple(json.loads(c.arguments)["intent"] for c in calls)


def _same_texts(folder: Path, behind: PromptedStudent, examples: list[Example]) -> int:
    """On how many calls the server writes what the weights write in this process, both left free."""
    here = load_student(folder)
    assert isinstance(here, DecoderStudent)
    server = ChatServer(behind.server)
    same = 0
    for example in examples:
        (written,) = here.write([here.prompt(example.prompt)], [None], max_tokens=24)
        body = {**behind.body(example.prompt), "max_tokens": 24}
        same += server.complete(body).message.text.strip() == written.text.strip()
    return same


def _dataset(examples: list[Example]) -> Dataset:
    return Dataset(id="d", task_id="t", rows=(), content_hash="h", seed=0)
