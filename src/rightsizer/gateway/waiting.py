"""Records that the disk would not take: they wait in memory, up to a limit, until it does.

What waits would be lost with the process; so it is counted, and shown, and tried again every second.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from rightsizer.gateway.segments import Segment

Frame = tuple[bytes, bytes, bytes]
_OVERHEAD_BYTES = 256


@dataclass
class Held:
    """Frames of one call (kind, meta, body), in order. `whole`: no more will come.

    `segment`: where the frames before these are written already.
    """

    frames: list[Frame] = field(default_factory=list)
    whole: bool = False
    segment: Segment | None = None


class Waiting:
    """Held calls, oldest first, of at most `max_bytes` together."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._held: deque[Held] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, held: Held, frame: Frame) -> bool:
        """Keep one more frame; False if there is no room, and then the frame is lost."""
        size = _size(frame)
        if self._bytes + size > self._max_bytes:
            return False
        if not held.frames:
            self._held.append(held)
        held.frames.append(frame)
        self._bytes += size
        return True

    def take(self) -> Held | None:
        """The oldest call of which no more will come, out of the queue; None if there is none."""
        for held in self._held:
            if held.whole:
                self._held.remove(held)
                self._bytes -= sum(map(_size, held.frames))
                return held
        return None

    def put_back(self, held: Held) -> None:
        """It could not be written now either."""
        self._held.appendleft(held)
        self._bytes += sum(map(_size, held.frames))


def _size(frame: Frame) -> int:
    return len(frame[1]) + len(frame[2]) + _OVERHEAD_BYTES
