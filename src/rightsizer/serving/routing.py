"""Which calls a route offers to its student: the same call always gets the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from rightsizer.scoring.tool_risk import writes
from rightsizer.types import Prediction, Request, Route


def offered(route: Route, key: str) -> bool:
    """Whether the call with this key (its id) falls into the route's share.

    The draw is a hash of release and key: reproducible, independent of the content, and a larger
    share of the same release contains a smaller one.
    """
    if route.mode == "shadow":
        return False
    digest = hashlib.blake2b(f"{route.release_id}\0{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < route.share * 2**64


def refusal(route: Route, prediction: Prediction, request: Request) -> str:
    """Why the student's answer to `request` may not be served, as a slug; ``""`` = it may.

    The last check is of the request's own tools, ``tool_choice`` and ``response_format``, which may be others
    than those of the task's log.
    """
    from rightsizer.scoring.metrics import schema_errors

    if prediction.message is None:
        return "abstained"
    if not accepted(route, prediction, request.tools):
        return "below-threshold"
    return "schema" if schema_errors(prediction.message, request) else ""


def accepted(route: Route, prediction: Prediction, tools: Sequence[Mapping[str, Any]] = ()) -> bool:
    """Whether the student's answer may be served: it answered, and is at least as sure as certified.

    Where answers that write were proved apart, theirs is another threshold; `tools` are the request's.
    """
    if prediction.message is None:
        return False
    if route.threshold_write is None or not writes(prediction.message, tools, route.tool_risk):
        return prediction.confidence >= route.threshold
    return prediction.confidence >= route.threshold_write
