"""What leaves the house: rewritten, checked once more, under keys that can be destroyed."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from rightsizer.capture.importers import read_calls
from rightsizer.curation.canaries import canary
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms.keys import session_key
from rightsizer.curation.pseudonyms.knowledge import Knowledge
from rightsizer.errors import ArtifactError
from rightsizer.pipeline import Workspace, curate_log, export_log, import_logs, open_workspace
from rightsizer.pipeline.policy import policy_of
from rightsizer.pipeline.predict import serving_predictor
from rightsizer.pipeline.pseudonyms import Quarantine, destroy_session_keys, rewrite_session
from rightsizer.types import Call, Message, Request, Student, TextPart


def record(n: int, text: str, answer: str = "Fine.") -> dict[str, object]:
    return {
        "id": f"call-{n}",
        "session_id": f"session-{n // 2}",
        "request": {"model": "m", "messages": [{"role": "user", "content": text}]},
        "response": {
            "choices": [{"message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}]
        },
        "metadata": {"user_email": "ada.byron@acme.com", "step": "route"},
    }


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def ws(tmp_path: Path) -> object:
    log = write(
        tmp_path / "log.jsonl",
        record(0, "I am Ada Byron, ada.byron@acme.com, since 2024-05-01", answer="Hello Ada"),
        record(1, "ada.byron@acme.com again; call 415-555-0137 on 2024-05-03"),
        record(2, f"ada.byron@acme.com and my key {canary('GITHUB_TOKEN')}"),
    )
    with open_workspace(tmp_path / "home") as opened:
        import_logs(opened, [log])
        yield opened


def exported(ws: Workspace, name: str = "out.jsonl") -> list[Call]:
    path = ws.home / name
    export_log(ws, path, curated=True)
    return list(read_calls(path, on_reject=pytest.fail))  # type: ignore[arg-type]


def test_an_export_keeps_ids_and_sessions_and_loses_the_people(ws: Workspace) -> None:
    calls = exported(ws)
    assert [c.id for c in calls] == ["call-0", "call-1", "call-2"]
    text = "".join(c.model_dump_json() for c in calls)
    for value in ("Ada", "ada.", "byron", "Byron", "acme", "0137", "2024-05-01", canary("GITHUB_TOKEN")):
        assert value not in text
    first, second, other = (c.metadata["user_email"] for c in calls)
    assert first == second != other  # one map a session
    assert first in calls[0].request.messages[0].text
    assert calls[0].metadata["step"] == "route"


def test_an_export_is_the_same_again(ws: Workspace) -> None:
    assert exported(ws, "a.jsonl") == exported(ws, "b.jsonl")


def test_a_destroyed_key_is_never_drawn_again(ws: Workspace) -> None:
    exported(ws)
    assert destroy_session_keys(ws, ["session-0"]) == 1
    done = export_log(ws, ws.home / "again.jsonl", curated=True)
    assert done.calls == 1
    assert done.quarantined == (("key-destroyed", 2),)


def test_salts_that_an_earlier_version_kept_are_taken_over(ws: Workspace) -> None:
    from rightsizer.errors import NotFound
    from rightsizer.pipeline.pseudonyms import PseudonymKey, find_session_key, session_name
    from rightsizer.store.audit import read_audit

    earlier = PseudonymKey(id=session_name("session-0"), secret="07" * 16)
    gone = PseudonymKey(id=session_name("session-1"), secret="")
    ws.store.records.put(PseudonymKey(id="master", secret="09" * 32), earlier, gone)
    assert find_session_key(ws, "", "session-0") == session_key(b"\x09" * 32, "", "session-0", b"\x07" * 16)
    assert find_session_key(ws, "", "session-1") is None
    assert [k.id for k in ws.store.records.list(PseudonymKey)] == []
    with pytest.raises(NotFound):
        ws.store.records.get(PseudonymKey, earlier.id)
    assert find_session_key(ws, "", "session-1") is None
    assert destroy_session_keys(ws, ["session-0"]) == 1
    assert find_session_key(ws, "", "session-0") is None
    assert list(read_audit(ws.home))[-1].action == "keys.destroy"


def test_the_policy_drops_calls_from_exports_and_from_learning(ws: Workspace) -> None:
    (ws.home / "policy.toml").write_text('[classes]\nSECRET = "drop"\n[learn]\nPHONE_NUMBER = "drop"\n')
    done = export_log(ws, ws.home / "out.jsonl", curated=True)
    assert done.calls == 2
    assert done.quarantined == (("drop:GITHUB_TOKEN", 1),)
    funnel = curate_log(ws)
    assert funnel.dropped == (("policy-drop", 1),)
    assert [(m.call_id, m.detail) for m in ws.store.marks.aside("curate")] == [("call-1", "PHONE_NUMBER")]


def test_what_still_hits_is_held_back_with_its_class(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list(ws.store.calls.scan(session_id="session-1"))
    from rightsizer.curation.pseudonyms.session import SessionRewriter

    late = "late@acme.com"  # a rewriter with a hole: it lets one value through

    def leaky(self: SessionRewriter, call: Call) -> Call:
        return call.model_copy(update={"metadata": {"note": late}})

    monkeypatch.setattr(SessionRewriter, "rewrite", leaky)
    held = Quarantine()
    kept = list(rewrite_session(ws, "session-1", calls, Policy(), Knowledge(), MaskCache(), held))
    assert not kept
    assert [reason for _, reason in held.calls] in (["residual:EMAIL_ADDRESS"], ["residual:survivor"])
    assert late not in str(held.reasons)


def test_the_calls_of_a_session_are_not_all_in_memory(ws: Workspace) -> None:
    alive: set[int] = set()
    most = 0

    class Calls:
        def __iter__(self) -> Iterator[Call]:
            nonlocal most
            for n in range(60):
                message = Message(role="user", parts=(TextPart(content=f"I am Ada Byron, line {n}"),))
                alive.add(id(message))
                weakref.finalize(message, alive.discard, id(message))
                yield Call(id=f"c{n}", session_id="s", request=Request(messages=(message,)))
                del message
                most = max(most, len(alive))

    done = rewrite_session(ws, "s", Calls(), Policy(), Knowledge(), MaskCache(), Quarantine())
    assert sum(1 for _ in done) == 60
    assert most < 5


def test_a_student_does_not_serve_under_another_policy(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = Student(
        id="s", task_id="t", dataset_id="d", rung="cache", method="cache", artifact="a", artifact_hash="h"
    )
    monkeypatch.setattr("rightsizer.pipeline.predict.load_verified", lambda ws, student: None)
    assert serving_predictor(ws, student)
    (ws.home / "policy.toml").write_text('[learn]\nEMAIL_ADDRESS = "keep"\n')
    assert policy_of(ws).learn == {"EMAIL_ADDRESS": "keep"}
    with pytest.raises(ArtifactError, match="another policy"):
        serving_predictor(ws, student)
