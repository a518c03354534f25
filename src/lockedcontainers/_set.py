# ← _list.py            _deque.py →
# cython: binding=False, embedsignature=True, embedsignature.format=clinic
"""LockedSet: a set whose every method is one atomic step.

Overview (for maintainers)
    Goal        a caller never sees half of one of our operations, and pays about what a set costs.
    Invariant   the storage (our own, we are a set) is written only between ``enter`` or ``acquire`` and the end of
                that section. It is read there too, or optimistically: between ``begin_read`` and ``validate``.
    One step    ``enter`` is for adding or removing one element, which CPython makes atomic, so that ``in`` may look
                without the mutex. Several elements: ``acquire``.
    Look first  what adds or removes several elements first finds out which, so that an ``__eq__`` that raises does so
                before anything has changed.
    Where       looking for elements in us runs their ``__eq__`` in our section. Operators that go through all of us
                anyway (``|``, ``-``, ``^``, ``==``, ``<=``) take a copy and run it outside.
    Let go late what an operation removes is bound to a local (``kept``) and so dies after the section: a finalizer
                may wait for a thread that waits for us. An element may be removed by another one that is equal, so
                ``set_take`` finds what is there.
    Accepted    uncompiled, such an element is let go in the section: Python has no quick way to get at it.
    Accepted    C code of CPython that is given a set reads the storage of ours: ``set(s)``, ``{*s}``, ``other |= s``,
                ``frozenset() | s``. It does not wait for a ``locked()`` of another thread, nor between the two steps of
                ``^=``. What iterates, or asks us as the subclass before the builtin (``{1} | s``), does.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

from lockedcontainers._common import own_state, pretty
from lockedcontainers._pydantic import schema_of

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import (
        frozenset_of,
        like,
        set_add,
        set_all_alike,
        set_and,
        set_clear,
        set_contains,
        set_difference_update,
        set_ge,
        set_gt,
        set_intersection_update,
        set_items,
        set_len,
        set_of,
        set_or,
        set_pop,
        set_subtract,
        set_symmetric_difference_update,
        set_take,
        set_update,
        set_xor,
    )
    from lockedcontainers._mutex import acquire, begin_read, enter, leave, release, section, twin, validate
    from lockedcontainers._mutex import discard as dispose

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Self

T = TypeVar("T")
S = TypeVar("S")
C = TypeVar("C", bound="LockedSet[Any]")

NOTHING: tuple[()] = ()
ISDISJOINT: Any = set[Any].isdisjoint
UNHASHABLE = 2


class LockedSet(set[T]):
    """A set that threads can share: every method and operator is one atomic step.

    It is a ``set``, with the same methods, results and errors. In addition:

    * iterating goes over the elements of one moment, and never raises because another thread changes the set;
    * ``s | other`` and its kin make a locked set (``{1} | s`` makes a set), and take what is like a set: ``d.keys()``;
    * compound operations: :meth:`add_if_absent`, :meth:`discard_if_present`, :meth:`drain`;
    * :meth:`snapshot` is a ``frozenset``, which can be hashed;
    * several steps as one: :meth:`locked`.

    Thread safety: atomic, each method and operator. ``update``, ``|`` and ``==`` and their kin read their other operand
    first, as of its own one moment.
    Runs user code under the lock: ``__eq__`` of elements, where some are looked for in this set; ``__hash__`` in
    ``in``, ``add``, ``remove``, ``discard`` and the compound operations. None in ``|``, ``-``, ``^``, ``==``, ``<``,
    ``<=`` and the methods of the same meaning.

    >>> from lockedcontainers import LockedSet
    >>> s = LockedSet("ab")
    >>> s.add("b")
    >>> sorted(s), s == {"a", "b"}, isinstance(s, set)
    (['a', 'b'], True, True)
    """

    __slots__ = ("_mutex",)

    def __init__(self, iterable: Iterable[T] = NOTHING, /) -> None:
        kept = None
        new = given(self, iterable)
        if new is self:
            return
        acquire(self)
        try:
            if set_len(self):
                kept = set_items(self)
                set_clear(self)
            set_update(self, new)
        finally:
            release(self)

    def __dealloc__(self) -> None:
        dispose(self)

    def copy(self) -> Self:
        """A new twin of this one with the same elements and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> s = LockedSet("a")
        >>> s.copy() == s, s.copy() is s
        (True, False)
        """
        return copied(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (items_of(self),), own_state(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return schema_of(cls, set, source, handler)

    def snapshot(self) -> frozenset[T]:
        """A frozenset with the elements of one moment.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> seen = {LockedSet("a").snapshot(): "this set of letters"}
        >>> seen[frozenset("a")]
        'this set of letters'
        """
        return frozen_copy(self)

    def locked(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Keep every other thread out for several steps; used in a ``with`` statement, which yields the set.

        Thread safety: atomic. To other threads all that is done inside happens in one moment.
        Runs user code under the lock: the body of the ``with`` statement.
        Raises :exc:`LockTimeout` if the set is not free within *timeout* seconds, and :exc:`DeadlockError`.
        Complexity: O(1).

        >>> s = LockedSet(["new"])
        >>> with s.locked():
        ...     s.remove("new")
        ...     s.add("running")
        >>> s
        LockedSet({'running'})
        """
        return section(self, timeout)

    # --- One element -----------------------------------------------------------------------------------------

    def __contains__(self, value: object) -> bool:
        found = has(self, value)
        return has(self, frozen(value)) == 1 if found == UNHASHABLE else found == 1

    def add(self, value: T, /) -> None:
        """Add an element, unless an equal one is there.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of elements.
        Complexity: O(1).

        >>> s = LockedSet()
        >>> s.add(1)
        >>> s
        LockedSet({1})
        """
        enter(self)
        try:
            set_add(self, value)
        finally:
            leave(self)

    def add_if_absent(self, value: T, /) -> bool:
        """Add an element, unless an equal one is there; whether it was added.

        Thread safety: atomic. Of several threads that add equal elements, one gets ``True``.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of elements.
        Complexity: O(1).

        >>> s = LockedSet()
        >>> s.add_if_absent("job"), s.add_if_absent("job")
        (True, False)
        """
        enter(self)
        try:
            return set_add(self, value)
        finally:
            leave(self)

    def discard(self, value: object, /) -> None:
        """Remove the element that is, or equals, *value*, if there is one.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of elements.
        Complexity: O(1).

        >>> s = LockedSet([1])
        >>> s.discard(1), s.discard(1), s
        (None, None, LockedSet())
        """
        take(self, value)

    def discard_if_present(self, value: object, /) -> bool:
        """Remove the element that is, or equals, *value*, if there is one; whether there was.

        Thread safety: atomic. Of several threads that remove one element, one gets ``True``.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of elements.
        Complexity: O(1).

        >>> s = LockedSet(["job"])
        >>> s.discard_if_present("job"), s.discard_if_present("job")
        (True, False)
        """
        return take(self, value)

    def remove(self, value: T, /) -> None:
        """Remove the element that is, or equals, *value*.

        Thread safety: atomic. Of several threads that remove one element, one succeeds.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of elements.
        Raises ``KeyError`` if there is none.
        Complexity: O(1).

        >>> s = LockedSet([1])
        >>> s.remove(1)
        >>> s
        LockedSet()
        """
        if not take(self, value):
            raise KeyError(value)

    def pop(self) -> T:
        """Remove any one element and return it.

        Thread safety: atomic. Two threads never get the same element.
        Runs no user code.
        Raises ``KeyError`` if the set is empty.
        Complexity: O(1), amortized.

        >>> LockedSet([1]).pop()
        1
        """
        enter(self)
        try:
            element: T = set_pop(self)
            return element
        finally:
            leave(self)

    # --- Reading everything ----------------------------------------------------------------------------------

    def __len__(self) -> int:
        stamp = begin_read(self)
        if stamp >= 0:
            size = set_len(self)
            if validate(self, stamp):
                return size
        enter(self)
        try:
            return set_len(self)
        finally:
            leave(self)

    def __iter__(self) -> Iterator[T]:
        return iter(items_of(self))

    def __repr__(self) -> str:
        return repr_of(self)

    def __rich_repr__(self) -> Iterator[frozenset[T]]:
        yield self.snapshot()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer, cycle)

    def __eq__(self, other: object) -> bool:
        return compared(self, other, operator.eq) if is_set(other) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return compared(self, other, operator.ne) if is_set(other) else NotImplemented

    def __lt__(self, other: AbstractSet[object]) -> bool:
        return compared(self, other, operator.lt) if is_set(other) else NotImplemented

    def __le__(self, other: AbstractSet[object]) -> bool:
        return compared(self, other, operator.le) if is_set(other) else NotImplemented

    def __gt__(self, other: AbstractSet[object]) -> bool:
        return asked(self, other, ">") if is_set(other) else NotImplemented

    def __ge__(self, other: AbstractSet[object]) -> bool:
        return asked(self, other, ">=") if is_set(other) else NotImplemented

    __hash__ = None

    def issubset(self, other: Iterable[object], /) -> bool:
        """Whether every element of this set is in the other.

        Thread safety: atomic.
        Runs user code: ``__eq__`` of elements, with nothing locked.
        Complexity: O(n).

        >>> LockedSet("a").issubset("ab")
        True
        """
        return compared(self, other, operator.le)

    def issuperset(self, other: Iterable[object], /) -> bool:
        """Whether every element of the other is in this set.

        Thread safety: atomic.
        Runs user code under the lock: ``__eq__`` of elements.
        Complexity: O(k) for k elements of the other.

        >>> LockedSet("ab").issuperset("a")
        True
        """
        answer: bool = asked(self, other, ">=")
        return answer

    def isdisjoint(self, other: Iterable[object], /) -> bool:
        """Whether no element is in both.

        Thread safety: atomic.
        Runs user code under the lock: ``__eq__`` of elements.
        Complexity: O(k) for k elements of the smaller one.

        >>> LockedSet("ab").isdisjoint("c")
        True
        """
        answer: bool = asked(self, other, "isdisjoint")
        return answer

    # --- Making another set ----------------------------------------------------------------------------------

    def union(self, *others: Iterable[S]) -> LockedSet[T | S]:
        """A new twin with the elements of this set and of all others.

        Thread safety: atomic. The others are read one by one, each as of one moment if it is locked.
        Runs user code: ``__eq__`` of elements, with nothing locked.
        Complexity: O(n + k) for k elements of the others.

        >>> sorted(LockedSet("a").union("b", "c"))
        ['a', 'b', 'c']
        """
        return united(self, others)

    def intersection(self, *others: Iterable[object]) -> Self:
        """A new twin with the elements of this set that are in all others.

        Thread safety: atomic. The others are read one by one, each as of one moment if it is locked.
        Runs user code under the lock: ``__eq__`` of elements.
        Complexity: O(k) for k elements of the others.

        >>> LockedSet("abc").intersection("bcd", "cde")
        LockedSet({'c'})
        """
        return common(self, shared(self, others))

    def difference(self, *others: Iterable[object]) -> Self:
        """A new twin with the elements of this set that are in no other.

        Thread safety: atomic. The others are read one by one, each as of one moment if it is locked.
        Runs user code: ``__eq__`` of elements, with nothing locked.
        Complexity: O(n + k) for k elements of the others.

        >>> LockedSet("abc").difference("a", "b")
        LockedSet({'c'})
        """
        return reduced(self, others)

    def symmetric_difference(self, other: Iterable[S], /) -> LockedSet[T | S]:
        """A new twin with the elements that are in this set or in the other, but not in both.

        Thread safety: atomic.
        Runs user code: ``__eq__`` of elements, with nothing locked.
        Complexity: O(n + k) for k elements of the other.

        >>> sorted(LockedSet("ab").symmetric_difference("bc"))
        ['a', 'c']
        """
        return exclusive(self, other)

    def __or__(self, other: AbstractSet[S], /) -> LockedSet[T | S]:
        return united(self, (other,)) if is_set(other) else NotImplemented

    def __ror__(self, other: AbstractSet[S], /) -> set[T | S]:  # type: ignore[misc]
        return set_or(given(self, other), frozen_copy(self)) if is_set(other) else NotImplemented

    def __and__(self, other: AbstractSet[object], /) -> Self:
        if not is_set(other):
            return NotImplemented
        return common(self, given(self, other))

    def __rand__(self, other: AbstractSet[object], /) -> set[T]:
        return asked(self, other, "reflected &") if is_set(other) else NotImplemented

    def __sub__(self, other: AbstractSet[object], /) -> Self:
        if not is_set(other):
            return NotImplemented
        return reduced(self, (other,))

    def __rsub__(self, other: AbstractSet[S], /) -> set[S]:  # type: ignore[misc]
        return asked(self, other, "reflected -") if is_set(other) else NotImplemented

    def __xor__(self, other: AbstractSet[S], /) -> LockedSet[T | S]:
        return exclusive(self, other) if is_set(other) else NotImplemented

    def __rxor__(self, other: AbstractSet[S], /) -> set[T | S]:  # type: ignore[misc]
        return set_xor(given(self, other), frozen_copy(self)) if is_set(other) else NotImplemented

    # --- Changing many elements ------------------------------------------------------------------------------

    def update(self, *others: Iterable[T]) -> None:
        """Add the elements of all others.

        Thread safety: atomic. The others are read first, each as of one moment if it is locked; if reading them or an
        ``__eq__`` raises, nothing is added.
        Runs user code under the lock: ``__eq__`` of elements.
        Complexity: O(k) for k elements of the others.

        >>> s = LockedSet("a")
        >>> s.update("b", "a")
        >>> sorted(s)
        ['a', 'b']
        """
        add_all(self, gathered(self, others))

    def intersection_update(self, *others: Iterable[object]) -> None:
        """Remove the elements that are not in all others.

        Thread safety: atomic. As for :meth:`update`.
        Runs user code under the lock: ``__eq__`` of elements.
        Complexity: O(n + k) for k elements of the others.

        >>> s = LockedSet("abc")
        >>> s.intersection_update("bcd", "cde")
        >>> s
        LockedSet({'c'})
        """
        keep_common(self, shared(self, others))

    def difference_update(self, *others: Iterable[object]) -> None:
        """Remove the elements that are in any other.

        Thread safety: atomic. As for :meth:`update`.
        Runs user code under the lock: ``__eq__`` of elements.
        Complexity: O(k) for k elements of the others.

        >>> s = LockedSet("abc")
        >>> s.difference_update("a", "b")
        >>> s
        LockedSet({'c'})
        """
        theirs = gathered(self, others)
        for other in others:
            if other is self:
                theirs = self
        remove_all(self, theirs)

    def symmetric_difference_update(self, other: Iterable[T], /) -> None:
        """Remove the elements that are in the other too, and add those that are only there.

        Thread safety: atomic. As for :meth:`update`.
        Runs user code under the lock: ``__eq__`` of elements.
        Complexity: O(k) for k elements of the other.

        >>> s = LockedSet("ab")
        >>> s.symmetric_difference_update("bc")
        >>> sorted(s)
        ['a', 'c']
        """
        toggle_all(self, given(self, other))

    def __ior__(self, other: AbstractSet[T], /) -> Self:  # type: ignore[override,misc]
        if not is_set(other):
            return NotImplemented
        add_all(self, given(self, other))
        return self

    def __iand__(self, other: AbstractSet[object], /) -> Self:
        if not is_set(other):
            return NotImplemented
        keep_common(self, given(self, other))
        return self

    def __isub__(self, other: AbstractSet[object], /) -> Self:
        if not is_set(other):
            return NotImplemented
        remove_all(self, given(self, other))
        return self

    def __ixor__(self, other: AbstractSet[T], /) -> Self:  # type: ignore[override,misc]
        if not is_set(other):
            return NotImplemented
        toggle_all(self, given(self, other))
        return self

    def clear(self) -> None:
        """Remove everything.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> s = LockedSet("a")
        >>> s.clear()
        >>> s
        LockedSet()
        """
        emptied(self)

    def drain(self) -> set[T]:
        """Take everything out: a plain set with all elements, leaving this one empty.

        Thread safety: atomic. Each element is in exactly one drain.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> s = LockedSet("a")
        >>> s.drain(), s
        ({'a'}, LockedSet())
        """
        return emptied(self)


