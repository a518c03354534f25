# ← _builtins.py            _common.py →
"""LockedDict and LockedDefaultDict: a dict whose every method is one atomic step.

Overview (for maintainers)
    Goal        a caller never sees half of one of our operations, and pays about what a dict costs.
    Invariant   the storage (our own, we are a dict) is written only between ``change`` or ``acquire`` and the end of
                that section. It is read there too, or optimistically: between ``begin_read`` and ``validate``.
    One step    ``change`` opens a section with at most one mutation of the storage, which CPython makes atomic, so an
                optimistic reader sees it done or not begun. More than one, or a callback: ``acquire``.
    Alone       with the GIL, a store that can run no code, while nobody is in a section, is one step without one.
    Absent      is ``...`` to an optimistic reader: it is immortal, so that threads which read do not meet at its
                reference count. Who has stored a ``...`` is served, as who finds nothing is, with the mutex.
    Let go late what an operation displaces is bound to a local (``kept``) and so dies after the section: a finalizer
                may wait for a thread that waits for us.
    Merges      CPython copies a dict subclass, in ``dict(d)``, ``{**d}`` and their kin, by calling ``keys()`` and then
                ``d[k]`` for each. A caller that asks for the keys and iterates over them at one and the same
                instruction is such C code, for Python code takes two. It is given the keys of one moment, and while
                its frame stays at that instruction its ``d[k]`` are answered with the values of that moment. Code
                that runs further down meanwhile (a key's ``__hash__``, a finalizer) sees the dict as it is.
    Accepted    code compiled to C has no instructions of its own and can be taken for a merge if it reads the values
                in the order of the keys: it then sees the moment in which it listed them, until it writes.
"""

from __future__ import annotations

import copyreg
import sys
from collections import defaultdict
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, ValuesView
from collections.abc import Set as AbstractSet
from reprlib import recursive_repr
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

from lockedcontainers import _sync
from lockedcontainers._common import new_arguments, own_state, pretty, same
from lockedcontainers._locking import Mutex, refuse_load
from lockedcontainers._pydantic import schema_of
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
        dict_copy,
        dict_get,
        dict_items,
        dict_keys,
        dict_len,
        dict_of_pairs,
        dict_pairs,
        dict_pop,
        dict_popitem,
        dict_replaced,
        dict_set,
        dict_setdefault,
        dict_swap,
        dict_update,
        dict_values,
        standing,
    )
    from lockedcontainers._mutex import acquire as _acquire
    from lockedcontainers._mutex import (
        alone,
        begin_read,
        discard,
        enter,
        holds,
        leave,
        release,
        section,
        serve,
        twin,
        validate,
    )

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import EllipsisType
    from typing import Self

    from _typeshed import SupportsGetItem, SupportsKeysAndGetItem

    from lockedcontainers._sentinel import Absent

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
S = TypeVar("S")

NOTHING: tuple[()] = ()
MISSING: Any = object()  # what no dict of a user's holds, unlike ABSENT
if sys.version_info >= (3, 15):
    DICTS: tuple[type[Any], ...] = (dict, frozendict)  # noqa: F821
else:
    DICTS = (dict,)
