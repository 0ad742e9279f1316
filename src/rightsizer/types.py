"""READ FIRST: the data of rightsizer, in the order of its way through the loop.

    Call ─► SetAside? ─► Task ─► Dataset(Example) ─► Candidate ─► Student(Prediction)
         ─► Score ─► Evaluation(Verdict) ─► Certificate ─► Release ─► Route

One frozen type per concept is the Python object, the JSON and the stored row. Names follow the
OpenTelemetry GenAI conventions (Message, Part, Usage) and Hugging Face (Dataset, splits). Nothing
here imports anything of ours; other people's JSON is turned into these types in `wire/`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field


def new_id(prefix: str) -> str:
    """A time-ordered id, ``<prefix>_<UUIDv7>`` (RFC 9562 §5.7): sorting ids sorts by birth."""
    ms = time.time_ns() // 1_000_000
    rand = int.from_bytes(os.urandom(10), "big")
    value = (ms & (2**48 - 1)) << 80 | 0x7 << 76 | (rand >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | (rand & (2**62 - 1))
    text = f"{value:032x}"
    return f"{prefix}_{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Frozen(BaseModel):
    """Immutable value; unknown fields are an error, so a typo cannot pass silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ── The call ────────────────────────────────────────────────────────────────────────────────


class TextPart(Frozen):
    """Plain text."""

    type: Literal["text"] = "text"
    content: str


class ToolCallPart(Frozen):
    """The model asks for a tool. `arguments` is the JSON text exactly as the model wrote it."""

    type: Literal["tool_call"] = "tool_call"
    id: str | None = None
    name: str
    arguments: str = "{}"


class ToolCallResponsePart(Frozen):
    """What a tool gave back; `id` is the id of the call it answers."""

    type: Literal["tool_call_response"] = "tool_call_response"
    id: str | None = None
    response: str


class ReasoningPart(Frozen):
    """The model's own reasoning, where a provider shows it."""

    type: Literal["reasoning"] = "reasoning"
    content: str


class ImagePart(Frozen):
    """An image by URL (http or data URL)."""

    type: Literal["image"] = "image"
    url: str
    detail: str | None = None


class OtherPart(Frozen):
    """A part of a kind that has no name here (audio, file, refusal …), kept as it came."""

    type: Literal["other"] = "other"
    raw: dict[str, Any]


Part = Annotated[
    TextPart | ToolCallPart | ToolCallResponsePart | ReasoningPart | ImagePart | OtherPart,
    Field(discriminator="type"),
]


class Message(Frozen):
    """One message. `extra` keeps every field without a name here, so that export is lossless."""

    role: str
    parts: tuple[Part, ...] = ()
    name: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """All text of the message: text parts, and what a tool returned; joined by newlines."""
        if len(self.parts) == 1 and isinstance(self.parts[0], TextPart):
            return self.parts[0].content
        texts = [p.content for p in self.parts if isinstance(p, TextPart)]
        texts += [p.response for p in self.parts if isinstance(p, ToolCallResponsePart)]
        return texts[0] if len(texts) == 1 else "\n".join(texts)

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The tools the message asks for, in order."""
        return tuple(p for p in self.parts if isinstance(p, ToolCallPart))


class Request(Frozen):
    """What the model was asked. `tools` and `response_format` are OpenAI Chat JSON as it came.

    `params` holds every other field of the body (temperature, tool_choice, stream, …).
    """

    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    response_format: dict[str, Any] | None = None
    params: dict[str, Any] = Field(default_factory=dict)

    @property
    def tool_names(self) -> tuple[str, ...]:
        """Names of the offered functions, in order; tools without a name are left out."""
        names = (t.get("function", t).get("name") for t in self.tools)
        return tuple(n for n in names if isinstance(n, str))


class Usage(Frozen):
    """Tokens. `input_tokens` includes the cached ones (OTel `gen_ai.usage.*`)."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class CallError(Frozen):
    """The call failed: HTTP status where there was one, and the provider's words."""

    status: int | None = None
    message: str = ""


class Call(Frozen):
    """One request to a model and its answer: the record everything else is made from.

    `response` is None when the call failed (see `error`). `metadata` is what the caller attached
    and learners may use (e.g. ``workload_id``, ``step``, ``user_id``); `extra` is everything else
    that the log carried, kept for export and **never read by a learner**.
    """

    id: str
    session_id: str
    timestamp: datetime | None = None
    model: str = ""
    request: Request
    response: Message | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    latency_s: float | None = None
    cost_usd: float | None = None
    outcome: dict[str, Any] = Field(default_factory=dict)
    error: CallError | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    source: dict[str, Any] = Field(default_factory=dict)
    extra: dict[str, Any] = Field(default_factory=dict)


