"""Fitting a structured student to a plan, on all rows or on those of some folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.structured import StructuredStudent, contract_of
from rightsizer.students.structured_answer import ABSENT, REPLY, code, style_of
from rightsizer.students.structured_embed import pooled
from rightsizer.students.structured_fields import TAGGED, ActionModel
from rightsizer.students.structured_tagger import Tagger
from rightsizer.students.structured_token_features import token_features
from rightsizer.training.structured_crf import label_set, train_tagger, vocabulary_of
from rightsizer.training.structured_heads import fit_classifier, fit_ranker, fit_softmax
from rightsizer.training.structured_plan import Plan
from rightsizer.training.structured_rows import Row, labels_of

RARE_ACTION = 3
MAX_RANKER_ROWS = 700
Ids = list[NDArray[np.int32]]


@dataclass
class TaggerData:
    """The token features of an action's rows as vocabulary rows, and their labels, by row number."""

    labels: list[str]
    vocabulary: dict[str, int]
    texts: dict[int, Ids] = field(default_factory=dict)
    gold: dict[int, list[int]] = field(default_factory=dict)


def tagger_data(
    rows: Sequence[Row], plan: Plan, lexicon: Mapping[str, Mapping[str, int]]
) -> TaggerData | None:
    """Features and labels for a plan's span fields; None where it has none or is not served."""
    names = [label for f in plan.fields if f.kind in TAGGED for label in f.labels]
    if not names or plan.reason:
        return None
    texts = {
        i: token_features(
            rows[i].state.tokens, lexicon, own=rows[i].state.own, context=rows[i].state.question
        )
        for i in plan.rows
    }
    data = TaggerData(label_set(names), vocabulary_of(list(texts.values())))
    numbers = {label: n for n, label in enumerate(data.labels)}
    get = data.vocabulary.get
    for i in plan.rows:
        found = [[row for row in map(get, token) if row is not None] for token in texts.pop(i)]
        data.texts[i] = [np.array(token, np.int32) for token in found]
        data.gold[i] = labels_of(rows[i], numbers)
    return data


@dataclass(frozen=True)
class Fitter:
    """Everything that is shared by the fits of the folds and the final fit."""

    rows: Sequence[Row]
    plans: Mapping[str, Plan]
    lexicon: Mapping[str, Mapping[str, int]]
    data: Mapping[str, TaggerData | None]
    mask: Any
    l2: float = 0.3
    seed: int = 0

    def fit(self, use: Collection[int]) -> StructuredStudent:
        """A student without a confidence, fitted to the rows whose numbers are in `use`."""
        chosen = sorted(use)
        rows = [self.rows[i] for i in chosen]
        models = {
            action: self._fit_action(plan, [i for i in plan.rows if i in use])
            for action, plan in self.plans.items()
        }
        texts = [r.state.request for r in rows]
        return StructuredStudent(
            mask=self.mask,
            router=self._fit_router(rows),
            actions=models,
            lexicon=self.lexicon,
            contracts=frozenset(map(contract_of, texts)),
        )

    def _fit_router(self, rows: Sequence[Row]) -> Any:
        counts = Counter(row.answer.action for row in rows)
        classes = [row.answer.action if counts[row.answer.action] >= RARE_ACTION else REPLY for row in rows]
        found = [v for v in (pooled(row.vectors) for row in rows) if v is not None]
        embeddings = np.stack(found) if len(found) == len(rows) else None
        return fit_softmax([row.state.features for row in rows], classes, embeddings=embeddings)

    def _fit_action(self, plan: Plan, at: Sequence[int]) -> ActionModel:
        if plan.reason or not at:
            return ActionModel(plan.action, plan.fields, plan.reason or f"no example of {plan.action}")
        rows = [self.rows[i] for i in at]
        classifiers, rankers = {}, {}
        for item in plan.fields:
            if item.kind == "closed":
                codes = [
                    code(r.answer.leaves[item.path]) if item.path in r.answer.leaves else ABSENT for r in rows
                ]
                classifiers[item.name] = fit_classifier(rows, codes)
            elif item.kind in ("copy", "copies"):
                rankers[item.name] = fit_ranker(self._some(rows), plan.action, item)
        return ActionModel(plan.action, plan.fields, "", self._fit_tagger(plan, at), classifiers, rankers)

    def _fit_tagger(self, plan: Plan, at: Sequence[int]) -> Tagger | None:
        data = self.data.get(plan.action)
        if data is None:
            return None
        texts, gold = [data.texts[i] for i in at], [data.gold[i] for i in at]
        found = [self.rows[i].vectors for i in at]
        vectors = [v for v in found if v is not None]
        return train_tagger(
            texts,
            gold,
            data.labels,
            data.vocabulary,
            vectors=vectors if len(vectors) == len(at) else None,
            l2=self.l2,
        )

    def _some(self, rows: Sequence[Row]) -> Sequence[Row]:
        if len(rows) <= MAX_RANKER_ROWS:
            return rows
        pick = np.random.default_rng(self.seed).choice(len(rows), MAX_RANKER_ROWS, replace=False)
        return [rows[i] for i in sorted(pick)]


def answer_style(texts: Sequence[str]) -> tuple[str, bool]:
    """How the teacher writes its JSON answers, from at most 200 of them."""
    return style_of(texts[:200])
