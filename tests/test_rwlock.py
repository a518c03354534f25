"""The read-write lock and what it guards: one file for the compiled build and the uncompiled one.

Who overtakes whom is explored step by step in testing/test_explored_rooms.py. Here real threads wait until the lock's
own statistics say that another one waits, so that nothing depends on how long anything takes.
"""

from __future__ import annotations

import copy
import gc
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import pytest

from lockedcontainers import (
    DeadlockError,
    Guarded,
    LockedDict,
    LockTimeout,
    Mutex,
    ReadWriteLock,
    ReadWriteStatistics,
    _rwlock,
)

PREFERENCES: tuple[Any, ...] = ("writer", "reader", "fair")
PATIENCE = float(os.environ.get("LOCKEDCONTAINERS_PATIENCE", "30"))

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
alarms = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")


@pytest.fixture(params=PREFERENCES)
def rw(request: pytest.FixtureRequest) -> ReadWriteLock:
    return ReadWriteLock(request.param)


@pytest.fixture
def _nobody_wakes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that waits looks around from time to time: without that, a wake-up that is lost stays lost."""
    monkeypatch.setattr(_rwlock, "MOMENT", 1000.0)
    monkeypatch.setattr(_rwlock, "AGAIN", 1000.0)


class Thread:
    """A call in a thread of its own, begun at once; ``wait`` returns what it did, or fails if it hangs."""

    def __init__(self, call: Callable[[], object], name: str | None = None) -> None:
        self.call = call
        self.value: object = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)
        self.thread.start()

    def run(self) -> None:
        try:
            self.value = self.call()
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def wait(self) -> Any:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "a thread hangs"
        if self.error is not None:
            raise self.error
        return self.value


def elsewhere(call: Callable[[], object]) -> Any:
    return Thread(call).wait()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def waiting(rw: ReadWriteLock, readers: int, writers: int) -> None:
    """Return when so many threads wait."""
    eventually(lambda: rw.statistics()[2:4] == (readers, writers))


def is_free(rw: ReadWriteLock) -> bool:
    def take() -> bool:
        taken = rw.acquire_write(timeout=0)
        if taken:
            rw.release_write()
        return taken

    return rw.statistics()[:4] == (0, 0, 0, 0) and elsewhere(take)


def read_once(rw: ReadWriteLock, timeout: float | None = None) -> None:
    with rw.read(timeout):
        pass


def write_once(rw: ReadWriteLock) -> None:
    with rw.write():
        pass


class Inside:
    """Another thread that holds the lock in a ``with`` statement."""

    def __init__(self, turn: Callable[[], Any], then: Callable[[], object] = lambda: None) -> None:
        self.entered, self.stop = threading.Event(), threading.Event()
        self.turn, self.then = turn, then

    def hold(self) -> object:
        with self.turn():
            self.entered.set()
            assert self.stop.wait(PATIENCE)
            return self.then()

    def __enter__(self) -> Self:
        self.thread = Thread(self.hold)
        assert self.entered.wait(PATIENCE)
        return self

    def leave(self) -> Any:
        self.stop.set()
        return self.thread.wait()

    def __exit__(self, *_: object) -> None:
        self.leave()


def in_subprocess(source: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(source)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


# --- Who may be inside ------------------------------------------------------------------------------------------


def test_many_read_at_once(rw: ReadWriteLock) -> None:
    everybody = threading.Barrier(8)

    def read() -> int:
        with rw.read(timeout=PATIENCE):
            return everybody.wait(PATIENCE)  # returns only if all are inside

    threads = [Thread(read) for _ in range(8)]
    assert sorted(thread.wait() for thread in threads) == list(range(8))
    assert is_free(rw)


@pytest.mark.usefixtures("switch_interval")
def test_one_writes_alone(rw: ReadWriteLock) -> None:
    reading = writing = 0
    most = [0, 0]
    lost = [0, 0]

    def read() -> None:
        nonlocal reading
        for _ in range(300):
            with rw.read():
                assert not writing
                seen = list(lost)
                assert seen[0] == seen[1]
                assert not writing

    def write() -> None:
        nonlocal writing
        for _ in range(100):
            with rw.write():
                writing += 1
                most[0] = max(most[0], writing)
                lost[0] += 1
                lost[1] += 1
                writing -= 1

    threads = [Thread(call) for call in (read, write, read, write)]
    for thread in threads:
        thread.wait()
    assert most[0] == 1
    assert lost == [200, 200]
    assert is_free(rw)


@pytest.mark.parametrize("inner", ["read", "write"])
@pytest.mark.parametrize("outer", ["read", "write"])
def test_who_waits_for_whom(rw: ReadWriteLock, outer: str, inner: str) -> None:
    with getattr(rw, outer)():
        taken = elsewhere(lambda: getattr(rw, f"acquire_{inner}")(timeout=0))
    assert taken is (outer == inner == "read")


def test_it_is_entered_again_by_whom_it_belongs_to(rw: ReadWriteLock) -> None:
    with rw.read(), rw.read(), rw.read():
        assert rw.statistics()[:2] == (1, 0)
    with rw.write(), rw.read(), rw.write(), rw.read():
        assert rw.statistics()[:2] == (1, 1)
        assert elsewhere(lambda: rw.acquire_read(timeout=0)) is False
    assert is_free(rw)


def test_who_reads_may_read_again_while_another_waits_to_write(rw: ReadWriteLock) -> None:
    with rw.read():
        writer = Thread(partial(write_once, rw))
        waiting(rw, 0, 1)
        with rw.read(timeout=0):
            assert rw.acquire_read(timeout=0)
        rw.release_read()
        waiting(rw, 0, 1)
    writer.wait()
    assert is_free(rw)


@pytest.mark.parametrize("timeout", [None, 0, 10])
def test_who_reads_cannot_wait_to_write(rw: ReadWriteLock, timeout: float | None) -> None:
    with rw.read():
        with pytest.raises(DeadlockError, match=r"reads <ReadWriteLock at 0x\w+>: to write as well, use try_upgrade"):
            rw.acquire_write(timeout)
        with pytest.raises(DeadlockError), rw.write(timeout):
            pass
        assert rw.statistics()[:4] == (1, 0, 0, 0)
    assert is_free(rw)


def test_what_is_not_held_cannot_be_released(rw: ReadWriteLock) -> None:
    def release_all() -> None:
        with pytest.raises(RuntimeError, match="cannot stop reading: this thread does not"):
            rw.release_read()
        with pytest.raises(RuntimeError, match="cannot stop writing: this thread does not"):
            rw.release_write()
        with pytest.raises(RuntimeError):
            rw.downgrade()
        with pytest.raises(RuntimeError, match="cannot upgrade: this thread does not read"):
            rw.try_upgrade()

    release_all()
    with rw.read():
        elsewhere(release_all)
        with pytest.raises(RuntimeError):
            rw.release_write()
    with rw.write():
        elsewhere(release_all)
        with pytest.raises(RuntimeError):
            rw.release_read()
    assert is_free(rw)


@pytest.mark.usefixtures("_nobody_wakes_by_itself")
def test_downgrade_lets_readers_in_and_no_writer(rw: ReadWriteLock) -> None:
    rw.acquire_write()
    writer = Thread(partial(write_once, rw))
    waiting(rw, 0, 1)
    rw.downgrade()
    assert rw.statistics()[:4] == (1, 0, 0, 1)
    rw.release_read()
    writer.wait()
    rw.acquire_write()
    reader = Thread(partial(read_once, rw))
    waiting(rw, 1, 0)
    rw.downgrade()
    reader.wait()
    rw.release_read()
    assert is_free(rw)


def test_a_writer_may_read_and_stop_writing(rw: ReadWriteLock) -> None:
    with rw.write():
        rw.acquire_read()
    assert rw.statistics()[:2] == (1, 0)
    assert elsewhere(lambda: rw.acquire_write(timeout=0)) is False
    elsewhere(partial(read_once, rw))
    rw.release_read()
    assert is_free(rw)


def test_downgrade_of_an_inner_write_goes_on_writing(rw: ReadWriteLock) -> None:
    with rw.write():
        rw.acquire_write()
        rw.downgrade()
        assert rw.statistics()[:2] == (1, 1)
        rw.release_read()
    assert is_free(rw)


def test_the_only_reader_can_upgrade(rw: ReadWriteLock) -> None:
    with rw.read(), rw.read():
        assert rw.try_upgrade()
        assert rw.try_upgrade(None)
        assert rw.statistics()[:2] == (1, 1)
        assert elsewhere(lambda: rw.acquire_read(timeout=0)) is False
        rw.release_write()
        rw.release_write()
        elsewhere(partial(read_once, rw, timeout=0))
    with rw.write():
        assert rw.try_upgrade()
        rw.release_write()
    assert is_free(rw)


@pytest.mark.usefixtures("_nobody_wakes_by_itself")
def test_of_two_readers_the_first_can_upgrade(rw: ReadWriteLock) -> None:
    def upgrade() -> Any:
        upgraded = rw.try_upgrade(None)
        if upgraded:
            rw.release_write()
        return upgraded

    with Inside(rw.read, then=upgrade) as first:
        with rw.read():
            assert rw.try_upgrade() is False
            assert rw.try_upgrade(0.001) is False
            first.stop.set()
            waiting(rw, 0, 1)
            assert rw.try_upgrade(None) is False  # at once: each would wait for the other
            assert rw.statistics()[:4] == (2, 0, 0, 1)
        assert first.leave() is True
    assert is_free(rw)


@pytest.mark.usefixtures("_nobody_wakes_by_itself")
def test_an_upgrade_overtakes_those_who_wait_for_it(rw: ReadWriteLock) -> None:
    order: list[str] = []

    def upgrade() -> None:
        assert rw.try_upgrade(None)
        order.append("upgraded")
        rw.release_write()

    def write() -> None:
        with rw.write():
            order.append("wrote")

    with Inside(rw.read, then=upgrade) as first:
        with rw.read():
            writer = Thread(write)
            waiting(rw, 0, 1)
            first.stop.set()
            waiting(rw, 0, 2)
        first.leave()
    writer.wait()
    assert order == ["upgraded", "wrote"]


# --- Who goes first ------------------------------------------------------------------------------------------------


def served(rw: ReadWriteLock, who: str, *, while_: str) -> list[str]:
    """Who gets in after whom, of threads that come one after the other while the lock is held."""
    order: list[str] = []
    threads: list[Thread] = []

    def come(name: str) -> None:
        with rw.read() if name[0] == "r" else rw.write():
            order.append(name)

    with getattr(rw, while_)():
        for i, kind in enumerate(who):
            threads.append(Thread(partial(come, f"{kind}{i}")))
            eventually(lambda: sum(rw.statistics()[2:4]) + len(order) == len(threads))  # it waits, or need not
    for thread in threads:
        thread.wait()
    assert is_free(rw)
    return order


def groups(order: list[str]) -> list[str]:
    """Readers beside one another in any order: they are inside together."""
    text = " ".join(order)
    return [" ".join(sorted(group.split())) for group in re.findall(r"(?:r\d ?)+|w\d", text)]


@pytest.mark.usefixtures("_nobody_wakes_by_itself")
@pytest.mark.parametrize(
    ("preference", "while_", "expected"),
    [
        ("writer", "read", ["r0", "w1", "w3", "r2 r4"]),
        ("reader", "read", ["r0 r2 r4", "w1", "w3"]),
        ("fair", "read", ["r0", "w1", "r2", "w3", "r4"]),
        ("writer", "write", ["w1", "w3", "r0 r2 r4"]),
        ("reader", "write", ["r0 r2 r4", "w1", "w3"]),
        ("fair", "write", ["r0", "w1", "r2", "w3", "r4"]),
    ],
)
def test_preferences(preference: Any, while_: str, expected: list[str]) -> None:
    assert groups(served(ReadWriteLock(preference), "rwrwr", while_=while_)) == expected


@pytest.mark.parametrize("preference", ["writer", "fair"])
def test_readers_do_not_overtake_a_waiting_writer(preference: Any) -> None:
    """Counted, not timed: of a hundred that come after it none gets in before it."""
    rw, entered = ReadWriteLock(preference), 0
    with rw.read():

        def write() -> int:
            with rw.write():
                return entered

        writer = Thread(write)
        waiting(rw, 0, 1)

        def read() -> None:
            nonlocal entered
            for _ in range(100):
                if rw.acquire_read(timeout=0):
                    entered += 1
                    rw.release_read()

        elsewhere(read)
    assert writer.wait() == 0
    assert is_free(rw)


@pytest.mark.usefixtures("switch_interval")
@pytest.mark.parametrize("_round", range(3))
def test_no_wake_up_is_lost_when_waiters_time_out_as_they_are_served(rw: ReadWriteLock, _round: int) -> None:
    got, refused = [0] * 4, [0] * 4

    def work(i: int) -> None:
        for n in range(100):
            write = (n + i) % 3 == 0
            acquire, release = (rw.acquire_write, rw.release_write) if write else (rw.acquire_read, rw.release_read)
            if acquire(timeout=0.0004 * (1 + (n + i) % 3)):
                got[i] += 1
                time.sleep(0.0005)
                release()
            else:
                refused[i] += 1

    threads = [Thread(partial(work, i)) for i in range(4)]
    for thread in threads:
        thread.wait()
    assert [g + r for g, r in zip(got, refused, strict=True)] == [100] * 4
    assert is_free(rw)


# --- Timeouts ------------------------------------------------------------------------------------------------------


def test_a_timeout_changes_nothing(rw: ReadWriteLock) -> None:
    with Inside(rw.write):
        for timeout in (0, 0.0, 0.01):
            assert rw.acquire_read(timeout) is False
            assert rw.acquire_write(timeout=timeout) is False
            with pytest.raises(LockTimeout, match=rf"<ReadWriteLock at 0x\w+> was not free within {timeout:g} s"):
                rw.read(timeout).__enter__()
            with pytest.raises(TimeoutError), rw.write(timeout=timeout):
                pytest.fail("entered")
        assert rw.statistics()[:4] == (0, 1, 0, 0)
        assert rw.statistics().timeouts == 4
    assert is_free(rw)
    for acquire in (rw.acquire_read, rw.acquire_write, rw.read, rw.write):
        for bad, error in ((-1, ValueError), (float("nan"), ValueError), (1e300, OverflowError), ("1 s", ValueError)):
            with pytest.raises(error):
                acquire(bad)  # type: ignore[arg-type]
    assert is_free(rw)


@pytest.mark.usefixtures("_nobody_wakes_by_itself")
@pytest.mark.parametrize("preference", ["writer", "fair"])
def test_a_writer_that_gives_up_lets_the_readers_behind_it_in(preference: Any) -> None:
    rw = ReadWriteLock(preference)
    with rw.read():
        writer = Thread(lambda: rw.acquire_write(timeout=0.3))
        waiting(rw, 0, 1)
        reader = Thread(partial(read_once, rw))
        assert writer.wait() is False
        reader.wait()  # though the first reader is still inside
    assert is_free(rw)


# --- Interrupts ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="signals interrupt waits on POSIX only")
@pytest.mark.parametrize("to_main", [True, False])
@pytest.mark.parametrize("timeout", [None, 30])
@pytest.mark.parametrize("what", ["acquire_read", "acquire_write", "try_upgrade"])
def test_ctrl_c_interrupts_every_wait(rw: ReadWriteLock, what: str, timeout: float | None, to_main: bool) -> None:
    def interrupt() -> None:
        waiting(rw, what == "acquire_read", what != "acquire_read")
        if to_main:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            signal.raise_signal(signal.SIGINT)  # to a thread of its own: nothing interrupts the sleep of the main one

    with Inside(rw.read if what == "try_upgrade" else rw.write):
        if what == "try_upgrade":
            rw.acquire_read()
        thread = Thread(interrupt)
        with pytest.raises(KeyboardInterrupt):
            getattr(rw, what)(timeout)
        thread.wait()
        assert rw.statistics()[2:4] == (0, 0)
        if what == "try_upgrade":
            rw.release_read()
    assert is_free(rw)
    assert rw.statistics().waits >= 1


@pytest.mark.usefixtures("_nobody_wakes_by_itself")
@pytest.mark.skipif(sys.platform == "win32", reason="signals interrupt waits on POSIX only")
@pytest.mark.parametrize("preference", ["writer", "fair"])
def test_an_interrupted_writer_lets_the_readers_behind_it_in(preference: Any) -> None:
    rw, readers = ReadWriteLock(preference), list[Thread]()

    def interrupt() -> None:
        waiting(rw, 0, 1)
        readers.append(Thread(partial(read_once, rw)))
        waiting(rw, 1, 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with Inside(rw.read):
        thread = Thread(interrupt)
        with pytest.raises(KeyboardInterrupt):
            rw.acquire_write()
        thread.wait()
        readers[0].wait()
    assert is_free(rw)


@alarms
@pytest.mark.parametrize("preference", PREFERENCES)
def test_interrupted_waits_leave_nothing_held_and_lose_no_wake_up(preference: str) -> None:
    """Signals at random moments of waits, some of them when the waiter has just been let in or chosen.

    Uncompiled only in the sleep of a wait: elsewhere Python itself leaves no way to be sure what has been done.
    """
    assert in_subprocess(f"""
        import random, signal, threading, time
        from lockedcontainers import ReadWriteLock, is_compiled
        class Stop(Exception): pass
        armed = False
        def handler(_, frame):
            if armed and (is_compiled or frame.f_code.co_name == "sleep"): raise Stop
        signal.signal(signal.SIGALRM, handler)
        rw, done, rng = ReadWriteLock({preference!r}), False, random.Random(1)
        def write():
            while not done:
                with rw.write(): time.sleep(0.0003)
                time.sleep(0.0001)
        def read():
            while not done:
                with rw.read(): time.sleep(0.0003)
                time.sleep(0.0001)
        threads = [threading.Thread(target=call) for call in (read, write, read)]
        for t in threads: t.start()
        interrupted = 0
        for n in range(300):
            acquire, release = (rw.acquire_read, rw.release_read) if n % 2 else (rw.acquire_write, rw.release_write)
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.00005, 0.001))
                armed = True
                acquire()
                armed = False
            except Stop:
                armed = False
                interrupted += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            try:
                release()  # the handler may have raised when it had just been acquired
            except RuntimeError:
                pass
        done = True
        for t in threads: t.join(20); assert not t.is_alive()
        assert rw.statistics()[:4] == (0, 0, 0, 0), rw.statistics()
        assert rw.acquire_write(timeout=5)
        print("interrupted" if interrupted else "never")
    """) == ["interrupted"]  # fmt: skip


@alarms
@pytest.mark.parametrize("inner", ["read", "write"])
@pytest.mark.parametrize("outer", ["read", "write"])
@pytest.mark.parametrize("preference", PREFERENCES)
def test_a_signal_handler_may_use_the_lock_that_it_interrupted(preference: str, outer: str, inner: str) -> None:
    """While its thread waits for it: the handler does not wait for what its own thread waits for."""
    out = in_subprocess(f"""
        import signal, threading
        from lockedcontainers import ReadWriteLock
        rw, taken, handling = ReadWriteLock({preference!r}), threading.Event(), threading.Event()
        def handler(*_):
            handling.set()
            with rw.{inner}(): print("handled")
        signal.signal(signal.SIGALRM, handler)
        def own():
            with rw.write():
                taken.set()
                handling.wait(20)
        t = threading.Thread(target=own); t.start(); taken.wait()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with rw.{outer}(): print("taken")
        t.join()
        print(*rw.statistics()[:4])
    """)
    assert out == ["handled", "taken", "0", "0", "0", "0"]


@pytest.mark.parametrize("inner", ["read", "write"])
def test_a_finalizer_may_use_the_lock_it_runs_under(rw: ReadWriteLock, inner: str) -> None:
    used: list[str] = []

    class Uses:
        def __del__(self) -> None:
            with getattr(rw, inner)():
                used.append(inner)

    cycle: list[Any] = [Uses()]
    cycle.append(cycle)
    with rw.write():
        del cycle
        gc.collect()
        assert used == [inner]
    assert is_free(rw)


# --- Deadlocks -----------------------------------------------------------------------------------------------------


def outcomes(*calls: Callable[[threading.Barrier], object]) -> list[BaseException]:
    """What calls raise that each take something, meet at a barrier, and take more."""
    barrier, raised = threading.Barrier(len(calls)), list[BaseException]()

    def run(call: Callable[[threading.Barrier], object]) -> None:
        try:
            call(barrier)
        except DeadlockError as error:
            raised.append(error)

    threads = [Thread(partial(run, call), name=f"thread-{i}") for i, call in enumerate(calls)]
    for thread in threads:
        thread.wait()
    return raised


def nested(outer: Any, inner: Callable[[], Any]) -> Callable[[threading.Barrier], None]:
    def work(barrier: threading.Barrier) -> None:
        with outer:
            barrier.wait(PATIENCE)
            with inner():
                pass

    return work


@pytest.mark.parametrize(("outer", "inner"), [("write", "write"), ("read", "write"), ("write", "read")])
@pytest.mark.parametrize("size", [2, 3])
def test_a_deadlock_raises_in_one_thread_and_the_others_go_on(outer: str, inner: str, size: int) -> None:
    rws = [ReadWriteLock(PREFERENCES[i], name=f"rw-{i}") for i in range(size)]
    raised = outcomes(*[nested(getattr(rws[i], outer)(), getattr(rws[(i + 1) % size], inner)) for i in range(size)])
    assert len(raised) == 1
    message = str(raised[0])
    for i in range(size):
        assert f"thread-{i} waits for <ReadWriteLock 'rw-{(i + 1) % size}' at 0x" in message
    assert message.count(f"{os.path.basename(__file__)}:") == size
    assert message.count(" in work, held by thread-") == size
    assert sum(rw.statistics().deadlocks for rw in rws) == 1
    assert all(is_free(rw) for rw in rws)


@pytest.mark.parametrize("others", [0, 3])
@pytest.mark.parametrize("what", [Mutex, LockedDict])
@pytest.mark.parametrize("mine", ["read", "write"])
def test_a_deadlock_with_other_locks_of_ours_is_found(rw: ReadWriteLock, mine: str, what: Any, others: int) -> None:
    """Also where other threads read, that have nothing to do with it."""
    other: Any = what()
    section = other.locked if what is LockedDict else lambda: other
    innocent = [Inside(rw.read) for _ in range(others if mine == "read" else 0)]
    for reader in innocent:
        reader.__enter__()

    def reads_first(barrier: threading.Barrier) -> None:
        with getattr(rw, mine)():
            barrier.wait(PATIENCE)
            with section():
                pass

    def writes_last(barrier: threading.Barrier) -> None:
        with section():
            barrier.wait(PATIENCE)
            try:
                with rw.write():
                    pass
            finally:
                for reader in innocent:
                    reader.stop.set()

    raised = outcomes(reads_first, writes_last)
    assert [type(error) for error in raised] == [DeadlockError]
    assert rw.statistics().deadlocks == 1
    for reader in innocent:
        reader.leave()
    assert is_free(rw)


@pytest.mark.parametrize("preference", ["writer", "fair"])
def test_a_reader_that_waits_behind_a_writer_is_part_of_a_deadlock(preference: Any) -> None:
    """One reads and waits for the mutex of one that waits to read, for the sake of one that waits to write."""
    rw, mutex = ReadWriteLock(preference), Mutex()
    errors: list[str] = []

    def note(name: str, call: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                call()
            except DeadlockError:
                errors.append(name)

        return run

    def first() -> None:
        with mutex:
            pass

    reading = Inside(rw.read, then=note("first", first))
    with reading:
        taken = threading.Event()

        def hold() -> None:
            with mutex:
                taken.set()
                waiting(rw, 0, 1)
                reading.stop.set()
                with rw.read():
                    pass

        last = Thread(note("last", hold))
        assert taken.wait(PATIENCE)
        writer = Thread(note("writer", partial(write_once, rw)))
        for thread in (last, writer, reading.thread):
            thread.wait()
    assert len(errors) == 1
    assert errors[0] in ("last", "writer")
    assert is_free(rw)


def test_a_wait_with_a_timeout_is_no_part_of_a_deadlock() -> None:
    a, b = ReadWriteLock(), ReadWriteLock()

    def impatient(barrier: threading.Barrier) -> None:
        with a.read():
            barrier.wait(PATIENCE)
            assert b.acquire_write(timeout=0.8) is False  # the other one looks for a deadlock twice meanwhile

    assert outcomes(impatient, nested(b.read(), a.write)) == []
    assert is_free(a)
    assert is_free(b)


def test_a_thread_that_waits_long_is_not_in_a_deadlock(rw: ReadWriteLock) -> None:
    with rw.read():
        thread = Thread(partial(write_once, rw))
        waiting(rw, 0, 1)
        thread.thread.join(0.8)  # it looks for a deadlock twice
        assert thread.thread.is_alive()
    thread.wait()
    assert rw.statistics().deadlocks == 0


# --- Threads that are gone -----------------------------------------------------------------------------------------


def test_a_reader_that_has_ended_is_reported_to_who_wants_to_write(rw: ReadWriteLock) -> None:
    elsewhere(rw.acquire_read)
    with pytest.raises(DeadlockError, match=r"waits for <ReadWriteLock at .*whose owner has ended without releasing"):
        rw.acquire_write()
    assert rw.acquire_write(timeout=0.01) is False
    with rw.read():
        assert rw.statistics()[:2] == (2, 0)
        assert rw.try_upgrade() is False
        with pytest.raises(DeadlockError, match="has ended"):
            rw.try_upgrade(None)
    assert rw.statistics()[:4] == (1, 0, 0, 0)


@pytest.mark.parametrize("what", ["read", "write"])
def test_a_writer_that_has_ended_is_reported(rw: ReadWriteLock, what: str) -> None:
    elsewhere(rw.acquire_write)
    with pytest.raises(DeadlockError, match="has ended"):
        getattr(rw, what)().__enter__()
    assert rw.acquire_read(timeout=0) is False


def test_who_ends_while_it_is_waited_for_is_reported(rw: ReadWriteLock) -> None:
    def read() -> None:
        rw.acquire_read()
        waiting(rw, 0, 1)

    thread = Thread(read)
    eventually(lambda: rw.statistics().readers == 1)
    with pytest.raises(DeadlockError, match="has ended"):
        rw.acquire_write()
    thread.wait()


@pytest.mark.parametrize("what", ["read", "write"])
def test_what_an_ended_thread_held_does_not_belong_to_a_new_one(rw: ReadWriteLock, what: str) -> None:
    """New threads often get the ident and the thread pointer of one that has just ended."""
    elsewhere(getattr(rw, f"acquire_{what}"))

    def use() -> None:
        with pytest.raises(RuntimeError):
            getattr(rw, f"release_{what}")()
        assert rw.acquire_write(timeout=0) is False

    for _ in range(20):
        elsewhere(use)


@forks
@pytest.mark.parametrize("held", ["read", "write"])
@pytest.mark.parametrize("preference", PREFERENCES)
def test_what_another_thread_held_is_free_in_the_child_of_a_fork(preference: str, held: str) -> None:
    out = in_subprocess(f"""
        import os, threading, time
        from lockedcontainers import ReadWriteLock
        rw, taken, stop = ReadWriteLock({preference!r}), threading.Event(), threading.Event()
        def own():
            with rw.{held}(): taken.set(); stop.wait(20)
        def wait(turn):
            with turn: pass
        threads = [threading.Thread(target=own)]
        threads[0].start(); taken.wait()
        for turn in (rw.write(), rw.write(), rw.read()):
            threads.append(threading.Thread(target=wait, args=(turn,))); threads[-1].start()
        waiting = 2 if ({preference!r}, {held!r}) == ("reader", "read") else 3
        while sum(rw.statistics()[2:4]) < waiting: time.sleep(0.001)
        pid = os.fork()
        if pid == 0:
            assert rw.acquire_read(timeout=5)
            rw.release_read()
            assert rw.acquire_write(timeout=0)
            rw.release_write()
            assert rw.statistics()[:4] == (0, 0, 0, 0)
            seen = []
            t = threading.Thread(target=lambda: seen.append(rw.acquire_write(timeout=5))); t.start(); t.join()
            os._exit(0 if seen == [True] else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        stop.set()
        for t in threads: t.join(20)
        print(*rw.statistics()[:4])
    """)
    assert out == ["0", "0", "0", "0", "0"]


@forks
@pytest.mark.parametrize("held", ["read", "write"])
def test_what_the_forking_thread_held_stays_its_own(held: str) -> None:
    """Also in a child of the child, and though another thread read in the parent."""
    out = in_subprocess(f"""
        import os, threading
        from lockedcontainers import ReadWriteLock
        rw, taken, stop = ReadWriteLock(), threading.Event(), threading.Event()
        def own():
            with rw.read(): taken.set(); stop.wait(20)
        other = threading.Thread(target=own)
        if {held!r} == "read": other.start(); taken.wait()
        def free():
            seen = []
            t = threading.Thread(target=lambda: seen.append(rw.acquire_write(timeout=0))); t.start(); t.join()
            return seen[0]
        def forked(levels):
            pid = os.fork()
            if pid == 0:
                if levels > 1: assert forked(levels - 1) == 0
                assert not free()
                if {held!r} == "read":
                    assert rw.try_upgrade()
                    rw.release_write()
                assert rw.statistics()[:2] == {(1, 0) if held == "read" else (0, 1)}, rw.statistics()
                rw.release_{held}()
                os._exit(0 if free() else 1)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        rw.acquire_{held}()
        print(forked(2), free())
        rw.release_{held}()
        stop.set()
        if {held!r} == "read": other.join()
        print(free())
    """)
    assert out == ["0", "False", "True"]


@forks
@pytest.mark.parametrize("preference", PREFERENCES)
def test_what_a_new_thread_of_the_child_holds_is_not_taken_for_a_hold_of_the_parent(preference: str) -> None:
    out = in_subprocess(f"""
        import os, threading
        from lockedcontainers import ReadWriteLock
        rw = ReadWriteLock({preference!r})
        with rw.read(): pass
        pid = os.fork()
        if pid == 0:
            taken, stop, ends = threading.Event(), threading.Event(), []
            def own():
                with rw.read(): taken.set(); stop.wait(20)
                ends.append("well")
            t = threading.Thread(target=own); t.start(); taken.wait()
            assert rw.acquire_write(timeout=0.01) is False
            assert rw.statistics()[:4] == (1, 0, 0, 0)
            stop.set(); t.join()
            os._exit(0 if ends == ["well"] and rw.acquire_write(timeout=0) else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """)
    assert out == ["0"]


@pytest.mark.parametrize("held", ["read", "write"])
def test_what_daemon_threads_hold_counts_as_nothing_at_exit(held: str) -> None:
    out = in_subprocess(f"""
        import sys, threading, time
        from lockedcontainers import ReadWriteLock
        rw, taken = ReadWriteLock(), threading.Event()
        def own():
            with rw.{held}(): taken.set(); time.sleep(1000)
        def wait():
            with rw.write(): pass
        threading.Thread(target=own, daemon=True).start(); taken.wait()
        threading.Thread(target=wait, daemon=True).start()
        while not rw.statistics().waiting_writers: time.sleep(0.001)
        class AtExit:
            def __del__(self, rw=rw, print=print):
                with rw.write(): print("written", flush=True)
        sys.modules["at exit"] = AtExit()  # let go when nothing of Python's runs any more but this
        print("exits", flush=True)
    """)
    assert out == ["exits", "written"]


# --- What it says of itself ----------------------------------------------------------------------------------------


def test_statistics_are_of_one_moment(rw: ReadWriteLock) -> None:
    assert rw.statistics() == ReadWriteStatistics(0, 0, 0, 0, 0, 0, 0, 0.0, 0.0)
    with rw.write():
        threads = [Thread(partial(write_once, rw))]
        threads += [Thread(partial(read_once, rw)) for _ in range(2)]
        waiting(rw, 2, 1)
        assert rw.statistics()[:7] == (0, 1, 2, 1, 0, 0, 0)
    for thread in threads:
        thread.wait()
    figures = rw.statistics()
    assert figures[:7] == (0, 0, 0, 0, 3, 0, 0)
    assert 0 < figures.longest <= figures.waited


def test_repr_says_who_is_inside() -> None:
    rw = ReadWriteLock("fair", name="settings")
    address = rf"at {id(rw):#x}>"
    assert (
        repr(rw) == f"<unlocked lockedcontainers.ReadWriteLock object 'settings' preference='fair' readers=0 {address}"
    )
    with rw.read():
        assert repr(rw).startswith("<reading ")
    with rw.write():
        assert repr(rw).startswith("<writing ")
    assert "object preference='writer' readers=0" in repr(ReadWriteLock())


def test_it_is_made_with_a_preference() -> None:
    assert (ReadWriteLock().preference, ReadWriteLock().name) == ("writer", None)
    assert (ReadWriteLock(preference="fair", name="a").preference, ReadWriteLock(name="a").name) == ("fair", "a")
    for bad in ("writers", None, 1):
        with pytest.raises(ValueError, match="preference must be 'writer', 'reader' or 'fair', not"):
            ReadWriteLock(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_is_not_copied(rw: ReadWriteLock, make: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="cannot pickle 'ReadWriteLock' object"):
        make(rw)


def test_it_is_weakly_referenced_and_freed() -> None:
    rw = ReadWriteLock()
    with rw.read():
        elsewhere(partial(rw.acquire_write, timeout=0.001))
    ref = weakref.ref(rw)
    del rw
    assert ref() is None


def test_a_subclass_that_forgets_to_initialise_it_works() -> None:
    class Forgets(ReadWriteLock):
        def __init__(self) -> None:
            pass

    rw = Forgets()
    with rw.write(), rw.read():
        assert elsewhere(lambda: rw.acquire_read(timeout=0)) is False
    assert is_free(rw)


def test_it_does_not_grow_with_the_threads_that_used_it(rw: ReadWriteLock) -> None:
    def use() -> None:
        with rw.read(), rw.read():
            pass
        with rw.write():
            pass

    for _ in range(50):
        elsewhere(use)
    gc.collect()
    before = Counter(type(thing).__name__ for thing in gc.get_objects())
    for _ in range(50):
        elsewhere(use)
    gc.collect()
    after = Counter(type(thing).__name__ for thing in gc.get_objects())
    assert after["Hold"] <= before["Hold"]
    assert after["Waiter"] <= before["Waiter"]


# --- Guarded -------------------------------------------------------------------------------------------------------


def test_guarded_gives_its_object_under_the_lock() -> None:
    scores = Guarded({"ann": 1})
    with scores.write() as value:
        value["bob"] = 2
        assert scores.lock.statistics()[:2] == (0, 1)
        with scores.read() as same:
            assert same is value
    with scores.read() as value:
        assert value == {"ann": 1, "bob": 2}
        assert scores.lock.statistics()[:2] == (1, 0)
        assert elsewhere(lambda: len(scores.read(timeout=0).__enter__())) == 2
    with pytest.raises(LockTimeout), scores.write(timeout=0):  # that thread never left
        pass
    with pytest.raises(ValueError, match="non-negative"):
        scores.read(-1)


def test_guarded_may_share_a_lock() -> None:
    rw = ReadWriteLock("fair", name="both")
    names, ages = Guarded(["ann"], rw), Guarded({"ann": 3}, rw)
    assert names.lock is rw is ages.lock
    with names.write(), ages.write() as value:
        assert value == {"ann": 3}
        assert rw.statistics().writers == 1
    assert repr(names).startswith("<lockedcontainers.Guarded list by <unlocked lockedcontainers.ReadWriteLock")
    with pytest.raises(TypeError, match="cannot pickle"):
        copy.deepcopy(names)


def test_guarded_lets_go_when_the_block_raises() -> None:
    numbers = Guarded([1])
    with pytest.raises(ZeroDivisionError), numbers.write() as value:
        value.append(1 // 0)
    assert is_free(numbers.lock)
