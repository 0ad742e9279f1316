"""The shipped price table, how names find their row, the user's own table, and the cheapest alternative."""

import json
import re
from pathlib import Path

import pytest

from rightsizer.economics.model_names import parse_model_name
from rightsizer.economics.prices import PriceRow, PriceTable, cheapest, load_prices, price_of
from rightsizer.errors import ConfigError

TABLE = load_prices()


def row(model: str, input_: float, output: float, **more: object) -> PriceRow:
    base = {"provider": "openai", "as_of": "2026-11", "source": "s", "context": 128_000, "tools": True}
    return PriceRow.model_validate(base | {"model": model, "input": input_, "output": output} | more)


def table(*rows: PriceRow) -> PriceTable:
    return PriceTable(rows, {"s": "test"}, "2026-11")


def test_every_shipped_row_has_a_price_a_date_and_a_known_source() -> None:
    assert len(TABLE.rows) > 300
    for r in TABLE.rows:
        assert r.input > 0, r
        assert r.output == 0 if r.embeds else r.output > 0, r
        assert r.input < 1 or not r.embeds, r
        assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", r.as_of), r
        assert r.source in TABLE.sources, r
        assert r.cached_input is None or r.cached_input <= r.input, r


def test_no_model_is_listed_twice_for_one_provider() -> None:
    keys = [(parse_model_name(r.model).key, r.provider) for r in TABLE.rows]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("name", "model", "match"),
    [
        ("gpt-4o", "gpt-4o", "exact"),
        ("openai/gpt-4o", "gpt-4o", "exact"),
        ("gpt-4o-2024-11-20", "gpt-4o", "version"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13", "exact"),
        ("ft:gpt-4.1-2025-04-14:acme::x", "ft:gpt-4.1-2025-04-14", "exact"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", "version"),
        ("gpt-4o-foo", "gpt-4o", "approximate"),
    ],
)
def test_a_name_finds_its_row_and_says_how(name: str, model: str, match: str) -> None:
    price = price_of(name, TABLE)
    assert price is not None
    assert (price.row.model, price.match) == (model, match)
    assert price.note == "" if match == "exact" else model in price.note


@pytest.mark.parametrize(
    "name",
    ["", "unspecified", "openai-gpt (unspecified)", "in-house-7", "gpt-9", "gpt-4o-nano", "llama-3.1-9b"],
)
def test_an_unknown_model_has_no_price_rather_than_zero_or_a_wrong_one(name: str) -> None:
    assert price_of(name, TABLE) is None


def test_an_older_dated_price_is_not_replaced_by_todays() -> None:
    old, new = price_of("gpt-4o-2024-05-13", TABLE), price_of("gpt-4o", TABLE)
    assert old is not None
    assert new is not None
    assert old.row.input > new.row.input


def test_a_size_word_is_never_left_off_to_force_a_match() -> None:
    only_base = table(row("gpt-4o", 2.5, 10))
    assert price_of("gpt-4o-mini", only_base) is None
    assert price_of("gpt-4o-2b", only_base) is None
    approximate = price_of("gpt-4o-eu", only_base)
    assert approximate is not None
    assert approximate.match == "approximate"


def test_open_weights_without_a_host_carry_the_range_of_hosts() -> None:
    price = price_of("meta/llama-3.3-70b-instruct", TABLE)
    assert price is not None
    assert price.low is not None
    assert price.high is not None
    assert price.low.usd(1000, 100) < price.row.usd(1000, 100) <= price.high.usd(1000, 100)
    named = price_of("accounts/fireworks/models/llama-v3p3-70b-instruct", TABLE)
    assert named is not None
    assert named.row.provider == "fireworks_ai"


def test_a_fine_tune_without_its_own_price_is_said_to_be_approximate() -> None:
    price = price_of("ft:gpt-4o:acme", table(row("gpt-4o", 2.5, 10)))
    assert price is not None
    assert price.match == "approximate"
    assert "gpt-4o" in price.note


def test_usd_counts_cached_tokens_once_at_their_own_rate() -> None:
    r = row("m", 2.0, 8.0, cached_input=0.5)
    assert r.usd(1_000_000, 0) == pytest.approx(2.0)
    assert r.usd(1_000_000, 500_000, cached_tokens=400_000) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.5 * 8)
    assert row("m", 2.0, 8.0).usd(1_000_000, 0, cached_tokens=400_000) == pytest.approx(2.0)


