# ← _async.py            _cached.py →
# cython: wraparound=False, binding=True
"""LockedCache: a mapping that keeps what is worth keeping, loads each key once, and is read without the lock.

Overview (for maintainers)
    Storage     ``_entries`` maps a key to its Entry. The value of an entry never changes: to overwrite it is to store
                another entry. So a reader that has an entry has all of it, whoever writes meanwhile.
    A hit       looks the key up optimistically, between ``begin_read`` and ``validate``, and leaves two marks that need
                no lock: one in the entry, which the policy finds when it looks for something to evict, and one in a
                counter. Only exact LRU must move the entry, and so takes the mutex. There is no read-write lock here:
                a reader would write to it twice, and the version is only read.
    Queues      entries in the order in which they came, as a list with gaps (Queue): no links, hence no cycles.
                ``_main`` is swept by a hand, as in SIEVE: a marked entry stays and loses its marks, the first that has
                none goes. With LRU nothing is marked and a hit moves the entry to the end: the hand finds the oldest.
    TinyLFU     new entries go to a second queue, ``_small``, first come, first served. What comes out of it competes
                with what the hand of ``_main`` has found: it wins if it was asked for again while it waited, or clearly
                more often. How often is estimated by a sketch, which knows keys that have left too, by hash. So what is
                scanned once, or in a loop too long for the cache, does not drive out the rest. In ``_main`` a marked
                entry moves to the end (CLOCK): where the keys in use change, those that SIEVE left in place were in
                the way for too long.
    Returns     a key that was turned away and soon asked for again was wrongly turned away. It goes to ``_main`` at
                once, and the room for newcomers, ``_window``, grows by what it weighs; with each eviction the window
                shrinks a little. So it stays small unless more than one in thirty of those turned away come back.
    A load      in flight is a Flight in ``_loads``, the latch of LockedDict: its leader holds it, others wait for it.
                Whoever writes or removes the key takes the flight out, and then its value is given to those who waited,
                and is not stored.
    Sections    are several steps (``acquire``) where entries come or go, so that no reader sees one too many.
    Let go late what leaves is kept in ``gone`` until the section is over, and then reported to ``on_evict``.
    Surprises   a key's ``__eq__`` may write to the cache in the midst of a write. Each write counts in ``_writes``; one
                that finds that others came between puts the queues right before it ends (``heal``). Then there may be
                an entry too many, until the next write.
    Accepted    with *idle*, what has expired may be let go of up to *idle* seconds late by writes, though nobody finds
                it any more: an entry that was asked for goes to the end of the deadlines. ``expire`` sorts them.
    Accepted    uncompiled and without the GIL, hits and marks are counted as Python counts: a few may be lost.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from collections.abc import Set as AbstractSet
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, overload

from lockedcontainers import _sync
from lockedcontainers._common import own_state, pretty
from lockedcontainers._dict import SetView
from lockedcontainers._locking import Mutex, refuse_load

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import dict_get, dict_len, dict_pop, dict_swap, dict_values
    from lockedcontainers._mutex import (
        acquire,
        begin_read,
        discard,
        enter,
        holds,
        leave,
        release,
        section,
        twin,
        validate,
    )

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Self

    from _typeshed import SupportsKeysAndGetItem

    Mapped = MutableMapping
else:

    class Mapped:
        """Stands where checkers see ``MutableMapping``: an extension type cannot have a base that is an ABC."""

        __slots__ = ()

        def __class_getitem__(cls, _: object) -> type[Any]:
            return cls


Policy = Literal["tinylfu", "sieve", "lru"]

MISSING: Any = object()
MOST = 15
WINDOW, WIDEST = 0.02, 0.5  # of the room, for entries that have yet to show their worth: at first and least, at most
RETURNS = 0.03  # of those that are turned away may return soon before the window grows
SOON = 8  # 32nds of as many evictions as there are entries
CREDIT = 32  # so many entries win by what they were asked for formerly before one of them is thought a little less of
ROUNDED = 1 + 1e-9  # fractions add up to a little more in another order: that tears nothing
HALVED = bytes(n // 2 for n in range(256))


class EvictionCause(enum.Enum):
    """Why an entry left a cache.

    >>> from lockedcontainers import EvictionCause
    >>> [cause.name for cause in EvictionCause]
    ['SIZE', 'EXPIRED', 'REPLACED', 'REMOVED']
    """

    SIZE = "size"
    """It had to make room for others."""
    EXPIRED = "expired"
    """Its time was over."""
    REPLACED = "replaced"
    """Another value was stored for its key."""
    REMOVED = "removed"
    """It was removed by a call: ``del``, ``pop``, ``invalidate``, ``clear`` and so on."""


CAUSES: tuple[EvictionCause, ...] = tuple(EvictionCause)
SIZE, EXPIRED, REPLACED, REMOVED = range(4)  # places in CAUSES: to hash a member of an enum takes longer than a write


class CacheStatistics(NamedTuple):
    """What a cache has done so far.

    >>> from lockedcontainers import LockedCache
    >>> cache = LockedCache(10)
    >>> cache.get_or_load("a", str.upper), cache["a"]
    ('A', 'A')
    >>> statistics = cache.statistics()
    >>> statistics.hits, statistics.misses, statistics.loads, statistics.hit_ratio
    (1, 1, 1, 0.5)
    """

    hits: int
    """How often a value was asked for and was there."""
    misses: int
    """How often it was not, or not any more. To wait for a load, or be served an expired value, counts too."""
    loads: int
    """How many values were loaded."""
    failures: int
    """How many loads ended in an exception."""
    load_time: float
    """Seconds spent in loads, failed ones too, by the cache's clock."""
    evictions: dict[EvictionCause, int]
    """How many entries left, by cause."""

    @property
    def hit_ratio(self) -> float:
        """Hits by all that was asked for; 0 if nothing was."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


@cython.freelist(32)  # pyright: ignore[reportUnknownMemberType]
@cython.cclass
class Entry:
    """A key and its value, which do not change, and what the policy and the clock have to know."""

    __slots__ = ("at", "due", "expires", "hash", "key", "marks", "queued", "seen", "value", "weight", "young")

    at: int
    due: int
    expires: float
    hash: int
    key: Any
    marks: int
    queued: float
    seen: float
    value: Any
    weight: float
    young: bool


class Queue:
    """Entries in the order in which they came; where one has left there is None until many have left."""

    __slots__ = ("by_deadline", "hand", "live", "places", "weight")

    def __init__(self, by_deadline: bool) -> None:
        self.places: list[Entry | None] = []
        self.hand = 0  # the place of the entry that is looked at next
        self.live = 0
        self.weight = 0.0
        self.by_deadline = by_deadline


def join(queue: Queue, entry: Entry) -> None:
    if len(queue.places) >= 4 * queue.live + 32:
        close_gaps(queue)
    while queue.hand < len(queue.places) and queue.places[queue.hand] is None:
        queue.hand += 1
    if queue.hand == len(queue.places):
        queue.hand = 0  # now, or it would come to the newest entry before all others
    queue.places.append(entry)  # first, as memory may lack for it
    if queue.by_deadline:
        entry.due = len(queue.places) - 1
    else:
        entry.at = len(queue.places) - 1
    queue.live += 1
    queue.weight += entry.weight


def part(queue: Queue, entry: Entry) -> None:
    if queue.by_deadline:
        at = entry.due
        entry.due = -1
    else:
        at = entry.at
        entry.at = -1
    if at >= 0:
        queue.places[at] = None
        queue.live -= 1
        queue.weight -= entry.weight
        if queue.live == 0:
            queue.places.clear()
            queue.hand = 0
            queue.weight = 0.0  # what adding and subtracting fractions has left


def renew(queue: Queue, entry: Entry) -> None:
    """Move an entry to the end of a queue whose hand is at its oldest entry."""
    if len(queue.places) >= 4 * queue.live + 32:
        close_gaps(queue)
    queue.places.append(entry)
    queue.places[entry.at] = None
    entry.at = len(queue.places) - 1


def close_gaps(queue: Queue) -> None:
    places: list[Any] = []
    hand = 0
    for at in range(len(queue.places)):
        if at == queue.hand:
            hand = len(places)
        entry = queue.places[at]
        if entry is not None:
            places.append(entry)
    for at, there in enumerate(places):
        if queue.by_deadline:
            there.due = at
        else:
            there.at = at
    queue.places = places
    queue.hand = hand


def oldest(queue: Queue) -> Entry:
    """The entry at the hand of a queue that is not empty."""
    while True:
        if queue.hand >= len(queue.places):
            queue.hand = 0
        entry = queue.places[queue.hand]
        if entry is not None:
            return entry
        queue.hand += 1


class Sketch:
    """How often keys were asked for lately, and which were turned away lately, by hash.

    In 16 to 32 bytes an entry. Too often at times, rarely too seldom.
    """

    __slots__ = ("counted", "counts", "days", "spent", "today", "won")

    def __init__(self) -> None:
        self.counts = bytearray(128)
        self.counted = 0
        self.days = bytearray(128)  # on which a key was turned away; 0 is never
        self.today = SOON
        self.spent = 0  # evictions of today
        self.won = 0


def count(sketch: Sketch, hash: int, times: int) -> int:  # noqa: A002
    """Count a key so many times, and return how often it was counted."""
    mask = len(sketch.counts) - 1
    mixed = spread(hash)
    first = mixed & mask
    second = (mixed >> 32) & mask
    one = sketch.counts[first]
    other = sketch.counts[second]
    least = min(one, other)
    if times:
        least = min(least + times, MOST)
        if one < least:
            sketch.counts[first] = least
        if other < least:
            sketch.counts[second] = least
        sketch.counted += times
        if sketch.counted > 2 * len(sketch.counts):  # who was asked for long ago makes place
            sketch.counts = sketch.counts.translate(HALVED)
            sketch.counted //= 2
    return least


def think_less_of(sketch: Sketch, hash: int) -> None:  # noqa: A002
    mask = len(sketch.counts) - 1
    mixed = spread(hash)
    for place in (mixed & mask, (mixed >> 32) & mask):
        if sketch.counts[place]:
            sketch.counts[place] -= 1


def turn_away(sketch: Sketch, hash: int) -> None:  # noqa: A002
    mask = len(sketch.days) - 1
    mixed = spread(hash)
    sketch.days[mixed & mask] = sketch.days[(mixed >> 32) & mask] = sketch.today


def was_turned_away(sketch: Sketch, hash: int) -> bool:  # noqa: A002
    """Whether it was, lately; and if so, forget it."""
    mask = len(sketch.days) - 1
    mixed = spread(hash)
    first = mixed & mask
    second = (mixed >> 32) & mask
    if min(sketch.days[first], sketch.days[second]) <= sketch.today - SOON:
        return False
    sketch.days[first] = sketch.days[second] = 0
    return True


def pass_time(sketch: Sketch, entries: int) -> None:
    """One was evicted. A day is a 32nd of as many evictions as there are entries."""
    sketch.spent += 1
    if 32 * sketch.spent >= entries:
        sketch.spent = 0
        sketch.today += 1
        if sketch.today > 255:  # which does not fit into a byte
            sketch.today = SOON
            sketch.days = bytearray(len(sketch.days))


class Flight(Mutex):
    """A load under way: held by the thread that loads."""

    __slots__ = ("value",)

    value: Any


class Base:
    """An extension type of several bases must have one that is an extension type."""

    __slots__ = ()


class LockedCache(Base, Mapped[K, V]):
    """A mapping of limited size for threads to share, which evicts what is worth least.

    *maxsize* limits the number of entries, or their weight if *weigh* gives that of a value; ``None`` is no limit.

    *policy* says what is evicted:

    * ``"tinylfu"``: what was asked for least lately. New entries must prove themselves before they displace others, so
      that a scan over many keys does not empty the cache.
    * ``"sieve"``: what was not asked for since the hand came by last. The least work for each miss.
    * ``"lru"``: exactly what was not asked for the longest. A hit takes the lock, for a moment.

    *ttl* is how many seconds after it was stored an entry expires, *idle* how many after it was last asked for. An
    expired entry is as good as gone; it makes room at the next write, or by :meth:`expire`. For *stale* more seconds
    after *ttl*, :meth:`get_or_load` may serve it while one thread loads anew. *clock* gives the seconds, in tests for
    instance; it is ``time.monotonic`` if not given.

    *on_evict(key, value, cause)* is called for each entry that leaves, after it has left, in the thread whose call made
    it leave and without the lock. If it raises, that call raises, though it has done its work.

    It is a ``MutableMapping``, and can stand in for ``cachetools.LRUCache`` and ``TTLCache``. In addition it has
    :meth:`get_or_load`, :meth:`invalidate`, :meth:`snapshot`, :meth:`drain`, :meth:`locked` and :meth:`statistics`.

    Thread safety: atomic, each method and operator. A hit takes no lock, except with ``"lru"``.
    Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys. *weigh*, *clock*, *on_evict* and loaders run
    without it.

    >>> from lockedcontainers import LockedCache
    >>> cache = LockedCache(2, policy="lru")
    >>> cache["a"], cache["b"] = 1, 2
    >>> cache["a"]
    1
    >>> cache["c"] = 3
    >>> cache
    LockedCache({'a': 1, 'c': 3}, maxsize=2, currsize=2)
    """

    __slots__ = (
        "__weakref__",
        "_clock",
        "_deadlines",
        "_entries",
        "_evictions",
        "_exact",
        "_failed",
        "_grace",
        "_hits",
        "_idle",
        "_life",
        "_limit",
        "_load_time",
        "_loaded",
        "_loads",
        "_main",
        "_maxsize",
        "_misses",
        "_mutex",
        "_on_evict",
        "_policy",
        "_rest",
        "_sketch",
        "_small",
        "_stale",
        "_timed",
        "_ttl",
        "_weigh",
        "_window",
        "_writes",
    )

    _clock: Callable[[], float] | None
    _entries: dict[Any, Entry]
    _evictions: list[int]
    _hits: int
    _loads: dict[Any, Flight] | None
    _on_evict: Callable[[Any, Any, EvictionCause], object] | None
    _policy: Policy
    _sketch: Sketch | None
    _weigh: Callable[[Any], float] | None

    def __cinit__(self, *_: Any, **__: Any) -> None:
        self._entries = {}
        self._loads = None
        self._main = Queue(by_deadline=False)
        self._small = Queue(by_deadline=False)
        self._deadlines = Queue(by_deadline=True)
        self._sketch = None
        forget_hits(self)
        self._writes = 0
        self._misses = self._loaded = self._failed = 0
        self._load_time = 0.0
        self._evictions = [0] * len(CAUSES)
        self._clock = None
        self._weigh = None
        self._on_evict = None
        self._configure(None, "sieve", None, None, 0.0)

    def __init__(
        self,
        maxsize: float | None,
        *,
        policy: Policy = "tinylfu",
        ttl: float | None = None,
        idle: float | None = None,
        stale: float = 0.0,
        weigh: Callable[[V], float] | None = None,
        on_evict: Callable[[K, V, EvictionCause], object] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._configure(maxsize, policy, ttl, idle, stale)
        self._weigh = weigh
        self._on_evict = on_evict
        self._clock = clock

    def _configure(
        self, maxsize: float | None, policy: Policy, ttl: float | None, idle: float | None, stale: float
    ) -> None:
        limit = float("inf") if maxsize is None else float(maxsize)
        life = float("inf") if ttl is None else float(ttl)
        rest = float("inf") if idle is None else float(idle)
        if not limit >= 0:
            raise ValueError("maxsize must be non-negative")
        if policy not in ("tinylfu", "sieve", "lru"):
            raise ValueError(f"policy must be 'tinylfu', 'sieve' or 'lru', not {policy!r}")
        if not (life >= 0 and rest >= 0 and stale >= 0):
            raise ValueError("ttl, idle and stale must be non-negative")
        self._maxsize = maxsize
        self._limit = min(limit, sys.float_info.max)  # an infinite weight is too large for any cache
        self._policy = policy
        self._exact = policy == "lru" and limit < float("inf")
        self._sketch = Sketch() if policy == "tinylfu" and limit < float("inf") else None
        self._window = limit * WINDOW
        self._ttl = ttl
        self._idle = idle
        self._stale = stale
        self._life = life
        self._rest = rest
        self._grace = float(stale)
        self._timed = ttl is not None or idle is not None

    def __dealloc__(self) -> None:
        discard(self)

    # --- What it is -------------------------------------------------------------------------------------------

    @property
    def maxsize(self) -> float | None:
        """The most that the entries may weigh together; ``None`` is no limit."""
        return self._maxsize

    @property
    def currsize(self) -> float:
        """What the entries weigh together: their number, unless the cache was given a *weigh*."""
        weight = 0.0
        if self._timed:
            for entry in fresh_entries(self, False):
                weight += entry.weight
        else:
            enter(self)
            try:
                weight = self._main.weight + self._small.weight
            finally:
                leave(self)
        whole = int(weight)
        return whole if whole == weight else weight

    @property
    def policy(self) -> Policy:
        """What decides which entry has to make room: ``"tinylfu"``, ``"sieve"`` or ``"lru"``."""
        return self._policy

    @property
    def ttl(self) -> float | None:
        """How many seconds after it was stored an entry expires; ``None`` is never."""
        return self._ttl

    @property
    def idle(self) -> float | None:
        """How many seconds after it was last asked for an entry expires; ``None`` is never."""
        return self._idle

    @property
    def stale(self) -> float:
        """How many seconds after its *ttl* an entry may still be served while one thread loads anew."""
        return self._stale

    def statistics(self) -> CacheStatistics:
        """What the cache has done so far.

        Thread safety: atomic, but for hits that other threads score meanwhile.
        Runs no user code.
        Complexity: O(1).

        >>> cache = LockedCache(1)
        >>> cache["a"] = 1
        >>> cache["b"] = 2
        >>> cache.statistics().evictions[EvictionCause.SIZE]
        1
        """
        enter(self)
        try:
            evictions = dict(zip(CAUSES, self._evictions, strict=True))
            return CacheStatistics(hits_of(self), self._misses, self._loaded, self._failed, self._load_time, evictions)
        finally:
            leave(self)

    def snapshot(self) -> dict[K, V]:
        """A plain dict with the items of one moment.

        Thread safety: atomic. It does not count as asking for the values.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> cache.snapshot()
        {'a': 1}
        """
        return {entry.key: entry.value for entry in fresh_entries(self, False)}

    def locked(self, timeout: float | None = None) -> AbstractContextManager[Self]:
        """Keep every other thread out for several steps; used in a ``with`` statement, which yields the cache.

        Thread safety: atomic. To other threads all that is done inside happens in one moment.
        Runs user code under the lock: the body of the ``with`` statement, and with it what the calls there run.
        Raises :exc:`LockTimeout` if the cache is not free within *timeout* seconds, and :exc:`DeadlockError`.
        Complexity: O(1).

        >>> cache = LockedCache(2)
        >>> with cache.locked():
        ...     cache["a"] = cache.get("a", 0) + 1
        >>> cache["a"]
        1
        """
        return section(self, timeout)

    def __reduce__(self) -> tuple[Any, ...]:
        moment = now(self)
        settings = {
            "maxsize": self._maxsize,
            "policy": self._policy,
            "ttl": self._ttl,
            "idle": self._idle,
            "stale": self._stale,
            "weigh": self._weigh,
            "on_evict": self._on_evict,
            "clock": self._clock,
        }
        rows: list[tuple[Any, Any, float, float]] = []
        for entry in fresh_entries(self, True):
            rows.append((entry.key, entry.value, entry.expires - moment, seen(entry) - moment))  # noqa: PERF401 (typed)
        return restored, (type(self), settings, rows), own_state(self)

    # --- Reading ----------------------------------------------------------------------------------------------

    def __getitem__(self, key: K) -> V:
        entry = found(self, key)
        if entry is not None:
            return entry.value  # type: ignore[no-any-return]
        missing = getattr(type(self), "__missing__", None)
        if missing is None:
            raise KeyError(key)
        return missing(self, key)  # type: ignore[no-any-return]

    @overload
    def get(self, key: K, /, default: None = None) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V) -> V: ...
    @overload
    def get(self, key: K, /, default: T) -> V | T: ...
    def get(self, key: Any, /, default: Any = None) -> Any:
        """``self[key]`` if *key* is present, else *default*.

        Thread safety: atomic.
        Runs user code: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1).

        >>> LockedCache(2).get("a", 0)
        0
        """
        entry = found(self, key)
        return default if entry is None else entry.value

    def __contains__(self, key: object) -> bool:
        return peek(self, key) is not None

    def __len__(self) -> int:
        if self._timed:
            return len(fresh_entries(self, False))
        stamp = begin_read(self)
        if stamp >= 0:
            size = dict_len(self._entries)
            if validate(self, stamp):
                return size
        enter(self)
        try:
            return dict_len(self._entries)
        finally:
            leave(self)

    def __iter__(self) -> Iterator[K]:
        return iter([entry.key for entry in fresh_entries(self, False)])

    __reversed__ = None  # as of a Mapping: what is evicted next is nobody's business

    def values(self) -> CacheValues[V]:
        """A live view of the values. Iterating over it goes over the values of one moment.

        Thread safety: atomic, the call and each operation on the view. It does not count as asking for the values.
        Runs user code: none under the lock.
        Complexity: O(1); O(n) to iterate.

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> list(cache.values())
        [1]
        """
        return CacheValues(self)

    def items(self) -> CacheItems[K, V]:
        """A live view of the items. Iterating over it goes over the items of one moment.

        Thread safety: atomic, the call and each operation on the view. It does not count as asking for the values.
        Runs user code: none under the lock.
        Complexity: O(1); O(n) to iterate or to compare.

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> list(cache.items())
        [('a', 1)]
        """
        return CacheItems(self)

    def keys(self) -> CacheKeys[K]:
        """A live view of the keys. Iterating over it goes over the keys of one moment.

        Thread safety: atomic, the call and each operation on the view.
        Runs user code: none under the lock.
        Complexity: O(1); O(n) to iterate or to compare.

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> list(cache.keys())
        ['a']
        """
        return CacheKeys(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return bool(self.snapshot() == plain(other))

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return bool(self.snapshot() != plain(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr_of(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer, cycle)

    # --- Loading ----------------------------------------------------------------------------------------------

    def get_or_load(self, key: K, loader: Callable[[K], V]) -> V:
        """``self[key]``, after storing ``loader(key)`` there if *key* is absent.

        The loader runs once, in one of the threads that ask, without any lock: other keys go on, and the threads that
        want this key wait for it and get its value. If it raises, nothing is stored, its caller gets the exception,
        and one of the waiting threads tries next. If the key is written or invalidated meanwhile, that wins: the value
        goes to those who have asked for it, and is not stored. Nor is a value that weighs more than the cache takes.

        An entry past its *ttl* that is still within *stale* seconds is served to all but one thread, which loads anew.

        Thread safety: atomic.
        Runs user code: *loader*, *weigh* and *on_evict* with nothing locked; ``__hash__`` and ``__eq__`` of keys under
        the lock.
        Raises :exc:`DeadlockError` if the loader asks for the key that it loads, directly or through other threads,
        and in a thread that keeps the cache ``locked()`` while another thread loads the key.
        Complexity: O(1) besides the loader.

        >>> cache = LockedCache(10)
        >>> cache.get_or_load("a", str.upper), cache["a"]
        ('A', 'A')
        """
        entry = found(self, key)
        if entry is not None:
            return entry.value  # type: ignore[no-any-return]
        return load(self, key, loader, (key,), {}, "get_or_load")  # type: ignore[no-any-return]

    def invalidate(self, key: K) -> bool:
        """Remove *key* if it is present; whether it was. A load of it that is under way will not be stored.

        Thread safety: atomic. Who asks after this call gets no value that was loaded before it.
        Runs user code: ``__hash__`` and ``__eq__`` of keys under the lock, *on_evict* after it.
        Complexity: O(1).

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> cache.invalidate("a"), cache.invalidate("a")
        (True, False)
        """
        return taken(self, key) is not MISSING

    # --- Writing ----------------------------------------------------------------------------------------------

    def __setitem__(self, key: K, value: V) -> None:
        weight = weight_of(self, value)
        if weight > self._limit:
            raise ValueError("value too large")
        put(self, new_entry(self, key, value, weight))

    def __delitem__(self, key: K) -> None:
        if taken(self, key) is MISSING:
            raise KeyError(key)

    @overload
    def pop(self, key: K, /) -> V: ...
    @overload
    def pop(self, key: K, /, default: V) -> V: ...
    @overload
    def pop(self, key: K, /, default: T) -> V | T: ...
    def pop(self, key: Any, /, default: Any = MISSING) -> Any:
        """Remove *key* and return its value; if it is absent, return *default*.

        Thread safety: atomic. Of several threads that pop one key, one gets the value.
        Runs user code: ``__hash__`` and ``__eq__`` of keys under the lock, *on_evict* after it.
        Raises ``KeyError`` if the key is absent and no default is given.
        Complexity: O(1).

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> cache.pop("a"), cache.pop("a", None)
        (1, None)
        """
        value = taken(self, key)
        if value is not MISSING:
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[K, V]:
        """Remove the item that would have to make room next, and return it.

        Thread safety: atomic. Two threads never get the same item.
        Runs user code: ``__hash__`` and ``__eq__`` of keys under the lock, *on_evict* after it.
        Raises ``KeyError`` if the cache is empty.
        Complexity: O(1), amortised.

        >>> cache = LockedCache(2, policy="lru")
        >>> cache["a"], cache["b"] = 1, 2
        >>> cache.popitem()
        ('a', 1)
        """
        gone: list[Any] = []
        moment = now(self)
        item = None
        stamp = begin(self)
        try:
            while True:
                victim = choose(self, True)
                if victim is None:
                    break
                if is_fresh(self, victim, moment):
                    detach(self, victim.key)
                    let_go(self, victim, REMOVED, gone)
                    item = victim.key, victim.value
                    break
                let_go(self, victim, EXPIRED, gone)
        finally:
            end(self, stamp, gone)
        if item is None:
            raise KeyError(f"{type(self).__name__} is empty") from None
        return item

    @overload
    def setdefault(self: LockedCache[K, T | None], key: K, /, default: None = None) -> T | None: ...
    @overload
    def setdefault(self, key: K, /, default: V) -> V: ...
    def setdefault(self, key: Any, /, default: Any = None) -> Any:
        """``self[key]``, after storing *default* there if *key* is absent.

        Thread safety: atomic. Two threads cannot both store.
        Runs user code: ``__hash__`` and ``__eq__`` of keys under the lock, *weigh* before and *on_evict* after it.
        Raises ``ValueError`` if *default* weighs more than the cache takes.
        Complexity: O(1).

        >>> cache = LockedCache(2)
        >>> cache.setdefault("a", 1), cache.setdefault("a", 2)
        (1, 1)
        """
        entry = found(self, key)
        if entry is not None:
            return entry.value
        weight = weight_of(self, default)
        if weight > self._limit:
            raise ValueError("value too large")
        new = new_entry(self, key, default, weight)
        there = None
        gone: list[Any] = []
        stamp = begin(self)
        try:
            there = find(self, key)
            if there is None or not is_fresh(self, there, new.seen):
                detach(self, key)
                store(self, new, new.seen, gone)
                there = new
            else:
                use(self, there, new.seen)
        finally:
            end(self, stamp, gone)
        return there.value

    @overload
    def update(self, other: SupportsKeysAndGetItem[K, V], /, **kwargs: V) -> None: ...
    @overload
    def update(self, other: Iterable[tuple[K, V]], /, **kwargs: V) -> None: ...
    @overload
    def update(self, /, **kwargs: V) -> None: ...
    def update(self, other: Any = (), /, **kwargs: Any) -> None:
        """Store the items of a mapping, or of an iterable of pairs, and those given by name.

        Thread safety: atomic. *other* is read first, as of one moment if it is a locked container; if reading or
        weighing it raises, nothing is stored.
        Runs user code: ``__hash__`` and ``__eq__`` of keys under the lock, *weigh* before and *on_evict* after it.
        Raises ``ValueError`` if one of the values weighs more than the cache takes.
        Complexity: O(n) for n new items.

        >>> cache = LockedCache(3)
        >>> cache.update({"a": 1}, b=2)
        >>> len(cache)
        2
        """
        new = dict(plain(other))
        new.update(kwargs)
        entries: list[Any] = []
        for key, value in new.items():
            weight = weight_of(self, value)
            if weight > self._limit:
                raise ValueError("value too large")
            entries.append(new_entry(self, key, value, weight))
        put_all(self, entries)

    def clear(self) -> None:
        """Remove everything. Loads that are under way will not be stored.

        Thread safety: atomic.
        Runs user code: *on_evict*, after the lock.
        Complexity: O(n).

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> cache.clear()
        >>> len(cache)
        0
        """
        gone = emptied(self)
        report(self, gone)

    def _restart(self) -> None:
        """As clear(), and count anew."""
        gone = emptied(self)
        enter(self)
        try:
            forget_hits(self)
            self._misses = self._loaded = self._failed = 0
            self._load_time = 0.0
            self._evictions = [0] * len(CAUSES)
        finally:
            leave(self)
        report(self, gone)

    def drain(self) -> dict[K, V]:
        """Take everything out: a plain dict with all items, leaving the cache empty.

        Thread safety: atomic. Each item is in exactly one drain.
        Runs user code: *on_evict*, after the lock.
        Complexity: O(n).

        >>> cache = LockedCache(2)
        >>> cache["a"] = 1
        >>> cache.drain(), len(cache)
        ({'a': 1}, 0)
        """
        gone = emptied(self)
        moment = now(self)
        report(self, gone)
        return {entry.key: entry.value for entry in gone[::2] if is_fresh(self, entry, moment)}

    def expire(self) -> list[tuple[K, V]]:
        """Remove what has expired, and is not kept to be served once more; the items that were removed.

        Writes do so too: call it to let go of memory in a cache that is not written to.

        Thread safety: atomic.
        Runs user code: ``__hash__`` and ``__eq__`` of keys under the lock, *on_evict* after it.
        Complexity: O(n) for n expired items, amortised; with *idle* O(n log n) for n items, nearly O(n) as a rule.

        >>> hours = 0
        >>> cache = LockedCache(2, ttl=3, clock=lambda: hours)
        >>> cache["a"] = 1
        >>> hours = 3
        >>> cache.get("a"), cache.expire()
        (None, [('a', 1)])
        """
        gone: list[Any] = []
        moment = now(self)
        stamp = begin(self)
        try:
            if self._idle is not None:
                by_deadline(self)
            drop_overdue(self, moment, gone)
        finally:
            end(self, stamp, gone)
        return [(entry.key, entry.value) for entry in gone[::2]]


class CacheKeys(SetView[K], KeysView[K]):
    """What ``keys()`` of a cache returns: live, each operation one atomic step."""

    __slots__ = ()

    _mapping: LockedCache[K, Any]

    def _now(self) -> AbstractSet[K]:
        return self._mapping.snapshot().keys()


class CacheValues(ValuesView[V]):
    """What ``values()`` of a cache returns: live, each operation one atomic step."""

    __slots__ = ()

    _mapping: LockedCache[Any, V]

    def __iter__(self) -> Iterator[V]:
        return iter([entry.value for entry in fresh_entries(self._mapping, False)])

    def __contains__(self, value: object) -> bool:
        values: list[object] = list(self)
        return value in values


class CacheItems(SetView[tuple[K, V]], ItemsView[K, V]):
    """What ``items()`` of a cache returns: live, each operation one atomic step."""

    __slots__ = ()

    _mapping: LockedCache[K, V]

    def _now(self) -> AbstractSet[tuple[K, V]]:
        return self._mapping.snapshot().items()

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return iter([(entry.key, entry.value) for entry in fresh_entries(self._mapping, False)])

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or len(item) != 2:  # pyright: ignore[reportUnknownArgumentType]
            return False
        pair: tuple[Any, Any] = item  # pyright: ignore[reportUnknownVariableType]
        entry = peek(self._mapping, pair[0])
        return entry is not None and bool(entry.value is pair[1] or entry.value == pair[1])


# --- Looking for one key -----------------------------------------------------------------------------------------


def is_fresh(cache: LockedCache[Any, Any], entry: Entry, moment: float) -> bool:
    return not cache._timed or (moment < entry.expires and moment < seen(entry) + cache._rest)


def is_overdue(cache: LockedCache[Any, Any], entry: Entry, moment: float) -> bool:
    """Whether it is of no use any more, not even to be served while another is loaded."""
    return not (moment < entry.expires + cache._grace and moment < seen(entry) + cache._rest)


def found(cache: LockedCache[Any, Any], key: Any) -> Entry | None:
    """The fresh entry of *key*, which counts as a hit; None, which counts as a miss."""
    if not cache._exact:
        stamp = begin_read(cache)
        if stamp >= 0:
            entry = find(cache, key)
            if entry is not None:
                if cache._timed:
                    moment = now(cache)
                    if not is_fresh(cache, entry, moment):
                        return look(cache, key)
                    see(entry, moment)
                if validate(cache, stamp):
                    mark(entry)
                    count_hit(cache)
                    return entry
    return look(cache, key)


def look(cache: LockedCache[Any, Any], key: Any) -> Entry | None:
    """As found(), by taking the mutex."""
    moment = now(cache) if cache._timed else 0.0
    enter(cache)
    try:
        entry = find(cache, key)
        if entry is None or not is_fresh(cache, entry, moment):
            cache._misses += 1
            return None
        use(cache, entry, moment)
        count_hit(cache)
        return entry
    finally:
        leave(cache)


def use(cache: LockedCache[Any, Any], entry: Entry, moment: float) -> None:
    """In a section: somebody has asked for the entry."""
    if cache._timed:
        see(entry, moment)
    if not cache._exact:
        mark(entry)
    elif 0 <= entry.at < len(cache._main.places) - 1:
        renew(cache._main, entry)


def peek(cache: LockedCache[Any, Any], key: Any) -> Entry | None:
    """The fresh entry of *key*, without having asked for it."""
    moment = now(cache) if cache._timed else 0.0
    entry = None
    stamp = begin_read(cache)
    if stamp >= 0:
        entry = find(cache, key)
        if validate(cache, stamp):
            return entry if entry is not None and is_fresh(cache, entry, moment) else None
    enter(cache)
    try:
        entry = find(cache, key)
    finally:
        leave(cache)
    return entry if entry is not None and is_fresh(cache, entry, moment) else None


def fresh_entries(cache: LockedCache[Any, Any], in_order: bool) -> list[Entry]:
    """The entries of one moment; *in_order*: what would be evicted first comes first."""
    moment = now(cache) if cache._timed else 0.0
    enter(cache)
    try:
        if in_order:
            main = cache._main.places
            small = cache._small.places
            entries = [entry for entry in small + main if entry is not None]
        else:
            entries = dict_values(cache._entries)
    finally:
        leave(cache)
    return [entry for entry in entries if is_fresh(cache, entry, moment)] if cache._timed else entries


# --- Loading -----------------------------------------------------------------------------------------------------


def load(
    cache: LockedCache[Any, Any], key: Any, loader: Any, args: tuple[Any, ...], kwargs: dict[str, Any], what: str
) -> Any:
    """The value of a key that was absent a moment ago."""
    ours = Flight("a value being loaded")
    ours.value = MISSING
    with ours:
        while True:
            moment = now(cache)
            enter(cache)
            try:
                entry = find(cache, key)
                if entry is not None and is_fresh(cache, entry, moment):
                    return entry.value
                if cache._loads is None:
                    cache._loads = {}
                theirs = cache._loads.setdefault(key, ours)
                if theirs is not ours and entry is not None and not is_overdue(cache, entry, moment):
                    return entry.value
            finally:
                leave(cache)
            if theirs is ours:
                break
            refuse_load(theirs, cache, holds(cache), what)
            with theirs:  # held until there is a value or the loader has failed
                drop_load(cache, key, theirs)  # needed if it was held in the parent of this process
            if theirs.value is not MISSING:
                return theirs.value
        began = now(cache)
        try:
            value = loader(*args, **kwargs)
            ours.value = value
            land(cache, key, ours, value, began)
            return value
        finally:
            if ours.value is MISSING:
                fail(cache, now(cache) - began)
            drop_load(cache, key, ours)


def land(cache: LockedCache[Any, Any], key: Any, flight: Flight, value: Any, began: float) -> None:
    """Store what was loaded, unless the key was written or invalidated meanwhile."""
    try:
        weight = weight_of(cache, value)
        entry = new_entry(cache, key, value, weight)
    except BaseException:
        fail(cache, now(cache) - began)
        raise
    took = now(cache) - began
    gone: list[Any] = []
    stamp = begin(cache)
    try:
        cache._loaded += 1
        cache._load_time += took
        if weight <= cache._limit and cache._loads is not None and cache._loads.get(key) is flight:
            store(cache, entry, entry.seen, gone)
    finally:
        end(cache, stamp, gone)


def fail(cache: LockedCache[Any, Any], seconds: float) -> None:
    enter(cache)
    try:
        cache._failed += 1
        cache._load_time += seconds
    finally:
        leave(cache)


def drop_load(cache: LockedCache[Any, Any], key: Any, flight: Flight) -> None:
    enter(cache)
    try:
        if cache._loads is not None and cache._loads.get(key) is flight:
            detach(cache, key)
    finally:
        leave(cache)


def detach(cache: LockedCache[Any, Any], key: Any) -> None:
    """In a section: have a load of *key* that is under way not be stored."""
    if cache._loads is not None and cache._loads.pop(key, None) is not None and not cache._loads:
        cache._loads = None


# --- Storing and letting go: in a section of the caller ------------------------------------------------------------


def weight_of(cache: LockedCache[Any, Any], value: Any) -> float:
    """Without the lock."""
    if cache._weigh is None:
        return 1.0
    weight = float(cache._weigh(value))
    if not weight >= 0:
        raise ValueError("the weight of a value must be non-negative")
    return weight


def new_entry(cache: LockedCache[Any, Any], key: Any, value: Any, weight: float) -> Entry:
    """Without the lock: this runs ``__hash__`` and the clock."""
    entry = Entry.__new__(Entry)
    entry.key = key
    entry.value = value
    entry.hash = hash(key)
    entry.weight = weight
    entry.seen = entry.queued = now(cache) if cache._timed else 0.0
    entry.expires = entry.seen + cache._life
    entry.at = entry.due = -1
    entry.marks = 0
    entry.young = cache._sketch is not None
    return entry


def begin(cache: LockedCache[Any, Any]) -> int:
    """Open the section of a write."""
    acquire(cache)
    cache._writes += 1
    return cache._writes


def end(cache: LockedCache[Any, Any], stamp: int, gone: list[Any]) -> None:
    """Close it, and then tell of what has left."""
    try:
        if cache._writes != stamp or is_torn(cache):
            heal(cache, gone)
    finally:
        release(cache)
    if gone:
        report(cache, gone)


def is_torn(cache: LockedCache[Any, Any]) -> bool:
    """Whether a write ran out of memory half way, this one or one before that could not be healed either."""
    entries = dict_len(cache._entries)
    return (
        cache._small.live + cache._main.live != entries
        or (cache._timed and cache._deadlines.live != entries)
        or cache._small.weight + cache._main.weight > cache._limit * ROUNDED
    )


def heal(cache: LockedCache[Any, Any], gone: list[Any]) -> None:
    """A key's ``__eq__`` wrote in the midst of a write, or memory lacked: have the queues hold what is in the dict."""
    entries = dict_values(cache._entries)
    there = {id(entry) for entry in entries}
    for entry in cache._small.places + cache._main.places:
        if entry is not None and id(entry) not in there:
            unlink(cache, entry)
            note(cache, entry, REPLACED, gone)
    for entry in entries:
        if entry.at < 0 or (cache._timed and entry.due < 0):
            unlink(cache, entry)
            link(cache, entry)
    make_room(cache, 0.0, True, gone)


