"""A small model behind a server, prompted: the task's own request, examples that resemble it, checks, votes.

What helps at inference time, each switched on by itself: retrieved examples (`shots`), an output that the
server holds to the schema (the request's own ``response_format``, or `choices`), one repair after an invalid
answer, votes, tools used on the way (`tools`), and a verifier that chooses among the answers and says how
sure we are. An answer that stays invalid is not given: the LLM is asked.
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
from rightsizer.students.inner_tools import schema, use
from rightsizer.students.shots import ShotBook, as_text, book_from, with_examples
from rightsizer.students.verifier import Verifier, features, look
from rightsizer.students.votes import Vote, ask
from rightsizer.students.weights import Weights, require_served, require_unchanged
from rightsizer.types import Frozen, Message, Prediction, Request, TextPart
from rightsizer.views.answer import canonical_answer, plain_text
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
WRONG = "That answer cannot be used ({}). Answer again, in the required form only."


class Prompting(Frozen):
    """How the model is asked."""

    shots: int = 0
    votes: int = 1
    ahead: int = 2
    temperature: float = 0.7  # of votes; a single answer is always the likeliest one
    repair: bool = True
    constrain: bool = True  # let the server decode within the request's own ``response_format``
    choices: bool = False  # hold the answer to those seen in training, where the server can
    tools: tuple[str, ...] = ()  # of `inner_tools`, which the model may use before it answers
    steps: int = 4  # answers that may be calls of those, before the last
    max_tokens: int = 512
    parallel: int = 8


@dataclass(frozen=True)
class PromptedStudent:
    """Asks `server`. `known` are the answers of training, when the task has few; else None."""

    server: Server
    how: Prompting
    book: ShotBook
    known: tuple[str, ...] | None
    verifier: Verifier | None = None
    weights: Weights | None = None

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order; a server that fails is an abstention."""
        with ThreadPoolExecutor(self.how.parallel) as pool:
            return list(pool.map(self._predict, requests))

    def _predict(self, request: Request) -> Prediction:
        try:
            vote = self.vote(request)
        except UpstreamError:
            return Prediction(message=None, reason="the model server failed")
        if vote.leader is None:
            return Prediction(message=None, reason="no valid answer")
        if self.verifier is None:
            return Prediction(message=vote.leader.message, confidence=vote.confidence)
        looked = look(request, self.book)
        judged = [
            (self.verifier.score(features(looked, option.completion, option.share)), option.completion)
            for option in vote.options
        ]
        best = max(judged, key=lambda each: each[0])
        return Prediction(message=best[1].message, confidence=best[0])

    def vote(self, request: Request) -> Vote:
        """The different answers to a request, and which one leads.

        Raises:
            UpstreamError: the server failed.
        """
        body = self.body(request)
        return ask(lambda i: self._sample(request, body, i), ahead=self.how.ahead, most=self.how.votes)

    def body(self, request: Request) -> dict[str, Any]:
        """The Chat body for a request: its own, with examples, without the caller's sampling."""
        chat = request_to_chat(request)
        body = {k: v for k, v in chat.items() if k not in NOT_FORWARDED}
        body["messages"] = with_examples(body["messages"], self.book.nearest(request, self.how.shots))
        if not self.how.constrain:
            body.pop("response_format", None)
        if self.how.tools:
            body["tools"] = [*body.get("tools", ()), *map(schema, self.how.tools)]
        body |= {"max_tokens": self.how.max_tokens, "temperature": 0.0}
        body |= {"logprobs": True, "top_logprobs": 1}  # some servers send twenty of each token unasked
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
            said[0] = {"role": "assistant", "content": as_text(answer.message)}
            answer = self._complete({**sampled, "messages": [*sampled["messages"], *said]})
            wrong = self.why_invalid(answer, request)
        return None if wrong else answer

    def _complete(self, body: Mapping[str, Any]) -> Completion:
        """One answer, after as many steps with inner tools as it takes.

        Its probability is that of everything the model wrote: a wrong step makes a wrong answer.
        """
        messages = list(body["messages"])
        logprobs: tuple[float, ...] = ()
        for _ in range(self.how.steps if self.how.tools else 0):
            answer = self._once({**body, "messages": messages})
            calls = answer.message.tool_calls
            if not calls or any(c.name not in self.how.tools for c in calls):
                return replace(answer, logprobs=logprobs + answer.logprobs)
            logprobs += answer.logprobs
            messages += _used(answer.message)
        answer = self._once({**body, "messages": messages})
        return replace(answer, logprobs=logprobs + answer.logprobs)

    def _once(self, body: Mapping[str, Any]) -> Completion:
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
            **self.book.to_json(),
            "known": list(self.known) if self.known is not None else None,
            "verifier": self.verifier.model_dump() if self.verifier is not None else None,
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
        book=book_from(params),
        known=tuple(params["known"]) if params["known"] is not None else None,
        verifier=Verifier.model_validate(params["verifier"]) if params.get("verifier") else None,
        weights=weights,
    )


def _used(message: Message) -> list[dict[str, Any]]:
    """Calls of inner tools and what they answered, as the conversation goes on."""
    chat = message_to_chat(message)
    results = []
    for i, (call, said) in enumerate(zip(message.tool_calls, chat["tool_calls"], strict=True)):
        said["id"] = call.id or f"inner_{i}"
        results.append({"role": "tool", "tool_call_id": said["id"], "content": use(call)})
    return [chat, *results]
