"""Blind sessions in English: clinic for animals, mobile operator, breakdown service, pharmacy, payroll, cards, weddings, on-call."""

# ruff: noqa: E501 - what people say stays in one piece

from __future__ import annotations

import random

from blind_people import DIGITS, Talk, func, iban, luhn
from desks import Made, filled, plain


def vet(draw: random.Random, session: str) -> Made:
    """A clinic for animals in Australia; records are XML, the owner shares the animal with a spouse."""
    t = Talk(session, draw, "You are the front desk of Paperbark Veterinary Clinic. Look owners up before you book. Plans: Wellness Basic, Wellness Plus.", [
        func("find_owner", "Find an owner's file; give one thing you know", [], phone="mobile or landline", microchip="15 digits", surname="family name"),
        func("book_visit", "Book a visit", owner_file="file number", slot="ISO date and time", reason=["vaccination", "dental", "surgery_followup", "nail_trim"], note="free text for the vet"),
    ])  # fmt: skip
    p, mate, doctor = t.english("au", sex="f"), t.english("au", "spouse", "m"), t.english("au", "doctor")
    chip, owner = t.id("microchip", "956999999999999"), t.id("file", "PBK-999-AA")
    pet, reason = (
        t.one("Biscuit", "Ziggy", "Pudding", "Waffles"),
        t.one("vaccination", "dental", "surgery_followup", "nail_trim"),
    )
    plan = t.one("Wellness Basic", "Wellness Plus")
    t.keep(plan, reason, "CONFIRMED", "Paperbark Veterinary Clinic")
    t.user(t.one(
        f"Hi it's {p.nick} {p.last}, {pet}'s mum. need to bring him back in, microchip is {chip} i think. Can {doctor.titled.split()[-1]} see him? Dr {doctor.last} did the op",
        f"hey, {pet} is limping again since Dr {doctor.last} saw him. File should be under my husband, {mate.name}, or me {p.first.lower()} {p.last.lower()}. mob {p.phones[1]}",
        f"Good morning. My name is {p.name} ({p.phones[2]}). I wish to book {pet} with Dr {doctor.name}. The chip number is {' '.join([chip[:3], chip[3:]])}.",
    ))  # fmt: skip
    t.known(f"{chip[:3]} {chip[3:]}", "id:microchip")
    look = t.one("phone", "microchip", "surname")
    t.call("find_owner", {look: {"phone": p.phones[0], "microchip": chip, "surname": p.last}[look]}, (
        f'<?xml version="1.0"?><file no="{owner}"><owner role="primary"><given>{p.first}</given><family>{p.last}</family><mobile>{p.phones[1]}</mobile>'
        f'<email>{p.email}</email><dob>{p.born[1]}</dob></owner><owner role="secondary"><given>{mate.first}</given><family>{mate.last}</family><mobile>{mate.phone}</mobile></owner>'
        f"<address><line>{p.unit}, {p.street}</line><suburb>{p.town}</suburb><state>{p.state}</state><postcode>{p.code}</postcode></address>"
        f'<animal name="{pet}" species="canine" chip="{chip}" plan="{plan}"/><notes>{mate.nick} picks up after 5pm; gate code same as unit ({p.unit}). Regular vet: Dr {doctor.first} {doctor.last}.</notes></file>'
    ))  # fmt: skip
    t.assistant(
        f"Thanks {p.first}. I have file {owner} for {pet} ({plan}), at {p.street}, {p.town}. Is {p.phones[1]} still the best number, or shall we call {mate.first}?"
    )
    t.user(t.one(
        f"use {mate.nick}'s number, {mate.phones[1]}. I'm at work. and the email's changed to {p.handle}@{t.draw.choice(['gmail.com', 'bigpond.com'])}",
        f"mine is fine. but we moved!! we are at {mate.street_short}, {mate.unit_other} now, {mate.code}. {t.typo(p.last.lower())} is how they spelled me on the last bill lol, it's {p.last}",
        f"Yes. Please tell Dr {doctor.last} that {mate.titled} will bring him, not me. His mobile ends {mate.phones[1][-4:]}.",
    ))  # fmt: skip
    t.call("book_visit", {"owner_file": owner, "slot": "2025-04-11T10:30", "reason": reason, "note": f"{mate.first} {mate.last} may bring {pet}; call {mate.phones[2]}. Owner {p.last} asks for Dr {doctor.last}."},
           {"status": "CONFIRMED", "file": owner, "vet": {"display": f"Dr {doctor.initials}", "full_name": doctor.name}, "sms_to": [p.phones[1], mate.phones[1]]})  # fmt: skip
    t.assistant(
        f"All booked: {pet}, Friday 11 April, 10:30, with Dr {doctor.last}. A reminder goes to {p.first} on {p.phones[0]} and to {mate.name}. See you then, {p.nick}!"
    )
    return t.made()


