"""A prompted student: what the server is asked, what it may answer, and what becomes of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rightsizer.students.artifact import load_student, save
from rightsizer.students.chat_server import Server
from rightsizer.students.prompted import PromptedStudent, Prompting
from rightsizer.students.shots import Shot, with_examples
from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.llm_answers import completion
from rightsizer.training.prompted import build, choices, spread
from rightsizer.types import Message, Request, TextPart

EXAMPLES = label_examples(60)
LABELS = choices(EXAMPLES)
SHOTS = [Shot(text="x", answer=EXAMPLES[0].completion)]
TOOL = {
    "type": "function",
    "function": {
        "name": "find",
        "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
    },
}


def body_of(received: Received) -> dict[str, Any]:
    return dict(json.loads(received.body))


def student(url: str, output: str = "label", **how: Any) -> PromptedStudent:
    return build(EXAMPLES, Server(base_url=url, model="small"), Prompting(**how), output=output)


def request(text: str = "where is my lamp", **more: Any) -> Request:
    return Request(messages=(Message(role="user", parts=(TextPart(content=text),)),), **more)


def answering(*texts: str) -> Callable[[Received], Reply]:
    left = list(texts)
    return lambda _: Reply((completion(left.pop(0) if len(left) > 1 else left[0]),))


def known() -> str:
    assert LABELS is not None
    return LABELS[0]


def test_the_callers_sampling_and_bookkeeping_stay_behind() -> None:
    asked = request(
        params={"stream": True, "metadata": {"a": 1}, "temperature": 1.3, "user": "u", "stop": ["."]}
    )
    body = student("http://x/v1").body(asked)
    assert not {"stream", "metadata", "user"} & body.keys()
    assert body["temperature"] == 0.0
    assert body["stop"] == ["."]
    assert body["logprobs"] is True


def test_examples_are_those_that_resemble_and_go_into_the_system_message() -> None:
    example = EXAMPLES[7]
    body = student("http://x/v1", shots=3).body(example.prompt)
    system = body["messages"][0]
    assert system["role"] in ("system", "developer")
    assert system["content"].count("Input: ") == 3
    assert example.completion.text in system["content"]
    # the most similar example stands last, and it is the very same text
    assert (
        example.prompt.messages[-1]
        .text.strip()
        .endswith(system["content"].rpartition("Input: ")[2].split("\n")[0])
    )


def test_a_request_without_system_message_gets_one() -> None:
    assert with_examples([{"role": "user", "content": "q"}], SHOTS)[0]["role"] == "system"
    assert with_examples([{"role": "system", "content": "s"}], SHOTS)[0]["content"].startswith("s\n\n")


def test_a_known_label_is_served_and_an_unknown_one_is_repaired_or_left_to_the_llm() -> None:
    with FakeLLM(answering("nonsense", known())) as llm:
        (found,) = student(llm.url).predict([request()])
        repair = body_of(llm.received[1])["messages"][-1]
    assert found.message is not None
    assert found.message.text == known()
    assert "none of the known answers" in repair["content"]
    with FakeLLM(answering("nonsense")) as llm:
        (found,) = student(llm.url, repair=False).predict([request()])
        assert len(llm.received) == 1
    assert found.message is None
    assert found.reason == "no valid answer"


def test_choices_are_told_to_the_server() -> None:
    body = student("http://x/v1", choices=True).body(request())
    assert body["guided_choice"] == list(LABELS or ())
    assert "guided_choice" not in student("http://x/v1").body(request())


@pytest.mark.parametrize(
    ("name", "arguments", "served"),
    [("find", '{"id": 3}', True), ("find", '{"id": "x"}', False), ("other", "{}", False)],
)
def test_tool_calls_are_checked_against_the_schema(name: str, arguments: str, served: bool) -> None:
    call = {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}
    with FakeLLM(lambda _: Reply((completion(None, [call]),))) as llm:
        (found,) = student(llm.url, output="tool_call").predict([request(tools=(TOOL,))])
        assert len(llm.received) == (1 if served else 2)
    assert (found.message is not None) is served


def test_votes_sample_with_different_seeds() -> None:
    with FakeLLM(answering(known())) as llm:
        (found,) = student(llm.url, votes=5, ahead=3).predict([request()])
        bodies = [body_of(r) for r in llm.received]
    assert [b["seed"] for b in bodies] == [0, 1, 2]
    assert bodies[0]["temperature"] > 0
    assert found.confidence == pytest.approx(4 / 5)


def test_a_dead_server_is_an_abstention() -> None:
    (found,) = student("http://127.0.0.1:9/v1").predict([request()])
    assert found.message is None
    assert "server failed" in found.reason


def test_many_requests_keep_their_order() -> None:
    def echo(received: Received) -> Reply:
        said = body_of(received)["messages"][-1]["content"]
        return Reply((completion(said),))

    with FakeLLM(echo) as llm:
        found = student(llm.url, output="text").predict([request(f"q{i}") for i in range(40)])
    assert [p.message.text for p in found if p.message] == [f"q{i}" for i in range(40)]


def test_saved_and_loaded_it_asks_the_same(tmp_path: Path) -> None:
    made = student("http://x/v1", shots=4, votes=3, choices=True)
    save(made.to_artifact(), tmp_path / "s")
    again = load_student(tmp_path / "s")
    assert isinstance(again, PromptedStudent)
    assert again == made
    for example in EXAMPLES[:5]:
        assert again.body(example.prompt) == made.body(example.prompt)


def test_examples_are_spread_over_the_answers() -> None:
    drawn = spread(EXAMPLES, 24, seed=1)
    answers = [e.completion.text for e in drawn]
    assert len(drawn) == 24
    assert set(answers) == {e.completion.text for e in EXAMPLES}
    assert spread(EXAMPLES, 24, seed=1) == drawn


def test_a_task_with_many_answers_has_no_list() -> None:
    assert LABELS is not None
    assert choices(EXAMPLES[:10]) is None
