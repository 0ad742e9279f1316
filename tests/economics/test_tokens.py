"""Tokens and cost: what the log says wins; an estimate says so; an unknown price is None, never 0."""

from pathlib import Path
from typing import Any

import pytest

from rightsizer.economics.prices import PriceRow, PriceTable, load_prices
from rightsizer.economics.tokens import SPREAD, cost_of, count_tokens, estimate_tokens
from rightsizer.types import Call, ImagePart, Message, Request, TextPart, ToolCallPart, Usage

TABLE = load_prices()


def call(text: str = "hello there", *, model: str = "gpt-4o", answer: str = "fine", **more: Any) -> Call:
    return Call(
        id="call_1",
        session_id="s",
        model=model,
        request=Request(
            messages=(Message(role="user", parts=(TextPart(content=text),)),), tools=more.pop("tools", ())
        ),
        response=Message(role="assistant", parts=(TextPart(content=answer),)),
        **more,
    )


def test_english_and_chinese_have_their_own_rates() -> None:
    english, chinese = "The customer asks for a refund. " * 20, "客户要求退款并询问订单状态。" * 20
    assert 0.18 < estimate_tokens(english) / len(english) < 0.28
    assert 0.5 < estimate_tokens(chinese) / len(chinese) < 1.3
    mixed = estimate_tokens(english + chinese)
    assert mixed == pytest.approx(estimate_tokens(english) + estimate_tokens(chinese))


@pytest.mark.parametrize("text", ["", "é à ü", "Привет, мир", "😀😀", "\ud800", "\u2028\x00"])
def test_no_text_breaks_the_estimate(text: str) -> None:
    assert 0 <= estimate_tokens(text) <= max(1, len(text))


def test_logged_usage_wins_and_is_not_an_estimate() -> None:
    counted = count_tokens(call(usage=Usage(input_tokens=120, output_tokens=7, cached_input_tokens=100)))
    assert (counted.input_tokens, counted.output_tokens, counted.cached_input_tokens) == (120, 7, 100)
    assert not counted.estimated


def test_a_side_that_is_missing_is_estimated_and_said() -> None:
    counted = count_tokens(call(answer="word " * 50, usage=Usage(input_tokens=120)))
    assert counted.input_tokens == 120
    assert 30 < counted.output_tokens < 90
    assert counted.estimated


def test_tools_arguments_and_images_count() -> None:
    plain = count_tokens(call()).input_tokens
    tool = {"type": "function", "function": {"name": "f", "description": "x" * 400}}
    assert count_tokens(call(tools=(tool,))).input_tokens > plain + 80
    with_call = Message(role="assistant", parts=(ToolCallPart(name="f", arguments="{" + "a" * 400 + "}"),))
    assert count_tokens(call().model_copy(update={"response": with_call})).output_tokens > 80
    picture = Request(messages=(Message(role="user", parts=(ImagePart(url="https://x/y.png"),)),))
    assert count_tokens(call().model_copy(update={"request": picture})).input_tokens > 200


def test_cost_is_tokens_times_price() -> None:
    cost = cost_of(call(usage=Usage(input_tokens=1_000_000, output_tokens=100_000)), TABLE)
    assert cost.usd == pytest.approx(2.5 + 1.0)
    assert (cost.low, cost.high, cost.estimated) == (cost.usd, cost.usd, False)


def test_logged_cost_wins_over_any_table() -> None:
    cost = cost_of(call(model="in-house-7", cost_usd=0.42), TABLE)
    assert (cost.usd, cost.low, cost.high, cost.estimated) == (0.42, 0.42, 0.42, False)


def test_unknown_model_costs_none_not_zero() -> None:
    cost = cost_of(call(model="in-house-7"), TABLE)
    assert cost.usd is None
    assert cost.tokens.input_tokens > 0


def test_estimated_tokens_widen_the_range() -> None:
    cost = cost_of(call("word " * 400), TABLE)
    assert cost.usd is not None
    assert cost.estimated
    assert cost.low == pytest.approx(cost.usd * (1 - SPREAD))
    assert cost.high == pytest.approx(cost.usd * (1 + SPREAD))


def test_hidden_thinking_that_the_log_does_not_count_is_in_the_high_edge() -> None:
    def one(**more: Any) -> PriceTable:
        raw = {"model": "m-1", "provider": "p", "input": 1, "output": 10, "as_of": "2026", "source": "s"}
        return PriceTable([PriceRow.model_validate(raw | more)], {}, "")

    asked = call(model="m-1", answer="word " * 100)
    plain, thinks = cost_of(asked, one()), cost_of(asked, one(reasons=True))
    assert plain.usd == thinks.usd
    assert thinks.high > 3 * plain.high


def test_unknown_host_of_open_weights_is_a_range() -> None:
    usage = Usage(input_tokens=10_000, output_tokens=500)
    cost = cost_of(call(model="meta/llama-3.3-70b-instruct", usage=usage), TABLE)
    assert cost.usd is not None
    assert cost.low < cost.usd < cost.high
    assert cost.estimated


@pytest.mark.shared
def test_estimate_is_within_its_stated_spread_on_recorded_usage(shared_data: Path) -> None:
    """Sum over the log, which is what a report shows, against the usage that the provider billed."""
    from itertools import islice

    from rightsizer.capture.importers import read_calls

    calls = [c for c in islice(read_calls(shared_data / "calls/tau2.jsonl.zst"), 1500) if c.usage]
    blind = [count_tokens(c.model_copy(update={"usage": None})) for c in calls]
    billed_in = sum(c.usage.input_tokens or 0 for c in calls if c.usage)
    billed_out = sum(c.usage.output_tokens or 0 for c in calls if c.usage)
    assert sum(b.input_tokens for b in blind) == pytest.approx(billed_in, rel=SPREAD)
    assert sum(b.output_tokens for b in blind) == pytest.approx(billed_out, rel=SPREAD)
