"""How each argument or field of an action is filled, and the filling of one answer.

Kinds: ``constant`` (always the same), ``closed`` (few values: a classifier), ``span`` / ``spans`` (copied
from the payload, one or an array of them), ``objects`` (an array of objects whose parts are copied from the
payload), ``copy`` / ``copies`` (chosen among the values at hand in the
conversation), ``ignored`` (a person declared that it does not count) and ``free`` (nothing of the above:
text that would have to be invented, so that the student abstains).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.structured_answer import ABSENT, Path, code, decode, tool_of
from rightsizer.students.structured_candidates import Option, harvest
from rightsizer.students.structured_linear import Softmax
from rightsizer.students.structured_objects import Items, assemble, labels_of_items, pieces_of
from rightsizer.students.structured_ranker import NOTHING, Ranker, admissible, option_features
from rightsizer.students.structured_state import State
from rightsizer.students.structured_tagger import Labelling, Span, Tagger
from rightsizer.students.structured_token_features import Lexicon, fold_value, token_features
from rightsizer.students.structured_transforms import Rewriting

Kind = Literal["constant", "closed", "span", "spans", "objects", "copy", "copies", "ignored", "free"]
TAGGED = ("span", "spans", "objects")
FLOOR = -20.0
Vectors = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Field:
    """One leaf. `empty` is the code it takes where no value is found; `fixed` that of a constant.

    `cast` is the JSON type copied text is turned into: ``string``, ``integer`` or ``number``. `grounded`
    fields are never given a value that the conversation does not hold, though they are not copied.
    """

    name: str
    path: Path
    kind: Kind
    fixed: str = ABSENT
    empty: str = ABSENT
    cast: str = "string"
    grounded: bool = False
    rewriting: Rewriting = field(default_factory=Rewriting)
    items: Items | None = None

    @property
    def labels(self) -> list[str]:
        """The tagger's labels of a field that is tagged."""
        return [self.name] if self.items is None else labels_of_items(self.name, self.items)


@dataclass(frozen=True)
class ActionModel:
    """All that is needed to fill one action. `reason` is set when the action is never served."""

    action: str
    fields: list[Field]
    reason: str = ""
    tagger: Tagger | None = None
    classifiers: Mapping[str, Softmax] = field(default_factory=dict)
    rankers: Mapping[str, Ranker] = field(default_factory=dict)


@dataclass
class Filled:
    """The leaves found, what they say about how sure we may be, and why it abstains, if it does."""

    leaves: dict[Path, Any] = field(default_factory=dict)
    signals: dict[str, float] = field(default_factory=dict)
    reason: str = ""


def text_of(state: State, first: int, last: int) -> str:
    """The payload's text under tokens ``first … last − 1``."""
    return state.payload[state.tokens[first].start : state.tokens[last - 1].end]


def cast_value(text: str, cast: str) -> Any | None:
    """Copied text as a JSON value of the wanted type; None where it is not one."""
    if cast == "string":
        return text
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number) or (cast == "integer" and not number.is_integer()):
        return None
    return int(number) if number.is_integer() else number


def fill(model: ActionModel, state: State, lexicon: Lexicon, vectors: Vectors | None = None) -> Filled:
    """Fill every field of an action for one state; `vectors` are those of the payload's tokens, if used."""
    out = Filled()
    closed: list[float] = []
    copied: list[float] = []
    labelling: Labelling | None = None
    options: list[Option] | None = None
    if model.tagger is not None:
        names = token_features(state.tokens, lexicon, own=state.own, context=state.question)
        labelling = model.tagger.tag(names, vectors)
        _span_signals(out.signals, labelling, state, lexicon)
    for item in model.fields:
        if item.kind == "constant":
            put(out.leaves, item.path, item.fixed)
        elif item.kind == "closed":
            logs = model.classifiers[item.name].log_probabilities(state.features)
            put(out.leaves, item.path, model.classifiers[item.name].classes[int(logs.argmax())])
            closed.append(float(logs.max()))
        elif item.kind in ("span", "spans") and labelling is not None:
            _fill_span(out, item, labelling, state)
        elif item.kind == "objects" and labelling is not None:
            _fill_objects(out, item, labelling, state)
        elif item.kind == "copy":
            options = harvest(state.request) if options is None else options
            copied.append(_fill_copy(out, item, model, state, options))
        elif item.kind == "copies":
            options = harvest(state.request) if options is None else options
            copied.append(_fill_copies(out, item, model, state, options))
        if item.grounded and item.path in out.leaves and not _in_conversation(state, out.leaves[item.path]):
            out.reason = f"the usual value of '{item.name}' is not in this conversation"
    out.signals |= {
        "closed-sum": sum(closed),
        "closed-min": min(closed, default=0.0),
        "copy-sum": sum(copied),
        "copy-min": min(copied, default=0.0),
    }
    return out


