"""Sessions of scripted service desks with known customers, in English and Chinese.

Domains differ in tools, fields, kinds of ids and manners of speaking. Some (`desks_tuned`) were in view while
rules were changed; others (`desks_held_out`) were written before and measured afterwards, and
`desks_later` when all rules stood.
No model is asked and no text is anybody's: people are made of the lists below, ids of templates.
"""

from __future__ import annotations

import json
import random
import string
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORDS = tomllib.loads((Path(__file__).parent / "desks.toml").read_text(encoding="utf-8"))
FIRST = WORDS["first"].split()
LAST = WORDS["last"].split()
STREETS = WORDS["streets"].split()
ENDS = WORDS["ends"].split()
CITIES = WORDS["cities"].split()
DOMAINS = WORDS["domains"].split()
SURNAMES_ZH = WORDS["surnames_zh"].split()
GIVEN_ZH = WORDS["given_zh"].split()
CITIES_ZH = WORDS["cities_zh"].split()
ROADS_ZH = WORDS["roads_zh"].split()
FIRMS_ZH = WORDS["firms_zh"].split()


@dataclass
class Person:
    """One customer: all values that must be gone, with what they are."""

    first: str
    last: str
    email: str
    phone: str
    born: str
    street: str
    unit: str
    city: str
    state: str
    zip: str
    handle: str
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def values(self) -> dict[str, str]:
        """value → what it is."""
        rows = {
            self.first: "first name",
            self.last: "last name",
            self.name: "name",
            self.email: "e-mail",
            self.phone: "phone",
            self.street: "street",
            self.unit: "unit",
            self.city: "city",
            self.zip: "zip",
            self.handle: "handle",
            self.born: "birth",
        }
        return rows | {v: f"id:{k}" for k, v in self.ids.items()}


def filled(template: str, draw: random.Random) -> str:
    """`9` any digit, `A` a capital, `X` either, `~` a small letter; after `\\` the sign itself."""
    out, literal = [], False
    for c in template:
        if literal or c not in "9AX~\\":
            out.append(c)
            literal = False
        elif c == "\\":
            literal = True
        elif c == "9":
            out.append(draw.choice("123456789" if not out else string.digits))
        else:
            signs = {
                "A": "BCDFGHJKLMNPQRSTVWZ",
                "X": "BCDFGHJKLMNPQRSTVWZ23456789",
                "~": string.ascii_lowercase,
            }
            out.append(draw.choice(signs[c]))
    return "".join(out)


def plain(text: str) -> str:
    """A name as it stands in an address: ASCII small letters."""
    table = str.maketrans("áàâäãåéèêëíìîïóòôöõøúùûüñçšśżźłńćęąžý", "aaaaaaeeeeiiiioooooouuuuncsszzlnceazy")
    return "".join(c for c in text.lower().translate(table) if c.isascii() and c.isalpha())


def person(draw: random.Random, ids: dict[str, str]) -> Person:
    """An English-speaking customer."""
    first, last = draw.choice(FIRST), draw.choice(LAST)
    city, state, zip3 = draw.choice(CITIES).split(",")
    n = draw.randint(100, 9999)
    mail = draw.choice(["{f}.{l}{n}", "{f}{l}{n}", "{l}.{f}", "{i}{l}{n}", "{f}_{l}{n}"])
    local = mail.format(f=plain(first), l=plain(last), n=n, i=plain(first)[0])
    return Person(
        first=first,
        last=last,
        email=f"{local}@{draw.choice(DOMAINS)}",
        phone=draw.choice(["({a}) {b}-{c}", "{a}-{b}-{c}", "+1 {a} {b} {c}", "{a}.{b}.{c}"]).format(
            a=draw.randint(201, 989), b=draw.randint(200, 999), c=f"{draw.randint(0, 9999):04}"
        ),
        born=f"19{draw.randint(45, 99)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        street=f"{draw.randint(11, 9899)} {draw.choice(STREETS).replace('.', ' ')} {draw.choice(ENDS)}",
        unit=draw.choice(["Apt {n}", "Suite {n}", "Unit {n}", "Apt. {n}B"]).format(n=draw.randint(11, 989)),
        city=city.replace(".", " "),
        state=state,
        zip=f"{zip3}{draw.randint(10, 99)}",
        handle=draw.choice(["{f}_{l}_{n}", "{f}{l}{n}", "{l}_{n}"]).format(
            f=plain(first), l=plain(last), n=n
        ),
        ids={kind: filled(form, draw) for kind, form in ids.items()},
    )


