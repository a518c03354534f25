"""Checked by mypy --strict and pyright, never run: the types a user of LockedCounter sees."""

import copy
from collections import Counter
from operator import add
from typing import assert_type

from lockedcontainers import Absent, LockedCounter, LockedDict

# Made from what makes a Counter.
c = LockedCounter("ab")
assert_type(c, LockedCounter[str])
assert_type(LockedCounter({"a": 1}), LockedCounter[str])
assert_type(LockedCounter(a=1), LockedCounter[str])
assert_type(LockedCounter([1, 2]), LockedCounter[int])
empty: LockedCounter[str] = LockedCounter()


# Taken where a Counter, a dict or a LockedDict is.
def takes_counter(plain: Counter[str]) -> None: ...
def takes_dict(plain: dict[str, int]) -> None: ...
def takes_locked_dict(locked: LockedDict[str, int]) -> None: ...


takes_counter(c)
takes_dict(c)
takes_locked_dict(c)

# What a Counter returns.
assert_type(c["a"], int)
assert_type(c.get("a"), int | None)
assert_type(c.pop("a"), int)
assert_type(c.most_common(), list[tuple[str, int]])
assert_type(c.most_common(3), list[tuple[str, int]])
assert_type(list(c.elements()), list[str])
assert_type(c.total(), int)
assert_type(list(c), list[str])
assert_type(list(c.items()), list[tuple[str, int]])
assert_type(c == Counter("ab"), bool)
assert_type(c <= Counter("ab"), bool)
c["a"] += 1
c["b"] -= 1
del c["a"]
c.update("ab")
c.update({"a": 1}, b=2)
c.subtract(["a"])
c += Counter("ab")
c -= c
c |= {"a": 1}
c &= Counter("a")

# What is computed from twins is a twin.
assert_type(c + Counter([1]), LockedCounter[str | int])
assert_type(c - c, LockedCounter[str])
assert_type(c & c, LockedCounter[str])
assert_type(c | Counter([1]), LockedCounter[str | int])
assert_type(c ^ c, LockedCounter[str])
assert_type(+c, LockedCounter[str])
assert_type(-c, LockedCounter[str])

# Copies are twins, snapshots are plain.
assert_type(c.copy(), LockedCounter[str])
assert_type(copy.copy(c), LockedCounter[str])
assert_type(c.snapshot(), Counter[str])
assert_type(c.drain(), Counter[str])

# What is particular to it.
assert_type(c.increment("a"), int)
assert_type(c.increment("a", 5), int)
assert_type(c.decrement("a"), int)
assert_type(c.merge("a", 1, add), int | Absent)
with c.locked(timeout=0.5) as same:
    assert_type(same, LockedCounter[str])


# A user's own class keeps its type.
class Hits(LockedCounter[str]):
    def hit(self, page: str) -> None:
        self[page] += 1


with Hits().locked() as hits:
    assert_type(hits, Hits)
assert_type(Hits().copy(), Hits)
