"""The weights behind a server: which files they are, and whether the server says that it serves those.

A student behind a server is certified for the very file that answered the gate (merged, quantised or
re-compiled weights are another model). The file's hash is part of the student, so a file that changed is
refused when the student is loaded; and where a server tells what it has loaded, it must be this file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from rightsizer.errors import ArtifactError, InputError, UpstreamError
from rightsizer.students.artifact import artifact_hash
from rightsizer.students.chat_server import ChatServer
from rightsizer.types import Frozen

Told = Literal["the same", "not told"]
OLLAMA_BLOB = "sha256-"


class Weights(Frozen):
    """A file or folder of weights, and its SHA-256 (of a folder: over names and contents of all files)."""

    path: str
    sha256: str


def weights_of(path: Path) -> Weights:
    """Hash the weights at `path`.

    Raises:
        InputError: there is no such file or folder.
    """
    if not path.exists():
        raise InputError(
            f"there are no weights at {path}", hint="name the file or folder that the server has loaded"
        )
    return Weights(path=str(path.resolve()), sha256=_hash(path))


def require_unchanged(weights: Weights) -> None:
    """Refuse weights that are not those of the training or the gate.

    Raises:
        ArtifactError: the files are missing or others.
    """
    path = Path(weights.path)
    if not path.exists() or _hash(path) != weights.sha256:
        raise ArtifactError(
            f"the weights at {path} are not the ones that were evaluated",
            hint="restore them, or train and evaluate a student on the new ones",
        )


def require_served(weights: Weights, server: ChatServer) -> Told:
    """Whether the server says that it serves these weights; most servers tell, in ways of their own.

    Raises:
        ArtifactError: it says that it serves others.
    """
    told = told_weights(server)
    if told is None:
        return "not told"
    path, here = Path(told), Path(weights.path)
    same = told == weights.sha256 or path == here or (path.exists() and path.samefile(here))
    if not same:
        raise ArtifactError(
            f"the server at {server.server.base_url} serves {told}, not {weights.path}",
            hint="start it with the weights that are to be certified",
        )
    return "the same"


def told_weights(server: ChatServer) -> str | None:
    """The path or hash of what a server has loaded; None where it does not say.

    llama.cpp tells the path (``/props``), vLLM and SGLang the root of each model (``/v1/models``), Ollama the
    hash of the file (``/api/show``).

    Raises:
        ArtifactError: SGLang has an adapter of this name, which calls do not get by it.
    """
    props = _asked(server, "GET", "/props")
    if isinstance(props.get("model_path"), str) and Path(props["model_path"]).is_absolute():
        return str(props["model_path"])
    told = _asked(server, "GET", "/v1/models").get("data") or ()
    for model in filter(lambda each: isinstance(each, dict), told):
        if _called(model, server.server.model) == server.server.model and model.get("root"):
            root = str(model["root"])
            return root if Path(root).is_absolute() else None
    shown = str(_asked(server, "POST", "/api/show", {"model": server.server.model}).get("modelfile", ""))
    source = next((line[5:].strip() for line in shown.splitlines() if line.startswith("FROM ")), "")
    return source.rpartition(OLLAMA_BLOB)[2] if OLLAMA_BLOB in source else None


def _called(model: Mapping[str, Any], asked: str) -> str:
    """The name by which calls get what a server lists; to an adapter's plain name SGLang's base answers."""
    name, parent = str(model.get("id")), model.get("parent")
    if model.get("owned_by") != "sglang" or not parent:
        return name
    if name == asked:
        raise ArtifactError(
            f"SGLang answers calls to {name} with the base model, not with the adapter of that name",
            hint=f"name the model {parent}:{name}",
        )
    return f"{parent}:{name}"


def _asked(
    server: ChatServer, method: str, path: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    try:
        return server.document(method, path, body)
    except UpstreamError:
        return {}


def _hash(path: Path) -> str:
    if path.is_dir():
        return artifact_hash(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
