"""llama.cpp's server on a free loopback port, for tests and benchmarks."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from rightsizer.errors import RightsizerError

PATIENCE_S = 60.0


@contextmanager
def llama_server(gguf: Path, log: Path, *, name: str, slots: int = 4) -> Iterator[tuple[str, int]]:
    """Serve a GGUF file as `students runtimes` says; gives (base URL, process id).

    Raises:
        RightsizerError: the program is not found, or does not come up.
    """
    from rightsizer.training.decoder.export import find_program

    program = find_program("llama-server")
    if program is None:
        raise RightsizerError("llama-server is not found", hint="set LLAMA_CPP_DIR to a built llama.cpp")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(program), "-m", str(gguf), "--alias", name, "--port", str(port), "--jinja"]
    more = ["--host", "127.0.0.1", "-c", str(2048 * slots), "-np", str(slots), "-t", "1"]
    with (
        log.open("wb") as out,
        subprocess.Popen([*command, *more], stdout=out, stderr=subprocess.STDOUT) as server,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1", server.pid
        finally:
            server.terminate()
            server.wait(30)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path, patience_s: float = PATIENCE_S) -> None:
    """Until the server's health address says that it is up.

    Raises:
        RightsizerError: it ended, or is not up in time.
    """
    end = time.monotonic() + patience_s
    while time.monotonic() < end and server.poll() is None:
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    last = (log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
    raise RightsizerError(f"the server does not come up: {last}", hint=f"see {log}")
