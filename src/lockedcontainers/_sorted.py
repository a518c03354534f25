# ← _order.py            _rwlock.py →
"""LockedSortedList, LockedSortedSet and LockedSortedDict: Sorted Containers' types, each method one atomic step.

Overview (for maintainers)
    Its roots   Read _order.py first: a LockedSortedList is an Order; a LockedSortedSet has one beside its members, and
                a LockedSortedDict one beside the dict that it is, as its ``_list``. Of Sorted Containers' code we use
                what reads no storage, and ``_check``.
    Locking     an Order knows the mutex to take: its own, but in a dict the LockedDict's, of which a LockedSortedDict
                overrides what orders or stores keys, and inherits the rest.
    Two places  what is in the Order of a set or dict is at every moment also hashed: it is hashed first and ordered
                then, and removed the other way round. Both run code of users; if that comes in between, or raises,
                ``reconcile`` makes the Order follow.
    Held        what code of users may replace while it runs (``_members``, ``_maxes``) is held meanwhile: C code would
                else work on with what has been freed.
    Let go late what an operation displaces is bound to a local (``kept``) and so dies after the section: a finalizer
                may wait for a thread that waits for us.
    Accepted    uncompiled, a signal handler that raises between the two places is one more exception: the Order
                follows what is hashed. If it raises again while the Order does, an element is hashed that iterating
                does not show.
"""

from __future__ import annotations

import operator
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from reprlib import recursive_repr
from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeVar, overload

from lockedcontainers._common import new_arguments, own_state, pretty
from lockedcontainers._dict import (
    NOTHING,
    WAYS_TO_ITERATE,
    LockedDict,
    LockedItems,
    LockedKeys,
    LockedValues,
    gathered,
)
from lockedcontainers._order import Order
from lockedcontainers._sentinel import ABSENT

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import (
        bound_of,
        caller,
        dict_clear,
        dict_contains,
        dict_get,
        dict_keys,
        dict_len,
        dict_of_pairs,
        dict_pairs,
        dict_pairs_of,
        dict_pop,
        dict_replaced,
        dict_swap,
        dict_update,
        index_of,
        is_index,
        lists_held,
        plain_slice,
        set_recounted,
    )
    from lockedcontainers._dict import MISSING, acquire, begin_merge
    from lockedcontainers._mutex import release
    from lockedcontainers._order import (
        LOAD,
        UNHASHED,
        add_all,
        arrange,
        contents,
        cut,
        cut_out,
        cut_slice,
        delete,
        drop,
        enter,
        few,
        find,
        flat,
        insert,
        key_of,
        keys_of,
        leave,
        number,
        place,
        refill,
        search,
        section,
        share_mutex,
        spot,
        walk,
        where,
    )

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
T2 = TypeVar("T2")
K2 = TypeVar("K2")
V2 = TypeVar("V2")

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Generic, Self

    from _typeshed import SupportsGetItem, SupportsKeysAndGetItem

    from lockedcontainers._sentinel import Absent

    # What Sorted Containers' types are to type checkers, for it ships no types of its own.

    class Typed(Generic[T]): ...

    class SortedList(Sequence[T]):
        def __init__(self, iterable: Iterable[T] | None = None, key: Callable[[T], Any] | None = None) -> None: ...

    class SortedKeyList(SortedList[T]): ...

    class SortedSet(AbstractSet[T], Sequence[T]): ...

    class SortedDict: ...

    class SortedKeysView: ...

    class SortedItemsView: ...

    class SortedValuesView: ...

    def identity(value: T) -> T: ...
else:
    from sortedcontainers import (
        SortedDict,
        SortedItemsView,
        SortedKeyList,
        SortedKeysView,
        SortedList,
        SortedSet,
        SortedValuesView,
    )
    from sortedcontainers.sortedlist import identity

    class Typed:
        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


