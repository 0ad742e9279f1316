"""What is forgotten opens with no key, in no copy, and does not come back; everything else stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rightsizer.errors import NotFound, StoreError
from rightsizer.store import Appended, Rejected, open_store
from rightsizer.store.ring import ring_path
from rightsizer.store.sqlite import SqliteStore
from rightsizer.testing.store_contract import make_call
from rightsizer.types import Call, SetAside

SECRET = "Zsófia's grey parrot"


def calls() -> list[Call]:
    made = [make_call(f"c{n}", f"s{n // 2}", text=f"question {n}", answer=f"answer {n}") for n in range(8)]
    made[2] = make_call("c2", "s1", text=SECRET, answer="a secret answer")
    return made


def rest() -> list[Call]:
    return [call for call in calls() if call.session_id != "s1"]


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    made = open_store(tmp_path / "home")
    made.calls.append(calls())
    return made


def test_the_calls_are_gone_and_the_others_are_whole(store: SqliteStore) -> None:
    done = store.calls.erase(["c2", "c3"], sessions=["s1"])
    # Two questions and two answers; the system message belongs to the others too.
    assert (done.calls, done.messages) == (2, 4)
    assert done.keys_destroyed == 2
    assert list(store.calls.scan()) == rest()
    with pytest.raises(NotFound):
        store.calls.get("c2")


def test_the_store_opened_anew_says_the_same(store: SqliteStore, tmp_path: Path) -> None:
    store.calls.erase(["c2", "c3"], sessions=["s1"])
    store.close()
    with open_store(tmp_path / "home") as again:
        assert list(again.calls.scan()) == rest()


def test_a_copy_of_the_database_made_before_opens_the_forgotten_no_more(
    store: SqliteStore, tmp_path: Path
) -> None:
    """The backup has every byte of the database, the home's own key, and today's ring."""
    store.close()
    home, backup = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(home, backup)
    with open_store(home) as again:
        again.calls.erase(["c2", "c3"], sessions=["s1"])
    shutil.copy(ring_path(home), ring_path(backup))
    with open_store(backup) as old, pytest.raises(StoreError, match="forgotten"):
        old.calls.get("c2")


def test_a_copy_with_its_own_ring_shows_that_the_ring_is_what_counts(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.close()
    home, backup = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(home, backup)
    with open_store(home) as again:
        again.calls.erase(["c2"])
    with open_store(backup) as old:
        assert old.calls.get("c2").request.messages[1].text == SECRET


def test_blocks_that_were_merged_are_destroyed_in_their_small_form_too(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with open_store(home) as store:
        store.calls.append([make_call("mine", "mine", text=SECRET)])
        store.close()
    shutil.copytree(home, backup)
    with open_store(home) as store:
        for n in range(40):
            store.calls.append([make_call(f"c{n}", f"s{n}", text=f"text {n}")])
        store.calls.erase(["mine"])
        assert store.calls.count() == 40
    shutil.copy(ring_path(home), ring_path(backup))
    with open_store(backup) as old, pytest.raises(StoreError, match="forgotten"):
        old.calls.get("mine")


def test_it_stays_forgotten_when_the_log_is_imported_again(store: SqliteStore) -> None:
    store.calls.erase(["c2", "c3"], sessions=["s1"])
    late = make_call("c9", "s1", text="a call of that session that was still under way")
    assert store.calls.append([*calls(), late]) == Appended(known=6, forgotten=3)
    assert list(store.calls.scan()) == rest()


def test_what_went_by_age_may_come_back(store: SqliteStore) -> None:
    store.calls.erase(["c2"])
    assert store.calls.append(calls()) == Appended(new=1, known=7)
    assert store.calls.get("c2") == calls()[2]


def test_marks_and_assignments_go_too(store: SqliteStore) -> None:
    marks = [SetAside(call_id=c, stage="curate", reason="error", detail=SECRET) for c in ("c2", "c4")]
    store.marks.set_aside("curate", marks)
    store.marks.assign("template", {"c2": "t", "c4": "t"})
    store.calls.erase(["c2"])
    assert [m.call_id for m in store.marks.aside()] == ["c4"]
    assert store.marks.assignments("template") == {"c4": "t"}


def test_unreadable_lines_go_where_asked(store: SqliteStore) -> None:
    store.calls.reject([Rejected("f", n, "invalid-json", "", raw) for n, raw in enumerate((b"a", b"b"))])
    assert store.calls.erase([], lines=lambda line: line.raw == b"b").unreadable_lines == 1
    assert [line.raw for line in store.calls.rejected()] == [b"a"]


def test_a_crash_before_the_keys_are_destroyed_is_made_up_for(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    store.close()
    shutil.copytree(home, backup)
    store = open_store(home)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("rightsizer.store.erase.destroy_doomed", die)
        with pytest.raises(KeyboardInterrupt):
            store.calls.erase(["c2", "c3"])
    store.close()
    open_store(home).close()
    shutil.copy(ring_path(home), ring_path(backup))
    with open_store(backup) as old, pytest.raises(StoreError, match="forgotten"):
        old.calls.get("c2")


def test_a_writer_that_knew_a_forgotten_message_does_not_point_to_it(
    store: SqliteStore, tmp_path: Path
) -> None:
    """Another process forgets while a long import runs: the import stops, and its repetition is whole."""
    shared = make_call("x1", "x", text=SECRET + " again")

    def stream():  # type: ignore[no-untyped-def]
        for n in range(512):
            yield make_call(f"x{n + 1}", "x", text=SECRET + " again")
        with open_store(tmp_path / "home") as other:
            other.calls.erase([f"x{n + 1}" for n in range(512)])
        yield make_call("y", "y", text=SECRET + " again")

    with pytest.raises(StoreError, match="forgotten while"):
        store.calls.append(stream())
    assert store.calls.append([shared.model_copy(update={"id": "y", "session_id": "y"})]).new == 1
    assert store.calls.get("y").request.messages[1].text == SECRET + " again"


def test_what_is_erased_while_calls_are_gone_through_is_left_out(store: SqliteStore, tmp_path: Path) -> None:
    going = store.calls.scan()
    assert next(going) == calls()[0]
    with open_store(tmp_path / "home") as other:
        other.calls.erase(["c2", "c3"], sessions=["s1"])
    store.calls._blocks.forget_cached()  # what one has read already one may still give
    store.calls._item_blocks.forget_cached()
    assert [call.id for call in going] == ["c1", "c4", "c5", "c6", "c7"]


def test_who_erases_what_another_has_erased_finds_nothing(store: SqliteStore, tmp_path: Path) -> None:
    with open_store(tmp_path / "home") as other:
        other.calls.erase(["c2"], sessions=["s1"])
    done = store.calls.erase(["c2", "c3", "never there"], sessions=["s1"])
    assert (done.calls, done.messages) == (1, 2)
    assert list(store.calls.scan()) == rest()


def test_a_lost_ring_is_said_to_be_lost(store: SqliteStore, tmp_path: Path) -> None:
    store.close()
    ring_path(tmp_path / "home").unlink()
    with open_store(tmp_path / "home") as again, pytest.raises(StoreError, match=r"blocks\.ring"):
        again.calls.get("c1")


def test_the_ring_is_the_owners_only(store: SqliteStore, tmp_path: Path) -> None:
    assert ring_path(tmp_path / "home").stat().st_mode & 0o777 == 0o600


def test_any_order_of_appending_and_erasing_keeps_the_rest_whole(tmp_path: Path) -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    texts = st.sampled_from(["hello", "where is it?", "在哪里", "a" * 3000])
    steps = st.lists(st.tuples(st.booleans(), st.integers(0, 7), texts), min_size=1, max_size=14)
    homes = iter(range(10_000))

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def check(script: list[tuple[bool, int, str]]) -> None:
        home = tmp_path / str(next(homes))
        expected: dict[str, Call] = {}
        with open_store(home) as store:
            for number, (is_erasure, session, text) in enumerate(script):
                if is_erasure:
                    gone = [c.id for c in expected.values() if c.session_id == f"s{session}"]
                    store.calls.erase(gone)
                    for call_id in gone:
                        del expected[call_id]
                else:
                    made = make_call(f"c{number}", f"s{session}", text=text, answer=text[::-1])
                    store.calls.append([made])
                    expected[made.id] = made
            assert list(store.calls.scan()) == list(expected.values())
        with open_store(home) as store:
            assert list(store.calls.scan()) == list(expected.values())

    check()
