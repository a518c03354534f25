"""Three threads, one operation each: what pairs cannot show, such as two that see what a third did in two orders."""

from __future__ import annotations

import itertools
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lockedcontainers import (
    LockedCounter,
    LockedDeque,
    LockedDict,
    LockedList,
    LockedSet,
    LockedSortedDict,
    LockedSortedList,
    LockedSortedSet,
    is_compiled,
)
from lockedcontainers.testing import COUNTER, DEQUE, DICT, LIST, SET, Call, calls, explore

if is_compiled:
    pytest.skip("only Python code can be explored", allow_module_level=True)


def explored_as(room: str) -> Any:
    """The model that the pairs of a sorted container are judged by."""
    return runpy.run_path(str(Path(__file__).parent.parent / "test_sorted.py"))["EXPLORED"][room][1]


def add(c: Any) -> None:
    c["a"] += 1


def items(d: Any) -> list[Any]:
    return list(d.items())


#: How to make one, its model, what is in it, and calls: of several steps, of a change, of a removal, and of reads.
ROOMS: dict[str, tuple[Any, Any, Call, tuple[Call, ...]]] = {
    "dict": (
        LockedDict,
        DICT,
        Call("update", {"a": 1, "b": 2}),
        (
            Call("update", {"a": 10, "new": 11}),
            Call("setdefault", "new", 4),
            Call("compare_and_set", "a", 1, 12),
            Call("pop", "a"),
            Call("drain"),
            Call(items),
            Call("get", "a"),
        ),
    ),
    "list": (
        LockedList,
        LIST,
        Call("extend", [2, 1]),
        (
            Call("sort"),
            Call("compare_and_set", 0, 2, 12),
            Call("pop", 0),
            Call("drain"),
            Call("extend", [5, 6]),
            Call(list),
            Call("__getitem__", 0),
        ),
    ),
    "set": (
        LockedSet,
        SET,
        Call("update", [1, 2]),
        (
            Call("symmetric_difference_update", {2, 3}),
            Call("add_if_absent", 3),
            Call("discard_if_present", 2),
            Call("drain"),
            Call("snapshot"),
            Call("__contains__", 3),
        ),
    ),
    "deque": (
        LockedDeque,
        DEQUE,
        Call("extend", [2, 1]),
        (Call("rotate"), Call("popleft"), Call("extend", [6, 7]), Call("__imul__", 2), Call("drain"), Call(list)),
    ),
    "sorted list": (
        LockedSortedList,
        explored_as("list"),
        Call("update", [2, 1]),
        (Call("add", 0), Call("discard", 2), Call("update", [0, 3]), Call("pop", 0), Call(list)),
    ),
    "sorted set": (
        LockedSortedSet,
        explored_as("set"),
        Call("update", [2, 1]),
        (Call("add_if_absent", 0), Call("discard_if_present", 2), Call("update", [0, 3]), Call("drain"), Call(list)),
    ),
    "sorted dict": (
        LockedSortedDict,
        explored_as("dict"),
        Call("update", {1: 1, 2: 2}),
        (
            Call("setdefault", 0, 4),
            Call("compare_and_set", 2, 2, 5),
            Call("popitem", 0),
            Call("update", {0: 6, 2: 7}),
            Call(items),
        ),
    ),
    "counter": (
        LockedCounter,
        COUNTER,
        Call("update", "aab"),
        (
            Call(add),
            Call("increment", "a"),
            Call("update", "ab"),
            Call("__isub__", Counter("ab")),
            Call("drain"),
            Call(items),
        ),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_triples_are_linearizable(room: str) -> None:
    make, specification, before, chosen = ROOMS[room]
    schedules = 0
    for triple in itertools.combinations(chosen, 3):
        program = calls(make, specification, [[call] for call in triple], before=[before], early_timeouts=0)
        result = explore(program, max_preemptions=2)
        schedules += result.schedules
        result.require()
    print(room, schedules)
