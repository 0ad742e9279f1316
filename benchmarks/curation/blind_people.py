"""People, numbers and places of the blind sessions, and the talk that collects what was said and declared.

A value is declared with its class in every writing in which it stands in the session; catalogue words are declared
as what must stay. Nothing is anybody's: all is drawn from the lists below.
"""

# ruff: noqa: E501, SIM905 - lists stay in one piece

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from desks import Made, Person, Script, filled, plain

NAMES = [
    tuple(n.split("/"))
    for n in """Magdalena/Magda Theodore/Teddy Rosamund/Roz Jacqueline/Jacqui Leopold/Leo Anastasia/Stasia Frederick/Freddie
Henrietta/Hettie Ignacio/Nacho Guadalupe/Lupe Oluwaseyi/Seyi Chidinma/Chichi Krzysztof/Krzys Aleksandra/Ola Sebastian/Seb Deborah/Debs Rebecca/Becks
Nathaniel/Nate Gwendolyn/Gwen Vivienne/Viv Harriet/Hattie Dimitrios/Dimi Fionnuala/Nuala Rajeshwari/Raji Venkatesh/Venky Patrick/Paddy Stephen/Steve
Jennifer/Jenny Kevin/Kev Gordon/Gordy Ana_María/Ana Min-jun/Minnie Thomasina/Tommie Abubakar/Abu Yolanda/Yoli Björn/Bjorn Zsófia/Zsofi Emmanuel/Manny""".replace(
        "\n", " "
    ).split()
]
LAST = """Abdelrahman Achterberg Okafor-Bell O'Dowd McAllister van_der_Merwe de_Souza Szymański Popescu Kowalczyk Delacroix-Hume Nguyen Patel Johansson
Fairweather Ogunleye Bhattacharya Lachance Tuivasa Ferreira Müller-Lang Rosenthal Jefferson Mitchell Ramírez Yıldız Papadakis Sandoval Whitlock Penhaligon
Thistlewood Karimov Osei Desrosiers Blankenship Hutchins Carmichael Tanaka Gutiérrez Vandermeer Iwu Pfeiffer Llewellyn Rahimi Strand-Olsen""".split()
MAILS = "gmail.com outlook.com hotmail.co.uk yahoo.com proton.me icloud.com btinternet.com bigpond.net.au comcast.net".split()
ROADS = "Larkspur Pemberton Quarry_Bank Saltmarsh Juniper Old_Tannery Wexcombe Harlow_Mill Bellbird Cedar_Hollow Tolland Ravenscar Magnolia Finch Copperfield St_Aldhelm's Orchard_View Mulberry".split()
KINDS = ["Road/Rd", "Street/St", "Avenue/Ave", "Lane/Ln", "Drive/Dr", "Court/Ct"]
TOWNS = {
    "us": [
        "Tacoma/WA/984",
        "Boise/ID/837",
        "Savannah/GA/314",
        "Duluth/MN/558",
        "El Paso/TX/799",
        "Akron/OH/443",
    ],
    "uk": ["Leeds//LS", "Bristol//BS", "Cardiff//CF", "Glasgow//G", "Exeter//EX", "Derby//DE"],
    "au": ["Geelong/VIC/32", "Hobart/TAS/70", "Cairns/QLD/48", "Fremantle/WA/61", "Wagga Wagga/NSW/26"],
}
FIRMS = """Thornbury_Joinery_Ltd|Harbinger_Freight_LLC|Blue_Kelpie_Plumbing_Pty_Ltd|Ostrava_Textiles_GmbH|Redfern_&_Daughters|Quillon_Analytics,_Inc.|Mosswater_Nurseries
Pemble_Dental_Group|Castlegate_Academy_Trust|Silverpine_Roofing_Co.|Nordlys_Robotics_AS|Fenwick_Marsh_LLP|Tallow_&_Wick_Candles|Dunmore_Haulage""".replace(
    "\n", "|"
).split("|")
SURNAMES = dict(
    x.split("/")
    for x in "林/Lin 徐/Xu 罗/Luo 梁/Liang 郑/Zheng 谢/Xie 韩/Han 唐/Tang 冯/Feng 董/Dong 程/Cheng 曹/Cao 袁/Yuan 邓/Deng 傅/Fu 沈/Shen 曾/Zeng 彭/Peng 吕/Lü 苏/Su 卢/Lu 蒋/Jiang 蔡/Cai 贾/Jia 薛/Xue 阎/Yan 杜/Du 钟/Zhong 欧阳/Ouyang 诸葛/Zhuge 慕容/Murong 王/Wang 陈/Chen 易/Yi".split()
)
GIVEN = dict(
    x.split("/")
    for x in "雨桐/Yutong 子涵/Zihan 建华/Jianhua 丽娟/Lijuan 浩然/Haoran 梓萱/Zixuan 俊杰/Junjie 思琪/Siqi 伟/Wei 婷/Ting 晓峰/Xiaofeng 雪梅/Xuemei 家豪/Jiahao 佩珊/Peishan 志明/Zhiming 翠英/Cuiying 若曦/Ruoxi 鹏飞/Pengfei 静怡/Jingyi 瑞霖/Ruilin 一诺/Yinuo 沐阳/Muyang 凤霞/Fengxia 德胜/Desheng 振国/Zhenguo 倩/Qian 磊/Lei 桂芳/Guifang 昊天/Haotian 欣妍/Xinyan 少华/Shaohua".split()
)
REGIONS = [
    x.split("/")
    for x in "浙江省/杭州市/余杭区/浙A/330110 江苏省/苏州市/吴中区/苏E/320506 四川省/成都市/武侯区/川A/510107 广东省/佛山市/顺德区/粤E/440606 湖北省/武汉市/洪山区/鄂A/420111 山东省/青岛市/崂山区/鲁B/370212 福建省/厦门市/集美区/闽D/350211 /北京市/丰台区/京N/110106 /上海市/闵行区/沪C/310112".split()
]
ROADS_ZH = "玉鸟路 望江西路 槐安东街 双槐里 金鸡湖大道 科华中路 虹梅南路 翠柏巷 海韵二路 鲁磨路 石龙胡同 银杏大街".split()
HOMES_ZH = "碧桂雅苑 翡翠湾花园 万科城市之光 梧桐公馆 金色家园 锦绣澜庭 绿城桃花源 阳光100国际新城 水岸名都 龙湖时代天街".split()
FIRMS_ZH = "杭州启明灯具有限公司 苏州瑞科精密机械股份有限公司 成都辣小妹餐饮管理有限公司 佛山市顺德区宏发五金厂 武汉光谷慧眼科技有限公司 青岛海蓝水产贸易行 厦门鹭岛国际旅行社 北京云帆律师事务所 上海锦程建筑设计院 四川康宁老年公寓".split()
MONTHS = "January February March April May June July August September October November December".split()
DIGITS = "zero one two three four five six seven eight nine".split()
MEN = set(
    "Theodore Leopold Frederick Ignacio Oluwaseyi Krzysztof Sebastian Nathaniel Dimitrios Venkatesh Patrick Stephen Kevin Gordon Min-jun Abubakar Björn Emmanuel 建华 浩然 俊杰 伟 晓峰 家豪 志明 鹏飞 瑞霖 德胜 振国 磊 昊天 少华".split()
)
SEX = {
    "mother": "f",
    "father": "m",
    "child": "f",
    "driver": "m",
    "aunt": "f",
    "婆婆": "f",
    "丈夫": "m",
    "月嫂": "f",
    "母亲": "f",
    "司机": "m",
    "师傅": "m",
    "房东": "m",
    "配偶": "m",
}
AREAS = "503 206 312 415 617 718 404 512 612 901 208 330 912 218 915 253".split()
_WEIGHTS = [pow(2, 17 - i, 11) for i in range(17)]


