"""What is measured, side by side: nothing in between, nginx, this gateway, LiteLLM, Portkey. One worker each.

A peer that is not installed is left out. LiteLLM: ``LITELLM_VENV`` names a virtual environment with
``litellm[proxy]``; Portkey: ``PORTKEY_DIR`` names a folder where npm put ``@portkey-ai/gateway`` (with
``@hono/node-server`` held at 1.13.8: with a later one every stream fails on node 20); nginx: from PATH.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Target:
    """Where to send requests; `process` leads the group of all its processes (None: the upstream itself)."""

    name: str
    port: int
    headers: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    path: str = "/v1/chat/completions"
    home: Path | None = None  # where it records

    def cpu_s(self) -> tuple[float, float]:
        """CPU time so far of all its processes: (those at normal priority, those niced: the indexer)."""
        plain = niced = 0
        for _, fields in self._processes():
            ticks = sum(map(int, fields[11:15]))  # own, and of children that ended
            if int(fields[16]) >= 10:
                niced += ticks
            else:
                plain += ticks
        return plain / TICKS_PER_S, niced / TICKS_PER_S

    def roles(self) -> dict[int, str]:
        """Its processes: ``leader`` (ours: the supervisor), ``worker``, ``indexer`` (whatever is niced)."""
        leader = 0 if self.process is None else self.process.pid
        return {
            pid: "indexer" if int(fields[16]) >= 10 else "leader" if pid == leader else "worker"
            for pid, fields in self._processes()
        }

    def settle(self, meanwhile: Callable[[], None], patience_s: float = 60.0) -> None:
        """Wait until what was recorded is in the store, so that others are measured without the indexer."""
        end = time.monotonic() + patience_s
        while self.home is not None and time.monotonic() < end:
            if len(list((self.home / "gateway" / "segments").glob("*.seg"))) <= 1:
                return
            meanwhile()
            time.sleep(0.2)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def _processes(self) -> list[tuple[int, list[str]]]:
        if self.process is None:
            return []
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                found.append((int(stat.parent.name), fields))
        return found


def memory_mb(roles: dict[int, str]) -> dict[str, float]:
    """Memory now: of ``all`` and by role as proportional set size (a page that several share counts once),
    and ``rss``, the sum of what each process has resident (such a page counts in each)."""
    found = {"all": 0.0, "rss": 0.0}
    for pid, role in roles.items():
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        sizes = {line.split()[0]: int(line.split()[1]) for line in text.splitlines() if line.endswith(" kB")}
        kb = sizes.get("Pss:", 0)
        found["all"] += kb / 1024
        found["rss"] += sizes.get("Rss:", 0) / 1024
        found[role] = found.get(role, 0.0) + kb / 1024
    return found


Start = Callable[[int, Path], Target | str]


def start_nginx(upstream: int, folder: Path) -> Target | str:
    """nginx as a reverse proxy with kept-alive upstream connections: the floor, in C, without any work."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        return "nginx is not on the PATH"
    port = _free_port()
    config = folder / "nginx.conf"
    config.write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_max_body_size 64m; client_body_buffer_size 256k;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream llm {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://llm; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; }} }}
}}""")
    command = [nginx, "-c", str(config), "-p", str(folder)]
    if os.getuid() == 0:
        command += ["-g", "user root;"]
    return _started(Target("nginx", port, process=_spawn(command, folder / "nginx.log")))


def start_ours(upstream: int, folder: Path) -> Target | str:
    """This gateway: key check, task assignment, route table and durable encrypted recording on."""
    command = [sys.executable, str(HERE / "ours.py"), str(folder / "home"), f"http://127.0.0.1:{upstream}/v1"]
    process = _spawn(command, folder / "ours.log", out=subprocess.PIPE)
    assert process.stdout is not None
    line = process.stdout.readline().split()
    if len(line) != 2:
        raise RuntimeError((folder / "ours.log").read_text())
    headers = {"x-rightsizer-key": line[1].decode(), "x-rightsizer-session": "bench"}
    target = Target("rightsizer", int(line[0].rpartition(b":")[2]), headers, process, home=folder / "home")
    return _started(target)


def start_litellm(upstream: int, folder: Path) -> Target | str:
    """LiteLLM's proxy with its master key, without a database and without call-backs."""
    venv = os.environ.get("LITELLM_VENV", "")
    program = Path(venv) / "bin" / "litellm"
    if not venv or not program.exists():
        return "LiteLLM: LITELLM_VENV names no environment with litellm[proxy]"
    port, key = _free_port(), "sk-" + "7f3a9c1e5b2d8f40" * 3
    config = folder / "litellm.yaml"
    config.write_text(f"""
model_list:
  - model_name: bench
    litellm_params: {{model: openai/bench, api_base: "http://127.0.0.1:{upstream}/v1", api_key: sk-upstream}}
litellm_settings: {{num_retries: 0, telemetry: false, request_timeout: 600}}
general_settings: {{master_key: {key}}}
""")
    environment = {
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    process = _spawn([*command, "--num_workers", "1"], folder / "litellm.log", environment=environment)
    return _started(Target("litellm", port, {"Authorization": f"Bearer {key}"}, process), 180)


def start_portkey(upstream: int, folder: Path) -> Target | str:
    """Portkey's open gateway on node."""
    home = os.environ.get("PORTKEY_DIR", "")
    script = Path(home) / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if not home or not script.exists() or shutil.which("node") is None:
        return "Portkey: PORTKEY_DIR names no folder with @portkey-ai/gateway, or node is missing"
    port = _free_port()
    environment = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
    process = _spawn(
        ["node", str(script), f"--port={port}", "--headless"], folder / "portkey.log", environment=environment
    )
    headers = {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1",
    }
    return _started(Target("portkey", port, headers, process), 60)


STARTS: dict[str, Start] = {
    "nginx": start_nginx,
    "rightsizer": start_ours,
    "litellm": start_litellm,
    "portkey": start_portkey,
}


def _spawn(
    command: list[str], log: Path, *, out: int | None = None, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdout=out if out is not None else file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            preexec_fn=lambda: pin(0),
        )


def pin(cpu: int) -> None:
    """Keep this process on one CPU, where there are two: what is measured on 0, upstream and loader on 1."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {cpu})


def _started(target: Target, patience_s: float = 20.0) -> Target:
    end = time.monotonic() + patience_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", target.port), 1).close()
            return target
        except OSError:
            gone = target.process is not None and target.process.poll() is not None
            if gone or time.monotonic() > end:
                raise RuntimeError(f"{target.name} did not start; see its log") from None
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
