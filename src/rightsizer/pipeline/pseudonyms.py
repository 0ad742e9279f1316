"""Curated calls leave the house under surrogates: one map a session, its key in the store, a last scan."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.paraphrase import Paraphraser
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms.keys import SALT_BYTES, session_key
from rightsizer.curation.pseudonyms.knowledge import Knowledge, LogReader
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.curation.residual import ResidualScan
from rightsizer.curation.sensitive import MASKED_TYPES
from rightsizer.errors import NotFound, StoreError
from rightsizer.pipeline.paraphrase import asker
from rightsizer.pipeline.policy import policy_of
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Call, Frozen

_MASTER = "master"


class PseudonymKey(Frozen):
    """As earlier versions kept a salt: among the records. Taken over into `Store.salts` at its next use."""

    id: str
    secret: str


@dataclass
class Quarantine:
    """Calls not written, by reason: ``residual:<class>``, ``drop:<class>``, ``key-destroyed``."""

    reasons: Counter[str] = field(default_factory=Counter)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def add(self, call: Call, reason: str) -> None:
        self.reasons[reason] += 1
        self.calls.append((call.id, reason))


def rewritten_calls(ws: Workspace, quarantine: Quarantine, *, progress: Progress = silent) -> Iterator[Call]:
    """Kept calls under surrogates, session by session; what still hits goes to `quarantine` instead."""
    policy = policy_of(ws)
    total = ws.store.calls.count(kept_only=True)
    knowledge, sessions = _read_log(ws, policy, counted(_kept(ws), "export · reading", total, progress))
    cache = MaskCache(masked=policy.found_types(MASKED_TYPES))
    done = 0
    for session in sessions:
        calls = _SessionCalls(ws, session)
        yield from rewrite_session(ws, session, calls, policy, knowledge, cache, quarantine)
        done += calls.count
        progress("export · rewriting", done, total)


@dataclass
class _SessionCalls:
    """The kept calls of a session, read from the store each time: they need not fit into memory together."""

    ws: Workspace
    session: str
    count: int = 0

    def __iter__(self) -> Iterator[Call]:
        self.count = 0
        for call in self.ws.store.calls.scan(session_id=self.session, kept_only=True):
            self.count += 1
            yield call


def rewrite_session(
    ws: Workspace,
    session: str,
    calls: Iterable[Call],
    policy: Policy,
    knowledge: Knowledge,
    cache: MaskCache,
    quarantine: Quarantine,
) -> Iterator[Call]:
    """The calls of one session under its surrogates; `calls` is gone through more than once."""
    key = find_session_key(ws, _tenant(policy, session, calls), session)
    if key is None:
        for call in calls:
            quarantine.add(call, "key-destroyed")
        return
    rewriter = SessionRewriter(calls, key, policy, knowledge, cache=cache)
    scan = ResidualScan(rewriter, policy, cache)
    in_other_words = _paraphraser(policy, rewriter, calls, scan)
    for call in calls:
        forbidden = scan.refusal(call)
        if forbidden is not None:
            quarantine.add(call, f"drop:{forbidden}")
            continue
        rewritten = in_other_words(rewriter.rewrite(call))
        hit = scan.hit(rewritten)
        if hit is None:
            yield rewritten
        else:
            quarantine.add(call, f"residual:{hit}")


def _paraphraser(
    policy: Policy, rewriter: SessionRewriter, calls: Iterable[Call], scan: ResidualScan
) -> Callable[[Call], Call]:
    ask = asker(policy.paraphrase)
    if ask is None:
        return lambda call: call
    return Paraphraser(ask, rewriter, map(rewriter.rewrite, calls), scan.still_hits).call


def find_session_key(ws: Workspace, tenant: str, session: str) -> bytes | None:
    """The key of a session's surrogates, made at first use; None if it was destroyed.

    Raises:
        AccessDenied: the role may not read raw calls, and so not whom a surrogate stands for.
    """
    salt = _salt(ws, session_name(session), SALT_BYTES)
    master = _salt(ws, _MASTER, 32) if salt is not None else None
    return session_key(master, tenant, session, salt) if master is not None and salt is not None else None


def destroy_session_keys(ws: Workspace, sessions: Iterable[str]) -> int:
    """Make the surrogates of these sessions irreversible, for good; the number of keys destroyed.

    What was exported keeps its surrogates, but nobody can put values back or draw the same ones again, also
    with a backup of the store (as long as it is restored with today's ``keys/blocks.ring``).
    """
    wanted = sorted(set(sessions))
    ws.enter("keys.destroy", sessions=len(wanted))
    return destroy_salts(ws, wanted)


def destroy_salts(ws: Workspace, sessions: Iterable[str]) -> int:
    """As `destroy_session_keys`, within an action that was entered."""
    names = sorted(map(session_name, sessions))
    destroyed = ws.store.salts.destroy(names)
    for name in names:
        with contextlib.suppress(NotFound):
            ws.store.records.delete(PseudonymKey, name)
    return destroyed


def _salt(ws: Workspace, name: str, size: int) -> bytes | None:
    earlier = _earlier(ws, name)
    if earlier is not None and not earlier.secret:
        ws.store.salts.destroy([name])
    salt = ws.store.salts.find_or_make(
        name, size, earlier=bytes.fromhex(earlier.secret) if earlier is not None else None
    )
    if earlier is not None:
        with contextlib.suppress(NotFound):
            ws.store.records.delete(PseudonymKey, name)
    return salt


def _earlier(ws: Workspace, name: str) -> PseudonymKey | None:
    try:
        return ws.store.records.get(PseudonymKey, name)
    except NotFound:
        return None


def session_name(session: str) -> str:
    """Under what name a session's salt is kept."""
    return "session-" + blake2b(session.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _kept(ws: Workspace) -> Iterator[Call]:
    return ws.store.calls.scan(kept_only=True)


def _read_log(ws: Workspace, policy: Policy, calls: Iterable[Call]) -> tuple[Knowledge, list[str]]:
    reader = LogReader(policy.owners, policy.owner_fields)
    sessions: dict[str, None] = {}
    for call in calls:
        reader.read(call)
        sessions[call.session_id] = None
    return reader.knowledge(policy.keep), list(sessions)


def _tenant(policy: Policy, session: str, calls: Iterable[Call]) -> str:
    named = (str(c.metadata[policy.tenant_field]) for c in calls if policy.tenant_field in c.metadata)
    tenants = sorted(set(named))
    if len(tenants) > 1:
        raise StoreError(
            f"session {session} belongs to {len(tenants)} tenants",
            hint=f"check the metadata field {policy.tenant_field!r} that the policy names",
        )
    return tenants[0] if tenants else ""
