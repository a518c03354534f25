# pyright: basic
"""The asyncio face of the queues. Nothing here sleeps: tasks are let run until they can go no further."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import permutations
from queue import Full
from typing import Any

import pytest

from lockedcontainers import BoundedLifoQueue, BoundedPriorityQueue, BoundedQueue, DeadlockError, Mutex, ShutDown
from lockedcontainers._queue import waiting

PATIENCE = float(os.environ.get("LOCKEDCONTAINERS_PATIENCE", "30"))
QueueShutDown: type[Exception] = getattr(asyncio, "QueueShutDown", ShutDown)


async def settle() -> None:
    """Let every task run as far as it can."""
    for _turn in range(10):
        await asyncio.sleep(0)


async def tasks_in_turn(*coroutines: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    tasks = []
    for coroutine in coroutines:
        tasks.append(asyncio.create_task(coroutine))
        await settle()
    return tasks


def running(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Run an asynchronous test, with a limit of time."""

    async def limited() -> None:
        await asyncio.wait_for(test(), PATIENCE)

    def run() -> None:
        asyncio.run(limited())

    run.__name__ = run.__qualname__ = test.__name__
    return run


@running
async def test_does_what_asyncio_does() -> None:
    for kind, builtin in (
        (BoundedQueue, asyncio.Queue),
        (BoundedLifoQueue, asyncio.LifoQueue),
        (BoundedPriorityQueue, asyncio.PriorityQueue),
    ):
        q: BoundedQueue[int] = kind(2)
        ours: Any = q.async_q
        theirs: Any = builtin(2)
        for each in (ours, theirs):
            seen: list[Any] = []
            name: Any
            for name, *args in [
                ("get_nowait",),
                ("put_nowait", 2),
                ("put_nowait", 1),
                ("put_nowait", 3),
                ("qsize",),
                ("full",),
                ("empty",),
                ("get_nowait",),
                ("task_done",),
                ("task_done",),
                ("task_done",),
            ]:
                try:
                    seen.append(getattr(each, name)(*args))
                except Exception as error:  # noqa: BLE001
                    seen.append((type(error), str(error)))
            await each.put(7)
            seen += [each.maxsize, await each.get(), await each.get()]
            each.task_done()
            await each.join()
            if each is ours:
                found = seen
        assert found == seen
        assert q.async_q is ours


@running
async def test_both_faces_have_the_same_items() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)

    def produce() -> None:
        q.put_many(range(50))
        q.shutdown()

    thread = threading.Thread(target=produce)
    thread.start()
    assert [item async for item in q.async_q] == list(range(50))
    thread.join()

    q = BoundedQueue(1)
    got: list[int] = []
    thread = threading.Thread(target=lambda: got.extend(q))
    thread.start()
    for i in range(50):
        await q.async_q.put(i)
    q.async_q.shutdown()
    await asyncio.get_running_loop().run_in_executor(None, thread.join)
    assert got == list(range(50))


@running
async def test_tasks_are_served_in_the_order_they_came() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    getters = await tasks_in_turn(*[q.async_q.get() for _ in range(3)])
    for i in range(3):
        q.put(i)
    assert await asyncio.gather(*getters) == [0, 1, 2]

    q.put(0)
    putters = await tasks_in_turn(*[q.async_q.put(i) for i in (1, 2, 3)])
    assert waiting(q) == (0, 3, 0)
    assert [await q.async_q.get() for _ in range(4)] == [0, 1, 2, 3]
    await asyncio.gather(*putters)
    assert q.unfinished_tasks == 7


@running
async def test_a_cancelled_get_has_taken_nothing() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    first, second = await tasks_in_turn(q.async_q.get(), q.async_q.get())
    first.cancel()
    await settle()
    q.put(1)
    assert await second == 1
    assert first.cancelled()

    (getter,) = await tasks_in_turn(q.async_q.get())
    q.put(2)  # it is on its way
    assert q.empty()
    getter.cancel()
    await settle()
    assert getter.cancelled()
    assert q.get_nowait() == 2

    first, second = await tasks_in_turn(q.async_q.get(), q.async_q.get())
    q.put(3)
    first.cancel()  # the item goes to the next one
    assert await second == 3
    assert first.cancelled()
    assert waiting(q) == (0, 0, 0)


@pytest.mark.parametrize("kind", [BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue])
def test_an_item_that_is_given_back_is_got_next(kind: Any) -> None:
    async def main() -> None:
        q = kind(3)
        (getter,) = await tasks_in_turn(q.async_q.get())
        q.put(2)
        order = {BoundedQueue: [2, 1, 3], BoundedLifoQueue: [2, 3, 1], BoundedPriorityQueue: [1, 2, 3]}[kind]
        q.put_many([1, 3])
        getter.cancel()
        await settle()
        assert q.drain() == order

    running(main)()


