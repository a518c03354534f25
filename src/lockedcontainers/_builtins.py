# ← _locking.py            _dict.py →
"""The builtins' own operations on their storage, as plain names; compiled, the same names are C calls.

A room calls these between ``acquire`` and ``release``, and never a method of its own: those would lock again,
and a subclass may have changed them.
"""

from __future__ import annotations

import operator
import sys
from bisect import bisect_left, bisect_right
from collections import deque
from types import FrameType
from typing import Any, SupportsIndex, TypeGuard, TypeVar

C = TypeVar("C")
Dict = dict[Any, Any]
List = list[Any]
Set = set[Any]
Deque = deque[Any]

dict_contains = Dict.__contains__
dict_get = Dict.get
dict_len = Dict.__len__
dict_set = Dict.__setitem__
dict_setdefault = Dict.setdefault
dict_pop = Dict.pop
dict_popitem = Dict.popitem
dict_update = Dict.update

_view_of_keys = Dict.keys
_view_of_values = Dict.values
_view_of_items = Dict.items
_clear = Dict.clear


def dict_keys(d: Dict) -> list[Any]:
    return list(_view_of_keys(d))


def dict_values(d: Dict) -> list[Any]:
    return list(_view_of_values(d))


def dict_items(d: Dict) -> list[tuple[Any, Any]]:
    return list(_view_of_items(d))


def dict_pairs(d: Dict) -> list[Any]:
    """Keys and values in turn, read without running user code: :func:`dict_of_pairs` makes the dict, unlocked."""
    return [part for item in _view_of_items(d) for part in item]


def dict_copy(d: dict[Any, Any]) -> dict[Any, Any] | list[Any]:
    """A plain copy; or the pairs, if to make a dict of them runs code of users, which must wait for the lock."""
    return dict_pairs(d)


def dict_of_pairs(pairs: list[Any]) -> Dict:
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def dict_clear(d: Dict) -> list[Any]:
    """Empty the dict. The result keeps what was in it alive until the caller has left its section."""
    kept = dict_pairs(d)
    _clear(d)
    return kept


def dict_swap(d: Dict, key: Any, value: Any) -> Any:
    """``d[key] = value``; the result is the value that was there: the caller lets go of it outside its section."""
    old = dict_setdefault(d, key, value)  # first: a new key is then hashed once
    if old is not value:
        dict_set(d, key, value)
    return old


def dict_replaced(d: Dict, new: Dict) -> list[Any]:
    """Keys of *new* that are in *d* and their values there, in turn: a key's ``__eq__`` that fails does so in time."""
    pairs: list[Any] = []
    for key in new if dict_len(d) else ():
        old = dict_get(d, key, pairs)
        if old is not pairs:
            pairs += (key, old)
    return pairs


def _outside(room: dict[str, Any]) -> FrameType | None:
    """The Python code that called into the room whose globals these are, or into one that is built on it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and (frame.f_globals is room or frame.f_globals.get("BUILT_ON") is room):
        frame = frame.f_back
    return frame


def caller(room: dict[str, Any]) -> tuple[int, int]:
    """Frame and instruction of the Python code that called into the room whose globals these are."""
    frame = _outside(room)
    return (0, 0) if frame is None else (id(frame), frame.f_lasti)


def standing(room: dict[str, Any], place: tuple[int, int]) -> int:
    """Where *place*, which :func:`caller` gave, is now: 0 the caller is there, 1 further up, -1 gone on."""
    frame = _outside(room)
    above = 0
    while frame is not None:
        if id(frame) == place[0]:
            return above if frame.f_lasti == place[1] else -1
        frame = frame.f_back
        above = 1
    return -1


def like(container: C) -> C:
    """An empty container of the same class."""
    return type(container).__new__(type(container))


# --- list --------------------------------------------------------------------------------------------------------

list_append = List.append
list_assign = List.__setitem__
list_clear = List.clear
list_delete = List.__delitem__
list_extend = List.extend
list_insert = List.insert
list_item = List.__getitem__
list_len = List.__len__
list_pop = List.pop
list_repeat = List.__imul__
list_reverse = List.reverse
_list_find = List.index
_list_iter = List.__iter__
index_of = count_of = bound_of = operator.index


def is_index(key: object) -> TypeGuard[SupportsIndex]:
    return hasattr(type(key), "__index__")


def plain_slice(key: Any) -> slice:
    """A slice whose parts are ints: to use it runs no code of the user."""
    given: Any = key
    if not isinstance(key, slice):
        raise TypeError(f"list indices must be integers or slices, not {type(key).__name__}")
    return slice(*(part if part is None else operator.index(part) for part in (given.start, given.stop, given.step)))


def list_get(xs: List, index: int, absent: Any) -> Any:
    try:
        return list_item(xs, index)
    except IndexError:
        return absent


def list_look(_xs: List, _value: Any, _start: int, _stop: int) -> int:
    """The first index in the range at which *value* is; -1: it is not there; -2: finding out would run users' code."""
    return -2


def list_swap(xs: List, index: int, value: Any) -> Any:
    """``xs[index] = value``; the result is the element that was there: let go of it outside the section."""
    old = list_item(xs, index)
    list_assign(xs, index, value)
    return old


def list_remove(xs: List, value: Any) -> Any:
    """``xs.remove(value)``; the result is the element that was removed."""
    return list_pop(xs, _list_find(xs, value))


