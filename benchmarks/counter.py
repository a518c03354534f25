"""LockedCounter beside dict, Counter, Counter under hand-written locks, and other packages' counters.

Some contestants lose counts: dict, Counter and threadsafe.SafeDict carry out ``c[k] += 1`` as a read and a write.
"""

from __future__ import annotations

from _harness import Contestant, Operation, Room, main

FILL = "for i in range(1000): c[sys.intern(f'k{i}')] = 1"
TEXT = "text = [f'k{i % 50}' for i in range(100)]"

ADD = Operation("c[k] += 1", "c[$k] += 1", FILL)
INCREMENT = "c[k] += 1, new count"

SCALARS = """
class Scalars(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, Scalar(value))
"""

main(
    Room(
        "counter",
        contestants=[
            Contestant("dict", "dict", statements={"c[k], missing": None, "update 100": None, "most_common": None}),
            Contestant("Counter", "Counter", "from collections import Counter"),
            Contestant(
                "Lock", "Counter", "from collections import Counter\nlock = threading.Lock()", section="with lock:"
            ),
            Contestant(
                "RLock", "Counter", "from collections import Counter\nlock = threading.RLock()", section="with lock:"
            ),
            Contestant(
                "threadsafe",
                "SafeDict",
                "from threadsafe.dict import SafeDict",
                statements={"c[k], missing": None, "update 100": None, "most_common": None, "copy 1,000": None},
                requires="threadsafe.dict",
            ),
            Contestant(
                "fastcounter",  # a dict of counters, which must be there
                "Scalars",
                f"from fastcounter import FastWriteCounter as Scalar\n{SCALARS}",
                statements={
                    "c[k] += 1": "c[$k].increment()",
                    "c[k] += n": "c[$k].increment($v)",
                    INCREMENT: None,
                    "c[k]": "c[$k].value",
                    "c[k], missing": None,
                    "c[k] = n": None,
                    "update 100": None,
                    "most_common": None,
                    "copy 1,000": None,
                },
                requires="fastcounter",
            ),
            Contestant(
                "cereggii",  # as above
                "Scalars",
                f"from cereggii import AtomicInt64 as Scalar\n{SCALARS}",
                statements={
                    "c[k] += 1": "c[$k].increment_and_get(1)",
                    "c[k] += n": "c[$k].increment_and_get($v)",
                    INCREMENT: "c[$k].increment_and_get(1)",
                    "c[k]": "c[$k].get()",
                    "c[k], missing": None,
                    "c[k] = n": "c[$k].set($v)",
                    "update 100": None,
                    "most_common": None,
                    "copy 1,000": None,
                },
                requires="cereggii",
            ),
            Contestant(
                "ours",
                "LockedCounter",
                "from lockedcontainers import LockedCounter",
                statements={INCREMENT: "c.increment($k)"},
            ),
        ],
        operations=[
            ADD,
            Operation("c[k] += n", "c[$k] += $v", FILL),
            Operation(INCREMENT, "c[$k] += 1", FILL),
            Operation("c[k]", "c[$k]", FILL),
            Operation("c[k], missing", "c[$v]", FILL),
            Operation("c[k] = n", "c[$k] = $v", FILL),
            Operation("update 100", "c.update(text)", f"{FILL}\n{TEXT}", unroll=1),
            Operation("most_common", "c.most_common(3)", FILL, unroll=1),
            Operation("copy 1,000", "c.copy()", FILL, unroll=1),
        ],
        threaded=[ADD],
    )
)
