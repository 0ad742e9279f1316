"""A small scripted agent: the support desk of a made-up shop, written out as a log of LLM calls.

No model is asked; what a large model would have answered (the teacher) is written by rule, with the
inconsistency real logs have. Six kinds of calls, several in a session:

==============  ===========================================================  ====================
call            what is asked                                                what should come out
==============  ===========================================================  ====================
route           which of 20 intents a ticket has (English, Chinese, typos)   replaceable
act             which tool to call, with the order number or parcel copied   replaceable
extract         order number, date, amount and e-mail address as JSON        replaceable
policy          may this return be accepted, yes or no (rare)                too few calls to prove
tone            urgency from 1 to 5; the teacher contradicts itself          stays: nothing to learn
reply           a free-text answer to the customer                           stays: free text
==============  ===========================================================  ====================

`metadata` of the records names neither task nor step: finding those is rightsizer's work.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rightsizer.testing import demo_prompts as prompts
from rightsizer.testing.demo_text import Language, invent, make_typos, phrases, pick, say

N_SESSIONS = 2_600
START = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
SESSION_GAP_S = 36.0  # mean time between two customers; the log spans a day
TWO_INTENTS = 0.025  # share of tickets with two intents
SLIPS = 0.001  # share of plain tickets where the teacher names a wrong intent

Record = dict[str, Any]
Message = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """One call before it becomes a record: the body sent and the message that came back."""

    body: Record
    answer: Message


def write_log(path: Path, n_sessions: int = N_SESSIONS, seed: int = 0, *, start: datetime = START) -> int:
    """Write the agent's calls as call records, one JSON object a line. Number of calls written."""
    n = 0
    with path.open("w", encoding="utf-8") as file:
        for record in make_records(n_sessions, seed, start=start):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            n += 1
    return n


