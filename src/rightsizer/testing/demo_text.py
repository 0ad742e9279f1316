"""The words of the demo shop: phrases with alternatives and slots, typos, English and Chinese.

The text itself is in ``demo_phrases.toml``; everything is drawn from the `random.Random` given.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, Literal

Language = Literal["en", "zh"]

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_FIRST_DAY = date(2026, 3, 1)


@cache
def phrases() -> dict[str, Any]:
    """The shipped phrase book: section → language or topic → phrases."""
    text = resources.files("rightsizer.testing").joinpath("demo_phrases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def pick(options: Sequence[str], rng: random.Random) -> str:
    """One of `options`; the further down the list, the rarer (Zipf's law)."""
    return rng.choices(options, weights=[1 / rank for rank in range(1, len(options) + 1)])[0]


def say(
    template: str, rng: random.Random, language: Language = "en", slots: Mapping[str, str] | None = None
) -> str:
    """`template` with one alternative of every ``[a|b]`` and every ``{slot}`` filled.

    `slots` are filled first; the rest come from the phrase book or are made up. One name is one value
    within a call of `say`, except products, which vary.
    """
    known = dict(slots or {})
    text = template
    while True:
        if choice := _CHOICE.search(text):
            value = rng.choice(choice[1].split("|"))
            text = text[: choice.start()] + value + text[choice.end() :]
        elif slot := _SLOT.search(text):
            name = slot[1]
            if name not in known or name == "product":
                known[name] = _invent(name, rng, language)
            text = text[: slot.start()] + known[name] + text[slot.end() :]
        else:
            return _tidy(text)


def _tidy(text: str) -> str:
    """An alternative may be empty, and a noun may begin with a vowel."""
    text = re.sub(r" +(?=[ .,?!])", "", text)
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)


def _invent(name: str, rng: random.Random, language: Language) -> str:
    """A value for a slot. Names and addresses are made up; the domain is reserved (RFC 2606)."""
    makers = {
        "order": lambda: f"AF-{rng.randrange(100_000, 999_999)}",
        "tracking": lambda: "".join(rng.choices(_LETTERS, k=2)) + f"{rng.randrange(10**5, 10**6)}X",
        "item": lambda: f"{rng.choice(_LETTERS)}{rng.randrange(100, 999)}-{rng.randrange(10, 99)}",
        "amount": lambda: _amount(rng, language),
        "date": lambda: _date(rng, language),
        "size": lambda: rng.choice(["S", "M", "L", "XL", "38", "40", "42", "44"]),
        "email": lambda: (
            f"{rng.choice(['mia', 'tom', 'li', 'nora', 'sam'])}{rng.randrange(9999)}@example.com"
        ),
    }
    if name in makers:
        return makers[name]()
    options: list[str] = phrases()["slots"][language][name]
    return rng.choice(options)


def invent(name: str, rng: random.Random, language: Language = "en") -> str:
    """A made-up value of a slot, e.g. ``order`` or ``amount``."""
    return say("{" + name + "}", rng, language)


def _amount(rng: random.Random, language: Language) -> str:
    whole, cents = rng.randrange(9, 900), rng.choice(["00", "90", "95", "50", "49"])
    if language == "zh":
        return rng.choice([f"{whole}元", f"¥{whole}.{cents}", f"{whole}.{cents}元"])
    return rng.choice([f"€{whole}.{cents}", f"{whole},{cents} EUR", f"${whole}.{cents}", f"{whole} euros"])


def _date(rng: random.Random, language: Language) -> str:
    day = _FIRST_DAY + timedelta(days=rng.randrange(240))
    if language == "zh":
        return f"{day.month}月{day.day}日"
    style = rng.choice(["%d %B", "%Y-%m-%d", "%B %d", "%d.%m.%Y", "%d %b"])
    return day.strftime(style)


def make_typos(text: str, rng: random.Random, share: float = 0.15) -> str:
    """`text` as people type: in `share` of the cases lower case, or a letter lost, doubled or swapped."""
    if rng.random() >= share or len(text) < 8:
        return text
    if rng.random() < 0.4:
        return text.lower().rstrip(".!")
    spots = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i - 1].isalpha()]
    if not spots:
        return text
    i = rng.choice(spots)
    kind = rng.randrange(3)
    if kind == 0:
        return text[:i] + text[i + 1 :]
    if kind == 1:
        return text[:i] + text[i] + text[i:]
    return text[: i - 1] + text[i] + text[i - 1] + text[i + 1 :]
