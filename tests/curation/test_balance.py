"""Balancing touches the train split only, says why, and stops where too little would be left."""

from __future__ import annotations

from collections import Counter

from rightsizer.curation.balance import Balance, balance, class_of, succeeded
from rightsizer.types import Example, Message, Request, Split, TextPart, ToolCallPart


def example(
    n: int, answer: str = "a", *, session: str = "", split: Split = "train", text: str = "", **outcome: float
) -> Example:
    return Example(
        call_id=f"c{n}",
        session_id=session or f"s{n}",
        group="g",
        split=split,
        prompt=Request(messages=(Message(role="user", parts=(TextPart(content=text or f"{n} " * 9),)),)),
        completion=Message(role="assistant", parts=(TextPart(content=answer),)),
        outcome=outcome,
    )


def test_the_default_is_idle() -> None:
    assert Balance().is_idle
    assert balance([example(1)], Balance(), {}, seed=0).left_out == {}


def test_a_class_cap_keeps_the_rare_whole_and_calibration_and_test_as_they_are() -> None:
    rows = [example(n, "common") for n in range(50)] + [example(100, "rare")]
    rows += [example(200 + n, "common", split="test") for n in range(50)]
    done = balance(rows, Balance(max_per_class=10), {}, seed=0)
    assert done.counts == {"class-cap": 40}
    assert not {f"c{n}" for n in (100, *range(200, 250))} & done.left_out.keys()


def test_who_is_kept_depends_on_the_seed_and_not_on_the_order() -> None:
    rows = [example(n) for n in range(40)]
    policy = Balance(max_per_class=10)
    first = balance(rows, policy, {}, seed=0)
    assert balance(rows[::-1], policy, {}, seed=0).left_out == first.left_out
    assert balance(rows, policy, {}, seed=1).left_out != first.left_out


def test_a_tenant_cap_counts_only_those_who_name_one() -> None:
    rows = [example(n) for n in range(30)]
    tenants = {f"c{n}": "big" for n in range(20)}
    done = balance(rows, Balance(tenant_key="t", max_per_tenant=5), tenants, seed=0)
    assert done.counts == {"tenant-cap": 15}
    assert done.left_out.keys() < tenants.keys()


def test_failed_sessions_are_filtered_by_their_last_outcome() -> None:
    rows = [
        example(1, session="bad", reward=1.0),
        example(2, session="bad", reward=0.0),
        example(3, session="good", reward=1.0),
        example(4, session="silent"),
    ]
    done = balance(rows, Balance(outcome_key="reward", failed_share=0), {}, seed=0)
    assert done.left_out == {"c1": "failed-session", "c2": "failed-session"}


def test_a_share_thins_failed_sessions_whole() -> None:
    rows = [example(2 * s + k, session=f"s{s}", reward=0.0) for s in range(400) for k in range(2)]
    done = balance(rows, Balance(outcome_key="reward", failed_share=0.25), {}, seed=0)
    assert 520 < len(done.left_out) < 680
    kept = Counter(r.session_id for r in rows if r.call_id not in done.left_out)
    assert set(kept.values()) == {2}


def test_a_step_that_leaves_too_little_is_not_taken_and_said() -> None:
    rows = [example(n, session=f"s{n}", reward=0.0) for n in range(10)]
    done = balance(rows, Balance(outcome_key="reward", failed_share=0, min_train=5), {}, seed=0)
    assert (done.left_out, done.counts) == ({}, {"failed-session-not-taken": 10})


def test_near_duplicates_with_the_same_answer_are_capped_english_and_chinese() -> None:
    english = "Please tell me where my order number is and when it arrives, thank you"
    chinese = "请问我的订单现在在哪里,什么时候可以送到我家,谢谢你的帮助和耐心"
    chinese += ",另外还想问一下你们周末是否上班,客服电话是多少"
    rows = [example(n, text=f"{english} {n}") for n in range(10)]
    rows += [example(20 + n, text=f"{chinese}{n}") for n in range(10)]
    rows += [example(40, "another", text=f"{english} 40")]
    done = balance(rows, Balance(max_per_near_duplicate=2), {}, seed=0)
    assert done.counts == {"near-duplicate": 16}
    assert "c40" not in done.left_out


def test_the_class_of_an_answer() -> None:
    assert class_of(example(1, " Yes\n please")) == "yes please"
    call = Message(role="assistant", parts=(ToolCallPart(name="find"), ToolCallPart(name="book")))
    assert class_of(example(1).model_copy(update={"completion": call})) == "→find,book"


def test_outcomes_of_every_kind() -> None:
    assert [succeeded({"r": v}, "r", 0.5) for v in (True, False, 1, 0.4, "0.9", "bad", None)] == [
        True, False, True, False, True, None, None,
    ]  # fmt: skip
    assert succeeded({}, "r", 0.5) is None
