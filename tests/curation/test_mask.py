"""Masking is reversible, consistent, idempotent, injective, and leaves JSON valid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.curation.mask import MaskCache, Masker
from rightsizer.types import (
    Message,
    OtherPart,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolCallResponsePart,
)


def say(text: str, role: str = "user") -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


def ask(name: str, arguments: str, id: str = "call_1") -> Message:
    return Message(role="assistant", parts=(ToolCallPart(id=id, name=name, arguments=arguments),))


def result(response: str, id: str = "call_1") -> Message:
    return Message(role="tool", parts=(ToolCallResponsePart(id=id, response=response),))


def request(*messages: Message, **fields: object) -> Request:
    return Request(messages=messages, **fields)  # type: ignore[arg-type]


def test_one_value_one_placeholder_wherever_it_stands() -> None:
    mail = "mia.li@example.org"
    asked = request(
        say(f"I am {mail}, not bo@example.org"),
        ask("find_user", json.dumps({"email": mail})),
        result(json.dumps({"users": {mail: {"note": json.dumps({"to": mail})}}})),
        Message(role="assistant", parts=(ReasoningPart(content=f"so {mail}"), OtherPart(raw={"x": [mail]}))),
    )
    masked = Masker().mask_request(asked)
    dumped = masked.model_dump_json()
    assert mail not in dumped
    assert "bo@example.org" not in dumped
    assert masked.messages[0].text == "I am <EMAIL_1>, not <EMAIL_2>"
    assert json.loads(masked.messages[1].tool_calls[0].arguments) == {"email": "<EMAIL_1>"}
    users = json.loads(masked.messages[2].text)["users"]
    assert json.loads(users["<EMAIL_1>"]["note"]) == {"to": "<EMAIL_1>"}
    assert masked.messages[3].parts == (
        ReasoningPart(content="so <EMAIL_1>"),
        OtherPart(raw={"x": ["<EMAIL_1>"]}),
    )


def test_an_answer_is_unmasked_from_its_own_call() -> None:
    masker = Masker()
    masker.mask_request(request(say("write to mia@example.org or ring 555-123-2002")))
    answer = ask("send", '{"to": "<EMAIL_1>", "phone": "<PHONE_1>"}')
    assert json.loads(masker.unmask_message(answer).tool_calls[0].arguments) == {
        "to": "mia@example.org",
        "phone": "555-123-2002",
    }
    assert masker.unmask_message(say("mail <EMAIL_1>!")).text == "mail mia@example.org!"
    assert masker.unresolved(answer) == ()
    assert masker.unresolved(say("mail <EMAIL_9>")) == ("<EMAIL_9>",)


def test_the_answer_shares_the_requests_map() -> None:
    masker = Masker()
    masker.mask_request(request(say("I am mia@example.org")))
    assert masker.mask_message(say("mia@example.org or bo@example.org")).text == "<EMAIL_1> or <EMAIL_2>"


def test_a_value_without_context_is_replaced_once_known() -> None:
    asked = request(
        say("My phone is 5551232002."), ask("find", '{"q": "5551232002"}'), say("yes, 5551232002")
    )
    masked = Masker().mask_request(asked)
    assert "5551232002" not in masked.model_dump_json()
    alone = request(say("product 5551232002 please"))
    assert Masker().mask_request(alone) is alone


def test_a_weak_value_is_replaced_only_where_it_was_recognised() -> None:
    masked = Masker().mask_request(request(say("cvv: 123, and 123 apples")))
    assert masked.messages[0].text == "cvv: <CVV_1>, and 123 apples"


def test_placeholders_that_are_there_stay_and_keep_their_number() -> None:
    masker = Masker()
    masked = masker.mask_request(request(say("old <EMAIL_1>, new mia@example.org")))
    assert masked.messages[0].text == "old <EMAIL_1>, new <EMAIL_2>"
    assert masker.unmask_message(say("<EMAIL_1> <EMAIL_2>")).text == "<EMAIL_1> mia@example.org"
    again = Masker().mask_request(masked)
    assert again is masked


def test_numbers_in_json_come_back_as_numbers() -> None:
    masker = Masker()
    call = ask("dial", '{"phone": 13812345678, "n": 3}')
    masked = masker.mask_request(request(call)).messages[0]
    assert json.loads(masked.tool_calls[0].arguments) == {"phone": "<PHONE_1>", "n": 3}
    assert masker.unmask_message(masked) == call


def test_a_value_seen_as_number_and_as_text_returns_as_each() -> None:
    masker = Masker()
    call = ask("dial", '{"phone": 13812345678, "text": "13812345678"}')
    masked = masker.mask_request(request(say("13812345678"), call)).messages[1]
    assert masker.unmask_message(masked) == call


def test_what_a_task_works_with_stays() -> None:
    for text in (
        "order #W2378156, product 9523456873, item_id 1656367028, 2024-05-15 10:30, $1,234.56",
        '{"order_id": "4111111111111111", "payment_method_id": "credit_card_4190576", "zip": "78234"}',
        '{"user_id": "mia_li_3668", "flight": "HAT136", "price": 155, "dob_format": "YYYY-MM-DD"}',
        "订单号20240515103000123，金额3999.00元，2024年5月20日发货",
        '{"Smartphone": "1801728040", "Headphones": "6992792935"}',
        "section 1.11.1.2, version 10.2.3.4, https://example.org/a?b=1",
    ):
        asked = request(say(text), result(text))
        assert Masker().mask_request(asked) is asked, text


def test_tools_names_and_ids_are_never_touched() -> None:
    tools = ({"type": "function", "function": {"name": "a", "description": "mail help"}},)
    asked = request(say("x@example.org"), ask("a", "{}", id="x@example.org"), tools=tools)
    masked = Masker().mask_request(asked)
    assert masked.tools == tools
    assert masked.messages[1] == asked.messages[1]


def test_params_and_extras_are_masked_too() -> None:
    asked = Request(
        messages=(Message(role="user", extra={"refusal": None, "who": ["mia@example.org"]}),),
        params={"user": "mia@example.org", "temperature": 0},
    )
    masked = Masker().mask_request(asked)
    assert masked.params == {"user": "<EMAIL_1>", "temperature": 0}
    assert masked.messages[0].extra == {"refusal": None, "who": ["<EMAIL_1>"]}


def test_escaped_json_is_decoded_before_it_is_searched() -> None:
    masked = Masker().mask_request(
        request(result('{"a": "line\\nmia@example.org", "b": "\\u006dia@example.org"}'))
    )
    assert json.loads(masked.messages[0].text) == {"a": "line\n<EMAIL_1>", "b": "<EMAIL_1>"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_canary_survives_and_all_return(kind: str) -> None:
    value = canary(kind)
    call = request(
        say(f"my {value}."),
        ask("f", json.dumps({"phone" if kind == "PHONE_NUMBER" else "v": value, "in": json.dumps([value])})),
        result(f'{{"error": {json.dumps("failed for " + value)}}}'),
    )
    cache = MaskCache()
    masker = Masker(cache)
    masked = masker.mask_request(call)
    kept = "".join(m.model_dump_json() for m in masked.messages)
    for secret in masker.values.values():
        assert json.dumps(secret)[1:-1] not in kept
    assert masker.values, value
    assert tuple(map(masker.unmask_message, masked.messages)) == call.messages
    assert Masker(cache).mask_request(masked) == masked
    assert Masker().mask_request(call) == masked


pieces = st.sampled_from(
    [canary(k, s) for k in ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "AWS_ACCESS_KEY") for s in (0, 1)]
    + [
        "<EMAIL_1>",
        "<PHONE_2>",
        "<",
        "_1>",
        "联系",
        "phone: ",
        "5551232002",
        '"',
        "\\",
        "\n",
        " ",
        "a",
        "9",
        "password: Xk4$m",
    ]
)
texts = st.lists(pieces, max_size=8).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4), texts)
def test_mask_then_unmask_is_identity_and_masking_twice_is_masking_once(said: list[str], inner: str) -> None:
    messages = [say(t) for t in said] + [ask("f", json.dumps({"k": inner, inner: [1, inner]}))]
    asked = request(*messages)
    masker = Masker()
    masked = masker.mask_request(asked)
    assert tuple(map(masker.unmask_message, masked.messages)) == asked.messages
    assert len(set(masker.values.values())) == len(masker.values)
    json.loads(masked.messages[-1].tool_calls[0].arguments)
    assert Masker().mask_request(masked) == masked


@pytest.mark.shared
def test_recorded_calls_come_back_equal(shared_data: Path) -> None:
    import io

    import zstandard

    cache = MaskCache()
    with (shared_data / "calls/tau_bench_v1.jsonl.zst").open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8")
        records = [json.loads(line) for line, _ in zip(lines, range(120), strict=False)]
    for record in records:
        messages = tuple(
            Message(
                role=m["role"],
                parts=(
                    TextPart(content=m.get("content") or ""),
                    *tuple(
                        ToolCallPart(name=t["function"]["name"], arguments=t["function"]["arguments"])
                        for t in m.get("tool_calls") or ()
                    ),
                ),
            )
            for m in record["request"]["messages"]
        )
        masker = Masker(cache)
        masked = masker.mask_request(Request(messages=messages))
        assert "@example.com" not in "".join(m.text for m in masked.messages)
        assert tuple(map(masker.unmask_message, masked.messages)) == messages


SCHEMA = {
    "type": "function",
    "function": {
        "name": "assign",
        "description": "Assign a ticket; ask dora.kern@acme.io when in doubt.",
        "parameters": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "enum": ["dora.kern@acme.io", "finn.lund@acme.io"]},
                "phone": {
                    "type": "string",
                    "default": "call +1 415 555 0132",
                    "examples": ["致电13912345678"],
                },
                "description": {"type": "string", "description": "free text"},
            },
        },
    },
}


def test_what_schemas_say_show_and_allow_is_masked_and_answers_come_back() -> None:
    masker = Masker()
    request = Request(messages=(say("give it to finn.lund@acme.io"),), tools=(SCHEMA,))
    masked = masker.mask_request(request)
    shown = json.dumps(masked.tools, ensure_ascii=False)
    for value in ("dora.kern", "finn.lund", "415 555 0132", "13912345678"):
        assert value not in shown
    assert masked.messages[0].text == "give it to <EMAIL_1>"
    properties = masked.tools[0]["function"]["parameters"]["properties"]
    assert list(properties) == ["to", "phone", "description"]
    assert properties["to"]["enum"] == ["<EMAIL_2>", "<EMAIL_1>"]
    arguments = json.dumps({"to": properties["to"]["enum"][1]})
    answer = Message(role="assistant", parts=(ToolCallPart(name="assign", arguments=arguments),))
    assert masker.unresolved(answer) == ()
    back = masker.unmask_message(answer).tool_calls[0]
    assert json.loads(back.arguments) == {"to": "finn.lund@acme.io"}
    assert Masker().mask_request(masked) is masked


def test_numbers_of_a_message_are_the_same_with_and_without_schemas() -> None:
    message = say("I am ann@acme.io")
    with_tools = Masker().mask_request(Request(messages=(message,), tools=(SCHEMA,)))
    assert with_tools.messages == Masker().mask_request(Request(messages=(message,))).messages


def test_schemas_without_values_stay_the_same_object() -> None:
    plain = {
        "type": "function",
        "function": {"name": "f", "parameters": {"properties": {"a": {"enum": ["x"]}}}},
    }
    request = Request(messages=(say("hello"),), tools=(plain,))
    assert Masker().mask_request(request) is request
    known = Request(messages=(say("I am ann@acme.io"),), tools=(plain,))
    assert Masker().mask_request(known).tools is known.tools
