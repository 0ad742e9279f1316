"""From zones to signatures: which kinds of calls recur, and by what each is recognised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from rightsizer.tasks.cores import MIN_CORE, VARIED, Core, CoreIndex, Text, best_core, fit_cores, reweigh
from rightsizer.tasks.shingles import U64, frame, shingle
from rightsizer.tasks.signature import CoreState, Signature, same_tools
from rightsizer.tasks.zones import Zones
from rightsizer.views.tokens import digest

MAX_ROWS = 8000  # rows that are looked at at once
MAX_ALIKE = 2000  # of them with one system prompt, tool set and format
SPLIT_COVER = 0.7  # share of a system prompt's calls that opening templates must explain to split it
SPLIT_COVER_GENERIC = 0.3  # the same under a system prompt too short to say what the task is
OPENING_CORE = 12  # shingles: people who ask for the same thing share fewer
RECURRING = 8  # sessions per text: a scenario is run a few times, an agent's fixed prompt many
SPLIT_CORE = 24  # shingles of an opening template that may split a system prompt which says what to do
REST_SHARE = 0.1  # what opening templates leave over is a task of its own from this share on
FREE_SHARE = 0.5  # calls without any template are a task only where they are most of the log


Cut = Callable[[str], U64]


@dataclass(frozen=True)
class Row:
    """Distinct zones with the sessions and the number of calls that carry them."""

    zones: Zones
    sessions: frozenset[str]
    n_calls: int


@dataclass(frozen=True)
class _Placed:
    """A row with the cores it contains (None: no template in that zone)."""

    row: Row
    system: int | None
    opening: int | None


@dataclass(frozen=True)
class Least:
    """What a task needs at least."""

    calls: int
    sessions: int

    def met(self, rows: Iterable[Row]) -> bool:
        rows = list(rows)
        if sum(r.n_calls for r in rows) < self.calls:
            return False
        return len(frozenset().union(*(r.sessions for r in rows))) >= self.sessions


def find_signatures(
    rows: Sequence[Row],
    least: Least,
    n_total: float,
    taken: Sequence[Signature] = (),
    granularity: float = 1.0,
) -> list[Signature]:
    """Signatures of the tasks in these rows, those with most calls first. Deterministic.

    Args:
        rows: what belongs to no task yet (a sample of it).
        n_total: calls of the whole log, as far as the sample stands for it.
        taken: signatures of the tasks there are. A system prompt that says nothing ("You are a helpful
            assistant.") and was split by opening templates is no task of its own for what is left.
        granularity: how readily a system prompt is divided by opening templates: 0 never, 1 where they
            explain most of its calls, more where they explain less.
    """
    declared, free = _by_declared(rows, least)
    cut = cache(shingle.__wrapped__)
    systems = _fit_systems(free, least, cut)
    openings = _fit_openings(free, least, cut)
    placed = _place(free, systems, openings, cut)
    found: list[tuple[Signature, list[Row]]] = [(Signature(declared=n), r) for n, r in declared.items()]
    for system in sorted({p.system for p in placed if p.system is not None}):
        members = [p for p in placed if p.system == system]
        found += _split_system(members, systems[system], openings, least, _split_before(taken), granularity)
    rest = [p for p in placed if p.system is None]
    for opening in sorted({p.opening for p in rest if p.opening is not None}):
        found += _families([p.row for p in rest if p.opening == opening], None, openings[opening], least)
    bare = [p.row for p in rest if p.opening is None]
    found += _families([r for r in bare if r.zones.tools or r.zones.format], None, None, least)
    found += _untemplated([r for r in bare if not (r.zones.tools or r.zones.format)], n_total, least)
    found.sort(key=lambda f: (-sum(r.n_calls for r in f[1]), digest(f[0].model_dump_json())))
    return [s for s, _ in found]


def sample_rows(rows: Sequence[Row]) -> list[Row]:
    """A fixed sample of very many rows, in their order: so many of one system prompt, then so many at all.

    What is rare and not in it comes with what is left over, in a later round.
    """
    if len(rows) <= MAX_ALIKE:
        return list(rows)
    drawn = sorted(range(len(rows)), key=lambda i: digest(rows[i].zones.opening + rows[i].zones.system))
    alike: Counter[tuple[str, frozenset[str], str, str]] = Counter()
    kept = []
    for i in drawn:
        zones = rows[i].zones
        key = (zones.system, zones.tools, zones.format, zones.declared)
        alike[key] += 1
        if alike[key] <= MAX_ALIKE:
            kept.append(i)
    return [rows[i] for i in sorted(kept[:MAX_ROWS])]


def _by_declared(rows: Sequence[Row], least: Least) -> tuple[dict[str, list[Row]], list[Row]]:
    """Rows under an id of the caller's that recurs, and the others."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.zones.declared].append(row)
    kept = {name: g for name, g in sorted(groups.items()) if name and least.met(g)}
    return kept, [r for r in rows if r.zones.declared not in kept]


def _fit_systems(rows: Sequence[Row], least: Least, cut: Cut) -> list[Core]:
    """Cores of system prompts: first of those that vary (a date, a scenario filled in), by what different
    texts share; then of the others, where the same text in many sessions is a template as it stands.

    Where the texts behind a shared part recur in many sessions each, they are the prompts of several
    agents of one framework, not one prompt filled in: those are left to the second pass.
    """
    known = _texts(rows, "system")
    shingles = [cut(t) for t, _ in known]
    sessions = np.array([n for _, n in known])
    varied = fit_cores([Text(s, 1) for s in shingles], min_support=max(least.sessions, VARIED))
    index, masses = CoreIndex(varied), np.array([c.mass for c in varied])
    owner = [best_core(index.contained(s), masses) for s in shingles]
    filled_in = {
        k
        for k in range(len(varied))
        if (own := [n for n, o in zip(sessions, owner, strict=True) if o == k]) and np.mean(own) <= RECURRING
    }
    fixed = [Text(s, n) for s, o, (_, n) in zip(shingles, owner, known, strict=True) if o not in filled_in]
    static = fit_cores(fixed, min_support=least.sessions, allow_short=True)
    return reweigh([*(varied[k] for k in sorted(filled_in)), *static])


def _fit_openings(rows: Sequence[Row], least: Least, cut: Cut) -> list[Core]:
    """Cores of opening messages: what *different* messages share, because the same words again may be
    the same question asked again."""
    texts = [Text(cut(t), 1, frame(t)) for t, _ in _texts(rows, "opening")]
    return fit_cores(texts, min_support=max(least.sessions, VARIED), min_core=OPENING_CORE)


def _texts(rows: Sequence[Row], zone: str) -> list[tuple[str, int]]:
    """Distinct texts of a zone and the sessions that carry each."""
    by_text: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        text = str(getattr(row.zones, zone))
        if text.strip():
            by_text[text] |= row.sessions
    return [(name, len(by_text[name])) for name in sorted(by_text, key=digest)]


def _place(rows: Sequence[Row], systems: Sequence[Core], openings: Sequence[Core], cut: Cut) -> list[_Placed]:
    indexes = (CoreIndex(systems), CoreIndex(openings))
    masses = (np.array([c.mass for c in systems]), np.array([c.mass for c in openings]))
    memo: dict[tuple[int, str], int | None] = {}

    def core_of(zone: int, text: str) -> int | None:
        key = (zone, text)
        if key not in memo:
            memo[key] = best_core(indexes[zone].contained(cut(text)), masses[zone])
        return memo[key]

    return [_Placed(r, core_of(0, r.zones.system), core_of(1, r.zones.opening)) for r in rows]


def _split_system(
    members: Sequence[_Placed],
    system: Core,
    openings: Sequence[Core],
    least: Least,
    split_before: frozenset[tuple[str, ...]],
    granularity: float,
) -> list[tuple[Signature, list[Row]]]:
    """One system prompt: one task, or one per opening template where those explain its calls."""
    generic = system.size < MIN_CORE
    groups: dict[int, list[Row]] = defaultdict(list)
    for p in members:
        if p.opening is not None:
            groups[p.opening].append(p.row)
    long_enough = 0 if generic else SPLIT_CORE
    groups = {o: g for o, g in sorted(groups.items()) if openings[o].size >= long_enough and least.met(g)}
    n = sum(p.row.n_calls for p in members)
    covered = sum(r.n_calls for g in groups.values() for r in g)
    if generic and CoreState.of(system).hashes in split_before:
        return [f for o, g in groups.items() for f in _families(g, system, openings[o], least)]
    needed = (SPLIT_COVER_GENERIC if generic else SPLIT_COVER) / max(granularity, 1e-9)
    if len(groups) < 2 or covered < needed * n:
        alone = openings[next(iter(groups))] if len(groups) == 1 and covered >= 0.95 * n and generic else None
        return _families([p.row for p in members], system, alone, least)
    found: list[tuple[Signature, list[Row]]] = []
    for opening, rows in groups.items():
        found += _families(rows, system, openings[opening], least)
    rest = [p.row for p in members if p.opening not in groups]
    if not generic and n - covered >= REST_SHARE * n:
        found += _families(rest, system, None, least)
    return found


def _split_before(taken: Sequence[Signature]) -> frozenset[tuple[str, ...]]:
    """System cores under which there are tasks with opening templates."""
    return frozenset(s.system.hashes for s in taken if s.system is not None and s.opening is not None)


def _families(
    rows: Sequence[Row], system: Core | None, opening: Core | None, least: Least
) -> list[tuple[Signature, list[Row]]]:
    """Rows of one template, told apart by tool set (nearly equal ones are one) and response format."""
    by_tools: dict[frozenset[str], list[Row]] = defaultdict(list)
    for row in rows:
        by_tools[row.zones.tools].append(row)
    order = sorted(by_tools, key=lambda t: (-sum(r.n_calls for r in by_tools[t]), sorted(t)))
    leaders: dict[frozenset[str], list[Row]] = {}
    for tools in order:
        near = [t for t in leaders if same_tools(t, tools)]
        leaders.setdefault(near[0] if near else tools, []).extend(by_tools[tools])
    found = []
    for tools, family in leaders.items():
        for formats, own in _by_format(family).items():
            if least.met(own):
                state = (CoreState.of(system) if system else None, CoreState.of(opening) if opening else None)
                signature = Signature(
                    system=state[0], opening=state[1], tools=tuple(sorted(tools)), formats=formats
                )
                found.append((signature, own))
    return found


def _by_format(rows: Sequence[Row]) -> dict[tuple[str, ...], list[Row]]:
    """Rows by response format; calls without one belong to the only format there is, if there is one."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.zones.format].append(row)
    if len(groups) == 2 and "" in groups:
        return {tuple(sorted(groups)): list(rows)}
    return {(name,): group for name, group in sorted(groups.items())}


def _untemplated(bare: Sequence[Row], n_total: float, least: Least) -> list[tuple[Signature, list[Row]]]:
    """Plain questions without any template: a task only where the log is mostly that."""
    n = sum(r.n_calls for r in bare)
    if n < FREE_SHARE * n_total or not least.met(bare):
        return []
    return [(Signature(), list(bare))]
