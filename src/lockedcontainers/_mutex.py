# ← _sync.py            _locking.py →
"""The lock and the wait queue under every container: the Python twin.

Read the essay in _mutex.pyx first. This is the same lock made of Python's own parts: for PyPy, for machines
without a compiler, and for the schedule explorer, which runs it step by step (_sync.py).

Overview (for maintainers)
    Who owns it is the one entry of a dict, ``_word``: its ``setdefault`` is the compare-and-swap, so there is no
    moment at which the mutex is taken and nobody's, in which a signal handler or a finalizer would wait for its
    own thread. Nothing guards the queue: each step on it is one operation of a ``deque``. Single operations of
    both, with ints for keys, are atomic on every build. To take a waiter out
    of the queue *is* to choose it, so a waiter that gives up and does not find itself there has been chosen.
    A waiter joins the queue first and tries the mutex after; an owner lets go of the mutex first and looks at
    the queue after. So one of the two sees the other, and no wake-up is lost.
    ``depth`` belongs to the owner, and is 1 while there is none: who takes the mutex need not set it.
    Accepted: a signal handler that raises between two lines of Python, where C code has no such place, can leave
    the mutex held, or a waiter asleep for up to AGAIN seconds. The compiled build has no such window.
    Accepted: the graph of who waits for whom is read while it changes, so a cycle counts only if two walks meet
    the same waiters. A waiting thread changes nothing, hence between the walks all of them waited at once.
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections import deque
from typing import Any

from lockedcontainers import _sync

MOMENT = 0.1
AGAIN = 0.5


class _Sign:
    """Kept by a thread as long as it runs: when it is gone, so is the thread."""

    __slots__ = ("__weakref__",)


class _Local(threading.local):
    def __init__(self) -> None:
        self.sign = _signs[_sync.identity()] = _Sign()


class _Waiter:
    __slots__ = (
        "core",
        "handed",
        "ident",
        "identity",
        "impatient",
        "joined",
        "outer",
        "signal",
        "target",
        "timed",
        "withdraws",
        "woken",
    )

    def __init__(self, core: Core, target: object, timed: bool) -> None:
        self.core = core
        self.target = target
        self.identity = _sync.identity()
        self.ident = _sync.get_ident()
        self.impatient = False
        self.timed = timed  # it will give up by itself: no part of a deadlock
        self.handed = False
        self.joined = 0
        self.withdraws = False
        self.woken = 0  # as often as it has joined, unless it is in the queue or chosen and not woken yet
        self.outer = _waiting.get(self.identity)  # what this thread waited for when a signal handler brought it here
        self.signal = _sync.allocate_lock()
        self.signal.acquire(False)

    def wake(self) -> None:
        self.woken += 1
        self.signal.release()

    def is_inside_of_owner(self) -> bool:
        """Whether a wait that a signal handler has interrupted for this one was handed the mutex meanwhile."""
        outer = self.outer
        while outer is not None:
            if outer.core is self.core and outer.handed:
                return True
            outer = outer.outer
        return False


class Core:
    """What ``lc_mutex`` is in C; the owner's word is its ``_sync.identity()``."""

    __slots__ = ("_forks", "_queue", "_word", "asked", "depth", "figures", "opened", "serial", "version")

    def __init__(self) -> None:
        self.serial = next(_serials)
        self.version = 0
        self.opened = 0
        self.figures = (0, 0, 0, 0.0, 0.0)
        self.depth = 1
        self.asked = False
        self._forks = _forks
        self._queue: deque[_Waiter] = deque()
        self._word: dict[int, int] = {}

    @property
    def owner(self) -> int:
        return self._word.get(0, 0)

    def try_enter(self) -> bool:
        dive(DEPTH)
        me = _sync.identity()
        word = self._word
        if word.get(0) == me:
            self.depth += 1
            return True
        _sync.step("acquire")
        return word.setdefault(0, me) == me

    def leave(self) -> None:
        if self.depth > 1:
            self.depth -= 1
            return
        self.asked = False
        self._inherit()
        _sync.step("release")
        try:
            first = self._queue.popleft()
        except IndexError:
            self._let_go()
            if self._queue:  # it joined after we looked
                self._choose()
            return
        if first.impatient:
            first.handed = True
            _sync.step("hand over")
            self._word[0] = first.identity
        else:
            self._let_go()
        first.wake()

    def _let_go(self) -> None:
        _sync.step("let go")
        del self._word[0]

    def _choose(self) -> None:
        _sync.step("choose")
        try:
            first = self._queue.popleft()
        except IndexError:
            return
        first.wake()

    def _withdraw(self, waiter: _Waiter) -> bool:
        """Leave the queue. False if the waiter has been chosen."""
        _sync.step("withdraw")
        waiter.withdraws = True
        try:
            self._queue.remove(waiter)
        except ValueError:
            waiter.withdraws = False
            return False
        return True

    def _inherit(self) -> None:
        """In the child of a fork, forget waiters and owners that are not there."""
        if self._forks != _forks:
            if self.owner == _survivor or self.owner > _last_before:
                self._forks = _forks
                self._queue = deque()
            else:
                self._word.clear()
                self.depth = 1
                self.asked = False
                self._forks = _forks
                self._queue = deque()
                if self.version & 1:
                    self.version = _next_version(self.version)

    def wait(self, target: object, timeout: float) -> bool:
        """Take the mutex: for ever, or False after *timeout* seconds if that is not negative."""
        if timeout == 0:
            self._inherit()
            return self.try_enter()
        waiter = _Waiter(self, target, timeout > 0)
        me = waiter.identity
        started = _sync.monotonic()
        _waiting[me] = waiter
        cycle: list[_Waiter] = []
        over = False
        try:
            got, over, cycle = self._wait_as(waiter, started, timeout)
        except BaseException:
            # If it has just taken itself out, then perhaps nobody has chosen it, and nobody will wake it.
            patience = _sync.monotonic() + AGAIN if waiter.withdraws else float("inf")
            chosen = not self._withdraw(waiter)
            # Else not only for a while: whoever has chosen it may be about to hand the mutex over.
            while chosen and waiter.woken < waiter.joined and self._forks == _forks:
                if self.owner == me or _sync.monotonic() >= patience:
                    break
                waiter.signal.acquire(True, MOMENT)
            if self.owner == me and not waiter.is_inside_of_owner():
                self.leave()
            elif chosen:  # and shall not look: another one must
                self._choose()
            raise
        finally:
            if waiter.outer is None:
                _waiting.pop(me, None)
            else:
                _waiting[me] = waiter.outer
            waits, timeouts, deadlocks, waited, longest = self.figures
            took = _sync.monotonic() - started
            deadlocked = bool(cycle)
            self.figures = (waits + 1, timeouts + over, deadlocks + deadlocked, waited + took, max(longest, took))
        if cycle:
            from lockedcontainers._locking import deadlock_error  # it builds on this module

            ended = cycle[0].core.owner == 0 or _has_ended(cycle[0].core)
            raise deadlock_error([(w.ident, w.target) for w in cycle], -1 if ended else len(cycle))
        return got

    def _join(self, waiter: _Waiter) -> None:
        _sync.step("join")
        joined = waiter.woken + 1
        self._queue.append(waiter)
        waiter.joined = joined

    def _try_as(self, waiter: _Waiter) -> bool:
        _sync.step("acquire")
        if self._word.setdefault(0, waiter.identity) != waiter.identity:
            return False
        self._withdraw(waiter)
        if not waiter.handed and waiter.is_inside_of_owner():
            self.depth += 1
        return True

    def _wait_as(self, waiter: _Waiter, started: float, timeout: float) -> tuple[bool, bool, list[_Waiter]]:
        """Whether the mutex was taken, whether the time was over, and the cycle that was found."""
        end = started + timeout if waiter.timed else float("inf")
        look = float("inf") if waiter.timed else started + MOMENT
        now = started
        cycle: list[_Waiter] = []
        self._inherit()
        self._join(waiter)
        while True:
            if self._forks != _forks:  # by a signal handler that interrupted us
                self._inherit()
                self._join(waiter)
            if self._try_as(waiter):
                return True, False, []
            if now >= end or cycle:
                break
            # Not for as long as may be: a signal that another thread was given is seen only between two sleeps.
            if waiter.signal.acquire(True, max(min(look - now, end - now, AGAIN), 0.0)):
                if waiter.handed:
                    return True, False, []
                waiter.impatient = True
                _sync.step("join again")
                self._queue.appendleft(waiter)
                waiter.joined += 1
            now = _sync.monotonic()
            if look <= now < end:
                look = now + AGAIN
                cycle = _find_deadlock(waiter)
        if not self._withdraw(waiter):
            waiter.signal.acquire()  # it is on its way
            if self._try_as(waiter):
                return True, False, []
        return False, not cycle, cycle


