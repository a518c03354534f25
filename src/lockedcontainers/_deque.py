# ← _set.py            _counter.py →
# cython: binding=False, embedsignature=True, embedsignature.format=clinic
"""LockedDeque: a deque whose every method is one atomic step.

Overview (for maintainers)
    Goal        a caller never sees half of one of our operations, and pays about what a deque costs.
    Invariant   the storage (our own, we are a deque) is read and written only between ``enter`` and ``leave``. There
                are no optimistic readers, so ``enter`` is enough for any number of steps: without the GIL, CPython
                shows a length while it is changing it.
    Two classes Ring is what a deque has, and LockedDeque adds what is ours. They are two because Cython does not let a
                compiled class name its base as ``deque[T]``; checkers see a LockedDeque as a ``deque[T]``. Comparisons
                are in LockedDeque, for in Ring Cython does not get them right (3.3, on a base that it does not know).
                Compiled, LockedDeque is given Ring's methods as its own: CPython is quicker to call those.
    Its struct  is private to CPython, and we need only its size: Ring's own fields come after it, as those of any
                subclass do. setup.py tells the size of the interpreter that it builds for, and the import of this
                module fails if it is another. The C functions of ``append`` and its kin are taken from the descriptors
                of these methods, which tell how they are to be called; an ordinary call does the same, each time.
    Let go late what an operation displaces is bound to a local (``kept``) and so dies after the section: a finalizer
                may wait for a thread that waits for us. A full deque displaces an item at each ``append``.
    Callbacks   comparisons by readers (``in``, ``index``, ``==``) run on a copy, without the mutex.
    Accepted    out of memory in the midst of an ``insert`` or ``del d[i]``, CPython leaves a deque rotated: to
                undo that, all items would have to be copied each time.
    Sums        CPython iterates over us for ``other + d`` and ``other += d``: nothing is left to do.
    Its maxlen  ``__init__`` can change it, so it is read in the section that reads the items. Accepted: of an iterator
                with more items than fit, ``extend`` holds only the last ones, by the maxlen that it found first; if
                ``__init__`` makes that greater meanwhile, those before them are lost as if they had not been there.
"""

from __future__ import annotations

import operator
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

from lockedcontainers._common import own_state
from lockedcontainers._pydantic import schema_of

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import (
        count_of,
        deque_append,
        deque_appendleft,
        deque_clear,
        deque_delete,
        deque_extend,
        deque_extendleft,
        deque_init,
        deque_insert,
        deque_item,
        deque_items,
        deque_len,
        deque_maxlen,
        deque_pop,
        deque_popleft,
        deque_remove,
        deque_reverse,
        deque_rotate,
        deque_swap,
        index_of,
        is_index,
        like,
    )
    from lockedcontainers._mutex import discard, enter, leave, section, twin

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Self, SupportsIndex

T = TypeVar("T")
D = TypeVar("D", bound="deque[Any]")

MAX = sys.maxsize