__newobj__: Callable[..., Any] = vars(copyreg)["__newobj__"]  # typeshed does not know it


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

    __slots__ = ("__weakref__", "_aside", "_mutex")

    _aside: Aside | None

    if TYPE_CHECKING:  # at run time the decorator would hide a compiled class's own __init__ from super().__init__()

        @overload
        def __init__(self, /) -> None: ...
        @overload
        def __init__(
            self: LockedDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
            /,
            **kwargs: V,
        ) -> None: ...
        @overload
        def __init__(self, other: SupportsKeysAndGetItem[K, V], /) -> None: ...
        @overload
        def __init__(
            self: LockedDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
            other: SupportsKeysAndGetItem[str, V],
            /,
            **kwargs: V,
        ) -> None: ...
        @overload
        def __init__(self, other: Iterable[tuple[K, V]], /) -> None: ...
        @overload
        def __init__(
            self: LockedDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
            other: Iterable[tuple[str, V]],
            /,
            **kwargs: V,
        ) -> None: ...
        @overload
        def __init__(self: LockedDict[str, str], other: Iterable[list[str]], /) -> None: ...
        @overload
        def __init__(self: LockedDict[bytes, bytes], other: Iterable[list[bytes]], /) -> None: ...

    def __init__(self, other: Any = NOTHING, /, **kwargs: Any) -> None:
        self._put_all(gathered(other, kwargs))

    @classmethod
    @overload
    def fromkeys(cls, iterable: Iterable[T], value: None = None, /) -> LockedDict[T, Any | None]: ...
    @classmethod
    @overload
    def fromkeys(cls, iterable: Iterable[T], value: S, /) -> LockedDict[T, S]: ...
    @classmethod
    def fromkeys(cls, iterable: Any, value: Any = None, /) -> Any:
        """A new dict that has *value* for each key of *iterable*.

        Thread safety: atomic. *iterable* is read as of one moment if it is a locked container.
        Runs user code: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(n).

        >>> LockedDict.fromkeys(["a", "b"], 0)
        {'a': 0, 'b': 0}
        """
        return super().fromkeys(iterable, value)

    def __dealloc__(self) -> None:
        discard(self)

    def _like(self) -> Any:
        """An empty twin for a copy of this one."""
        return __newobj__(*new_arguments(self))

    # What a subclass that keeps more than the storage does in its own way.

    def _pairs(self) -> list[Any]:
        """In a section of the caller: keys and values in turn, in the order of iteration."""
        return dict_pairs(self)

    def _put(self, key: K, value: V | Absent) -> Any:
        """In a section of the caller: store *value*, or nothing if it is ABSENT; the result is what was displaced."""
        return dict_pop(self, key, None) if value is ABSENT else dict_swap(self, key, value)

    def _put_all(self, new: dict[K, V]) -> None:
        put_all(self, new)

    def _clear(self) -> Any:
        """In a section of the caller: let go of everything, which the result keeps alive."""
        return dict_clear(self)

    def copy(self) -> Self:
        """A new twin of this one with the same items and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> d = LockedDict(a=1)
        >>> d.copy() == d, d.copy() is d
        (True, False)
        """
        new: Self = self._like()
        new._put_all(self.snapshot())
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return __newobj__, new_arguments(self), own_state(self), None, iter(self.snapshot().items())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return schema_of(cls, dict, source, handler)

    def snapshot(self) -> dict[K, V]:
        """A plain dict with the items of one moment.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedDict(a=1).snapshot()
        {'a': 1}
        """
        copy = read(self, "copy")
        return copy if type(copy) is dict else dict_of_pairs(copy)  # pyright: ignore[reportUnknownVariableType]

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
            value: V | EllipsisType = dict_get(self, key, ...)
            if value is not ... and validate(self, stamp):
                return value
        found: V = look(self, key, True)
        return missing(self, key) if found is MISSING else found

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
        found = look(self, key, False)
        return default if found is MISSING else found

    def __contains__(self, key: object) -> bool:
        stamp = begin_read(self)
        if stamp >= 0:
            found = dict_contains(self, key)
            if validate(self, stamp):
                return found
        return look(self, key, False) is not MISSING

    def __len__(self) -> int:
        stamp = begin_read(self)
        if stamp >= 0:
            size = dict_len(self)
            if validate(self, stamp):
                return size
        length: int = read(self, "len")
        return length

    # --- Reading everything ----------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[K]:
        keys: list[K] = read(self, "keys")
        return iter(keys)

    def __reversed__(self) -> Iterator[K]:
        keys: list[K] = read(self, "keys")
        return reversed(keys)

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
        if not isinstance(other, DICTS):
            return NotImplemented
        return self.snapshot() == plain(other)

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, DICTS):
            return NotImplemented
        return self.snapshot() != plain(other)

    __hash__ = None

    def __repr__(self) -> str:
        return repr_of(self)

    def __rich_repr__(self) -> Iterator[dict[K, V]]:
        yield self.snapshot()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer, cycle)

    def __or__(self, other: dict[T, S], /) -> LockedDict[K | T, V | S]:
        if not isinstance(other, DICTS):
            return NotImplemented
        new: LockedDict[K | T, V | S] = self._like()
        new._put_all(self.snapshot() | plain(other))
        return new

    def __ror__(self, other: dict[T, S], /) -> LockedDict[K | T, V | S]:  # type: ignore[misc]
        if not isinstance(other, DICTS):
            return NotImplemented
        new: LockedDict[K | T, V | S] = self._like()
        new._put_all(plain(other) | self.snapshot())
        return new

    # --- Writing one key -------------------------------------------------------------------------------------

    def __setitem__(self, key: K, value: V) -> None:
        if alone(self, key, value):
            dict_set(self, key, value)
        else:
            store(self, key, value)

    def __delitem__(self, key: K) -> None:
        change(self)
        try:
            kept: Any = dict_pop(self, key, MISSING)
        finally:
            leave(self)
        if kept is MISSING:
            hash(key)  # an unhashable key is a TypeError, which an empty dict does not find out
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
    def pop(self, key: Any, default: Any = MISSING, /) -> Any:
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
            value = dict_pop(self, key, MISSING)
        finally:
            leave(self)
        if value is not MISSING:
            return value
        if default is MISSING:
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
            kept = self._put(key, value)
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
            kept = self._put(key, new)
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
            kept = self._put(key, ABSENT)
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
            value: V | EllipsisType = dict_get(self, key, ...)
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
            value: V | Absent = dict_get(self, key, ABSENT)
            if value is ABSENT:
                return ABSENT
            new = function(value)
            kept = self._put(key, new)
            return new
        finally:
            release(self)

    def compute(self, key: K, function: Callable[[V | Absent], V | Absent]) -> V | Absent:
        """Store ``function(value)``, of ``self[key]`` or of ``ABSENT``; if the result is ``ABSENT``, remove the key.

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
            value: V | Absent = dict_get(self, key, ABSENT)
            new = function(value)
            kept = self._put(key, new)
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
            old: V | Absent = dict_get(self, key, ABSENT)
            new: V | Absent = value if old is ABSENT else function(old, value)
            kept = self._put(key, new)
            return new
        finally:
            release(self)

    # --- Writing many keys -----------------------------------------------------------------------------------

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
    def update(self, other: Any = NOTHING, /, **kwargs: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
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
        self._put_all(gathered(other, kwargs))

    def __ior__(self, other: SupportsKeysAndGetItem[K, V] | Iterable[tuple[K, V]], /) -> Self:  # type: ignore[override,misc]
        self._put_all(gathered(other, {}))
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
            kept = self._clear()
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
            pairs = self._pairs()
            kept = self._clear()
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

    default_factory: Callable[[], V] | None

    @overload
    def __init__(self, /) -> None: ...
    @overload
    def __init__(
        self: LockedDefaultDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
        /,
        **kwargs: V,
    ) -> None: ...
    @overload
    def __init__(self, default_factory: Callable[[], V] | None, /) -> None: ...
    @overload
    def __init__(
        self: LockedDefaultDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
        default_factory: Callable[[], V] | None,
        /,
        **kwargs: V,
    ) -> None: ...
    @overload
    def __init__(self, default_factory: Callable[[], V] | None, other: SupportsKeysAndGetItem[K, V], /) -> None: ...
    @overload
    def __init__(
        self: LockedDefaultDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
        default_factory: Callable[[], V] | None,
        other: SupportsKeysAndGetItem[str, V],
        /,
        **kwargs: V,
    ) -> None: ...
    @overload
    def __init__(self, default_factory: Callable[[], V] | None, other: Iterable[tuple[K, V]], /) -> None: ...
    @overload
    def __init__(
        self: LockedDefaultDict[str, V],  # pyright: ignore[reportInvalidTypeVarUse]
        default_factory: Callable[[], V] | None,
        other: Iterable[tuple[str, V]],
        /,
        **kwargs: V,
    ) -> None: ...
    def __init__(self, default_factory: Callable[[], V] | None = None, other: Any = NOTHING, /, **kwargs: Any) -> None:
        if default_factory is not None and not callable(default_factory):
            raise TypeError("first argument must be callable or None")
        self.default_factory = default_factory
        self._put_all(gathered(other, kwargs))

    def __missing__(self, key: K, /) -> V:
        factory = self.default_factory
        if factory is None:
            raise KeyError(key)
        return load(self, key, factory)

    def __getattr__(self, name: str) -> None:
        if name != "default_factory":  # which is None where it was never set, or was deleted
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _like(self) -> Any:
        new = type(self).__new__(type(self))
        new.default_factory = self.default_factory
        return new

    def __copy__(self) -> Self:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.default_factory,), own_state(self), None, iter(self.snapshot().items())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        def to_builtin(d: Any) -> Any:
            return defaultdict(d.default_factory, d.snapshot())

        def from_builtin(d: Any) -> Any:
            return cls(d.default_factory, d)

        return schema_of(cls, defaultdict, source, handler, to_builtin=to_builtin, from_builtin=from_builtin)

    if TYPE_CHECKING:

        def __or__(self, other: dict[T, S], /) -> LockedDefaultDict[K | T, V | S]: ...

    def __ror__(self, other: dict[T, S], /) -> LockedDefaultDict[K | T, V | S]:  # type: ignore[misc]
        # Not inherited, so that Python asks for it first where the left operand is a LockedDict.
        return super().__ror__(other)  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({factory_repr(self)}, {repr_of(self)})"


# --- The views -------------------------------------------------------------------------------------------------


class SetView(Generic[T]):
    """What the views of keys and of items share: set algebra as the builtin's own view of one moment does it."""

    __slots__ = ()
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def _now(self) -> AbstractSet[T]:
        raise NotImplementedError

    @classmethod
    def _from_iterable(cls, iterable: Iterable[S], /) -> set[S]:
        return set(iterable)

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

    def __and__(self, other: Iterable[Any], /) -> set[T]:
        return self._from_iterable(self._now() & operand(other))

    def __rand__(self, other: Iterable[S], /) -> set[S]:
        return self._from_iterable(operand(other) & self._now())

    def __or__(self, other: Iterable[S], /) -> set[T | S]:
        return self._from_iterable(self._now() | operand(other))

    def __ror__(self, other: Iterable[S], /) -> set[T | S]:
        return self._from_iterable(operand(other) | self._now())

    def __sub__(self, other: Iterable[Any], /) -> set[T]:
        return self._from_iterable(self._now() - operand(other))

    def __rsub__(self, other: Iterable[S], /) -> set[S]:
        return self._from_iterable(operand(other) - self._now())

    def __xor__(self, other: Iterable[S], /) -> set[T | S]:
        return self._from_iterable(self._now() ^ operand(other))

    def __rxor__(self, other: Iterable[S], /) -> set[T | S]:
        return self._from_iterable(operand(other) ^ self._now())

    def isdisjoint(self, other: Iterable[Any]) -> bool:
        """Whether no element is in both."""
        return self._now().isdisjoint(operand(other))


