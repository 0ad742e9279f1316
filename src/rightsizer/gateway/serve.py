"""Start the gateway: workers that answer, an indexer beside them, until SIGTERM."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib.util
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rightsizer.errors import ConfigError, MissingExtra
from rightsizer.gateway.counts import make_files
from rightsizer.gateway.keys import read_keys
from rightsizer.gateway.logs import tell_end, tell_loop_error
from rightsizer.gateway.routing import RouteSource
from rightsizer.gateway.settings import UPSTREAM_KEY_VARIABLE, GatewaySettings
from rightsizer.gateway.shared_metrics import clear_metrics
from rightsizer.gateway.spending import PriceOf
from rightsizer.gateway.spill import Spill
from rightsizer.gateway.tls import Certificate, complaints, follow_files, load_certificate
from rightsizer.gateway.upstreams import check_http2, check_upstream_key, check_upstreams
from rightsizer.store.callers import CallerNames
from rightsizer.store.sealing import WritingKey
from rightsizer.store.store import Store

if TYPE_CHECKING:
    import asyncio

    from rightsizer.gateway.otlp_export import SpanExporter

log = logging.getLogger("rightsizer.gateway")
_INDEX_EVERY_S = 3.0
_DEATHS, _DEATHS_WITHIN_S = 5, 30.0
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(
    settings: GatewaySettings,
    *,
    home: Path,
    kek: WritingKey,
    open_store: Callable[[], Store],
    route_source: Callable[[], RouteSource | None],
    price: PriceOf | None = None,
    callers: CallerNames | None = None,
    announce: Callable[[str], None] = lambda url: None,
    maintain: Callable[[], None] = lambda: None,
) -> int:
    """Answer until SIGTERM, SIGINT or SIGHUP; what is under way is finished first. The exit code.

    Workers and indexer are processes; `route_source` and `open_store` are called inside them. `price`:
    what calls cost. `callers`: the pseudonyms of who calls. `maintain` is called by the indexer at its
    start and once a day. `announce` is given the base URL when the address is bound.

    Raises:
        ConfigError: a bad upstream or spill folder, or an address others can reach and no key on it.
        MissingExtra: uvicorn or httptools is not installed, or h2 where HTTP/2 is wanted.
    """
    if not all(map(importlib.util.find_spec, ("httptools", "uvicorn"))):  # a worker loads them
        raise MissingExtra("gateway", "the gateway")
    settings.target()
    check_upstreams(settings.upstreams)
    check_http2(settings)
    Spill(home, settings.spill, kek, settings.segment_bytes)  # here where it can be told
    tls = load_certificate(settings)
    check_upstream_key(os.environ.get(UPSTREAM_KEY_VARIABLE, ""))
    keys = read_keys(home)  # a damaged file is told here, also where none is needed
    if not settings.is_loopback() and not any(key.is_usable(time.time()) for key in keys):
        raise ConfigError(
            f"{settings.host} can be reached by others and no key protects it",
            hint="make one: rightsizer gateway --add-key NAME, or listen on 127.0.0.1",
        )
    for complaint in complaints(settings) if tls else ():
        log.warning("%s", complaint)
    if not tls and not settings.is_loopback():
        log.warning(
            "keys and prompts travel in plain text to %s: use --tls-cert and --tls-key", settings.host
        )
    listener = _bind(settings)
    make_files(home, settings.workers)
    clear_metrics(home)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    announce(f"{'https' if tls else 'http'}://{host}:{listener.getsockname()[1]}")
    work = functools.partial(
        _work, settings, home, kek, route_source, price, callers, listener, os.getpid(), tls
    )
    jobs = [Job("worker", work) for _ in range(settings.workers)]
    if isinstance(kek, bytes):  # whoever can only seal can index nothing: that is for the holder of the key
        tell = None
        if settings.otlp_endpoint:
            from rightsizer.gateway.otlp_export import SpanExporter

            tell = SpanExporter(settings.otlp_endpoint, content=settings.otlp_content)
        index = functools.partial(_index, open_store, home, kek, maintain, price, tell, listener, os.getpid())
        jobs.insert(0, Job("indexer", index))
    gc.collect()
    gc.freeze()  # a collection in a child would write to every page that it shares with us
    return _supervise({_fork(job): job for job in jobs}, settings.drain_timeout_s, listener)


@dataclass(frozen=True)
class Job:
    """What a child process does."""

    role: str
    work: Callable[[], None]


def _bind(settings: GatewaySettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            hint="another program has it? choose another with --port",
        ) from error
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


def _fork(job: Job) -> int:
    """Do a job in a child process; its pid."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a replaced child would inherit the supervisor's
    for number in (signal.SIGINT, signal.SIGHUP):  # they reach all; the supervisor passes them on
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    code = 1
    try:
        job.work()
        code = 0
    finally:
        error = sys.exception()
        if code and error is not None:  # `_exit` would swallow it
            tell_end(job.role, error)
        sys.stderr.flush()
        os._exit(code)


