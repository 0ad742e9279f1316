"""One pass over the log: calls, sessions, tokens, cost, models and the span in time, in all and by task."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from rightsizer.economics.tokens import Cost
from rightsizer.types import Call

ENOUGH_TIMES = 0.8  # share of calls with a timestamp below which the log's span says nothing


@dataclass
class Spend:
    """Sums over some calls. `low_usd`…`high_usd` is what they may have cost; unpriced calls are in none."""

    calls: int = 0
    priced_calls: int = 0
    estimated_calls: int = 0
    input_tokens: float = 0.0
    cached_input_tokens: float = 0.0
    output_tokens: float = 0.0
    usd: float = 0.0
    low_usd: float = 0.0
    high_usd: float = 0.0
    largest_input: float = 0.0
    calls_with_tools: int = 0
    timed_calls: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    models: dict[str, tuple[int, float | None]] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set, repr=False)

    def add(self, call: Call, cost: Cost) -> None:
        self.calls += 1
        self.sessions.add(call.session_id)
        self.input_tokens += cost.tokens.input_tokens
        self.cached_input_tokens += cost.tokens.cached_input_tokens
        self.output_tokens += cost.tokens.output_tokens
        self.largest_input = max(self.largest_input, cost.tokens.input_tokens)
        self.calls_with_tools += bool(call.request.tools)
        self.estimated_calls += cost.tokens.estimated
        if cost.usd is not None:
            self.priced_calls += 1
            self.usd += cost.usd
            self.low_usd += cost.low
            self.high_usd += cost.high
        self._count_model(call.model or "(no model named)", cost.usd)
        self._count_time(call.timestamp)

    def _count_model(self, model: str, usd: float | None) -> None:
        calls, total = self.models.get(model, (0, None))
        self.models[model] = (calls + 1, total if usd is None else (total or 0.0) + usd)

    def _count_time(self, at: datetime | None) -> None:
        if at is None:
            return
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        self.timed_calls += 1
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        self.last_at = at if self.last_at is None else max(self.last_at, at)

    @property
    def span_days(self) -> float | None:
        """Days from the first to the last call; None where too few calls carry a time."""
        if self.first_at is None or self.last_at is None or self.timed_calls < ENOUGH_TIMES * self.calls:
            return None
        return (self.last_at - self.first_at).total_seconds() / 86_400

    @property
    def unpriced_models(self) -> dict[str, int]:
        """Models without a known price → calls."""
        return {m: n for m, (n, usd) in sorted(self.models.items()) if usd is None}


@dataclass
class Totals:
    """The whole log, and each task where the caller says which task a call belongs to."""

    all: Spend = field(default_factory=Spend)
    tasks: dict[str, Spend] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)  # model as logged → how its price was found

    @classmethod
    def empty(cls) -> Totals:
        return cls()

    def add(self, call: Call, cost: Cost, task_id: str | None = None) -> None:
        """Count one call. `task_id` None: it belongs to no task, or nobody says."""
        self.all.add(call, cost)
        if task_id is not None:
            self.tasks.setdefault(task_id, Spend()).add(call, cost)
        if cost.price is not None and cost.price.note:
            self.notes[call.model] = cost.price.note
