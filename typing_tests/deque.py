"""Checked by mypy --strict and pyright, never run: the types a user of LockedDeque sees."""

import copy
from collections import deque
from typing import assert_type

from lockedcontainers import LockedDeque

# Made from what makes a deque.
d = LockedDeque([1])
assert_type(d, LockedDeque[int])
assert_type(LockedDeque("ab", maxlen=2), LockedDeque[str])
assert_type(LockedDeque[int](maxlen=2), LockedDeque[int])
empty: LockedDeque[int] = LockedDeque()


# Taken where a deque is.
def takes_deque(plain: deque[int]) -> None: ...


takes_deque(d)

# What deque returns.
assert_type(d[0], int)
assert_type(d.pop(), int)
assert_type(d.popleft(), int)
assert_type(d.index(1), int)
assert_type(d.count(1), int)
assert_type(d.maxlen, int | None)
assert_type(len(d), int)
assert_type(1 in d, bool)
assert_type(list(d), list[int])
assert_type(list(reversed(d)), list[int])
assert_type(d == deque([1]), bool)
assert_type(d < deque([1]), bool)
d.append(1)
d.appendleft(1)
d.extend([1])
d.extendleft(range(3))
d.insert(0, 1)
d.remove(1)
d.rotate()
d.reverse()
d.clear()
d += [1]
d *= 2
d[0] = 1
del d[0]

# Copies are twins, snapshots are plain.
assert_type(d.copy(), LockedDeque[int])
assert_type(copy.copy(d), LockedDeque[int])
assert_type(d + d, LockedDeque[int])
assert_type(d * 2, LockedDeque[int])
assert_type(2 * d, LockedDeque[int])
assert_type(d.snapshot(), deque[int])
assert_type(d.drain(), deque[int])

# Locking.
with d.locked() as same:
    assert_type(same, LockedDeque[int])
with d.locked(timeout=0.5) as same:
    assert_type(same.popleft(), int)


# A user's own class keeps its type.
class History(LockedDeque[str]):
    def last(self) -> str:
        return self[-1]


with History(maxlen=10).locked() as history:
    assert_type(history, History)
assert_type(History().copy(), History)
