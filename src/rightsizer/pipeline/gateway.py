"""The gateway with everything it needs from the other stages: tasks, routes and students of a home."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from rightsizer.config import Settings, load_settings
from rightsizer.errors import ConfigError, RecordError, RightsizerError, StoreError
from rightsizer.gateway.routing import Decision, Router, RouteSource
from rightsizer.gateway.segments import segment_paths
from rightsizer.gateway.settings import GatewaySettings, NamedUpstream
from rightsizer.gateway.spending import PriceOf
from rightsizer.pipeline.gateway_start import IndexersStore, enter_start
from rightsizer.pipeline.workspace import Workspace, open_workspace
from rightsizer.serving.routing import offered, refusal
from rightsizer.store.keys import find_key
from rightsizer.types import Predictor, Request, Route, Student, Task
from rightsizer.views.view import SYSTEM_ROLES
from rightsizer.wire.chat import NATIVE
from rightsizer.wire.jsontext import parse_json
from rightsizer.wire.request import request_from_chat

if TYPE_CHECKING:
    from rightsizer.gateway.indexer import Indexed
    from rightsizer.tasks.inline import InlineAssigner

log = logging.getLogger("rightsizer.gateway")
_MEMO = 8192
_INLINE_BYTES = 1 << 20  # a larger body is read beside the loop


def run_gateway(
    settings: GatewaySettings,
    *,
    home: Path | None = None,
    flags: dict[str, object] | None = None,
    announce: Callable[[str], None] = lambda url: None,
) -> int:
    """Serve the API in front of the LLM until SIGTERM; the exit code. Makes the home if there is none.

    Raises what `rightsizer.gateway.serve.serve` does, and the store's errors.
    """
    from rightsizer.gateway.serve import serve

    with open_workspace(
        home, flags=flags, even_full=True
    ) as ws:  # closed again: a store does not live through a fork
        folder = ws.home
        records_only = ws.store.access.role == "ingest"
        entered = enter_start(ws, may_be_late=not records_only)
        key = ws.store.writing_key
        callers = ws.store.callers
        if not records_only:
            _index_first(ws)
    return serve(
        settings,
        home=folder,
        kek=key,
        maintain=functools.partial(_keep_young, home, flags),
        open_store=IndexersStore(folder, flags, entered),
        route_source=_no_routes if records_only else functools.partial(StoreRoutes, folder, flags),
        price=list_prices(load_settings(folder, flags)),
        callers=callers,
        announce=announce,
    )


def _index_first(ws: Workspace) -> None:
    try:
        index_into(ws)
    except StoreError as error:  # agents wait for answers; the indexer tries again
        log.error("recorded calls wait on the disk, the store took none: %s", error.message)


def _no_routes() -> None:
    """The role 'ingest' may read no route: the LLM answers everything."""


def gateway_settings(
    home: Path | None = None,
    *,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> GatewaySettings:
    """What a gateway of this home is started with; keys of further upstreams come from the environment.

    Raises `ConfigError` if a setting cannot be used or a key that one names is not there.
    """
    variables = os.environ if environment is None else environment
    given = load_settings(home, flags, env=environment).gateway
    upstreams = []
    for name, table in given.upstreams.items():
        key = variables.get(table.key_env, "") if table.key_env else ""
        if table.key_env and not key:
            raise ConfigError(
                f"upstream '{name}' has its key in {table.key_env}, which is not set",
                hint=f"export {table.key_env}=…, or leave key_env out: then the caller's key goes on",
            )
        headers = tuple(table.headers.items())
        upstreams.append(NamedUpstream(name, table.url, key, table.auth, table.models, table.paths, headers))
    plain = {field: value for field, value in given if field != "upstreams"}
    return GatewaySettings(**plain, upstreams=tuple(upstreams))


def index_gateway(home: Path | None = None, *, flags: dict[str, object] | None = None) -> Indexed:
    """Bring what the gateway recorded into the store now. Segments still being written are left."""
    with open_workspace(home, flags=flags) as ws:
        return index_into(ws)


def index_into(ws: Workspace) -> Indexed:
    """Bring what a gateway recorded into the store of an open workspace."""
    from rightsizer.gateway.indexer import Indexed, index_segments

    if not segment_paths(ws.home):
        return Indexed()
    kek = find_key(ws.home, None, create=False) if ws.store.access.role == "admin" else None
    return index_segments(ws.store, ws.home, kek, list_prices(ws.settings))


def _keep_young(home: Path | None, flags: dict[str, object] | None) -> None:
    """What the gateway does once a day: delete the calls that are older than `store.retention_days`."""
    days = load_settings(home, flags).store.retention_days
    if not days:
        return
    from rightsizer.pipeline.forget import apply_retention

    with open_workspace(home, flags=flags, create=False) as ws:
        done = apply_retention(ws)
        log.info("%d calls were older than %g days", done.calls, days)


def list_prices(settings: Settings) -> PriceOf:
    """List prices by model, as the gateway asks for them. Raises `ConfigError` if the table is wrong."""
    from rightsizer.economics.prices import load_prices, price_of

    file = settings.prices.file
    table = load_prices(Path(file).expanduser() if file else None)
    unknown: set[str] = set()

    def usd_of(model: str, input_tokens: int, output_tokens: int, cached_tokens: int) -> float | None:
        price = price_of(model, table)
        if price is None:
            if model not in unknown and len(unknown) < 1000:
                unknown.add(model)
                log.warning("no price for a model: its calls cost nothing that is known; see prices.file")
            return None
        return price.row.usd(input_tokens, output_tokens, cached_tokens)

    return usd_of


def gateway_home(home: Path | None, flags: dict[str, object] | None = None) -> Path:
    """The home folder a gateway of these settings works on."""
    return load_settings(home, flags or {}).home


@dataclass(frozen=True)
class Seat:
    """A route with the student that sits on it."""

    route: Route
    predictor: Predictor


class StoreRoutes(RouteSource):
    """Reads routes, tasks and students from the home's store; students are loaded once."""

    def __init__(self, home: Path, flags: dict[str, object] | None = None) -> None:
        self._home = home
        self._flags = flags
        self._ws: Workspace | None = None
        self._known: tuple[list[Route], list[Task]] | None = None
        self._predictors: dict[str, Predictor] = {}
        self._lock = threading.Lock()

    def load(self) -> Router | None:
        """A router if routes or tasks have changed. A task whose student cannot be loaded stays the LLM's."""
        with self._lock:
            ws = self._workspace()
            routes = ws.store.records.list(Route)
            tasks = ws.store.records.list(Task) if routes else []
            if self._known == (routes, tasks):
                return None
            seats = [self._seat(ws, route) for route in routes]
            self._known = (routes, tasks)
            return StoreRouter(tasks, {seat.route.task_id: seat for seat in seats if seat is not None})

    def _workspace(self) -> Workspace:
        if self._ws is None or self._ws.store.is_still:
            if self._ws is not None:
                self._ws.close()
            self._ws = open_workspace(self._home, flags=self._flags, create=False, even_full=True)
        return self._ws

    def _seat(self, ws: Workspace, route: Route) -> Seat | None:
        from rightsizer.pipeline.predict import serving_predictor

        try:
            if route.student_id not in self._predictors:
                student = ws.find(Student, route.student_id)
                self._predictors[route.student_id] = serving_predictor(ws, student)
            return Seat(route, self._predictors[route.student_id])
        except RightsizerError as error:
            log.error("the LLM answers task %s: its student cannot serve: %s", route.task_id, error.message)
            return None


