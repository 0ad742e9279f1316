"""The page's charts: SVG and tile positions drawn from the report's figures, without any library.

Colours and fonts come from classes in `report.css`, so that light, dark and print follow the page.
Every chart has a text alternative.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, log10

from markupsafe import Markup, escape

from rightsizer.economics.report_types import Proof, Report
from rightsizer.economics.savings import Range
from rightsizer.economics.wording import money, money_range, percent, share
from rightsizer.web.treemap import squarify

MAP_WIDTH, MAP_HEIGHT = 1000.0, 380.0
MOST_TILES = 40
THINNEST_WHISKER = 0.02  # share of the axis below which a range is not drawn
SMALLEST_TILE = 0.004  # share of the map; what is smaller is summed into one tile


def money_map(report: Report) -> tuple[list[dict[str, object]], str]:
    """Tiles of the treemap (area by cost; by calls where no cost is known), and the CSS that places them."""
    by_cost = report.log.cost_usd.point > 0
    parts = [
        {
            "name": row.name,
            "href": f"#{row.id}",
            "kind": row.verdict,
            "value": row.cost_usd.point * report.scale if by_cost else float(row.calls),
        }
        for row in report.tasks
    ]
    total = report.headline.cost.point if by_cost else float(report.log.calls)
    rest = total - sum(float(str(p["value"])) for p in parts)
    if rest > total * 1e-6:
        parts.append({"name": "Calls of no task", "href": "", "kind": "outside", "value": rest})
    parts = _merge_small(parts, total)
    values = [float(str(p["value"])) for p in parts]
    css = []
    for i, tile in enumerate(squarify(values, MAP_WIDTH, MAP_HEIGHT)):
        css.append(
            f".m{i}{{left:{tile.x / MAP_WIDTH:.3%};top:{tile.y / MAP_HEIGHT:.3%};"
            f"width:{tile.width / MAP_WIDTH:.3%};height:{tile.height / MAP_HEIGHT:.3%}}}"
        )
        value = values[i]
        parts[i]["amount"] = f"{money(value)} / {report.unit}" if by_cost else f"{value:,.0f} calls"
        parts[i]["share"] = share(value / total)
    return parts, "".join(css)


def _merge_small(parts: list[dict[str, object]], total: float) -> list[dict[str, object]]:
    """Largest first; tiles too small to see become one."""
    parts = sorted((p for p in parts if float(str(p["value"])) > 0), key=lambda p: -float(str(p["value"])))
    big = [
        p for i, p in enumerate(parts) if i < MOST_TILES and float(str(p["value"])) >= SMALLEST_TILE * total
    ]
    small = parts[len(big) :]
    if len(small) < 2:
        return parts
    value = sum(float(str(p["value"])) for p in small)
    merged: dict[str, object] = {
        "name": f"{len(small)} small tasks",
        "href": "#tasks",
        "kind": "outside",
        "value": value,
    }
    return sorted([*big, merged], key=lambda p: -float(str(p["value"])))


def verdict_bar(report: Report) -> Markup:
    """One bar of all calls: those that can move, those whose task is decided or open, those of no task."""
    moved = report.headline.calls_movable.point
    by = {
        v: sum(r.call_share for r in report.tasks if r.verdict == v) for v in ("replace", "undecided", "keep")
    }
    parts = [
        ("replace", moved, "a student may serve"),
        ("rest", max(0.0, by["replace"] - moved), "same tasks, but the student defers to the LLM"),
        ("undecided", by["undecided"], "not enough evidence yet"),
        ("keep", by["keep"], "should stay on the LLM"),
        ("outside", report.headline.calls_outside, "of no recurring task"),
    ]
    shown = [(kind, part, words) for kind, part, words in parts if part > 0.0005]
    label = "All calls: " + ", ".join(f"{share(part)} {words}" for _, part, words in shown)
    x, rects = 0.0, []
    for kind, part, words in shown:
        title = f"<title>{escape(share(part))} {escape(words)}</title>"
        rects.append(
            f'<rect class="fill-{kind}" x="{x:.3%}" y="0" width="{part:.3%}" height="22">{title}</rect>'
        )
        x += part
    keys = "".join(
        f'<li><span class="dot dot-{kind}"></span><b>{escape(share(part))}</b> {escape(words)}</li>'
        for kind, part, words in shown
    )
    head = f'<svg class="bar" role="img" aria-label="{escape(label)}" width="100%" height="22">'
    svg = f"{head}{''.join(rects)}</svg>"
    return Markup(f'{svg}<ul class="legend">{keys}</ul>')


def range_bar(usd: Range, top: float, kind: str) -> Markup:
    """A horizontal bar up to the point, with whiskers from low to high; `top` is the axis' end."""
    top = top or 1.0
    low, point, high = (max(0.0, min(1.0, v / top)) for v in (usd.low, usd.point, usd.high))
    whiskers = ""
    if high - low > THINNEST_WHISKER:
        ends = ((low, high, 10, 10), (low, low, 5, 15), (high, high, 5, 15))
        whiskers = "".join(
            f'<line class="whisker" x1="{x1:.3%}" x2="{x2:.3%}" y1="{y1}" y2="{y2}"/>'
            for x1, x2, y1, y2 in ends
        )
    return Markup(
        f'<svg class="range" role="img" aria-label="{escape(money_range(usd))}" width="100%" height="20">'
        f'<rect class="track" x="0" y="3" width="100%" height="14" rx="3"/>'
        f'<rect class="fill-{escape(kind)}" x="0" y="3" width="{max(point, 0.004):.3%}" height="14" rx="3"/>'
        f"{whiskers}</svg>"
    )