class Ring(deque):  # type: ignore[type-arg]  # pyright: ignore[reportMissingTypeArgument]
    """A deque whose every method is one atomic step."""

    __slots__ = ("_bound", "_mutex")

    _bound: int | None  # the maxlen and one; nothing if the deque can never be full

    def __init__(self, iterable: Iterable[Any] = (), maxlen: int | None = None) -> None:
        fill(self, deque(iterable, maxlen))

    def __dealloc__(self) -> None:
        discard(self)

    def copy(self) -> Self:
        """A new twin of this one with the same items and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDeque("ab", maxlen=2)
        >>> d.copy(), d.copy() is d
        (LockedDeque(['a', 'b'], maxlen=2), False)
        """
        return filled(self, whole(self))

    def __copy__(self) -> Self:
        return filled(self, whole(self))

    def __reduce__(self) -> tuple[Any, ...]:
        items, maxlen = read_whole(self)
        arguments = () if maxlen is None else ((), maxlen)
        return type(self), arguments, own_state(self), iter(items)

    # --- Reading ---------------------------------------------------------------------------------------------

    def __getitem__(self, key: SupportsIndex, /) -> Any:  # type: ignore[override]
        index = checked(key)
        enter(self)
        try:
            return deque_item(self, index)
        finally:
            leave(self)

    def __len__(self) -> int:
        enter(self)
        try:
            return deque_len(self)
        finally:
            leave(self)

    def __iter__(self) -> Iterator[Any]:
        return iter(read(self))

    def __reversed__(self) -> Any:
        return reversed(read(self))

    def __contains__(self, value: object, /) -> bool:
        return value in read(self)

    def index(self, value: Any, start: int = 0, stop: int = MAX, /) -> int:
        """The first index at which *value* is found.

        Thread safety: atomic.
        Runs user code: ``__eq__`` of items, with nothing locked.
        Raises ``ValueError`` if the value is not there.
        Complexity: O(n).

        >>> LockedDeque("ab").index("b")
        1
        """
        return deque(read(self)).index(value, start, stop)

    def count(self, value: Any, /) -> int:
        """How often *value* is in the deque.

        Thread safety: atomic.
        Runs user code: ``__eq__`` of items, with nothing locked.
        Complexity: O(n).

        >>> LockedDeque("aba").count("a")
        2
        """
        return read(self).count(value)

    def __repr__(self) -> str:
        return repr_of(self)

    def __rich_repr__(self) -> Iterator[Any]:
        items, maxlen = read_whole(self)
        yield items
        yield "maxlen", maxlen, None

    def __add__(self, other: deque[Any], /) -> Self:
        if not isinstance(other, deque):
            return NotImplemented
        theirs = list(other)
        ours, maxlen = read_whole(self)
        return filled(self, deque(ours + (ours if other is self else theirs), maxlen))

    def __mul__(self, times: SupportsIndex, /) -> Self:
        if not is_index(times):
            return NotImplemented
        count = count_of(times)
        items, maxlen = read_whole(self)
        return filled(self, deque(repeated(items, maxlen, count), maxlen))

    def __rmul__(self, times: SupportsIndex, /) -> Self:
        return self.__mul__(times)

    # --- Writing ---------------------------------------------------------------------------------------------

    def __setitem__(self, key: SupportsIndex, value: Any, /) -> None:  # type: ignore[override]
        kept = None
        index = checked(key)
        enter(self)
        try:
            kept = deque_swap(self, index, value)
        finally:
            leave(self)

    def __delitem__(self, key: SupportsIndex, /) -> None:  # type: ignore[override]
        kept = None
        index = checked(key)
        enter(self)
        try:
            kept = deque_item(self, index)
            deque_delete(self, index)
        finally:
            leave(self)

    def append(self, x: Any, /) -> None:
        """Add an item on the right; if the deque is full, the one on the left goes.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(1).

        >>> d = LockedDeque("ab", maxlen=2)
        >>> d.append("c")
        >>> d
        LockedDeque(['b', 'c'], maxlen=2)
        """
        kept = None
        enter(self)
        try:
            kept = deque_append(self, x, self._bound)
        finally:
            leave(self)

    def appendleft(self, x: Any, /) -> None:
        """Add an item on the left; if the deque is full, the one on the right goes.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(1).

        >>> d = LockedDeque("ab")
        >>> d.appendleft("c")
        >>> d
        LockedDeque(['c', 'a', 'b'])
        """
        kept = None
        enter(self)
        try:
            kept = deque_appendleft(self, x, self._bound)
        finally:
            leave(self)

    def pop(self) -> Any:  # type: ignore[override]
        """Remove the item on the right and return it.

        Thread safety: atomic. Two threads never get the same item.
        Runs no user code.
        Raises ``IndexError`` if the deque is empty.
        Complexity: O(1).

        >>> LockedDeque("ab").pop()
        'b'
        """
        enter(self)
        try:
            return deque_pop(self)
        finally:
            leave(self)

    def popleft(self) -> Any:
        """Remove the item on the left and return it.

        Thread safety: atomic. Two threads never get the same item.
        Runs no user code.
        Raises ``IndexError`` if the deque is empty.
        Complexity: O(1).

        >>> LockedDeque("ab").popleft()
        'a'
        """
        enter(self)
        try:
            return deque_popleft(self)
        finally:
            leave(self)

    def extend(self, iterable: Iterable[Any], /) -> None:
        """Add all items of an iterable on the right, next to one another.

        Thread safety: atomic. *iterable* is read first, as of one moment if it is a locked container; if reading it
        raises, nothing is added.
        Runs no user code under the lock.
        Complexity: O(k) for k new items; O(n + k) if there is a maxlen.

        >>> d = LockedDeque("a")
        >>> d.extend("bc")
        >>> d
        LockedDeque(['a', 'b', 'c'])
        """
        kept = None
        new = given(self, iterable)
        enter(self)
        try:
            size = deque_len(self)
            kept = displaceable(self)
            try:
                deque_extend(self, deque_items(self) if new is self else new)
            except BaseException:
                take_back(self, size, kept, False)
                raise
        finally:
            leave(self)

    def extendleft(self, iterable: Iterable[Any], /) -> None:
        """Add all items of an iterable on the left, one after the other, so that the last of them is the leftmost.

        Thread safety: atomic. *iterable* is read first, as of one moment if it is a locked container; if reading it
        raises, nothing is added.
        Runs no user code under the lock.
        Complexity: O(k) for k new items; O(n + k) if there is a maxlen.

        >>> d = LockedDeque("a")
        >>> d.extendleft("bc")
        >>> d
        LockedDeque(['c', 'b', 'a'])
        """
        kept = None
        new = given(self, iterable)
        enter(self)
        try:
            size = deque_len(self)
            kept = displaceable(self)
            try:
                deque_extendleft(self, deque_items(self) if new is self else new)
            except BaseException:
                take_back(self, size, kept, True)
                raise
        finally:
            leave(self)

    def __iadd__(self, other: Iterable[Any], /) -> Self:
        self.extend(other)
        return self

    def __imul__(self, times: SupportsIndex, /) -> Self:
        if not is_index(times):
            return NotImplemented
        count = count_of(times)
        enter(self)
        try:
            kept = deque_items(self)
            if count < 1:
                deque_clear(self)
            else:
                try:
                    deque_extend(self, repeated(kept, deque_maxlen(self), count - 1))
                except BaseException:
                    take_back(self, len(kept), kept if self._bound else None, False)
                    raise
        finally:
            leave(self)
        return self

    def insert(self, i: int, x: Any, /) -> None:
        """Put an item before the one at index *i*.

        Thread safety: atomic.
        Runs no user code under the lock.
        Raises ``IndexError`` if the deque is full.
        Complexity: O(n).

        >>> d = LockedDeque("ac")
        >>> d.insert(1, "b")
        >>> d
        LockedDeque(['a', 'b', 'c'])
        """
        index = count_of(i)
        enter(self)
        try:
            deque_insert(self, index, x)
        finally:
            leave(self)

    def remove(self, value: Any, /) -> None:
        """Remove the first item that is, or equals, *value*.

        Thread safety: atomic. Of several threads that remove one item, one succeeds.
        Runs user code under the lock: ``__eq__`` of items.
        Raises ``ValueError`` if the value is not there, and ``IndexError`` if an ``__eq__`` changes the deque.
        Complexity: O(n).

        >>> d = LockedDeque("aba")
        >>> d.remove("a")
        >>> d
        LockedDeque(['b', 'a'])
        """
        kept = None
        enter(self)
        try:
            kept = deque_items(self)
            try:
                deque_remove(self, value)
            except MemoryError:  # of which CPython leaves a deque rotated
                take_back(self, len(kept), kept, False)
                raise
        finally:
            leave(self)

    def rotate(self, n: int = 1, /) -> None:
        """Move the last item to the front *n* times; if *n* is negative, the first one to the end.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDeque("abc")
        >>> d.rotate()
        >>> d
        LockedDeque(['c', 'a', 'b'])
        """
        steps = count_of(n)
        enter(self)
        try:
            deque_rotate(self, steps)
        finally:
            leave(self)

    def reverse(self) -> None:
        """Reverse the order of the items.

        Thread safety: atomic.
        Runs no user code.
        Complexity: O(n).

        >>> d = LockedDeque("ab")
        >>> d.reverse()
        >>> d
        LockedDeque(['b', 'a'])
        """
        enter(self)
        try:
            deque_reverse(self)
        finally:
            leave(self)

    def clear(self) -> None:
        """Remove everything.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDeque("ab")
        >>> d.clear()
        >>> d
        LockedDeque([])
        """
        taken(self)