class LockedKeys(SetView[K], KeysView[K]):
    """What ``keys()`` of a locked dict returns: live, each operation one atomic step."""

    __slots__ = ("_place",)

    def __init__(self, mapping: LockedDict[K, Any], place: tuple[int, int]) -> None:
        self._mapping: LockedDict[K, Any] = mapping
        self._place = place

    def _now(self) -> AbstractSet[K]:
        return self._mapping.snapshot().keys()

    @property
    def mapping(self) -> MappingProxyType[K, Any]:
        """The dict that this is a view of, read-only."""
        return MappingProxyType(self._mapping)

    def __iter__(self) -> Iterator[K]:
        if caller(globals()) == self._place:
            return iter(begin_merge(self._mapping, self._place))
        keys: list[K] = read(self._mapping, "keys")
        return iter(keys)

    def __reversed__(self) -> Iterator[K]:
        keys: list[K] = read(self._mapping, "keys")
        return reversed(keys)

    def __repr__(self) -> str:
        return f"dict_keys({list_repr(self)})"


class LockedItems(SetView[tuple[K, V]], ItemsView[K, V]):
    """What ``items()`` of a locked dict returns: live, each operation one atomic step."""

    __slots__ = ()

    def __init__(self, mapping: LockedDict[K, V]) -> None:
        self._mapping: LockedDict[K, V] = mapping

    def _now(self) -> AbstractSet[tuple[K, V]]:
        return self._mapping.snapshot().items()

    @property
    def mapping(self) -> MappingProxyType[K, V]:
        """The dict that this is a view of, read-only."""
        return MappingProxyType(self._mapping)

    def __iter__(self) -> Iterator[tuple[K, V]]:
        items: list[tuple[K, V]] = read(self._mapping, "items")
        return iter(items)

    def __reversed__(self) -> Iterator[tuple[K, V]]:
        items: list[tuple[K, V]] = read(self._mapping, "items")
        return reversed(items)

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or len(item) != 2:  # pyright: ignore[reportUnknownArgumentType]
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
        values: list[V] = read(self._mapping, "values")
        return iter(values)

    def __reversed__(self) -> Iterator[V]:
        values: list[V] = read(self._mapping, "values")
        return reversed(values)

    def __contains__(self, value: object) -> bool:
        return value in read(self._mapping, "values")

    def __repr__(self) -> str:
        return f"dict_values({list_repr(self)})"


