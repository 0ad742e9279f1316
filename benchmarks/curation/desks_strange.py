"""Eleven kinds of sessions unlike the other desks: CSV, XML, SQL, Markdown, mail, deep objects, odd fields.

Written before the rules were changed for them and measured once as they were; then half of them (`MENDED`) was
looked at, the other half (`KEPT`) was only counted. Figures: docs/decisions/0033.
"""

# ruff: noqa: E501, SIM905 - what people say stays in one piece

from __future__ import annotations

import json
import random

from desks import Desk, Made, Person, Script, filled, plain, tool

FIRST = "Annelise Bogdan Chidi Delphine Emeka Faisal Gwendolyn Halvard Ileana Joaquin Katarzyna Leopold Mireia Niamh Osvaldo Perpetua Rhiannon Soledad Tomasz Ursula Vivek Wren Yolanda Zahra Ruth Simon Gloria Dennis".split()
LAST = "Arkwright Bjornstad Cazacu Dellacroce Ekwueme Fotheringham Gutierrez Hollingsworth Iyengar Jankowski Kvam Lazarescu Mukherjee Ndiaye Oyelaran Pettigrew Rasmussen Sandoval Thibodeaux Ustinov Vanterpool Wetherby Zubiri Bell Cooper Marsh".split()
STREETS = "Alderbrook Bexley Catamaran Dunluce Eastgate Fennel Gunnison Heathcote Iverson Jessamine Kirkstall Longmeadow Mapleton".split()
ENDS = "Street Lane Drive Way Court Terrace Road Avenue".split()
TOWNS = {
    "Missoula": "MT 598",
    "Bellingham": "WA 982",
    "Macon": "GA 312",
    "Pueblo": "CO 810",
    "Dubuque": "IA 520",
    "Bangor": "ME 044",
    "Lubbock": "TX 794",
}
SURNAMES = "丁 郝 阎 侯 尹 洪 卞 耿 焦 向 汤 温 庄 游 聂 东方 慕容 郭 林 罗".split()
GIVEN = (
    "宇航 梦琪 建军 淑珍 浩宇 欣妍 少华 佩兰 国栋 慧敏 一诺 志刚 雪莹 维 红梅 俊熙 晓东 丽君 亦凡 敏".split()
)
PLACES = "安徽省芜湖市镜湖区 江西省赣州市章贡区 辽宁省锦州市凌河区 贵州省遵义市汇川区 山西省运城市盐湖区 海南省三亚市吉阳区".split()
LANES = "九华中路 红旗大道 解放路 珠海路 河东街 迎宾路 文明巷".split()
UNITS = "芜湖新联造船有限公司 赣州稀土科技有限公司 锦州港湾物流有限公司 遵义汇川医院 运城第二机械厂 三亚蓝湾酒店管理有限公司".split()


def someone(draw: random.Random, **ids: str) -> Person:
    """An English-speaking person."""
    first, last, n = draw.choice(FIRST), draw.choice(LAST), draw.randint(11, 979)
    town, area = draw.choice(sorted(TOWNS.items()))
    state, zip3 = area.split()
    local = draw.choice(["{f}.{l}", "{i}{l}{n}", "{l}.{f}{n}"]).format(
        f=plain(first), l=plain(last), i=plain(first)[0], n=n
    )
    a, b, c = draw.randint(203, 979), draw.randint(200, 999), f"{draw.randint(0, 9999):04}"
    return Person(
        first=first, last=last, email=f"{local}@{draw.choice(['aol.com', 'zoho.com', 'comcast.net', 'me.com'])}",
        phone=draw.choice([f"{a}-{b}-{c}", f"({a}) {b}-{c}", f"+1-{a}-{b}-{c}", f"{a} {b} {c}"]),
        born=f"19{draw.randint(48, 99)}-{draw.randint(1, 12):02}-{draw.randint(13, 28):02}",
        street=f"{draw.randint(12, 9800)} {draw.choice(STREETS)} {draw.choice(ENDS)}", unit=f"Apt {draw.randint(11, 940)}",
        city=town, state=state, zip=f"{zip3}{draw.randint(10, 99)}", handle=f"{plain(last)[:6]}{plain(first)[:3]}{n}",
        ids={k: filled(v, draw) for k, v in ids.items()},
    )  # fmt: skip


