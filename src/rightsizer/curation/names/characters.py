"""Chinese characters as parts of names: a recurrent network in NumPy, with the weights of LAC.

Two layers of gated recurrent units (Cho et al. 2014) in both directions and a linear-chain random field,
as Baidu's Lexical Analysis of Chinese is built (Jiao et al. 2018; docs/decisions/0020). Pieces of a text
are tagged side by side, both directions at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
KINDS = ("PERSON", "ORGANIZATION", "LOCATION")
LONGEST = 48  # characters of a piece
SIDE_BY_SIDE = 64  # pieces tagged at once


@dataclass(frozen=True)
class Layer:
    """`into`: inputs × 768, the gates of both directions, with `bias`; `gates` (2, 128, 256) and `candidate`
    (2, 128, 128) act on the state. Update and reset gates come at half their size: for tanh, not for sigmoid.
    """

    into: Floats
    bias: Floats
    gates: Floats
    candidate: Floats


@dataclass(frozen=True)
class Characters:
    """`points`, ascending, are the code points known and `rows` their rows of `vectors` (bytes, `sizes` a
    row); the last row is for all others. `steps` (tags × tags), `first` and `last` are of neighbouring tags,
    as factors; `kinds` says which of O, B- and I- of `KINDS` a tag counts for.
    """

    points: NDArray[np.uint32]
    rows: NDArray[np.uint16]
    vectors: NDArray[np.int8]
    sizes: Floats
    layers: tuple[Layer, Layer]
    out: Floats
    bias: Floats
    steps: Floats
    first: Floats
    last: Floats
    kinds: NDArray[np.uint8]

    def posteriors(self, pieces: Sequence[str]) -> list[Floats]:
        """For every piece (characters, 1 + 2 · kinds): the probability of O, B- and I- of each kind."""
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
        said: dict[int, Floats] = {}
        with one_thread():
            for at in range(0, len(order), SIDE_BY_SIDE):
                some = order[at : at + SIDE_BY_SIDE]
                said.update(zip(some, self._tagged([pieces[i] for i in some]), strict=True))
        return [said[i] for i in range(len(pieces))]

    def _tagged(self, pieces: list[str]) -> list[Floats]:
        plan = _Plan(np.fromiter(map(len, pieces), np.int64, len(pieces)))
        text = "".join(pieces).encode("utf-32-le", "surrogatepass")
        seen, which = np.unique(self._rows_of(np.frombuffer(text, np.uint32)), return_inverse=True)
        vectors: Floats = self.vectors[seen].astype(np.float32) * self.sizes[seen, None]
        first, second = self.layers
        given: Floats = vectors @ first.into + first.bias
        states = _run(first, given[which], plan)
        given = states @ second.into + second.bias
        states = _run(second, given, plan)
        tags = self._random_field(states @ self.out + self.bias, plan)
        return np.split(tags, plan.ends[:-1])

    def _rows_of(self, points: NDArray[np.uint32]) -> NDArray[np.uint16]:
        at = np.minimum(np.searchsorted(self.points, points), len(self.points) - 1)
        unknown = np.uint16(len(self.vectors) - 1)
        return np.where(self.points[at] == points, self.rows[at], unknown)

    def _random_field(self, scores: Floats, plan: _Plan) -> Floats:
        """Forward and backward in one loop, as the layers do: the second reads each piece from its end."""
        emit = np.exp(scores - scores.max(axis=1, keepdims=True))
        there, back = emit[plan.there], emit[plan.back]
        forward, backward = np.empty_like(there), np.empty_like(back)
        a, b = there[0] * self.first, np.broadcast_to(self.last, back[0].shape)
        forward[0], backward[0] = a, b
        for t in range(1, len(plan.alive)):
            k = plan.alive[t]
            a = (a[:k] @ self.steps) * there[t, :k]
            b = (b[:k] * back[t - 1, :k]) @ self.steps.T
            a /= a.sum(axis=1, keepdims=True)
            b /= b.sum(axis=1, keepdims=True)
            forward[t, :k], backward[t, :k] = a, b
        inside = plan.inside
        both, other = np.empty_like(scores), np.empty_like(scores)
        both[plan.there[inside]], other[plan.back[inside]] = forward[inside], backward[inside]
        both *= other
        both /= both.sum(axis=1, keepdims=True)
        of: Floats = np.eye(1 + 2 * len(KINDS), dtype=np.float32)[self.kinds]
        return both @ of


class _Plan:
    """Where each step of a loop over pieces side by side, longest first, finds its characters."""

    def __init__(self, lengths: Ints) -> None:
        self.ends = np.cumsum(lengths)
        order = np.argsort(-lengths, kind="stable")
        ends, lengths = self.ends[order], lengths[order]
        steps = np.arange(int(lengths[0]))[:, None]
        self.inside = steps < lengths
        self.there = np.where(self.inside, ends - lengths + steps, 0)
        self.back = np.where(self.inside, ends - 1 - steps, 0)
        self.alive: list[int] = self.inside.sum(axis=1).tolist()


def _run(layer: Layer, inputs: Floats, plan: _Plan) -> Floats:
    """(characters, 256): the states of both directions."""
    size = layer.candidate.shape[1]
    given = np.stack([inputs[plan.there, : 3 * size], inputs[plan.back, 3 * size :]], axis=1)
    states = np.empty((*given.shape[:3], size), np.float32)
    h = np.zeros((2, given.shape[2], size), np.float32)
    for t, k in enumerate(plan.alive):
        h = h[:, :k]
        x = given[t, :, :k]
        gates = np.tanh(x[..., : 2 * size] + h @ layer.gates)
        gates += 1.0
        gates *= 0.5
        new = np.tanh(x[..., 2 * size :] + (gates[..., size:] * h) @ layer.candidate)
        new -= h
        new *= gates[..., :size]
        h = h + new
        states[t, :, :k] = h
    out = np.empty((len(inputs), 2 * size), np.float32)
    inside = plan.inside
    out[plan.there[inside], :size] = states[:, 0][inside]
    out[plan.back[inside], size:] = states[:, 1][inside]
    return out


_LOCK = threading.Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep NumPy's linear algebra to one thread meanwhile: for products this small, waiting for others on a
    busy machine takes ten times as long as the work. One at a time, so that the old number comes back.
    """
    with _LOCK, _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
