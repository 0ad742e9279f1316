"""What a key may use: rates and budgets, shared by workers."""

from __future__ import annotations

import re
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.errors import InputError
from rightsizer.gateway.access import Access, Grant, Refusal
from rightsizer.gateway.counts import Counts, window_end, window_number
from rightsizer.gateway.key_list import list_keys
from rightsizer.gateway.keys import Limits, Window, create_key, keys_path, read_keys
from rightsizer.gateway.spending import Spent, spent_in
from rightsizer.testing.fake_llm import FakeLLM, Reply
from rightsizer.testing.llm_answers import (
    anthropic_message,
    anthropic_stream,
    completion,
    response_stream,
)

NEW_YEAR = 1_767_225_600.0  # 2026-01-01 00:00 UTC


class Clock:
    def __init__(self, at: float = NEW_YEAR) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def key(home: Path, **limits: Any) -> list[tuple[bytes, bytes]]:
    return [(b"x-rightsizer-key", create_key(home, new_name(home), limits=Limits(**limits))[0].encode())]


def new_name(home: Path) -> str:
    return f"key-{len(read_keys(home))}"


def price(model: str, input_tokens: int, output_tokens: int, cached: int) -> float | None:
    return None if model == "unknown" else (input_tokens + 2 * output_tokens) / 1000


def test_rate_per_minute_slides_and_says_when_to_come_back(tmp_path: Path) -> None:
    headers, other = key(tmp_path, requests_per_minute=3), key(tmp_path, requests_per_minute=3)
    clock = Clock()
    access = Access(tmp_path, needs_key=True, now=clock)
    assert [isinstance(access.check(headers), Grant) for _ in range(4)] == [True, True, True, False]
    refusal = access.check(headers)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (429, "rate_limited")
    assert isinstance(access.check(other), Grant), "each key has its own rate"
    clock.at += refusal.retry_after_s - 2
    assert isinstance(access.check(headers), Refusal)
    clock.at += 2
    assert isinstance(access.check(headers), Grant), "at the time that Retry-After names it may"
    assert isinstance(access.check(headers), Refusal)


def test_any_minute_holds_at_most_the_limit_when_calls_come_evenly(tmp_path: Path) -> None:
    headers, clock = key(tmp_path, requests_per_minute=60), Clock()
    access = Access(tmp_path, needs_key=True, now=clock)
    admitted = []
    for _ in range(1200):
        clock.at += 0.25
        if isinstance(access.check(headers), Grant):
            admitted.append(clock.at)
    worst = max(sum(start <= at < start + 60 for at in admitted) for start in admitted)
    assert worst <= 66, "the window slides by shares, so a little more may fit"
    assert 280 <= len(admitted) <= 330, "five minutes of 60 a minute"


def test_two_workers_share_a_limit(tmp_path: Path) -> None:
    headers = key(tmp_path, requests_per_minute=10)
    clock = Clock()
    workers = [Access(tmp_path, needs_key=True, now=clock) for _ in range(3)]
    for worker in workers:
        worker.reload()
    granted = sum(isinstance(workers[n % 3].check(headers), Grant) for n in range(40))
    assert granted == 10


def test_a_budget_lasts_for_its_window_and_outlives_the_gateway(tmp_path: Path) -> None:
    headers, clock = key(tmp_path, requests=2, window="day"), Clock(NEW_YEAR + 3600)
    access = Access(tmp_path, needs_key=True, now=clock)
    assert [isinstance(access.check(headers), Grant) for _ in range(3)] == [True, True, False]
    access.close()
    again = Access(tmp_path, needs_key=True, now=clock)
    refusal = again.check(headers)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code, refusal.retry_after_s) == (429, "budget_spent", 23 * 3600)
    clock.at = NEW_YEAR + 86400
    assert isinstance(again.check(headers), Grant)