DEPTH = 5  # so many calls deeper than to enter is to leave, at most


def dive(levels: int) -> None:
    """Raise RecursionError now, if to leave the mutex would: it would stay with this thread for ever."""
    if levels:
        dive(levels - 1)


_serials = itertools.count(1)
_signs: weakref.WeakValueDictionary[int, _Sign] = weakref.WeakValueDictionary()
_local = _Local()
_waiting: dict[int, _Waiter] = {}
_verdict = _sync.allocate_lock()
_forks = 0
_survivor = 0
_last_before = 0  # identities above it were given since the last fork


def _has_ended(core: Core) -> bool:
    return core.asked and core.owner not in _signs


def _cycle(waiter: _Waiter) -> list[_Waiter]:
    """The waiters of the cycle that *waiter* closes, or itself alone if what it waits for has lost its owner."""
    if _has_ended(waiter.core):
        return [waiter]
    cycle = [waiter]
    for _ in range(len(_waiting)):
        owner = cycle[-1].core.owner
        if owner == waiter.identity:
            return cycle
        other = _waiting.get(owner)
        if other is None or other.timed:
            break
        cycle.append(other)
    return []


def _find_deadlock(waiter: _Waiter) -> list[_Waiter]:
    if not _verdict.acquire(False):
        return []  # another thread is looking; it may be the one that raises
    try:
        cycle = _cycle(waiter)
        if not cycle or cycle != _cycle(waiter):
            return []
        _waiting.pop(waiter.identity, None)  # one thread of a cycle raises: the others do not find it any more
        return cycle
    finally:
        _verdict.release()