def put(cache: LockedCache[Any, Any], entry: Entry) -> None:
    gone: list[Any] = []
    stamp = begin(cache)
    try:
        detach(cache, entry.key)
        store(cache, entry, entry.seen, gone)
    finally:
        end(cache, stamp, gone)


def put_all(cache: LockedCache[Any, Any], entries: list[Any]) -> None:
    gone: list[Any] = []
    stamp = begin(cache)
    try:
        for entry in entries:
            detach(cache, entry.key)
            store(cache, entry, entry.seen, gone)
    finally:
        end(cache, stamp, gone)


def store(cache: LockedCache[Any, Any], entry: Entry, moment: float, gone: list[Any]) -> None:
    if cache._timed:
        drop_overdue(cache, moment, gone)
    old = swap(cache, entry)
    if old is not entry:
        entry.young = old.young
        if not cache._exact:
            set_marks(entry, min(marks(old) + 1, MOST))
        if old.at >= 0:
            unlink(cache, old)
            note(cache, old, REPLACED if is_fresh(cache, old, moment) else EXPIRED, gone)
    elif cache._sketch is not None:
        meet(cache, cache._sketch, entry)
    try:
        make_room(cache, entry.weight, entry.young, gone)
    finally:
        if entry.at < 0:
            link(cache, entry)


