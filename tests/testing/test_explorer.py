"""The explorer: how many schedules there are, what ends a run, what is printed, and that a schedule replays."""

from __future__ import annotations

import functools
import gc
import logging
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Lock as ImportedLock
from typing import Any

import pytest

from lockedcontainers import LockedDict, Mutex, _sync, is_compiled
from lockedcontainers.testing import Program, Result, explore, replay, sample
from lockedcontainers.testing import _scheduler as scheduler_module


class Log:
    """Threads that write down when they run, with a switch point before each entry but the first."""

    def __init__(self) -> None:
        self.entries = ""

    def a(self) -> None:
        self.entries += "a"
        _sync.step("a again")
        self.entries += "a"

    def b(self) -> None:
        self.entries += "b"
        _sync.step("b again")
        self.entries += "b"


def test_every_interleaving_is_run_once_and_the_fewest_preemptions_first() -> None:
    seen: list[str] = []
    result = explore(Program(setup=Log, threads=[Log.a, Log.b], check=lambda log: seen.append(log.entries)))

    assert seen.pop() == seen[0], "and once more, to see that the program still does the same"
    assert sorted(seen) == ["aabb", "abab", "abba", "baab", "baba", "bbaa"]
    assert set(seen[:2]) == {"aabb", "bbaa"}
    assert result.passed
    assert str(result) == "explored everything: 6 schedules, 12 steps"


def test_every_step_is_a_switch_point() -> None:
    def many(log: Log) -> None:
        for _ in range(100):
            _sync.step("again")
            log.entries += "a"

    def one(log: Log) -> None:
        log.entries += "b"

    seen: list[str] = []
    explore(Program(setup=Log, threads=[many, one], check=lambda log: seen.append(log.entries)), max_preemptions=1)

    assert {entries.index("b") for entries in seen} == set(range(101))


def test_a_bound_on_preemptions_is_said() -> None:
    seen: list[str] = []
    program = Program(setup=Log, threads=[Log.a, Log.b], check=lambda log: seen.append(log.entries))
    result = explore(program, max_preemptions=0)

    assert set(seen) == {"aabb", "bbaa"}
    assert str(result) == "explored everything with at most 0 preemptions: 2 schedules, 4 steps"
    assert str(explore(program, max_preemptions=9)) == "explored everything: 6 schedules, 12 steps"


def test_a_bound_on_preemptions_is_said_if_it_cut_only_some_runs() -> None:
    def once(log: Log) -> None:
        log.entries += "b"

    seen: list[str] = []
    program = Program(setup=Log, threads=[Log.a, once], check=lambda log: seen.append(log.entries))

    assert str(explore(program, max_preemptions=0)).startswith("explored everything with at most 0 preemptions")
    assert seen[:2] == ["aab", "baa"], "there was nothing to cut in the last"


def test_a_cap_is_not_a_pass() -> None:
    result = explore(Program(setup=Log, threads=[Log.a, Log.b]), max_schedules=5)

    assert not result.passed
    assert not result.complete
    with pytest.raises(AssertionError, match="stopped after 5 schedules, 10 steps, with more to explore: this is not"):
        result.require()
    assert explore(Program(setup=Log, threads=[Log.a, Log.b]), max_schedules=6).passed


def test_an_exploration_without_a_switch_point_is_not_a_pass() -> None:
    result = explore(Program(setup=list[int], threads=[len, len]))

    assert result.complete
    assert not result.passed
    assert "no thread came to a switch point" in str(result)


@pytest.mark.parametrize("depth", [1, 2, 3, None])
def test_samples_are_reproducible_and_never_a_pass(depth: int | None) -> None:
    seen: list[str] = []
    program = Program(setup=Log, threads=[Log.a, Log.b], check=lambda log: seen.append(log.entries))
    result = sample(program, schedules=50, seed=1, depth=depth)
    again = sample(program, schedules=50, seed=1, depth=depth)

    assert seen[:50] == seen[50:]
    assert {"aabb", "bbaa"} <= set(seen) <= {"aabb", "abab", "abba", "baab", "baba", "bbaa"}
    assert len(set(seen)) > 2 or depth == 1
    assert result == again == Result(False, 50, 100)
    assert not result.passed


class Account:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.balance = 0

    def deposit(self) -> None:
        with self.lock:
            balance = self.balance
        with self.lock:
            self.balance = balance + 1


def balanced(account: Account) -> None:
    assert account.balance == 2, f"the balance is {account.balance}"


ACCOUNT = Program(setup=Account, threads=[Account.deposit, Account.deposit], check=balanced)


