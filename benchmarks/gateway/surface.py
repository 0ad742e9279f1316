"""schemathesis over the gateway's whole HTTP surface, with requests made from its own description (OpenAPI).

    python benchmarks/gateway/surface.py [--seconds 120] [--seed 0]

A gateway before a scripted LLM's server; half of the time on our own paths, half on the models'. A 500 of
ours, an answer that the description does not allow, bad data taken or good data refused, a traceback in the
log and a process that died are finds. Exit code 1 if anything was found. Needs schemathesis (group `dev`).
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def main() -> int:
    from rightsizer.testing.fake_llm import FakeLLM
    from tests.gateway.conftest import start_gateway
    from tests.gateway.surface import explore, obliging

    parser = argparse.ArgumentParser(description="schemathesis over the gateway's HTTP surface")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    limits = ("-n", "100000", "--max-time", str(max(1, options.seconds // 2)), "--seed", str(options.seed))
    with tempfile.TemporaryDirectory() as folder, FakeLLM(obliging) as llm:
        gateway = start_gateway(Path(folder) / "home", llm.url)
        try:
            well, said = explore(gateway.url, Path(folder), *limits, "--generation-database", "none")
        finally:
            gateway.process.send_signal(signal.SIGTERM)
            code = os.waitstatus_to_exitcode(os.waitpid(gateway.process.pid, 0)[1])
        log = (Path(folder) / "gateway.log").read_text()
    deaths = log.count("stopped by itself") + log.count("Traceback") + (code != 0)
    print("surface:", "well" if well and not deaths else "A FIND")
    print(*re.findall(r"(?m)^ +(\d+ generated.*)$", said), sep="\n")
    if not well or deaths:
        print(said[-6000:], log[-2000:], sep="\n")
    return 0 if well and not deaths else 1


if __name__ == "__main__":
    sys.exit(main())
