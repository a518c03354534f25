"""A mutex as it is specified: what ours promises, and nothing of how it does it."""

from __future__ import annotations

from lockedcontainers import _mutex, _sync


class Specified(_mutex.Core):
    """What a mutex promises, in one lock: what is built on it is explored faster, and every interleaving of it."""

    __slots__ = ("_free",)

    def __init__(self) -> None:
        super().__init__()
        self._free = _sync.allocate_lock()

    def try_enter(self) -> bool:
        nested = self.owner == _sync.identity()
        self.depth += nested
        return nested

    def wait(self, target: object, timeout: float) -> bool:  # noqa: ARG002
        self._free.acquire()
        self._word[0] = _sync.identity()
        return True

    def leave(self) -> None:
        if self.depth > 1:
            self.depth -= 1
        else:
            self._word.clear()
            self._free.release()
