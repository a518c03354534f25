# cython: binding=False, embedsignature=True, embedsignature.format=clinic
# ← _mutex.py            _builtins.py →
"""What a caller holds: Mutex, several containers at once, and the errors of waiting.

Overview (for maintainers)
    Waiting, waking and finding deadlocks is _mutex. Here is what callers see of it, one source for both builds.
    ``locked(a, b)`` takes containers in the order of their serial numbers, which are given once and never by
    ``id()``: ids are reused, and an order that changes is no order.
"""

from __future__ import annotations

import sys
import threading
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVarTuple

from lockedcontainers import _sync

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._mutex import (
        depth_of,
        figures_of,
        forget,
        is_mine,
        leave_at,
        mutex_of,
        set_depth,
        take,
        twin,
    )

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from types import FrameType, TracebackType
    from typing import Unpack

Ts = TypeVarTuple("Ts")

#: Whether this package runs compiled: if not, it keeps the same promises at the price of Python code.
is_compiled: Final[bool] = bool(cython.compiled)

_OURS = PurePath(__file__).parent


class LockTimeout(TimeoutError):
    """A container was not free within the time that the caller gave.

    Nothing was changed. Raised by ``locked(timeout=…)`` of a container and by :func:`locked`.

    >>> import threading
    >>> from lockedcontainers import LockedDict, LockTimeout
    >>> d = LockedDict()
    >>> def impatient():
    ...     try:
    ...         with d.locked(timeout=0.01):
    ...             pass
    ...     except LockTimeout:
    ...         print("not free")
    >>> with d.locked():
    ...     t = threading.Thread(target=impatient)
    ...     t.start()
    ...     t.join()
    not free
    """


class DeadlockError(RuntimeError):
    """To go on waiting would be to wait for ever.

    Raised in one thread of a cycle of waiting threads, in a thread that waits for a lock whose owner has ended,
    and in a thread that calls ``compute_if_absent`` for the very key it is computing. The message names the
    threads, what they wait for, and the lines they wait at. The thread that gets it holds what it held before;
    the others go on when it lets go of that.
    """


class Statistics(NamedTuple):
    """What waiting for one mutex has cost: a moment's truth, counted only where a thread had to wait.

    >>> from lockedcontainers import Mutex
    >>> Mutex().statistics()
    Statistics(waits=0, timeouts=0, deadlocks=0, waited=0.0, longest=0.0)
    """

    waits: int
    """How often a thread had to wait."""
    timeouts: int
    """How many of those waits ended because their time was over."""
    deadlocks: int
    """How many of them ended in a ``DeadlockError``."""
    waited: float
    """Seconds waited by all threads together."""
    longest: float
    """Seconds of the longest wait."""