def mobile(draw: random.Random, session: str) -> Made:
    """A British mobile operator: a number is moved; lines are keyed by number, one tool answers `key: value` lines."""
    t = Talk(session, draw, "You are Penny, the assistant of Lapwing Mobile. Never read out a full PAC unless the holder passed security.", [
        func("get_account", "Account with all lines", account="ACC number", passcode_hint="optional"),
        func("sim_lookup", "Details of one SIM", msisdn="mobile number, international"),
        func("request_pac", "Porting code", msisdn="mobile number", channel=["sms", "email", "letter"]),
    ])  # fmt: skip
    p, mum, line = t.english("uk"), t.english("uk", "mother"), t.english("uk", "partner")
    account, pac, imei, icc = (
        t.id("account", "\\ACC9999999"),
        t.id("pac", "AAA999999"),
        t.number("imei", luhn("35" + filled("999999999999", draw))),
        t.number("iccid", luhn("8944" + filled("99999999999999", draw))),
    )
    ticket = t.id("ticket", "INC-AA-99999")
    plan, other = draw.sample(
        ["SIM Only 30GB", "Unlimited Max", "Pay As You Go Classic", "Family Share 100"], 2
    )
    t.keep(plan, other, "active", "barred_lost", "Lapwing Mobile")
    t.user(t.one(
        f"I want my PAC code please. account {account}, name {p.name}, dob {p.born[3]}",
        f"my mum {mum.first} has had her phone nicked on the bus, its on my account. I'm {p.nick} {p.last}, her number is {mum.phones[0]}. can u block it, IMEI {imei}",
        f"Hello, {p.titled} here - {p.phones[4]} - I'm leaving Lapwing, your coverage at {p.code} is hopeless. {p.born[10]} is my birthday and the first line is {p.unit_other} {p.street_short}.",
    ))  # fmt: skip
    t.calls(
        ("get_account", {"account": account}, {
            "account": account, "holder": {"title": p.titled.split()[0], "name": f"{p.last}, {p.first}", "birthDate": p.born[0], "contact": [{"type": "email", "value": p.email}, {"type": "home", "value": p.address}]},
            "lines": {p.phones[3]: {"user": "self", "plan": plan, "state": "active"}, mum.phones[3]: {"user": f"{mum.first} (mum)", "plan": other, "state": "active"}, line.phones[3]: {"user": line.handle, "plan": plan, "state": "active"}},
            "notes": [f"12/01 {p.last} rang re bill, ok to speak to {line.first} {line.last} (partner)", f"webchat user {p.handle}"],
        }),
        ("sim_lookup", {"msisdn": mum.phones[3]}, f"MSISDN: {mum.phones[3]}\nICCID: {icc}\nIMEI last seen: {imei}\nRegistered user: {mum.name}\nUser DOB: {mum.born[1]}\nPostcode: {mum.code}\nState: active"),
        say=draw.choice([None, "Let me look at the lines on that account."]),
    )  # fmt: skip
    t.assistant(
        f"I've found {account} in the name of {p.name}, with three lines: yours, {mum.first}'s ({mum.phones[0]}) and {line.phones[1]}. Could you confirm your postcode?"
    )
    t.user(t.one(f"its {p.code}, and mum's is {mum.code}. {line.nick} isnt with me any more so pls take {line.phones[0]} off",
                 f"{p.code}. and email it to {t.known(p.email.replace('@', ' at ').replace('.', ' dot '), 'email spelled')} not text, my phone is dead",
                 f"{p.code}. Also my surname is spelt wrong on letters - you have {t.typo(p.last)}, the correct one is {p.last}. Sim number {icc}."))  # fmt: skip
    t.call(
        "request_pac",
        {"msisdn": p.phones[0], "channel": "email"},
        {
            "pac": pac,
            "validDays": 30,
            "sentTo": p.email,
            "ticket": ticket,
            "barred": [{"msisdn": mum.phones[3], "state": "barred_lost"}],
        },
    )
    t.assistant(
        f"Done, {p.first}. Your PAC {pac} went to {p.email} (ticket {ticket}); {mum.first} {mum.last}'s SIM {icc} is barred. The {plan} on the number ending {p.phones[1][-4:]} stays active until the port."
    )
    return t.made()


