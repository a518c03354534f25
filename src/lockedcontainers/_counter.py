# ← _deque.py            _order.py →
"""LockedCounter: a Counter whose every method is one atomic step, and so is ``c[key] += n``.

Overview (for maintainers)
    Goal        ``c[key] += n`` loses nothing, though Python carries it out as a read and a write; a count stays an int.
    The way     An augmented assignment reads at one instruction and writes at another one of the same frame. A read at
                such an instruction is remembered with its frame. The write that comes from that frame, at such an
                instruction, does not store what it is given: it adds to the count of now the difference between what it
                is given and what was read.
    Its pairs   The compiler makes the same few instructions of every ``c[k] += n``. What they are is seen in a sample
                (READING, WRITINGS); they are looked for once per code object (``roles_of``). A frame is in at most one
                augmented assignment at a time, for that is a statement; so a write at such an instruction belongs to
                the frame's last read at such an instruction, and which of them it was need not be known.
    Abandoned   A read whose write never comes, because the right hand side raised, stays in the counter until the
                frame, or a later one at the same address, reads again; it cannot mislead, because that read comes
                before a write. Nothing of the user's is kept alive meanwhile: frame and key are remembered by their
                addresses, and the value only if it is a plain number. Of more than IN_FLIGHT reads the oldest is
                forgotten: then its read and its write are two steps.
    Two classes Tally is what must be fast, and LockedCounter is the Counter. They are two because Cython does not let
                a compiled class name its base as ``LockedDict[K, int]``.
    Its roots   A LockedCounter is a LockedDict; read _dict.py first. Counter's own methods are not used on the storage:
                they run on private Counters, of one moment, and the result is put in place in one step. So CPython's
                C helper that counts an iterable never sees storage that is shared (python/cpython#151633).
    Accepted    Code compiled to C has no instructions of its own. If it is called by the ``+=`` of Python code on an
                object of its own, and reads and writes a counter there, then its write is taken for a difference too.
"""

from __future__ import annotations

import operator
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from opcode import opmap, opname
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar, overload

from lockedcontainers._dict import LockedDict, plain
from lockedcontainers._pydantic import schema_of

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import (
        dict_get,
        dict_len,
        dict_pop,
        dict_swap,
    )
    from lockedcontainers._dict import MISSING, acquire, change, look, missing, store_all
    from lockedcontainers._mutex import begin_read, enter, leave, release, twin, validate

if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Never, Self

    from _typeshed import SupportsItems, SupportsKeysAndGetItem

K = TypeVar("K")
S = TypeVar("S")
C = TypeVar("C", bound="LockedCounter[Any]")

IN_FLIGHT = 10_000


class Tally(LockedDict):  # type: ignore[type-arg]  # pyright: ignore[reportMissingTypeArgument]
    """A locked dict in which a missing number is 0, and ``t[key] += n`` is one atomic step."""

    __slots__ = ("_reads",)

    _reads: Reads | None

    def __getitem__(self, key: Any) -> Any:
        frame = reading_frame()
        if frame:
            return read_to_add(self, key, frame)
        stamp = begin_read(self)
        if stamp >= 0:
            value = dict_get(self, key, ...)
            if value is not ... and validate(self, stamp):
                return value
        value = look(self, key, True)
        return supplied(self, key) if value is MISSING else value

    def __missing__(self, key: Any) -> Any:
        return 0

    def __setitem__(self, key: Any, value: Any) -> None:
        kept = None
        change(self)
        try:
            if self._reads is not None:
                value = caught_up(self, key, value, writing_frame())
            kept = dict_swap(self, key, value)
        finally:
            leave(self)

    def __delitem__(self, key: Any) -> None:
        kept = None
        change(self)
        try:
            kept = dict_pop(self, key, None)
        finally:
            leave(self)


if TYPE_CHECKING:
    Base = LockedDict
else:
    Base = Tally


