"""Python's containers, made safe to share between threads.

Welcome. The rooms, in the order in which to read them; each opens with its own overview:

1. ``_mutex.pyx``: the lock and its wait queue, and the essay on both; ``_mutex.py`` is its Python twin.
2. ``_locking.py``: ``Mutex``, ``locked()``, timeouts and deadlocks, as callers see them.
3. ``_builtins.py``: the builtins' own operations on their storage.
4. ``_dict.py``: ``LockedDict`` and ``LockedDefaultDict``. Whoever has read this far can read any other room alone.
5. ``_list.py``: ``LockedList``; ``_set.py``: ``LockedSet``; ``_deque.py``: ``LockedDeque``.
6. ``_counter.py``: ``LockedCounter``, which is built on ``LockedDict``.
7. ``_order.py``: sorted values in sublists; ``_sorted.py``: ``LockedSortedList``, ``LockedSortedSet`` and
   ``LockedSortedDict``.
8. ``_rwlock.py``: ``ReadWriteLock`` and ``Guarded``.
9. ``_queue.py``: ``BoundedQueue`` and its two kin; ``_async.py``: their asyncio face.
10. ``_cache.py``: ``LockedCache``; ``_cached.py``: the decorator ``cached``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockedcontainers._cache import CacheStatistics, EvictionCause, LockedCache
from lockedcontainers._cached import Cached, CacheInfo, cached
from lockedcontainers._counter import LockedCounter
from lockedcontainers._deque import LockedDeque
from lockedcontainers._dict import LockedDefaultDict, LockedDict
from lockedcontainers._list import LockedList
from lockedcontainers._locking import DeadlockError, LockTimeout, Mutex, Statistics, is_compiled, locked
from lockedcontainers._queue import BoundedLifoQueue, BoundedPriorityQueue, BoundedQueue, ShutDown, select
from lockedcontainers._rwlock import Guarded, ReadWriteLock, ReadWriteStatistics
from lockedcontainers._sentinel import ABSENT, Absent
from lockedcontainers._set import LockedSet
from lockedcontainers._sorted import LockedSortedDict, LockedSortedKeyList, LockedSortedList, LockedSortedSet

__all__ = [
    "ABSENT",
    "Absent",
    "BoundedLifoQueue",
    "BoundedPriorityQueue",
    "BoundedQueue",
    "CacheInfo",
    "CacheStatistics",
    "Cached",
    "DeadlockError",
    "EvictionCause",
    "Guarded",
    "LockTimeout",
    "LockedCache",
    "LockedCounter",
    "LockedDefaultDict",
    "LockedDeque",
    "LockedDict",
    "LockedList",
    "LockedSet",
    "LockedSortedDict",
    "LockedSortedKeyList",
    "LockedSortedList",
    "LockedSortedSet",
    "Mutex",
    "ReadWriteLock",
    "ReadWriteStatistics",
    "ShutDown",
    "Statistics",
    "cached",
    "is_compiled",
    "locked",
    "select",
]


if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        if name == "__version__":
            from importlib.metadata import version

            return version("lockedcontainers")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