@pytest.mark.parametrize("search", [explore, sample])
def test_a_failure_has_a_table_and_a_script_that_replays_it(search: object) -> None:
    result = explore(ACCOUNT) if search is explore else sample(ACCOUNT)

    failure = result.failure
    assert failure is not None
    assert ": the balance is 1" in failure.message
    replayed = replay(ACCOUNT, failure.schedule).failure
    assert replayed is not None
    assert (replayed.table, replayed.schedule) == (failure.table, failure.schedule)
    assert failure.schedule.count(0) >= len(failure.schedule) - 2, "one or two switches are left"
    lines = failure.table.splitlines()
    assert lines[0].split() == ["thread", "0", "thread", "1"]
    assert lines[1] in ("starts deposit", " " * 58 + "starts deposit")
    assert [line.split()[-3:] for line in lines].count(["takes", "lock", "1"]) == 4
    assert failure.script.splitlines()[0] == "from lockedcontainers.testing import Program, replay"
    assert failure.script.splitlines()[-1] == f"print(replay(program, {list(failure.schedule)}))"
    assert "Account.deposit, " in failure.script


def test_a_script_of_parts_without_a_name_is_a_comment() -> None:
    def deposit(account: Account) -> None:
        account.deposit()

    result = explore(Program(setup=Account, threads=[deposit, deposit], check=balanced))
    assert result.failure is not None

    compile(result.failure.script, "the script", "exec")
    assert "paste it beside their definitions" in result.failure.script
    assert "# program = Program(" in result.failure.script


def test_a_script_runs() -> None:
    result = explore(Program(setup=set[int], threads=[set[int].pop, len]))
    assert result.failure is not None
    source = result.failure.script.replace("print(", "replayed = (")
    names: dict[str, Result] = {}

    exec(source, names)

    assert names["replayed"].failure == result.failure


class Crossed:
    def __init__(self) -> None:
        self.left = threading.Lock()
        self.right = threading.RLock()

    def one(self) -> None:
        with self.left, self.right:
            pass

    def other(self) -> None:
        with self.right, self.left:
            pass


def test_a_deadlock_says_who_waits_for_whom() -> None:
    result = explore(Program(setup=Crossed, threads=[Crossed.one, Crossed.other]))

    assert result.failure is not None
    lines = result.failure.message.splitlines()
    assert lines[0] == "nobody can go on:"
    assert lines[1].startswith("  thread 0 waits for lock 2 (made at test_explorer.py:")
    assert lines[1].endswith("), held by thread 1")
    assert lines[2].startswith("    at test_explorer.py:")
    assert lines[3].startswith("  thread 1 waits for lock 1 (made at test_explorer.py:")
    assert lines[3].endswith("), held by thread 0")


class Nested:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.other = threading.RLock()

    def twice(self) -> None:
        with self.lock, self.lock:
            pass

    def keep(self) -> None:
        self.lock.acquire()

    def release(self) -> None:
        self.lock.release()

    def release_other(self) -> None:
        self.other.release()

    def hold_other(self) -> None:
        with self.other:
            _sync.step("holds it")


def test_a_deadlock_with_oneself_and_with_who_has_ended_is_called_so() -> None:
    result = explore(Program(setup=Nested, threads=[Nested.twice, print]))
    assert result.failure is not None
    assert "), which it took itself: nobody is left to release it" in result.failure.message

    result = explore(Program(setup=Nested, threads=[Nested.keep, Nested.keep]))
    assert result.failure is not None
    assert "), held by thread 0, which has ended" in result.failure.message


def test_a_lock_that_is_not_held_cannot_be_released() -> None:
    result = explore(Program(setup=Nested, threads=[Nested.release, print]))
    assert result.failure is not None
    assert "release unlocked lock" in result.failure.message

    result = explore(Program(setup=Nested, threads=[Nested.release_other, Nested.hold_other]))
    assert result.failure is not None
    assert "cannot release un-acquired lock" in result.failure.message


def test_who_waits_at_a_condition_has_its_lock_again_as_often_as_before() -> None:
    class Deep:
        def __init__(self) -> None:
            self.changed = threading.Condition(threading.RLock())
            self.open = False

        def wait(self) -> None:
            with self.changed, self.changed, self.changed:
                while not self.open:
                    self.changed.wait()

        def let_in(self) -> None:
            with self.changed, self.changed:
                self.open = True
                self.changed.notify()

    explore(Program(setup=Deep, threads=[Deep.wait, Deep.let_in])).require()


def test_a_lock_is_asked_without_waiting() -> None:
    seen: set[object] = set()

    def look(it: Nested) -> None:
        asked = [it.lock.locked(), it.lock.acquire(blocking=False), it.lock.locked()]
        asked += [it.lock.acquire(blocking=False), it.lock.acquire(timeout=0)]
        seen.add(tuple(asked))

    explore(Program(setup=Nested, threads=[look, print])).require()
    assert seen == {(False, True, True, False, False)}


