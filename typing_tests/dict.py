"""Checked by mypy --strict and pyright, never run: the types a user of LockedDict and its kin sees."""

import copy
from collections.abc import Callable
from typing import Any, Literal, assert_type

import lockedcontainers
from lockedcontainers import ABSENT, Absent, DeadlockError, LockedDefaultDict, LockedDict, LockTimeout, Mutex, locked

# Made from what makes a dict.
d = LockedDict({"a": 1})
assert_type(d, LockedDict[str, int])
pairs: list[tuple[str, int]] = [("a", 1)]
assert_type(LockedDict(pairs), LockedDict[str, int])
assert_type(LockedDict(pairs, b=2), LockedDict[str, int])
assert_type(LockedDict(a=1), LockedDict[str, int])
assert_type(LockedDict(d), LockedDict[str, int])
assert_type(LockedDict.fromkeys(["a"], 1), LockedDict[str, int])
assert_type(LockedDict.fromkeys(["a"]), LockedDict[str, Any | None])
empty: LockedDict[str, int] = LockedDict()
wider: LockedDict[str, float] = LockedDict(a=1)
LockedDict[str, str]({"a": 1})  # type: ignore[dict-item]


# Taken where a dict is.
def takes_dict(plain: dict[str, int]) -> None: ...


takes_dict(d)
takes_dict(LockedDefaultDict(int, a=1))

# What dict returns.
assert_type(d["a"], int)
assert_type(d.get("a"), int | None)
assert_type(d.get("a", 0), int)
assert_type(d.get("a", "none"), int | str)
assert_type(d.pop("a"), int)
assert_type(d.pop("a", None), int | None)
assert_type(d.popitem(), tuple[str, int])
assert_type(d.setdefault("a", 1), int)
assert_type(list(d), list[str])
assert_type(list(reversed(d)), list[str])
assert_type(list(d.keys()), list[str])
assert_type(list(d.values()), list[int])
assert_type(list(d.items()), list[tuple[str, int]])
assert_type("a" in d, bool)
assert_type(len(d), int)
assert_type({**d}, dict[str, int])
d.update({"b": 2}, c=3)
d |= {"b": 2}
d |= pairs
d.update(b="two")  # type: ignore[call-overload]

# Views do set algebra.
assert_type(d.keys() & ["a"], set[str])
assert_type(d.keys() | [1], set[str | int])
assert_type(d.items() - d.items(), set[tuple[str, int]])
assert_type(d.keys().isdisjoint("a"), bool)
assert_type(list(reversed(d.values())), list[int])

# Copies are twins, snapshots are plain.
assert_type(d.copy(), LockedDict[str, int])
assert_type(copy.copy(d), LockedDict[str, int])
assert_type(d | {"b": 2}, LockedDict[str, int])
assert_type(d | {1: "b"}, LockedDict[str | int, int | str])
wider = wider | {"b": 2}
assert_type(d.snapshot(), dict[str, int])
assert_type(d.drain(), dict[str, int])

# The compound operations.
assert_type(d.compute_if_absent("a", lambda: 1), int)
assert_type(d.compute_if_present("a", lambda value: value + 1), int | Absent)
assert_type(d.merge("a", 1, lambda old, new: old + new), int | Absent)
assert_type(d.replace("a", 1), bool)
assert_type(d.compare_and_set("a", 1, 2), bool)
assert_type(d.compare_and_set("a", ABSENT, 2), bool)
assert_type(d.compare_and_delete("a", 1), bool)


def count(value: int | Absent) -> int | Absent:
    """ABSENT is told apart by identity, and the checker follows."""
    if value is ABSENT:
        assert_type(value, Literal[Absent.ABSENT])
        return 1
    assert_type(value, int)
    return value - 1 or ABSENT


assert_type(d.compute("a", count), int | Absent)

# A missing value is made by the factory.
groups = LockedDefaultDict[str, list[int]](list)
assert_type(groups["a"], list[int])
assert_type(LockedDefaultDict(int, pairs), LockedDefaultDict[str, int])
assert_type(LockedDefaultDict(int, a=1), LockedDefaultDict[str, int])
assert_type(LockedDefaultDict(None, d), LockedDefaultDict[str, int])
assert_type(groups.default_factory, Callable[[], list[int]] | None)
assert_type(groups | {"a": [1]}, LockedDefaultDict[str, list[int]])
assert_type(groups.copy(), LockedDefaultDict[str, list[int]])
assert_type(groups.snapshot(), dict[str, list[int]])

# Locking.
with d.locked() as same:
    assert_type(same, LockedDict[str, int])
with groups.locked(timeout=0.5) as same_groups:
    assert_type(same_groups, LockedDefaultDict[str, list[int]])
with locked(d, groups, timeout=0.5) as (first, second):
    assert_type(first, LockedDict[str, int])
    assert_type(second, LockedDefaultDict[str, list[int]])

mutex = Mutex("name")
assert_type(mutex.acquire(), bool)
assert_type(mutex.acquire(blocking=False), bool)
assert_type(mutex.acquire(timeout=0.5), bool)
assert_type(mutex.locked(), bool)
assert_type(mutex.name, str | None)
mutex.name = "another"  # type: ignore[misc]
with mutex:
    mutex.release()
assert_type(mutex.statistics().waited, float)

assert_type(lockedcontainers.is_compiled, bool)
assert_type(lockedcontainers.__version__, str)
unknown = lockedcontainers.LockedDcit  # type: ignore[attr-defined]

assert issubclass(LockTimeout, TimeoutError)
assert issubclass(DeadlockError, RuntimeError)


# A user's own class keeps its type.
class Registry(LockedDict[str, Any]):
    def register(self, name: str) -> None:
        self[name] = object()


assert_type(Registry().compute_if_absent("a", object), Any)
with Registry().locked() as registry:
    assert_type(registry, Registry)
