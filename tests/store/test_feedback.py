"""Feedback that comes whenever it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rightsizer.pipeline import export_log, open_workspace
from rightsizer.store.feedback import Feedback, Outcomes
from rightsizer.store.sqlite import open_store
from rightsizer.types import Call, Message, Request, TextPart


def make_call(call_id: str, session_id: str = "s", **outcome: object) -> Call:
    said = Message(role="user", parts=(TextPart(content="hi"),))
    return Call(id=call_id, session_id=session_id, request=Request(messages=(said,)), outcome=outcome)


def feedback(number: int, name: str, value: bool | float | str, **about: str) -> Feedback:
    at = datetime(2026, 1, 1, 0, number, tzinfo=UTC)
    return Feedback(id=f"feedback_{number}", at=at, metric_name=name, value=value, **about)


@pytest.mark.parametrize("later", [True, False])
def test_it_is_joined_before_and_after_its_call_is_stored(tmp_path: Path, later: bool) -> None:
    told = (
        feedback(1, "solved", True, session_id="s"),
        feedback(2, "stars", 3, call_id="a"),
        feedback(3, "stars", 5, call_id="a"),
        feedback(4, "solved", False, call_id="b"),
    )
    with open_store(tmp_path) as store:
        if not later:
            store.records.put(*told)
        store.calls.append([make_call("a"), make_call("b", kept=1), make_call("c", "other")])
        if later:
            store.records.put(*told)
        joined = list(Outcomes(store.records).join(store.calls.scan()))
    assert [call.outcome for call in joined] == [
        {"solved": True, "stars": 5},
        {"kept": 1, "solved": False},
        {},
    ]


def test_an_export_has_it(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "home") as ws:
        ws.store.calls.append([make_call("a")])
        ws.store.records.put(feedback(1, "solved", True, call_id="a"))
        export_log(ws, tmp_path / "out.jsonl")
    assert '"solved":true' in (tmp_path / "out.jsonl").read_text().replace(" ", "")