class Insistent(Crossed):
    def one(self) -> None:
        with self.left:
            while True:
                try:
                    self.right.acquire()
                    break
                except BaseException:  # noqa: BLE001 - as who must have a lock again although Ctrl-C ended the wait
                    continue
            self.right.release()


def test_a_thread_that_insists_on_a_lock_does_not_hide_the_deadlock() -> None:
    result = explore(Program(setup=Insistent, threads=[Insistent.one, Insistent.other]))

    assert result.failure is not None
    assert result.failure.message.startswith("nobody can go on:")


class Swallows:
    def __init__(self) -> None:
        self.queue: queue.Queue[int] = queue.Queue()

    def serve(self) -> None:
        while True:
            try:
                self.queue.get()
            except BaseException:  # noqa: BLE001 - as a server that is never to stop
                continue

    def put(self) -> None:
        self.queue.put(1)


def test_a_thread_that_cannot_be_ended_does_not_hide_the_failure() -> None:
    result = explore(Program(setup=Swallows, threads=[Swallows.serve, Swallows.put]))

    assert result.failure is not None
    assert result.failure.message.startswith("nobody can go on:")
    assert replay(Program(setup=Swallows, threads=[Swallows.serve, Swallows.put]), []).failure is not None


class WithOurs:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.dict: LockedDict[str, int] = LockedDict()

    def inward(self) -> None:
        with self.dict.locked(), self.lock:
            pass

    def outward(self) -> None:
        with self.lock:
            self.dict["a"] = 1


@pytest.mark.skipif(is_compiled, reason="a section of a compiled container cannot be explored")
def test_a_deadlock_with_a_container_of_ours_is_one_although_it_looks_again_from_time_to_time() -> None:
    result = explore(Program(setup=WithOurs, threads=[WithOurs.inward, WithOurs.outward], max_steps=2000))

    assert result.failure is not None
    lines = result.failure.message.splitlines()
    assert lines[0].startswith("nobody can go on, but to wait again: for 1,0")
    assert lines[1].startswith("  thread 0 waits for lock 1 (made at test_explorer.py:")
    assert lines[3] == "  thread 1 waits for a LockedDict, held by thread 0"
    table = result.failure.table.splitlines()
    assert len(table) == 201
    assert " more rows " in table[100]

    left = explore(Program(setup=Mutex, threads=[Mutex.acquire, Mutex.acquire], max_steps=2000))
    assert left.failure is not None
    assert "waits for a Mutex, held by thread 0, which has ended" in left.failure.message


class Polls:
    """Waits from time to time for what another thread does later."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()

    def poll(self) -> None:
        while not self.lock.acquire(timeout=0.25):
            pass

    def give_up(self) -> None:
        for _ in range(500):
            self.lock.acquire(timeout=0.25)

    def release(self) -> None:
        time.sleep(1)
        self.lock.release()


def test_who_polls_is_not_called_stuck() -> None:
    explore(Program(setup=Polls, threads=[Polls.poll, Polls.release])).require()
    explore(Program(setup=Polls, threads=[Polls.give_up])).require()


class Busy:
    """Does much, and then waits for a moment for what does not come."""

    def __init__(self) -> None:
        self.locks = [threading.Lock() for _ in range(60)]
        self.held = [threading.Lock() for _ in range(60)]
        for lock in self.held:
            lock.acquire()

    def take(self) -> None:
        for lock in self.locks:
            lock.acquire()
        self.locks[0].acquire(timeout=1)

    def release(self) -> None:
        for lock in self.held:
            lock.release()
        time.sleep(1)

    def end(self) -> None:
        for _ in range(60):
            _sync.step("works")

    def wait(self) -> None:
        self.held[0].acquire(timeout=1)


@pytest.mark.parametrize("threads", [[Busy.take], [Busy.release], [Busy.end, Busy.wait]])
def test_who_waits_after_much_else_is_not_called_stuck(threads: list[Callable[[Busy], None]]) -> None:
    explore(Program(setup=Busy, threads=threads, max_steps=100), max_preemptions=0).require()


class Keeper:
    def __init__(self) -> None:
        self.lock = threading.Lock()

    def keep(self) -> None:
        self.lock.acquire()

    def take(self) -> None:
        with self.lock:
            pass


def test_a_lock_that_is_left_locked_is_named() -> None:
    result = explore(Program(setup=Keeper, threads=[Keeper.keep, print], check=Keeper.take))

    assert result.failure is not None
    assert "lock 1 (made at test_explorer.py:" in result.failure.message
    assert "nobody is left to release it" in result.failure.message


def test_an_exception_in_a_thread_is_a_failure_with_its_line() -> None:
    def divide(log: Log) -> None:
        log.a()
        log.entries = str(1 // 0)

    result = explore(Program(setup=Log, threads=[divide, Log.b]))

    assert result.failure is not None
    assert result.failure.message.startswith("thread 0 raised ZeroDivisionError at test_explorer.py:")


def test_an_exception_in_setup_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        explore(Program(setup=lambda: 1 // 0, threads=[print, print]))


def test_a_thread_that_never_ends_is_a_failure() -> None:
    def spin(_: Log) -> None:
        while True:
            _sync.step("spins")

    for thread, threads in enumerate([[spin, Log.a], [Log.a, spin]]):
        result = explore(Program(setup=Log, threads=threads, max_steps=100))

        assert result.failure is not None
        assert result.failure.message == f"thread {thread} is still running after 100 steps"


class Impatient:
    """A waiter whose time may be over before, or after, the lock is released."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.got: bool | None = None
        self.waited = 0.0

    def wait(self) -> None:
        began = time.monotonic()
        self.got = self.lock.acquire(timeout=5)
        self.waited = time.monotonic() - began

    def release(self) -> None:
        self.lock.release()