def luhn(body: str) -> str:
    """The number with its check digit."""
    total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def iban(bank: str, digits: str) -> str:
    """A British IBAN with its check digits, in groups."""
    number = int("".join(str(int(c, 36)) for c in bank + digits + "GB00"))
    whole = f"GB{98 - number % 97:02}{bank}{digits}"
    return " ".join(whole[i : i + 4] for i in range(0, len(whole), 4))


def typo(draw: random.Random, word: str) -> str:
    """The word as somebody in haste writes it: two letters exchanged, one lost or one doubled."""
    while True:
        i = draw.randrange(1, len(word) - 1)
        made = draw.choice(
            [
                word[:i] + word[i + 1] + word[i] + word[i + 2 :],
                word[:i] + word[i + 1 :],
                word[:i] + word[i] + word[i:],
            ]
        )
        if made.lower() != word.lower():
            return made


def stands(value: str, text: str) -> bool:
    """As whole words where the value begins or ends with a Latin sign."""
    if re.search("[\u4e00-\u9fff]", value):
        return value.lower() in text.lower()
    sign = "[0-9A-Za-z]" if value.isascii() else r"[^\W_]"
    before = f"(?<!{sign})" if value[0].isalnum() else ""
    after = f"(?!{sign})" if value[-1].isalnum() else ""
    return re.search(before + re.escape(value) + after, text, re.I) is not None


