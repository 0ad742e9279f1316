"""What counts as sensitive in a text: prose, JSON, and what is left in place."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from rightsizer.curation.canaries import canary
from rightsizer.curation.sensitive import NOTHING, find, leaf_spans, placeholder_name, spans_to_mask


def test_prose_gives_spans() -> None:
    found = find("mail a@example.org")
    assert found.values == (("a@example.org", "EMAIL_ADDRESS", False),)
    assert [(s.start, s.end) for s in found.spans] == [(5, 18)]
    assert find("nothing here") is NOTHING


def test_json_gives_values_by_key_context() -> None:
    found = find('{"phone": "5551232002", "order_id": "5551232003", "n": 13812345678}')
    assert [(v, n) for v, _, n in found.values] == [("5551232002", False), ("13812345678", True)]
    assert found.json


def test_a_part_of_a_number_is_no_value() -> None:
    assert find('{"x": 13812345678.25}').values == ()


def test_existing_placeholders_are_reported_and_not_searched() -> None:
    assert find("to <EMAIL_1>").placeholders == {"<EMAIL_1>"}
    assert find('{"a": "<CARD_2>"}').placeholders == {"<CARD_2>"}
    assert spans_to_mask("password: <PASSWORD_1>") == ()


def test_urls_are_found_but_stay() -> None:
    assert spans_to_mask("see https://example.org/a") == ()


def test_leaf_offsets_are_within_the_leaf() -> None:
    (span,) = leaf_spans("mobile", "5551232002")
    assert (span.start, span.end) == (0, 10)
    assert leaf_spans("order_id", "5551232002") == ()


def test_secrets_share_one_name() -> None:
    assert placeholder_name("OPENAI_KEY") == placeholder_name("JWT") == "SECRET"
    assert placeholder_name("EMAIL_ADDRESS") == "EMAIL"
    assert placeholder_name("VIN") == "VIN"


@pytest.mark.parametrize("kind", ["EMAIL_ADDRESS", "GITHUB_TOKEN", "CN_ID_CARD", "CREDIT_CARD"])
def test_a_value_hidden_by_an_encoding_is_masked_with_it(kind: str) -> None:
    value = canary(kind)
    for hidden in (base64.b64encode(f"it is {value}".encode()).decode(), quote(f"q={value} 号", safe="")):
        found = find(f"see {hidden} there")
        left = "see " + hidden
        for hit, _, _ in found.values:
            left = left.replace(hit, "")
        assert found.values
        assert quote(value, safe="") not in left


def test_words_and_numbers_are_not_taken_for_encodings() -> None:
    text = "internationalisation 20240520123456 /usr/lib/python3/site-packages SomeCamelCaseName 50%25"
    assert find(text).values == ()
