"""What models cost: a shipped table of token prices with date and source, and how a name finds its row.

    table = load_prices()                        # shipped table, overlaid by the user's own file
    price_of("openai/gpt-4o-2024-11-20", table)  # Price, or None: an unknown price is never 0

Prices are US dollars per million tokens. They are list prices: discounts, batch and priority tiers,
long-context surcharges and taxes are not in them. `docs/reference/prices.md` has the file's format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from rightsizer.economics.model_names import ModelName, parse_model_name
from rightsizer.errors import ConfigError
from rightsizer.types import Frozen

Match = Literal["exact", "version", "approximate"]
SMALLEST_B, SMALL_B = 7.0, 32.0  # billion parameters: what counts as a usable small hosted model
MIN_CONTEXT = 8_000  # tokens: below this a model is not worth comparing with
# A name that differs from a row's by one of these is another model at another price, never "about the same".
_SIZES = frozenset(
    {
        *(
            "mini",
            "nano",
            "lite",
            "pro",
            "max",
            "micro",
            "small",
            "medium",
            "large",
            "tiny",
            "flash",
            "turbo",
            "ultra",
        ),
        *(
            "high",
            "low",
            "premier",
            "audio",
            "realtime",
            "image",
            "search",
            "deep",
            "embedding",
            "vision",
            "ocr",
        ),
        *("opus", "sonnet", "haiku", "luna", "terra", "sol", "astra", "codex", "oss", "guard"),
    }
)


class PriceRow(Frozen):
    """One line of the table: what a provider asks for a model, where that was read and when."""

    model: str
    provider: str
    input: float = Field(ge=0, description="USD per million input tokens")
    cached_input: float | None = Field(default=None, ge=0, description="USD per million cached input tokens")
    output: float = Field(ge=0, description="USD per million output tokens")
    context: int | None = Field(default=None, description="tokens of input the model takes")
    tools: bool = False
    reasons: bool = Field(default=False, description="always thinks before it answers (more output tokens)")
    embeds: bool = Field(default=False, description="gives vectors: what comes out costs nothing")
    params_b: float | None = Field(default=None, description="billion parameters, where the name says")
    retired: bool = Field(default=False, description="no longer offered: last known price")
    as_of: str = Field(description="ISO date or month of the price")
    source: str = Field(description="key into the table's sources")

    def usd(self, input_tokens: float, output_tokens: float, cached_tokens: float = 0.0) -> float:
        """Cost in USD; cached tokens are part of the input tokens."""
        cached_rate = self.input if self.cached_input is None else self.cached_input
        fresh = max(0.0, input_tokens - cached_tokens)
        return (fresh * self.input + cached_tokens * cached_rate + output_tokens * self.output) / 1e6


class Price(Frozen):
    """A row that a name was matched with, how well it matched, and what other hosts ask."""

    asked: str
    row: PriceRow
    match: Match
    low: PriceRow | None = Field(default=None, description="cheapest host, where the log does not say which")
    high: PriceRow | None = Field(default=None, description="dearest host, where the log does not say which")

    @property
    def note(self) -> str:
        """How the name was read; empty when it matched exactly and one provider serves it."""
        if self.low is not None and self.high is not None and self.low != self.high:
            return f"{self.asked}: priced as {self.row.model} at {self.row.provider} (middle of its hosts)"
        if self.match == "exact":
            return ""
        word = "priced as" if self.match == "version" else "name not in the table, priced as"
        return f"{self.asked}: {word} {self.row.model}"


class PriceTable:
    """Rows indexed by normalised name. `sources` maps a row's source key to words about it."""

    def __init__(self, rows: Iterable[PriceRow], sources: dict[str, str], as_of: str) -> None:
        self.rows = tuple(rows)
        self.sources = dict(sources)
        self.as_of = as_of
        self._memo: dict[str, Price | None] = {}

    @cached_property
    def _exact(self) -> dict[str, list[PriceRow]]:
        return _index(self.rows, lambda name: name.key)

    @cached_property
    def _undated(self) -> dict[str, list[PriceRow]]:
        return _index(self.rows, lambda name: name.undated)

    def find(self, name: str) -> Price | None:
        """The price of a model as a log names it; None when nothing in the table is that model."""
        if name not in self._memo:
            self._memo[name] = self._find(name)
        return self._memo[name]

    def _find(self, name: str) -> Price | None:
        parsed = parse_model_name(name)
        if not parsed.key:
            return None
        if hit := self._exact.get(parsed.key):
            return _choose(name, parsed, hit, "exact")
        if hit := self._undated.get(parsed.undated):
            return _choose(name, parsed, hit, "version")
        near = self._nearest(parsed.undated)
        if near is None and parsed.fine_tuned:
            near = self._undated.get(parsed.undated.removeprefix("ft:"))
        return None if near is None else _choose(name, parsed, near, "approximate")

    def _nearest(self, key: str) -> list[PriceRow] | None:
        """Rows for the longest beginning of the key that leaves off no size or tier."""
        parts = key.split("-")
        for end in range(len(parts) - 1, 1, -1):
            dropped = parts[end]
            if dropped in _SIZES or any(c.isdigit() for c in dropped):
                return None
            if hit := self._undated.get("-".join(parts[:end])):
                return hit
        return None


