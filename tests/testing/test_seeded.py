"""Textbook bugs, each beside the class done right: the explorer finds every one, and has nothing against the other."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lockedcontainers.testing import Call, Program, calls, explore


class Locked(dict[str, int]):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()

    def __getitem__(self, key: str) -> int:
        with self.lock:
            return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        with self.lock:
            return super().__contains__(key)

    def __setitem__(self, key: str, value: int) -> None:
        with self.lock:
            super().__setitem__(key, value)

    def setdefault(self, key: str, default: int = 0) -> int:
        with self.lock:
            if key not in self:
                self[key] = default
            return self[key]


class ChecksThenActs(Locked):
    def setdefault(self, key: str, default: int = 0) -> int:
        if key not in self:
            self[key] = default
        return self[key]


class Counter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        with self.lock:
            self.count += 1


class TwoSections(Counter):
    def add(self) -> None:
        with self.lock:
            count = self.count
        with self.lock:
            self.count = count + 1


class NoSection(Counter):
    def add(self) -> None:
        self.count += 1


def counted(counter: Counter) -> None:
    assert counter.count == 2, f"counted {counter.count}"


class Buffer:
    """One condition for those who wait for room and those who wait for an item."""

    capacity = 1

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.items: deque[int] = deque()

    def put(self) -> None:
        with self.changed:
            while len(self.items) >= self.capacity:
                self.changed.wait()
            self.items.append(1)
            self.tell()

    def put_two(self) -> None:
        self.put()
        self.put()

    def get(self) -> int:
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.items.popleft()
            self.tell()
            return item

    def tell(self) -> None:
        self.changed.notify_all()


class LooksOnce(Buffer):
    def get(self) -> int:
        with self.changed:
            if not self.items:
                self.changed.wait()
            item = self.items.popleft()
            self.tell()
            return item


class Gate:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open = False

    def wait(self) -> None:
        with self.changed:
            while not self.open:
                self.changed.wait()
            assert self.open

    def let_in(self) -> None:
        with self.changed:
            self.open = True
            self.changed.notify()


class ChecksOnce(Gate):
    def wait(self) -> None:
        with self.changed:
            if not self.open:
                self.changed.wait()
            assert self.open


class TellsOne(Buffer):
    def tell(self) -> None:
        self.changed.notify()


class Roomy(Buffer):
    capacity = 9

    def put(self) -> None:
        with self.changed:
            self.items.append(1)
            self.changed.notify()

    def tell(self) -> None:
        """Nobody waits for room."""


class TellsWhenItWasEmpty(Roomy):
    def put(self) -> None:
        with self.changed:
            self.items.append(1)
            if len(self.items) == 1:
                self.changed.notify()


class ReadWrite:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.readers = 0
        self.writing = False
        self.inside: list[str] = []

    def begin_write(self) -> None:
        with self.changed:
            while self.readers or self.writing:
                self.changed.wait()
            self.writing = True

    def end_write(self) -> None:
        with self.changed:
            self.writing = False
            self.changed.notify_all()

    def write(self) -> None:
        self.begin_write()
        self.inside.append("writer")
        time.sleep(0)  # a moment at which threads may be switched
        assert self.inside == ["writer"], self.inside
        self.inside.remove("writer")
        self.end_write()

    def read(self) -> None:
        with self.changed:
            while self.writing:
                self.changed.wait()
            self.readers += 1
        self.inside.append("reader")
        time.sleep(0)
        assert "writer" not in self.inside, self.inside
        self.inside.remove("reader")
        with self.changed:
            self.readers -= 1
            self.changed.notify_all()


class BeginsInTwoSections(ReadWrite):
    def begin_write(self) -> None:
        with self.changed:
            while self.readers or self.writing:
                self.changed.wait()
        with self.changed:
            self.writing = True


class WakesOneReader(ReadWrite):
    def end_write(self) -> None:
        with self.changed:
            self.writing = False
            self.changed.notify()

    def read(self) -> None:
        with self.changed:
            while self.writing:
                self.changed.wait()


class TwoShelves:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.left = ["book"]
        self.right: list[str] = []

    def move(self) -> None:
        with self.lock:
            self.right.append(self.left.pop())

    def counts(self) -> None:
        with self.lock:
            count = len(self.left) + len(self.right)
        assert count == 1, f"counted {count}"


class CountsOutside(TwoShelves):
    def counts(self) -> None:
        count = len(self.left) + len(self.right)
        with self.lock:
            pass
        assert count == 1, f"counted {count}"


class Iterated(TwoShelves):
    def __init__(self) -> None:
        super().__init__()
        self.map: dict[int, int] = {1: 1, 2: 2}

    def put(self) -> None:
        with self.lock:
            self.map[3] = 3

    def total(self) -> int:
        with self.lock:
            return sum(self.map)


class IteratedLive(Iterated):
    def total(self) -> int:
        with self.lock:
            keys = iter(self.map)
        return sum([key for key in keys])  # noqa: C416 - the loop is what is interrupted


class Bank:
    def __init__(self) -> None:
        self.ann = threading.Lock()
        self.bob = threading.Lock()

    def pay(self) -> None:
        with self.ann, self.bob:
            pass

    def repay(self) -> None:
        with self.ann, self.bob:
            pass


class TakesThemBothWays(Bank):
    def repay(self) -> None:
        with self.bob, self.ann:
            pass


class Loader:
    """One thread loads, and those that ask meanwhile wait for it. The first load fails."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.loading = False
        self.value: int | None = None
        self.loads = 0

    def load(self) -> int:
        self.loads += 1
        if self.loads == 1:
            raise OSError
        return 1

    def get(self) -> None:
        with self.changed:
            while self.loading:
                self.changed.wait()
            if self.value is not None:
                return
            self.loading = True
        try:
            self.value = self.load()
        except OSError:
            pass
        finally:
            self.finish(failed=self.value is None)

    def finish(self, *, failed: bool) -> None:  # noqa: ARG002
        with self.changed:
            self.loading = False
            self.changed.notify_all()