@pytest.mark.parametrize(("early", "expected"), [(0, {(True, 0.0)}), (1, {(True, 0.0), (False, 5.0)})])
def test_a_timeout_is_a_choice_and_time_a_number(early: int, expected: set[tuple[bool, float]]) -> None:
    seen: set[object] = set()
    program = Program(
        setup=Impatient,
        threads=[Impatient.wait, Impatient.release],
        check=lambda it: seen.add((it.got, it.waited)),
        early_timeouts=early,
    )
    began = time.perf_counter()

    explore(program).require()

    assert seen == expected
    assert time.perf_counter() - began < 4


def test_an_early_timeout_is_a_preemption() -> None:
    seen: set[bool | None] = set()
    program = Program(setup=Impatient, threads=[Impatient.wait, Impatient.release], check=lambda it: seen.add(it.got))

    explore(program, max_preemptions=0)
    assert seen == {True}
    explore(program, max_preemptions=1)
    assert seen == {True, False}


class Tries(Impatient):
    """Counts how many of three waits end before the lock is released."""

    ended = 0

    def wait(self) -> None:
        for _ in range(3):
            try:
                if self.lock.acquire(timeout=5):
                    return
            except KeyboardInterrupt:
                pass
            self.ended += 1


class TriesCondition(Tries):
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open = False

    def wait(self) -> None:
        with self.changed:
            for _ in range(3):
                if not self.open:
                    self.changed.wait()
                    self.ended += not self.open

    def release(self) -> None:
        with self.changed:
            self.open = True
            self.changed.notify()


@pytest.mark.parametrize("budget", [0, 1, 2])
@pytest.mark.parametrize("name", ["early_timeouts", "interrupts", "spurious_wakeups"])
def test_a_budget_is_spent_in_each_run(name: str, budget: int) -> None:
    seen: set[int] = set()
    kind: type[Any] = TriesCondition if name == "spurious_wakeups" else Tries
    budgets: dict[str, Any] = {"early_timeouts": 0, name: budget}
    program = Program(setup=kind, threads=[kind.wait, kind.release], check=lambda it: seen.add(it.ended), **budgets)

    result = explore(program, max_preemptions=3).require()

    assert seen == set(range(budget + 1))
    said = f"{budget} {name.replace('_', ' ')}"
    assert (said in result.budgets) == (budget > 0 or name == "early_timeouts"), result.budgets


class ReleasesLate(Tries):
    before = 0

    def release(self) -> None:
        time.sleep(7)
        self.before = self.ended
        super().release()


@pytest.mark.parametrize("budget", [0, 1])
def test_a_timeout_that_comes_when_nobody_else_can_go_on_is_not_of_the_budget(budget: int) -> None:
    seen: set[tuple[int, int]] = set()
    program = Program(
        setup=ReleasesLate,
        threads=[ReleasesLate.wait, ReleasesLate.release],
        check=lambda it: seen.add((it.before, it.ended)),
        early_timeouts=budget,
    )
    explore(program).require()

    assert (2, 2) in seen
    assert ((2, 3) in seen) == (budget > 0), "the third was early"


def test_a_spurious_wake_up_does_not_hide_a_deadlock() -> None:
    program = Program(setup=TriesCondition, threads=[TriesCondition.wait, print], spurious_wakeups=3)
    result = explore(program)

    assert result.failure is not None
    assert result.failure.message.startswith("nobody can go on:")


def test_the_clock_does_not_go_back() -> None:
    def doze(seconds: float) -> Callable[[list[float]], None]:
        def sleep(times: list[float]) -> None:
            time.sleep(seconds)
            times.append(time.monotonic())

        return sleep

    seen: set[float] = set()

    def check(times: list[float]) -> None:
        seen.add(times[1] - times[0])

    explore(Program(setup=list[float], threads=[doze(5), doze(10)], check=check, early_timeouts=2)).require()
    assert seen == {10, 5, 0}, "which begins or ends first is a choice"


