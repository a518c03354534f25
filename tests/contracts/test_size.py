"""What an empty twin takes in memory, its mutex and all: 64 bytes more than its builtin, at most."""

from __future__ import annotations

import gc
import queue
import sys
import tracemalloc
from collections.abc import Callable

import pytest

from lockedcontainers import BoundedLifoQueue, BoundedPriorityQueue, BoundedQueue, is_compiled

from .kinds import Kind, each_kind

pytestmark = pytest.mark.skipif(not is_compiled, reason="uncompiled, the mutex is an object of its own")

MANY = 1000


def size_of(make: Callable[[], object]) -> float:
    """The bytes that one such object takes with what it is made of, and not with what all of them share."""
    make()
    gc.collect()
    kept: list[object] = [None] * MANY
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for i in range(MANY):
            kept[i] = make()
        return (tracemalloc.get_traced_memory()[0] - before) / MANY
    finally:
        tracemalloc.stop()


def room(make: Callable[[], object]) -> int:
    """How much more a twin may take: 64, a part of a byte for what is allocated in the meantime, and what CPython 3.15
    makes at once for a ``__dict__``, if the base of a class has more than that.
    """
    return 64 + 1 + 32 * (sys.version_info >= (3, 14) and hasattr(make(), "__dict__"))


@each_kind
def test_an_empty_twin_is_at_most_64_bytes_larger(kind: Kind) -> None:
    nothing = type(kind.contents)()

    def twin() -> object:
        return kind.make(nothing)

    assert size_of(twin) <= size_of(lambda: kind.model(nothing)) + room(twin)


@each_kind
def test_so_says_getsizeof(kind: Kind) -> None:
    """Of what is one object; Sorted Containers' types are many."""
    if kind.builtin.__module__.startswith("sortedcontainers"):
        pytest.skip("is many objects")
    bare = type("Bare", (kind.builtin,), {"__slots__": ()})
    assert sys.getsizeof(kind.cls()) <= sys.getsizeof(bare()) + 64
    assert sys.getsizeof(kind.cls()) <= sys.getsizeof(kind.builtin()) + 64


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (BoundedQueue, queue.Queue),
        (BoundedLifoQueue, queue.LifoQueue),
        (BoundedPriorityQueue, queue.PriorityQueue),
    ],
)
def test_an_empty_queue_is_smaller(cls: type, builtin: type) -> None:
    assert size_of(cls) < size_of(builtin)
