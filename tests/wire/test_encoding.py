"""Compressed bodies."""

from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard

from rightsizer.errors import RecordError
from rightsizer.wire.encoding import decode_body

TEXT = "在路上 ".encode() * 1000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("GZIP", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("zstd", zstandard.compress(TEXT)),
        ("gzip, zstd", zstandard.compress(gzip.compress(TEXT, mtime=0))),
    ],
)
def test_every_encoding_gives_the_text_back(encoding: str, body: bytes) -> None:
    assert decode_body(body, encoding) == TEXT


def test_brotli_where_it_is_installed() -> None:
    brotli = pytest.importorskip("brotli")
    assert decode_body(brotli.compress(TEXT), "br") == TEXT
    with pytest.raises(RecordError, match="larger than 1000 bytes"):  # and it does not unfold without end
        decode_body(brotli.compress(bytes(1 << 20)), "br", 1000)
    with pytest.raises(RecordError):
        decode_body(b"no", "br")


def test_of_a_cut_body_what_can_be_read() -> None:
    packed = gzip.compress(bytes(range(256)) * 100, 0)
    assert decode_body(packed[:5000], "gzip").startswith(bytes(range(256)) * 15)


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", b"no"), ("zstd", b"no"), ("snappy", b"x"), ("deflate", b"\x07\x07")]
)
def test_what_cannot_be_read_is_said(encoding: str, body: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        decode_body(body, encoding)
    assert caught.value.reason == "unreadable-encoding"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstandard.compress])
def test_a_small_body_that_unfolds_without_end_is_stopped(pack: object) -> None:
    body = pack(bytes(1 << 20))  # type: ignore[operator]
    name = {gzip.compress: "gzip", zlib.compress: "deflate"}.get(pack, "zstd")  # type: ignore[call-overload]
    with pytest.raises(RecordError, match="larger than 1000 bytes"):
        decode_body(body, name, 1000)
