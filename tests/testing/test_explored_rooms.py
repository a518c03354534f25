"""Our own rooms under the explorer: the mutex by itself, and the dict over what a mutex promises."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from lockedcontainers import (
    DeadlockError,
    LockedDefaultDict,
    LockedDict,
    Mutex,
    ReadWriteLock,
    _dict,
    _mutex,
    _rwlock,
    _sync,
    is_compiled,
    locked,
)
from lockedcontainers.testing import DICT, Call, Program, explore, explore_pairs, sample

if is_compiled:
    pytest.skip("only Python code can be explored", allow_module_level=True)


class Room:
    """A mutex, and who is inside."""

    def __init__(self) -> None:
        self.mutex = Mutex()
        self.inside = 0

    def visit(self) -> None:
        with self.mutex:
            self.look_around()

    def visit_twice(self) -> None:
        self.visit()
        self.visit()

    def visit_nested(self) -> None:
        with self.mutex:
            self.visit()

    def visit_soon(self) -> None:
        if self.mutex.acquire(timeout=1):
            self.look_around()
            self.mutex.release()

    def look_around(self) -> None:
        self.inside += 1
        assert self.inside == 1
        _sync.step("is inside")
        assert self.inside == 1
        self.inside -= 1

    def check(self) -> None:
        assert not self.mutex.locked()
        assert self.mutex.acquire(blocking=False)
        self.mutex.release()


@pytest.fixture
def _handing_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a mutex handed over to whoever waits, and not only to those who have been overtaken."""
    waiter = vars(_mutex)["_Waiter"]
    make = waiter.__init__

    def init(self: Any, *args: Any) -> None:
        make(self, *args)
        self.impatient = True

    monkeypatch.setattr(waiter, "__init__", init)


class Endless:
    """A signal for which a thread sleeps until it comes."""

    def __init__(self, signal: _sync.RawLock) -> None:
        self._signal = signal
        self.release = signal.release

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return self._signal.acquire(blocking, -1 if timeout == float("inf") else timeout)