_WEIGHTS = [pow(2, 17 - i, 11) for i in range(17)]


def person_zh(draw: random.Random, ids: dict[str, str]) -> Person:
    """A Chinese-speaking customer: first is the given name, last the surname, street the whole address."""
    last, first = draw.choice(SURNAMES_ZH), draw.choice(GIVEN_ZH)
    born = f"19{draw.randint(50, 99)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}"
    body = draw.choice(["330212", "510703", "440402", "420502"]) + born + f"{draw.randint(1, 999):03}"
    card = body + "10X98765432"[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]
    road = f"{draw.choice(ROADS_ZH)}{draw.randint(10, 980)}号"
    made = {kind: filled(form, draw) for kind, form in ids.items()}
    return Person(
        first=first,
        last=last,
        email=filled("~~~~~~", draw)
        + f"{draw.randint(10, 999)}@"
        + draw.choice(["qq.com", "163.com", "sina.com"]),
        phone=f"1{draw.choice('3578')}{filled('999999999', draw)}",
        born=f"{born[:4]}年{int(born[4:6])}月{int(born[6:])}日",
        street=f"{draw.choice(CITIES_ZH)}{road}",
        unit=road,
        city=draw.choice(FIRMS_ZH),
        state="",
        zip=f"{draw.randint(31, 63)}{filled('9999', draw)}",
        handle=f"{filled('~~~~', draw)}_{draw.randint(1000, 99999)}",
        ids=made | {"card": card},
    )


def tool(name: str, **properties: str) -> dict[str, Any]:
    """A tool's schema, every argument with an example of nobody."""
    shown = {k: {"type": "string", "description": v} for k, v in properties.items()}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": name.replace("_", " "),
            "parameters": {"type": "object", "properties": shown, "required": list(shown)},
        },
    }


class Script:
    """Collects the turns of one session; each answer of the assistant is a call."""

    def __init__(self, session: str, system: str, tools: list[dict[str, Any]]) -> None:
        self.session, self.tools = session, tools
        self.messages: list[dict[str, Any]] = [{"role": "system", "content": system}]
        self.records: list[dict[str, Any]] = []

    def user(self, text: str) -> None:
        """The customer says it."""
        self.messages.append({"role": "user", "content": text})

    def assistant(self, text: str) -> None:
        """The desk answers."""
        self._answer({"role": "assistant", "content": text})

    def call(self, name: str, arguments: dict[str, Any], result: Any) -> None:
        """The desk uses a tool."""
        call_id = f"call_{len(self.messages)}"
        function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
        calls = [{"id": call_id, "type": "function", "function": function}]
        self._answer({"role": "assistant", "content": None, "tool_calls": calls})
        content = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})

    def _answer(self, message: dict[str, Any]) -> None:
        self.records.append(
            {
                "id": f"{self.session}-{len(self.records)}",
                "session_id": self.session,
                "timestamp": "2025-03-03T09:00:00Z",
                "request": {"model": "llm", "messages": list(self.messages), "tools": self.tools},
                "response": message,
                "metadata": {"desk": self.session.split("-")[0]},
            }
        )
        self.messages.append(message)


Made = tuple[list[dict[str, Any]], list[Person]]
Desk = Callable[[random.Random, str], Made]


def sessions(desk: str, n: int, seed: int = 7) -> list[Made]:
    """`n` sessions of a desk: (records, the people in it)."""
    made = _desks()[desk]
    return [made(random.Random(f"{desk}:{seed}:{i}"), f"{desk}-{i:04}") for i in range(n)]


def _desks() -> dict[str, Desk]:
    import desks_blind
    import desks_held_out
    import desks_last
    import desks_later
    import desks_strange
    import desks_tuned

    sets = (desks_tuned, desks_held_out, desks_later, desks_strange, desks_last, desks_blind)
    found: dict[str, Desk] = {}
    for each in sets:
        assert found.keys().isdisjoint(each.DESKS), "two desks of one name: one set would run the other's"
        found |= each.DESKS
    return found
