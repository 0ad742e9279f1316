"""How the gateway logs: one line an event on stderr, as text or as JSON. Never what was asked or answered.

Of an exception its kind and where it came up, never its words: they may hold a prompt.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from rightsizer.errors import RecordError, RightsizerError

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger("rightsizer.gateway")
_FRAMES = 6


class JsonFormatter(logging.Formatter):
    """``{"at", "level", "logger", "pid", "message"}``; of an exception ``error`` (its kind) and ``where``."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"error": type(record.exc_info[1]).__name__, "where": where(record.exc_info[1])}
        return orjson.dumps(line, default=str).decode("utf-8")


class TextFormatter(logging.Formatter):
    """``time LEVEL message``, whatever the message holds: a line end in a name begins no line of the log."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage().rstrip()
        if record.exc_info and record.exc_info[1] is not None:
            message += f": {type(record.exc_info[1]).__name__} in {where(record.exc_info[1])}"
        return f"{self.formatTime(record)} {record.levelname} {in_one_line(message)}"


def in_one_line(text: str) -> str:
    """The text with what is not printable (line ends, a terminal's commands) as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def where(error: BaseException) -> str:
    """Where an exception came up, the innermost place first."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def tell_end(role: str, error: BaseException) -> None:
    """Log why a process ends; of our own errors the message, too, if it is about no record."""
    known = isinstance(error, RightsizerError) and not isinstance(error, RecordError)
    words = f" ({error.message})" if isinstance(error, RightsizerError) and known else ""
    log.error("the %s ends: %s%s in %s", role, type(error).__name__, words, where(error))


def tell_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What an event loop has to say, without the arguments and results that it would print."""
    error = context.get("exception")
    if error is None:
        log.error("the event loop complains: %s", str(context.get("message", "")).partition("<")[0][:100])
    else:
        log.error("unexpected: %s in %s", type(error).__name__, where(error))


def set_up_logs(form: str) -> None:
    """Log to stderr from now on; `form` is ``text`` or ``json``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
