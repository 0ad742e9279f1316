"""What the dictionary and the lists know of Chinese people, places and organisations."""

from __future__ import annotations

from functools import cache
from itertools import accumulate

from _lists import geo, jieba_words, lists

SURNAMES_SAFE = 220


@cache
def regions() -> tuple[str, ...]:
    cities = [
        "广州",
        "深圳",
        "东莞",
        "佛山",
        "珠海",
        "南京",
        "苏州",
        "无锡",
        "常州",
        "杭州",
        "宁波",
        "温州",
        "合肥",
        "福州",
        "厦门",
        "南昌",
        "济南",
        "青岛",
        "郑州",
        "洛阳",
        "武汉",
        "长沙",
        "南宁",
        "海口",
        "成都",
        "绵阳",
        "贵阳",
        "昆明",
        "西安",
        "兰州",
        "西宁",
        "银川",
        "石家庄",
        "唐山",
        "太原",
        "沈阳",
        "大连",
        "长春",
        "哈尔滨",
    ]
    of = {
        "广州": "广东",
        "深圳": "广东",
        "东莞": "广东",
        "南京": "江苏",
        "苏州": "江苏",
        "杭州": "浙江",
        "宁波": "浙江",
        "武汉": "湖北",
        "成都": "四川",
        "济南": "山东",
        "西安": "陕西",
        "长沙": "湖南",
    }
    plain = [c + "市" for c in cities] + cities + ["北京市", "上海市", "天津市", "重庆市", "北京", "上海"]
    return tuple(plain + [f"{of[c]}省{c}市" for c in of] + [of[c] + c for c in of])


@cache
def common(tag: str) -> list[str]:
    return [w for w, n in jieba_words()[tag] if n >= 50 and w not in names_of_all_kinds()] or [
        w for w, _ in jieba_words()[tag]
    ]


@cache
def weighted(tag: str) -> tuple[list[str], list[float]]:
    rows = [(w, n) for w, n in jieba_words()[tag] if w not in names_of_all_kinds()]
    return [w for w, _ in rows], list(accumulate(n**0.6 for _, n in rows))


@cache
def names_of_all_kinds() -> frozenset[str]:
    own = lists("lists_zh.txt")
    return frozenset([*own["person"], *own["organisation"], *own["place"]])


@cache
def given_characters() -> list[str]:
    """Characters of given names, as often as Faker's lists have them."""
    from faker.providers.person.zh_CN import Provider

    return [c for name in (*Provider.first_names_male, *Provider.first_names_female) for c in name] + [
        w[-1] for w in known_people()[:4000] if len(w) == 3
    ]


@cache
def known_people() -> list[str]:
    """Full names of jieba's dictionary that begin with a surname."""
    own = lists("lists_zh.txt")
    surnames = set(own["surname"][:SURNAMES_SAFE])
    rows = [*jieba_words()["nr"], *jieba_words().get("nrfg", [])]
    return [
        w for w, n in rows
        if (len(w) == 3 and w[0] in surnames and n < 1500) or (len(w) == 4 and w[:2] in own["compound"])
    ]  # fmt: skip


TRANSLITERATION = set(
    "阿埃艾安奥巴贝比伯布查达戴丹德迪蒂杜多恩尔法菲费芬弗福盖戈格哈海汉赫胡华怀霍基吉加杰金卡凯康柯科克库拉莱兰朗劳勒雷里利林伦罗洛马麦曼梅门蒙米莫姆穆纳奈南尼努诺欧帕佩彭皮珀普奇乔切琼茹塞瑟森沙莎申史斯苏索塔泰坦汤特廷托瓦威维温沃乌西希夏谢辛雅亚扬耶伊因英尤约泽扎詹朱兹佐娅娜妮丽琳莉黛"
)


@cache
def foreign_people() -> list[str]:
    """Transliterated names of jieba's dictionary."""
    rows = [*jieba_words()["nrt"], *jieba_words()["nr"]]
    return [
        w
        for w, n in rows
        if 3 <= len(w) <= 6
        and all(c in TRANSLITERATION for c in w)
        and n < 900
        and w not in names_of_all_kinds()
        and w not in places_listed()
    ]


@cache
def places_listed() -> frozenset[str]:
    return frozenset(w for w, _ in jieba_words()["ns"])


NO_PLACES = frozenset(
    [
        "城市",
        "地方",
        "国内",
        "全国",
        "城里",
        "当地",
        "省市",
        "海外",
        "本地",
        "人间",
        "天下",
        "市区",
        "城乡",
        "乡下",
        "街道",
        "港口",
        "世界",
        "山区",
        "乡村",
        "县城",
        "首都",
        "家乡",
        "大陆",
        "国土",
        "边境",
        "境内",
        "平原",
        "东西",
        "外国",
        "爱国",
        "自治州",
        "南北",
        "英雄",
        "朝廷",
        "太阳",
        "哥哥",
        "东南",
        "海洋",
        "自治县",
        "湖泊",
        "大桥",
        "高原",
        "上市",
        "西北",
        "西南",
        "东北",
        "帝国",
        "王国",
        "共和国",
        "祖国",
        "各地",
        "沿海",
        "内地",
        "农村",
        "盆地",
        "草原",
        "沙漠",
        "森林",
        "山脉",
        "山庄",
        "开发区",
        "工业区",
        "自治区",
        "直辖市",
        "特区",
        "大街",
        "马路",
        "公园",
        "广场",
        "机场",
        "车站",
        "码头",
        "河流",
        "海峡",
        "半岛",
        "金星",
        "木星",
        "水星",
        "火星",
        "月球",
        "地球",
        "银河",
        "成就",
        "大山",
        "天堂",
        "地狱",
        "故乡",
        "老家",
        "白云",
        "天河",
        "新城",
        "古城",
        "东方",
        "西方",
        "南方",
        "北方",
        "华人",
        "平安",
        "永远",
        "长期",
    ]
)


ENDINGS = frozenset("市县区镇省州岛山河湖江海国村乡桥港湾寺宫庙塔路街园关峡洲")


@cache
def known_places() -> list[str]:
    """Places of jieba's dictionary; common words that it calls places only where another source agrees."""
    rows = [w for w, n in jieba_words()["ns"] if 2 <= len(w) <= 6 and is_place(w, n)]
    return rows[:1500] * 4 + rows


def is_place(word: str, count: int) -> bool:
    """Whether a word that jieba calls a place is one."""
    if word in NO_PLACES:
        return False
    return count < 60 or word[-1] in ENDINGS or word in sure_places()


@cache
def sure_places() -> frozenset[str]:
    cities = {form for name in geo()["han"] for form in (name, name.rstrip("市县区"))}
    return frozenset(cities | set(lists("lists_zh.txt")["place"]))


@cache
def mistaken() -> list[str]:
    """Words that jieba calls people or places and that are ordinary."""
    surnames = set(lists("lists_zh.txt")["surname"][:100])
    people = [w for w, n in jieba_words()["nr"] if len(w) == 2 and n >= 300 and w[0] not in surnames]
    return people + [w for w, n in jieba_words()["ns"] if len(w) >= 2 and not is_place(w, n)]


@cache
def known_organisations() -> list[str]:
    rows = [w for w, _ in jieba_words()["nt"] if len(w) >= 3]
    return rows[:800] * 3 + rows
