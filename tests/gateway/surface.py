"""schemathesis against a running gateway: requests made from its own description, answers held against it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rightsizer.testing.fake_llm import Received, Reply

# What a model's endpoint may be asked is for the LLM's server to say: here it takes everything.
SEPARATELY = (
    ("--include-tag", "operations", "--include-tag", "records"),
    ("--include-tag", "models", "--exclude-checks", "negative_data_rejection"),
)


def obliging(received: Received) -> Reply:
    """An LLM's server that answers whatever it is asked, if the method is right."""
    method = "GET" if received.target.partition("?")[0].endswith("/models") else "POST"
    if received.method == method:
        return Reply((b'{"data":[]}',))
    return Reply(
        (b'{"error":{}}',), status=405, headers=(("content-type", "application/json"), ("allow", method))
    )


def explore(url: str, folder: Path, *options: str) -> tuple[bool, str]:
    """Whether nothing was found, and what schemathesis says. It writes to `folder`."""
    said, well = "", True
    for part in SEPARATELY:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--no-color"]
        done = subprocess.run(
            [*command, *part, *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
        )
        said += done.stdout + done.stderr
        well = well and done.returncode == 0
    return well, said
