"""The hook for students: who answers a call. The pipeline brings the implementation.

`Routing` runs a router off the event loop, keeps it fresh, and turns whatever goes wrong with it
into a reason to ask the LLM.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rightsizer.gateway.as_chat import CHAT, as_chat
from rightsizer.gateway.metrics import Metrics
from rightsizer.types import Message, Mode, Request

if TYPE_CHECKING:
    from concurrent.futures import Future

log = logging.getLogger("rightsizer.gateway")
T = TypeVar("T")
# Calls that wait for a student in shadow. Each holds its request; a slow student sees a part of the traffic.
MOST_SHADOWS = 32
LOWEST = 19


@dataclass(frozen=True)
class Decision:
    """What a router says to one call.

    `propensity` is the probability with which the route offers such a call to the student. `message` is
    the answer to serve, or None: then the LLM answers, and if the call was offered `fallback` says why
    (``abstained``, ``below-threshold`` …).
    """

    task_id: str | None = None
    student_id: str | None = None
    mode: Mode | None = None
    propensity: float = 0.0
    offered: bool = False
    message: Message | None = None
    confidence: float | None = None
    fallback: str = ""
    request: Request | None = field(default=None, repr=False)

    def record(self) -> dict[str, Any]:
        """The route taken, as it is recorded with the call."""
        if self.student_id is None:
            return (
                {} if self.task_id is None else {"task_id": self.task_id, "offered": False, "propensity": 0.0}
            )
        named = {
            "task_id": self.task_id,
            "student_id": self.student_id,
            "mode": self.mode,
            "offered": self.offered,
            "propensity": self.propensity,
            "confidence": self.confidence,
            "fallback": self.fallback,
        }
        return {name: value for name, value in named.items() if value not in (None, "")}


class Router(Protocol):
    """`place` is called on the event loop; `route` blocks in one thread, `shadow` in another beside it."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no route: then nobody is asked."""
        ...

    def place(self, call_id: str, body: bytes, metadata: Mapping[str, Any]) -> Decision | None:
        """The decision where no student has to be asked (no route, not offered): well below a millisecond.

        None: `route` must be asked.
        """
        ...

    def route(self, call_id: str, body: bytes, metadata: Mapping[str, Any]) -> Decision:
        """Assign a Chat body to a task and, if a route offers it, let the student answer."""
        ...

    def shadow(self, decision: Decision) -> Decision:
        """What the student of a shadow route would answer."""
        ...


class RouteSource(Protocol):
    """Where the current router comes from."""

    def load(self) -> Router | None:
        """A new router if the routes have changed since the last call, else None."""
        ...


class Routing:
    """A router, off the loop, with a time limit."""

    def __init__(self, source: RouteSource | None, metrics: Metrics, timeout_s: float) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._source = source
        self._router: Router | None = None
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="student")
        # What nobody waits for has a thread of its own and the lowest priority: it delays no answer.
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="shadow", initializer=step_back)
        self._waiting = 0
        self._took_s = 0.005  # a decision, of late
        self._overdue: Future[Any] | None = None  # nobody waits for it any more, but the thread is its own
        self._shadows = 0

    @property
    def is_active(self) -> bool:
        """Whether any call could go to a student."""
        return self._router is not None and not self._router.is_empty

    def reload(self) -> None:
        """Look for changed routes. Blocking; a failure keeps the routes there are."""
        if self._source is None:
            return
        fresh, failed = attempt(self._source.load)
        if failed:
            self._metrics.fallbacks["reload-failed"] += 1
        if fresh is not None:
            self._router = fresh
            log.info("routes read")

    def place(self, call_id: str, body: bytes, metadata: Mapping[str, Any]) -> Decision | None:
        """The router's decision if it needs no student, at once; None: `decide`."""
        if self._router is None:
            return Decision()
        router = self._router
        decision, failed = attempt(router.place, call_id, body, metadata)
        return Decision(fallback="error") if failed else decision

    async def decide(
        self, call_id: str, body: bytes, metadata: Mapping[str, Any], path: bytes = CHAT
    ) -> Decision:
        """The router's decision on a request to `path`; after a failure or `timeout_s` one that says so."""
        import asyncio

        router = self._router
        if router is None:
            return Decision()
        stuck = self._overdue is not None and not self._overdue.done()
        if stuck or self._waiting * self._took_s > self._timeout_s:  # the queue alone would take longer
            return Decision(fallback="busy")
        self._waiting += 1
        job = self._threads.submit(_timed, attempt, _routed, router, call_id, path, body, metadata)
        try:
            (decision, _), took_s = await asyncio.wait_for(asyncio.wrap_future(job), self._timeout_s)
        except TimeoutError:
            if job.running():
                self._overdue = job
            return Decision(fallback="timeout")
        finally:
            self._waiting -= 1
        self._took_s += (took_s - self._took_s) / 8
        return Decision(fallback="error") if decision is None else decision

    async def shadow(self, decision: Decision) -> Decision:
        """What the student would have said; with too many waiting already it is not asked."""
        import asyncio

        router = self._router
        if router is None:
            return decision
        if self._shadows >= MOST_SHADOWS:
            return replace(decision, fallback="busy")
        self._shadows += 1
        loop = asyncio.get_running_loop()
        try:
            said, _ = await loop.run_in_executor(self._behind, attempt, self._shadowed, router, decision)
        finally:
            self._shadows -= 1
        return replace(decision, fallback="error") if said is None else said

    def _shadowed(self, router: Router, decision: Decision) -> Decision:
        """Asked only under the routes it was decided by: under new ones the student may be live by now."""
        return router.shadow(decision) if router is self._router else replace(decision, fallback="busy")

    def close(self) -> None:
        for threads in (self._threads, self._behind):
            threads.shutdown(wait=False, cancel_futures=True)


def _routed(router: Router, call_id: str, path: bytes, body: bytes, metadata: Mapping[str, Any]) -> Decision:
    chat = as_chat(path, body)
    return Decision() if chat is None else router.route(call_id, chat, metadata)


def _timed(work: Callable[..., T], *arguments: Any) -> tuple[T, float]:
    began = time.perf_counter()
    return work(*arguments), time.perf_counter() - began


def step_back() -> None:
    """Give the calling thread, and those it starts, the lowest priority, where threads can have one."""
    if sys.platform == "linux":  # elsewhere priority is the whole process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)


def attempt(work: Callable[..., T], *arguments: Any) -> tuple[T | None, bool]:
    """(what `work` gives, False), or (None, True) if it failed: whatever a student does, the call goes on.

    The log names the kind of the failure and not its words, which may hold the prompt.
    """
    try:
        return work(*arguments), False
    except Exception as error:  # noqa: BLE001 - the edge of the gateway: fail open, the LLM answers
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s in %s:%s; the LLM answers", type(error).__name__, place.filename, place.lineno)
        return None, True