# --- Sections that several methods share -----------------------------------------------------------------------


def has(s: LockedSet[Any], value: object) -> int:
    """Whether an element equal to *value* is there, or UNHASHABLE if it is a set."""
    stamp = begin_read(s)
    if stamp >= 0:
        found = set_contains(s, value)
        if validate(s, stamp):
            return found
    enter(s)
    try:
        return set_contains(s, value)
    finally:
        leave(s)


def take(s: LockedSet[Any], value: object) -> bool:
    """Remove an element equal to *value*; whether there was one."""
    kept: Any = None
    enter(s)
    try:
        kept = set_take(s, value)
    finally:
        leave(s)
    if kept is NotImplemented:
        return take(s, frozen(value))
    return kept is not ...


def frozen_copy(s: LockedSet[T]) -> frozenset[T]:
    enter(s)
    try:
        return frozenset_of(s)
    finally:
        leave(s)


def items_of(s: LockedSet[Any]) -> list[Any]:
    enter(s)
    try:
        return set_items(s)
    finally:
        leave(s)


def copied(s: C) -> C:
    """A twin that no other thread has yet, with the same elements."""
    new = like(s)
    enter(s)
    try:
        set_update(new, s)
    finally:
        leave(s)
    return new


def asked(s: LockedSet[Any], other: Iterable[Any], what: str) -> Any:
    """What is answered by looking for elements in *s*, those of the other operand or, where it is larger, its own."""
    theirs = given(s, other)
    enter(s)
    try:
        if what == ">=":
            return set_ge(s, theirs)
        if what == ">":
            return set_gt(s, theirs)
        if what == "&":
            return set_and(s, theirs)
        if what == "reflected &":
            return set_and(theirs, s)
        if what == "reflected -":
            return set_subtract(theirs, s)
        return ISDISJOINT(s, theirs)
    finally:
        leave(s)


