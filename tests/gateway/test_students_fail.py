"""A student that cannot, may not or does not answer: the LLM does, alone, and it is told and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.exchange import Exchange
from rightsizer.gateway.segments import END, SHADOW, read_frames, segments_folder
from rightsizer.pipeline.gateway import Seat, StoreRouter
from rightsizer.students.chat_server import Server
from rightsizer.students.prompted import PromptedStudent, Prompting
from rightsizer.tasks.signature import Signature
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.llm_answers import SSE, completion
from rightsizer.training.prompted import build
from rightsizer.types import Message, Prediction, Request, Route, Task, TextPart, ToolCallPart
from tests.gateway.rig import Answers, Rig, run
from tests.gateway.test_large_bodies import answered

SYSTEM = "You are the returns desk of a shop. Read the message and say what it is about, in one word."
TASK = "task_desk"
TOOL = {
    "type": "function",
    "function": {
        "name": "refund",
        "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}},
    },
}
FORM = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object", "required": ["a"]}}}
LLM = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"llm":true}'


def text(words: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=words),))


def call(arguments: str, name: str = "refund") -> Message:
    return Message(role="assistant", parts=(ToolCallPart(name=name, arguments=arguments),))


class Sure:
    """Always says the same."""

    def __init__(self, message: Message | None, confidence: float = 0.9) -> None:
        self.said = Prediction(message=message, confidence=confidence)

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        return [self.said for _ in requests]


class Source:
    """The routes of a home with one task."""

    def __init__(self, predictor: Any, mode: Any = "live", share: float = 1.0) -> None:
        signature = Signature(declared="desk").model_dump(mode="json")
        route = Route(task_id=TASK, release_id="r", student_id="s", threshold=0.5, mode=mode, share=share)
        self.router = StoreRouter(
            [Task(id=TASK, name=TASK, signature=signature)], {TASK: Seat(route, predictor)}
        )

    def load(self) -> StoreRouter:
        return self.router


def body(**more: Any) -> bytes:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Money back, please."}]
    return orjson.dumps({"model": "m", "messages": messages, "metadata": {"task": "desk"}, **more})


async def ask(rig: Rig, **more: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    """The one whole answer to a call of the task."""
    client, wire = rig.connect()
    sent = body(**more)
    client.data_received(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(sent), sent)
    )
    await answered(wire)
    client.connection_lost(None)
    (answer,) = Answers(b"".join(wire.written)).whole
    return answer


def serve(
    home: Path,
    predictor: Any,
    test: Callable[[Rig], Any],
    mode: str = "live",
    share: float = 1.0,
    **more: Any,
) -> Any:
    async def whole(rig: Rig) -> Any:
        rig.worker.routing.reload()
        rig.pool.answers = (LLM,)
        return await test(rig)

    return run(home, whole, Source(predictor, mode, share), **more)


def recorded(home: Path, kind: bytes = END) -> list[dict[str, Any]]:
    return [
        orjson.loads(meta)
        for path in sorted(segments_folder(home).glob("*.seg"))
        for found, meta, _ in read_frames(path, bytes(range(32)))
        if found == kind
    ]


@pytest.mark.parametrize(
    ("message", "confidence", "more", "reason"),
    [
        (text("refund"), 0.9, {}, ""),
        (text("refund"), 0.4, {}, "below-threshold"),
        (None, 0.9, {}, "abstained"),
        (call('{"n":1}'), 0.9, {"tools": [TOOL]}, ""),
        (call('{"n":"one"}'), 0.9, {"tools": [TOOL]}, "schema"),
        (call('{"n":'), 0.9, {"tools": [TOOL]}, "schema"),
        (call("{}", "another"), 0.9, {"tools": [TOOL]}, "schema"),
        (call('{"n":1}'), 0.9, {"tools": [TOOL], "tool_choice": "none"}, "schema"),
        (text("refund"), 0.9, {"tools": [TOOL], "tool_choice": "required"}, "schema"),
        (text("refund"), 0.9, {"response_format": FORM}, "schema"),
        (text('{"a":1}'), 0.9, {"response_format": FORM}, ""),
        (text("refund"), 0.9, {"n": 3}, "unsupported: n"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_who_answers_and_why(
    tmp_path: Path,
    message: Message | None,
    confidence: float,
    more: dict[str, Any],
    reason: str,
    stream: bool,
) -> None:
    async def test(rig: Rig) -> None:
        _, headers, got = await ask(rig, stream=stream, **more)
        served_by = b"llm" if reason else b"student:s"
        assert headers[b"x-rightsizer-served-by"] == served_by
        assert headers[b"x-rightsizer-task"] == TASK.encode()
        assert headers.get(b"x-rightsizer-fallback", b"").decode() == reason
        assert len(rig.pool.asked) == bool(reason)
        assert (got == b'{"llm":true}') == bool(reason)
        assert rig.worker.metrics.fallbacks == ({reason: 1} if reason else {})

    serve(tmp_path, Sure(message, confidence), test)
    (end,) = recorded(tmp_path)
    assert end["served_by"] == ("llm" if reason else "student:s")
    route = end["route"]
    assert (route["task_id"], route["student_id"], route["mode"]) == (TASK, "s", "live")
    assert (route["offered"], route["propensity"], route.get("fallback", "")) == (True, 1.0, reason)


def behind(llm: FakeLLM) -> PromptedStudent:
    server = Server(base_url=llm.url, model="small")
    return build(label_examples(60), server, Prompting(repair=False), output="text")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "broken",
    [
        Reply((completion("half an answer")[:60], b""), cut=True),
        Reply(
            (b'data: {"choices":[{"index":0,"delta":{"content":"half"}}]}\n\n',) * 2,
            headers=SSE,
            framing="chunked",
            cut=True,
        ),
        Reply((b"half an answer",)),
        Reply((b"half",), status=500),
        Reply(raw=b"half"),
    ],
    ids=["cut", "cut stream", "no JSON", "500", "no HTTP"],
)
def test_a_student_s_server_that_breaks_in_the_middle_leaves_no_trace_in_the_answer(
    tmp_path: Path, broken: Reply, stream: bool
) -> None:
    """Nothing of a student's answer goes out before all of it is there."""
    with FakeLLM(lambda r: broken) as small:

        async def test(rig: Rig) -> None:
            status, headers, got = await ask(rig, stream=stream)
            assert (status, got) == (200, b'{"llm":true}')
            assert headers[b"x-rightsizer-fallback"] == b"abstained"
            assert len(rig.pool.asked) == 1

        serve(tmp_path, behind(small), test)
        assert len(small.received) == 1
    (end,) = recorded(tmp_path)
    assert end["served_by"] == "llm"


