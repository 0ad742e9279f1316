"""Every error rightsizer raises, drawn as one tree.

    RightsizerError
    ├── InputError            what the caller gave us cannot be used
    │   ├── RecordError       one line or record of a log is unusable (file, line)
    │   ├── ConfigError       a setting is missing, unknown or of the wrong kind
    │   └── NotFound          no such call, task, student …
    ├── StoreError            the store cannot do what was asked
    │   ├── KeyMismatch       the key does not open this store
    │   ├── AccessDenied      the role may not do or read this
    │   └── StoreBusy         another process holds the write lock  (retryable)
    ├── ArtifactError         an artifact is missing, altered or of a newer format
    ├── EvidenceError         a certificate does not follow from its evidence
    ├── MissingExtra          an optional dependency is not installed
    └── UpstreamError         a model server did not answer as it should (retryable where marked)

A message says what was wrong and where; `hint` says what to do next; `retryable` says whether the
same call may succeed if it is simply made again.
"""

from __future__ import annotations


class RightsizerError(Exception):
    """Base of all errors of this package."""

    retryable = False

    def __init__(self, message: str, *, hint: str = "", retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if retryable is not None:
            self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.hint}" if self.hint else self.message


class InputError(RightsizerError):
    """What the caller gave us cannot be used."""


class RecordError(InputError):
    """One record of a log is unusable. `reason` is a short stable slug, e.g. ``invalid-json``."""

    def __init__(self, reason: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class ConfigError(InputError):
    """A setting is missing, unknown or of the wrong kind."""


class NotFound(InputError):
    """No such call, task, student, release …"""


class StoreError(RightsizerError):
    """The store cannot do what was asked."""


class KeyMismatch(StoreError):
    """The key does not open this store."""


class AccessDenied(StoreError):
    """The role of whoever opened the store may not do or read this."""


class StoreBusy(StoreError):
    """Another process holds the write lock."""

    retryable = True


class ArtifactError(RightsizerError):
    """An artifact is missing, altered, or written by a newer version."""


class EvidenceError(RightsizerError):
    """A certificate does not follow from the evidence it names."""


class MissingExtra(RightsizerError):
    """An optional dependency is not installed."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the extra '{extra}', which is not installed",
            hint=f"pip install 'rightsizer[{extra}]'",
        )
        self.extra = extra


class UpstreamError(RightsizerError):
    """A model server did not answer as it should."""
