"""Names of tasks without an LLM: from the template's role sentence, tool and field names, and its own words.

Only text that most of a task's prompts share is used, so a name never shows a customer's data; what
looks personal even there (addresses, numbers) is left out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from rightsizer.views.tokens import CJK, words

MAX_CHARS = 60
SHARED = 0.7  # share of a task's prompts that carry a sentence which may name it
MIN_PROMPTS = 3

_ROLE = re.compile(
    r"\b(?:(?i:you are|you're|act as|acting as|playing the role of)\s+)(?:(?i:an? |the |now an? )|(?=[A-Z]))"
    r"([^.;:,!?\n()<>{}\[\]]{3,80})"
)
_ROLE_ZH = re.compile(
    r"(?:你是|你作为|作为|扮演)(?:一个|一名|一位|一款|名为)?([^，。；：！？,.;:!?\n（(]{2,30})"
)
_CUT = re.compile(
    r"\b(?:that|who|which|and|with|for|in charge|working|tasked|helping|whose|interacting|contacting)\b"
    r"|的是|负责|擅长|能够",
    re.I,
)
_PERSONAL = re.compile(r"@|https?:|\d{3,}|[\\/]{1}\w+[\\/]")
_VAGUE = frozenset(
    ("helpful", "assistant", "ai", "user", "model", "language", "expert", "very", "agent", "bot")
)
_VAGUE_ZH = {"助手", "助理", "人工智能助手", "专家", "模型", "AI助手"}
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")
_DO = re.compile(
    r"^(?:please |your (?:job|task|goal) is to |you will |you should |i want you to |now )?"
    r"(classify|extract|summari[sz]e|write|translate|route|generate|identify|answer|review|rewrite|decide|detect|"
    r"determine|label|find|convert|judge|rate|plan|create|design|implement|fix|complete|analy[sz]e|list|choose|"
    r"select|evaluate|compare|check|score|rank|parse|draft|describe|explain|simulate)\b[^.;:!?\n]{3,80}",
    re.I,
)
_DO_ZH = re.compile(
    r"^(?:请|你的任务是|根据[^，。]{0,20}，?|需要)?(?:你)?((?:分类|提取|抽取|总结|概括|撰写|编写|翻译|判断|识别|生成|回答|"
    r"改写|分析|选择|评估|检查|设计|实现|规划|列出|写)[^，。；：！？\n]{2,24})"
)


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
    """One short name each, all different from one another and from those `taken`."""
    bags = [_bag(s) for s in sources]
    spread = Counter(word for bag in bags for word in bag)
    used = {name.lower() for name in taken}
    names: list[str] = []
    for source, bag in zip(sources, bags, strict=True):
        terms = sorted(bag, key=lambda w: (-bag[w] * math.log1p(len(bags) / spread[w]), w))
        names.append(_unique(source, terms, used))
        used.add(names[-1].lower())
    return names


def name_clusters(bags: Sequence[Counter[str]]) -> list[str]:
    """A few telling words for each cluster of one task: terms ranked by class-based TF-IDF against the
    other clusters (Grootendorst 2022). All different."""
    spread = Counter(term for bag in bags for term in bag)
    used: set[str] = set()
    names: list[str] = []
    for bag in bags:
        terms = [t for t in bag if _tells(t)]
        terms.sort(key=lambda t: (-bag[t] * math.log1p(len(bags) / spread[t]) * (1 + t.count(" ")), t))
        picked: list[str] = []
        for term in terms:
            if not any(set(term.split()) & set(p.split()) for p in picked):
                picked.append(term)
            if len(picked) >= 2 and ", ".join(picked) not in used:
                break
        name = ", ".join(picked) or "other"
        number = 2
        while name in used:
            name, number = f"{', '.join(picked) or 'other'} {number}", number + 1
        used.add(name)
        names.append(name)
    return names


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
    counts = Counter(s for t in distinct for s in set(_sentences(t)))
    need = SHARED * len(distinct)
    return [s for s in dict.fromkeys(_sentences(distinct[0])) if counts[s] >= need] if distinct else []


def _sentences(text: str) -> list[str]:
    return [s.strip(" \t#*-•>=`\"'") for s in _SENTENCE.split(text[:20_000]) if s.strip(" \t#*-•>=`\"'")]


def _unique(source: Source, terms: Sequence[str], used: set[str]) -> str:
    base = _base(source)
    extra = [*_form_words(source), *(t for t in terms if t not in base.lower())]
    if not base:
        base, extra = (" ".join(extra[:3]) or "untitled"), extra[3:]
    name = base
    for word in extra[:6]:
        if name.lower() not in used:
            return name
        joined = f"{name} · {word}" if name == base else f"{name} {word}"
        name = joined if len(joined) <= MAX_CHARS + 20 else name
    number = 2
    numbered = name
    while numbered.lower() in used:
        numbered, number = f"{name} {number}", number + 1
    return numbered


def _base(source: Source) -> str:
    if source.declared:
        return _tidy(source.declared.replace("_", " ")) or "declared task"
    system, opening = shared_sentences(source.systems), shared_sentences(source.openings)
    for sentences in (system, opening):
        role = _role(sentences)
        if role:
            return role
    for sentences in (opening, system):
        for sentence in sentences[:60]:
            match = _DO.match(sentence) or _DO_ZH.match(sentence)
            tidy = _tidy(match.group(0)) if match else ""
            if tidy:
                return tidy
    for sentence in (*opening, *system):
        tidy = _tidy(sentence)
        if 2 <= len(words(tidy)) <= 12 and not _PERSONAL.search(sentence):
            return tidy
    return " / ".join(source.tools[:3]) if 0 < len(source.tools) <= 3 else ""


def _role(sentences: Sequence[str]) -> str:
    for sentence in sentences:
        for match in (*_ROLE.finditer(sentence), *_ROLE_ZH.finditer(sentence)):
            said = _CUT.split(match.group(1))[0].strip()
            plain = [w for w in words(said.lower()) if w not in _VAGUE]
            name = _tidy(said)
            if plain and name and name not in _VAGUE_ZH and len(plain) <= 8:
                return name
    return ""


def _tidy(text: str) -> str:
    """Short, on one line, without what looks personal; empty if nothing is left."""
    if _PERSONAL.search(text):
        return ""
    text = " ".join(re.sub(r"[`*_#\"“”{}<>\[\]|]+", " ", text).split()).strip(" .,:;-")
    if len(text) > MAX_CHARS:
        cut = text[:MAX_CHARS]
        text = cut if re.search(f"[{CJK}]", cut) else cut.rsplit(" ", 1)[0]
    return text


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
    """Words of the shared text, saturated, for class-based TF-IDF (Grootendorst 2022)."""
    text = " ".join([*shared_sentences(source.systems), *shared_sentences(source.openings), *source.tools])
    tokens = words(text.lower().replace("_", " "))
    counts = Counter(w for w in tokens if len(w) > 2 and w not in _stop_words() and not w.isdigit())
    han = [a + b for a, b in pairwise(tokens) if re.fullmatch(f"[{CJK}]{{2}}", a + b)]
    counts.update(han)
    return Counter({w: min(n, 4) for w, n in counts.items()})
