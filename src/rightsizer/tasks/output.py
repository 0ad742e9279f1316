"""What a task answers with, and what type of work it is, from the answers seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rightsizer.tasks.phrases import is_goal
from rightsizer.tasks.policy import Policy
from rightsizer.tasks.scan import Fact
from rightsizer.types import OutputKind

# Words of the template that name the work, where the form of the answer does not.
_WORK = (
    ("summary", re.compile(r"summar|abstract of|condense|摘要|总结|概括", re.I)),
    ("repair", re.compile(r"\b(fix|repair|debug)\w*\b|\bbugs?\b|修复|修正|纠错", re.I)),
    (
        "code",
        re.compile(
            r"\b(code|coding|sql|python|programs?|scripts?|bash|shell|repository|programmer|programming)\b"
            r"|代码|编程|程序",
            re.I,
        ),
    ),
    ("planning", re.compile(r"\bplan(s|ning|ner)?\b|break ?down|计划|规划|拆解", re.I)),
    ("format", re.compile(r"\b(rewrite|rephrase|translat\w+|convert|reformat)\b|翻译|改写|转换", re.I)),
    (
        "chat",
        re.compile(r"\b(conversation|dialogue?|chat|customer|reply|roleplay|poem)\b|对话|聊天|客服", re.I),
    ),
)
GOAL_WEIGHT = 4  # a sentence that says the goal or the role counts so many times
OFTEN = 3  # a sentence given so often is one of a fixed set, however long
MOST_PLAIN = 3  # other sentences count at most so often


def find_output(facts: Sequence[Fact], policy: Policy) -> OutputKind:
    """The kind of output of a task. Short lines are labels where they recur, sentences where each does."""
    answered = [f for f in facts if f.kind is not None]
    if not answered:
        return "text"
    rules, n = policy.answers, len(answered)
    kinds = Counter(f.kind for f in answered)
    if kinds["tool_call"] >= rules.tool_share * n:
        return "tool_call"
    canned = _recurring(answered, rules.repeated_sessions)
    short = [f for f in answered if f.kind == "label" or (f.kind == "text" and f.answer in canned)]
    if len(short) >= rules.label_share * n:
        distinct = len({f.answer for f in short})
        if distinct <= max(rules.label_distinct_share * len(short), 2):
            return "label"
    return "fields" if _json_share(answered) >= 0.5 else "text"


def _recurring(facts: Sequence[Fact], sessions: int) -> set[str]:
    """Answers of any length that were given at least `OFTEN` times, in so many sessions or more."""
    seen: dict[str, set[str]] = {}
    for f in facts:
        seen.setdefault(f.answer, set()).add(f.session)
    often = Counter(f.answer for f in facts)
    return {a for a, s in seen.items() if len(s) >= sessions and often[a] >= OFTEN}


def find_type(facts: Sequence[Fact], output: OutputKind, template: str, policy: Policy) -> str:
    """intent, routing, tool call, extraction, format, summary, repair, code, planning or chat."""
    if output == "label":
        return "intent"
    if output == "tool_call":
        arguments = sum(f.leaves for f in facts if f.kind == "tool_call")
        return "tool call" if arguments else "routing"
    if output == "fields":
        leaves = sum(f.leaves for f in facts)
        copied = sum(f.copied for f in facts)
        if leaves and copied / leaves >= policy.answers.copy_for_extraction:
            return "extraction"
    work = _work_named(template)
    return work or ("format" if output == "fields" else "chat")


def _work_named(template: str) -> str:
    """The kind of work that the template names most, its goal before all; empty where it names none."""
    scores: dict[str, int] = {}
    for name, pattern in _WORK:
        hits = [s for s in template.splitlines() if pattern.search(s)]
        goals = sum(is_goal(s) for s in hits)
        scores[name] = GOAL_WEIGHT * min(goals, 2) + min(len(hits) - goals, MOST_PLAIN)
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else ""


def _json_share(facts: Sequence[Fact]) -> float:
    return sum(f.shape.startswith("json") for f in facts) / len(facts)
