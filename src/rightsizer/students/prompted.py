"""A small model behind a server, prompted: the task's own request, examples that resemble it, checks, votes.

What helps at inference time, each switched on by itself: retrieved examples (`shots`), an output that the
server holds to the schema (the request's own ``response_format``, or `choices`), one repair after an invalid
answer, and votes. An answer that stays invalid is not given: the LLM is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rightsizer.errors import UpstreamError
from rightsizer.scoring.metrics import schema_errors
from rightsizer.students.artifact import Artifact
from rightsizer.students.chat_server import ChatServer, Completion, Server
from rightsizer.students.decoder_format import read_answer
from rightsizer.students.neighbours import Neighbours
from rightsizer.students.votes import ask
from rightsizer.students.weights import Weights, require_served, require_unchanged
from rightsizer.types import Frozen, Message, Prediction, Request, TextPart
from rightsizer.views.answer import canonical_answer, plain_text
from rightsizer.views.view import PayloadMask, view
from rightsizer.wire.chat import message_to_chat
from rightsizer.wire.request import request_to_chat

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder

# What a caller may have sent that is the teacher's business or the caller's, not the student's.
NOT_FORWARDED = (
    *("stream", "stream_options", "metadata", "store", "user", "n", "seed", "logprobs", "top_logprobs"),
    *("temperature", "top_p", "reasoning_effort", "service_tier", "prediction", "safety_identifier"),
    *("prompt_cache_key", "max_tokens", "max_completion_tokens"),
)
SHOT_CHARS = 2_000
EXAMPLES = "Earlier inputs of this task, and how they were answered:"
WRONG = "That answer cannot be used ({}). Answer again, in the required form only."


class Prompting(Frozen):
    """How the model is asked."""

    shots: int = 0
    votes: int = 1
    ahead: int = 2
    temperature: float = 0.7  # of votes; a single answer is always the likeliest one
    repair: bool = True
    choices: bool = False  # hold the answer to those seen in training, where the server can
    max_tokens: int = 512
    parallel: int = 8


class Shot(Frozen):
    """One example: an input as a learner sees it, and its answer."""

    text: str
    answer: Message


@dataclass(frozen=True)
class PromptedStudent:
    """Asks `server`. `known` are the answers of training, when the task has few; else None."""

    server: Server
    how: Prompting
    mask: PayloadMask | None
    shots: tuple[Shot, ...]
    known: tuple[str, ...] | None
    weights: Weights | None = None

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order; a server that fails is an abstention."""
        with ThreadPoolExecutor(self.how.parallel) as pool:
            return list(pool.map(self._predict, requests))

    def _predict(self, request: Request) -> Prediction:
        body = self.body(request)
        try:
            vote = ask(lambda i: self._sample(request, body, i), ahead=self.how.ahead, most=self.how.votes)
        except UpstreamError:
            return Prediction(message=None, reason="the model server failed")
        if vote.leader is None:
            return Prediction(message=None, reason="no valid answer")
        return Prediction(message=vote.leader.message, confidence=vote.confidence)

    def body(self, request: Request) -> dict[str, Any]:
        """The Chat body for a request: its own, with examples, without the caller's sampling."""
        chat = request_to_chat(request)
        body = {k: v for k, v in chat.items() if k not in NOT_FORWARDED}
        examples = self._examples(request)
        if examples:
            body["messages"] = with_examples(body["messages"], examples)
        body |= {"max_tokens": self.how.max_tokens, "logprobs": True, "temperature": 0.0}
        if self.how.choices and self.known:
            # vLLM's two spellings (before and after 0.11); other servers leave them aside.
            body |= {"guided_choice": list(self.known), "structured_outputs": {"choice": list(self.known)}}
        return body

    def _sample(self, request: Request, body: Mapping[str, Any], number: int) -> Completion | None:
        sampled = dict(body)
        if self.how.votes > 1:
            sampled |= {"temperature": self.how.temperature, "seed": number}
        answer = self._complete(sampled)
        wrong = self.why_invalid(answer, request)
        if wrong and self.how.repair:
            said = [message_to_chat(answer.message), {"role": "user", "content": WRONG.format(wrong)}]
            # A tool call that is not followed by its result is no valid conversation: say it as text.
            said[0] = {"role": "assistant", "content": _as_text(answer.message)}
            answer = self._complete({**sampled, "messages": [*sampled["messages"], *said]})
            wrong = self.why_invalid(answer, request)
        return None if wrong else answer

    def _complete(self, body: Mapping[str, Any]) -> Completion:
        """One answer. Calls that the server left in the text, as decoders of ours write them, are read."""
        answer = self._server.complete(body)
        text = answer.message.text
        if answer.message.tool_calls or "<tool_call>" not in text:
            return answer
        read = read_answer(text)
        return answer if read is None else replace(answer, message=read)

    def why_invalid(self, answer: Completion, request: Request) -> str:
        """Why the answer could not be used as it is; empty when it could."""
        if answer.finish_reason in ("length", "content_filter"):
            return f"it ended by {answer.finish_reason}"
        if not answer.message.tool_calls and not plain_text(answer.message):
            return "it is empty"
        errors = schema_errors(answer.message, request)
        if errors:
            return errors[0]
        if self.known is not None and canonical_answer(answer.message) not in self._known_answers:
            return "it is none of the known answers"
        return ""

    def _examples(self, request: Request) -> str:
        if not self.how.shots or not self.shots:
            return ""
        seen = seen_text(request, self.mask)
        found = self._index.nearest(seen, self.how.shots)
        # The most similar one last, nearest to the question.
        told = [self.shots[i] for i in reversed(found)]
        return "\n\n".join(f"Input: {s.text}\nAnswer: {_as_text(s.answer)}" for s in told)

    @cached_property
    def _index(self) -> Neighbours:
        return Neighbours([s.text for s in self.shots])

    @cached_property
    def _server(self) -> ChatServer:
        return ChatServer(self.server)

    @cached_property
    def _known_answers(self) -> frozenset[str]:
        made = (Message(role="assistant", parts=(TextPart(content=k),)) for k in self.known or ())
        return frozenset(map(canonical_answer, made))

    def to_artifact(self) -> Artifact:
        params = {
            "server": self.server.model_dump(),
            "how": self.how.model_dump(),
            "mask": self.mask.model_dump(mode="json") if self.mask is not None else None,
            "shots": [s.model_dump(mode="json") for s in self.shots],
            "known": list(self.known) if self.known is not None else None,
            "weights": self.weights.model_dump() if self.weights is not None else None,
        }
        return Artifact("prompted", params)