# ── S2: what is not learned from ────────────────────────────────────────────────────────────


class SetAside(Frozen):
    """A call kept out of what follows, by which stage and why. Never a deletion."""

    call_id: str
    stage: Literal["curate", "dataset", "gate"]
    reason: str = Field(description="stable slug, e.g. 'duplicate', 'truncated', 'invalid-arguments'")
    detail: str = ""


class Funnel(Frozen):
    """One run of curation: how many calls went in, how many were kept, what left them and why."""

    id: str
    at: datetime
    n_in: int
    n_kept: int
    dropped: tuple[tuple[str, int], ...] = Field(default=(), description="(reason, calls), in rule order")


# ── S3: tasks ───────────────────────────────────────────────────────────────────────────────

OutputKind = Literal["label", "fields", "tool_call", "text"]
Level = Literal["template", "step", "semantic"]


ToolRisk = Literal["read", "write"]


class TaskPolicy(Frozen):
    """What counts as agreement on a task, and how sure we must be. Changed by people, not code.

    `ignore_fields` are dotted field or argument names that do not count (free text a person has
    declared irrelevant); by default every field counts.
    """

    alpha: float | None = Field(default=None, description="tolerated mean disagreement; None = config")
    ignore_fields: tuple[str, ...] = ()
    alpha_write: float | None = Field(default=None, description="same, answers that write; None = config")
    tool_risk: dict[str, ToolRisk] = Field(default_factory=dict, description="tool → read or write")
    serve: bool = True


class Task(Frozen):
    """A recurring kind of call with one purpose.

    `signature` is the fitted state that assigns calls to it before the answer exists (opaque to
    everyone but `tasks/` and `views/`).
    """

    id: str
    name: str
    level: Level = "template"
    parent_id: str | None = None
    version: int = 1
    aliases: tuple[str, ...] = Field(default=(), description="names it had before; commands take them")
    merged_into: str | None = Field(default=None, description="id of the task that takes its calls now")
    output: OutputKind = "text"
    type: str = Field(default="", description="intent, extraction, routing, tool call, summary, code, …")
    n_calls: int = 0
    n_sessions: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    call_share: float = 0.0
    cost_share: float = 0.0
    readiness: float | None = Field(default=None, description="0..1, before any training")
    readiness_parts: dict[str, float] = Field(default_factory=dict)
    verdict: Literal["replace", "keep", "undecided"] | None = None
    reason: str = ""
    example_call_id: str | None = None
    policy: TaskPolicy = TaskPolicy()
    signature: dict[str, Any] = Field(default_factory=dict)


# ── Dataset ─────────────────────────────────────────────────────────────────────────────────

Split = Literal["train", "calibration", "test"]


class Example(Frozen):
    """One row to learn or test from: a curated request and the teacher's curated answer."""

    call_id: str
    session_id: str
    group: str = Field(description="rows with one group never straddle a split")
    split: Split
    prompt: Request
    completion: Message
    outcome: dict[str, Any] = Field(default_factory=dict)
    rejected: Message | None = Field(default=None, description="what a student in shadow answered instead")
    rejected_by: str = Field(default="", description="id of that student")


class DatasetRow(Frozen):
    """A frozen reference to an example: `digest` is SHA-256 over its curated prompt and completion."""

    call_id: str
    group: str
    split: Split
    digest: str


class Dataset(Frozen):
    """A frozen, content-hashed, session-split set of rows of one task."""

    id: str
    task_id: str
    content_hash: str
    rows: tuple[DatasetRow, ...]
    seed: int = 0
    group_key: str = "session_id"
    created_at: datetime | None = None
    dropped: dict[str, int] = Field(default_factory=dict, description="reason → rows left out")

    def count(self, split: Split) -> int:
        return sum(row.split == split for row in self.rows)


# ── S4, S5: students ────────────────────────────────────────────────────────────────────────

Rung = Literal["cache", "linear", "encoder", "decoder"]


class Candidate(Frozen):
    """A base model and a method worth trying on a task, or the reason why it is not."""

    rung: Rung
    method: str = Field(description="e.g. 'cache', 'tfidf-linear', 'minilm-linear'")
    base_model: str | None = None
    accepted: bool = True
    reason: str = ""
    params: dict[str, Any] = Field(default_factory=dict)


class Student(Frozen):
    """A trained model of one task. `artifact_hash` is SHA-256 over the files that serve."""

    id: str
    task_id: str
    dataset_id: str
    rung: Rung
    method: str
    artifact: str = Field(description="path under the home folder")
    artifact_hash: str
    size_bytes: int = 0
    train_s: float = 0.0
    recipe: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime | None = None


