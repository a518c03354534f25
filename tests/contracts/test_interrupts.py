# pyright: basic
"""Promise 10, uncompiled: Ctrl-C at every instruction of every operation that waits, and of what goes with it.

Each operation runs once undisturbed, with another thread that lets it go on when it waits; then again for each
instruction of ours that it came by, and there an exception is raised. CPython runs signal handlers at fewer places, so
this is more than can happen. What is left must be as before or as after, with no lock held, and of use to others.

Lines of Python that take or give a mutex cannot be one step (see _mutex.py). These are named here, and no others.
"""

from __future__ import annotations

import linecache
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from opcode import opmap
from pathlib import Path
from queue import SimpleQueue
from types import CodeType, FrameType
from typing import Any

import pytest

import lockedcontainers
from lockedcontainers import (
    BoundedLifoQueue,
    BoundedPriorityQueue,
    BoundedQueue,
    LockedCache,
    LockedDefaultDict,
    LockedDict,
    Mutex,
    ReadWriteLock,
    _mutex,
    _queue,
    is_compiled,
    locked,
    select,
)

if is_compiled:
    pytest.skip("only Python code has instructions", allow_module_level=True)

OURS = str(Path(lockedcontainers.__file__).parent)


NOP = opmap["NOP"]  # which keeps a line of its own for tracers, outside of what handles exceptions


class Interrupted(BaseException):
    """What the signal handler raises."""


Until = Callable[[], None]


@dataclass(frozen=True)
class Wait:
    """An operation that must wait, and the other thread that it waits for."""

    make: Callable[[], Any]
    call: Callable[[Any], object]
    #: What the other thread does: it calls its second argument where the operation is to begin, and to wait.
    other: Callable[[Any, Until], object]
    #: Whether it waits by now, read without any lock.
    waits: Callable[[Any], bool]
    #: Whether all is as before or as after; the operation has returned, or not.
    is_whole: Callable[[Any, bool], bool]
    #: What this thread must let go of if it was left: whether it was.
    let_go: Callable[[Any], bool] = lambda _: False
    #: What another thread must be able to do.
    use: Callable[[Any], object] = lambda _: None
    #: Whether to interrupt also where it comes by an instruction for the last time, and not for the first one only.
    again: bool = True


