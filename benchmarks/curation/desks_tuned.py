"""Desks that were in view while rules of rewriting were changed."""

# ruff: noqa: E501 - what people say stays in one piece

from __future__ import annotations

import json
import random

from desks import Desk, Made, Script, person, person_zh, tool


def insurance(draw: random.Random, session: str) -> Made:
    """A claim is opened for an insured and a second driver."""
    p = person(
        draw,
        {
            "policy": "PL-9999-999999",
            "claim": "CLM999999",
            "plate": "9AAA999",
            "adjuster ref": "\\ADJ/99-9999",
        },
    )
    other = person(draw, {"licence": "D9999999"})
    s = Script(
        session,
        "You handle motor claims for Northgate Mutual. Today is 2025-03-03. Verify policy number and date of birth first.",
        [
            tool("get_policy", policy_number="e.g. PL-2020-000000", date_of_birth="YYYY-MM-DD"),
            tool("open_claim", policy_number="policy", details="JSON string with the details"),
            tool("assign_adjuster", claim_no="claim", region="region"),
        ],
    )
    s.user(
        draw.choice(
            [
                f"Hello, {p.name} here. Somebody drove into my car. Policy {p.ids['policy']}, born {p.born}.",
                f"hi this is {p.first.lower()} {p.last.lower()}, policy number {p.ids['policy'].lower()}. my dob is {p.born}",
                f"My name is {p.name} and my policy is {p.ids['policy']}; you can reach me at {p.phone} or {p.email.upper()}",
            ]
        )
    )
    s.call(
        "get_policy",
        {"policy_number": p.ids["policy"], "date_of_birth": p.born},
        {
            "policyNumber": p.ids["policy"],
            "insured": {"firstName": p.first, "lastName": p.last, "dateOfBirth": p.born},
            "contact": {"emailAddress": p.email, "mobile": p.phone, "username": p.handle},
            "mailingAddress": {
                "line1": p.street,
                "line2": p.unit,
                "city": p.city,
                "state": p.state,
                "zip": p.zip,
            },
            "vehicle": {"make": "Subaru", "model": "Forester", "plate": p.ids["plate"], "year": 2019},
            "premium": 1284.5,
            "status": "active",
        },
    )
    s.assistant(f"Thank you, {p.first}. Policy {p.ids['policy']} is active. Who was the other driver?")
    s.user(
        f"It was {other.name}, licence {other.ids['licence']}, phone {other.phone}. It happened outside my house, "
        f"{p.street}, {p.unit}, {p.city} {p.zip}."
    )
    details = {
        "claimant": p.name,
        "third_party": {"name": other.name, "phone": other.phone, "licence_no": other.ids["licence"]},
    }
    s.call(
        "open_claim",
        {"policy_number": p.ids["policy"], "details": json.dumps(details)},
        {
            "claim": {"claim_no": p.ids["claim"], "payload": json.dumps(details)},
            "by_claim": {p.ids["claim"]: {"state": "open"}},
        },
    )
    s.call(
        "assign_adjuster",
        {"claim_no": p.ids["claim"], "region": p.state},
        f"Error: no adjuster near {p.city} for {p.name} ({p.ids['claim']})",
    )
    s.assistant(
        f"Your claim {p.ids['claim']} is open, Mr. {p.last}. I will write to {p.email}; your reference with the adjuster is "
        f"{p.ids['adjuster ref']}."
    )
    s.user(
        f"So {p.ids['adjuster ref']} for the adjuster and {p.ids['claim']} for the claim. Thanks! {p.first}"
    )
    s.assistant(f"Exactly. Take care, {p.first}!")
    return s.records, [p, other]


