"""A structured student as an artifact and back: names and choices in JSON, weights in arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.artifact import Artifact
from rightsizer.students.structured import Confidence, StructuredStudent
from rightsizer.students.structured_embed import TokenEncoder
from rightsizer.students.structured_fields import ActionModel, Field
from rightsizer.students.structured_linear import Softmax
from rightsizer.students.structured_objects import Items, Part
from rightsizer.students.structured_ranker import Ranker
from rightsizer.students.structured_tagger import Tagger
from rightsizer.students.structured_transforms import Rewriting
from rightsizer.views.view import PayloadMask

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder

Arrays = dict[str, NDArray[Any]]
Params = dict[str, Any]


def pack(student: StructuredStudent) -> Artifact:
    """The artifact of a student; `unpack` gives the student back, to the last weight."""
    arrays: Arrays = {}
    params: Params = {
        "mask": None if student.mask is None else student.mask.model_dump(mode="json"),
        "router": _pack_softmax(student.router, "router", arrays),
        "actions": [_pack_action(m, f"a{i}", arrays) for i, m in enumerate(student.actions.values())],
        "lexicon": {_writable(key): dict(fields) for key, fields in sorted(student.lexicon.items())},
        "contracts": sorted(student.contracts),
        "style": list(student.style),
        "diagnostics": dict(student.diagnostics),
        "confidence": None,
    }
    if student.confidence is not None:
        c = student.confidence
        params["confidence"] = {"names": c.names, "bias": c.bias}
        arrays |= {"confidence.mean": c.mean, "confidence.scale": c.scale, "confidence.weights": c.weights}
    identity = None if student.encoder is None else str(student.encoder.identity)
    return Artifact("structured", params, arrays, identity)


def unpack(artifact: Artifact, encoder: Encoder | None = None) -> StructuredStudent:
    """The student of an artifact."""
    p, arrays = artifact.params, artifact.arrays
    confidence = None
    if p["confidence"] is not None:
        confidence = Confidence(
            names=list(p["confidence"]["names"]),
            mean=arrays["confidence.mean"],
            scale=arrays["confidence.scale"],
            weights=arrays["confidence.weights"],
            bias=float(p["confidence"]["bias"]),
        )
    models = [_unpack_action(a, f"a{i}", arrays) for i, a in enumerate(p["actions"])]
    return StructuredStudent(
        mask=None if p["mask"] is None else PayloadMask.model_validate(p["mask"]),
        router=_unpack_softmax(p["router"], "router", arrays),
        actions={model.action: model for model in models},
        lexicon=p["lexicon"],
        contracts=frozenset(p["contracts"]),
        style=(str(p["style"][0]), bool(p["style"][1])),
        confidence=confidence,
        diagnostics=p["diagnostics"],
        encoder=encoder if artifact.encoder is not None and isinstance(encoder, TokenEncoder) else None,
    )


def _names(vocabulary: Mapping[str, int]) -> list[str]:
    return [_writable(name) for name in sorted(vocabulary, key=lambda name: vocabulary[name])]


def _writable(name: str) -> str:
    """The name as UTF-8 can hold it: logs carry halves of broken emoji, which no file can."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _vocabulary(names: list[str]) -> dict[str, int]:
    return {name: i for i, name in enumerate(names)}


def _pack_softmax(model: Softmax, at: str, arrays: Arrays) -> Params:
    arrays[f"{at}.weights"], arrays[f"{at}.bias"] = model.weights, model.bias
    if model.dense is not None:
        arrays[f"{at}.dense"] = model.dense
    return {"classes": model.classes, "vocabulary": _names(model.vocabulary)}


def _unpack_softmax(p: Mapping[str, Any], at: str, arrays: Mapping[str, Any]) -> Softmax:
    return Softmax(
        classes=list(p["classes"]),
        vocabulary=_vocabulary(p["vocabulary"]),
        weights=arrays[f"{at}.weights"],
        bias=arrays[f"{at}.bias"],
        dense=arrays.get(f"{at}.dense"),
    )


def _pack_action(model: ActionModel, at: str, arrays: Arrays) -> Params:
    tagger = None
    if model.tagger is not None:
        t = model.tagger
        tagger = {"labels": t.labels, "vocabulary": _names(t.vocabulary)}
        # Half precision: the weights are small, and 1e-3 of one moves no label that was not a toss-up.
        arrays[f"{at}.emission"] = t.emission.astype(np.float16)
        if t.dense is not None:
            arrays[f"{at}.dense"] = t.dense
        arrays |= {f"{at}.transition": t.transition, f"{at}.start": t.start, f"{at}.end": t.end}
    rankers = {}
    for i, (name, ranker) in enumerate(sorted(model.rankers.items())):
        arrays[f"{at}.r{i}"] = ranker.weights
        rankers[name] = {
            "at": f"{at}.r{i}",
            "vocabulary": _names(ranker.vocabulary),
            "shapes": sorted(map(_writable, ranker.shapes)),
            "optional": ranker.optional,
        }
    return {
        "action": model.action,
        "reason": model.reason,
        "fields": [_pack_field(field) for field in model.fields],
        "tagger": tagger,
        "classifiers": {
            name: {"at": f"{at}.c{i}", **_pack_softmax(c, f"{at}.c{i}", arrays)}
            for i, (name, c) in enumerate(sorted(model.classifiers.items()))
        },
        "rankers": rankers,
    }


def _unpack_action(p: Mapping[str, Any], at: str, arrays: Mapping[str, Any]) -> ActionModel:
    tagger = None
    if p["tagger"] is not None:
        tagger = Tagger(
            labels=list(p["tagger"]["labels"]),
            vocabulary=_vocabulary(p["tagger"]["vocabulary"]),
            emission=arrays[f"{at}.emission"].astype(np.float32),
            transition=arrays[f"{at}.transition"],
            start=arrays[f"{at}.start"],
            end=arrays[f"{at}.end"],
            dense=arrays.get(f"{at}.dense"),
        )
    return ActionModel(
        action=p["action"],
        fields=[_unpack_field(f) for f in p["fields"]],
        reason=p["reason"],
        tagger=tagger,
        classifiers={name: _unpack_softmax(c, c["at"], arrays) for name, c in p["classifiers"].items()},
        rankers={
            name: Ranker(
                vocabulary=_vocabulary(r["vocabulary"]),
                weights=arrays[r["at"]],
                shapes=frozenset(r["shapes"]),
                optional=r["optional"],
            )
            for name, r in p["rankers"].items()
        },
    )


def _pack_field(field: Field) -> Params:
    packed = asdict(field)
    rewritings = [packed["rewriting"]]
    if packed["items"] is not None:
        rewritings += [part["rewriting"] for part in packed["items"]["parts"]]
    for rewriting in rewritings:
        forms = rewriting["by_shape"]
        rewriting["by_shape"] = {_writable(form): name for form, name in sorted(forms.items())}
    return packed


def _unpack_field(p: Mapping[str, Any]) -> Field:
    items = None if p.get("items") is None else _unpack_items(p["items"])
    return Field(**{**p, "path": tuple(p["path"]), "rewriting": Rewriting(**p["rewriting"]), "items": items})


def _unpack_items(p: Mapping[str, Any]) -> Items:
    parts = [
        Part(**{**x, "path": tuple(x["path"]), "rewriting": Rewriting(**x["rewriting"])}) for x in p["parts"]
    ]
    before = tuple((str(a), str(b)) for a, b in p["before"])
    return Items(tuple(parts), tuple(p["anchor"]), before, tuple(p["classes"]))