def list_slice(xs: List, part: slice | None) -> list[Any]:
    return list_item(xs, slice(None) if part is None else part)


def list_replace(xs: List, items: list[Any]) -> None:
    list_assign(xs, slice(None), items)


def list_holds(xs: List, items: list[Any]) -> bool:
    """Whether these very objects are what the list holds."""
    return list_len(xs) == len(items) and all(map(operator.is_, _list_iter(xs), items))


# --- set ---------------------------------------------------------------------------------------------------------

frozenset_of = frozenset
set_clear = Set.clear
set_contains = Set.__contains__
set_difference_update = Set.__isub__
set_ge = Set.__ge__
set_gt = Set.__gt__
set_intersection_update = Set.__iand__
set_len = Set.__len__
set_of = Set.copy
set_pop = Set.pop
set_symmetric_difference_update = Set.__ixor__
set_update = Set.__ior__
_set_add = Set.add
_set_discard = Set.discard
_set_iter = Set.__iter__


def set_add(s: Set, value: Any) -> bool:
    """Whether it was added."""
    before = set_len(s)
    _set_add(s, value)
    return set_len(s) > before


def set_take(s: Set, value: Any) -> Any:
    """Discard an element. What keeps it alive, for which Python has no quick way, or Ellipsis if there was none."""
    before = set_len(s)
    _set_discard(s, value)
    return None if set_len(s) < before else ...


def set_items(s: Set) -> list[Any]:
    return list(_set_iter(s))


def _plain(s: Any) -> Any:
    return set if isinstance(s, set) else frozenset


def set_and(s: Any, other: Any) -> Any:
    return _plain(s).__and__(s, other)


def set_subtract(s: Any, other: Any) -> Any:
    return _plain(s).__sub__(s, other)


def set_all_alike(s: Set, _values: set[Any]) -> list[Any]:
    """What keeps alive the elements that are equal to any of these, for which Python has no quick way."""
    return set_items(s)


def set_or(s: Any, other: Any) -> Any:
    return _plain(s).__or__(s, other)


def set_xor(s: Any, other: Any) -> Any:
    return _plain(s).__xor__(s, other)


def caller_is_at(room: dict[str, Any], instruction: int) -> bool:
    """Whether the Python code that called into the room is at this instruction, with argument 0."""
    frame = _outside(room)
    if frame is None:
        return False
    at = frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 2]
    return at == bytes((instruction, 0))


# --- deque -------------------------------------------------------------------------------------------------------

deque_clear = Deque.clear
deque_delete = Deque.__delitem__
deque_extend = Deque.extend
deque_extendleft = Deque.extendleft
deque_init = Deque.__init__
deque_insert = Deque.insert
deque_item = Deque.__getitem__
deque_len = Deque.__len__
deque_maxlen = vars(Deque)["maxlen"].__get__
deque_pop = Deque.pop
deque_popleft = Deque.popleft
deque_remove = Deque.remove
deque_reverse = Deque.reverse
deque_rotate = Deque.rotate
_deque_append = Deque.append
_deque_appendleft = Deque.appendleft
_deque_assign = Deque.__setitem__
_deque_iter = Deque.__iter__


def deque_swap(d: Deque, index: int, value: Any) -> Any:
    """``d[index] = value``; the result is the item that was there: let go of it outside the section."""
    old = deque_item(d, index)
    _deque_assign(d, index, value)
    return old


def deque_append(d: Deque, value: Any, bound: int | None) -> Any:
    """``d.append(value)``; the result is the item that was displaced, or None. *bound*: the maxlen plus one, or 0."""
    size = deque_len(d)
    displaced = deque_item(d, 0) if bound and size and size + 1 >= bound else None
    _deque_append(d, value)
    return displaced


def deque_appendleft(d: Deque, value: Any, bound: int | None) -> Any:
    """As above, on the left."""
    size = deque_len(d)
    displaced = deque_item(d, -1) if bound and size and size + 1 >= bound else None
    _deque_appendleft(d, value)
    return displaced


def deque_items(d: Deque) -> list[Any]:
    while True:
        try:
            return list(_deque_iter(d))
        except RuntimeError:  # code that ran between two lines has changed it: a finalizer, a signal handler
            continue


# --- sorted ------------------------------------------------------------------------------------------------------


def list_bisect(xs: List, key: Any, right: bool) -> int:
    """Where *key* belongs in the sorted list. The comparisons may change it: then the caller looks again."""
    size = len(xs)
    try:
        return bisect_right(xs, key) if right else bisect_left(xs, key)
    except IndexError:
        if len(xs) == size:
            raise
        return 0


def list_owned(lists: list[list[Any]], at: int) -> list[Any]:
    """A sublist to write to, which no iterator holds: here a copy, for Python does not tell."""
    found = lists[at : at + 1]
    return found[0][:] if found else []


def lists_held(lists: list[list[Any]]) -> list[list[Any]]:
    """The sublists for an iterator, which nobody changes from now on."""
    return lists


def set_recounted(_s: set[Any]) -> bool:
    """Whether the set had lost count, and has it again: in Python there is nothing to be done (see limits.md)."""
    return False


def dict_pairs_of(_d: Dict, _keys: list[Any]) -> list[Any] | None:
    """These keys and their values in turn; None if that may run code of users, or a key is not there."""
    return None


def pause_gc() -> bool:
    """Until it is resumed no finalizer runs; here one may."""
    return False


def resume_gc(was_on: bool) -> None:
    pass
