# pyright: basic
"""Promise 10: an operation that runs out of memory leaves the container as it was, or done, and no lock held.

A process for each class, since what goes wrong here is a crash: in it each operation runs again and again, and of the
allocations that it makes the first fails, then the second, and so on.
"""

from __future__ import annotations

import copy
import gc
import importlib
import operator
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from lockedcontainers import (
    BoundedLifoQueue,
    BoundedPriorityQueue,
    BoundedQueue,
    LockedCache,
    LockTimeout,
    Mutex,
    ReadWriteLock,
    is_compiled,
    select,
)

from .kinds import KINDS, Kind, Step, each_kind
from .threads import outcome_of

#: No operation of the table makes more allocations.
MOST = 600

#: Several steps as one operation of the table: here one step.
ONE_STEP: dict[str, Callable[[Any], object]] = {"LockedSet pop": lambda s: s.pop()}


#: CPython's own deque.index fails without an exception if memory lacks for that (alone it ends in a SystemError), and
#: since CPython 3.12 this crashes where Cython adds a line to the traceback.
NOT_OURS = {"LockedDeque index absent", "LockedDeque index in a range"} if sys.version_info >= (3, 12) else set[str]()


def grown(kind: Kind, size: int) -> Any:
    """With more in it, so that another thing must be allocated for the next."""
    twin, more = kind.filled(), [f"p{number:02}" for number in range(size)]
    if issubclass(kind.builtin, dict):
        twin.update(dict.fromkeys(more, 1))
    elif issubclass(kind.builtin, deque):
        twin.extendleft(more)
        twin.extend(more)
    else:
        (twin.extend if kind.builtin is list else twin.update)(more)
    return twin


def packed(kind: Kind, size: int) -> Any:
    """Sorted, in many short sublists."""
    twin = grown(kind, size)
    twin._reset(4)
    len(twin.keys()[:-1] if issubclass(kind.builtin, dict) else twin[:-1])
    return twin


def makers_of(kind: Kind) -> Iterator[Callable[[], Any]]:
    yield kind.filled
    if hasattr(kind.cls, "irange"):
        yield from (partial(packed, kind, size) for size in (0, 40))
    else:
        yield from (partial(grown, kind, size) for size in ((30, 31) if issubclass(kind.builtin, deque) else (2, 7)))


def calls_of(kind: Kind) -> Iterator[tuple[str, Callable[[Any], object]]]:
    for name, operation in kind.operations.items():
        if f"{kind.name} {name}" not in NOT_OURS:
            yield name, ONE_STEP.get(f"{kind.name} {name}", operation.call)
    for name, step in kind.steps.items():
        yield f"{name}, with code of users", partial(stepping, step)


def stepping(step: Step, twin: Any) -> object:
    return step.call(twin, lambda: None)