def _spelled(digits: str) -> str:
    return " ".join(DIGITS[int(c)] for c in digits)


def roadside(draw: random.Random, session: str) -> Made:
    """A breakdown service by telephone: the user's turns are transcripts, drivers come as CSV."""
    t = Talk(session, draw, "Voice agent for Stalwart Roadside. Callers are transcribed; numbers may be spelled. Levels: Bronze, Silver, Platinum.", [
        func("member_lookup", "Look a member up", [], membership="e.g. SR/12345/K", plate="registration", phone="10 digits"),
        func("drivers_near", "Tow drivers near a place, CSV", lat="latitude", lon="longitude"),
        func("dispatch", "Send a driver", job={"type": "object", "properties": {"driver_id": {"type": "string"}, "membership": {"type": "string"}, "location_text": {"type": "string"}, "callback": {"type": "string"}}}),
    ])  # fmt: skip
    p, d1, d2, rider = (
        t.english("us"),
        t.english("us", "driver"),
        t.english("us", "driver"),
        t.english("us", "child"),
    )
    member, vin, job = (
        t.id("membership", "SR/99999/A"),
        t.number("vin", filled("9AAAA99A9AA999999", draw).replace("Q", "K")),
        t.id("job", "J9999-99"),
    )
    level, truck = t.one("Bronze", "Silver", "Platinum"), t.one("flatbed", "wheel-lift")
    t.keep(level, truck, "EN_ROUTE", "Stalwart Roadside")
    number = p.phones[5]
    t.user(t.one(
        f"uh hi yeah my car just died on the interstate. um this is {p.first} {p.last}, {t.known(_spelled(number), 'phone spelled')}. I got my daughter {rider.nick} with me",
        f"hello? okay the plate is {p.plate}. {p.last.upper()}. my first name is {p.first}. callback is {p.phones[4]} okay",
        f"this is officer {rider.last} with the highway patrol, I have a {p.titled} here with a gray sedan, tag number {p.plate.replace(' ', '')}, says they're a member, {member}",
    ))  # fmt: skip
    t.call("member_lookup", {"plate": p.plate}, {"found": True, "member": {
        "number": member, "level": level, "holder": p.name, "dob": p.born[2], "home": {"street": p.street, "unit": p.unit, "city": p.town, "state": p.state, "zip": p.code},
        "vehicles": [{"plate": p.plate, "vin": vin, "desc": "2016 gray sedan"}], "phones": [p.phones[1]], "emergency": {"who": f"{rider.first} {rider.last}", "relation": "daughter", "tel": rider.phones[0]}}})  # fmt: skip
    t.call("drivers_near", {"lat": "46.7", "lon": "-92.1"},
           f"driver_id,name,cell,truck,plate,eta_min\n{t.id('driver', 'DRV-9999')},{d1.name},{d1.phones[1]},{truck},{d1.plate},18\n{t.id('driver', 'DRV-9999')},\"{d2.last}, {d2.first}\",{d2.phones[3]},{truck},{d2.plate},41\n")  # fmt: skip
    chosen = next(v for v, k in t.ids.items() if k == "driver")
    t.assistant(
        f"{p.first}, I have you at {level}. {d1.nick if draw.random() < 0.3 else d1.first} can be there in eighteen minutes with a {truck}. Where exactly are you?"
    )
    t.user(t.one(f"right by the exit to my house, {p.street.lower()}. tell {d1.first} to call {rider.first.lower()} instead, {rider.phones[4]}, my battery's at two percent",
                 f"i don't know, mile marker forty one. no wait, is it {d2.titled}? he towed me last time. my name is {p.last}, spelled {t.known('-'.join(p.last.upper()), 'name spelled')}",
                 f"exit 12. the vin if you need it ends in {t.known(vin[-6:], 'id ending')}"))  # fmt: skip
    t.call("dispatch", {"job": {"driver_id": chosen, "membership": member, "location_text": f"Exit near {p.street}, member {p.last}, {p.plate}", "callback": p.phones[1]}},
           f"job={job}; status=EN_ROUTE; driver={d1.name} ({d1.phones[1]}); member={member}; pax={p.last.upper()}/{p.first.upper()} + 1")  # fmt: skip
    t.assistant(
        f"Okay. Job {job}: {d1.name} is on the way in a {truck}, plate {d1.plate}. He will call {p.phones[0]}. Stay behind the rail with {rider.first}, {p.titled}."
    )
    return t.made()


