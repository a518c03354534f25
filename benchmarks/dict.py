"""LockedDict beside dict, dict under hand-written locks, a wrapper in pure Python, and other packages' dicts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from _harness import Contestant, Operation, Room, main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _PureDict:
    """What people write: a dict and an RLock, in Python."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._storage: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        with self._lock:
            return self._storage[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        with self._lock:
            self._storage[key] = value

    def __contains__(self, key: Any) -> bool:
        with self._lock:
            return key in self._storage

    def __iter__(self) -> Iterator[Any]:
        with self._lock:
            return iter(list(self._storage))

    def get(self, key: Any, default: Any = None) -> Any:
        with self._lock:
            return self._storage.get(key, default)

    def pop(self, key: Any) -> Any:
        with self._lock:
            return self._storage.pop(key)

    def setdefault(self, key: Any, default: Any) -> Any:
        with self._lock:
            return self._storage.setdefault(key, default)

    def compute_if_absent(self, key: Any, factory: Callable[[], Any]) -> Any:
        with self._lock:
            if key not in self._storage:
                self._storage[key] = factory()
            return self._storage[key]

    def merge(self, key: Any, value: Any, function: Callable[[Any, Any], Any]) -> Any:
        with self._lock:
            if key in self._storage:
                value = function(self._storage[key], value)
            self._storage[key] = value
            return value

    def copy(self) -> dict[Any, Any]:
        with self._lock:
            return self._storage.copy()

    def locked(self) -> threading.RLock:
        return self._lock


FILL = "for i in range(1000): c[sys.intern(f'k{i}')] = 1"
FILL_FEW = FILL.replace("1000", "100")  # a pop and a store use up space, so they resize the table again and again
KEYS = ", ".join(f"k{i}" for i in range(10))
NUMBERS = "chunks = [tuple(range(i, i + 10)) for i in range(1000, 2000, 10)]"

GET = Operation("d[k]", "c[$k]", FILL)
METHOD = Operation("d.get(k)", "c.get($k)", FILL)
SET = Operation("d[k] = v", "c[$k] = $v", FILL)
MIXED = Operation("9 d[k], 1 d[k] = v", "c[$k]\n" * 9 + "c[$k] = $v", FILL, count=10)

OURS = {
    "compute_if_absent, hit": "c.compute_if_absent($k, int)",
    "merge": "c.merge($k, $v, add)",
    "locked()": "with c.locked(): pass",
}

main(
    Room(
        "dict",
        contestants=[
            Contestant("dict", "dict", statements={"locked()": None}),
            Contestant("Lock", "dict", "lock = threading.Lock()", section="with lock:"),
            Contestant("RLock", "dict", "lock = threading.RLock()", section="with lock:"),
            Contestant(
                "pure",
                "PureDict",
                statements=OURS,
                names={"PureDict": _PureDict},
            ),
            Contestant(
                "cereggii",
                "AtomicDict",
                "from cereggii import AtomicDict",
                statements={
                    "k in d": None,
                    "pop, set": "del c[$k]\nc[$k] = $v",
                    "setdefault": None,
                    "compute_if_absent, hit": None,
                    "merge": "c.reduce_sum((($k, $v),))",
                    "iterate 1,000": "for _key in c.fast_iter(): pass",
                    "copy 1,000": None,
                    "locked()": None,
                },
                requires="cereggii",
            ),
            Contestant(
                "ft_utils",
                "ConcurrentDict",
                "from ft_utils.concurrency import ConcurrentDict",
                statements={
                    "compute_if_absent, hit": None,
                    "merge": None,
                    "copy 1,000": "c.as_dict()",
                    "locked()": None,
                },
                requires="ft_utils.concurrency",
            ),
            Contestant(
                "ours",
                "LockedDict",
                "from lockedcontainers import LockedDict",
                statements=OURS,
            ),
        ],
        operations=[
            GET,
            METHOD,
            Operation("k in d", "$k in c", FILL),
            SET,
            Operation(
                "insert", "c[$k] = $v", NUMBERS, each="c = make()", loop=f"for {KEYS} in chunks:", loops=100, keys=10
            ),
            Operation("pop, set", "c.pop($k)\nc[$k] = $v", FILL_FEW),
            Operation("setdefault", "c.setdefault($k, $v)", FILL),
            Operation("compute_if_absent, hit", "c[$k] if $k in c else c.setdefault($k, int())", FILL),
            Operation("merge", "c[$k] = c.get($k, 0) + $v", FILL),
            Operation("iterate 1,000", "for _key in c: pass", FILL, unroll=1),
            Operation("copy 1,000", "c.copy()", FILL, unroll=1),
            Operation("locked()", "pass", FILL),
        ],
        threaded=[GET, METHOD, SET, MIXED],
    )
)