def share_bar(value: float, kind: str) -> Markup:
    """A small bar of a share, for table cells and funnels."""
    width = f"{max(0.0, min(1.0, value)):.3%}"
    return Markup(
        '<svg class="mini" aria-hidden="true" width="100%" height="8">'
        '<rect class="track" x="0" y="0" width="100%" height="8" rx="2"/>'
        f'<rect class="fill-{escape(kind)}" x="0" y="0" width="{width}" height="8" rx="2"/></svg>'
    )


# ── The proof: disagreement against the share served ────────────────────────────────────────

LEFT, RIGHT, TOP, BOTTOM = 46.0, 24.0, 14.0, 40.0
WIDTH, HEIGHT = 420.0, 230.0


def proof_plot(proof: Proof) -> Markup | None:
    """Disagreement and its upper bound over the share served, the tolerated line, and the point chosen.

    None where fewer than two thresholds were examined.
    """
    if len(proof.grid) < 2:
        return None
    risks = [p.risk for p in proof.grid]
    bounds = [p.risk_high for p in proof.grid if p.risk_high is not None]
    top = _nice(min(max([*risks, *bounds, proof.alpha * 1.6]), max(proof.alpha * 5, 0.02)))
    body = [_axes(top), _line("risk", [(p.coverage, p.risk) for p in proof.grid], top)]
    if bounds:
        body.append(
            _line("bound", [(p.coverage, p.risk_high) for p in proof.grid if p.risk_high is not None], top)
        )
    alpha_y = _y(proof.alpha, top)
    body.append(
        f'<line class="alpha" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{alpha_y:.1f}" y2="{alpha_y:.1f}"/>'
    )
    body.append(
        f'<text class="alpha-text" x="{LEFT + 5}" y="{alpha_y - 5:.1f}">'
        f"tolerated {escape(percent(proof.alpha))}</text>"
    )
    label = f"Disagreement with the LLM against the share of calls served; tolerated: {percent(proof.alpha)}."
    if proof.agreement is not None and proof.threshold is not None:
        body.append(_chosen(proof, top))
        seen = percent(1 - proof.agreement)
        label += f" Chosen: {share(proof.coverage)} served at {seen} disagreement on unseen sessions."
    return Markup(
        f'<svg class="plot" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{"".join(body)}</svg>'
    )


def _chosen(proof: Proof, top: float) -> str:
    assert proof.agreement is not None
    x, y = _x(proof.coverage), _y(1 - proof.agreement, top)
    floor_ = "" if proof.agreement_low is None else _whisker(x, y, _y(1 - proof.agreement_low, top))
    anchor, dx = ("end", -8) if proof.coverage > 0.55 else ("start", 8)
    text_y = min(y + 16, HEIGHT - BOTTOM - 4)
    return (
        f'{floor_}<circle class="chosen" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        f'<text class="chosen-text" x="{x + dx:.1f}" y="{text_y:.1f}" text-anchor="{anchor}">'
        f"serves {escape(share(proof.coverage))}</text>"
    )


def _whisker(x: float, y: float, y_high: float) -> str:
    return (
        f'<line class="chosen-line" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{y_high:.1f}"/>'
        f'<line class="chosen-line" x1="{x - 4:.1f}" x2="{x + 4:.1f}" y1="{y_high:.1f}" y2="{y_high:.1f}"/>'
    )


def _axes(top: float) -> str:
    parts = []
    for i in range(5):
        value = top * i / 4
        y = _y(value, top)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value * 100:.3g} %</text>'
        )
    for i in range(5):
        x = _x(i / 4)
        at = f'x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle"'
        parts.append(f'<text class="tick" {at}>{i * 25} %</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text class="axis" x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">share of calls served</text>'
    )
    return "".join(parts)


def _line(kind: str, points: Sequence[tuple[float, float]], top: float) -> str:
    """A line, cut at the plot's upper edge where values are larger than the axis."""
    shown: list[list[tuple[float, float]]] = []
    for (c0, r0), (c1, r1) in pairwise(points):
        if min(r0, r1) > top:
            continue
        start = (c0, r0) if r0 <= top else (c0 + (c1 - c0) * (r0 - top) / (r0 - r1), top)
        end = (c1, r1) if r1 <= top else (c0 + (c1 - c0) * (top - r0) / (r1 - r0), top)
        if shown and shown[-1][-1] == start:
            shown[-1].append(end)
        else:
            shown.append([start, end])
    texts = [" ".join(f"{_x(c):.1f},{_y(r, top):.1f}" for c, r in part) for part in shown]
    return "".join(f'<polyline class="{kind}" points="{text}"/>' for text in texts)


def _x(coverage: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * coverage


def _y(risk: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(risk, top) / top)


def _nice(value: float) -> float:
    """The next 1, 2, 4, 5 or 8 times a power of ten: four steps of it read well."""
    if value <= 0:
        return 0.01
    power = 10.0 ** floor(log10(value))
    for factor in (1, 2, 4, 5, 8, 10):
        if value <= factor * power * (1 + 1e-9):
            return factor * power
    return ceil(value / power) * power
