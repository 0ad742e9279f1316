"""kill -9 of the whole gateway under load: every answered call is in the store afterwards."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

import orjson
import pytest

from rightsizer.testing.fake_llm import FakeLLM, Received, Reply
from rightsizer.testing.llm_answers import completion, in_pieces, text_stream


def echo(request: Received) -> Reply:
    body = orjson.loads(request.body)
    text = "answer to " + body["messages"][0]["content"]
    return in_pieces(text_stream(text), 64) if body.get("stream") else Reply((completion(text),))


class Client(threading.Thread):
    """Asks one numbered question after the other; `answered` holds those whose last byte it has seen."""

    def __init__(self, address: tuple[str, int], name: str) -> None:
        super().__init__(daemon=True)
        self.address, self.label = address, name
        self.answered: dict[str, str] = {}

    def run(self) -> None:
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        number = 0
        while True:
            number += 1
            text = f"{self.label}-{number}"
            stream = number % 2 == 0
            body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream}
            try:
                connection.request("POST", "/v1/chat/completions", orjson.dumps(body))
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            self.answered[answer.headers["x-rightsizer-call-id"]] = text


@pytest.mark.parametrize("options", [(), ("--sync",)])
def test_no_answered_call_is_lost_or_mixed_up(start: Any, options: tuple[str, ...]) -> None:
    answered: dict[str, str] = {}
    with FakeLLM(echo) as llm:
        for round_number in range(3):
            gateway = start(llm.url, *options)
            clients = [Client(gateway.address, f"{round_number}.{n}") for n in range(4)]
            for client in clients:
                client.start()
            time.sleep(0.8 + 0.13 * round_number)
            gateway.kill_everything()
            for client in clients:
                client.join(20)
                answered |= client.answered
    stored = {call.id: call for call in gateway.calls()}
    assert len(answered) > 50, "there was no load"
    assert not answered.keys() - stored.keys()
    for call_id, text in answered.items():
        call = stored[call_id]
        assert call.request.messages[0].text == text
        assert call.response is not None
        assert call.response.text == f"answer to {text}"
    unfinished = [call for call in stored.values() if call.id not in answered]
    assert len(unfinished) <= 12, "at most one call in flight per client and round"