def _index(rows: Iterable[PriceRow], key: Any) -> dict[str, list[PriceRow]]:
    index: dict[str, list[PriceRow]] = {}
    for row in rows:
        index.setdefault(key(parse_model_name(row.model)), []).append(row)
    return index


def _choose(asked: str, name: ModelName, rows: list[PriceRow], match: Match) -> Price:
    """Among rows of one model: the named provider's, else its maker's, else the middle host's."""
    offered = [r for r in rows if not r.retired] or rows
    named = [r for r in offered if r.provider == name.provider]
    pool = sorted(named or offered, key=lambda r: (r.input + r.output, r.model, r.provider))
    makers = [r for r in pool if r.provider not in HOSTS]
    if makers:
        pool = sorted(makers, key=lambda r: (len(r.model), r.model))[:1]
    if len(pool) == 1:
        return Price(asked=asked, row=pool[0], match=match)
    return Price(asked=asked, row=pool[len(pool) // 2], match=match, low=pool[0], high=pool[-1])


HOSTS = frozenset(
    {"groq", "together_ai", "fireworks_ai", "deepinfra", "novita", "cerebras", "sambanova", "nebius"}
)


def price_of(model: str, table: PriceTable) -> Price | None:
    """The price of `model` as a log names it, or None: an unknown price is said, never taken as 0."""
    return table.find(model)


def cheapest(
    table: PriceTable,
    *,
    input_tokens: float,
    output_tokens: float,
    context_tokens: int = 0,
    tools: bool = False,
    kind: Literal["llm", "small"] = "llm",
) -> PriceRow | None:
    """The cheapest model on offer, untrained, that could take such requests at all.

    `llm` looks at large models sold by their makers, `small` at hosted open models of 7 to 32 billion
    parameters. Models that always think before answering are left out: their output cannot be
    foreseen. Nobody has measured here whether the model answers well.

    Args:
        input_tokens: mean tokens of a request; `output_tokens` of an answer.
        context_tokens: the largest request it must take.
        tools: whether requests carry tools.
    """
    fits = [
        row
        for row in table.rows
        if not row.retired
        and not row.reasons
        and not row.embeds
        and (row.input > 0 and row.output > 0)
        and (row.tools or not tools)
        and (row.context or 0) >= max(context_tokens, MIN_CONTEXT)
        and _is_kind(row, kind)
    ]
    return min(fits, key=lambda r: (r.usd(input_tokens, output_tokens), r.model, r.provider), default=None)


def _is_kind(row: PriceRow, kind: str) -> bool:
    if kind == "small":
        return row.params_b is not None and SMALLEST_B <= row.params_b <= SMALL_B
    return (
        row.provider not in HOSTS
        and (row.params_b is None or row.params_b > SMALL_B)
        and not row.model.startswith("ft:")
    )


def load_prices(path: Path | None = None) -> PriceTable:
    """The shipped table; rows of the user's file (same format) replace or join it.

    Raises:
        ConfigError: the file cannot be read or a row is wrong (says which).
    """
    text = (resources.files("rightsizer.economics") / "prices.json").read_text(encoding="utf-8")
    shipped = _parse(json.loads(text), "the shipped table")
    if path is None:
        return shipped
    try:
        own = _parse(json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"price table {path}: {error}", hint="see docs/reference/prices.md for the format"
        ) from error
    replaced = {parse_model_name(r.model).key for r in own.rows}
    kept = [r for r in shipped.rows if parse_model_name(r.model).key not in replaced]
    return PriceTable([*own.rows, *kept], shipped.sources | own.sources, shipped.as_of)


def _parse(data: Any, where: str) -> PriceTable:
    if not isinstance(data, dict) or not isinstance(data.get("models"), list):
        raise ConfigError(
            f"price table {where}: expected an object with a list 'models'",
            hint="see docs/reference/prices.md for the format",
        )
    as_of = str(data.get("as_of", ""))
    rows = []
    for i, raw in enumerate(data["models"]):
        try:
            defaults = {"provider": "yours", "as_of": as_of or "unknown", "source": "yours"}
            rows.append(PriceRow.model_validate(defaults | raw if isinstance(raw, dict) else raw))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(x) for x in first["loc"])
            raise ConfigError(
                f"price table {where}, row {i + 1}: {field}: {first['msg']}",
                hint="a row needs at least model, input and output (USD per million tokens)",
            ) from error
    return PriceTable(rows, {str(k): str(v) for k, v in dict(data.get("sources", {})).items()}, as_of)
