"""How a request becomes a decoder's prompt and its words become an answer: the same in training and serving.

The conversation goes through the model's own chat template. What not every template can say is said in
text: tools where it has no place for them, a system message where it refuses one. The answer is always
written one way, with tool calls as ``<tool_call>{"name": …, "arguments": …}</tool_call>``, so that one
parser reads it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rightsizer.types import Message, Request, TextPart, ToolCallPart
from rightsizer.views.answer import plain_text
from rightsizer.wire.request import request_to_chat

FORMAT_VERSION = 1
OPEN, CLOSE = "<tool_call>", "</tool_call>"
TOOLS = 'Tools:\n{}\nCall one with <tool_call>{{"name": …, "arguments": …}}</tool_call>'


@dataclass(frozen=True)
class DecoderFormat:
    """The format of one tokenizer's chat template."""

    tokenizer: Any

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the template and this format: training and serving must agree on it."""
        template = self.tokenizer.chat_template or ""
        text = json.dumps([FORMAT_VERSION, template, self.takes_tools, self.takes_system], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def takes_tools(self) -> bool:
        """Whether the template shows the tools that are offered."""
        tool = {"type": "function", "function": {"name": "zq_tool", "parameters": {"type": "object"}}}
        asked = [{"role": "user", "content": "?"}]
        return "zq_tool" in (self._apply(asked, [tool]) or "")

    @cached_property
    def takes_system(self) -> bool:
        """Whether the template accepts a system message and shows it."""
        asked = [{"role": "system", "content": "zq_system"}, {"role": "user", "content": "?"}]
        return "zq_system" in (self._apply(asked, None) or "")

    def prompt(self, request: Request) -> str:
        """The text that the model continues.

        Raises:
            ValueError: the template refuses this conversation.
        """
        chat = request_to_chat(request)
        messages = [_plain(m) for m in chat["messages"]]
        tools = list(request.tools) or None
        if tools and not self.takes_tools:
            told = TOOLS.format("\n".join(json.dumps(t, ensure_ascii=False) for t in tools))
            messages, tools = [{"role": "system", "content": told}, *map(_in_words, messages)], None
        if not self.takes_system:
            messages = _without_system(messages)
        text = self._apply(_merged(messages), tools)
        if text is None:
            raise ValueError("the chat template refuses this conversation")
        return text

    def completion(self, message: Message) -> str:
        """The text of an answer, without the end-of-turn token."""
        calls = [
            f"<tool_call>\n{_dump({'name': c.name, 'arguments': _arguments(c.arguments)})}\n</tool_call>"
            for c in message.tool_calls
        ]
        return "\n".join([t for t in (plain_text(message), *calls) if t])

    def read(self, text: str) -> Message | None:
        """The answer in a model's words; None where a tool call in it is no JSON call."""
        return read_answer(text)

    def _apply(self, messages: list[dict[str, Any]], tools: list[Any] | None) -> str | None:
        from jinja2.exceptions import TemplateError

        try:
            return str(
                self.tokenizer.apply_chat_template(
                    messages, tools=tools, tokenize=False, add_generation_prompt=True
                )
            )
        except (TemplateError, ValueError, TypeError, KeyError):
            return None


def read_answer(text: str) -> Message | None:
    """The answer in a model's words; None where a tool call in it is no JSON call."""
    parts: list[Any] = []
    said, bodies = _apart(text)
    if OPEN in said:
        return None  # it began a call and did not end it
    if said:
        parts.append(TextPart(content=said))
    for body in bodies:
        try:
            call = json.loads(body)
            parts.append(ToolCallPart(name=str(call["name"]), arguments=_dump(call["arguments"])))
        except (ValueError, KeyError, TypeError):
            return None
    return Message(role="assistant", parts=tuple(parts)) if parts else None


def _apart(text: str) -> tuple[str, list[str]]:
    """What stands outside of calls, and the inside of each. No expression: an unclosed call would cost it
    the square of the text.
    """
    said, bodies, at = [], [], 0
    while (start := text.find(OPEN, at)) >= 0 and (end := text.find(CLOSE, start)) >= 0:
        said.append(text[at:start])
        bodies.append(text[start + len(OPEN) : end].strip())
        at = end + len(CLOSE)
    return "".join((*said, text[at:])).strip(), bodies


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """What templates know of a message: role, content as text, tool calls with arguments as objects."""
    plain: dict[str, Any] = {"role": message["role"], "content": _text(message.get("content"))}
    if message.get("tool_calls"):
        plain["tool_calls"] = [
            {
                "type": "function",
                "function": {
                    "name": c["function"]["name"],
                    "arguments": _arguments(c["function"]["arguments"]),
                },
            }
            for c in message["tool_calls"]
            if "function" in c
        ]
    if message.get("name"):
        plain["name"] = message["name"]
    return plain


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    return "" if content is None else str(content)


def _in_words(message: dict[str, Any]) -> dict[str, Any]:
    """Calls and results as text, for templates that have no place for them."""
    if message["role"] in ("tool", "function"):
        return {"role": "user", "content": f"<tool_response>\n{message['content']}\n</tool_response>"}
    calls = [f"<tool_call>\n{_dump(c['function'])}\n</tool_call>" for c in message.get("tool_calls", ())]
    return {"role": message["role"], "content": "\n".join(t for t in (message["content"], *calls) if t)}


def _without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """System messages as the beginning of the user's first one."""
    told = "\n\n".join(m["content"] for m in messages if m["role"] in ("system", "developer"))
    rest = [m for m in messages if m["role"] not in ("system", "developer")]
    if not told:
        return rest
    if rest and rest[0]["role"] == "user":
        return [{**rest[0], "content": f"{told}\n\n{rest[0]['content']}"}, *rest[1:]]
    return [{"role": "user", "content": told}, *rest]


def _merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbouring text messages of one role as one: many templates insist that roles alternate."""
    merged: list[dict[str, Any]] = []
    for message in messages:
        last = merged[-1] if merged else None
        plain = set(message) <= {"role", "content"}
        if last and plain and set(last) <= {"role", "content"} and last["role"] == message["role"] != "tool":
            merged[-1] = {**last, "content": f"{last['content']}\n\n{message['content']}"}
        else:
            merged.append(message)
    return merged


def _arguments(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def _dump(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