def pharmacy(draw: random.Random, session: str) -> Made:
    """A pharmacy in the United States: refills as a Markdown table, a prescriber and a carer."""
    t = Talk(session, draw, "You help patients of Cornerstone Rx refill prescriptions. Verify date of birth. Never give dosing advice.", [
        func("patient_profile", "Profile by name and date of birth", name="Last, First", dob="YYYY-MM-DD"),
        func("list_refills", "Refills as a table", patient_id="P number"),
        func("submit_refill", "Ask for a refill", rx="Rx number", method=["pickup", "delivery", "mail"], instructions="free text"),
    ])  # fmt: skip
    p, doc, carer = t.english("us", sex="f"), t.english("us", "doctor"), t.english("us", "carer")
    pid, member, group, npi = (
        t.id("patient", "P-9999999"),
        t.id("insurance", "AAA999A99999"),
        t.id("group", "GRP99999"),
        t.number("npi", luhn("80840" + "1" + filled("99999999", draw))[5:]),
    )
    rx = [t.id("rx", "9999999-99999") for _ in range(3)]
    drugs = draw.sample(
        [
            "metformin 500 mg",
            "lisinopril 10 mg",
            "atorvastatin 20 mg",
            "sertraline 50 mg",
            "levothyroxine 75 mcg",
        ],
        3,
    )
    t.keep(*drugs, "READY", "NEEDS_AUTH", "Cornerstone Rx")
    t.user(t.one(
        f"refill for {p.name.lower()} born {p.born[2]}. rx {rx[0]}",
        f"I'm calling on behalf of my mother {p.titled}, {p.first}, DOB {p.born[4]}. I'm {carer.first}, her caregiver. She's out of her {drugs[0].split()[0]}",
        f"Name: {p.name}\nDate of birth: {p.born[1]}\nPhone: {p.phones[0]}\nInsurance ID: {member}\nReason: my doctor ({doc.initials}) said he sent it over on monday???",
    ))  # fmt: skip
    t.call("patient_profile", {"name": f"{p.last}, {p.first}", "dob": p.born[0]},
           f"# {p.last}, {p.first} ({pid})\n- **DOB**: {p.born[2]}\n- **SSN last 4**: {t.known(p.nid[-4:], 'ssn ending')}\n- **Phone**: {p.phones[1]}\n- **Address**: {p.street}, {p.unit}, {p.town}, {p.state} {p.code}\n- **Plan**: member {member}, group {group}\n- **Authorized pickup**: {carer.name} ({carer.phones[1]})\n- **Prescriber**: {doc.name}, MD, NPI {npi}\n")  # fmt: skip
    t.call("list_refills", {"patient_id": pid}, "| Rx | Drug | Prescriber | Refills | Status |\n|---|---|---|---|---|\n"
           + "".join(f"| {r} | {d} | {w} | {draw.randint(0, 5)} | {s} |\n" for r, d, w, s in zip(rx, drugs, [f"{doc.last} {doc.first[0]}", f"Dr. {doc.last}", doc.name], ["READY", "NEEDS_AUTH", "READY"], strict=True)))  # fmt: skip
    t.known(f"{doc.last} {doc.first[0]}", "third name")
    t.assistant(
        f"I see three prescriptions for {p.first}: {drugs[0]} ({rx[0]}) is READY; {drugs[1]} waits for Dr. {doc.last}. Shall I deliver to {p.street}?"
    )
    t.user(t.one(f"no, my neighbor {carer.nick} will pick up. {carer.name}, her license says {carer.street_short}",
                 f"yes, {p.unit}, leave it w/ the front desk, attn {p.last}. and stop texting {p.phones[3]} that's my ex's phone, use {carer.phones[0]}",
                 f"deliver pls. did dr {t.typo(doc.last.lower())} really not answer?? I'll email him myself, {doc.email}"))  # fmt: skip
    t.call("submit_refill", {"rx": rx[0], "method": t.one("pickup", "delivery"), "instructions": f"{carer.first} {carer.last} authorized. Patient {p.initials} DOB {p.born[2]}."},
           {"rx": rx[0], "state": "READY", "label": f"{p.last.upper()}, {p.first.upper()}", "ship_to": {"name": p.name, "lines": [p.street, p.unit], "zip": p.code}})  # fmt: skip
    t.assistant(
        f"Refill {rx[0]} for {p.name} is READY; {carer.first} may pick it up with ID. I also asked Dr. {doc.last}'s office to approve {drugs[1]}."
    )
    return t.made()


