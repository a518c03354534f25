# pyright: basic
"""Promise 2 from within: what is in a container is touched by the thread that holds its mutex, at every access.

The names by which the rooms use their storage, and the fields that they keep beside it, are replaced by ones that look
whether the mutex of the container is held. What is read without it by design is named here, and nothing else may be.
"""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, Full
from types import FrameType, FunctionType, ModuleType
from typing import Any

import pytest

from lockedcontainers import (
    BoundedLifoQueue,
    BoundedPriorityQueue,
    BoundedQueue,
    LockedCache,
    LockedDict,
    LockedList,
    ReadWriteLock,
    ShutDown,
    _builtins,
    _cache,
    _counter,
    _deque,
    _dict,
    _list,
    _mutex,
    _order,
    _queue,
    _rwlock,
    _set,
    _sorted,
    cached,
    is_compiled,
    select,
)

from .kinds import Kind, Step, each_kind, remove
from .threads import Background, Outcome, eventually, outcome_of

if is_compiled:
    pytest.skip("only Python code can be watched", allow_module_level=True)

ROOMS: list[ModuleType] = [_dict, _counter, _list, _set, _deque, _order, _sorted, _queue, _cache, _rwlock]
STORAGE = ("dict_", "list_", "set_", "frozenset_", "deque_", "lists_")

#: Fields that a mutex guards, by class.
FIELDS: dict[type[Any], str] = {
    _dict.LockedDict: "_aside",
    vars(_counter)["Tally"]: "_reads",
    vars(_deque)["Ring"]: "_bound",
    _order.Order: "_changes _index _keys _len _lists _load _maxes _members _offset",
    vars(_queue)["Bounded"]: "_changes _conditions _dropped _getters _items _joiners _kind _limit _maxsize _putters"
    " _reserved _seen _shut _slow_get _slow_put _tickets _unfinished",
    LockedCache: "_deadlines _entries _evictions _failed _load_time _loaded _loads _main _misses _sketch _small"
    " _writes",
    ReadWriteLock: "_bars _holds _last _queue _readers _timeouts _waited _waits _writer",
}

waiting: Callable[[Any], tuple[int, int, int]] = vars(_queue)["waiting"]

NEW = LockedDict.__new__.__code__  # by which every container is made

Access = tuple[str, str]

#: Lock-free by design: what a function reads between begin_read() and validate().
OPTIMISTIC: set[Access] = {
    ("_dict.LockedDict.__getitem__", "dict_get"),
    ("_dict.LockedDict.get", "dict_get"),
    ("_dict.LockedDict.__contains__", "dict_contains"),
    ("_dict.LockedDict.__len__", "dict_len"),
    ("_dict.LockedDict.compute_if_absent", "dict_get"),
    ("_counter.Tally.__getitem__", "dict_get"),
    ("_list.LockedList.__getitem__", "list_get"),
    ("_list.LockedList.__len__", "list_len"),
    ("_list.read", "list_slice"),
    ("_list.look", "list_look"),
    ("_set.LockedSet.__len__", "set_len"),
    ("_set.has", "set_contains"),
    ("_cache.find", "_entries"),
    ("_cache.LockedCache.__len__", "_entries"),
}

#: Lock-free by design: one look at one field.
UNGUARDED: dict[Access, str] = {
    ("_dict.change", "_aside"): "whether this thread has a merge to forget: only it begins one",
    ("_dict.acquire", "_aside"): "as above",
    ("_queue.put_item", "_limit"): "a number, for the error of a bad argument: it is read again in the section",
    ("_cache.new_entry", "_sketch"): "whether there is one: that is settled before the cache is shared",
}


