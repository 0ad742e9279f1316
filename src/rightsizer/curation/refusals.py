"""Whether an answer declines to answer: the provider's own mark, or the stock phrases of models.

Only an opening phrase counts, and only where the answer is short or goes on about policy: an agent
that says "I'm sorry, but I can't change that order; I can offer …" is doing its work.
"""

from __future__ import annotations

import re

from rightsizer.types import Message, OtherPart

_ENGLISH = re.compile(
    r"^(?:i['’]?m |i am )?(?:really |very |so )?(?:sorry|i apologi[sz]e|apologies|"
    r"unfortunately)?[,.]?\s*(?:but\s+)?(?:unfortunately,?\s+)?"
    r"(?:as an ai(?: language)?(?: model)?,?\s+)?"
    r"i\s*(?:can(?:no|['’])t|cannot|am (?:not able|unable)|['’]m (?:not able|unable)|won['’]t|will not|"
    r"must decline|have to decline|decline)"
    r"(?: to)?\s+(?:assist|help|comply|fulfil|provide (?:assistance|help|support|guidance|information|"
    r"instructions)|support|"
    r"engage|participate|continue with (?:this|that)|generate (?:that|this)|create (?:that|this) content|"
    r"discuss|answer that|do that|"
    r"process (?:this|that) request|write (?:that|this))",
    re.IGNORECASE,
)
_AS_AN_AI = re.compile(
    r"^as an ai(?: language)?(?: model)?,?\s+i\s+(?:can(?:no|['’])t|cannot|do not|don['’]t|am (?:not able|"
    r"unable))",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"content polic|usage polic|ethical|harmful|illegal|inappropriate|safety guideline|against my",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"^(?:(?:很|非常|十分)?(?:抱歉|对不起|不好意思|遗憾)[,，。！!]?\s*)?(?:但是?|但)?(?:作为(?:一个|一名)?(?:人工智能|AI|语言模型|大模型)[^，,。]{0,12}[,，]\s*)?"
    r"(?:我|本助手)?(?:无法|不能|不可以|没有办法|没办法)(?:够)?(?:为您|为你|给您|给你|向您|向你)?(?:提供(?:这|此|该|相关|任何)|协助|帮助|回答|讨论|满足|完成(?:这|此|该)|生成(?:这|此|该)|处理(?:这|此|该)|参与)"
)
LONGEST = 320


def refusal(message: Message) -> str | None:
    """How the message declines, or None."""
    if isinstance(message.extra.get("refusal"), str) and message.extra["refusal"]:
        return "marked as a refusal by the provider"
    if any(isinstance(p, OtherPart) and p.raw.get("type") == "refusal" for p in message.parts):
        return "marked as a refusal by the provider"
    text = message.text.strip()
    opening = text[:200]
    if not (_ENGLISH.match(opening) or _AS_AN_AI.match(opening) or _CHINESE.match(opening)):
        return None
    if len(text) > LONGEST and not _POLICY.search(text):
        return None
    return f"opens with {opening[:60]!r}"