def add_all(s: LockedSet[Any], theirs: Any) -> None:
    acquire(s)
    try:
        set_update(s, set_subtract(theirs, s) if set_len(s) else theirs)
    finally:
        release(s)


def keep_common(s: LockedSet[Any], theirs: Any) -> None:
    kept = None
    acquire(s)
    try:
        kept = set_items(s)
        set_intersection_update(s, theirs)
    finally:
        release(s)


def remove_all(s: LockedSet[Any], theirs: Any) -> None:
    kept = None
    acquire(s)
    try:
        found = set_and(s, theirs)
        kept = set_all_alike(s, found)
        replace_all(s, found, kept, None)
    finally:
        release(s)


def toggle_all(s: LockedSet[Any], theirs: Any) -> None:
    kept = None
    acquire(s)
    try:
        found = set_and(s, theirs)
        new = set_subtract(theirs, s)
        kept = set_all_alike(s, found)
        replace_all(s, found, kept, new)
    finally:
        release(s)


def replace_all(s: LockedSet[Any], found: Any, kept: list[Any], new: Any) -> None:
    """In a section of the caller: remove what it has found, which *kept* holds, and add what is new."""
    try:
        set_difference_update(s, found)
        if new is not None:
            set_update(s, new)
    except BaseException:
        for element in kept:  # an __eq__ that did not fail when it was looked for
            try:
                set_add(s, element)
            except BaseException:  # noqa: BLE001, S112 - one that never compares again
                continue
        raise