class Helper:
    """The other thread: one for a whole test, for it is begun a thousand times."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._results: SimpleQueue[BaseException | None] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except BaseException as error:  # noqa: BLE001
                self._results.put(error)
            else:
                self._results.put(None)

    def begin(self, task: Callable[[], object]) -> None:
        self._tasks.put(task)

    def end(self) -> None:
        error = self._results.get(timeout=6)
        if error is not None:
            raise error

    def stop(self) -> None:
        self._tasks.put(None)


Place = tuple[CodeType, int]


class Tracer:
    """Counts the visits of each instruction of ours, and raises at one of them."""

    def __init__(self, place: Place | None = None, visit: int = 0) -> None:
        self.visits: Counter[Place] = Counter()
        self.stack: list[str] = []
        self.error: BaseException | None = None
        self._place = place
        self._visit = visit

    def begin(self, frame: FrameType, _event: str, _arg: object) -> Any:
        if frame.f_code.co_filename.startswith(OURS):
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
            return self.step
        return None

    def step(self, frame: FrameType, event: str, _arg: object) -> Any:
        if event == "opcode":
            place = frame.f_code, frame.f_lasti
            self.visits[place] += 1
            if place == self._place and self.visits[place] == self._visit:
                self.stack = described(frame)
                raise Interrupted
        return self.step


def described(frame: FrameType | None) -> list[str]:
    """The frames of ours, the innermost first: function and line."""
    stack = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(OURS):
            line = linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0).strip()
            stack.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname}: {line}")
        frame = frame.f_back
    return stack


def run(wait: Wait, tracer: Tracer, helper: Helper) -> tuple[Any, bool]:
    x, ready, over = wait.make(), threading.Event(), threading.Event()

    def until() -> None:
        ready.set()
        while not wait.waits(x) and not over.is_set():
            time.sleep(0)

    helper.begin(lambda: wait.other(x, until))
    assert ready.wait(20)
    returned = False
    sys.settrace(tracer.begin)
    try:
        wait.call(x)
        returned = True
    except BaseException as error:  # noqa: BLE001
        tracer.error = error
    finally:
        sys.settrace(None)
        over.set()
    return x, returned


def let_go(core: Any) -> bool:
    """Let go of a mutex if it was left to this thread; whether it was."""
    held = _mutex.is_mine(core)
    if held:
        core.depth = 1
        core.version &= ~1
        core.leave()
    return held


def fault(wait: Wait, tracer: Tracer, helper: Helper) -> str:
    x, returned = run(wait, tracer, helper)
    held = let_go(x._mutex)
    held = wait.let_go(x) or held
    helper.end()
    if held:
        return "held"
    if not isinstance(tracer.error, Interrupted | None):
        return repr(tracer.error)
    if not wait.is_whole(x, returned):
        return "torn"
    helper.begin(lambda: wait.use(x))
    helper.end()
    return ""


def hold(x: Any, until: Until) -> None:
    with x:
        until()


def keep(x: Any, until: Until) -> None:
    with x.locked():
        until()


def locked_write(x: Any) -> None:
    with x.locked():
        x["b"] = 2


def locked_writes(x: Any, y: Any) -> None:
    with locked(x, y):
        x["b"] = 2


def is_quiet(core: Any) -> bool:
    return not core._queue and not core._word and not core.version & 1


def load_elsewhere(x: Any, until: Until) -> None:
    def factory() -> str:
        until()
        return "theirs"

    x.compute_if_absent("k", factory)


def put_later(q: Any, until: Until) -> None:
    until()
    q.put(5, timeout=5)


def at_once(_: Any, until: Until) -> None:
    until()


def no_wait(_: Any) -> bool:
    return True


def given_out(q: Any, _returned: bool) -> bool:
    """Nobody is left in a line; what was put is there once, or was taken by the one who was interrupted."""
    items = q.snapshot()
    return len(items) == len(set(items)) and set(items) <= {1, 2, 5} and not (q._getters or q._putters or q._joiners)


def get_later(q: Any, until: Until) -> None:
    until()
    q.get(timeout=5)


def done_later(q: Any, until: Until) -> None:
    until()
    q.task_done()


def queue_of(*items: int, cls: Any = BoundedQueue) -> Any:
    q = cls(1)
    for item in items:
        q.put(item)
    return q


def reading(lock: Any, until: Until) -> None:
    with lock.read():
        until()


def writing(lock: Any, until: Until) -> None:
    with lock.write():
        until()


def read_and_stop(lock: Any) -> None:
    with lock.read():
        pass


def write_and_stop(lock: Any) -> None:
    with lock.write():
        pass


def upgrade(lock: Any) -> None:
    with lock.read():
        if lock.try_upgrade(None):
            lock.release_write()


def let_go_of_lock(lock: Any) -> bool:
    me = _mutex.thread_id()
    held = [hold for hold in lock._holds if hold.thread == me and (hold.reads or hold.writes)]
    for hold in held:
        while hold.writes:
            lock.release_write()
        while hold.reads:
            lock.release_read()
    return bool(held)


def let_go_of_load(x: Any) -> bool:
    loads = getattr(x._aside, "loads", {}) if isinstance(x, LockedDict) else x._loads or {}
    return any([let_go(load._mutex) for load in loads.values()])  # noqa: C419  (all of them)


def nobody_in(lock: Any, _: bool) -> bool:
    return bool(lock.statistics()[:4] == (0, 0, 0, 0))


def write_now(lock: Any) -> None:
    assert lock.acquire_write(timeout=5)
    lock.release_write()


def cache_elsewhere(cache: Any, until: Until) -> None:
    def loader(_: str) -> str:
        until()
        return "theirs"

    cache.get_or_load("k", loader)


def is_loaded(cache: Any, _: bool) -> bool:
    return cache.snapshot() in ({}, {"k": "theirs"}, {"k": "ours"}) and cache._main.live == len(cache._entries)


WAITS: dict[str, Wait] = {
    "Mutex.acquire": Wait(
        Mutex,
        lambda x: (x.acquire(), x.release()),
        hold,
        lambda x: bool(x._mutex._queue),
        lambda x, _: is_quiet(x._mutex),
        use=lambda x: x.acquire(timeout=5) and x.release(),
    ),
    "locked": Wait(
        lambda: LockedDict(a=1),
        locked_write,
        keep,
        lambda x: bool(x._mutex._queue),
        lambda x, returned: (
            is_quiet(x._mutex) and x in ([{"a": 1, "b": 2}] if returned else [{"a": 1}, {"a": 1, "b": 2}])
        ),
        use=lambda x: x.get("a"),
    ),
    "compute_if_absent, another computes": Wait(
        LockedDict,
        lambda x: x.compute_if_absent("k", lambda: "ours"),
        load_elsewhere,
        lambda x: x._aside is not None and bool(x._aside.loads["k"]._mutex._queue),
        lambda x, _: x == {"k": "theirs"},
        let_go=let_go_of_load,
        use=lambda x: x.compute_if_absent("l", lambda: 1),
    ),
    "d[k] of a defaultdict": Wait(
        lambda: LockedDefaultDict(lambda: "ours"),
        lambda x: x["k"],
        at_once,
        no_wait,
        lambda x, returned: dict(x) in ([{"k": "ours"}] if returned else [{"k": "ours"}, {}]),
        let_go=let_go_of_load,
        use=lambda x: x["k"],
    ),
    "locked, two": Wait(
        lambda: LockedDict(a=1),
        lambda x: locked_writes(x, LockedDict()),
        keep,
        lambda x: bool(x._mutex._queue),
        lambda x, returned: (
            is_quiet(x._mutex) and x in ([{"a": 1, "b": 2}] if returned else [{"a": 1}, {"a": 1, "b": 2}])
        ),
        use=lambda x: x.get("a"),
    ),
    "compute_if_absent": Wait(
        LockedDict,
        lambda x: x.compute_if_absent("k", lambda: "ours"),
        at_once,
        no_wait,
        lambda x, returned: x in ([{"k": "ours"}] if returned else [{"k": "ours"}, {}]),
        let_go=let_go_of_load,
        use=lambda x: x.compute_if_absent("k", lambda: "theirs"),
    ),
}


WAITS |= {
    "put": Wait(
        lambda: queue_of(1),
        lambda q: q.put(2),
        get_later,
        lambda q: bool(q._putters),
        given_out,
        use=lambda q: q.qsize(),
    ),
    "get": Wait(queue_of, lambda q: q.get(), put_later, lambda q: bool(q._getters), given_out, use=lambda q: q.qsize()),
    "get_many": Wait(
        queue_of, lambda q: q.get_many(3), put_later, lambda q: bool(q._getters), given_out, use=lambda q: q.qsize()
    ),
    "put_many": Wait(
        lambda: queue_of(1),
        lambda q: q.put_many([2]),
        get_later,
        lambda q: bool(q._putters),
        given_out,
        use=lambda q: q.qsize(),
    ),
    "next of an iterator": Wait(
        queue_of,
        lambda q: next(iter(q)),
        put_later,
        lambda q: bool(q._getters),
        given_out,
        use=lambda q: q.qsize(),
    ),
    **{
        f"get of {cls.__name__}": Wait(
            partial(queue_of, cls=cls),
            lambda q: q.get(),
            put_later,
            lambda q: bool(q._getters),
            given_out,
            use=lambda q: q.qsize(),
        )
        for cls in (BoundedLifoQueue, BoundedPriorityQueue)
    },
    "join": Wait(
        lambda: queue_of(1),
        lambda q: q.join(),
        done_later,
        lambda q: bool(q._joiners),
        given_out,
        use=lambda q: q.join(),
    ),
    "select": Wait(
        queue_of,
        lambda q: select(queue_of(), q),
        put_later,
        lambda q: bool(q._getters),
        given_out,
        use=lambda q: q.qsize(),
        again=False,
    ),
    "read": Wait(ReadWriteLock, read_and_stop, writing, lambda x: bool(x._queue), nobody_in, let_go_of_lock, write_now),
    "write": Wait(
        ReadWriteLock, write_and_stop, reading, lambda x: bool(x._queue), nobody_in, let_go_of_lock, write_now
    ),
    "try_upgrade": Wait(
        ReadWriteLock, upgrade, reading, lambda x: bool(x._queue), nobody_in, let_go_of_lock, write_now
    ),
    "get_or_load": Wait(
        lambda: LockedCache(5, policy="sieve"),
        lambda x: x.get_or_load("k", lambda _: "ours"),
        at_once,
        no_wait,
        is_loaded,
        let_go=let_go_of_load,
        use=lambda x: x.get_or_load("k", lambda _: "theirs"),
    ),
    "get_or_load, another loads": Wait(
        lambda: LockedCache(5, policy="sieve"),
        lambda x: x.get_or_load("k", lambda _: "ours"),
        cache_elsewhere,
        lambda x: x._loads is not None and bool(x._loads["k"]._mutex._queue),
        is_loaded,
        let_go=let_go_of_load,
        use=lambda x: x.get_or_load("k", lambda _: "theirs"),
    ),
}


#: What takes or gives a lock, and is several lines of Python: it may be left held.
TAKE_OR_GIVE = {
    "_mutex.take",
    "_mutex.enter",
    "_mutex.acquire",
    "_mutex.leave",
    "_mutex.leave_at",
    "_mutex.release",
    "_mutex.Core.wait",
    "_mutex.Section.__enter__",
    "_mutex.Section.__exit__",
    "_locking.Mutex.acquire",
    "_locking.Mutex.release",
    "_locking.Sections.__enter__",
    "_locking.Sections.__exit__",
    "_dict.acquire",
    "_dict.change",
    "_cache.begin",
    "_rwlock.ReadWriteLock.release_write",
    "_rwlock.ReadWriteLock.try_upgrade",
    "_rwlock.wait",
    "_rwlock.stop",
    "_rwlock.Turn.__enter__",
    "_rwlock.Turn.__exit__",
}

#: What of these sleeps: it is cleaned up after.
SLEEP = {"_mutex.Core._wait_as", "_rwlock.wait_as"}

#: Lines of other functions on which a section begins or ends.
BORDER = re.compile(r"(enter|leave|acquire|release|change|stamp = begin|end)\(")

#: In a section, several fields that belong together, written one after the other: they may be left as they are then.
STEPS = {"_rwlock.let_in", "_rwlock.join", "_rwlock.end_read", "_rwlock.end_write", "_cache.store"}


def is_window(stack: list[str], wrong: str) -> bool:
    if wrong not in ("held", "torn"):
        return False
    functions = [each.partition(": ")[0] for each in stack]
    inner = set[str]()
    for function in functions:
        if function in SLEEP:
            break
        inner.add(function)
    at_border = wrong == "held" and BORDER.match(stack[0].partition(": ")[2]) is not None
    return at_border or bool(inner & TAKE_OR_GIVE) or bool(inner & STEPS)


def windows(wait: Wait) -> tuple[set[tuple[str, ...]], int]:
    """Where an interrupt leaves something behind, but at the places that are named above; and how many were tried.

    In a thread of its own: where a tracer raises at the first instruction of an except clause, CPython 3.11 takes the
    exception for handled ever after, and a call like f(b=0, **d) raises KeyError then.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(interrupt_everywhere, wait).result()