def meet(cache: LockedCache[Any, Any], sketch: Sketch, entry: Entry) -> None:
    """Count a newcomer, and see whether it was wrongly turned away lately."""
    if len(sketch.counts) < 8 * dict_len(cache._entries):  # what is known of a key is found at all its new places
        days = sketch.days + sketch.days
        sketch.counts = sketch.counts + sketch.counts
        sketch.days = days
    count(sketch, entry.hash, 1)
    if was_turned_away(sketch, entry.hash):
        entry.young = False
        cache._window = min(cache._window + entry.weight, cache._limit * WIDEST)


def link(cache: LockedCache[Any, Any], entry: Entry) -> None:
    if cache._timed:
        join(cache._deadlines, entry)
    if not entry.young:
        join(cache._main, entry)
        return
    small = cache._small
    join(small, entry)
    # While there is room for more than one queue of newcomers, nobody has to compete.
    while small.live > 1 and small.weight > cache._window:
        eldest = oldest(small)
        if cache._main.weight + eldest.weight > cache._limit - cache._window:
            break
        promote(cache, eldest)


def unlink(cache: LockedCache[Any, Any], entry: Entry) -> None:
    part(cache._small if entry.young else cache._main, entry)
    part(cache._deadlines, entry)


def promote(cache: LockedCache[Any, Any], entry: Entry) -> None:
    part(cache._small, entry)
    entry.young = False
    join(cache._main, entry)


