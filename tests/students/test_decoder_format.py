"""One format in training and serving: templates with and without a place for tools and system messages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from rightsizer.students.decoder_format import DecoderFormat
from rightsizer.testing.tiny_lm import CHATML
from rightsizer.types import Message, Request, TextPart, ToolCallPart, ToolCallResponsePart

PLAIN = (
    "{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('must alternate') }}{% endif %}"
    "<{{ m.role }}>{{ m.content }}</{{ m.role }}>"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
TOOL = {
    "type": "function",
    "function": {"name": "find", "parameters": {"type": "object", "properties": {"id": {"type": "string"}}}},
}


@dataclass
class Template:
    """What of a tokenizer the format uses, with jinja alone."""

    chat_template: str

    def apply_chat_template(self, messages: list[Any], tools: Any = None, **more: Any) -> str:
        from jinja2 import TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        def refuse(text: str) -> None:
            raise TemplateError(text)

        env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        env.filters["tojson"] = lambda v: json.dumps(v, ensure_ascii=False)
        template = env.from_string(self.chat_template)
        return template.render(
            messages=messages, tools=tools, add_generation_prompt=True, raise_exception=refuse
        )


def said(role: str, text: str) -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


def conversation() -> Request:
    called = ToolCallPart(id="c1", name="find", arguments='{"id": "甲-1"}')
    return Request(
        messages=(
            said("system", "Be brief."),
            said("user", "where is 甲-1"),
            Message(role="assistant", parts=(called,)),
            Message(role="tool", parts=(ToolCallResponsePart(id="c1", response="shipped"),)),
        ),
        tools=(TOOL,),
    )


def test_a_template_with_a_place_for_everything_is_left_to_itself() -> None:
    form = DecoderFormat(Template(CHATML))
    prompt = form.prompt(conversation())
    assert form.takes_tools
    assert form.takes_system
    assert prompt.endswith("<|im_start|>assistant\n")
    assert prompt.count('"find"') == 2  # offered once, called once
    assert "甲-1" in prompt
    assert "shipped" in prompt


def test_a_template_without_tools_and_system_gets_them_in_words() -> None:
    form = DecoderFormat(Template(PLAIN))
    assert not form.takes_tools
    assert not form.takes_system
    prompt = form.prompt(conversation())
    assert prompt.startswith("<user>Tools:")
    assert "Be brief." in prompt
    assert "<tool_call>" in prompt
    assert "<tool_response>\nshipped" in prompt


def test_what_a_template_refuses_is_said() -> None:
    with pytest.raises(ValueError, match="refuses"):
        DecoderFormat(Template("{{ raise_exception('no') }}")).prompt(conversation())


@pytest.mark.parametrize(
    "message",
    [
        said("assistant", '{"intent": "退货"}'),
        Message(role="assistant", parts=(ToolCallPart(name="find", arguments='{"id": "a<b"}'),)),
        Message(
            role="assistant",
            parts=(
                TextPart(content="One moment."),
                ToolCallPart(name="find", arguments='{"id": "1"}'),
                ToolCallPart(name="find", arguments='{"id": "2"}'),
            ),
        ),
    ],
)
def test_what_is_written_is_read_back(message: Message) -> None:
    form = DecoderFormat(Template(CHATML))
    assert form.read(form.completion(message)) == message


@pytest.mark.parametrize(
    "text",
    ["", "<tool_call>\n{not json}\n</tool_call>", '<tool_call>{"name": "x"}</tool_call>', "<tool_call>{"],
)
def test_what_is_no_answer_is_none(text: str) -> None:
    assert DecoderFormat(Template(CHATML)).read(text) is None


def test_the_hash_is_the_templates() -> None:
    assert DecoderFormat(Template(CHATML)).hash == DecoderFormat(Template(CHATML)).hash
    assert DecoderFormat(Template(CHATML)).hash != DecoderFormat(Template(CHATML + " ")).hash
