# cython: binding=False, embedsignature=True, embedsignature.format=clinic
# ← _sorted.py            _queue.py →
"""ReadWriteLock, and Guarded: many threads look at a thing at once, or one changes it.

Overview (for maintainers)
    What the lock knows is plain fields: a ``Hold`` for each thread that is inside, and a queue of ``Waiter``s. All
    of it is read and written in sections of the lock's own mutex, as the storage of a container is. No section runs
    Python code or waits, so compiled with the GIL nobody is ever met in one, and each costs a few loads and stores.
    What is allocated is allocated before a section: a garbage collection in one would run finalizers there.

    A hold names its thread by an id that is never recycled. Holds that no thread uses any more are used again, so
    there are as many as threads were ever inside at once, and one that comes again finds its own at once.

    Who leaves *serves* the queue. Those whose turn it is are made holders by the one who leaves; but a writer that
    leaves only *chooses* them: they are woken, and a running thread may be quicker. Who was chosen and came too late
    is impatient, and is served like the others. So no thread has to sleep at each turn of a busy lock (the lock
    convoy), and none is overtaken for ever. A fair lock never just chooses. Who gives up, because its time is over
    or a signal handler raised, leaves the queue and serves it: it may have been the one the others waited for.

    A thread that waits looks for a deadlock after ``MOMENT``, as in _mutex. There a mutex has one owner, and a walk
    follows one line. Here a thread may wait for several, so ``way_back`` searches, through our waits and those for
    mutexes. Every cycle that has one of our waits in it is found by that one; so _mutex need not know of us.
    The search looks at one thread after the other. A cycle counts if two searches find the same waits: a thread
    that waits changes nothing, hence between the two all of them waited at once.

    Signal handlers run while their thread is in the queue. What they ask of the same lock does not wait for that.
    Accepted, uncompiled: as in _mutex.py, a signal handler that raises between two lines of Python can leave a hold
    or a section behind; one that runs between two lines of a section, and must wait then, gets a ``DeadlockError``.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, NoReturn, TypeVar

from lockedcontainers import _sync
from lockedcontainers._locking import DeadlockError, deadlock_error, describe, not_free, seconds_to_wait

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._mutex import (
        check_signals,
        discard,
        enter,
        enter_now,
        leave,
        lives,
        thread_id,
        thread_word,
        twin,
        wait_of,
    )

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

T = TypeVar("T")
#: Who goes first when both wait: see :class:`ReadWriteLock`.
Preference = Literal["writer", "reader", "fair"]
# A wait, its ident, what it is for, and the word of a thread that must let go first: of one, or of all of them.
Link = tuple[object, int, object, int]
Links = tuple[object, int, object, list[int]]

MOMENT = 0.1  # as in _mutex
AGAIN = 0.5


class ReadWriteStatistics(NamedTuple):
    """Who is in a read-write lock, who waits for it, and what waiting has cost: all of one moment.

    >>> from lockedcontainers import ReadWriteLock
    >>> rw = ReadWriteLock()
    >>> with rw.read():
    ...     rw.statistics().readers
    1
    """

    readers: int
    """How many threads read."""
    writers: int
    """How many threads write: 1 or 0. A writer may read too."""
    waiting_readers: int
    """How many threads wait to read."""
    waiting_writers: int
    """How many threads wait to write."""
    waits: int
    """How often a thread has had to wait, until now."""
    timeouts: int
    """How many of those waits ended because their time was over."""
    deadlocks: int
    """How many of them ended in a ``DeadlockError``."""
    waited: float
    """Seconds waited by all threads together."""
    longest: float
    """Seconds of the longest wait."""


class Hold:
    """That a thread is inside, and how often; of no thread while both counts are 0."""

    __slots__ = ("reads", "thread", "word", "writes")

    def __init__(self, thread: int, word: int) -> None:
        self.thread = thread
        self.word = word
        self.reads = 0
        self.writes = 0


class Waiter:
    """A thread that waits for the lock."""

    __slots__ = (
        "chosen",
        "hold",
        "ident",
        "impatient",
        "let_in",
        "lock",
        "queued",
        "signal",
        "thread",
        "timed",
        "upgrades",
        "woken",
        "word",
        "writes",
    )

    def __init__(self, lock: ReadWriteLock, writes: bool, upgrades: bool, timed: bool) -> None:
        self.lock = lock
        self.writes = writes
        self.upgrades = upgrades
        self.timed = timed  # it will give up by itself: no part of a deadlock
        self.thread = thread_id()
        self.word = thread_word()
        self.ident = _sync.get_ident()
        self.hold = Hold(self.thread, self.word)
        self.signal = _sync.allocate_lock()
        self.signal.acquire(False)
        self.queued = False
        self.chosen = False  # woken while the lock was free, and has not looked yet
        self.impatient = False  # was chosen, and came too late
        self.let_in = False
        self.woken = False  # the signal has been given and not been taken


@cython.freelist(16)  # pyright: ignore[reportUnknownMemberType]
@cython.cclass
class Turn:
    """What ``read()`` and ``write()`` return: entered, it holds the lock."""

    __slots__ = ("_lock", "_timeout", "_value", "_writes")
    _lock: ReadWriteLock
    _timeout: float
    _value: Any
    _writes: bool

    def __enter__(self) -> Any:
        if self._writes:
            if not write_now(self._lock) and not wait(self._lock, True, False, self._timeout):
                raise not_free(self._lock, self._timeout)
        elif not read_now(self._lock) and not wait(self._lock, False, False, self._timeout):
            raise not_free(self._lock, self._timeout)
        return self._value

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        stop(self._lock, self._writes, False)


class ReadWriteLock:
    """A lock that many threads may hold to read, or one thread to write.

    For what is read often, changed seldom, and takes long to read: it costs more than a mutex where nothing is
    gained by reading at the same time, as with the GIL in code that neither waits nor releases it.

    *preference* says who goes first when both wait. ``"writer"``: who wants to read waits while a thread waits to
    write. ``"reader"``: who wants to read waits only for a thread that writes. ``"fair"``: all go in the order in
    which they came, and readers beside one another go together.

    Fairness: no thread that waits to write starves under ``"writer"``, and none at all under ``"fair"``. Under
    ``"writer"`` and ``"reader"`` a thread that has just been woken by one that wrote may be overtaken once by
    others that write; after that it is next.
    Reentrancy: a thread that reads may read again, even while others wait to write. A thread that writes may write
    again, and read. Each acquire needs its release, in any order: a thread that writes, begins to read, and stops
    writing has gone from one to the other with nobody in between, as with :meth:`downgrade`.
    Upgrade: a thread that reads cannot just wait to write, since it would wait for itself: :meth:`acquire_write`
    raises :exc:`DeadlockError` at once. :meth:`try_upgrade` writes if nobody else reads.

    Deadlocks, Ctrl-C, and forks are as with :class:`Mutex`; threads that read count as owners too.
    *name* appears in its ``repr`` and in error messages.

    >>> from lockedcontainers import ReadWriteLock
    >>> rw, settings = ReadWriteLock(), {"colour": "red"}
    >>> with rw.write():
    ...     settings["colour"] = "blue"
    >>> with rw.read():
    ...     settings["colour"]
    'blue'
    """

    __slots__ = (
        "__weakref__",
        "_bars",
        "_deadlocks",
        "_fair",
        "_forks",
        "_holds",
        "_last",
        "_longest",
        "_mutex",
        "_queue",
        "_readers",
        "_timeouts",
        "_waited",
        "_waits",
        "_writer",
        "_writers_first",
        "name",
        "preference",
    )

    def __cinit__(self) -> None:
        self._fair = False
        self._writers_first = True
        self._last = Hold(0, 0)  # most often used by the thread that used it before
        self._holds = [self._last]
        self._queue: list[Waiter] = []
        self._writer: Hold | None = None
        self._readers = 0  # threads that read
        self._bars = 0  # waiters for whose sake one who wants to read must wait
        self._forks = _forks
        self._waits = self._timeouts = self._deadlocks = 0
        self._waited = self._longest = 0.0

    def __init__(self, preference: Preference = "writer", *, name: str | None = None) -> None:
        if preference not in ("writer", "reader", "fair"):
            raise ValueError(f"preference must be 'writer', 'reader' or 'fair', not {preference!r}")
        self.preference: Final = preference
        self.name: Final = name
        self._fair = preference == "fair"
        self._writers_first = preference == "writer"

    def __dealloc__(self) -> None:
        discard(self)

    def acquire_read(self, timeout: float | None = None) -> bool:
        """Begin to read, waiting until that is possible; ``True`` if it was.

        With a *timeout* wait so many seconds at most. Then ``False`` says that the lock was not to be had.

        Thread safety: atomic.
        Runs no user code, but for signal handlers in the main thread while it waits.
        Raises :exc:`DeadlockError`, and what a signal handler raises: then nothing is held that was not before.
        Complexity: O(n) for n threads inside; O(1) for the one that was last.

        >>> from lockedcontainers import ReadWriteLock
        >>> rw = ReadWriteLock()
        >>> rw.acquire_read(timeout=1), rw.acquire_read()
        (True, True)
        >>> rw.release_read()
        >>> rw.release_read()
        """
        seconds = -1.0 if timeout is None else seconds_to_wait(timeout)
        return read_now(self) or wait(self, False, False, seconds)

    def release_read(self) -> None:
        """Undo one :meth:`acquire_read`.

        Thread safety: atomic.
        Runs no user code.
        Raises ``RuntimeError`` if the calling thread does not read.
        Complexity: as of :meth:`acquire_read`, and O(w) if w threads wait.

        >>> from lockedcontainers import ReadWriteLock
        >>> ReadWriteLock().release_read()
        Traceback (most recent call last):
            ...
        RuntimeError: cannot stop reading: this thread does not
        """
        stop(self, False, False)

    def acquire_write(self, timeout: float | None = None) -> bool:
        """Begin to write, waiting until nobody else is inside; ``True`` if that came to be.

        With a *timeout* wait so many seconds at most. Then ``False`` says that the lock was not to be had.

        Thread safety: atomic.
        Runs no user code, but for signal handlers in the main thread while it waits.
        Raises :exc:`DeadlockError`, and that at once if the calling thread reads and does not write: see
        :meth:`try_upgrade`. Raises what a signal handler raises. Then nothing is held that was not before.
        Complexity: as of :meth:`acquire_read`.

        >>> from lockedcontainers import ReadWriteLock
        >>> rw = ReadWriteLock()
        >>> rw.acquire_write()
        True
        >>> rw.release_write()
        """
        seconds = -1.0 if timeout is None else seconds_to_wait(timeout)
        return write_now(self) or wait(self, True, False, seconds)

    def release_write(self) -> None:
        """Undo one :meth:`acquire_write` or :meth:`try_upgrade`.

        Thread safety: atomic.
        Runs no user code.
        Raises ``RuntimeError`` if the calling thread does not write.
        Complexity: as of :meth:`release_read`.

        >>> from lockedcontainers import ReadWriteLock
        >>> ReadWriteLock().release_write()
        Traceback (most recent call last):
            ...
        RuntimeError: cannot stop writing: this thread does not
        """
        stop(self, True, False)

    def read(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Return a context manager that reads; it yields the lock.

        Thread safety: other threads may read inside too, and none writes.
        Runs user code under the lock: the body of the ``with`` statement only.
        Raises :exc:`LockTimeout` if *timeout* seconds were not enough, and what :meth:`acquire_read` raises.
        Complexity: as of :meth:`acquire_read`.

        >>> from lockedcontainers import ReadWriteLock
        >>> rw = ReadWriteLock()
        >>> with rw.read():
        ...     rw.statistics()[:2]
        (1, 0)
        """
        return turn(self, self, False, timeout)

    def write(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Return a context manager that writes; it yields the lock.

        Thread safety: no other thread is inside.
        Runs user code under the lock: the body of the ``with`` statement only.
        Raises :exc:`LockTimeout` if *timeout* seconds were not enough, and what :meth:`acquire_write` raises.
        Complexity: as of :meth:`acquire_write`.

        >>> from lockedcontainers import ReadWriteLock
        >>> rw = ReadWriteLock()
        >>> with rw.write(timeout=1), rw.read():
        ...     rw.statistics()[:2]
        (1, 1)
        """
        return turn(self, self, True, timeout)

    def downgrade(self) -> None:
        """Go from writing to reading: one write becomes one read, and nobody writes in between.

        What was an :meth:`acquire_write` then needs a :meth:`release_read`. Where the write is a ``with`` block,
        begin to read inside it instead, and leave the block.

        Thread safety: atomic.
        Runs no user code.
        Raises ``RuntimeError`` if the calling thread does not write.
        Complexity: as of :meth:`release_read`.

        >>> from lockedcontainers import ReadWriteLock
        >>> rw = ReadWriteLock()
        >>> rw.acquire_write()
        True
        >>> rw.downgrade()
        >>> rw.release_read()
        """
        stop(self, True, True)

    def try_upgrade(self, timeout: float | None = 0) -> bool:
        """Begin to write while reading; ``True`` if that was possible, and then nobody wrote in between.

        It is if no other thread reads. With a *timeout* the others have so many seconds to stop, or all the time
        they need if it is ``None``; threads that wait to write are overtaken, as they wait for this one. Of
        several threads that read and wait so, only the first can get it: ``False`` comes to the others at once.
        They should stop reading, since it waits for them, and look again once they write.

        The read goes on: a :meth:`release_write` undoes this, and the :meth:`release_read` is still due.

        Thread safety: atomic.
        Runs no user code, but for signal handlers in the main thread while it waits.
        Raises ``RuntimeError`` if the calling thread neither reads nor writes, and what :meth:`acquire_read` raises.
        Complexity: as of :meth:`acquire_read`.

        >>> from lockedcontainers import ReadWriteLock
        >>> rw, cache = ReadWriteLock(), {}
        >>> with rw.read():
        ...     if "a" not in cache and rw.try_upgrade():
        ...         try:
        ...             cache["a"] = 1
        ...         finally:
        ...             rw.release_write()
        >>> cache
        {'a': 1}
        """
        seconds = -1.0 if timeout is None else seconds_to_wait(timeout)
        return upgrade_now(self) or wait(self, True, True, seconds)

    def statistics(self) -> ReadWriteStatistics:
        """Who is inside, who waits, and what waiting has cost so far.

        Thread safety: atomic: all figures are of one moment.
        Runs no user code.
        Complexity: O(w) if w threads wait.

        >>> from lockedcontainers import ReadWriteLock
        >>> ReadWriteLock().statistics().waits
        0
        """
        return ReadWriteStatistics(*figures(self))

    def __repr__(self) -> str:
        readers, writers = figures(self)[:2]
        state = "writing" if writers else "reading" if readers else "unlocked"
        named = "" if self.name is None else f"{self.name!r} "
        return (
            f"<{state} lockedcontainers.ReadWriteLock object {named}"
            f"preference={self.preference!r} readers={readers} at {id(self):#x}>"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")


class Guarded(Generic[T]):
    """An object of yours, to be had only under a lock: many threads may look at it at once, or one change it.

    *lock* is a new :class:`ReadWriteLock` if it is not given. Give one to choose its preference or name, or to
    guard several objects by one lock. What is taken out of the block is no longer guarded.

    Fairness, Reentrancy, Upgrade: as of the lock, which is :attr:`lock`.

    >>> from lockedcontainers import Guarded
    >>> scores = Guarded({"ann": 1})
    >>> with scores.write() as value:
    ...     value["bob"] = 2
    >>> with scores.read() as value:
    ...     sum(value.values())
    3
    """

    __slots__ = ("__weakref__", "_value", "lock")

    def __init__(self, value: T, lock: ReadWriteLock | None = None) -> None:
        self._value = value
        self.lock: Final = ReadWriteLock() if lock is None else lock

    def read(self, timeout: float | None = None) -> AbstractContextManager[T]:
        """Return a context manager that yields the object, to look at.

        Thread safety: other threads may look at it too, and none changes it.
        Runs user code under the lock: the body of the ``with`` statement only.
        Raises what :meth:`ReadWriteLock.read` raises.
        Complexity: as of :meth:`ReadWriteLock.read`.

        >>> from lockedcontainers import Guarded
        >>> with Guarded([1, 2]).read() as value:
        ...     len(value)
        2
        """
        return turn(self.lock, self._value, False, timeout)

    def write(self, timeout: float | None = None) -> AbstractContextManager[T]:
        """Return a context manager that yields the object, to change.

        Thread safety: no other thread is in a block of it.
        Runs user code under the lock: the body of the ``with`` statement only.
        Raises what :meth:`ReadWriteLock.write` raises.
        Complexity: as of :meth:`ReadWriteLock.write`.

        >>> from lockedcontainers import Guarded
        >>> numbers = Guarded([1, 2])
        >>> with numbers.write(timeout=1) as value:
        ...     value.append(3)
        """
        return turn(self.lock, self._value, True, timeout)

    def __repr__(self) -> str:
        return f"<lockedcontainers.Guarded {type(self._value).__name__} by {self.lock!r}>"


def turn(lock: ReadWriteLock, value: Any, writes: bool, timeout: float | None) -> AbstractContextManager[Any]:
    made = Turn.__new__(Turn)
    made._lock = lock
    made._value = value
    made._writes = writes
    made._timeout = -1.0 if timeout is None else seconds_to_wait(timeout)
    return made


# --- Without waiting -----------------------------------------------------------------------------------------


def read_now(lock: ReadWriteLock) -> bool:
    """Begin to read if that needs no wait."""
    me = thread_id()
    enter(lock)
    try:
        hold = hold_for(lock, me, thread_word(), None)
        if hold is None:
            return False
        if hold.reads == 0:
            if hold.writes == 0 and (lock._writer is not None or lock._bars):
                return False
            lock._readers += 1
        hold.reads += 1
        return True
    finally:
        leave(lock)


def write_now(lock: ReadWriteLock) -> bool:
    """Begin to write if that needs no wait."""
    me = thread_id()
    enter(lock)
    try:
        hold = hold_for(lock, me, thread_word(), None)
        if hold is None:
            return False
        # Nobody waits for a fair lock while it is free: who left has let in whose turn it was.
        if hold.writes or (hold.reads == 0 and lock._writer is None and lock._readers == 0):
            lock._writer = hold
            hold.writes += 1
            return True
        if hold.reads == 0:
            return False
    finally:
        leave(lock)
    raise DeadlockError(f"this thread reads {describe(lock)}: to write as well, use try_upgrade()")


def upgrade_now(lock: ReadWriteLock) -> bool:
    """Begin to write, too, if no other thread reads."""
    me = thread_id()
    enter(lock)
    try:
        hold = hold_for(lock, me, thread_word(), None)
        if hold is not None and (hold.reads or hold.writes):
            if hold.writes == 0 and lock._readers > 1:
                return False
            lock._writer = hold
            hold.writes += 1
            return True
    finally:
        leave(lock)
    raise RuntimeError("cannot upgrade: this thread does not read")


def stop(lock: ReadWriteLock, writes: bool, reads: bool) -> None:
    """End one write, and begin to read instead if *reads*; or end one read."""
    me = thread_id()
    stopped = False
    interrupted = None if enter_now(lock) else insist(lock)
    try:
        hold = hold_for(lock, me, thread_word(), None)
        if hold is not None and (hold.writes if writes else hold.reads):
            stopped = True
            if reads:
                lock._readers += hold.reads == 0
                hold.reads += 1
            if writes:
                end_write(lock, hold)
            else:
                end_read(lock, hold)
    finally:
        leave(lock)
    if not stopped:
        raise RuntimeError(f"cannot stop {'writing' if writes else 'reading'}: this thread does not")
    if interrupted is not None:
        raise interrupted


def insist(lock: ReadWriteLock) -> BaseException | None:
    """Open a section whatever signal handlers raise meanwhile: the last of that is for the caller, to raise later."""
    interrupted = None
    while True:
        try:
            enter(lock)
            break
        except (DeadlockError, MemoryError):
            raise
        except (Exception, KeyboardInterrupt, SystemExit) as exception:  # noqa: BLE001
            interrupted = exception
    return interrupted


def figures(lock: ReadWriteLock) -> tuple[int, int, int, int, int, int, int, float, float]:
    writing = 0
    enter(lock)
    try:
        settle(lock)
        for waiter in lock._queue:
            writing += waiter.writes
        return (
            lock._readers,
            int(lock._writer is not None),
            len(lock._queue) - writing,
            writing,
            lock._waits,
            lock._timeouts,
            lock._deadlocks,
            lock._waited,
            lock._longest,
        )
    finally:
        leave(lock)


# --- In a section of the lock --------------------------------------------------------------------------------


def hold_for(lock: ReadWriteLock, thread: int, word: int, spare: Hold | None) -> Hold | None:
    """The hold of a thread, or one that no thread uses any more, or *spare*."""
    last = lock._last
    return last if last.thread == thread else find_hold(lock, thread, word, spare)


def find_hold(lock: ReadWriteLock, thread: int, word: int, spare: Hold | None) -> Hold | None:
    if lock._forks != _forks:  # before a new thread of the child gets a hold, which would pass for one of the parent's
        settle(lock)
    unused = None
    for hold in lock._holds:
        if hold.thread == thread:
            lock._last = hold
            return hold
        if hold.reads == 0 and hold.writes == 0:
            unused = hold
    if unused is None:
        if spare is None:
            return None
        unused = spare
        lock._holds.append(unused)
    unused.thread = thread
    unused.word = word
    lock._last = unused
    return unused


def settle(lock: ReadWriteLock) -> None:
    """Forget threads that a fork has left in the parent, or that the exit of the interpreter has ended."""
    if lock._forks != _forks:
        lock._forks = _forks
        keep_only(lock, _survivor)
    elif sys.is_finalizing():
        keep_only(lock, thread_id())


def keep_only(lock: ReadWriteLock, thread: int) -> None:
    lock._holds = [hold for hold in lock._holds if hold.thread == thread]
    lock._queue = [waiter for waiter in lock._queue if waiter.thread == thread]
    lock._writer = None
    lock._readers = 0
    for hold in lock._holds:
        lock._readers += hold.reads > 0
        if hold.writes:
            lock._writer = hold
    lock._bars = 0
    for waiter in lock._queue:
        lock._bars += bars(lock, waiter)


def bars(lock: ReadWriteLock, waiter: Waiter) -> bool:
    return lock._fair or (lock._writers_first and waiter.writes)


def join(lock: ReadWriteLock, waiter: Waiter) -> None:
    if waiter.upgrades:  # all others wait for it: it reads
        lock._queue.insert(0, waiter)
    else:
        lock._queue.append(waiter)
    waiter.queued = True
    lock._bars += bars(lock, waiter)


def part(lock: ReadWriteLock, waiter: Waiter) -> None:
    if waiter in lock._queue:  # uncompiled, Ctrl-C may have come just after the next line, and then we are here again
        lock._queue.remove(waiter)
    waiter.queued = False
    lock._bars -= bars(lock, waiter)


def goes_before(lock: ReadWriteLock, other: Waiter, waiter: Waiter) -> bool:
    """Whether *waiter* must wait for *other*, which stands before it if the lock is fair, or anywhere in the queue."""
    if other.thread == waiter.thread:  # a signal handler does not wait for the thread it has interrupted
        return False
    if lock._fair:
        return waiter.writes or other.writes
    return lock._writers_first and other.writes and not waiter.writes


def may_enter(lock: ReadWriteLock, waiter: Waiter) -> bool:
    """Whether a thread in the queue could be let in now."""
    if lock._writer is not None:
        return lock._writer.thread == waiter.thread
    reads = False
    if lock._readers:
        for hold in lock._holds:
            if hold.thread == waiter.thread:
                reads = hold.reads > 0
        if waiter.writes and lock._readers > reads:
            return False
    if reads or lock._bars == 0:
        return True
    for other in lock._queue:
        if other is waiter:
            if lock._fair:
                break
        elif goes_before(lock, other, waiter):
            return False
    return True


def let_in(lock: ReadWriteLock, waiter: Waiter) -> None:
    hold = hold_for(lock, waiter.thread, waiter.word, waiter.hold)
    assert hold is not None  # noqa: S101  (the waiter's own, if no other)
    part(lock, waiter)
    if waiter.writes:
        hold.writes += 1
        lock._writer = hold
    else:
        lock._readers += hold.reads == 0
        hold.reads += 1
    waiter.let_in = True


def end_read(lock: ReadWriteLock, hold: Hold) -> None:
    hold.reads -= 1
    if hold.reads == 0:
        lock._readers -= 1
        if lock._queue:
            serve(lock, False)


def end_write(lock: ReadWriteLock, hold: Hold) -> None:
    hold.writes -= 1
    if hold.writes == 0:
        lock._writer = None
        if lock._queue:
            serve(lock, not lock._fair)


def serve(lock: ReadWriteLock, only_choose: bool) -> None:
    """Let in whose turn it is, if it is anybody's; or wake them, that they come in if nobody is quicker."""
    settle(lock)
    if lock._fair:
        serve_some(lock, only_choose, True, True)
    elif lock._writers_first:
        serve_some(lock, only_choose, lock._bars == 0, lock._bars > 0)
    elif not serve_some(lock, only_choose, True, False):
        serve_some(lock, only_choose, False, True)


def serve_some(lock: ReadWriteLock, only_choose: bool, readers: bool, writers: bool) -> bool:
    """Serve those who may enter, in their order, to the first that writes. Whether there was anybody."""
    served = False
    i = 0
    while i < len(lock._queue):
        waiter = lock._queue[i]
        i += 1
        if not (writers if waiter.writes else readers):
            continue
        if not may_enter(lock, waiter):
            if lock._fair:
                break
            continue
        served = True
        if only_choose and not waiter.impatient:
            waiter.chosen = True
        else:
            let_in(lock, waiter)
            i -= 1
        if not waiter.woken:
            waiter.woken = True
            waiter.signal.release()
        if waiter.writes:
            break
    return served


# --- Waiting -------------------------------------------------------------------------------------------------


def wait(lock: ReadWriteLock, writes: bool, upgrades: bool, timeout: float) -> bool:
    """Get in where that may need a wait: for ever, or False after *timeout* seconds if that is not negative."""
    waiter = Waiter(lock, writes, upgrades, timeout >= 0)
    outer = _waits.get(waiter.word)  # what this thread waited for when a signal handler brought it here
    started = _sync.monotonic()
    cycle: list[Link] = []
    try:
        cycle = wait_as(waiter, started, timeout)
    except BaseException:
        insist(lock)  # what else is raised meanwhile gives way to this
        try:
            if waiter.let_in:
                undo(lock, waiter)
            elif waiter.queued:
                part(lock, waiter)
                serve(lock, False)
            note(lock, _sync.monotonic() - started)
        finally:
            leave(lock)
        raise
    finally:
        if outer is None:
            _waits.pop(waiter.word, None)
        else:
            _waits[waiter.word] = outer
    if cycle:
        length = -1 if cycle[0][3] == 0 else len(cycle)
        raise deadlock_error([(ident, target) for _, ident, target, _ in cycle], length)
    return waiter.let_in


def wait_as(waiter: Waiter, started: float, timeout: float) -> list[Link]:
    """Return when the waiter has been let in, or has given up: then with the deadlock, if it was that."""
    lock = waiter.lock
    now = started
    end = started + timeout if waiter.timed else float("inf")
    look = float("inf") if waiter.timed else started + MOMENT
    over = timeout == 0
    cycle: list[Link] = []
    while True:
        enter(lock)
        try:
            if look_again(lock, waiter, over or len(cycle) > 0):
                if now != started:
                    note(lock, now - started)
                    lock._timeouts += over and not waiter.let_in
                    lock._deadlocks += len(cycle) > 0 and not waiter.let_in
                return [] if waiter.let_in else cycle
        finally:
            leave(lock)
        _waits[waiter.word] = waiter
        # Not for as long as may be: a signal that another thread was given is seen only between two sleeps.
        sleep(waiter, max(min(look - now, end - now, AGAIN), 0.0))
        now = _sync.monotonic()
        over = now >= end
        if look <= now:
            look = now + AGAIN
            cycle = find_deadlock(waiter)


def sleep(waiter: Waiter, seconds: float) -> None:
    waiter.signal.acquire(True, seconds)
    check_signals()


def look_again(lock: ReadWriteLock, waiter: Waiter, last: bool) -> bool:
    """Whether the waiter need not wait any longer: it is in, or was refused, or this was to be its *last* look."""
    settle(lock)
    if waiter.woken:
        waiter.woken = False
        waiter.signal.acquire(False)  # given after we stopped waiting for it
    if waiter.let_in:
        return True
    if not waiter.queued:
        if waiter.upgrades and lock._queue:
            first = lock._queue[0]
            if first.upgrades:
                return True  # each would wait for the other to stop reading
        join(lock, waiter)
    if may_enter(lock, waiter):
        let_in(lock, waiter)
        return True
    if waiter.chosen:
        waiter.chosen = False
        waiter.impatient = True
    if last:
        part(lock, waiter)
        serve(lock, False)
    return last


def undo(lock: ReadWriteLock, waiter: Waiter) -> None:
    hold = hold_for(lock, waiter.thread, waiter.word, waiter.hold)
    assert hold is not None  # noqa: S101  (it was let in)
    if waiter.writes:
        end_write(lock, hold)
    else:
        end_read(lock, hold)


def note(lock: ReadWriteLock, seconds: float) -> None:
    lock._waits += 1
    lock._waited += seconds
    lock._longest = max(lock._longest, seconds)


# --- Deadlocks -----------------------------------------------------------------------------------------------

_waits: dict[int, Waiter] = {}  # thread word -> what it waits for
_verdict = _sync.allocate_lock()
_forks = 0
_survivor = 0


def find_deadlock(waiter: Waiter) -> list[Link]:
    """The cycle that the waiter is in; one link to nobody if who must let go has ended; or nothing."""
    if not _verdict.acquire(False):
        return []  # another thread is looking; it may be the one that raises
    try:
        cycle = cycle_of(waiter)
        if not cycle or cycle != cycle_of(waiter):
            return []
        _waits.pop(waiter.word, None)  # one thread of a cycle raises: the others do not find it any more
        return cycle
    finally:
        _verdict.release()


def cycle_of(waiter: Waiter) -> list[Link]:
    if 0 in blockers(waiter):
        return [(waiter, waiter.ident, waiter.lock, 0)]
    return way_back(waiter.word, waiter.word, {waiter.word})


def way_back(word: int, start: int, seen: set[int]) -> list[Link]:
    """From a thread to one that it waits for, and on from there, to the start; nothing if none leads there."""
    for token, ident, target, words in links_of(word):
        for other in words:
            if other == start:
                return [(token, ident, target, other)]
            if other not in seen:
                seen.add(other)
                rest = way_back(other, start, seen)
                if rest:
                    return [(token, ident, target, other), *rest]
    return []


def links_of(word: int) -> list[Links]:
    """What a thread waits for without a timeout: two things, if a signal handler waits in the midst of a wait."""
    waiter, link = _waits.get(word), wait_of(word)
    links: list[Links] = [] if link is None else [link]
    if waiter is not None and not waiter.timed:
        links.append((waiter, waiter.ident, waiter.lock, blockers(waiter)))
    return links


def blockers(waiter: Waiter) -> list[int]:
    """The words of the threads that must let go before the waiter can get in, 0 for one that has ended."""
    lock, words = waiter.lock, list[int]()
    enter(lock)
    try:
        if waiter.queued:
            for hold in lock._holds:
                if hold.thread != waiter.thread and (hold.writes or (hold.reads and waiter.writes)):
                    words.append(hold.word if lives(hold.thread) else 0)
            # One that waits to write itself waits for all inside, so those before it in the queue add nothing.
            for other in [] if waiter.writes else lock._queue:
                if other is waiter and lock._fair:
                    break
                if goes_before(lock, other, waiter):
                    words.append(other.word)
    finally:
        leave(lock)
    return words


def _after_fork_in_child() -> None:
    global _forks, _survivor, _verdict
    _forks += 1
    _survivor = thread_id()
    _verdict = _sync.allocate_lock()
    _waits.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

if not cython.compiled:
    twin(ReadWriteLock)