def spend(access: Access, headers: Any, model: str, answer: bytes, *, status: int = 200) -> bool:
    grant = access.check(headers)
    if isinstance(grant, Refusal):
        return False
    assert grant.spender is not None
    grant.spender.start(orjson.dumps({"model": model, "messages": [], "max_tokens": 50}))
    grant.spender.settle(answer, status=status, by_student=False)
    return True


def test_tokens_and_dollars_are_counted_as_the_provider_says(tmp_path: Path) -> None:
    headers, clock = key(tmp_path, tokens=30, usd=1.0), Clock()
    access = Access(tmp_path, needs_key=True, price=price, now=clock)
    answer = b'{"usage":{"prompt_tokens":12,"completion_tokens":3}}'
    assert [spend(access, headers, "m", answer) for _ in range(3)] == [True, True, False]
    clock.at += 40 * 86400
    (row,) = list_keys(tmp_path, NEW_YEAR)
    assert (row["used_requests"], row["used_tokens"], row["used_usd"]) == (2, 30, 0.036)
    assert row["max_tokens"] == 30


def test_dollars_alone(tmp_path: Path) -> None:
    headers = key(tmp_path, usd=0.02, window="total")
    access = Access(tmp_path, needs_key=True, price=price, now=Clock())
    answer = b'{"usage":{"input_tokens":10,"output_tokens":2}}'
    assert [spend(access, headers, "m", answer) for _ in range(3)] == [True, True, False]
    refusal = access.check(headers)
    assert isinstance(refusal, Refusal)
    assert refusal.retry_after_s == 0, "a total budget does not come back"


def test_a_call_under_way_is_reserved_and_a_failed_one_is_free(tmp_path: Path) -> None:
    headers = key(tmp_path, tokens=40)
    access = Access(tmp_path, needs_key=True, now=Clock())
    grant = access.check(headers)
    assert isinstance(grant, Grant)
    assert grant.spender is not None
    grant.spender.start(b'{"max_tokens": 50}')
    assert isinstance(access.check(headers), Refusal), "its answer may use up all"
    grant.spender.settle(b"", status=502, by_student=False)
    assert isinstance(access.check(headers), Grant)


def test_without_counts_of_the_provider_tokens_are_estimated(tmp_path: Path) -> None:
    headers = key(tmp_path, tokens=10_000)
    access = Access(tmp_path, needs_key=True, now=Clock())
    assert spend(access, headers, "m", b'data: {"x":1}\n\n' * 100)
    assert 100 < list_keys(tmp_path, NEW_YEAR)[0]["used_tokens"] < 200


@pytest.mark.parametrize(
    ("answer", "spent"),
    [
        (completion("hi"), Spent(12, 3)),
        (orjson.dumps(anthropic_message()), Spent(24, 9, 4)),
        (anthropic_stream(), Spent(24, 9, 4)),
        (response_stream("hi"), Spent(5, 2)),
        (b'{"usage": {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}}', Spent(9, 0, 4)),
        (
            b'{"usage":{"input_tokens":1,"cache_read_input_tokens":5,"output_tokens":2}}',
            Spent(6, 2, 5),
        ),
        (b'{"content":"\\"usage\\": {\\"prompt_tokens\\": 99}"}', None),
        (b'{"usage":null}', None),
        (b'{"usage":{"prompt_tokens":-5}}', None),
        (b'{"usage":{' + b"x" * 10_000, None),
    ],
)
def test_usage_is_found_in_every_dialect(answer: bytes, spent: Spent | None) -> None:
    assert spent_in(answer) == spent


def test_windows() -> None:
    assert window_number("month", NEW_YEAR) - window_number("month", NEW_YEAR - 1) == 1
    assert window_end("month", NEW_YEAR - 1) == NEW_YEAR
    assert window_end("day", NEW_YEAR) == NEW_YEAR + 86400
    assert window_number("total", 0) == window_number("total", NEW_YEAR) == 1
    assert window_number("hour", NEW_YEAR) != window_number("hour", NEW_YEAR - 1)


