# ← _rwlock.py            _async.py →
# cython: binding=False, embedsignature=True, embedsignature.format=clinic
"""BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue: queues whose waiters are served in the order they came.

Overview (for maintainers)
    Goal        a put and a get that need not wait cost about what those of ``queue.SimpleQueue`` do, and whoever waits
                is served by the thread that makes it possible: no wake-up is for nothing, and nobody is overtaken.
    Invariant   when a section ends, nobody waits for what is there: no getter while there is an item, no putter while
                there is room, nobody in ``join`` while all is done. ``settle`` sees to it: it gives items to the
                getters and takes those of the putters, in the order in which they came.
    Fast, slow  ``_slow_get`` and ``_slow_put`` say that somebody waits, or that storing or taking an item is not one
                call of C. If not, a put is: enter, append, leave. ``rewatch`` keeps the two true.
    Waiting     a Waiter sleeps on a lock of its own, never inside a section. Who serves it writes the outcome into it
                and releases that lock, in a section of the queue. A waiter whose time is over looks, in a section,
                whether it has been served; so it was, or it is taken out of the line and nothing has happened.
                Before signal handlers run it leaves the line and takes its old place after: they may use this queue.
                A join stays: it takes nothing from them, and all might be done only while they run.
    Two orders  Storing into a heap runs ``__lt__`` of users, who may use this queue from there or raise. So where an
                item belongs is found before anything moves, and found again if the heap has changed by then.
    Subclasses  may replace ``_init``, ``_qsize``, ``_put`` and ``_get``, as those of ``queue.Queue`` may. What these
                raise is raised in the thread whose put or get it is, even if another one called them to serve it.
    Two classes Bounded is what must be fast, and the others are the queues. They are two because a compiled class
                cannot be a ``queue.Queue``, but one that inherits from both can. Compiled, these are given Bounded's
                methods as their own: CPython is quicker to call those.
    Accepted    an item that was handed to a get which is cancelled, or interrupted, goes back to where the next get
                finds it, even if the queue has been filled up meanwhile: then it holds one more than maxsize. So that
                several come back to a FIFO queue in their order, each has a number (``place``), and ``_returned`` are
                those of the first items in the queue. After an immediate shutdown such an item is thrown away.
    Accepted    uncompiled, a put that is interrupted just as it is served has put its item.
"""

from __future__ import annotations

import copy
import math
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, Full
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from lockedcontainers import _sync
from lockedcontainers._common import new_arguments, own_state
from lockedcontainers._locking import DeadlockError, describe, seconds_to_wait

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._mutex import (
        depth_of,
        discard,
        enter,
        is_mine,
        leave,
        leave_at,
        mutex_of,
        section,
        set_depth,
        take,
        twin,
    )

    def line_put(items: Any, item: Any) -> None:
        items.append(item)

    def line_take(items: Any, nothing: Any) -> Any:
        if not items:
            return nothing
        return items.popleft() if isinstance(items, deque) else items.pop()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def line_len(items: Any) -> int:
        return len(items)

    def new_signal() -> _sync.RawLock:
        signal = _sync.allocate_lock()
        signal.acquire(False)
        return signal

    def free_signal(w: Waiter) -> None:
        """C must free it."""

    def park(signal: _sync.RawLock, seconds: float) -> bool:
        """Whether it was woken; what a signal handler raises is raised here."""
        return signal.acquire(True, seconds)

    def unpark(signal: _sync.RawLock) -> None:
        signal.release()

    def check_signals() -> None:
        """Python has run their handlers where it slept."""


if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from lockedcontainers._async import AsyncQueue

if sys.version_info >= (3, 13):
    from queue import ShutDown
else:

    class ShutDown(Exception):
        """Raised by a put or get on a queue that was shut down. On Python 3.13 and later it is ``queue.ShutDown``."""


T = TypeVar("T")
Overflow = Literal["block", "drop_oldest", "drop_newest", "raise"]

NOTHING: Any = object()
OVERFLOWS = ("block", "drop_oldest", "drop_newest", "raise")
FIFO = 0
LIFO = 1
PRIORITY = 2
CUSTOM = 3
ORDERS: tuple[tuple[int, type[Any]], ...] = (
    (PRIORITY, queue.PriorityQueue),
    (LIFO, queue.LifoQueue),
    (FIFO, queue.Queue),
)
HOOKS = ("_init", "_qsize", "_put", "_get")
GET, PUT, JOIN = range(3)
WAITING, SERVED, CLOSED = range(3)
AGAIN = 0.5  # as in _mutex

forks = 0  # between this process and the first import
survivor = 0  # the ident of the thread that forked last


class Waiter:
    """A get, put or join that waits, or what became of it."""

    __slots__ = ("claim", "error", "ident", "item", "place", "reserves", "role", "served", "signal", "ticket")

    claim: _sync.RawLock | None

    def __init__(self, role: int, item: Any = None) -> None:
        self.signal = new_signal()
        self.role = role
        self.item = item
        self.error: Exception | None = None
        self.claim = None
        self.reserves = False  # served, it has the right to a slot, and stores its item itself
        self.served = WAITING
        self.ticket = 0
        self.place = 0  # of the item, among those that have been handed out
        self.ident = _sync.get_ident()

    def __dealloc__(self) -> None:
        free_signal(self)

    def wake(self) -> bool:
        """Tell the one who waits that the outcome is there. False if there is nobody any more."""
        unpark(self.signal)
        return True


class Option(Waiter):
    """What waits in one of the queues of a select(); those of one select have a leader, which it sleeps on."""

    __slots__ = ("chosen", "leader")

    leader: Option | None
    chosen: Option | None

    def __init__(self, leader: Option | None) -> None:
        Waiter.__init__(self, GET)
        self.leader = leader
        self.chosen = None
        self.claim = _sync.allocate_lock() if leader is None else leader.claim

    def wake(self) -> bool:
        leader: Any = self.leader
        leader.chosen = self
        unpark(leader.signal)
        return True


