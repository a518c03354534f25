# ← _queue.py            _cache.py →
"""AsyncQueue: the asyncio face of a queue.

Overview (for maintainers)
    A task that must wait puts a waiter into the queue's line, as threads do, and awaits a future of its own loop. Who
    serves the waiter tells that loop to resolve the future. A put that waits is given a slot and stores its item when
    its task goes on: so one that is cancelled has put nothing, however late the cancellation comes. A get that is
    cancelled gives back the item it was handed. Nothing here belongs to one loop: tasks of several may wait at once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from queue import Empty, Full
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lockedcontainers._queue import (
    GET,
    JOIN,
    PUT,
    ShutDown,
    Waiter,
    begin_get,
    begin_join,
    begin_put,
    finish_put,
    outcome,
    withdraw,
)

if TYPE_CHECKING:
    from lockedcontainers._queue import BoundedQueue

if sys.version_info >= (3, 13):
    from asyncio import QueueShutDown
else:
    QueueShutDown = ShutDown


T = TypeVar("T")


class AsyncWaiter(Waiter):
    """A task that waits."""

    __slots__ = ("future", "loop")

    def __init__(self, role: int) -> None:
        super().__init__(role)
        self.reserves = role == PUT
        self.ident = 0  # no thread's: that which forks is in the child, and the loop does not run there
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self.loop.create_future()

    def wake(self) -> bool:
        try:
            self.loop.call_soon_threadsafe(_resolve, self.future)
        except RuntimeError:  # the loop is closed
            return False
        return True


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class AsyncQueue(Generic[T]):
    """A queue as ``asyncio`` code uses it: the same items as the :class:`BoundedQueue` whose ``async_q`` it is.

    It has the methods of ``asyncio.Queue``, and raises its exceptions; before Python 3.13, which has no
    ``asyncio.QueueShutDown``, :exc:`ShutDown` instead of that. Tasks and threads that wait are served in one
    order, that of their arrival. Tasks of several event loops may use it at once.

    A cancelled ``put`` has put nothing. A cancelled ``get`` has taken nothing: an item that was on its way to it goes
    to the next that waits, or back to where it was; after an immediate shutdown it is thrown away. A slot that a
    waiting put has been given is taken from that moment on, though its item comes only when its task goes on: for a
    moment there may be no room for others in a queue of less than ``maxsize`` items, and if there is, theirs may come
    before it.

    >>> import asyncio
    >>> from lockedcontainers import BoundedQueue
    >>> q = BoundedQueue(1)
    >>> async def main():
    ...     await q.async_q.put("a")
    ...     return await q.async_q.get()
    >>> asyncio.run(main())
    'a'
    """

    __slots__ = ("_queue",)

    def __init__(self, queue: BoundedQueue[T]) -> None:
        self._queue = queue

    @property
    def maxsize(self) -> int:
        """How many items the queue holds at most; 0 or less: any number."""
        return self._queue.maxsize

    def qsize(self) -> int:
        """How many items there are."""
        return self._queue.qsize()

    def empty(self) -> bool:
        """Whether there is no item."""
        return self._queue.empty()

    def full(self) -> bool:
        """Whether there are ``maxsize`` items."""
        return self._queue.full()

    async def put(self, item: T) -> None:
        """Put an item into the queue, waiting for room if the queue is full and its ``overflow`` is to block.

        Thread safety: atomic. If it is cancelled, nothing was put.
        Raises ``asyncio.QueueShutDown`` if the queue was shut down, ``asyncio.QueueFull`` if ``overflow`` is to raise.
        """
        q = self._queue
        try:
            q.put_nowait(item)
        except Full:
            pass
        except ShutDown:
            raise QueueShutDown from None
        else:
            return
        w = AsyncWaiter(PUT)
        try:
            if begin_put(q, item, w):
                return
            await _served(q, w)
            finish_put(q, item, w)
        except ShutDown:
            raise QueueShutDown from None
        except Full:
            raise asyncio.QueueFull from None

    async def get(self) -> T:
        """Take an item out of the queue, waiting for one if the queue is empty.

        Thread safety: atomic. If it is cancelled, nothing was taken.
        Raises ``asyncio.QueueShutDown`` if the queue is empty and was shut down.
        """
        q = self._queue
        try:
            return q.get_nowait()
        except Empty:
            pass
        except ShutDown:
            raise QueueShutDown from None
        w = AsyncWaiter(GET)
        try:
            if not begin_get(q, w):
                await _served(q, w)
            item: T = outcome(w)
        except ShutDown:
            raise QueueShutDown from None
        return item

    def put_nowait(self, item: T) -> None:
        """Put an item into the queue if there is room. Raises ``asyncio.QueueFull`` if there is none."""
        try:
            self._queue.put_nowait(item)
        except Full:
            raise asyncio.QueueFull from None
        except ShutDown:
            raise QueueShutDown from None

    def get_nowait(self) -> T:
        """Take an item out of the queue if there is one. Raises ``asyncio.QueueEmpty`` if there is none."""
        try:
            return self._queue.get_nowait()
        except Empty:
            raise asyncio.QueueEmpty from None
        except ShutDown:
            raise QueueShutDown from None

    async def join(self) -> None:
        """Wait until :meth:`task_done` has been called for every item that was put."""
        w = AsyncWaiter(JOIN)
        if not begin_join(self._queue, w):
            await _served(self._queue, w)

    def task_done(self) -> None:
        """Say that an item which was taken out has been dealt with."""
        self._queue.task_done()

    def shutdown(self, immediate: bool = False) -> None:
        """Let no more items in; if *immediate*, throw away those that are there."""
        self._queue.shutdown(immediate)

    async def __aiter__(self) -> AsyncIterator[T]:
        """Take items, waiting for them, until the queue is shut down and empty."""
        while True:
            try:
                item = await self.get()
            except QueueShutDown:
                return
            yield item


async def _served(queue: Any, w: AsyncWaiter) -> None:
    try:
        await w.future
    except BaseException:
        withdraw(queue, w)
        raise
