"""Which models of the catalogue to try on a task: hard filters first, then agentic benchmarks only.

General benchmarks say little about an agent's narrow steps (arXiv 2506.02153, §5), so they do not rank. A
figure counts when the benchmark itself or somebody else than the maker reports it; makers' own are shown,
not ranked. Models without such a figure come after all that have one, the smaller first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from rightsizer.candidates.catalog import BaseModelCard
from rightsizer.candidates.devices import Device
from rightsizer.candidates.fit import Fit, fits
from rightsizer.types import OutputKind

Use = Literal["commercial", "research"]
# What ranks a model for each kind of answer: one call among given tools, or the whole of an agent's work.
SINGLE_TURN = ("non_live_ast", "live", "irrelevance")
BENCHMARK = "bfcl-v4"
TRUSTED = ("official", "independent", "measured")


@dataclass(frozen=True, slots=True)
class Need:
    """What a task asks of a model. Lengths are those that 99.9 % of its calls keep within."""

    output: OutputKind
    prompt_tokens: int
    answer_tokens: int
    languages: tuple[str, ...] = ("en",)
    use: Use = "commercial"
    shared_tokens: int = 0  # of the prompt, the beginning that all calls share: servers keep it computed


@dataclass(frozen=True, slots=True)
class Ranked:
    """One model for one need; `reason` says why it is refused, empty when it is not."""

    model: BaseModelCard
    fit: Fit | None
    score: float | None
    reason: str = ""
    caution: str = ""

    @property
    def accepted(self) -> bool:
        return not self.reason


def rank(
    models: Sequence[BaseModelCard],
    need: Need,
    device: Device,
    *,
    quantization: str = "q4_k_m",
    batch: int = 1,
) -> list[Ranked]:
    """The accepted models, best first, then the refused ones by name; every refusal with its reason.

    Raises:
        InputError: an unknown quantisation.
    """
    judged = [_judge(model, need, device, quantization, batch) for model in models]
    return sorted(judged, key=_order)


def agentic_score(model: BaseModelCard, output: OutputKind) -> float | None:
    """Points of 100 on what resembles the task; None where nobody but the maker has measured it.

    One tool call, a label or fields: the mean of BFCL v4's single-turn parts and of its restraint
    (`irrelevance`). Free text, where the agent's whole work counts: BFCL v4's overall score.
    """
    wanted = ("overall",) if output == "text" else SINGLE_TURN
    found = {
        s.metric: s.value for s in model.scores if s.benchmark == BENCHMARK and s.by in TRUSTED
    }  # a later figure of the same metric replaces an earlier one
    return fmean(found[m] for m in wanted) if all(m in found for m in wanted) else None


def _judge(model: BaseModelCard, need: Need, device: Device, quantization: str, batch: int) -> Ranked:
    reason = _pattern(model) or _licence(model, need.use) or _context(model, need) or _language(model, need)
    reason = reason or (_tools(model) if need.output == "tool_call" else "")
    fit = None
    if not reason:
        fit = fits(
            model,
            device,
            prompt_tokens=need.prompt_tokens,
            answer_tokens=need.answer_tokens,
            shared_tokens=need.shared_tokens,
            batch=batch,
            quantization=quantization,
        )
        reason = fit.reason
    return Ranked(model, fit, agentic_score(model, need.output), reason, _caution(model, need))


def _order(ranked: Ranked) -> tuple[bool, bool, float, float, str]:
    score = ranked.score
    return (
        not ranked.accepted,
        score is None,
        -(score or 0.0),
        ranked.model.parameters_b,
        ranked.model.id.lower(),
    )


def _pattern(model: BaseModelCard) -> str:
    return f"no public weights; the idea is used instead: {model.pattern}" if model.pattern else ""


def _licence(model: BaseModelCard, use: Use) -> str:
    if use == "research" or model.commercial_use in ("yes", "conditions"):
        return ""
    if model.commercial_use == "no":
        return f"licence {model.licence} forbids commercial use"
    return f"licence {model.licence}: nobody checked that it allows commercial use"


def _context(model: BaseModelCard, need: Need) -> str:
    wanted = need.prompt_tokens + need.answer_tokens
    if model.context_tokens is not None and model.context_tokens < wanted:
        return f"context {model.context_tokens:,} tokens; the task needs {wanted:,}"
    return ""


def _language(model: BaseModelCard, need: Need) -> str:
    if not model.languages or "many" in model.languages:
        return ""
    missing = [language for language in need.languages if language not in model.languages]
    return f"not made for {', '.join(missing)}; it states {', '.join(model.languages)}" if missing else ""


def _tools(model: BaseModelCard) -> str:
    scored = any(s.benchmark.startswith(("bfcl", "tau")) for s in model.scores)
    return "" if scored or model.tool_parser else "no tool calling: no parser, no published tool score"


def _caution(model: BaseModelCard, need: Need) -> str:
    told = []
    if model.commercial_use == "conditions" and need.use == "commercial":
        told.append(f"licence {model.licence} has conditions: read it")
    elif not model.licence_verified and need.use == "commercial":
        told.append(f"licence {model.licence} not verified")
    if model.context_tokens is None:
        told.append("context length not checked")
    if not model.languages and need.languages != ("en",):
        told.append("languages not stated")
    return "; ".join(told)
