"""Seals are bound to their place, addresses to their kind and key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rightsizer.errors import AccessDenied, StoreError
from rightsizer.store.crypto import Cipher


def cipher(store_id: bytes = b"s" * 16, **changed: object) -> Cipher:
    keys = {1: AESGCM(b"1" * 32), 2: AESGCM(b"2" * 32)}
    number = int(changed.get("current", 2))  # type: ignore[call-overload]
    return Cipher(store_id, keys, {"raw": 1, "curated": 1, "models": number}, b"a" * 32)


def test_a_sealed_blob_opens_in_its_place_only() -> None:
    blob = cipher().seal(b"secret", "calls", 7)
    assert b"secret" not in blob
    assert cipher().open(blob, "calls", 7) == b"secret"
    for where in (("calls", 8), ("items", 7), ("calls",), ("calls", 7, 0)):
        with pytest.raises(StoreError):
            cipher().open(blob, *where)
    with pytest.raises(StoreError):
        cipher(b"t" * 16).open(blob, "calls", 7)


def test_blobs_of_older_keys_still_open_and_new_ones_use_the_current_key() -> None:
    old = cipher(current=1).seal(b"x", "k")
    assert cipher(current=2).open(old, "k") == b"x"
    assert cipher(current=2).seal(b"x", "k")[:5] == b"\x01\x00\x00\x00\x02"


def test_the_key_a_blob_names_cannot_be_changed() -> None:
    blob = cipher(current=1).seal(b"x", "k")
    with pytest.raises(StoreError):
        cipher().open(blob[:4] + b"\x02" + blob[5:], "k")
    with pytest.raises(StoreError, match="newer"):
        cipher().open(b"\x09" + blob[1:], "k")


def test_equal_blobs_do_not_look_equal() -> None:
    assert cipher().seal(b"x", "k") != cipher().seal(b"x", "k")


def test_addresses_depend_on_kind_and_key() -> None:
    other = Cipher(b"s" * 16, {}, {}, b"b" * 32)
    addresses = {cipher().address("m", b"x"), cipher().address("n", b"x"), other.address("m", b"x")}
    assert len(addresses) == 3
    assert cipher().address("m", b"x") == cipher().address("m", b"x")


def test_each_compartment_has_its_key_and_a_withheld_one_is_named() -> None:
    blob = cipher().seal(b"x", "call", 1)
    assert blob[:5] == b"\x01\x00\x00\x00\x01"
    trainer = Cipher(
        b"s" * 16, {2: AESGCM(b"2" * 32)}, {"raw": 1, "curated": 2, "models": 2}, b"a" * 32, frozenset({1})
    )
    with pytest.raises(AccessDenied, match="'raw'"):
        trainer.open(blob, "call", 1)
    with pytest.raises(AccessDenied, match="'raw'"):
        trainer.seal(b"y", "item", 1)
    assert trainer.open(trainer.seal(b"y", "record", 1), "record", 1) == b"y"
