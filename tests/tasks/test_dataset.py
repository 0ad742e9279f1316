"""Datasets: nothing leaks between the parts, the split is stable, and frozen means frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from rightsizer.errors import ArtifactError, InputError
from rightsizer.tasks.dataset import freeze, hash_rows, materialise
from rightsizer.tasks.groups import PARTS, link, split_of
from rightsizer.types import Call, Dataset, Example, Message, Request, Task

TASK = Task(id="task_1", name="router")


def as_is(call: Call) -> tuple[Request, Message]:
    assert call.response is not None
    return call.request, call.response


def same_text(texts: Sequence[str]) -> list[int]:
    first: dict[str, int] = {}
    return [first.setdefault(t.lower(), len(first)) for t in texts]


def split_by(examples: Sequence[Example], key: str) -> dict[str, set[str]]:
    parts: dict[str, set[str]] = defaultdict(set)
    for e in examples:
        parts[str(getattr(e, key))].add(e.split)
    return parts


def make(calls: Sequence[Call], **options: object) -> tuple[Dataset, list[Example]]:
    return freeze(TASK, calls, curate_example=as_is, **options)  # type: ignore[arg-type]


def test_shares_are_about_the_fractions(logs: SimpleNamespace) -> None:
    dataset, examples = make(logs.router(3000), fractions=(0.6, 0.25, 0.15))
    assert len(examples) == 3000
    for part, share in zip(PARTS, (0.6, 0.25, 0.15), strict=True):
        assert dataset.count(part) / 3000 == pytest.approx(share, abs=0.04)


def test_what_calibration_does_not_need_is_learned_from(logs: SimpleNamespace) -> None:
    calls = logs.router(3000)
    plain, _ = make(calls, fractions=(0.6, 0.25, 0.15))
    groups = len({row.group for row in plain.rows if row.split == "calibration"})
    bound, _ = make(calls, fractions=(0.6, 0.25, 0.15), most_calibration=groups // 3)
    kept = {row.group for row in bound.rows if row.split == "calibration"}
    assert groups / 6 < len(kept) < groups / 2
    assert bound.count("train") > plain.count("train")
    # nothing that was learned from is ever calibrated with
    learned = {row.group for row in plain.rows if row.split == "train"}
    assert learned <= {row.group for row in bound.rows if row.split == "train"}


def test_few_sessions_calibrate_on_more_of_them(logs: SimpleNamespace) -> None:
    usual, _ = make(logs.router(150), fractions=(0.6, 0.25, 0.15))
    adapted, _ = make(logs.router(150), fractions=(0.6, 0.25, 0.15), least_clean=55)
    assert adapted.count("calibration") / 150 == pytest.approx(0.5, abs=0.1)
    assert adapted.count("test") == usual.count("test")


def test_sessions_are_never_divided(logs: SimpleNamespace) -> None:
    _, examples = make(logs.clerk(60))
    assert all(len(parts) == 1 for parts in split_by(examples, "session_id").values())
    assert {e.split for e in examples} == set(PARTS)


def test_declared_groups_and_their_sessions_stay_together(logs: SimpleNamespace) -> None:
    calls = [
        c.model_copy(update={"metadata": {"customer": f"c{int(c.session_id.split('-')[-1]) % 7}"}})
        for c in logs.clerk(60)
    ]
    dataset, examples = make(calls, group_key="customer")
    customer = {c.id: c.metadata["customer"] for c in calls}
    parts: dict[str, set[str]] = defaultdict(set)
    for e in examples:
        parts[customer[e.call_id]].add(e.split)
    assert all(len(p) == 1 for p in parts.values())
    assert dataset.group_key == "customer"
    assert {e.group for e in examples} == {f"customer=c{i}" for i in range(7)}


def test_near_duplicates_share_a_group(logs: SimpleNamespace) -> None:
    calls = logs.router(400)
    _, examples = make([*calls, *logs.router(400, start=5000)], near_duplicates=same_text)
    texts = {e.call_id: e.prompt.messages[-1].text for e in examples}
    parts: dict[str, set[str]] = defaultdict(set)
    for e in examples:
        parts[texts[e.call_id]].add(e.split)
    assert len(parts) < len(examples)
    assert all(len(p) == 1 for p in parts.values())


def test_a_giant_chain_of_near_duplicates_is_cut_and_counted(logs: SimpleNamespace) -> None:
    calls = logs.router(300)
    one_text = [c.model_copy(update={"request": calls[0].request}) for c in calls[:200]]
    dataset, examples = make([*one_text, *calls[200:]], near_duplicates=same_text)
    dropped = dataset.dropped["near-duplicate-across-splits"]
    assert dropped > 0
    assert len(examples) == 300 - dropped
    repeated = calls[0].request.messages[-1].text
    assert {e.split for e in examples if e.prompt.messages[-1].text == repeated} == {"train"}


def test_the_same_group_stays_in_its_part_as_the_log_grows(logs: SimpleNamespace) -> None:
    before = {e.call_id: e.split for e in make(logs.clerk(40))[1]}
    after = {e.call_id: e.split for e in make([*logs.clerk(40), *logs.clerk(40, start=900)])[1]}
    assert before == {call: after[call] for call in before}


def test_content_hash_follows_from_the_content(logs: SimpleNamespace) -> None:
    calls = logs.router(50)
    one, two = make(calls)[0], make(calls)[0]
    assert one.content_hash == two.content_hash
    assert one.id != two.id
    assert make(calls[:-1])[0].content_hash != one.content_hash
    assert make(calls, seed=1)[0].content_hash != one.content_hash


def test_materialise_gives_the_same_examples(logs: SimpleNamespace) -> None:
    calls = logs.router(80)
    dataset, examples = make(calls)
    stored = Dataset.model_validate_json(dataset.model_dump_json())
    assert materialise(stored, reversed(calls), as_is) == examples


def test_altered_and_missing_calls_are_noticed(logs: SimpleNamespace) -> None:
    calls = logs.router(80)
    dataset, _ = make(calls)
    with pytest.raises(ArtifactError, match="1 of 80 calls missing"):
        materialise(dataset, calls[1:], as_is)
    altered = calls[5].model_copy(update={"response": calls[6].request.messages[-1]})
    with pytest.raises(ArtifactError, match=r"call-5 is not what was frozen"):
        materialise(dataset, [*calls[:5], altered, *calls[6:]], as_is)
    moved = dataset.rows[0].model_copy(
        update={"split": "test" if dataset.rows[0].split != "test" else "train"}
    )
    with pytest.raises(ArtifactError, match="content hash"):
        materialise(dataset.model_copy(update={"rows": (moved, *dataset.rows[1:])}), calls, as_is)


def test_calls_without_an_answer_are_left_out_and_counted(logs: SimpleNamespace) -> None:
    calls = logs.router(20)
    failed = calls[0].model_copy(update={"response": None})
    dataset, examples = make([failed, *calls[1:]])
    assert dataset.dropped == {"no-answer": 1}
    assert len(examples) == 19


def test_wrong_fractions_are_refused(logs: SimpleNamespace) -> None:
    with pytest.raises(InputError, match="three positive"):
        make(logs.router(3), fractions=(0.5, 0.5, 0.0))


def test_empty_task_gives_an_empty_dataset() -> None:
    dataset, examples = make([], near_duplicates=same_text)
    assert (dataset.rows, examples) == ((), [])
    assert dataset.content_hash == hash_rows(())


def test_link_joins_over_any_key_and_names_by_the_first_row() -> None:
    assert link(["a", "b", "c", "a", "d"], [1, 2, 2, 3, 3]) == [0, 1, 1, 0, 0]


def test_split_depends_on_group_and_seed_only() -> None:
    groups = [f"g{i}" for i in range(500)]
    one = [split_of(g, (0.6, 0.2, 0.2), 0) for g in groups]
    assert one == [split_of(g, (6, 2, 2), 0) for g in groups]
    assert one != [split_of(g, (0.6, 0.2, 0.2), 1) for g in groups]
