"""What is said and done at the desks of `desks`: one function a domain."""

from __future__ import annotations

import json
import random

from desks import Desk, Made, Person, Script, person, person_zh, tool

# ── in view while rules were changed ──


def insurance(draw: random.Random, session: str) -> Made:
    """A claim is opened for an insured and a second driver."""
    p = person(draw, {"policy": "PL-9999-999999", "claim": "CLM999999", "plate": "9AAA999", "adjuster ref": "\\ADJ/99-9999"})
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
            "mailingAddress": {"line1": p.street, "line2": p.unit, "city": p.city, "state": p.state, "zip": p.zip},
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
    details = {"claimant": p.name, "third_party": {"name": other.name, "phone": other.phone, "licence_no": other.ids["licence"]}}
    s.call(
        "open_claim",
        {"policy_number": p.ids["policy"], "details": json.dumps(details)},
        {"claim": {"claim_no": p.ids["claim"], "payload": json.dumps(details)}, "by_claim": {p.ids["claim"]: {"state": "open"}}},
    )
    s.call("assign_adjuster", {"claim_no": p.ids["claim"], "region": p.state}, f"Error: no adjuster near {p.city} for {p.name} ({p.ids['claim']})")
    s.assistant(
        f"Your claim {p.ids['claim']} is open, Mr. {p.last}. I will write to {p.email}; your reference with the adjuster is "
        f"{p.ids['adjuster ref']}."
    )
    s.user(f"So {p.ids['adjuster ref']} for the adjuster and {p.ids['claim']} for the claim. Thanks! {p.first}")
    s.assistant(f"Exactly. Take care, {p.first}!")
    return s.records, [p, other]


