"""What agrees and what does not, by kind of output, in English and Chinese."""

from __future__ import annotations

import json

import pytest

from rightsizer.scoring.agree import agree, answer
from rightsizer.types import ImagePart, Message, OtherPart, ReasoningPart, TextPart, ToolCallPart


def text(content: str) -> Message:
    return Message(role="assistant", parts=(TextPart(content=content),))


def calls(*pairs: tuple[str, object], say: str = "") -> Message:
    parts = [
        ToolCallPart(id=f"id{i}", name=n, arguments=a if isinstance(a, str) else json.dumps(a))
        for i, (n, a) in enumerate(pairs)
    ]
    return Message(role="assistant", parts=((TextPart(content=say),) if say else ()) + tuple(parts))


def tool(name: str, **properties: object) -> dict[str, object]:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


SAME = [
    (text("billing"), text("  billing\n")),
    (text("two  words\nhere"), text("two words here")),
    (text("退款 申请"), text("退款  申请 ")),
    (text("cafe\u0301"), text("caf\u00e9")),
    (text('{"a": 1, "b": [1, 2]}'), text('```json\n{"b": [1.0, 2], "a": 1.0}\n```')),
    (text('[{"城市": "上海"}]'), text('[ {"城市":" 上海 "} ]')),
    (calls(("f", {"a": 1, "b": "x"})), calls(("f", {"b": " x", "a": 1.0}))),
    (calls(("f", {}), ("g", {"a": 1})), calls(("g", {"a": 1}), ("f", ""))),
    (calls(("f", {"a": 1}), say="Let me look."), calls(("f", {"a": 1}))),
    (calls(("f", "{broken")), calls(("f", " {broken"))),
    (Message(role="assistant"), text("  ")),
    (Message(role="assistant", parts=(ReasoningPart(content="hm"), TextPart(content="yes"))), text("yes")),
]

DIFFERENT = [
    (text("billing"), text("Billing"), "text differs"),
    (text("退款"), text("退货"), "text differs"),
    (text("1"), text("1.0"), "text differs"),
    (text("hello"), text(""), "answer is empty"),
    (text(""), text("hello"), "answer should be empty"),
    (text('{"a": 1}'), text('{"a": true}'), "field a differs"),
    (text('{"a": 1}'), text('{"a": "1"}'), "field a differs"),
    (text('{"a": null}'), text("{}"), "field a missing"),
    (text("{}"), text('{"a": null}'), "field a unexpected"),
    (text('{"a": {"b": [1, 2]}}'), text('{"a": {"b": [1]}}'), "field a.b has another length"),
    (text('{"a": [{"b": 1}]}'), text('{"a": [{"b": 2}]}'), "field a.b differs"),
    (text("[1, 2]"), text("[2, 1]"), "JSON value differs"),
    (text('{"a": 1}'), text("a is 1"), "not valid JSON"),
    (text('{"a": 1}'), text('{"a": NaN}'), "not valid JSON"),
    (calls(("f", {"a": 1})), text("done"), "no tool call"),
    (text("done"), calls(("f", {"a": 1})), "unexpected tool call"),
    (calls(("f", {"a": 1})), calls(("g", {"a": 1})), "tool name differs"),
    (calls(("f", {"a": 1})), calls(("f", {"a": 2})), "argument a differs"),
    (calls(("f", {"a": 1})), calls(("f", {"a": True})), "argument a differs"),
    (calls(("f", {"a": 1})), calls(("f", {"a": 1, "b": 2})), "argument b unexpected"),
    (calls(("f", {"a": 1, "城市": 2})), calls(("f", {"a": 1})), "argument 城市 missing"),
    (calls(("f", {"a": 1})), calls(("f", {"a": 1}), ("f", {"a": 1})), "number of tool calls differs"),
    (calls(("f", {"a": 1})), calls(("f", "{a: 1}")), "arguments are not valid JSON"),
    (
        calls(("f", {"a": 1}), ("f", {"a": 1}), ("g", {})),
        calls(("f", {"a": 1}), ("g", {}), ("g", {})),
        "tool name differs",
    ),
    (calls(("f", {"a": 1}), ("g", {"b": 1})), calls(("g", {"b": 1}), ("f", {"a": 2})), "argument a differs"),
]


@pytest.mark.parametrize(("teacher", "student"), SAME)
def test_same_answer_in_another_form_agrees(teacher, student):
    assert agree(teacher, student).loss == 0
    assert agree(student, teacher).loss == 0
    assert answer(teacher).key == answer(student).key