def payroll(draw: random.Random, session: str) -> Made:
    """Inside a company: somebody's pay is corrected; one tool answers an e-mail, another keys people by address."""
    t = Talk(session, draw, "You are the HR operations agent. Answer employees about pay, leave and tax forms. Pay groups: Monthly-Salaried, Weekly-Hourly.", [
        func("directory", "People by e-mail", emails={"type": "array", "items": {"type": "string"}}),
        func("read_mail", "Read one message of the shared mailbox", message_id="id"),
        func("change_bank", "Change bank details", employee_no="number", sort_code="99-99-99", account_number="8 digits", effective="date"),
    ])  # fmt: skip
    p, boss, clerk = t.english("uk"), t.english("uk", "manager"), t.english("uk", "colleague")
    firm = t.firm()
    domain = plain(firm.split()[0]) + t.one(".com", ".co.uk", ".io")
    t.known(domain, "company domain")
    mails = [t.known(f"{plain(w.first)}.{plain(w.last)}@{domain}", "email") for w in (p, boss, clerk)]
    no, code, bank, msg = (
        t.id("employee", "E99999"),
        t.id("sort code", "99-99-99"),
        t.id("bank account", "99999999"),
        t.id("message", "MSG-999999"),
    )
    iban_no = t.number("iban", iban(t.one("NWBK", "BARC", "LOYD", "MIDL"), code.replace("-", "") + bank))
    group = t.one("Monthly-Salaried", "Weekly-Hourly")
    t.keep(group, "PENDING_APPROVAL")
    t.user(t.one(
        f"hi its {p.nick} from the warehouse, employee {no}. didnt get paid friday!! my manager {boss.first} said to ask you",
        f"My NI number on the payslip is wrong, it should be {p.nid}. {p.name}, {no}.",
        f"I've changed banks: sort code {code} acc {bank} ({p.first} {p.last}). {clerk.titled} in finance has the form - message {msg}",
    ))  # fmt: skip
    t.call("directory", {"emails": mails}, {
        mails[0]: {"displayName": p.name, "employeeNo": no, "niNumber": p.nid, "dob": p.born[1], "payGroup": group, "homeAddress": p.address.replace(", ", "\n"), "manager": mails[1]},
        mails[1]: {"displayName": f"{boss.name}", "desk": t.known(f"Room {draw.randint(2, 9)}.{draw.randint(10, 49)}", "room"), "mobile": boss.phones[0]},
        mails[2]: {"displayName": clerk.name, "slack": "@" + clerk.handle, "mobile": clerk.phones[2]},
    })  # fmt: skip
    t.known(p.address.replace(", ", "\n"), "address")
    t.call("read_mail", {"message_id": msg}, (
        f"From: {clerk.name} <{mails[2]}>\nTo: payroll@{domain}\nCc: {boss.first} {boss.last} <{mails[1]}>\nSubject: FW: {p.last} {p.first[0]} - bank change ({no})\n\n"
        f"Hi both,\n\n{p.nick} came to my desk today. New account is at sort code {code}, number {bank} (IBAN {iban_no}), in the name of {p.initials[:2]} {p.last}. "
        f"NI {p.nid.replace(' ', '')}. The old phone {p.phones[0]} is gone, use {p.phones[4]}. Home is still {p.street_short}, {p.code}.\n\nThanks,\n{clerk.nick}\n--\n{clerk.name}\nFinance, {firm}\nT {clerk.phones[0]}\n"
    ))  # fmt: skip
    t.known(f"{p.last} {p.first[0]}", "name")
    t.known(f"payroll@{domain}", "email")
    t.assistant(
        f"Thanks, {p.first}. {clerk.first} forwarded the form: account ending {t.known(bank[-4:], 'account ending')} with sort code {code}. May I put that in for {group}?"
    )
    t.user(
        t.one(
            "yes",
            f"yes but tell {boss.nick} please, {mails[1]}",
            f"yes. and could you fix my name, i'm {p.first} not {t.typo(p.first)}",
            f"Please do. cc my private mail {p.email}",
        )
    )
    t.call(
        "change_bank",
        {"employee_no": no, "sort_code": code, "account_number": bank, "effective": "2025-05-01"},
        {"status": "PENDING_APPROVAL", "approver": mails[1], "summary": f"{no} {p.name}: ****{bank[-4:]}"},
    )
    t.assistant(
        f"It is PENDING_APPROVAL with {boss.name}. Once {boss.first} approves, {firm} pays {p.name} ({no}) to {code} / {bank}."
    )
    return t.made()