class Guard:
    """Sees each access, and notes those by a thread that does not hold the mutex."""

    def __init__(self) -> None:
        self.guarded = 0
        self.reports: set[Access] = set()
        self.excused: set[Access] = set()
        self._reading: set[int] = set()
        self._made: list[Any] = []

    def during(self, call: Callable[[], object]) -> set[Access]:
        """What is touched without the mutex, but of containers that the call makes: nobody else has them."""
        self.reports.clear()
        self._made.clear()
        self._reading.clear()
        outcome_of(call)
        return set(self.reports)

    def look(self, container: Any, what: str, frame: FrameType | None) -> None:
        assert frame is not None
        if not frame.f_globals["__name__"].startswith("lockedcontainers.") or any(m is container for m in self._made):
            return
        if _mutex.holds(container):
            self.guarded += 1
        else:
            access = f"{frame.f_globals['__name__'].partition('.')[2]}.{frame.f_code.co_qualname}", what
            optimistic = access in OPTIMISTIC and id(container) in self._reading
            (self.excused if optimistic or access in UNGUARDED else self.reports).add(access)

    def made(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def making(*args: Any, **kwargs: Any) -> Any:
            new = make(*args, **kwargs)
            self._made.append(new)
            return new

        return making

    def function(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any) -> Any:
            for at, argument in enumerate(args):
                if isinstance(getattr(argument, "_mutex", None), _mutex.Core):
                    self.look(argument, f"{name} {at}" if at else name, sys._getframe(1))
            return function(*args)

        return guarded

    def field(self, name: str, slot: Any) -> property:
        def get(self_: Any) -> Any:
            self.look(self_, name, sys._getframe(1))
            return slot.__get__(self_)

        def put(self_: Any, value: Any) -> None:
            frame = sys._getframe(1)
            if frame.f_code is NEW:
                self._made.append(self_)
            self.look(self_, f"{name} =", frame)
            slot.__set__(self_, value)

        return property(get, put)

    def begin_read(self, container: Any) -> int:
        stamp = _mutex.begin_read(container)
        if stamp >= 0:
            self._reading.add(id(container))
        return stamp

    def validate(self, container: Any, stamp: int) -> bool:
        self._reading.discard(id(container))
        return _mutex.validate(container, stamp)


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Guard:
    guard = Guard()
    for room in ROOMS:
        for name, value in list(vars(room).items()):
            if name.startswith(STORAGE) and value is vars(_builtins).get(name, NEW):
                monkeypatch.setattr(room, name, guard.function(name, value))
        if vars(room).get("like") is _builtins.like:
            monkeypatch.setattr(room, "like", guard.made(_builtins.like))
        if hasattr(room, "begin_read"):
            monkeypatch.setattr(room, "begin_read", guard.begin_read)
            monkeypatch.setattr(room, "validate", guard.validate)
    monkeypatch.setattr(_set, "ISDISJOINT", guard.function("ISDISJOINT", vars(_set)["ISDISJOINT"]))
    for cls, names in FIELDS.items():
        for name in names.split():
            monkeypatch.setattr(cls, name, guard.field(name, vars(cls)[name]))
    return guard


def every_call(kind: Kind) -> Iterator[Callable[[Any], object]]:
    for operation in (*kind.operations.values(), *kind.refusals.values()):
        yield operation.call
    for step in (*kind.steps.values(), *kind.lookups.values()):
        yield partial(stepping, step)
    for crossing in kind.crossings.values():
        yield partial(crossed, kind, crossing)
    for iterator in kind.iterators.values():
        yield partial(iterated, iterator)


def stepping(step: Step, twin: Any) -> object:
    return step.call(twin, lambda: None)


def crossed(kind: Kind, crossing: Callable[[Any, Any], Any], twin: Any) -> object:
    return crossing(twin, kind.filled())


def iterated(iterator: Callable[[Any], Iterator[Any]], twin: Any) -> object:
    return list(iterator(twin))


@each_kind
def test_storage_is_touched_under_the_mutex(kind: Kind, guard: Guard) -> None:
    found = set[Access]()
    for call in every_call(kind):
        twin = kind.filled()
        found |= guard.during(lambda: call(twin))  # noqa: B023
    assert not found
    assert guard.guarded > len(kind.operations)


#: Of what may write, what need not here: there is a value to read, for which no lock is needed.
ANSWERED_AT_ONCE = {"compute_if_absent present", "d[k]", "format_map"}


@each_kind
def test_a_lock_that_is_dropped_is_reported(kind: Kind, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """No section of any room takes its mutex: each operation that writes must show up."""
    for room in ROOMS:
        for name in ("enter", "_enter", "acquire", "_acquire", "change", "leave", "leave_at", "release"):
            if name in vars(room):
                monkeypatch.setattr(room, name, lambda *_: None)
    for name in kind.writes.keys() - ANSWERED_AT_ONCE:
        twin = kind.filled()
        assert guard.during(lambda: kind.writes[name].call(twin)), name  # noqa: B023


def test_one_method_without_its_lock_is_reported(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    def append(self: Any, value: Any) -> None:
        vars(_list)["list_append"](self, value)

    in_the_room = {**vars(_list), "vars": vars, "_list": _list}
    monkeypatch.setattr(LockedList, "append", FunctionType(append.__code__, in_the_room))
    twin = LockedList("a")
    assert guard.during(lambda: twin.append("b")) == {(f"_list.{append.__qualname__}", "list_append")}


def test_what_is_read_without_looking_for_a_version_is_reported(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """As lock-free reads are: but only between begin_read() and validate()."""
    monkeypatch.setattr(_dict, "begin_read", lambda _: 0)
    twin = LockedDict(a=1)
    assert guard.during(lambda: twin.get("a")) == {("_dict.LockedDict.get", "dict_get")}


def test_what_is_excused_by_name_is_there() -> None:
    """Else a name could stay when its function has gone, and excuse another one of that name."""
    for where, what in [*OPTIMISTIC, *UNGUARDED]:
        room, _, path = where.partition(".")
        found: Any = vars(sys.modules[f"lockedcontainers.{room}"])
        for name in path.split("."):
            found = (found if isinstance(found, dict) else vars(found))[name]
        assert what in getattr(found, "fget", found).__code__.co_names, where


# --- What is not in the table of kinds --------------------------------------------------------------------------


def handed_over(q: Any) -> None:
    """Between threads that wait: a get and a put that are served, and a join."""
    q.drain()
    q.unfinished_tasks = 0
    other = Background(lambda: (q.get(timeout=20), q.task_done()))
    q.put(1)
    q.join()
    other.result()
    if q.overflow == "block":
        q.put_many([1] * q.maxsize)
        other = Background(lambda: q.put(2, timeout=20))
        eventually(lambda: waiting(q)[1] == 1)
        q.get()
        other.result()
        q.drain()
    q.unfinished_tasks = 1


Uses = list[Callable[[Any], object]]

QUEUE: Uses = [
    lambda q: q.put(1),
    lambda q: q.put_many([2, 3, 4], timeout=0.001),
    lambda q: q.put(5, timeout=0.001),
    lambda q: q.put_nowait(6),
    lambda q: (q.peek(), q.qsize(), q.empty(), q.full(), q.snapshot(), repr(q)),
    lambda q: (q.maxsize, q.overflow, q.dropped, q.unfinished_tasks, q.is_shutdown, q.queue),
    lambda q: (q.__setattr__("maxsize", 3), q.__setattr__("unfinished_tasks", 3)),
    copy.copy,
    lambda q: pickle.loads(pickle.dumps(q)),
    lambda q: q.get(),
    lambda q: q.get_many(5),
    lambda q: q.get(timeout=0.001),
    lambda q: q.get_nowait(),
    lambda q: select(q, type(q)(1), timeout=0.001),
    lambda q: (q.put(1), select(type(q)(1), q)),
    handed_over,
    lambda q: (q.task_done(), q.join()),
    lambda q: (q.put(1), q.drain()),
    lambda q: q.locked().__enter__().put(7),
    lambda q: q.locked().__exit__(None, None, None),
    lambda q: (q.mutex.acquire(), q.mutex.locked(), q.mutex.release()),
    lambda q: (q.not_empty, q.not_full, q.all_tasks_done),
    lambda q: q.put(8),
    lambda q: q.shutdown(),
    lambda q: q.put(8),
    lambda q: q.shutdown(immediate=True),
    list,
]


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def later(cache: Any) -> None:
    vars(cache)["time"].at += 52.0


class Timed(LockedCache[Any, Any]):
    def __init__(self, policy: Any) -> None:
        self.time = Clock()
        super().__init__(5, policy=policy, ttl=50, idle=50, stale=5, clock=self.time)


CACHE: Uses = [
    lambda cache: [cache.__setitem__(n, n) for n in range(20)],
    lambda cache: [cache.get(n) for n in range(20)],
    lambda cache: (17 in cache, len(cache), list(cache), list(cache.values()), list(cache.items())),
    lambda cache: (list(cache.keys()), cache == {}, repr(cache), cache.snapshot()),
    lambda cache: (cache.maxsize, cache.currsize, cache.statistics()),
    lambda cache: cache[99],
    lambda cache: cache.get_or_load(18, lambda key: key),
    lambda cache: cache.get_or_load(77, lambda key: key),
    lambda cache: cache.get_or_load(78, lambda _: 1 / 0),
    later,
    lambda cache: [cache.get(n) for n in range(20)],
    lambda cache: cache.get_or_load(19, lambda key: key),
    lambda cache: cache.expire(),
    lambda cache: cache.update({1: 1, 2: 2, 3: 3}),
    lambda cache: (cache.setdefault(4, 4), cache.setdefault(4, 4)),
    lambda cache: cache.pop(1),
    lambda cache: cache.popitem(),
    lambda cache: cache.invalidate(2),
    lambda cache: remove(cache, 3),
    copy.copy,
    lambda cache: pickle.loads(pickle.dumps(cache)),
    lambda cache: cache.drain(),
    lambda cache: cache.clear(),
    lambda cache: cache.locked().__enter__(),
    lambda cache: cache.locked().__exit__(None, None, None),
]

CACHED: Uses = [
    lambda function: [function(n % 3) for n in range(9)],
    lambda function: (function.cache_info(), function.cache_invalidate(1), function.cache_clear()),
    lambda function: (function(5), function.cache_info(), function.cache_parameters()),
]


def reads(lock: Any) -> None:
    with lock.read():
        pass


def writes(lock: Any) -> None:
    with lock.write():
        pass


def contended(lock: Any) -> None:
    with lock.write():
        others = [Background(partial(reads, lock)), Background(partial(writes, lock))]
        eventually(lambda: sum(lock.statistics()[2:4]) == 2)
    for other in others:
        other.result()


def upgraded(lock: Any) -> None:
    with lock.read():
        lock.try_upgrade()
        lock.downgrade()
        lock.release_read()


def refused(lock: Any) -> None:
    with lock.write():
        Background(lambda: (lock.acquire_read(0.001), lock.acquire_write(0.001))).result()


LOCK: Uses = [
    reads,
    writes,
    contended,
    upgraded,
    refused,
    lambda lock: lock.release_read(),
    lambda lock: lock.statistics(),
    repr,
]

OTHERS: dict[str, tuple[Callable[[], Any], Uses]] = {
    **{
        f"{make.__name__}-{overflow}": (partial(make, 2, overflow=overflow), QUEUE)
        for make in (BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue)
        for overflow in ("block", "drop_oldest", "drop_newest", "raise")
        if (make, overflow) != (BoundedPriorityQueue, "drop_oldest")
    },
    **{f"LockedCache-{policy}": (partial(Timed, policy), CACHE) for policy in ("tinylfu", "sieve", "lru")},
    "cached": (lambda: cached(2)(abs), CACHED),
    **{f"ReadWriteLock-{it}": (partial(ReadWriteLock, it), LOCK) for it in ("writer", "reader", "fair")},
}

EXPECTED = {Full, Empty, ShutDown, KeyError, RuntimeError, ZeroDivisionError}


@pytest.mark.parametrize("name", OTHERS)
def test_what_a_container_keeps_is_touched_under_its_mutex(name: str, guard: Guard) -> None:
    make, uses = OTHERS[name]
    container, found, outcomes = make(), set[Access](), list[Outcome]()
    for use in uses:
        found |= guard.during(lambda: outcomes.append(outcome_of(lambda: use(container))))  # noqa: B023
    assert not found
    assert {what for how, what in outcomes if how == "raised"} <= EXPECTED
    assert guard.guarded > len(outcomes)
