# ← _mutex.py            _list.py →
"""LockedDict and LockedDefaultDict: a dict whose every method is one atomic step.

Overview (for maintainers)
    Goal        a caller never sees half of one of our operations, and pays about what a dict costs.
    Invariant   the storage (our own, we are a dict) is written only between ``change`` or ``acquire`` and the end of
                that section. It is read there too, or optimistically: between ``begin_read`` and ``validate``.
    One step    ``change`` opens a section with at most one mutation of the storage, which CPython makes atomic, so an
                optimistic reader sees it done or not begun. More than one, or a callback: ``acquire``.
    Absent      is ``...`` to an optimistic reader: it is immortal, so that threads which read do not meet at its
                reference count. Who has stored a ``...`` is served, as who finds nothing is, with the mutex.
    Let go late what an operation displaces is bound to a local (``kept``) and so dies after the section: a finalizer
                may wait for a thread that waits for us.
    Merges      CPython copies a dict subclass, in ``dict(d)``, ``{**d}`` and their kin, by calling ``keys()`` and then
                ``d[k]`` for each. A caller that asks for the keys and iterates over them at one and the same
                instruction is such C code, for Python code takes two. It is given the keys of one moment, and while
                its frame stays at that instruction its ``d[k]`` are answered with the values of that moment.
    Accepted    code compiled to C has no instructions of its own and can be taken for a merge if it reads the values
                in the order of the keys: it then sees the moment in which it listed them, until it writes.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, ValuesView
from copyreg import __newobj__  # type: ignore[attr-defined]
from reprlib import recursive_repr
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from lockedcontainers import _sync
from lockedcontainers._locking import DeadlockError, Mutex, describe
from lockedcontainers._sentinel import ABSENT

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import (
        caller,
        dict_clear,
        dict_contains,
        dict_get,
        dict_items,
        dict_keys,
        dict_len,
        dict_of_pairs,
        dict_pairs,
        dict_pop,
        dict_popitem,
        dict_replaced,
        dict_setdefault,
        dict_swap,
        dict_update,
        dict_values,
    )
    from lockedcontainers._mutex import begin_read, enter, leave, release, section, serve, twin, validate
    from lockedcontainers._mutex import acquire as _acquire

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from typing import Self

    from _typeshed import SupportsKeysAndGetItem

    from lockedcontainers._sentinel import Absent

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
K2 = TypeVar("K2")
V2 = TypeVar("V2")

NOTHING: tuple[()] = ()


class LockedDict(dict[K, V]):
    """A dict that threads can share: every method and operator is one atomic step.

    It is a ``dict``, with the same methods, results and errors. In addition:

    * iterating, over the dict or its views, goes over the keys and values of one moment, and never raises because
      another thread changes the dict;
    * copying by any idiom (``d.copy()``, ``dict(d)``, ``{**d}``, ``f(**d)``, ``other.update(d)``, …) is one moment too;
    * compound operations: :meth:`compute_if_absent`, :meth:`compute_if_present`, :meth:`compute`, :meth:`merge`,
      :meth:`replace`, :meth:`compare_and_set`, :meth:`compare_and_delete`, :meth:`drain`;
    * several steps as one: :meth:`locked`.

    ``d[k] += 1`` is a read and a write: between them another thread may write. Use :meth:`merge`.

    Thread safety: atomic, each method and operator. ``update``, ``|`` and ``==`` read their other operand first, as
    of its own one moment.
    Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys; what a method names besides.

    >>> from lockedcontainers import LockedDict
    >>> d = LockedDict(a=1)
    >>> d["b"] = 2
    >>> d, isinstance(d, dict)
    ({'a': 1, 'b': 2}, True)
    """

    __slots__ = ("__weakref__", "_loads", "_merges", "_mutex")

    def __init__(self, other: Any = NOTHING, /, **kwargs: Any) -> None:
        put_all(self, gathered(other, kwargs))

    def __dealloc__(self) -> None:
        discard(self)

    def _like(self) -> Self:
        """An empty twin for a copy of this one."""
        return type(self).__new__(type(self))

    def copy(self) -> Self:
        """A new twin of this one with the same items and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDict(a=1)
        >>> d.copy() == d, d.copy() is d
        (True, False)
        """
        new = self._like()
        put_all(new, self.snapshot())
        return new

    def __copy__(self) -> Self:
        return self.copy()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return __newobj__, (type(self),), own_state(self), None, iter(self.snapshot().items())

    def snapshot(self) -> dict[K, V]:
        """A plain dict with the items of one moment.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedDict(a=1).snapshot()
        {'a': 1}
        """
        return dict_of_pairs(read(self, "pairs"))

    def locked(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Keep every other thread out for several steps; used in a ``with`` statement, which yields the dict.

        Thread safety: atomic. To other threads all that is done inside happens in one moment.
        Runs user code under the lock: the body of the ``with`` statement.
        Raises :exc:`LockTimeout` if the dict is not free within *timeout* seconds, and :exc:`DeadlockError`.
        Complexity: O(1).

        >>> d = LockedDict(a=1, b=2)
        >>> with d.locked():
        ...     d["a"], d["b"] = d["b"], d["a"]
        >>> d
        {'a': 2, 'b': 1}
        """
        return section(self, timeout)

    # --- Reading one key -------------------------------------------------------------------------------------

    def __getitem__(self, key: K) -> V:
        stamp = begin_read(self)
        if stamp >= 0:
            value = dict_get(self, key, ...)
            if value is not ... and validate(self, stamp):
                return value
        value = look(self, key, True)
        if value is not ABSENT:
            return value
        missing = getattr(type(self), "__missing__", None)
        if missing is None:
            raise KeyError(key)
        return missing(self, key)

    @overload
    def get(self, key: K, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V, /) -> V: ...
    @overload
    def get(self, key: K, default: T, /) -> V | T: ...
    def get(self, key: Any, default: Any = None, /) -> Any:
        """``self[key]`` if *key* is present, else *default*.

        Thread safety: atomic.
        Runs user code: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1).

        >>> LockedDict(a=1).get("b", 0)
        0
        """
        stamp = begin_read(self)
        if stamp >= 0:
            value = dict_get(self, key, default)
            if validate(self, stamp):
                return value
        value = look(self, key, False)
        return default if value is ABSENT else value

    def __contains__(self, key: object) -> bool:
        stamp = begin_read(self)
        if stamp >= 0:
            found = dict_contains(self, key)
            if validate(self, stamp):
                return found
        return look(self, key, False) is not ABSENT

    def __len__(self) -> int:
        stamp = begin_read(self)
        if stamp >= 0:
            size = dict_len(self)
            if validate(self, stamp):
                return size
        return read(self, "len")

    # --- Reading everything ----------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[K]:
        return iter(read(self, "keys"))

    def __reversed__(self) -> Iterator[K]:
        return reversed(read(self, "keys"))

    def keys(self) -> LockedKeys[K]:  # type: ignore[override]
        """A live view of the keys. Iterating over it goes over the keys of one moment.

        Thread safety: atomic, the call and each operation on the view.
        Runs user code: none under the lock.
        Complexity: O(1); O(n) to iterate or to compare.

        >>> d = LockedDict(a=1)
        >>> keys = d.keys()
        >>> d["b"] = 2
        >>> sorted(keys), keys & {"b", "c"}
        (['a', 'b'], {'b'})
        """
        return LockedKeys(self, caller(globals()))

    def values(self) -> LockedValues[V]:  # type: ignore[override]
        """A live view of the values. Iterating over it goes over the values of one moment.

        Thread safety: atomic, the call and each operation on the view.
        Runs user code: none under the lock.
        Complexity: O(1); O(n) to iterate.

        >>> list(LockedDict(a=1).values())
        [1]
        """
        return LockedValues(self)

    def items(self) -> LockedItems[K, V]:  # type: ignore[override]
        """A live view of the items. Iterating over it goes over the items of one moment.

        Thread safety: atomic, the call and each operation on the view.
        Runs user code: none under the lock.
        Complexity: O(1); O(n) to iterate or to compare.

        >>> list(LockedDict(a=1).items())
        [('a', 1)]
        """
        return LockedItems(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, dict):
            return NotImplemented
        return self.snapshot() == plain(other)

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, dict):
            return NotImplemented
        return self.snapshot() != plain(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr_of(self)

    def __rich_repr__(self) -> Iterator[dict[K, V]]:
        yield self.snapshot()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        name = type(self).__name__
        if cycle:
            printer.text(f"{name}(...)")
        else:
            with printer.group(len(name) + 1, f"{name}(", ")"):
                printer.pretty(self.snapshot())

    def __or__(self, other: dict[K2, V2], /) -> LockedDict[K | K2, V | V2]:  # type: ignore[override]
        if not isinstance(other, dict):
            return NotImplemented
        new: Any = self._like()
        put_all(new, self.snapshot() | plain(other))
        return new

    def __ror__(self, other: dict[K2, V2], /) -> LockedDict[K | K2, V | V2]:  # type: ignore[override]
        if not isinstance(other, dict):
            return NotImplemented
        new: Any = self._like()
        put_all(new, plain(other) | self.snapshot())
        return new

    # --- Writing one key -------------------------------------------------------------------------------------

    def __setitem__(self, key: K, value: V) -> None:
        kept = None
        change(self)
        try:
            kept = dict_swap(self, key, value)
        finally:
            leave(self)

    def __delitem__(self, key: K) -> None:
        change(self)
        try:
            kept: Any = dict_pop(self, key, ABSENT)
        finally:
            leave(self)
        if kept is ABSENT:
            raise KeyError(key)

    @overload
    def setdefault(self: LockedDict[K, T | None], key: K, default: None = None, /) -> T | None: ...
    @overload
    def setdefault(self, key: K, default: V, /) -> V: ...
    def setdefault(self, key: Any, default: Any = None, /) -> Any:
        """``self[key]``, after storing *default* there if *key* is absent.

        Thread safety: atomic. Two threads cannot both store.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1).

        >>> d = LockedDict()
        >>> d.setdefault("a", 1), d.setdefault("a", 2)
        (1, 1)
        """
        change(self)
        try:
            return dict_setdefault(self, key, default)
        finally:
            leave(self)

    @overload
    def pop(self, key: K, /) -> V: ...
    @overload
    def pop(self, key: K, default: V, /) -> V: ...
    @overload
    def pop(self, key: K, default: T, /) -> V | T: ...
    def pop(self, key: Any, default: Any = ABSENT, /) -> Any:
        """Remove *key* and return its value; if it is absent, return *default*.

        Thread safety: atomic. Of several threads that pop one key, one gets the value.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Raises ``KeyError`` if the key is absent and no default is given.
        Complexity: O(1).

        >>> d = LockedDict(a=1)
        >>> d.pop("a"), d.pop("a", None)
        (1, None)
        """
        change(self)
        try:
            value = dict_pop(self, key, ABSENT)
        finally:
            leave(self)
        if value is not ABSENT:
            return value
        if default is ABSENT:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[K, V]:
        """Remove the item that was added last and return it.

        Thread safety: atomic. Two threads never get the same item.
        Runs no user code.
        Raises ``KeyError`` if the dict is empty.
        Complexity: O(1).

        >>> LockedDict(a=1, b=2).popitem()
        ('b', 2)
        """
        change(self)
        try:
            return dict_popitem(self)
        finally:
            leave(self)

    def replace(self, key: K, value: V) -> bool:
        """Store *value* if *key* is present; whether it was.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1).

        >>> d = LockedDict(a=1)
        >>> d.replace("a", 2), d.replace("b", 2), d
        (True, False, {'a': 2})
        """
        kept = None
        change(self)
        try:
            if not dict_contains(self, key):
                return False
            kept = dict_swap(self, key, value)
            return True
        finally:
            leave(self)

    def compare_and_set(self, key: K, expected: V | Absent, new: V) -> bool:
        """Store *new* if the value of *key* is, or equals, *expected*; whether it was stored.

        *expected* may be ``ABSENT``: then *new* is stored if the key is absent.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys, ``__eq__`` of the value.
        Complexity: O(1).

        >>> d = LockedDict(leader="ann")
        >>> d.compare_and_set("leader", "ann", "bob"), d.compare_and_set("leader", "ann", "eve"), d
        (True, False, {'leader': 'bob'})
        """
        kept = None
        acquire(self)
        try:
            value = dict_get(self, key, ABSENT)
            if not same(value, expected):
                return False
            kept = dict_swap(self, key, new)
            return True
        finally:
            release(self)

    def compare_and_delete(self, key: K, expected: V) -> bool:
        """Remove *key* if its value is, or equals, *expected*; whether it was removed.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys, ``__eq__`` of the value.
        Complexity: O(1).

        >>> d = LockedDict(job="ann")
        >>> d.compare_and_delete("job", "bob"), d.compare_and_delete("job", "ann"), d
        (False, True, {})
        """
        kept = None
        acquire(self)
        try:
            value = dict_get(self, key, ABSENT)
            if value is ABSENT or not same(value, expected):
                return False
            kept = dict_pop(self, key, None)
            return True
        finally:
            release(self)

    # --- Computing a value -----------------------------------------------------------------------------------

    def compute_if_absent(self, key: K, factory: Callable[[], V]) -> V:
        """``self[key]``, after storing ``factory()`` there if *key* is absent.

        The factory runs once per key, in one of the threads that ask, without any lock: other keys go on, and the
        threads that want this key wait for it. If it raises, nothing is stored, its caller gets the exception, and
        one of the waiting threads tries next. If another thread stores a value meanwhile, that one stays.

        Thread safety: atomic.
        Runs user code: *factory* with nothing locked; ``__hash__`` and ``__eq__`` of keys under the lock.
        Raises :exc:`DeadlockError` if the factory asks for the key that it computes, directly or through other
        threads, and in a thread that keeps the dict ``locked()`` while another thread computes the key.
        Complexity: O(1) besides the factory.

        >>> d = LockedDict()
        >>> d.compute_if_absent("a", list).append(1)
        >>> d.compute_if_absent("a", list)
        [1]
        """
        stamp = begin_read(self)
        if stamp >= 0:
            value = dict_get(self, key, ...)
            if value is not ... and validate(self, stamp):
                return value
        return load(self, key, factory)

    def compute_if_present(self, key: K, function: Callable[[V], V | Absent]) -> V | Absent:
        """Store ``function(self[key])`` if *key* is present; if that is ``ABSENT``, remove the key.

        Returns the new value, ``ABSENT`` if there is none.

        Thread safety: atomic. The function runs at most once.
        Runs user code under the lock: *function*, ``__hash__`` and ``__eq__`` of keys. If it raises, nothing changes.
        Complexity: O(1) besides the function.

        >>> d = LockedDict(tries=1)
        >>> d.compute_if_present("tries", lambda n: n + 1), d.compute_if_present("wins", lambda n: n + 1)
        (2, ABSENT)
        """
        kept = None
        acquire(self)
        try:
            value = dict_get(self, key, ABSENT)
            if value is ABSENT:
                return ABSENT
            new = function(value)
            kept = put(self, key, new)
            return new
        finally:
            release(self)

    def compute(self, key: K, function: Callable[[V | Absent], V | Absent]) -> V | Absent:
        """Store ``function(value)``, where value is ``self[key]`` or ``ABSENT``; if the result is ``ABSENT``, remove the key.

        Returns the new value, ``ABSENT`` if there is none.

        Thread safety: atomic. The function runs once.
        Runs user code under the lock: *function*, ``__hash__`` and ``__eq__`` of keys. If it raises, nothing changes.
        Complexity: O(1) besides the function.

        >>> d = LockedDict()
        >>> d.compute("visits", lambda n: 1 if n is ABSENT else n + 1)
        1
        """
        kept = None
        acquire(self)
        try:
            value = dict_get(self, key, ABSENT)
            new = function(value)
            kept = put(self, key, new)
            return new
        finally:
            release(self)

    def merge(self, key: K, value: V, function: Callable[[V, V], V | Absent]) -> V | Absent:
        """Store *value* if *key* is absent, else ``function(self[key], value)``; if that is ``ABSENT``, remove the key.

        Returns the new value, ``ABSENT`` if there is none.

        Thread safety: atomic. The function runs at most once.
        Runs user code under the lock: *function*, ``__hash__`` and ``__eq__`` of keys. If it raises, nothing changes.
        Complexity: O(1) besides the function.

        >>> from operator import add
        >>> d = LockedDict()
        >>> d.merge("hits", 1, add), d.merge("hits", 1, add)
        (1, 2)
        """
        kept = None
        acquire(self)
        try:
            old = dict_get(self, key, ABSENT)
            new: V | Absent = value if old is ABSENT else function(old, value)
            kept = put(self, key, new)
            return new
        finally:
            release(self)

    # --- Writing many keys -----------------------------------------------------------------------------------

    @overload
    def update(self, other: SupportsKeysAndGetItem[K, V], /) -> None: ...
    @overload
    def update(self: LockedDict[str, V], other: SupportsKeysAndGetItem[str, V], /, **kwargs: V) -> None: ...
    @overload
    def update(self, other: Iterable[tuple[K, V]], /) -> None: ...
    @overload
    def update(self: LockedDict[str, V], other: Iterable[tuple[str, V]], /, **kwargs: V) -> None: ...
    @overload
    def update(self: LockedDict[str, V], **kwargs: V) -> None: ...
    def update(self, other: Any = NOTHING, /, **kwargs: Any) -> None:
        """Store the items of a mapping, or of an iterable of pairs, and those given by name.

        Thread safety: atomic. *other* is read first, as of one moment if it is a locked container; if reading it
        raises, nothing is stored.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(n) for n new items.

        >>> d = LockedDict(a=1)
        >>> d.update({"a": 2}, b=3)
        >>> d
        {'a': 2, 'b': 3}
        """
        put_all(self, gathered(other, kwargs))

    def __ior__(self, other: SupportsKeysAndGetItem[K, V] | Iterable[tuple[K, V]], /) -> Self:  # type: ignore[override,misc]
        put_all(self, gathered(other, {}))
        return self

    def clear(self) -> None:
        """Remove everything.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDict(a=1)
        >>> d.clear()
        >>> d
        {}
        """
        kept = None
        change(self)
        try:
            kept = dict_clear(self)
        finally:
            leave(self)

    def drain(self) -> dict[K, V]:
        """Take everything out: a plain dict with all items, leaving this one empty.

        Thread safety: atomic. Each item is in exactly one drain.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDict(a=1)
        >>> d.drain(), d
        ({'a': 1}, {})
        """
        kept = None
        change(self)
        try:
            pairs = dict_pairs(self)
            kept = dict_clear(self)
        finally:
            leave(self)
        return dict_of_pairs(pairs)


class LockedDefaultDict(LockedDict[K, V]):
    """A defaultdict that threads can share: ``d[k]`` runs the factory once per key, however many threads ask.

    It has the methods of ``collections.defaultdict``, and is a :class:`LockedDict`. It is not a ``defaultdict`` for
    ``isinstance``: CPython does not let a class be both.

    A key that is missing is computed as by :meth:`LockedDict.compute_if_absent`: the factory runs with nothing locked.

    >>> from lockedcontainers import LockedDefaultDict
    >>> d = LockedDefaultDict(list)
    >>> d["a"].append(1)
    >>> d
    LockedDefaultDict(<class 'list'>, {'a': [1]})
    """

    __slots__ = ("default_factory",)

    def __init__(
        self, default_factory: Callable[[], V] | None = None, other: Any = NOTHING, /, **kwargs: Any
    ) -> None:
        if default_factory is not None and not callable(default_factory):
            raise TypeError("first argument must be callable or None")
        self.default_factory = default_factory
        put_all(self, gathered(other, kwargs))

    def __missing__(self, key: K, /) -> V:
        factory = self.default_factory
        if factory is None:
            raise KeyError(key)
        return load(self, key, factory)

    def _like(self) -> Self:
        new = type(self).__new__(type(self))
        new.default_factory = self.default_factory
        return new

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (self.default_factory,), own_state(self), None, iter(self.snapshot().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({factory_repr(self)}, {repr_of(self)})"


# --- The views -------------------------------------------------------------------------------------------------


class SetView:
    """What the views of keys and of items share: set algebra as the builtin's own view of one moment does it."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def _now(self) -> Any:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return bool(self._now() == operand(other))

    def __ne__(self, other: object) -> bool:
        return bool(self._now() != operand(other))

    def __lt__(self, other: Any) -> bool:
        return bool(self._now() < operand(other))

    def __le__(self, other: Any) -> bool:
        return bool(self._now() <= operand(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._now() > operand(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self._now() >= operand(other))

    def __and__(self, other: Any) -> set[Any]:
        return set(self._now() & operand(other))

    def __rand__(self, other: Any) -> set[Any]:
        return set(operand(other) & self._now())

    def __or__(self, other: Any) -> set[Any]:
        return set(self._now() | operand(other))

    def __ror__(self, other: Any) -> set[Any]:
        return set(operand(other) | self._now())

    def __sub__(self, other: Any) -> set[Any]:
        return set(self._now() - operand(other))

    def __rsub__(self, other: Any) -> set[Any]:
        return set(operand(other) - self._now())

    def __xor__(self, other: Any) -> set[Any]:
        return set(self._now() ^ operand(other))

    def __rxor__(self, other: Any) -> set[Any]:
        return set(operand(other) ^ self._now())

    def isdisjoint(self, other: Iterable[Any]) -> bool:
        """Whether no element is in both."""
        return bool(self._now().isdisjoint(operand(other)))


class LockedKeys(SetView, KeysView[K]):
    """What ``keys()`` of a locked dict returns: live, each operation one atomic step."""

    __slots__ = ("_place",)

    def __init__(self, mapping: LockedDict[K, Any], place: tuple[int, int]) -> None:
        self._mapping: LockedDict[K, Any] = mapping
        self._place = place

    def _now(self) -> Any:
        return self._mapping.snapshot().keys()

    @property
    def mapping(self) -> MappingProxyType[K, Any]:
        """The dict that this is a view of, read-only."""
        return MappingProxyType(self._mapping)

    def __iter__(self) -> Iterator[K]:
        if caller(globals()) == self._place:
            return iter(begin_merge(self._mapping, self._place))
        return iter(self._mapping)

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._mapping)

    def __repr__(self) -> str:
        return f"dict_keys({list_repr(self)})"


class LockedItems(SetView, ItemsView[K, V]):
    """What ``items()`` of a locked dict returns: live, each operation one atomic step."""

    __slots__ = ()

    def __init__(self, mapping: LockedDict[K, V]) -> None:
        self._mapping: LockedDict[K, V] = mapping

    def _now(self) -> Any:
        return self._mapping.snapshot().items()

    @property
    def mapping(self) -> MappingProxyType[K, V]:
        """The dict that this is a view of, read-only."""
        return MappingProxyType(self._mapping)

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return iter(read(self._mapping, "items"))

    def __reversed__(self) -> Iterator[tuple[K, V]]:
        return reversed(read(self._mapping, "items"))

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or len(item) != 2:
            return False
        return same(look(self._mapping, item[0], False), item[1])

    def __repr__(self) -> str:
        return f"dict_items({list_repr(self)})"


class LockedValues(ValuesView[V]):
    """What ``values()`` of a locked dict returns: live, each operation one atomic step."""

    __slots__ = ()

    def __init__(self, mapping: LockedDict[Any, V]) -> None:
        self._mapping: LockedDict[Any, V] = mapping

    @property
    def mapping(self) -> MappingProxyType[Any, V]:
        """The dict that this is a view of, read-only."""
        return MappingProxyType(self._mapping)

    def __iter__(self) -> Iterator[V]:
        return iter(read(self._mapping, "values"))

    def __reversed__(self) -> Iterator[V]:
        return reversed(read(self._mapping, "values"))

    def __contains__(self, value: object) -> bool:
        return value in read(self._mapping, "values")

    def __repr__(self) -> str:
        return f"dict_values({list_repr(self)})"


def operand(other: Any) -> Any:
    return other._now() if isinstance(other, SetView) else other


# --- Sections that several methods share -----------------------------------------------------------------------


def read(d: LockedDict[Any, Any], what: str) -> Any:
    enter(d)
    try:
        if what == "keys":
            return dict_keys(d)
        if what == "values":
            return dict_values(d)
        if what == "items":
            return dict_items(d)
        if what == "pairs":
            return dict_pairs(d)
        return dict_len(d)
    finally:
        leave(d)


def look(d: LockedDict[Any, Any], key: Any, merging: bool) -> Any:
    """The value of *key* or ABSENT, by taking the mutex; *merging*: the caller may be C code that copies us."""
    merge = None
    enter(d)
    try:
        if merging and d._merges is not None:
            merge = d._merges.get(_sync.get_ident())
            if merge is not None:
                value = answer(d, merge, key)
                if value is not ABSENT:
                    return value
        return dict_get(d, key, ABSENT)
    finally:
        leave(d)


def put(d: LockedDict[Any, Any], key: Any, value: Any) -> Any:
    """Store *value*, or nothing if it is ABSENT; the result is what was displaced."""
    return dict_pop(d, key, None) if value is ABSENT else dict_swap(d, key, value)


def put_all(d: LockedDict[Any, Any], new: dict[Any, Any]) -> None:
    kept = None
    if not new:
        return
    acquire(d)
    try:
        kept = dict_replaced(d, new)
        dict_update(d, new)
    finally:
        release(d)


def load(d: LockedDict[Any, Any], key: Any, factory: Callable[[], Any]) -> Any:
    """compute_if_absent where the key was absent a moment ago."""
    ours = Mutex("a value being computed")
    with ours:
        while True:
            enter(d)
            try:
                value = dict_get(d, key, ABSENT)
                if value is not ABSENT:
                    return value
                if d._loads is None:
                    d._loads = {}
                theirs = d._loads.setdefault(key, ours)
            finally:
                leave(d)
            if theirs is ours:
                break
            if theirs._is_owned():
                raise DeadlockError(f"compute_if_absent of {describe(d)} was called back for the key it is computing")
            with theirs:  # held until the value is stored or the factory has failed
                drop_load(d, key, theirs)  # needed if it was held in the parent of this process
        try:
            value = factory()
            enter(d)
            try:
                return dict_setdefault(d, key, value)
            finally:
                leave(d)
        finally:
            drop_load(d, key, ours)


def drop_load(d: LockedDict[Any, Any], key: Any, mutex: Mutex) -> None:
    enter(d)
    try:
        if d._loads is not None and d._loads.get(key) is mutex:
            del d._loads[key]
            if not d._loads:
                d._loads = None
    finally:
        leave(d)


# --- Merges by C code ------------------------------------------------------------------------------------------


class Merge:
    """A copy that C code is making: where its caller stands, what it is given, and how far it has come."""

    __slots__ = ("at", "pairs", "place")

    def __init__(self, place: tuple[int, int], pairs: list[Any]) -> None:
        self.place = place
        self.pairs = pairs
        self.at = 0


def begin_merge(d: LockedDict[Any, Any], place: tuple[int, int]) -> list[Any]:
    """The keys of one moment, of which the values are kept for the ``d[k]`` that follow."""
    enter(d)
    try:
        pairs = dict_pairs(d)
        if pairs:
            if d._merges is None:
                d._merges = {}
            d._merges[_sync.get_ident()] = Merge(place, pairs)
            serve(d, True)
    finally:
        leave(d)
    return pairs[::2]


def answer(d: LockedDict[Any, Any], merge: Merge, key: Any) -> Any:
    """The value that a merge is to see for *key*; ABSENT, and the merge forgotten, if its code has gone on.

    Keys come in the order in which they were given, but some may be left out.
    """
    pairs = merge.pairs
    if merge.place == caller(globals()):
        for at in range(merge.at, len(pairs), 2):
            if pairs[at] is key:
                merge.at = at + 2
                if merge.at == len(pairs):
                    settle(d)
                return pairs[at + 1]
    settle(d)
    return ABSENT


def settle(d: LockedDict[Any, Any]) -> int:
    """Forget the merge that the calling thread is making, in a section of *d*."""
    merges = d._merges
    if merges is not None:
        merges.pop(_sync.get_ident(), None)
        if not merges:
            d._merges = None
            serve(d, False)
    return 0


if not cython.compiled:

    def change(self: LockedDict[Any, Any]) -> None:
        enter(self)
        settle(self)

    def acquire(self: LockedDict[Any, Any]) -> None:
        _acquire(self)
        settle(self)

    twin(LockedDict)


# --- Without locks ---------------------------------------------------------------------------------------------


def plain(other: dict[Any, Any]) -> dict[Any, Any]:
    """The other operand, as of one moment if it is locked: so no two locks are held at once."""
    return other.snapshot() if isinstance(other, LockedDict) else other


def gathered(other: Any, kwargs: dict[str, Any]) -> dict[Any, Any]:
    """What a constructor or update is given, as a dict of our own."""
    if other is NOTHING:
        return kwargs
    new = other.snapshot() if isinstance(other, LockedDict) else dict(other)
    new.update(kwargs)
    return new


def same(value: Any, expected: Any) -> bool:
    return value is expected or (value is not ABSENT and expected is not ABSENT and bool(value == expected))


def own_state(d: LockedDict[Any, Any]) -> Any:
    """What a subclass has added to the instance, for pickle."""
    state = object.__getstate__(d)
    if not isinstance(state, tuple):
        return state
    attributes, slots = state
    slots = {name: value for name, value in slots.items() if name not in OWN_SLOTS}
    return (attributes, slots) if slots else attributes


OWN_SLOTS = {*LockedDict.__slots__, *LockedDefaultDict.__slots__}


@recursive_repr("{...}")
def repr_of(d: LockedDict[Any, Any]) -> str:
    return repr(d.snapshot())


@recursive_repr("...")
def list_repr(view: Iterable[Any]) -> str:
    return repr(list(view))


@recursive_repr("...")
def factory_repr(d: LockedDefaultDict[Any, Any]) -> str:
    return repr(d.default_factory)