def emptied(s: LockedSet[Any]) -> set[Any]:
    acquire(s)
    try:
        elements = set_of(s)
        set_clear(s)
    finally:
        release(s)
    return elements


# --- Without locks ---------------------------------------------------------------------------------------------


def is_locked(other: object) -> bool:
    return isinstance(other, LockedSet)


def is_plain_set(other: object) -> bool:
    return isinstance(other, (set, frozenset))


def is_set(other: object) -> bool:
    return is_plain_set(other) or isinstance(other, AbstractSet)


def given(s: LockedSet[Any], other: Any) -> Any:
    """The other operand as a set, as of one moment if it is locked: so no two locks are held at once.

    *s* itself stays itself, to be read in the section that needs it.
    """
    if other is s:
        return s
    if is_locked(other):
        return frozen_copy(other)
    return other if is_plain_set(other) else set(other)


def gathered(s: LockedSet[Any], others: tuple[Any, ...]) -> Any:
    """The elements of all others but *s* as one set."""
    if len(others) == 1:
        return given(s, others[0])
    new: set[Any] = set()
    for other in others:
        if other is not s:
            set_update(new, given(s, other))
    return new


def shared(s: LockedSet[Any], others: tuple[Any, ...]) -> Any:
    """The elements that all others but *s* have in common; *s* itself if there are no others."""
    theirs: Any = s
    for other in others:
        if other is not s:
            theirs = given(s, other) if theirs is s else set_and(theirs, given(s, other))
    return theirs