def cards(draw: random.Random, session: str) -> Made:
    """A card issuer: charges are disputed; transactions are CSV with the cardholder, an extra card is the spouse's."""
    t = Talk(session, draw, "Disputes assistant of Meridian Card Services. Products: Cashback Blue, Travel Elite. Only discuss the caller's cards.", [
        func("verify", "Verify a cardholder", last4="four digits", dob="MM/DD/YYYY", ssn4="last four"),
        func("transactions", "CSV of recent transactions", card_ref="token"),
        func("open_dispute", "Open a dispute", txn="transaction id", reason_code=["10.4", "13.1", "13.3"], statement="what the customer says"),
    ])  # fmt: skip
    p, mate = t.english("us", sex="m"), t.english("us", "spouse", "f")
    (card, last4), (_, extra4) = t.card("54"), t.card("4")
    ref, case = t.id("token", "tok_~~99~9~9~9"), t.id("dispute", "D25-999999-A")
    txn = [t.id("transaction", "9999AA999999") for _ in range(4)]
    product, shops = (
        t.one("Cashback Blue", "Travel Elite"),
        draw.sample(["NETFLIX.COM", "SHELL OIL", "WHOLEFDS MKT", "UBER *TRIP", "STEAMGAMES.COM"], 4),
    )
    t.keep(product, *shops, "Meridian Card Services")
    t.user(t.one(
        f"there's a charge i dont know on my {product}, card ending {last4}. {p.name}, dob {p.born[2]}",
        f"My wife {mate.nick} says someone bought gas with her card ({extra4}). Its on my acct {p.first.lower()} {t.typo(p.last.lower())}, full number {card}",
        f"DISPUTE. Cardholder {p.last.upper()}, {p.first.upper()} / {card.replace(' ', '-')} / last four of social {t.known(p.nid[-4:], 'ssn ending')} / zip {p.code}",
    ))  # fmt: skip
    t.known(card.replace(" ", "-"), "card")
    t.call("verify", {"last4": last4, "dob": p.born[2], "ssn4": p.nid[-4:]}, {
        "verified": True, "card_ref": ref, "holder": {"embossed": f"{p.first.upper()} {p.last.upper()}", "email": p.email, "phone_primary": p.phones[1], "billing": f"{p.street}\n{p.unit}\n{p.town} {p.state} {p.code}"},
        "cards": {f"xxxx{last4}": {"product": product, "user": p.name}, f"xxxx{extra4}": {"product": product, "user": mate.name, "relation": "spouse"}}})  # fmt: skip
    t.known(f"xxxx{last4}", "card ending")
    t.known(f"xxxx{extra4}", "card ending")
    t.known(p.nid[-4:], "ssn ending")
    rows = [
        f"{i},2025-02-{draw.randint(10, 28)},{s},{draw.randint(3, 400)}.{draw.randint(10, 99)},{last}:{who}"
        for i, s, last, who in zip(
            txn,
            shops,
            [last4, extra4, last4, extra4],
            [p.last, mate.first, f"{p.first[0]} {p.last}", mate.name],
            strict=True,
        )
    ]
    t.known(f"{p.first[0]} {p.last}", "name")
    t.call("transactions", {"card_ref": ref}, "txn_id,date,merchant,amount,card_user\n" + "\n".join(rows))
    t.assistant(
        f"Thank you, {p.titled}. I see {shops[1]} on {mate.first}'s card ending {extra4}, transaction {txn[1]}, and {shops[0]} on yours. Which one?"
    )
    t.user(t.one(f"the {shops[1]} one. {mate.first} was home with me at {p.street_short} that night. call me {p.phones[0]}",
                 f"{txn[1]}. we're in {p.town}, and our number {p.phones[4]} never got an alert. her mail is {mate.email}",
                 f"both!!! I told the guy at the branch, {t.english('us', 'clerk').name}, already"))  # fmt: skip
    t.call(
        "open_dispute",
        {
            "txn": txn[1],
            "reason_code": "10.4",
            "statement": f"Cardholder {p.name} states that {mate.first} {mate.last} (card {extra4}) did not make the purchase; she was at {p.street}, {p.town}.",
        },
        f"case_id: {case}\nstate: opened\nnew_card_to: {mate.name}, {p.street} {p.unit}, {p.code}\nnotify: {p.email}; {p.phones[5]}",
    )
    t.assistant(
        f"Dispute {case} is open for {shops[1]}. A new {product} card goes to {mate.name} at {p.street}; we'll write to {p.email}."
    )
    return t.made()