class LockedCounter(Base[K, int], Counter[K]):  # type: ignore[misc]
    """A Counter that threads can share: every method and operator is one atomic step, and so is ``c[key] += n``.

    It is a ``collections.Counter``, with the same methods, results and errors, and a :class:`LockedDict`. In addition:

    * ``c[key] += n`` and ``c[key] -= n`` lose nothing, however many threads do it, also if the key was missing;
    * :meth:`increment` and :meth:`decrement` return the new count, and :meth:`drain` takes all counts at once;
    * sums, differences, unions and intersections are locked counters too.

    The counts are plain ints, or floats. ``c[key] += n`` is recognized by its instructions, in Python code. Other
    operators, other numbers, and ``c[key] = c[key] + n`` are two steps, as with any Counter: use :meth:`merge`.

    Thread safety: atomic, each method and operator, ``c[key] += n`` and ``c[key] -= n``. An iterable is counted first,
    without the lock, and other counters are read first, as of their own one moment.
    Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys; arithmetic of counts that are not numbers of
    Python's own; what a method names besides.

    >>> from lockedcontainers import LockedCounter
    >>> c = LockedCounter("abracadabra")
    >>> c["a"] += 1
    >>> c, c["missing"]
    (LockedCounter({'a': 6, 'b': 2, 'r': 2, 'c': 1, 'd': 1}), 0)
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __init__(self, iterable: None = None, /) -> None: ...
        @overload
        def __init__(self: LockedCounter[str], iterable: None = None, /, **kwds: int) -> None: ...
        @overload
        def __init__(self, mapping: SupportsKeysAndGetItem[K, int], /) -> None: ...
        @overload
        def __init__(self, iterable: Iterable[K], /) -> None: ...

    def __init__(self, iterable: Any = None, /, **kwds: int) -> None:
        add_all(self, iterable, kwds, False)

    @classmethod
    def fromkeys(cls, iterable: Any, v: int | None = None) -> Never:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """Not for counters: it raises ``NotImplementedError``, as Counter's does."""
        Counter.fromkeys(iterable, v)

    def copy(self) -> Self:
        """A new twin of this one with the same counts and a lock of its own.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> c = LockedCounter("ab")
        >>> c.copy() == c, c.copy() is c
        (True, False)
        """
        return like(self, super().snapshot())

    def snapshot(self) -> Counter[K]:
        """A plain Counter with the counts of one moment.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedCounter("aab").snapshot()
        Counter({'a': 2, 'b': 1})
        """
        return Counter(super().snapshot())

    def drain(self) -> Counter[K]:
        """Take everything out: a plain Counter with all counts, leaving this one empty.

        Thread safety: atomic. Whatever is counted is in exactly one drain, ``c[key] += n`` too.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> c = LockedCounter("aab")
        >>> c.drain(), c
        (Counter({'a': 2, 'b': 1}), LockedCounter())
        """
        return Counter(super().drain())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return schema_of(cls, Counter, source, handler)

    # --- Counting --------------------------------------------------------------------------------------------

    def increment(self, key: K, n: int = 1) -> int:
        """Add *n* to the count of *key* and return the new count.

        Thread safety: atomic. Two threads never get the same count of a key that is only incremented.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1).

        >>> c = LockedCounter()
        >>> c.increment("visits"), c.increment("visits", 5)
        (1, 6)
        """
        return added(self, key, n)

    def decrement(self, key: K, n: int = 1) -> int:
        """Subtract *n* from the count of *key* and return the new count.

        Thread safety: atomic.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(1).

        >>> c = LockedCounter(seats=2)
        >>> c.decrement("seats"), c.decrement("seats", 2)
        (1, -1)
        """
        return added(self, key, -n)

    @overload  # type: ignore[override]
    def update(self, m: Mapping[K, int], /, **kwds: int) -> None: ...
    @overload
    def update(self, iterable: Iterable[K], /, **kwds: int) -> None: ...
    @overload
    def update(self, iterable: None = None, /, **kwds: int) -> None: ...
    def update(self, iterable: Any = None, /, **kwds: int) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Add counts: those of a mapping, or one for each element of an iterable, and those given by name.

        Thread safety: atomic. *iterable* is counted first, as of one moment if it is a locked container; if that
        raises, nothing is added. A counter may be added to itself.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(n) for n elements.

        >>> c = LockedCounter("a")
        >>> c.update("ab", b=5)
        >>> c
        LockedCounter({'b': 6, 'a': 2})
        """
        add_all(self, iterable, kwds, False)

    @overload
    def subtract(self, iterable: None = None, /) -> None: ...
    @overload
    def subtract(self, mapping: Mapping[K, int], /) -> None: ...
    @overload
    def subtract(self, iterable: Iterable[K], /) -> None: ...
    def subtract(self, iterable: Any = None, /, **kwds: int) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Subtract counts, given as to :meth:`update`.

        Thread safety: atomic. *iterable* is counted first, as of one moment if it is a locked container; if that
        raises, nothing is subtracted. A counter may be subtracted from itself.
        Runs user code under the lock: ``__hash__`` and ``__eq__`` of keys.
        Complexity: O(n) for n elements.

        >>> c = LockedCounter("aab")
        >>> c.subtract("abb")
        >>> c
        LockedCounter({'a': 1, 'b': -1})
        """
        add_all(self, iterable, kwds, True)

    # --- Reading everything ----------------------------------------------------------------------------------

    def most_common(self, n: int | None = None) -> list[tuple[K, int]]:
        """The *n* keys with the highest counts, or all, each with its count, the highest first.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n log n).

        >>> LockedCounter("abracadabra").most_common(2)
        [('a', 5), ('b', 2)]
        """
        return self.snapshot().most_common(n)

    def elements(self) -> Iterator[K]:
        """An iterator over the keys, each as often as its count.

        Thread safety: atomic. It goes over the counts of one moment.
        Runs no user code under the lock.
        Complexity: O(n); O(total) to iterate.

        >>> list(LockedCounter(a=2, b=1).elements())
        ['a', 'a', 'b']
        """
        return self.snapshot().elements()

    def total(self) -> int:
        """The sum of the counts.

        Thread safety: atomic.
        Runs no user code under the lock.
        Complexity: O(n).

        >>> LockedCounter("aab").total()
        3
        """
        return sum(self.values())

    def __repr__(self) -> str:
        return repr_of(self)

    def __rich_repr__(self) -> Iterator[dict[K, int]]:
        yield dict(self.most_common())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("..." if cycle else repr(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counter):
            return super().__eq__(other)
        return compared(self, other, "eq")  # pyright: ignore[reportUnknownArgumentType]

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, Counter):
            return super().__ne__(other)
        return compared(self, other, "ne")  # pyright: ignore[reportUnknownArgumentType]

    def __lt__(self, other: Counter[Any]) -> bool:
        return compared(self, other, "lt")

    def __le__(self, other: Counter[Any]) -> bool:
        return compared(self, other, "le")

    def __gt__(self, other: Counter[Any]) -> bool:
        return compared(self, other, "gt")

    def __ge__(self, other: Counter[Any]) -> bool:
        return compared(self, other, "ge")

    __hash__ = None  # type: ignore[assignment]

    # --- The algebra of multisets ----------------------------------------------------------------------------

    def __add__(self, other: Counter[S]) -> LockedCounter[K | S]:
        return twinned(self, combined(self, other, "add"))

    def __radd__(self, other: Counter[S]) -> LockedCounter[K | S]:  # type: ignore[misc]
        return twinned(self, combined(self, other, "add", True))

    def __sub__(self, other: Counter[K]) -> LockedCounter[K]:
        return twinned(self, combined(self, other, "sub"))

    def __rsub__(self, other: Counter[K]) -> LockedCounter[K]:
        return twinned(self, combined(self, other, "sub", True))

    def __and__(self, other: Counter[K]) -> LockedCounter[K]:
        return twinned(self, combined(self, other, "and_"))

    def __rand__(self, other: Counter[K]) -> LockedCounter[K]:
        return twinned(self, combined(self, other, "and_", True))

    def __or__(self, other: Counter[S]) -> LockedCounter[K | S]:  # type: ignore[override]
        return twinned(self, combined(self, other, "or_"))

    def __ror__(self, other: Any) -> Any:
        if isinstance(other, dict) and not isinstance(other, Counter):
            return plain(other) | dict(self.snapshot())
        return twinned(self, combined(self, other, "or_", True))  # pyright: ignore[reportUnknownArgumentType]

    def __xor__(self, other: Counter[S]) -> LockedCounter[K | S]:
        return twinned(self, combined(self, other, "xor"))

    def __rxor__(self, other: Counter[S]) -> LockedCounter[K | S]:
        return twinned(self, combined(self, other, "xor", True))

    def __pos__(self) -> LockedCounter[K]:
        return like(self, +self.snapshot())

    def __neg__(self) -> LockedCounter[K]:
        return like(self, -self.snapshot())

    def __iadd__(self, other: SupportsItems[K, int]) -> Self:  # type: ignore[override,misc]
        return become(self, other, "iadd")

    def __isub__(self, other: SupportsItems[K, int]) -> Self:
        return become(self, other, "isub")

    def __iand__(self, other: SupportsItems[K, int]) -> Self:
        return become(self, other, "iand")

    def __ior__(self, other: SupportsItems[K, int]) -> Self:  # type: ignore[override,misc]
        return become(self, other, "ior")

    def __ixor__(self, other: Counter[K]) -> Self:  # type: ignore[misc]
        return become(self, other, "ixor")