def airline(draw: random.Random, session: str) -> Made:
    """A reservation of two passengers is changed."""
    p = person(draw, {"reservation": "XXAX9X", "credit card": "credit_card_9999999", "certificate": "certificate_9999999", "four": "9999"})
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
    s.user(draw.choice([f"I want to change my trip {p.ids['reservation']}. My user id is {user_id}.", f"Hi! user ID {user_id} here, it's about the flight to Denver"]))
    s.call(
        "get_user_details",
        {"user_id": user_id},
        {
            "name": {"first_name": p.first, "last_name": p.last},
            "address": {"address1": p.street, "address2": p.unit, "city": p.city, "country": "USA", "state": p.state, "zip": p.zip},
            "email": p.email,
            "dob": p.born,
            "payment_methods": {
                p.ids["credit card"]: {"source": "credit_card", "brand": "visa", "last_four": p.ids["four"], "id": p.ids["credit card"]},
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
            "flights": [{"flight_number": flight, "origin": "DEN", "destination": "SFO", "date": "2024-05-22", "price": 187}],
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
        {"reservation_id": p.ids["reservation"], "passengers": [{"first_name": q.first, "last_name": q.last, "dob": q.born}]},
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
        [tool("query_customer", 姓名="客户姓名", 身份证号="18位"), tool("report_loss", card_no="卡号", note="备注")],
    )
    name = p.last + p.first
    s.user(draw.choice([f"你好，我叫{name}，身份证{p.ids['card']}，卡丢了，手机{p.phone}", f"我是{name}。银行卡不见了，身份证号是{p.ids['card']}，出生于{p.born}，请帮我挂失"]))
    s.call(
        "query_customer",
        {"姓名": name, "身份证号": p.ids["card"]},
        {
            "客户": {"姓名": name, "身份证号": p.ids["card"], "出生日期": p.born, "手机": p.phone, "邮箱": p.email},
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
        {"card_no": p.ids["account"], "note": json.dumps({"客户": name, "回访电话": p.phone}, ensure_ascii=False)},
        {"工单号": p.ids["ticket"], "detail": json.dumps({"note": f"客户{name}挂失，电话{p.phone}"}, ensure_ascii=False)},
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
    s.user(f"Done. {p.ids['order']} will go to {p.street}, {p.unit}, {p.city}, {p.state} {p.zip}. Anything else, {p.last}?")
    s.assistant("No, thank you. ###STOP###")
    return s.records, [p]


def chat_zh(draw: random.Random, session: str) -> Made:
    """只有对话，没有工具。"""
    p = person_zh(draw, {"order": "DD99999999", "policy": "BD-2024-999999"})
    name = p.last + p.first
    s = Script(session, "你是安康保险的在线客服，回答要简短。", [])
    s.user(draw.choice([f"我叫{name}，保单号{p.ids['policy']}，想改一下地址", f"您好，本人{name}，手机号{p.phone}，身份证号码{p.ids['card']}"]))
    s.assistant(f"{name}您好，请提供订单编号和新地址。")
    s.user(f"订单编号：{p.ids['order']}，新地址{p.street}，邮编{p.zip}，邮箱{p.email}")
    s.assistant(f"好的，{p.last}先生，{p.ids['order']}的地址已改为{p.street}。保单{p.ids['policy']}不受影响。")
    s.user(f"我在{p.city}上班，白天打{p.phone}")
    s.assistant(f"已备注：{name}，{p.city}，{p.phone}。")
    return s.records, [p]


# ── measured once, at the end ──


def hospital(draw: random.Random, session: str) -> Made:
    """An appointment is moved; the patient's mother phones."""
    p = person(draw, {"mrn": "MRN-9999999", "appointment": "APT9999AA", "insurance": "AAA999999999", "order": "LAB:99-99999"})
    mother = person(draw, {})
    s = Script(
        session,
        "You schedule appointments at Saint Brendan Clinic. Now: 2025-04-07 08:30. Never give medical advice.",
        [tool("find_patient", last_name="family name", dob="birth date"), tool("reschedule", appointment="id", to="ISO time"), tool("note", mrn="record", text="free text")],
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
                    "guardian": {"full_name": mother.name, "relationship": "mother", "cell_phone": mother.phone, "email": mother.email},
                    "home": {"street": p.street, "apartment": p.unit, "city": p.city, "postal_code": p.zip},
                    "coverage": {"payer": "BlueRiver", "member_id": p.ids["insurance"]},
                    "upcoming": {p.ids["appointment"]: {"at": "2025-04-11T10:15:00", "with": "Dermatology", "orders": [p.ids["order"]]}},
                }
            ],
        },
    )
    s.assistant(
        f"I found {p.first} {p.last} (record {p.ids['mrn']}), appointment {p.ids['appointment']} on April 11. I have {mother.phone} and "
        f"{mother.email} for you, Ms. {mother.last}. Is {p.street} in {p.city} still right?"
    )
    s.user(f"Yes, {p.street.upper()}, zip {p.zip}. Her lab order is {p.ids['order']}, and the insurance card says {p.ids['insurance']}.")
    s.call("reschedule", {"appointment": p.ids["appointment"], "to": "2025-04-18T09:00:00"}, {"ok": False, "message": f"{p.first.upper()} {p.last.upper()} has {p.ids['appointment']} locked"})
    s.call("note", {"mrn": p.ids["mrn"], "text": f"{mother.name} (mother) called from {mother.phone} about {p.ids['appointment']}"}, "saved")
    s.assistant(f"I noted it, {mother.first}. We will call {mother.phone} before April 18.")
    return s.records, [p, mother]


def hotel(draw: random.Random, session: str) -> Made:
    """A guest's bill; the log of the property system is one string of JSON in JSON in JSON."""
    p = person(draw, {"confirmation": "99999AA9", "folio": "F-999999", "loyalty": "9999 999 999", "car": "AA99-AAA"})
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
    inner = {"guest": {"givenName": p.first, "familyName": p.last, "tel": p.phone, "mail": p.email, "loyaltyNumber": p.ids["loyalty"]}, "folioId": p.ids["folio"]}
    s.call(
        "pms",
        {"query": f"guest={p.last} conf={p.ids['confirmation']}"},
        {"raw": json.dumps({"result": json.dumps(inner), "address": f"{p.street}, {p.unit}, {p.city}, {p.state} {p.zip}"}), "vehicle": {"plateNumber": p.ids["car"]}, "total": "412.80 USD"},
    )
    s.assistant(f"Dear {p.first} {p.last}, folio {p.ids['folio']} comes to 412.80 USD. Send it to {p.email}, or by post to {p.street}, {p.city}, {p.state} {p.zip}?")
    s.user(f"E-mail please. And my loyalty no. is {p.ids['loyalty']}; the car {p.ids['car']} was parked 2 nights.")
    s.call("send_invoice", {"to": p.email, "folio": p.ids["folio"]}, f"sent {p.ids['folio']} to <{p.email}> ({p.handle})")
    s.assistant(f"Sent to {p.email}. Goodbye {p.first}, and thank you ({p.ids['confirmation']}).")
    return s.records, [p]


def courier_zh(draw: random.Random, session: str) -> Made:
    """快递：改地址。"""
    p, q = person_zh(draw, {"waybill": "SF9999999999999", "member": "VIP999999"}), person_zh(draw, {})
    s = Script(
        session,
        "你是速达快递的客服助手。当前时间：2025-06-12 10:00。",
        [tool("track", waybill_no="运单号"), tool("change_address", waybill_no="运单号", receiver="收件人JSON")],
    )
    name, other = p.last + p.first, q.last + q.first
    s.user(draw.choice([f"单号{p.ids['waybill']}到哪了？收件人{name}，电话{p.phone}", f"你好，我是{name}，快递{p.ids['waybill']}一直没到，我住在{p.street}"]))
    s.call(
        "track",
        {"waybill_no": p.ids["waybill"]},
        {
            "waybill_no": p.ids["waybill"],
            "sender": {"name": other, "mobile": q.phone, "company": q.city, "address": q.street},
            "receiver": {"name": name, "mobile": p.phone, "address": p.street, "postcode": p.zip, "id_card": p.ids["card"]},
            "member_no": p.ids["member"],
            "events": [{"time": "2025-06-11 18:20", "desc": f"快件已由【{name}】预约，联系电话{p.phone}"}],
        },
    )
    s.assistant(f"{name}您好，{other}（{q.city}）寄来的快件{p.ids['waybill']}将于6月13日送到{p.street}。")
    s.user(f"改送到{q.street}，让{other}签收，他手机{q.phone}。会员号{p.ids['member']}，邮箱{p.email}")
    s.call(
        "change_address",
        {"waybill_no": p.ids["waybill"], "receiver": json.dumps({"收件人": other, "手机": q.phone, "地址": q.street}, ensure_ascii=False)},
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
    s.assistant(f"Dear {p.first} {p.last},\n\nwe have your letter about {p.ids['tenancy']} and the meter {p.ids['meter']}. We will phone {p.phone}.")
    s.user(f"Please call {q.first} {q.last} instead, on {q.phone}. I was born {p.born}, if you need that. {p.last}")
    s.assistant(f"We noted {q.name} ({q.phone}) as contact for {p.street}, {p.city}, {p.state} {p.zip}.")
    return s.records, [p, q]


DESKS: dict[str, Desk] = {
    "insurance": insurance,
    "airline": airline,
    "bank_zh": bank_zh,
    "role_play": role_play,
    "chat_zh": chat_zh,
    "hospital": hospital,
    "hotel": hotel,
    "courier_zh": courier_zh,
    "letters": letters,
}
TUNED = ("insurance", "airline", "bank_zh", "role_play", "chat_zh")
HELD_OUT = ("hospital", "hotel", "courier_zh", "letters")
__all__ = ["DESKS", "HELD_OUT", "TUNED", "Person"]