@pytest.fixture
def _sleeping_until_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody look again by itself after a while: a wake-up that is lost is then a hang, and not a delay."""
    waiter = vars(_mutex)["_Waiter"]
    make = waiter.__init__

    def init(self: Any, *args: Any) -> None:
        make(self, *args)
        self.signal = Endless(self.signal)

    monkeypatch.setattr(waiter, "__init__", init)
    monkeypatch.setattr(_mutex, "MOMENT", float("inf"))
    monkeypatch.setattr(_mutex, "AGAIN", float("inf"))


def visits(
    threads: str, *, early_timeouts: int = 0, interrupts: int = 0, instructions_of: Sequence[object] = ()
) -> Program[Room]:
    return Program(
        setup=Room,
        threads=[getattr(Room, name) for name in threads.split()],
        check=Room.check,
        early_timeouts=early_timeouts,
        interrupts=interrupts,
        instructions_of=instructions_of,
    )


WAYS_IN = ("visit", "visit_twice", "visit_nested", "visit_soon")
VISITS = [" ".join(pair) for pair in itertools.combinations_with_replacement(WAYS_IN, 2)]


@pytest.mark.parametrize(("early_timeouts", "interrupts"), [(1, 0), (0, 1)])
@pytest.mark.parametrize("threads", VISITS)
def test_a_mutex_excludes_and_is_free_again(threads: str, early_timeouts: int, interrupts: int) -> None:
    program = visits(threads, early_timeouts=early_timeouts, interrupts=interrupts)
    explore(program, max_preemptions=4).require()


@pytest.mark.usefixtures("_sleeping_until_woken")
@pytest.mark.parametrize(("early_timeouts", "interrupts"), [(1, 0), (0, 1)])
@pytest.mark.parametrize("threads", ["visit visit_twice", "visit visit_soon visit"])
def test_no_wake_up_is_lost(threads: str, early_timeouts: int, interrupts: int) -> None:
    program = visits(threads, early_timeouts=early_timeouts, interrupts=interrupts)
    explore(program, max_preemptions=2).require()


def test_three_threads_get_a_mutex() -> None:
    explore(visits("visit visit visit_soon", early_timeouts=1), max_preemptions=2).require()


Core = _mutex.Core
STEPS: list[object] = [Core.leave, vars(Core)["_try_as"], vars(Core)["_wait_as"]]


@pytest.mark.usefixtures("_handing_over_at_once")
@pytest.mark.parametrize(("early_timeouts", "interrupts"), [(1, 0), (0, 1)])
@pytest.mark.parametrize("threads", ["visit visit", "visit_nested visit", "visit_soon visit"])
def test_a_mutex_is_handed_over_at_any_instruction(threads: str, early_timeouts: int, interrupts: int) -> None:
    program = visits(threads, early_timeouts=early_timeouts, interrupts=interrupts, instructions_of=STEPS)
    explore(program, max_preemptions=2).require()


@pytest.mark.usefixtures("_handing_over_at_once")
def test_a_mutex_is_whole_when_its_new_owner_can_see_it() -> None:
    """A waiter whose time was over saw itself as the owner before the depth was set, and lost a nested section."""
    program = visits("visit_nested visit", early_timeouts=1, instructions_of=STEPS[1:2])
    explore(program, max_preemptions=3).require()


#: LOCKEDCONTAINERS_SCHEDULES=100000 draws that many (`make torture`).
SCHEDULES = int(os.environ.get("LOCKEDCONTAINERS_SCHEDULES", "300"))


@pytest.mark.parametrize("depth", [3, 5, None])
def test_four_threads_under_schedules_drawn_at_random(depth: int | None) -> None:
    program = visits("visit_twice visit_nested visit_soon visit", early_timeouts=2, interrupts=1)
    result = sample(program, schedules=SCHEDULES, seed=SCHEDULES, depth=depth)
    assert result.failure is None, result


class Coming(Room):
    """One thread takes the mutex again and again, and counts how often another one waits as it lets go of it."""

    overtaken = 0

    def stay(self) -> None:
        for _ in range(4):
            with self.mutex:
                _sync.step("is inside")
                self.overtaken += bool(vars(_mutex)["mutex_of"](self.mutex)._queue)

    def check(self) -> None:
        super().check()
        assert self.overtaken <= 2  # one joins the queue; it is woken and finds the mutex taken again; then it is next


def test_a_waiter_is_overtaken_once() -> None:
    explore(Program(setup=Coming, threads=[Coming.stay, Coming.visit], check=Coming.check), max_preemptions=4).require()


class Orderly(Coming):
    """Two threads wait, and whoever is first in the queue stays so until it has the mutex."""

    def __init__(self) -> None:
        super().__init__()
        self.first: object = None

    def stay(self) -> None:
        for _ in range(4):
            with self.mutex:
                _sync.step("is inside")
                queue = vars(_mutex)["mutex_of"](self.mutex)._queue
                self.first = self.first or (queue[0] if queue else None)
                self.overtaken += self.first in queue


def test_a_waiter_that_was_overtaken_stays_before_those_who_came_later() -> None:
    program = Program(setup=Orderly, threads=[Orderly.stay, Orderly.visit, Orderly.visit], check=Orderly.check)
    explore(program, max_preemptions=2).require()


class Crossing:
    """Two threads that take two mutexes in opposite orders."""

    def __init__(self) -> None:
        self.mutexes = Mutex(), Mutex()
        self.deadlocks = 0

    def cross(self, first: int, second: int) -> None:
        with self.mutexes[first]:
            try:
                with self.mutexes[second]:
                    pass
            except DeadlockError:
                self.deadlocks += 1

    def check(self) -> None:
        assert self.deadlocks <= 1
        assert not any(mutex.locked() for mutex in self.mutexes)


def test_a_deadlock_raises_in_one_thread_only() -> None:
    program = Program(
        setup=Crossing,
        threads=[lambda crossing: crossing.cross(0, 1), lambda crossing: crossing.cross(1, 0)],
        check=Crossing.check,
        early_timeouts=1,
    )
    explore(program, max_preemptions=3).require()


class CrossingReaders(Crossing):
    """The same with two read-write locks: each reads what the other one wants to write."""

    def __init__(self) -> None:
        super().__init__()
        self.locks = ReadWriteLock(), ReadWriteLock()

    def cross(self, first: int, second: int) -> None:
        with self.locks[first].read():
            try:
                with self.locks[second].write():
                    pass
            except DeadlockError:
                self.deadlocks += 1

    def check(self) -> None:
        assert self.deadlocks <= 1
        assert all(lock.statistics()[:4] == (0, 0, 0, 0) for lock in self.locks)


@pytest.mark.usefixtures("_specified_mutex")
def test_a_deadlock_of_read_write_locks_raises_in_one_thread_only() -> None:
    program = Program(
        setup=CrossingReaders,
        threads=[lambda crossing: crossing.cross(0, 1), lambda crossing: crossing.cross(1, 0)],
        check=CrossingReaders.check,
        early_timeouts=1,
    )
    explore(program, max_preemptions=3).require()


class Conditional(Room):
    """What a condition does with the mutex while it waits."""

    def wait(self) -> None:
        with self.mutex, self.mutex:
            depth = self.mutex._release_save()
            try:
                self.mutex._acquire_restore(depth)
            finally:
                assert self.mutex._recursion_count() == 2
            self.look_around()


def test_a_condition_holds_the_mutex_again_though_its_wait_is_interrupted() -> None:
    program = Program(
        setup=Conditional, threads=[Conditional.wait, Conditional.visit_twice], check=Room.check, interrupts=1
    )
    explore(program, max_preemptions=3).require()


@pytest.mark.usefixtures("_handing_over_at_once")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
def test_a_mutex_handed_to_an_interrupted_wait_is_shared_with_the_handler() -> None:
    """The handler waits for the mutex too, behind the wait that it has interrupted: that one is given the mutex."""
    mutex, taken = Mutex(), threading.Event()
    queue = vars(_mutex)["mutex_of"](mutex)._queue
    depths: list[int] = []

    def hold() -> None:
        with mutex:
            taken.set()
            for _ in range(5000):
                if len(queue) == 2:
                    break
                time.sleep(0.001)

    def handle(*_: object) -> None:
        with mutex:
            depths.append(mutex._recursion_count())

    before = signal.signal(signal.SIGALRM, handle)
    holder = threading.Thread(target=hold)
    holder.start()
    try:
        taken.wait()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with mutex:
            depths.append(mutex._recursion_count())
    finally:
        signal.signal(signal.SIGALRM, before)
    holder.join()
    assert depths == [2, 1]
    assert not mutex.locked()


def unpacked(target: Any) -> dict[Any, Any]:
    return {**target}


def updated(target: Any) -> dict[Any, Any]:
    new: dict[Any, Any] = {"b": 0}
    new.update(target)
    return new


COPIES = [Call(unpacked), Call(updated)]


@pytest.mark.usefixtures("_specified_mutex")
def test_all_pairs_of_a_locked_dict_are_linearizable(preemptions: int | None) -> None:
    findings = explore_pairs(
        LockedDict, [*DICT.calls, *COPIES], DICT, starts=DICT.starts, looks=DICT.looks, max_preemptions=preemptions
    ).require()

    print(findings)


class Undone:
    """A dict in which something is written that nobody is to see."""

    def __init__(self) -> None:
        self.d = LockedDict(a=1)

    def write_and_undo(self) -> None:
        with self.d.locked():
            self.d["a"] = 2
            _sync.step("has written what nobody is to see")
            self.d["a"] = 1

    def read(self) -> None:
        assert self.d["a"] == 1


@pytest.mark.usefixtures("_specified_mutex")
def test_a_read_that_a_whole_section_has_passed_by_is_tried_again() -> None:
    """It began before the section, looked in the midst of it, and ends after it."""
    program = Program(
        setup=Undone,
        threads=[Undone.read, Undone.write_and_undo],
        instructions_of=[vars(LockedDict)["__getitem__"]],
    )
    explore(program, max_preemptions=3).require()


@pytest.mark.slow
@pytest.mark.usefixtures("_specified_mutex")
def test_all_pairs_of_a_locked_dict_are_linearizable_between_instructions(
    few: Callable[[Sequence[Call]], Sequence[Call]],
) -> None:
    findings = explore_pairs(
        LockedDict,
        few([*DICT.calls, *COPIES]),
        DICT,
        starts=DICT.starts[1:],
        looks=DICT.looks,
        instructions_of=[_dict],
        max_preemptions=1,
    ).require()

    print(findings)


class Shelf:
    """A dict that loads its values, and how often each was loaded."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.map: LockedDict[str, int] = LockedDict()

    def load(self) -> int:
        self.loads.append("a")
        _sync.step("is loading")
        assert self.loads == ["a"]
        return 1

    def get(self) -> None:
        assert self.map.compute_if_absent("a", self.load) == 1

    def put(self) -> None:
        self.map["b"] = 2

    def check(self) -> None:
        assert self.loads == ["a"]
        assert self.map["a"] == 1