# --- Augmented assignments -------------------------------------------------------------------------------------


class Reads:
    """The augmented assignments that have read and not written yet: the last one, and those before it by frame."""

    __slots__ = ("earlier", "frame", "key", "number")

    def __init__(self) -> None:
        self.frame = 0  # there is none
        self.key = 0
        self.number: Any = None
        self.earlier: dict[int, tuple[int, Any]] = {}


def read_to_add(c: Tally, key: Any, frame: int) -> Any:
    enter(c)
    try:
        value: Any = dict_get(c, key, MISSING)
        if value is MISSING and type(c).__missing__ is ZERO:
            value = 0
        remember(c, key, value, frame)
    finally:
        leave(c)
    return supplied(c, key) if value is MISSING else value


def remember(c: Tally, key: Any, value: Any, frame: int) -> None:
    """In a section: *frame* has read *value*. Of what is no number, only that it was read."""
    reads = c._reads
    if reads is None:
        reads = c._reads = Reads()
    elif reads.frame not in (0, frame):
        reads.earlier.pop(reads.frame, None)  # so that the oldest come first
        reads.earlier[reads.frame] = reads.key, reads.number
        if len(reads.earlier) > IN_FLIGHT:
            del reads.earlier[next(iter(reads.earlier))]
    reads.frame = frame
    reads.key = address_of(key)
    reads.number = value if is_number(value) else None


