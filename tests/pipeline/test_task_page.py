"""A task as people see it: masked examples, template with variables, names by one's own LLM."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from rightsizer.pipeline import Workspace, discover_tasks, import_logs, open_workspace
from rightsizer.pipeline.llm_names import name_with_llm
from rightsizer.pipeline.task_page import map_examples, shares_by_type, task_page
from rightsizer.students.chat_server import Server
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.types import Task

SYSTEM = (
    "You are a mail clerk of a bicycle shop. Today is May {}. Answer with the one team that should read it."
)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("page")
    log = folder / "calls.jsonl"
    log.write_text("\n".join(json.dumps(record(i)) for i in range(40)), encoding="utf-8")
    with open_workspace(folder / "home", flags={"encoder.enabled": False}) as ws:
        import_logs(ws, [log])
        discover_tasks(ws)
        yield ws


def record(i: int) -> dict:
    word = ("brake", "saddle", "bell", "wheel")[i % 4]
    trouble = ("squeaks all day", "came late", "is the wrong size", "was charged twice", "fell off")[i % 5]
    text = f"{word} {trouble}: ann{i}@example.com"
    messages = [{"role": "system", "content": SYSTEM.format(i % 28 + 1)}, {"role": "user", "content": text}]
    answer = {"role": "assistant", "content": json.dumps({"team": word})}
    return {
        "id": f"c{i}", "session_id": f"s{i}", "model": "gpt-4o-mini",
        "request": {"model": "gpt-4o-mini", "messages": messages}, "response": answer,
    }  # fmt: skip


def only(ws: Workspace) -> Task:
    (task,) = [t for t in ws.store.records.list(Task) if t.level == "template"]
    return task


def test_the_page_shows_the_template_and_masks_what_is_personal(ws: Workspace) -> None:
    page = task_page(ws, only(ws))
    assert any("mail clerk" in p.text for p in page.system if p.fixed)
    assert any(not p.fixed for p in page.system)
    assert page.examples
    shown = page.model_dump_json()
    assert "@example.com" not in shown
    assert "EMAIL" in shown
    assert map_examples(ws)[page.task.id][1].startswith('{"team"')


def test_the_shares_are_of_the_whole_log(ws: Workspace) -> None:
    *_, every = shares_by_type(ws)
    assert every.calls == pytest.approx(1.0)
    assert 0 <= every.movable_calls.low <= every.movable_calls.point <= every.movable_calls.high <= 1


def reply(text: str) -> Reply:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return Reply((json.dumps({"id": "x", "object": "chat.completion", "choices": [choice]}).encode(),))


def test_an_llm_may_name_a_task_and_sees_no_call(ws: Workspace) -> None:
    task = only(ws)
    with FakeLLM(lambda _: reply('"Sort shop mail by team."')) as llm:
        (renamed,) = name_with_llm(ws, Server(base_url=llm.url, model="small"), [task])
        asked = llm.received[0].body.decode()
    assert (renamed.before, renamed.after) == (task.name, "Sort shop mail by team")
    assert only(ws).name == renamed.after
    assert only(ws).id == task.id
    assert "mail clerk" in asked
    assert "came late" not in asked
    assert "example.com" not in asked


@pytest.mark.parametrize("said", ["", "write to ann@example.com"])
def test_a_useless_answer_keeps_the_name(ws: Workspace, said: str) -> None:
    before = only(ws)
    with FakeLLM(lambda _: reply(said)) as llm:
        (renamed,) = name_with_llm(ws, Server(base_url=llm.url, model="small"), [before])
    assert renamed.why
    assert only(ws).name == before.name