class DefaultShelf(Shelf):
    def __init__(self) -> None:
        super().__init__()
        self.map = LockedDefaultDict(self.load)

    def get(self) -> None:
        assert self.map["a"] == 1


@pytest.mark.usefixtures("_specified_mutex")
@pytest.mark.parametrize("kind", [Shelf, DefaultShelf])
@pytest.mark.parametrize("threads", ["get get", "get put", "get get get"])
def test_a_value_is_loaded_once_and_nobody_else_waits(kind: type[Shelf], threads: str) -> None:
    program = Program(setup=kind, threads=[getattr(kind, name) for name in threads.split()], check=kind.check)
    explore(program, max_preemptions=2).require()


class Pair:
    """Two dicts, and threads that want both."""

    def __init__(self) -> None:
        self.left: LockedDict[str, int] = LockedDict(a=1)
        self.right: LockedDict[str, int] = LockedDict()
        self.deadlocks = 0

    def move(self) -> None:
        with locked(self.left, self.right):
            self.right["a"] = self.left.pop("a")

    def look(self) -> None:
        with locked(self.right, self.left):
            assert len(self.left) + len(self.right) == 1

    def one_then_other(self) -> None:
        self.nest(self.left, self.right)

    def other_then_one(self) -> None:
        self.nest(self.right, self.left)

    def nest(self, first: LockedDict[str, int], second: LockedDict[str, int]) -> None:
        try:
            with first.locked(), second.locked():
                pass
        except DeadlockError:
            self.deadlocks += 1

    def update_left(self) -> None:
        self.left.update(self.right)

    def update_right(self) -> None:
        self.right |= self.left