def somebody(draw: random.Random, **ids: str) -> Person:
    """A Chinese-speaking person: street is the whole address, unit its end, city the firm."""
    last, first = draw.choice(SURNAMES), draw.choice(GIVEN)
    lane = f"{draw.choice(LANES)}{draw.randint(11, 880)}号"
    return Person(
        first=first, last=last, email=filled("~~~~~", draw) + f"{draw.randint(10, 99)}@" + draw.choice(["qq.com", "139.com", "outlook.com"]),
        phone=f"1{draw.choice('3578')}{filled('999999999', draw)}", born=f"19{draw.randint(50, 99)}-{draw.randint(1, 12):02}-{draw.randint(13, 28)}",
        street=draw.choice(PLACES) + lane, unit=lane, city=draw.choice(UNITS), state="", zip=f"{draw.randint(21, 71)}{filled('9999', draw)}",
        handle=f"{filled('~~~~~', draw)}{draw.randint(100, 9999)}", ids={k: filled(v, draw) for k, v in ids.items()},
    )  # fmt: skip


def vet(draw: random.Random, session: str) -> Made:
    """An animal hospital: the record is a Markdown table, the keeper is called so."""
    p, q = someone(draw, chip="985999999999999", file="VX-9999"), someone(draw, licence="DVM99999")
    s = Script(session, "You are the front desk of Harbor Animal Hospital.", [tool("chart", q="anything")])
    s.user(draw.choice([
        f"hey its {p.first}, my dog Biscuit ate grapes!! file is {p.ids['file']} i think, or use chip {p.ids['chip']}",
        f"Calling about Biscuit. The account is under my wife, {p.first} {p.last}. We're at {p.street}, cell {p.phone}.",
    ]))  # fmt: skip
    s.call(
        "chart",
        {"q": p.ids["file"]},
        f"# Chart {p.ids['file']}\n\n| field | entry |\n|---|---|\n| Animal | Biscuit, beagle, 4 y |\n| Keeper | {p.name} |\n| Lives at | {p.street}, {p.unit}, {p.city} {p.state} {p.zip} |\n| Reach on | {p.phone} / {p.email} |\n| Microchip | {p.ids['chip']} |\n| Seen by | {q.name} ({q.ids['licence']}) |\n\nNote: {p.last} prefers text.",
    )
    s.assistant(
        f"Got it, {p.first}. {q.last} will call you at {p.phone} in five minutes. Is {p.email} still right?"
    )
    s.user(f"yes. last time it was {q.first} who saw him, tell {q.first} i'm driving from {p.city} now")
    s.assistant(f"Will do. {q.first} {q.last} is told. Bring {p.ids['chip']}'s passport, {p.last}.")
    return s.records, [p, q]


def claims(draw: random.Random, session: str) -> Made:
    """Car insurance: CSV out of a query, SQL in, the other party of the accident."""
    p, q = someone(draw, file="9Z-999-9999"), someone(draw, reg="AAA-9999")
    s = Script(session, "You handle motor claims.", [tool("run_sql", statement="SQL")])
    s.user(
        f"{p.name} here. Someone called {q.name} hit my car on Friday, plate {q.ids['reg']}. My file: {p.ids['file']}"
    )
    s.call(
        "run_sql",
        {
            "statement": f"SELECT * FROM losses WHERE insured_party = '{p.name}' OR file_key = '{p.ids['file']}' OR counterparty ILIKE '%{q.last}%'"
        },
        f'file_key,insured_party,counterparty,counterparty_reg,tel_day,mailing,town,birth\n{p.ids["file"]},{p.name},{q.name},{q.ids["reg"]},{p.phone},"{p.street} {p.unit}",{p.city},{p.born}\n',
    )
    s.assistant(
        f"I have {p.ids['file']}: you, {p.first}, against {q.first} {q.last} ({q.ids['reg']}). May I have {q.first}'s phone number?"
    )
    s.user(q.phone)
    s.assistant("And where do they live?")
    s.user(f"{q.street} in {q.city}, I think {q.zip}")
    s.call(
        "run_sql",
        {
            "statement": f"INSERT INTO notes(file_key, txt) VALUES ('{p.ids['file']}', 'TP {q.name}, ph {q.phone}, {q.street}, {q.city} {q.zip}; insd b. {p.born}')"
        },
        "INSERT 0 1",
    )
    s.assistant(f"Filed. We write to {q.last} at {q.street} and keep you posted at {p.phone}, {p.first}.")
    return s.records, [p, q]


