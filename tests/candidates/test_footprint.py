"""Footprints: exact where the shape is known, upward where it is not, monotone always."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rightsizer.candidates.catalog import Attention, BaseModelCard, find_model, load_catalog
from rightsizer.candidates.footprint import BITS_PER_WEIGHT, adapter_bytes, cache_bytes, footprint
from rightsizer.errors import InputError


def card(billions: float = 1.0, **more: object) -> BaseModelCard:
    return BaseModelCard.model_validate(
        {"id": "m", "parameters_b": billions, "active_parameters_b": billions, **more}
    )


def test_cache_of_a_known_shape() -> None:
    shape = Attention(layers=36, kv_heads=8, head_dim=128)
    # 2 (key, value) · 2 bytes · 36 layers · 8 heads · 128 = 147,456 bytes a token
    assert cache_bytes(card(attention=shape), 1000) == 147_456_000


def test_layers_with_a_window_stop_growing() -> None:
    shape = Attention(layers=1, kv_heads=1, head_dim=64, window_layers=5, window_tokens=512)
    short, long = cache_bytes(card(attention=shape), 512), cache_bytes(card(attention=shape), 5120)
    assert short == 2 * 2 * 6 * 512 * 64
    assert long == 2 * 2 * 64 * (5120 + 5 * 512)


def test_an_unknown_shape_is_estimated_upwards_and_said() -> None:
    known = [
        m for m in load_catalog() if m.attention and m.parameters_b <= 10 and "hybrid" not in m.architecture
    ]
    unknown = footprint(card(), context_tokens=100)
    assert unknown.estimated == ("attention cache",)
    smaller = sum(cache_bytes(m, 4096) <= cache_bytes(card(), 4096) for m in known)
    assert smaller / len(known) > 0.9


def test_lora_of_an_8b_model_is_about_what_it_really_is() -> None:
    # Llama-3.1-8B, rank 16 on all seven linear layers: 41.9 million values.
    llama = find_model(load_catalog(), "Llama-3.1-8B-Instruct")
    assert adapter_bytes(llama, 16) == pytest.approx(2 * 41.9e6, rel=0.2)
    assert adapter_bytes(llama, 0) == 0


@given(
    billions=st.floats(0.01, 100),
    context=st.integers(1, 100_000),
    batch=st.integers(1, 64),
    quantization=st.sampled_from(sorted(BITS_PER_WEIGHT)),
)
def test_more_of_anything_never_takes_less(
    billions: float, context: int, batch: int, quantization: str
) -> None:
    def total(b: float, c: int, n: int) -> int:
        return footprint(card(b), context_tokens=c, batch=n, quantization=quantization).total_bytes

    base = total(billions, context, batch)
    assert base <= total(billions * 2, context, batch)
    assert base <= total(billions, context + 1, batch)
    assert base <= total(billions, context, batch + 1)


@pytest.mark.parametrize("wrong", [{"quantization": "q3"}, {"context_tokens": 0}, {"batch": 0}])
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        footprint(card(), **{"context_tokens": 10, **wrong})  # type: ignore[arg-type]
