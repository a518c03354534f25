"""LockedList beside list, list under hand-written locks, and other packages' lists."""

from __future__ import annotations

from _harness import Contestant, Operation, Room, main

FILL = "c.extend(range(1000))"

INDEX = Operation("l[i]", "c[$v]", FILL)
LAST = Operation("l[-1]", "c[-1]", FILL)
SET = Operation("l[i] = v", "c[$v] = $v", FILL)
APPEND = Operation("append", "c.append($v)", each="c = make()", loops=100)
POP = Operation("pop", "c.pop()", each=f"c = make()\n{FILL}", loops=100)
BOTH = Operation("append, pop", "c.append($v)\nc.pop()", FILL)
MIXED = Operation("9 l[i], 1 l[i] = v", "c[$v]\n" * 9 + "c[$v] = $v", FILL, count=10)

main(
    Room(
        "list",
        contestants=[
            Contestant("list", "list", statements={"compare_and_set": None, "locked()": None}),
            Contestant(
                "Lock",
                "list",
                "lock = threading.Lock()",
                section="with lock:",
                statements={"compare_and_set": "c[1] == 1 and c.__setitem__(1, 1)"},
            ),
            Contestant(
                "RLock",
                "list",
                "lock = threading.RLock()",
                section="with lock:",
                statements={"compare_and_set": "c[1] == 1 and c.__setitem__(1, 1)"},
            ),
            Contestant(
                "threadsafe",
                "SafeList",
                "from threadsafe.list import SafeList",
                statements={
                    "pop": None,
                    "append, pop": None,
                    "insert, pop first": None,
                    "l[2:5]": "c[2:5]",
                    "iterate 1,000": None,
                    "copy 1,000": None,
                    "sort 1,000": None,
                    "compare_and_set": None,
                    "locked()": None,
                },
                requires="threadsafe.list",
            ),
            Contestant(
                "collections",
                "ConcurrentBag",
                "from concurrent_collections import ConcurrentBag",
                statements={
                    "v in l": None,
                    "insert, pop first": None,
                    "copy 1,000": None,
                    "sort 1,000": None,
                    "compare_and_set": None,
                    "locked()": None,
                },
                requires="concurrent_collections",
            ),
            Contestant(
                "thread_factory",
                "ConcurrentList",
                "from thread_factory import ConcurrentList",
                statements={"compare_and_set": None, "locked()": None},
                requires="thread_factory",
            ),
            Contestant(
                "ours",
                "LockedList",
                "from lockedcontainers import LockedList",
                statements={"locked()": "with c.locked(): pass"},
            ),
        ],
        operations=[
            INDEX,
            LAST,
            SET,
            APPEND,
            POP,
            BOTH,
            Operation("insert, pop first", "c.insert(0, $v)\nc.pop(0)", "c.extend(range(10))"),
            Operation("len(l)", "len(c)", FILL),
            Operation("v in l", "$v in c", FILL),
            Operation("l[2:5]", "c[2:5]", FILL),
            Operation("iterate 1,000", "for _item in c: pass", FILL, unroll=1),
            Operation("copy 1,000", "c.copy()", FILL, unroll=1),
            Operation("sort 1,000", "c.sort()", FILL, unroll=1),
            Operation("compare_and_set", "c.compare_and_set(1, 1, 1)", FILL),
            Operation("locked()", "pass", FILL),
        ],
        threaded=[INDEX, SET, BOTH, MIXED],
    )
)
