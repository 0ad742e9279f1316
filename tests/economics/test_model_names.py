"""Names as logs write them reach one normal form; sizes and tiers are never touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.economics.model_names import parse_model_name


@pytest.mark.parametrize(
    ("spellings", "undated"),
    [
        (
            ("gpt-4o", "openai/gpt-4o", "gpt-4o-2024-11-20", "azure/gpt-4o", "GPT-4o", "openai-gpt-4o"),
            "gpt-4o",
        ),
        (("gpt-35-turbo", "gpt-3.5-turbo-0125", "gpt-3.5-turbo-1106"), "gpt-3.5-turbo"),
        (
            (
                "claude-3-5-haiku-20241022",
                "claude-3.5-haiku",
                "claude-3-5-haiku@20241022",
                "us.anthropic.claude-3-5-haiku-20241022-v1:0",
                "anthropic/claude-3.5-haiku-latest",
            ),
            "claude-haiku-3-5",
        ),
        (("anthropic/claude-4.6-sonnet-20260217", "claude-sonnet-4-6"), "claude-sonnet-4-6"),
        (
            (
                "meta/llama-3.3-70b-instruct",
                "Llama-3.3-70B-Instruct-Turbo",
                "groq/llama-3.3-70b-versatile",
                "accounts/fireworks/models/llama-v3p3-70b-instruct",
                "us.meta.llama3-3-70b-instruct-v1:0",
            ),
            "llama-3.3-70b",
        ),
        (("meta-llama/Meta-Llama-3.1-8B-Instruct", "llama3.1:8b", "cerebras/llama3.1-8b"), "llama-3.1-8b"),
        (("Qwen/Qwen2.5-7B-Instruct", "qwen2p5-7b-instruct", "qwen-2.5-7b-instruct"), "qwen-2.5-7b"),
        (("gemini-2.0-flash-001", "models/gemini-2.0-flash", "google/gemini-2.0-flash"), "gemini-2.0-flash"),
        (("ft:gpt-4.1-2025-04-14:acme:suffix:id",), "ft:gpt-4.1"),
    ],
)
def test_spellings_of_one_model_meet(spellings: tuple[str, ...], undated: str) -> None:
    assert {parse_model_name(s).undated for s in spellings} == {undated}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4", "gpt-4-turbo"),
        ("llama-3.1-8b", "llama-3.1-70b"),
        ("ft:gpt-4o", "gpt-4o"),
        ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ("claude-3-opus", "claude-3-sonnet"),
        ("qwen3-4b", "qwen3-14b"),
    ],
)
def test_models_at_different_prices_stay_apart(one: str, other: str) -> None:
    assert parse_model_name(one).undated != parse_model_name(other).undated


def test_date_is_kept_in_the_key() -> None:
    assert parse_model_name("gpt-4o-2024-05-13").key != parse_model_name("gpt-4o-2024-11-20").key


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("groq/llama-3.3-70b-versatile", "groq"),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct", "fireworks_ai"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic"),
        ("gpt-4o", None),
    ],
)
def test_provider_comes_from_the_path(name: str, provider: str | None) -> None:
    assert parse_model_name(name).provider == provider


@given(st.text(max_size=60))
def test_no_name_breaks_it(name: str) -> None:
    parsed = parse_model_name(name)
    assert parsed.undated == parse_model_name(name).undated
    assert len(parsed.undated) <= len(parsed.key)