@running
async def test_items_of_cancelled_gets_come_back_in_their_order() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    for order in permutations(range(4)):
        getters = await tasks_in_turn(*[q.async_q.get() for _ in order])
        q.put_many(range(6))
        for i in order:
            getters[i].cancel()
        await settle()
        assert q.drain() == [0, 1, 2, 3, 4, 5]


def test_an_item_that_comes_back_twice_keeps_its_place() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    loops = [asyncio.new_event_loop() for _ in range(3)]
    getters = [loop.run_until_complete(tasks_in_turn(q.async_q.get()))[0] for loop in loops]
    q.put_many([1, 2])
    for getter, loop in zip(getters, loops, strict=True):  # the last is given the item of the first
        getter.cancel()
        loop.run_until_complete(settle())
        loop.close()
    q.put(3)
    assert [q.get() for _ in range(3)] == [1, 2, 3]


@running
async def test_after_an_immediate_shutdown_the_item_of_a_cancelled_get_is_thrown_away() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    q.put(1)
    q.get()
    getter, joiner = await tasks_in_turn(q.async_q.get(), q.async_q.join())
    q.put(2)
    q.shutdown(immediate=True)
    getter.cancel()
    q.task_done()
    await joiner
    assert getter.cancelled()
    assert (q.qsize(), q.unfinished_tasks) == (0, 0)


@pytest.mark.parametrize("name", ["get", "put"])
def test_nothing_is_lost_in_a_deadlock(name: str) -> None:
    """Another thread serves a task inside a section, where it waits for what the thread of the task holds."""
    q: BoundedQueue[str] = BoundedQueue(1)
    mutex = Mutex()
    served = threading.Event()
    serve: Callable[[], Any] = q.get if name == "put" else lambda: q.put("item")

    def serve_and_wait() -> None:
        with suppress(DeadlockError), q.locked():  # it may be the one that finds the deadlock
            serve()
            served.set()
            with mutex:
                pass

    async def main() -> None:
        if name == "put":
            q.put("in the way")
        (task,) = await tasks_in_turn(q.async_q.put("item") if name == "put" else q.async_q.get())
        with mutex:
            thread = threading.Thread(target=serve_and_wait)
            thread.start()
            served.wait(PATIENCE)
            time.sleep(0.2)  # noqa: ASYNC251  (it has looked for a deadlock then, and this thread will be the next)
            if name == "get":
                task.cancel()
            await asyncio.wait([task])
        thread.join(PATIENCE)
        has_put = not task.cancelled() and task.exception() is None
        assert q.drain() == (["item"] if name == "get" or has_put else [])
        q.put_nowait("the slot is free")
        assert waiting(q) == (0, 0, 0)

    running(main)()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_tasks_of_the_parent_do_not_wait_in_the_child_of_a_fork(
    in_a_child: Callable[[Callable[[], None]], str],
) -> None:
    empty: BoundedQueue[int] = BoundedQueue(1)
    full: BoundedQueue[int] = BoundedQueue(1)
    promised: BoundedQueue[int] = BoundedQueue(1)

    async def get_in_the_child() -> int:
        getting = asyncio.create_task(empty.async_q.get())
        await settle()
        empty.put(6)
        return await getting

    def use() -> None:
        empty.put(3)
        assert empty.get_nowait() == 3
        assert full.get() == 1
        full.put_nowait(4)
        promised.put_nowait(5)
        with ThreadPoolExecutor() as pool:  # the loop of this thread is the parent's
            assert pool.submit(asyncio.run, get_in_the_child()).result() == 6
        assert waiting(empty) == waiting(full) == (0, 0, 0)

    async def main() -> None:
        full.put(1)
        promised.put(1)
        tasks = await tasks_in_turn(empty.async_q.get(), full.async_q.put(2), promised.async_q.put(2))
        promised.get()  # the slot is that of the task
        assert in_a_child(use) == ""
        empty.put(7)
        assert full.get() == 1
        assert await asyncio.gather(*tasks) == [7, None, None]

    running(main)()


@running
async def test_a_cancelled_put_has_put_nothing() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    q.put(0)
    first, second = await tasks_in_turn(q.async_q.put(1), q.async_q.put(2))
    first.cancel()
    await settle()
    assert q.get() == 0
    await second
    assert q.get() == 2

    q.put(0)
    (putter,) = await tasks_in_turn(q.async_q.put(3))
    assert q.get() == 0  # it is given the slot
    with pytest.raises(Full):
        q.put_nowait(4)
    putter.cancel()
    await settle()
    assert putter.cancelled()
    q.put_nowait(4)  # nor is the slot lost
    assert q.drain() == [4]

    q.put(0)
    first, second = await tasks_in_turn(q.async_q.put(5), q.async_q.put(6))
    assert q.get() == 0
    first.cancel()  # the slot goes to the next one
    await second
    assert q.drain() == [6]
    assert waiting(q) == (0, 0, 0)