def caught_up(c: Tally, key: Any, value: Any, frame: int) -> Any:
    """In a section: what to store for *value*, which an augmented assignment of *frame* has made, if that is not 0."""
    reads = c._reads
    if reads is None or frame == 0:
        return value
    if reads.frame == frame:
        read_key, was = reads.key, reads.number
        reads.frame = 0
    elif frame in reads.earlier:
        read_key, was = reads.earlier.pop(frame)
    else:
        return value
    if was is None or read_key != address_of(key):
        return value
    now = dict_get(c, key, 0)
    if now is not was and is_number(now) and is_number(value) and now != was:
        value = now + (value - was)
    return value


def supplied(c: Any, key: Any) -> Any:
    """What ``c[key]`` is where there is no such key."""
    return 0 if type(c).__missing__ is ZERO else missing(c, key)  # pyright: ignore[reportUnknownMemberType]


def is_number(value: Any) -> bool:
    """Whether it is a number with which to calculate runs no code of the user."""
    return type(value) is int or type(value) is float


ZERO: Any = Tally.__missing__  # pyright: ignore[reportUnknownMemberType]

# What an instruction is to a counter; the .pxd has these numbers too.
READ = 1
WRITE = 2

LEFT_OUT = {opmap.get(name) for name in ("CACHE", "EXTENDED_ARG", "NOP")}

#: All code objects that were met, by address: the roles of their units, and what forgets them when they go.
known: dict[int, tuple[bytes, Any]] = {}


