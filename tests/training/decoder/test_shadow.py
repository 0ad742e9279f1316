"""What a decoder answered in shadow behind a running gateway becomes the rejected half of preferences."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rightsizer.capture.export import write_calls
from rightsizer.pipeline import prepare
from rightsizer.pipeline.predict import load_verified
from rightsizer.pipeline.workspace import open_workspace
from rightsizer.students.decoder import DecoderStudent
from rightsizer.testing.label_calls import label_examples, request
from rightsizer.testing.replay_llm import ReplayLLM
from rightsizer.training.decoder.data import completion_ids, encode
from rightsizer.training.decoder.preferences import Pair, disagreements
from rightsizer.types import Call, Message, Request, Student, Task, TaskPolicy
from tests.cli import conftest as command_line
from tests.gateway import conftest as gateways

ASKED = 24
Cli = Callable[..., command_line.Ran]
cli, start = command_line.cli, gateways.start
WORDS: dict[str, object] = {"encoder.enabled": False}


def calls(n: int, name: str, seed: int) -> list[Call]:
    """Calls of one task with an address in each, all different."""
    made = []
    for i, example in enumerate(label_examples(n, seed=seed)):
        said = f"{example.prompt.messages[-1].text}, order {name}{i}, kim{seed}{i}@example.com"
        made.append(
            Call(
                id=f"{name}{i}",
                session_id=f"{name}-session-{i}",
                model="big-llm",
                request=request(said),
                response=example.completion,
            )
        )
    return made


def ask(url: str, call: Call, session: str) -> None:
    messages = [{"role": m.role, "content": m.text} for m in call.request.messages]
    asked = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps({"model": "big-llm", "messages": messages}).encode(),
        {"content-type": "application/json", "x-rightsizer-session": session},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert json.load(answer)["choices"][0]["message"]["content"] == call.response.text  # type: ignore[union-attr]


def imported(cli: Cli, tmp_path: Path) -> tuple[list[Any], str]:
    """A home with a log of one task: (command line's start, task)."""
    home = tmp_path / "home"
    base = ["--home", home, "--set", "encoder.enabled=false"]
    log = tmp_path / "log.jsonl"
    home.mkdir()
    # a decoder in shadow is read and asked in the thread in which the next call is placed
    (home / "rightsizer.toml").write_text("[gateway]\nstudent_timeout_s = 120.0\n")
    write_calls(calls(80, "a", 1), log)
    assert cli(*base, "import", log, "--json").code == 0
    cli(*base, "curate", "--json")
    (task,) = cli(*base, "discover", "--json").json["tasks"]
    return base, task["id"]


def shadowed(cli: Cli, start: gateways.Start, tiny: Path, tmp_path: Path) -> tuple[list[Any], str, str]:
    """A home whose gateway has run with a decoder in shadow: (command line's start, task, student)."""
    base, task = imported(cli, tmp_path)
    steps = ("--recipe", "max_steps=2", "--recipe", "rank=4", "--recipe", "bf16=false")
    trained = cli(*base, "train", task, "--base", tiny, "--method", "lora", *steps, "--json")
    assert trained.code == 0, trained.out + trained.err
    student = trained.json["students"][0]["id"]
    cli(*base, "evaluate", student, "--json")
    assert cli(*base, "release", student, "--shadow", "--json").code == 0
    fresh = calls(ASKED, "b", 2)
    with ReplayLLM(fresh) as llm:
        gateway = start(llm.url)
        for i, call in enumerate(fresh):
            ask(gateway.url, call, f"b-session-{i}")
        assert gateway.stop() == 0
    cli(*base, "curate", "--json")
    cli(*base, "discover", "--json")
    return base, task, student


def test_shadow_disagreements_become_preferences(
    cli: Cli,
    start: gateways.Start,
    tiny: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    base, task, student = shadowed(cli, start, tiny("llama"), tmp_path)
    home = tmp_path / "home"
    with open_workspace(home, flags=WORDS) as ws:
        behind = {c.id: c.source["shadow"] for c in ws.store.calls.scan() if "shadow" in c.source}
        learning = prepare(ws, ws.find(Task, task))
    assert len(behind) == ASKED
    assert {said["student_id"] for said in behind.values()} == {student}

    carrying = [e for e in learning.examples if e.rejected is not None]
    assert {e.call_id for e in carrying} == {e.call_id for e in learning.part("train")} & behind.keys()
    assert {e.rejected_by for e in carrying} == {student}
    pairs = disagreements(carrying, [e.rejected for e in carrying], TaskPolicy())
    assert pairs
    assert all("<EMAIL_1>" in p.request.messages[-1].text for p in pairs), "masked as all examples are"

    steps = ("--recipe", "max_steps=8", "--recipe", "learning_rate=0.003")
    ran = cli(*base, "train", task, "--prefer", student, *steps, "--json")
    assert ran.code == 0, ran.err
    (made,) = ran.json["students"]
    assert made["recipe"]["n_pairs"] == len(pairs)
    assert made["recipe"]["shadow_answers"] == {student: len(carrying)}
    assert made["recipe"]["steps"] == 8
    folder = home / "artifacts" / "students"
    assert not (folder / made["id"] / "model" / "ref").exists(), "the frozen copy is no part of the student"
    with open_workspace(home, flags=WORDS) as ws:
        before, after = (load_verified(ws, ws.find(Student, one)) for one in (student, made["id"]))
        assert margin(after, pairs) > margin(before, pairs) + 0.1
        assert likelihood(after, pairs) > likelihood(before, pairs), "the confidence does not fall"
    assert cli(*base, "evaluate", made["id"], "--json").json["student_id"] == made["id"]


def test_without_answers_in_shadow_it_says_what_to_do(
    cli: Cli,
    tiny: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    base, task = imported(cli, tmp_path)
    shadow = ("--recipe", "objective=preferences", "--recipe", "pairs=shadow")
    ran = cli(*base, "train", task, "--base", tiny("llama"), *shadow)
    assert ran.code == 1
    assert "in shadow" in ran.err
    assert "--shadow" in ran.err


def margin(student: Any, pairs: list[Pair]) -> float:
    """By how much the preferred answers are likelier than the rejected ones: mean difference of logs."""
    rejected = sum(_log(student, p.request, p.rejected) for p in pairs) / len(pairs)
    return likelihood(student, pairs) - rejected


def likelihood(student: Any, pairs: list[Pair]) -> float:
    return sum(_log(student, p.request, p.chosen) for p in pairs) / len(pairs)


def _log(student: DecoderStudent, asked: Request, answer: Message) -> float:
    import torch

    form, model = student.format, student._model
    prompt = encode(form.tokenizer, form.prompt(asked))
    said = completion_ids(form, form.completion(answer))
    with torch.inference_mode():
        logs = model(torch.tensor([[*prompt, *said]])).logits[0].log_softmax(-1)
    rows = range(len(prompt) - 1, len(prompt) + len(said) - 1)
    return sum(float(logs[row, token]) for row, token in zip(rows, said, strict=True))