def payroll(draw: random.Random, session: str) -> Made:
    """Wages: rows without keys under a list of columns, a nested approver, a Slack name."""
    p, q = someone(draw, worker="W99999", sort="99-99-99"), someone(draw, worker="W99999")
    s = Script(
        session, "You answer payroll questions of staff.", [tool("hcm_query", entity="entity", expr="filter")]
    )
    s.user(
        f"my last payslip is wrong, worker {p.ids['worker']}. my boss {q.name} already signed off the overtime"
    )
    s.call("hcm_query", {"entity": "worker", "expr": f"wid eq '{p.ids['worker']}'"}, {
        "columns": ["wid", "legal", "preferred", "slack", "home", "bank_sort", "reports"],
        "rows": [[p.ids["worker"], p.name, p.first, f"@{p.handle}", f"{p.street}, {p.city}, {p.state} {p.zip}", p.ids["sort"], f"{q.last}, {q.first} [{q.ids['worker']}]"]],
        "meta": {"approvals": [{"who": {"display": q.name, "upn": q.email}, "what": "overtime"}], "costCentre": "Logistics"},
    })  # fmt: skip
    s.assistant(
        f"Hi {p.first}, {q.first} approved 6 hours; they reach you next month. Paid into sort code {p.ids['sort']}."
    )
    s.user(
        f"can you ping {q.last}? and i moved: {q.street}, {q.city} {q.zip}, personal mail {p.email}, born {p.born} in case you need it"
    )
    s.call(
        "hcm_query",
        {
            "entity": "change",
            "expr": json.dumps(
                {
                    "target": p.ids["worker"],
                    "patch": [
                        {"op": "replace", "path": "/home", "value": f"{q.street}, {q.city} {q.zip}"},
                        {"op": "add", "path": "/private", "value": p.email},
                    ],
                }
            ),
        },
        {"ok": True, "msg": f"Queued for {p.last.upper()} {p.first}; copy to {q.email}"},
    )
    s.assistant(f"Done, {p.first}. {q.name} and {p.email} were told; slack {p.handle} too.")
    return s.records, [p, q]


def concierge(draw: random.Random, session: str) -> Made:
    """A concierge: plain lines of a booking system, companions, a driver."""
    p, q = someone(draw, conf="AA9999AA", plate="9AAA999"), someone(draw)
    s = Script(session, "You are the concierge of the Larkmoor.", [tool("pms", cmd="command line")])
    s.user(
        draw.choice(
            [
                f"Good evening, {p.last}, party of two, arriving late. Conf {p.ids['conf']}",
                f"Room for {p.first} and {q.first} please - booked as {p.last} x2, {p.ids['conf']}",
            ]
        )
    )
    s.call(
        "pms",
        {"cmd": f"SHOW {p.ids['conf']}"},
        f"CONF {p.ids['conf']}\nNAME {p.last.upper()}/{p.first.upper()} MS\nACC  {q.last.upper()}/{q.first.upper()}\nADR  {p.street.upper()} {p.city.upper()} {p.state} {p.zip}\nTEL  {p.phone}\nMAIL {p.email.upper()}\nCAR  {p.ids['plate']}\nDOB  {p.born}\nREMARK birthday of {q.first.title()} tonight, cake",
    )
    s.assistant(
        f"Welcome back, Ms. {p.last}. The cake for {q.first} is ready and the garage expects {p.ids['plate']}."
    )
    s.user(
        f"lovely. {q.first}'s sister {draw.choice(['drives', 'comes'])} too, put {q.phone} as her contact, and send the bill to {q.email}"
    )
    s.call("pms", {"cmd": f"ADD {p.ids['conf']} CONTACT {q.phone} BILLTO {q.email}"}, "OK")
    s.assistant(f"Done: {q.phone}, bill to {q.email}. Anything else, {p.first}?")
    return s.records, [p, q]


