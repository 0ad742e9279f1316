"""How a decoder is served elsewhere: the command that starts it, and the address that says it is up.

Commands of other people's servers, as their documentation gives them; none of them is run by this package.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Runtime:
    """A server; `{model}` is the folder of merged weights, `{name}` what callers call it.

    `{base}` and `{adapter}` are the base model and the folder of the adapter, for servers that keep many
    adapters on one base.
    """

    name: str
    start: str
    health: str
    adapters: str = ""
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
        "vllm",
        "vllm serve {model} --served-model-name {name} --enable-prefix-caching",
        "http://127.0.0.1:8000/health",
        adapters="vllm serve {base} --enable-lora --max-lora-rank 64 --lora-modules {name}={adapter}",
        needs="pip install vllm, a GPU",
    ),
    Runtime(
        "sglang",
        "python -m sglang.launch_server --model-path {model} --served-model-name {name} --port 30000",
        "http://127.0.0.1:30000/health",
        adapters="python -m sglang.launch_server --model-path {base} --lora-paths {name}={adapter} "
        "--port 30000",
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
        "python -m dynamo.frontend --http-port 8000 & python -m dynamo.vllm --model {model}",
        "http://127.0.0.1:8000/health",
        needs="pip install 'ai-dynamo[vllm]', a GPU, etcd and NATS",
        note="disaggregated prefill and decode over several GPUs",
    ),
)


def commands(
    *, student: str, name: str, model: str, base: str = "", adapter: str = ""
) -> list[tuple[Runtime, str]]:
    """Each runtime with its start command filled in; the one for adapters where there is an adapter."""
    filled = []
    for runtime in RUNTIMES:
        template = runtime.adapters if adapter and runtime.adapters else runtime.start
        values = {
            "student": student,
            "name": name,
            "model": model,
            "base": base,
            "adapter": adapter,
            "gguf": f"{model}/{name}.gguf",
        }
        filled.append((runtime, template.format(**values)))
    return filled
