"""The readiness policy: constants of `policy.toml`, typed."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from rightsizer.types import Frozen


class Volume(Frozen):
    """How many calls are many."""

    calls_to_train: int
    calls_to_prove: int


class Answers(Frozen):
    """What kind of output a task has, from the answers seen."""

    repeated_sessions: int
    label_distinct_share: float
    label_share: float
    tool_share: float
    copy_for_extraction: float
    constant_share: float


class TrialRules(Frozen):
    """The quick trial: on how many calls, and what it takes for right."""

    calls: int
    least_calls: int
    found_odds: float
    span_odds: float
    agreement: float
    sure: float


class Interval(Frozen):
    """How wide the forecast's interval is beyond the sampling of sessions."""

    forecast: float


class Policy(Frozen):
    """Everything that turns observations of a task into its readiness."""

    volume: Volume
    answers: Answers
    trial: TrialRules
    takes: dict[str, float]
    kinds: dict[str, float]
    interval: Interval


@lru_cache(maxsize=1)
def load_policy() -> Policy:
    """The shipped policy."""
    text = files("rightsizer.tasks").joinpath("policy.toml").read_text(encoding="utf-8")
    return Policy.model_validate(tomllib.loads(text))
