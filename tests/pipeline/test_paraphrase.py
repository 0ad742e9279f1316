"""Paraphrase is an option, asks a real server, and is kept only where it lost and leaked nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rightsizer.capture.importers import read_calls
from rightsizer.errors import ConfigError
from rightsizer.pipeline import export_log, import_logs, open_workspace
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion

TEXT = "Hello, I am Ada Byron (ada.byron@acme.com) and I would like to send back order #W1234567 for $20"


def server(say: Callable[[str], str]) -> FakeLLM:
    def script(received: Received) -> Reply:
        return Reply((completion(say(json.loads(received.body)["messages"][1]["content"])),))

    return FakeLLM(script)


def exported(tmp_path: Path, llm: FakeLLM, answer: str = "return", extra: str = "") -> tuple[str, str]:
    """(what the user says in the export, what the model was asked)."""
    row = {
        "id": "c1",
        "session_id": "s1",
        "request": {"model": "m", "messages": [{"role": "user", "content": TEXT}]},
        "response": {"choices": [{"message": {"role": "assistant", "content": answer}}]},
    }
    (tmp_path / "log.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with open_workspace(tmp_path / "home") as ws:
        policy = f'[paraphrase]\nmodel = "mine"\nbase_url = "{llm.url}"\n{extra}'
        (ws.home / "policy.toml").write_text(policy, encoding="utf-8")
        import_logs(ws, [tmp_path / "log.jsonl"])
        export_log(ws, tmp_path / "out.jsonl", curated=True)
    (call,) = read_calls(tmp_path / "out.jsonl", on_reject=pytest.fail)  # type: ignore[arg-type]
    asked = json.loads(llm.received[0].body)["messages"][1]["content"] if llm.received else ""
    return call.request.messages[0].text, asked


def test_a_good_paraphrase_is_taken_and_the_model_sees_no_value(tmp_path: Path) -> None:
    with server(lambda text: text.replace("I would like to send back", "please take back my")) as llm:
        said, asked = exported(tmp_path, llm)
    assert "please take back my order #W" in said
    for value in ("Ada", "Byron", "acme", "1234567"):
        assert value not in asked
        assert value not in said


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text.replace("20", "30"),
        lambda text: text[: len(text) // 4],
        lambda text: text.replace("#W", "#V"),
        lambda text: text + " or call 415-555-0137, bob@shop.com",
        lambda text: text.replace("Hello", "你好"),
        lambda text: text.replace("send back", "return"),
    ],
    ids=["nothing", "number", "cut", "id", "invented contact", "language", "copied words"],
)
def test_a_bad_paraphrase_is_refused(tmp_path: Path, spoil: Callable[[str], str]) -> None:
    with server(spoil) as llm:
        said, asked = exported(tmp_path, llm, answer="send back")
    assert said == asked


def test_a_server_that_fails_changes_nothing(tmp_path: Path) -> None:
    with FakeLLM(lambda received: Reply((b"oops",), status=500)) as llm:
        said, asked = exported(tmp_path, llm)
    assert said == asked


def test_no_model_is_asked_by_default_and_a_missing_key_is_named(tmp_path: Path) -> None:
    with server(str.upper) as llm, pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        exported(tmp_path, llm, extra='api_key_env = "NO_SUCH_KEY"\n')
    assert not llm.received
