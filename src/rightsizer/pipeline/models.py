"""Base models for a task: what the task needs, read off its calls, and the catalogue ranked by it (S4)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from rightsizer.candidates.catalog import BaseModelCard, load_catalog
from rightsizer.candidates.devices import Device, find_device, load_devices, this_machine
from rightsizer.candidates.rank import Need, Ranked, rank
from rightsizer.config import Settings
from rightsizer.economics.tokens import count_tokens, estimate_tokens
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Call, Message, Request, Task, TextPart, ToolCallResponsePart
from rightsizer.views.tokens import CJK

# Calls looked at: enough for a length that one in a thousand exceeds.
LOOKED_AT = 5_000
KEPT_WITHIN = 0.999
# A language counts when it makes up this share of the words; one quoted name must not decide it.
SPOKEN_SHARE = 0.1
# What a task needs before anything is known of it: `rightsizer candidates models` without a task.
USUAL = Need("tool_call", prompt_tokens=4_000, answer_tokens=256, shared_tokens=3_500)


def models_for(
    settings: Settings, need: Need, *, device: str = "", quantization: str = ""
) -> tuple[Device, list[Ranked]]:
    """The catalogue ranked by a need on a device (by default those of the settings).

    Raises:
        ConfigError: a catalogue or device file of your own is wrong.
        NotFound: no such device profile.
        InputError: no such quantisation.
    """
    chosen = settings.candidates
    profile = find_device(load_devices(_path(chosen.devices)), device or chosen.device)
    ranked = rank(catalog(settings), need, profile, quantization=quantization or chosen.quantization)
    return profile, ranked


def catalog(settings: Settings) -> tuple[BaseModelCard, ...]:
    """The shipped catalogue with your own file laid over it."""
    return load_catalog(_path(settings.candidates.catalog))


def devices(settings: Settings) -> tuple[Device, ...]:
    """The shipped device profiles with your own file laid over them, and this machine."""
    return (*load_devices(_path(settings.candidates.devices)), this_machine())


def need_of(ws: Workspace, task: Task) -> Need:
    """What the task's kept calls ask of a model: lengths, shared beginning, language."""
    ws.enter("calls.read", task=task.id, limit=LOOKED_AT)
    calls = list(islice(ws.store.calls.scan(task_id=task.id, kept_only=True), LOOKED_AT))
    counts = [count_tokens(call) for call in calls]
    return Need(
        output=task.output,
        prompt_tokens=_quantile([c.input_tokens for c in counts]),
        answer_tokens=_quantile([c.output_tokens for c in counts]),
        languages=languages([c.request for c in calls]),
        use=ws.settings.candidates.use,
        shared_tokens=shared_tokens(calls),
    )


def shared_tokens(calls: Sequence[Call]) -> int:
    """Tokens at the beginning of the prompt that all these calls share (tools come before messages)."""
    if len(calls) < 2:
        return 0
    written = [_written(call.request) for call in calls]
    first, last = min(written), max(written)  # what these two share, all in between share
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return int(estimate_tokens(first[:same]))


def languages(requests: Sequence[Request]) -> tuple[str, ...]:
    """`zh` where the prompts hold Chinese, `en` where they hold Latin letters; other scripts are not told."""
    text = "".join(_said(request) for request in requests[:200])
    chinese = len(re.findall(f"[{CJK}]", text))
    latin = len(re.findall("[A-Za-z]", text)) / 4.6  # a Chinese character says about as much as a Latin token
    found = [("zh", chinese), ("en", latin)]
    return tuple(name for name, n in found if n > SPOKEN_SHARE * (chinese + latin)) or ("en",)


def _quantile(values: Sequence[float]) -> int:
    ordered = sorted(values) or [1.0]
    return max(1, round(ordered[min(len(ordered) - 1, int(KEPT_WITHIN * len(ordered)))]))


def _written(request: Request) -> str:
    tools = json.dumps(request.tools, ensure_ascii=False) if request.tools else ""
    return tools + "".join(f"\n{m.role}: {_words(m)}" for m in request.messages)


def _said(request: Request) -> str:
    return "".join(_words(m) for m in request.messages)[-4_000:]


def _words(message: Message) -> str:
    parts = []
    for part in message.parts:
        if isinstance(part, TextPart):
            parts.append(part.content)
        elif isinstance(part, ToolCallResponsePart):
            parts.append(part.response)
    return "".join(parts)


def _path(setting: str) -> Path | None:
    return Path(setting).expanduser() if setting else None
