"""Chinese training text: own sentences, filled with names, nicknames, companies, addresses and dictionary words."""
# ruff: noqa: E501  (lists and templates: one row is one line)

from __future__ import annotations

import random
import re
from bisect import bisect

from _chinese_words import (
    common,
    foreign_people,
    given_characters,
    known_organisations,
    known_people,
    known_places,
    mistaken,
    regions,
    weighted,
)
from _lists import geo, lists, sentences

Example = tuple[str, list[tuple[int, int, str]]]
SLOT = re.compile(r"\{(\w+)\}")
LABELLED = {
    "人": "PERSON", "名": "PERSON", "昵": "PERSON", "官": "PERSON", "机构": "ORGANIZATION", "地": "LOCATION", "址": "ADDRESS",
}  # fmt: skip
SENTENCES = (
    "{代}{副}{动}{名词}", "{名词}{副}{形}", "{代}{动}了{名词}", "{名词}的{名词}{副}{形}", "{代}{时间}{动}{名词}",
    "{名词}{动}{名词}", "{代}的{名词}{形}了", "{动名}{名词}", "{时间}{名词}{形}", "{副}{动}{名词}", "{代}觉得{名词}很{形}",
    "{成语}", "{名词}都{动}了", "{代}在{方}{动}", "没有{名词}的{名词}", "要{动}{名词}", "{代}不{动}", "{数}个{名词}", "有{名词}",
    "{代}想{动}{名词}", "{形}的{名词}", "{动}了{数}次", "{习语}", "好{形}啊", "太{形}了", "求{动}", "{动名}{动名}", "{代}{习语}",
    "天气{形}", "{名词}怎么{动}", "终于{动}{名词}了", "又{动}了", "不要{动}{名词}",
)  # fmt: skip
TAGS = {
    "名词": ("n", "n", "n", "vn", "nz", "an"), "动": ("v",), "形": ("a", "z"), "动名": ("vn",), "副": ("d", "ad", "zg"), "代": ("r",),
    "方": ("s", "f"), "时间": ("t",), "成语": ("i",), "习语": ("l",),
}  # fmt: skip


