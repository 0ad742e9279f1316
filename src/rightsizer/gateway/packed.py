"""Requests with ``content-encoding``: they travel as they came, and are unpacked to be read."""

from __future__ import annotations

import asyncio

from rightsizer.errors import RecordError
from rightsizer.gateway.incoming import Incoming
from rightsizer.wire.encoding import decode_body


async def unpack(incoming: Incoming, max_bytes: int) -> None:
    """Fill `incoming.plain`, beside the loop: it may take long.

    A body that cannot be read, or unfolds to more than `max_bytes`, leaves it empty: the LLM's to refuse.
    """
    arguments = incoming.body, incoming.encoding.decode("latin-1"), max_bytes
    try:
        incoming.plain = await asyncio.to_thread(decode_body, *arguments)
    except RecordError:
        incoming.plain = b""
