"""The mutex and its wait queue: one file for the native body and the Python twin."""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import unittest
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from lockedcontainers import DeadlockError, LockedDict, LockTimeout, Mutex, Statistics, locked

lock_tests = pytest.importorskip("test.lock_tests", reason="this Python comes without its own tests")

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


class TestAsRLock(lock_tests.RLockTests):  # type: ignore[misc, name-defined]
    """CPython's own tests of RLock."""

    locktype = staticmethod(Mutex)
    test_constructor_noargs = None  # a mutex may be given a name


class TestInCondition(lock_tests.ConditionTests):  # type: ignore[misc, name-defined]
    """CPython's own tests of Condition, with a mutex for its lock."""

    @staticmethod
    def condtype(lock: Any = None) -> threading.Condition:
        return threading.Condition(Mutex() if lock is None else lock)  # type: ignore[arg-type]


def run_all(*targets: Callable[[], object]) -> list[BaseException | None]:
    """Run each target in a thread of its own; what each raised. A thread that hangs fails the test."""
    raised: list[BaseException | None] = [None] * len(targets)

    def run(i: int) -> None:
        try:
            targets[i]()
        except BaseException as exception:  # noqa: BLE001
            raised[i] = exception

    threads = [threading.Thread(target=run, args=(i,), name=f"thread-{i}", daemon=True) for i in range(len(targets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), f"{thread.name} hangs"
    return raised


def in_subprocess(source: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


WAITERS: weakref.WeakKeyDictionary[Mutex, list[str]] = weakref.WeakKeyDictionary()  # an id would be used again


def waiting(mutex: Mutex, how_many: int) -> None:
    """Return when so many threads have found the mutex held and had time to go to sleep."""
    deadline = time.monotonic() + 10
    while len(WAITERS.get(mutex, ())) < how_many:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    time.sleep(0.05)


def waiter(mutex: Mutex, name: str, order: list[str]) -> Callable[[], None]:
    def wait() -> None:
        WAITERS.setdefault(mutex, []).append(name)
        with mutex:
            order.append(name)

    return wait


def test_excludes() -> None:
    mutex, inside, most = Mutex(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(300):
            with mutex:
                inside += 1
                most = max(most, inside)
                time.sleep(0)
                inside -= 1

    assert run_all(*[work] * 4) == [None] * 4
    assert most == 1
    assert not mutex.locked()


def test_waiters_are_woken_in_the_order_they_came() -> None:
    """In one of a few rounds at least: one that looks by itself just as the mutex is free comes before the others."""
    rounds = list[str]()
    while "abcdef" not in rounds:
        assert len(rounds) < 5, rounds
        mutex, order, threads = Mutex(), list[str](), list[threading.Thread]()
        with mutex:
            for name in "abcdef":
                threads.append(threading.Thread(target=waiter(mutex, name, order)))
                threads[-1].start()
                waiting(mutex, len(threads))
        for thread in threads:
            thread.join(10)
        rounds.append("".join(order))


def test_a_waiter_is_not_starved_by_a_thread_that_takes_the_mutex_again_and_again() -> None:
    mutex, stop, turns = Mutex(), threading.Event(), 0

    def greedy() -> None:
        nonlocal turns
        while not stop.is_set():
            with mutex:
                turns += 1
                time.sleep(0.0005)

    def modest() -> None:
        for _ in range(20):
            with mutex:
                pass
        stop.set()

    assert run_all(greedy, modest) == [None, None]
    # Each time it waits it is overtaken once at most after it was woken; the rest is what ran before it asked.
    assert turns < 5000


def test_a_timeout_takes_nothing_and_swallows_no_wake_up() -> None:
    mutex, order = Mutex(), list[str]()
    mutex.acquire()
    impatient = threading.Thread(target=lambda: order.append(str(mutex.acquire(timeout=0.05))))
    impatient.start()
    time.sleep(0.02)
    patient = threading.Thread(target=waiter(mutex, "patient", order))
    patient.start()
    impatient.join(10)
    mutex.release()
    patient.join(10)
    assert order == ["False", "patient"]
    assert mutex.statistics().timeouts == 1


@pytest.mark.parametrize("_round", range(3))
def test_no_wake_up_is_lost_when_waiters_time_out_as_they_are_chosen(_round: int) -> None:
    """Timeouts of the length of a section: often a waiter gives up in the moment in which it is chosen."""
    mutex, taken, refused = Mutex(), [0] * 4, [0] * 4

    def work(i: int) -> None:
        for n in range(150):
            if mutex.acquire(timeout=0.0004 * (1 + (n + i) % 3)):
                taken[i] += 1
                time.sleep(0.0005)
                mutex.release()
            else:
                refused[i] += 1

    assert run_all(*[partial(work, i) for i in range(4)]) == [None] * 4
    assert [t + r for t, r in zip(taken, refused, strict=True)] == [150] * 4
    assert sum(refused) > 0
    assert mutex.acquire(blocking=False)


def test_acquire_checks_its_arguments_as_rlock_does() -> None:
    mutex, rlock = Mutex(), threading.RLock()
    for arguments in ((False, 1), (True, -2), (True, threading.TIMEOUT_MAX * 2)):
        with pytest.raises((ValueError, OverflowError)) as expected:
            rlock.acquire(*arguments)
        with pytest.raises(expected.type):
            mutex.acquire(*arguments)


def test_locked_times_out_with_lock_timeout() -> None:
    d = LockedDict(a=1)

    def impatient() -> None:
        with pytest.raises(LockTimeout, match=r"LockedDict at 0x\w+> was not free within 0\.02 s"), d.locked(0.02):
            d["a"] = 2
        with pytest.raises(TimeoutError), d.locked(timeout=0):
            d["a"] = 2

    with d.locked():
        assert run_all(impatient) == [None]
    assert d == {"a": 1}
    with pytest.raises(ValueError, match="non-negative"):
        d.locked(-1)


def deadlock_of(*mutexes: Mutex) -> list[BaseException | None]:
    """Each thread takes one mutex and then the next one's."""
    barrier = threading.Barrier(len(mutexes))

    def work(i: int) -> None:
        with mutexes[i]:
            barrier.wait()
            with mutexes[(i + 1) % len(mutexes)]:
                pass

    return run_all(*[partial(work, i) for i in range(len(mutexes))])


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_deadlock_raises_in_one_thread_and_the_others_go_on(size: int) -> None:
    started = time.monotonic()
    mutexes = [Mutex(f"mutex-{i}") for i in range(size)]
    raised = deadlock_of(*mutexes)
    assert time.monotonic() - started < 5
    errors = [error for error in raised if error is not None]
    assert [type(error) for error in errors] == [DeadlockError]
    message = str(errors[0])
    for i in range(size):
        assert f"thread-{i} waits for <Mutex 'mutex-{i}'" in message.replace(f"mutex-{(i + 1) % size}'", f"mutex-{i}'")
    assert message.count(f"{os.path.basename(__file__)}:") == size
    assert message.count(" in work, held by thread-") == size
    assert sum(mutex.statistics().deadlocks for mutex in mutexes) == 1
    assert not any(mutex.locked() for mutex in mutexes)


def test_a_wait_that_gives_up_by_itself_is_no_part_of_a_deadlock() -> None:
    first, second, barrier = Mutex(), Mutex(), threading.Barrier(2)

    def insist() -> None:
        with first:
            barrier.wait()
            with second:
                pass

    def try_for_a_while() -> None:
        with second:
            barrier.wait()
            assert not first.acquire(timeout=0.6)  # a deadlock would have been looked for by now

    assert run_all(insist, try_for_a_while) == [None, None]


def test_a_deadlock_of_two_dicts_raises() -> None:
    a, b, barrier = LockedDict[str, int](), LockedDict[str, int](), threading.Barrier(2)

    def work(first: LockedDict[str, int], second: LockedDict[str, int]) -> None:
        with first.locked():
            barrier.wait()
            second["x"] = 1

    raised = run_all(lambda: work(a, b), lambda: work(b, a))
    assert sorted(str(type(error).__name__) for error in raised) == ["DeadlockError", "NoneType"]


def test_an_owner_that_has_ended_is_reported() -> None:
    mutex = Mutex("orphan")
    assert run_all(mutex.acquire) == [None]
    with pytest.raises(DeadlockError, match="whose owner has ended without releasing it"):
        mutex.acquire()
    assert mutex.acquire(timeout=0.01) is False


def test_a_mutex_left_by_an_ended_thread_is_not_granted_to_a_new_one() -> None:
    """New threads often get the ident and the thread pointer of one that has just ended."""
    mutex, granted = Mutex(), list[bool]()
    assert run_all(mutex.acquire) == [None]
    for _ in range(20):
        assert run_all(lambda: granted.append(mutex.acquire(blocking=False))) == [None]
    assert granted == [False] * 20


def test_an_owner_that_ends_while_it_is_waited_for_is_reported() -> None:
    mutex, taken = Mutex(), threading.Event()

    def own() -> None:
        mutex.acquire()
        taken.set()
        time.sleep(0.3)

    def wait() -> None:
        taken.wait()
        with pytest.raises(DeadlockError, match="has ended"):
            mutex.acquire()

    assert run_all(own, wait) == [None, None]


@pytest.mark.skipif(sys.platform == "win32", reason="signals interrupt waits on POSIX only")
@pytest.mark.parametrize("timeout", [-1, 30])
def test_ctrl_c_interrupts_a_wait(timeout: float) -> None:
    mutex, taken, stop = Mutex(), threading.Event(), threading.Event()

    def own() -> None:
        with mutex:
            taken.set()
            stop.wait(20)

    owner = threading.Thread(target=own)
    owner.start()
    taken.wait()
    threading.Timer(0.05, lambda: signal.raise_signal(signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        mutex.acquire(timeout=timeout)
    assert time.monotonic() - started < 10
    stop.set()
    owner.join()
    assert not mutex.locked()
    assert mutex.acquire(blocking=False)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
def test_interrupted_waits_leave_nothing_held_and_lose_no_wake_up() -> None:
    """Signals at random moments of waits, some of them when the waiter has just been chosen."""
    out = in_subprocess("""
        import random, signal, threading, time
        from lockedcontainers import Mutex
        class Stop(Exception): pass
        armed = False
        def handler(*_):
            if armed: raise Stop
        signal.signal(signal.SIGALRM, handler)
        mutex, done, rng = Mutex(), False, random.Random(1)
        def rival():
            while not done:
                with mutex: time.sleep(0.0004)
        threads = [threading.Thread(target=rival) for _ in range(2)]
        for t in threads: t.start()
        interrupted = 0
        for _ in range(400):
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.00005, 0.001))
                armed = True
                mutex.acquire()
                armed = False
            except Stop:
                armed = False
                interrupted += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            if mutex._is_owned():  # the handler may raise when the mutex has just been taken
                mutex.release()
        done = True
        for t in threads: t.join(20); assert not t.is_alive()
        assert mutex.acquire(timeout=5)
        print("interrupted" if interrupted else "never")
    """)
    assert out == "interrupted"


def test_a_signal_handler_may_use_the_mutex_that_it_interrupted() -> None:
    out = in_subprocess("""
        import signal, threading, time
        from lockedcontainers import Mutex
        mutex, taken = Mutex(), threading.Event()
        def handler(*_):
            with mutex: print("handled")
        signal.signal(signal.SIGALRM, handler)
        def own():
            with mutex:
                taken.set()
                time.sleep(0.2)
        t = threading.Thread(target=own); t.start(); taken.wait()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with mutex: print("taken")
        t.join()
        assert not mutex.locked()
    """)
    assert out.split() == ["handled", "taken"]


@forks
@pytest.mark.parametrize("what", ["mutex", "dict"])
def test_a_lock_held_by_another_thread_is_free_in_the_child_of_a_fork(what: str) -> None:
    out = in_subprocess(f"""
        import os, sys, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from lockedcontainers import LockedDict, Mutex
        mutex, d = Mutex(), LockedDict(a=1)
        taken, stop = threading.Event(), threading.Event()
        def own():
            with mutex, d.locked():
                taken.set(); stop.wait(20)
        def wait():
            with mutex: pass
        threads = [threading.Thread(target=own), threading.Thread(target=wait)]
        threads[0].start(); taken.wait(); threads[1].start()
        pid = os.fork()
        if pid == 0:
            if {what!r} == "mutex":
                ok = mutex.acquire(timeout=5)
                mutex.release()
                seen = []
                t = threading.Thread(target=lambda: seen.append(mutex.acquire(timeout=5)))
                t.start(); t.join()
                os._exit(0 if ok and seen == [True] else 1)
            d["b"] = 2
            os._exit(0 if d == {{"a": 1, "b": 2}} and d["a"] == 1 else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        stop.set()
        for t in threads: t.join(20)
    """)
    assert out == "0"


@forks
def test_a_lock_that_was_free_is_first_used_by_a_new_thread_of_the_child() -> None:
    """Its owner was there neither when the process was forked nor when the lock was last looked at."""
    out = in_subprocess("""
        import os, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from lockedcontainers import LockedDict, Mutex
        mutex, d = Mutex(), LockedDict(a=1)
        pid = os.fork()
        if pid == 0:
            seen, owned, stop = [], threading.Event(), threading.Event()
            def use():
                with mutex:
                    owned.set()
                    stop.wait(20)
                    d["b"] = 2
                seen.append("used")
            t = threading.Thread(target=use); t.start(); owned.wait()
            ok = mutex.acquire(timeout=0.05) is False
            stop.set(); t.join()
            os._exit(0 if ok and seen == ["used"] and d == {"a": 1, "b": 2} and not mutex.locked() else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """)
    assert out == "0"


@forks
def test_a_lock_held_by_the_forking_thread_stays_its_own() -> None:
    out = in_subprocess("""
        import os, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from lockedcontainers import LockedDict
        d = LockedDict(a=1)
        with d.locked():
            pid = os.fork()
            if pid == 0:
                d["b"] = 2
                seen = []
                t = threading.Thread(target=lambda: seen.append(d.get("a")), daemon=True)
                t.start(); t.join(0.2)
                assert seen == [], seen
        if pid == 0:
            t.join(10)
            os._exit(0 if seen == [1] else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """)
    assert out == "0"


def test_locked_takes_several_in_one_order() -> None:
    a, b, c = (LockedDict[int, int]() for _ in range(3))

    def work(*order: LockedDict[int, int]) -> None:
        for i in range(300):
            with locked(*order, timeout=20) as given:
                assert given == order
                assert len({len(d) for d in (a, b, c)}) == 1
                for d in (a, b, c):
                    d[len(d)] = i

    assert run_all(lambda: work(a, b, c), lambda: work(c, b, a), lambda: work(b, a, c, a)) == [None] * 3
    assert len(a) == len(b) == len(c) == 900


def test_locked_gives_up_all_when_one_is_not_free() -> None:
    a, b = LockedDict[str, int](), LockedDict[str, int]()

    def try_both() -> None:
        with pytest.raises(LockTimeout), locked(a, b, timeout=0.02):
            pass

    with b.locked():
        assert run_all(try_both) == [None]
        assert run_all(lambda: a.update(x=1)) == [None]
    with locked() as nothing:
        assert nothing == ()


def test_statistics_count_waits() -> None:
    mutex, order = Mutex(), list[str]()
    assert mutex.statistics() == Statistics(0, 0, 0, 0.0, 0.0)
    with mutex:
        thread = threading.Thread(target=waiter(mutex, "a", order))
        thread.start()
        waiting(mutex, 1)
    thread.join()
    figures = mutex.statistics()
    assert (figures.waits, figures.timeouts, figures.deadlocks) == (1, 0, 0)
    assert 0 < figures.longest <= figures.waited


def test_repr_names_it() -> None:
    mutex = Mutex("accounts")
    assert re.fullmatch(r"<unlocked lockedcontainers\.Mutex object 'accounts' count=0 at 0x[0-9a-f]+>", repr(mutex))
    with mutex:
        assert repr(mutex).startswith("<locked ")


def test_it_is_weakly_referenced_and_freed() -> None:
    mutex = Mutex()
    ref = weakref.ref(mutex)
    with suppress(RuntimeError):
        mutex.release()
    del mutex
    gc.collect()
    assert ref() is None


def test_condition_waits() -> None:
    condition, ready = threading.Condition(Mutex()), False  # type: ignore[arg-type]

    def consumer() -> None:
        with condition:
            assert condition.wait_for(lambda: ready, timeout=10)

    thread = threading.Thread(target=consumer)
    thread.start()
    with condition:
        ready = True
        condition.notify_all()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_a_wait_on_a_condition_that_is_interrupted_ends_holding_the_lock() -> None:
    """At whatever point: of several signals that each raise, all but one come where it waits for the mutex again."""
    condition, main, raised = threading.Condition(Mutex()), threading.get_ident(), list[int]()  # type: ignore[arg-type]

    def handler(*_: object) -> None:
        raised.append(1)
        raise ZeroDivisionError

    def interrupt() -> None:
        with condition:  # free, so the main thread waits
            deadline = time.monotonic() + 20
            while len(raised) < 4:  # one that comes just before it sleeps is not seen till the next
                assert time.monotonic() < deadline
                signal.pthread_kill(main, signal.SIGUSR1)
                time.sleep(0.001)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        thread = threading.Thread(target=interrupt)
        with condition, condition:
            thread.start()
            with pytest.raises(ZeroDivisionError):
                condition.wait()
            assert condition._is_owned()  # type: ignore[attr-defined]
            assert len(raised) >= 4
        thread.join()
        assert condition.acquire(blocking=False)
        condition.release()
    finally:
        signal.signal(signal.SIGUSR1, before)


if __name__ == "__main__":
    unittest.main()
