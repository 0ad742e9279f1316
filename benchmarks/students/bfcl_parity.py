"""Our reading of BFCL's AST rules beside `bfcl_eval` itself, on its own cases: gold calls and altered ones.

    pip install --no-deps bfcl-eval
    python benchmarks/students/bfcl_parity.py [--show 5]

Every case of the Python categories gives a right answer (the first accepted value of each argument) and
altered ones: an argument left out, added, renamed, of another type, in other letters, a list or the calls in
another order, a call too few, too many, or of another name. Both checkers judge each; the table counts equal
verdicts. What `bfcl_eval` cannot judge (it raises) is counted apart.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import json
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rightsizer.scoring.bfcl import bfcl_matches
from rightsizer.types import Message, ToolCallPart

CATEGORIES = (
    *("simple_python", "multiple", "parallel", "parallel_multiple"),
    *("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple"),
)
Calls = list[dict[str, Any]]  # [{name: arguments}, …], as bfcl_eval writes them


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--show", type=int, default=0, help="print so many differing verdicts")
    given = arguments.parse_args()
    root, check = _theirs()
    rows: Counter[tuple[str, str]] = Counter()
    shown = 0
    for category in CATEGORIES:
        for functions, gold in _cases(root, category):
            for kind, answer in answers(gold):
                theirs = _verdict(check, functions, answer, gold, category)
                ours = bfcl_matches(gold, _message(answer), _tools(functions))
                what = "it raises" if theirs is None else "equal" if theirs == ours else "different"
                rows[kind, what] += 1
                rows[kind, "accepted"] += bool(theirs)
                if what == "different" and shown < given.show:
                    shown += 1
                    print(f"{category} {kind}: theirs {theirs}, ours {ours}\n  {answer}\n  {gold}")
    print(f"{'answer':24} {'judged':>7} {'accepted':>9} {'equal':>7} {'different':>10} {'it raises':>10}")
    kinds = list(dict.fromkeys(kind for kind, _ in rows))
    for kind in (*kinds, "all"):
        equal, different, raised, accepted = (
            sum(n for (k, w), n in rows.items() if w == what and kind in (k, "all"))
            for what in ("equal", "different", "it raises", "accepted")
        )
        print(f"{kind:24} {equal + different:7} {accepted:9} {equal:7} {different:10} {raised:10}")


def answers(gold: Calls) -> Iterator[tuple[str, Calls]]:
    """The right answer, and one of each kind of alteration that this case allows."""
    right = [{name: _first(accepted) for name, accepted in call.items()} for call in gold]
    yield "right", right
    yield "one call too many", [*right, right[-1]]
    yield "another function", [{f"{name}_x": a for name, a in right[0].items()}, *right[1:]]
    if len(right) > 1:
        yield "a call left out", right[1:]
        yield "calls in reverse", right[::-1]
    for kind, change in ALTERED.items():
        altered = copy.deepcopy(right)
        ((_, inner),) = altered[0].items()
        ((_, accepted),) = gold[0].items()
        if change(inner, accepted):
            yield kind, altered


def _first(accepted: dict[str, list[Any]]) -> dict[str, Any]:
    """The first accepted value of every argument that has to be there."""
    return {k: _plain(v[0]) for k, v in accepted.items() if v and v[0] != ""}


def _plain(value: Any) -> Any:
    """Within an accepted object each key again has a list of accepted values."""
    if isinstance(value, dict):
        return {k: _plain(v[0]) if isinstance(v, list) and v else v for k, v in value.items() if v != [""]}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _where(inner: dict[str, Any], of: type | tuple[type, ...]) -> str | None:
    found = (k for k, v in inner.items() if isinstance(v, of) and not (of is int and isinstance(v, bool)))
    return next(found, None)


def _retyped(of: type | tuple[type, ...], to: Callable[[Any], Any]) -> Callable[..., bool]:
    def change(inner: dict[str, Any], accepted: Any) -> bool:
        key = _where(inner, of)
        if key is not None:
            inner[key] = to(inner[key])
        return key is not None

    return change


def _left_out(inner: dict[str, Any], accepted: Any) -> bool:
    return bool(inner) and inner.pop(next(iter(inner)), None) is not None


def _optional_left_out(inner: dict[str, Any], accepted: Any) -> bool:
    key = next((k for k, v in accepted.items() if "" in v and k in inner), None)
    return key is not None and inner.pop(key, None) is not None


def _added(inner: dict[str, Any], accepted: Any) -> bool:
    inner["zq_more"] = 1
    return True


def _renamed(inner: dict[str, Any], accepted: Any) -> bool:
    key = next(iter(inner), None)
    if key is not None:
        inner[f"{key}_x"] = inner.pop(key)
    return key is not None


def _next_accepted(inner: dict[str, Any], accepted: Any) -> bool:
    key = next((k for k, v in accepted.items() if k in inner and len([o for o in v if o != ""]) > 1), None)
    if key is not None:
        inner[key] = _plain([o for o in accepted[key] if o != ""][1])
    return key is not None


ALTERED: dict[str, Callable[..., bool]] = {
    "argument left out": _left_out,
    "optional left out": _optional_left_out,
    "argument added": _added,
    "argument renamed": _renamed,
    "another accepted value": _next_accepted,
    "string in capitals": _retyped(str, str.upper),
    "string with marks": _retyped(str, lambda v: f" {v}-_".replace(" ", ". ")),
    "string altered": _retyped(str, lambda v: v + "q"),
    "string as list": _retyped(str, lambda v: [v]),
    "integer as float": _retyped(int, float),
    "integer as string": _retyped(int, str),
    "integer altered": _retyped(int, lambda v: v + 1),
    "float as integer": _retyped(float, int),
    "boolean turned": _retyped(bool, lambda v: not v),
    "boolean as string": _retyped(bool, lambda v: str(v).lower()),
    "list reversed": _retyped(list, lambda v: v[::-1]),
    "list item as string": _retyped(list, lambda v: [str(v[0]), *v[1:]] if v else v),
    "list emptied": _retyped(list, lambda v: []),
    "object emptied": _retyped(dict, lambda v: {}),
    "object with one more key": _retyped(dict, lambda v: {**v, "zq": 1}),
    "object key left out": _retyped(dict, lambda v: dict(list(v.items())[1:])),
}


def _verdict(check: Any, functions: Any, answer: Calls, gold: Calls, category: str) -> bool | None:
    """bfcl_eval's word; None where it raises."""
    try:
        return bool(check(copy.deepcopy(functions), copy.deepcopy(answer), copy.deepcopy(gold), category))
    except (TypeError, AttributeError, KeyError, IndexError):
        return None


