# ← _mutex.py            _dict.py →
"""The builtins' own operations on their storage, as plain names; compiled, the same names are C calls.

A room calls these between ``acquire`` and ``release``, and never a method of its own: those would lock again,
and a subclass may have changed them.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

dict_contains = dict.__contains__
dict_get = dict.get
dict_len = dict.__len__
dict_setdefault = dict.setdefault
dict_pop = dict.pop
dict_popitem = dict.popitem
dict_update = dict.update


def dict_keys(d: dict[Any, Any]) -> list[Any]:
    return list(dict.keys(d))


def dict_values(d: dict[Any, Any]) -> list[Any]:
    return list(dict.values(d))


def dict_items(d: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return list(dict.items(d))


def dict_pairs(d: dict[Any, Any]) -> list[Any]:
    """Keys and values in turn, read without running user code: :func:`dict_of_pairs` makes the dict, unlocked."""
    return [part for item in dict.items(d) for part in item]


def dict_of_pairs(pairs: list[Any]) -> dict[Any, Any]:
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def dict_clear(d: dict[Any, Any]) -> list[Any]:
    """Empty the dict. The result keeps what was in it alive until the caller has left its section."""
    kept = dict_pairs(d)
    dict.clear(d)
    return kept


def dict_swap(d: dict[Any, Any], key: Any, value: Any) -> Any:
    """``d[key] = value``; the result is the value that was there: the caller lets go of it outside its section."""
    old = dict.get(d, key)
    dict.__setitem__(d, key, value)
    return old


def dict_replaced(d: dict[Any, Any], new: dict[Any, Any]) -> list[Any]:
    """The values that an update with *new* displaces. Looking for them first lets a key's ``__eq__`` fail harmlessly."""
    return [dict.get(d, key) for key in new]


def caller(globals: dict[str, Any]) -> tuple[int, int]:
    """Frame and instruction of the Python code that called into the room whose globals these are."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals is globals:
        frame = frame.f_back
    return (0, 0) if frame is None else (id(frame), frame.f_lasti)
