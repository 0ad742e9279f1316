"""Made-up logs of domains that no mechanism was made on: freight, a clinic, leave requests, a help desk.

Each returns (the user's text, the answer): arrays of objects, entities with a class, several tools at once,
enums with blanks, fields that are missing or null, normalised numbers and dates, Chinese keys, ids copied
out of JSON.
"""

from __future__ import annotations

import json
import random
from typing import Any

Row = tuple[str, dict[str, Any]]

GOODS = [
    "copper wire",
    "tyres",
    "rice",
    "LED panels",
    "paint",
    "oak boards",
    "salt",
    "glass jars",
    "cement",
    "tea",
]
PORTS = [
    "Rotterdam",
    "Durban",
    "Santos",
    "Busan",
    "Gdansk",
    "Mombasa",
    "Valencia",
    "Osaka",
    "Antwerp",
    "Haifa",
]
UNITS = {"kg": "kilogram", "t": "tonne", "pallets": "pallet", "boxes": "box"}
DRUGS = ["ibuprofen", "metformin", "amoxicillin", "aspirin", "insulin", "codeine", "zinc", "omeprazole"]
SIGNS = ["headache", "fever", "rash", "cough", "back pain", "nausea", "dizziness", "sore throat"]
URGENCY = {"right now": "see today", "this week": "within a week", "whenever": "can wait"}
FIRST = ["Nora", "Pavel", "Aisha", "Diego", "Hana", "Luca", "Marta", "Tobias", "Ines", "Kofi", "Yuki", "Sven"]
LAST = ["Okafor", "Lindqvist", "Moreau", "Tanaka", "Novak", "Silva", "Ahmed", "Keller", "Rossi", "Dlamini"]
ZH_NAMES = ["王小明", "李芳", "张建国", "刘洋", "陈静怡", "赵磊", "周婷", "吴昊"]
ZH_LEAVE = {"病假": "身体不舒服", "年假": "想出去旅游", "事假": "家里有事"}
HOSTS = ["mail", "vpn", "wiki", "build", "print", "backup", "files", "chat"]
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def said(value: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": json.dumps(value, ensure_ascii=False)}


def called(*calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    made = [
        {"id": f"c{i}", "type": "function", "function": {"name": n, "arguments": json.dumps(a)}}
        for i, (n, a) in enumerate(calls)
    ]
    return {"role": "assistant", "content": None, "tool_calls": made}


def joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def name(rng: random.Random) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def freight(rng: random.Random) -> Row:
    """A waybill: an array of objects with a number, a unit that is rewritten and a copied text."""
    lines, texts = [], []
    for goods in rng.sample(GOODS, rng.randrange(1, 5)):
        n, unit = rng.randrange(2, 900), rng.choice(sorted(UNITS))
        lines.append({"goods": goods, "amount": n, "unit": UNITS[unit]})
        texts.append(f"{n} {unit} of {goods}")
    start, end = rng.sample(PORTS, 2)
    text = rng.choice(("ship {x} from {a} to {b}", "{a} to {b}: {x}", "we have {x} for {b}, loading in {a}"))
    return text.format(x=joined(texts), a=start, b=end), said({"from": start, "to": end, "lines": lines})


def entities(rng: random.Random) -> Row:
    """A list of what was named, each with its class; often none."""
    found: list[dict[str, str]] = []
    parts = []
    for kind in rng.sample(["person", "place", "drug", "none"], rng.randrange(1, 4)):
        if kind == "none":
            parts.append(rng.choice(("nothing changed since", "the line was bad", "call me back")))
            continue
        value = {"person": name(rng), "place": rng.choice(PORTS), "drug": rng.choice(DRUGS)}[kind]
        form = {"person": "{} asked for it", "place": "it came from {}", "drug": "they are out of {}"}[kind]
        parts.append(form.format(value))
        found.append({"text": value, "type": kind})
    return "; ".join(parts), said({"entities": found})


def intake(rng: random.Random) -> Row:
    """A clinic's form: an enum with blanks, an optional array, a null, a nested object, a normalised date."""
    signs = rng.sample(SIGNS, rng.randrange(1, 3))
    drugs = rng.sample(DRUGS, rng.randrange(0, 3))
    when, who = rng.choice(sorted(URGENCY)), name(rng)
    day, month, year = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(1940, 2015)
    text = f"{who}, born {day}.{month}.{year}, has {joined(signs)}"
    text += f" and takes {joined(drugs)}" if drugs else ""
    days = rng.randrange(2, 10) if rng.random() < 0.5 else None
    text += f", for {WORDS[days]} days" if days else ""
    text += f", wants to come {when}"
    answer: dict[str, Any] = {
        "patient": {"name": who, "birth": f"{year:04d}-{month:02d}-{day:02d}"},
        "symptoms": signs, "days": days, "urgency": URGENCY[when],
    }  # fmt: skip
    return text, said(answer | ({"medication": drugs} if drugs else {}))


def leave(rng: random.Random) -> Row:
    """A Chinese leave request: Chinese keys, an array of objects, a class, numbers written as words."""
    kind = rng.choice(sorted(ZH_LEAVE))
    chosen = rng.sample(ZH_NAMES, rng.randrange(1, 4))
    days = [rng.randrange(1, 10) for _ in chosen]
    people = ",".join(f"{n}请{'零一二三四五六七八九'[d]}天" for n, d in zip(chosen, days, strict=True))
    month, day = rng.randrange(1, 13), rng.randrange(1, 29)
    text = f"{people},从{month}月{day}日开始,{ZH_LEAVE[kind]}"
    people_made = [{"姓名": n, "天数": d} for n, d in zip(chosen, days, strict=True)]
    return text, said({"类型": kind, "开始": f"{month:02d}-{day:02d}", "人员": people_made})


def desk(rng: random.Random) -> Row:
    """One tool, two different ones at once, or one of them several times with two arguments each."""
    who, host = name(rng), rng.choice(HOSTS)
    ticket = f"INC{rng.randrange(10**6):06d}"
    kind = rng.randrange(4)
    if kind == 0:
        return f"what is the state of {ticket}?", called(("get_ticket", {"ticket": ticket}))
    if kind == 1:
        text = f"{ticket} goes to {who}, and restart {host}"
        return text, called(("assign", {"ticket": ticket, "to": who}), ("restart", {"host": host}))
    if kind == 2:
        return f"please restart {host} again", called(("restart", {"host": host}))
    pairs = [(f"INC{rng.randrange(10**6):06d}", name(rng)) for _ in range(rng.randrange(2, 4))]
    text = joined([f"{t} to {w}" for t, w in pairs])
    return f"assign {text}", called(*(("assign", {"ticket": t, "to": w}) for t, w in pairs))


def invoice(rng: random.Random) -> Row:
    """Ids and amounts out of a JSON payload: the open invoice, not the paid ones."""
    n = rng.randrange(2, 5)
    rows = [
        {"id": f"inv_{rng.randrange(10**8):08x}", "total": rng.randrange(10, 9000), "state": "paid"}
        for _ in range(n)
    ]
    row = rng.choice(rows)
    row["state"] = "open"
    text = json.dumps({"customer": name(rng), "invoices": rows})
    return text, called(("remind", {"invoice_id": row["id"]}))


def tools(*specs: tuple[str, dict[str, str]]) -> dict[str, Any]:
    made = [
        {"type": "function", "function": {"name": n, "parameters": {
            "type": "object", "properties": {k: {"type": t} for k, t in p.items()}, "required": list(p)}}}
        for n, p in specs
    ]  # fmt: skip
    return {"tools": made}


text = "string"
DOMAINS: dict[str, tuple[Any, dict[str, Any]]] = {
    "freight, array of objects": (freight, {}),
    "entities with a class": (entities, {}),
    "clinic form": (intake, {}),
    "leave, Chinese objects": (leave, {}),
    "desk, tools at once": (
        desk,
        tools(
            ("get_ticket", {"ticket": text}),
            ("assign", {"ticket": text, "to": text}),
            ("restart", {"host": text}),
        ),
    ),
    "invoice, id from JSON": (invoice, tools(("remind", {"invoice_id": text}))),
}