if TYPE_CHECKING:
    Base = deque
else:
    Base = Ring


class LockedDeque(Base[T]):
    """A deque that threads can share: every method and operator is one atomic step.

    It is a ``collections.deque``, with the same methods, results and errors, and a ``maxlen`` if it is given one.
    In addition:

    * iterating goes over the items of one moment, and never raises because another thread changes the deque;
    * several steps as one: :meth:`locked`; and :meth:`snapshot` and :meth:`drain`.

    ``pop`` and ``popleft`` of an empty deque raise ``IndexError``, as those of a deque do: to wait for an item, use a
    queue. ``while d: d.pop()`` is two steps at each turn: between them another thread may pop. An index that another
    thread may shift is best used inside :meth:`locked`.

    Thread safety: atomic, each method and operator. ``extend``, ``+`` and ``==`` read their other operand first, as of
    its own one moment.
    Runs user code under the lock: ``__eq__`` of items in ``remove``; what a method names besides.

    >>> from lockedcontainers import LockedDeque
    >>> d = LockedDeque("ab", maxlen=3)
    >>> d.append("c")
    >>> d.append("d")
    >>> d.popleft(), d
    ('b', LockedDeque(['c', 'd'], maxlen=3))
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return compared(self, other, operator.eq)

    def __ne__(self, other: object) -> bool:
        return compared(self, other, operator.ne)

    def __lt__(self, other: deque[T]) -> bool:
        return compared(self, other, operator.lt)

    def __le__(self, other: deque[T]) -> bool:
        return compared(self, other, operator.le)

    def __gt__(self, other: deque[T]) -> bool:
        return compared(self, other, operator.gt)

    def __ge__(self, other: deque[T]) -> bool:
        return compared(self, other, operator.ge)

    __hash__ = None

    if TYPE_CHECKING:

        def __add__(self, other: deque[T], /) -> Self: ...
        def __rmul__(self, times: SupportsIndex, /) -> Self: ...

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        def from_builtin(d: Any) -> Any:
            return cls(d, d.maxlen)

        return schema_of(cls, deque, source, handler, to_builtin=cls.snapshot, from_builtin=from_builtin)

    def snapshot(self) -> deque[T]:
        """A plain deque with the items of one moment and the same maxlen.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedDeque("ab").snapshot()
        deque(['a', 'b'])
        """
        return whole(self)

    def drain(self) -> deque[T]:
        """Take everything out: a plain deque with all items and the same maxlen, leaving this one empty.

        Thread safety: atomic. Each item is in exactly one drain.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDeque("ab")
        >>> d.drain(), d
        (deque(['a', 'b']), LockedDeque([]))
        """
        items, maxlen = taken(self)
        return deque(items, maxlen)

    def locked(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Keep every other thread out for several steps; used in a ``with`` statement, which yields the deque.

        Thread safety: atomic. To other threads all that is done inside happens in one moment.
        Runs user code under the lock: the body of the ``with`` statement.
        Raises :exc:`LockTimeout` if the deque is not free within *timeout* seconds, and :exc:`DeadlockError`.
        Complexity: O(1).

        >>> d = LockedDeque("ab")
        >>> with d.locked():
        ...     while d:
        ...         last = d.pop()
        >>> last
        'a'
        """
        return section(self, timeout)


