"""What one process of the gateway holds: pool, recorder, routes, keys, counts."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from rightsizer.gateway.access import Access, Grant
from rightsizer.gateway.call_ids import CallIds
from rightsizer.gateway.headers import Headers, header
from rightsizer.gateway.known_heads import KnownHeads
from rightsizer.gateway.metrics import Metrics
from rightsizer.gateway.recorder import Recorder, callers_of
from rightsizer.gateway.routing import RouteSource, Routing, attempt
from rightsizer.gateway.settings import UPSTREAM_KEY_VARIABLE, GatewaySettings
from rightsizer.gateway.shared_metrics import merged_metrics, metrics_folder, publish_metrics
from rightsizer.gateway.spending import PriceOf
from rightsizer.gateway.upstreams import Upstreams
from rightsizer.store.callers import CallerNames
from rightsizer.store.sealing import WritingKey

_KEYS_EVERY_S = 1.0
_ROUTES_WITHIN_S = 10.0


class Worker:
    """Made inside the running loop of its process."""

    def __init__(
        self,
        settings: GatewaySettings,
        home: Path,
        kek: WritingKey,
        source: RouteSource | None,
        price: PriceOf | None = None,
        callers: CallerNames | None = None,
    ) -> None:
        self.settings = settings
        self.home = home
        self.draining = False
        self.ready = False
        self.metrics = Metrics()
        self._shared = metrics_folder(home, os.getppid())
        self.known_heads = KnownHeads()
        self.call_ids = CallIds()
        self.callers = callers or callers_of(kek)
        self.recorder = Recorder(home, kek, settings, self.metrics, self.callers)
        self.upstreams = Upstreams(settings, asyncio.get_running_loop())
        self.pool = self.upstreams.default
        self.routing = Routing(source, self.metrics, settings.student_timeout_s)
        self.access = Access(home, needs_key=not settings.is_loopback(), price=price)
        self._upstream_key = os.environ.get(UPSTREAM_KEY_VARIABLE, "")
        self._tasks: set[asyncio.Task[None]] = set()
        self._chores: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the routes and begin the chores."""
        reading = self.spawn(asyncio.to_thread(self.routing.reload))
        await asyncio.wait({reading}, timeout=_ROUTES_WITHIN_S)  # no agent waits longer: the LLM can answer
        chores = (self._keep_house, self._keep_routes, self._keep_keys)
        self._chores = [asyncio.create_task(chore()) for chore in chores]
        self.ready = True

    async def stop(self) -> None:
        """End chores, sync, hand all records to the indexer."""
        for chore in self._chores:
            chore.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.settings.drain_timeout_s)  # shadows among them
        await self.recorder.synced()
        self.routing.close()
        self.upstreams.close()
        self.recorder.close()
        self._publish()
        self.access.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that is not garbage collected."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def origin_of(self, headers: Headers, address: str) -> str:
        """A keyed pseudonym of who calls: the API key if there is one, else the address."""
        who = header(headers, b"authorization") or header(headers, b"x-api-key") or address.encode()
        return self.callers.of_origin(who)

    def replacement(self, grant: Grant) -> list[tuple[bytes, bytes]]:
        """The upstream's key where our key stood."""
        if not grant.in_place_of or not self._upstream_key:
            return []
        scheme = b"Bearer " if grant.in_place_of == b"authorization" else b""
        return [(grant.in_place_of, scheme + self._upstream_key.encode())]

    async def _keep_house(self) -> None:
        every_s = self.settings.sync_every_s
        rotated = counted = time.monotonic()
        while True:
            await asyncio.sleep(every_s)
            now = time.monotonic()
            if now - counted >= 1.0:
                counted = now
                attempt(self.recorder.tick, now - rotated)  # a chore that ended would not be missed at first
                self._publish()
                if now - rotated >= self.settings.segment_age_s:
                    rotated = now
            await self.recorder.synced()

    def all_metrics(self) -> Metrics:
        """The counts of all workers of this gateway."""
        return self.metrics if self.settings.workers == 1 else merged_metrics(self._shared, self.metrics)

    def _publish(self) -> None:
        if self.settings.workers > 1:
            publish_metrics(self._shared, self.metrics)

    async def _keep_routes(self) -> None:
        while True:
            await asyncio.sleep(self.settings.routes_reload_s)
            await asyncio.to_thread(self.routing.reload)

    async def _keep_keys(self) -> None:
        """Apart from the routes: a student that loads for a minute must not keep a revoked key alive."""
        while True:
            await asyncio.sleep(_KEYS_EVERY_S)
            self.access.follow()