class Chinese:
    """Fills the slots of a sentence; one object, one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.own, self.words = lists("lists_zh.txt"), lists("lists_zh_words.txt")
        self.templates = sentences("chinese.txt")
        self.ordinary = sentences("ordinary_zh.txt")

    def example(self) -> Example:
        rng = self.rng
        pool = self.templates if rng.random() < 0.5 else self.ordinary
        template = rng.choice(pool)
        while rng.random() < 0.35:
            extra = rng.choice(self.ordinary if rng.random() < 0.7 else self.templates)
            template += rng.choice(("", "", "", " ", "\n", "，", "[哈哈]", "…", "~ ")) + extra
        return self.fill(template)

    def fill(self, template: str) -> Example:
        out, spans, at, length = [], [], 0, 0
        for match in SLOT.finditer(template):
            before = template[at : match.start()]
            value = self.value(match[1])
            out += [before, value]
            length += len(before)
            kind = LABELLED.get(match[1])
            if kind:
                spans.append((length, length + len(value.rstrip("@")), kind))
            length += len(value)
            at = match.end()
        return "".join([*out, template[at:]]), spans

    def value(self, kind: str) -> str:
        rng = self.rng
        match kind:
            case "人":
                return self.person()
            case "名":
                return self.given()
            case "昵":
                return self.nickname()
            case "官":
                return self.titled()
            case "机构":
                return self.organisation()
            case "地":
                return self.place()
            case "址":
                return self.address()
            case "句":
                text, _ = self.fill(rng.choice(SENTENCES))
                return text
            case "物":
                return rng.choice(self.words["product"])
            case "食":
                return rng.choice(self.words["food"])
            case "病":
                return rng.choice(self.words["illness"])
            case "药":
                return rng.choice(self.words["drug"])
            case "职":
                return rng.choice(self.words["job"])
            case "func":
                return rng.choice(("get_user", "list_items", "print", "load_data", "len"))
            case "号":
                return rng.choice(
                    (
                        str(rng.randint(10**9, 10**12)),
                        f"#W{rng.randint(10**6, 10**7)}",
                        f"{rng.choice('ABC')}{rng.randint(1000, 99999)}",
                    )
                )
            case "电话":
                return f"1{rng.randint(30, 99)}{rng.randint(0, 99999999):08d}"
            case "数":
                return rng.choice(
                    (
                        str(rng.randint(1, 9)),
                        str(rng.randint(10, 9999)),
                        rng.choice("一二三四五六七八九十"),
                        f"{rng.randint(1, 99)}.{rng.randint(0, 9)}",
                    )
                )
            case "短链":
                letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                return "http://t.cn/" + "".join(rng.choice(letters) for _ in range(7))
            case "大":
                return rng.choice(
                    (
                        "NO！",
                        "哇，",
                        "嗯嗯，",
                        "哎，",
                        "嘿嘿，",
                        "哼！",
                        "唉，",
                        "额，",
                        "好吧，",
                        "话说",
                        "其实",
                        "对了，",
                        "所以",
                    )
                )
            case "词":
                return self.word(rng.choice(("名词", "名词", "动名", "形", "成语", "习语")))
            case "岁":
                return str(rng.randint(5, 90))
            case "日":
                return rng.choice(
                    (
                        f"{rng.randint(1990, 2026)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日",
                        f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日",
                        f"{rng.randint(2020, 2026)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
                        "明天",
                        "下周五",
                        "昨天",
                    )
                )
            case "时":
                return rng.choice(
                    (
                        f"{rng.randint(1, 12)}点",
                        f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}",
                        f"{rng.choice(('上午', '下午', '晚上'))}{rng.randint(1, 12)}点",
                    )
                )
            case _:
                return self.word(kind)

    def word(self, kind: str) -> str:
        tag = self.rng.choice(TAGS[kind])
        if tag == "n" and self.rng.random() < 0.05:
            return self.rng.choice(mistaken())
        if self.rng.random() < 0.4:
            rows = common(tag)
            return rows[self.rng.randrange(len(rows))]
        words, sums = weighted(tag)
        return words[bisect(sums, self.rng.random() * sums[-1])]

    def surname(self) -> str:
        rng, own = self.rng, self.own
        if rng.random() < 0.05:
            return rng.choice(own["compound"])
        top = own["surname"]
        return rng.choice(top[:40] if rng.random() < 0.65 else top)

    def given(self) -> str:
        rng = self.rng
        chars = given_characters()
        if rng.random() < 0.1:
            return rng.choice(self.own["nick"]) * (2 if rng.random() < 0.5 else 1)
        n = 1 if rng.random() < 0.25 else 2
        return "".join(rng.choice(chars) for _ in range(n))

    def person(self) -> str:
        rng, r = self.rng, self.rng.random()
        if r < 0.52:
            given = self.given()
            return self.surname() + given
        if r < 0.72:
            return rng.choice(self.own["person"])
        if r < 0.84:
            return rng.choice(known_people())
        if r < 0.92:
            return rng.choice(foreign_people())
        if r < 0.94:
            return rng.choice(foreign_people()) + "·" + rng.choice(foreign_people())
        return self.nickname()

    def nickname(self) -> str:
        rng, own, r = self.rng, self.own, self.rng.random()
        c = rng.choice(own["nick"])
        if r < 0.2:
            return "小" + (c if rng.random() < 0.6 else self.surname()[0])
        if r < 0.36:
            return "阿" + c
        if r < 0.48:
            return rng.choice("老大") + self.surname()[0]
        if r < 0.6:
            return c + c
        if r < 0.7:
            return rng.choice((self.surname()[0], c)) + rng.choice(
                (
                    "哥",
                    "姐",
                    "总",
                    "爷",
                    "叔",
                    "妹",
                    "导",
                    "董",
                    "少",
                    "神",
                    "妈",
                    "老",
                    "大",
                    "美人",
                    "宝宝",
                    "同学",
                    "弟弟",
                    "哥哥",
                    "姐姐",
                )
            )
        if r < 0.8:
            return self.given()
        if r < 0.86:
            return "小" + c + c
        if r < 0.93:
            return self.surname() + self.given()
        return rng.choice(own["person"])

    def titled(self) -> str:
        """Somebody by surname and title: the surname alone is the name, the title follows."""
        r = self.rng.random()
        title = self.rng.choice(self.own["title"])
        if r < 0.8:
            return self.surname() + title
        return self.surname() + self.given() + title

    def organisation(self) -> str:
        rng, own, r = self.rng, self.own, self.rng.random()
        if r < 0.42:
            return rng.choice(own["organisation"])
        if r < 0.6:
            brand = "".join(rng.choice(own["brand"]) for _ in range(rng.choice((1, 2, 2))))
            place = self.place() if rng.random() < 0.45 else ""
            if rng.random() < 0.25:
                brand = self.surname() + self.given()
            if rng.random() < 0.3:
                return f"{place}{brand}{rng.choice(own['form'])}"
            if rng.random() < 0.2:
                return f"{brand}（{rng.choice(own['place'])}）{rng.choice(own['industry'])}{rng.choice(own['form'])}"
            return f"{place}{brand}{rng.choice(own['industry'])}{rng.choice(own['form'])}"
        if r < 0.63:
            return rng.choice("甲乙丙丁某") + "公司"
        if r < 0.78:
            brand = rng.choice(own["brand"]) + rng.choice(own["brand"])
            return self.place() + rng.choice(
                own["institution"] + own["school"] + ["大学", "学院", brand + "小区", brand + "酒店"]
            )
        if r < 0.88:
            return rng.choice(known_organisations())
        if r < 0.93:
            return rng.choice(own["organisation"]) + rng.choice(
                ("集团", "公司", "总部", "客服", "中国", "银行", "大学", "医院", "科技", "北京分公司")
            )
        return "".join(rng.choice(own["brand"]) for _ in range(2)) + rng.choice(
            (
                "网",
                "科技",
                "集团",
                "传媒",
                "影业",
                "银行",
                "证券",
                "队",
                "电视台",
                "卫视",
                "日报",
                "快递",
                "汽车",
                "手机",
                "地产",
                "大厦",
            )
        )

    def place(self) -> str:
        rng, r = self.rng, self.rng.random()
        if r < 0.55:
            return rng.choice(self.own["place"])
        if r < 0.85:
            return rng.choice(known_places())
        if r < 0.95:
            return rng.choice(geo()["han"])
        return rng.choice(known_places()) + rng.choice(
            ("市", "县", "区", "镇", "村", "路", "山", "湖", "河", "公园", "广场", "机场", "站", "大桥")
        )

    def address(self) -> str:
        rng, own = self.rng, self.own
        road = rng.choice(
            (
                "中山",
                "人民",
                "解放",
                "建设",
                "和平",
                "新华",
                "长江",
                "南京",
                "北京",
                "文化",
                "朝阳",
                "学院",
                "滨江",
                "科技",
                "幸福",
                "光明",
                "胜利",
                "东风",
                "友谊",
                "环城",
                "".join(rng.choice(own["brand"]) for _ in range(2)),
                self.place(),
            )
        )
        road += rng.choice(("路", "街", "大道", "东路", "西路", "南路", "北路", "中路", "巷", "大街", "胡同"))
        number = rng.choice(
            (
                f"{rng.randint(1, 2000)}号",
                f"{rng.randint(1, 200)}弄{rng.randint(1, 60)}号",
                f"{rng.choice('一二三四五六七八九')}号",
            )
        )
        estate = "".join(rng.choice(own["brand"]) for _ in range(2)) + rng.choice(
            ("花园", "小区", "大厦", "广场", "公寓", "家园", "新村", "国际", "苑", "城", "科技园", "写字楼")
        )
        room = rng.choice(
            (
                f"{rng.randint(1, 30)}号楼{rng.randint(1, 6)}单元{rng.randint(101, 2808)}室",
                f"{rng.randint(1, 30)}栋{rng.randint(101, 2808)}",
                f"{rng.choice('ABCD')}座{rng.randint(1, 30)}层",
                f"{rng.randint(1, 30)}幢{rng.randint(1, 6)}单元{rng.randint(101, 2808)}",
                f"{rng.randint(101, 2808)}室",
            )
        )
        city = rng.choice(regions())
        if rng.random() < 0.7:
            city += rng.choice(known_places())[:2] + rng.choice(("区", "区", "县", "镇", "新区"))
        r = rng.random()
        if r < 0.3:
            return city + road + number
        if r < 0.6:
            return city + road + number + estate + room
        if r < 0.75:
            return city + estate + room
        if r < 0.85:
            return road + number
        if r < 0.92:
            return (
                city + rng.choice(known_places())[:2] + "村" + f"{rng.randint(1, 20)}组{rng.randint(1, 90)}号"
            )
        return road + number + estate + room
