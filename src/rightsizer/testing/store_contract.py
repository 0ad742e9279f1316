"""The promises of a store, checked: inherit `StoreContract`, name the opener, run with pytest.

    class TestMyStore(StoreContract):
        opener = "my.package:open_store"

`opener` is ``module:function``; it is called with the home folder and the options of
`rightsizer.store.open_store`, in this process and in others that are killed.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from rightsizer.errors import InputError, KeyMismatch, NotFound, RightsizerError, StoreBusy, StoreError
from rightsizer.store import Appended, Rejected, Store
from rightsizer.types import (
    Call,
    CallError,
    Message,
    Request,
    Route,
    SetAside,
    Task,
    TextPart,
    ToolCallPart,
    Usage,
)

_WRITER = """
import sys
from pathlib import Path
from rightsizer.testing.store_contract import load_opener, make_call
from rightsizer.types import SetAside, Task
home, opener, start = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = load_opener(opener)(Path(home))
for n in range(start, start + 10_000):
    store.calls.append([make_call(f"call-{n}-{k}", f"session-{n}", text=f"{n} {k} " * 50) for k in range(3)])
    store.records.put(Task(id=f"task-{n}", name="a"), Task(id=f"twin-{n}", name="b"))
    marks = [SetAside(call_id=f"call-{n}-{k}", stage="gate", reason=str(n)) for k in range(2)]
    store.marks.set_aside("gate", marks)
    print(n, flush=True)
"""


def load_opener(path: str) -> Any:
    """The function that ``module:function`` names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def make_call(call_id: str, session_id: str = "s", *, text: str = "hello", answer: str = "ok") -> Call:
    """A small whole call."""
    return Call(
        id=call_id,
        session_id=session_id,
        request=Request(
            messages=(
                Message(role="system", parts=(TextPart(content="You sort letters."),)),
                Message(role="user", parts=(TextPart(content=text),)),
            )
        ),
        response=Message(role="assistant", parts=(TextPart(content=answer),)),
    )


