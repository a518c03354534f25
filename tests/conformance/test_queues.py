"""CPython's own tests of the queues, run on ours."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from lockedcontainers import BoundedLifoQueue, BoundedPriorityQueue, BoundedQueue, ShutDown

from .loader import adopt, load

pytest.importorskip("test.test_queue", reason="this Python comes without its own tests")

OURS: dict[str, type[Any]] = {
    "Queue": BoundedQueue,
    "LifoQueue": BoundedLifoQueue,
    "PriorityQueue": BoundedPriorityQueue,
}
TWICE = "the same as its Py twin, once the names mean ours"
SIMPLE = "of SimpleQueue, another type"

# The module makes fresh copies of queue, with exceptions of their own: here all mean the one that there is.
MODULE = load("test.test_queue", {**OURS, "Full": queue.Full, "Empty": queue.Empty, "ShutDown": ShutDown})
adopt(
    MODULE,
    {
        "CQueueTest": TWICE,
        "CLifoQueueTest": TWICE,
        "CPriorityQueueTest": TWICE,
        "CFailingQueueTest": TWICE,
        "PySimpleQueueTest": SIMPLE,
        "CSimpleQueueTest": SIMPLE,
    },
    globals(),
)


@pytest.fixture(autouse=True)
def _names() -> Iterator[None]:
    """One test looks the expected order up by the name of the class."""
    before = {cls: cls.__name__ for cls in OURS.values()}
    for name, cls in OURS.items():
        cls.__name__ = name
    yield
    for cls, name in before.items():
        cls.__name__ = name