def test_a_timeout_does_not_come_before_one_that_was_over_when_it_began() -> None:
    """Who sleeps a second again and again is not done before who has slept a second once."""
    seen: set[str] = set()

    def often(log: Log) -> None:
        for _ in range(4):
            time.sleep(1)
            log.entries += "a"

    def once(log: Log) -> None:
        time.sleep(1)
        log.entries += "b"

    explore(
        Program(setup=Log, threads=[often, once], check=lambda log: seen.add(log.entries), early_timeouts=0)
    ).require()
    assert seen == {"baaaa", "abaaa"}


def test_a_timeout_comes_when_nobody_else_can_go_on() -> None:
    program = Program(
        setup=Impatient,
        threads=[Impatient.wait, Impatient.wait],
        check=lambda it: _expect(it.got is False and it.waited == 5.0),
        early_timeouts=0,
    )
    explore(program).require()


def _expect(true: bool) -> None:
    assert true


def test_a_bound_on_early_timeouts_and_interrupts_is_said() -> None:
    threads = [Impatient.wait, Impatient.wait, Impatient.release]
    result = explore(Program(setup=Impatient, threads=threads, interrupts=1), max_preemptions=9)

    assert str(result).startswith("explored everything with at most 1 early timeouts and 1 interrupts: ")
    enough = explore(Program(setup=Impatient, threads=threads, early_timeouts=2))
    assert str(enough).startswith("explored everything: ")


def test_sleep_takes_no_time() -> None:
    def doze(_: Log) -> None:
        time.sleep(3600)

    explore(Program(setup=Log, threads=[doze, Log.b])).require()


def test_sleep_refuses_what_it_always_does() -> None:
    def doze(_: Log) -> None:
        with pytest.raises(ValueError, match="must be non-negative"):
            time.sleep(-1)

    explore(Program(setup=Log, threads=[doze, Log.a, Log.b])).require()


def test_ctrl_c_in_a_wait_is_a_choice_when_asked() -> None:
    seen: list[int] = []

    def wait(log: Impatient) -> None:
        try:
            with log.lock:
                pass
        except KeyboardInterrupt:
            seen.append(0)
            raise

    threads = [wait, Impatient.release]
    explore(Program(setup=Impatient, threads=threads)).require()
    assert not seen
    explore(Program(setup=Impatient, threads=threads, interrupts=1)).require()
    assert seen


def test_a_keyboard_interrupt_of_the_program_is_a_failure() -> None:
    def interrupt(_: Log) -> None:
        raise KeyboardInterrupt

    assert explore(Program(setup=Log, threads=[interrupt, Log.b])).failure is not None


class Unlocked:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1

    @property
    def twice(self) -> int:
        return self.count + self.count

    @staticmethod
    def nested(it: Unlocked) -> None:
        def inner() -> int:
            return it.count + it.count

        assert inner() % 2 == 0

    def look(self) -> None:
        assert self.twice % 2 == 0


@pytest.mark.parametrize("thread", [Unlocked.add, Unlocked.look, Unlocked.nested])
def test_instructions_are_switch_points_when_asked(thread: Callable[[Unlocked], None]) -> None:
    def check(it: Unlocked) -> None:
        assert thread is not Unlocked.add or it.count == 2

    threads = [thread, Unlocked.add]

    assert explore(Program(setup=Unlocked, threads=threads, check=check)).failure is None
    found = explore(Program(setup=Unlocked, threads=threads, check=check, instructions_of=[Unlocked]))
    assert found.failure is not None
    assert "self.count += 1" in found.failure.table


global_left, global_right = 1, 2


class Pair:
    """Two values, each of which is made what the other is. Who reads one twice should find the same."""

    def __init__(self) -> None:
        self.left, self.right = 1, 2

    def set_left(self) -> None:
        self.left = self.right

    def set_right(self) -> None:
        self.right = self.left

    def read(self) -> None:
        first = self.left
        second = self.left
        assert first is second

    def look(self) -> Iterable[object]:
        return self.left, self.right


class Globals(Pair):
    def __init__(self) -> None:
        global global_left, global_right
        global_left, global_right = 1, 2

    def set_left(self) -> None:
        global global_left  # noqa: PLW0603 - it is what is tried
        global_left = global_right

    def set_right(self) -> None:
        global global_right  # noqa: PLW0603
        global_right = global_left

    def read(self) -> None:
        first = global_left
        second = global_left
        assert first is second

    def look(self) -> Iterable[object]:
        return global_left, global_right


