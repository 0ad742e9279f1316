"""Whether a dearer candidate is worth its training, from what a cheaper one showed on the train split (S4).

Nothing of the calibration split is looked at: what is left out here shares no δ and needs none.
"""

from __future__ import annotations

_LEFT = "no encoder was tuned: the frozen one is right on "


def why_not_tuned(accuracy: float | None, alpha: float, steady: float | None = None) -> str:
    """Why fine-tuning an encoder can hardly pay; empty where it may.

    `accuracy` is the share of held-out training calls that the student on the frozen encoder got right (None:
    unknown), `steady` how often the LLM agrees with itself where an input recurs.
    """
    if accuracy is None:
        return ""
    if accuracy >= 1 - alpha:
        return f"{_LEFT}{accuracy:.1%} of held-out training calls, and the gate asks for {1 - alpha:.0%}"
    if steady is not None and accuracy >= steady:
        return f"{_LEFT}{accuracy:.1%} of held-out training calls, and the LLM repeats itself on {steady:.1%}"
    return ""
