"""Four kinds of sessions written when the rules of docs/decisions/0033 stood, and measured once."""

# ruff: noqa: E501 - what people say stays in one piece

from __future__ import annotations

import json
import random

from desks import Desk, Made, Script, tool
from desks_strange import somebody, someone


def library(draw: random.Random, session: str) -> Made:
    """Interlibrary loans: YAML-like answers, a patron and whoever recommended."""
    p, q = someone(draw, barcode="29999999999999", pin="9999"), someone(draw)
    s = Script(session, "You help readers of the county library.", [tool("ils", query="text")])
    s.user(
        draw.choice(
            [
                f"Hello, {p.first} {p.last} speaking, I lost my card. It ended in {p.ids['barcode'][-6:]}, I'm over on {p.street}",
                f"my card {p.ids['barcode']} says blocked?? {p.first.lower()} here. moved from {p.city} last spring",
            ]
        )
    )
    s.call(
        "ils",
        {"query": f"patron {p.last}"},
        f"patron:\n  label: {p.last}, {p.first}\n  card: '{p.ids['barcode']}'\n  since: 2019\n  mailing:\n    - {p.street}\n    - {p.city} {p.state} {p.zip}\n  reach: {p.email}\n  guarantor: {q.name} ({q.phone})\nfines: 4.20",
    )
    s.assistant(
        f"{p.first}, your card {p.ids['barcode']} is blocked for $4.20. Does {q.first} still vouch for you?"
    )
    s.user(
        f"yes {q.first} {q.last} does, but the number is old, use {q.email}. also spell it {p.last} please"
    )
    s.assistant(f"Corrected to {p.last}; a note goes to {q.email} and {p.email}.")
    return s.records, [p, q]


def dating(draw: random.Random, session: str) -> Made:
    """Support of a dating service: a report about somebody, a log of a chat, GraphQL."""
    p, q = someone(draw, member="m_99~9~99"), someone(draw, member="m_99~9~99")
    s = Script(session, "You handle safety reports.", [tool("gql", body="GraphQL")])
    s.user(
        f"I want to report {q.first}, {q.ids['member']}. keeps texting me from {q.phone} and came to my flat on {p.street}!!! I'm scared. {p.first}"
    )
    s.call(
        "gql",
        {"body": 'query { member(key: "' + q.ids["member"] + '") { alias trueName seenAt log } }'},
        {
            "data": {
                "member": {
                    "alias": q.handle,
                    "trueName": q.name,
                    "seenAt": [q.city],
                    "log": f"[21:04] {q.first}: hey {p.first}\n[21:05] {p.first}: who is this?\n[21:06] {q.first}: {q.first} {q.last} from {q.city}, my insta is {q.handle}\n[21:09] {q.first}: see you at {p.street} :)",
                }
            }
        },
    )
    s.assistant(f"Thank you, {p.first}. I closed {q.handle}. Where can the safety team reach you?")
    s.user(p.phone)
    s.assistant("And your legal name, for the police report?")
    s.user(f"{p.name}")
    s.assistant(f"Filed, {p.first} {p.last}. We call {p.phone}; do not answer {q.phone}.")
    return s.records, [p, q]


def tax(draw: random.Random, session: str) -> Made:
    """A tax adviser: a form of boxes, dependants in a list, the preparer."""
    p, q = someone(draw, ein="99-9999999", ptin="P99999999"), someone(draw, case="NT-99999-AA")
    s = Script(session, "You prepare returns.", [tool("form", step="step", data="JSON")])
    s.user(
        f"filing jointly with {q.name} this year, wedding was in June. Notice {q.ids['case']} came to {p.street}"
    )
    s.call(
        "form",
        {"step": "open", "data": json.dumps({"tp": p.name, "sp": q.name, "ntc": q.ids["case"]})},
        {
            "boxes": {
                "1a": p.last,
                "1b": p.first,
                "2a": q.last,
                "2b": q.first,
                "6": p.street,
                "6c": f"{p.city}, {p.state}, {p.zip}",
                "E": p.ids["ein"],
                "9": p.born,
            },
            "prep": {"id": p.ids["ptin"], "by": f"{q.first[0]}. {q.last}"},
            "dependants": [{"n": f"Milo {p.last}", "rel": "son"}],
            "status": "Open",
        },
    )
    s.assistant(
        f"Opened for {p.first} and {q.first} {q.last}. EIN {p.ids['ein']}, preparer {p.ids['ptin']}. Is {p.city} still your home?"
    )
    s.user(f"{q.city}, since May. {q.street}. zip {q.zip}. my born date is {p.born}, yes")
    s.assistant(f"Updated to {q.street}, {q.city} {q.zip}. I will mail {p.last} at {p.email}.")
    return s.records, [p, q]


def parcel_zh(draw: random.Random, session: str) -> Made:
    """快递与社区投诉：短信样的结果、代收人。"""
    p, q = somebody(draw, waybill="YT9999999999999", shelf="9-9-9999"), somebody(draw)
    one, two = p.last + p.first, q.last + q.first
    s = Script(session, "你是快递站点客服。", [tool("轨迹", 号码="单号")])
    s.user(
        draw.choice(
            [
                f"{p.ids['waybill']}怎么还没到？收件{one}，{p.phone}",
                f"快递被{two}签收了，我根本不认识！我是{one}，住{p.street}",
            ]
        )
    )
    s.call(
        "轨迹",
        {"号码": p.ids["waybill"]},
        f"【驿站】{p.ids['waybill']} 收：{one} {p.phone} {p.street}；派件员{two}（{q.phone}）；取件码{p.ids['shelf']}；寄自{q.city}",
    )
    s.assistant(f"{one}您好，您的件在驿站，取件码{p.ids['shelf']}，派件员{two}的电话是{q.phone}。")
    s.user(f"让{two}送到{q.street}，交给我同事，邮件通知{p.email}")
    s.assistant(f"好的，{q.last}师傅会送到{q.unit}，并通知{p.email}。")
    return s.records, [p, q]


DESKS: dict[str, Desk] = {"library": library, "dating": dating, "tax": tax, "parcel_zh": parcel_zh}
