# pyright: basic
"""BoundedQueue and its kin: what is particular to them."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import queue
import random
import signal
import threading
import time
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from queue import Empty, Full
from typing import Any

import pytest

from lockedcontainers import (
    BoundedLifoQueue,
    BoundedPriorityQueue,
    BoundedQueue,
    DeadlockError,
    LockTimeout,
    ShutDown,
    is_compiled,
    locked,
    select,
)
from lockedcontainers._queue import waiting

QUEUES = [BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue]
BUILTINS: dict[type, type] = {
    BoundedQueue: queue.Queue,
    BoundedLifoQueue: queue.LifoQueue,
    BoundedPriorityQueue: queue.PriorityQueue,
}
each_queue = pytest.mark.parametrize("kind", QUEUES)
PATIENCE = float(os.environ.get("LOCKEDCONTAINERS_PATIENCE", "30"))


class Busy:
    """A thread that calls a function, and what came of it."""

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.value: Any = None
        self.error: BaseException | None = None

        def run() -> None:
            try:
                self.value = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def result(self) -> Any:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "it still waits"
        if self.error is not None:
            raise self.error
        return self.value


def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.001)


def waiting_in_turn(q: Any, functions: list[Callable[[], Any]], line: int) -> list[Busy]:
    """Threads that wait in one line of the queue, in this order."""
    threads = []
    for function in functions:
        before = waiting(q)[line]
        threads.append(Busy(function))
        until(lambda: waiting(q)[line] == before + 1)  # noqa: B023
    return threads


GETTERS, PUTTERS, JOINERS = range(3)


# --- In the place of queue.Queue --------------------------------------------------------------------------------


@each_queue
def test_is_a_queue_of_the_standard_library(kind: Any) -> None:
    q = kind(3)
    assert isinstance(q, BUILTINS[kind])
    assert isinstance(q, queue.Queue)
    assert kind[int] == kind[int]
    assert (q.maxsize, q.unfinished_tasks, q.qsize(), q.empty(), q.full()) == (3, 0, 0, True, False)
    assert kind().maxsize == 0
    assert weakref.ref(q)() is q
    assert hash(q) == hash(q)
    assert q != kind(3)


@each_queue
def test_does_what_the_builtin_does(kind: Any) -> None:
    """The same calls, drawn at random, have the same outcomes."""
    rng = random.Random(1)

    def outcome(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001
            return type(error), str(error)

    for _ in range(200):
        maxsize = rng.choice([-1, 0, 1, 2, 3, 2.5, float("inf")])
        ours, theirs = kind(maxsize), BUILTINS[kind](maxsize)
        for _ in range(20):
            name: Any
            name, *args = rng.choice(
                [
                    ("put", rng.randrange(9), False),
                    ("put", rng.randrange(9), True, 0),
                    ("put", rng.randrange(9), True, -1),
                    ("put", rng.randrange(9), False, -1),
                    ("put_nowait", rng.randrange(9)),
                    ("get", False),
                    ("get", True, 0),
                    ("get", True, -1),
                    ("get", False, -1),
                    ("get_nowait",),
                    ("qsize",),
                    ("empty",),
                    ("full",),
                    ("task_done",),
                ]
            )
            if name == "put" and ours.maxsize < 0 and args[-1] == 0:
                continue
            assert outcome(lambda: getattr(ours, name)(*args)) == outcome(lambda: getattr(theirs, name)(*args))  # noqa: B023
            assert ours.unfinished_tasks == theirs.unfinished_tasks
            assert list(ours.queue) == list(theirs.queue)


def test_arguments_by_name() -> None:
    q: BoundedQueue[int] = BoundedQueue(maxsize=1)
    q.put(item=1, block=True, timeout=None)
    assert q.get(block=True, timeout=1) == 1
    with pytest.raises(TypeError):
        q.put()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        BoundedQueue(1, "block")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_the_storage_may_be_used_under_the_mutex() -> None:
    """As programs do that empty a queue of the standard library."""
    q: BoundedQueue[int] = BoundedQueue(2)
    q.put_many([1, 2])
    putter, *_ = waiting_in_turn(q, [lambda: q.put(3)], PUTTERS)
    joiner, *_ = waiting_in_turn(q, [q.join], JOINERS)
    with q.mutex:
        assert q.mutex.locked()
        assert list(q.queue) == [1, 2]
        q.queue.clear()
        q.unfinished_tasks = 0
        q.all_tasks_done.notify_all()
    joiner.result()
    putter.result()
    assert not q.mutex.locked()
    assert q.get() == 3
    with pytest.raises(RuntimeError):
        q.mutex.release()
    assert q.mutex.acquire(timeout=1)
    assert not Busy(q.mutex.acquire, False).result()
    q.mutex.release()


def test_the_conditions_of_queue_can_be_waited_on() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    woken: list[str] = []

    def join_by_hand() -> None:
        with q.all_tasks_done:
            while q.unfinished_tasks:
                assert q.all_tasks_done.wait(PATIENCE)
        woken.append("done")

    def get_by_hand() -> int:
        with q.not_empty:
            while not q.queue:
                assert q.not_empty.wait(PATIENCE)
            item: int = q.queue.popleft()
            return item

    q.put(1)
    joiner = Busy(join_by_hand)
    until(lambda: len(vars(q.all_tasks_done)["_waiters"]) == 1)
    assert q.get() == 1
    assert not woken
    q.task_done()
    joiner.result()
    getter = Busy(get_by_hand)
    until(lambda: len(vars(q.not_empty)["_waiters"]) == 1)
    q.put(2)
    assert getter.result() == 2
    assert q.empty()


def test_a_larger_maxsize_lets_puts_go_on() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    q.put(1)
    putter, *_ = waiting_in_turn(q, [lambda: q.put(2)], PUTTERS)
    q.maxsize = 2
    putter.result()
    assert q.snapshot() == [1, 2]
    q.maxsize = 1
    assert q.full()
    with pytest.raises(Full):
        q.put_nowait(3)


class Unique(BoundedQueue[Any]):
    """What people make of a queue: one without duplicates."""

    def _init(self, maxsize: int) -> None:  # noqa: ARG002
        self.queue: set[Any] = set()

    def _qsize(self) -> int:
        return len(self.queue)

    def _put(self, item: Any) -> None:
        self.queue.add(item)

    def _get(self) -> Any:
        return self.queue.pop()


def test_a_subclass_may_be_another_organisation() -> None:
    q = Unique(2)
    q.put(1)
    q.put(1)
    assert q.qsize() == 1
    q.put(2)
    putter, *_ = waiting_in_turn(q, [lambda: q.put(3)], PUTTERS)
    got = {q.get(), q.get()}
    putter.result()
    assert got | {q.get()} == {1, 2, 3}
    getter, *_ = waiting_in_turn(q, [q.get], GETTERS)
    q.put(4)
    assert getter.result() == 4
    q.put_many("ab")
    assert sorted(q.drain()) == ["a", "b"]


def test_a_subclass_may_store_elsewhere() -> None:
    class Pair(BoundedQueue[Any]):
        def _init(self, maxsize: int) -> None:  # noqa: ARG002
            self.items: list[Any] = []

        def _qsize(self) -> int:
            return len(self.items)

        def _put(self, item: Any) -> None:
            self.items.append(item)

        def _get(self) -> Any:
            return self.items.pop()

    q = Pair(2)
    q.put(1)
    q.put(2)
    with pytest.raises(Full):
        q.put_nowait(3)
    assert q.items == [1, 2]
    with pytest.raises(TypeError, match="_get of Pair"):
        q.peek()
    assert (q.get(), pickle.loads(pickle.dumps(q.items)), q.drain()) == (2, [1], [1])
    with pytest.raises(Empty):
        q.peek()


def test_peek_says_where_nothing_is_first() -> None:
    q = Unique()
    q.put(1)
    with pytest.raises(TypeError, match="_get of Unique"):
        q.peek()
    wrapping = Refusing()
    wrapping.put_many("ab")
    assert wrapping.peek() == "a"


def test_a_wait_that_ends_while_the_queue_is_held_by_one_who_waits_for_this_thread() -> None:
    """Its turn is not lost: it is told of the deadlock, and no item goes to it any more."""
    q: BoundedQueue[int] = BoundedQueue()
    held: BoundedQueue[int] = BoundedQueue()
    told: list[type[BaseException]] = []

    def get() -> None:
        with held.locked():
            try:
                q.get(timeout=0.3)
            except (DeadlockError, Empty) as error:
                told.append(type(error))

    def hold() -> None:
        until(lambda: waiting(q)[GETTERS])
        with q.locked():
            try:
                held.put(1)
            except DeadlockError as error:
                told.append(type(error))

    threads = [Busy(get), Busy(hold)]
    for thread in threads:
        thread.result()
    assert DeadlockError in told
    q.put(2)
    assert q.get_nowait() == 2


def test_what_is_no_timeout() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    nan = float("nan")
    gets: list[Callable[[], Any]] = [
        lambda: q.get(timeout=nan),
        lambda: q.get_many(1, timeout=nan),
        lambda: select(q, timeout=nan),
        lambda: q.put(1, timeout=nan),
        lambda: q.put_many([1], timeout=nan),
    ]
    for call in gets:
        with pytest.raises(ValueError, match="non-negative"):
            call()
    lock = threading.Lock()
    for arguments in [(True, -2.0), (True, -1.5), (True, nan), (False, 1.0), (False, 0.0), (True, 1e30)]:
        with pytest.raises((ValueError, OverflowError)) as theirs:
            lock.acquire(*arguments)
        with pytest.raises(theirs.type):
            q.mutex.acquire(*arguments)
    assert q.mutex.acquire(False)
    q.mutex.release()


def test_a_timeout_of_any_length() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    for timeout in (1e10, float("inf")):
        getter, *_ = waiting_in_turn(q, [lambda: q.get(timeout=timeout)], GETTERS)  # noqa: B023
        q.put(1)
        assert getter.result() == 1


def test_a_method_that_a_subclass_replaces_is_used() -> None:
    class Doubled(BoundedQueue[int]):
        def put(self, item: int, block: bool = True, timeout: float | None = None) -> None:
            super().put(item * 2, block, timeout)

        def get(self, block: bool = True, timeout: float | None = None) -> int:
            return super().get(block, timeout) + 1

    q = Doubled()
    q.put_nowait(1)
    assert q.get_nowait() == 3
    q.put(2)
    q.shutdown()
    assert list(q) == [5]


class Refusing(BoundedQueue[Any]):
    """Refuses what it is asked to refuse."""

    def _put(self, item: Any) -> None:
        if item == "bad":
            raise ValueError(item)
        super()._put(item)

    def _get(self) -> Any:
        if self.queue[0] == "poison":
            self.queue.popleft()
            raise ValueError
        return super()._get()


def test_what_storing_raises_is_raised_where_the_item_comes_from() -> None:
    q = Refusing(1)
    q.put(1)
    bad, good = waiting_in_turn(q, [lambda: q.put("bad"), lambda: q.put("good")], PUTTERS)
    assert q.get() == 1
    with pytest.raises(ValueError, match="bad"):
        bad.result()
    good.result()
    assert q.get() == "good"
    getter, other = waiting_in_turn(q, [q.get, q.get], GETTERS)
    q.put("poison")
    q.put("fine")
    with pytest.raises(ValueError):  # noqa: PT011
        getter.result()
    assert other.result() == "fine"
    assert q.unfinished_tasks == 4


@each_queue
def test_copies_have_a_lock_of_their_own(kind: Any) -> None:
    q = kind(5, overflow="drop_newest")
    q.put_many([2, 1])
    q.get()
    q.put(3)
    for new in (copy.copy(q), copy.deepcopy(q), pickle.loads(pickle.dumps(q))):
        assert type(new) is kind
        assert (new.maxsize, new.overflow, new.unfinished_tasks) == (5, "drop_newest", 3)
        with q.locked():
            assert Busy(new.drain).result() == q.snapshot()
        assert q.qsize() == 2
    q.shutdown()
    assert copy.copy(q).is_shutdown


def test_a_subclass_keeps_what_it_has_added() -> None:
    q = Unique()
    q.name = "jobs"  # type: ignore[attr-defined]
    q.put("a")
    new = copy.deepcopy(q)
    assert vars(new) == vars(q)
    assert (new.get(), q.qsize()) == ("a", 1)


def test_before_init() -> None:
    q: BoundedQueue[int] = BoundedQueue.__new__(BoundedQueue)
    q.put(1)
    assert q.get() == 1


# --- Timeouts, shutdown, join -----------------------------------------------------------------------------------


@each_queue
def test_what_timed_out_has_changed_nothing(kind: Any) -> None:
    q = kind(1)
    with pytest.raises(Empty):
        q.get(timeout=0.01)
    q.put(1)
    with pytest.raises(Full):
        q.put(2, timeout=0.01)
    assert waiting(q) == (0, 0, 0)
    assert (q.snapshot(), q.unfinished_tasks) == ([1], 1)
    q.put_many([], timeout=0.01)
    with pytest.raises(Full):
        q.put_many([2], timeout=0.01)
    assert q.get_many(5) == [1]
    with pytest.raises(Empty):
        q.get_many(1, timeout=0.01)
    assert q.empty()


@each_queue
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_ends_every_wait(kind: Any, immediate: bool) -> None:
    q = kind(1)
    getters = waiting_in_turn(q, [q.get, lambda: q.get(timeout=PATIENCE), lambda: q.get_many(2)], GETTERS)
    q.shutdown(immediate)
    for getter in getters:
        with pytest.raises(ShutDown):
            getter.result()
    q = kind(1)
    q.put(1)
    putters = waiting_in_turn(q, [lambda: q.put(2), lambda: q.put_many([3])], PUTTERS)
    joiner, *_ = waiting_in_turn(q, [q.join], JOINERS)
    q.shutdown(immediate)
    for putter in putters:
        with pytest.raises(ShutDown):
            putter.result()
    if immediate:
        joiner.result()
    else:
        assert q.get() == 1
        assert waiting(q) == (0, 0, 1)
        q.task_done()
        joiner.result()
    assert q.is_shutdown
    for call in (q.get, q.get_nowait, q.peek, lambda: q.put(1), lambda: q.put_nowait(1), lambda: q.get_many(1)):
        with pytest.raises(ShutDown):
            call()
    assert q.drain() == []


def test_shutdown_is_that_of_the_standard_library_where_it_has_one() -> None:
    assert ShutDown is getattr(queue, "ShutDown", ShutDown)
    assert issubclass(ShutDown, Exception)


def test_an_immediate_shutdown_leaves_what_is_being_worked_on_unfinished() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    q.put_many([1, 2, 3])
    q.get()
    joiner, *_ = waiting_in_turn(q, [q.join], JOINERS)
    q.shutdown(immediate=True)
    assert q.unfinished_tasks == 1
    q.task_done()
    joiner.result()


def test_an_immediate_shutdown_compares_nothing() -> None:
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue(3)
    q.put_many(Ranked(i) for i in range(3))
    for item in q.queue:
        item.action = refuse
    putter, *_ = waiting_in_turn(q, [lambda: q.put(Ranked(3))], PUTTERS)
    q.shutdown(immediate=True)
    with pytest.raises(ShutDown):
        putter.result()
    assert (q.qsize(), q.unfinished_tasks) == (0, 0)


def test_an_immediate_shutdown_that_raises_is_a_shutdown() -> None:
    q = Refusing(2)
    q.put_many(["poison", "fine"])
    putter, *_ = waiting_in_turn(q, [lambda: q.put(3)], PUTTERS)
    with pytest.raises(ValueError):  # noqa: PT011
        q.shutdown(immediate=True)
    with pytest.raises(ShutDown):
        putter.result()
    assert q.get() == "fine"


def test_iterating_takes_items_until_the_queue_is_shut_down() -> None:
    q: BoundedQueue[int] = BoundedQueue(2)
    consumer = Busy(lambda: list(q))
    for i in range(10):
        q.put(i)
    q.shutdown()
    assert consumer.result() == list(range(10))


# --- In order ---------------------------------------------------------------------------------------------------


@each_queue
def test_waiters_are_served_in_the_order_they_came(kind: Any) -> None:
    q = kind(2)
    getters = waiting_in_turn(q, [q.get, lambda: q.get(timeout=PATIENCE), lambda: q.get_many(1)[0], q.get], GETTERS)
    for i in range(4):
        q.put(i)
        assert getters[i].result() == i
        assert waiting(q) == (3 - i, 0, 0)

    q.put_many([0, 0])
    puts = [lambda i=i: q.put(i) for i in (1, 2)] + [lambda: q.put_many([3]), lambda: q.put(4, timeout=PATIENCE)]
    putters = waiting_in_turn(q, puts, PUTTERS)
    for i in range(4):
        q.get()
        putters[i].result()
        assert waiting(q) == (0, 3 - i, 0)
        with pytest.raises(Full):
            q.put_nowait("may not overtake")
    assert q.unfinished_tasks == 10


def test_one_that_gives_up_holds_nobody_up() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    first, *_ = waiting_in_turn(q, [lambda: q.get(timeout=0.05)], GETTERS)
    second, *_ = waiting_in_turn(q, [q.get], GETTERS)
    with pytest.raises(Empty):
        first.result()
    q.put(1)
    assert second.result() == 1


# --- Several at once --------------------------------------------------------------------------------------------


def test_put_many_waits_for_room_and_keeps_the_order() -> None:
    q: BoundedQueue[int] = BoundedQueue(3)
    producer = Busy(q.put_many, range(10))
    until(lambda: waiting(q)[PUTTERS])
    assert [q.get() for _ in range(10)] == list(range(10))
    assert producer.result() == 10


def test_put_many_says_how_many_were_put() -> None:
    q: BoundedQueue[int] = BoundedQueue(3)
    assert q.put_many([1, 2], block=False) == 2
    assert q.put_many([3, 4], block=False) == 1
    assert q.unfinished_tasks == 3
    with pytest.raises(Full):
        q.put_many([4], block=False)
    assert q.put_many([]) == 0
    q.drain()
    assert q.put_many([1, 2, 3, 4], timeout=0.01) == 3
    q.drain()
    producer = Busy(q.put_many, range(5))
    until(lambda: waiting(q)[PUTTERS])
    q.shutdown()
    assert producer.result() == 3
    with pytest.raises(ShutDown):
        q.put_many([1])
    with pytest.raises(ValueError, match="non-negative"):
        q.put_many([1], timeout=-1)


def test_put_many_serves_those_who_wait() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    getters = waiting_in_turn(q, [q.get, q.get], GETTERS)
    assert q.put_many([1, 2, 3], block=False) == 3
    assert [getter.result() for getter in getters] == [1, 2]
    assert q.drain() == [3]


def test_get_many() -> None:
    q: BoundedQueue[int] = BoundedQueue(3)
    q.put_many([1, 2, 3])
    putters = waiting_in_turn(q, [lambda: q.put(4), lambda: q.put(5)], PUTTERS)
    assert q.get_many(2) == [1, 2]
    for putter in putters:
        putter.result()
    assert q.get_many(10) == [3, 4, 5]
    for bad in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            q.get_many(bad)
    with pytest.raises(Empty):
        q.get_many(1, block=False)
    consumer, *_ = waiting_in_turn(q, [lambda: q.get_many(5)], GETTERS)
    with q.locked():
        q.put_many([6, 7])
    assert consumer.result() == [6, 7]


class Stop(BaseException):
    """What a signal handler may raise while items are compared."""


def stop() -> None:
    raise Stop


def test_what_is_stopped_halfway_has_taken_nothing() -> None:
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue(6)
    items = [Ranked(i) for i in range(6)]
    q.put_many(items)
    comparisons = iter(range(100))
    for item in items:
        item.action = lambda: stop() if next(comparisons) == 6 else None
    with pytest.raises(Stop):
        q.get_many(4)
    assert sorted(item.rank for item in q.queue) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("take", [BoundedQueue.drain, lambda q: q.get_many(9)])
def test_what_is_stopped_while_puts_go_on_has_taken_nothing(take: Callable[[Any], Any]) -> None:
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue(2)
    q.put_many([Ranked(0), Ranked(1)])
    last = Ranked(9, stop)
    putters = waiting_in_turn(q, [lambda: q.put(Ranked(8)), lambda: q.put(last)], PUTTERS)
    with pytest.raises(Stop):
        take(q)
    assert {item.rank for item in q.queue} >= {0, 1}
    last.action = lambda: None
    taken = q.drain()
    for putter in putters:
        putter.result()
    assert sorted(item.rank for item in taken + q.drain()) == [0, 1, 8, 9]


def test_what_a_drain_gives_back_and_cannot_is_all_that_is_lost() -> None:
    class Choosy(Refusing):
        refused = ""

        def _put(self, item: Any) -> None:
            if item == self.refused:
                raise ValueError
            super()._put(item)

    q = Choosy()
    q.put_many(["a", "b", "c", "poison", "d"])
    q.refused = "c"
    with pytest.raises(ValueError):  # noqa: PT011
        q.drain()
    assert sorted(q.drain()) == ["a", "b", "d"]


def test_drain_lets_puts_go_on() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    q.put(1)
    putter, *_ = waiting_in_turn(q, [lambda: q.put(2)], PUTTERS)
    assert q.drain() == [1]
    putter.result()
    assert q.drain() == [2]
    assert q.unfinished_tasks == 2


@each_queue
def test_looking_takes_nothing(kind: Any) -> None:
    q = kind()
    with pytest.raises(Empty):
        q.peek()
    q.put_many([2, 1, 3])
    snapshot = q.snapshot()
    assert q.peek() == snapshot[0]
    assert q.qsize() == 3
    assert [q.get() for _ in range(3)] == snapshot
    q.put_many([2, 1, 3])
    assert q.drain() == snapshot


# --- A full queue -----------------------------------------------------------------------------------------------


def test_overflow() -> None:
    oldest: BoundedQueue[int] = BoundedQueue(2, overflow="drop_oldest")
    newest: BoundedQueue[int] = BoundedQueue(2, overflow="drop_newest")
    raising: BoundedQueue[int] = BoundedQueue(2, overflow="raise")
    stack: BoundedLifoQueue[int] = BoundedLifoQueue(2, overflow="drop_oldest")
    for i in range(4):
        oldest.put(i)
        newest.put(i)
        stack.put(i)
    assert (oldest.snapshot(), oldest.dropped, oldest.unfinished_tasks) == ([2, 3], 2, 2)
    assert (newest.snapshot(), newest.dropped, newest.unfinished_tasks) == ([0, 1], 2, 2)
    assert (stack.snapshot(), stack.dropped) == ([3, 2], 2)
    assert raising.put_many([1, 2]) == 2
    for call in (lambda: raising.put(3), lambda: raising.put(3, timeout=PATIENCE), lambda: raising.put_many([3])):
        with pytest.raises(Full):
            call()
    assert oldest.put_many([4, 5, 6]) == 3
    assert (oldest.snapshot(), oldest.dropped) == ([5, 6], 5)
    assert newest.put_many([4]) == 0
    assert (newest.snapshot(), newest.dropped) == ([0, 1], 3)
    with pytest.raises(ValueError, match="overflow"):
        BoundedQueue(1, overflow="lose")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="oldest"):
        BoundedPriorityQueue(1, overflow="drop_oldest")


def test_what_is_dropped_is_let_go_outside_the_section() -> None:
    q: BoundedQueue[Any] = BoundedQueue(1, overflow="drop_oldest")
    free: list[bool] = []

    class Witness:
        def __del__(self) -> None:
            free.append(Busy(lambda: q.qsize() == 1).result())

    q.put(Witness())
    q.put(1)
    gc.collect()
    assert free == [True]
    q.drain()
    q.put(Witness())
    q.shutdown(immediate=True)
    gc.collect()
    assert free == [True, False]


# --- Priorities -------------------------------------------------------------------------------------------------


class Ranked:
    """Compares by rank, and does something where it is compared."""

    def __init__(self, rank: int, action: Callable[[], object] = lambda: None) -> None:
        self.rank = rank
        self.action = action

    def __lt__(self, other: Ranked) -> bool:
        self.action()
        return self.rank < other.rank


def refuse() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("seed", range(20))
def test_priorities_and_ties_are_those_of_the_builtin(seed: int) -> None:
    rng = random.Random(seed)
    ours: BoundedPriorityQueue[Any] = BoundedPriorityQueue()
    theirs: queue.PriorityQueue[Any] = queue.PriorityQueue()
    for _ in range(200):
        if rng.random() < 0.6:
            item = Ranked(rng.randrange(10))
            ours.put(item)
            theirs.put(item)
        elif ours.qsize():
            assert ours.get() is theirs.get()
        assert [id(item) for item in ours.queue] == [id(item) for item in theirs.queue]


def test_a_comparison_that_raises_changes_nothing() -> None:
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue()
    items = [Ranked(i) for i in (3, 1, 2, 5, 4, 0)]
    q.put_many(items)
    before = list(q.queue)
    with pytest.raises(ZeroDivisionError):
        q.put(Ranked(0, refuse))
    assert list(q.queue) == before
    assert q.unfinished_tasks == 6
    for item in items:
        item.action = refuse
    for call in (q.get, q.drain):
        with pytest.raises(ZeroDivisionError):
            call()
        assert list(q.queue) == before
    for item in items:
        item.action = lambda: None
    assert [item.rank for item in q.drain()] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("maxsize", [0, 8])
def test_a_comparison_may_use_the_queue(maxsize: int) -> None:
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue(maxsize)
    q.put_many(Ranked(i) for i in (1, 3, 5, 7))
    extra = [Ranked(4), Ranked(0)]
    taken: list[int] = []

    def meddle() -> None:
        if extra:
            q.put(extra.pop())
            taken.append(q.get().rank)

    q.put(Ranked(2, meddle))
    for item in list(q.queue):
        item.action = meddle
    extra += [Ranked(6), Ranked(9)]
    while q.qsize():
        taken.append(q.get().rank)
    assert sorted(taken) == [0, 1, 2, 3, 4, 5, 6, 7, 9]
    assert taken[:2] == [0, 1]


def test_what_a_comparison_puts_is_in_order() -> None:
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue()
    q.put_many(Ranked(i) for i in (5, 6, 7))
    extra = [Ranked(0), Ranked(8)]

    def meddle() -> None:
        if extra:
            q.put(extra.pop(0))

    q.put(Ranked(1, meddle))
    assert not extra
    assert [q.get().rank for _ in range(6)] == [0, 1, 5, 6, 7, 8]


def test_a_comparison_cannot_overfill_the_queue() -> None:
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue(2)
    q.put(Ranked(1))
    outcomes: list[type[Exception]] = []

    def meddle() -> None:
        try:
            q.put_nowait(Ranked(5))
        except Full:
            outcomes.append(Full)

    q.put(Ranked(0, meddle))
    assert outcomes == [Full]
    assert q.qsize() == 2


# --- By surprise ------------------------------------------------------------------------------------------------


def test_what_cannot_be_waited_for_raises() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    other: BoundedQueue[int] = BoundedQueue(1)
    with q.locked():
        with pytest.raises(DeadlockError):
            q.get()
        with pytest.raises(Empty):
            q.get_nowait()
        q.put(1)
        with pytest.raises(DeadlockError):
            q.put(2, timeout=PATIENCE)
        with pytest.raises(DeadlockError):
            q.join()
        q.drain()
        with pytest.raises(DeadlockError):
            select(other, q)
    assert waiting(q) == waiting(other) == (0, 0, 0)
    q.put(3)
    assert q.get() == 3


def test_several_queues_can_be_locked_at_once() -> None:
    one: BoundedQueue[int] = BoundedQueue()
    other: BoundedQueue[int] = BoundedQueue()
    one.put(1)
    with locked(one, other):
        other.put(one.get())
        blocked = Busy(other.get)
    assert blocked.result() == 1
    with one.locked(), pytest.raises(LockTimeout):
        Busy(lambda: one.locked(timeout=0.01).__enter__()).result()


def test_a_finalizer_may_put() -> None:
    """As CPython tests SimpleQueue: the garbage collector may run at any moment."""
    q: BoundedQueue[int] = BoundedQueue()
    numbers = iter(range(10**9))
    results: list[int] = []

    class Circular:
        def __init__(self) -> None:
            self.circular = self

        def __del__(self) -> None:
            q.put(next(numbers))

    while not results or results[-1] < 5_000:
        o = Circular()
        q.put(next(numbers))
        del o
        results.append(q.get())
    del Circular.__del__
    assert results == list(range(results[-1] + 1))


needs_signals = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")


@pytest.fixture
def _alarm() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


def interrupt_when(condition: Callable[[], object], then: Callable[[], object] = lambda: None) -> Busy:
    """Send this thread a signal when it waits."""
    ident = threading.get_ident()

    def interrupt() -> None:
        until(condition)
        signal.pthread_kill(ident, signal.SIGUSR1)
        then()

    return Busy(interrupt)


@needs_signals
@pytest.mark.usefixtures("_alarm")
def test_a_signal_handler_may_put_what_it_has_interrupted_the_wait_for() -> None:
    q: BoundedQueue[str] = BoundedQueue(1)
    signal.signal(signal.SIGUSR1, lambda *_: q.put("from the handler"))
    helper = interrupt_when(lambda: waiting(q)[GETTERS])
    assert q.get() == "from the handler"
    helper.result()
    q.put("in the way")
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(q.get()))
    seen: list[str] = []
    helper = interrupt_when(lambda: waiting(q)[PUTTERS])
    q.put("next")
    helper.result()
    assert (seen, q.drain()) == (["in the way"], ["next"])


class Interrupted(Exception):
    """What a handler raises."""


def interrupted(*_: object) -> None:
    raise Interrupted


@needs_signals
@pytest.mark.usefixtures("_alarm")
def test_an_interrupted_wait_has_changed_nothing() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    other: BoundedQueue[int] = BoundedQueue(1)
    signal.signal(signal.SIGUSR1, interrupted)
    waits: list[tuple[Callable[[], Any], int]] = [
        (q.get, GETTERS),
        (lambda: q.get_many(2), GETTERS),
        (lambda: select(other, q), GETTERS),
        (lambda: q.put(2), PUTTERS),
        (lambda: q.put_many([2]), PUTTERS),
        (q.join, JOINERS),
    ]
    for call, line in waits:
        if line != GETTERS and q.empty():
            q.put(1)
        helper = interrupt_when(lambda: waiting(q)[line])  # noqa: B023
        with pytest.raises(Interrupted):
            call()
        helper.result()
        assert waiting(q) == waiting(other) == (0, 0, 0)
    assert q.drain() == [1]


@needs_signals
@pytest.mark.usefixtures("_alarm")
def test_an_interrupted_wait_keeps_its_place() -> None:
    """The handler returns, and the main thread was first in the line."""
    q: BoundedQueue[int] = BoundedQueue()
    handled: list[int] = []
    signal.signal(signal.SIGUSR1, lambda *_: handled.append(1))
    second: list[Busy] = []

    def then() -> None:
        until(lambda: handled and waiting(q)[GETTERS] == 2)
        q.put_many([1, 2])

    def ready() -> bool:
        if waiting(q)[GETTERS] == 1 and not second:
            second.append(Busy(q.get))
        return waiting(q)[GETTERS] == 2

    helper = interrupt_when(ready, then)
    assert q.get() == 1
    helper.result()
    assert second[0].result() == 2


@needs_signals
@pytest.mark.usefixtures("_alarm")
def test_an_interrupted_second_step_gives_the_first_item_back() -> None:
    q: BoundedQueue[str] = BoundedQueue()
    handled = threading.Event()
    ident = threading.get_ident()

    def handle(*_: object) -> None:
        handled.set()
        raise Stop

    signal.signal(signal.SIGUSR1, handle)

    def put_and_hold() -> None:
        until(lambda: waiting(q)[GETTERS])
        with q.locked():
            q.put("a")
            time.sleep(0.1)  # so that it waits for more
            signal.pthread_kill(ident, signal.SIGUSR1)
            assert handled.wait(PATIENCE)

    helper = Busy(put_and_hold)
    with pytest.raises(Stop):
        q.get_many(5)
    helper.result()
    assert q.drain() == ["a"]


@needs_signals
@pytest.mark.usefixtures("_alarm")
def test_a_join_does_not_miss_its_moment_while_a_handler_runs() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    q.put(1)
    q.get()
    happened: list[str] = []

    def handle(*_: object) -> None:
        q.task_done()
        q.put(2)
        happened.append("handled")

    def then() -> None:
        until(lambda: happened == ["handled", "joined"] or (happened and waiting(q)[JOINERS]))
        if happened == ["handled"]:
            happened.append("missed")
            q.unfinished_tasks = 0

    signal.signal(signal.SIGUSR1, handle)
    helper = interrupt_when(lambda: waiting(q)[JOINERS], then)
    q.join()
    happened.append("joined")
    helper.result()
    assert happened == ["handled", "joined"]
    assert q.drain() == [2]


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


@needs_fork
def test_nobody_waits_in_the_child_of_a_fork(in_a_child: Callable[[Callable[[], None]], str]) -> None:
    empty: BoundedQueue[int] = BoundedQueue(1)
    full: BoundedQueue[int] = BoundedQueue(1)
    full.put(1)
    held: BoundedQueue[int] = BoundedQueue(1)
    getter, *_ = waiting_in_turn(empty, [empty.get], GETTERS)
    putter, *_ = waiting_in_turn(full, [lambda: full.put(2)], PUTTERS)
    joiner, *_ = waiting_in_turn(full, [full.join], JOINERS)
    leave = threading.Event()

    def hold() -> None:
        with held.locked():
            leave.wait(PATIENCE)

    holder = Busy(hold)
    until(held.mutex.locked)

    def use() -> None:
        empty.put(5)
        assert empty.get() == 5
        assert full.get() == 1
        full.put_nowait(6)
        assert full.get_nowait() == 6
        held.put(7)
        assert held.get() == 7
        assert waiting(empty) == waiting(full) == (0, 0, 0)

    assert in_a_child(use) == ""
    leave.set()
    holder.result()
    empty.put(3)
    assert getter.result() == 3
    assert full.get() == 1
    putter.result()
    assert full.get() == 2
    full.task_done()
    full.task_done()
    joiner.result()


@needs_fork
@needs_signals
@pytest.mark.usefixtures("_alarm")
def test_a_wait_that_forks_goes_on_in_the_child() -> None:
    q: BoundedQueue[int] = BoundedQueue()
    children: list[int] = []

    def fork(*_: object) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            children.append(os.fork())
        if children == [0]:
            signal.alarm(20)
            threading.Thread(target=q.put, args=(7,)).start()

    def put_later() -> None:
        until(lambda: children)
        q.put(8)

    signal.signal(signal.SIGUSR1, fork)
    helper = interrupt_when(lambda: waiting(q)[GETTERS], put_later)
    item = q.get()
    if children == [0]:
        os._exit(0 if item == 7 else 1)
    helper.result()
    assert item == 8
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0


# --- select -----------------------------------------------------------------------------------------------------


def test_select_takes_from_the_first_that_has_an_item() -> None:
    a: BoundedQueue[int] = BoundedQueue(1)
    b: BoundedLifoQueue[int] = BoundedLifoQueue(1)
    b.put(1)
    assert select(a, b) == (b, 1)
    a.put(2)
    b.put(3)
    assert select(a, b) == (a, 2)
    assert select(b, a, timeout=0) == (b, 3)
    for timeout in (0, 0.01):
        with pytest.raises(Empty):
            select(a, b, timeout=timeout)
    with pytest.raises(ValueError, match="needs a queue"):
        select()
    with pytest.raises(ValueError, match="non-negative"):
        select(a, timeout=-1)
    assert waiting(a) == waiting(b) == (0, 0, 0)


def test_select_waits_in_every_queue_and_takes_one_item() -> None:
    a: BoundedQueue[int] = BoundedQueue()
    b: BoundedQueue[int] = BoundedQueue()
    for q, other in ((a, b), (b, a)):
        selecting = Busy(select, a, b, timeout=PATIENCE)
        until(lambda: waiting(a)[GETTERS] and waiting(b)[GETTERS])
        q.put(1)
        assert selecting.result() == (q, 1)
        other.put(2)
        assert other.get_nowait() == 2
        assert waiting(a) == waiting(b) == (0, 0, 0)


def test_select_waits_in_line() -> None:
    a: BoundedQueue[int] = BoundedQueue()
    b: BoundedQueue[int] = BoundedQueue()
    threads = waiting_in_turn(a, [a.get, lambda: select(a, b), a.get], GETTERS)
    a.put_many([1, 2, 3])
    assert [thread.result() for thread in threads] == [1, (a, 2), 3]


def test_select_lets_puts_go_on() -> None:
    q: BoundedQueue[int] = BoundedQueue(1)
    q.put(1)
    putter, *_ = waiting_in_turn(q, [lambda: q.put(2)], PUTTERS)
    assert select(q) == (q, 1)
    putter.result()


def test_select_goes_on_while_one_queue_is_open() -> None:
    a: BoundedQueue[int] = BoundedQueue()
    b: BoundedQueue[int] = BoundedQueue()
    a.put(1)
    a.shutdown()
    assert select(a, b) == (a, 1)
    selecting, *_ = waiting_in_turn(b, [lambda: select(a, b)], GETTERS)
    b.put(2)
    assert selecting.result() == (b, 2)
    selecting, *_ = waiting_in_turn(b, [lambda: select(a, b)], GETTERS)
    b.shutdown()
    with pytest.raises(ShutDown):
        selecting.result()
    with pytest.raises(ShutDown):
        select(a, b)
    c: BoundedQueue[int] = BoundedQueue()
    d: BoundedQueue[int] = BoundedQueue()
    selecting, *_ = waiting_in_turn(d, [lambda: select(c, d)], GETTERS)
    c.shutdown()
    until(lambda: waiting(d)[GETTERS])
    d.put(3)
    assert selecting.result() == (d, 3)


def test_select_finds_what_was_put_before_the_shutdown() -> None:
    class Ending(BoundedQueue[str]):
        @property
        def is_shutdown(self) -> bool:
            """As if this thread stood still while another one puts its last."""
            if not super().is_shutdown:
                self.put("last")
                self.shutdown()
            return super().is_shutdown

    q = Ending()
    assert select(q) == (q, "last")
    with pytest.raises(ShutDown):
        select(q)


def test_select_keeps_its_place_when_one_queue_is_shut_down() -> None:
    sizes: list[int] = []

    class Noted(BoundedQueue[str]):
        def _qsize(self) -> int:
            sizes.append(threading.get_ident())
            return super()._qsize()

    q = Noted()
    other: BoundedQueue[str] = BoundedQueue()
    selecting, later = waiting_in_turn(q, [lambda: select(q, other), q.get], GETTERS)
    sizes.clear()
    other.shutdown()
    until(lambda: selecting.thread.ident in sizes)  # it is in the line again
    q.put_many("ab")
    assert (selecting.result(), later.result()) == ((q, "a"), "b")


def test_what_is_stopped_as_it_is_served_gives_its_item_back_once() -> None:
    this = threading.get_ident()
    q: BoundedPriorityQueue[Ranked] = BoundedPriorityQueue(2)
    last = Ranked(3)

    class Meddling(BoundedQueue[Ranked]):
        """Somebody uses the other queue while select() looks at this one."""

        putters: list[Busy]

        def _qsize(self) -> int:
            if not hasattr(self, "putters"):
                q.put_many([Ranked(1), Ranked(5)])
                self.putters = waiting_in_turn(q, [lambda: q.put(last)], PUTTERS)
                last.action = lambda: stop() if threading.get_ident() == this else None
            return super()._qsize()

    meddling = Meddling.__new__(Meddling)
    meddling.putters = []
    Meddling.__init__(meddling)
    del meddling.putters
    with pytest.raises(Stop):
        select(q, meddling)
    last.action = lambda: None
    taken = q.drain()
    meddling.putters[0].result()
    assert sorted(item.rank for item in taken + q.drain()) == [1, 3, 5]
    assert waiting(q) == waiting(meddling) == (0, 0, 0)


# --- All together -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("switch_interval")
@pytest.mark.parametrize("count", [20_000 if is_compiled else 4_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
@each_queue
def test_every_item_is_delivered_once(kind: Any, count: int) -> None:
    """Four producers and four consumers, with random timeouts, and a shutdown before the end."""
    q = kind(50)
    undelivered: list[list[int]] = [[] for _ in range(4)]
    delivered: list[list[int]] = [[] for _ in range(4)]

    def produce(index: int) -> None:
        rng = random.Random(index)
        left = list(range(index, count, 4))[::-1]
        while left:
            timeout = rng.choice([None, 0.0001])
            try:
                if rng.random() < 0.1:
                    put = q.put_many(left[:-5:-1], timeout=timeout)
                    del left[-put:]
                else:
                    q.put(left[-1], timeout=timeout)
                    left.pop()
            except Full:
                continue
            except ShutDown:
                undelivered[index] += left
                return

    def consume(index: int) -> None:
        rng = random.Random(index)
        while True:
            try:
                if rng.random() < 0.1:
                    delivered[index] += q.get_many(5, timeout=rng.choice([None, 0.0001]))
                else:
                    delivered[index].append(q.get(timeout=rng.choice([None, 0.0001])))
            except Empty:
                continue
            except ShutDown:
                return
            if len(delivered[index]) > count // 8:  # which one of four comes to, whoever gets most
                q.shutdown()

    threads = [Busy(produce, i) for i in range(4)] + [Busy(consume, i) for i in range(4)]
    for thread in threads:
        thread.thread.join(400)
        thread.result()
    assert waiting(q) == (0, 0, 0)
    seen = Counter(item for some in (*delivered, *undelivered) for item in some)
    assert len(seen) == count
    assert set(seen.values()) == {1}


def test_a_get_that_fails_as_it_begins_to_wait_is_served_nothing() -> None:
    """What a subclass raises then, or a signal handler, must not leave in the line a waiter that nobody wakes for."""

    class Failing(BoundedQueue[str]):
        looks = 0

        def _qsize(self) -> int:
            self.looks += 1
            if self.looks == 2:
                raise ZeroDivisionError
            return super()._qsize()

    q = Failing()
    q.looks = 0
    with pytest.raises(ZeroDivisionError):
        q.get()
    q.put("for the next")
    assert q.get_nowait() == "for the next"
