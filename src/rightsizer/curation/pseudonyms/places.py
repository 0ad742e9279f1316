"""Addresses by their levels: number, street, unit; 省 市 区 路 号. Kinds and numbers of signs stay."""

from __future__ import annotations

import re

from rightsizer.curation.pseudonyms import lexicon_en as en
from rightsizer.curation.pseudonyms import lexicon_zh as zh
from rightsizer.curation.pseudonyms.codes import like_case
from rightsizer.curation.pseudonyms.keys import Draw

_SUFFIX = (
    "street|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|court|ct|place|pl|way|circle|cir|terrace|ter|trail"
    "|parkway|pkwy|highway|hwy|square|sq|crescent|close|row|alley|plaza|loop|walk|grove|gardens|mews|hill|rise|parade|quay|wharf"
)
_STREET = re.compile(
    r"(?P<number>[0-9]{1,6}[A-Za-z]?)[ ]+(?P<name>(?:[A-Za-z0-9.'\-]+[ ]+){0,4}?[A-Za-z0-9.'\-]+)[ ]+"
    rf"(?P<suffix>{_SUFFIX})(?P<end>\.?)(?![A-Za-z])",
    re.I,
)
STREET = _STREET
ZIP_END = re.compile(r"(?P<zip>[0-9]{5}(?:-[0-9]{4})?)[ .,]{0,4}$")
_UNIT = re.compile(
    r"(?P<word>suite|ste|apt|apartment|unit|room|rm|floor|fl|flat|building|bldg|p\.?o\.? box)"
    r"(?P<gap>\.?[ ]*#?)(?P<number>[0-9]+[A-Za-z]?)",
    re.I,
)
_COMPASS = frozenset(
    "n s e w ne nw se sw north south east west old new the upper lower great".split()  # noqa: SIM905
)
_SHORT = frozenset("st ave rd dr ln blvd ct pl cir ter pkwy hwy sq".split())  # noqa: SIM905
_SUFFIXES = frozenset(_SUFFIX.split("|")) | _COMPASS
_LEVELS = re.compile(
    r"(?P<province>[\u4e00-\u9fff]{2,3}(?:省|自治区))?(?P<city>[\u4e00-\u9fff]{2,4}?市)?(?P<district>[\u4e00-\u9fff]{1,4}?[区县])?"
    r"(?P<town>[\u4e00-\u9fff]{1,6}?(?:街道|镇|乡|村))?(?P<road>[\u4e00-\u9fff]{1,6}?(?:大道|路|街|巷|胡同|弄))?(?P<rest>.*)",
    re.S,
)
_BUILDING = "(?:(?![号弄栋幢楼室])[\u4e00-\u9fff]){2,6}(?=小区|花园|大厦|公寓|苑|广场|新村|家园)"
_HOUSED = re.compile(r"[0-9](?:号|弄|室|栋|单元|-[0-9])|[0-9]$")
_ESTATES = ("花园", "家园", "雅苑", "公馆", "小区", "新城")
_ROOM_ZH = re.compile(
    "[0-9A-Z]{1,4}(?:栋|幢|座|号楼|号院)(?:[0-9A-Z]{1,3}(?:单元|门))?(?:[0-9]{1,2}[层楼])?[0-9]{2,5}[室号户]?(?![0-9])"
)
_HOUSE = re.compile(r"[0-9]+(?:号|弄)")
Pair = tuple[str, str]


