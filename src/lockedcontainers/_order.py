# ← _counter.py            _sorted.py →
"""Order: the sorted values of a sorted container, and its mutex. All is in a section of the caller: nothing here locks.

Overview (for maintainers)
    Layout      as SortedList keeps values: in sublists of about ``_load`` values (``_lists``; with a key function their
                keys in ``_keys``), the greatest key of each sublist (``_maxes``), and a tree of their lengths
                (``_index``), built when a place is first asked for by number. SortedList's ``_check`` knows it. A
                LockedSortedList is an Order; a set and a dict have one, beside what they hash.
    Why anew    SortedList's methods change this layout in many steps of Python. A signal handler, a finalizer or Ctrl-C
                in between leaves it torn, and a thread that is switched off there is found holding the lock.
    One step    a change looks for its place first, which compares, and so runs code of users, which may use the same
                container. Then ``insert``, ``delete`` or ``refill`` makes it in one step that runs nobody's code. They
                refuse if the Order has changed since the look (``_changes``): it is looked for again. What can be
                prepared is, and plain assignments end the step: uncompiled, CPython looks for signals only at calls
                and at jumps back. The lock is one thread's, so only this thread's code can come in between.
    Iterators   hold sublists, and who writes to one that is held writes to a copy (``list_owned``). Where no count of
                references tells, on free-threaded builds, it is the iterators that get copies (``lists_held``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sized
from itertools import chain, compress
from typing import Any

try:
    import cython
except ImportError:
    from lockedcontainers import _cython as cython
if not cython.compiled:
    from lockedcontainers._builtins import list_bisect, list_owned, lists_held, pause_gc, resume_gc
    from lockedcontainers._mutex import enter as _enter
    from lockedcontainers._mutex import leave_at, twin
    from lockedcontainers._mutex import section as _section

#: SortedList's own.
LOAD = 1000
FEW = 8
#: The members where nothing is hashed, or a dict hashes it: always empty, for an empty set takes 200 bytes.
UNHASHED: set[Any] = set()


class Order:
    """Sorted values in the layout of SortedList, and the mutex of the container that they are in."""

    __slots__ = (
        "_changes",
        "_index",
        "_key",
        "_keys",
        "_len",
        "_lists",
        "_load",
        "_maxes",
        "_members",
        "_mutex",
        "_offset",
    )

    _changes: int
    _index: list[int]
    _key: Callable[[Any], Any] | None
    _keys: list[list[Any]] | None
    _len: int
    _lists: list[list[Any]]
    _load: int
    _maxes: list[Any]
    _members: set[Any]
    _offset: int

    def __cinit__(self) -> None:
        own_mutex(self)
        self._key = self._keys = None
        self._lists = []
        self._maxes = []
        self._index = []
        self._members = UNHASHED
        self._offset = self._len = self._changes = 0
        self._load = LOAD

    def __dealloc__(self) -> None:
        discard(self)


# --- Where a value is, or belongs --------------------------------------------------------------------------------


def key_of(order: Order, value: Any) -> Any:
    key = order._key
    return value if key is None else key(value)


def keys_of(key: Callable[[Any], Any] | None, values: list[Any]) -> list[Any] | None:
    return None if key is None else [key(value) for value in values]


def where(order: Order, key: Any, right: bool) -> tuple[int, int, int]:
    """Sublist and index at which *key* belongs, left or right of its equals; and how often the Order has changed."""
    pos = idx = 0
    while True:
        changes = order._changes
        try:
            keys = order._lists if order._keys is None else order._keys
            pos = list_bisect(order._maxes, key, right)
            if pos < len(keys):
                idx = list_bisect(keys[pos], key, right)
            elif pos:
                pos -= 1
                idx = len(keys[pos])
            else:
                idx = 0
        except IndexError:
            if changes == order._changes:
                raise
        if changes == order._changes:
            return pos, idx, changes


def find(order: Order, value: Any, key: Any) -> tuple[int, int, int]:
    """Sublist and index of the first *value*, and how often the Order has changed; -1: it is not there."""
    while True:
        pos, idx, changes = where(order, key, False)
        try:
            pos, idx = search(order, value, key, pos, idx)
        except IndexError:
            if changes == order._changes:
                raise
        if changes == order._changes:
            return pos, idx, changes


def search(order: Order, value: Any, key: Any, pos: int, idx: int) -> tuple[int, int]:
    """The first *value* from a place on, among those of equal keys; -1: there is none."""
    lists, keys = order._lists, order._keys
    while pos < len(lists):
        if idx == len(lists[pos]):
            pos += 1
            idx = 0
            continue
        if keys is not None and keys[pos][idx] != key:
            break
        if lists[pos][idx] == value:
            return pos, idx
        if keys is None:
            break
        idx += 1
    return -1, -1


def spot(order: Order, index: int) -> tuple[int, int, int]:
    """Sublist and index of what is at *index* of the whole, and how often the Order has changed."""
    pos = idx = 0
    while True:
        changes = order._changes
        try:
            pos, idx = descend(order, index)
        except IndexError:
            if changes == order._changes:
                raise
        if changes == order._changes:
            return pos, idx, changes


def descend(order: Order, index: int) -> tuple[int, int]:
    lists = order._lists
    length = order._len
    if index < 0:
        index += length
    if index < 0 or index >= length:
        raise IndexError("list index out of range")
    if index < len(lists[0]):
        return 0, index
    pos = len(lists) - 1
    first = length - len(lists[pos])
    if index >= first:
        return pos, index - first
    tree = built(order)
    offset = len(tree) - len(lists)
    pos = 0
    while pos < offset:
        pos = 2 * pos + 1
        below = tree[pos]
        if index >= below:
            index -= below
            pos += 1
    return pos - offset, index


def number(order: Order, pos: int, idx: int) -> int:
    """The index, in the whole, of what is at a place; any number if there is no such place any more."""
    if pos == 0:
        return idx
    tree = built(order)
    at = pos + len(tree) - len(order._lists)
    while 0 < at <= len(tree):
        if at % 2 == 0:
            idx += tree[at - 1]
        at = (at - 1) // 2
    return idx


def built(order: Order) -> list[int]:
    """The tree of the sublists' lengths: the leaves are the lengths, and each node the sum of the two below it."""
    while order._lists and not order._index:
        changes = order._changes
        lengths = [len(sub) for sub in order._lists]
        width = 1
        while width < len(lengths):
            width *= 2
        tree = [0] * (width - 1) + lengths
        for at in range(len(tree) - 1, 0, -1):
            tree[(at - 1) // 2] += tree[at]
        if changes == order._changes:
            order._offset = width - 1
            order._index = tree
    return order._index


def bumped(order: Order, pos: int, by: int) -> list[int]:
    """The tree when a sublist has become longer or shorter: here and now compiled, else to be built again."""
    tree = order._index
    if not tree or not cython.compiled:
        return []
    at = order._offset + pos
    while at > 0:
        tree[at] += by
        at = (at - 1) // 2
    tree[0] += by
    return tree


def flat(lists: list[list[Any]]) -> list[Any]:
    values: list[Any] = []
    for sub in lists:
        values += sub
    return values


def contents(order: Order) -> tuple[list[Any], list[Any] | None]:
    """All values and all keys."""
    while True:
        changes = order._changes
        values = flat(order._lists)
        keys = None if order._keys is None else flat(order._keys)
        if changes == order._changes:
            return values, keys


def cut(order: Order, piece: slice) -> list[Any]:
    """The values of a slice."""
    while True:
        changes = order._changes
        start, stop, step = piece.indices(order._len)
        if step == 1 and start < stop:
            first, idx, _ = spot(order, start)
            last, end, _ = spot(order, stop - 1)
            if first == last:
                values = order._lists[first][idx : end + 1]
            else:
                values = flat(order._lists[first:last])[idx:]
                values += order._lists[last][: end + 1]
        else:
            values = flat(order._lists)[piece]
        if changes == order._changes:
            return values


def walk(order: Order, first: int, idx: int, last: int, end: int, reverse: bool) -> Iterator[Any]:
    """Iterate from one place to before another. Nobody writes to the sublists that the iterator holds."""
    if first > last or (first == last and idx >= end):
        return iter(())
    lists = lists_held(order._lists[first : last + 1])
    head, tail, middle = lists[0], lists[-1], lists[1:-1]
    if len(lists) == 1:
        return map(head.__getitem__, reversed(range(idx, end)) if reverse else range(idx, end))
    if reverse:
        return chain(
            map(tail.__getitem__, reversed(range(end))),
            chain.from_iterable(map(reversed, reversed(middle))),
            map(head.__getitem__, reversed(range(idx, len(head)))),
        )
    return chain(
        map(head.__getitem__, range(idx, len(head))),
        chain.from_iterable(middle),
        map(tail.__getitem__, range(end)),
    )


# --- Steps, which run nobody's code. Those that say False, or None, have done nothing: look again ----------------


def insert(order: Order, pos: int, idx: int, changes: int, value: Any, key: Any) -> bool:  # noqa: PLR0915
    if changes != order._changes:
        return False
    was_on = pause_gc()
    sub = key_sub = None
    size = 0
    try:
        lists, keys, maxes, load = order._lists, order._keys, order._maxes, order._load
        if not lists:
            lists, keys, maxes = [[value]], None if keys is None else [[key]], [key]
            if changes != order._changes:
                return False
            order._lists = lists
            order._keys = keys
            order._maxes = maxes
        else:
            sub = key_sub = list_owned(lists, pos)
            if keys is not None:
                key_sub = list_owned(keys, pos)
            size = len(sub)
            sub.insert(idx, value)
            if keys is not None:
                key_sub.insert(idx, key)
            highest = key_sub[-1]
            if len(sub) <= 2 * load:
                tree = bumped(order, pos, 1)
                if changes != order._changes:
                    return False
                lists[pos] = sub
                if keys is not None:
                    keys[pos] = key_sub
                maxes[pos] = highest
                order._index = tree
            else:
                subs, key_subs = spread(sub, load), spread(key_sub, load)
                tops = [part[-1] for part in key_subs]
                lists = exchanged(lists, pos, pos + 1, subs)
                keys = None if keys is None else exchanged(keys, pos, pos + 1, key_subs)
                maxes = exchanged(maxes, pos, pos + 1, tops)
                tree = []
                if changes != order._changes:
                    return False
                order._lists = lists
                order._keys = keys
                order._maxes = maxes
                order._index = tree
        order._len += 1
        order._changes += 1
        return True  # noqa: TRY300  (what may fail is above)
    except BaseException:  # there is no memory: compiled, the sublists are those of the Order
        order._index.clear()
        if sub is not None and len(sub) > size:
            del sub[idx]
        if key_sub is not None and len(key_sub) > size:
            del key_sub[idx]
        raise
    finally:
        resume_gc(was_on)


def delete(order: Order, pos: int, idx: int, changes: int) -> bool:
    """The caller keeps the value alive."""
    if changes != order._changes:
        return False
    was_on = pause_gc()
    sub = key_sub = gone = key_gone = None
    size = 0
    try:
        lists, keys, maxes, load = order._lists, order._keys, order._maxes, order._load
        sub = key_sub = list_owned(lists, pos)
        if keys is not None:
            key_sub = list_owned(keys, pos)
        gone, key_gone = sub[idx : idx + 1], key_sub[idx : idx + 1]
        size = len(sub)
        del sub[idx : idx + 1]
        if keys is not None:
            del key_sub[idx : idx + 1]
        if 2 * len(sub) > load or (sub and len(lists) == 1):
            highest = key_sub[-1]
            tree = bumped(order, pos, -1)
            if changes != order._changes:
                return False
            lists[pos] = sub
            if keys is not None:
                keys[pos] = key_sub
            maxes[pos] = highest
            order._index = tree
        else:
            first = pos - 1 if pos else 0
            subs, key_subs = spread(beside(lists, pos, sub), load), spread(beside(keys or lists, pos, key_sub), load)
            tops = [part[-1] for part in key_subs]
            lists = exchanged(lists, first, first + 2, subs)
            keys = None if keys is None else exchanged(keys, first, first + 2, key_subs)
            maxes = exchanged(maxes, first, first + 2, tops)
            tree = []
            if changes != order._changes:
                return False
            order._lists = lists
            order._keys = keys
            order._maxes = maxes
            order._index = tree
        order._len -= 1
        order._changes += 1
        return True  # noqa: TRY300  (what may fail is above)
    except BaseException:  # as above
        order._index.clear()
        if sub is not None and gone is not None and len(sub) < size:
            sub[idx:idx] = gone
        if key_sub is not None and key_gone is not None and len(key_sub) < size:
            key_sub[idx:idx] = key_gone
        raise
    finally:
        resume_gc(was_on)


def exchanged(items: list[Any], first: int, last: int, new: list[Any]) -> list[Any]:
    """A list with some items in the place of others."""
    return items[:first] + new + items[last:]


def beside(lists: list[list[Any]], pos: int, sub: list[Any]) -> list[Any]:
    """What is left of a sublist, together with the one before it, or after it if it is the first."""
    if pos:
        return lists[pos - 1] + sub
    return sub + lists[1] if len(lists) > 1 else sub


def spread(values: list[Any], load: int) -> list[list[Any]]:
    """As a row of sublists, here none, one or two."""
    if not values:
        return []
    return [values] if len(values) <= 2 * load else [values[:load], values[load:]]


def refill(
    order: Order, changes: int, values: list[Any], keys: list[Any] | None, load: int, members: set[Any] | None
) -> tuple[Any, ...] | None:
    """Put other values, which are in order, in the place of all; the result keeps what was there alive."""
    length = len(values)
    lists = [values[at : at + load] for at in range(0, length, load)]
    key_lists = None if keys is None else [keys[at : at + load] for at in range(0, length, load)]
    maxes = [sub[-1] for sub in (lists if key_lists is None else key_lists)]
    tree: list[int] = []
    kept = (order._lists, order._keys, order._maxes, order._members)
    if members is None:
        members = order._members
    if changes != order._changes:
        return None
    order._lists = lists
    order._keys = key_lists
    order._maxes = maxes
    order._members = members
    order._index = tree
    order._len = length
    order._load = load
    order._changes += 1
    return kept


# --- Several steps ---------------------------------------------------------------------------------------------


def arrange(values: list[Any], keys: list[Any] | None) -> None:
    """Sort both by the keys; those that are equal stay as they are."""
    if keys is None:
        values.sort()
    else:
        places = sorted(range(len(keys)), key=keys.__getitem__)
        values[:] = permuted(values, places)
        keys[:] = permuted(keys, places)


def permuted(values: list[Any], places: list[int]) -> list[Any]:
    new: list[Any] = []
    for at in places:
        new.append(values[at])  # noqa: PERF401  (compiled, a comprehension does not know that at is a number)
    return new


def few(order: Order, values: Sized) -> bool:
    """Whether to add or take out so many one by one is less work than to lay all out anew."""
    return FEW * len(values) < order._len


def add_all(order: Order, values: list[Any], keys: list[Any] | None) -> Any:
    """Add all of them; the result keeps the layout that was there alive."""
    before = order._len
    if few(order, values):
        try:
            for at, value in enumerate(values):
                place(order, value, value if keys is None else keys[at])
        except BaseException:
            drop(order, values[: order._len - before])
            raise
        return None
    while True:
        changes = order._changes
        all_values, all_keys = contents(order)
        all_values += values
        if all_keys is not None and keys is not None:
            all_keys += keys
        arrange(all_values, all_keys)
        kept = refill(order, changes, all_values, all_keys, order._load, None)
        if kept is not None:
            return kept


def place(order: Order, value: Any, key: Any) -> None:
    while True:
        pos, idx, changes = where(order, key, True)
        if insert(order, pos, idx, changes, value, key):
            return


def drop(order: Order, values: list[Any]) -> None:
    """Take out these very objects, without comparing: that may be what has failed."""
    while values:
        changes = order._changes
        surplus = Counter(map(id, values))
        all_values, all_keys = contents(order)
        keep = [True] * len(all_values)
        for at in reversed(range(len(keep))):
            if surplus[id(all_values[at])] > 0:
                surplus[id(all_values[at])] -= 1
                keep[at] = False
        if all_keys is not None:
            all_keys = list(compress(all_keys, keep))
        if refill(order, changes, list(compress(all_values, keep)), all_keys, order._load, None) is not None:
            return


def cut_out(order: Order, changes: int, places: list[int], values: list[Any]) -> None:
    """Take out the values at these indices, which ascend, if nothing has changed since, else these very objects."""
    keys: list[Any] = []
    left = len(places)
    try:
        for at in reversed(range(len(places))):
            pos, idx, _ = spot(order, places[at])
            if order._keys is not None:
                keys += order._keys[pos][idx : idx + 1]
            if not delete(order, pos, idx, changes):
                drop(order, values[: at + 1])
                return
            changes += 1
            left = at
    except BaseException:
        if changes == order._changes:
            put_in(order, places[left:], values[left:], keys)
        raise


def put_in(order: Order, places: list[int], values: list[Any], keys: list[Any]) -> None:
    """Undo that they were taken out: the keys come the other way round."""
    all_values, all_keys = contents(order)
    for at, place in enumerate(places):
        all_values.insert(place, values[at])
        if all_keys is not None:
            all_keys.insert(place, keys[len(places) - 1 - at])
    refill(order, order._changes, all_values, all_keys, order._load, None)


def cut_slice(order: Order, piece: slice) -> Any:
    """Take out the values of a slice; the result is they, in order, and keeps alive what else was there."""
    while True:
        changes = order._changes
        places = range(*piece.indices(order._len))
        if not places:
            return [], None
        if places.step < 0:
            places = places[::-1]
        piece = slice(places.start, places.stop, places.step)
        if few(order, places):
            values = cut(order, piece)
            if changes == order._changes:
                cut_out(order, changes, list(places), values)
                return values, None
        else:
            all_values, all_keys = contents(order)
            if changes == order._changes:
                values = all_values[piece]
                del all_values[piece]
                if all_keys is not None:
                    del all_keys[piece]
                kept = refill(order, changes, all_values, all_keys, order._load, None)
                if kept is not None:
                    return values, kept


if not cython.compiled:

    def own_mutex(_order: Order) -> None:
        """It is born with one."""

    def share_mutex(order: Any, d: Any) -> None:
        order._mutex = d._mutex

    def enter(_order: Order, target: Any) -> None:
        _enter(target)

    def leave(order: Any) -> None:
        leave_at(order._mutex)

    def section(_order: Order, target: Any, timeout: float | None) -> Any:
        return _section(target, timeout)

    def discard(_order: Order) -> None:
        """Nothing is owed."""

    twin(Order)
