"""Which of the values at hand an argument takes: a conditional logit over options, at run time.

Every option gets named features (where it was mentioned, how long ago, whether it was used before);
the weights are learned per field from the teacher's choices (McFadden 1974).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.structured_candidates import Option
from rightsizer.students.structured_state import State
from rightsizer.students.structured_tokens import shape

Floats = NDArray[np.float32]
NOTHING = ("nothing",)
MAX_RECORD_WORDS = 12


@dataclass(frozen=True)
class Ranker:
    """Weights by feature name. With `optional`, leaving the field out is one of the options."""

    vocabulary: dict[str, int]
    weights: Floats
    shapes: frozenset[str]
    optional: bool

    def scores(self, features: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """One score per option."""
        get = self.vocabulary.get
        out = np.zeros(len(features))
        for i, names in enumerate(features):
            rows = [row for row in map(get, names) if row is not None]
            out[i] = float(self.weights[rows].sum()) if rows else 0.0
        return out

    def rank(self, features: Sequence[Sequence[str]]) -> tuple[int, float, float]:
        """(best option, its log-probability, the runner-up's); (-1, -inf, 0) when there is none."""
        if not features:
            return -1, float("-inf"), 0.0
        scores = self.scores(features)
        top = scores.max()
        logs = scores - top - np.log(np.exp(scores - top).sum())
        best = int(logs.argmax())
        second = float(np.delete(logs, best).max()) if len(logs) > 1 else float("-inf")
        return best, float(logs[best]), max(second, -20.0)


def admissible(options: Sequence[Option], shapes: frozenset[str]) -> list[Option]:
    """Options whose form a training value of the field had; all of them where forms are too many to say."""
    return [o for o in options if not shapes or shape(o.text) in shapes]


def _bucket(n: int) -> str:
    return str(n) if n < 4 else "4-6" if n < 7 else "7+"


def option_features(state: State, options: Sequence[Option], tool: str, parameter: str) -> list[list[str]]:
    """Feature names of every option for one parameter of one tool."""
    here = {word for token in state.tokens for word in (token.text.lower(),)}
    target = f"args:{tool}.{parameter}"
    by_source: Counter[str] = Counter()
    unused_by_source: Counter[str] = Counter()
    by_shape = Counter(shape(o.text) for o in options)
    wanted = set(parameter.lower().replace(".", "_").split("_"))
    used_values = {o.text for o in options if any(m.source == target for m in o.mentions)}
    out: list[list[str]] = []
    for place, option in enumerate(options):
        new = option.mentions[0]
        form = shape(option.text)
        used = option.text in used_values
        source = next((m.source for m in option.mentions if not m.source.startswith("args:")), new.source)
        nth, unused_nth = by_source[source], unused_by_source[source]
        by_source[source] += 1
        unused_by_source[source] += not used
        names = [
            f"src={new.source}",
            f"src*={source}",
            f"src*={source} used={used}",
            f"age={_bucket(new.age)}",
            f"src={new.source} age={_bucket(new.age)}",
            f"key={new.key}",
            f"key={new.key} age={_bucket(new.age)}",
            f"shape={form}",
            f"same-shape={_bucket(by_shape[form])} age={_bucket(new.age)}",
            f"n={_bucket(len(option.mentions))}",
            f"used={used}",
            f"used={used} age={_bucket(new.age)} step={state.step}",
            f"nth={_bucket(nth)} src*={source}",
            f"nth={_bucket(nth)}",
            f"place={_bucket(place)}",
        ]
        if not used:
            names += [f"unused-nth={_bucket(unused_nth)}", f"unused-nth={_bucket(unused_nth)} src*={source}"]
        names += [
            f"said={who}" for who in ("user", "assistant") if any(m.source == who for m in option.mentions)
        ]
        if any(m.source.startswith("args:") for m in option.mentions):
            names.append("any-args")
        keys = {part for m in option.mentions for part in m.key.lower().split("_")}
        names.append(f"name-match={_bucket(len(keys & wanted))}")
        overlap = max((len(m.record & here) for m in option.mentions), default=0)
        names += [f"overlap={_bucket(overlap)}", f"step={state.step} src*={source}"]
        if len(new.record) <= MAX_RECORD_WORDS:  # what else the object says that holds it: "open", not "paid"
            names += [f"record={word}" for word in sorted(new.record)]
        out.append(names)
    return out
