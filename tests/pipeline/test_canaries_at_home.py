"""Canaries of every kind through the whole loop: nothing of them in any file, log, export or answer."""

from __future__ import annotations

import json
import logging
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rightsizer.cli.app import run
from rightsizer.curation.canaries import KINDS, canary
from rightsizer.pipeline import open_workspace
from rightsizer.pipeline.predict import serving_predictor
from rightsizer.testing.hidings import HIDINGS
from rightsizer.types import Dataset, Message, Request, Student, TextPart

LABELS = {"refund": "the money back", "parcel": "where the parcel is", "login": "to sign in again"}
SYSTEM = "You sort tickets. Answer with one word: refund, parcel or login."
# Told with the word that a person would say beside it, in English or Chinese.
TOLD = {"CN_ID_CARD": "身份证{}", "CN_LICENSE_PLATE": "车牌{}", "IN_AADHAAR": "Aadhaar {}"}


def planted() -> Iterator[tuple[str, str]]:
    """(canary as it stands in the log, text with it)."""
    for n, kind in enumerate(KINDS):
        for m, (how, hide) in enumerate(HIDINGS.items()):
            value = canary(kind, 100 * n + m)
            of_people = kind.startswith(("EMAIL", "PHONE", "CN_", "CREDIT", "IBAN"))
            if not of_people and (how in ("full-width", "url") or (n + m) % 3):
                continue  # keys of machines are not typed so; for them every other writing will do
            told = hide(value) if how != "plain" else TOLD.get(kind, "{}").format(value)
            yield value, told


PEOPLE = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "CN_ID_CARD", "US_SSN", "GITHUB_TOKEN")


