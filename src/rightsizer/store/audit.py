"""Who did what, when: an append-only file of signed entries, each holding the hash of the one before.

``<home>/audit/log.jsonl`` has one JSON object a line; ``<home>/audit/head.json`` names the last entry and
is signed. An entry says who, which action, on which ids or how many; never a word of a call. What each
change would do (after Schneier & Kelsey 1999, with a public key in place of evolving secrets):

- an entry edited, moved or taken out: the chain breaks at it, and its signature fails;
- the last entries cut off: the signed head is ahead of the log;
- an entry added by somebody without the signing key: its signature fails;
- the log and its head replaced by older copies: seen only by who kept a head elsewhere (`pin`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rightsizer.errors import InputError, StoreError
from rightsizer.types import Frozen

GENESIS = "0" * 64
Fact = int | float | str | bool | tuple[str, ...]
_TAIL_BYTES = 1 << 16


class AuditEntry(Frozen):
    """One line. `hash` is SHA-256 over the canonical JSON of all before it; `signature` is over `hash`."""

    n: int
    at: datetime
    who: str
    role: str
    key: str
    action: str
    on: dict[str, Fact]
    allowed: bool = True
    prev: str
    hash: str = ""
    signature: str = ""


@dataclass(frozen=True)
class AuditFault:
    """What `verify_audit` found: at entry `n` (0 = the file as a whole), in words."""

    n: int
    what: str


def audit_path(home: Path) -> Path:
    """The log of a home."""
    return home / "audit" / "log.jsonl"


def head_path(home: Path) -> Path:
    """The signed name of the last entry."""
    return home / "audit" / "head.json"


class AuditLog:
    """Appends to one home's log; processes wait for each other (flock), each entry is on the disk."""

    def __init__(
        self, home: Path, signing_key: Callable[[], Ed25519PrivateKey], *, who: str, role: str, key: str
    ) -> None:
        self._home = home
        self._signing_key = signing_key
        self._who, self._role, self._key = who, role, key

    def append(self, action: str, on: Mapping[str, Fact], *, allowed: bool = True) -> AuditEntry:
        """Write one entry. Raises `StoreError` if it cannot be written: then the action must not go on."""
        path = audit_path(self._home)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                last = _last(descriptor)
                if last is None:  # so that a crash after the first line leaves a head, one entry behind
                    self._sign_head(0, GENESIS)
                entry = self._next(last, action, on, allowed)
                size = os.lseek(descriptor, 0, os.SEEK_END)
                try:
                    _write_all(descriptor, entry.model_dump_json().encode() + b"\n")
                    os.fsync(descriptor)
                    self._sign_head(entry.n, entry.hash)
                except OSError:
                    os.ftruncate(descriptor, size)  # it would say that what is not done was done
                    raise
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreError(
                f"cannot write the audit log {path}: {error}",
                hint="nothing was done: what cannot be entered is not allowed. Check space and permissions",
            ) from error
        return entry

    def _next(
        self, last: AuditEntry | None, action: str, on: Mapping[str, Fact], allowed: bool
    ) -> AuditEntry:
        entry = AuditEntry(
            n=last.n + 1 if last else 1,
            at=datetime.now(UTC),
            who=self._who,
            role=self._role,
            key=self._key,
            action=action,
            on={name: _writable(value) for name, value in on.items()},
            allowed=allowed,
            prev=last.hash if last else GENESIS,
        )
        entry = entry.model_copy(update={"hash": entry_hash(entry)})
        return entry.model_copy(update={"signature": self._signing_key().sign(entry.hash.encode()).hex()})

    def _sign_head(self, n: int, last: str) -> None:
        signature = self._signing_key().sign(_head_bytes(n, last)).hex()
        path = head_path(self._home)
        draft = path.with_suffix(".draft")
        with open(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
        ) as file:
            json.dump({"n": n, "hash": last, "signature": signature}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _writable(fact: Fact) -> Fact:
    """A fact that is UTF-8: an id on a command line may hold halves of UTF-16 pairs and odd bytes."""
    if isinstance(fact, tuple):
        return tuple(str(_writable(each)) for each in fact)
    return fact.encode("utf-8", "backslashreplace").decode() if isinstance(fact, str) else fact


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the entry without its own hash and signature, in canonical JSON."""
    body = entry.model_dump(mode="json", exclude={"hash", "signature"})
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_audit(home: Path) -> Iterator[AuditEntry]:
    """Every entry in order, unchecked. Raises `StoreError` at a line that is none."""
    with _lines(audit_path(home)) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield AuditEntry.model_validate_json(line)
            except ValueError as error:
                raise StoreError(
                    f"line {number} of the audit log is no entry", hint="rightsizer audit verify"
                ) from error


def verify_audit(
    home: Path, key: Ed25519PublicKey, *, started: str | None = None, pin: str | None = None
) -> tuple[int, str, list[AuditFault]]:
    """(entries, hash of the last, what is wrong: nothing if the list is empty).

    Args:
        started: hash of the first entry, where the store remembers it.
        pin: ``N:HASH`` of a head that was written down elsewhere; it must still be in the log.
    """
    faults: list[AuditFault] = []
    pinned = _parse_pin(pin)
    hashes = [GENESIS]
    with _lines(audit_path(home)) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                entry = AuditEntry.model_validate_json(line)
            except ValueError:
                faults.append(AuditFault(number, "is no entry"))
                hashes.append("")
                continue
            faults += [AuditFault(number, what) for what in _faults(entry, number, hashes[-1], key)]
            hashes.append(entry.hash)
    n = len(hashes) - 1
    faults += _head_faults(home, hashes, key)
    if started is not None and (n == 0 or hashes[1] != started):
        faults.append(AuditFault(0, "does not begin with the entry that the store remembers as its first"))
    if pinned is not None and (pinned[0] > n or hashes[pinned[0]] != pinned[1]):
        faults.append(AuditFault(pinned[0], "is not the entry that was pinned"))
    return n, hashes[-1], faults


def _faults(entry: AuditEntry, number: int, prev: str, key: Ed25519PublicKey) -> Iterator[str]:
    if entry.n != number:
        yield f"says it is entry {entry.n}"
    if entry.prev != prev:
        yield "does not follow from the entry before it"
    if entry.hash != entry_hash(entry):
        yield "was changed after it was written"
    if not _signed(key, entry.signature, entry.hash.encode()):
        yield "is not signed with this home's key"


def _head_faults(home: Path, hashes: list[str], key: Ed25519PublicKey) -> list[AuditFault]:
    try:
        head = json.loads(head_path(home).read_text("ascii"))
        n, head_hash, signature = int(head["n"]), str(head["hash"]), str(head["signature"])
    except FileNotFoundError:
        return [AuditFault(0, "has no signed head")] if len(hashes) > 1 else []
    except (OSError, ValueError, KeyError, TypeError):
        return [AuditFault(0, "has a head that cannot be read")]
    if not _signed(key, signature, _head_bytes(n, head_hash)):
        return [AuditFault(0, "has a head that is not signed with this home's key")]
    if n >= len(hashes):
        return [AuditFault(n, f"is missing: the signed head names it, the log ends at {len(hashes) - 1}")]
    if hashes[n] != head_hash:
        return [AuditFault(n, "is not the entry that the signed head names")]
    # One entry may be ahead: a crash between the line and the head. It is signed itself.
    return [AuditFault(n + 1, "and later are not named by the head")] if len(hashes) - 1 > n + 1 else []


def _signed(key: Ed25519PublicKey, signature: str, content: bytes) -> bool:
    try:
        key.verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _head_bytes(n: int, entry_hash: str) -> bytes:
    return f"rightsizer audit head {n} {entry_hash}".encode()


def _parse_pin(pin: str | None) -> tuple[int, str] | None:
    if pin is None:
        return None
    number, _, digest = pin.partition(":")
    if not number.isdigit() or int(number) < 1 or len(digest) != len(GENESIS):
        raise InputError(f"'{pin}' is no pin", hint="N:HASH, as `rightsizer audit verify` prints it")
    return int(number), digest


def _last(descriptor: int) -> AuditEntry | None:
    """The last whole entry; half a line after it (the writer was killed) is cut off."""
    size = os.fstat(descriptor).st_size
    start = max(0, size - _TAIL_BYTES)
    tail = os.pread(descriptor, size - start, start)
    end = tail.rfind(b"\n") + 1
    if end < len(tail):
        os.ftruncate(descriptor, start + end)
    if not end:
        return None
    line = tail[:end].rstrip(b"\n").rpartition(b"\n")[2]
    try:
        return AuditEntry.model_validate_json(line)
    except ValueError as error:
        raise StoreError(
            "the last line of the audit log is damaged", hint="rightsizer audit verify; restore a backup"
        ) from error


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield iter(())
        return
    with file:
        yield (line.rstrip(b"\n") for line in file)