def test_a_student_behind_a_server_answers(tmp_path: Path) -> None:
    """The tests above could fail for another reason."""
    with FakeLLM(lambda r: Reply((completion("refund"),))) as small:

        async def test(rig: Rig) -> None:
            _, headers, got = await ask(rig)
            assert headers[b"x-rightsizer-served-by"] == b"student:s"
            assert orjson.loads(got)["choices"][0]["message"]["content"] == "refund"

        serve(tmp_path, behind(small), test)


def test_after_the_first_byte_of_a_student_the_llm_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two answers in one, or a tool called twice, would be worse than none: the caller sees a cut."""

    def write_half(exchange: Exchange, *, last: bool) -> None:
        assert exchange._relay is not None
        whole = exchange._relay.take(last=last, keep_alive=True)
        exchange._client.write(whole[: len(whole) // 2])
        monkeypatch.undo()
        raise OSError("broke in the middle")

    async def test(rig: Rig) -> None:
        client, wire = rig.connect()
        sent = body(stream=True)
        client.data_received(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b"
            % (len(sent), sent)
        )
        monkeypatch.setattr(Exchange, "_write", write_half)
        await answered(wire)
        async with asyncio.timeout(20):
            while not wire.closed:
                await asyncio.sleep(0.001)
        assert rig.pool.asked == []
        assert b"".join(wire.written).count(b"HTTP/1.1 ") == 1
        assert b"[DONE]" not in wire.written[0]
        assert rig.worker.metrics.in_flight == 0

    serve(tmp_path, Sure(text("a long answer " * 50)), test)


def test_what_fails_before_the_first_byte_is_answered_by_the_llm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> Any:
        raise RuntimeError("can't start new thread")

    async def test(rig: Rig) -> None:
        monkeypatch.setattr(rig.worker.routing, "decide", broken)
        _, headers, got = await ask(rig)
        assert headers[b"x-rightsizer-served-by"] == b"llm"
        assert got == b'{"llm":true}'
        assert rig.worker.metrics.fallbacks["error"] == 1

    serve(tmp_path, Sure(text("refund")), test)


def test_a_student_that_hangs_holds_up_those_who_asked_and_nobody_after_them(tmp_path: Path) -> None:
    import threading

    go_on = threading.Event()

    class Hangs(Sure):
        def predict(self, requests: Sequence[Request]) -> list[Prediction]:
            assert go_on.wait(60)
            return super().predict(requests)

    async def test(rig: Rig) -> None:
        first = [asyncio.create_task(ask(rig)) for _ in range(3)]
        answers = await asyncio.gather(*first)
        assert [headers[b"x-rightsizer-fallback"] for _, headers, _ in answers] == [b"timeout"] * 3
        later = [(await ask(rig))[1][b"x-rightsizer-fallback"] for _ in range(5)]
        assert later == [b"busy"] * 5, "its thread is still taken: nobody waits for it"
        go_on.set()
        async with asyncio.timeout(20):
            while (await ask(rig))[1][b"x-rightsizer-served-by"] != b"student:s":
                await asyncio.sleep(0.01)

    serve(tmp_path, Hangs(text("refund")), test, student_timeout_s=0.3)


def test_a_queue_that_would_last_too_long_is_not_joined(tmp_path: Path) -> None:
    """How long it would is known from how long the student took of late."""
    import threading

    turn = threading.Semaphore(0)

    class Slow(Sure):
        def predict(self, requests: Sequence[Request]) -> list[Prediction]:
            assert turn.acquire(timeout=60)
            return super().predict(requests)

    async def test(rig: Rig) -> None:
        routing = rig.worker.routing
        routing._took_s = 10.0  # a student behind a server that thinks
        waiting = [asyncio.create_task(ask(rig)) for _ in range(8)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for _ in range(8):
            turn.release()
        answers = await asyncio.gather(*waiting)
        reasons = [headers.get(b"x-rightsizer-fallback", b"") for _, headers, _ in answers]
        assert reasons == [b"", b"", b"", b"", *[b"busy"] * 4]
        assert routing._took_s < 10.0

    serve(tmp_path, Slow(text("refund")), test, student_timeout_s=30.0)


def test_a_canary_offers_its_share_and_every_record_says_with_which_probability(tmp_path: Path) -> None:
    async def test(rig: Rig) -> None:
        for _ in range(80):
            await ask(rig)

    serve(tmp_path, Sure(text("refund")), test, mode="canary", share=0.25)
    ends = recorded(tmp_path)
    assert {end["route"]["propensity"] for end in ends} == {0.25}
    served = [end["served_by"] == "student:s" for end in ends]
    assert served == [end["route"]["offered"] for end in ends]
    assert 4 <= sum(served) <= 45, "20 are expected; outside of this once in a hundred thousand runs"


def test_a_shadow_answers_nobody_and_is_recorded(tmp_path: Path) -> None:
    async def test(rig: Rig) -> None:
        _, headers, got = await ask(rig)
        assert got == b'{"llm":true}'
        assert headers[b"x-rightsizer-served-by"] == b"llm"

    serve(tmp_path, Sure(text("refund"), 0.4), test, mode="shadow")
    (end,), (shadow,) = recorded(tmp_path), recorded(tmp_path, SHADOW)
    assert (end["route"]["mode"], end["route"]["propensity"], end["route"]["offered"]) == (
        "shadow",
        0.0,
        False,
    )
    assert (shadow["confidence"], shadow["fallback"], shadow["message"]) == (0.4, "below-threshold", None)