class ForgetsTheFailure(Loader):
    def finish(self, *, failed: bool) -> None:
        if not failed:
            super().finish(failed=failed)


class Waiters:
    """Waiters with a lock each. One whose time is over may just have been chosen, so it has to look again."""

    looks_again = True

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiters: deque[threading.Lock] = deque()
        self.items = 0

    def put(self) -> None:
        with self.lock:
            self.items += 1
            if self.waiters:
                self.waiters.popleft().release()

    def get(self, timeout: float = -1) -> bool:
        waiter = threading.Lock()
        waiter.acquire()
        woken = True
        while True:
            with self.lock:
                if waiter in self.waiters:
                    self.waiters.remove(waiter)
                if self.items and (woken or self.looks_again):
                    self.items -= 1
                    return True
                if not woken:
                    return False
                self.waiters.append(waiter)
            woken = waiter.acquire(timeout=timeout)

    def borrow(self) -> None:
        if self.get(timeout=1):
            self.put()


class SwallowsTheWakeUp(Waiters):
    looks_again = False


@dataclass
class Case:
    """Threads that go wrong on one class and right on another."""

    wrong: type[Any]
    right: type[Any]
    threads: list[str]
    check: Callable[[Any], object] | None = None
    instructions: bool = False
    preemptions: int | None = None
    spurious_wakeups: int = 0

    def program(self, kind: type[Any]) -> Program[Any]:
        functions = [getattr(kind, name) for name in self.threads]
        instructions_of = [kind] if self.instructions else []
        return Program(
            setup=kind,
            threads=functions,
            check=self.check,
            instructions_of=instructions_of,
            spurious_wakeups=self.spurious_wakeups,
        )


CASES = {
    "two sections": Case(TwoSections, Counter, ["add", "add"], counted),
    "unlocked +=": Case(NoSection, Counter, ["add", "add"], counted, instructions=True, preemptions=2),
    "if for while": Case(LooksOnce, Buffer, ["get", "get", "put_two"], preemptions=1),
    "if for while, with one waiter": Case(ChecksOnce, Gate, ["wait", "let_in"], spurious_wakeups=1),
    "notify one, with spurious wake-ups": Case(
        TellsOne, Buffer, ["get", "get", "put_two"], preemptions=1, spurious_wakeups=1
    ),
    "notify one": Case(TellsOne, Buffer, ["get", "get", "put_two"], preemptions=1),
    "notify when it was empty": Case(TellsWhenItWasEmpty, Roomy, ["get", "get", "put_two"], preemptions=1),
    "flag set in a second section": Case(BeginsInTwoSections, ReadWrite, ["write", "read"]),
    "wakes one reader": Case(WakesOneReader, ReadWrite, ["write", "read", "read"], preemptions=1),
    "len outside": Case(CountsOutside, TwoShelves, ["move", "counts"], instructions=True, preemptions=2),
    "live iteration": Case(IteratedLive, Iterated, ["put", "total"], instructions=True, preemptions=2),
    "two orders": Case(TakesThemBothWays, Bank, ["pay", "repay"]),
    "failed leader": Case(ForgetsTheFailure, Loader, ["get", "get"]),
    "swallowed wake-up": Case(SwallowsTheWakeUp, Waiters, ["borrow", "get", "put"], preemptions=2),
}


def setdefaults(kind: type[Any]) -> Program[Any]:
    return calls(kind, dict, [[Call("setdefault", "a", 1)], [Call("setdefault", "a", 2)]])


@pytest.mark.parametrize("name", CASES)
def test_finds_the_bug(name: str) -> None:
    case = CASES[name]
    began = time.perf_counter()
    result = explore(case.program(case.wrong), max_preemptions=case.preemptions)
    print(f"{name}: {result.schedules} schedules, {time.perf_counter() - began:.3f} s")
    assert result.failure is not None, result
    assert result.schedules <= 5000


@pytest.mark.parametrize("name", CASES)
def test_has_nothing_against_the_class_done_right(name: str) -> None:
    case = CASES[name]
    began = time.perf_counter()
    result = explore(case.program(case.right), max_preemptions=case.preemptions)
    print(f"{name}: {result}, {time.perf_counter() - began:.3f} s")
    result.require()


def test_check_then_act() -> None:
    assert explore(setdefaults(ChecksThenActs)).failure is not None
    explore(setdefaults(Locked)).require()