class Closures(Pair):
    def __init__(self) -> None:
        left, right = 1, 2

        def set_left() -> None:
            nonlocal left
            left = right

        def set_right() -> None:
            nonlocal right
            right = left

        def read() -> None:
            first = left
            second = left
            assert first is second

        def look() -> Iterable[object]:
            return left, right

        vars(self).update(set_left=set_left, set_right=set_right, read=read, look=look)


class Subscripts(dict[str, int], Pair):
    def __init__(self) -> None:
        self.update(left=1, right=2)

    def set_left(self) -> None:
        self["left"] = self["right"]

    def set_right(self) -> None:
        self["right"] = self["left"]

    def read(self) -> None:
        first = self["left"]
        second = self["left"]
        assert first is second

    def look(self) -> Iterable[object]:
        return self.values()


def set_left(it: Pair) -> None:
    it.set_left()


def set_right(it: Pair) -> None:
    it.set_right()


def read(it: Pair) -> None:
    it.read()


@pytest.mark.parametrize("kind", [Pair, Globals, Closures, Subscripts])
def test_each_kind_of_variable_is_read_and_written_at_a_switch_point(kind: type[Pair]) -> None:
    seen: set[tuple[object, ...]] = set()
    program = Program(
        setup=kind, threads=[set_left, set_right], check=lambda it: seen.add((*it.look(),)), instructions_of=[kind]
    )

    explore(program).require()
    assert seen == {(1, 1), (2, 2), (2, 1)}
    assert explore(Program(setup=kind, threads=[read, set_left], instructions_of=[kind])).failure is not None


EMPTY = deque[int]()


class Numbers(deque[int]):
    """Looks twice, or writes down what it saw: another thread may come between."""

    def number(self) -> None:
        append = self.append
        append(len(self))

    def compare(self) -> None:
        first = self == EMPTY
        second = self == EMPTY
        assert first is second

    def contain(self) -> None:
        first = 0 in self
        second = 0 in self
        assert first is second

    def iterate(self) -> None:
        for _ in self:
            pass


def numbered(numbers: Numbers) -> None:
    assert list(numbers) != [0, 0]


@pytest.mark.parametrize("thread", [Numbers.number, Numbers.compare, Numbers.contain, Numbers.iterate])
def test_each_kind_of_operation_is_a_switch_point(thread: Callable[[Numbers], None]) -> None:
    program = Program(setup=Numbers, threads=[thread, Numbers.number], check=numbered, instructions_of=[Numbers])

    assert explore(program).failure is not None
    assert explore(replace(program, instructions_of=[])).failure is None


def logged(function: Callable[..., None]) -> Callable[..., None]:
    def logging(*args: object) -> None:
        function(*args)

    return logging


class Decorated:
    def __init__(self) -> None:
        self.count = 0

    class Inner:
        @staticmethod
        def add(it: Decorated) -> None:
            it.count += 1

    def nested(self) -> None:
        self.Inner.add(self)

    @logged
    def closed(self) -> None:
        self.count += 1

    @classmethod
    def add_to(cls, it: Decorated) -> None:
        it.count += 1

    def by_class(self) -> None:
        self.add_to(self)

    @functools.lru_cache  # noqa: B019
    def add_once(self, _: object) -> None:
        self.count += 1

    def cached(self) -> None:
        self.add_once(object())

    def _add(self, more: int) -> None:
        self.count += more

    partial = functools.partialmethod(_add, 1)
    del _add


class Inherited(Decorated):
    pass


@pytest.mark.parametrize("kind", [Decorated, Inherited])
@pytest.mark.parametrize("name", ["nested", "closed", "by_class", "cached", "partial"])
def test_instructions_of_what_is_wrapped_are_switch_points(name: str, kind: type[Decorated]) -> None:
    def add(it: Decorated) -> None:
        getattr(it, name)()

    def check(it: Decorated) -> None:
        assert it.count == 2

    program = Program(setup=kind, threads=[add, add], check=check, instructions_of=[kind])

    assert explore(program).failure is not None
    assert explore(replace(program, instructions_of=[])).failure is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="it has a real lock there, in which nobody may be stopped")
def test_instructions_of_a_cached_property_are_switch_points() -> None:
    class Lazy(Decorated):
        @functools.cached_property
        def value(self) -> int:
            self.count += 1
            return self.count

    def check(it: Lazy) -> None:
        assert it.count != 1

    def look(it: Lazy) -> None:
        assert it.value

    assert explore(Program(setup=Lazy, threads=[look, look], check=check, instructions_of=[Lazy])).failure is not None


class Items:
    def __init__(self) -> None:
        self.items: list[int] = []

    def add(self) -> None:
        items = self.items
        items.append(1)
        assert (items or None) is not None

    def clear(self) -> None:
        self.items.clear()


