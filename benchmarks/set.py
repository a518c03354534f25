"""LockedSet beside set, set under hand-written locks, and another package's set."""

from __future__ import annotations

from _harness import Contestant, Operation, Room, main

FILL = "c.update(sys.intern(f'k{i}') for i in range(1000))"
FILL_FEW = FILL.replace("1000", "100")  # a discard and an add use up space, so they resize the table again and again
KEYS = ", ".join(f"k{i}" for i in range(10))
NUMBERS = "chunks = [tuple(range(i, i + 10)) for i in range(1000, 2000, 10)]"
OTHER = f"{FILL}; other = {{sys.intern(f'k{{i}}') for i in range(500, 1500)}}"

IN = Operation("k in s", "$k in c", FILL)
ADD = Operation("add, present", "c.add($k)", FILL)
BOTH = Operation("discard, add", "c.discard($k)\nc.add($k)", FILL_FEW)
MIXED = Operation("9 k in s, 1 add", "$k in c\n" * 9 + "c.add($k)", FILL, count=10)

main(
    Room(
        "set",
        contestants=[
            Contestant("set", "set", statements={"locked()": None}),
            Contestant("Lock", "set", "lock = threading.Lock()", section="with lock:"),
            Contestant("RLock", "set", "lock = threading.RLock()", section="with lock:"),
            Contestant(
                "thread_factory",
                "ConcurrentSet",
                "from thread_factory import ConcurrentSet",
                statements={
                    "pop, add": None,
                    "add_if_absent": None,
                    "copy 1,000": "c.to_set()",
                    "locked()": None,
                },
                requires="thread_factory",
            ),
            Contestant(
                "ours",
                "LockedSet",
                "from lockedcontainers import LockedSet",
                statements={"add_if_absent": "c.add_if_absent($k)", "locked()": "with c.locked(): pass"},
            ),
        ],
        operations=[
            IN,
            ADD,
            Operation(
                "add", "c.add($k)", NUMBERS, each="c = make()", loop=f"for {KEYS} in chunks:", loops=100, keys=10
            ),
            BOTH,
            Operation("pop, add", "c.add(c.pop())", FILL_FEW),
            Operation("add_if_absent", "$k in c or c.add($k)", FILL),
            Operation("len(s)", "len(c)", FILL),
            Operation("s | other, 1,000 each", "c | other", OTHER, unroll=1),
            Operation("s & other, 1,000 each", "c & other", OTHER, unroll=1),
            Operation("iterate 1,000", "for _key in c: pass", FILL, unroll=1),
            Operation("copy 1,000", "c.copy()", FILL, unroll=1),
            Operation("locked()", "pass", FILL),
        ],
        threaded=[IN, ADD, BOTH, MIXED],
    )
)
