"""An LLM judge of a student's free text beside the LLM's own: a second opinion, never the gate's measure."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from rightsizer.errors import ConfigError, InputError
from rightsizer.evaluation.judge import JudgeReport, Pair, Verdict, judge_pair, report
from rightsizer.pipeline.measures import evaluated
from rightsizer.pipeline.predict import load_verified
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.prove import learning_of
from rightsizer.pipeline.workspace import Workspace
from rightsizer.students.chat_server import ChatServer, Server
from rightsizer.types import Example, Message, Student
from rightsizer.views.answer import plain_text

PARALLEL = 4


@dataclass(frozen=True)
class JudgedStudent:
    """What a judge said of a student's answers on its test split; `asked` pairs needed the judge."""

    student_id: str
    judge: str
    report: JudgeReport
    calls: int
    answered: int
    asked: int


def judge_student(
    ws: Workspace,
    student: Student,
    server: Server,
    *,
    limit: int = 100,
    labels: Path | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> JudgedStudent:
    """Judge at most `limit` answers on the student's test split, labelled ones first.

    Raises:
        InputError: the student was not evaluated, or answers nothing.
        ConfigError: the file of labels cannot be read.
        UpstreamError: the judge's server failed.
    """
    ws.enter("evaluate", student=student.id)
    evaluated(ws, student)
    learning, told = learning_of(ws, student), read_labels(labels) if labels else {}
    test = learning.part("test")
    random.Random(seed).shuffle(test)
    test.sort(key=lambda e: e.call_id not in told)  # stable: labelled first, the rest as drawn
    chosen = test[:limit]
    answers = [p.message for p in load_verified(ws, student).predict([e.prompt for e in chosen])]
    pairs = [_pair(e, a, told) for e, a in zip(chosen, answers, strict=True) if a is not None]
    if not pairs:
        raise InputError(
            f"{student.id} answers none of {len(chosen)} calls", hint="there is nothing to judge"
        )
    client = ChatServer(server)

    def ask(body: Mapping[str, Any]) -> str:
        return client.complete(body).message.text

    judged = []
    with ThreadPoolExecutor(PARALLEL) as pool:
        for done in pool.map(lambda pair: judge_pair(ask, pair), pairs):
            judged.append(done)
            progress(f"judge · {learning.task.name}", len(judged), len(pairs))
    return JudgedStudent(
        student_id=student.id,
        judge=server.model,
        report=report(pairs, judged),
        calls=len(chosen),
        answered=len(pairs),
        asked=sum(p.teacher.strip() != p.student.strip() for p in pairs),
    )


def read_labels(path: Path) -> dict[str, Verdict]:
    """A person's verdicts: a line each, ``{"call_id": …, "verdict": "as-good" | "worse" | "unknown"}``.

    Raises:
        ConfigError: the file, or a line of it, is not so.
    """
    found: dict[str, Verdict] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="name a file of JSON lines") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line or "{}")
            verdict = row.get("verdict") if line else None
        except (ValueError, AttributeError):
            verdict = "?"
        if line and (verdict not in get_args(Verdict) or "call_id" not in row):
            raise ConfigError(
                f"{path}, line {number}: not a verdict",
                hint='{"call_id": "…", "verdict": "as-good" | "worse" | "unknown"}',
            )
        if line:
            found[str(row["call_id"])] = cast(Verdict, verdict)
    return found


def _pair(example: Example, answer: Message, labels: Mapping[str, Verdict]) -> Pair:
    return Pair(example.prompt, _words(example.completion), _words(answer), labels.get(example.call_id))


def _words(message: Message) -> str:
    """An answer as the judge reads it, tool calls included."""
    calls: Sequence[str] = [f"{c.name}({c.arguments})" for c in message.tool_calls]
    return "\n".join([t for t in (plain_text(message), *calls) if t])