def airline(draw: random.Random, session: str) -> Made:
    """A reservation of two passengers is changed."""
    p = person(
        draw,
        {
            "reservation": "XXAX9X",
            "credit card": "credit_card_9999999",
            "certificate": "certificate_9999999",
            "four": "9999",
        },
    )
    q = person(draw, {})
    flight = f"SKY{draw.randint(100, 140)}"
    s = Script(
        session,
        "You are an agent of Skylark Air. The current time is 2024-05-15 15:00:00 EST. Get the user id first.",
        [
            tool("get_user_details", user_id="such as 'sara_doe_496'"),
            tool("get_reservation_details", reservation_id="such as '8JX2WO'"),
            tool("update_reservation_passengers", reservation_id="id", passengers="list"),
        ],
    )
    user_id = f"{p.first}_{p.last}_{draw.randint(1000, 9999)}".lower().replace("'", "").replace("-", "")
    p.handle = user_id
    s.user(
        draw.choice(
            [
                f"I want to change my trip {p.ids['reservation']}. My user id is {user_id}.",
                f"Hi! user ID {user_id} here, it's about the flight to Denver",
            ]
        )
    )
    s.call(
        "get_user_details",
        {"user_id": user_id},
        {
            "name": {"first_name": p.first, "last_name": p.last},
            "address": {
                "address1": p.street,
                "address2": p.unit,
                "city": p.city,
                "country": "USA",
                "state": p.state,
                "zip": p.zip,
            },
            "email": p.email,
            "dob": p.born,
            "payment_methods": {
                p.ids["credit card"]: {
                    "source": "credit_card",
                    "brand": "visa",
                    "last_four": p.ids["four"],
                    "id": p.ids["credit card"],
                },
                p.ids["certificate"]: {"source": "certificate", "amount": 500, "id": p.ids["certificate"]},
            },
            "saved_passengers": [{"first_name": q.first, "last_name": q.last, "dob": q.born}],
            "membership": "gold",
            "reservations": [p.ids["reservation"]],
        },
    )
    s.call(
        "get_reservation_details",
        {"reservation_id": p.ids["reservation"]},
        {
            "reservation_id": p.ids["reservation"],
            "user_id": user_id,
            "origin": "DEN",
            "destination": "SFO",
            "cabin": "economy",
            "flights": [
                {
                    "flight_number": flight,
                    "origin": "DEN",
                    "destination": "SFO",
                    "date": "2024-05-22",
                    "price": 187,
                }
            ],
            "passengers": [{"first_name": p.first, "last_name": p.last, "dob": p.born}],
            "payment_history": [{"payment_id": p.ids["credit card"], "amount": 187}],
            "created_at": "2024-05-02T03:10:19",
            "insurance": "no",
        },
    )
    s.assistant(
        f"{p.first} {p.last}, your reservation {p.ids['reservation']}:\n- **Flight**: {flight} on May 22, 2024\n- **Passenger**: "
        f"{p.first} {p.last} (DOB: {p.born})\n- **Paid with**: Visa ending in {p.ids['four']}\nWhat shall I change?"
    )
    s.user(f"Put {q.first} {q.last} in instead, born {q.born}. And use the card ending in {p.ids['four']}.")
    s.call(
        "update_reservation_passengers",
        {
            "reservation_id": p.ids["reservation"],
            "passengers": [{"first_name": q.first, "last_name": q.last, "dob": q.born}],
        },
        f"Error: passenger {q.first} {q.last} is not in {p.ids['reservation']}",
    )
    s.assistant(f"I could not put {q.first} on {p.ids['reservation']}. May I pass this on with {p.email}?")
    return s.records, [p, q]