def raises(kind: type[RightsizerError], action: Any, *arguments: Any, **options: Any) -> RightsizerError:
    """The error that the action raises; an AssertionError if it raises none of this kind."""
    try:
        action(*arguments, **options)
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def file_bytes(folder: Path) -> bytes:
    """All bytes of all files below a folder, with their names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(path.name.encode() + b"\n" + path.read_bytes() for path in files)


class StoreContract:
    """One test method per promise of `rightsizer.store.store`."""

    opener: ClassVar[str] = "rightsizer.store:open_store"

    def make_store(self, home: Path, **options: Any) -> Store:
        """Open (or make) the store of `home`; opening it twice gives two handles on the same data."""
        store: Store = load_opener(self.opener)(home, **options)
        return store

    def hold_write_lock(self, home: Path) -> AbstractContextManager[object]:
        """Another writer that is in the middle of writing, as long as the context lasts."""
        raise NotImplementedError

    # ── calls ───────────────────────────────────────────────────────────────────────────────

    def test_any_call_comes_back_equal(self, tmp_path: Path) -> None:
        from hypothesis import HealthCheck, given, settings
        from hypothesis import strategies as st

        from rightsizer.testing.call_strategy import calls

        store = self.make_store(tmp_path / "home")
        seen: dict[str, Call] = {}

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(calls, max_size=3, unique_by=lambda call: call.id))
        def check(batch: list[Call]) -> None:
            fresh = [call for call in batch if call.id not in seen]
            assert store.calls.append(fresh) == Appended(new=len(fresh))
            seen.update((call.id, call) for call in fresh)
            for call in batch:
                assert store.calls.get(call.id) == seen[call.id]

        check()
        store.close()
        reopened = self.make_store(tmp_path / "home")
        assert list(reopened.calls.scan()) == list(seen.values())
        reopened.close()

    def test_a_known_call_adds_nothing(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        first, second = make_call("a"), make_call("b")
        assert store.calls.append([first, second, first]) == Appended(new=2, known=1)
        assert store.calls.append([second]) == Appended(known=1)
        assert list(store.calls.scan()) == [first, second]
        store.close()

    def test_what_is_erased_is_gone_and_does_not_come_back(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        kept, gone, late = make_call("a", "s1"), make_call("b", "s2", text="erase me"), make_call("c", "s2")
        store.calls.append([kept, gone])
        assert store.calls.erase(["b"], sessions=["s2"]).calls == 1
        raises(NotFound, store.calls.get, "b")
        assert store.calls.append([kept, gone, late]) == Appended(known=1, forgotten=2)
        assert list(store.calls.scan()) == [kept]
        store.close()

    def test_key_order_does_not_make_another_call(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        call = make_call("a").model_copy(update={"metadata": {"x": 1, "y": 2}})
        turned = make_call("a").model_copy(update={"metadata": {"y": 2, "x": 1}})
        store.calls.append([call])
        assert store.calls.append([turned]) == Appended(known=1)
        store.close()

    def test_other_content_under_a_known_id_is_a_conflict(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        store.calls.append([make_call("a")])
        other = make_call("a", answer="something else")
        later = make_call("a").model_copy(update={"latency_s": 2.0})
        assert store.calls.append([other, later, make_call("b")]) == Appended(1, 0, ("a", "a"))
        assert store.calls.get("a") == make_call("a")
        store.close()

    def test_scan_gives_pages_sessions_and_tasks_in_order(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        calls = [make_call(f"c{n}", f"s{n % 3}", text=str(n)) for n in range(30)]
        store.calls.append(calls[:7])
        store.calls.append(calls[7:])
        assert list(store.calls.scan(offset=5, limit=4)) == calls[5:9]
        assert list(store.calls.scan(session_id="s1")) == calls[1::3]
        assert list(store.calls.scan(session_id="nobody")) == []
        store.marks.assign("template", {"c3": "task_a", "c1": "task_a", "c2": None})
        store.marks.set_aside("curate", [SetAside(call_id="c1", stage="curate", reason="duplicate")])
        assert [c.id for c in store.calls.scan(task_id="task_a")] == ["c1", "c3"]
        assert [c.id for c in store.calls.scan(task_id="task_a", kept_only=True)] == ["c3"]
        assert store.calls.count() == 30
        assert store.calls.count(kept_only=True) == 29
        assert store.calls.count(task_id="task_a", kept_only=True) == 1
        store.close()

    def test_scan_is_a_snapshot(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        store.calls.append([make_call("a"), make_call("b")])
        scan = store.calls.scan()
        store.calls.append([make_call("c")])
        assert [call.id for call in scan] == ["a", "b"]
        store.close()

    def test_an_unknown_call_is_not_found(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        raises(NotFound, store.calls.get, "nowhere")
        store.close()

    def test_equal_content_is_stored_once(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        noise = random.Random(7).randbytes(100_000).hex()
        for n in range(40):  # 40 transactions, so that compression cannot hide a second copy
            call = make_call(f"c{n}", text=noise)
            tools = ({"type": "function", "function": {"name": "look", "description": noise[::-1]}},)
            request = call.request.model_copy(update={"tools": tools, "response_format": {"x": noise[3:]}})
            store.calls.append([call.model_copy(update={"request": request})])
        store.close()
        assert len(file_bytes(tmp_path / "home")) < 2 * 3 * len(noise)

    def test_many_small_appends_stay_readable(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        calls = [make_call(f"c{n}", text=f"question {n}") for n in range(150)]
        for call in calls:
            store.calls.append([call])
        assert list(store.calls.scan()) == calls
        assert [store.calls.get(call.id) for call in reversed(calls)] == calls[::-1]
        store.close()

    def test_rejected_lines_are_kept_once(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        lines = [
            Rejected("a.jsonl", 3, "invalid-json", "expected a comma", b'{"a" 1}\xff'),
            Rejected("a.jsonl", 9, "no-request", "", b"{}"),
        ]
        assert store.calls.reject(lines) == 2
        assert store.calls.reject(lines[:1]) == 0
        assert list(store.calls.rejected()) == lines
        store.close()

    # ── records and marks ───────────────────────────────────────────────────────────────────

    def test_records_are_replaced_listed_and_deleted(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        first, second = (
            Task(id="t1", name="分类"),
            Task(id="t2", name="b", signature={"\ud800": [2**70, float("inf")]}),
        )
        store.records.put(second, first)
        assert store.records.get(Task, "t2") == second
        renamed = second.model_copy(update={"name": "c"})
        store.records.put(renamed)
        assert store.records.list(Task) == [renamed, first]
        assert store.records.list(Task, name="分类") == [first]
        route = Route(task_id="t1", student_id="s", release_id="r", mode="live", share=1.0, threshold=0.5)
        store.records.put(route)
        assert store.records.get(Route, "t1") == route
        store.records.delete(Route, "t1")
        raises(NotFound, store.records.get, Route, "t1")
        raises(NotFound, store.records.delete, Route, "t1")
        raises(InputError, store.records.put, make_call("a").request)
        store.close()

    def test_marks_replace_their_stage_only(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        store.calls.append([make_call(f"c{n}") for n in range(4)])
        old = [SetAside(call_id="c0", stage="curate", reason="error")]
        new = [
            SetAside(call_id="c1", stage="curate", reason="duplicate", detail="of c0"),
            SetAside(call_id="c3", stage="curate", reason="truncated"),
        ]
        gate = [SetAside(call_id="c2", stage="gate", reason="disputed")]
        store.marks.set_aside("curate", old)
        store.marks.set_aside("gate", gate)
        store.marks.set_aside("curate", new[::-1])
        assert list(store.marks.aside("curate")) == new
        assert list(store.marks.aside()) == [new[0], gate[0], new[1]]
        raises(NotFound, store.marks.set_aside, "curate", [old[0].model_copy(update={"call_id": "zz"})])
        raises(InputError, store.marks.set_aside, "gate", old)
        assert list(store.marks.aside("curate")) == new
        store.close()

    def test_assignments_overwrite_per_call_and_level(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        store.calls.append([make_call(f"c{n}") for n in range(3)])
        store.marks.assign("template", {"c2": "t1", "c0": None})
        store.marks.assign("step", {"c0": "t9"})
        store.marks.assign("template", {"c0": "t2"})
        assert store.marks.assignments("template") == {"c0": "t2", "c2": "t1"}
        assert store.marks.assignments("step") == {"c0": "t9"}
        raises(NotFound, store.marks.assign, "template", {"c1": "t1", "zz": "t1"})
        assert "c1" not in store.marks.assignments("template")
        store.close()

    # ── secrecy ─────────────────────────────────────────────────────────────────────────────

    def test_nothing_of_content_is_readable_in_any_file(self, tmp_path: Path) -> None:
        words = _Planted()
        home = tmp_path / "home"
        store = self.make_store(home)
        words.plant(store)
        while_open = file_bytes(home)
        store.close()
        for where, content in (("while open", while_open), ("after closing", file_bytes(home))):
            found = [word for word in words.used if word.encode() in content]
            assert not found, f"readable {where}: {found}"
        reopened = self.make_store(home)
        assert words.used[0] in reopened.calls.get(words.used[-1]).request.messages[0].text
        reopened.close()

    def test_another_key_does_not_open_the_store(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        store = self.make_store(home, key=b"k" * 32)
        store.calls.append([make_call("a")])
        store.close()
        for read_only in (False, True):
            raises(KeyMismatch, self.make_store, home, key=b"x" * 32, read_only=read_only)
        raises(KeyMismatch, self.make_store, home)
        again = self.make_store(home, key=b"k" * 32)
        assert again.calls.count() == 1
        again.close()

    # ── processes ───────────────────────────────────────────────────────────────────────────

    def test_what_was_acknowledged_survives_kill_9(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        chance = random.Random(3)
        acknowledged: list[int] = []
        for attempt in range(5):
            acknowledged += self._write_and_kill(home, attempt * 100_000, chance.randrange(1, 12))
            store = self.make_store(home)
            calls = list(store.calls.scan())
            ids = {call.id for call in calls}
            for n in acknowledged:
                assert {f"call-{n}-{k}" for k in range(3)} <= ids
            assert len(calls) % 3 == 0, "a part of one append was written"
            tasks = {task.id for task in store.records.list(Task)}
            assert {task.replace("task", "twin") for task in tasks if task.startswith("task")} <= tasks
            assert len(tasks) % 2 == 0
            marks = list(store.marks.aside("gate"))
            assert len(marks) == 2
            assert marks[0].reason == marks[1].reason
            assert int(marks[0].reason) >= acknowledged[-1]
            store.close()

    def _write_and_kill(self, home: Path, start: int, after: int) -> list[int]:
        command = [sys.executable, "-c", _WRITER, str(home), self.opener, str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            done: list[int] = []
            for line in writer.stdout:
                done.append(int(line))
                if len(done) == after:
                    os.kill(writer.pid, signal.SIGKILL)
            assert len(done) >= after, "the writer ended by itself"
        return done

    def test_a_reader_does_not_wait_for_the_writer(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        store = self.make_store(home)
        store.calls.append([make_call("a")])
        with self.hold_write_lock(home):
            reader = self.make_store(home, read_only=True)
            assert [call.id for call in reader.calls.scan()] == ["a"]
        counts: list[int] = []

        def calls() -> Iterator[Call]:
            for n in range(600):
                yield make_call(f"n{n}")
                counts.append(reader.calls.count())

        store.calls.append(calls())
        assert counts == sorted(counts)
        assert counts[0] == 1
        assert reader.calls.count() == 601
        reader.close()
        store.close()

    def test_a_second_writer_waits_then_says_busy(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        store = self.make_store(home, busy_timeout_s=0.05)
        with self.hold_write_lock(home):
            error = raises(StoreBusy, store.calls.append, [make_call("a")])
            assert error.retryable
        assert store.calls.append([make_call("a")]) == Appended(new=1)
        store.close()

    def test_a_read_only_store_refuses_to_write(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        raises(InputError, self.make_store, home, read_only=True)
        raises(InputError, self.make_store, home, create=False)
        assert not home.exists()
        self.make_store(home).close()
        reader = self.make_store(home, read_only=True)
        raises(StoreError, reader.calls.append, [make_call("a")])
        assert reader.calls.count() == 0
        reader.close()

    def test_threads_share_one_store(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        problems: list[BaseException] = []

        def work(worker: int) -> None:
            try:
                for n in range(20):
                    store.calls.append([make_call(f"{worker}-{n}", text=f"shared {n}")])
                    assert store.calls.get(f"{worker}-{n}").id == f"{worker}-{n}"
            except (AssertionError, RightsizerError) as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert store.calls.count() == 80
        store.close()

    def test_a_closed_store_is_an_error(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path / "home")
        store.close()
        store.close()
        raises(StoreError, store.calls.count)


class _Planted:
    """Words that occur nowhere else, put into every place that must stay secret."""

    def __init__(self) -> None:
        self.used: list[str] = []

    def word(self) -> str:
        self.used.append(f"窗户Xylophone{len(self.used):03d}Quagga")
        return self.used[-1]

    def plant(self, store: Store) -> None:
        word = self.word
        request = Request(
            messages=(
                Message(role="user", parts=(TextPart(content=word()),), name=word(), extra={word(): 1}),
            ),
            tools=({"type": "function", "function": {"name": word(), "description": word()}},),
            response_format={"type": "json_schema", "json_schema": {"name": word()}},
            params={word(): word()},
        )
        call = Call(
            session_id=word(),
            timestamp=datetime(2026, 1, 1, tzinfo=UTC),
            request=request,
            response=Message(
                role="assistant",
                parts=(TextPart(content=word()), ToolCallPart(id=word(), name=word(), arguments=word())),
            ),
            usage=Usage(input_tokens=1, extra={word(): 1}),
            outcome={word(): word()},
            error=CallError(status=500, message=word()),
            metadata={word(): word()},
            source={word(): word()},
            extra={word(): word()},
            id="placeholder",
        )
        store.records.put(Task(id=word(), name=word(), reason=word(), signature={word(): word()}))
        store.calls.reject([Rejected(word(), 1, "invalid-json", word(), word().encode())])
        task_id = word()
        call = call.model_copy(update={"id": word()})
        store.calls.append([call])
        store.marks.set_aside(
            "curate", [SetAside(call_id=call.id, stage="curate", reason="pii", detail=self.used[0])]
        )
        store.marks.assign("template", {call.id: task_id})
