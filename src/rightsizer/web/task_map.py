"""The map of tasks as one HTML file: area by cost, colour by readiness, drill down to steps and meaning.

Tiles are laid out here, for wide and for tall screens, and placed by a small script; without it the
table below the map says the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from rightsizer.economics.by_type import NO_TASK, TypeShare
from rightsizer.types import Task
from rightsizer.web.page import environment, inline, policy
from rightsizer.web.treemap import Tile, squarify

WIDE, TALL = (1000.0, 680.0), (560.0, 900.0)
SMALLEST_TILE = 0.004  # share of a view; what is smaller is behind one tile
MOST_TILES = 48
INNER_FROM = 0.02  # share of the map from which a tile shows its steps
HEADER = 46.0  # height that a tile keeps for its own name
BINS = (0.1, 0.3, 0.5, 0.75)  # readiness at which the colour changes
REST = "rest"
HIDDEN_PARTS = ("low", "high")


def render_task_map(
    tasks: Sequence[Task], types: Sequence[TypeShare], examples: Mapping[str, tuple[str, str]] | None = None
) -> str:
    """The whole page as text. Self-contained: styles, script and data are inline, under a strict CSP.

    Args:
        tasks: of all levels.
        types: `economics.by_type.estimate_by_type` of the template level.
        examples: task id → (what was asked, what was answered), already masked; None: no text of a call
            is in the page.
    """
    roots = sorted((t for t in tasks if t.level == "template" and t.n_calls), key=_order)
    css, script = inline("task_map.css"), inline("task_map.js")
    data = _data(roots, tasks, examples or {})
    return (
        environment()
        .get_template("task_map.html.j2")
        .render(
            roots=roots,
            types=[t for t in types if t.type != "all"],
            total=next((t for t in types if t.type == "all"), None),
            no_task=NO_TASK,
            by_cost=any(t.cost_usd > 0 for t in roots),
            bin=bin_of,
            csp=policy(css, script),
            css=Markup(css),
            script=Markup(script),
            data=Markup(_json(data)),
        )
    )


def bin_of(readiness: float | None) -> int:
    """The colour of a readiness: 0 … 4; 5 where it is unknown."""
    return 5 if readiness is None else sum(readiness >= edge for edge in BINS)


def _order(task: Task) -> tuple[float, int, str]:
    return (-task.cost_share, -task.n_calls, task.id)


def _value(task: Task) -> float:
    return max(task.cost_share, 1e-6)


def _data(
    roots: Sequence[Task], tasks: Sequence[Task], examples: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    children: dict[str, dict[str, list[Task]]] = {t.id: {"step": [], "semantic": []} for t in roots}
    for task in sorted(tasks, key=_order):
        if task.parent_id in children and task.n_calls:
            children[task.parent_id][task.level].append(task)
    shown = [*roots, *(t for kinds in children.values() for group in kinds.values() for t in group)]
    views: dict[str, Any] = _views("all", roots, outside=max(0.0, 1 - sum(t.cost_share for t in roots)))
    for root in roots:
        for level, group in children[root.id].items():
            if len(group) > 1:
                views |= _views(f"{root.id}/{level}", group)
    inner = {r.id: _inner(r, children[r.id]["step"], views) for r in roots}
    return {
        "nodes": {t.id: _node(t, children.get(t.id), examples.get(t.id)) for t in shown},
        "views": views,
        "inner": {k: v for k, v in inner.items() if v},
        "heads": {"wide": HEADER / WIDE[1], "tall": HEADER / TALL[1]},
    }


def _views(key: str, tasks: Sequence[Task], outside: float = 0.0) -> dict[str, Any]:
    """The view `key`, and one more behind the tile of what is too small to see in it."""
    total = sum(map(_value, tasks)) + outside
    big = [t for i, t in enumerate(tasks) if i < MOST_TILES and _value(t) >= SMALLEST_TILE * total]
    small = list(tasks[len(big) :])
    if len(small) < 2:
        big, small = list(tasks), []
    entries = [(t.id, _value(t)) for t in big]
    found: dict[str, Any] = {}
    if small:
        entries.append((f"{key}#{REST}", sum(map(_value, small))))
        found[f"{key}#{REST}"] = _layout([(t.id, _value(t)) for t in small])
    if outside > 0.001:
        entries.append(("", outside))
    return {key: _layout(sorted(entries, key=lambda e: -e[1])), **found}


def _layout(entries: Sequence[tuple[str, float]]) -> dict[str, Any]:
    places: dict[str, Any] = {"ids": [name for name, _ in entries], "values": [_round(v) for _, v in entries]}
    for name, (width, height) in (("wide", WIDE), ("tall", TALL)):
        tiles = squarify([v for _, v in entries], width, height)
        places[name] = [_shares(t, width, height) for t in tiles]
    return places


def _shares(tile: Tile, width: float, height: float) -> list[float]:
    return [_round(v) for v in (tile.x / width, tile.y / height, tile.width / width, tile.height / height)]


def _inner(root: Task, steps: Sequence[Task], views: Mapping[str, Any]) -> dict[str, Any]:
    """The steps of a task as small tiles within its tile, in shares of it below its header."""
    view = views["all"]
    if len(steps) < 2 or root.id not in view["ids"]:
        return {}
    place = view["ids"].index(root.id)
    found: dict[str, Any] = {}
    for name, (width, height) in (("wide", WIDE), ("tall", TALL)):
        _, _, w, h = view[name][place]
        frame = (w * width, h * height - HEADER)
        if w * h < INNER_FROM or frame[0] < 90 or frame[1] < 40:
            continue
        tiles = squarify([_value(s) for s in steps], *frame)
        found[name] = [[bin_of(s.readiness), *_shares(t, *frame)] for s, t in zip(steps, tiles, strict=True)]
    return found


def _node(
    task: Task, children: Mapping[str, Sequence[Task]] | None, example: tuple[str, str] | None
) -> dict[str, Any]:
    parts = {k: v for k, v in task.readiness_parts.items() if k not in HIDDEN_PARTS}
    return {
        "name": task.name,
        "parent": task.parent_id or "",
        "level": task.level,
        "type": task.type,
        "output": task.output,
        "version": task.version,
        "calls": task.n_calls,
        "sessions": task.n_sessions,
        "tokens": task.input_tokens + task.output_tokens,
        "usd": round(task.cost_usd, 6),
        "cost": _round(task.cost_share),
        "ready": task.readiness,
        "low": task.readiness_parts.get("low"),
        "high": task.readiness_parts.get("high"),
        "bin": bin_of(task.readiness),
        "parts": parts,
        "verdict": task.verdict or "",
        "reason": task.reason,
        "steps": len(children["step"]) if children else 0,
        "meanings": len(children["semantic"]) if children else 0,
        "example": list(example) if example else None,
    }


def _round(value: float) -> float:
    return round(value, 5)


def _json(data: Mapping[str, Any]) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