_ZIP = r"(?P<zip>[0-9]{5}(?:-[0-9]{4})?)"
_STATE_ZIP = re.compile(
    r"(?:(?P<city>[A-Z][A-Za-z.'\- ]{1,30}?)[, ]{1,2})?(?:(?P<state>[A-Z]{2})[, ]{1,2})?" + _ZIP
)
TOWN_STATE_ZIP = re.compile(r"(?P<city>[A-Z][A-Za-z.'\- ]{2,30}),?[ ][A-Z]{2},?[ ]" + _ZIP)
_NUMBERED = re.compile(r"#?[0-9]{1,6}[A-Za-z]?[ ]+[A-Za-z][A-Za-z.'\- ]{2,40}")
_STATE = re.compile(r"[A-Z]{2}")
_NAMED = re.compile(r"[A-Z][A-Za-z.'\-]+(?: [A-Z][A-Za-z.'\-]+){0,2}")
_IN_PROSE = re.compile(
    r"(?<![0-9A-Za-z#.$])[0-9]{1,5}[A-Za-z]?[ ](?:[A-Z][A-Za-z.'\-]+[ ]){1,3}"
    rf"(?:(?i:{_SUFFIX}))(?![A-Za-z])\.?"
)
_UNIT_IN_PROSE = re.compile(
    r"(?<![A-Za-z])(?:(?i:Suite|Ste|Apt|Apartment|Unit)\.? ?#?|Flat |flat (?=[0-9]{1,5}[A-Za-z]?,))"
    r"[0-9]{1,5}[A-Za-z]?(?![0-9A-Za-z])|(?<![A-Za-z])[Rr]oom [0-9]{3,4}[A-Za-z]?(?![0-9A-Za-z])"
)
_UNIT_ALONE = re.compile(
    r"(?i:Room|Rm|Ward|Bed|No)\.? ?#?[0-9]{1,5}[A-Za-z]?(?:\.[0-9]{1,3})?|#[0-9]{2,5}[A-Za-z]?"
)
_AFTER_STREET = re.compile(rf"(?i:{_SUFFIX})\.?, (?P<v>no\.? ?[0-9]{{1,5}}[A-Za-z]?)(?![0-9A-Za-z])")
# 水岸名都16栋3单元1203室, 水岸名都16-3-1203: an estate, and the flat in it
_FLAT_ZH = (
    r"[0-9]{1,3}(?:(?:栋|幢|号楼|座)(?:[0-9]{1,2}单元)?[0-9]{2,5}[室户]?|-[0-9]{1,2}-[0-9]{3,4}(?![0-9\-]))"
)
_NAMED_ESTATE = r"(?P<v>(?:(?![号弄路街巷])[\u4e00-\u9fff]){2,6}(?:[0-9]{2,3}[\u4e00-\u9fff]{2,6})?)"
_ESTATE = re.compile(
    rf"(?:[在住到至放是找：，,。；、 (（]|^|号|路|街|巷|弄){_NAMED_ESTATE}(?={_FLAT_ZH})", re.MULTILINE
)
_FLAT_IN_PROSE = re.compile(
    rf"(?<![0-9\-])(?P<v>{_FLAT_ZH}|[0-9]{{3,4}}室|[0-9]{{1,4}}弄[0-9]{{1,3}}号"
    r"|(?:[0-9]{1,2}[层楼]|[0-9]{3,4}[房室])[0-9]{1,3}床)"
)
_CORNER = re.compile(
    "(?P<v>(?:(?![在于到是])[\u4e00-\u9fff]){2,6}路[与和](?:(?!路)[\u4e00-\u9fff]){2,6}路)(?:交叉)?路?口"
)
_BEHIND = re.compile(
    r"(?:,?[ ](?:(?i:suite|ste|apt|apartment|unit|room|rm|floor|fl|flat)\.?[ ]{0,2}#?[0-9]{1,6}[A-Za-z]?))?"
    r"(?:,|,?[ ]in|\n)[ ]?(?!(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|Flat|Bldg)[. ])"
    r"(?P<town>[A-Z][a-z.'\-]+(?: [A-Z][a-z.'\-]+)?)(?:,?[ ][A-Z]{2}(?![A-Za-z]))?"
    r"(?:(?:,?[ ](?:I think )?)(?P<zip>[0-9]{5}(?:-[0-9]{4})?)(?![0-9]))?"
)
_BEFORE = re.compile(r"(?P<town>[A-Z][a-z.'\-]+(?: [A-Z][a-z.'\-]+)?)[ ]?(?:\(|[:,])[ ]?$")
_PLACE_IN_PROSE = re.compile(
    r"(?<![A-Za-z])(?P<city>[A-Z][a-z.'\-]+(?: [A-Z][a-z.'\-]+){0,2}),? (?P<state>[A-Z]{2}),? "
    rf"{_ZIP}(?![0-9])"
)
_UK_PLACE_IN_PROSE = re.compile(
    r"(?<![A-Za-z])(?P<city>[A-Z][a-z.'\-]+(?: [A-Z][a-z.'\-]+){0,2}),? "
    r"(?=[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}(?![0-9A-Za-z]))"
)