class Other:
    """Another thread, which is asked whether it can enter a container now."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Any] = SimpleQueue()
        self._answers: SimpleQueue[bool] = SimpleQueue()
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                with self._asked.get().locked(timeout=0):
                    pass
            except LockTimeout:
                self._answers.put(False)
            else:
                self._answers.put(True)

    def can_enter(self, container: Any) -> bool:
        self._asked.put(container)
        return self._answers.get(timeout=20)


def attempt(testcapi: Any, call: Callable[[Any], object], twin: Any, at: int) -> bool:
    """Whether the call got along without an allocation."""
    testcapi.set_nomemory(at, at + 1)
    try:
        call(twin)
    except BaseException as error:  # noqa: BLE001
        return not isinstance(error, (MemoryError, SystemError))  # the latter where CPython forgets the former
    finally:
        testcapi.remove_mem_hooks()
    return True


def findings(kind: Kind) -> Iterator[str]:
    """What is wrong after an allocation has failed; it says last how many did."""
    testcapi: Any = importlib.import_module("_testcapi")
    gc.disable()
    failed, other = 0, Other()
    for name, call in calls_of(kind):
        for number, make in enumerate(makers_of(kind)):
            before, done = make(), make()
            outcome_of(lambda: call(done))  # noqa: B023
            states = kind.state(before), kind.state(done)
            at = unharmed = 0
            while unharmed < 3:
                twin = make()
                if attempt(testcapi, call, twin, at):
                    unharmed += 1
                else:
                    unharmed = 0
                    failed += 1
                wrong = fault_of(kind, twin, states) if other.can_enter(twin) else "left locked"
                if wrong:
                    yield f"{kind.name}, {name}, contents {number}, allocation {at}: {wrong}"
                at += 1
                assert at < MOST, name
    yield f"{failed} allocations failed"


def fault_of(kind: Kind, twin: Any, states: tuple[list[Any], list[Any]]) -> str:
    state = kind.state(twin)
    if state not in states:
        return f"left {state}"
    if len(twin) != len(state) or len(list(twin)) != len(state) or len(twin.copy()) != len(state):
        return f"of {len(state)}, {len(twin)} are counted and {len(list(twin))} are seen"
    if hasattr(twin, "_check"):
        twin._check()
    kind.half(twin)
    kind.whole(twin)
    return ""


QUEUES: dict[str, Any] = {cls.__name__: cls for cls in (BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue)}

#: Each leaves what it was given where no memory is needed to keep it.
QUEUE_CALLS: dict[str, Callable[[Any, list[Any]], object]] = {
    "put": lambda q, _: q.put(q.qsize()),
    "put_many": lambda q, _: q.put_many([q.qsize(), q.qsize() + 1]),
    "get": lambda q, got: operator.setitem(got, 0, q.get(block=False)),
    "get_many": lambda q, got: operator.setitem(got, 0, q.get_many(5, block=False)),
    "drain": lambda q, got: operator.setitem(got, 0, q.drain()),
    "snapshot": lambda q, _: q.snapshot(),
    "select": lambda q, got: operator.setitem(got, 0, select(q, timeout=0)),
}


def keeping(call: Callable[[Any, list[Any]], object], got: list[Any], q: Any) -> object:
    return call(q, got)


def items_in(returned: Any) -> list[Any]:
    """Of a get, of several, of a select (the queue comes first), or of nothing: an empty tuple."""
    items: list[Any] = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    return items[1:] if isinstance(returned, tuple) else items


def queue_findings(cls: Any) -> Iterator[str]:
    """As :func:`findings`: what was put is in the queue, or was returned, and nothing is there twice."""
    testcapi: Any = importlib.import_module("_testcapi")
    gc.disable()
    failed, other = 0, Other()
    for name, call in QUEUE_CALLS.items():
        for size in (0, 1, 7, 8, 9, 64, 65):
            at = unharmed = 0
            while unharmed < 3:
                q = cls()
                got: list[Any] = [()]
                q.put_many(range(size))
                unharmed = unharmed + 1 if attempt(testcapi, partial(keeping, call, got), q, at) else 0
                failed += unharmed == 0
                there = sorted([*items_in(got[0]), *q.snapshot()])
                if there != list(range(len(there))) or not size <= len(there) == q.unfinished_tasks:
                    yield f"{cls.__name__}, {name}, {size} items, allocation {at}: {there}"
                if not other.can_enter(q):
                    yield f"{cls.__name__}, {name}, {size} items, allocation {at}: left locked"
                at += 1
                assert at < MOST, name
    yield f"{failed} allocations failed"


CACHES: dict[str, dict[str, Any]] = {
    f"{policy} cache{', timed' if times else ''}": {"policy": policy, **times}
    for policy in ("tinylfu", "sieve", "lru")
    for times in ({}, {"ttl": 10.0, "idle": 5.0})
}
ROOM = 16

CACHE_CALLS: dict[str, Callable[[Any], object]] = {
    "a hit": lambda c: c["k1"],
    "a miss": lambda c: c.get("new"),
    "store": lambda c: operator.setitem(c, "new", 1),
    "replace": lambda c: operator.setitem(c, "k1", 2),
    "setdefault": lambda c: c.setdefault("new", 3),
    "update": lambda c: c.update({"k1": 5, "p": 6, "q": 7}),
    "load": lambda c: c.get_or_load("new", len),
    "load what is there": lambda c: c.get_or_load("k1", len),
    "pop": lambda c: c.pop("k1"),
    "popitem": lambda c: c.popitem(),
    "invalidate": lambda c: c.invalidate("k1"),
    "clear": lambda c: c.clear(),
    "drain": lambda c: c.drain(),
    "expire": lambda c: c.expire(),
    "snapshot": lambda c: c.snapshot(),
    "items": lambda c: list(c.items()),
    "copy": copy.copy,
    "statistics": lambda c: c.statistics(),
}


def cache_of(size: int, options: dict[str, Any]) -> LockedCache[str, int]:
    cache = LockedCache[str, int](ROOM, **options)
    cache.update({f"k{number}": number for number in range(size)})
    for number in range(0, size, 3):
        cache[f"k{number}"]
    return cache


def cache_findings(options: dict[str, Any]) -> Iterator[str]:
    """As :func:`findings`: what the cache says of itself is true, and it evicts as before."""
    testcapi: Any = importlib.import_module("_testcapi")
    gc.disable()
    failed, other = 0, Other()
    for name, call in CACHE_CALLS.items():
        for size in (2, ROOM - 1, ROOM):
            before, done = cache_of(size, options), cache_of(size, options)
            outcome_of(lambda: call(done))  # noqa: B023
            states = before.snapshot(), done.snapshot()
            at = unharmed = 0
            while unharmed < 3:
                cache = cache_of(size, options)
                unharmed = unharmed + 1 if attempt(testcapi, call, cache, at) else 0
                failed += unharmed == 0
                state = cache.snapshot() if other.can_enter(cache) else {"locked": -1}
                # An update stores one after the other; what it stores, it stores whole.
                known = state.items() <= states[0].items() | {("k1", 5), ("p", 6), ("q", 7)}
                if not (known if name == "update" else state in states):
                    yield f"{name}, {size} entries, allocation {at}: left {state}"
                elif told := untruth_of(cache, state):
                    yield f"{name}, {size} entries, allocation {at}: {told}"
                at += 1
                assert at < MOST, name
    yield f"{failed} allocations failed"


def untruth_of(cache: Any, state: dict[str, int]) -> str:
    if not len(state) == len(cache) == cache.currsize <= ROOM:
        return f"of {len(state)}, {len(cache)} are counted, which weigh {cache.currsize}"
    taken = dict(cache.popitem() for _ in state)
    if taken != state or len(cache) or cache.currsize:
        return f"of {state}, {taken} can be taken, and {cache} is left"
    cache.update({f"n{number}": number for number in range(2 * ROOM)})
    if not len(cache.snapshot()) == len(cache) == cache.currsize == ROOM:
        return f"takes {len(cache)}"
    return ""


def read_twice(rw: Any) -> None:
    with rw.read(), rw.read():
        pass


def write_and_read(rw: Any) -> None:
    with rw.write(), rw.read(), rw.write():
        pass


def upgrade(rw: Any) -> None:
    with rw.read():
        if rw.try_upgrade(0):
            rw.release_write()


def downgrade(rw: Any) -> None:
    rw.acquire_write()
    try:
        rw.downgrade()
    except MemoryError:
        rw.release_write()
        raise
    rw.release_read()


def take_twice(mutex: Any) -> None:
    with mutex, mutex:
        pass


def take_at_once(mutex: Any) -> None:
    if mutex.acquire(timeout=0):
        mutex.release()


@contextmanager
def entered(mutex: Mutex, timeout: float) -> Iterator[None]:
    if not mutex.acquire(timeout=timeout):
        raise LockTimeout
    yield
    mutex.release()


#: How to make a lock, how another thread asks whether it is free, and calls that leave it free.
LOCKS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], list[Callable[[Any], object]]]] = {
    "Mutex": (Mutex, lambda mutex: partial(entered, mutex), [take_twice, take_at_once, Mutex.locked]),
    **{
        f"ReadWriteLock for the {preference}": (
            partial(ReadWriteLock, preference),
            lambda rw: rw.write,
            [read_twice, write_and_read, upgrade, downgrade, ReadWriteLock.statistics],
        )
        for preference in ("writer", "reader", "fair")
    },
}


def lock_findings(make: Callable[[], Any], entry: Callable[[Any], Any], calls: list[Any]) -> Iterator[str]:
    """As :func:`findings`: nobody holds the lock."""
    testcapi: Any = importlib.import_module("_testcapi")
    gc.disable()
    failed, other = 0, Other()
    for call in calls:
        at = unharmed = 0
        while unharmed < 3:
            lock = make()
            unharmed = unharmed + 1 if attempt(testcapi, call, lock, at) else 0
            failed += unharmed == 0
            if not other.can_enter(SimpleNamespace(locked=entry(lock))):
                yield f"{call.__name__}, allocation {at}: left locked"
            at += 1
            assert at < MOST, call
    yield f"{failed} allocations failed"


def findings_of(name: str) -> Iterator[str]:
    if name in QUEUES:
        return queue_findings(QUEUES[name])
    if name in CACHES:
        return cache_findings(CACHES[name])
    if name in LOCKS:
        return lock_findings(*LOCKS[name])
    return findings(next(kind for kind in KINDS if kind.name == name))


pytestmark = [
    pytest.mark.skipif(not is_compiled, reason="about what C code does; and Python code allocates at each call"),
    pytest.mark.skipif(
        sys.version_info >= (3, 13) and not sys._is_gil_enabled(), reason="CPython's own dict crashes there"
    ),
    pytest.mark.skipif(
        find_spec("_testcapi") is None, reason="this CPython comes without the module that can fail memory"
    ),
]


def found_by(name: str) -> tuple[list[str], int]:
    """What a process of its own finds wrong with a class, and how many allocations failed there."""
    command = [sys.executable, "-X", "faulthandler", "-m", f"{__package__}.{Path(__file__).stem}", name]
    ended = subprocess.run(
        command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=120, check=False
    )
    *found, last = ended.stdout.splitlines() or [""]
    assert ended.returncode == 0, ended.stderr[-2000:]
    return found, int(last.partition(" ")[0])


@each_kind
def test_a_container_without_memory_is_whole_and_free(kind: Kind) -> None:
    found, failed = found_by(kind.name)
    assert not found
    assert failed > 500


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_without_memory_loses_no_item(name: str) -> None:
    found, failed = found_by(name)
    assert not found
    assert failed > 50


@pytest.mark.parametrize("name", CACHES)
def test_a_cache_without_memory_is_whole_and_free(name: str) -> None:
    found, failed = found_by(name)
    assert not found
    assert failed > 200


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_without_memory_is_free(name: str) -> None:
    found, failed = found_by(name)
    assert not found
    assert failed


if __name__ == "__main__":
    for finding in findings_of(sys.argv[1]):
        print(finding, flush=True)
