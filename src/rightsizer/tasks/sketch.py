"""What a quick trial may see of a request: hashed words of the last message, the step, the tools called.

A sketch takes at most 384 bytes, so every call of a log can keep one.
"""

from __future__ import annotations

from itertools import chain, pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from rightsizer.views.tokens import words
from rightsizer.views.view import View

BITS = 18
HEAD_CHARS = 400
TAIL_CHARS = 200
EARLIER_CHARS = 160
MOST = 96


def sketch(seen: View) -> bytes:
    """Up to `MOST` hashed features of `BITS` bits, little-endian 32-bit numbers, without repeats."""
    text = seen.payload.lower()
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = text[:HEAD_CHARS] + " " + text[-TAIL_CHARS:]
    tokens = words(text)
    about = (f"@{seen.step}", f"n{min(seen.n_turns, 4)}", *(f"t{name}" for name in seen.tools_called[-2:]))
    earlier = (f"c{w}" for w in words(seen.context[-EARLIER_CHARS:].lower()))
    hashes: dict[int, None] = {}
    for feature in chain(about, tokens, earlier, (f"{a} {b}" for a, b in pairwise(tokens))):
        hashes[crc32(feature.encode("utf-8", "surrogatepass")) & (1 << BITS) - 1] = None
        if len(hashes) >= MOST:
            break
    return np.fromiter(hashes, "<u4", len(hashes)).tobytes()


def unpack(sketched: bytes) -> NDArray[np.uint32]:
    """The features of a sketch."""
    return np.frombuffer(sketched, "<u4").astype(np.uint32)