# --- Sections that several methods share -----------------------------------------------------------------------


def read(d: Any) -> list[Any]:
    enter(d)
    try:
        return deque_items(d)
    finally:
        leave(d)


def read_whole(d: Any) -> tuple[list[Any], int | None]:
    """All items, and the maxlen of the same moment: ``__init__`` can change it."""
    enter(d)
    try:
        return deque_items(d), deque_maxlen(d)
    finally:
        leave(d)


def taken(d: Any) -> tuple[list[Any], int | None]:
    """As above, and the items are no longer in the deque."""
    enter(d)
    try:
        items = deque_items(d)
        deque_clear(d)
        maxlen = deque_maxlen(d)
    finally:
        leave(d)
    return items, maxlen


def fill(d: Any, new: deque[Any]) -> None:
    kept = None
    enter(d)
    try:
        kept = deque_items(d)
        maxlen = deque_maxlen(d)  # not d.maxlen, which a subclass may have in its own way
        try:
            deque_init(d, new, new.maxlen)
        except BaseException:
            deque_init(d, kept, maxlen)
            raise
        d._bound = 0 if new.maxlen is None or new.maxlen == MAX else new.maxlen + 1
    finally:
        leave(d)


def displaceable(d: Any) -> list[Any] | None:
    """In a section: what may be displaced by as many new items as one likes."""
    return deque_items(d) if d._bound else None