@pytest.mark.parametrize(("teacher", "student", "reason"), DIFFERENT)
def test_other_answer_does_not_agree_and_the_reason_names_where(teacher, student, reason):
    judged = agree(teacher, student)
    assert (judged.loss, judged.reason) == (1, reason)
    assert agree(student, teacher).loss == 1


def test_reason_never_shows_a_value_nor_a_key_that_is_data():
    teacher = text(json.dumps({"by_mail": {"ann@example.com": 1, "b": "secret"}}))
    student = text(json.dumps({"by_mail": {"b": "other secret"}}))
    reason = agree(teacher, student).reason
    assert reason == "field by_mail.* missing"


def test_absent_argument_equals_its_stated_default_and_nothing_else():
    tools = (tool("f", unit={"type": "string", "default": "C"}, city={"type": "string"}),)
    full, short = calls(("f", {"city": "Rome", "unit": "C"})), calls(("f", {"city": "Rome"}))
    assert agree(full, short, tools=tools).loss == 0
    assert agree(full, short).loss == 1
    assert agree(calls(("f", {"city": "Rome", "unit": "F"})), short, tools=tools).loss == 1
    assert agree(calls(("f", {"city": None, "unit": "C"})), calls(("f", {})), tools=tools).loss == 1


def test_null_default_makes_absent_equal_null_also_inside_objects_and_arrays():
    inner = {"type": "object", "properties": {"note": {"default": None}}}
    tools = (tool("f", items={"type": "array", "items": inner}),)
    assert (
        agree(calls(("f", {"items": [{"note": None}]})), calls(("f", {"items": [{}]})), tools=tools).loss == 0
    )


def test_ignored_fields_do_not_count_and_all_others_do():
    teacher = text('{"label": "x", "why": {"text": "because"}, "items": [{"id": 1, "note": "a"}]}')
    student = text('{"label": "x", "why": {"text": "so"}, "items": [{"id": 1, "note": "b"}]}')
    assert agree(teacher, student, ignore_fields=("why.text", "items.note")).loss == 0
    assert agree(teacher, student, ignore_fields=("why",)).reason == "field items.note differs"
    assert agree(teacher, text('{"label": "y"}'), ignore_fields=("why", "items")).loss == 1


def test_ignored_argument_may_be_of_one_tool_only():
    teacher, student = (
        calls(("f", {"note": 1}), ("g", {"note": 1})),
        calls(("f", {"note": 2}), ("g", {"note": 1})),
    )
    assert agree(teacher, student, ignore_fields=("f.note",)).loss == 0
    assert agree(teacher, student, ignore_fields=("g.note",)).loss == 1
    assert agree(teacher, student, ignore_fields=("note",)).loss == 0


def test_relaxed_compares_strings_as_bfcl_does_and_strict_does_not():
    teacher, student = calls(("f", {"d": "April 1, 2024"})), calls(("f", {"d": "april 1 2024"}))
    assert agree(teacher, student, relaxed=True).loss == 0
    assert agree(teacher, student).loss == 1


def test_parts_without_a_name_count():
    refusal = Message(role="assistant", parts=(OtherPart(raw={"type": "refusal", "refusal": "no"}),))
    assert agree(refusal, refusal).loss == 0
    assert agree(refusal, text("no")).loss == 1


def test_tools_are_found_in_every_spelling():
    schema = {"properties": {"unit": {"default": "C"}}}
    full, short = calls(("f", {"unit": "C"})), calls(("f", {}))
    for spelled in (
        {"type": "function", "name": "f", "parameters": schema},
        {"name": "f", "input_schema": schema},
        {"type": "function", "function": {"name": "f", "parameters": schema}},
    ):
        assert agree(full, short, tools=(spelled,)).loss == 0


def test_deep_nesting_is_text_and_no_crash():
    for deep in ("[" * 100_000, "[" * 900 + "]" * 900):
        assert agree(text(deep), text(deep)).loss == 0
        assert agree(text(deep), text("[")).loss == 1


def test_big_numbers_are_not_rounded_into_agreement():
    assert agree(text('{"id": 9007199254740993}'), text('{"id": 9007199254740992}')).loss == 1


def test_an_image_never_agrees_with_text():
    image = Message(role="assistant", parts=(ImagePart(url="https://example.com/a.png"),))
    assert agree(image, text("a")).loss == 1
    other = Message(role="assistant", parts=(ImagePart(url="https://example.com/b.png"),))
    assert agree(image, other).loss == 1
