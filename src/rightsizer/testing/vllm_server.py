"""vLLM's server on a free loopback port, started by the very command that `students runtimes` prints."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rightsizer.errors import RightsizerError
from rightsizer.testing.llama_server import wait_for

PATIENCE_S = 300.0  # it compiles nothing here, and still imports for half a minute
# What a machine without a GPU needs, and what keeps it off the network.
ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}
SMALL = ("--dtype", "float32", "--enforce-eager", "--max-model-len", "512")


def find_vllm() -> str | None:
    """The program: ``VLLM`` names it, or it is on the path."""
    return os.environ.get("VLLM") or shutil.which("vllm")


@contextmanager
def vllm_server(command: str, log: Path, *more: str) -> Iterator[str]:
    """Run a start command of vLLM's, for a tiny model on a processor; gives the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program, *words = shlex.split(command)
    asked: Sequence[str] = [find_vllm() or program, *words, "--host", "127.0.0.1", "--port", str(port)]
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [*asked, *SMALL, *more],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT},
        ) as server,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server, log, PATIENCE_S)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                raise RightsizerError("vLLM did not end", hint=f"see {log}") from None