def make_room(cache: LockedCache[Any, Any], weight: float, young: bool, gone: list[Any]) -> None:
    """Evict until there is room for so much, in which a newcomer or an entry of the main queue will be."""
    while cache._main.weight + cache._small.weight + weight > cache._limit:
        victim = choose(cache, young)
        if victim is None:
            break
        sketch = cache._sketch
        if sketch is not None:
            if victim.young:
                turn_away(sketch, victim.hash)
            cache._window = max(cache._window - victim.weight * RETURNS, cache._limit * WINDOW)
            pass_time(sketch, dict_len(cache._entries))
        let_go(cache, victim, SIZE, gone)


def choose(cache: LockedCache[Any, Any], for_young: bool) -> Entry | None:
    """Which entry has to make room next, by the policy; None if there is none."""
    if cache._main.live == 0:
        return oldest(cache._small) if cache._small.live else None
    victim = swept(cache)
    sketch = cache._sketch
    if sketch is None or not for_young or cache._small.live == 0 or cache._small.weight < cache._window:
        return victim
    candidate = oldest(cache._small)
    asked_again = marks(candidate) > 0
    # Once more does not count: in a loop the candidate has just been asked for, and the victim is about to be.
    if frequency(cache, candidate) > frequency(cache, victim) + 1 or asked_again:
        promote(cache, candidate)
        return victim
    sketch.won += 1
    if sketch.won >= CREDIT:
        sketch.won = 0
        think_less_of(sketch, victim.hash)
    return candidate