def operand(other: Any) -> Any:
    return other._now() if isinstance(other, SetView) else other  # pyright: ignore[reportUnknownVariableType]


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
        if what == "copy":
            return dict_copy(d)
        return dict_len(d)
    finally:
        leave(d)


def missing(d: LockedDict[Any, V], key: Any) -> V:
    """What ``d[key]`` is where there is no such key: what a subclass says in ``__missing__``."""
    for cls in type(d).__mro__:
        if "__missing__" in vars(cls):
            bound = vars(cls)["__missing__"]
            value: V = (bound.__get__(d, type(d)) if hasattr(bound, "__get__") else bound)(key)
            return value
    raise KeyError(key)


def store(d: LockedDict[K, V], key: K, value: V) -> None:
    kept = None
    change(d)
    try:
        kept = dict_swap(d, key, value)
    finally:
        leave(d)


def look(d: LockedDict[Any, Any], key: Any, merging: bool) -> Any:
    """The value of *key* or MISSING, by taking the mutex; *merging*: the caller may be C code that copies us."""
    kept = None
    enter(d)
    try:
        if merging and d._aside is not None:
            kept = d._aside.merges.get(_sync.get_ident())
            if kept is not None:
                value = answer(d, kept, key)
                if value is not MISSING:
                    return value
        return dict_get(d, key, MISSING)
    finally:
        leave(d)