def write_logs(folder: Path, n_sessions: int = N_SESSIONS, seed: int = 0) -> tuple[Path, Path]:
    """Write ``agent.jsonl`` to learn from and ``held-out.jsonl``: a fifth as many customers, later on."""
    folder.mkdir(parents=True, exist_ok=True)
    log, held_out = folder / "agent.jsonl", folder / "held-out.jsonl"
    write_log(log, n_sessions, seed)
    later = START + timedelta(seconds=SESSION_GAP_S * n_sessions * 2)
    write_log(held_out, max(50, n_sessions // 5), seed + 1, start=later)
    return log, held_out


def make_records(n_sessions: int, seed: int = 0, *, start: datetime = START) -> Iterator[Record]:
    """The call records of `n_sessions` customers, in order; equal arguments give equal records."""
    now = start
    for i in range(n_sessions):
        rng = random.Random(f"demo:{seed}:{i}")
        now += timedelta(seconds=rng.expovariate(1 / SESSION_GAP_S))
        at = now
        session = f"demo-{seed}-{i:05d}"
        for step, exchange in enumerate(_session(rng)):
            record = _record(f"{session}-{step}", session, at, exchange, rng)
            at += timedelta(seconds=record["latency_s"] + rng.uniform(0.1, 40))
            yield record


def _session(rng: random.Random) -> Iterator[Exchange]:
    """The calls made for one customer."""
    language: Language = "zh" if rng.random() < 0.18 else "en"
    yield route(rng, language)
    later: tuple[tuple[float, Callable[[random.Random, Language], Exchange]], ...] = (
        (0.33, extract),
        (0.35, act),
        (0.13, policy),
        (0.10, tone),
        (0.12, reply),
    )
    for share, call in later:
        if rng.random() < share:
            yield call(rng, language)


def _record(call_id: str, session: str, at: datetime, exchange: Exchange, rng: random.Random) -> Record:
    body, answer = exchange.body, exchange.answer
    input_tokens = _tokens(json.dumps([body["messages"], body.get("tools", [])], ensure_ascii=False))
    output_tokens = _tokens(answer["content"] or json.dumps(answer.get("tool_calls")))
    latency_s = 0.35 + output_tokens / rng.uniform(40, 90) + rng.expovariate(4)
    return {
        "id": call_id,
        "session_id": session,
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "model": body["model"],
        "request": {k: v for k, v in body.items() if k != "model"},
        "response": answer,
        "finish_reason": "tool_calls" if answer.get("tool_calls") else "stop",
        "usage": {"input_tokens": input_tokens, "output_tokens": output_tokens},
        "latency_s": round(latency_s, 3),
        "metadata": {"agent": "alder-finch-support"},
        "source": "rightsizer demo",
    }


def _tokens(text: str) -> int:
    """Roughly what a tokenizer would count: 4 Latin letters, or 1 Chinese one, to a token."""
    wide = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return max(1, wide + (len(text) - wide) // 4)


def _ask(system: str, user: str, **more: Any) -> Record:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return {"model": prompts.MODEL, "messages": messages, "temperature": 0, **more}


def _answer(text: str) -> Message:
    return {"role": "assistant", "content": text}


def _write(template: str, rng: random.Random, language: Language, **slots: str) -> str:
    text = say("{opener}" + template + "{closer}", rng, language, slots)
    text = text[:1].upper() + text[1:] if rng.random() < 0.7 else text
    return make_typos(text, rng)


def route(rng: random.Random, language: Language) -> Exchange:
    """One of 20 intents. Some tickets have two: the prompt's rule then decides, if the teacher minds it."""
    intents = phrases()["intents"]
    intent, other = rng.sample(sorted(intents), 2)
    template, label = pick(intents[intent][language], rng), intent
    if rng.random() < TWO_INTENTS:
        template += {"en": " Also, ", "zh": "另外，"}[language] + pick(intents[other][language], rng)
        first, second = sorted((intent, other), key=prompts.ROUTE.index)
        label = first if rng.random() < 0.85 else second
    elif rng.random() < SLIPS:
        label = other
    return Exchange(_ask(prompts.ROUTE, f"Ticket:\n{_write(template, rng, language)}"), _answer(label))


def extract(rng: random.Random, language: Language) -> Exchange:
    """Four fields copied as written, null where absent; some messages carry distracting values."""
    template = pick(phrases()["extract"][language], rng)
    fields = {name: invent(name, rng, language) for name in ("order", "date", "amount", "email")}
    slots = {f"f_{name}": value for name, value in fields.items()}
    slots |= {"other_date": invent("date", rng, language), "other_item": invent("item", rng)}
    text = say(template, rng, language, slots)
    found = {n: v if "{f_" + n + "}" in template else None for n, v in fields.items()}
    answer = {
        "order_number": found["order"],
        "order_date": found["date"],
        "amount": found["amount"],
        "email": found["email"],
    }
    if rng.random() < 0.006:  # the teacher overlooks a field now and then
        answer[rng.choice(sorted(answer))] = None
    body = _ask(prompts.EXTRACT, f"Message:\n{text}", response_format=prompts.EXTRACT_FORMAT)
    return Exchange(body, _answer(json.dumps(answer, ensure_ascii=False)))


def act(rng: random.Random, language: Language) -> Exchange:
    """Which tool, with which order or parcel; without a number the teacher asks back in prose."""
    actions = phrases()["actions"]
    name = rng.choices(list(actions), weights=[5, 5, 3, 4, 2, 1])[0]
    slots = {"order": invent("order", rng), "tracking": invent("tracking", rng)}
    reason = rng.choice(sorted(phrases()["reasons"]))
    slots["reason"] = say(pick(phrases()["reasons"][reason][language], rng), rng, language)
    text = _mistype_around(
        say("{opener}" + pick(actions[name][language], rng), rng, language, slots), slots, rng
    )
    arguments: dict[str, dict[str, str]] = {
        "look_up_order": {"order_id": slots["order"]},
        "track_parcel": {"tracking_number": slots["tracking"]},
        "cancel_order": {"order_id": slots["order"]},
        "refund_order": {"order_id": slots["order"], "reason": reason},
        "open_ticket": {"queue": "human"},
    }
    body = _ask(prompts.ACT, text, tools=prompts.TOOLS)
    if name == "ask_back":
        return Exchange(body, _answer(say(pick(prompts.ASK_BACK[language], rng), rng, language)))
    call = {"name": name, "arguments": json.dumps(arguments[name])}
    tool_call = {"id": f"call_{rng.getrandbits(48):012x}", "type": "function", "function": call}
    return Exchange(body, {"role": "assistant", "content": None, "tool_calls": [tool_call]})


def _mistype_around(text: str, values: dict[str, str], rng: random.Random) -> str:
    """Typos, but not where they would change a value that the answer copies."""
    typed = make_typos(text, rng)
    kept = all((value in typed) == (value in text) for value in values.values())
    return typed if kept else text


def policy(rng: random.Random, language: Language) -> Exchange:
    """Yes or no by three conditions: within 30 days, unopened, no final-sale article."""
    book = phrases()["policy"]
    days = rng.choice([3, 7, 10, 14, 18, 21, 25, 28, 35, 40, 45, 60, 75, 90])
    unopened, regular = rng.random() < 0.7, rng.random() < 0.8
    notes = [
        say(rng.choice(book["days"]), rng, slots={"days": str(days)}),
        rng.choice(book["unopened" if unopened else "opened"]),
        rng.choice(book["regular" if regular else "sale"]),
    ]
    rng.shuffle(notes)
    yes = days <= 30 and unopened and regular
    case = f"Case: {invent('product', rng)}; {'; '.join(notes)}."
    return Exchange(_ask(prompts.POLICY, case), _answer("yes" if yes else "no"))


def tone(rng: random.Random, language: Language) -> Exchange:
    """Urgency 1 to 5. The teacher's opinion drifts, so that no student can agree with it often."""
    text = _write(rng.choice(phrases()["tone"]["lines"]), rng, "en")
    score = rng.choices([1, 2, 3, 4, 5], weights=[1, 3, 4, 3, 2])[0]
    return Exchange(_ask(prompts.TONE, text, model="gpt-4o-mini"), _answer(str(score)))


def reply(rng: random.Random, language: Language) -> Exchange:
    """A letter to the customer: different every time."""
    intents, book = phrases()["intents"], phrases()["reply"]
    about = {"order": invent("order", rng), "name": invent("name", rng)}
    ticket = _write(pick(intents[rng.choice(sorted(intents))]["en"], rng), rng, "en", **about)
    about["where"] = rng.choice([f"your order {about['order']}", f"your {invent('product', rng)}"])
    body = rng.sample(book["body"], rng.randrange(2, 5))
    parts = [rng.choice(book["hello"]), rng.choice(book["thanks"]), *body, rng.choice(book["bye"])]
    letter = " ".join(say(part, rng, slots=about) for part in parts)
    letter = letter.replace(". your ", ". Your ")
    return Exchange(_ask(prompts.REPLY, f"Customer wrote:\n{ticket}", temperature=0.7), _answer(letter))