def test_own_file_replaces_a_price_and_adds_a_model(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    own = {
        "as_of": "2026-10",
        "models": [
            {"model": "gpt-4o", "input": 1.0, "output": 3.0},
            {"model": "in-house-7", "input": 0.2, "output": 0.2},
        ],
    }
    file.write_text(json.dumps(own))
    mine = load_prices(file)
    replaced, added, kept = (price_of(n, mine) for n in ("openai/gpt-4o", "in-house-7", "gpt-4.1"))
    assert replaced is not None
    assert added is not None
    assert kept is not None
    assert (replaced.row.input, replaced.row.as_of, added.row.output) == (1.0, "2026-10", 0.2)
    assert kept.row.source != "yours"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "prices.json"),
        ("[]", "models"),
        ('{"models": [{"model": "x", "input": 1}]}', "row 1: output"),
        ('{"models": [{"model": "x", "input": -1, "output": 2}]}', "row 1: input"),
        ('{"models": [{"model": "x", "input": 1, "output": 2, "inptu": 3}]}', "inptu"),
    ],
)
def test_a_wrong_own_file_says_what_and_where(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "prices.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        load_prices(file)
    assert caught.value.hint


def test_a_missing_own_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json"):
        load_prices(tmp_path / "none.json")


CHEAP = table(
    row("dear", 2, 8),
    row("retired", 0.01, 0.01, retired=True),
    row("thinks", 0.02, 0.02, reasons=True),
    row("no-tools", 0.05, 0.05, tools=False),
    row("tiny-window", 0.01, 0.01, context=4_000),
    row("narrow", 0.1, 0.1, context=16_000),
    row("wide", 0.2, 0.4),
    row("small-8b", 0.03, 0.03, params_b=8, provider="deepinfra"),
    row("toy-1b", 0.001, 0.001, params_b=1, provider="deepinfra"),
)


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({}, "no-tools"),
        ({"tools": True}, "narrow"),
        ({"tools": True, "context_tokens": 20_000}, "wide"),
        ({"kind": "small"}, "small-8b"),
    ],
)
def test_cheapest_is_the_cheapest_that_could_take_the_calls(needs: dict[str, object], expected: str) -> None:
    found = cheapest(CHEAP, input_tokens=1000, output_tokens=100, **needs)  # type: ignore[arg-type]
    assert found is not None
    assert found.model == expected


def test_cheapest_says_none_when_nothing_fits() -> None:
    assert cheapest(CHEAP, input_tokens=1, output_tokens=1, context_tokens=10**9) is None


def test_cheapest_depends_on_the_mix_of_tokens() -> None:
    mix = table(row("reads", 0.1, 9.0), row("writes", 1.0, 1.0))
    reading = cheapest(mix, input_tokens=10_000, output_tokens=10)
    writing = cheapest(mix, input_tokens=100, output_tokens=1000)
    assert reading is not None
    assert writing is not None
    assert (reading.model, writing.model) == ("reads", "writes")


def test_the_shipped_table_has_both_kinds_of_alternative() -> None:
    llm = cheapest(TABLE, input_tokens=2000, output_tokens=100, context_tokens=30_000, tools=True)
    small = cheapest(
        TABLE, input_tokens=2000, output_tokens=100, context_tokens=30_000, tools=True, kind="small"
    )
    incumbent = price_of("gpt-4o", TABLE)
    assert llm is not None
    assert small is not None
    assert incumbent is not None
    assert llm.usd(2000, 100) < incumbent.row.usd(2000, 100) / 5


@pytest.mark.parametrize(
    ("name", "usd_a_million"),
    [
        ("text-embedding-3-small", 0.02),
        ("openai/text-embedding-3-large", 0.13),
        ("text-embedding-ada-002", 0.1),
        ("gemini/gemini-embedding-001", 0.15),
        ("mistral-embed", 0.1),
        ("voyage/voyage-3.5-lite", 0.02),
        ("embed-multilingual-v3.0", 0.1),
    ],
)
def test_what_embedding_models_cost(name: str, usd_a_million: float) -> None:
    price = price_of(name, TABLE)
    assert price is not None
    assert price.row.usd(1e6, 0) == pytest.approx(usd_a_million)
    assert price.row.embeds


def test_a_model_that_embeds_is_no_cheaper_way_to_answer() -> None:
    embedder = row("cheap", 0.01, 0.01, embeds=True)
    assert cheapest(table(embedder), input_tokens=1000, output_tokens=100) is None