def united(s: LockedSet[Any], others: tuple[Any, ...]) -> LockedSet[Any]:
    new = copied(s)
    for other in others:
        if other is not s:
            set_update(new, given(s, other))
    return new


def common(s: C, theirs: Any) -> C:
    new = like(s)
    set_update(new, asked(s, theirs, "&"))
    return new


def reduced(s: C, others: tuple[Any, ...]) -> C:
    new = copied(s)
    for other in others:
        set_difference_update(new, new if other is s else given(s, other))
    return new


def exclusive(s: LockedSet[Any], other: Any) -> LockedSet[Any]:
    new = copied(s)
    set_symmetric_difference_update(new, new if other is s else given(s, other))
    return new


def compared(s: LockedSet[Any], other: Any, by: Callable[[Any, Any], bool]) -> bool:
    theirs = given(s, other)
    ours = frozen_copy(s)
    return by(ours, ours if other is s else theirs)


def frozen(value: Any) -> frozenset[Any]:
    """What a set that is looked for stands for."""
    return frozen_copy(value) if is_locked(value) else frozenset(value)


def repr_of(s: LockedSet[Any]) -> str:
    elements = list_repr(s)
    inner = {"...": "...", "[]": ""}.get(elements, f"{{{elements[1:-1]}}}")
    return f"{type(s).__name__}({inner})"


@recursive_repr("...")
def list_repr(s: LockedSet[Any]) -> str:
    return repr(items_of(s))


if not cython.compiled:
    twin(LockedSet)
