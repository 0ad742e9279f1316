"""Names of tasks without an LLM: from the template's role sentence, tool and field names, and its own words.

Only text that most of a task's prompts share is used, so a name never shows a customer's data; what
looks personal even there (addresses, numbers) is left out.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from rightsizer.tasks.phrases import (
    MAX_CHARS,
    find_goal,
    find_role,
    is_empty_role,
    split_sentences,
    telling,
    tidy,
)
from rightsizer.views.tokens import CJK, words

SHARED = 0.7  # share of a task's prompts that carry a sentence which may name it
MIN_PROMPTS = 3
GREETINGS = frozenset(("hi", "hello", "how can i help you today", "format example", "context", "input"))
CLUSTER_TERMS = 3
ONE_WORD = 1  # telling words of a role up to which its goal is added
WEAK = re.compile(  # common in tool names and prompts, and said of many tasks
    "always|access|active|check|call|tools?|list|find|made?|cannot|current|required|above|below|first|last|"
    "possible|code|data|input|help|false|true|again"
)
HAN_FILLERS = frozenset("的了是在和与之前后等为有不我你他她它这那请及或把被将其中要会能可以于对从到个一")


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    lines = files("rightsizer.tasks").joinpath("stopwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(w for line in lines if not line.startswith("#") for w in line.split())


@dataclass(frozen=True)
class Source:
    """What a task can be named from: some of its system and opening texts, its tools, and the forms of
    its answers (``json:intent``, ``tool:get_user``), commonest first."""

    declared: str = ""
    systems: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()


def name_tasks(sources: Sequence[Source], taken: Sequence[str] = ()) -> list[str]:
    """One short name each, all different from one another and from those `taken`.

    What several tasks would be called alike is told apart by the words that are most its own among them.
    """
    bags = [_bag(s) for s in sources]
    bases = [_base(s) for s in sources]
    alike: dict[str, list[int]] = defaultdict(list)
    for i, base in enumerate(bases):
        alike[base.lower()].append(i)
    used = {name.lower() for name in taken}
    names: list[str] = []
    for i, (source, base) in enumerate(zip(sources, bases, strict=True)):
        peers = [bags[k] for k in alike[base.lower()]] if base else bags
        terms = _own_terms(bags[i], peers)
        crowded = bool(base) and len(peers) > 1 and not source.declared
        names.append(_unique(source, base, terms, used, crowded=crowded))
        used.add(names[-1].lower())
    return names


def _own_terms(bag: Counter[str], peers: Sequence[Counter[str]]) -> list[str]:
    """The words of a bag, those that set it apart from its peers first (class-based TF-IDF, Grootendorst
    2022); words that all peers have come last."""
    spread = Counter(word for peer in peers for word in peer)
    place = {word: i for i, word in enumerate(bag)}  # what is said first says more
    return sorted(bag, key=lambda w: (-bag[w] * math.log((len(peers) + 1) / spread[w]), place[w]))


def name_clusters(bags: Sequence[Counter[str]]) -> list[str]:
    """Up to three telling words for each cluster of one task: terms ranked by class-based TF-IDF against
    the other clusters (Grootendorst 2022), no word twice. All different."""
    spread = Counter(term for bag in bags for term in bag)
    used: set[str] = set()
    names: list[str] = []
    for bag in bags:
        terms = [t for t in bag if _tells(t)]
        terms.sort(key=lambda t: (-bag[t] * math.log1p(len(bags) / spread[t]) * (1 + t.count(" ")), t))
        picked: list[str] = []
        for term in terms:
            if not any(_stems(term) & _stems(p) for p in picked):
                picked.append(term)
            if len(picked) >= CLUSTER_TERMS:
                break
        base = ", ".join(picked) or "other"
        name, number = base, 2
        while name in used:
            name, number = f"{base} {number}", number + 1
        used.add(name)
        names.append(name)
    return names


def _stems(term: str) -> set[str]:
    """The words of a term without their commonest endings, so that no name says one thing twice."""
    return {re.sub(r"(?:ing|ies|es|ed|s|y)$", "", w) if len(w) > 4 else w for w in term.split()}


def _tells(term: str) -> bool:
    """Neither a filler word nor a phrase with one."""
    ends = set(term.split(" "))
    return len(term) > 1 and not ends & _stop_words() and all(len(w) > 1 for w in ends)


def shared_sentences(texts: Sequence[str]) -> list[str]:
    """Sentences that most of these texts carry, in the order of the first; none from a few texts that
    differ, because what they share may be chance."""
    distinct = list(dict.fromkeys(texts))
    if not distinct or (1 < len(distinct) < MIN_PROMPTS):
        distinct = distinct[:1] if len(texts) >= 2 * max(len(distinct), 1) else distinct
    counts = Counter(s for t in distinct for s in set(split_sentences(t)))
    need = SHARED * len(distinct)
    return [s for s in dict.fromkeys(split_sentences(distinct[0])) if counts[s] >= need] if distinct else []


def _unique(source: Source, base: str, terms: Sequence[str], used: set[str], *, crowded: bool) -> str:
    """The base where nobody else has it; else with its own words, then with the form of its answers."""
    own = [t for t in terms if t not in base.lower()]
    if not base:
        base, own = ", ".join(own[:3]) or "untitled", own[3:]
    tries = [] if crowded else [base]
    tries += [f"{base} · {', '.join(own[:n])}" for n in (2, 3) if len(own) >= n]
    tries += [base, *(f"{base} · {word}" for word in (*_form_words(source), *own[:6]))]
    for name in tries:
        if name.lower() not in used and len(name) <= MAX_CHARS + 24:
            return name
    number = 2
    while f"{base} {number}".lower() in used:
        number += 1
    return f"{base} {number}"


def _base(source: Source) -> str:
    if source.declared:
        return tidy(source.declared.replace("_", " ")) or "declared task"
    system, opening = shared_sentences(source.systems), shared_sentences(source.openings)
    role = find_role(system) or find_role(opening)
    goal = find_goal(system) or find_goal(opening)
    if role:
        short = len(telling(role)) <= ONE_WORD and goal and not re.search(f"[{CJK}]", role)
        joined = f"{role}: {goal}"
        return joined if short and len(joined) <= MAX_CHARS + 10 else role
    if goal:
        return goal
    if 0 < len(source.tools) <= 3:
        return " / ".join(source.tools[:3])
    for least in (3, 2):
        for sentence in (*system, *opening):
            name = "" if is_empty_role(sentence) else tidy(sentence)
            if least <= len(telling(name)) <= 14 and name.lower() not in GREETINGS:
                return name
    return ""


def _form_words(source: Source) -> list[str]:
    """What the answer is made of: ``→ intent``, ``→ get user``; how many tools are offered."""
    found = []
    for shape in source.shapes[:1]:
        kind, _, names = shape.partition(":")
        if kind in ("json", "tool") and names and len(names) <= 40:
            found.append("→ " + names.replace(",", ", "))
    if source.tools:
        found.append(f"{len(source.tools)} tools")
    return found


def _bag(source: Source) -> Counter[str]:
    """Words of the tools' names and of the shared text, saturated: tools say what a task is about."""
    text = " ".join([*shared_sentences(source.systems), *shared_sentences(source.openings)])
    tokens = words(text.lower())
    counts = Counter(w for w in tokens if _is_noun_like(w))
    han = [
        a + b
        for a, b in pairwise(tokens)
        if re.fullmatch(f"[{CJK}]{{2}}", a + b) and not {a, b} & HAN_FILLERS
    ]
    counts.update(han)
    made = Counter({w: min(n, 2) for w, n in counts.items()})
    for tool in source.tools:
        made.update({w: 2 for w in words(tool.lower().replace("_", " ")) if _is_noun_like(w)})
    return Counter({w: min(n, 8) for w, n in made.items()})


def _is_noun_like(word: str) -> bool:
    return len(word) > 3 and word.isalpha() and word not in _stop_words() and not WEAK.fullmatch(word)