class StoreRouter:
    """Follows the routes: assign, draw, predict, and compare with the certified threshold."""

    def __init__(self, tasks: list[Task], seats: Mapping[str, Seat]) -> None:
        self._seats = seats
        self._assigner: InlineAssigner | None = None
        self._memo: dict[bytes, str | None] = {}
        self._decisions: dict[str | None, Decision] = {}
        if seats:
            from rightsizer.tasks.inline import InlineAssigner

            self._assigner = InlineAssigner(tasks, seats)

    @property
    def is_empty(self) -> bool:
        return not self._seats

    def place(self, call_id: str, body: bytes, metadata: Mapping[str, Any]) -> Decision | None:
        """See `rightsizer.gateway.routing.Router`.

        A request is taken apart (some 0.1 ms) only if none like it came before: with the same system text,
        opening, tools, response format and declared task, it is of the same task. Where a student sits on a
        step or sub-task of that task, what is asked decides too, and every request is looked at.
        """
        if len(body) > _INLINE_BYTES:
            return None
        try:
            value = orjson.loads(body)
        except ValueError:
            return None  # `route` reads JSON that this parser refuses
        if not isinstance(value, dict):
            return Decision()
        try:
            task_id = self._task_of(value, body, metadata)
        except RecordError:
            return Decision()
        seat = self._seats.get(task_id) if task_id is not None else None
        if seat is not None and (seat.route.mode == "shadow" or offered(seat.route, call_id)):
            return None
        return self._not_offered(task_id, seat)

    def _not_offered(self, task_id: str | None, seat: Seat | None) -> Decision:
        """What `place` says to calls of a task where no student is asked; made once a task."""
        decision = self._decisions.get(task_id)
        if decision is None:
            decision = Decision(task_id=task_id)
            if seat is not None:
                decision = Decision(task_id, seat.route.student_id, seat.route.mode, seat.route.share)
            self._decisions[task_id] = decision
        return decision

    def _task_of(self, value: dict[str, Any], body: bytes, metadata: Mapping[str, Any]) -> str | None:
        """The task of a Chat body, read only as far as is needed. Raises `RecordError`."""
        if self._assigner is None:
            return None
        key = template_key(value, metadata)
        template = self._memo.get(key, "")
        if template and not self._assigner.divides(template):
            return template
        if template is None:
            return None
        request, about = _read(body, metadata)
        if template == "":
            template = self._assigner.template(request, about)
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            self._memo[key] = template
        return self._assigner.within(template, request)

    def route(self, call_id: str, body: bytes, metadata: Mapping[str, Any]) -> Decision:
        """See `rightsizer.gateway.routing.Router`. A body that is no Chat request is the LLM's to refuse."""
        try:
            request, about = _read(body, metadata)
        except RecordError:
            return Decision()
        task_id = self._assigner.assign(request, about) if self._assigner is not None else None
        seat = self._seats.get(task_id) if task_id is not None else None
        if seat is None:
            return Decision(task_id=task_id)
        route = seat.route
        decision = Decision(
            task_id=task_id,
            student_id=route.student_id,
            mode=route.mode,
            propensity=0.0 if route.mode == "shadow" else route.share,
            request=request,
        )
        if not offered(route, call_id):
            return decision
        return self._answer(seat, replace(decision, offered=True))

    def shadow(self, decision: Decision) -> Decision:
        """See `rightsizer.gateway.routing.Router`."""
        seat = self._seats.get(decision.task_id or "")
        return decision if seat is None else self._answer(seat, decision)

    @staticmethod
    def _answer(seat: Seat, decision: Decision) -> Decision:
        assert decision.request is not None
        prediction = seat.predictor.predict([decision.request])[0]
        reason = refusal(seat.route, prediction, decision.request)
        message = None if reason else prediction.message
        return replace(decision, message=message, confidence=prediction.confidence, fallback=reason)


def template_key(body: dict[str, Any], metadata: Mapping[str, Any]) -> bytes:
    """A digest of all of a Chat body that can decide its task: equal keys, equal tasks."""
    messages = body.get("messages")
    said: list[Any] = []
    opened = False
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict) and NATIVE not in message and message.get("role") not in SYSTEM_ROLES:
            if opened:
                continue
            opened = True
        said.append(message)
    get = body.get
    about = (get("tools"), get("functions"), get("response_format"), get("metadata"))
    own = dict(metadata) if metadata else None
    return sha256(orjson.dumps((said, about, own))).digest()


def _read(body: bytes, metadata: Mapping[str, Any]) -> tuple[Request, dict[str, Any]]:
    """The request and its metadata. Raises `RecordError`."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise RecordError("no-request", "the body is not an object")
    own = value.get("metadata")
    return request_from_chat(value), {**(own if isinstance(own, dict) else {}), **metadata}