@running
async def test_wait_for_gives_up_without_a_trace() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(q.async_q.get(), 0.001)
    q.put(1)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(q.async_q.put(2), 0.001)
    (joiner,) = await tasks_in_turn(q.async_q.join())
    joiner.cancel()
    await settle()
    assert waiting(q) == (0, 0, 0)
    assert q.drain() == [1]


@running
async def test_shutdown_ends_every_wait() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    getters = await tasks_in_turn(q.async_q.get(), q.async_q.get())
    q.shutdown()
    for getter in getters:
        with pytest.raises(QueueShutDown):
            await getter
    for call in (q.async_q.put_nowait, q.async_q.put):
        with pytest.raises(QueueShutDown):
            await call(1)  # type: ignore[misc]
    for get in (q.async_q.get_nowait, q.async_q.get):
        with pytest.raises(QueueShutDown):
            await get()  # type: ignore[misc]

    q = BoundedQueue(1)
    q.put(1)
    putter, joiner = await tasks_in_turn(q.async_q.put(2), q.async_q.join())
    q.async_q.shutdown(immediate=True)
    with pytest.raises(QueueShutDown):
        await putter
    await joiner

    q = BoundedQueue(1)
    q.put(1)
    (putter,) = await tasks_in_turn(q.async_q.put(2))
    assert q.get() == 1
    q.shutdown()  # between the slot and the item
    with pytest.raises(QueueShutDown):
        await putter
    assert q.unfinished_tasks == 1


@running
async def test_overflow() -> None:
    q: BoundedQueue[int] = BoundedQueue(1, overflow="drop_oldest")
    await q.async_q.put(1)
    await q.async_q.put(2)
    assert q.drain() == [2]
    q = BoundedQueue(1, overflow="raise")
    await q.async_q.put(1)
    with pytest.raises(asyncio.QueueFull):
        await q.async_q.put(2)
    q = BoundedQueue(1, overflow="drop_newest")
    await q.async_q.put(1)
    await q.async_q.put(2)
    assert q.drain() == [1]


def test_a_loop_that_is_closed_waits_no_more() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    loop = asyncio.new_event_loop()

    async def begin() -> asyncio.Task[int]:
        task = asyncio.create_task(q.async_q.get())
        await settle()
        return task

    task = loop.run_until_complete(begin())
    assert waiting(q) == (1, 0, 0)
    loop.close()
    q.put(1)
    assert q.get_nowait() == 1
    q.put(1)
    loop = asyncio.new_event_loop()

    async def begin_put() -> asyncio.Task[None]:
        task = asyncio.create_task(q.async_q.put(2))
        await settle()
        return task

    putter = loop.run_until_complete(begin_put())
    loop.close()
    assert q.get_nowait() == 1
    q.put_nowait(3)
    assert q.drain() == [3]
    left: Any
    for left in (task, putter):
        left._log_destroy_pending = False
        left.get_coro().close()
    assert waiting(q) == (0, 0, 0)


def test_tasks_of_several_loops_wait_at_once() -> None:
    q: BoundedQueue[int] = BoundedQueue(2)
    got: list[int] = []

    async def consume() -> None:
        got.extend([item async for item in q.async_q])

    async def produce() -> None:
        for i in range(100):
            await q.async_q.put(i)

    consumers = [threading.Thread(target=lambda: asyncio.run(consume())) for _ in range(2)]
    producers = [threading.Thread(target=lambda: asyncio.run(produce())) for _ in range(2)]
    for thread in consumers + producers:
        thread.start()
    for thread in producers:
        thread.join(PATIENCE)
    q.shutdown()
    for thread in consumers:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert sorted(got) == sorted([*range(100)] * 2)


def test_cancellations_lose_neither_an_item_nor_a_slot() -> None:
    """Threads put and get while the tasks that do so are cancelled at any moment."""
    q: BoundedQueue[int] = BoundedQueue(2)
    count = 400
    got: list[int] = []
    put: list[int] = []

    def produce() -> None:
        for i in range(0, count, 2):
            q.put(i)
            put.append(i)

    def consume() -> None:
        got.extend(q)

    async def attempt(call: Callable[[], Awaitable[Any]], turns: int) -> Any:
        task = asyncio.ensure_future(call())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return ...

    async def main() -> None:
        for i in range(1, count, 2):
            turns = 0
            while await attempt(lambda: q.async_q.put(i), turns) is ...:  # noqa: B023
                turns += 1
            put.append(i)
            item = await attempt(q.async_q.get, i % 4)
            if item is not ...:
                got.append(item)

    threads = [threading.Thread(target=produce), threading.Thread(target=consume)]
    for thread in threads:
        thread.start()
    asyncio.run(main())
    threads[0].join(PATIENCE)
    q.shutdown()
    threads[1].join(PATIENCE)
    assert sorted(got) == sorted(put) == list(range(count))
    with pytest.raises(ShutDown):
        q.get_nowait()
    assert waiting(q) == (0, 0, 0)
    assert not q.full()
