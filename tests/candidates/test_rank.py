"""Ranking: hard filters first, each refusal explained, agentic figures of others than the maker only."""

from __future__ import annotations

from rightsizer.candidates.catalog import BaseModelCard, load_catalog
from rightsizer.candidates.devices import find_device, load_devices
from rightsizer.candidates.rank import Need, Ranked, agentic_score, rank

GPU = find_device(load_devices(), "rtx-4090-24gb")
NEED = Need("tool_call", prompt_tokens=3000, answer_tokens=200)


def ranked(need: Need = NEED) -> dict[str, Ranked]:
    return {r.model.id: r for r in rank(load_catalog(), need, GPU)}


def made(name: str, **more: object) -> BaseModelCard:
    card = {
        "id": name,
        "parameters_b": 1,
        "active_parameters_b": 1,
        "commercial_use": "yes",
        "tool_parser": "x",
    }
    return BaseModelCard.model_validate(card | more)


def score(metric: str, value: float, by: str = "official", benchmark: str = "bfcl-v4") -> dict[str, object]:
    return {
        "benchmark": benchmark,
        "metric": metric,
        "value": value,
        "by": by,
        "source": "s",
        "as_of": "2026-01-01",
    }


def single(value: float, by: str = "official") -> list[dict[str, object]]:
    return [score(m, value, by) for m in ("non_live_ast", "live", "irrelevance")]


def test_a_non_commercial_model_is_refused_for_commercial_use_only() -> None:
    name = "Salesforce/Llama-xLAM-2-8b-fc-r"
    assert "forbids commercial use" in ranked()[name].reason
    research = Need("tool_call", prompt_tokens=3000, answer_tokens=200, use="research")
    assert ranked(research)[name].accepted


def test_every_refusal_has_a_reason_and_comes_last() -> None:
    found = rank(load_catalog(), NEED, GPU)
    flags = [r.accepted for r in found]
    assert flags == sorted(flags, reverse=True)
    assert all(r.reason or r.fit is not None for r in found)
    assert len(found) == len(load_catalog())


def test_context_language_tools_and_patterns() -> None:
    assert "context 2,048" in ranked()["microsoft/phi-2"].reason
    chinese = ranked(Need("label", prompt_tokens=300, answer_tokens=10, languages=("zh",)))
    assert "not made for zh" in chinese["microsoft/phi-2"].reason
    assert chinese["Qwen/Qwen3-0.6B"].accepted
    assert "no tool calling" in ranked()["HuggingFaceTB/SmolLM2-135M-Instruct"].reason
    assert "retrieved examples" in ranked()["RETRO-7.5B"].reason


def test_a_makers_own_figure_does_not_rank() -> None:
    boast = made("boast", scores=single(99, "maker"))
    plain = made("plain", scores=single(50))
    assert agentic_score(boast, "tool_call") is None
    assert [r.model.id for r in rank([boast, plain], NEED, GPU)] == ["plain", "boast"]


def test_general_benchmarks_do_not_rank() -> None:
    clever = made("clever", scores=[score("overall", 95, benchmark="mmlu")])
    assert agentic_score(clever, "tool_call") is None
    assert agentic_score(clever, "text") is None


def test_without_figures_the_smaller_goes_first() -> None:
    large, small = made("a-large", parameters_b=3, active_parameters_b=3), made("z-small")
    assert [r.model.id for r in rank([large, small], NEED, GPU)] == ["z-small", "a-large"]


def test_conditions_are_a_caution_not_a_refusal() -> None:
    found = rank([made("m", commercial_use="conditions", licence="gemma-terms")], NEED, GPU)[0]
    assert found.accepted
    assert "read it" in found.caution
    assert "context" in found.caution