def _in_conversation(state: State, value: Any) -> bool:
    texts = [str(x) for x in (value if isinstance(value, list) else [value])]
    messages = [m for m in state.request.messages if m.role not in ("system", "developer")]
    held = "\n".join(x for m in messages for x in (m.text, *(c.arguments for c in m.tool_calls)))
    return all(text in held for text in texts)


def put(leaves: dict[Path, Any], path: Path, value_code: str) -> None:
    """Write the value of a code, unless it is the absence of one."""
    if value_code != ABSENT:
        leaves[path] = decode(value_code)


def _fill_span(out: Filled, item: Field, labelling: Labelling, state: State) -> None:
    spans = [s for s in labelling.spans if s.field == item.name]
    values = [item.rewriting.apply(text_of(state, s.first, s.last)) for s in spans]
    if any(value is None for value in values):
        out.reason = f"'{item.name}' found, but in a form it was never rewritten from"
        return
    if item.kind == "spans" and values:
        out.leaves[item.path] = values
    elif values:
        out.leaves[item.path] = values[0]
        out.signals[f"has:{item.name}"] = 1.0
        if len(values) > 1 and values[0] != values[1]:
            out.signals["several-spans"] = 1.0
    else:
        put(out.leaves, item.path, item.empty)


def _fill_objects(out: Filled, item: Field, labelling: Labelling, state: State) -> None:
    assert item.items is not None  # a field of this kind has them
    texts = [text_of(state, s.first, s.last) for s in labelling.spans]
    made = assemble(item.items, pieces_of(item.name, labelling.spans, texts))
    if made is None:
        out.reason = f"'{item.name}' found, but in pieces that make no item"
    elif made:
        out.leaves[item.path] = made
        out.signals[f"items:{item.name}"] = float(min(len(made), 8))
    else:
        put(out.leaves, item.path, item.empty)


def _span_signals(signals: dict[str, float], labelling: Labelling, state: State, lexicon: Lexicon) -> None:
    signals["tag"] = max(labelling.log_probability, FLOOR)
    signals["tag-min"] = math.log(max(labelling.min_marginal, 1e-9))
    signals["tokens"] = math.log1p(len(state.tokens))
    signals["spans"] = float(len(labelling.spans))
    new = [s for s in labelling.spans if not _seen(s, state, lexicon)]
    signals["new-values"] = float(len(new))
    signals["new-tokens"] = math.log1p(sum(s.last - s.first for s in new))


def _seen(span: Span, state: State, lexicon: Lexicon) -> bool:
    """Whether the span's text was a value of its field in another training text."""
    key = fold_value([t.text for t in state.tokens[span.first : span.last]])
    return lexicon.get(key, {}).get(span.field, 0) > (key in state.own.get(span.field, ()))


def ranked_options(
    item: Field, ranker: Ranker, model_action: str, state: State, options: Sequence[Option]
) -> tuple[list[Option], list[list[str]]]:
    """The options of a field and their features; where it may be left out, that comes last."""
    able = admissible(options, ranker.shapes)
    features = option_features(state, able, tool_of(model_action) or model_action, item.name)
    if ranker.optional:
        features.append(
            [*NOTHING, f"nothing step={state.step}", *(f"nothing {w}" for w in state.features[:40])]
        )
    return able, features


def _fill_copy(
    out: Filled, item: Field, model: ActionModel, state: State, options: Sequence[Option]
) -> float:
    ranker = model.rankers[item.name]
    able, features = ranked_options(item, ranker, model.action, state, options)
    best, log_p, _ = ranker.rank(features)
    if best < 0:
        out.reason = f"no value at hand for '{item.name}'"
        return FLOOR
    if best == len(able):
        put(out.leaves, item.path, item.empty)
        return log_p
    value = cast_value(able[best].text, item.cast)
    if value is None:
        out.reason = f"the value at hand for '{item.name}' is not of its type"
        return FLOOR
    out.leaves[item.path] = value
    return log_p


def _fill_copies(
    out: Filled, item: Field, model: ActionModel, state: State, options: Sequence[Option]
) -> float:
    ranker = model.rankers[item.name]
    able, features = ranked_options(item, ranker, model.action, state, options)
    scores = ranker.scores(features)
    chosen = [o for o, s in zip(able, scores, strict=True) if s > 0]
    # reading order of the conversation: oldest message first, then the place in it
    chosen.sort(key=lambda o: (-o.mentions[0].age, o.mentions[0].order))
    if chosen:
        out.leaves[item.path] = [cast_value(o.text, item.cast) for o in chosen]
    else:
        put(out.leaves, item.path, item.empty)
    return float(-sum(math.log1p(math.exp(-abs(s))) for s in scores))


def empty_code(codes: Sequence[str]) -> str:
    """The commonest of the codes that say "no value": absent, null, ``""``, ``[]``; absent if none."""
    blank = [c for c in codes if c in (ABSENT, "null", code(""), "[]")]
    return max(sorted(set(blank)), key=blank.count) if blank else ABSENT
