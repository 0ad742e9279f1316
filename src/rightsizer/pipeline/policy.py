"""The policy of a home, and what follows from it for what students see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.policy import FILE_NAME, Policy, load_policy
from rightsizer.curation.residual import texts_of_call
from rightsizer.curation.sensitive import MASKED_TYPES
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Call, SetAside


def policy_of(ws: Workspace) -> Policy:
    """The policy: the file that `curate.policy` names, else ``<home>/policy.toml``, else the defaults.

    Raises:
        ConfigError: the file says something that has no meaning.
    """
    named = ws.settings.curate.policy
    return load_policy(Path(named).expanduser() if named else ws.home / FILE_NAME, required=bool(named))


def mask_cache(ws: Workspace) -> MaskCache:
    """A cache for maskers that finds the classes which students see as placeholders."""
    return MaskCache(masked=policy_of(ws).masked_types(MASKED_TYPES))


def dropped_classes(policy: Policy) -> frozenset[str]:
    """Classes whose calls nothing may be learned from."""
    return frozenset(kind for kind, action in policy.learn.items() if action == "drop")


def drop_marks(calls: Callable[[], Iterable[Call]], policy: Policy) -> Iterator[SetAside]:
    """Marks for calls that hold a class which the policy drops; reads nothing where it drops none."""
    dropped = dropped_classes(policy)
    if not dropped:
        return
    cache = MaskCache(masked=dropped)
    for call in calls():
        for text in texts_of_call(call):
            values = cache.find(text).values
            if values:
                yield SetAside(call_id=call.id, stage="curate", reason="policy-drop", detail=values[0][1])
                break
