"""Promise 10: a process ends though daemon threads wait, each in one of our ways: in silence, with status 0."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

#: How a thread waits for ever, and how to tell that it does: `x` is there for it, `hold` is called first.
WAITS = {
    "mutex": ("x = Mutex(); hold = x.acquire", "x.acquire()"),
    "section": ("x = LockedDict(); hold = x.locked().__enter__", "x['a'] = 1"),
    "two sections": ("x, y = LockedDict(), LockedList(); hold = y.locked().__enter__", "locked(x, y).__enter__()"),
    "compute": (
        """x = LockedDict()
def hold(): start(lambda: x.compute_if_absent('k', lambda: began.set() or stay.wait())); began.wait()""",
        "x.compute_if_absent('k', str)",
    ),
    "put": ("x = BoundedQueue(1); hold = lambda: x.put(1)", "x.put(2)"),
    "get": ("x = BoundedQueue(1); hold = lambda: None", "x.get()"),
    "iteration": ("x = BoundedPriorityQueue(1); hold = lambda: None", "list(x)"),
    "join": ("x = BoundedQueue(1); hold = lambda: x.put(1)", "x.join()"),
    "select": ("x, y = BoundedQueue(1), BoundedQueue(1); hold = lambda: None", "select(x, y)"),
    "read": ("x = ReadWriteLock(); hold = x.acquire_write", "x.acquire_read()"),
    "write": ("x = ReadWriteLock(); hold = x.acquire_read", "x.acquire_write()"),
    "load": (
        """x = LockedCache(5)
def hold(): start(lambda: x.get_or_load('k', lambda _: began.set() or stay.wait())); began.wait()""",
        "x.get_or_load('k', str)",
    ),
    "cached": (
        """@cached
def x(key): began.set(); stay.wait()
def hold(): start(lambda: x('k')); began.wait()""",
        "x('k')",
    ),
}

PROGRAM = """
import sys, threading, time
from lockedcontainers import *
began, stay = threading.Event(), threading.Event()
def start(call): threading.Thread(target=call, daemon=True).start()
{setup}
hold()
waiting, entered = [], []
def wait():
    waiting.append(threading.get_ident())
    {wait}
    entered.append(1)
for _ in range(2):
    start(wait)
def within(ident):
    '''Whether the thread has come to its wait: it is in our code, and stays at one place there.'''
    frame = sys._current_frames().get(ident)
    return None if frame is None else (frame.f_code.co_name, frame.f_lasti)
deadline = time.monotonic() + 20
still = 0
while still < 5 and time.monotonic() < deadline:
    before = [within(ident) for ident in waiting]
    time.sleep(0.01)
    still = still + 1 if len(waiting) == 2 and before == [within(ident) for ident in waiting] else 0
assert still == 5 and not entered
print("ends", flush=True)
"""


@pytest.mark.parametrize("name", WAITS)
def test_the_interpreter_exits_though_threads_wait(name: str) -> None:
    setup, wait = WAITS[name]
    program = PROGRAM.format(setup=setup, wait=wait)
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ends\n", "")
