"""Who can only seal can read nothing."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from rightsizer.errors import AccessDenied, KeyMismatch
from rightsizer.gateway.indexer import index_segments
from rightsizer.gateway.segments import BEGIN, Segment, read_frames, segments_folder
from rightsizer.store import open_store
from rightsizer.store.keys import key_path
from rightsizer.store.role_keys import ENVIRONMENT_VARIABLE
from rightsizer.store.sealing import OpenWith, SealTo, unwrap_with, wrap_for

PRIVATE = OpenWith(bytes(range(32)))
PUBLIC = SealTo(PRIVATE.public, b"p" * 32)
KEY = b"k" * 32


def test_only_the_private_key_opens_and_only_in_its_place() -> None:
    sealed = wrap_for(PUBLIC, KEY, b"here")
    assert unwrap_with(PRIVATE, sealed, b"here") == KEY
    for key, where in ((PRIVATE, b"there"), (OpenWith(b"x" * 32), b"here"), (PUBLIC.public, b"here")):
        with pytest.raises(KeyMismatch):
            unwrap_with(key, sealed, where)
    with pytest.raises(KeyMismatch):
        unwrap_with(PRIVATE, bytes(92), b"here")
    with pytest.raises(KeyMismatch):
        unwrap_with(PRIVATE, wrap_for(KEY, KEY, b"here"), b"here")


def test_two_seals_of_one_key_differ() -> None:
    assert wrap_for(PUBLIC, KEY, b"x") != wrap_for(PUBLIC, KEY, b"x")


def test_no_secret_is_in_a_repr() -> None:
    assert "\\x00\\x01" not in repr(PRIVATE)
    assert "pppp" not in repr(PUBLIC)


def test_an_ingest_key_records_what_only_the_admin_indexes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with open_store(home) as store:
        secret = store.add_role_key("ingest", "edge")[0]
    segments_folder(home).mkdir(parents=True)
    with monkeypatch.context() as edge:
        edge.setenv(ENVIRONMENT_VARIABLE, secret)
        key_path(home).rename(home / "away")
        with open_store(home) as store:
            segment = Segment(segments_folder(home), store.writing_key)
            body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]})
            meta = {"id": "c", "session_id": "s", "api": "chat", "at": 1.0, "path": "/v1/chat/completions"}
            segment.append(BEGIN, orjson.dumps(meta), body)
            segment.close()
            assert index_segments(store, home).unreadable == 1
            with pytest.raises(AccessDenied):
                store.segment_keys  # noqa: B018
            with pytest.raises(KeyMismatch):
                list(read_frames(segment.path, OpenWith(store.writing_key.public)))
        (home / "away").rename(key_path(home))
    with open_store(home) as store:
        assert index_segments(store, home).segments == 1
        assert store.calls.get("c").request.messages[0].text == "hello"
