"""Checked by mypy --strict and pyright, never run: the types a user of the queues sees."""

import queue
from typing import assert_type

from lockedcontainers import BoundedLifoQueue, BoundedPriorityQueue, BoundedQueue, ShutDown, select

q: BoundedQueue[int] = BoundedQueue(10)
stack: BoundedLifoQueue[str] = BoundedLifoQueue(maxsize=10, overflow="drop_oldest")
heap: BoundedPriorityQueue[tuple[int, str]] = BoundedPriorityQueue()


# Taken where a queue of the standard library is.
def takes_queue(plain: queue.Queue[int]) -> None: ...
def takes_stack(plain: queue.LifoQueue[str]) -> None: ...
def takes_heap(plain: queue.PriorityQueue[tuple[int, str]]) -> None: ...


takes_queue(q)
takes_stack(stack)
takes_heap(heap)

# What queue.Queue has.
q.put(1)
q.put(1, block=False)
q.put(1, timeout=0.5)
q.put_nowait(1)
assert_type(q.get(), int)
assert_type(q.get(timeout=1), int)
assert_type(q.get_nowait(), int)
assert_type(stack.get(), str)
assert_type(heap.get(), tuple[int, str])
assert_type(q.qsize(), int)
assert_type(q.empty(), bool)
assert_type(q.full(), bool)
assert_type(q.maxsize, int)
assert_type(q.is_shutdown, bool)
assert_type(q.unfinished_tasks, int)
q.task_done()
q.join()
q.shutdown()
q.shutdown(immediate=True)
q.maxsize = 20

# What is ours.
assert_type(q.put_many([1, 2], timeout=1), int)
assert_type(q.get_many(5), list[int])
assert_type(q.drain(), list[int])
assert_type(q.peek(), int)
assert_type(q.snapshot(), list[int])
assert_type(q.dropped, int)
assert_type(list(q), list[int])
for taken in q:
    assert_type(taken, int)
assert_type(select(q, q, timeout=1), tuple[BoundedQueue[int], int])
with q.locked(timeout=0.5) as same:
    assert_type(same, BoundedQueue[int])
with q.mutex:
    pass
try:
    q.put(1)
except ShutDown as error:
    assert_type(error, ShutDown)


async def main() -> None:
    await q.async_q.put(1)
    assert_type(await q.async_q.get(), int)
    q.async_q.put_nowait(1)
    assert_type(q.async_q.get_nowait(), int)
    await q.async_q.join()
    async for item in q.async_q:
        assert_type(item, int)


# A user's own class keeps its type.
class Jobs(BoundedQueue[str]):
    def _put(self, item: str) -> None:
        super()._put(item.lower())


with Jobs().locked() as jobs:
    assert_type(jobs, Jobs)
