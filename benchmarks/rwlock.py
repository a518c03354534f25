"""ReadWriteLock beside threading's locks, our Mutex, and other packages' read-write locks; aiologic has none.

What is timed is a section with nothing in it. Each contestant enters as its users do: with a ``with`` block, and with
the plain pair of calls. ``readerwriterlock`` makes a new object for each ``with`` block, as its documentation shows;
for the pair of calls one object is made before.
"""

from __future__ import annotations

from collections.abc import Mapping

from _harness import Contestant, Operation, Room, main

READ = Operation("with read", "with c: pass")
WRITE = Operation("with write", "with c: pass")
CALLS = Operation("read, two calls", "c.acquire(); c.release()")
WRITE_CALLS = Operation("write, two calls", "c.acquire(); c.release()")
MIXED = Operation("9 reads, 1 write", "with c: pass\n" * 10, count=10)


def statements(read: str, write: str, calls: str | None, write_calls: str | None) -> Mapping[str, str | None]:
    return {
        READ.name: read,
        WRITE.name: write,
        CALLS.name: calls,
        WRITE_CALLS.name: write_calls,
        MIXED.name: "\n".join([read] * 9 + [write]),
    }


def readerwriterlock(kind: str) -> Contestant:
    return Contestant(
        f"readerwriterlock {kind}",
        f"RWLock{kind}",
        f"from readerwriterlock.rwlock import RWLock{kind}",
        statements=statements(
            "with c.gen_rlock(): pass",
            "with c.gen_wlock(): pass",
            "r.acquire(); r.release()",
            "w.acquire(); w.release()",
        ),
        requires="readerwriterlock.rwlock",
    )


def ours(preference: str) -> Contestant:
    return Contestant(
        "ours" if preference == "writer" else f"ours, {preference}",
        f"lambda: ReadWriteLock({preference!r})",
        "from lockedcontainers import ReadWriteLock",
        statements=statements(
            "with c.read(): pass",
            "with c.write(): pass",
            "c.acquire_read(); c.release_read()",
            "c.acquire_write(); c.release_write()",
        ),
    )


GENERATED = "r = w = None\nif hasattr(c, 'gen_rlock'): r, w = c.gen_rlock(), c.gen_wlock()"

main(
    Room(
        "rwlock",
        contestants=[
            Contestant("Lock", "threading.Lock"),
            Contestant("RLock", "threading.RLock"),
            Contestant("Mutex", "Mutex", "from lockedcontainers import Mutex"),
            Contestant(
                "aiologic RLock",
                "RLock",
                "from aiologic import RLock",
                statements=dict.fromkeys((CALLS.name, WRITE_CALLS.name), "c.green_acquire(); c.green_release()"),
                requires="aiologic",
            ),
            readerwriterlock("Read"),
            readerwriterlock("Write"),
            readerwriterlock("Fair"),
            Contestant(
                "fasteners",
                "ReaderWriterLock",
                "from fasteners import ReaderWriterLock",
                statements=statements(
                    "with c.read_lock(): pass",
                    "with c.write_lock(): pass",
                    "c.acquire_read_lock(); c.release_read_lock()",
                    "c.acquire_write_lock(); c.release_write_lock()",
                ),
                requires="fasteners",
            ),
            Contestant(
                "culsans",
                "RWLock",
                "from culsans import RWLock",
                statements=statements("with c.reading: pass", "with c.writing: pass", None, None),
                requires="culsans",
            ),
            ours("fair"),
            ours("writer"),
        ],
        operations=[Operation(each.name, each.statement, GENERATED) for each in (READ, WRITE, CALLS, WRITE_CALLS)],
        threaded=[READ, WRITE, MIXED],
    )
)
