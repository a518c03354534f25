# ← _pydantic.py            _set.py →
# cython: binding=False, embedsignature=True, embedsignature.format=clinic
"""LockedList: a list whose every method is one atomic step.

Overview (for maintainers)
    Goal        a caller never sees half of one of our operations, and pays about what a list costs.
    Invariant   the storage (our own, we are a list) is written only between ``enter`` or ``acquire`` and the end of
                that section. It is read there too, or optimistically: between ``begin_read`` and ``validate``.
    One step    ``enter`` is for putting one element in the place of another. Whatever changes the length or the order
                is ``acquire``d, an ``append`` too: without the GIL, CPython may announce a length before it fills the
                slots, and leaves in the slots beyond the end what was taken out of them. And so an optimistic reader
                may find the length and then the element: ``l[-1]``.
    Alone       with the GIL, while nobody is in a section, putting or appending an element is one step without one.
    Callbacks   ``sort`` and ``remove_if`` hold the mutex, which keeps writers out, but open the section only to put
                the result in place: meanwhile optimistic readers see the list as it was, and do not wait for a slow
                key. Comparisons by readers (``in``, ``index``, ``==``) run on a copy, without the mutex; where they
                cannot run code of users, ``in`` and ``index`` need none.
    Let go late what an operation displaces is bound to a local (``kept``) and so dies after the section: a finalizer
                may wait for a thread that waits for us.
    Sums        CPython asks ``__radd__`` for ``other + l``, and also for ``other += l``, which must change ``other``
                and not make a new list. So we answer only if the caller's instruction is a ``+``. Otherwise CPython
                goes on by itself: for ``+=`` it iterates over us, but for the ``+`` of C code it reads the storage.
    Accepted    that reading (``operator.add(other, l)``, ``sum``) is one moment, but it is not kept out by a
                ``locked()`` that begins between our answer and it. With the GIL, compiled, nothing can begin there.
"""

from __future__ import annotations

import copyreg
import operator
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from opcode import opmap
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from lockedcontainers._common import new_arguments, own_state, pretty, same
from lockedcontainers._pydantic import schema_of
from lockedcontainers._sentinel import ABSENT

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import (
        bound_of,
        caller_is_at,
        count_of,
        index_of,
        is_index,
        like,
        list_append,
        list_assign,
        list_clear,
        list_delete,
        list_extend,
        list_get,
        list_holds,
        list_insert,
        list_item,
        list_len,
        list_look,
        list_pop,
        list_remove,
        list_repeat,
        list_replace,
        list_reverse,
        list_slice,
        list_swap,
        plain_slice,
    )
    from lockedcontainers._mutex import (
        acquire,
        alone,
        begin_read,
        discard,
        enter,
        leave,
        release,
        section,
        twin,
        validate,
    )

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import EllipsisType
    from typing import Self, SupportsIndex

    from lockedcontainers._sentinel import Absent

T = TypeVar("T")
S = TypeVar("S")
L = TypeVar("L", bound="LockedList[Any]")

NOTHING: tuple[()] = ()
__newobj__: Callable[..., Any] = vars(copyreg)["__newobj__"]  # typeshed does not know it
MAX = sys.maxsize
UNDECIDED = -2
PLAIN = (list, tuple)
BINARY_OP = opmap.get("BINARY_OP", -1)