def take_back(d: Any, size: int, before: list[Any] | None, left: bool) -> None:
    """In a section: undo what a lack of memory has ended in its middle; *before* is all that was there, or nothing."""
    if before is not None:
        deque_clear(d)
        deque_extend(d, before)
    while deque_len(d) > size:
        if left:
            deque_popleft(d)
        else:
            deque_pop(d)


# --- Without locks ---------------------------------------------------------------------------------------------


def whole(d: Any) -> deque[Any]:
    items, maxlen = read_whole(d)
    return deque(items, maxlen)


def filled(d: D, content: deque[Any]) -> D:
    """A twin of this one with other items, and another maxlen."""
    new: D = like(d)
    fill(new, content)
    return new


def given(d: Any, iterable: Any) -> Any:
    """What is to be added, all of which can be read without running code; the deque itself stays itself.

    Of more items than fit, only the last ones are ever held.
    """
    if iterable is d or type(iterable) in (list, tuple):
        return iterable
    return deque(iterable, d.maxlen)


def repeated(items: list[Any], maxlen: int | None, times: int) -> list[Any]:
    """These items so often, or as often as fills the deque."""
    return items * (min(times, -(-maxlen // len(items))) if items and maxlen is not None else times)


def checked(key: Any) -> int:
    if not is_index(key):
        raise TypeError(f"sequence index must be integer, not '{type(key).__name__}'")
    return index_of(key)


def compared(d: Any, other: object, by: Callable[[Any, Any], bool]) -> bool:
    if not isinstance(other, deque):
        return NotImplemented  # type: ignore[no-any-return]
    theirs: list[Any] = list(other)  # pyright: ignore[reportUnknownArgumentType]
    ours = read(d)
    return by(ours, ours if other is d else theirs)


@recursive_repr("[...]")
def repr_of(d: Any) -> str:
    items, maxlen = read_whole(d)
    bound = "" if maxlen is None else f", maxlen={maxlen}"
    return f"{type(d).__name__}({items!r}{bound})"


if cython.compiled:
    learn_deque(deque)  # type: ignore[name-defined]  # noqa: F821
    adopt_methods(LockedDeque, Ring)  # type: ignore[name-defined]  # noqa: F821
else:
    twin(Ring)
