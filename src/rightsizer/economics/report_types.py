"""The report as data: what `report --json` prints and what the terminal and the HTML page draw."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from rightsizer.economics.by_type import TypeShare
from rightsizer.economics.savings import Alternative, Basis, Range, Savings
from rightsizer.types import Frozen, Funnel, Mode, OutputKind, Rung

SLIVER = 0.02  # share of a task below which a guess of savings is not worth a figure
TaskVerdict = Literal["replace", "keep", "undecided"]


class ModelRow(Frozen):
    """One model of the log. `usd` None: no price is known."""

    model: str
    calls: int
    usd: float | None
    note: str = ""


class LogSummary(Frozen):
    """What was recorded."""

    calls: int
    sessions: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    estimated_calls: int = Field(description="calls whose tokens had to be estimated")
    unpriced_calls: int = Field(description="calls of models without a known price; in no sum of money")
    cost_usd: Range
    first_at: datetime | None = None
    last_at: datetime | None = None
    span_days: float | None = None
    models: tuple[ModelRow, ...] = ()


class GridPoint(Frozen):
    """One threshold that was examined: share of calls served, and disagreement among them."""

    coverage: float
    risk: float
    risk_high: float | None = Field(default=None, description="upper confidence bound of the risk")
    threshold: float | None = None


class Proof(Frozen):
    """What was measured on one student of the task."""

    student_id: str
    evaluation_id: str
    rung: Rung | None = None
    method: str = ""
    size_bytes: int = 0
    train_s: float = 0.0
    alpha: float
    delta: float
    threshold: float | None = None
    coverage: float = 0.0
    agreement: float | None = None
    agreement_low: float | None = None
    n_calibration: int = 0
    n_test: int = 0
    n_sessions_calibration: int = 0
    n_sessions_test: int = 0
    grid: tuple[GridPoint, ...] = ()
    baselines: dict[str, float] = Field(default_factory=dict)


class TaskRow(Frozen):
    """One task: what it is, what it costs, whether it can move and why."""

    id: str
    name: str
    type: str = ""
    output: OutputKind
    calls: int
    sessions: int
    call_share: float
    cost_share: float
    input_tokens: int
    output_tokens: int
    cost_usd: Range = Field(description="in the log")
    cost_known: bool = True
    models: tuple[str, ...] = ()
    verdict: TaskVerdict
    reason: str
    calls_needed: int | None = None
    readiness: float | None = None
    movable: Range
    basis: Basis
    savings: Savings
    alternatives: tuple[Alternative, ...] = ()
    proof: Proof | None = None
    students_tried: int = 0
    mode: Mode | None = Field(default=None, description="what the gateway does now; None = the LLM answers")
    live_share: float = 0.0
    since: datetime | None = Field(default=None, description="when that was released")

    @property
    def worth_showing(self) -> bool:
        """Whether the guess of what an undecided task may save is more than a sliver of its share."""
        return self.basis == "readiness" and self.cost_known and self.movable.high >= SLIVER


class Headline(Frozen):
    """The figures a reader takes away, in the report's unit."""

    cost: Range
    proved_saving: Range = Field(description="certified tasks only, before fixed costs")
    proved_saving_vs_cheap_llm: Range | None = None
    possible_saving: Range = Field(description="tasks without a verdict yet: from nothing to this")
    net_saving_month: Range | None = Field(
        default=None, description="after fixed costs; only with a monthly unit"
    )
    setup_usd: float = 0.0
    payback_days: float | None = None
    n_replace: int = 0
    n_keep: int = 0
    n_undecided: int = 0
    n_live: int = 0
    calls_movable: Range = Field(description="share of all calls that certified students may serve")
    calls_outside: float = Field(default=0.0, description="share of calls that belong to no task")


class Advice(Frozen):
    """One sentence that follows from the figures; `warn`: it argues against acting on them."""

    text: str
    warn: bool = False


class Report(Frozen):
    """The whole report. All money is USD; `unit` says per what (a month, or 1,000 calls)."""

    format: int = 1
    generated_at: datetime
    unit: Literal["month", "1,000 calls"]
    scale: float = Field(description="factor from sums over the log to `unit`")
    log: LogSummary
    title: str = Field(description="the finding in one sentence")
    headline: Headline
    advice: tuple[Advice, ...] = ()
    tasks: tuple[TaskRow, ...] = Field(description="dearest first")
    by_type: tuple[TypeShare, ...] = Field(
        default=(), description="what could move by kind of call, forecast or proved; the last row is all"
    )
    alternatives: tuple[Alternative, ...] = Field(
        default=(), description="the movable tasks, answered four ways"
    )
    funnel: Funnel | None = None
    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    price_notes: tuple[str, ...] = Field(
        default=(), description="how model names were priced, where not exactly"
    )
    prices_as_of: str = ""
    price_sources: dict[str, str] = Field(default_factory=dict)