def _supervise(children: dict[int, Job], drain_timeout_s: float, listener: socket.socket) -> int:
    """Wait for the end. A child that dies is replaced; if they die on and on, the gateway ends with 1."""
    stopping: list[float] = []
    deaths: list[float] = []

    def stop(signum: int, frame: Any) -> None:
        if not stopping:
            stopping.append(time.monotonic())
            listener.close()  # or who connects now would wait for somebody who accepts, in vain
            _signal([pid for pid, job in children.items() if job.role == "worker"], signal.SIGTERM)

    for number in _STOPPING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, stop)
    code = 0
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid not in children:
            if stopping and time.monotonic() - stopping[0] > drain_timeout_s + 30:
                _signal(list(children), signal.SIGKILL)
            time.sleep(0.05)
            continue
        job = children.pop(pid)
        if not stopping:
            log.error("the %s stopped by itself (status %d)", job.role, status)
            deaths = [*(at for at in deaths if time.monotonic() - at < _DEATHS_WITHIN_S), time.monotonic()]
            if len(deaths) < _DEATHS:
                signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)  # the child must not have our handler run
                fresh = _fork(job)
                children[fresh] = job
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
                if stopping and job.role == "worker":  # told to stop in between: it did not hear of it
                    _signal([fresh], signal.SIGTERM)
                continue
            code = 1
            stop(signal.SIGTERM, None)
        if not any(each.role == "worker" for each in children.values()):
            _signal(list(children), signal.SIGTERM)  # the indexer folds what the workers left
    return code


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _index(
    open_store: Callable[[], Store],
    home: Path,
    kek: bytes,
    maintain: Callable[[], None],
    price: PriceOf | None,
    tell: SpanExporter | None,
    listener: socket.socket,
    parent: int,
) -> None:
    from rightsizer.gateway.indexer import watch

    listener.close()  # it accepts nothing, and folds for a while after the last worker has gone
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda signum, frame: stopped.append(signum))
    os.nice(15)
    ended = functools.partial(_is_over, stopped, parent)
    watch(open_store, home, kek, ended, _INDEX_EVERY_S, maintain, price, tell)


def _is_over(stopped: list[int], parent: int) -> bool:
    return bool(stopped) or os.getppid() != parent


def _work(
    settings: GatewaySettings,
    home: Path,
    kek: WritingKey,
    route_source: Callable[[], RouteSource | None],
    price: PriceOf | None,
    callers: CallerNames | None,
    listener: socket.socket,
    parent: int,
    certificate: Certificate | None,
) -> None:
    import asyncio

    from rightsizer.gateway.threads import use_one_thread

    use_one_thread()
    runner = asyncio.Runner(loop_factory=_loop_factory())
    with runner:
        runner.run(
            run_worker(settings, home, kek, route_source(), [listener], price, callers, parent, certificate)
        )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def run_worker(
    settings: GatewaySettings,
    home: Path,
    kek: WritingKey,
    source: RouteSource | None,
    sockets: list[socket.socket],
    price: PriceOf | None = None,
    callers: CallerNames | None = None,
    parent: int = 0,
    certificate: Certificate | None = None,
) -> None:
    """One worker, inside a running loop, until SIGTERM, or until its supervisor `parent` is no more."""
    import asyncio

    import uvicorn

    from rightsizer.gateway.admin import Admin
    from rightsizer.gateway.protocol import GatewayProtocol
    from rightsizer.gateway.worker import Worker

    asyncio.get_running_loop().set_exception_handler(tell_loop_error)
    worker = Worker(settings, home, kek, source, price, callers)
    await worker.start()
    config = uvicorn.Config(
        Admin(worker),
        http=functools.partial(GatewayProtocol, worker),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, int(settings.drain_timeout_s)),
    )
    config.load()
    config.ssl = certificate.context if certificate else None
    server = _quiet_server(uvicorn.Server)(config)

    def drain() -> None:
        worker.draining = True
        server.should_exit = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, drain)
    following = [asyncio.create_task(_follow_parent(drain, parent or os.getppid()))]
    if certificate is not None:
        following.append(asyncio.create_task(follow_files(settings, certificate)))
    gc.collect()
    gc.freeze()
    try:
        await server.serve(sockets=sockets)
    finally:
        for each in following:
            each.cancel()
        await worker.stop()


def _quiet_server(base: Any) -> Any:
    """uvicorn's server without its signal handling, which would end the process before the last record."""

    class QuietServer(base):  # type: ignore[misc]
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return QuietServer


async def _follow_parent(drain: Callable[[], None], parent: int) -> None:
    """A worker whose supervisor was killed finishes and goes, so that its address is free again."""
    import asyncio

    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    drain()