def wedding(draw: random.Random, session: str) -> Made:
    """A planner of weddings: the guest list is a CSV file and a Markdown table, guests have partners and children."""
    t = Talk(session, draw, "You run guest lists for Gilded Fern Events. Menus: Garden, Harvest, Kids. Be warm.", [
        func("load_guest_list", "CSV of guests", event="event code"),
        func("update_guest", "Change one guest", [], event="event code", guest="name as on the list", menu=["Garden", "Harvest", "Kids"], table={"type": "integer"}, remark="remark"),
        func("seating", "Seating as Markdown", event="event code"),
    ])  # fmt: skip
    a, b = t.english("uk", sex="f"), t.english("uk", "partner", "m")
    guests = [t.english("uk", "guest", sex) for sex in "ffmfm"]
    event, invoice = t.id("event", "GF-9999-AA"), t.id("invoice", "INV/2025/9999")
    t.keep("Garden", "Harvest", "Gilded Fern Events")
    aunt = guests[0]
    t.user(t.one(
        f"hiya! {a.nick} ({event}). auntie {aunt.nick} is coeliac and {guests[1].titled} can't come any more. xx",
        f"Hi, it's {b.name}, {a.first}'s fiancé. Our event is {event}. Please move {guests[2].name} away from {guests[3].first}, they're divorced",
        f"Quick one: {a.first} & {b.first} wedding. new address for {guests[1].name}: {guests[1].street}, {guests[1].town} {guests[1].code}. she's {guests[1].nick} on the list I think",
    ))  # fmt: skip
    menus = [t.one("Garden", "Harvest", "Kids") for _ in guests]
    t.call("load_guest_list", {"event": event}, "name;party_of;phone;email;address;menu;remark\n" + "".join(
        f"{g.name};{n};{g.phones[n % 4]};{g.email};{g.unit + ' ' + g.street + ' ' + g.code};{m};{r}\n"
        for n, (g, m, r) in enumerate(zip(guests, menus, [f"aunt of {a.first}", f"{b.nick}'s boss", f"ex of {guests[3].first}", "", f"+1 is {guests[2].nick}"], strict=True), 1)
    ))  # fmt: skip
    t.call(
        "seating",
        {"event": event},
        f"## {a.last} / {b.last}\n\n| Table | Seat 1 | Seat 2 | Menu |\n|:--|:--|:--|:--|\n| Top | {a.first} | {b.first} | Harvest |\n| 1 | {guests[0].name} | {guests[1].initials} | Garden |\n| 2 | {guests[2].first} {guests[2].last[0]}. | {guests[3].name} | Harvest |\n\n*Bill to {a.name}, {a.street_short}, {a.code} - {invoice}*\n",
    )
    t.assistant(
        f"Lovely to hear from you! I have {guests[0].name} at table 1 and {guests[2].first} beside {guests[3].first} at table 2. Shall I change that?"
    )
    t.user(t.one(f"yes pls. {guests[3].nick} next to father {guests[4].last} then. his number changed, {guests[4].phones[1]}",
                 f"Please. and {t.typo(guests[2].last)} is spelled {guests[2].last} on the place cards!",
                 f"yes. bill goes to my dad actually, {t.english('uk', 'father').email}, and call me on {a.phones[2]}"))  # fmt: skip
    t.calls(("update_guest", {"event": event, "guest": guests[2].name, "menu": "Garden", "table": 4, "remark": f"not near {guests[3].first}"}, {"ok": True, "guest": guests[2].name, "table": 4}),
            ("update_guest", {"event": event, "guest": aunt.name, "menu": "Garden", "remark": f"coeliac; {a.nick}'s aunt, tel {aunt.phones[0]}"}, {"ok": True, "guest": f"{aunt.last}, {aunt.first}", "table": 1}))  # fmt: skip
    t.assistant(
        f"Done for {event}: {guests[2].name} is now at table 4, and {aunt.first} has a coeliac Garden menu. Congratulations again, {a.nick} and {b.nick}!"
    )
    return t.made()


