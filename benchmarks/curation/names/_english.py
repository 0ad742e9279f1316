"""English training text: own sentences, filled with names of many origins."""
# ruff: noqa: E501  (lists and templates: one row is one line)

from __future__ import annotations

import random
import re
from functools import cache

from _english_values import plain_value
from _lists import english_words, geo, latin_names, lists, sentences, stripped

Example = tuple[str, list[tuple[int, int, str]]]
SLOT = re.compile(r"\{([A-Za-z0-9]+)\}")
LABELLED = {
    "person": "PERSON", "first": "PERSON", "last": "PERSON", "org": "ORGANIZATION", "city": "LOCATION",
    "country": "LOCATION", "state": "LOCATION", "place": "LOCATION", "citystate": "LOCATION",
    "address": "ADDRESS", "street": "ADDRESS", "zip": "ADDRESS", "postcode": "ADDRESS", "acronymorg": "ORGANIZATION",
}  # fmt: skip


class English:
    """Fills the slots of a sentence; one object, one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.given, self.family = latin_names()
        self.origins = sorted(self.given)
        self.own = lists("lists_en.txt")
        self.words = lists("lists_en_words.txt")
        self.templates = sentences("english.txt")
        self.json = sentences("english_json.txt")
        self.ordinary = sentences("ordinary_en.txt")

    def example(self) -> Example:
        r = self.rng.random()
        pool = self.templates if r < 0.66 else self.json if r < 0.74 else self.ordinary
        template = self.rng.choice(pool)
        if pool is not self.json and self.rng.random() < 0.3:
            template += self.rng.choice((" ", " ", "\n")) + self.rng.choice(
                self.ordinary if self.rng.random() < 0.6 else self.templates
            )
        text, spans = self.fill(template)
        case = self.rng.random()
        if pool is not self.json and case < 0.16:
            text = text.lower() if len(text.lower()) == len(text) else text
        elif pool is not self.json and case < 0.20:
            text = text.upper() if len(text.upper()) == len(text) else text
        elif case < 0.23:
            text = text.title() if len(text.title()) == len(text) else text
        return text, spans

    def fill(self, template: str) -> Example:
        out, spans, at, length = [], [], 0, 0
        origin = self._origin()
        for match in SLOT.finditer(template):
            before = template[at : match.start()]
            name = match[1]
            kind = name.lower() if name.isupper() else name
            value = self.value(kind, origin if self.rng.random() < 0.8 else self._origin())
            if name.isupper() and kind in LABELLED:
                value = value.upper()
            out += [before, value]
            length += len(before)
            if kind in LABELLED:
                spans.append((length, length + len(value), LABELLED[kind]))
            length += len(value)
            at = match.end()
        return "".join([*out, template[at:]]), spans

    def _origin(self) -> str:
        if self.rng.random() < 0.33:
            return self.rng.choice(("en_US", "en_US", "en_GB"))
        return self.rng.choice(self.origins)

    def value(self, kind: str, origin: str) -> str:
        rng = self.rng
        if kind.isupper() and kind.lower() in self.words:
            return rng.choice(self.words[kind.lower()]).upper()
        made = getattr(self, "_" + kind, None)
        if made is not None:
            return str(made(origin))
        if kind in geo():
            return rng.choice(geo()[kind])
        if kind in self.words:
            if kind in ("noun", "adj", "verb", "product") and rng.random() < 0.4:
                return " ".join(rng.choice(english_words()) for _ in range(rng.choice((1, 1, 2))))
            return rng.choice(self.words[kind])
        if kind.lower() in self.words:
            return rng.choice(self.words[kind.lower()]).title()
        if kind in ("title", "place"):
            return rng.choice(self.own[kind])
        return self._plain(kind)

    def _first(self, origin: str) -> str:
        if self.rng.random() < 0.05:
            return self.rng.choice(self.words["ambiguous"])
        return self._accents(self.rng.choice(self.given[origin]))

    def _last(self, origin: str) -> str:
        if self.rng.random() < 0.05:
            return self.rng.choice(self.words["ambiguous"])
        last = self.rng.choice(self.family[origin])
        if self.rng.random() < 0.03:
            last += "-" + self.rng.choice(self.family[origin])
        if self.rng.random() < 0.04:
            last = (
                self.rng.choice(
                    (
                        "O'",
                        "Mc",
                        "Mac",
                        "de ",
                        "van der ",
                        "von ",
                        "De La ",
                        "van ",
                        "di ",
                        "Al-",
                        "el-",
                        "D'",
                        "St. ",
                    )
                )
                + last
            )
        return self._accents(last)

    def _accents(self, name: str) -> str:
        return stripped(name) if self.rng.random() < 0.4 else name

    def _person(self, origin: str) -> str:
        first, last, r = self._first(origin), self._last(origin), self.rng.random()
        if r < 0.62:
            return f"{first} {last}"
        if r < 0.68:
            return f"{first} {self.rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        if r < 0.71:
            return f"{first[0]}. {last}"
        if r < 0.75:
            return f"{first} {self._first(origin)} {last}"
        if r < 0.77:
            return f"{first[0]}.{self.rng.choice('ABCDEFGHJKLM')}. {last}"
        if r < 0.79:
            return f"{first} {last} {self.rng.choice(('Jr.', 'Jr', 'Sr.', 'III', 'II'))}"
        if r < 0.82:
            return f"{first} {last} {self._last(origin)}"
        if r < 0.84 and origin in ("zh", "ko", "ja", "hu_HU", "vi_VN"):
            return f"{last} {first}"
        if r < 0.92:
            return first
        return last if r < 0.96 else f"{first} {last}"

    def _org(self, origin: str) -> str:
        rng, own, r = self.rng, self.own, self.rng.random()
        if r < 0.28:
            return rng.choice(own["organisation"])
        if r < 0.44:
            return f"{self._stem(origin)} {rng.choice(own['orgform'])}"
        if r < 0.54:
            head = rng.choice(own["orghead"]) if rng.random() < 0.6 else self._last(origin)
            form = f" {rng.choice(own['orgform'])}" if rng.random() < 0.4 else ""
            return f"{head} {rng.choice(own['orgcore'])}{form}"
        if r < 0.62:
            a, b, c = (self._last(origin) for _ in range(3))
            return rng.choice(
                (
                    f"{a}, {b} and {c}",
                    f"{a} & {b}",
                    f"{a}-{b}",
                    f"{a} and {b}",
                    f"{a}, {b} & {c}",
                    f"{a} and Sons",
                    f"{a} {b} LLP",
                )
            )
        if r < 0.72:
            place = rng.choice(geo()["city"] if rng.random() < 0.7 else geo()["state"])
            what = rng.choice(own["institution"])
            if what in ("University", "College") and rng.random() < 0.5:
                return f"{what} of {place}"
            return f"{place} {what}" if rng.random() < 0.7 else f"{self._last('en_US')} {what}"
        if r < 0.78:
            return rng.choice(own["bodies"]).replace("{n}", rng.choice(own["fields"]))
        if r < 0.84:
            w = rng.choice(
                (
                    self._last(origin),
                    rng.choice(own["orghead"]),
                    rng.choice(self.words["noun"]).title(),
                    self._first(origin) + "'s",
                )
            )
            return rng.choice(own["shop"]).replace("{w}", w)
        if r < 0.90:
            return self._coined()
        if r < 0.94:
            return self._acronymorg(origin)
        from_faker = _companies(origin)
        return rng.choice(from_faker) if from_faker else f"{self._last(origin)} {rng.choice(own['orgform'])}"

    def _stem(self, origin: str) -> str:
        r = self.rng.random()
        if r < 0.4:
            return self._last(origin)
        if r < 0.6:
            return self._coined()
        return self.rng.choice(self.own["orghead"]) + " " + self.rng.choice(self.own["orgcore"])

    def _coined(self) -> str:
        rng = self.rng
        a = rng.choice(
            (
                "Zen",
                "Ver",
                "Lum",
                "Nov",
                "Cal",
                "Tri",
                "Syn",
                "Ax",
                "Bel",
                "Cor",
                "Dyn",
                "Evo",
                "Flu",
                "Gro",
                "Hy",
                "In",
                "Jo",
                "Kin",
                "Lex",
                "Mod",
                "Nex",
                "Opt",
                "Pix",
                "Qua",
                "Rev",
                "Sol",
                "Tel",
                "Uni",
                "Viv",
                "Wav",
                "Xen",
                "Yo",
                "Zo",
            )
        )
        b = rng.choice(
            (
                "ora",
                "ify",
                "ex",
                "ium",
                "ando",
                "entis",
                "aro",
                "ix",
                "ly",
                "tech",
                "soft",
                "corp",
                "net",
                "gen",
                "star",
                "wise",
                "path",
                "hub",
                "bit",
                "base",
                "flow",
                "grid",
                "mart",
                "pay",
                "cloud",
                "bank",
                "works",
                "Sys",
                "Tech",
                "ello",
                "ero",
            )
        )
        return a + b

    def _acronymorg(self, origin: str) -> str:
        return "".join(
            self.rng.choice("ABCDEFGHIJKLMNOPRSTUVW") for _ in range(self.rng.choice((2, 3, 3, 3, 4, 4, 5)))
        )

    def _acronym(self, origin: str) -> str:
        return self._acronymorg(origin)

    def _citystate(self, origin: str) -> str:
        city = self.rng.choice(geo()["city"])
        return f"{city}, {self.rng.choice(geo()['state'] + geo()['stateabbr'] * 2)}"

    def _street(self, origin: str) -> str:
        rng, own = self.rng, self.own
        number = rng.choice(
            (
                rng.randint(1, 99),
                rng.randint(100, 9999),
                rng.randint(1, 40),
                f"{rng.randint(1, 200)}{rng.choice('ABCb')}",
            )
        )
        if rng.random() < 0.25 and origin not in ("en_US", "en_GB"):
            return rng.choice(own["eustreet"]).replace("{l}", self._last(origin)).replace("{n}", str(number))
        name = rng.choice(
            (
                rng.choice(own["streetname"]),
                self._last(origin),
                self._last(origin),
                self._first(origin),
                rng.choice(own["streetname"]) + " " + rng.choice(own["streetname"]),
            )
        )
        if rng.random() < 0.12:
            name = rng.choice(("N", "S", "E", "W", "North", "West", "NE", "SW")) + " " + name
        street = f"{name} {rng.choice(own['street'])}"
        if rng.random() < 0.06:
            street = rng.choice(
                (
                    f"Highway {rng.randint(1, 400)}",
                    f"County Road {rng.randint(1, 400)}",
                    f"Route {rng.randint(1, 99)}",
                    "Broadway",
                    f"{rng.randint(1, 120)}th Street",
                )
            )
        return f"{number} {street}" if rng.random() < 0.88 else street

    def _address(self, origin: str) -> str:
        rng = self.rng
        street, city = self._street(origin), rng.choice(geo()["city"])
        unit = rng.choice(
            (
                "Apt. {n}",
                "Apt {n}",
                "Suite {n}",
                "Unit {n}",
                "#{n}",
                "Floor {n}",
                "Apartment {n}",
                "Flat {n}",
                "Ste. {n}",
                "Room {n}",
            )
        ).replace("{n}", str(rng.randint(1, 990)))
        if rng.random() < 0.35:
            street += rng.choice((" ", ", ", "\n")) + unit
        join = rng.choice((", ", ", ", "\n", " ", ",", "\n "))
        r = rng.random()
        region = rng.choice(geo()["stateabbr"] * 3 + geo()["state"])
        zipcode = self._zip(origin)
        if r < 0.4:
            return f"{street}{join}{city}{rng.choice((', ', ', ', ' '))}{region} {zipcode}" + (
                rng.choice(("", "", ", USA", "\nUnited States", ", US"))
            )
        if r < 0.52:
            return f"{street}{join}{zipcode} {city}" + (
                f"{join}{rng.choice(geo()['country'])}" if rng.random() < 0.5 else ""
            )
        if r < 0.66:
            return f"{street}{join}{city}{join}{self._postcode(origin)}" + (
                f"{join}{rng.choice(geo()['country'])}" if rng.random() < 0.4 else ""
            )
        if r < 0.76:
            return f"{street}{join}{city}{join}{rng.choice(geo()['country'])}" + (
                f" {zipcode}" if rng.random() < 0.5 else ""
            )
        if r < 0.84:
            return f"{street}{join}{city}"
        if r < 0.88:
            return f"{street}{join}{city}, {region}"
        if r < 0.91:
            return (
                f"P.O. Box {rng.randint(1, 9999)}{join}{city}, {region} {zipcode}"
                if rng.random() < 0.6
                else f"PO Box {rng.randint(1, 9999)}"
            )
        if r < 0.94:
            return (
                rng.choice(
                    (
                        "PSC {a}, Box {b}\nAPO AP {z}",
                        "USNS {n}\nFPO AE {z}",
                        "Unit {a} Box {b}\nDPO AA {z}",
                        "USS {n}\nFPO AP {z}",
                        "USCGC {n}\nFPO AA {z}",
                    )
                )
                .replace("{a}", str(rng.randint(100, 9999)))
                .replace("{b}", str(rng.randint(100, 9999)))
                .replace("{z}", zipcode)
                .replace("{n}", self._last(origin))
            )
        fakes = _addresses(origin)
        return rng.choice(fakes) if fakes else f"{street}{join}{city}"

    def _zip(self, origin: str) -> str:
        five = f"{self.rng.randint(501, 99950):05d}"
        return five if self.rng.random() < 0.88 else f"{five}-{self.rng.randint(0, 9999):04d}"

    def _postcode(self, origin: str) -> str:
        rng, letters = self.rng, "ABCDEFGHJKLMNPRSTUVWXY"
        if rng.random() < 0.5:
            area = "".join(rng.choice(letters) for _ in range(rng.choice((1, 2))))
            return f"{area}{rng.randint(1, 20)} {rng.randint(0, 9)}{rng.choice(letters)}{rng.choice(letters)}"
        if rng.random() < 0.5:
            return f"{rng.choice(letters)}{rng.randint(0, 9)}{rng.choice(letters)} {rng.randint(0, 9)}{rng.choice(letters)}{rng.randint(0, 9)}"
        return str(rng.randint(1000, 999999))

    _plain = plain_value


@cache
def _companies(origin: str) -> list[str]:
    from faker import Faker

    if "_" not in origin or origin in ("ru_RU", "uk_UA"):
        return []
    fake = Faker(origin)
    fake.seed_instance(11)
    return sorted({fake.company() for _ in range(400)})


@cache
def _addresses(origin: str) -> list[str]:
    from faker import Faker

    if "_" not in origin or origin in ("ru_RU", "uk_UA"):
        return []
    fake = Faker(origin)
    fake.seed_instance(13)
    return sorted({fake.address() for _ in range(400)})