_UK_AT_END = re.compile(r"(?<=[\s,])[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}\Z")


def without_tail(address: str) -> str:
    """A street line and its unit without what a recogniser took in behind them: ``9 Elm Court. Serial …``."""
    match = _STREET.match(address)
    if match is None:
        return address
    unit = re.match(rf"[ ,]{{0,2}}(?:{_UNIT.pattern})", address[match.end() :], re.I)
    end = match.end() + (unit.end() if unit else 0)
    ended = bool(match["end"]) and match["suffix"].lower() not in _SHORT and not unit
    return address[:end] if address[end : end + 1] in '."\n;' or ended else address


def towns_beside(text: str) -> list[tuple[str, str]]:
    """(class, value) of what stands right behind a street line in prose: town and postcode; or a town before
    a street line in brackets. The town may still be any word with a capital."""
    found: list[tuple[str, str]] = []
    for match in _IN_PROSE.finditer(text):
        behind = _BEHIND.match(text, match.end())
        if behind:
            found.append(("CITY", behind["town"]))
            if behind["zip"]:
                found.append(("POSTCODE", behind["zip"]))
        before = _BEFORE.search(text[max(0, match.start() - 40) : match.start()])
        if before:
            found.append(("CITY", before["town"]))
    return found


def parts_of(address: str) -> list[tuple[str, str]]:
    """(class, value) of the parts of an English address in one string; itself where it is a single line."""
    posted = _UK_AT_END.search(address)
    rest = address[: posted.start()].rstrip(" ,\n") if posted else ""
    if posted and rest:
        return [("POSTCODE", posted[0]), *parts_of(rest)]
    pieces = [p.strip() for p in re.split(r"[,\n;]", address) if p.strip()]
    if len(pieces) < 2:
        return [("ADDRESS", address)]
    found: list[tuple[str, str]] = []
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=True):
        placed = _STATE_ZIP.fullmatch(piece)
        if placed:
            found += [
                (kind, placed[name])
                for kind, name in (("CITY", "city"), ("POSTCODE", "zip"))
                if placed[name] and not _STATE.fullmatch(placed[name])
            ]
        elif _UNIT.fullmatch(piece) or _NUMBERED.fullmatch(piece):
            found.append(("ADDRESS", piece))
        elif (
            _NAMED.fullmatch(piece)
            and not _STATE.fullmatch(piece)
            and re.match(r"[A-Z]{2}(?:$|[ ,])|[0-9]{5}", after)
        ):
            found.append(("CITY", piece))
    return found or [("ADDRESS", address)]


def find_in_prose(text: str) -> list[tuple[str, str]]:
    """(class, value) of English street lines, units, and cities before state and postcode."""
    found = [("ADDRESS", m[0]) for form in (_IN_PROSE, _UNIT_IN_PROSE, _ROOM_ZH) for m in form.finditer(text)]
    found += [("ADDRESS", m["v"]) for m in _AFTER_STREET.finditer(text)]
    if any("\u3400" <= c <= "\u9fff" for c in text):
        found += [
            ("ADDRESS", m["v"]) for form in (_ESTATE, _FLAT_IN_PROSE, _CORNER) for m in form.finditer(text)
        ]
    for match in _PLACE_IN_PROSE.finditer(text):
        found += [("CITY", match["city"]), ("POSTCODE", match["zip"])]
    # "postcode NR8 9SL" names no town
    towns = (m["city"] for m in _UK_PLACE_IN_PROSE.finditer(text))
    return found + [("CITY", town) for town in towns if "post" not in town.lower()]


def is_unit(value: str) -> bool:
    """Whether a value of a structure is a flat, a room, a bed: ``Apt 4``, ``#514``, ``Room 7.25``."""
    return any(form.fullmatch(value) is not None for form in (_UNIT_IN_PROSE, _UNIT_ALONE, _FLAT_IN_PROSE))


