"""LockedSortedList, -Set and -Dict beside Sorted Containers' own, alone and under hand-written locks.

One other package was found that has such a type for threads: a dict which sorts its keys when they are asked for.
"""

from __future__ import annotations

from _harness import Contestant, Operation, Room, main

PLAIN = "from sortedcontainers import SortedDict as D, SortedList as L, SortedSet as S\n"
OURS = "from lockedcontainers import LockedSortedDict as D, LockedSortedList as L, LockedSortedSet as S\n"

LIST = "c = L(f'k{i:03}' for i in range(1000)); k9 = 'k500'"
LONG = "c = L(range(100_000))"
SET = "c = S(sys.intern(f'k{i}') for i in range(1000))"
DICT = "c = D((sys.intern(f'k{i}'), 1) for i in range(1000))"

ADD = Operation("l.add, discard", "c.add($k)\nc.discard($k)", LIST, count=2)
TURN = Operation("l.add, pop(0)", "c.add($k)\nc.pop(0)", LIST, count=2)
AT = Operation("l[i]", "c[$v * 300]", LIST)
GET = Operation("d[k]", "c[$k]", DICT)
SET_ITEM = Operation("d[k] = v", "c[$k] = $v", DICT)

OPERATIONS = [
    ADD,
    TURN,
    AT,
    Operation("l[i] of 100,000", "c[$v * 40000]", LONG),
    Operation("k in l", "$k in c", LIST),
    Operation("l.bisect", "c.bisect($k)", LIST),
    Operation("l.irange, first of", "next(c.irange($k))", LIST),
    Operation("pop_first_if, no", "if c[0]: c.pop(0)", "c = L([0, 1])"),
    Operation("iterate 1,000", "for _value in c: pass", LIST, unroll=1),
    Operation("snapshot 1,000", "list(c)", LIST, unroll=1),
    Operation("l.update 1,000", "make().update(values)", "values = list(range(1000, 0, -1))", unroll=1),
    Operation("k in s", "$k in c", SET),
    Operation("s.add, discard", "c.discard($k)\nc.add($k)", SET, count=2),
    Operation("s[i]", "c[$v * 300]", SET),
    Operation("s | s, 1,000", "c | c", SET, unroll=1),
    GET,
    SET_ITEM,
    Operation("d.pop, d[k] = v", "c.pop($k)\nc[$k] = $v", DICT, count=2),
    Operation("d.peekitem(0)", "c.peekitem(0)", DICT),
    Operation("d.irange, first of", "next(c.irange($k))", DICT),
]

CONTRADICT = """
from contradict.sorted_dict import SortedDict
def D(items):
    d = SortedDict()
    for key, value in items: d.set(key, value)
    return d
"""

main(
    Room(
        "sorted",
        contestants=[
            Contestant("sortedcontainers", "L", PLAIN),
            Contestant("Lock", "L", f"{PLAIN}lock = threading.Lock()", section="with lock:"),
            Contestant("RLock", "L", f"{PLAIN}lock = threading.RLock()", section="with lock:"),
            Contestant(
                "contradict",
                "SortedDict",
                CONTRADICT,
                statements={
                    **dict.fromkeys((operation.name for operation in OPERATIONS), None),
                    GET.name: "c.get($k)",
                    SET_ITEM.name: "c.set($k, $v)",
                },
                requires="contradict.sorted_dict",
            ),
            Contestant(
                "ours",
                "L",
                OURS,
                statements={"pop_first_if, no": "c.pop_first_if(bool)", "snapshot 1,000": "c.snapshot()"},
            ),
        ],
        operations=OPERATIONS,
        threaded=[TURN, AT, GET, SET_ITEM],
    )
)