def _next_version(version: int) -> int:
    return (version & 2) + (version >> 2) * 4 + 4


# --- What _locking.py is made of: `m` is a Core -------------------------------------------------------------


def take(m: Core, target: object, timeout: float) -> bool:
    _local.sign  # noqa: B018  (from here on the end of this thread can be seen)
    if not m.try_enter() and not m.wait(target, timeout):
        return False
    m.asked = True  # also inside a section of ours, from a callback: it may outlive that
    return True


def leave_at(m: Core) -> None:
    m.leave()


def is_mine(m: Core) -> bool:
    return m.owner == _sync.identity()


def depth_of(m: Core) -> int:
    return m.depth if m.owner else 0


def set_depth(m: Core, depth: int) -> None:
    m.depth = depth


def open_at(m: Core) -> None:
    if not m.version & 1:
        m.opened = m.depth
        m.version += 1


def close_at(m: Core) -> None:
    if m.opened >= m.depth:
        m.opened = 0
        m.version = _next_version(m.version)


def figures_of(m: Core) -> tuple[int, int, int, float, float]:
    return m.figures


def forget(m: Core) -> None:
    """C must free the queue; here nothing is owed."""


# --- What _rwlock.py needs besides: it keeps its own queue, and searches ours for deadlocks --------------------


def thread_id() -> int:
    """The calling thread's identity, which is never given to another thread of this process."""
    _local.sign  # noqa: B018  (from here on the end of this thread can be seen)
    return _sync.identity()


def thread_word() -> int:
    """In C this tells running threads apart, and an id tells them from those that have ended; here one does both."""
    return _sync.identity()


def lives(thread: int) -> bool:
    """Whether a thread that has called thread_id() still runs."""
    return thread in _signs


