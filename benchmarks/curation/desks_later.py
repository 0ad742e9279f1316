"""Desks that were written when all rules stood, with other people, countries, numbers and manners of speaking.

Measured once, in the state that the commit before the measurement has; what was mended afterwards is said in
docs/decisions/0013.
"""

# ruff: noqa: E501, SIM905 - what people say stays in one piece

from __future__ import annotations

import json
import random

from desks import Desk, Made, Person, Script, filled, plain, tool

FIRST = "Aoife Bartholomew Callum Dipti Ekaterina Ferdinand Gulnara Hamish Ingrid Jaswinder Kwabena Liesl Marguerite Nkechi Ottoline Piotr Rukmini Saoirse Thandiwe Ulysses Vesna Wanjiru Yusuf Zoltan Alice Peter".split()
LAST = "Abernathy Bandyopadhyay Cholmondeley Drozdov Eberhardt Featherstone Grzybowski Hargreaves Ibáñez Jovanović Kirkpatrick Lindqvist Mbeki Nyström O'Donoghue Papadopoulos Quartey Ramaswamy Szabó Trevelyan Uddin Vasquez Whitcombe Yamaguchi Zielińska Turner Hill".split()
ROADS_UK = "Acacia Brunswick Coldharbour Dovecote Elmfield Foxglove Grosvenor Hollybush Inkerman Jubilee Kestrel Lavender Marlborough".split()
ENDS_UK = "Close Crescent Gardens Terrace Mews Row Square Hill".split()
TOWNS_UK = {
    "Norwich": "NR",
    "Swansea": "SA",
    "Dundee": "DD",
    "Plymouth": "PL",
    "Harrogate": "HG",
    "Ipswich": "IP",
}
STREETS_DE = (
    "Lindenallee Bahnhofstraße Goethestraße Kastanienweg Marktplatz Schillerstraße Am_Mühlbach".split()
)
TOWNS_DE = "Göttingen Regensburg Flensburg Chemnitz Tübingen Osnabrück".split()
SURNAMES = "赵 钱 孙 魏 潘 葛 姚 邵 毛 米 臧 伏 成 戴 宋 庞 熊 纪 舒 屈 上官 皇甫 令狐".split()
GIVEN = "志远 淑芬 嘉怡 文博 桂兰 天佑 秀英 明轩 晨曦 国庆 美玲 泽宇 艳红 立新 诗涵 永强 彩霞 睿".split()
PLACES = "江苏省常州市天宁区 河北省保定市莲池区 云南省大理市下关镇 山东省烟台市芝罘区 湖南省衡阳市雁峰区 陕西省咸阳市秦都区".split()
LANES = "和平路 清潭新村 文化东街 桃源巷 建设大道 学府路 迎宾南街".split()
UNITS = "常州恒立齿轮有限公司 保定市第三中学 大理蓝月文化传播有限公司 烟台北方建材集团 衡阳市中心医院 咸阳秦风律师事务所".split()


def english(draw: random.Random, where: str, ids: dict[str, str]) -> Person:
    """Somebody in Britain or Germany."""
    first, last = draw.choice(FIRST), draw.choice(LAST)
    n = draw.randint(2, 97)
    local = draw.choice(["{f}.{l}", "{l}{n}", "{i}.{l}.{n}", "{f}-{l}"]).format(
        f=plain(first), l=plain(last), i=plain(first)[0], n=n
    )
    if where == "uk":
        city, area = draw.choice(sorted(TOWNS_UK.items()))
        phone = draw.choice(["07{a} {b}", "+44 7{a} {b}", "0{c} {d} {e}"])
        street = f"{draw.randint(2, 240)} {draw.choice(ROADS_UK)} {draw.choice(ENDS_UK)}"
        code = f"{area}{draw.randint(1, 19)} {draw.randint(1, 9)}{filled('AA', draw)}"
        unit = draw.choice(["Flat {n}", "Flat {n}A", "Unit {n}"]).format(n=draw.randint(11, 94))
    else:
        city = draw.choice(TOWNS_DE)
        phone = draw.choice(["+49 1{a} {b}", "0{c} {b}"])
        street = f"{draw.choice(STREETS_DE).replace('_', ' ')} {draw.randint(11, 190)}"
        code, unit = str(draw.randint(10115, 97999)), f"{draw.randint(1, 5)}. OG"
    phone = phone.format(
        a=draw.randint(100, 999),
        b=filled("999999", draw),
        c=draw.randint(1200, 1999),
        d=draw.randint(200, 999),
        e=draw.randint(100, 999),
    )
    return Person(
        first=first, last=last, email=f"{local}@{draw.choice(['fastmail.com', 'gmx.de', 'live.co.uk', 'posteo.net'])}", phone=phone,
        born=f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/19{draw.randint(51, 99)}", street=street, unit=unit, city=city, state="", zip=code,
        handle=draw.choice(["{l}.{n}", "{f}{n}", "the_{l}_{n}"]).format(f=plain(first), l=plain(last), n=n + 1900),
        ids={kind: filled(form, draw) for kind, form in ids.items()},
    )  # fmt: skip


