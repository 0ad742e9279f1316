"""`Listener`: one home that calls are recorded to, and the ways to have them recorded."""

from __future__ import annotations

import atexit
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from rightsizer.errors import RightsizerError
from rightsizer.listener.functions import listen_to_function
from rightsizer.listener.guard import guarded
from rightsizer.listener.http import listen_to
from rightsizer.listener.journal import Journal
from rightsizer.listener.note import Note

log = logging.getLogger("rightsizer.listener")
Client = TypeVar("Client")
Function = TypeVar("Function", bound=Callable[..., Any])
_about: ContextVar[Mapping[str, Any] | None] = ContextVar("rightsizer_about", default=None)


class Listener:
    """Records calls to the home folder `home` (None: ``RIGHTSIZER_HOME``, else ``~/.rightsizer``).

    A call is on its way to the disk before its last byte is given to the agent: kill -9 loses none that
    was answered. `close`, or the end of the ``with``, brings them into the store; so does a gateway that
    runs on the same home, within seconds. If the home cannot be used, nothing is recorded and the log
    says so: the constructor never raises.
    """

    def __init__(self, home: str | Path | None = None) -> None:
        self._home: Path | None = None
        self._undo: list[Callable[[], None]] = []
        self._journal: Journal | None = guarded(self._open, None if home is None else Path(home))
        if self._journal is None:
            log.warning("the listener records nothing")
        atexit.register(self.close)

    @property
    def is_recording(self) -> bool:
        """Whether calls are recorded."""
        return self._journal is not None

    def wrap(self, client: Client) -> Client:
        """The same client, its calls recorded: `openai`, `anthropic` (sync and async), or an httpx client.

        A client that is none of these is given back as it is, with a line in the log.
        """
        inner = getattr(client, "_client", None)
        http = inner if callable(getattr(inner, "send", None)) else client
        undo = guarded(listen_to, http, self._note)
        if undo is not None:
            self._undo.append(undo)
        return client

    def recorded(self, function: Function) -> Function:
        """Decorator for a function that asks a model, by keywords as in OpenAI's Chat API.

        It takes at least ``messages`` (or ``input``) and gives a text, a completion (dict or pydantic
        model), or an iterator of text or chunks; async too. Other functions go on unrecorded.
        """
        wrapped = guarded(listen_to_function, function, self._note)
        return function if wrapped is None else wrapped  # type: ignore[return-value]

    @contextlib.contextmanager
    def session(self, session_id: str, **metadata: Any) -> Iterator[None]:
        """Calls made inside belong to one session, and carry `metadata` that learners may use."""
        given = {"session": session_id, **({"metadata": metadata} if metadata else {})}
        token = _about.set(given)
        try:
            yield
        finally:
            _about.reset(token)

    def close(self) -> None:
        """Stop listening and bring what was recorded into the store. Never raises; later calls do nothing."""
        atexit.unregister(self.close)
        for undo in self._undo:
            guarded(undo)
        self._undo = []
        journal, self._journal = self._journal, None
        if journal is not None:
            guarded(journal.close)
            guarded(self._index)

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, home: Path | None) -> Journal | None:
        from rightsizer.pipeline.workspace import open_workspace
        from rightsizer.store.keys import find_key

        try:
            with open_workspace(home) as ws:
                self._home, callers = ws.home, ws.store.callers
            return Journal(self._home, find_key(self._home, None, create=False, ask=False), callers.of_user)
        except RightsizerError as error:
            log.warning("%s", error.message)
            return None

    def _index(self) -> None:
        from rightsizer.pipeline.gateway import index_gateway

        try:
            index_gateway(self._home)
        except RightsizerError as error:
            log.warning("recorded calls wait on the disk: %s", error.message)

    def _note(self, path: str, request: bytes) -> Note | None:
        journal = self._journal
        return None if journal is None else Note(journal, path, request, dict(_about.get() or {}))