@pytest.mark.parametrize("threads", ["move look", "update_left update_right", "update_left move"])
def test_operations_on_two_dicts_do_not_deadlock(threads: str) -> None:
    program = Program(setup=Pair, threads=[getattr(Pair, name) for name in threads.split()], early_timeouts=0)
    explore(program, max_preemptions=2).require()


def test_where_threads_wait_for_one_another_exactly_one_is_told() -> None:
    seen: set[int] = set()

    def check(pair: Pair) -> None:
        seen.add(pair.deadlocks)
        assert pair.deadlocks <= 1

    program = Program(setup=Pair, threads=[Pair.one_then_other, Pair.other_then_one], check=check, early_timeouts=0)
    explore(program, max_preemptions=3).require()

    assert seen == {0, 1}


class Watched(ReadWriteLock):
    """A read-write lock that notes whom each thread overtakes as it comes in."""

    __slots__ = ()

    def came_in(self, writes: bool) -> None:
        waiter, ahead = COMING.pop(id(self), (None, list(self._queue)))
        thread = _sync.identity() if waiter is None else waiter.thread
        if any(hold.thread == thread and (hold.reads or hold.writes) for hold in self._holds):
            return  # it is inside already
        waiting = {"reader" if not other.writes else "writer" for other in ahead}
        late = {"reader" if not other.writes else "writer" for other in ahead if other in LATE}
        if self.preference == "fair":
            assert not waiting, f"overtook a {waiting}"
        elif writes:
            assert self.preference not in late, f"overtook a {self.preference} for the second time"
        elif self.preference == "writer":
            assert "writer" not in waiting, "began to read though another thread waited to write"