def swept(cache: LockedCache[Any, Any]) -> Entry:
    """The first entry of the main queue that was not asked for since the hand came by last."""
    while True:
        entry = oldest(cache._main)
        if not marks(entry):
            return entry
        frequency(cache, entry)
        if cache._sketch is None:
            cache._main.hand += 1
        else:
            renew(cache._main, entry)


def frequency(cache: LockedCache[Any, Any], entry: Entry) -> int:
    """How often the entry was asked for, of which the sketch now knows; 0 if the policy does without."""
    asked = marks(entry)
    set_marks(entry, 0)
    return 0 if cache._sketch is None else count(cache._sketch, entry.hash, asked)


def drop_overdue(cache: LockedCache[Any, Any], moment: float, gone: list[Any]) -> None:
    deadlines = cache._deadlines
    while deadlines.live:
        entry = oldest(deadlines)
        if is_overdue(cache, entry, moment):
            let_go(cache, entry, EXPIRED, gone)
        elif cache._idle is not None and seen(entry) > entry.queued:  # others may be due before it
            entry.queued = seen(entry)
            part(deadlines, entry)
            join(deadlines, entry)
        else:
            break


def add_rows(cache: LockedCache[Any, Any], rows: list[tuple[Any, Any, float, float]]) -> None:
    """Not in a section: what restored() does."""
    moment = now(cache)
    entries: list[Any] = []
    for key, value, left, since in rows:
        entry = new_entry(cache, key, value, weight_of(cache, value))
        entry.expires = moment + left
        entry.seen = entry.queued = moment + since
        entries.append(entry)
    put_all(cache, entries)
    by_deadline(cache)