def bank_zh(draw: random.Random, session: str) -> Made:
    """银行：挂失。"""
    p = person_zh(draw, {"account": "622848999999999999\\9", "ticket": "GD2025999999"})
    s = Script(
        session,
        "你是恒信银行的客服，今天是2025年3月3日。先核对姓名和身份证号。",
        [
            tool("query_customer", 姓名="客户姓名", 身份证号="18位"),
            tool("report_loss", card_no="卡号", note="备注"),
        ],
    )
    name = p.last + p.first
    s.user(
        draw.choice(
            [
                f"你好，我叫{name}，身份证{p.ids['card']}，卡丢了，手机{p.phone}",
                f"我是{name}。银行卡不见了，身份证号是{p.ids['card']}，出生于{p.born}，请帮我挂失",
            ]
        )
    )
    s.call(
        "query_customer",
        {"姓名": name, "身份证号": p.ids["card"]},
        {
            "客户": {
                "姓名": name,
                "身份证号": p.ids["card"],
                "出生日期": p.born,
                "手机": p.phone,
                "邮箱": p.email,
            },
            "地址": p.street,
            "邮编": p.zip,
            "工作单位": p.city,
            "账户": [{"卡号": p.ids["account"], "余额": 52310.55, "状态": "正常"}],
        },
    )
    s.assistant(f"{name}您好，为您查到尾号{p.ids['account'][-4:]}的卡。请问寄送新卡的地址还是{p.street}吗？")
    s.user(f"对，{p.unit}。或者寄到公司{p.city}也行，{p.last}先生收")
    s.call(
        "report_loss",
        {
            "card_no": p.ids["account"],
            "note": json.dumps({"客户": name, "回访电话": p.phone}, ensure_ascii=False),
        },
        {
            "工单号": p.ids["ticket"],
            "detail": json.dumps({"note": f"客户{name}挂失，电话{p.phone}"}, ensure_ascii=False),
        },
    )
    s.assistant(f"已挂失，工单号{p.ids['ticket']}，稍后会发邮件到{p.email}，{p.last}先生请留意。")
    return s.records, [p]


def role_play(draw: random.Random, session: str) -> Made:
    """A simulated customer: everything stands in the prose of its instruction; no tools, no fields."""
    p = person(draw, {"order": "#\\W9999999", "reservation": "AAXX99"})
    s = Script(
        session,
        draw.choice(
            [
                f"You are {p.name}, user id {p.handle}, living at {p.street}, {p.unit}, {p.city}, {p.state} {p.zip}. Your order is "
                f"{p.ids['order']}. Your e-mail is {p.email}; you were born on {p.born}. Never give all of it at once.",
                f"Your name is {p.name} and your zip code is {p.zip}. You live in {p.city}, {p.state}. You want to cancel reservation "
                f"{p.ids['reservation']} and order {p.ids['order']}. Your email is {p.email}. Your phone: {p.phone}.",
                f"Instruction: {p.first} {p.last} ({p.email}) wants to change the address of {p.ids['order']} to {p.street} {p.unit}, "
                f"{p.city}, {p.state}, {p.zip}. You are shy. If asked, your user id is {p.handle}.",
            ]
        ),
        [],
    )
    s.user("Hello! How can I help you today? Could I have your name and zip code?")
    s.assistant(f"Hi, sure. It's {p.first} {p.last}, zip {p.zip}.")
    s.user(f"Thanks, {p.first}. I found your account {p.handle} with {p.email}. Which order is it?")
    s.assistant(f"It's {p.ids['order']}, please. And the reservation is {p.ids['reservation']}.")
    s.user(
        f"Done. {p.ids['order']} will go to {p.street}, {p.unit}, {p.city}, {p.state} {p.zip}. Anything else, {p.last}?"
    )
    s.assistant("No, thank you. ###STOP###")
    return s.records, [p]


def chat_zh(draw: random.Random, session: str) -> Made:
    """只有对话，没有工具。"""
    p = person_zh(draw, {"order": "DD99999999", "policy": "BD-2024-999999"})
    name = p.last + p.first
    s = Script(session, "你是安康保险的在线客服，回答要简短。", [])
    s.user(
        draw.choice(
            [
                f"我叫{name}，保单号{p.ids['policy']}，想改一下地址",
                f"您好，本人{name}，手机号{p.phone}，身份证号码{p.ids['card']}",
            ]
        )
    )
    s.assistant(f"{name}您好，请提供订单编号和新地址。")
    s.user(f"订单编号：{p.ids['order']}，新地址{p.street}，邮编{p.zip}，邮箱{p.email}")
    s.assistant(
        f"好的，{p.last}先生，{p.ids['order']}的地址已改为{p.street}。保单{p.ids['policy']}不受影响。"
    )
    s.user(f"我在{p.city}上班，白天打{p.phone}")
    s.assistant(f"已备注：{name}，{p.city}，{p.phone}。")
    return s.records, [p]


DESKS: dict[str, Desk] = {
    "insurance": insurance,
    "airline": airline,
    "bank_zh": bank_zh,
    "role_play": role_play,
    "chat_zh": chat_zh,
}
