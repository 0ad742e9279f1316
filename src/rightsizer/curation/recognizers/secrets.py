"""Keys, tokens and passwords: kinds with a known form, and values that a name declares to be secret."""

from __future__ import annotations

import math
import re
from collections import Counter

from rightsizer.curation.recognizers.pattern import LONG_TOKEN, Pattern, holds
from rightsizer.curation.recognizers.secret_forms import FORMS


def entropy_bits(text: str) -> float:
    """Shannon entropy per character, in bits (Shannon 1948); 0 for the empty string."""
    n = len(text)
    return -sum(k / n * math.log2(k / n) for k in Counter(text).values()) if n else 0.0


_PLACEHOLDER = re.compile(
    r"^[<\[{(%$*]|(?-i:x{4,}|X{4,})|\*{3,}|\.{3}|^(?:your|my|some|the|example|sample|test|dummy|fake|insert|replace|changeme|"
    r"process\.env|os\.environ|getenv|secrets?\.|config\.|settings\.|env\.|self\.|args\.|none|null|nil|true|false|"
    r"undefined|required|optional|string|redacted|masked|hidden|removed|placeholder|todo|tbd|abc123$|123456789$)"
    r"|(?:_here|_key|_token|_secret|_password|-here|-key|-token|example|placeholder|\(\)|\.\w+\()$|^(.)\1+$",
    re.IGNORECASE,
)


def looks_random(value: str) -> bool:
    """Whether a string has the mix and the entropy of a generated key, rather than of words or a path."""
    if len(value) < 12 or _PLACEHOLDER.search(value):
        return False
    if not (re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)):
        return False
    if re.fullmatch(
        r"[A-Za-z]+[0-9]{1,4}|[a-z]+(?:[_\-./][a-z0-9]{1,12})*|[A-Z]+(?:[_\-./][A-Z0-9]{1,12})*", value
    ):
        return False
    hexadecimal = re.fullmatch(r"[0-9a-fA-F\-]+", value) is not None
    return entropy_bits(value) >= (2.8 if hexadecimal else 3.2)


def _not_example(value: str) -> bool:
    return len(set(value[4:] if len(value) > 12 else value)) > 4 and _PLACEHOLDER.search(value) is None


# Words that follow "password" in ordinary sentences.
_COMMON_WORDS = re.compile(
    r"(?:is|was|are|be|and|or|the|an?|for|to|of|in|on|at|it|this|that|with|by|from|your?|my|our|their|reset|changed?|"
    r"update|policy|manager|field|input|protected|required|incorrect|wrong|invalid|expired|forgot|forgotten|"
    r"recovery|hash|hint|box|must|should|can|cannot|will|not|no|has|have|please|string|text|value|number|none|"
    r"null|true|false|undefined|correct)[.,;:!?]*",
    re.IGNORECASE,
)


def _password(value: str) -> bool:
    if _PLACEHOLDER.search(value) or _COMMON_WORDS.fullmatch(value):
        return False
    varied = sum(bool(re.search(p, value)) for p in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]"))
    return varied >= 2 and re.search(r"[0-9]|[^A-Za-z0-9.,;:_\-]", value) is not None


_NAMED = (
    r"(?i:api[_\- ]?key|apikey|access[_\- ]?key|secret[_\- ]?(?:access[_\- ]?)?key|(?:client|app|"
    r"webhook)[_\- ]?secret|"
    r"(?:auth|access|refresh|session|bearer|private)[_\- ]?token|(?:signing|encryption)[_\- ]?key|"
    r"secret|token|密钥|令牌|私钥)"
)
_SAYS = r"[\"'”`]?\]?[ ]?(?:is|was|[:：=]{1,2}>?|是|为)[ ]?[\"'“`]?"

GENERIC: tuple[Pattern, ...] = (
    Pattern(
        "GENERIC_SECRET",
        re.compile(_NAMED + _SAYS + r"([A-Za-z0-9_\-+/=.~!@#$%^&*]{12,200})"),
        0.8,
        needs=("key", "secret", "token", "密钥", "令牌", "私钥"),
        group=1,
        check=holds(looks_random, 1),
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?<![A-Za-z])(?i:(?:[a-z]{1,12}[_\-]){0,2}(?:password|passwd|passphrase|pwd|passcode))"
            r"[\"'”`]?\]?[ ]?(?:(?i:is)[ ]|[:：=]{1,2}[ ]?)[\"'“`]?([^\s\"'”`,;<>{}，。；（）]{4,64})"
        ),
        0.8,
        needs=("password", "passwd", "passphrase", "pwd", "passcode"),
        group=1,
        check=holds(_password, 1),
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?:密码|口令)[\"'”]?(?:是|为|改成|设为)?[ ]?[:：=]?[ ]?[\"'“]?([^\s\"'”,;<>{}()]{4,64})"
        ),
        0.8,
        needs=("密码", "口令"),
        group=1,
        check=holds(lambda v: re.search(r"[0-9]", v) is not None and not _PLACEHOLDER.search(v), 1),
    ),
)


# Forms that may have no long run of token characters.
_LOOSE = ("URL_CREDENTIALS", "PRIVATE_KEY", "AUTHORIZATION_HEADER")


def _form(kind: str, expression: str, needs: tuple[str, ...]) -> Pattern:
    regex = re.compile(expression)
    group = 1 if regex.groups else 0
    gate = None if kind in _LOOSE else LONG_TOKEN
    return Pattern(kind, regex, 0.96, needs=needs, gate=gate, group=group, check=holds(_not_example, group))


SECRETS: tuple[Pattern, ...] = (*(_form(*row) for row in FORMS), *GENERIC)
SECRET_TYPES = frozenset(p.type for p in SECRETS)