def chinese(draw: random.Random, ids: dict[str, str]) -> Person:
    """Somebody in China: first is the given name, street the whole address, city the firm."""
    last, first = draw.choice(SURNAMES), draw.choice(GIVEN)
    lane = f"{draw.choice(LANES)}{draw.randint(11, 780)}号"
    return Person(
        first=first, last=last, email=filled("~~~~", draw) + f"_{draw.randint(100, 999)}@" + draw.choice(["126.com", "foxmail.com", "aliyun.com"]),
        phone=f"1{draw.choice('3589')}{filled('9', draw)}-{filled('9999', draw)}-{filled('9999', draw)}", born=f"19{draw.randint(55, 99)}年{draw.randint(1, 12)}月{draw.randint(1, 28)}日",
        street=draw.choice(PLACES) + lane, unit=lane, city=draw.choice(UNITS), state="", zip=f"{draw.randint(21, 71)}{filled('9999', draw)}",
        handle=f"{filled('~~~', draw)}{draw.randint(1000, 99999)}", ids={kind: filled(form, draw) for kind, form in ids.items()},
    )  # fmt: skip


def energy(draw: random.Random, session: str) -> Made:
    """A British supplier of electricity, by chat; fields are in camel case and deep."""
    p = english(draw, "uk", {"mpan": "9999999999999", "account": "A-9999AAAA", "complaint": "CMP-9999-99"})
    s = Script(
        session,
        "You work for Brightwell Energy. Use the tools; be brief.",
        [tool("crm_get", ref="any reference"), tool("book_engineer", payload="JSON")],
    )
    s.user(draw.choice([
        f"hi there, {p.first.lower()} {p.last.lower()} here, {p.unit.lower()}, {p.street}, postcode is {p.zip}. no power since 6am",
        f"My smart meter is dead. MPAN {p.ids['mpan']}, acct {p.ids['account']}. Best number {p.phone} - {p.name}",
    ]))  # fmt: skip
    s.call(
        "crm_get",
        {"ref": p.ids["account"]},
        {
            "accountRef": p.ids["account"],
            "supply": {
                "mpanCore": p.ids["mpan"],
                "premises": {"line1": p.unit, "line2": p.street, "postTown": p.city, "postCode": p.zip},
            },
            "accountHolder": {
                "foreName": p.first,
                "surName": p.last,
                "contactTelephone": p.phone,
                "emailAddress": p.email,
                "dateOfBirth": p.born,
            },
            "openComplaints": [{"complaintNo": p.ids["complaint"], "raisedBy": p.handle}],
        },
    )
    s.assistant(
        f"Thanks {p.first}. I can see {p.ids['account']} at {p.unit}, {p.street}, {p.city} {p.zip}. Shall I send an engineer and text {p.phone}?"
    )
    s.user(f"yes please, ask for {p.first}, the buzzer says {p.last}. and what about {p.ids['complaint']}??")
    s.call(
        "book_engineer",
        {
            "payload": json.dumps(
                {"site": f"{p.street}, {p.city}, {p.zip}", "contact": f"{p.last}, {p.first} ({p.phone})"}
            )
        },
        f"BOOKED for {p.name.upper()} / {p.zip.replace(' ', '')} / confirmation mailed to {p.email}",
    )
    s.assistant(f"Booked. {p.ids['complaint']} is with our resolutions team, who will write to {p.email}.")
    return s.records, [p]


def hiring(draw: random.Random, session: str) -> Made:
    """An applicant's letter is summarised; a referee is named. German addresses in English prose."""
    p, q = english(draw, "de", {"application": "REQ99999-9999"}), english(draw, "uk", {"badge": "E999999"})
    s = Script(
        session,
        "Summarise applications for the recruiter. Keep contact data exact.",
        [tool("save_candidate", json="candidate")],
    )
    s.user(draw.choice([
        f"Application {p.ids['application']}\n\n{p.name}\n{p.street}, {p.zip} {p.city}\nTel. {p.phone} | {p.email}\n\nI was born on {p.born} and have worked as a machinist for nine years. My referee is {q.name}, {q.email}.",
        f"CV of {p.last}, {p.first} (ref {p.ids['application']}): lives in {p.city}, {p.street}; reachable at {p.phone} or {p.email}. Supervisor: {q.first} {q.last}, staff no. {q.ids['badge']}, tel {q.phone}.",
    ]))  # fmt: skip
    s.call(
        "save_candidate",
        {
            "json": json.dumps(
                {
                    "candidate": {
                        "givenName": p.first,
                        "familyName": p.last,
                        "mail": p.email,
                        "mobile": p.phone,
                        "residence": {"street": p.street, "zipCode": p.zip, "town": p.city},
                    },
                    "reqId": p.ids["application"],
                    "referees": [
                        {"fullName": q.name, "email": q.email, "phone": q.phone, "staffNo": q.ids["badge"]}
                    ],
                },
                ensure_ascii=False,
            )
        },
        {
            "status": "stored",
            "slug": f"{plain(p.first)}-{plain(p.last)}",
            "profile": f"https://people.example.com/u/{p.handle}",
        },
    )
    s.assistant(
        f"{p.name} from {p.city} applies under {p.ids['application']}. Contact: {p.phone}, {p.email}. Referee {q.name} ({q.phone})."
    )
    s.user(
        f"Did {q.last} answer already? Write to {q.first} again, and tell {p.first} that we meet at {p.street}."
    )
    s.assistant(f"I wrote to {q.email}. {p.last} was told on {p.phone}.")
    return s.records, [p, q]


