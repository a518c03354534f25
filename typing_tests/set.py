"""Checked by mypy --strict and pyright, never run: the types a user of LockedSet sees."""

import copy
from typing import assert_type

from lockedcontainers import LockedSet

# Made from what makes a set.
s = LockedSet([1])
assert_type(s, LockedSet[int])
assert_type(LockedSet("ab"), LockedSet[str])
empty: LockedSet[int] = LockedSet()


# Taken where a set is.
def takes_set(plain: set[int]) -> None: ...


takes_set(s)

# What set returns; what is made of a twin is a twin.
assert_type(1 in s, bool)
assert_type(len(s), int)
assert_type(s == {1}, bool)
assert_type(s <= {1}, bool)
assert_type(s > {1: 2}.keys(), bool)
assert_type(s.pop(), int)
assert_type(s.isdisjoint("ab"), bool)
assert_type(list(s), list[int])
assert_type(sorted(s), list[int])
assert_type({*s}, set[int])
assert_type(s.copy(), LockedSet[int])
assert_type(copy.copy(s), LockedSet[int])
assert_type(s | {"a"}, LockedSet[int | str])
assert_type(s | {"a": 1}.keys(), LockedSet[int | str])
assert_type(s.union(["a"], ["b"]), LockedSet[int | str])
assert_type(s & {1}, LockedSet[int])
assert_type(s.intersection(["a"]), LockedSet[int])
assert_type(s - {1}, LockedSet[int])
assert_type(s.difference(["a"]), LockedSet[int])
assert_type(s ^ {"a"}, LockedSet[int | str])
assert_type(s.symmetric_difference(["a"]), LockedSet[int | str])
s.add(1)
s.discard("a")
s.remove(1)
s.update([1], {2})
s.intersection_update(["a"])
s.difference_update(["a"])
s.symmetric_difference_update([1])
s.clear()
s |= {1}
s &= {1}
s -= {1}
s ^= {1}

# The compound operations.
assert_type(s.add_if_absent(1), bool)
assert_type(s.discard_if_present(1), bool)
assert_type(s.snapshot(), frozenset[int])
assert_type(s.drain(), set[int])
with s.locked(timeout=0.5) as same:
    assert_type(same, LockedSet[int])


# A user's own class keeps its type.
class Names(LockedSet[str]):
    def first(self) -> str:
        return min(self)


assert_type(Names().copy(), Names)
assert_type(Names() & {"a"}, Names)
with Names().locked() as names:
    assert_type(names, Names)