def by_deadline(cache: LockedCache[Any, Any]) -> None:
    """In a section, or of a cache that nobody else knows: sort the deadlines, as far as hits do not move them on."""
    deadlines = cache._deadlines
    entries: list[Any] = []
    for at, entry in enumerate(deadlines.places):
        if entry is not None:
            entry.queued = seen(entry)
            entries.append((min(entry.expires + cache._grace, entry.queued + cache._rest), at, entry))
    entries.sort()
    for _, _, entry in entries:
        part(deadlines, entry)
        join(deadlines, entry)


def let_go(cache: LockedCache[Any, Any], entry: Entry, cause: int, gone: list[Any]) -> None:
    there = dict_pop(cache._entries, entry.key, None)
    unlink(cache, entry)
    if there is not entry:
        cache._writes += 1  # have end() look: a dict whose keys write to it while they are compared may have two of one
    if there is not None:
        unlink(cache, there)
        note(cache, there, cause, gone)


def note(cache: LockedCache[Any, Any], entry: Entry, cause: int, gone: list[Any]) -> None:
    cache._evictions[cause] += 1
    gone.append(entry)
    gone.append(cause)


def taken(cache: LockedCache[Any, Any], key: Any) -> Any:
    """Not in a section: remove *key* and return its value, or MISSING."""
    gone: list[Any] = []
    moment = now(cache) if cache._timed else 0.0
    value = MISSING
    stamp = begin(cache)
    try:
        detach(cache, key)
        entry = dict_pop(cache._entries, key, None)
        if entry is not None:
            unlink(cache, entry)
            if is_fresh(cache, entry, moment):
                value = entry.value
                note(cache, entry, REMOVED, gone)
            else:
                note(cache, entry, EXPIRED, gone)
    finally:
        end(cache, stamp, gone)
    return value


