"""Desks that were written before the rules of rewriting stood, and measured afterwards."""

# ruff: noqa: E501 - what people say stays in one piece

from __future__ import annotations

import json
import random

from desks import Desk, Made, Script, person, person_zh, tool


def hospital(draw: random.Random, session: str) -> Made:
    """An appointment is moved; the patient's mother phones."""
    p = person(
        draw,
        {
            "mrn": "MRN-9999999",
            "appointment": "APT9999AA",
            "insurance": "AAA999999999",
            "order": "LAB:99-99999",
        },
    )
    mother = person(draw, {})
    s = Script(
        session,
        "You schedule appointments at Saint Brendan Clinic. Now: 2025-04-07 08:30. Never give medical advice.",
        [
            tool("find_patient", last_name="family name", dob="birth date"),
            tool("reschedule", appointment="id", to="ISO time"),
            tool("note", mrn="record", text="free text"),
        ],
    )
    s.user(
        draw.choice(
            [
                f"Good morning, I'm calling for my daughter {p.first} {p.last}, born {p.born}. I'm {mother.name}.",
                f"{mother.first} {mother.last} speaking - mother of {p.first}. Her chart is {p.ids['mrn']}, the appointment {p.ids['appointment']}.",
            ]
        )
    )
    s.call(
        "find_patient",
        {"last_name": p.last, "dob": p.born},
        {
            "matches": 1,
            "patients": [
                {
                    "mrn": p.ids["mrn"],
                    "patient_name": f"{p.last}, {p.first}",
                    "birth_date": p.born,
                    "guardian": {
                        "full_name": mother.name,
                        "relationship": "mother",
                        "cell_phone": mother.phone,
                        "email": mother.email,
                    },
                    "home": {"street": p.street, "apartment": p.unit, "city": p.city, "postal_code": p.zip},
                    "coverage": {"payer": "BlueRiver", "member_id": p.ids["insurance"]},
                    "upcoming": {
                        p.ids["appointment"]: {
                            "at": "2025-04-11T10:15:00",
                            "with": "Dermatology",
                            "orders": [p.ids["order"]],
                        }
                    },
                }
            ],
        },
    )
    s.assistant(
        f"I found {p.first} {p.last} (record {p.ids['mrn']}), appointment {p.ids['appointment']} on April 11. I have {mother.phone} and "
        f"{mother.email} for you, Ms. {mother.last}. Is {p.street} in {p.city} still right?"
    )
    s.user(
        f"Yes, {p.street.upper()}, zip {p.zip}. Her lab order is {p.ids['order']}, and the insurance card says {p.ids['insurance']}."
    )
    s.call(
        "reschedule",
        {"appointment": p.ids["appointment"], "to": "2025-04-18T09:00:00"},
        {"ok": False, "message": f"{p.first.upper()} {p.last.upper()} has {p.ids['appointment']} locked"},
    )
    s.call(
        "note",
        {
            "mrn": p.ids["mrn"],
            "text": f"{mother.name} (mother) called from {mother.phone} about {p.ids['appointment']}",
        },
        "saved",
    )
    s.assistant(f"I noted it, {mother.first}. We will call {mother.phone} before April 18.")
    return s.records, [p, mother]


def hotel(draw: random.Random, session: str) -> Made:
    """A guest's bill; the log of the property system is one string of JSON in JSON in JSON."""
    p = person(
        draw, {"confirmation": "99999AA9", "folio": "F-999999", "loyalty": "9999 999 999", "car": "AA99-AAA"}
    )
    s = Script(
        session,
        "Front desk assistant of Hotel Larke. Date: 12 June 2025.",
        [tool("pms", query="free query"), tool("send_invoice", to="address", folio="number")],
    )
    s.user(
        draw.choice(
            [
                f"Room under {p.last}, confirmation {p.ids['confirmation']}. Need my invoice at {p.email}.",
                f"hey, checked out yesterday, name's {p.first} {p.last}, can you mail the bill? my number is {p.phone}",
            ]
        )
    )
    inner = {
        "guest": {
            "givenName": p.first,
            "familyName": p.last,
            "tel": p.phone,
            "mail": p.email,
            "loyaltyNumber": p.ids["loyalty"],
        },
        "folioId": p.ids["folio"],
    }
    s.call(
        "pms",
        {"query": f"guest={p.last} conf={p.ids['confirmation']}"},
        {
            "raw": json.dumps(
                {"result": json.dumps(inner), "address": f"{p.street}, {p.unit}, {p.city}, {p.state} {p.zip}"}
            ),
            "vehicle": {"plateNumber": p.ids["car"]},
            "total": "412.80 USD",
        },
    )
    s.assistant(
        f"Dear {p.first} {p.last}, folio {p.ids['folio']} comes to 412.80 USD. Send it to {p.email}, or by post to {p.street}, {p.city}, {p.state} {p.zip}?"
    )
    s.user(
        f"E-mail please. And my loyalty no. is {p.ids['loyalty']}; the car {p.ids['car']} was parked 2 nights."
    )
    s.call(
        "send_invoice",
        {"to": p.email, "folio": p.ids["folio"]},
        f"sent {p.ids['folio']} to <{p.email}> ({p.handle})",
    )
    s.assistant(f"Sent to {p.email}. Goodbye {p.first}, and thank you ({p.ids['confirmation']}).")
    return s.records, [p]