def put_all(d: LockedDict[Any, Any], new: dict[Any, Any]) -> None:
    kept: list[Any] = []
    if not new:
        return
    acquire(d)
    try:
        store_all(d, new, kept)
    finally:
        release(d)


def store_all(d: LockedDict[Any, Any], new: dict[Any, Any], kept: list[Any]) -> None:
    """In a section of the caller: an update, which is done as a whole or not at all. What it displaces is kept."""
    replaced = dict_replaced(d, new)
    kept.append(replaced)
    size = dict_len(d)
    try:
        dict_update(d, new)
    except BaseException:
        kept.append(put_back(d, replaced or [], size))
        raise


def put_back(d: LockedDict[Any, Any], replaced: list[Any], size: int) -> list[Any]:
    """Undo an update that a key's ``__eq__`` has ended in its middle. The result is what it had put there."""
    kept: list[Any] = []
    while dict_len(d) > size:
        kept.append(dict_popitem(d))
    for i in range(0, len(replaced), 2):
        try:
            kept.append(dict_swap(d, replaced[i], replaced[i + 1]))
        except BaseException:  # noqa: BLE001, S112 - a key that never compares again: the rest can be put back
            continue
    return kept


class Aside:
    """What few dicts ever have, so that the others need no room for it."""

    __slots__ = ("loads", "merges")

    def __init__(self) -> None:
        self.loads: dict[Any, Mutex] = {}  # by key: the mutex of the thread that computes its value
        self.merges: dict[int, Merge] = {}  # by thread: what its C code is making of us


def aside(d: LockedDict[Any, Any]) -> Aside:
    """In a section of *d*: room for what few dicts ever have."""
    if d._aside is None:
        d._aside = Aside()
    return d._aside


def load(d: LockedDict[Any, V], key: Any, factory: Callable[[], V]) -> V:
    """compute_if_absent where the key was absent a moment ago."""
    ours = Mutex("a value being computed")
    with ours:
        while True:
            enter(d)
            try:
                there: V = dict_get(d, key, MISSING)
                if there is not MISSING:
                    return there
                theirs = aside(d).loads.setdefault(key, ours)
            finally:
                leave(d)
            if theirs is ours:
                break
            refuse_load(theirs, d, holds(d), "compute_if_absent")
            with theirs:  # held until the value is stored or the factory has failed
                drop_load(d, key, theirs)  # needed if it was held in the parent of this process
        try:
            value = factory()
            acquire(d)
            try:
                stored: V = dict_get(d, key, MISSING)
                if stored is not MISSING:
                    return stored
                d._put(key, value)
                return value
            finally:
                release(d)
        finally:
            drop_load(d, key, ours)


def drop_load(d: LockedDict[Any, Any], key: Any, mutex: Mutex) -> None:
    enter(d)
    try:
        if d._aside is not None and d._aside.loads.get(key) is mutex:
            del d._aside.loads[key]
    finally:
        leave(d)


# --- Merges by C code ------------------------------------------------------------------------------------------


