"""LangSmith runs: ``{id, run_type, inputs, outputs, …}``, with ``child_runs`` where they were fetched.

Only runs of the type ``llm`` are calls. LangSmith's ``session_id`` names the *project*; the session is
the thread in the run's metadata, else the trace. ``feedback_stats`` becomes the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rightsizer.errors import RecordError
from rightsizer.types import Call
from rightsizer.wire.dialects.answers import read_response
from rightsizer.wire.dialects.requests import read_request, value_of_text
from rightsizer.wire.dialects.tools import read_tools
from rightsizer.wire.numbers import read_number
from rightsizer.wire.record import call_from_record
from rightsizer.wire.shared import Shared
from rightsizer.wire.timestamps import parse_timestamp
from rightsizer.wire.unread import Unread, read_pieces

_NAMED = (
    "id",
    "inputs",
    "outputs",
    "start_time",
    "error",
    "child_runs",
    "session_id",
    "feedback_stats",
    "extra",
)
_SESSIONS = ("session_id", "thread_id", "conversation_id")
_MODELS = ("model", "model_name", "model_id")
_COUNTS = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}


def sniff(record: dict[str, Any]) -> bool:
    """Whether the record is a run."""
    return isinstance(record.get("run_type"), str) and "inputs" in record


def read(record: dict[str, Any], shared: Shared | None = None, call_id: str = "") -> Iterator[Call | Unread]:
    """The calls of a run and of the runs below it; every other run is told as ``not-an-llm-run``."""
    runs = list(_runs(record))
    made = call_id if len(runs) == 1 else ""
    return read_pieces(runs, lambda run: _read_run(run, shared, made))


def _runs(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    children = run.get("child_runs")
    yield {name: value for name, value in run.items() if name != "child_runs"}
    for child in children if isinstance(children, list) else []:
        if isinstance(child, dict):
            yield from _runs(child)


def _read_run(run: dict[str, Any], shared: Shared | None, call_id: str) -> Call:
    if run.get("run_type") != "llm":
        raise RecordError(
            "not-an-llm-run", f"a run of the type {run.get('run_type')!r} is no call of a model"
        )
    extra = _dict(value_of_text(run.get("extra")))
    metadata, settings = _dict(extra.get("metadata")), _dict(extra.get("invocation_params"))
    request = _request(run.get("inputs"), settings)
    rest = {name: value for name, value in run.items() if name not in _NAMED}
    beside = {name: value for name, value in extra.items() if name not in ("metadata", "invocation_params")}
    translated: dict[str, Any] = {
        "timestamp": run.get("start_time"),
        "model": next(
            (s for n in _MODELS if isinstance(s := settings.get(n), str)), metadata.get("ls_model_name")
        ),
        "session_id": next((metadata[n] for n in _SESSIONS if metadata.get(n)), run.get("trace_id")),
        "request": request,
        "metadata": metadata,
        "source": {"format": "langsmith"},
        "langsmith": {**rest, **({"extra": beside} if beside else {}), "project_id": run.get("session_id")},
    }
    if isinstance(run.get("id"), str):
        translated["id"] = run["id"]
    started, ended = parse_timestamp(run.get("start_time")), parse_timestamp(run.get("end_time"))
    if started and ended:
        translated["latency_s"] = (ended - started).total_seconds()
    if feedback := _dict(value_of_text(run.get("feedback_stats"))):
        translated["outcome"] = {"feedback": feedback}
    cost = read_number(run.get("total_cost"))
    if cost is not None:
        translated["cost_usd"] = cost
    return call_from_record({**translated, **_answer(run)}, shared, call_id)


def _request(inputs: Any, settings: dict[str, Any]) -> dict[str, Any]:
    request = read_request(inputs)
    for name, value in settings.items():
        if name == "tools" and value:
            request.setdefault("tools", read_tools(value))
        elif name not in ("messages", "model", "model_name", "_type", "tools") and value is not None:
            request.setdefault(name, value)
    return request


def _answer(run: dict[str, Any]) -> dict[str, Any]:
    if run.get("error"):
        return {"response": None, "error": str(run["error"])}
    outputs = run.get("outputs")
    if isinstance(outputs, dict) and set(outputs) == {"output"}:  # LangSmith wraps what is no object
        outputs = outputs["output"]
    response = read_response(outputs)
    usage = {ours: run[name] for name, ours in _COUNTS.items() if isinstance(run.get(name), int)}
    given = outputs.get("usage_metadata") if isinstance(outputs, dict) else None
    if "usage" not in response and isinstance(given, dict):
        return {"response": response, "usage": given}
    return (
        {"response": response} if "usage" in response or not usage else {"response": response, "usage": usage}
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