def instructions(code: CodeType) -> tuple[list[int], list[tuple[int, int]]]:
    """The units at which instructions begin, and their operations with arguments."""
    text = code.co_code
    units = [unit for unit in range(len(text) // 2) if text[2 * unit] not in LEFT_OUT]
    return units, [(text[2 * unit], text[2 * unit + 1]) for unit in units]


def sample(statement: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What stands between ``k`` and ``n``, and what stands behind ``n``, in ``c[k] += n``."""
    steps = instructions(compile(statement, __name__, "exec"))[1]
    k, n = [at for at, (operation, _) in enumerate(steps) if opname[operation] == "LOAD_NAME"][1:]
    end = [opname[operation] for operation, _ in steps].index("STORE_SUBSCR")
    return steps[k + 1 : n], steps[n + 1 : end + 1]


READING, ADDING = sample("c[k] += n")
WRITINGS = ADDING, sample("c[k] -= n")[1]


def find_roles(code: CodeType) -> bytes:
    """READ, WRITE or 0 for each unit. The inline cache of an instruction is a part of it."""
    units, steps = instructions(code)
    roles = bytearray(len(code.co_code) // 2)
    for at, (begin, end) in enumerate(zip(units, [*units[1:], len(roles)], strict=True), 1):
        if steps[max(0, at - len(READING)) : at] == READING:
            roles[begin:end] = bytes([READ]) * (end - begin)
        elif steps[max(0, at - len(ADDING)) : at] in WRITINGS:
            roles[begin:end] = bytes([WRITE]) * (end - begin)
    return bytes(roles) if WRITE in roles else bytes(len(roles))


def roles_of(code: CodeType) -> bytes:
    """As above, found once. Nothing keeps the code alive; when it goes, so does what is known of it."""
    entry = known.get(id(code))
    if entry is None:
        entry = known[id(code)] = find_roles(code), weakref.ref(code, partial(forget, id(code)))
    return entry[0]


def forget(address: int, _reference: object) -> None:
    known.pop(address, None)
    forget_roles(address)


if cython.compiled:
    try_frames()  # type: ignore[name-defined]  # noqa: F821
else:
    BUILT_ON = vars(sys.modules[LockedDict.__module__])  # whose callers are looked for beyond our own frames
    address_of = id

    # Those that were met lately, as in C: a list answers threads that share it at once, a dict without a GIL only one
    # after the other if its keys are another thread's ints.
    NOTHING = 0, b""
    met: list[tuple[int, bytes]] = [NOTHING] * 1024

    def forget_roles(address: int) -> None:
        at = address // 16 % len(met)
        if met[at][0] == address:
            met[at] = NOTHING

    def frame_at(role: int, frame: FrameType | None) -> int:
        if frame is None:
            return 0
        code = frame.f_code
        address = id(code)
        at = address // 16 % len(met)
        whose, roles = met[at]
        if whose != address:
            roles = roles_of(code)
            met[at] = address, roles  # the code runs, so it cannot go meanwhile
        return id(frame) if roles[frame.f_lasti // 2] == role else 0

    def reading_frame() -> int:
        """The frame that called a counter's method, if it is reading for an augmented assignment; else 0."""
        return frame_at(READ, sys._getframe(1).f_back)

    def writing_frame() -> int:
        """The same for one that is writing."""
        return frame_at(WRITE, sys._getframe(1).f_back)

    twin(Tally)


# --- Sections that several methods share -----------------------------------------------------------------------


def added(c: Any, key: Any, n: Any) -> int:
    kept = None
    change(c)
    try:
        new: int = dict_get(c, key, 0) + n
        kept = dict_swap(c, key, new)
        return new
    finally:
        leave(c)


def add_all(c: Any, iterable: Any, named: dict[str, Any], negative: bool) -> None:
    kept: list[Any] = []
    counts = c if iterable is c else Counter(plain(iterable), **named)
    if not counts and not named:
        return
    acquire(c)
    try:
        if iterable is c:
            counts = Counter(c.snapshot(), **named)
        if negative:
            new = {key: dict_get(c, key, 0) - count for key, count in counts.items()}
        elif dict_len(c):
            new = {key: count + dict_get(c, key, 0) for key, count in counts.items()}
        else:
            new = dict(counts)
        store_all(c, new, kept)
    finally:
        release(c)


def become(c: C, other: Any, name: str) -> C:
    """What an operator makes of all counts takes their place."""
    kept: list[Any] = []
    theirs = other if other is c else Counter(plain(other)) if isinstance(other, Counter) else dict(other.items())
    acquire(c)
    try:
        ours = c.snapshot()
        new = dict(OPERATORS[name](Counter(ours), ours if other is c else theirs))
        gone = [key for key in ours if key not in new]
        kept.append(ours)
        store_all(c, new, kept)
        for key in gone:
            dict_pop(c, key, None)
    finally:
        release(c)
    return c


# --- Without locks ---------------------------------------------------------------------------------------------


def like(c: C, counts: dict[Any, Any]) -> C:
    """A twin of this one with other counts."""
    new: C = c._like()
    new._put_all(counts if type(counts) is dict else dict(counts))
    return new


def combined(c: LockedCounter[Any], other: object, name: str, swapped: bool = False) -> Any:
    """What Counter makes of both, each as of one moment."""
    if not isinstance(other, Counter):
        return NotImplemented
    theirs = plain(other)
    ours = c.snapshot()
    if other is c:
        theirs = ours
    by = OPERATORS[name]
    return by(theirs, ours) if swapped else by(ours, theirs)


def compared(c: LockedCounter[Any], other: object, name: str) -> bool:
    result: bool = combined(c, other, name)
    return result


def twinned(c: LockedCounter[Any], result: Any) -> LockedCounter[Any]:
    return result if result is NotImplemented else like(c, result)


def xor(ours: Counter[Any], theirs: Counter[Any]) -> Counter[Any]:
    """The symmetric difference, which Counter has only since CPython 3.15."""
    differences = {key: abs(ours[key] - theirs[key]) for key in dict.fromkeys([*ours, *theirs])}
    return Counter({key: n for key, n in differences.items() if n})


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {**vars(operator), "xor": xor, "ixor": xor}


@recursive_repr("...")
def repr_of(c: LockedCounter[Any]) -> str:
    return type(c).__name__ + repr(c.snapshot()).removeprefix("Counter")
