"""Exchanges of many dialects, written down: through the gateway byte for byte, and read as what they say.

The files in `golden/` are our own text in the forms of the real APIs: a request, the answer as it comes over
the wire, and, written by hand, what a reader of both would say it is. ``<CRLF>`` stands for that line end.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.types import Call, ImagePart, ReasoningPart

FILES = sorted((Path(__file__).parent / "golden").glob("*.txt"))
SIZES = (1, 5, 61, 1 << 20)


@dataclass(frozen=True)
class Exchange:
    path: str
    request: bytes
    status: int
    kind: str
    answer: bytes
    expected: dict[str, Any]


def read(file: Path) -> Exchange:
    text = file.read_bytes().decode("utf-8")
    asked, _, rest = text.partition("\n< ")
    start, _, request = asked.partition("\n")
    about, _, rest = rest.partition("\n")
    answer, _, expected = rest.partition("\n=\n")
    status, _, kind = about.partition(" ")
    wire = answer.replace("<CRLF>\n", "\r\n").encode()
    path = start.removeprefix("> POST ")
    return Exchange(path, request.encode(), int(status), kind, wire, orjson.loads(expected))


def test_there_are_files_of_every_api() -> None:
    assert len(FILES) >= 20
    paths = {read(file).path for file in FILES}
    assert paths == {"/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"}


def test_each_passes_byte_for_byte_and_is_recorded_as_what_it_says(start: Any) -> None:
    """However the bytes come in pieces: of one byte each, too, so inside characters and fields."""
    exchanges = [read(file) for file in FILES]

    def script(request: Received) -> Reply:
        which, size = map(int, str(request.header("x-which")).split("/"))
        each = exchanges[which]
        pieces = tuple(each.answer[at : at + size] for at in range(0, len(each.answer), size))
        framing = "chunked" if each.kind == "text/event-stream" else "length"
        return Reply(pieces, each.status, (("content-type", each.kind),), framing)

    with FakeLLM(script) as llm:
        gateway = start(llm.url)
        connection = http.client.HTTPConnection(*gateway.address, timeout=60)
        for number, each in enumerate(exchanges):
            for size in SIZES:
                headers = {"x-which": f"{number}/{size}", "x-rightsizer-session": f"{number}/{size}"}
                connection.request("POST", each.path, each.request, headers)
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (each.status, each.answer), FILES[number].name
                assert llm.received[-1].body == each.request
        connection.close()
        gateway.stop()
    calls = {call.session_id: call for call in gateway.calls()}
    assert len(calls) == len(FILES) * len(SIZES)
    wrong = {}
    for number, file in enumerate(FILES):
        for size in SIZES:
            told = differences(calls[f"{number}/{size}"], exchanges[number].expected)
            if told:
                wrong[f"{file.name} in pieces of {size}"] = told
    assert not wrong, "\n".join(f"{name}: {told}" for name, told in wrong.items())


def differences(call: Call, expected: dict[str, Any]) -> dict[str, Any]:
    """What the record says and should not: (expected, found) by name."""
    usage = call.usage
    said = call.response
    found: dict[str, Any] = {
        "text": said.text if said else None,
        "tools": [[c.id, c.name, c.arguments] for c in said.tool_calls] if said else [],
        "reasoning": "".join(p.content for p in said.parts if isinstance(p, ReasoningPart)) if said else "",
        "finish": call.finish_reason,
        "usage": usage and [usage.input_tokens, usage.output_tokens, usage.cached_input_tokens],
        "error": call.error.message if call.error else None,
        "roles": [m.role for m in call.request.messages],
        "offered": list(call.request.tool_names),
        "images": [p.url for m in call.request.messages for p in m.parts if isinstance(p, ImagePart)],
        "format": (call.request.response_format or {}).get("type"),
    }
    wanted = {"text": None, "tools": [], "reasoning": "", "finish": None, "usage": None, "error": None}
    wanted |= {name: value for name, value in expected.items() if name in found}
    different = {n: (value, found[n]) for n, value in wanted.items() if value != found[n]}
    for name, value in expected.get("params", {}).items():
        if call.request.params.get(name) != value:
            different[name] = (value, call.request.params.get(name))
    if "status" in expected and (call.error is None or call.error.status != expected["status"]):
        different["status"] = (expected["status"], call.error)
    record = call.model_dump_json()
    different |= {f"keeps {word}": (word, "") for word in expected.get("keeps", ()) if word not in record}
    return different


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_reader_that_differs_would_be_seen(file: Path) -> None:
    """The comparison itself: a call that says something else differs in each thing the file names."""
    from rightsizer.types import Request

    each = read(file)
    other = Call(id="c", session_id="s", request=Request(messages=()))
    named = {n for n in ("text", "error", "roles", "images") if each.expected.get(n) not in (None, [], "")}
    assert named <= differences(other, each.expected).keys()
