"""Checked by mypy --strict and pyright, never run: the types a user of the sorted three sees, without stubs."""

import copy
from collections.abc import Iterator, Sequence
from typing import assert_type

from lockedcontainers import (
    ABSENT,
    Absent,
    LockedDict,
    LockedSortedDict,
    LockedSortedKeyList,
    LockedSortedList,
    LockedSortedSet,
)

# --- The list: made from what makes one; with a key, another class.
xs = LockedSortedList([2, 1])
assert_type(xs, LockedSortedList[int])
empty: LockedSortedList[int] = LockedSortedList()
by_length = LockedSortedList(["b"], key=len)
assert_type(by_length, LockedSortedKeyList[str])
assert_type(LockedSortedKeyList(["b"], key=len), LockedSortedKeyList[str])


def takes_sequence(values: Sequence[int]) -> None: ...


takes_sequence(xs)
assert_type(xs[0], int)
assert_type(xs[1:], list[int])
assert_type(xs.pop(), int)
assert_type(xs.index(1), int)
assert_type(xs.count(1), int)
assert_type(xs.bisect(1), int)
assert_type(xs.bisect_left(1), int)
assert_type(1 in xs, bool)
assert_type(len(xs), int)
assert_type(list(xs), list[int])
assert_type(list(reversed(xs)), list[int])
assert_type(xs.irange(1, 2, (True, False)), Iterator[int])
assert_type(xs.islice(1, reverse=True), Iterator[int])
assert_type(by_length.irange_key(1), Iterator[str])
assert_type(by_length.bisect_key(1), int)
assert_type(xs == [1], bool)
assert_type(xs < [1], bool)
one = [1]
assert_type(xs + one, LockedSortedList[int])
assert_type(xs * 2, LockedSortedList[int])
assert_type(xs.copy(), LockedSortedList[int])
assert_type(copy.copy(xs), LockedSortedList[int])
xs.add(1)
xs.update([1, 2])
xs.discard(1)
xs.remove(1)
xs += [1]
xs *= 2
del xs[0]
del xs[:]
xs.add("one")  # type: ignore[arg-type]
assert_type(xs.pop_first_if(lambda n: n > 1), int | Absent)
assert_type(xs.snapshot(), list[int])
assert_type(xs.drain(), list[int])
with xs.locked(timeout=0.5) as same:
    assert_type(same, LockedSortedList[int])

# --- The set.
s = LockedSortedSet([2, 1])
assert_type(s, LockedSortedSet[int])
assert_type(LockedSortedSet("ab", key=str.lower), LockedSortedSet[str])
assert_type(s[0], int)
assert_type(s[:1], list[int])
assert_type(s | {"a"}, LockedSortedSet[int | str])
assert_type(s & {1}, LockedSortedSet[int])
assert_type(s - {1}, LockedSortedSet[int])
assert_type(s ^ {"a"}, LockedSortedSet[int | str])
assert_type({"a"} | s, set[str | int])
assert_type(s.union(["a"]), LockedSortedSet[int | str])
assert_type(s <= {1}, bool)
assert_type(s.add_if_absent(1), bool)
assert_type(s.discard_if_present(1), bool)
assert_type(s.pop_first_if(lambda n: n > 1), int | Absent)
assert_type(s.update([3]), LockedSortedSet[int])
assert_type(s.snapshot(), list[int])
assert_type(list(s.irange(1)), list[int])
s |= {1}
s -= {1}
with s.locked() as same_set:
    assert_type(same_set, LockedSortedSet[int])

# --- The dict.
d = LockedSortedDict({"a": 1})
assert_type(d, LockedSortedDict[str, int])
assert_type(LockedSortedDict(str.lower, {"a": 1}), LockedSortedDict[str, int])
assert_type(LockedSortedDict(a=1), LockedSortedDict[str, int])
empty_dict: LockedSortedDict[str, int] = LockedSortedDict()


def takes_dict(plain: dict[str, int], locked: LockedDict[str, int]) -> None: ...


takes_dict(d, d)
assert_type(d["a"], int)
assert_type(d.get("a"), int | None)
assert_type(d.pop("a"), int)
assert_type(d.pop("a", None), int | None)
assert_type(d.popitem(0), tuple[str, int])
assert_type(d.peekitem(), tuple[str, int])
assert_type(d.setdefault("a", 1), int)
assert_type(list(d), list[str])
assert_type(list(d.keys()), list[str])
assert_type(list(d.values()), list[int])
assert_type(list(d.items()), list[tuple[str, int]])
assert_type(d.keys()[0], str)
assert_type(d.keys()[:2], list[str])
assert_type(d.values()[0], int)
assert_type(d.items()[0], tuple[str, int])
assert_type(d.bisect("a"), int)
assert_type(d.irange("a", "b"), Iterator[str])
assert_type(d | {"b": 2}, LockedSortedDict[str, int])
assert_type(d.copy(), LockedSortedDict[str, int])
assert_type(d.compute_if_absent("a", lambda: 1), int)
assert_type(d.pop_first_if(lambda key, value: key < "b" and value > 1), tuple[str, int] | Absent)
assert_type(d.compare_and_set("a", ABSENT, 1), bool)
assert_type(d.snapshot(), dict[str, int])
assert_type(d.drain(), dict[str, int])
d["a"] = 1
del d["a"]
d.update({"b": 2}, c=3)
d.update(b="two")  # type: ignore[call-overload]


# --- A user's own class keeps its type.
class Jobs(LockedSortedKeyList[str]):
    def first(self) -> str:
        return self[0]


assert_type(Jobs(key=len).copy(), Jobs)
with Jobs(key=len).locked() as jobs:
    assert_type(jobs, Jobs)