def tenants(draw: random.Random, session: str) -> Made:
    """Neighbours write to a landlord in Britain: prose alone, no tool at all."""
    p, q = english(draw, "uk", {"lease": "LS/99/99999"}), english(draw, "uk", {})
    s = Script(session, "Draft polite replies for the property manager.", [])
    s.user(draw.choice([
        f"Hiya, it's {p.first} from {p.unit}, {p.street}. The boiler's gone again. Ring me on {p.phone}? Postcode {p.zip} if the plumber needs it. Cheers, {p.first} {p.last}",
        f"To whom it may concern: I, {p.name}, of {p.street}, {p.city}, {p.zip}, hereby give notice under lease {p.ids['lease']}. Correspondence to {p.email}.",
    ]))  # fmt: skip
    s.assistant(
        f"Dear {p.name},\nThank you for your message about {p.street}. We will be in touch on {p.phone}."
    )
    s.user(
        f"Also copy in my flatmate {q.name} ({q.email}), she pays half. {q.first}'s number: {q.phone}. New address from May: {q.street}, {q.city} {q.zip}."
    )
    s.assistant(f"Noted: {q.first} {q.last}, {q.street}, {q.city}, {q.zip}, {q.phone}.")
    return s.records, [p, q]


def school(draw: random.Random, session: str) -> Made:
    """学校：家长请假、改联系方式。"""
    p, q = chinese(draw, {"student": "9999999999"}), chinese(draw, {})
    child, parent = p.last + p.first, q.last + q.first
    s = Script(
        session,
        "你是明德小学的教务助手，使用工具，回答要简短。",
        [tool("查学生", 学号="学号"), tool("改联系人", 内容="JSON")],
    )
    s.user(draw.choice([
        f"老师您好，我是{child}的妈妈{parent}，孩子发烧了想请两天假，学号{p.ids['student']}",
        f"请问{child}同学（学号{p.ids['student']}）的家长电话改成{q.phone}可以吗？我叫{parent}，在{q.city}上班",
    ]))  # fmt: skip
    s.call(
        "查学生",
        {"学号": p.ids["student"]},
        {
            "学号": p.ids["student"],
            "学生姓名": child,
            "出生日期": p.born,
            "家庭住址": p.street,
            "监护人": {"姓名": parent, "联系电话": q.phone, "工作单位": q.city, "电子邮箱": q.email},
            "备注": f"紧急情况联系{parent}，住{p.unit}",
        },
    )
    s.assistant(f"{parent}家长您好，{child}登记的住址是{p.street}，联系电话{q.phone}，对吗？")
    s.user(f"对的，不过我们搬到{q.street}了，邮编{q.zip}，微信{q.handle}")
    s.call(
        "改联系人",
        {
            "内容": json.dumps(
                {"学生": child, "新地址": q.street, "微信号": q.handle, "邮编": q.zip}, ensure_ascii=False
            )
        },
        f"已更新：{child}（{p.ids['student']}），监护人{parent}",
    )
    s.assistant(f"好的，{child}的请假已登记，通知会发到{q.email}。祝{p.first}早日康复！")
    return s.records, [p, q]


def lawyers(draw: random.Random, session: str) -> Made:
    """律师事务所：起草文书，全是文字。"""
    p, q = chinese(draw, {"case": "（2024）鲁0602民初9999号"}), chinese(draw, {})
    one, two = p.last + p.first, q.last + q.first
    s = Script(session, "你协助律师起草民事文书。", [])
    s.user(draw.choice([
        f"帮我写起诉状：原告{one}，{p.born}出生，住{p.street}，电话{p.phone}；被告{two}，住{q.street}，欠款八万元。",
        f"{one}诉{two}民间借贷一案，案号{p.ids['case']}，{one}是{p.city}的员工，{two}的电话是{q.phone}。请拟一份调解意见。",
    ]))  # fmt: skip
    s.assistant(
        f"民事起诉状\n原告：{one}，住址：{p.street}，联系电话：{p.phone}。\n被告：{two}，工作单位：{q.city}。\n事实与理由：被告{two}向原告{one}借款，至今未还。"
    )
    s.user(f"把原告的邮箱{p.email}也写上，邮政编码{p.zip}。另外{q.last}先生的代理人还没定。")
    s.assistant(f"已补充：{one}，电子邮箱{p.email}，邮政编码{p.zip}。{q.last}先生（{two}）一栏留空。")
    return s.records, [p, q]


DESKS: dict[str, Desk] = {
    "energy": energy,
    "hiring": hiring,
    "tenants": tenants,
    "school": school,
    "lawyers": lawyers,
}
