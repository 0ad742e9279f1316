"""A head that was read before saves work, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.gateway.access import Access
from rightsizer.gateway.incoming import Incoming
from rightsizer.gateway.keys import create_key, revoke_key
from rightsizer.gateway.known_heads import LastHead, split_head
from tests.gateway.rig import Answers, Rig, run


def post(body: bytes, *lines: str, length: str = "") -> bytes:
    head = ["POST /v1/chat/completions HTTP/1.1", "Host: x", f"Content-Length: {length or len(body)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def statuses(data: bytes) -> list[int]:
    return [status for status, _, _ in Answers(data).whole]


def test_a_known_head_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(rig: Rig) -> None:
        assert statuses(await rig.exchange([post(b"{}")])) == [200]

        def parsed(*arguments: object) -> None:
            raise AssertionError("llhttp was asked")

        monkeypatch.setattr("uvicorn.protocols.http.httptools_impl.HttpToolsProtocol.data_received", parsed)
        request = post(b'{"other": "length"}')
        assert statuses(await rig.exchange([request, request[:75], request[75:]])) == [200, 200]
        assert [asked.rpartition(b"\r\n\r\n")[2] for asked in rig.pool.asked[1:]] == [
            b'{"other": "length"}'
        ] * 2

    run(tmp_path, test)


def test_whether_the_caller_may_is_asked_every_time(tmp_path: Path) -> None:
    secret, _ = create_key(tmp_path, "agent")

    async def test(rig: Rig) -> None:
        rig.worker.access = Access(tmp_path, needs_key=True)
        request = post(b"{}", f"x-rightsizer-key: {secret}")
        assert statuses(await rig.exchange([request, request])) == [200, 200]
        revoke_key(tmp_path, "agent")
        rig.worker.access.reload()
        assert statuses(await rig.exchange([request])) == [401]

    run(tmp_path, test)


def test_a_refused_head_is_not_remembered(tmp_path: Path) -> None:
    async def test(rig: Rig) -> None:
        rig.worker.access = Access(tmp_path, needs_key=True)
        assert statuses(await rig.exchange([post(b"{}")])) == [401]
        assert statuses(await rig.exchange([post(b"{}")])) == [401]
        assert rig.pool.asked == []

    run(tmp_path, test)


def test_heads_that_never_come_again_do_not_pile_up(tmp_path: Path) -> None:
    async def test(rig: Rig) -> None:
        for number in range(600):
            await rig.exchange([post(b"{}", f"x-request: {number}")])
        assert len(rig.worker.known_heads) <= 256

    run(tmp_path, test)


@pytest.mark.parametrize("length", ["+2", "-2", "2 ", " 2", "0x2", "2,2", "", "99999999999999"])
def test_a_strange_length_is_left_to_the_parser(length: str) -> None:
    assert split_head(post(b"{}", length=length or " ")) is None


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("x-a: 1", "x-a: 2"),
        ("x-a: 1", "x-a: 1\r\nTransfer-Encoding: chunked"),
        ("x-a: 1", "x-a: 1 "),
        ("x-a: 1", "X-A: 1"),
    ],
)
def test_the_last_head_is_known_by_all_its_bytes(line: str, other: str) -> None:
    split = split_head(post(b"{}", line))
    assert split is not None
    last = LastHead(split, Incoming(b"POST", b"/", b"/", "1.1", [], True))
    whole = post(b'{"longer": 1}', line)
    assert last.read(whole) == (13, len(whole) - 13)
    assert last.read(whole[:-1]) == (13, len(whole) - 13), "the body may be on its way"
    assert last.read(whole[:-14]) is None, "the head may not"
    assert last.read(post(b"{}", other)) is None
    for length in ("+2", "2 ", "0x2", "2,2", "", "99999999999999"):
        assert last.read(post(b"{}", line, length=length or " ")) is None
