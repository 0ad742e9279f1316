"""Bodies as they are before ``content-encoding``: gzip, deflate, zstd, and br where `brotli` is installed."""

from __future__ import annotations

import zlib

from rightsizer.errors import RecordError

MAX_BYTES = 256 << 20


def decode_body(body: bytes, encoding: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The plain bytes; `encoding` is the header's value. What of a cut body can be read is given.

    Raises `RecordError` (``unreadable-encoding``) for another encoding, damaged data, or more than
    `max_bytes`: a small body may unfold to a very large one.
    """
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        if name in ("", "identity"):
            continue
        try:
            body = _decode(body, name, max_bytes)
        except (zlib.error, ValueError) as error:
            raise RecordError("unreadable-encoding", f"the body is no {name}: {error}") from error
        if len(body) > max_bytes:
            raise RecordError(
                "unreadable-encoding", f"the body is larger than {max_bytes} bytes when unfolded"
            )
    return body


def _decode(body: bytes, name: str, max_bytes: int) -> bytes:
    if name in ("gzip", "x-gzip"):
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, max_bytes + 1)
    if name == "deflate":
        try:
            return zlib.decompressobj().decompress(body, max_bytes + 1)
        except zlib.error:  # some send it without zlib's frame (RFC 9110 §8.4.1.2)
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, max_bytes + 1)
    if name == "zstd":
        import io

        import zstandard

        try:
            with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body)) as reader:
                return bytes(reader.read(max_bytes + 1))
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error
    if name == "br":
        try:
            import brotli
        except ImportError:
            raise ValueError("the package brotli is not installed") from None
        try:
            return bytes(brotli.Decompressor().process(body, output_buffer_limit=max_bytes + 1))
        except TypeError:
            raise ValueError("the package brotli is older than 1.2 and knows no limit") from None
        except brotli.error as error:
            raise ValueError(str(error)) from error
    raise ValueError("an unknown encoding")