class Merge:
    """A copy that C code is making: where its caller stands, what it is given, and how far it has come."""

    __slots__ = ("at", "outer", "pairs", "place")

    def __init__(self, place: tuple[int, int], pairs: list[Any], outer: Merge | None) -> None:
        self.place = place
        self.pairs = pairs
        self.at = 0
        self.outer = outer  # begun before, further up in the stack: its C code has called ours


def begin_merge(d: LockedDict[Any, Any], place: tuple[int, int]) -> list[Any]:
    """The keys of one moment, of which the values are kept for the ``d[k]`` that follow."""
    kept: list[Merge] = []
    settle(d)
    enter(d)
    try:
        pairs = d._pairs()
        if pairs:
            merges = aside(d).merges
            if merges:  # what threads left that have ended: nobody else would
                running = sys._current_frames()
                kept += [merges.pop(ident) for ident in list(merges) if ident not in running]
            me = _sync.get_ident()
            merges[me] = Merge(place, pairs, merges.get(me))
            serve(d, True)
    finally:
        leave(d)
    return pairs[::2]


def answer(d: LockedDict[Any, Any], merge: Merge | None, key: Any) -> Any:
    """The value that a merge is to see for *key*; MISSING if it is not a merge that asks.

    Keys come in the order in which they were given, but some may be left out.
    """
    while merge is not None and (where := standing(globals(), merge.place)) <= 0:
        pairs = merge.pairs
        for at in range(merge.at, len(pairs) if where == 0 else 0, 2):
            if pairs[at] is key:
                merge.at = at + 2
                keep(d, merge.outer if merge.at == len(pairs) else merge)
                return pairs[at + 1]
        merge = merge.outer
    keep(d, merge)
    return MISSING


def settle(d: LockedDict[Any, Any]) -> int:
    """Forget the merges of the calling thread, but those whose C code has called the caller."""
    kept = None
    enter(d)
    try:
        if d._aside is not None:
            kept = merge = d._aside.merges.get(_sync.get_ident())
            while merge is not None and standing(globals(), merge.place) <= 0:
                merge = merge.outer
            keep(d, merge)
    finally:
        leave(d)
    return 0


def keep(d: LockedDict[Any, Any], merge: Merge | None) -> int:
    """Have *merge* be the calling thread's innermost one, in a section of *d*."""
    if d._aside is not None:
        merges = d._aside.merges
        if merge is not None:
            merges[_sync.get_ident()] = merge
        elif merges.pop(_sync.get_ident(), None) is not None and not merges:
            serve(d, False)
    return 0


if not cython.compiled:

    def change(self: LockedDict[Any, Any]) -> None:
        if self._aside is not None and self._aside.merges:
            settle(self)
        enter(self)

    def acquire(self: LockedDict[Any, Any]) -> None:
        if self._aside is not None and self._aside.merges:
            settle(self)
        _acquire(self)

    twin(LockedDict)


# --- Without locks ---------------------------------------------------------------------------------------------


def plain(other: Any) -> dict[Any, Any]:
    """The other operand, as of one moment if it is locked: so no two locks are held at once."""
    return other.snapshot() if isinstance(other, LockedDict) else other  # pyright: ignore[reportUnknownVariableType]


def gathered(other: Any, kwargs: dict[str, Any]) -> dict[Any, Any]:
    """What a constructor or update is given, as a dict of our own."""
    if other is NOTHING:
        return kwargs
    # As for the builtin, a subclass that iterates in its own way is copied by its methods.
    ours = isinstance(other, LockedDict) and type(other).__iter__ in WAYS_TO_ITERATE  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    new: dict[Any, Any] = plain(other) if ours else dict(other)  # pyright: ignore[reportUnknownArgumentType]
    if type(new) is not dict:  # what a counter's snapshot is
        new = dict(new)
    new.update(kwargs)
    return new


#: Those of our own classes.
WAYS_TO_ITERATE: list[Any] = [LockedDict.__iter__]  # pyright: ignore[reportUnknownMemberType]


@recursive_repr("{...}")
def repr_of(d: LockedDict[Any, Any]) -> str:
    return repr(d.snapshot())


@recursive_repr("...")
def list_repr(view: Iterable[Any]) -> str:
    return repr(list(view))


@recursive_repr("...")
def factory_repr(d: LockedDefaultDict[Any, Any]) -> str:
    return repr(d.default_factory)