def oncall(draw: random.Random, session: str) -> Made:
    """An agent with a shell and a database looks why a customer cannot sign in; rows, log lines and paths hold people."""
    t = Talk(session, draw, "You are an on-call engineer with read access. Services: auth-api, billing-worker, gateway. Explain what you find.", [
        func("shell", "Run a command on the bastion", cmd="bash command"), func("sql", "Read-only query, psql output", query="SQL"),
    ])  # fmt: skip
    p, q, dev = t.english("us"), t.english("au", "other user"), t.english("us", "engineer")
    firm = t.firm()
    tenant, user, ip = (
        t.id("tenant", "~~~9-~~99"),
        t.id("user", "usr_9A9A9A9A9A9A"),
        t.known(
            f"{draw.randint(80, 99)}.{draw.randint(20, 240)}.{draw.randint(20, 240)}.{draw.randint(20, 240)}",
            "ip",
        ),
    )
    other, trace = t.id("user", "usr_9A9A9A9A9A9A"), t.id("trace", "9999999~9999~9999")
    login = t.known(plain(dev.first)[0] + plain(dev.last)[:6], "handle")
    t.keep("auth-api", "ERR_MFA_LOCKED", "gateway")
    t.user(t.one(
        f"{p.email} can't log in since this morning, customer is {firm} (tenant {tenant}). trace {trace}. can you look? — {dev.first}",
        f"Escalation from {firm}: {p.name} locked out, phone {p.phones[0]}. pls check auth-api for {user}",
        f"@{dev.handle} says login of {p.handle} fails w/ ERR_MFA_LOCKED. their admin {q.name} is furious",
    ))  # fmt: skip
    t.call("sql", {"query": f"select id, full_name, email, phone, tenant from users where email ilike '{p.email}' or tenant = '{tenant}' limit 2"},
           f" id | full_name | email | phone | tenant \n----+-----------+-------+-------+--------\n {user} | {p.name} | {p.email} | {p.phones[2]} | {tenant}\n {other} | {q.name} | {q.email} | {q.phones[3]} | {tenant}\n(2 rows)\n")  # fmt: skip
    t.call("shell", {"cmd": f"grep -h '{p.email.split('@')[0]}' /home/{login}/logs/auth-api.log | tail -4"},
           f"2025-03-03T08:41:02Z auth-api INFO login attempt user={user} email={p.email} ip={ip}\n2025-03-03T08:41:03Z auth-api WARN mfa sms to {p.phones[2]} failed trace={trace}\n"
           f"2025-03-03T08:41:09Z auth-api ERROR ERR_MFA_LOCKED subject=\"{p.last}, {p.first}\" org=\"{firm}\" attempts=5\n2025-03-03T08:44:51Z gateway INFO ticket note: {q.first} ({q.handle}) called for {p.nick}, reach at {q.phones[1]}\n")  # fmt: skip
    t.assistant(f"{p.name} ({user}) hit ERR_MFA_LOCKED: SMS to {p.phones[2]} failed five times from {ip}.")
    t.user(
        t.one(
            f"is that the right number? hubspot has {p.phones[0]} for {p.first.lower()}",
            f"ok write a summary i can paste to {q.first}, no internals. {q.email}",
            f"did it hit {q.first} {q.last} too? same office, {p.street}, {p.town}",
        )
    )
    t.call("sql", {"query": f"select event, meta from audit where user_id in ('{user}', '{other}') order by at desc limit 2"},
           f"event|meta\nmfa_phone_changed|{{\"by\": \"{login}\", \"old\": \"{p.phones[1]}\", \"new\": \"{p.phones[2]}\"}}\nprofile_view|{{\"by\": \"{q.handle}\", \"dob\": \"{p.born[0]}\", \"addr\": \"{p.street}, {p.unit}\"}}\n")  # fmt: skip
    t.assistant(
        f"Summary: the second factor of {p.first} {p.last} at {firm} was changed by {dev.name} ({login}) and is locked. Ask {q.first} to confirm {p.phones[0]}; then reset {user}. Trace {trace}."
    )
    return t.made()


DESKS = {
    "animals": vet,
    "mobile": mobile,
    "roadside": roadside,
    "refills": pharmacy,
    "wages": payroll,
    "cards": cards,
    "wedding": wedding,
    "oncall": oncall,
}