def surrogate_address(address: str, draw: Draw) -> list[Pair]:
    """(original, surrogate) for the whole address line and for the parts that also stand alone."""
    if any("\u3400" <= c <= "\u9fff" for c in address):
        return _chinese(address, draw)
    pairs: list[Pair] = []

    def street(match: re.Match[str]) -> str:
        name = " ".join(_street_word(w, draw) for w in match["name"].split())
        new = f"{_number(match['number'], draw)} {name} {match['suffix']}{match['end']}"
        pairs.append((f"{match['name']} {match['suffix']}", f"{name} {match['suffix']}"))
        return new

    def unit(match: re.Match[str]) -> str:
        new = f"{match['word']}{match['gap']}{_number(match['number'], draw)}"
        pairs.append((match[0], new))
        return new

    whole = _STREET.sub(street, address)
    if not pairs:
        whole = re.sub(r"[A-Za-z]{3,}", lambda m: _street_word(m[0], draw), address)
        if not _UNIT.search(address):
            whole = re.sub(r"[0-9]+", lambda m: _number(m[0], draw), whole)
    whole = _UNIT.sub(unit, whole)
    return [(address, whole), *pairs]


def _street_word(word: str, draw: Draw) -> str:
    low = word.lower().rstrip(".")
    if low in _SUFFIXES or low in en.TITLES or _UNIT.match(word + " 1"):
        return word
    if word[:1].isdigit():  # 5th Street
        return re.sub(r"[0-9]+", lambda m: _number(m[0], draw), word)
    return like_case(word, draw.pick(en.STREETS)) if len(low) > 1 else word


def _number(text: str, draw: Draw) -> str:
    digits = re.sub(r"[0-9]", lambda m: str(draw.below(10)), text)
    return digits if digits[0] != "0" or text[0] == "0" else str(1 + draw.below(9)) + digits[1:]


def _chinese(address: str, draw: Draw) -> list[Pair]:
    match = _LEVELS.match(address)
    assert match is not None  # every group is optional
    if address[-1] not in "省市区县镇乡村路街巷弄道号" and not _HOUSED.search(address):  # an estate
        return [(address, draw.pick(zh.ROADS) + draw.pick(_ESTATES))]
    new: list[str] = []
    pairs: list[Pair] = []
    for level, options in (("province", zh.PROVINCES), ("city", zh.CITIES), ("district", zh.DISTRICTS)):
        if match[level]:
            new.append(draw.pick(options))
            pairs.append((match[level], new[-1]))
    for level in ("town", "road"):
        if match[level]:
            form = next(
                f
                for f in ("街道", "大道", "胡同", "镇", "乡", "村", "路", "街", "巷", "弄")
                if match[level].endswith(f)
            )
            new.append(draw.pick(zh.ROADS) + form)
            pairs.append((match[level], new[-1]))
    estate = _ESTATE.search(match["rest"])
    rest = match["rest"]
    if estate is not None:
        pairs.append((estate["v"], draw.pick(zh.ROADS) + draw.pick(_ESTATES)))
        rest = rest.replace(*pairs[-1])
    rest = re.sub(r"[0-9]+", lambda m: _number(m[0], draw), rest)
    rest = re.sub(_BUILDING, lambda m: draw.pick(zh.ROADS), rest)
    new.append(rest)
    road = match["road"] or match["town"]
    if road and match["rest"]:
        pairs.append((road + match["rest"], "".join(new[-2:])))
        house, other = _HOUSE.match(match["rest"]), _HOUSE.match(rest)
        if house and other:
            pairs.append((road + house[0], new[-2] + other[0]))
        elif re.match("[\u4e00-\u9fff]{2}", match["rest"]):  # 清潭新村487号, without a road
            pairs.append((match["rest"], rest))
    return [(address, "".join(new)), *(p for p in pairs if len(p[0]) >= 3)]


def surrogate_city(city: str, draw: Draw) -> str:
    """Another place; Chinese ones keep their level (市, 区, 县)."""
    if any("\u3400" <= c <= "\u9fff" for c in city):
        end = city[-1] if city[-1] in "省市区县镇村" else ""
        lists = {"省": zh.PROVINCES, "区": zh.DISTRICTS, "县": zh.DISTRICTS}
        chosen = draw.pick(lists.get(end, zh.CITIES))
        return chosen[:-1] + end
    return like_case(city, draw.pick(en.CITIES))
