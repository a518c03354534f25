# ← _cache.py
"""The decorator cached: ``functools.lru_cache`` that runs the function once per key, however many threads ask.

Overview (for maintainers)
    The results are in a LockedCache, and a call is its ``get_or_load`` by the key that ``lru_cache`` would make of the
    arguments: one that is exactly an int or a str stands for itself, the others are a tuple.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, TypedDict, TypeVar, overload

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._cache import Base, LockedCache, found, load

MYPY = False  # which mypy takes for true

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T")
S = TypeVar("S")

if TYPE_CHECKING:
    from typing import Concatenate, Protocol, Self

    from lockedcontainers._cache import EvictionCause, Policy

    class Signed(Generic[P, T]): ...

    class CachedMethod(Protocol[P, T]):
        """A cached function, bound to its first argument."""

        @property
        def cache(self) -> LockedCache[Any, T]: ...
        @property
        def __wrapped__(self) -> Callable[..., T]: ...
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T: ...
        def cache_info(self) -> CacheInfo: ...
        def cache_clear(self) -> None: ...
        def cache_parameters(self) -> CacheParameters: ...

    class Decorator(Protocol):
        """What :func:`cached` returns when it is called with settings."""

        def __call__(self, function: Callable[P, T], /) -> Cached[P, T]: ...

else:

    class Signed:
        """Stands where checkers see a generic class: an extension type cannot have one as a base."""

        __slots__ = ()

        def __class_getitem__(cls, _: object) -> type[Any]:
            return cls


KEYWORDS: Any = object()  # in a key, between the arguments by place and those by name


class CacheInfo(NamedTuple):
    """What ``cache_info()`` of a cached function returns, as ``functools`` has it.

    >>> from lockedcontainers import cached
    >>> cached(str.upper).cache_info()
    CacheInfo(hits=0, misses=0, maxsize=128, currsize=0)
    """

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class CacheParameters(TypedDict):
    """What ``cache_parameters()`` of a cached function returns, as ``functools`` has it."""

    maxsize: int | None
    typed: bool


class Cached(Base, Signed[P, T]):
    """What :func:`cached` makes of a function.

    It is called as the function is, and has what ``functools.lru_cache`` gives it: :meth:`cache_info`,
    :meth:`cache_clear`, :meth:`cache_parameters` and ``__wrapped__``. Besides, ``cache`` is its :class:`LockedCache`,
    and :meth:`cache_invalidate` forgets one result.
    """

    __slots__ = ("__dict__", "__weakref__", "__wrapped__", "_maxsize", "_typed", "cache")

    cache: LockedCache[Any, T]
    __wrapped__: Callable[..., T]

    def __init__(self, function: Callable[P, T], maxsize: int | None, typed: bool, cache: LockedCache[Any, T]) -> None:
        self.cache = cache
        self._maxsize = maxsize
        self._typed = typed
        functools.update_wrapper(self, function)

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return called(self, args, kwargs)  # type: ignore[no-any-return]

    if TYPE_CHECKING:  # at run time the decorator would hide a compiled class's own __get__
        # Checkers ask this under classmethod and staticmethod too. What the function takes first tells which it is:
        # the class, nothing in particular yet (the class was asked), an instance, something else. mypy does not compare
        # the type of self here, and would take the first for all.
        if not MYPY:

            @overload
            def __get__(
                self: Cached[Concatenate[type[S], Q], T], instance: S | None, owner: type[S], /
            ) -> CachedMethod[Q, T]: ...
            @overload
            def __get__(self, instance: None, owner: type[Any], /) -> Self: ...
            @overload
            def __get__(self: Cached[Concatenate[S, Q], T], instance: S, owner: type[Any], /) -> CachedMethod[Q, T]: ...
            @overload
            def __get__(self, instance: object, owner: type[Any], /) -> Self: ...

        else:

            @overload
            def __get__(self, instance: None, owner: type[Any], /) -> Self: ...
            @overload
            def __get__(self: Cached[Concatenate[S, Q], T], instance: S, owner: type[Any], /) -> CachedMethod[Q, T]: ...

    def __get__(self, instance: Any, owner: Any, /) -> Any:
        return self if instance is None else MethodType(self, instance)

    def cache_info(self) -> CacheInfo:
        """Hits, misses, the greatest number of results that are kept, and how many are kept now.

        Thread safety: atomic, but for hits that other threads score meanwhile.
        Runs no user code.
        Complexity: O(1), O(n) for results that expire.

        >>> f = cached(str.upper)
        >>> f("a"), f("a")
        ('A', 'A')
        >>> f.cache_info()
        CacheInfo(hits=1, misses=1, maxsize=128, currsize=1)
        """
        statistics = self.cache.statistics()
        return CacheInfo(statistics.hits, statistics.misses, self._maxsize, len(self.cache))

    def cache_clear(self) -> None:
        """Forget all results, and what has been counted. Calls that are under way will not be kept.

        Thread safety: atomic.
        Runs user code: *on_evict*, after the lock.
        Complexity: O(n).

        >>> f = cached(str.upper)
        >>> f("a")
        'A'
        >>> f.cache_clear()
        >>> f.cache_info().currsize
        0
        """
        self.cache._restart()

    def cache_parameters(self) -> CacheParameters:
        """With which *maxsize* and *typed* the function was decorated.

        Thread safety: these do not change.
        Runs no user code.
        Complexity: O(1).

        >>> cached(maxsize=3)(str.upper).cache_parameters()
        {'maxsize': 3, 'typed': False}
        """
        return {"maxsize": self._maxsize, "typed": self._typed}

    def cache_invalidate(self, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Forget the result for these arguments; whether there was one. A call under way will not be kept.

        Thread safety: atomic. Who calls the function after this gets no result from before it.
        Runs user code: ``__hash__`` and ``__eq__`` of arguments under the lock, *on_evict* after it.
        Complexity: O(1).

        >>> f = cached(str.upper)
        >>> f("a"), f.cache_invalidate("a"), f.cache_invalidate("a")
        ('A', True, False)
        """
        return self.cache.invalidate(key_of(args, kwargs, self._typed, KEYWORDS))

    def __repr__(self) -> str:
        return f"<cached {self.__wrapped__!r}>"

    def __reduce__(self) -> str:
        return str(vars(self)["__qualname__"])  # as a function is: by where it is found

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def called(self: Cached[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    key = key_of(args, kwargs, self._typed, KEYWORDS)
    entry = found(self.cache, key)
    if entry is not None:
        return entry.value
    return load(self.cache, key, self.__wrapped__, args, kwargs or {}, named(self))


def named(function: Cached[Any, Any]) -> str:
    return str(getattr(function.__wrapped__, "__qualname__", "a cached function"))


if cython.compiled:
    call_directly()  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
else:

    def key_of(args: tuple[Any, ...], kwargs: dict[str, Any] | None, typed: bool, keywords: object) -> Any:
        if not kwargs and not typed:
            only = args[0] if len(args) == 1 else None
            return only if type(only) in (str, int) else args
        key = args
        if kwargs:
            key += (keywords, *itertools.chain.from_iterable(kwargs.items()))
        if typed:
            key += tuple(map(type, (*args, *(kwargs or {}).values())))
        return key


@overload
def cached(maxsize: Callable[P, T], /) -> Cached[P, T]: ...
@overload
def cached(
    maxsize: int | None = 128,
    typed: bool = False,
    *,
    policy: Policy = "tinylfu",
    ttl: float | None = None,
    idle: float | None = None,
    stale: float = 0.0,
    on_evict: Callable[[Any, Any, EvictionCause], object] | None = None,
    clock: Callable[[], float] | None = None,
) -> Decorator: ...
def cached(maxsize: Any = 128, typed: bool = False, **settings: Any) -> Any:
    """Keep the results of a function: in the place of ``functools.lru_cache``, and safe for threads to miss together.

    Use it as ``@cached``, or as ``@cached(maxsize=…, typed=…)`` with more of what :class:`LockedCache` takes: *policy*,
    *ttl*, *idle*, *stale*, *on_evict*, *clock*. ``policy="lru"`` evicts exactly as ``lru_cache`` does.

    The function runs once for each new combination of arguments, in one of the threads that ask, without any lock; the
    others wait for its result. An exception is not kept: it goes to the thread that ran the function, and one of the
    waiting threads tries next. A function that calls itself with the arguments that it is computing gets a
    :exc:`DeadlockError` at once.

    It can decorate methods, and functions under ``classmethod`` or ``staticmethod``; a method's results are kept by
    ``self`` too, which must be hashable and is kept alive, as with ``lru_cache``.

    Thread safety: a call is atomic but for the function itself.
    Runs user code: the function with nothing locked; ``__hash__`` and ``__eq__`` of arguments under the lock.
    Complexity: O(1) besides the function.

    >>> from lockedcontainers import cached
    >>> @cached
    ... def square(n):
    ...     print("computing")
    ...     return n * n
    >>> square(3), square(3)
    computing
    (9, 9)
    >>> square.cache_info()
    CacheInfo(hits=1, misses=1, maxsize=128, currsize=1)
    """
    if callable(maxsize) and isinstance(typed, bool):
        return decorated(maxsize, 128, typed, settings)
    if isinstance(maxsize, int):
        maxsize = max(maxsize, 0)
    elif maxsize is not None:
        raise TypeError("Expected first argument to be an integer, a callable, or None")
    return functools.partial(decorated, maxsize=maxsize, typed=typed, settings=settings)


def decorated(function: Callable[P, T], maxsize: int | None, typed: bool, settings: dict[str, Any]) -> Cached[P, T]:
    if not callable(function):
        raise TypeError("the first argument must be callable")
    return Cached(function, maxsize, typed, LockedCache(maxsize, **settings))