class Bounded:
    """What the three queues have in common with those of the standard library."""

    __slots__ = (
        "_changes",
        "_conditions",
        "_discards",
        "_dropped",
        "_face",
        "_forks",
        "_getters",
        "_items",
        "_joiners",
        "_kind",
        "_limit",
        "_maxsize",
        "_mutex",
        "_overflow",
        "_overridden",
        "_putters",
        "_reserved",
        "_returned",
        "_seen",
        "_shut",
        "_slow_get",
        "_slow_put",
        "_standard",
        "_tickets",
        "_unfinished",
    )

    _conditions: tuple[threading.Condition, threading.Condition, threading.Condition] | None
    _discards: bool
    _face: Any
    _getters: deque[Waiter] | None
    _items: Any
    _joiners: deque[Waiter] | None
    _kind: int
    _limit: int
    _maxsize: int
    _overflow: Overflow
    _overridden: bool
    _putters: deque[Waiter] | None
    _returned: list[int] | None
    _shut: bool
    _slow_get: bool
    _slow_put: bool
    _standard: int

    def __cinit__(self) -> None:
        self._items = deque[Any]()
        self._maxsize = self._limit = self._unfinished = self._reserved = self._dropped = 0
        self._kind = self._standard = FIFO
        self._changes = self._tickets = 0
        self._forks = forks
        self._overflow = "block"
        self._shut = self._discards = self._overridden = self._slow_get = self._slow_put = False

    def __init__(self, maxsize: int = 0, *, overflow: Overflow = "block") -> None:
        cls: type[Any] = type(self)
        if overflow not in OVERFLOWS:
            raise ValueError(f"overflow must be one of {', '.join(map(repr, OVERFLOWS))}, not {overflow!r}")
        if overflow == "drop_oldest" and isinstance(self, queue.PriorityQueue):
            raise ValueError("a priority queue does not know which item is the oldest")
        self._standard = order_of(cls)
        self._kind = CUSTOM  # until self.queue is set
        self._overridden = not (is_ours(cls, "put") and is_ours(cls, "get"))
        self._overflow = overflow
        hooks: Any = self
        hooks._init(maxsize)  # it sets self.queue
        set_maxsize(self, maxsize)

    def __dealloc__(self) -> None:
        discard(self)

    # --- What a queue is made of -----------------------------------------------------------------------------

    @property
    def maxsize(self) -> int:
        """How many items the queue holds at most; 0 or less: any number. It may be changed."""
        enter(self)
        try:
            return self._maxsize
        finally:
            leave(self)

    @maxsize.setter
    def maxsize(self, maxsize: int) -> None:
        set_maxsize(self, maxsize)

    @property
    def overflow(self) -> Overflow:
        """What a put on a full queue does, as given to the constructor."""
        return self._overflow

    @property
    def dropped(self) -> int:
        """How many items have been dropped because the queue was full."""
        enter(self)
        try:
            return self._dropped
        finally:
            leave(self)

    @property
    def queue(self) -> Any:
        """The storage: a deque, or for the other orders a list. To be used inside ``with q.mutex:`` only."""
        enter(self)
        try:
            self._returned = None  # nobody knows any more where these are
            rewatch(self)
            return self._items
        finally:
            leave(self)

    @queue.setter
    def queue(self, items: Any) -> None:
        set_items(self, items)

    @property
    def unfinished_tasks(self) -> int:
        """How many items were put for which ``task_done`` has not been called."""
        enter(self)
        try:
            return self._unfinished
        finally:
            leave(self)

    @unfinished_tasks.setter
    def unfinished_tasks(self, count: int) -> None:
        enter(self)
        try:
            self._unfinished = count
            settle(self)
        finally:
            leave(self)

    @property
    def is_shutdown(self) -> bool:
        """Whether the queue has been shut down."""
        enter(self)
        try:
            return self._shut
        finally:
            leave(self)

    @property
    def mutex(self) -> Any:
        """The lock of the queue, to be used in a ``with`` statement. Whoever waits is served when it is released."""
        return QueueLock(self)

    @property
    def not_empty(self) -> threading.Condition:
        """A condition on :attr:`mutex`, for code that waits on those of ``queue.Queue``. It makes the queue slower."""
        condition: threading.Condition = conditions_of(self)[0]
        return condition

    @property
    def not_full(self) -> threading.Condition:
        """As :attr:`not_empty`."""
        condition: threading.Condition = conditions_of(self)[1]
        return condition

    @property
    def all_tasks_done(self) -> threading.Condition:
        """As :attr:`not_empty`."""
        condition: threading.Condition = conditions_of(self)[2]
        return condition

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return revived, (new_arguments(self), state_of(self)), own_state(self)

    # --- What queue.Queue has --------------------------------------------------------------------------------

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put an item into the queue.

        If the queue is full, wait for room: for ever, or for *timeout* seconds; with *block* false do not wait. The
        ``overflow`` of the queue may say to drop an item, or to raise, instead of waiting.

        Thread safety: atomic. Puts that wait are served in the order they came.
        Runs user code under the lock: ``__lt__`` of items in a priority queue.
        Raises ``Full`` if there is no room, or not in time, and :exc:`ShutDown` if the queue was shut down: then
        nothing was put.
        Complexity: O(1), in a priority queue O(log n).

        >>> q = BoundedQueue(1)
        >>> q.put("a")
        >>> q.put("b", timeout=0.01)
        Traceback (most recent call last):
            ...
        queue.Full
        """
        put_item(self, item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take an item out of the queue and return it.

        If the queue is empty, wait for an item: for ever, or for *timeout* seconds; with *block* false do not wait.

        Thread safety: atomic. Each item is returned once. Gets that wait are served in the order they came.
        Runs user code under the lock: ``__lt__`` of items in a priority queue.
        Raises ``Empty`` if there is no item, or not in time, and :exc:`ShutDown` if there is none and the queue was
        shut down: then nothing was taken.
        Complexity: O(1), in a priority queue O(log n).

        >>> q = BoundedQueue()
        >>> q.put("a")
        >>> q.get()
        'a'
        """
        return get_item(self, block, timeout)

    def put_nowait(self, item: Any) -> None:
        """``put(item, block=False)``.

        >>> q = BoundedQueue(1)
        >>> q.put_nowait("a")
        """
        if self._overridden:
            self.put(item, block=False)
        else:
            put_item(self, item, False, None)

    def get_nowait(self) -> Any:
        """``get(block=False)``.

        >>> BoundedQueue().get_nowait()
        Traceback (most recent call last):
            ...
        _queue.Empty
        """
        return self.get(block=False) if self._overridden else get_item(self, False, None)

    def qsize(self) -> int:
        """How many items there are.

        Thread safety: atomic. The answer may be stale when it arrives.
        Runs no user code.
        Complexity: O(1).

        >>> BoundedQueue().qsize()
        0
        """
        enter(self)
        try:
            return size(self)
        finally:
            leave(self)

    def empty(self) -> bool:
        """Whether there is no item.

        Thread safety: atomic. The answer may be stale when it arrives.
        Runs no user code.
        Complexity: O(1).

        >>> BoundedQueue().empty()
        True
        """
        enter(self)
        try:
            return size(self) <= 0
        finally:
            leave(self)

    def full(self) -> bool:
        """Whether there are ``maxsize`` items.

        Thread safety: atomic. The answer may be stale when it arrives.
        Runs no user code.
        Complexity: O(1).

        >>> BoundedQueue(1).full()
        False
        """
        enter(self)
        try:
            return 0 < self._limit <= size(self)
        finally:
            leave(self)

    def task_done(self) -> None:
        """Say that an item which was taken out has been dealt with; when all have been, :meth:`join` goes on.

        Thread safety: atomic.
        Runs no user code.
        Raises ``ValueError`` if it is called more often than items were put.
        Complexity: O(1) besides the threads that it wakes.

        >>> q = BoundedQueue()
        >>> q.put("a")
        >>> q.get()
        'a'
        >>> q.task_done()
        """
        enter(self)
        try:
            if self._unfinished <= 0:
                raise ValueError("task_done() called too many times")
            self._unfinished -= 1
            if self._unfinished == 0:
                settle(self)
        finally:
            leave(self)

    def join(self) -> None:
        """Wait until :meth:`task_done` has been called for every item that was put.

        Thread safety: atomic: it returns if that has been so at one moment since it was called.
        Runs no user code.
        Complexity: O(1).

        >>> BoundedQueue().join()
        """
        w = Waiter(JOIN)
        if not begin_join(self, w):
            wait(self, w, None)

    def shutdown(self, immediate: bool = False) -> None:
        """Let no more items in; those who wait to put or to get go on with :exc:`ShutDown`.

        What is in the queue can still be taken. If *immediate*, it is thrown away, and counts as done for :meth:`join`.

        Thread safety: atomic.
        Runs no user code under the lock but the ``_get`` of a subclass, if *immediate*. If that raises, the queue is
        shut down, and nothing is thrown away.
        Complexity: O(1) besides what it throws away and the threads that it wakes.

        >>> q = BoundedQueue()
        >>> q.put("a")
        >>> q.shutdown()
        >>> q.get()
        'a'
        >>> try:
        ...     q.put("b")
        ... except ShutDown:
        ...     print("shut down")
        shut down
        """
        kept = None
        enter(self)
        try:
            self._shut = True
            try:
                if immediate:
                    kept = emptied(self) if self._kind == CUSTOM else cleared(self)
                    self._unfinished = max(self._unfinished - len(kept), 0)
                    self._discards = True
            finally:  # whatever a subclass raises: those who wait are told
                settle(self)
        finally:
            leave(self)