def clinic_zh(draw: random.Random, session: str) -> Made:
    """医院挂号：结果是一段文字，一段 XML。"""
    p, q = somebody(draw, chart="MZ99999999", card="9999 9999 99"), somebody(draw)
    one, doc = p.last + p.first, q.last + q.first
    s = Script(session, "你是医院的挂号助手。", [tool("查号源", 条件="条件")])
    s.user(
        draw.choice(
            [
                f"你好，想挂{doc}主任的号，我叫{one}，就诊卡{p.ids['card']}",
                f"给我妈{one}挂个心内科，{q.last}医生的，病历{p.ids['chart']}，手机{p.phone}",
            ]
        )
    )
    s.call(
        "查号源",
        {"条件": f"就诊人={one};医生={doc}"},
        f'<挂号><就诊人 病历="{p.ids["chart"]}"><名>{one}</名><出生>{p.born}</出生><住>{p.street}</住><手机>{p.phone}</手机></就诊人><坐诊>{doc}</坐诊><时段>周二上午</时段></挂号>',
    )
    s.assistant(f"{one}您好，{doc}医生周二上午有号，病历号{p.ids['chart']}，确认吗？")
    s.user(f"确认，家属{doc[0]}…不对，家属电话写{q.phone}，单位是{p.city}，医保卡还是{p.ids['card']}")
    s.call(
        "查号源",
        {
            "条件": json.dumps(
                {"动作": "预约", "谁": one, "家属": q.phone, "哪里上班": p.city}, ensure_ascii=False
            )
        },
        f"预约成功：{one}（{p.phone}），{doc}，住址{p.unit}",
    )
    s.assistant(f"已预约。{p.first}女士请周二到{q.last}医生诊室，短信发到{p.phone}。")
    return s.records, [p, q]


def estate_zh(draw: random.Random, session: str) -> Made:
    """物业报修：业主群、门牌、Markdown。"""
    p, q = somebody(draw, plate="皖BAA999", room="9栋9单元1902"), somebody(draw, work="WX-99999")
    one, two = p.last + p.first, q.last + q.first
    s = Script(session, "你是物业客服。", [tool("工单", 内容="内容")])
    s.user(
        draw.choice(
            [
                f"{p.ids['room']}漏水了，业主{one}，打我电话{p.phone}",
                f"我是{p.ids['room']}的租客，房东是{one}，楼上{two}家一直漏水！车牌{p.ids['plate']}",
            ]
        )
    )
    s.call(
        "工单",
        {"内容": f"{p.ids['room']} {one} {p.phone}"},
        f"### 工单 {q.ids['work']}\n- 房号：{p.ids['room']}\n- 业主：{one}（{p.phone}）\n- 微信：{p.handle}\n- 车辆：{p.ids['plate']}\n- 派给：{two} {q.phone}\n- 产权地址：{p.street}",
    )
    s.assistant(f"{p.last}女士，工单{q.ids['work']}已派给{two}师傅，他的电话是{q.phone}。")
    s.user(f"好的，让小{q.last[-1]}师傅先加我微信{p.handle}，发票抬头{p.city}，邮箱{p.email}")
    s.assistant(f"已备注：发票开给{p.city}，发到{p.email}。{two}会带上工具到{p.ids['room']}。")
    return s.records, [p, q]


def police(draw: random.Random, session: str) -> Made:
    """A report desk: XML of an incident, witness and officer."""
    p, q = someone(draw, incident="99-9999999", badge="9999"), someone(draw, serial="WTU999A9999Z")
    s = Script(session, "You take reports of theft.", [tool("rms", body="XML")])
    s.user(
        f"My bike was stolen outside {p.street}. Serial {q.ids['serial']}. {q.name} saw everything, she's at {q.phone}. I'm {p.name}, {p.born}."
    )
    s.call(
        "rms",
        {
            "body": f"<report><complainant><nm>{p.last}, {p.first}</nm><b>{p.born}</b></complainant><loc>{p.street}, {p.city}</loc><witness tel='{q.phone}'>{q.name}</witness><prop sn='{q.ids['serial']}'/></report>"
        },
        f"<ack><incident>{p.ids['incident']}</incident><assigned><officer>{q.last} {p.last[0]}.</officer></assigned><callback>{p.phone}</callback><residence><l1>{p.street}</l1><l2>{p.unit}</l2><muni>{p.city}</muni><zc>{p.zip}</zc></residence></ack>",
    )
    s.assistant(
        f"Your incident number is {p.ids['incident']}, {p.first}. We will speak to {q.first} {q.last}. Is {p.phone} best?"
    )
    s.user(f"better {p.email}. {q.first} also has a video, {q.email}")
    s.assistant(
        f"Thanks. An officer writes to {q.email} about the video of {q.last} and to you at {p.email}."
    )
    return s.records, [p, q]