def test_a_jump_that_asks_for_a_truth_value_is_a_switch_point() -> None:
    assert explore(Program(setup=Items, threads=[Items.add, Items.clear], instructions_of=[Items])).failure is not None


def test_nothing_is_left_behind() -> None:
    before = [dict(vars(module)) for module in (threading, queue, time, _sync)]
    count = threading.active_count()
    for program in (ACCOUNT, Program(setup=Crossed, threads=[Crossed.one, Crossed.other], instructions_of=[Crossed])):
        assert explore(program).failure is not None

    assert [dict(vars(module)) for module in (threading, queue, time, _sync)] == before
    assert threading.active_count() == count
    assert sys.gettrace() is None or "coverage" in repr(sys.gettrace())
    if sys.version_info >= (3, 12):
        assert "lockedcontainers.testing" not in [sys.monitoring.get_tool(tool) for tool in range(6)]


def test_garbage_is_collected_only_between_runs() -> None:
    seen: set[bool] = set()
    explore(Program(setup=Log, threads=[Log.a, lambda _: seen.add(gc.isenabled())])).require()

    assert seen == {False}
    assert gc.isenabled()


def test_other_threads_keep_their_own_locks() -> None:
    exploring = False
    kinds: list[type] = []

    def bystander() -> None:
        while not exploring:
            time.sleep(0.001)
        Unlocked().add()
        kinds.append(type(threading.Lock()))

    def check(_: Account) -> None:
        nonlocal exploring
        exploring = True
        while not kinds:
            pass

    thread = threading.Thread(target=bystander)
    thread.start()
    explore(Program(setup=Account, threads=[Account.deposit], check=check, instructions_of=[Unlocked]))
    thread.join()

    assert kinds == [type(threading.Lock())]


class FromImport:
    def __init__(self) -> None:
        self.lock = ImportedLock()

    def visit(self) -> None:
        with self.lock:
            pass


def test_a_name_imported_from_threading_is_recognised() -> None:
    assert explore(Program(setup=FromImport, threads=[FromImport.visit, FromImport.visit])).steps > 0


@pytest.mark.parametrize("compiled", [False, True])
def test_a_wait_that_the_explorer_cannot_see_is_reported(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    monkeypatch.setattr(scheduler_module, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(scheduler_module, "is_compiled", compiled)
    items: queue.SimpleQueue[int] = queue.SimpleQueue()

    def visit(log: Log) -> None:
        items.get()
        log.a()

    try:
        with pytest.raises(
            RuntimeError, match=r"reached no switch point for 0.2 seconds, at test_explorer\.py"
        ) as raised:
            explore(Program(setup=Log, threads=[visit, visit]))
    finally:
        items.put(1)
        items.put(1)
    assert ("LOCKEDCONTAINERS_PURE=1" in str(raised.value)) is compiled


EARLY = threading.Lock()
EARLY_CONDITIONS = [threading.Condition()]


class EarlyAttribute(Log):
    lock = threading.RLock()


class EarlySlot:
    __slots__ = ("lock",)

    def __init__(self, lock: object) -> None:
        self.lock = lock


def uses_early(log: Log) -> None:
    with EARLY:
        log.a()


def calls_who_uses_early(log: Log) -> None:
    uses_early(log)


def uses_early_condition(log: Log) -> None:
    with EARLY_CONDITIONS[0]:
        log.a()


def closes_over(lock: threading.Lock) -> Callable[[Log], None]:
    def visit(log: Log) -> None:
        with lock:
            log.a()

    return visit


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (Program(setup=Log, threads=[uses_early, Log.b]), "EARLY of uses_early is a real lock"),
        (Program(setup=Log, threads=[calls_who_uses_early, Log.b]), "EARLY of uses_early is a real lock"),
        (Program(setup=Log, threads=[uses_early_condition, Log.b]), "an element of EARLY_CONDITIONS of uses"),
        (Program(setup=Log, threads=[closes_over(EARLY), Log.b]), "lock of visit is a real lock"),
        (Program(setup=EarlyAttribute, threads=[Log.a, Log.b]), "EarlyAttribute.lock is a real lock"),
        (Program(setup=functools.partial(EarlySlot, EARLY), threads=[repr, repr]), "EarlySlot.lock is a real lock"),
        (Program(setup=threading.Lock, threads=[repr, repr]), "makes real locks"),
    ],
)
def test_a_lock_made_beforehand_is_refused(program: Program[Any], name: str) -> None:
    with pytest.raises(RuntimeError, match=name):
        explore(program)


class Quiet(threading.Thread):
    pass


HARMLESS: list[object] = [queue.SimpleQueue[int](), logging.getLogger(), logging.StreamHandler(), Quiet(), LockedDict()]


