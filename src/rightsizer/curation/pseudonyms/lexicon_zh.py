"""Chinese words that surrogates are made of, and the structure of names, companies and addresses."""

from __future__ import annotations

from rightsizer.curation.pseudonyms.words import load_table, load_words

_WORDS = load_words("words_zh.toml")
SURNAMES = _WORDS["surnames"][0]
GIVEN = _WORDS["given"][0]
COMPOUND = _WORDS["compound"]
CITIES = _WORDS["cities"]
DISTRICTS = _WORDS["districts"]
PROVINCES = _WORDS["provinces"]
ROADS = _WORDS["roads"]
BRANDS = _WORDS["brands"]
INDUSTRIES = _WORDS["industries"]
FORMS = _WORDS["forms"]
INSTITUTIONS = _WORDS["institutions"]
PLACES = _WORDS["places"]
STOPS = _WORDS["stops"]
HONORIFICS = _WORDS["honorifics"]
CONTEXT = load_table("words_zh.toml", "context")
