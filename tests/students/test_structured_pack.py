"""What is saved is what is served: the student that comes back gives the same answers."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from rightsizer.errors import ArtifactError
from rightsizer.students import artifact
from rightsizer.students.structured_pack import pack, unpack
from rightsizer.training.structured import build
from rightsizer.training.structured_rows import read_rows
from rightsizer.types import Example, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart

TOOL = {
    "type": "function",
    "function": {
        "name": "go",
        "parameters": {
            "type": "object",
            "properties": {"to": {"type": "string"}, "id": {"type": "string"}, "fast": {"type": "boolean"}},
        },
    },
}


def example(i: int) -> Example:
    """A call with a span, a copied id and a boolean: every kind of weights is in the student."""
    rng = random.Random(i)
    to, fast, number = (
        rng.choice(["Oslo", "Rome", "Lima", "Bern"]),
        rng.random() < 0.5,
        f"T{rng.randrange(1000, 9999)}",
    )
    call = ToolCallPart(id="0", name="list", arguments="{}")
    messages = (
        Message(role="assistant", parts=(call,)),
        Message(role="tool", parts=(ToolCallResponsePart(id="0", response=json.dumps({"ticket": number})),)),
        Message(role="user", parts=(TextPart(content=f"go to {to} {'quickly' if fast else 'some day'}"),)),
    )
    arguments = json.dumps({"to": to, "id": number, "fast": fast})
    answer = Message(role="assistant", parts=(ToolCallPart(name="go", arguments=arguments),))
    return Example(
        call_id=str(i), session_id=str(i), group=str(i), split="train",
        prompt=Request(messages=messages, tools=(TOOL,)), completion=answer,
    )  # fmt: skip


def test_a_saved_student_answers_as_before(tmp_path: Path) -> None:
    student, _, _ = build(read_rows([example(i) for i in range(60)], None), None)
    artifact.save(pack(student), tmp_path)
    loaded = unpack(artifact.read(tmp_path))
    requests = [example(i).prompt for i in range(100, 130)]
    before, after = student.predict(requests), loaded.predict(requests)
    assert [p.message for p in before] == [p.message for p in after]
    assert [p.confidence for p in before] == pytest.approx([p.confidence for p in after], abs=5e-3)
    assert {f.kind for f in loaded.actions["tool:go"].fields} == {"span", "copy", "closed"}


def test_saving_twice_gives_the_same_hash(tmp_path: Path) -> None:
    student, _, _ = build(read_rows([example(i) for i in range(30)], None), None)
    first = artifact.save(pack(student), tmp_path / "a")
    loaded = unpack(artifact.read(tmp_path / "a"))
    assert artifact.save(pack(loaded), tmp_path / "b") == first


def test_a_damaged_artifact_is_said_to_be_one(tmp_path: Path) -> None:
    student, _, _ = build(read_rows([example(i) for i in range(30)], None), None)
    whole = pack(student)
    broken = artifact.Artifact(
        whole.kind, {k: v for k, v in whole.params.items() if k != "router"}, whole.arrays
    )
    artifact.save(broken, tmp_path)
    with pytest.raises(ArtifactError, match="structured"):
        artifact.load_student(tmp_path)