def emptied(cache: LockedCache[Any, Any]) -> list[Any]:
    """Not in a section: remove everything, and return it for report()."""
    gone: list[Any] = []
    acquire(cache)
    try:
        cache._writes += 1
        main, small, deadlines = Queue(by_deadline=False), Queue(by_deadline=False), Queue(by_deadline=True)
        for entry in dict_values(cache._entries):
            note(cache, entry, REMOVED, gone)
        for entry in cache._small.places + cache._main.places:
            if entry is not None:
                entry.at = entry.due = -1
        cache._entries.clear()
        cache._main, cache._small, cache._deadlines = main, small, deadlines
        cache._loads = None
    finally:
        release(cache)
    return gone


def report(cache: LockedCache[Any, Any], gone: list[Any]) -> None:
    """Not in a section: tell on_evict what has left. All are told of; then the first exception is raised."""
    if cache._on_evict is None or not gone:
        return
    error: BaseException | None = None
    for at in range(0, len(gone), 2):
        entry: Any = gone[at]
        try:
            cause: int = gone[at + 1]
            cache._on_evict(entry.key, entry.value, CAUSES[cause])
        except BaseException as raised:  # noqa: BLE001
            error = error or raised
    if error is not None:
        raise error


if not cython.compiled:

    def spread(hash: int) -> int:  # noqa: A002
        mixed = (hash * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        first = mixed >> 32
        mixed = ((mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        return (mixed & 0xFFFFFFFF00000000) | first

    def find(cache: LockedCache[Any, Any], key: Any) -> Entry | None:
        return dict_get(cache._entries, key)

    def swap(cache: LockedCache[Any, Any], entry: Entry) -> Entry:
        old: Entry = dict_swap(cache._entries, entry.key, entry)
        return old

    def count_hit(cache: LockedCache[Any, Any]) -> None:
        cache._hits += 1

    def hits_of(cache: LockedCache[Any, Any]) -> int:
        return cache._hits

    def forget_hits(cache: LockedCache[Any, Any]) -> None:
        cache._hits = 0

    def mark(entry: Entry) -> None:
        if entry.marks < MOST:
            entry.marks += 1

    def marks(entry: Entry) -> int:
        return entry.marks

    def set_marks(entry: Entry, value: int) -> None:
        entry.marks = value

    def seen(entry: Entry) -> float:
        return entry.seen

    def see(entry: Entry, moment: float) -> None:
        entry.seen = moment

    def now(cache: LockedCache[Any, Any]) -> float:
        return _sync.monotonic() if cache._clock is None else cache._clock()

    twin(LockedCache)


# --- Without locks -------------------------------------------------------------------------------------------------


def plain(other: Any) -> Any:
    """The other operand, as of one moment if it is locked: so no two locks are held at once."""
    return other.snapshot() if hasattr(other, "snapshot") else other


@recursive_repr("{...}")
def repr_of(cache: LockedCache[Any, Any]) -> str:
    items = repr(cache.snapshot())
    return f"{type(cache).__name__}({items}, maxsize={cache.maxsize}, currsize={cache.currsize})"


def restored(
    cls: type[LockedCache[Any, Any]], settings: dict[str, Any], rows: list[tuple[Any, Any, float, float]]
) -> LockedCache[Any, Any]:
    """A copy: what was asked for least lately comes first, and each row says how long it has been there."""
    new = cls.__new__(cls)
    LockedCache.__init__(new, **settings)  # pyright: ignore[reportUnknownMemberType]
    add_rows(new, rows)
    return new


if not TYPE_CHECKING:
    MutableMapping.register(LockedCache)