def halves(value: str) -> tuple[str, str]:
    return value[: len(value) // 2], value[len(value) // 2 :]


def placed(value: str, place: str) -> dict[str, Any]:
    """What of a record holds the canary at a place of it."""
    one, two = halves(value)
    tool: dict[str, Any] = {"type": "object", "properties": {"to": {"type": "string"}}}
    match place:
        case "system prompt":
            return {"system": f" Ask {value} if unsure."}
        case "description of a tool":
            tool["properties"]["to"]["description"] = f"for example {value}, as ever"
            return {"tools": tool}
        case "default of a tool":
            tool["properties"]["to"] |= {"default": value, "examples": [value]}
            return {"tools": tool}
        case "metadata":
            return {"metadata": {"client": {"contact": value, value: 1}}}
        case "parts":
            return {"user": [{"type": "text", "text": one}, {"type": "text", "text": two}]}
        case "messages":
            return {"before": [{"role": "user", "content": one}, {"role": "assistant", "content": two}]}
        case "arguments and result":
            call = {
                "id": "t1",
                "type": "function",
                "function": {"name": "look_up", "arguments": f'{{"q":"{value}"}}'},
            }
            return {
                "before": [
                    {"role": "user", "content": "look me up"},
                    {"role": "assistant", "content": None, "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "t1", "content": f"Traceback: KeyError: '{value}'"},
                ],
                "tools": tool,
            }
        case "answer":
            return {"answer": f"I have written to {value} about it."}
        case _:
            return {"session": f"chat {value}"}


PLACES = (
    "system prompt", "description of a tool", "default of a tool", "metadata", "parts", "messages",
    "arguments and result", "answer", "session id",
)  # fmt: skip


def planted_in_places() -> Iterator[tuple[str, dict[str, Any]]]:
    """(canary, what of a record holds it)."""
    for n, kind in enumerate(PEOPLE):
        for m, place in enumerate(PLACES):
            if place == "session id" and kind not in ("EMAIL_ADDRESS", "PHONE_NUMBER", "CN_ID_CARD"):
                continue
            value = canary(kind, 7000 + 100 * n + m).rpartition(" ")[2]
            yield value, placed(value, place)


# Names that are nobody's, with the way in which people tell them.
NAMES = {
    "Quillon Vandersloot": "my name is Quillon Vandersloot",
    "尉迟靖瑶": "我叫尉迟靖瑶，请查询",
    "Tamsin Ó'Rathbone": "Regards, Tamsin Ó'Rathbone",
}


def record(n: int, text: str, extra: dict[str, Any], label: str) -> dict[str, object]:
    user: Any = f"I want {LABELS[label]}. Ticket {n}: {text}"
    if "user" in extra:
        user = [{"type": "text", "text": user}, *extra["user"]]
    messages = [
        {"role": "system", "content": SYSTEM + extra.get("system", "")},
        *extra.get("before", []),
        {"role": "user", "content": user},
    ]
    request: dict[str, Any] = {"model": "llm", "messages": messages}
    if "tools" in extra:
        request["tools"] = [
            {"type": "function", "function": {"name": "look_up", "parameters": extra["tools"]}}
        ]
    return {
        "id": f"call-{n}",
        "session_id": extra.get("session", f"session-{n}"),
        "request": request,
        "response": {"choices": [{"message": {"role": "assistant", "content": extra.get("answer", label)}}]},
        "metadata": {"last_error": text} | extra.get("metadata", {}),
    }


def records(texts: list[str]) -> Iterator[dict[str, object]]:
    draw = random.Random(0)
    rows = [(t, {}) for t in (*texts, *NAMES.values())] + [
        ("thanks", extra) for _, extra in planted_in_places()
    ]
    for n, (text, extra) in enumerate(rows):
        yield record(n, text, extra, draw.choice(sorted(LABELS)))


def _says(text: str) -> Message:
    return Message(role="user", parts=(TextPart(content=text),))


@pytest.fixture(scope="module")
def values() -> dict[str, str]:
    return dict(planted())


def test_no_canary_is_left_anywhere(
    values: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """import → run → replay, report, card, export on the command line; then every byte that is anywhere."""
    caplog.set_level(logging.DEBUG)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    named = canary("EMAIL_ADDRESS", 424242)
    log, home = tmp_path / f"{named}.jsonl", tmp_path / "home"
    lines = [json.dumps(r, ensure_ascii=False) for r in records(list(values.values()))]
    log.write_text("\n".join([*lines, f'{{"broken": "{canary("EMAIL_ADDRESS", 434343)}"']), encoding="utf-8")

    def rightsizer(*args: object) -> None:
        flags = ("--set", "encoder.enabled=false", "--set", "gate.min_calls=50")
        assert run(["--home", str(home), *flags, *map(str, args)]) in (0, 3)

    rightsizer("import", log)
    rightsizer("--set", "store.curated_copies=true", "run", "--all")
    rightsizer("replay", log)
    rightsizer("report", "--html", home / "report.html")
    rightsizer("export", home / "curated.jsonl", "--curated")
    answers = []
    with open_workspace(home, flags={"encoder.enabled": False}) as ws:
        students = ws.store.records.list(Student)
        datasets = ws.store.records.list(Dataset)
        for student in students:
            predictor = serving_predictor(ws, student)
            asked = [Request(messages=(_says(f"I want {v}."),)) for v in LABELS.values()]
            answers += [p.model_dump_json() for p in predictor.predict(asked)]
    rightsizer("datasets", "card", datasets[0].id, "--out", home / "CARD.md")
    rightsizer("audit", "list")
    assert students
    exported = (home / "curated.jsonl").read_text(encoding="utf-8")
    assert exported.count("\n") > 0.95 * len(lines)
    everything = {p: p.read_bytes() for p in [*home.rglob("*"), *temporary.rglob("*")] if p.is_file()}
    everything[Path("the logs")] = caplog.text.encode()
    everything[Path("what was printed")] = "".join(capfd.readouterr()).encode()
    everything[Path("the answers")] = "".join(answers).encode()
    secret = {*values, *(v for v, _ in planted_in_places()), *NAMES, named, canary("EMAIL_ADDRESS", 434343)}
    left = [
        (name.name, value)
        for name, content in everything.items()
        for value in sorted(secret)
        if value.encode() in content or json.dumps(value)[1:-1].encode() in content
        if (name.name, value) != ("what was printed", named)  # the path that the user typed
    ]
    assert not left
    told = [t for t in values.values() if json.dumps(t, ensure_ascii=False)[1:-1] in exported]
    assert not told
