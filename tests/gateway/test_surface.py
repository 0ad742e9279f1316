"""The description of the HTTP surface (OpenAPI): nothing is missing from it, and the gateway keeps to it."""

from __future__ import annotations

import http.client
import importlib.util
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from rightsizer.gateway.admin import ROUTES, description
from rightsizer.gateway.as_chat import RECORDED
from rightsizer.gateway.keys import create_key
from rightsizer.gateway.metrics import Metrics
from rightsizer.testing.fake_llm import FakeLLM
from tests.gateway.surface import explore, obliging

DESCRIBED = orjson.loads(description())
DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "http.md"
PASSED_ON = {("POST", "/v1/messages/count_tokens"), ("GET", "/v1/models")}
OPERATIONS = {(method.upper(), path) for path, item in DESCRIBED["paths"].items() for method in item}


def test_every_route_is_described_and_no_other() -> None:
    ours = {(method, path) for path, (method, _) in ROUTES.items()}
    assert {("POST", path.decode()) for path in RECORDED} | PASSED_ON | ours == OPERATIONS


def test_every_operation_is_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([A-Z]+) ([^`]+)` \|", text, flags=re.M))
    assert rows == OPERATIONS


def test_every_counter_is_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    gauges = {"segment_backlog_bytes": 0, "ready": 1, "certificate_expires_timestamp_seconds": 0}
    rendered = Metrics().render(gauges)
    names = set(re.findall(r"^# TYPE (\S+)", rendered, flags=re.M))
    assert names == set(re.findall(r"`(rightsizer_\w+)`", text))


def test_every_reference_leads_somewhere() -> None:
    for kind, name in re.findall(r'"#/components/(\w+)/(\w+)"', orjson.dumps(DESCRIBED).decode()):
        assert name in DESCRIBED["components"][kind]


def test_who_may_read_the_description(start: Any, tmp_path: Path) -> None:
    reader, _ = create_key(tmp_path / "home", "reader", role="reader")
    agent, _ = create_key(tmp_path / "home", "agent")
    with FakeLLM(obliging) as llm:
        gateway = start(llm.url, "--host", "0.0.0.0")
        url = gateway.url.replace("0.0.0.0", "127.0.0.1") + "/openapi.json"
        statuses = []
        for key in ("", agent, reader):
            request = urllib.request.Request(url, headers={"x-rightsizer-key": key} if key else {})
            try:
                with urllib.request.urlopen(request) as answer:
                    assert orjson.loads(answer.read()) == DESCRIBED
                    statuses.append(answer.status)
            except urllib.error.HTTPError as error:
                statuses.append(error.code)
        gateway.stop()
    assert statuses == [401, 403, 200]


def test_a_path_says_which_methods_it_takes(start: Any) -> None:
    gateway = start("http://127.0.0.1:1/v1")
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    for method, path, status, allowed in (
        ("POST", "/healthz", 405, "GET, HEAD"),
        ("GET", "/feedback", 405, "POST"),
        ("HEAD", "/healthz", 200, None),
        ("HEAD", "/openapi.json", 200, None),
        ("GET", "/nothing", 404, None),
    ):
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.getheader("allow")) == (status, allowed), (method, path)
    connection.close()
    gateway.stop()


@pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed")
def test_the_gateway_keeps_to_its_description(start: Any, tmp_path: Path) -> None:
    with FakeLLM(obliging) as llm:
        gateway = start(llm.url)
        well, said = explore(gateway.url, tmp_path, "-n", "5", "--generation-deterministic")
        assert well, said
        assert said.count("No issues found") == 2
        assert gateway.stop() == 0
    assert "Traceback" not in (tmp_path / "gateway.log").read_text()