class Ordered(Typed[T]):
    """What the sorted containers have in common: finding places and values, and the lock."""

    __slots__ = ()

    @property
    def key(self) -> Callable[[T], Any] | None:
        """The function that values are sorted by; None if they are compared themselves.

        >>> LockedSortedSet(["b", "A"], key=str.lower).key("B")
        'b'
        """
        return order_of(self)._key

    def locked(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Keep every other thread out for several steps; used in a ``with`` statement, which yields the container.

        Thread safety: atomic. To other threads all that is done inside happens in one moment.
        Runs user code under the lock: the body of the ``with`` statement.
        Raises :exc:`LockTimeout` if the container is not free within *timeout* seconds, and :exc:`DeadlockError`.
        Complexity: O(1).

        >>> jobs = LockedSortedList([3, 1, 2])
        >>> with jobs.locked():
        ...     jobs.add(jobs.pop(0) + 5)
        >>> jobs
        LockedSortedList([2, 3, 6])
        """
        return section(order_of(self), self, timeout)

    def bisect_left(self, value: T) -> int:
        """The index at which *value* would be inserted, before any that are equal to it.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Complexity: O(log n).

        >>> LockedSortedList([10, 20, 20, 30]).bisect_left(20)
        1
        """
        order = order_of(self)
        return bisected(self, order, key_of(order, value), False)

    def bisect_right(self, value: T) -> int:
        """The index at which *value* would be inserted, after all that are equal to it.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Complexity: O(log n).

        >>> LockedSortedList([10, 20, 20, 30]).bisect_right(20)
        3
        """
        order = order_of(self)
        return bisected(self, order, key_of(order, value), True)

    def bisect(self, value: T) -> int:
        """The same as :meth:`bisect_right`."""
        order = order_of(self)
        return bisected(self, order, key_of(order, value), True)

    def index(self, value: T, start: int | None = None, stop: int | None = None) -> int:
        """The first index of *value*, between *start* and *stop* if they are given.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Raises ``ValueError`` if *value* is not there.
        Complexity: O(log n), and O(m) for m values of the same key.

        >>> LockedSortedList("abcde").index("d")
        3
        """
        order = order_of(self)
        at = indexed(self, order, value, key_of(order, value), bound(start, 0), bound(stop, sys.maxsize))
        if at < 0:
            raise ValueError(f"{value!r} is not in list")
        return at

    def irange(
        self,
        minimum: T | None = None,
        maximum: T | None = None,
        inclusive: tuple[bool, bool] = (True, True),
        reverse: bool = False,
    ) -> Iterator[T]:
        """Iterate over the values from *minimum* to *maximum*, as they are in the moment of the call.

        A bound that is ``None`` is open; *inclusive* says of each bound whether it belongs to the range.

        Thread safety: atomic. What is done to the container meanwhile does not change what the iterator gives.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Complexity: O(log n); on free-threaded builds and uncompiled, O(m) for m values in the range.

        >>> list(LockedSortedList("acegi").irange("b", "h"))
        ['c', 'e', 'g']
        """
        order = order_of(self)
        low = None if minimum is None else key_of(order, minimum)
        high = None if maximum is None else key_of(order, maximum)
        return ranged(self, order, low, high, bool(inclusive[0]), bool(inclusive[1]), bool(reverse))

    def islice(self, start: int | None = None, stop: int | None = None, reverse: bool = False) -> Iterator[T]:
        """Iterate over the values from index *start* to index *stop*, as they are in the moment of the call.

        Thread safety: atomic. What is done to the container meanwhile does not change what the iterator gives.
        Runs no user code under the lock.
        Complexity: O(log n); on free-threaded builds and uncompiled, O(m) for m values in the slice.

        >>> list(LockedSortedList("abcde").islice(1, 4, reverse=True))
        ['d', 'c', 'b']
        """
        return sliced(self, order_of(self), plain_slice(slice(start, stop)), bool(reverse))

    def _reset(self, load: int) -> None:
        """Lay the values out in sublists of another length, as Sorted Containers' own tests and tuning do."""
        reset(self, order_of(self), load)

    def _check(self) -> None:
        """Assert the invariants, as Sorted Containers does."""
        check(self, order_of(self))

    def __rich_repr__(self) -> Iterator[Any]:
        yield self.snapshot()  # type: ignore[attr-defined]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer, cycle)


class Keyed(Ordered[T]):
    """What those of them have that were made with a key function."""

    __slots__ = ()

    def bisect_key_left(self, key: Any) -> int:
        """As :meth:`bisect_left`, for a key instead of a value.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of keys.
        Raises ``AttributeError`` if there is no key function.
        Complexity: O(log n).

        >>> LockedSortedSet(["b", "A"], key=str.lower).bisect_key_left("b")
        1
        """
        return bisected(self, keyed_order_of(self), key, False)

    def bisect_key_right(self, key: Any) -> int:
        """As :meth:`bisect_right`, for a key instead of a value.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of keys.
        Raises ``AttributeError`` if there is no key function.
        Complexity: O(log n).

        >>> LockedSortedSet(["b", "A"], key=str.lower).bisect_key_right("b")
        2
        """
        return bisected(self, keyed_order_of(self), key, True)

    def bisect_key(self, key: Any) -> int:
        """The same as :meth:`bisect_key_right`."""
        return bisected(self, keyed_order_of(self), key, True)

    def irange_key(
        self,
        min_key: Any = None,
        max_key: Any = None,
        inclusive: tuple[bool, bool] = (True, True),
        reverse: bool = False,
    ) -> Iterator[T]:
        """As :meth:`irange`, for keys instead of values.

        Thread safety: atomic. What is done to the container meanwhile does not change what the iterator gives.
        Runs user code under the lock: the comparison of keys.
        Raises ``AttributeError`` if there is no key function.
        Complexity: O(log n); on free-threaded builds and uncompiled, O(m) for m values in the range.

        >>> list(LockedSortedSet(["b", "A", "C"], key=str.lower).irange_key("b"))
        ['b', 'C']
        """
        order = keyed_order_of(self)
        return ranged(self, order, min_key, max_key, bool(inclusive[0]), bool(inclusive[1]), bool(reverse))


# --- The list --------------------------------------------------------------------------------------------------


class LockedSortedList(Ordered[T], Order, SortedList[T]):
    """A SortedList that threads can share: every method and operator is one atomic step.

    It is a ``sortedcontainers.SortedList``, with the same methods, results and errors; with a *key* function it is a
    :class:`LockedSortedKeyList`. In addition:

    * iterating, also by :meth:`irange` and :meth:`islice`, goes over the values of one moment, and never raises or
      skips because another thread changes the list;
    * compound operations: :meth:`pop_first_if`, :meth:`drain`;
    * several steps as one: :meth:`locked`.

    Thread safety: atomic, each method and operator. ``update``, ``+`` and ``==`` read their other operand first, as
    of its own one moment.
    Runs user code under the lock: the comparison of values, and what a method names besides. If it raises, nothing
    has changed.

    >>> from lockedcontainers import LockedSortedList
    >>> l = LockedSortedList([3, 1, 2])
    >>> l.add(0)
    >>> l, l[0], l.bisect(2)
    (LockedSortedList([0, 1, 2, 3]), 0, 3)
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __new__(cls, iterable: Iterable[T] | None = None, key: None = None) -> Self: ...
        @overload
        def __new__(cls, iterable: Iterable[T] | None = None, *, key: Callable[[T], Any]) -> LockedSortedKeyList[T]: ...
        @overload
        def __new__(cls, iterable: Iterable[T] | None, key: Callable[[T], Any]) -> LockedSortedKeyList[T]: ...

    def __new__(cls, iterable: Any = None, key: Any = None) -> Any:  # noqa: ARG004  (__init__ takes it)
        if key is None or issubclass(cls, SortedKeyList):
            return Order.__new__(cls)
        if cls is not LockedSortedList:
            raise TypeError("inherit LockedSortedKeyList for key argument")
        return Order.__new__(LockedSortedKeyList)  # pyright: ignore[reportUnknownVariableType]

    if not TYPE_CHECKING:  # for type checkers, what __new__ says it returns is what counts

        def __init__(self, iterable=None, key=None):  # noqa: ANN001, ANN204, ARG002
            start(self, self, None, iterable, False)

    def copy(self) -> Self:
        """A new twin of this one with the same values and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> l = LockedSortedList([1])
        >>> l.copy() == l, l.copy() is l
        (True, False)
        """
        values, keys = copied(self, self)
        return like(self, values, keys, None)

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (self._key, self.snapshot(), *new_arguments(self)), own_state(self)

    def snapshot(self) -> list[T]:
        """A plain list of the values of one moment.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedSortedList([2, 1]).snapshot()
        [1, 2]
        """
        return copied(self, self)[0]

    # --- Reading ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return length(self, self)

    def __contains__(self, value: Any) -> bool:
        return contained(self, value, key_of(self, value))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: Any) -> Any:
        return item(self, self, index_of(index)) if is_index(index) else part(self, self, plain_slice(index))

    def __iter__(self) -> Iterator[T]:
        return iterated(self, self, False)

    def __reversed__(self) -> Iterator[T]:
        return iterated(self, self, True)

    def count(self, value: T) -> int:
        """How often *value* is in the list.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Complexity: O(log n), and O(m) for m values of the same key.

        >>> LockedSortedList([1, 2, 2, 3]).count(2)
        2
        """
        return counted(self, value, key_of(self, value))

    def __eq__(self, other: object) -> bool:
        return list_compared(self, other, operator.eq)

    def __ne__(self, other: object) -> bool:
        return list_compared(self, other, operator.ne)

    def __lt__(self, other: Sequence[T]) -> bool:
        return list_compared(self, other, operator.lt)

    def __le__(self, other: Sequence[T]) -> bool:
        return list_compared(self, other, operator.le)

    def __gt__(self, other: Sequence[T]) -> bool:
        return list_compared(self, other, operator.gt)

    def __ge__(self, other: Sequence[T]) -> bool:
        return list_compared(self, other, operator.ge)

    __hash__ = None  # type: ignore[assignment]

    @recursive_repr("...")
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.snapshot()!r}{key_repr(self._key)})"

    def __add__(self, other: Iterable[T]) -> Self:
        return list_like(self, [*self, *other])

    __radd__ = __add__

    def __mul__(self, times: int) -> Self:
        return list_like(self, self.snapshot() * times)

    __rmul__ = __mul__

    # --- Writing ---------------------------------------------------------------------------------------------

    def add(self, value: T) -> None:
        """Add *value*, after any that are equal to it.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Complexity: O(log n), approximately.

        >>> l = LockedSortedList([1, 3])
        >>> l.add(2)
        >>> l
        LockedSortedList([1, 2, 3])
        """
        added(self, value, key_of(self, value))

    def update(self, iterable: Iterable[T]) -> None:
        """Add all values of *iterable*.

        Thread safety: atomic. *iterable* is read first, as of one moment if it is a locked container.
        Runs user code under the lock: the comparison of values. The key function runs before. If it raises, nothing
        has changed.
        Complexity: O(k log n), approximately, for k new values.

        >>> l = LockedSortedList([2])
        >>> l.update([3, 1])
        >>> l
        LockedSortedList([1, 2, 3])
        """
        list_updated(self, list(iterable))

    def __iadd__(self, other: Iterable[T]) -> Self:
        list_updated(self, list(other))
        return self

    def __imul__(self, times: int) -> Self:
        list_multiplied(self, operator.index(times))
        return self

    def discard(self, value: T) -> None:
        """Remove the first *value* if there is one.

        Thread safety: atomic.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Complexity: O(log n), approximately.

        >>> l = LockedSortedList([1, 2])
        >>> l.discard(2), l.discard(3), l
        (None, None, LockedSortedList([1]))
        """
        kept = list_taken(self, value, key_of(self, value))

    def remove(self, value: T) -> None:
        """Remove the first *value*.

        Thread safety: atomic. Of several threads that remove one value, one succeeds.
        Runs user code under the lock: the comparison of values. The key function runs before.
        Raises ``ValueError`` if it is not there.
        Complexity: O(log n), approximately.

        >>> l = LockedSortedList([1, 2])
        >>> l.remove(2)
        >>> l
        LockedSortedList([1])
        """
        kept = list_taken(self, value, key_of(self, value))
        if kept is MISSING:
            raise ValueError(f"{value!r} not in list")

    def pop(self, index: int = -1) -> T:
        """Remove the value at *index* and return it; the last one if no index is given.

        Thread safety: atomic. Two threads never get the same value.
        Runs no user code.
        Raises ``IndexError`` if there is none.
        Complexity: O(log n), approximately.

        >>> l = LockedSortedList([3, 1, 2])
        >>> l.pop(), l.pop(0)
        (3, 1)
        """
        return list_popped(self, index_of(index))

    def pop_first_if(self, predicate: Callable[[T], object]) -> T | Absent:
        """Remove the first value and return it if *predicate* of it is true; else return ``ABSENT``.

        So a worker claims the next job if it is due, in one step.

        Thread safety: atomic. Two threads never get the same value.
        Runs user code under the lock: *predicate*. If it raises, nothing has changed.
        Complexity: O(log n), approximately, besides the predicate.

        >>> due = LockedSortedList([(3, "wash"), (1, "cook")])
        >>> due.pop_first_if(lambda job: job[0] <= 2), due.pop_first_if(lambda job: job[0] <= 2)
        ((1, 'cook'), ABSENT)
        """
        return list_popped_if(self, predicate)

    def __delitem__(self, index: Any) -> None:
        kept = list_deleted(self, index_of(index)) if is_index(index) else list_cut(self, plain_slice(index))

    def clear(self) -> None:
        """Remove everything.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> l = LockedSortedList([1])
        >>> l.clear()
        >>> l
        LockedSortedList([])
        """
        kept = emptied(self, self)

    def drain(self) -> list[T]:
        """Take everything out: a plain list of all values in order, leaving this one empty.

        Thread safety: atomic. Each value is in exactly one drain.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> l = LockedSortedList([2, 1])
        >>> l.drain(), l
        ([1, 2], LockedSortedList([]))
        """
        kept = emptied(self, self)
        return flat(kept[0])


class LockedSortedKeyList(Keyed[T], LockedSortedList[T], SortedKeyList[T]):
    """A SortedKeyList that threads can share: a :class:`LockedSortedList` that sorts by a *key* function.

    The function runs before the lock is taken. It should be a function of the value alone.

    >>> from lockedcontainers import LockedSortedKeyList
    >>> LockedSortedKeyList(["bb", "a", "ccc"], key=len)
    LockedSortedKeyList(['a', 'bb', 'ccc'], key=<built-in function len>)
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __new__(cls, iterable: Iterable[T] | None = None, key: Callable[[T], Any] = identity) -> Self: ...

    def __init__(self, iterable: Iterable[T] | None = None, key: Callable[[T], Any] = identity) -> None:
        start(self, self, key, iterable, False)


# --- The set ---------------------------------------------------------------------------------------------------


class LockedSortedSet(Keyed[T], SortedSet[T]):
    """A SortedSet that threads can share: every method and operator is one atomic step.

    It is a ``sortedcontainers.SortedSet``, with the same methods, results and errors. In addition:

    * iterating, also by :meth:`irange` and :meth:`islice`, goes over the values of one moment, and never raises or
      skips because another thread changes the set;
    * compound operations: :meth:`add_if_absent`, :meth:`discard_if_present`, :meth:`pop_first_if`, :meth:`drain`;
    * several steps as one: :meth:`locked`.

    Thread safety: atomic, each method and operator. Set algebra and comparisons read their other operands first, as
    of their own one moment.
    Runs user code under the lock: ``__hash__`` and ``__eq__`` of values, the key function, the comparison of values or
    keys; what a method names besides. If it raises, nothing has changed.

    >>> from lockedcontainers import LockedSortedSet
    >>> s = LockedSortedSet([3, 1, 2, 1])
    >>> s.add(0)
    >>> s, s[0], 2 in s, s & {1, 2, 7}
    (LockedSortedSet([0, 1, 2, 3]), 0, True, LockedSortedSet([1, 2]))
    """

    __slots__ = ("_list",)
    _list: Order

    def __new__(cls, *_: Any, **__: Any) -> Self:
        self = object.__new__(cls)
        self._list = hashing(Order())
        return self

    def __init__(self, iterable: Iterable[T] | None = None, key: Callable[[T], Any] | None = None) -> None:
        start(self, self._list, key, iterable, True)

    _key = Ordered.key

    @property
    def _set(self) -> set[T]:
        """What a plain SortedSet asks of another."""
        return members_of(self)

    @classmethod
    def _fromset(cls, values: set[T], key: Callable[[T], Any] | None = None) -> Self:
        return restored(key, values, cls)

    def copy(self) -> Self:
        """A new twin of this one with the same values and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> s = LockedSortedSet([1])
        >>> s.copy() == s, s.copy() is s
        (True, False)
        """
        return set_filled(self, copied(self, self._list))

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (self.key, self.snapshot(), *new_arguments(self)), own_state(self)

    def snapshot(self) -> list[T]:
        """A plain list of the values of one moment, in order.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedSortedSet([2, 1]).snapshot()
        [1, 2]
        """
        return copied(self, self._list)[0]

    # --- Reading ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return length(self, self._list)

    def __contains__(self, value: object) -> bool:
        return set_contains(self, self._list, value)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: Any) -> Any:
        order = self._list
        return item(self, order, index_of(index)) if is_index(index) else part(self, order, plain_slice(index))

    def __iter__(self) -> Iterator[T]:
        return iterated(self, self._list, False)

    def __reversed__(self) -> Iterator[T]:
        return iterated(self, self._list, True)

    def count(self, value: T) -> int:
        """1 if *value* is in the set, else 0.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of values.
        Complexity: O(1).

        >>> LockedSortedSet([1, 2]).count(2)
        1
        """
        return 1 if set_contains(self, self._list, value) else 0

    def __eq__(self, other: object) -> bool:
        return set_compared(self, self._list, other, operator.eq)

    def __ne__(self, other: object) -> bool:
        return set_compared(self, self._list, other, operator.ne)

    def __lt__(self, other: AbstractSet[Any]) -> bool:
        return set_compared(self, self._list, other, operator.lt)

    def __le__(self, other: AbstractSet[Any]) -> bool:
        return set_compared(self, self._list, other, operator.le)

    def __gt__(self, other: AbstractSet[Any]) -> bool:
        return set_compared(self, self._list, other, operator.gt)

    def __ge__(self, other: AbstractSet[Any]) -> bool:
        return set_compared(self, self._list, other, operator.ge)

    __hash__ = None  # type: ignore[assignment]

    def isdisjoint(self, other: Iterable[Any]) -> bool:
        """Whether no value is in both.

        Thread safety: atomic. *other* is read first, as of one moment if it is a locked container.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of values.
        Complexity: O(k) for k other values.

        >>> LockedSortedSet([1, 2]).isdisjoint([3])
        True
        """
        return bool(asked(self, self._list, set.isdisjoint, plain_set(other)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    def issubset(self, other: Iterable[Any]) -> bool:
        """Whether all values are in the other too.

        Thread safety: atomic. *other* is read first, as of one moment if it is a locked container.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of values.
        Complexity: O(n + k) for k other values.

        >>> LockedSortedSet([1, 2]).issubset([1, 2, 3])
        True
        """
        return bool(asked(self, self._list, set.issubset, plain_set(other)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    def issuperset(self, other: Iterable[Any]) -> bool:
        """Whether all values of the other are in this one.

        Thread safety: atomic. *other* is read first, as of one moment if it is a locked container.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of values.
        Complexity: O(k) for k other values.

        >>> LockedSortedSet([1, 2]).issuperset([1])
        True
        """
        return bool(asked(self, self._list, set.issuperset, plain_set(other)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    @recursive_repr("...")
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.snapshot()!r}{key_repr(self._list._key)})"

    # --- Set algebra -----------------------------------------------------------------------------------------

    def union(self, *iterables: Iterable[T2]) -> LockedSortedSet[T | T2]:
        """A new twin with the values of this one and of all *iterables*; the same as ``|``.

        Thread safety: atomic. The lock is held to read this one only; locked containers are read as of one moment each.
        Runs no user code under the lock.
        Complexity: O(n log n) for all values together.

        >>> LockedSortedSet([1, 2]).union([2, 3])
        LockedSortedSet([1, 2, 3])
        """
        return set_like(self, chain(self, *iterables))

    def difference(self, *iterables: Iterable[Any]) -> Self:
        """A new twin with the values that are in none of the *iterables*; the same as ``-``.

        Thread safety: atomic. The lock is held to read this one only; locked containers are read as of one moment each.
        Runs no user code under the lock.
        Complexity: O(n + k) for k other values.

        >>> LockedSortedSet([1, 2, 3]).difference([2])
        LockedSortedSet([1, 3])
        """
        return set_filled(self, kept_of(copied(self, self._list), united(iterables), False))

    def intersection(self, *iterables: Iterable[Any]) -> Self:
        """A new twin with the values that are in all the *iterables* too; the same as ``&``.

        Thread safety: atomic. The lock is held to read this one only; locked containers are read as of one moment each.
        Runs no user code under the lock.
        Complexity: O(n + k) for k other values.

        >>> LockedSortedSet([1, 2, 3]).intersection([2, 3, 4])
        LockedSortedSet([2, 3])
        """
        others = common(iterables) if iterables else None
        contents = copied(self, self._list)
        return set_filled(self, contents if others is None else kept_of(contents, others, True))

    def symmetric_difference(self, other: Iterable[T2]) -> LockedSortedSet[T | T2]:
        """A new twin with the values that are in one of the two only; the same as ``^``.

        Thread safety: atomic. The lock is held to read this one only; *other* is read as of one moment if it is locked.
        Runs no user code under the lock.
        Complexity: O(n log n) for all values together.

        >>> LockedSortedSet([1, 2]).symmetric_difference([2, 3])
        LockedSortedSet([1, 3])
        """
        return set_like(self, plain_set(other).symmetric_difference(self))

    def __rsub__(self, other: Iterable[T2]) -> LockedSortedSet[T2]:
        return set_like(self, plain_set(other).difference(self))

    if TYPE_CHECKING:  # else AbstractSet says what they return

        def __or__(self, other: Iterable[T2]) -> LockedSortedSet[T | T2]: ...
        def __ror__(self, other: Iterable[T2]) -> LockedSortedSet[T | T2]: ...
        def __and__(self, other: Iterable[Any]) -> Self: ...
        def __rand__(self, other: Iterable[Any]) -> Self: ...
        def __sub__(self, other: Iterable[Any]) -> Self: ...
        def __xor__(self, other: Iterable[T2]) -> LockedSortedSet[T | T2]: ...
        def __rxor__(self, other: Iterable[T2]) -> LockedSortedSet[T | T2]: ...
    else:
        __or__ = __ror__ = union
        __and__ = __rand__ = intersection
        __sub__ = difference
        __xor__ = __rxor__ = symmetric_difference

    # --- Writing ---------------------------------------------------------------------------------------------

    def add(self, value: T) -> None:
        """Add *value* if it is absent.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of values, the key function, the comparison of values
        or keys.
        Complexity: O(log n), approximately.

        >>> s = LockedSortedSet([1, 3])
        >>> s.add(2)
        >>> s
        LockedSortedSet([1, 2, 3])
        """
        set_added(self, self._list, value)

    def add_if_absent(self, value: T) -> bool:
        """Add *value* if it is absent; whether it was added.

        Thread safety: atomic. Of several threads that add one value, one gets ``True``.
        Runs user code under the lock: as :meth:`add`.
        Complexity: O(log n), approximately.

        >>> s = LockedSortedSet()
        >>> s.add_if_absent(1), s.add_if_absent(1)
        (True, False)
        """
        return set_added(self, self._list, value)

    def discard(self, value: Any) -> None:
        """Remove *value* if it is there.

        Thread safety: atomic.
        Runs user code under the lock: as :meth:`add`.
        Complexity: O(log n), approximately.

        >>> s = LockedSortedSet([1, 2])
        >>> s.discard(2), s.discard(3), s
        (None, None, LockedSortedSet([1]))
        """
        kept = set_taken(self, self._list, value)

    def discard_if_present(self, value: Any) -> bool:
        """Remove *value* if it is there; whether it was.

        Thread safety: atomic. Of several threads that discard one value, one gets ``True``.
        Runs user code under the lock: as :meth:`add`.
        Complexity: O(log n), approximately.

        >>> s = LockedSortedSet([1])
        >>> s.discard_if_present(1), s.discard_if_present(1)
        (True, False)
        """
        kept = set_taken(self, self._list, value)
        return kept is not MISSING

    def remove(self, value: T) -> None:
        """Remove *value*.

        Thread safety: atomic. Of several threads that remove one value, one succeeds.
        Runs user code under the lock: as :meth:`add`.
        Raises ``KeyError`` if it is not there.
        Complexity: O(log n), approximately.

        >>> s = LockedSortedSet([1, 2])
        >>> s.remove(2)
        >>> s
        LockedSortedSet([1])
        """
        kept = set_taken(self, self._list, value)
        if kept is MISSING:
            raise KeyError(value)

    def pop(self, index: int = -1) -> T:
        """Remove the value at *index* and return it; the last one if no index is given.

        Thread safety: atomic. Two threads never get the same value.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of values.
        Raises ``IndexError`` if there is none.
        Complexity: O(log n), approximately.

        >>> s = LockedSortedSet([3, 1, 2])
        >>> s.pop(), s.pop(0)
        (3, 1)
        """
        return set_popped(self, self._list, index_of(index))

    def pop_first_if(self, predicate: Callable[[T], object]) -> T | Absent:
        """Remove the first value and return it if *predicate* of it is true; else return ``ABSENT``.

        Thread safety: atomic. Two threads never get the same value.
        Runs user code under the lock: *predicate*, ``__hash__`` and ``__eq__`` of values. If it raises, nothing has
        changed.
        Complexity: O(log n), approximately, besides the predicate.

        >>> due = LockedSortedSet([3, 1])
        >>> due.pop_first_if(lambda when: when <= 2), due.pop_first_if(lambda when: when <= 2)
        (1, ABSENT)
        """
        return set_popped_if(self, self._list, predicate)

    def __delitem__(self, index: Any) -> None:
        order = self._list
        kept = set_popped(self, order, index_of(index)) if is_index(index) else set_cut(self, order, plain_slice(index))

    def update(self, *iterables: Iterable[T]) -> Self:
        """Add all values of all *iterables*, and return the set itself; the same as ``|=``.

        Thread safety: atomic. *iterables* are read first, as of one moment each if they are locked containers.
        Runs user code under the lock: as :meth:`add`. If it raises, nothing has changed.
        Complexity: O(k log n), approximately, for k new values.

        >>> LockedSortedSet([2]).update([3, 1])
        LockedSortedSet([1, 2, 3])
        """
        set_updated(self, self._list, united(iterables))
        return self

    def difference_update(self, *iterables: Iterable[Any]) -> Self:
        """Remove all values of all *iterables*, and return the set itself; the same as ``-=``.

        Thread safety: atomic. *iterables* are read first, as of one moment each if they are locked containers.
        Runs user code under the lock: as :meth:`add`. If it raises, nothing has changed.
        Complexity: O(k log n), approximately, for k other values.

        >>> LockedSortedSet([1, 2, 3]).difference_update([2])
        LockedSortedSet([1, 3])
        """
        kept = set_reduced(self, self._list, united(iterables))
        return self

    def intersection_update(self, *iterables: Iterable[Any]) -> Self:
        """Keep the values that are in all the *iterables*, and return the set itself; the same as ``&=``.

        Thread safety: atomic. *iterables* are read first, as of one moment each if they are locked containers.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of values. If it raises, nothing has changed.
        Complexity: O(n + k) for k other values.

        >>> LockedSortedSet([1, 2, 3]).intersection_update([2, 3, 4])
        LockedSortedSet([2, 3])
        """
        if iterables:
            kept = set_restricted(self, self._list, common(iterables))
        return self

    def symmetric_difference_update(self, other: Iterable[T]) -> Self:
        """Keep the values that are in one of the two only, and return the set itself; the same as ``^=``.

        Thread safety: atomic. *other* is read first, as of one moment if it is a locked container.
        Runs user code under the lock: as :meth:`add`. If it raises, nothing has changed.
        Complexity: O(n log n) for all values together.

        >>> LockedSortedSet([1, 2]).symmetric_difference_update([2, 3])
        LockedSortedSet([1, 3])
        """
        kept = set_toggled(self, self._list, plain_set(other))
        return self

    __ior__ = update
    __iand__ = intersection_update
    __isub__ = difference_update
    __ixor__ = symmetric_difference_update

    def clear(self) -> None:
        """Remove everything.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> s = LockedSortedSet([1])
        >>> s.clear()
        >>> s
        LockedSortedSet([])
        """
        kept = emptied(self, self._list)

    def drain(self) -> list[T]:
        """Take everything out: a plain list of all values in order, leaving this one empty.

        Thread safety: atomic. Each value is in exactly one drain.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> s = LockedSortedSet([2, 1])
        >>> s.drain(), s
        ([1, 2], LockedSortedSet([]))
        """
        kept = emptied(self, self._list)
        return flat(kept[0])


# --- The dict --------------------------------------------------------------------------------------------------


class LockedSortedDict(Keyed[K], LockedDict[K, V], SortedDict):
    """A SortedDict that threads can share: every method and operator is one atomic step.

    It is a ``sortedcontainers.SortedDict``, with the same methods, results and errors, and a :class:`LockedDict`, with
    its compound operations. In addition:

    * iterating, over the dict or its views, goes over the keys and values of one moment, in order;
    * copying by any idiom (``d.copy()``, ``dict(d)``, ``{**d}``, ``f(**d)``, ``other.update(d)``, …) is one moment too;
    * :meth:`pop_first_if`.

    Thread safety: atomic, each method and operator. ``update``, ``|`` and ``==`` read their other operand first, as
    of its own one moment.
    Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys, the key function, the comparison of keys; what a
    method names besides. If it raises, nothing has changed.

    >>> from lockedcontainers import LockedSortedDict
    >>> d = LockedSortedDict(b=2, c=3)
    >>> d["a"] = 1
    >>> d, d.peekitem(0), d.compute_if_absent("b", int)
    (LockedSortedDict({'a': 1, 'b': 2, 'c': 3}), ('a', 1), 2)
    """

    __slots__ = ("_list",)
    _list: Order
    _key = Ordered.key

    def __new__(cls, *_: Any, **__: Any) -> Self:
        self = LockedDict.__new__(cls)
        self._list = order = Order()
        share_mutex(order, self)
        return self

    if TYPE_CHECKING:

        @overload
        def __init__(self, key: Callable[[K], Any] | None = None, /) -> None: ...
        @overload
        def __init__(
            self: LockedSortedDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
            /,
            **kwargs: V,
        ) -> None: ...
        @overload
        def __init__(self, other: Mapping[K, V] | Iterable[tuple[K, V]], /) -> None: ...
        @overload
        def __init__(self, key: Callable[[K], Any] | None, other: Mapping[K, V] | Iterable[tuple[K, V]], /) -> None: ...
        @overload
        def __init__(
            self: LockedSortedDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
            other: Mapping[str, V] | Iterable[tuple[str, V]],
            /,
            **kwargs: V,
        ) -> None: ...
        @overload
        def __init__(
            self: LockedSortedDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
            key: Callable[[str], Any] | None,
            other: Mapping[str, V] | Iterable[tuple[str, V]],
            /,
            **kwargs: V,
        ) -> None: ...

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        key = None
        if args and (args[0] is None or callable(args[0])):
            key, *args = args  # type: ignore[assignment]
        new = dict_given(*args, **kwargs)
        dict_started(self, self._list, key)
        dict_updated(self, self._list, new)

    @classmethod
    @overload
    def fromkeys(cls, iterable: Iterable[T], value: None = None) -> LockedSortedDict[T, Any | None]: ...
    @classmethod
    @overload
    def fromkeys(cls, iterable: Iterable[T], value: T2) -> LockedSortedDict[T, T2]: ...
    @classmethod
    def fromkeys(cls, iterable: Any, value: Any = None) -> Any:
        """A new dict that has *value* for each key of *iterable*.

        Thread safety: atomic. *iterable* is read as of one moment if it is a locked container.
        Runs user code: ``__hash__`` and ``__eq__`` of keys, the comparison of keys.
        Complexity: O(n log n).

        >>> LockedSortedDict.fromkeys("ba", 0)
        LockedSortedDict({'a': 0, 'b': 0})
        """
        return cls((key, value) for key in iterable)

    def _like(self) -> Any:
        return restored(self.key, None, *new_arguments(self))

    def __copy__(self) -> Self:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.key, None, *new_arguments(self))
        return restored, arguments, own_state(self), None, iter(self.snapshot().items())

    # What LockedDict does by these, in a section of its own.

    def _pairs(self) -> list[Any]:
        return ordered_pairs(self, self._list)

    def _put(self, key: K, value: V | Absent) -> Any:
        return dict_taken(self, self._list, key) if value is ABSENT else dict_put(self, self._list, key, value)

    def _put_all(self, new: dict[K, V]) -> None:
        dict_updated(self, self._list, new)

    def _clear(self) -> Any:
        return dict_emptied(self, self._list)

    def snapshot(self) -> dict[K, V]:
        """A plain dict with the items of one moment, in order.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedSortedDict(b=2, a=1).snapshot()
        {'a': 1, 'b': 2}
        """
        return dict_of_pairs(dict_copied(self, self._list))

    # --- Reading ---------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[K]:
        return iterated(self, self._list, False)

    def __reversed__(self) -> Iterator[K]:
        return iterated(self, self._list, True)

    def keys(self) -> LockedSortedKeys[K]:  # type: ignore[override]
        """A live view of the keys, which can be indexed. Iterating over it goes over the keys of one moment.

        Thread safety: atomic, the call and each operation on the view.
        Runs user code: none under the lock.
        Complexity: O(1); O(n) to iterate or to compare; O(log n) to index.

        >>> d = LockedSortedDict(a=1)
        >>> keys = d.keys()
        >>> d["b"] = 2
        >>> list(keys), keys[-1]
        (['a', 'b'], 'b')
        """
        return LockedSortedKeys(self, caller(globals()))

    def values(self) -> LockedSortedValues[V]:  # type: ignore[override]
        """A live view of the values, in the order of the keys, which can be indexed.

        Thread safety: atomic, the call and each operation on the view. Iterating over it goes over one moment.
        Runs user code: none under the lock; to index, ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1); O(n) to iterate; O(log n) to index.

        >>> LockedSortedDict(b=2, a=1).values()[0]
        1
        """
        return LockedSortedValues(self)

    def items(self) -> LockedSortedItems[K, V]:  # type: ignore[override]
        """A live view of the items, which can be indexed. Iterating over it goes over the items of one moment.

        Thread safety: atomic, the call and each operation on the view.
        Runs user code: none under the lock; to index, ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1); O(n) to iterate or to compare; O(log n) to index.

        >>> LockedSortedDict(b=2, a=1).items()[:]
        [('a', 1), ('b', 2)]
        """
        return LockedSortedItems(self)

    @property
    def iloc(self) -> LockedSortedKeys[K]:
        """The same as :meth:`keys`, which Sorted Containers has deprecated."""
        warnings.warn(
            "sorted_dict.iloc is deprecated. Use SortedDict.keys() instead.", DeprecationWarning, stacklevel=2
        )
        return self.keys()

    def peekitem(self, index: int = -1) -> tuple[K, V]:
        """The item at *index*; the last one if no index is given.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Raises ``IndexError`` if there is none.
        Complexity: O(log n).

        >>> LockedSortedDict(b=2, a=1).peekitem(0)
        ('a', 1)
        """
        return dict_item(self, self._list, index_of(index))

    @recursive_repr("...")
    def __repr__(self) -> str:
        key = self._list._key
        return f"{type(self).__name__}({'' if key is None else f'{key!r}, '}{self.snapshot()!r})"

    def __or__(self, other: Mapping[K2, V2], /) -> LockedSortedDict[K | K2, V | V2]:
        if not isinstance(other, Mapping):
            return NotImplemented
        new: Any = self._like()
        new._put_all(self.snapshot() | dict(other))
        return new

    def __ror__(self, other: Mapping[K2, V2], /) -> LockedSortedDict[K | K2, V | V2]:
        if not isinstance(other, Mapping):
            return NotImplemented
        new: Any = self._like()
        new._put_all(dict(other) | self.snapshot())
        return new

    # --- Writing ---------------------------------------------------------------------------------------------

    def __setitem__(self, key: K, value: V) -> None:
        kept = None
        acquire(self)
        try:
            kept = dict_put(self, self._list, key, value)
        finally:
            release(self)

    def __delitem__(self, key: K) -> None:
        kept: Any = dict_popped(self, self._list, key)
        if kept is MISSING:
            raise KeyError(key)

    @overload
    def setdefault(self: LockedSortedDict[K, T | None], key: K, default: None = None) -> T | None: ...
    @overload
    def setdefault(self, key: K, default: V) -> V: ...
    def setdefault(self, key: Any, default: Any = None) -> Any:
        """``self[key]``, after storing *default* there if *key* is absent.

        Thread safety: atomic. Two threads cannot both store.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys, the key function, the comparison of keys.
        Complexity: O(1) if it is present, else O(log n), approximately.

        >>> d = LockedSortedDict()
        >>> d.setdefault("a", 1), d.setdefault("a", 2)
        (1, 1)
        """
        acquire(self)
        try:
            value = dict_get(self, key, MISSING)
            if value is not MISSING:
                return value
            dict_put(self, self._list, key, default)
            return default
        finally:
            release(self)

    @overload
    def pop(self, key: K) -> V: ...
    @overload
    def pop(self, key: K, default: V) -> V: ...
    @overload
    def pop(self, key: K, default: T) -> V | T: ...
    def pop(self, key: Any, default: Any = MISSING) -> Any:
        """Remove *key* and return its value; if it is absent, return *default*.

        Thread safety: atomic. Of several threads that pop one key, one gets the value.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys, the key function, the comparison of keys.
        Raises ``KeyError`` if the key is absent and no default is given.
        Complexity: O(log n), approximately.

        >>> d = LockedSortedDict(a=1)
        >>> d.pop("a"), d.pop("a", None)
        (1, None)
        """
        value = dict_popped(self, self._list, key)
        if value is not MISSING:
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def popitem(self, index: int = -1) -> tuple[K, V]:
        """Remove the item at *index* and return it; the last one if no index is given.

        Thread safety: atomic. Two threads never get the same item.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Raises ``KeyError`` if the dict is empty, ``IndexError`` if there is no such index.
        Complexity: O(log n), approximately.

        >>> d = LockedSortedDict(b=2, a=1)
        >>> d.popitem(0), d.popitem()
        (('a', 1), ('b', 2))
        """
        return dict_popped_at(self, self._list, index_of(index), KeyError)

    def pop_first_if(self, predicate: Callable[[K, V], object]) -> tuple[K, V] | Absent:
        """Remove the first item and return it if ``predicate(key, value)`` is true; else return ``ABSENT``.

        So a worker claims the next job if it is due, in one step.

        Thread safety: atomic. Two threads never get the same item.
        Runs user code under the lock: *predicate*, ``__hash__`` and ``__eq__`` of keys. If it raises, nothing has
        changed.
        Complexity: O(log n), approximately, besides the predicate.

        >>> jobs = LockedSortedDict({3: "wash", 1: "cook"})
        >>> jobs.pop_first_if(lambda when, job: when <= 2), jobs.pop_first_if(lambda when, job: when <= 2)
        ((1, 'cook'), ABSENT)
        """
        return dict_popped_if(self, self._list, predicate)

    @overload
    def update(self, other: SupportsKeysAndGetItem[K, V], /) -> None: ...
    @overload
    def update(self: SupportsGetItem[str, V], other: SupportsKeysAndGetItem[str, V], /, **kwargs: V) -> None: ...
    @overload
    def update(self, other: Iterable[tuple[K, V]], /) -> None: ...
    @overload
    def update(self: SupportsGetItem[str, V], other: Iterable[tuple[str, V]], /, **kwargs: V) -> None: ...
    @overload
    def update(self: SupportsGetItem[str, V], /, **kwargs: V) -> None: ...
    def update(self, /, *args: Any, **kwargs: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Store the items of a mapping, or of an iterable of pairs, and those given by name.

        Thread safety: atomic. What is given is read first, as of one moment if it is a locked container; if reading it
        raises, nothing is stored.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys, the key function, the comparison of keys. If
        it raises, nothing has changed.
        Complexity: O(k log n), approximately, for k new items.

        >>> d = LockedSortedDict(b=1)
        >>> d.update({"b": 2}, a=3)
        >>> d
        LockedSortedDict({'a': 3, 'b': 2})
        """
        dict_updated(self, self._list, dict_given(*args, **kwargs))


WAYS_TO_ITERATE.append(LockedSortedDict.__iter__)  # pyright: ignore[reportUnknownMemberType]


# --- The views -------------------------------------------------------------------------------------------------


class SortedView:
    """What the views of a sorted dict have in common: they are sequences too."""

    __slots__ = ()

    def _in_order(self) -> list[Any]:
        """What the view shows, of one moment."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return iter(self._in_order())

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._in_order())

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The first index of *value*."""
        values = self._in_order()
        return values.index(value, start, len(values) if stop is None else stop)

    def count(self, value: Any) -> int:
        """How often *value* is there."""
        return self._in_order().count(value)

    @classmethod
    def _from_iterable(cls, iterable: Iterable[Any], /) -> Any:
        make: Any = SortedSet
        return make(iterable)

    def __delitem__(self, index: Any) -> None:
        d: Any = self._mapping  # type: ignore[attr-defined]
        if is_index(index):
            kept: Any = dict_popped_at(d, d._list, index_of(index), IndexError)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        else:
            kept = dict_cut(d, d._list, plain_slice(index))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]

    __repr__ = MappingView.__repr__


class LockedSortedKeys(SortedView, LockedKeys[K], SortedKeysView, Sequence[K]):
    """What ``keys()`` of a LockedSortedDict returns: live, each operation one atomic step."""

    __slots__ = ()

    def __iter__(self) -> Iterator[K]:
        if caller(globals()) == self._place:
            return iter(begin_merge(self._mapping, self._place))
        return iter(self._mapping)

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._mapping)

    def _in_order(self) -> list[K]:
        return copied(self._mapping, order_of(self._mapping))[0]

    @overload
    def __getitem__(self, index: int) -> K: ...
    @overload
    def __getitem__(self, index: slice) -> list[K]: ...
    def __getitem__(self, index: Any) -> Any:
        d = self._mapping
        return item(d, order_of(d), index_of(index)) if is_index(index) else part(d, order_of(d), plain_slice(index))


class LockedSortedItems(SortedView, LockedItems[K, V], SortedItemsView, Sequence[tuple[K, V]]):
    """What ``items()`` of a LockedSortedDict returns: live, each operation one atomic step."""

    __slots__ = ()

    def _in_order(self) -> list[tuple[K, V]]:
        pairs = dict_copied(self._mapping, order_of(self._mapping))
        return list(zip(pairs[::2], pairs[1::2], strict=True))

    @overload
    def __getitem__(self, index: int) -> tuple[K, V]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[K, V]]: ...
    def __getitem__(self, index: Any) -> Any:
        d = self._mapping
        return (
            dict_item(d, order_of(d), index_of(index))
            if is_index(index)
            else dict_part(d, order_of(d), plain_slice(index))
        )


class LockedSortedValues(SortedView, LockedValues[V], SortedValuesView, Sequence[V]):
    """What ``values()`` of a LockedSortedDict returns: live, each operation one atomic step."""

    __slots__ = ()

    def _in_order(self) -> list[V]:
        return dict_copied(self._mapping, order_of(self._mapping))[1::2]

    def __contains__(self, value: object) -> bool:
        return value in self._in_order()

    @overload
    def __getitem__(self, index: int) -> V: ...
    @overload
    def __getitem__(self, index: slice) -> list[V]: ...
    def __getitem__(self, index: Any) -> Any:
        d = self._mapping
        if is_index(index):
            return dict_item(d, order_of(d), index_of(index))[1]
        return [value for _, value in dict_part(d, order_of(d), plain_slice(index))]


# --- Sections of all three -------------------------------------------------------------------------------------


def start(
    target: Any, order: Order, key: Callable[[Any], Any] | None, iterable: Iterable[Any] | None, hashed: bool
) -> None:
    """Begin anew: with these values, sorted by this key."""
    kept = None
    members = set(() if iterable is None else iterable) if hashed else None
    values = list((() if iterable is None else iterable) if members is None else members)
    values.sort(key=key)
    keys = keys_of(key, values)
    load: int = getattr(target, "DEFAULT_LOAD_FACTOR", LOAD)
    enter(order, target)
    try:
        order._key = key
        while kept is None:
            kept = refill(order, order._changes, values, keys, load, members)
    finally:
        leave(order)


def reset(target: Any, order: Order, load: int) -> None:
    kept = None
    enter(order, target)
    try:
        while kept is None:
            changes = order._changes
            values, keys = contents(order)
            kept = refill(order, changes, values, keys, load, None)
    finally:
        leave(order)


def check(target: Any, order: Order) -> None:
    enter(order, target)
    try:
        layout: Any = SortedList if order._key is None else SortedKeyList
        layout._check(order)
        values = contents(order)[0]
        if isinstance(target, SortedSet):
            hashed: Any = order._members
            same = len(hashed) == order._len and all(value in hashed for value in values)
        elif isinstance(target, LockedDict):
            same = dict_len(target) == order._len and all(dict_contains(target, key) for key in values)  # pyright: ignore[reportUnknownArgumentType]
        else:
            same = True
        if not same:
            raise AssertionError("what is ordered is not what is hashed")
    finally:
        leave(order)


def copied(target: Any, order: Order) -> tuple[list[Any], list[Any] | None]:
    enter(order, target)
    try:
        return contents(order)
    finally:
        leave(order)


def load_of(target: Any, order: Order) -> int:
    enter(order, target)
    try:
        return order._load
    finally:
        leave(order)


def length(target: Any, order: Order) -> int:
    enter(order, target)
    try:
        return order._len
    finally:
        leave(order)


def iterated(target: Any, order: Order, reverse: bool) -> Iterator[Any]:
    enter(order, target)
    try:
        lists = lists_held(order._lists[:])
    finally:
        leave(order)
    return chain.from_iterable(map(reversed, reversed(lists)) if reverse else lists)


def item(target: Any, order: Order, index: int) -> Any:
    enter(order, target)
    try:
        pos, idx, _ = spot(order, index)
        return order._lists[pos][idx]
    finally:
        leave(order)


def part(target: Any, order: Order, piece: slice) -> list[Any]:
    enter(order, target)
    try:
        return cut(order, piece)
    finally:
        leave(order)


def sliced(target: Any, order: Order, piece: slice, reverse: bool) -> Iterator[Any]:
    enter(order, target)
    try:
        while True:
            changes = order._changes
            start, stop, _ = piece.indices(order._len)
            if start >= stop:
                return iter(())
            first, idx, _ = spot(order, start)
            last, end, _ = spot(order, stop - 1)
            iterator = walk(order, first, idx, last, end + 1, reverse)
            if changes == order._changes:
                return iterator
    finally:
        leave(order)


def ranged(
    target: Any, order: Order, low: Any, high: Any, with_low: bool, with_high: bool, reverse: bool
) -> Iterator[Any]:
    enter(order, target)
    try:
        while True:
            changes = order._changes
            first = idx = 0
            if low is not None:
                first, idx, _ = where(order, low, not with_low)
            if high is not None:
                last, end, _ = where(order, high, with_high)
            else:
                last = len(order._lists) - 1
                end = sys.maxsize if last < 0 else len(order._lists[last])
            iterator = walk(order, first, idx, last, end, reverse)
            if changes == order._changes:
                return iterator
    finally:
        leave(order)


def bisected(target: Any, order: Order, key: Any, right: bool) -> int:
    enter(order, target)
    try:
        while True:
            pos, idx, changes = where(order, key, right)
            index = number(order, pos, idx)
            if changes == order._changes:
                return index
    finally:
        leave(order)


def indexed(target: Any, order: Order, value: Any, key: Any, start: int, stop: int) -> int:
    """The first index of *value* in the range; -1: there is none."""
    enter(order, target)
    try:
        while True:
            pos, idx, changes = find(order, value, key)
            index = sought(order, value, key, pos, idx, start, stop)
            if changes == order._changes:
                return index
    finally:
        leave(order)


def sought(order: Order, value: Any, key: Any, pos: int, idx: int, start: int, stop: int) -> int:
    if start < 0:
        start = max(start + order._len, 0)
    if stop < 0:
        stop += order._len
    if pos < 0:
        return -1
    index = number(order, pos, idx)
    if order._keys is None:
        if index < start:
            last, end, _ = where(order, key, True)
            index = start if start < number(order, last, end) else stop
        return index if index < stop else -1
    while index < start:
        pos, idx = search(order, value, key, pos, idx + 1)
        if pos < 0:
            return -1
        index = number(order, pos, idx)
    return index if index < stop else -1


def counted(order: Order, value: Any, key: Any) -> int:
    enter(order, order)
    try:
        while True:
            pos, idx, changes = where(order, key, False)
            if order._keys is None:
                last, end, _ = where(order, key, True)
                count = number(order, last, end) - number(order, pos, idx)
            else:
                count = 0
                pos, idx = search(order, value, key, pos, idx)
                while pos >= 0:
                    count += 1
                    pos, idx = search(order, value, key, pos, idx + 1)
            if changes == order._changes:
                return count
    finally:
        leave(order)


def emptied(target: Any, order: Order) -> Any:
    """Take everything out; the result keeps it alive."""
    enter(order, target)
    try:
        return vacated(order)
    finally:
        leave(order)


def vacated(order: Order) -> Any:
    while True:
        members: set[Any] | None = None if order._members is UNHASHED else set()
        kept = refill(order, order._changes, [], None if order._keys is None else [], order._load, members)
        if kept is not None:
            return kept


def reconcile(order: Order, d: LockedDict[Any, Any] | None) -> None:
    """Make the Order hold what is hashed, by identity: *d* if it is that of a dict, else the members."""
    while True:
        missing = {id(value): value for value in (list(order._members) if d is None else dict_keys(d))}
        gone = [value for value in contents(order)[0] if missing.pop(id(value), MISSING) is MISSING]
        if not gone and not missing:
            return
        drop(order, gone)
        for value in missing.values():
            place(order, value, key_of(order, value))


# --- Sections of the list --------------------------------------------------------------------------------------


def contained(order: Order, value: Any, key: Any) -> bool:
    enter(order, order)
    try:
        return find(order, value, key)[0] >= 0
    finally:
        leave(order)


def added(order: Order, value: Any, key: Any) -> None:
    enter(order, order)
    try:
        place(order, value, key)
    finally:
        leave(order)


def list_updated(order: Order, values: list[Any]) -> None:
    kept = None
    keys = keys_of(order._key, values)
    enter(order, order)
    try:
        kept = add_all(order, values, keys)
    finally:
        leave(order)


def list_multiplied(order: Order, times: int) -> None:
    kept = None
    enter(order, order)
    try:
        while kept is None:
            changes = order._changes
            values, keys = contents(order)
            values *= times
            if keys is not None:
                keys *= times
            arrange(values, keys)
            kept = refill(order, changes, values, keys, order._load, None)
    finally:
        leave(order)


def list_taken(order: Order, value: Any, key: Any) -> Any:
    """Take out the first *value*; the result is it, or MISSING."""
    enter(order, order)
    try:
        while True:
            pos, idx, changes = find(order, value, key)
            if pos < 0:
                return MISSING
            found = order._lists[pos][idx]
            if delete(order, pos, idx, changes):
                return found
    finally:
        leave(order)


def list_popped(order: Order, index: int) -> Any:
    enter(order, order)
    try:
        if order._len == 0:
            raise IndexError("pop index out of range")
        return list_deleted(order, index)
    finally:
        leave(order)


def list_deleted(order: Order, index: int) -> Any:
    enter(order, order)
    try:
        while True:
            pos, idx, changes = spot(order, index)
            found = order._lists[pos][idx]
            if delete(order, pos, idx, changes):
                return found
    finally:
        leave(order)


def list_popped_if(order: Order, predicate: Callable[[Any], object]) -> Any:
    enter(order, order)
    try:
        while order._len:
            changes = order._changes
            first = order._lists[0][0]
            if not predicate(first):
                break
            if delete(order, 0, 0, changes):
                return first
        return ABSENT
    finally:
        leave(order)


def list_cut(order: Order, piece: slice) -> Any:
    enter(order, order)
    try:
        return cut_slice(order, piece)
    finally:
        leave(order)


# --- Sections of the set ---------------------------------------------------------------------------------------


def members_of(s: Any) -> set[Any]:
    order: Order = s._list
    enter(order, s)
    try:
        return order._members.copy()
    finally:
        leave(order)


def set_contains(s: Any, order: Order, value: Any) -> bool:
    enter(order, s)
    try:
        members = order._members
        return value in members
    finally:
        leave(order)


def asked(s: Any, order: Order, question: Callable[[set[Any], Any], Any], other: set[Any]) -> Any:
    enter(order, s)
    try:
        members = order._members
        return question(members, other)
    finally:
        leave(order)


def set_added(s: Any, order: Order, value: Any) -> bool:
    """Whether it was absent."""
    enter(order, s)
    try:
        while True:
            looked, members = order._changes, order._members
            if value in members:
                return False
            key = key_of(order, value)
            pos, idx, changes = where(order, key, True)
            if changes == looked:
                break
        placed = False
        try:
            hash_in(order, members, value)
            placed = insert(order, pos, idx, changes, value, key)
        finally:
            if not placed or len(order._members) != order._len:
                reconcile(order, None)
        return True
    finally:
        leave(order)


def set_taken(s: Any, order: Order, value: Any) -> Any:
    """Take out what is equal to *value*; the result is it, or MISSING."""
    enter(order, s)
    try:
        members = order._members
        if value not in members:
            return MISSING
        key = key_of(order, value)
        while True:
            pos, idx, changes = find(order, value, key)
            if pos < 0:  # it is not ordered yet, or no more as it was
                return unhashed(order, value)
            found = order._lists[pos][idx]
            if delete(order, pos, idx, changes):
                return unhashed(order, found)
    finally:
        leave(order)


def hash_in(order: Order, members: set[Any], value: Any) -> None:
    """Make it a member. What CPython has lost, of what comparisons added meanwhile, is in the Order: add it again."""
    changes = order._changes
    members.add(value)
    if changes != order._changes and set_recounted(members) and members is order._members:
        for lost in contents(order)[0]:
            hash_in(order, members, lost)


def unhashed(order: Order, value: Any) -> Any:
    """What is no more in the Order is to be no member either; the result is it."""
    changes, members = order._changes, order._members
    try:
        members.discard(value)
    finally:
        if changes != order._changes or len(order._members) != order._len:
            reconcile(order, None)
    return value


def set_popped(s: Any, order: Order, index: int) -> Any:
    enter(order, s)
    try:
        if order._len == 0:
            raise IndexError("pop index out of range")
        while True:
            pos, idx, changes = spot(order, index)
            found = order._lists[pos][idx]
            if delete(order, pos, idx, changes):
                return unhashed(order, found)
    finally:
        leave(order)


def set_popped_if(s: Any, order: Order, predicate: Callable[[Any], object]) -> Any:
    enter(order, s)
    try:
        while order._len:
            changes = order._changes
            first = order._lists[0][0]
            if not predicate(first):
                break
            if delete(order, 0, 0, changes):
                return unhashed(order, first)
        return ABSENT
    finally:
        leave(order)


def set_cut(s: Any, order: Order, piece: slice) -> Any:
    enter(order, s)
    try:
        values, kept = cut_slice(order, piece)
        all_unhashed(order, values)
        return values, kept
    finally:
        leave(order)


def all_unhashed(order: Order, values: list[Any]) -> None:
    members = order._members
    expected = order._changes
    try:
        members.difference_update(values)
    except BaseException:
        for value in values:
            hash_in(order, members, value)
        raise
    finally:
        if expected != order._changes or len(order._members) != order._len:
            reconcile(order, None)


def set_updated(s: Any, order: Order, others: set[Any]) -> None:
    kept = None
    enter(order, s)
    try:
        members = order._members
        changes = order._changes
        new = [value for value in others if value not in members]
        keys = keys_of(order._key, new)
        expected = changes + (len(new) if few(order, new) else 1)
        try:
            for value in new:
                hash_in(order, members, value)
            if changes != order._changes:
                expected = -1
            kept = add_all(order, new, keys)
        except BaseException:
            members.difference_update(new)
            raise
        finally:
            if expected != order._changes or len(order._members) != order._len:
                reconcile(order, None)
    finally:
        leave(order)


def set_reduced(s: Any, order: Order, others: set[Any]) -> Any:
    """Take out these; the result keeps them alive."""
    enter(order, s)
    try:
        if not few(order, others):
            return rewritten(order, others, False)
        while True:
            changes, members = order._changes, order._members
            found = [find(order, value, key_of(order, value)) for value in others if value in members]
            if changes != order._changes:
                continue
            spots = sorted([(pos, idx) for pos, idx, _ in found if pos >= 0])
            places = [number(order, pos, idx) for pos, idx in spots]
            values = [order._lists[pos][idx] for pos, idx in spots]
            if changes == order._changes:
                break
        cut_out(order, changes, places, values)
        all_unhashed(order, values)
        return values
    finally:
        leave(order)


def rewritten(order: Order, others: set[Any], wanted: bool) -> Any:
    """Keep only the values that are *wanted* among others, or that are not; the result keeps the rest alive."""
    while True:
        changes = order._changes
        values, keys = kept_of(contents(order), others, wanted)
        kept = refill(order, changes, values, keys, order._load, set(values))
        if kept is not None:
            return kept


def kept_of(
    contents: tuple[list[Any], list[Any] | None], others: set[Any], wanted: bool
) -> tuple[list[Any], list[Any] | None]:
    values, keys = contents
    kept_values: list[Any] = []
    kept_keys: list[Any] = []
    for at in range(len(values)):
        value = values[at]
        if (value in others) is wanted:
            kept_values.append(value)
            if keys is not None:
                kept_keys.append(keys[at])
    return kept_values, None if keys is None else kept_keys


def set_restricted(s: Any, order: Order, others: set[Any]) -> Any:
    enter(order, s)
    try:
        return rewritten(order, others, True)
    finally:
        leave(order)


def set_toggled(s: Any, order: Order, others: set[Any]) -> Any:
    enter(order, s)
    try:
        while True:
            changes, members = order._changes, order._members
            values, keys = kept_of(contents(order), others, False)
            new = [value for value in others if value not in members]
            values += new
            if keys is not None:
                keys += keys_of(order._key, new) or []
            arrange(values, keys)
            kept = refill(order, changes, values, keys, order._load, set(values))
            if kept is not None:
                return kept
    finally:
        leave(order)


# --- Sections of the dict. What has no target, and dict_put and dict_taken, are in one of the caller ----------------


def dict_started(d: LockedDict[Any, Any], order: Order, key: Callable[[Any], Any] | None) -> None:
    kept = None
    acquire(d)
    try:
        while kept is None:
            changes = order._changes
            values, _ = contents(order)
            values.sort(key=key)
            keys = keys_of(key, values)
            kept = refill(order, changes, values, keys, order._load, None)
        order._key = key
    finally:
        release(d)


def ordered_pairs(d: LockedDict[Any, Any], order: Order) -> list[Any]:
    """Keys and values in turn. If to look a key up may run code of users, it is found by its identity."""
    while True:
        changes = order._changes
        keys = flat(order._lists)
        pairs = dict_pairs_of(d, keys)
        if pairs is None:
            pairs = dict_pairs(d)
            values = dict(zip(map(id, pairs[::2]), pairs[1::2], strict=True))
            pairs = [part for key in keys for part in (key, values.get(id(key)))]
        if changes == order._changes:
            return pairs


def dict_copied(d: LockedDict[Any, Any], order: Order) -> list[Any]:
    enter(order, d)
    try:
        return ordered_pairs(d, order)
    finally:
        leave(order)


def dict_item(d: LockedDict[Any, Any], order: Order, index: int) -> tuple[Any, Any]:
    enter(order, d)
    try:
        while True:
            pos, idx, _ = spot(order, index)
            key = order._lists[pos][idx]
            value = dict_get(d, key, MISSING)
            if value is not MISSING or dict_contains(d, key):
                return key, value
    finally:
        leave(order)


def dict_part(d: LockedDict[Any, Any], order: Order, piece: slice) -> list[tuple[Any, Any]]:
    enter(order, d)
    try:
        while True:
            changes = order._changes
            items = [(key, dict_get(d, key, MISSING)) for key in cut(order, piece)]
            if changes == order._changes:
                return items
    finally:
        leave(order)


def dict_put(d: LockedDict[Any, Any], order: Order, key: Any, value: Any) -> Any:
    """Store *value*; the result is what was displaced."""
    while True:
        looked = order._changes
        if dict_contains(d, key):
            try:
                return dict_swap(d, key, value)
            finally:
                if looked != order._changes or dict_len(d) != order._len:
                    reconcile(order, d)
        sorted_by = key_of(order, key)
        pos, idx, changes = where(order, sorted_by, True)
        if changes == looked:
            break
    placed = False
    try:
        kept = dict_swap(d, key, value)
        placed = insert(order, pos, idx, changes, key, sorted_by)
        return kept
    finally:
        if not placed or dict_len(d) != order._len:
            reconcile(order, d)


def dict_taken(d: LockedDict[Any, Any], order: Order, key: Any) -> Any:
    """Take out *key*; the result is its value, or MISSING."""
    if not dict_contains(d, key):
        return MISSING
    sorted_by = key_of(order, key)
    while True:
        pos, idx, changes = find(order, key, sorted_by)
        if pos < 0 or delete(order, pos, idx, changes):
            return dict_unhashed(d, order, key)


def dict_unhashed(d: LockedDict[Any, Any], order: Order, key: Any) -> Any:
    """What is no more in the Order is to be no key either; the result is its value."""
    changes = order._changes
    try:
        return dict_pop(d, key, MISSING)
    finally:
        if changes != order._changes or dict_len(d) != order._len:
            reconcile(order, d)


def dict_popped(d: LockedDict[Any, Any], order: Order, key: Any) -> Any:
    acquire(d)
    try:
        return dict_taken(d, order, key)
    finally:
        release(d)


def dict_popped_at(
    d: LockedDict[Any, Any], order: Order, index: int, if_empty: Callable[[str], Exception]
) -> tuple[Any, Any]:
    acquire(d)
    try:
        if order._len == 0:
            raise if_empty("popitem(): dictionary is empty")
        while True:
            pos, idx, changes = spot(order, index)
            key = order._lists[pos][idx]
            if delete(order, pos, idx, changes):
                return key, dict_unhashed(d, order, key)
    finally:
        release(d)


def dict_popped_if(d: LockedDict[Any, Any], order: Order, predicate: Callable[[Any, Any], object]) -> Any:
    acquire(d)
    try:
        while order._len:
            changes = order._changes
            key = order._lists[0][0]
            if not predicate(key, dict_get(d, key, MISSING)):
                break
            if delete(order, 0, 0, changes):
                return key, dict_unhashed(d, order, key)
        return ABSENT
    finally:
        release(d)


def dict_cut(d: LockedDict[Any, Any], order: Order, piece: slice) -> Any:
    """Take out the items of a slice; the result keeps them alive."""
    acquire(d)
    try:
        keys, kept = cut_slice(order, piece)
        changes = order._changes
        values: Any = ()
        try:
            values = [MISSING] * len(keys)
            for at, key in enumerate(keys):
                values[at] = dict_pop(d, key, MISSING)
        except BaseException:
            for key, value in zip(keys, values, strict=False):
                if value is not MISSING:
                    dict_swap(d, key, value)
            raise
        finally:
            if changes != order._changes or dict_len(d) != order._len:
                reconcile(order, d)
        return keys, values, kept
    finally:
        release(d)


def dict_updated(d: LockedDict[Any, Any], order: Order, new: dict[Any, Any]) -> None:
    kept: Any = None
    if not new:
        return
    acquire(d)
    try:
        changes = order._changes
        old = [(key, dict_get(d, key, MISSING)) for key in new] if dict_len(d) else []
        fresh = [key for key, value in old if value is MISSING] if old else list(new)
        keys = keys_of(order._key, fresh)
        expected = changes + (len(fresh) if few(order, fresh) else 1)
        try:
            kept = dict_replaced(d, new)
            dict_update(d, new)
            if changes != order._changes:
                expected = -1
            kept = kept, add_all(order, fresh, keys)
        except BaseException:
            for key in fresh:
                dict_pop(d, key, None)
            for key, value in old:
                if value is not MISSING:
                    dict_swap(d, key, value)
            raise
        finally:
            if expected != order._changes or dict_len(d) != order._len:
                reconcile(order, d)
    finally:
        release(d)


def dict_emptied(d: LockedDict[Any, Any], order: Order) -> Any:
    return vacated(order), dict_clear(d)


# --- Without locks ---------------------------------------------------------------------------------------------


def order_of(container: Any) -> Order:
    order: Order = container if isinstance(container, Order) else container._list
    return order


def keyed_order_of(container: Any) -> Order:
    order = order_of(container)
    if order._key is None:
        raise AttributeError(f"{type(container).__name__!r} object has no key function")
    return order


def bound(index: Any, default: int) -> int:
    return default if index is None else bound_of(index)


def dict_given(*args: Any, **kwargs: Any) -> dict[Any, Any]:
    if len(args) > 1:
        raise TypeError(f"dict expected at most 1 argument, got {len(args)}")
    return gathered(args[0] if args else NOTHING, kwargs)


def restored(key: Callable[[Any], Any] | None, values: Any, cls: Any, *arguments: Any) -> Any:
    """A container that sorts by *key*: what copies and pickles are made by."""
    new = cls.__new__(cls, *arguments)
    order = order_of(new)
    rekey(order, key)
    if values is not None:
        start(new, order, key, values, order is not new)
    return new


def hashing(order: Order) -> Order:
    """A new Order that has members."""
    order._members = set()
    return order


def rekey(order: Order, key: Callable[[Any], Any] | None) -> None:
    """In an Order that is empty."""
    order._key = key
    order._keys = None if key is None else []


def list_like(xs: LockedSortedList[Any], values: list[Any]) -> Any:
    values.sort(key=xs._key)
    keys = keys_of(xs._key, values)
    return like(xs, values, keys, None)


def like(container: Any, values: list[Any], keys: list[Any] | None, members: set[Any] | None) -> Any:
    """A new container like this one, with these values, which are in order."""
    order = order_of(container)
    new = restored(order._key, None, *new_arguments(container))
    laid_out(order_of(new), values, keys, load_of(container, order), members)
    return new


def laid_out(order: Order, values: list[Any], keys: list[Any] | None, load: int, members: set[Any] | None) -> Any:
    """Nobody else has it yet."""
    return refill(order, order._changes, values, keys, load, members)


def list_compared(xs: LockedSortedList[Any], other: Any, by: Callable[[Any, Any], Any]) -> Any:
    """As SortedList does: by the first two that are not equal, even if they are the same object."""
    if not isinstance(other, Sequence):
        return NotImplemented
    theirs: list[Any] = list(other)  # pyright: ignore[reportUnknownArgumentType]
    ours = xs.snapshot()
    if len(ours) != len(theirs) and by in (operator.eq, operator.ne):
        return by is operator.ne
    for mine, yours in zip(ours, theirs, strict=False):
        if mine != yours:
            return by(mine, yours)
    return by(len(ours), len(theirs))


def set_like(s: LockedSortedSet[Any], values: Iterable[Any]) -> Any:
    return restored(s.key, values, *new_arguments(s))


def set_filled(s: LockedSortedSet[Any], contents: tuple[list[Any], list[Any] | None]) -> Any:
    values, keys = contents
    return like(s, values, keys, set(values))


def plain_set(other: Iterable[Any]) -> set[Any]:
    """The other operand, as of one moment if it is locked: so no two locks are held at once."""
    return other if type(other) is set else set(other)  # pyright: ignore[reportUnknownVariableType]


def united(iterables: tuple[Iterable[Any], ...]) -> set[Any]:
    return plain_set(iterables[0]) if len(iterables) == 1 else set(chain(*iterables))


def common(iterables: tuple[Iterable[Any], ...]) -> set[Any]:
    first, *rest = iterables
    return plain_set(first).intersection(*rest) if rest else plain_set(first)


def set_compared(s: LockedSortedSet[Any], order: Order, other: Any, by: Callable[[Any, Any], Any]) -> Any:
    if not isinstance(other, AbstractSet):
        return NotImplemented
    return asked(s, order, by, plain_set(other))  # pyright: ignore[reportUnknownArgumentType]


def key_repr(key: Any) -> str:
    return "" if key is None else f", key={key!r}"


if not cython.compiled:
    LockedSortedSet._mutex = property(lambda s: s._list._mutex)  # type: ignore[attr-defined]
