"""The names of users leave requests, answers and spans, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from rightsizer.store.callers import CallerNames
from rightsizer.wire.callers import hide_in_spans, hide_users, metadata_hidden, repeats_hidden, users_hidden

NAMES = CallerNames(b"k" * 32)
NAME = "李雷 <lei@example.com>"
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": 'I am "user": Lei'}]}


@pytest.mark.parametrize(
    "names",
    [
        {"user": NAME},
        {"safety_identifier": NAME},
        {"metadata": {"user_id": NAME, "step": "a"}},
        {"user": NAME, "metadata": {"user_id": NAME}, "safety_identifier": NAME},
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_request_keeps_all_but_the_name(names: dict[str, Any], ascii_only: bool) -> None:
    asked = {**ASK, **names, "seed": 2**70, "temperature": 0.1}
    found = hide_users(json.dumps(asked, ensure_ascii=ascii_only).encode(), NAMES.of_user)
    assert found is not None
    body, users = found
    assert users == {NAME: NAMES.of_user(NAME)}
    written = json.dumps(asked, ensure_ascii=False).replace(NAME, users[NAME])
    assert json.loads(body) == json.loads(written)


def test_only_what_names_the_user_changes() -> None:
    tool = {"role": "assistant", "content": [{"type": "tool_use", "input": {"user": "lei"}}]}
    asked = {"model": "m", "messages": [*ASK["messages"], tool], "user": "lei"}
    found = hide_users(orjson.dumps(asked), NAMES.of_user)
    assert found is not None
    assert orjson.loads(found[0]) == {**asked, "user": NAMES.of_user("lei")}
    spaced = b'{ "user" :  "lei","seed": 1e2, "user":"lei" }'
    assert hide_users(spaced, NAMES.of_user) == (
        b'{"user":"%s","seed":100.0}' % NAMES.of_user("lei").encode(),
        {"lei": NAMES.of_user("lei")},
    ), "twice: what is read of it is what is kept"
    once = b'{ "user":  "lei","seed": 1e2 }'
    kept = b'{ "user":  "%s","seed": 1e2 }' % NAMES.of_user("lei").encode()
    assert hide_users(once, NAMES.of_user) == (kept, {"lei": NAMES.of_user("lei")})


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps(ASK),
        orjson.dumps({**ASK, "tools": [{"properties": {"user": {"type": "string"}, "user_id": {}}}]}),
        orjson.dumps({**ASK, "user": None, "metadata": None}),
        b'{"user": "lei"',
        b'["user":',
        b'[{"user": "lei"}]',
        b"",
    ],
)
def test_what_names_nobody_stays_as_it_came(body: bytes) -> None:
    assert hide_users(body, NAMES.of_user) is None


def test_names_that_are_no_text_and_pseudonyms(tmp_path: Any) -> None:
    assert users_hidden({"user": 4711}, NAMES.of_user) == {"user": NAMES.of_user("4711")}
    assert users_hidden({"user": {"id": 1}}, NAMES.of_user) == {"user": NAMES.of_user('{"id":1}')}
    again = {"user": NAMES.of_user("lei")}
    assert users_hidden(again, NAMES.of_user) == again
    assert metadata_hidden({"user_id": "\ud800"}, NAMES.of_user)["user_id"] == NAMES.of_user("\ud800")
    assert CallerNames(b"other").of_user("lei") != NAMES.of_user("lei")


@pytest.mark.parametrize("write", [orjson.dumps, lambda value: json.dumps(value).encode()])
def test_an_answer_repeats_the_pseudonym_and_not_the_name(write: Any) -> None:
    users = {NAME: NAMES.of_user(NAME)}
    said = {"user": NAME, "metadata": {"user_id": NAME}, "output": [{"text": f"hello {NAME}"}]}
    events = b"data: " + write({"type": "response.created", "response": said}) + b"\n\n"
    hidden = orjson.loads(repeats_hidden(events, users)[6:])["response"]
    assert hidden["user"] == hidden["metadata"]["user_id"] == users[NAME]
    assert hidden["output"] == said["output"], "what the model says stays"
    assert users_hidden({"response": said}, NAMES.of_user)["response"]["user"] == users[NAME]


def test_spans_keep_all_but_the_name() -> None:
    def attributes(name: str) -> list[dict[str, Any]]:
        model = {"key": "gen_ai.request.model", "value": {"stringValue": "m"}}
        return [{"key": "user.id", "value": {"stringValue": name}}, model]

    def export(name: str) -> dict[str, Any]:
        span = {"attributes": attributes(name), "events": [{"attributes": attributes(name)}]}
        scopes = [{"scope": {"attributes": attributes(name)}, "spans": [span]}]
        logs = [{"scopeLogs": [{"logRecords": [{"attributes": attributes(name)}]}]}]
        outer = {"resource": {"attributes": attributes(name)}, "scopeSpans": scopes}
        return {"resourceSpans": [outer], "resourceLogs": logs}

    request = export("lei")
    assert hide_in_spans(request, NAMES.of_user)
    assert request == export(NAMES.of_user("lei"))
    for odd in ({}, {"resourceSpans": 1}, {"resourceSpans": [1, {"resource": 2, "scopeSpans": [None]}]}):
        assert not hide_in_spans(odd, NAMES.of_user)
