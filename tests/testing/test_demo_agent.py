"""The demo's log: same seed same log, readable as call records, and as varied as it claims to be."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rightsizer.testing import demo_agent, demo_prompts
from rightsizer.testing.demo_text import make_typos, phrases, say

Record = dict[str, Any]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(demo_agent.make_records(600, seed=3))


def of(records: list[Record], system: str) -> list[Record]:
    return [r for r in records if r["request"]["messages"][0]["content"] == system]


def asked(record: Record) -> str:
    text: str = record["request"]["messages"][1]["content"]
    return text


def test_equal_seeds_give_equal_files_and_other_seeds_other_ones(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        demo_agent.write_log(file, n_sessions=30, seed=seed)
    a, b, c = (file.read_bytes() for file in files)
    assert a == b
    assert a != c


def test_the_two_logs_share_no_session_and_the_second_comes_later(tmp_path: Path) -> None:
    log, held_out = (
        [json.loads(line) for line in path.open(encoding="utf-8")] for path in demo_agent.write_logs(tmp_path)
    )
    assert {r["session_id"] for r in log}.isdisjoint(r["session_id"] for r in held_out)
    assert {r["id"] for r in log}.isdisjoint(r["id"] for r in held_out)
    assert max(r["timestamp"] for r in log) < min(r["timestamp"] for r in held_out)
    assert len(log) > 3_000


def test_records_are_call_records(records: list[Record]) -> None:
    ids = [r["id"] for r in records]
    assert len(set(ids)) == len(ids)
    for r in records:
        assert {"id", "session_id", "timestamp", "model", "request", "response", "usage"} <= r.keys()
        assert datetime.fromisoformat(r["timestamp"]).tzinfo is not None
        assert r["usage"]["input_tokens"] > r["usage"]["output_tokens"] > 0
        assert r["latency_s"] > 0


def test_a_session_has_several_calls_that_follow_one_another(records: list[Record]) -> None:
    by_session: dict[str, list[str]] = {}
    for r in records:
        by_session.setdefault(r["session_id"], []).append(r["timestamp"])
    assert all(times == sorted(times) for times in by_session.values())
    assert sum(len(times) > 1 for times in by_session.values()) > len(by_session) / 2


def test_no_record_names_its_task(records: list[Record]) -> None:
    words = {"route", "extract", "act", "policy", "tone", "reply"}
    for r in records:
        about = {k: v for k, v in r.items() if k not in ("request", "response")}
        assert words.isdisjoint(json.dumps(about).replace('"', " ").split())


def test_tickets_have_twenty_intents_in_two_languages(records: list[Record]) -> None:
    tickets = of(records, demo_prompts.ROUTE)
    labels = Counter(r["response"]["content"] for r in tickets)
    assert labels.keys() == phrases()["intents"].keys()
    assert len(labels) == 20
    assert all(label in demo_prompts.ROUTE for label in labels)
    chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in asked(r)) for r in tickets)
    assert 0.1 < chinese / len(tickets) < 0.3
    assert len({asked(r) for r in tickets}) > 0.8 * len(tickets)


def test_extracted_values_stand_in_the_message(records: list[Record]) -> None:
    schema = demo_prompts.EXTRACT_FORMAT["json_schema"]["schema"]
    found: Counter[str] = Counter()
    for r in of(records, demo_prompts.EXTRACT):
        answer = json.loads(r["response"]["content"])
        jsonschema.validate(answer, schema)
        for name, value in answer.items():
            if value is not None:
                found[name] += 1
                assert value in asked(r)
    assert min(found[name] for name in schema["required"]) > 20


def test_tool_calls_obey_their_schema_and_copy_their_numbers(records: list[Record]) -> None:
    schemas = {t["function"]["name"]: t["function"]["parameters"] for t in demo_prompts.TOOLS}
    seen: Counter[str] = Counter()
    for r in of(records, demo_prompts.ACT):
        calls = r["response"].get("tool_calls") or []
        seen["(asks back)"] += not calls
        for call in calls:
            name, arguments = call["function"]["name"], json.loads(call["function"]["arguments"])
            jsonschema.validate(arguments, schemas[name])
            numbers = [arguments[key] for key in ("order_id", "tracking_number") if key in arguments]
            assert all(number.lower() in asked(r).lower() for number in numbers)
            seen[name] += 1
    assert seen.keys() == {*schemas, "(asks back)"}


def test_the_policy_is_decided_by_its_three_conditions(records: list[Record]) -> None:
    cases = of(records, demo_prompts.POLICY)
    answers = Counter(r["response"]["content"] for r in cases)
    assert set(answers) == {"yes", "no"}
    for r in cases:
        sale = any(note in asked(r) for note in phrases()["policy"]["sale"])
        worn = any(note in asked(r) for note in phrases()["policy"]["opened"])
        if sale or worn:
            assert r["response"]["content"] == "no"


def test_the_judge_contradicts_itself() -> None:
    """No student can agree with it: the same words are given different scores."""
    rng = random.Random(1)
    scores = [demo_agent.tone(rng, "en").answer["content"] for _ in range(400)]
    assert max(Counter(scores).values()) / len(scores) < 0.4
    by_text: dict[str, set[str]] = {}
    for _ in range(400):
        exchange = demo_agent.tone(rng, "en")
        words = exchange.body["messages"][1]["content"].split(":")[-1]
        by_text.setdefault(words, set()).add(exchange.answer["content"])
    assert any(len(given) > 2 for given in by_text.values())


def test_no_two_letters_are_the_same(records: list[Record]) -> None:
    letters = [r["response"]["content"] for r in of(records, demo_prompts.REPLY)]
    assert len(letters) > 30
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_phrase_of_the_book_can_be_said(language: str) -> None:
    rng = random.Random(0)
    slots = dict.fromkeys(
        ("f_order", "f_date", "f_amount", "f_email", "other_date", "other_item", "reason"), "x"
    )
    book = phrases()
    templates = [
        t
        for kind in ("intents", "actions", "reasons")
        for entry in book[kind].values()
        for t in entry[language]
    ]
    for template in [*templates, *book["extract"][language]]:
        text = say(template, rng, language, slots)
        assert text
        assert not set("[]{}|") & set(text), text


def test_typos_change_a_few_texts_and_little_of_each() -> None:
    rng = random.Random(0)
    text = "Where is the order that I placed?"
    typed = [make_typos(text, rng, share=0.5) for _ in range(200)]
    changed = [t for t in typed if t != text]
    assert 60 < len(changed) < 140
    assert all(abs(len(t) - len(text)) <= 1 for t in changed)
