"""Chinese ids, telephones, cards, company codes and plates in running Chinese text: recall and precision.

python benchmarks/curation/chinese_ids.py [--misses]

Texts are the project's own: sentences with a value glued in, full-width in one of five, and sentences whose
numbers are none (order numbers, amounts, dates, ids with a wrong check digit). Values come from
`curation.canaries`, written independently of the recognisers.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from rightsizer.curation.canaries import canary
from rightsizer.curation.pii import scan
from rightsizer.curation.recognizers.check_digits import luhn

CARRIERS = ("130", "133", "135", "138", "139", "150", "152", "158", "166", "170", "176", "180", "188", "199")
AREAS = ("010", "021", "022", "0755", "0571", "028")
SENTENCES = (
    "您好，我的{what}是{value}，麻烦帮我查一下。",
    "{what}{value}已经登记过了",
    "请把{what}改成{value}谢谢",
    "客户王先生（{what}：{value}）今天来电投诉",
    "系统显示{what}为{value}，状态正常。",
    "昨天提交的材料里{what}写的是{value}但审核没过",
    '{{"{what}": "{value}", "备注": "无"}}',
    "【工单】{what}:{value}；请尽快处理",
)
NOTHING = (
    "订单号{d18}，金额{d4}.{d2}元，{year}年{m}月{d}日下单。",
    "物流单号SF{d13}预计{m}月{d}日送达",
    "商品编号{d10}库存{d3}件，单价{d3}元",
    "会议号{d9}，{year}-0{m}-1{m} 1{m}:30开始",
    "本期账单{d5}.{d2}元，积分{d6}分",
    "版本{m}.{d}.{d3}.{d2}已发布，错误码{d6}",
    "流水号{year}0{m}1{m}{d10}查询无结果",
    "合同第{d}条第{m}款，共{d3}页，编号（{year}）民终{d4}号",
    "校验失败的证件{badid}不会被接受",
    "参考代码{baduscc}格式有误",
)


def phone(draw: random.Random) -> str:
    body = "".join(draw.choices("0123456789", k=8))
    number = draw.choice(CARRIERS) + body
    shape = draw.randrange(4)
    if shape == 1:
        return f"{number[:3]}-{number[3:7]}-{number[7:]}"
    if shape == 2:
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    return f"+86{number}" if shape == 3 else number


def landline(draw: random.Random) -> str:
    area = draw.choice(AREAS)
    return f"{area}-{draw.randint(2, 8)}{''.join(draw.choices('0123456789', k=7))}"


def card(draw: random.Random) -> str:
    body = draw.choice(("622202", "621661", "622848", "621700", "625912")) + "".join(
        draw.choices("0123456789", k=12)
    )
    number = next(body + last for last in "0123456789" if luhn(body + last))
    return " ".join(number[i : i + 4] for i in range(0, 19, 4)) if draw.random() < 0.3 else number


def values(draw: random.Random, i: int) -> list[tuple[str, str, str]]:
    plate = (
        draw.choice("京沪粤浙苏川")
        + draw.choice("ABCDE")
        + "".join(draw.choices("ABCDEFGHJK0123456789", k=4))
        + "7"
    )
    return [
        ("身份证号", "CN_ID_CARD", canary("CN_ID_CARD", i)),
        ("手机号", "PHONE_NUMBER", phone(draw)),
        ("手机", "PHONE_NUMBER", phone(draw)),
        ("座机", "PHONE_NUMBER", landline(draw)),
        ("银行卡号", "CREDIT_CARD", card(draw)),
        ("统一社会信用代码", "CN_USCC", canary("CN_USCC", i)),
        ("车牌", "CN_LICENSE_PLATE", plate),
        ("邮箱", "EMAIL_ADDRESS", canary("EMAIL_ADDRESS", i)),
        ("护照号", "CN_PASSPORT", f"E{draw.randint(10**7, 10**8 - 1)}"),
        ("QQ", "CN_SOCIAL_ACCOUNT", str(draw.randint(10**7, 10**10))),
    ]


def widened(value: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value)


def nothing(draw: random.Random, template: str) -> str:
    def digits(n: int) -> str:
        return str(draw.randint(2, 9)) + "".join(draw.choices("0123456789", k=n - 1))

    number = canary("CN_ID_CARD", draw.randrange(10**6))
    code = canary("CN_USCC", draw.randrange(10**6))
    return template.format(
        **{f"d{n}": digits(n) for n in (2, 3, 4, 5, 6, 9, 10, 13, 18)},
        d=draw.randint(1, 9),
        m=draw.randint(1, 9),
        year=draw.randint(2015, 2026),
        badid=number[:-1] + ("1" if number[-1] != "1" else "2"),
        baduscc=code[:-1] + ("1" if code[-1] != "1" else "2"),
    )


def main() -> None:
    draw = random.Random(0)
    total: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    right = wrong = 0
    notes = []
    for i in range(200):
        for what, kind, value in values(draw, i):
            shown = widened(value) if draw.random() < 0.2 and kind != "CN_LICENSE_PLATE" else value
            text = draw.choice(SENTENCES).format(what=what, value=shown)
            at = text.index(shown)
            spans = scan(text)
            total[kind] += 1
            whole = [s for s in spans if s.start <= at and s.end >= at + len(shown)]
            hit[kind] += bool(whole)
            right += len(whole)
            wrong += len(spans) - len(whole)
            if len(spans) != 1 or not whole:
                notes.append((kind, text, [(s.type, text[s.start : s.end]) for s in spans]))
    for i in range(2000):
        text = nothing(draw, NOTHING[i % len(NOTHING)])
        spans = scan(text)
        wrong += len(spans)
        if spans:
            notes.append(("none", text, [(s.type, text[s.start : s.end]) for s in spans]))
    for kind, n in total.items():
        print(f"{kind:20} {n:5}  recall {hit[kind] / n:.4f}")
    n = sum(total.values())
    print(f"{'all':20} {n:5}  recall {sum(hit.values()) / n:.4f}  precision {right / (right + wrong):.4f}")
    if "--misses" in sys.argv:
        for note in notes[:400]:
            print(note)


if __name__ == "__main__":
    main()
