"""BoundedQueue beside the queues of the standard library and of other packages: ``make bench ROOM=queue``."""

from __future__ import annotations

import threading
from typing import Any

from _harness import Contestant, Operation, Room, main

ITEMS = 10_000


def _pipe(q: Any) -> None:
    """Send items from this thread to another one."""

    def consume(get: Any) -> None:
        for _ in range(ITEMS):
            get()

    consumer = threading.Thread(target=consume, args=(q.get,))
    consumer.start()
    put = q.put
    for _ in range(ITEMS):
        put(1)
    consumer.join()


PUT_GET = Operation("put, get", "c.put($v)\nc.get()")
NOWAIT = Operation("put_nowait, get_nowait", "c.put_nowait($v)\nc.get_nowait()")
MANY = Operation(
    "put 100, get 100", "for _item in items: c.put(_item)\nfor _item in items: c.get()", "items = range(100)"
)
PIPE = Operation("from thread to thread", "pipe(c)", unroll=1, count=ITEMS)
AIOLOGIC = {
    PUT_GET.name: "c.green_put($v)\nc.green_get()",
    NOWAIT.name: None,
    MANY.name: "for _item in items: c.green_put(_item)\nfor _item in items: c.green_get()",
    PIPE.name: None,
}
PIPES = {"pipe": _pipe}

main(
    Room(
        "queue",
        contestants=[
            Contestant("SimpleQueue", "queue.SimpleQueue", "import queue", names=PIPES),
            Contestant("Queue", "lambda: queue.Queue(1000)", "import queue", names=PIPES),
            Contestant(
                "culsans", "lambda: culsans.Queue(1000).sync_q", "import culsans", names=PIPES, requires="culsans"
            ),
            Contestant("janus", "lambda: janus.Queue(1000).sync_q", "import janus", names=PIPES, requires="janus"),
            Contestant(
                "aiologic", "lambda: aiologic.Queue(1000)", "import aiologic", statements=AIOLOGIC, requires="aiologic"
            ),
            Contestant(
                "ours",
                "lambda: BoundedQueue(1000)",
                "from lockedcontainers import BoundedQueue",
                statements={MANY.name: "c.put_many(items)\nc.get_many(100)"},
                names=PIPES,
            ),
        ],
        operations=[PUT_GET, NOWAIT, MANY, PIPE],
        threaded=[PUT_GET],
    )
)
