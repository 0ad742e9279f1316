"""Canaries of every kind through the whole loop: nothing of them in any file, log, export or answer."""

from __future__ import annotations

import base64
import json
import logging
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.pipeline import export_log, import_logs, make_report, open_workspace, run_loop
from rightsizer.pipeline.predict import serving_predictor
from rightsizer.types import Message, Request, Student, TextPart

LABELS = {"refund": "the money back", "parcel": "where the parcel is", "login": "to sign in again"}
SYSTEM = "You sort tickets. Answer with one word: refund, parcel or login."
# Told with the word that a person would say beside it, in English or Chinese.
TOLD = {"CN_ID_CARD": "身份证{}", "CN_LICENSE_PLATE": "车牌{}", "IN_AADHAAR": "Aadhaar {}"}


def full_width(value: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value)


HIDINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "glued to Chinese": lambda v: f"资料{v}请查询",
    "full-width": full_width,
    "base64": lambda v: base64.b64encode(f"see: {v} .".encode()).decode(),
    "url": lambda v: quote(f"q {v} .", safe=""),
    "nested": lambda v: json.dumps({"a": json.dumps({"note": v})}),
    "key": lambda v: json.dumps({"seen": {v: 1}}),
    "error": lambda v: f'Error: no such customer "{v}" (404)',
}


def planted() -> Iterator[tuple[str, str]]:
    """(canary as it stands in the log, text with it)."""
    for n, kind in enumerate(KINDS):
        for m, (how, hide) in enumerate(HIDINGS.items()):
            value = canary(kind, 100 * n + m)
            of_people = kind.startswith(("EMAIL", "PHONE", "CN_", "CREDIT", "IBAN"))
            if not of_people and (how in ("full-width", "url") or (n + m) % 2):
                continue  # keys of machines are not typed so; for them every other writing will do
            told = hide(value) if how != "plain" else TOLD.get(kind, "{}").format(value)
            yield value, told


def records(texts: list[str]) -> Iterator[dict[str, object]]:
    draw = random.Random(0)
    for n, text in enumerate(texts):
        label = draw.choice(sorted(LABELS))
        messages = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": f"I want {LABELS[label]}. Ticket {n}: {text}"},
        ]
        yield {
            "id": f"call-{n}",
            "session_id": f"session-{n}",
            "request": {"model": "llm", "messages": messages},
            "response": {"choices": [{"message": {"role": "assistant", "content": label}}]},
            "metadata": {"last_error": text},
        }


def _says(text: str) -> Message:
    return Message(role="user", parts=(TextPart(content=text),))


@pytest.fixture(scope="module")
def values() -> dict[str, str]:
    return dict(planted())


def test_no_canary_is_left_anywhere(
    values: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(r) + "\n" for r in records(list(values.values()))), encoding="utf-8")
    home = tmp_path / "home"
    flags: dict[str, object] = {"encoder.enabled": False, "gate.min_calls": 50}
    answers = []
    with open_workspace(home, flags=flags) as ws:
        import_logs(ws, [log])
        run_loop(ws)
        students = ws.store.records.list(Student)
        done = export_log(ws, home / "curated.jsonl", curated=True)
        (home / "report.json").write_text(make_report(ws).model_dump_json(), encoding="utf-8")
        for student in students:
            predictor = serving_predictor(ws, student)
            asked = [Request(messages=(_says(f"I want {v}."),)) for v in LABELS.values()]
            answers += [p.model_dump_json() for p in predictor.predict(asked)]
    assert students
    assert done.calls > 0.95 * len(values), done.quarantined
    everything = {p: p.read_bytes() for p in [*home.rglob("*"), *temporary.rglob("*")] if p.is_file()}
    everything[Path("the logs")] = caplog.text.encode()
    everything[Path("the answers")] = "".join(answers).encode()
    left = [
        (name.name, value)
        for name, content in everything.items()
        for value in values
        if value.encode() in content or json.dumps(value)[1:-1].encode() in content
    ]
    assert not left
    exported = (home / "curated.jsonl").read_text(encoding="utf-8")
    told = [t for t in values.values() if json.dumps(t, ensure_ascii=False)[1:-1] in exported]
    assert not told