class Harmless(Log):
    made: threading.Lock

    def __init__(self) -> None:
        super().__init__()
        self.harmless = HARMLESS
        self.later = Future[int]()
        self.pool = ThreadPoolExecutor(1)


def test_what_has_locks_that_no_thread_waits_for_is_not_refused() -> None:
    explore(Program(setup=Harmless, threads=[Log.a, Log.b])).require()


@dataclass
class Fields:
    lock: Any = field(default_factory=threading.Lock)

    def visit(self) -> None:
        with self.lock:
            pass


class Defaults(Fields):
    def __init__(
        self, make: Callable[[], Any] = threading.Lock, *, make_too: Callable[[], Any] = threading.RLock
    ) -> None:
        self.lock = make()
        self.other = make_too()

    def visit(self) -> None:
        with self.lock, self.other:
            pass


def make_defaults() -> Defaults:
    return Defaults()


@pytest.mark.parametrize("setup", [Fields, Defaults, make_defaults])
def test_a_factory_in_a_default_makes_locks_that_are_explored(setup: Callable[[], Fields]) -> None:
    def other(it: Fields) -> None:
        it.visit()

    explore(Program(setup=setup, threads=[Fields.visit, other])).require()
    assert type(Fields().lock) is type(EARLY)
    assert type(Defaults().lock) is type(EARLY)


def test_a_program_that_starts_threads_is_refused() -> None:
    def start(log: Log) -> None:
        log.a()
        threading.Thread(target=log.b).start()

    def submit(log: Log) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(log.a).result()

    def start_in_setup() -> Log:
        log = Log()
        start(log)
        return log

    count = threading.active_count()
    for program in (
        Program(setup=Log, threads=[start, Log.a]),
        Program(setup=Log, threads=[submit, Log.a]),
        Program(setup=Log, threads=[Log.a, Log.b], check=start),
        Program(setup=start_in_setup, threads=[Log.a, Log.b]),
    ):
        with pytest.raises(RuntimeError, match="must not start threads"):
            explore(program)
    assert threading.active_count() == count


def test_a_program_that_is_not_deterministic_is_refused() -> None:
    runs: list[int] = []

    def setup() -> Log:
        runs.append(0)
        return Log()

    def sometimes(log: Log) -> None:
        if len(runs) == 1:
            log.a()

    with pytest.raises(RuntimeError, match="not deterministic"):
        explore(Program(setup=setup, threads=[sometimes, sometimes]))


MADE: list[object] = []


def test_a_program_that_does_less_the_second_time_is_refused() -> None:
    def make(log: Log) -> None:
        if MADE:
            log.b()
        else:
            log.a()
            MADE.append(log)

    with pytest.raises(RuntimeError, match="not deterministic"):
        explore(Program(setup=Log, threads=[make, Log.a]))


def test_a_program_that_has_other_choices_the_second_time_is_refused() -> None:
    runs: list[int] = []

    def setup() -> Account:
        runs.append(0)
        account = Account()
        account.lock.acquire()
        return account

    def take(account: Account) -> None:
        account.lock.acquire(timeout=1 if len(runs) == 1 else -1)
        account.lock.release()

    def release(account: Account) -> None:
        account.lock.release()

    with pytest.raises(RuntimeError, match="not deterministic"):
        explore(Program(setup=setup, threads=[take, release]))


@pytest.mark.parametrize("odd", [2, 3, 35, 36])  # in the last two it was the last of them that was to be chosen
def test_a_choice_that_one_run_does_not_have_is_noticed(odd: int) -> None:
    runs: list[int] = []

    def setup() -> Account:
        runs.append(0)
        account = Account()
        account.lock.acquire()
        return account

    def take(account: Account) -> None:
        if account.lock.acquire(timeout=-1 if len(runs) == odd else 1):
            account.lock.release()

    def wait(account: Account) -> None:
        if account.lock.acquire(timeout=1):
            account.lock.release()

    def release(account: Account) -> None:
        account.lock.release()

    with pytest.raises(RuntimeError, match="not deterministic"):
        explore(Program(setup=setup, threads=[wait, take, release]), max_preemptions=1)


def test_a_queue_of_the_standard_library_is_explored() -> None:
    def put(shared: queue.Queue[int]) -> None:
        shared.put(1)
        shared.put(2)

    def get(shared: queue.Queue[int]) -> None:
        assert shared.get() == 1
        assert shared.get(timeout=1) == 2

    def setup() -> queue.Queue[int]:
        return queue.Queue(1)

    explore(Program(setup=setup, threads=[put, get], early_timeouts=0), max_preemptions=1).require()
    found = explore(Program(setup=setup, threads=[put, get]), max_preemptions=2)
    assert found.failure is not None
    assert found.failure.message.startswith("thread 1 raised Empty")
