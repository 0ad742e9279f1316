"""The payload of a call: its last message without what nearly all of the same step share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rightsizer.tasks.scan import Fact
from rightsizer.views.mask import TextMask, fit_text, strip_template

PAYLOAD_CHARS = 600  # what it is about shows early, and encoders cut at some 256 tokens


def fit_masks(facts: Sequence[Fact]) -> dict[str, TextMask]:
    """Step → the template of its last messages; steps without one are left out."""
    by_step: dict[str, list[str]] = defaultdict(list)
    for f in facts:
        by_step[f.step].append(f.text)
    fitted = {step: fit_text(texts) for step, texts in sorted(by_step.items())}
    return {step: mask for step, mask in fitted.items() if mask is not None}


def cut_payload(text: str, mask: TextMask | None) -> str:
    """The start of the text without the template. JSON is left whole."""
    is_data = text.lstrip()[:1] in ("{", "[")
    whole = text if mask is None or is_data else strip_template(text, mask)
    return whole.strip()[:PAYLOAD_CHARS]
