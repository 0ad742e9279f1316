"""English words that surrogates are made of, and words that look like names and are none."""

from __future__ import annotations

from rightsizer.curation.pseudonyms.words import load_words

_WORDS = load_words("words_en.toml")
FEMALE = _WORDS["female"]
MALE = _WORDS["male"]
SURNAMES = _WORDS["surnames"]
STREETS = _WORDS["streets"]
CITIES = _WORDS["cities"]
BRANDS = _WORDS["brands"]
OF_WOMEN = frozenset(_WORDS["of_women"])
OF_MEN = frozenset(_WORDS["of_men"])
ALSO_WORDS = frozenset(_WORDS["also_words"])
GENERIC = frozenset(_WORDS["generic"])
TITLES = frozenset(_WORDS["titles"])