def _message(answer: Calls) -> Message:
    parts = [
        ToolCallPart(name=name, arguments=json.dumps(inner))
        for call in answer
        for name, inner in call.items()
    ]
    return Message(role="assistant", parts=tuple(parts))


def _tools(functions: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple({"type": "function", "function": f} for f in functions)


def _cases(root: Path, category: str) -> Iterator[tuple[list[dict[str, Any]], Calls]]:
    name = f"BFCL_v4_{category}.json"
    golds = {g["id"]: g["ground_truth"] for g in _lines(root / "data/possible_answer" / name)}
    for case in _lines(root / "data" / name):
        functions = case["function"] if isinstance(case["function"], list) else [case["function"]]
        yield functions, golds[case["id"]]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _theirs() -> tuple[Path, Callable[[Any, Any, Any, str], bool]]:
    """bfcl_eval's folder and its checker, without the clients of the models that it can call."""
    found = importlib.util.find_spec("bfcl_eval")
    if found is None or not found.submodule_search_locations:
        sys.exit("bfcl_eval is not installed: pip install --no-deps bfcl-eval")
    config: Any = types.ModuleType("bfcl_eval.constants.model_config")
    config.MODEL_CONFIG_MAPPING = {"any": types.SimpleNamespace(underscore_to_dot=False)}
    sys.modules.setdefault("bfcl_eval.constants.model_config", config)
    for parser in ("tree_sitter", "tree_sitter_java", "tree_sitter_javascript"):  # Java and JavaScript only
        sys.modules.setdefault(parser, types.ModuleType(parser))
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    def check(functions: Any, answer: Any, gold: Any, category: str) -> bool:
        return bool(ast_checker(functions, answer, gold, Language.PYTHON, category, "any")["valid"])

    return Path(next(iter(found.submodule_search_locations))), check


if __name__ == "__main__":
    main()