def pharmacy(draw: random.Random, session: str) -> Made:
    """Refills: deep objects with HL7-like names, lists of strings, one line of pipes."""
    p, q = someone(draw, rx="9999999-99999", grp="XZ99A"), someone(draw, npi="1999999999")
    s = Script(session, "You help with refills.", [tool("dispense", op="op", blob="JSON")])
    s.user(f"refill for {p.first.lower()} {p.last.lower()}, {p.born}, rx {p.ids['rx']}")
    month, day, year = p.born[5:7], p.born[8:], p.born[:4]
    s.call(
        "dispense",
        {"op": "find", "blob": json.dumps({"rx": p.ids["rx"]})},
        {
            "subj": {
                "nm": [{"use": "official", "given": [p.first], "family": p.last}],
                "telecom": [{"sys": "ph", "v": p.phone}, {"sys": "em", "v": p.email}],
                "addr": [{"text": [p.street, p.unit, f"{p.city}, {p.state} {p.zip}"]}],
                "bday": f"{month}/{day}/{year}",
            },
            "prescriber": {"txt": f"{q.name}, MD", "npi": q.ids["npi"]},
            "pid3": f"PID|1||{p.ids['rx']}||{p.last}^{p.first}||{year}{month}{day}|F",
            "plan": {"grp": p.ids["grp"]},
        },
    )
    s.assistant(
        f"Found it, {p.first}: prescribed by Dr. {q.last}, group {p.ids['grp']}. Deliver to {p.street}, {p.unit}?"
    )
    s.user(f"no, to my mum {q.first}, {q.street}, {q.city}, {q.zip}. her cell is {q.phone}")
    s.call(
        "dispense",
        {
            "op": "ship",
            "blob": json.dumps(
                {"to": [q.first, q.street, q.city, q.zip], "cb": q.phone, "rx": [p.ids["rx"]]}
            ),
        },
        f"SHIP|{p.ids['rx']}|{q.first.upper()}|{q.street.upper()}|{q.zip}|OK",
    )
    s.assistant(
        f"On its way to {q.first} at {q.street}. Questions? We have {p.phone} on file, {p.first} {p.last}."
    )
    return s.records, [p, q]


def crew(draw: random.Random, session: str) -> Made:
    """Ship crew logistics: forwarded mail with a crew list in fixed columns."""
    p, q = someone(draw, seaman="AB9999999", flight="AA9X9Z"), someone(draw, seaman="AB9999999")
    s = Script(session, "You arrange travel for seafarers.", [tool("roster", vessel="name", lines="text")])
    s.user(
        f"From: {q.name} <{q.email}>\nTo: ops@larkmoor-ships.com\nSubject: RE: sign-on\n\nDear all,\n\npls arrange joiner as below\n\nRANK      NAME                          SEAMANS BOOK  DOB\nCH.OFF    {p.last.upper()} {p.first.upper():<20} {p.ids['seaman']}     {p.born}\n2/E       {q.last.upper()} {q.first.upper():<20} {q.ids['seaman']}     {q.born}\n\nJoiner's home: {p.street}, {p.city}. Mob {p.phone}.\n\nBrgds\n{q.first}\nM: {q.phone}"
    )
    s.call(
        "roster",
        {
            "vessel": "Larkmoor Star",
            "lines": f"+{p.last}/{p.first} {p.ids['seaman']}; -{q.last}/{q.first} {q.ids['seaman']}",
        },
        {
            "acks": [f"{p.last[:3].upper()} OK", f"locator {p.ids['flight']}"],
            "pax": [{"n": f"{p.last}/{p.first}MR", "b": p.born, "d": p.ids["seaman"]}],
        },
    )
    s.assistant(
        f"Dear {q.first},\n\n{p.first} {p.last} ({p.ids['seaman']}) is booked, {p.ids['flight']}. Mr. {p.last} will be met; his mobile is {p.phone}.\n\nCopy: {q.email}"
    )
    s.user(f"tks. off-signer {q.last} goes home to {q.city}, {q.street}; mail his wife at {p.email}")
    s.assistant(f"Noted: {q.last} to {q.city} ({q.street}), notice to {p.email}.")
    return s.records, [p, q]


