"""LockedDeque beside deque, deque under hand-written locks, a wrapper in pure Python, and another package's deque."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from _harness import Contestant, Operation, Room, main

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class _PureDeque:
    """What people write: a deque and an RLock, in Python."""

    def __init__(self, iterable: Iterable[Any] = (), maxlen: int | None = None) -> None:
        self._lock = threading.RLock()
        self._storage: deque[Any] = deque(iterable, maxlen)

    def append(self, value: Any) -> None:
        with self._lock:
            self._storage.append(value)

    def popleft(self) -> Any:
        with self._lock:
            return self._storage.popleft()

    def extend(self, values: Iterable[Any]) -> None:
        with self._lock:
            self._storage.extend(values)

    def clear(self) -> None:
        with self._lock:
            self._storage.clear()

    def rotate(self) -> None:
        with self._lock:
            self._storage.rotate()

    def __getitem__(self, index: int) -> Any:
        with self._lock:
            return self._storage[index]

    def __len__(self) -> int:
        with self._lock:
            return len(self._storage)

    def __iter__(self) -> Iterator[Any]:
        with self._lock:
            return iter(list(self._storage))

    def copy(self) -> deque[Any]:
        with self._lock:
            return self._storage.copy()


FILL = "c.extend([None] * 1000)"
TURN = Operation("append, popleft", "c.append($v)\nc.popleft()", FILL, count=2)
ITERATE = "for _item in c: pass"

main(
    Room(
        "deque",
        contestants=[
            Contestant("deque", "deque", "from collections import deque"),
            Contestant("Lock", "deque", "from collections import deque\nlock = threading.Lock()", section="with lock:"),
            Contestant(
                "RLock", "deque", "from collections import deque\nlock = threading.RLock()", section="with lock:"
            ),
            Contestant("pure", "PureDeque", names={"PureDeque": _PureDeque}),
            Contestant(
                "ft_utils",
                "ConcurrentDeque",
                "from ft_utils.concurrency import ConcurrentDeque",
                statements={"append, full": None, "rotate": None, "copy 1,000": None},
                requires="ft_utils.concurrency",
            ),
            Contestant("ours", "LockedDeque", "from lockedcontainers import LockedDeque"),
        ],
        operations=[
            Operation("append", "c.append($v)", each="c.clear()"),
            Operation("popleft", "c.popleft()", each="c.extend([None] * (loops * 10))"),
            TURN,
            Operation("append, full", "c.append($v)", "c = type(c)([None] * 100, 100)"),
            Operation("d[0]", "c[0]", FILL),
            Operation("len(d)", "len(c)", FILL),
            Operation("rotate", "c.rotate()", FILL),
            Operation("iterate 1,000", ITERATE, FILL, unroll=1),
            Operation("copy 1,000", "c.copy()", FILL, unroll=1),
        ],
        threaded=[TURN],
    )
)