def wait_of(word: int) -> tuple[object, int, object, list[int]] | None:
    """What a thread waits for, if it does so without a timeout: the wait, its ident, the target, the owner's word."""
    waiter = _waiting.get(word)
    if waiter is None or waiter.timed:
        return None
    return waiter, waiter.ident, waiter.target, [0 if _has_ended(waiter.core) else waiter.core.owner]


def enter_now(self: Any) -> bool:
    """Open a section if that needs no wait."""
    core: Core = self._mutex
    return core.try_enter()


def check_signals() -> None:
    """C code must ask for them."""


# --- What the rooms are made of: `self` is a container -------------------------------------------------------


def mutex_of(self: Any) -> Core:
    core: Core = self._mutex
    return core


def enter(self: Any) -> None:
    """Open a section of at most one mutation: optimistic readers need not wait for it."""
    core: Core = self._mutex
    if not core.try_enter():
        core.wait(self, -1.0)


def leave(self: Any) -> None:
    leave_at(self._mutex)


def acquire(self: Any) -> None:
    """Open a section of several steps."""
    enter(self)
    open_at(self._mutex)


def release(self: Any) -> None:
    close_at(self._mutex)
    leave_at(self._mutex)


def alone(self: Any, *given: object) -> bool:  # noqa: ARG001
    """Whether what follows needs no section, as no other thread can run before it is done: never, between lines."""
    return False


def discard(self: Any) -> None:
    """As :func:`forget`."""


def holds(self: Any) -> bool:
    return is_mine(self._mutex)


def begin_read(self: Any) -> int:
    """The version if a reader may try without the mutex, -1 if it must take it."""
    _sync.step("read")
    version: int = self._mutex.version
    return -1 if version & 3 else version


def validate(self: Any, stamp: int) -> bool:
    _sync.step("validate")
    core: Core = self._mutex
    return core.version == stamp


def serve(self: Any, on: bool) -> None:
    """While on, every reader takes the mutex: one of them may have to be answered from a snapshot."""
    core: Core = self._mutex
    core.version = core.version | 2 if on else core.version & ~2


class Section:
    """What ``locked()`` of a container returns: entered, it keeps every other thread out."""

    __slots__ = ("_core", "_target", "_timeout")

    def __init__(self, target: Any, timeout: float) -> None:
        self._core = mutex_of(target)
        self._target = target
        self._timeout = timeout

    def __enter__(self) -> Any:
        if not take(self._core, self._target, self._timeout):
            from lockedcontainers._locking import not_free  # it builds on this module

            raise not_free(self._target, self._timeout)
        open_at(self._core)
        return self._target

    def __exit__(self, *error: object) -> None:
        if not is_mine(self._core):
            raise RuntimeError("cannot leave a section that this thread is not in")
        close_at(self._core)
        leave_at(self._core)

    @property
    def serial(self) -> int:
        """The container's place in the one order in which several are locked."""
        return self._core.serial


def section(self: Any, timeout: float | None) -> Section:
    from lockedcontainers._locking import seconds_to_wait

    return Section(self, -1.0 if timeout is None else seconds_to_wait(timeout))


def twin(cls: type[Any]) -> None:
    """Give an uncompiled class what the compiled one is born with: a mutex, None in its slots, its ``__cinit__``."""
    slots: tuple[str, ...] = tuple(name for name in cls.__dict__["__slots__"] if name not in ("_mutex", "__weakref__"))
    inherited: Any = cls.__new__
    begin = cls.__dict__.get("__cinit__")

    def new(cls: type[Any], *args: Any, **kwargs: Any) -> Any:
        self = inherited(cls) if inherited is object.__new__ else inherited(cls, *args, **kwargs)
        if not hasattr(self, "_mutex"):
            self._mutex = Core()
        for name in slots:
            setattr(self, name, None)
        if begin is not None:
            begin(self)
        return self

    cls.__new__ = staticmethod(new)  # type: ignore[assignment]


def _after_fork_in_child() -> None:
    global _forks, _last_before, _survivor, _verdict
    _forks += 1
    _survivor = _sync.identity()
    _last_before = _sync.last_identity()
    _verdict = _sync.allocate_lock()
    _waiting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