class LockedList(list[T]):
    """A list that threads can share: every method and operator is one atomic step.

    It is a ``list``, with the same methods, results and errors. In addition:

    * iterating goes over the elements of one moment, and so does copying by any idiom (``l.copy()``, ``list(l)``,
      ``sorted(l)``, ``[*l]``, ``other += l``, …);
    * slices, sums and products are locked lists too;
    * a sort is never seen half done: until it is done, other threads read the list as it was;
    * compound operations: :meth:`compare_and_set`, :meth:`compute`, :meth:`remove_if`, :meth:`drain`;
    * several steps as one: :meth:`locked`.

    ``l[i] += 1`` is a read and a write: between them another thread may write. Use :meth:`compute`. An index that
    another thread may shift is best used inside :meth:`locked`.

    Thread safety: atomic, each method and operator. ``extend``, slice assignment, ``+`` and ``==`` read their other
    operand first, as of its own one moment.
    Runs user code under the lock: ``__eq__`` of elements in ``remove``; what a method names besides.

    >>> from lockedcontainers import LockedList
    >>> l = LockedList("ab")
    >>> l += "c"
    >>> l, l[1:], isinstance(l, list)
    (['a', 'b', 'c'], ['b', 'c'], True)
    """

    __slots__ = ("__weakref__", "_mutex")

    if TYPE_CHECKING:

        @overload
        def __init__(self, /) -> None: ...
        @overload
        def __init__(self, iterable: Iterable[T], /) -> None: ...

    def __init__(self, iterable: Iterable[T] = NOTHING, /, **kwargs: object) -> None:
        kept = None
        if kwargs and type(self).__new__ is LockedList.__new__:  # else they are for the __new__ of a subclass
            raise TypeError("LockedList() takes no keyword arguments")
        new = list(iterable)
        acquire(self)
        try:
            kept = list_slice(self, None)
            list_replace(self, new)
        finally:
            release(self)

    def __dealloc__(self) -> None:
        discard(self)

    def copy(self) -> Self:
        """A new twin of this one with the same elements and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> l = LockedList([1])
        >>> l.copy() == l, l.copy() is l
        (True, False)
        """
        return filled(like(self), read(self, None))

    def __reduce__(self) -> tuple[Any, ...]:
        return __newobj__, new_arguments(self), own_state(self), iter(read(self, None))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return schema_of(cls, list, source, handler)

    def snapshot(self) -> list[T]:
        """A plain list with the elements of one moment.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedList("ab").snapshot()
        ['a', 'b']
        """
        return read(self, None)

    def locked(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Keep every other thread out for several steps; used in a ``with`` statement, which yields the list.

        Thread safety: atomic. To other threads all that is done inside happens in one moment.
        Runs user code under the lock: the body of the ``with`` statement.
        Raises :exc:`LockTimeout` if the list is not free within *timeout* seconds, and :exc:`DeadlockError`.
        Complexity: O(1).

        >>> l = LockedList("ab")
        >>> with l.locked():
        ...     l[0], l[1] = l[1], l[0]
        >>> l
        ['b', 'a']
        """
        return section(self, timeout)

    # --- Reading ---------------------------------------------------------------------------------------------

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, key: SupportsIndex, /) -> T: ...
        @overload
        def __getitem__(self, key: slice, /) -> Self: ...

    def __getitem__(self, key: Any, /) -> Any:
        if not is_index(key):
            return filled(like(self), read(self, plain_slice(key)))
        index = index_of(key)
        stamp = begin_read(self)
        if stamp >= 0:
            value: T | EllipsisType = list_get(self, index, ...)
            if value is not ... and validate(self, stamp):
                return value
        enter(self)
        try:
            item: T = list_item(self, index)
            return item
        finally:
            leave(self)

    def __len__(self) -> int:
        stamp = begin_read(self)
        if stamp >= 0:
            size = list_len(self)
            if validate(self, stamp):
                return size
        enter(self)
        try:
            return list_len(self)
        finally:
            leave(self)

    def __iter__(self) -> Iterator[T]:
        return iter(read(self, None))

    def __reversed__(self) -> Iterator[T]:
        return reversed(read(self, None))

    def __contains__(self, value: object) -> bool:
        at = look(self, value, 0, MAX)
        return value in read(self, None) if at == UNDECIDED else at >= 0

    def index(self, value: T, start: SupportsIndex = 0, stop: SupportsIndex = sys.maxsize, /) -> int:
        """The first index at which *value* is found.

        Thread safety: atomic.
        Runs user code: ``__eq__`` of elements, with nothing locked.
        Raises ``ValueError`` if the value is not there.
        Complexity: O(n).

        >>> LockedList("ab").index("b")
        1
        """
        first, last = bound_of(start), bound_of(stop)
        at = look(self, value, first, last)
        return at if at >= 0 else read(self, None).index(value, first, last)

    def count(self, value: T, /) -> int:
        """How often *value* is in the list.

        Thread safety: atomic.
        Runs user code: ``__eq__`` of elements, with nothing locked.
        Complexity: O(n).

        >>> LockedList("aba").count("a")
        2
        """
        return read(self, None).count(value)

    def __eq__(self, other: object) -> bool:
        return compared(self, other, operator.eq) if is_list(other) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return compared(self, other, operator.ne) if is_list(other) else NotImplemented

    def __lt__(self, other: list[T]) -> bool:
        return compared(self, other, operator.lt) if is_list(other) else NotImplemented

    def __le__(self, other: list[T]) -> bool:
        return compared(self, other, operator.le) if is_list(other) else NotImplemented

    def __gt__(self, other: list[T]) -> bool:
        return compared(self, other, operator.gt) if is_list(other) else NotImplemented

    def __ge__(self, other: list[T]) -> bool:
        return compared(self, other, operator.ge) if is_list(other) else NotImplemented

    __hash__ = None

    def __repr__(self) -> str:
        return repr_of(self)

    def __rich_repr__(self) -> Iterator[list[T]]:
        yield self.snapshot()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer, cycle)

    def __add__(self, other: list[S], /) -> LockedList[T | S]:
        if not isinstance(other, list):
            return NotImplemented
        theirs: list[Any] = plain(other)
        ours: list[Any] = read(self, None)
        new: LockedList[T | S] = filled(cast("Any", like(self)), ours + (ours if other is self else theirs))
        return new

    def __radd__(self, other: list[S], /) -> list[S | T]:
        if not isinstance(other, list):
            return NotImplemented
        ours: list[Any] = read(self, None)
        return other + ours if caller_is_at(globals(), BINARY_OP) else NotImplemented

    def __mul__(self, times: SupportsIndex, /) -> Self:
        if not is_index(times):
            return NotImplemented
        return filled(like(self), read(self, None) * count_of(times))

    def __rmul__(self, times: SupportsIndex, /) -> Self:
        return self.__mul__(times)

    # --- Writing ---------------------------------------------------------------------------------------------

    if TYPE_CHECKING:

        @overload
        def __setitem__(self, key: SupportsIndex, value: T, /) -> None: ...
        @overload
        def __setitem__(self, key: slice, value: Iterable[T], /) -> None: ...

    def __setitem__(self, key: Any, value: Any, /) -> None:
        kept: Any = None
        if is_index(key):
            index = index_of(key)
            if alone(self):
                kept = list_swap(self, index, value)
                return
            enter(self)
            try:
                kept = list_swap(self, index, value)
            finally:
                leave(self)
        else:
            part = plain_slice(key)
            new = given(self, value)
            acquire(self)
            try:
                kept = list_slice(self, part)
                list_assign(self, part, new)
            finally:
                release(self)

    def __delitem__(self, key: Any, /) -> None:
        kept: Any = None
        if is_index(key):
            index = index_of(key)
            acquire(self)
            try:
                if not -list_len(self) <= index < list_len(self):
                    raise IndexError("list assignment index out of range")
                kept = list_pop(self, index)
            finally:
                release(self)
        else:
            part = plain_slice(key)
            acquire(self)
            try:
                kept = list_slice(self, part)
                list_delete(self, part)
            finally:
                release(self)

    def append(self, value: T, /) -> None:
        """Add an element at the end.

        Thread safety: atomic.
        Runs no user code.
        Complexity: O(1), amortized.

        >>> l = LockedList("a")
        >>> l.append("b")
        >>> l
        ['a', 'b']
        """
        if alone(self):
            list_append(self, value)
            return
        acquire(self)
        try:
            list_append(self, value)
        finally:
            release(self)

    def extend(self, iterable: Iterable[T], /) -> None:
        """Add all elements of an iterable at the end, next to one another.

        Thread safety: atomic. *iterable* is read first, as of one moment if it is a locked container; if reading it
        raises, nothing is added.
        Runs no user code under the lock.
        Complexity: O(k) for k new elements.

        >>> l = LockedList("a")
        >>> l.extend("bc")
        >>> l
        ['a', 'b', 'c']
        """
        new = given(self, iterable)
        acquire(self)
        try:
            list_extend(self, new)
        finally:
            release(self)

    def __iadd__(self, other: Iterable[T], /) -> Self:  # type: ignore[override,misc]
        self.extend(other)
        return self

    def __imul__(self, times: SupportsIndex, /) -> Self:
        kept = None
        if not is_index(times):
            return NotImplemented
        count = count_of(times)
        acquire(self)
        try:
            if count < 1:
                kept = list_slice(self, None)
            list_repeat(self, count)
        finally:
            release(self)
        return self

    def insert(self, index: SupportsIndex, value: T, /) -> None:
        """Put an element before the one at *index*.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> l = LockedList("ac")
        >>> l.insert(1, "b")
        >>> l
        ['a', 'b', 'c']
        """
        at = count_of(index)
        acquire(self)
        try:
            list_insert(self, at, value)
        finally:
            release(self)

    def pop(self, index: SupportsIndex = -1, /) -> T:
        """Remove the element at *index*, by default the last one, and return it.

        Thread safety: atomic. Two threads never get the same element.
        Runs no user code under the lock.
        Raises ``IndexError`` if the list is empty or the index out of range.
        Complexity: O(1) at the end, O(n) elsewhere.

        >>> l = LockedList("abc")
        >>> l.pop(), l.pop(0), l
        ('c', 'a', ['b'])
        """
        at = count_of(index)
        acquire(self)
        try:
            item: T = list_pop(self, at)
            return item
        finally:
            release(self)

    def remove(self, value: T, /) -> None:
        """Remove the first element that is, or equals, *value*.

        Thread safety: atomic. Of several threads that remove one element, one succeeds.
        Runs user code under the lock: ``__eq__`` of elements.
        Raises ``ValueError`` if the value is not there.
        Complexity: O(n).

        >>> l = LockedList("aba")
        >>> l.remove("a")
        >>> l
        ['b', 'a']
        """
        kept = None
        acquire(self)
        try:
            kept = list_remove(self, value)
        finally:
            release(self)

    def remove_if(self, predicate: Callable[[T], object]) -> int:
        """Remove the elements for which *predicate* is true; how many there were.

        Other threads that only read do not wait meanwhile: they see the list as it was, until all are removed.

        Thread safety: atomic. The predicate runs once per element.
        Runs user code under the lock, with readers let in: *predicate*. If it raises, nothing is removed.
        Raises ``ValueError`` if the predicate leaves other elements in the list; they stay, and nothing is removed.
        Complexity: O(n) besides the predicate.

        >>> l = LockedList([1, 2, 3, 4])
        >>> l.remove_if(lambda n: n % 2), l
        (2, [2, 4])
        """
        enter(self)
        try:
            old = list_slice(self, None)
            new = [item for item in old if not predicate(item)]
            if len(new) != len(old):
                rewrite(self, old, new, "remove_if")
        finally:
            leave(self)
        return len(old) - len(new)

    def clear(self) -> None:
        """Remove everything.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> l = LockedList("ab")
        >>> l.clear()
        >>> l
        []
        """
        self.drain()

    def drain(self) -> list[T]:
        """Take everything out: a plain list with all elements, leaving this one empty.

        Thread safety: atomic. Each element is in exactly one drain.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> l = LockedList("ab")
        >>> l.drain(), l
        (['a', 'b'], [])
        """
        acquire(self)
        try:
            items = list_slice(self, None)
            list_clear(self)
        finally:
            release(self)
        return items

    def reverse(self) -> None:
        """Reverse the order of the elements.

        Thread safety: atomic.
        Runs no user code.
        Complexity: O(n).

        >>> l = LockedList("ab")
        >>> l.reverse()
        >>> l
        ['b', 'a']
        """
        acquire(self)
        try:
            list_reverse(self)
        finally:
            release(self)

    def sort(self, *, key: Callable[[T], Any] | None = None, reverse: bool = False) -> None:
        """Sort the elements, as ``list.sort`` does.

        Other threads that only read do not wait meanwhile: they see the list as it was, until it is sorted.

        Thread safety: atomic.
        Runs user code under the lock, with readers let in: *key* and ``__lt__``. They may read the list, which is not
        empty meanwhile as a list would be. If they raise, the order stays as it was.
        Raises ``ValueError`` if they leave other elements in the list; these stay, and it is not sorted.
        Complexity: O(n log n) besides the key.

        >>> l = LockedList([2, 3, 1])
        >>> l.sort(reverse=True)
        >>> l
        [3, 2, 1]
        """
        enter(self)
        try:
            old = list_slice(self, None)
            new = list(old)
            new.sort(key=key, reverse=reverse)
            rewrite(self, old, new, "sort")
        finally:
            leave(self)

    # --- Computing an element --------------------------------------------------------------------------------

    def compare_and_set(self, index: SupportsIndex, expected: T, new: T) -> bool:
        """Store *new* at *index* if the element there is, or equals, *expected*; whether it was stored.

        Thread safety: atomic.
        Runs user code under the lock: ``__eq__`` of the element.
        Raises ``IndexError`` if the index is out of range.
        Complexity: O(1).

        >>> l = LockedList(["free", "free"])
        >>> l.compare_and_set(0, "free", "ann"), l.compare_and_set(0, "free", "bob"), l
        (True, False, ['ann', 'free'])
        """
        kept = None
        at = index_of(index)
        acquire(self)
        try:
            if not same(list_item(self, at), expected):
                return False
            kept = list_swap(self, at, new)
            return True
        finally:
            release(self)

    def compute(self, index: SupportsIndex, function: Callable[[T], T | Absent]) -> T | Absent:
        """Store ``function(self[index])`` at *index*; if that is ``ABSENT``, remove the element.

        Returns the new element, or ``ABSENT``.

        Thread safety: atomic. The function runs once.
        Runs user code under the lock: *function*. If it raises, nothing changes.
        Raises ``IndexError`` if the index is out of range.
        Complexity: O(1) besides the function, O(n) to remove.

        >>> l = LockedList([1, 2])
        >>> l.compute(-1, lambda n: n + 1), l
        (3, [1, 3])
        """
        kept = None
        at = index_of(index)
        acquire(self)
        try:
            new = function(list_item(self, at))
            kept = list_pop(self, at) if new is ABSENT else list_swap(self, at, new)
            return new
        finally:
            release(self)


# --- Sections that several methods share -----------------------------------------------------------------------


def read(xs: LockedList[T], part: slice | None) -> list[T]:
    """A plain list of the elements of a slice, or of all."""
    stamp = begin_read(xs)
    if stamp >= 0:
        items = list_slice(xs, part)
        if validate(xs, stamp):
            return items
    enter(xs)
    try:
        return list_slice(xs, part)
    finally:
        leave(xs)


def look(xs: LockedList[Any], value: Any, start: int, stop: int) -> int:
    """The first index at which *value* is, -1 if it is nowhere, or UNDECIDED if code of the user must be asked."""
    stamp = begin_read(xs)
    if stamp >= 0:
        at = list_look(xs, value, start, stop)
        if validate(xs, stamp):
            return at
    enter(xs)
    try:
        return list_look(xs, value, start, stop)
    finally:
        leave(xs)


def rewrite(xs: LockedList[Any], old: list[Any], new: list[Any], name: str) -> None:
    """In a section of the caller: put what was made of the elements in their place, unless they are others by now."""
    acquire(xs)
    try:
        if not list_holds(xs, old):
            raise ValueError(f"list modified during {name}")
        list_replace(xs, new)
    finally:
        release(xs)


# --- Without locks ---------------------------------------------------------------------------------------------


def filled(new: L, items: list[Any]) -> L:
    """A twin that no other thread has yet, with these elements."""
    list_replace(new, items)
    return new


def is_list(other: object) -> bool:
    return isinstance(other, list)


def plain(other: list[Any]) -> list[Any]:
    """The storage of the other operand, as of one moment if it is locked: so no two locks are held at once."""
    if type(other) is list:
        return other
    return read(other, None) if isinstance(other, LockedList) else list_slice(other, None)


def given(xs: LockedList[Any], iterable: Any) -> Any:
    """What is to be stored, as a list or tuple; the list itself stays itself, to be read in the section that writes."""
    if iterable is xs or type(iterable) in PLAIN:
        return iterable
    elements: Iterable[Any] = iterable
    return list(chain(elements))  # which hides a length hint: the builtin's own extend survives one that is wrong


def compared(xs: LockedList[Any], other: Any, by: Callable[[Any, Any], bool]) -> bool:
    theirs = plain(other)
    ours = read(xs, None)
    return by(ours, ours if other is xs else theirs)


@recursive_repr("[...]")
def repr_of(xs: LockedList[Any]) -> str:
    return repr(read(xs, None))


if cython.compiled:
    drop_sequence_slots(LockedList)  # type: ignore[name-defined]  # noqa: F821
else:
    twin(LockedList)
