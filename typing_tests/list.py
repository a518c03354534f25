"""Checked by mypy --strict and pyright, never run: the types a user of LockedList sees."""

import copy
from typing import assert_type

from lockedcontainers import ABSENT, Absent, LockedList

# Made from what makes a list.
xs = LockedList([1])
assert_type(xs, LockedList[int])
assert_type(LockedList("ab"), LockedList[str])
empty: LockedList[int] = LockedList()


# Taken where a list is.
def takes_list(plain: list[int]) -> None: ...


takes_list(xs)

# What list returns; a part of a twin is a twin.
assert_type(xs[0], int)
assert_type(xs[1:], LockedList[int])
assert_type(xs.pop(), int)
assert_type(xs.index(1), int)
assert_type(xs.count(1), int)
assert_type(1 in xs, bool)
assert_type(len(xs), int)
assert_type(xs == [1], bool)
assert_type(xs < [1], bool)
assert_type(list(xs), list[int])
assert_type(list(reversed(xs)), list[int])
assert_type(sorted(xs), list[int])
assert_type([*xs], list[int])
ones, letters = [1], ["a"]
assert_type(xs + ones, LockedList[int])
assert_type(xs + letters, LockedList[int | str])
assert_type(xs * 2, LockedList[int])
assert_type(2 * xs, LockedList[int])
assert_type(xs.copy(), LockedList[int])
assert_type(copy.copy(xs), LockedList[int])

xs[0] = 1
xs[:] = [1]
xs[::2] = (1, 2)
del xs[0]
del xs[:]
xs.append(1)
xs.extend({1})
xs.insert(0, 1)
xs.remove(1)
xs.reverse()
xs.clear()
xs.sort()
xs.sort(key=str, reverse=True)
xs += [1]
xs *= 2

# The compound operations.
assert_type(xs.compare_and_set(0, 1, 2), bool)
assert_type(xs.compute(0, lambda n: n + 1), int | Absent)
assert_type(xs.compute(0, lambda _: ABSENT), int | Absent)
assert_type(xs.remove_if(lambda n: n > 1), int)
assert_type(xs.snapshot(), list[int])
assert_type(xs.drain(), list[int])
with xs.locked(timeout=0.5) as same:
    assert_type(same, LockedList[int])


# A user's own class keeps its type.
class Jobs(LockedList[str]):
    def first(self) -> str:
        return self[0]


assert_type(Jobs().copy(), Jobs)
assert_type(Jobs()[1:], Jobs)
with Jobs().locked() as jobs:
    assert_type(jobs, Jobs)