def courier_zh(draw: random.Random, session: str) -> Made:
    """快递：改地址。"""
    p, q = person_zh(draw, {"waybill": "SF9999999999999", "member": "VIP999999"}), person_zh(draw, {})
    s = Script(
        session,
        "你是速达快递的客服助手。当前时间：2025-06-12 10:00。",
        [
            tool("track", waybill_no="运单号"),
            tool("change_address", waybill_no="运单号", receiver="收件人JSON"),
        ],
    )
    name, other = p.last + p.first, q.last + q.first
    s.user(
        draw.choice(
            [
                f"单号{p.ids['waybill']}到哪了？收件人{name}，电话{p.phone}",
                f"你好，我是{name}，快递{p.ids['waybill']}一直没到，我住在{p.street}",
            ]
        )
    )
    s.call(
        "track",
        {"waybill_no": p.ids["waybill"]},
        {
            "waybill_no": p.ids["waybill"],
            "sender": {"name": other, "mobile": q.phone, "company": q.city, "address": q.street},
            "receiver": {
                "name": name,
                "mobile": p.phone,
                "address": p.street,
                "postcode": p.zip,
                "id_card": p.ids["card"],
            },
            "member_no": p.ids["member"],
            "events": [{"time": "2025-06-11 18:20", "desc": f"快件已由【{name}】预约，联系电话{p.phone}"}],
        },
    )
    s.assistant(f"{name}您好，{other}（{q.city}）寄来的快件{p.ids['waybill']}将于6月13日送到{p.street}。")
    s.user(f"改送到{q.street}，让{other}签收，他手机{q.phone}。会员号{p.ids['member']}，邮箱{p.email}")
    s.call(
        "change_address",
        {
            "waybill_no": p.ids["waybill"],
            "receiver": json.dumps({"收件人": other, "手机": q.phone, "地址": q.street}, ensure_ascii=False),
        },
        {"code": 500, "msg": f"运单{p.ids['waybill']}（{name}）不可改址"},
    )
    s.assistant(f"抱歉，{p.last}先生，{p.ids['waybill']}暂时不能改址，结果会发到{p.email}。")
    return s.records, [p, q]


def letters(draw: random.Random, session: str) -> Made:
    """A housing office answers letters: prose alone."""
    p, q = person(draw, {"tenancy": "TN/9999/99", "meter": "9999-AAA-99"}), person(draw, {})
    s = Script(session, "You draft answers to tenants of Larch Housing. Sign as the office.", [])
    s.user(
        draw.choice(
            [
                f"Dear Sir or Madam,\nthe heating at {p.street}, {p.unit}, has been off since May. Tenancy {p.ids['tenancy']}.\nYours, {p.name}\n{p.phone}",
                f"From: {p.first} {p.last} <{p.email}>\nSubject: meter {p.ids['meter']}\n\nThe new reading is 4411. My neighbour {q.name} saw it too.",
            ]
        )
    )
    s.assistant(
        f"Dear {p.first} {p.last},\n\nwe have your letter about {p.ids['tenancy']} and the meter {p.ids['meter']}. We will phone {p.phone}."
    )
    s.user(
        f"Please call {q.first} {q.last} instead, on {q.phone}. I was born {p.born}, if you need that. {p.last}"
    )
    s.assistant(f"We noted {q.name} ({q.phone}) as contact for {p.street}, {p.city}, {p.state} {p.zip}.")
    return s.records, [p, q]


DESKS: dict[str, Desk] = {
    "hospital": hospital,
    "hotel": hotel,
    "courier_zh": courier_zh,
    "letters": letters,
}