class BoundedQueue(Bounded, queue.Queue[T]):  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]
    """A ``queue.Queue`` whose puts and gets cost little, and whose waiters are served in the order they came.

    It is a ``queue.Queue``, with the same methods, results and errors, and ``shutdown`` on every Python. In addition:

    * several items at once: :meth:`put_many`, :meth:`get_many`, :meth:`drain`; to look without taking: :meth:`peek`,
      :meth:`snapshot`;
    * ``for item in q`` takes items until the queue is shut down;
    * *overflow* says what a put on a full queue does: ``"block"``, wait for room; ``"drop_oldest"``, drop the item that
      has been there longest; ``"drop_newest"``, drop the one that is put; ``"raise"``, raise ``Full`` at once. Dropped
      items are counted (``dropped``), and count as done for ``join``;
    * :attr:`async_q` is the same queue for asyncio, and :func:`select` waits for several queues;
    * it may be used by finalizers and signal handlers, also by those that interrupt one of its own methods, and in the
      child of a fork.

    Fairness: of the threads and tasks that wait, the first to come is the first to be served, by whoever makes it
    possible: nobody overtakes it, except while it runs a signal handler.
    Reentrancy: inside ``with q.locked():`` the thread may use the queue. What would have to wait there raises
    :exc:`DeadlockError`, since nobody else could ever get in.

    Thread safety: atomic, each method; what puts or takes several items says what is one step.
    Runs user code under the lock: what a subclass has put in the place of ``_put``, ``_get``, ``_qsize``.

    >>> from lockedcontainers import BoundedQueue
    >>> q = BoundedQueue(2)
    >>> q.put("a")
    >>> q.put("b")
    >>> q.full(), q.get(), q.peek()
    (True, 'a', 'b')
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def put(self, item: T, block: bool = True, timeout: float | None = None) -> None: ...
        def get(self, block: bool = True, timeout: float | None = None) -> T: ...
        def put_nowait(self, item: T) -> None: ...
        def get_nowait(self) -> T: ...

    def put_many(self, items: Iterable[T], block: bool = True, timeout: float | None = None) -> int:
        """Put several items, in their order, waiting for room whenever the queue is full; how many were put.

        That is all of them, unless before that the time is over, the queue is shut down, or (with *block* false, or if
        ``overflow`` says so) there is no room.

        Thread safety: as many as there is room for go in at once, next to one another, but a get that waits is given
        the first of them before the others are there, also by a stack or a heap. After each wait one goes in before it
        takes what other room there is: items of others may come between. *items* is read first.
        Runs user code under the lock: ``__lt__`` of items in a priority queue. If that or a signal handler raises, what
        was put stays.
        Raises ``Full`` or :exc:`ShutDown` as :meth:`put` does, if none was put.
        Complexity: O(k) for k items, in a priority queue O(k log n).

        >>> q = BoundedQueue(3)
        >>> q.put_many("abcd", block=False), q.drain()
        (3, ['a', 'b', 'c'])
        """
        put: int = put_all(self, list(items), block, checked(timeout) if block else None)
        return put

    def get_many(self, max_items: int, block: bool = True, timeout: float | None = None) -> list[T]:
        """Take up to *max_items* items: wait for the first, as :meth:`get` does, and take what else is there.

        Thread safety: atomic if there is an item; else those that come with the first one are taken in a second step.
        Runs user code under the lock: ``__lt__`` of items in a priority queue.
        Raises ``Empty`` and :exc:`ShutDown` as :meth:`get` does, and ``ValueError`` if *max_items* is less than 1.
        Complexity: O(k) for k items, in a priority queue O(k log n).

        >>> q = BoundedQueue()
        >>> q.put_many("abc")
        3
        >>> q.get_many(2), q.get_many(2)
        (['a', 'b'], ['c'])
        """
        if max_items < 1:
            raise ValueError("max_items must be at least 1")
        items: list[T] = get_all(self, max_items, block, checked(timeout) if block else None)
        return items

    def drain(self) -> list[T]:
        """Take everything out at once: a list of all items, in the order in which gets would return them.

        It does not wait, nor raise if there is nothing. Puts that wait go on. As after :meth:`get`, call ``task_done``
        for each item.

        Thread safety: atomic. Each item is in exactly one drain, or returned by one get.
        Runs user code under the lock: ``__lt__`` of items in a priority queue. If that or a signal handler raises,
        nothing was taken.
        Complexity: O(n), in a priority queue O(n log n).

        >>> q = BoundedLifoQueue()
        >>> q.put_many("abc")
        3
        >>> q.drain(), q.drain()
        (['c', 'b', 'a'], [])
        """
        enter(self)
        try:
            items: list[T] = emptied(self)
            try:
                settle(self)
            except BaseException:
                give_all_back(self, items, 0)
                raise
        finally:
            leave(self)
        return items

    def peek(self) -> T:
        """Return the item that :meth:`get` would return now, and leave it in the queue.

        Thread safety: atomic. Another thread may have taken the item when it arrives.
        Runs no user code.
        Raises ``Empty`` if there is no item, and :exc:`ShutDown` if the queue was shut down besides; ``TypeError`` if a
        subclass has a storage of its own in which nothing is first.
        Complexity: O(1).

        >>> q = BoundedPriorityQueue()
        >>> q.put_many([2, 1])
        2
        >>> q.peek(), q.qsize()
        (1, 2)
        """
        item: T = first_of(self)
        return item

    def snapshot(self) -> list[T]:
        """A list of the items of one moment, in the order in which gets would return them. They stay in the queue.

        Thread safety: atomic.
        Runs user code: ``__lt__`` of items in a priority queue, with nothing locked.
        Complexity: O(n), in a priority queue O(n log n).

        >>> q = BoundedPriorityQueue()
        >>> q.put_many([2, 3, 1])
        3
        >>> q.snapshot()
        [1, 2, 3]
        """
        enter(self)
        try:
            items: list[T] = contents(self)
        finally:
            leave(self)
        return sorted_as(self, items)

    def locked(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Keep every other thread out for several steps; used in a ``with`` statement, which yields the queue.

        Thread safety: atomic. To other threads all that is done inside happens in one moment.
        Runs user code under the lock: the body of the ``with`` statement.
        Raises :exc:`LockTimeout` if the queue is not free within *timeout* seconds, and :exc:`DeadlockError`.
        Complexity: O(1).

        >>> q = BoundedQueue()
        >>> with q.locked():
        ...     if "a" not in q.snapshot():
        ...         q.put("a")
        """
        return section(self, timeout)

    @property
    def async_q(self) -> AsyncQueue[T]:
        """The same queue for asyncio: see :class:`AsyncQueue`."""
        face: AsyncQueue[T] = face_of(self)
        return face

    def __iter__(self) -> Iterator[T]:
        """Take items, waiting for them, until the queue is shut down and empty."""
        while True:
            try:
                item = self.get()
            except ShutDown:
                return
            yield item