def social_zh(draw: random.Random, session: str) -> Made:
    """社保：键值文本、口语、家属。"""
    p, q = somebody(draw, no="99999999999X", file="ZG2024-99999"), somebody(draw)
    one, two = p.last + p.first, q.last + q.first
    s = Script(session, "你是社保大厅的咨询助手。", [tool("个人权益", 参数="JSON")])
    s.user(f"我想查我爱人{one}的养老金，个人编号{p.ids['no']}，我是{two}，电话{q.phone}")
    s.call(
        "个人权益",
        {"参数": json.dumps({"aac001": p.ids["no"], "aac003": one}, ensure_ascii=False)},
        {
            "body": [
                {
                    "aac001": p.ids["no"],
                    "aac003": one,
                    "aac006": p.born,
                    "aab004": p.city,
                    "aae005": p.phone,
                    "aae006": p.street,
                    "aae007": p.zip,
                }
            ],
            "经办": f"{two[0]}某",
            "回执": p.ids["file"],
        },
    )
    s.assistant(
        f"{two}您好，{one}（{p.city}）的个人编号是{p.ids['no']}，联系电话{p.phone}，回执{p.ids['file']}。请问寄到哪里？"
    )
    s.user(q.street)
    s.assistant("收件人和邮箱呢？")
    s.user(f"{two}，{q.email}")
    s.assistant(f"好的，{p.ids['file']}寄往{q.unit}，{two}收；电子版发到{q.email}。也会告诉{p.first}。")
    return s.records, [p, q]


def abroad_zh(draw: random.Random, session: str) -> Made:
    """留学中介：中英混杂、推荐人、拼音。"""
    p, q = somebody(draw, passport="EB9999999", app="UC-9999-9999"), someone(draw)
    one = p.last + p.first
    s = Script(session, "你是留学顾问的助手，起草英文邮件。", [tool("save_file", 档案="JSON")])
    s.user(
        f"学生{one}，护照{p.ids['passport']}，申请号{p.ids['app']}，推荐人是Prof. {q.name}（{q.email}）。帮忙发邮件催一下"
    )
    s.call(
        "save_file",
        {
            "档案": json.dumps(
                {
                    "stu": {"cn": one, "ppt": p.ids["passport"], "生于": p.born},
                    "ref": [q.name, q.email],
                    "监护人手机": p.phone,
                    "寄送": p.street,
                    "父亲单位": p.city,
                },
                ensure_ascii=False,
            )
        },
        f"档案已存：{one} / {p.ids['app']} / 推荐人 {q.last}",
    )
    s.assistant(
        f"Dear Professor {q.last},\n\nI am writing on behalf of {one} (application {p.ids['app']}).\n\n已发到{q.email}。"
    )
    s.user(
        f"顺便改下{one}的wechat：{p.handle}，妈妈的手机{p.phone}，寄到{p.street}，{q.first}那边的电话{q.phone}"
    )
    s.assistant(
        f"好的：{one}，微信{p.handle}，{p.phone}，地址{p.unit}；{q.first}的电话{q.phone}。{p.first}同学的护照{p.ids['passport']}已核对。"
    )
    return s.records, [p, q]


MENDED: dict[str, Desk] = {
    "vet": vet,
    "claims": claims,
    "payroll": payroll,
    "concierge": concierge,
    "clinic_zh": clinic_zh,
    "estate_zh": estate_zh,
}
KEPT: dict[str, Desk] = {
    "police": police,
    "pharmacy": pharmacy,
    "crew": crew,
    "social_zh": social_zh,
    "abroad_zh": abroad_zh,
}
DESKS = MENDED | KEPT