def test_what_was_reserved_never_counts_below_nothing(tmp_path: Path) -> None:
    counts = Counts(tmp_path)
    counts.add(5, 100, 1, tokens=50)
    counts.add(5, 101, 2, tokens=-50)
    used = counts.used(5, 101, 2)
    assert (used.tokens_now, used.tokens, used.tokens_before) == (0, 0, 50)


def test_expired_keys_and_names_in_use(tmp_path: Path) -> None:
    secret, _ = create_key(tmp_path, "a", days=1)
    clock = Clock(time.time())
    access = Access(tmp_path, needs_key=True, now=clock)
    headers = [(b"x-rightsizer-key", secret.encode())]
    assert isinstance(access.check(headers), Grant)
    clock.at += 86401
    refusal = access.check(headers)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "expired_key"
    with pytest.raises(InputError, match="'a'"):
        create_key(tmp_path, "a")


def test_keys_of_the_first_version_still_work(tmp_path: Path) -> None:
    create_key(tmp_path, "a")
    rows = orjson.loads(keys_path(tmp_path).read_bytes())
    for row in rows:
        row["per_minute"] = 7
        del row["limits"], row["slot"], row["expires_at"]
    keys_path(tmp_path).write_bytes(orjson.dumps(rows))
    (found,) = read_keys(tmp_path)
    assert (found.limits, found.slot) == (Limits(requests_per_minute=7), 0)


def test_a_running_gateway_of_two_workers_refuses_what_is_over(start: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    secret, _ = create_key(home, "limited", limits=Limits(requests=4, window="total"))
    with FakeLLM(lambda r: Reply((completion("x"),))) as llm:
        gateway = start(llm.url, "--workers", "2")

        def ask() -> tuple[int, str | None, Any]:
            body = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
            request = urllib.request.Request(
                f"{gateway.url}/v1/chat/completions", body, {"authorization": f"Bearer {secret}"}
            )
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, None, orjson.loads(answer.read())
            except urllib.error.HTTPError as error:
                return error.code, error.headers["retry-after"], orjson.loads(error.read())

        answers = [ask() for _ in range(10)]
        assert [status for status, _, _ in answers] == [200] * 4 + [429] * 6
        assert answers[-1][2]["error"]["code"] == "budget_spent"
        assert len(llm.received) == 4
        gateway.stop()


@pytest.mark.parametrize("window", ["month", "total"])
def test_a_body_that_comes_late_spends_no_more_than_is_left(
    start: Any, tmp_path: Path, window: Window
) -> None:
    """Let in by its head while the budget was whole, it is asked again when its body has come."""
    secret, _ = create_key(tmp_path / "home", "late", limits=Limits(tokens=300, window=window))
    body = b'{"model":"m","max_tokens":200,"messages":[{"role":"user","content":"hi"}]}'
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-rightsizer-key: %b\r\ncontent-length: %d\r\n\r\n"
    )
    with FakeLLM(lambda r: Reply((completion("ok"),), delay_s=1.0)) as llm:
        gateway = start(llm.url)
        waiting = [socket.create_connection(gateway.address, timeout=20) for _ in range(12)]
        for connection in waiting:
            connection.sendall(head % (secret.encode(), len(body)))
        time.sleep(0.5)
        for connection in waiting:
            connection.sendall(body)
        answers = [connection.recv(4000) for connection in waiting]
        refused = [a for a in answers if a.startswith(b"HTTP/1.1 429 ")]
        assert len(llm.received) == 2, "200 tokens reserved by each: the second may begin, the third not"
        assert len(refused) == 10
        assert all(b"budget_spent" in answer for answer in refused)
        for answer in refused:
            wait = re.search(rb"\r\nretry-after: (\d+)\r\n", answer)
            assert (wait is None) == (window == "total"), "a budget for good does not come back"
            assert wait is None or 0 < int(wait[1]) <= 31 * 86_400
        for connection in waiting:
            connection.close()
        gateway.stop()
    assert len(gateway.calls()) == 2
