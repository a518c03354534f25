"""The few primitives that the uncompiled modules are made of, in one place.

Every module asks for them late, as ``_sync.allocate_lock()``, never by ``from ... import``: the schedule
explorer of :mod:`lockedcontainers.testing` puts its own in their place while it runs.
"""

from __future__ import annotations

import _thread
import itertools
import threading
import time
from collections.abc import Callable
from typing import Protocol


class RawLock(Protocol):
    """A lock that is not reentrant and that any thread may release, as ``_thread.allocate_lock()`` makes it."""

    def acquire(self, blocking: bool = True, timeout: float = -1, /) -> bool: ...

    def release(self) -> None: ...

    def locked(self) -> bool: ...


class _Identity(threading.local):
    token: int | None = None


_identity = _Identity()
_tokens = itertools.count(1)


def _thread_identity() -> int:
    token = _identity.token
    if token is None:
        token = _identity.token = next(_tokens)
    return token


def last_identity() -> int:
    """An identity that no thread has, greater than all that have been given."""
    return next(_tokens)


def _no_step(label: str) -> None:
    """Where the explorer may let another thread run; ``label`` says what the caller is about to do."""


allocate_lock: Callable[[], RawLock] = _thread.allocate_lock
get_ident: Callable[[], int] = _thread.get_ident
monotonic: Callable[[], float] = time.monotonic
#: A token of the calling thread that no later thread is given, unlike its ident. It is never 0.
identity: Callable[[], int] = _thread_identity
step: Callable[[str], None] = _no_step
