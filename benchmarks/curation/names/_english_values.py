"""Values that are no names, for the slots of English sentences."""
# ruff: noqa: E501  (lists: one row is one line)

from __future__ import annotations

from typing import Any

from _lists import english_words


def plain_value(self: Any, kind: str) -> str:
    """A value of a slot that is no name: numbers, dates, identifiers, sentences."""
    rng, w = self.rng, self.words
    pick = rng.choice
    match kind:
        case "Sentence":
            s = rng.choice((
                "the {a} {n} {v}ed {d}", "we need to {v} the {n} before the {m}", "you can {v} your {n} {w}", "{n} and {m} are {d} {a}",
                "it is {a} to {v} the {n}", "please {v} the {n} and {u} the {m}", "there was no {n} in the {m}", "this {n} is more {a} than the {m}",
                "nobody knows why the {n} is so {a}", "they {d} {v} the {n}", "the {n} will be {a} {w}", "our {m} has a {a} {n}",
            ))  # fmt: skip
            for slot, name in zip(
                "nmavudw", ("noun", "noun", "adj", "verb", "verb", "adverb", "when"), strict=True
            ):
                any_word = slot in "nmavud" and rng.random() < 0.4
                s = s.replace("{" + slot + "}", pick(english_words() if any_word else w[name]))
            return s.capitalize()
        case "id" | "ID":
            return pick(
                (
                    f"#W{rng.randint(1000000, 9999999)}",
                    f"{pick('ABCXYZ')}{pick('QWERTY')}-{rng.randint(1000, 99999)}",
                    str(rng.randint(10**6, 10**10)),
                    f"user_{rng.randint(100, 9999)}",
                    f"INV-{rng.randint(2019, 2026)}-{rng.randint(1, 999):03d}",
                    f"{rng.randrange(16**8):08x}",
                    "".join(pick("ABCDEFGHJKLMNP0123456789") for _ in range(6)),
                )
            )
        case "hex":
            letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
            return "".join(pick(letters) for _ in range(rng.choice((6, 7, 8, 10))))
        case "url":
            host = pick(("example.com", "bit.ly", "t.co", "docs.site.org", "www.shop.net"))
            return f"{pick(('https', 'http'))}://{host}/{self._plain('hex')}{pick(('', '/', '?id=' + self._plain('hex')))}"
        case "email":
            return f"{self._first('en_US').lower()}{pick(('.', '_', '', '-'))}{rng.randint(1, 99)}@{pick(('example.com', 'gmail.com', 'mail.org'))}".replace(
                " ", ""
            )
        case "handle":
            return f"{pick(w['noun']).replace(' ', '')}{rng.randint(1, 99)}"
        case "phone":
            return pick(
                (
                    f"({rng.randint(200, 999)}) {rng.randint(200, 999)}-{rng.randint(0, 9999):04d}",
                    f"+{rng.randint(1, 99)} {rng.randint(100, 999)} {rng.randint(100, 999)} {rng.randint(1000, 9999)}",
                    f"{rng.randint(200, 999)}-{rng.randint(200, 999)}-{rng.randint(0, 9999):04d}",
                )
            )
        case "iban":
            return f"DE{rng.randint(10, 99)} {rng.randint(1000, 9999)} {rng.randint(1000, 9999)} {rng.randint(1000, 9999)} {rng.randint(1000, 9999)} {rng.randint(10, 99)}"
        case "card":
            return " ".join(str(rng.randint(1000, 9999)) for _ in range(4))
        case "date":
            d, m, y = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1940, 2026)
            return pick(
                (
                    f"{y}-{m:02d}-{d:02d}",
                    f"{m}/{d}/{y}",
                    f"{d}.{m}.{y}",
                    f"{pick(w['month'])} {d}, {y}",
                    f"{d} {pick(w['month'])} {y}",
                    f"{pick(w['month'])} {d}th",
                    f"{pick(('Monday', 'Friday', 'Sunday'))}, {pick(w['month'])} {d}",
                    f"{d} {pick(w['month'])[:3]}",
                )
            )
        case "mmyy":
            return f"{rng.randint(1, 12):02d}/{rng.randint(24, 32)}"
        case "time":
            return pick(
                (
                    f"{rng.randint(1, 12)}:{rng.randint(0, 59):02d} {pick(('AM', 'PM', 'am', 'pm'))}",
                    f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}",
                    f"{rng.randint(1, 12)}{pick(('am', 'pm'))}",
                    f"{rng.randint(1, 12)} o'clock",
                )
            )
        case "year":
            return str(rng.randint(1900, 2026))
        case "age" | "num2":
            return str(rng.randint(2, 99))
        case "num3":
            return str(rng.randint(100, 999))
        case "num4":
            return str(rng.randint(1000, 9999))
        case "num":
            return pick(
                (
                    str(rng.randint(100, 99999)),
                    f"{rng.randint(1, 99)},{rng.randint(100, 999)}",
                    f"{rng.randint(1, 99)}.{rng.randint(0, 9)}",
                    str(rng.randint(10**8, 10**10)),
                )
            )
        case "price":
            return f"{rng.randint(1, 999)}.{rng.randint(0, 99):02d}"
        case "money":
            return pick(
                (
                    f"${rng.randint(1, 9999)}",
                    f"${rng.randint(1, 999)}.{rng.randint(0, 99):02d}",
                    f"€{rng.randint(1, 999)}",
                    f"{rng.randint(1, 999)} USD",
                    f"{rng.randint(1, 99)} million dollars",
                    f"£{rng.randint(1, 99)},{rng.randint(100, 999)}",
                )
            )
        case "percent":
            return pick((f"{rng.randint(1, 99)}%", f"{rng.randint(1, 9)}.{rng.randint(1, 9)} percent"))
        case "seat":
            return f"{rng.randint(1, 40)}{pick('ABCDEF')}"
        case "letter":
            return pick("ABCDEFGHIJKLMNOPRSTW")
        case "dose":
            return pick((f"{rng.randint(1, 20) * 5} mg", f"{rng.randint(1, 9)}0mg"))
        case "flight":
            return f"{pick(('HAT', 'UA', 'LH', 'AA', 'DL', 'CA'))}{rng.randint(1, 999):03d}"
        case "iata":
            return "".join(pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(3))
        case "func":
            return "_".join(
                pick(w[k]).split()[0]
                for k in pick((("verb", "noun"), ("noun",), ("verb", "noun", "noun"), ("noun", "noun")))
            )
        case _:
            raise KeyError(kind)
