"""Figures as words for people: money, counts, shares, spans. One style for the terminal and the page."""

from __future__ import annotations

from math import floor, log10

from rightsizer.economics.savings import Range


def money(usd: float) -> str:
    """Dollars with about three significant digits: $0.0012, $1.23, $480, $12.3k, $4.56M."""
    sign = "−" if usd < 0 else ""
    value = abs(usd)
    if value == 0:
        return "$0"
    if value < 1:
        digits = min(8, max(2, 1 - floor(log10(value))))
        return f"{sign}${value:.{digits}f}"
    if value < 99.995:
        return f"{sign}${value:.2f}"
    if value < 9_999.5:
        return f"{sign}${value:,.0f}"
    if value < 999_950:
        return f"{sign}${value / 1e3:.1f}k"
    return f"{sign}${value / 1e6:.2f}M"


def money_range(usd: Range) -> str:
    """``$780 – $850``; one figure where both edges read the same."""
    low, high = money(usd.low), money(usd.high)
    return low if low == high else f"{low} – {high}"


def count(n: float) -> str:
    """A count: 950, 12,400, 1.2M, 3.4B."""
    if n < 1e6:
        return f"{n:,.0f}"
    return f"{n / 1e6:.1f}M" if n < 1e9 else f"{n / 1e9:.1f}B"


def share(value: float) -> str:
    """A share as a percentage: ``<1 %``, ``4 %``, ``100 %`` only when it is all."""
    if value <= 0:
        return "0 %"
    if value < 0.01:
        return "<1 %"
    return "100 %" if value >= 1 else f"{min(99, round(value * 100))} %"


def percent(value: float) -> str:
    """A share as a percentage that never rounds up to a promise: 0.9996 is 99.9 %, not 100 %."""
    tenths = floor(value * 1000 + 1e-9)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


def size(n_bytes: int) -> str:
    """Bytes for people, decimal units."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes} B"


def days(span: float) -> str:
    """A span in days, or in hours and minutes below one."""
    if span >= 1:
        return f"{span:,.0f} days" if span >= 10 else f"{span:.1f} days"
    hours = span * 24
    return f"{hours:.1f} hours" if hours >= 1 else f"{max(1, round(hours * 60))} minutes"


def short(text: str, width: int) -> str:
    """The text, cut at `width` characters with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


# What is reached without a student (`Evaluation.baselines`), as read in a sentence.
BASELINES = {
    "majority": "always the commonest answer",
    "cache": "exact repeats",
    "rules": "a list of words",
    "untrained": "the best model probed untrained",
    "self_agreement": "the LLM with itself",
}
VERDICT_WORDS = {"replace": "Replace", "keep": "Keep", "undecided": "Not enough evidence"}
REASON_WORDS = {
    "error": "failed or unanswered",
    "embedding": "embeddings, no words",
    "truncated": "cut off",
    "invalid-arguments": "invalid tool arguments",
    "unknown-tool": "unknown tool",
    "orphan-tool-result": "tool result without its call",
    "invalid-json": "invalid JSON",
    "refusal": "refused",
    "identical-loop": "stuck in a loop",
    "duplicate": "exact repeat",
}


def reason_words(slug: str) -> str:
    """A curation reason in words; a slug without words has its hyphens taken out."""
    return REASON_WORDS.get(slug, slug.replace("-", " "))
