"""The audit log as verbs."""

from __future__ import annotations

from rightsizer.pipeline.workspace import Workspace
from rightsizer.store.audit import verify_audit
from rightsizer.types import Frozen


class Fault(Frozen):
    """What is wrong at entry `n` (0: with the log as a whole)."""

    n: int
    what: str


class AuditVerification(Frozen):
    """`faults` is empty if nothing was edited, removed or cut off; `pin` names the last entry."""

    entries: int
    pin: str
    faults: tuple[Fault, ...]


def verify_audit_log(ws: Workspace, *, pin: str | None = None) -> AuditVerification:
    """Check the audit log against the signing key, its signed head, the store, and a `pin` kept elsewhere.

    Raises:
        InputError: the pin is none.
    """
    key = ws.signing_key.public_key()
    n, last, faults = verify_audit(ws.home, key, started=ws.store.audit_start(), pin=pin)
    found = AuditVerification(
        entries=n, pin=f"{n}:{last}", faults=tuple(Fault(n=f.n, what=f.what) for f in faults)
    )
    ws.enter("audit.read", verified=n, faults=len(faults))
    return found