COMING: dict[int, tuple[Any, list[Any]]] = {}  # who is being let in, and who stands before it
SLEPT: list[Any] = []  # who has slept since it last looked
LATE: list[Any] = []  # who was chosen, and then looked, and came too late


def watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """See each change of who reads and who writes in the moment in which it is made."""
    slots: Any = vars(ReadWriteLock)
    readers, writer = slots["_readers"], slots["_writer"]

    def set_readers(lock: Any, number: int | None) -> None:
        before = readers.__get__(lock) if number is not None and number > 0 else 0
        if number is not None and number > before:
            lock.came_in(False)
        readers.__set__(lock, number)

    def set_writer(lock: Any, hold: Any) -> None:
        if hold is not None and hold is not writer.__get__(lock):
            lock.came_in(True)
        writer.__set__(lock, hold)

    def sleep(waiter: Any, seconds: float) -> None:
        sleep_(waiter, seconds)
        SLEPT.append(waiter)

    def look_again(lock: Any, waiter: Any, last: bool) -> bool:
        chosen = waiter.chosen
        done = look_again_(lock, waiter, last)
        if waiter in SLEPT:
            SLEPT.remove(waiter)
        if chosen and not waiter.let_in:
            LATE.append(waiter)
        return done

    def let_in(lock: Any, waiter: Any) -> None:
        # It looks from time to time, but must not have to: only to be quicker than another that was woken.
        by_itself = waiter in SLEPT and waiter.thread == _sync.identity()
        if by_itself and not any(other.chosen for other in lock._queue):
            raise AssertionError("it could come in, and nobody woke it")
        COMING[id(lock)] = waiter, lock._queue[: lock._queue.index(waiter)]
        let_in_(lock, waiter)
        COMING.pop(id(lock), None)

    sleep_, look_again_, let_in_ = _rwlock.sleep, _rwlock.look_again, _rwlock.let_in
    monkeypatch.setattr(_rwlock, "sleep", sleep)
    monkeypatch.setattr(_rwlock, "look_again", look_again)
    monkeypatch.setattr(_rwlock, "let_in", let_in)
    monkeypatch.setattr(Watched, "_readers", property(readers.__get__, set_readers), raising=False)
    monkeypatch.setattr(Watched, "_writer", property(writer.__get__, set_writer), raising=False)


