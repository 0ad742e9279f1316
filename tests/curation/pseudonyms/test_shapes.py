"""Shapes of ids, and finding more of them."""

from __future__ import annotations

import re

import pytest

from rightsizer.curation.pseudonyms.shapes import induce, is_distinctive, shape


def found(values: list[str], text: str) -> list[str]:
    return [m[0] for expression in induce(values) for m in re.finditer(expression, text)]


@pytest.mark.parametrize(
    ("seen", "text", "more"),
    [
        (["#W2378156"], "my order #W1112223 and #X1112223", ["#W1112223"]),
        (["mia_li_3668"], "I am yusuf_rossi_9620, not_a_name", ["yusuf_rossi_9620"]),
        (["credit_card_1955700", "credit_card_1234567"], "use credit_card_7654321", ["credit_card_7654321"]),
        (["AB12345", "CD54321"], "is it EF99999? EF999999?", ["EF99999"]),
        (["1008292230"], "item 1151293680, 115129368", ["1151293680"]),
        (["W2378156"], "订单W1112223已发货", ["W1112223"]),
    ],
)
def test_one_id_teaches_the_form_of_all(seen: list[str], text: str, more: list[str]) -> None:
    assert found(seen, text) == more


def test_what_reads_as_a_word_or_a_number_teaches_nothing() -> None:
    assert not induce(["pending", "12345", "a1", "2024", "x-small"])
    assert not is_distinctive("78750")


def test_shapes_compare_ids() -> None:
    assert shape("#W2378156") == shape("#W9999999") != shape("#W999999")
    assert shape("NO6JO3") != shape("NOA6JO")