class Mutex:
    """A reentrant mutual-exclusion lock: the one under every container, to use where ``threading.RLock`` is used.

    It does what ``RLock`` does, works inside ``threading.Condition``, and besides raises :exc:`DeadlockError`
    where threads wait for one another, wakes waiters in the order they came, can be interrupted by Ctrl-C
    wherever it waits, and is free again in the child of a fork if another thread held it.

    Fairness: a running thread may overtake one that has just been woken, once; then the waiting thread is next.
    Reentrancy: the thread that holds it may acquire it again, and releases it as often.

    *name* appears in its ``repr`` and in error messages.

    >>> from lockedcontainers import Mutex
    >>> mutex = Mutex("accounts")
    >>> with mutex:
    ...     mutex.locked()
    True
    """

    __slots__ = ("__weakref__", "_mutex", "name")

    def __init__(self, name: str | None = None) -> None:
        self.name: Final = name

    def __dealloc__(self) -> None:
        forget(mutex_of(self))

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex, waiting for it; ``True`` if it was taken.

        With *blocking* false do not wait; with a *timeout* wait so many seconds at most. Then ``False`` says that
        another thread has it.

        Thread safety: atomic.
        Runs no user code, but for signal handlers in the main thread while it waits.
        Raises :exc:`DeadlockError`, and what a signal handler raises: then nothing is held that was not before.
        Complexity: O(1) if it is free.

        >>> from lockedcontainers import Mutex
        >>> mutex = Mutex()
        >>> mutex.acquire(timeout=1)
        True
        >>> mutex.release()
        """
        if not blocking:
            if timeout != -1:
                raise ValueError("can't specify a timeout for a non-blocking call")
            return take(mutex_of(self), self, 0.0)
        return take(mutex_of(self), self, -1.0 if timeout == -1 else seconds_to_wait(timeout))

    def release(self) -> None:
        """Undo one :meth:`acquire`; the last one lets other threads in.

        Thread safety: atomic.
        Runs no user code.
        Raises ``RuntimeError`` if the calling thread does not hold the mutex.
        Complexity: O(1).

        >>> from lockedcontainers import Mutex
        >>> Mutex().release()
        Traceback (most recent call last):
            ...
        RuntimeError: cannot release un-acquired lock
        """
        if not is_mine(mutex_of(self)):
            raise RuntimeError("cannot release un-acquired lock")
        leave_at(mutex_of(self))

    def __enter__(self) -> bool:
        return take(mutex_of(self), self, -1.0)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def locked(self) -> bool:
        """Whether any thread holds the mutex now.

        Thread safety: atomic. The answer may be stale when it arrives.
        Runs no user code.
        Complexity: O(1).

        >>> from lockedcontainers import Mutex
        >>> Mutex().locked()
        False
        """
        return depth_of(mutex_of(self)) > 0

    def statistics(self) -> Statistics:
        """What waiting for this mutex has cost so far.

        Thread safety: atomic.
        Runs no user code.
        Complexity: O(1).

        >>> from lockedcontainers import Mutex
        >>> Mutex().statistics().waits
        0
        """
        return Statistics(*figures_of(mutex_of(self)))

    def __repr__(self) -> str:
        count = depth_of(mutex_of(self))
        named = "" if self.name is None else f"{self.name!r} "
        return f"<{'locked' if count else 'unlocked'} lockedcontainers.Mutex object {named}{count=} at {id(self):#x}>"

    # What threading.Condition asks of a reentrant lock, and threading of its locks after a fork.

    def _is_owned(self) -> bool:
        return is_mine(mutex_of(self))

    def _recursion_count(self) -> int:
        return depth_of(mutex_of(self)) if is_mine(mutex_of(self)) else 0

    def _release_save(self) -> int:
        depth = self._recursion_count()
        if depth == 0:
            raise RuntimeError("cannot release un-acquired lock")
        set_depth(mutex_of(self), 1)
        leave_at(mutex_of(self))
        return depth

    def _acquire_restore(self, depth: int) -> None:
        interrupted = None
        while True:
            try:
                take(mutex_of(self), self, -1.0)
                break
            except DeadlockError:
                raise
            except BaseException as exception:  # noqa: BLE001
                interrupted = exception  # of a signal handler; the caller's `with` will release what it must hold
        set_depth(mutex_of(self), depth)
        if interrupted is not None:
            raise interrupted


class Sections:
    """What :func:`locked` returns."""

    __slots__ = ("_containers", "_entered", "_timeout")

    def __init__(self, containers: tuple[Any, ...], timeout: float | None) -> None:
        self._containers = containers
        self._timeout = timeout
        self._entered: list[list[Any]] = []

    def __enter__(self) -> tuple[Any, ...]:
        deadline = None if self._timeout is None else _sync.monotonic() + seconds_to_wait(self._timeout)
        entered: list[Any] = []
        self._entered.append(entered)
        try:
            for container in sorted(self._containers, key=_serial):
                rest = None if deadline is None else max(0.0, deadline - _sync.monotonic())
                section = container.locked(rest)
                section.__enter__()
                entered.append(section)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self._containers

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        entered = self._entered.pop()
        while entered:
            entered.pop().__exit__(None, None, None)


def _serial(container: Any) -> int:
    serial: int = container.locked().serial
    return serial


def locked(*containers: Unpack[Ts], timeout: float | None = None) -> AbstractContextManager[tuple[Unpack[Ts]]]:  # noqa: UP044 (Cython cannot print *Ts)
    """Keep every other thread out of several containers at once.

    They are taken in one order, the same in every thread and however they are named, so that two threads that
    lock the same containers cannot deadlock. Yields the containers as they were given. A container may be named
    twice, and may be locked already by this thread.

    Thread safety: atomic. Other threads see none of what is done inside until all of it is done, if they look at
    the containers one by one or through ``locked`` as well.
    Runs user code under the locks: the body of the ``with`` statement only.
    Raises :exc:`LockTimeout` if they are not all free within *timeout* seconds, and :exc:`DeadlockError`.
    Complexity: O(n log n) for n containers.

    >>> from lockedcontainers import LockedDict, locked
    >>> checking, savings = LockedDict(ann=10), LockedDict(ann=0)
    >>> with locked(checking, savings):
    ...     savings["ann"] += 4
    ...     checking["ann"] -= 4
    >>> checking, savings
    ({'ann': 6}, {'ann': 4})
    """
    return Sections(containers, timeout)


def seconds_to_wait(timeout: float) -> float:
    """A timeout that the caller gave, checked as ``threading`` checks it."""
    seconds = float(timeout)
    if not seconds >= 0:
        raise ValueError("timeout value must be a non-negative number")
    if seconds > threading.TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")
    return seconds


def describe(target: object) -> str:
    """A lock or container by its type, its name if it has one, and its address: never by its contents."""
    name = getattr(target, "name", None)
    named = "" if name is None else f" {name!r}"
    return f"<{type(target).__name__}{named} at {id(target):#x}>"


def refuse_load(theirs: Mutex, target: object, held: bool, what: str) -> None:
    """Raise if the calling thread must not wait for *theirs*, held by the thread that computes a value for *target*.

    *held*: it keeps *target* locked, so that no value can be stored there meanwhile; *what* it called to get one.
    """
    if held:
        raise DeadlockError(
            f"this thread keeps {describe(target)} locked, and another computes the key that {what} wants"
        )
    if theirs._is_owned():
        raise DeadlockError(f"{what} of {describe(target)} was called back for the key it is computing")


def not_free(target: object, timeout: float) -> LockTimeout:
    return LockTimeout(f"{describe(target)} was not free within {timeout:g} s")


def deadlock_error(links: Sequence[tuple[int, object]], length: int) -> DeadlockError:
    """The error for threads (by ident), each waiting for what the next one holds; *length* -1: nobody holds it."""
    known = {thread.ident: thread.name for thread in threading.enumerate()}
    frames = sys._current_frames()
    names = [known.get(ident, f"thread {ident}") for ident, _ in links]
    waits = [
        f"{name} waits for {describe(target)}{_line(frames.get(ident))}"
        for name, (ident, target) in zip(names, links, strict=True)
    ]
    if length == -1:
        return DeadlockError(f"{waits[0]}, whose owner has ended without releasing it")
    holders = [*names[1:], names[0] if length == len(links) else "a thread that waits itself"]
    parts = [f"{wait}, held by {holder}" for wait, holder in zip(waits, holders, strict=True)]
    return DeadlockError(f"deadlock: {'; '.join(parts)}")


def _line(frame: FrameType | None) -> str:
    while frame is not None and PurePath(frame.f_code.co_filename).parent == _OURS:
        frame = frame.f_back
    if frame is None:
        return ""
    return f" at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


if not cython.compiled:
    twin(Mutex)