class Prediction(Frozen):
    """What a student would answer. `message` None = it abstains whatever the threshold.

    `confidence` in [0, 1] orders answers from doubtful to sure; it is not a probability and is
    only ever compared with the certified threshold. `reason` says why it abstained.
    """

    message: Message | None
    confidence: float = 0.0
    reason: str = ""


class Predictor(Protocol):
    """Anything that answers requests of one task: a student, or the teacher replayed."""

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order."""
        ...


# ── Evaluation, gate, certificate ───────────────────────────────────────────────────────────


class Score(Frozen):
    """One output judged against the teacher's answer. `loss` is 0 (agrees) or 1 (does not)."""

    call_id: str
    group: str
    confidence: float
    answered: bool
    loss: float
    reason: str = Field(default="", description="first difference, e.g. 'argument order_id differs'")
    write: bool = Field(default=False, description="the answer calls a tool that changes something")


Verdict = Literal["pass", "fail", "undecided"]


class Slice(Frozen):
    """Calls of one kind (tool called, label, language …) in both sealed splits; exact 95 % bounds."""

    by: str
    value: str
    calls: int
    served: int
    agreed: int
    agreement_low: float
    agreement_high: float


class Evaluation(Frozen):
    """Student against teacher on the calibration and the test split, and what follows from it.

    Rates are over calls. `agreement_low` is the one-sided lower confidence bound of the agreement
    on served calls at level 1 − `delta`; `n_sessions_*` are the effective sample sizes.
    """

    id: str
    student_id: str
    task_id: str
    dataset_id: str
    verdict: Verdict
    reason: str = ""
    threshold: float | None = None
    alpha: float
    delta: float
    min_coverage: float = 0.0
    n_calibration: int
    n_test: int
    n_sessions_calibration: int
    n_sessions_test: int
    coverage: float = 0.0
    agreement: float | None = None
    agreement_low: float | None = None
    calls_needed: int | None = Field(default=None, description="more calls needed to decide, if undecided")
    grid: tuple[dict[str, float], ...] = ()
    baselines: dict[str, float] = Field(default_factory=dict)
    alpha_write: float | None = Field(default=None, description="alpha of answers that write; None = alpha")
    threshold_write: float | None = Field(default=None, description="theirs; above 1 = never served")
    tool_risk: dict[str, ToolRisk] = Field(default_factory=dict, description="what was set, not guessed")
    slices: tuple[Slice, ...] = ()
    slice_floor: float = 0.0
    artifact_hash: str = Field(default="", description="of the student's files: how it answers")
    weights_hash: str = Field(default="", description="of the file behind its server, where it is known")
    created_at: datetime | None = None


class ProbeRecord(Frozen):
    """How a model did on a task untrained, on held-out calls of the train split: a baseline."""

    id: str
    task_id: str
    arm: str = Field(description="the model, and how it was asked")
    n_calls: int
    n_agree: int
    created_at: datetime | None = None


class DeltaBatch(Frozen):
    """One entry of the ledger of error probability: batch `number` took `delta` for its decisions.

    The ledger's sum never exceeds `total`, however many batches follow.
    """

    id: str
    number: int
    n_decisions: int
    delta: float
    delta_each: float = Field(description="delta / n_decisions: the delta of each gate decision in the batch")
    total: float
    created_at: datetime | None = None


class Certificate(Frozen):
    """The signed statement behind a release; `verify` recomputes it from `evidence_hash`'s file."""

    id: str
    task_id: str
    student_id: str
    evaluation_id: str
    artifact_hash: str
    dataset_hash: str
    alpha: float
    delta: float
    threshold: float
    statement: str
    limits: tuple[str, ...]
    evidence: str = Field(description="path under the home folder of the per-call scores")
    evidence_hash: str
    issued_at: datetime
    alpha_write: float | None = None
    threshold_write: float | None = None
    tool_risk: dict[str, ToolRisk] = Field(default_factory=dict)
    signature: str = ""
    revoked_at: datetime | None = None


# ── Release and route ───────────────────────────────────────────────────────────────────────

Mode = Literal["shadow", "canary", "live"]


class Release(Frozen):
    """The decision to use a student on a task, with its evidence; append-only history."""

    id: str
    task_id: str
    student_id: str
    certificate_id: str
    mode: Mode
    share: float = Field(description="share of the task's calls offered to the student, 0..1")
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""


class Route(Frozen):
    """What the gateway does now with calls of a task. No route = the LLM."""

    task_id: str
    student_id: str
    release_id: str
    mode: Mode
    share: float
    threshold: float
    threshold_write: float | None = Field(default=None, description="of answers that write; None = the same")
    tool_risk: dict[str, ToolRisk] = Field(default_factory=dict)
