"""The gateway as the benchmark starts it: everything on that a call can meet on its way to the LLM.

    python benchmarks/gateway/ours.py HOME UPSTREAM_URL

The home has two tasks and a route for one of them; the benchmark's requests belong to the other. So every
call is checked for its key, assigned to a task, looked up in the routes and recorded, and the LLM answers it.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from payloads import SYSTEM

from rightsizer.gateway.keys import create_key
from rightsizer.gateway.routing import Router
from rightsizer.gateway.serve import serve
from rightsizer.gateway.settings import INDEXER_CACHE_BYTES, GatewaySettings
from rightsizer.pipeline.gateway import Seat, StoreRouter
from rightsizer.store.keys import find_key
from rightsizer.store.sqlite import open_store
from rightsizer.types import Prediction, Request, Route, Task


class NeverAsked:
    """The student of the other task; the requests of the benchmark must not reach it."""

    def predict(self, requests: list[Request]) -> list[Prediction]:
        raise AssertionError("this task's requests are not in the benchmark")


class Routes:
    """A route table that does not change."""

    def __init__(self) -> None:
        self._loaded = False

    def load(self) -> Router | None:
        if self._loaded:
            return None
        self._loaded = True
        route = Route(
            task_id="task_routed",
            release_id="release_1",
            student_id="student_1",
            threshold=0.9,
            mode="live",
            share=1.0,
        )
        return StoreRouter(_tasks(), {"task_routed": Seat(route, NeverAsked())})


def _tasks() -> list[Task]:
    """Two tasks that are told apart by their system prompts, as the finder of tasks would store them.

    Called in the worker: as in the product, the supervisor loads nothing of tasks.
    """
    from rightsizer.tasks.cores import weigh
    from rightsizer.tasks.shingles import shingle
    from rightsizer.tasks.signature import CoreState, Signature

    systems = {
        "task_asked": SYSTEM,
        "task_routed": "You translate letters from German into English, line by line.",
    }
    cores = weigh([shingle(text) for text in systems.values()])
    tools = {"task_asked": ("find_order",), "task_routed": ()}
    return [
        Task(
            id=task_id,
            name=task_id,
            signature=Signature(system=CoreState.of(core), tools=tools[task_id]).model_dump(mode="json"),
        )
        for task_id, core in zip(systems, cores, strict=True)
    ]


def main() -> int:
    home, upstream = Path(sys.argv[1]), sys.argv[2]
    open_store(home).close()
    secret, _ = create_key(home, "bench")
    settings = GatewaySettings(port=0, upstream=upstream)
    return serve(
        settings,
        home=home,
        kek=find_key(home, None, create=False),
        open_store=functools.partial(open_store, home, cache_bytes=INDEXER_CACHE_BYTES),
        route_source=Routes,
        announce=lambda url: print(url, secret, flush=True),
    )


if __name__ == "__main__":
    sys.exit(main())
