"""Encoded pieces are found, say what they say, and can be written again."""

from __future__ import annotations

import base64
import gzip
import zlib
from urllib.parse import quote

import pytest

from rightsizer.curation.encoded import find_encoded

SAID = "ada@example.com 京A12345"


@pytest.mark.parametrize(
    "token",
    [
        quote(SAID, safe=""),
        base64.b64encode(SAID.encode()).decode(),
        base64.urlsafe_b64encode(SAID.encode()).decode().rstrip("="),
        SAID.encode().hex(),
        SAID.encode().hex().upper(),
        base64.b64encode(gzip.compress(SAID.encode(), mtime=0)).decode(),
        base64.b64encode(zlib.compress(SAID.encode())).decode(),
    ],
)
def test_a_piece_is_decoded_and_encoded_again(token: str) -> None:
    (piece,) = find_encoded(f"see {token}, please")
    assert (piece.start, piece.end) == (4, 4 + len(token))
    assert piece.plain == SAID
    assert piece.encode(SAID) == token


@pytest.mark.parametrize("slashes", ["\\", "\\\\"])
def test_escapes_of_json_in_prose(slashes: str) -> None:
    text = f'got {{"x": "{slashes}u4eacA12345"}}'
    (piece,) = find_encoded(text)
    assert piece.plain == "京A12345"
    assert piece.encode("沪B😀") == f"{slashes}u6caaB{slashes}ud83d{slashes}ude00"


@pytest.mark.parametrize(
    "text",
    [
        "100% sure, 50%off",
        "a_very_long_identifier_name",
        "12345678901234567890",
        "/usr/local/lib/thing",
        "Zm9v",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",  # a digest
        "3fa85f6457174562b3fc2c963f66afa6",
    ],
)
def test_ordinary_text_is_not_decoded(text: str) -> None:
    assert not list(find_encoded(text))


def test_giant_and_broken_pieces_do_no_harm() -> None:
    assert not list(find_encoded("%ff%fe " + "A1" * 5000 + " AAAAAAAAAAAAAAAAAAAAAAA1="))
    bomb = base64.b64encode(gzip.compress(bytes(50_000_000))).decode()
    assert not list(find_encoded(f"x {bomb}"))
    cut = base64.b64encode(gzip.compress(SAID.encode() * 9)[:-9]).decode()
    assert not list(find_encoded(f"x {cut}"))