def interrupt_everywhere(wait: Wait) -> tuple[set[tuple[str, ...]], int]:
    helper, undisturbed, runs = Helper(), Tracer(), 0
    assert fault(wait, undisturbed, helper) == ""
    found = set[tuple[str, ...]]()
    for place, visits in undisturbed.visits.items():
        if place[0].co_code[place[1]] == NOP:
            continue
        for visit in {1, visits if wait.again else 1}:
            runs += 1
            tracer = Tracer(place, visit)
            wrong = fault(wait, tracer, helper)
            if wrong and not is_window(tracer.stack, wrong):
                found.add((wrong, *tracer.stack[:3]))
    helper.stop()
    return found, runs


@pytest.mark.parametrize("name", WAITS)
def test_an_interrupt_at_any_instruction(name: str) -> None:
    found, runs = windows(WAITS[name])
    assert not found
    assert runs > 300


def test_a_waiter_that_is_left_in_its_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was so, where a signal handler raised as a waiter joined the line: it would have been served an item."""
    monkeypatch.setattr(_queue, "forgo", lambda *_: None)
    found, _ = windows(WAITS["get"])
    assert "torn" in {wrong for wrong, *_ in found}


def test_a_section_that_is_not_left_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def qsize(q: Any) -> int:
        vars(_queue)["enter"](q)
        size: int = vars(_queue)["size"](q)
        vars(_queue)["leave"](q)
        return size

    monkeypatch.setattr(BoundedQueue, "qsize", qsize)
    found, _ = windows(replace(WAITS["get"], call=lambda q: (q.get(), q.qsize())))
    assert ("held", "_queue.line_len: return len(items)") in {each[:2] for each in found}
