"""What a template says of itself: whom the model plays, and what it is to do. English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rightsizer.views.tokens import CJK, words

MAX_CHARS = 60
LEAST_CLAUSE = 24  # a longer phrase that is cut ends where a clause does
FIRST = 12  # sentences in which "you must …" still says what the task is about

_ROLE = re.compile(
    r"\b(?:(?i:you are|you're|act as|acting as|playing the role of|^as)\s+)"
    r"(?:(?i:an? |the |now an? )|(?=[A-Z]))"
    r"([^.;:,!?\n()<>{}\[\]]{3,80})"
)
_ROLE_ZH = re.compile(
    r"(?:你是|你作为|作为|扮演)(?:一个|一名|一位|一款|名为)?([^，。；：！？,.;:!?\n（(]{2,30})"
)
_CUT = re.compile(
    r"\b(?:that|who|which|and|with|for|in charge|working|tasked|helping|whose|interacting|contacting|"
    r"performing)\b|的是|负责|擅长|能够",
    re.I,
)
_PERSONAL = re.compile(r"@|https?:|\d{3,}|[\\/]{1}\w+[\\/]")
_VAGUE = frozenset(
    ("helpful", "assistant", "ai", "user", "model", "language", "expert", "very", "agent", "bot")
)
_VAGUE_ZH = {"助手", "助理", "人工智能助手", "专家", "模型", "AI助手"}
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")
_WRAPPED = re.compile(r"(?<=[a-z,])\n(?=[a-z])")  # a line that goes on in the next
_ABBREVIATED = re.compile(r"\b(i\.e|e\.g)\.", re.I)
_VERBS = (
    r"(?:classify|extract|summari[sz]e|write|translate|route|generate|identify|answer|review|rewrite|decide|"
    r"detect|determine|label|find|convert|judge|rate|plan|create|design|implement|fix|complete|analy[sz]e|list|"
    r"choose|select|evaluate|compare|check|score|rank|parse|draft|describe|explain|simulate|solve|develop|"
    r"break down|act|help|produce|assess|predict|assign|sort|tag|moderate|recommend|resolve)"
)
_DO = re.compile(
    rf"^(?:(?:please|now|just|only|then|first)[, ]+)?({_VERBS}\b[^.;:!?\n]{{3,120}})",
    re.I,
)
_GOAL = re.compile(
    r"\b(?:your (?:main |only |primary )?(?:job|task|goal|role|aim|objective|duty) is (?:to )?|"
    r"(?:the )?(?:main )?(?:goal|task|objective) is to |(?:tests?|evaluates?|measures?) your ability to |"
    r"you are (?:asked|tasked|required|responsible|here) (?:to |with |for )|"
    r"you can (?=help\b|assist\b)|i want you to |that is performing an? )([^.;:!?\n]{6,120})",
    re.I,
)
_MUST = re.compile(
    rf"\byou (?:will|should|need to|must|have to) ({_VERBS}\b[^.;:!?\n]{{3,120}})",
    re.I,
)
_YOU = re.compile(
    r"^you (?!are\b|will\b|can\b|must\b|should\b|have\b|may\b|need\b|do\b|don|cannot\b|could\b|would\b|only\b"
    r"|also\b|might\b|know\b|see\b)([a-z]+ [^.;:!?\n]{3,120})",
    re.I,
)
_DO_ZH = re.compile(
    r"^(?:请|你的任务是|你需要|你要|根据[^，。]{0,20}，?|需要)?(?:你)?((?:分类|提取|抽取|总结|概括|撰写|编写|翻译|判断|识别|"
    r"生成|回答|改写|分析|选择|评估|检查|设计|实现|规划|列出|写)[^，。；：！？\n]{2,24})"
)
_CLAUSE = re.compile(r"\b(?:that|which|so that|while|based on|according to|by following)\b")
_ENDS = re.compile(
    r"(?<![\s,])[\s,]+(?:as|the|a|an|of|to|and|or|in|on|for|with|from|by|at|into|that|is|are|your|their|given|following|"
    r"based|using|if|who|have)$",
    re.I,
)


def split_sentences(text: str) -> list[str]:
    """Sentences and headings of a prompt, without marks of lists and quotation; wrapped lines are joined."""
    plain = _ABBREVIATED.sub(lambda m: m.group(0).replace(".", ""), _WRAPPED.sub(" ", text[:20_000]))
    return [s.strip(" \t#*-•>=`\"'") for s in _SENTENCE.split(plain) if s.strip(" \t#*-•>=`\"'")]


def find_role(sentences: Sequence[str]) -> str:
    """Whom the model plays (``financial news classifier``); empty where that says nothing."""
    for sentence in sentences:
        for match in (*_ROLE.finditer(sentence), *_ROLE_ZH.finditer(sentence)):
            said = _CUT.split(match.group(1))[0].strip()
            plain = telling(said)
            name = tidy(said)
            if plain and name and name not in _VAGUE_ZH and len(plain) <= 8:
                return name
    return ""


def find_goal(sentences: Sequence[str]) -> str:
    """What is to be done (``write a SQL command``): what the prompt calls the goal, else a first order."""
    usable = [s for s in sentences[:60] if not _is_example(s)]
    for pattern in (_GOAL, _DO, _DO_ZH, _YOU, _MUST):
        for sentence in usable if pattern is not _MUST else usable[:FIRST]:
            match = pattern.search(sentence)
            if match is None:
                continue
            said = match.group(1) if pattern is not _DO_ZH else match.group(0)
            name = tidy(said if len(said) <= MAX_CHARS else _CLAUSE.split(said)[0])
            if len(telling(name)) >= 2:
                return name
    return ""


def is_empty_role(sentence: str) -> bool:
    """Whether a sentence only says that the model is an assistant."""
    return bool(_ROLE.match(sentence) or _ROLE_ZH.match(sentence)) and not find_role([sentence])


def is_goal(sentence: str) -> bool:
    """Whether a sentence says what is to be done, or whom the model plays."""
    return any(p.search(sentence) for p in (_GOAL, _ROLE, _ROLE_ZH))


def telling(text: str) -> list[str]:
    """The words of a phrase that say something."""
    return [w for w in words(text.lower()) if w not in _VAGUE and (w.isalpha() or "_" in w)]


def tidy(text: str) -> str:
    """Short, on one line, without what looks personal; empty if nothing is left."""
    if _PERSONAL.search(text):
        return ""
    text = " ".join(re.sub(r"[`*_#\"“”{}<>\[\]|]+", " ", text).split()).strip(" .,:;-")
    if len(text) > MAX_CHARS:
        cut = text[:MAX_CHARS]
        text = cut if re.search(f"[{CJK}]", cut) else cut.rsplit(" ", 1)[0]
        clause = text.rfind(",")
        text = text[:clause] if clause >= LEAST_CLAUSE else text
    while (shorter := _ENDS.sub("", text).rstrip(" ,")) != text:
        text = shorter
    return text


def _is_example(sentence: str) -> bool:
    """A quotation or an example stands in the prompt, but says nothing of the task."""
    odd = sentence.count('"') % 2 or sentence.count("“") != sentence.count("”")
    return bool(odd or re.search(r"\b(?:for example|e\.?g\.?|example:)|例如|比如", sentence, re.I))
