"""The evidence file of a certificate: JSON lines, one call each, without a word of text.

Line 1 is the header with the parameters of the decision; then calibration and test calls in the order in
which they were judged. Call and session ids are digests under a key of the issuer (HMAC-SHA256), so
that guessable ids (an e-mail address as session) cannot be found by trying, and the issuer still can
tell which call a line is about.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rightsizer.errors import EvidenceError
from rightsizer.types import Score

FORMAT = "rightsizer-evidence/1"


@dataclass(frozen=True)
class Evidence:
    """A parsed evidence file; ids in the scores are digests."""

    header: Mapping[str, Any]
    calibration: tuple[Score, ...]
    test: tuple[Score, ...]


def id_digest(secret: bytes, value: str) -> str:
    """Digest of a call or session id: 96 bits of HMAC-SHA256."""
    return hmac.new(secret, value.encode(), hashlib.sha256).hexdigest()[:24]


def write_evidence(
    header: Mapping[str, Any], splits: Sequence[tuple[str, Sequence[Score]]], secret: bytes
) -> bytes:
    """The file. Floats are written so that they read back as the same number."""
    lines = [json.dumps({"format": FORMAT, **header}, sort_keys=True)]
    for split, scores in splits:
        for s in scores:
            row = {
                "call": id_digest(secret, s.call_id),
                "group": id_digest(secret, s.group),
                "split": split,
                "confidence": s.confidence if s.answered else None,
                "loss": int(s.loss),
                **({"write": True} if s.write else {}),
            }
            lines.append(json.dumps(row))
    return ("\n".join(lines) + "\n").encode()


def read_evidence(data: bytes) -> Evidence:
    """Parse the file.

    Raises:
        EvidenceError: not such a file, a line that cannot be used (its number is given), or one call
            twice.
    """
    try:
        lines = data.decode().splitlines()
        header = json.loads(lines[0])
    except (ValueError, IndexError) as error:
        raise EvidenceError("the evidence has no readable first line") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise EvidenceError(f"the evidence is not of the format {FORMAT}")
    parts: dict[str, list[Score]] = {"calibration": [], "test": []}
    seen: set[str] = set()
    for number, line in enumerate(lines[1:], start=2):
        split, score = _row(line, number)
        if score.call_id in seen:
            raise EvidenceError(f"evidence line {number}: this call was there before")
        seen.add(score.call_id)
        parts[split].append(score)
    return Evidence(header, tuple(parts["calibration"]), tuple(parts["test"]))


def _row(line: str, number: int) -> tuple[str, Score]:
    try:
        row = json.loads(line)
        confidence, split = row["confidence"], row["split"]
        score = Score(
            call_id=row["call"],
            group=row["group"],
            confidence=confidence if confidence is not None else 0.0,
            answered=confidence is not None,
            loss=row["loss"],
            write=row.get("write", False),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceError(f"evidence line {number} cannot be read") from error
    if split not in ("calibration", "test"):
        raise EvidenceError(f"evidence line {number} is of no known split")
    return split, score