class BoundedLifoQueue(BoundedQueue[T], queue.LifoQueue[T]):  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]
    """A ``queue.LifoQueue``: what was put last is taken first. Otherwise a :class:`BoundedQueue`.

    >>> from lockedcontainers import BoundedLifoQueue
    >>> q = BoundedLifoQueue()
    >>> q.put_many("ab")
    2
    >>> q.get()
    'b'
    """

    __slots__ = ()


class BoundedPriorityQueue(BoundedQueue[T], queue.PriorityQueue[T]):  # type: ignore[override,type-var]  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride, reportInvalidTypeArguments]
    """A ``queue.PriorityQueue``: what is least is taken first. Otherwise a :class:`BoundedQueue`.

    Items are compared by ``<``. If that raises, nothing was put or taken, and the order is as it was. It cannot
    ``drop_oldest``: it does not know which item is.

    >>> from lockedcontainers import BoundedPriorityQueue
    >>> q = BoundedPriorityQueue()
    >>> q.put_many([(2, "later"), (1, "first")])
    2
    >>> q.get()
    (1, 'first')
    """

    __slots__ = ()


class QueueLock:
    """``q.mutex``: what ``threading.Condition`` asks of a lock, on the lock of a queue."""

    __slots__ = ("_queue",)

    def __init__(self, q: Bounded) -> None:
        self._queue = q

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As ``threading.Lock.acquire``, but the thread that has it may take it again."""
        if not blocking:
            if timeout != -1:
                raise ValueError("can't specify a timeout for a non-blocking call")
            return hold(self._queue, 0.0)
        return hold(self._queue, -1.0 if timeout == -1 else seconds_to_wait(timeout))

    def release(self) -> None:
        """Serve those whom it is time to serve, and let other threads in."""
        let_go(self._queue, False)

    def locked(self) -> bool:
        """Whether any thread has it."""
        return held_by_anyone(self._queue)

    def __enter__(self) -> bool:
        return hold(self._queue, -1.0)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        let_go(self._queue, False)

    def _is_owned(self) -> bool:
        return held_by_us(self._queue)

    def _release_save(self) -> int:
        depth: int = let_go(self._queue, True)
        return depth

    def _acquire_restore(self, depth: int) -> None:
        retake(self._queue, depth)


def select(*queues: BoundedQueue[T], timeout: float | None = None) -> tuple[BoundedQueue[T], T]:
    """Take an item from whichever of several queues has one first: that queue and the item.

    If several have one, the first of them as given is taken from. Queues that were shut down and are empty are left
    out.

    Thread safety: exactly one item is taken, from one queue.
    Runs user code under the lock: ``__lt__`` of items in a priority queue.
    Raises ``Empty`` if there is no item within *timeout* seconds, and :exc:`ShutDown` if all queues were shut down and
    are empty: then nothing was taken.
    Complexity: O(k) for k queues.

    >>> from lockedcontainers import BoundedQueue, select
    >>> urgent, normal = BoundedQueue(), BoundedQueue()
    >>> normal.put("a letter")
    >>> q, item = select(urgent, normal)
    >>> q is normal, item
    (True, 'a letter')
    """
    if not queues:
        raise ValueError("select needs a queue")
    end = end_of(checked(timeout))
    left: list[BoundedQueue[T]] = []
    for q in queues:
        shut = q.is_shutdown  # asked first: what is put before a shutdown, while we look, is found
        item = get_now(q)
        if item is not NOTHING:
            return q, item
        if not shut:
            left.append(q)
    if not left:
        raise ShutDown
    if timeout is not None and timeout <= 0:
        raise Empty
    option = choice(left, end)
    if option is None:
        raise Empty
    at, chosen = option
    return left[at], outcome(chosen)


# --- Puts and gets ---------------------------------------------------------------------------------------------


def put_item(q: Any, item: Any, block: bool, timeout: float | None) -> None:
    if timeout is not None and block and q._limit > 0 and not timeout >= 0:
        raise ValueError("'timeout' must be a non-negative number")
    enter(q)
    try:
        if not q._slow_put and (q._limit == 0 or line_len(q._items) < q._limit):
            line_put(q._items, item)
            q._unfinished += 1
            return
    finally:
        leave(q)
    put_slowly(q, item, block, timeout)


def get_item(q: Any, block: bool, timeout: float | None) -> Any:
    if timeout is not None and block and not timeout >= 0:
        raise ValueError("'timeout' must be a non-negative number")
    enter(q)
    try:
        if not q._slow_get:
            item = line_take(q._items, NOTHING)
            if item is not NOTHING:
                return item
    finally:
        leave(q)
    return get_slowly(q, block, timeout)


def put_slowly(q: Any, item: Any, block: bool, timeout: float | None) -> None:
    end = end_of(timeout) if block else None
    kept = None
    enter(q)
    try:
        if q._shut:
            raise ShutDown
        if room(q):
            store(q, item)
            q._unfinished += 1
            settle(q)
            return
        if q._overflow != "block":
            kept = overflowing(q, item)
            return
        if not block:
            raise Full
        w = Waiter(PUT, item)
        enlist(q, w)
    finally:
        leave(q)
    if not wait(q, w, end):
        raise Full
    outcome(w)


def get_slowly(q: Any, block: bool, timeout: float | None) -> Any:
    end = end_of(timeout) if block else None
    enter(q)
    try:
        item = next_item(q)
        if item is not NOTHING:
            return settled(q, item)
        if q._shut:
            raise ShutDown
        if not block:
            raise Empty
        w = Waiter(GET)
        enlist(q, w)
    finally:
        leave(q)
    if not wait(q, w, end):
        raise Empty
    return outcome(w)


def get_now(q: Any) -> Any:
    """An item, or NOTHING."""
    enter(q)
    try:
        item = next_item(q)
        return item if item is NOTHING else settled(q, item)
    finally:
        leave(q)


def first_of(q: Any) -> Any:
    enter(q)
    try:
        if size(q) <= 0:
            raise ShutDown if q._shut else Empty
        items = q._items
        if q._kind == CUSTOM and not (issubclass(type(items), Sequence) and len(items) > 0):
            raise TypeError(f"only _get of {type(q).__name__} knows which item is the next: peek cannot tell")
        return items[-1 if isinstance(q, queue.LifoQueue) else 0]
    finally:
        leave(q)


def put_all(q: Any, items: list[Any], block: bool, timeout: float | None) -> int:
    end = end_of(timeout)
    done = 0
    kept: list[Any] = []
    while True:
        enter(q)
        try:
            while done < len(items) and not q._shut:
                if room(q):
                    store(q, items[done])
                    q._unfinished += 1
                    if q._slow_put:
                        settle(q)
                elif q._overflow == "drop_oldest":
                    kept.append(overflowing(q, items[done]))
                elif q._overflow == "drop_newest":
                    q._dropped += len(items) - done
                    return done
                else:
                    break
                done += 1
            if done == len(items):
                return done
            if q._shut:
                if done:
                    return done
                raise ShutDown
            if not block or q._overflow == "raise":
                break
            w = Waiter(PUT, items[done])
            enlist(q, w)
        finally:
            leave(q)
        if not wait(q, w, end):
            break
        if w.served == CLOSED and done:
            return done
        outcome(w)
        done += 1
    if not done:
        raise Full
    return done


def get_all(q: Any, most: int, block: bool, timeout: float | None) -> list[Any]:
    end = end_of(timeout)
    items: list[Any] = []
    enter(q)
    try:
        fill(q, items, most)
        if items:
            return items
        if q._shut:
            raise ShutDown
        if not block:
            raise Empty
        items.append(None)  # room for what it is going to be given
        w = Waiter(GET)
        enlist(q, w)
    finally:
        leave(q)
    if not wait(q, w, end):
        raise Empty
    items[0] = outcome(w)
    try:
        enter(q)
        try:
            fill(q, items, most)
        finally:
            leave(q)
    except BaseException:  # of a signal handler, or a deadlock: the first item is given back as well
        withdraw(q, w)
        raise
    return items


def fill(q: Any, items: list[Any], most: int) -> None:
    """In a section: take what is there. If that raises, and something has been taken before, the next get finds out."""
    before = len(items)
    try:
        while len(items) < most:
            try:
                item = next_item(q)
            except Exception:
                if items:
                    break
                raise
            if item is NOTHING:
                break
            try:
                items.append(item)
            except MemoryError:
                give_back(q, item, 0)
                if items:
                    break
                raise
        settle(q)
    except BaseException:
        give_all_back(q, items, before)
        raise


def overflowing(q: Any, item: Any) -> Any:
    """In a section: put into a full queue that does not wait. What has been dropped is let go by the caller."""
    dropped: list[Any] = []
    if q._overflow == "raise":
        raise Full
    if q._overflow == "drop_newest":
        q._dropped += 1
        return dropped
    while not room(q):
        oldest = oldest_of(q)
        if oldest is NOTHING:
            break
        dropped.append(oldest)
        q._dropped += 1
        q._unfinished = max(q._unfinished - 1, 0)
    store(q, item)
    q._unfinished += 1
    settle(q)
    return dropped


def oldest_of(q: Any) -> Any:
    if q._kind == LIFO:
        return q._items.pop(0) if q._items else NOTHING
    return next_item(q)


def begin_get(q: Any, w: Waiter) -> bool:
    """Get an item into the waiter, or put the waiter into the line."""
    enter(q)
    try:
        item = next_item(q)
        if item is not NOTHING:
            w.item = settled(q, item)
            w.served = SERVED
            return True
        if q._shut:
            raise ShutDown
        enlist(q, w)
        return False
    finally:
        leave(q)


def begin_put(q: Any, item: Any, w: Waiter) -> bool:
    """Put the item, or put the waiter into the line for a slot."""
    kept = None
    enter(q)
    try:
        if q._shut:
            raise ShutDown
        if room(q):
            store(q, item)
            q._unfinished += 1
            settle(q)
            return True
        if q._overflow != "block":
            kept = overflowing(q, item)
            return True
        enlist(q, w)
        return False
    finally:
        leave(q)


def finish_put(q: Any, item: Any, w: Waiter) -> None:
    """Store the item in the slot that the waiter was given."""
    try:
        enter(q)
    except BaseException:  # of a signal handler, or a deadlock
        withdraw(q, w)
        raise
    try:
        if w.served == SERVED:
            free_slot(q, w)
        if q._shut:
            raise ShutDown
        try:
            store(q, item)
            q._unfinished += 1
        finally:
            settle(q)
    finally:
        leave(q)


def free_slot(q: Any, w: Waiter) -> None:
    w.served = CLOSED
    inherit(q)
    q._reserved = max(q._reserved - 1, 0)


def begin_join(q: Any, w: Waiter) -> bool:
    """Whether all is done; if not, the waiter is in the line."""
    enter(q)
    try:
        if q._unfinished <= 0:
            return True
        enlist(q, w)
        return False
    finally:
        leave(q)


def waiting(q: Any) -> tuple[int, int, int]:
    """How many wait to get, to put, and in join: for tests, and those who look into a program that stands still."""
    enter(q)
    try:
        inherit(q)
        return len(q._getters or ()), len(q._putters or ()), len(q._joiners or ())
    finally:
        leave(q)


# --- Serving: every function here is called in a section -------------------------------------------------------


def settle(q: Any) -> None:
    """Serve those who wait, as far as there is what they wait for."""
    inherit(q)
    while q._joiners and q._unfinished <= 0:  # first, before a put goes on
        w = q._joiners.popleft()
        w.served = SERVED
        w.wake()
    while True:
        if q._getters and size(q) > 0:
            serve_getter(q)
        elif q._putters and not q._shut and room(q):
            serve_putter(q)
        else:
            break
    if q._shut:
        close_line(q._getters)
        close_line(q._putters)
    if q._conditions is not None:
        notify(q)
    rewatch(q)


def settled(q: Any, item: Any) -> Any:
    """Settle, or give the item back and raise."""
    try:
        settle(q)
    except BaseException:
        give_back(q, item, 0)
        raise
    return item


def serve_getter(q: Any) -> None:
    w: Waiter = q._getters.popleft()
    if w.served != WAITING or not claimed(w):
        return
    item = NOTHING
    w.place = next_place(q)
    try:
        item = next_item(q)
    except Exception as error:  # noqa: BLE001
        w.error = error  # it is raised where the item is wanted
    finally:
        if item is NOTHING and w.error is None:  # taken by code of users that ran meanwhile, or interrupted
            if w.claim is not None:
                w.claim.release()
            q._getters.appendleft(w)
    if item is not NOTHING or w.error is not None:
        there = w.served == WAITING  # else it met a deadlock while code of users ran here
        if there:
            w.item = item
            w.served = SERVED
            there = w.wake()
        if not there and item is not NOTHING:
            give_back(q, item, w.place)


def serve_putter(q: Any) -> None:
    w: Waiter = q._putters.popleft()
    if w.served != WAITING:
        return
    done = w.reserves
    try:
        if done:
            q._reserved += 1
        else:
            store(q, w.item)
            q._unfinished += 1
            done = True
    except Exception as error:  # noqa: BLE001
        w.error = error  # it is raised where the item comes from
        done = True
    finally:
        if not done:
            q._putters.appendleft(w)
    w.served = SERVED
    if not w.wake() and w.reserves:
        q._reserved -= 1


def close_line(line: Any) -> None:
    while line:
        w: Waiter = line.popleft()
        if claimed(w):
            w.served = CLOSED
            w.wake()


def claimed(w: Waiter) -> bool:
    """Whether nobody else serves it: a select() waits in several queues."""
    return w.claim is None or w.claim.acquire(False)


def rewatch(q: Any) -> None:
    special = q._kind > LIFO or q._conditions is not None
    q._slow_get = special or bool(q._putters) or bool(q._returned)
    q._slow_put = special or bool(q._getters) or q._shut or q._reserved > 0


def inherit(q: Any) -> None:
    """In the child of a fork, forget waiters that are not there."""
    if q._forks != forks:
        q._forks = forks
        q._reserved = 0
        for line in (q._getters, q._putters, q._joiners):
            if line is not None:
                here = [w for w in line if is_here(w)]
                line.clear()
                line.extend(here)


def is_here(w: Any) -> bool:
    """Whether it is one of the thread that forked; no task of it goes on in the child."""
    return bool(w.ident == survivor)


def line_of(q: Any, w: Waiter) -> Any:
    return q._getters if w.role == GET else q._putters if w.role == PUT else q._joiners


def enlist(q: Any, w: Waiter) -> None:
    """Put a waiter into its line, in the order of arrival, and serve it if that can be done."""
    refuse_to_wait(q)
    inherit(q)  # before there is one in the line that came after the fork
    if q._getters is None:
        make_waiters(q)
    w.served = WAITING
    if w.ticket == 0:
        q._tickets += 1
        w.ticket = q._tickets
    line = line_of(q, w)
    at = len(line)
    while at > 0 and ticket_of(line[at - 1]) > w.ticket:
        at -= 1
    try:
        line.insert(at, w)
        settle(q)
    except BaseException:  # of code of users: nobody will wait for what this waiter is served
        forgo(q, w)
        raise


def ticket_of(w: Any) -> int:
    ticket: int = w.ticket
    return ticket


def make_waiters(q: Any) -> None:
    getters, putters, joiners = deque[Waiter](), deque[Waiter](), deque[Waiter]()
    if q._getters is None:  # what a finalizer may have done just now
        q._joiners = joiners
        q._putters = putters
        q._getters = getters


def unlist(q: Any, w: Waiter) -> None:
    line = line_of(q, w)
    if line is not None and w in line:
        line.remove(w)
    rewatch(q)


def forgo(q: Any, w: Waiter) -> None:
    """Leave the line; or give back what it was served, once, however often it is interrupted meanwhile."""
    served = w.served
    w.served = CLOSED
    if served == WAITING:
        unlist(q, w)
    elif served == SERVED and w.role == GET and w.error is None:
        give_back(q, w.item, w.place)
        settle(q)
    elif served == SERVED and w.reserves:
        free_slot(q, w)
        settle(q)


def refuse_to_wait(q: Any) -> None:
    if depth_of(mutex_of(q)) > 1:
        raise DeadlockError(f"to wait for {describe(q)} inside a section of it would be to wait for ever")


# --- Waiting ---------------------------------------------------------------------------------------------------


def wait(q: Any, w: Waiter, end: float | None) -> bool:
    """Sleep until served. False if the time was over first: then nothing has happened."""
    try:
        while not park(w.signal, rest_of(end)):
            enter(q)
            try:
                if w.served != WAITING:
                    break
                if w.role != JOIN:  # which takes nothing that handlers may want, and must not miss its moment
                    unlist(q, w)
                if end is not None and _sync.monotonic() >= end:
                    return False
            finally:
                leave(q)
            check_signals()
            if w.role != JOIN:
                enlist_again(q, w)
    except BaseException:
        withdraw(q, w)
        raise
    return True


def withdraw(q: Any, w: Waiter) -> None:
    """End a wait from outside: nothing has been taken, nothing but a put that was served has been put."""
    interrupted = None
    while True:
        try:
            enter(q)
            break
        except DeadlockError:
            # Who holds the queue has ended, or waits for this thread in code of users, which may use the queue.
            forgo(q, w)
            raise
        except BaseException as error:  # noqa: BLE001
            interrupted = error  # of a signal handler, while another thread held the queue
    try:
        forgo(q, w)
    finally:
        leave(q)
    if interrupted is not None:
        raise interrupted


def outcome(w: Waiter) -> Any:
    if w.error is not None:
        raise w.error
    if w.served == CLOSED:
        raise ShutDown
    return w.item


def choice(queues: list[Any], end: float | None) -> tuple[int, Any] | None:
    """Wait in all queues at once: where the option is that was served, and that; None if the time was over.

    Queues that are shut down meanwhile are removed from the list, but for the last.
    """
    leader: Any = Option(None)
    options: list[Any] = [Option(leader) for _ in queues]
    try:
        while True:
            for at, option in enumerate(options):
                enlist_again(queues[at], option)
            woken = park(leader.signal, rest_of(end))
            if not woken and not claimed(leader):  # it has been served, and is about to be woken
                while not park(leader.signal, -1.0):
                    pass
                woken = True
            chosen = leader.chosen if woken else None
            withdraw_all(queues, options, chosen)
            if chosen is None:
                if end is not None and _sync.monotonic() >= end:
                    return None
                check_signals()
            elif chosen.served == SERVED or len(options) == 1:
                return options.index(chosen), chosen
            else:  # shut down: it waits on in the others, where it was
                at = options.index(chosen)
                del options[at], queues[at]
            leader.claim.release()
    except BaseException:
        withdraw_all(queues, options, None)
        raise


def withdraw_all(queues: list[Any], options: list[Any], but: Any) -> None:
    """End the waits of all options but one: also of the others, if one is interrupted meanwhile."""
    interrupted = None
    for at, option in enumerate(options):
        if option is not but:
            try:
                withdraw(queues[at], option)
            except BaseException as error:  # noqa: BLE001
                interrupted = error
    if interrupted is not None:
        raise interrupted


def enlist_again(q: Any, w: Waiter) -> None:
    enter(q)
    try:
        enlist(q, w)
    finally:
        leave(q)


def end_of(timeout: float | None) -> float | None:
    return None if timeout is None else _sync.monotonic() + timeout


def rest_of(end: float | None) -> float:
    """How long to sleep; -1: until woken. A signal that another thread was given is seen only between two sleeps."""
    longest = AGAIN if _sync.get_ident() == threading.main_thread().ident else -1.0
    if end is None:
        return longest
    rest = min(max(end - _sync.monotonic(), 0.0), threading.TIMEOUT_MAX)
    return min(rest, longest) if longest > 0 else rest


def checked(timeout: float | None) -> float | None:
    if timeout is not None and not timeout >= 0:  # nor is it a nan
        raise ValueError("'timeout' must be a non-negative number")
    return timeout


# --- Storage: every function here is called in a section -------------------------------------------------------


def size(q: Any) -> int:
    return line_len(q._items) if q._kind != CUSTOM else q._qsize()


def room(q: Any) -> bool:
    inherit(q)  # slots of tasks that are not there
    return bool(q._limit == 0 or size(q) + q._reserved < q._limit)


def store(q: Any, item: Any) -> None:
    if q._kind <= LIFO:
        line_put(q._items, item)
        return
    q._reserved += 1  # what code of users puts meanwhile must leave room for it
    try:
        if q._kind == PRIORITY:
            heap_put(q, item)
        else:
            q._put(item)
    finally:
        q._reserved = max(q._reserved - 1, 0)


def next_item(q: Any) -> Any:
    """Take the next item, or NOTHING."""
    if q._kind <= LIFO:
        if q._returned:
            del q._returned[0]
        return line_take(q._items, NOTHING)
    if q._kind == PRIORITY:
        return heap_take(q)
    return q._get() if q._qsize() > 0 else NOTHING


def next_place(q: Any) -> int:
    """The number of the next item of a FIFO queue, by which it finds its place if it comes back after others."""
    if q._returned:
        place: int = q._returned[0]
        return place
    q._tickets += 1
    tickets: int = q._tickets
    return tickets


def give_back(q: Any, item: Any, place: int) -> None:
    """Put an item where the next get finds it; place 0: it was taken just now, in this section."""
    if q._discards:
        q._unfinished = max(q._unfinished - 1, 0)
        return
    if q._kind == FIFO:
        if place or q._returned:
            put_in_place(q, item, place)
        else:
            q._items.appendleft(item)
    elif q._kind == LIFO:
        line_put(q._items, item)
    elif q._kind == PRIORITY:
        try:
            heap_put(q, item)
        except BaseException:
            heap_place(q._items, len(q._items), item)
            raise
    else:
        q._put(item)
    rewatch(q)


def put_in_place(q: Any, item: Any, place: int) -> None:
    """Give back to a FIFO queue: behind those that have come back and were before it."""
    returned: list[int] = q._returned or []
    if place == 0:
        place = returned[0]
    at = 0
    while at < len(returned) and returned[at] < place:
        at += 1
    q._items.insert(at, item)
    returned.insert(at, place)
    q._returned = returned


def give_all_back(q: Any, items: list[Any], before: int) -> None:
    """Give back the items from an index on. The caller is raising something: what comes of it matters no more."""
    while len(items) > before:
        with suppress(BaseException):
            give_back(q, items.pop(), 0)


def cleared(q: Any) -> list[Any]:
    """Take all items of a queue that stores them itself. As nobody wants their order, no code of users runs."""
    items = contents(q)
    q._items.clear()
    q._returned = None
    q._changes += 1
    return items


def emptied(q: Any) -> list[Any]:
    """Take all items, in order."""
    if q._kind == PRIORITY:
        while True:
            changes = q._changes
            ordered: list[Any] = sorted(q._items)
            if q._changes == changes:
                break
        q._changes += 1
        q._items.clear()
        return ordered
    items: list[Any] = []
    while True:
        item = NOTHING
        try:
            item = next_item(q)
            if item is NOTHING:
                return items
            items.append(item)
        except BaseException:
            if item is not NOTHING:
                give_back(q, item, 0)
            give_all_back(q, items, 0)
            raise


def contents(q: Any) -> list[Any]:
    """All items, in order; those of a heap are to be sorted."""
    items = list(q._items)
    return items[::-1] if isinstance(q, queue.LifoQueue) else items


def sorted_as(q: Any, items: list[Any]) -> list[Any]:
    return sorted(items) if isinstance(q, queue.PriorityQueue) else items


def heap_put(q: Any, item: Any) -> None:
    """As ``heapq.heappush``, but nothing has moved yet when an item is compared."""
    while True:
        heap = q._items
        changes = q._changes
        at = len(heap)
        while at > 0:
            parent = (at - 1) >> 1
            less = item < heap[parent]
            if q._changes != changes or not less:
                break
            at = parent
        if q._changes == changes:
            break
    q._changes += 1
    heap_place(heap, at, item)


def heap_place(heap: list[Any], at: int, item: Any) -> None:
    """Put an item where it belongs on the way from the end to the root; what is there moves down that way."""
    hole = len(heap)
    heap.append(item)
    while hole > at:
        parent = (hole - 1) >> 1
        heap[hole] = heap[parent]
        hole = parent
    heap[hole] = item


def heap_take(q: Any) -> Any:
    """As ``heapq.heappop``, but nothing has moved yet when an item is compared; NOTHING if there is none."""
    while True:
        heap = q._items
        changes = q._changes
        end = len(heap) - 1
        if end < 0:
            return NOTHING
        last = heap[end]
        # Down along the lesser children to the end, and up again to where the last item belongs.
        way = [0]
        child = 1
        while child < end and q._changes == changes:
            if child + 1 < end and not heap[child] < heap[child + 1]:
                child += 1
            way.append(child)
            child = 2 * child + 1
        at = len(way) - 1
        while at > 0 and q._changes == changes and last < heap[way[at]]:
            at -= 1
        if q._changes == changes:
            break
    q._changes += 1
    item = heap[0]
    del heap[end]  # if there is no memory to shrink the list, nothing has moved
    if end:
        for i in range(at):
            heap[way[i]] = heap[way[i + 1]]
        heap[way[at]] = last
    return item


# --- Without locks ---------------------------------------------------------------------------------------------


def order_of(cls: type[Any]) -> int:
    """Which order the class has, if it is one that we know."""
    for order, base in ORDERS:
        if issubclass(cls, base):
            return order if all(getattr(cls, name) is getattr(base, name) for name in HOOKS) else CUSTOM
    return CUSTOM


def is_ours(cls: type[Any], name: str) -> bool:
    """Whether no subclass has replaced a method."""
    return next(base.__module__ for base in cls.__mro__ if name in vars(base)) == __name__


def revived(arguments: tuple[Any, ...], state: tuple[Any, ...]) -> Any:
    """Make a queue of what ``__reduce_ex__`` has saved."""
    new: Any = arguments[0].__new__(*arguments)
    restore(new, state)
    return new


# --- What the properties are made of ---------------------------------------------------------------------------


def set_maxsize(q: Any, maxsize: float) -> None:
    limit = 0 if maxsize <= 0 else math.ceil(min(maxsize, sys.maxsize))
    enter(q)
    try:
        q._maxsize = maxsize
        q._limit = limit
        settle(q)
    finally:
        leave(q)


def set_items(q: Any, items: Any) -> None:
    kept = None
    enter(q)
    try:
        kept = q._items
        q._items = items
        q._returned = None
        q._changes += 1
        fits = type(items) is deque if q._standard == FIFO else type(items) is list
        q._kind = q._standard if fits else CUSTOM
        settle(q)
    finally:
        leave(q)


def state_of(q: Any) -> tuple[Any, ...]:
    enter(q)
    try:
        return q._maxsize, q._overflow, copy.copy(q._items), q._unfinished, q._shut, q._dropped
    finally:
        leave(q)


def restore(q: Any, state: tuple[Any, ...]) -> None:
    maxsize, q._overflow, items, q._unfinished, q._shut, q._dropped = state
    cls: type[Any] = q.__class__
    q._standard = order_of(cls)
    q._kind = CUSTOM
    q._overridden = not (is_ours(cls, "put") and is_ours(cls, "get"))
    set_items(q, items)
    set_maxsize(q, maxsize)


def conditions_of(q: Any) -> Any:
    lock = q.mutex
    enter(q)
    try:
        if q._conditions is None:
            q._conditions = threading.Condition(lock), threading.Condition(lock), threading.Condition(lock)
            rewatch(q)
        return q._conditions
    finally:
        leave(q)


def notify(q: Any) -> None:
    """In a section: wake those who wait on conditions, if anything has changed that they may wait for."""
    seen = size(q), q._unfinished, q._shut
    if seen != q._seen:
        q._seen = seen
        for condition in q._conditions:
            condition.notify_all()


def face_of(q: Any) -> Any:
    from lockedcontainers._async import AsyncQueue  # asyncio takes its time to import

    enter(q)
    try:
        if q._face is None:
            q._face = AsyncQueue(q)
        return q._face
    finally:
        leave(q)


def hold(q: Any, timeout: float) -> bool:
    return take(mutex_of(q), q, timeout)


def held_by_us(q: Any) -> bool:
    return is_mine(mutex_of(q))


def held_by_anyone(q: Any) -> bool:
    return depth_of(mutex_of(q)) > 0


def let_go(q: Any, wholly: bool) -> int:
    """Undo one hold() or all; how many there were."""
    if not is_mine(mutex_of(q)):
        raise RuntimeError("release unlocked lock")
    depth = depth_of(mutex_of(q))
    try:
        if wholly or depth == 1:
            settle(q)
    finally:
        if wholly:
            set_depth(mutex_of(q), 1)
        leave_at(mutex_of(q))
    return depth


def retake(q: Any, depth: int) -> None:
    """Undo a wait of a condition: the caller's ``with`` will let go of what it must hold."""
    interrupted = None
    while True:
        try:
            take(mutex_of(q), q, -1.0)
            break
        except DeadlockError:
            raise
        except BaseException as error:  # noqa: BLE001
            interrupted = error  # of a signal handler
    set_depth(mutex_of(q), depth)
    if interrupted is not None:
        raise interrupted


def _after_fork_in_child() -> None:
    global forks, survivor
    forks += 1
    survivor = _sync.get_ident()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

if cython.compiled:
    learn_deque(deque)  # type: ignore[name-defined]  # noqa: F821
    for queue_type in (BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue):
        adopt_methods(queue_type, Bounded)  # type: ignore[name-defined]  # noqa: F821
else:
    twin(Bounded)