def load_prompted(artifact: Artifact, encoder: Encoder | None) -> PromptedStudent:
    """The student of a 'prompted' artifact.

    Raises:
        ArtifactError: its weights are on this machine and are others than at its training, or its server says
            that it serves others.
    """
    params = artifact.params
    server = Server.model_validate(params["server"])
    weights = Weights.model_validate(params["weights"]) if params.get("weights") else None
    if weights is not None:
        require_unchanged(weights)
        require_served(weights, ChatServer(server))
    return PromptedStudent(
        server=server,
        how=Prompting.model_validate(params["how"]),
        mask=PayloadMask.model_validate(params["mask"]) if params["mask"] is not None else None,
        shots=tuple(Shot.model_validate(s) for s in params["shots"]),
        known=tuple(params["known"]) if params["known"] is not None else None,
        weights=weights,
    )


def seen_text(request: Request, mask: PayloadMask | None) -> str:
    """What of a request is compared with examples and shown as one: its payload, cut to a length."""
    return view(request, mask).payload[:SHOT_CHARS]


def with_examples(messages: list[dict[str, Any]], examples: str) -> list[dict[str, Any]]:
    """The messages with the examples at the end of the first system message, or in one of their own."""
    told = f"{EXAMPLES}\n\n{examples}"
    first = messages[0] if messages else {}
    if first.get("role") in ("system", "developer") and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{told}"}, *messages[1:]]
    return [{"role": "system", "content": told}, *messages]


def _as_text(message: Message) -> str:
    calls = [f"{c.name}({c.arguments})" for c in message.tool_calls]
    return "\n".join([t for t in (plain_text(message), *calls) if t])