class Hall:
    """A read-write lock, and who is inside."""

    preference: _rwlock.Preference

    def __init__(self) -> None:
        for seen in (COMING, SLEPT, LATE):
            seen.clear()
        self.rw = Watched(self.preference)
        self.rw._holds += [_rwlock.Hold(0, 0) for _ in range(2)]  # as if three threads had been inside before
        self.reading = self.writing = self.version = 0

    def look_around(self) -> int:
        self.reading += 1
        assert not self.writing
        _sync.step("is reading")
        assert not self.writing
        self.reading -= 1
        return self.version

    def change(self) -> int:
        self.writing += 1
        assert (self.writing, self.reading) == (1, 0)
        _sync.step("is writing")
        assert (self.writing, self.reading) == (1, 0)
        self.writing -= 1
        self.version += 1
        return self.version

    def read(self) -> None:
        with self.rw.read():
            self.look_around()

    def write(self) -> None:
        with self.rw.write():
            self.change()

    def read_twice(self) -> None:
        self.read()
        self.read()

    def write_twice(self) -> None:
        self.write()
        self.write()

    def write_thrice(self) -> None:
        self.write_twice()
        self.write()

    def read_nested(self) -> None:
        with self.rw.read():
            self.read()

    def write_nested(self) -> None:
        with self.rw.write():
            self.read()
            self.write()

    def read_soon(self) -> None:
        if self.rw.acquire_read(timeout=0.1):
            self.look_around()
            self.rw.release_read()

    def write_soon(self) -> None:
        if self.rw.acquire_write(timeout=0.1):
            self.change()
            self.rw.release_write()

    def downgrade(self) -> None:
        with ExitStack() as reading:
            with self.rw.write():
                version = self.change()
                reading.enter_context(self.rw.read())
            assert self.look_around() == version

    def upgrade(self, timeout: float | None = None) -> None:
        with self.rw.read():
            version = self.look_around()
            if self.rw.try_upgrade(timeout):
                try:
                    assert self.change() == version + 1
                finally:
                    self.rw.release_write()

    def upgrade_soon(self) -> None:
        self.upgrade(0.1)

    def upgrade_now(self) -> None:
        self.upgrade(0)

    def check(self) -> None:
        assert self.rw.statistics()[:4] == (0, 0, 0, 0)
        assert self.rw.acquire_write(timeout=0)
        self.rw.release_write()


@pytest.fixture(params=["writer", "reader", "fair"])
def hall(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    _specified_mutex: None,
) -> type[Hall]:
    watch(monkeypatch)
    return type("Hall", (Hall,), {"preference": request.param})


def meetings(hall: type[Hall], threads: str, *, early_timeouts: int = 0, interrupts: int = 0) -> Program[Hall]:
    return Program(
        setup=hall,
        threads=[getattr(hall, name) for name in threads.split()],
        check=hall.check,
        early_timeouts=early_timeouts,
        interrupts=interrupts,
    )


MEETINGS = [
    "read write",
    "write write",
    "read_nested write_nested",
    "read_twice write_twice",
    "write_twice write_twice",
    "write_thrice write",
    "write_thrice read",
    "read_soon write",
    "write_soon read",
    "write_soon write",
    "downgrade write",
    "upgrade write",
    "upgrade upgrade",
    "upgrade_soon upgrade_now",
]


@pytest.mark.parametrize(("early_timeouts", "interrupts"), [(1, 0), (0, 1)])
@pytest.mark.parametrize("threads", MEETINGS)
def test_a_read_write_lock_keeps_its_promises(
    hall: type[Hall], threads: str, early_timeouts: int, interrupts: int
) -> None:
    program = meetings(hall, threads, early_timeouts=early_timeouts, interrupts=interrupts)
    explore(program, max_preemptions=3).require()


WAYS = "read write read_nested write_nested read_soon write_soon downgrade upgrade upgrade_soon upgrade_now".split()


@pytest.mark.parametrize(("early_timeouts", "interrupts"), [(1, 0), (0, 1)])
def test_all_pairs_of_ways_in_keep_the_promises(hall: type[Hall], early_timeouts: int, interrupts: int) -> None:
    for pair in itertools.combinations_with_replacement(WAYS, 2):
        program = meetings(hall, " ".join(pair), early_timeouts=early_timeouts, interrupts=interrupts)
        explore(program, max_preemptions=2).require()


@pytest.mark.parametrize(("early_timeouts", "interrupts"), [(2, 0), (0, 1)])
@pytest.mark.parametrize(
    "threads",
    [
        "read write read",
        "write read write",
        "write_twice write read",
        "read_twice write read",
        "write_soon read read",
        "upgrade read write",
        "upgrade upgrade write",
        "downgrade read write",
    ],
)
def test_nobody_is_overtaken_for_ever(hall: type[Hall], threads: str, early_timeouts: int, interrupts: int) -> None:
    program = meetings(hall, threads, early_timeouts=early_timeouts, interrupts=interrupts)
    explore(program, max_preemptions=1).require()