def leaves(value: Any) -> Iterator[str]:
    """Keys and strings, JSON in strings decoded."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield k
            yield from leaves(v)
    elif isinstance(value, list):
        for v in value:
            yield from leaves(v)
    elif isinstance(value, str) and value[:1] in ("{", "["):
        try:
            yield from leaves(json.loads(value))
        except ValueError:
            yield value
    elif value is not None:
        yield str(value)


class Known(Person):
    """All that was declared of one session: `values()` must be gone, `catalogue` must stay."""

    def __init__(self) -> None:
        super().__init__(*([""] * 11))
        self.rows: dict[str, str] = {}
        self.catalogue: list[str] = []

    def values(self) -> dict[str, str]:
        """value → what it is."""
        return dict(self.rows)


@dataclass
class Who:
    """Somebody in every writing that the sessions use."""

    first: str
    last: str
    nick: str
    name: str
    initials: str
    pinyin: str
    sex: str
    email: str
    handle: str
    phones: list[str]
    born: list[str]
    street: str
    street_short: str
    unit: str
    unit_other: str
    home: str
    town: str
    state: str
    code: str
    nid: str
    plate: str
    forms: dict[str, str] = field(default_factory=dict)

    @property
    def phone(self) -> str:
        """The first writing of the number."""
        return self.phones[0]

    @property
    def titled(self) -> str:
        """Mrs Osei, 林女士."""
        if self.pinyin:
            return self.last + ("女士" if self.sex == "f" else "先生")
        return ("Mrs " if self.sex == "f" else "Mr ") + self.last

    @property
    def address(self) -> str:
        """In one line."""
        if self.pinyin:
            return f"{self.street}{self.home}{self.unit}"
        return f"{self.unit}, {self.street}, {self.town} {self.state} {self.code}".replace("  ", " ")


def births(draw: random.Random, low: int = 1946, high: int = 2003) -> list[str]:
    """ISO, day first, month first, in words, short, with dots, compact, Chinese, Chinese short."""
    y, m, d = draw.randint(low, high), draw.randint(1, 12), draw.randint(13, 28)
    month = MONTHS[m - 1]
    return [
        f"{y}-{m:02}-{d}", f"{d}/{m:02}/{y}", f"{m:02}/{d}/{y}", f"{d} {month} {y}", f"{month} {d}, {y}", f"{d} {month[:3]} {y % 100:02}",
        f"{d}.{m:02}.{y}", f"{y}{m:02}{d}", f"{y}年{m}月{d}日", f"{y % 100:02}年{m}月{d}号", f"{d}/{m}/{y % 100:02}",
    ]  # fmt: skip


def english(draw: random.Random, land: str, used: set[str], sex: str) -> Who:
    """Somebody in the United States, Britain or Australia."""
    first, nick = (
        n.replace("_", " ")
        for n in draw.choice([n for n in NAMES if n[0] not in used and (n[0] in MEN) == (sex == "m")])
    )
    last = draw.choice([n for n in LAST if n not in used])
    used |= {first.replace(" ", "_"), last}
    last = last.replace("_", " ")
    town, state, area = draw.choice(TOWNS[land]).split("/")
    f, n, surname = plain(first), draw.randint(11, 989), plain(last)
    local = draw.choice(
        [f"{f}.{surname}", f"{surname}{n}", f"{f[0]}{surname}{n}", f"{plain(nick)}_{surname}", f"{f}-{n}"]
    )
    if land == "us":
        a, b, c = draw.choice(AREAS), str(draw.randint(220, 989)), filled("9999", draw)
        phones = [
            f"({a}) {b}-{c}",
            f"{a}-{b}-{c}",
            f"+1{a}{b}{c}",
            f"{a}.{b}.{c}",
            f"{a} {b} {c}",
            f"{a}{b}{c}",
        ]
        code, nid = (
            area + filled("99", draw),
            f"{draw.randint(110, 660)}-{filled('99', draw)}-{filled('9999', draw)}",
        )
        unit = draw.choice(["Apt {n}", "Unit {n}", "#{n}", "Apt {k}"])
    else:
        head = "07" if land == "uk" else "04"
        b, c, d = (
            draw.choice("74 75 77 78 79".split())[1] + filled("9", draw),
            filled("999", draw),
            filled("9999" if land == "uk" else "999", draw),
        )
        country = "+44 7" if land == "uk" else "+61 4"
        phones = [
            f"{head}{b} {c} {d}",
            f"{head}{b}{c}{d}",
            f"{country}{b} {c} {d}",
            f"{country}{b}{c}{d}".replace(" ", ""),
            f"{head}{b}-{c}-{d}",
            f"{head}{b} {c}{d}",
        ]
        code = (
            f"{area}{draw.randint(2, 19)} {draw.randint(1, 9)}{filled('AA', draw)}"
            if land == "uk"
            else area + filled("99", draw)
        )
        nid = (
            draw.choice("ABCEGHJKLMPRSTWXYZ")
            + draw.choice("ABCEGHJKLMNPRSTWXYZ")
            + filled(" 99 99 99 ", draw)
            + draw.choice("ABCD")
            if land == "uk"
            else filled("999 999 999", draw)
        )
        unit = draw.choice(["Flat {n}", "Flat {k}", "Unit {n}", "Flat {k}"])
    unit = unit.format(n=draw.randint(112, 978), k=f"{draw.randint(12, 97)}{draw.choice('abcdefgh')}")
    road, (long, short) = draw.choice(ROADS).replace("_", " "), draw.choice(KINDS).split("/")
    number = draw.randint(14, 899)
    plates = {"us": ["AAA 9999", "9AAA999"], "uk": ["AA69 AAA", "AA23 AAA"], "au": ["9AA 9AA", "AAA 99A"]}
    who = Who(
        first, last, nick, f"{first} {last}", f"{first[0]}.{last[0].upper()}.", "", sex, f"{local}@{draw.choice(MAILS)}",
        draw.choice([f"{plain(nick)}_{n}", f"the{surname}{n}", f"{surname}.{plain(nick)}", f"{plain(nick)}x{n}"]), phones, births(draw),
        f"{number} {road} {long}", f"{number} {road} {short}", unit, "no. " + unit.split()[-1].strip("#"), "", town, state, code, nid, filled(draw.choice(plates[land]), draw),
    )  # fmt: skip
    who.forms = {
        first: "first name", last: "last name", nick: "nickname", who.name: "name", f"{last}, {first}": "name", who.initials: "initials",
        f"{nick} {last}": "name", f"{first[0]}. {last}": "name", f"{first} {last[0].upper()}.": "initials",
        **{f"{t} {last}": "titled name" for t in ("Mr", "Mrs", "Ms", "Dr", "Mr.", "Mrs.", "Dr.", "Prof.", "Miss", "Officer", "Father")},
        f"{road} {long}": "street", f"{road} {short}": "street", who.plate.replace(" ", ""): "plate", nid.replace(" ", "").replace("-", ""): "id:national",
    } | _common(who)  # fmt: skip
    return who


def _common(who: Who) -> dict[str, str]:
    digits = re.sub("[^0-9]", "", who.phones[0])
    rows = {
        who.email: "email", who.email.split("@")[0]: "handle", who.handle: "handle", **dict.fromkeys(who.phones, "phone"), **dict.fromkeys(who.born, "birth"), who.street: "street", who.street_short: "street",
        who.unit: "unit", who.unit_other: "unit", who.home: "home", who.code: "postcode", who.nid: "id:national", who.plate: "plate", digits[-4:]: "ending",
        who.nid[-4:]: "ending", f"{digits[:3]}****{digits[-4:]}": "masked", who.address: "address", f"{who.street_short}, {who.unit_other}": "address",
    }  # fmt: skip
    if who.unit[-1].isalpha() and who.unit.isascii():
        rows[who.unit.split()[-1]] = "unit"
    return {v: kind for v, kind in rows.items() if kind != "ending" or v[:2] not in ("19", "20")}


def chinese(draw: random.Random, used: set[str], sex: str) -> Who:
    """Somebody in China; `nick` is 小林, 老林, 阿峰 or 婷婷, `pinyin` is Lin Yutong."""
    last = draw.choice([n for n in SURNAMES if n not in used])
    first = draw.choice([n for n in GIVEN if n not in used and (n in MEN) == (sex == "m")])
    used |= {last, first}
    born = births(draw)
    province, city, district, plate, area = draw.choice(REGIONS)
    body = area + born[7] + f"{draw.randint(11, 999):03}"
    nid = body + "10X98765432"[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]
    p = draw.choice(["13", "15", "17", "18", "19"]) + draw.choice("356789")
    b, c = filled("9999", draw), filled("9999", draw)
    phones = [p + b + c, f"{p}-{b}-{c}", f"{p} {b} {c}", f"+86 {p}{b}{c}", f"+86-{p}-{b}-{c}", f"{p}{b} {c}"]
    road = f"{draw.choice(ROADS_ZH)}{draw.randint(12, 890)}号"
    x, y, z = draw.randint(12, 38), draw.randint(1, 4), draw.randint(11, 29) * 100 + draw.randint(1, 6)
    spelled = f"{SURNAMES[last]} {GIVEN[first]}"
    small = plain(GIVEN[first].replace("ü", "v")), plain(SURNAMES[last].replace("ü", "v"))
    qq = filled("999999999", draw)
    who = Who(
        first, last, draw.choice([f"小{last[-1]}", f"老{last[-1]}", f"阿{first[-1]}", first[-1] * 2]), last + first, "".join(w[0] for w in spelled.split()), spelled,
        sex, draw.choice([f"{qq}@qq.com", f"{small[1]}{small[0]}{x}{z}@163.com", f"{small[0]}.{small[1]}@gmail.com", f"{small[0]}_{z}@126.com"]),
        draw.choice([f"{small[0]}{z}{x}", f"wx_{small[1]}{x}{y}{z}", f"{first[-1]}{first[-1]}不吃香菜{x}", f"tb{qq}"]), phones, born, province + city + district + road, road,
        f"{x}栋{y}单元{z}室", f"{x}-{y}-{z}", draw.choice(HOMES_ZH), city, province, area[:3] + filled("999", draw), nid, plate + draw.choice(["·", ""]) + filled(draw.choice(["A9999", "99A99", "9A9A9", "D99999"]), draw),
    )  # fmt: skip
    titles = "女士 先生 小姐 老师 总 阿姨 师傅 医生 教练 姐 哥 经理 大姐 主任 同学".split()
    who.forms = {
        who.name: "name", first: "first name", last: "last name", who.nick: "nickname", spelled: "pinyin", spelled.replace("ü", "v"): "pinyin", GIVEN[first]: "pinyin", SURNAMES[last]: "pinyin", SURNAMES[last].replace("ü", "v"): "pinyin",
        f"{GIVEN[first]} {SURNAMES[last]}": "pinyin", **{last + t: "titled name" for t in titles}, f"{last}*{first[-1]}": "masked", f"{last}**" if len(first) > 1 else f"{last}*": "masked",
        who.plate.replace("·", ""): "plate", f"{z}室": "unit", f"{who.home}{x}-{y}-{z}": "address", f"{city}{district}{road}": "street", district + road: "street", nid[:6] + "********" + nid[-4:]: "masked", qq: "handle",
    } | _common(who)  # fmt: skip
    return who


class Talk(Script):
    """A session that knows who is in it and which of their values were said."""

    def __init__(self, session: str, draw: random.Random, system: str, tools: list[dict[str, Any]]) -> None:
        super().__init__(session, system, tools)
        self.draw, self.used, self.people = draw, set(), []
        self.extra: dict[str, str] = {}
        self.stays: list[str] = []
        self.ids: dict[str, str] = {}

    used: set[str]
    people: list[tuple[str, Who]]

    def english(self, land: str, role: str = "", sex: str = "") -> Who:
        """Somebody; with a role it is a third person."""
        return self._join(
            english(self.draw, land, self.used, sex or SEX.get(role) or self.draw.choice("fm")), role
        )

    def chinese(self, role: str = "", sex: str = "") -> Who:
        """The same in China."""
        return self._join(chinese(self.draw, self.used, sex or SEX.get(role) or self.draw.choice("fm")), role)

    def _join(self, who: Who, role: str) -> Who:
        self.people.append((role, who))
        return who

    def one(self, *options: str) -> str:
        """One of them."""
        return self.draw.choice(options)

    def known(self, value: str, kind: str) -> str:
        """Declares a value that must be gone if it is said."""
        self.extra[value] = kind
        return value

    def id(self, kind: str, form: str) -> str:
        """A number of that form; its shape must be kept where it stands alone."""
        return self.number(kind, filled(form, self.draw))

    def number(self, kind: str, value: str) -> str:
        """One that was made elsewhere, say with a check digit."""
        self.ids[value] = kind
        return value

    def firm(self, zh: bool = False) -> str:
        """A company of the customer, declared."""
        return self.known(self.draw.choice(FIRMS_ZH if zh else FIRMS).replace("_", " "), "company")

    def card(self, head: str = "4", size: int = 16) -> tuple[str, str]:
        """(number in groups of four, its last four)."""
        while True:
            n = luhn(head + filled("9" * (size - 1 - len(head)), self.draw))
            if n[-4:-2] not in ("19", "20"):
                break
        grouped = " ".join(n[i : i + 4] for i in range(0, size, 4))
        self.ids |= {n: "card", grouped: "card"}
        self.ids[n[-4:]] = "card ending"
        return grouped, n[-4:]

    def typo(self, word: str, kind: str = "typo") -> str:
        """The word with a slip, declared."""
        return self.known(typo(self.draw, word), kind)

    def keep(self, *words: str) -> None:
        """Catalogue: must stay."""
        self.stays += words

    def calls(self, *asked: tuple[str, dict[str, Any], Any], say: str | None = None) -> None:
        """Several tools at once, with or without a word."""
        made = []
        for i, (name, arguments, _) in enumerate(asked):
            function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
            made.append({"id": f"call_{len(self.messages)}_{i}", "type": "function", "function": function})
        self._answer({"role": "assistant", "content": say, "tool_calls": made})
        for call, (_, _, result) in zip(made, asked, strict=True):
            content = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})

    def made(self) -> Made:
        """Records, and what of all that is known was said in them."""
        last = self.records[-1]
        text = "\n".join(leaves([last["request"]["messages"][1:], last["response"]]))
        known = Known()
        alone = text
        for whole in sorted(
            (v for _, w in self.people for v in (*w.phones, w.email, w.nid, w.nid.replace(" ", ""), w.unit)),
            key=len,
            reverse=True,
        ):
            alone = alone.replace(whole, "")
        for role, who in self.people:
            for value, kind in who.forms.items():
                part = (
                    kind == "ending"
                    or value == who.email.split("@")[0]
                    or (value.endswith("室") and value != who.unit)
                )
                where = alone if part and not value.startswith(who.home or "-") else text
                if len(value) > 1 and stands(value, where):
                    known.rows.setdefault(value, f"third {kind}" if role else kind)
            if stands(who.nid, text):
                known.ids["national" + who.nid] = who.nid
        for value, kind in self.ids.items():
            if stands(value, text):
                known.rows[value] = kind if kind.startswith("card") else f"id:{kind}"
                if kind != "card ending":
                    known.ids[kind + value] = value
        for value, kind in self.extra.items():
            if stands(value, text):
                known.rows[value] = kind
        for word in dict.fromkeys(self.stays):
            if stands(word, text):
                known.catalogue.append(word)
        return self.records, [known]


def func(name: str, about: str, required: list[str] | None = None, /, **properties: Any) -> dict[str, Any]:
    """A tool's schema; a property is its description, a list of choices or a whole schema."""
    shown = {
        k: v
        if isinstance(v, dict)
        else {"type": "string", "enum": v}
        if isinstance(v, list)
        else {"type": "string", "description": v}
        for k, v in properties.items()
    }
    parameters = {
        "type": "object",
        "properties": shown,
        "required": required if required is not None else list(shown),
    }
    return {"type": "function", "function": {"name": name, "description": about, "parameters": parameters}}
