"""The compiled containers, used by several threads at once, under ThreadSanitizer.

    python tests/tsan.py PYTHON      (`make tsan`)

PYTHON is a free-threaded CPython built with clang and ``--with-thread-sanitizer``; the Python that runs this has
Cython. Our modules are compiled with ``-fsanitize=thread`` in a temporary folder, and PYTHON runs this file again to
hammer them. Exit status 1 if a report has our code in it, or if none comes of a race that is there on purpose.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

ROOT = Path(__file__).resolve().parent.parent
THREADS = 4
ROUNDS = int(os.environ.get("LOCKEDCONTAINERS_ROUNDS", "100"))
LARGE = 50

#: Races of CPython 3.13 with itself, by one of its functions. Both were reproduced without our code on 3.13.15: by four
#: threads that do nothing but ``sys.intern`` equal names, and by four that do nothing but ``d.maxlen, d.__init__()``.
SUPPRESSED = {
    "intern_common": "makes a string immortal by plain stores while other threads look it up, as code objects are made",
    "deque_get_maxlen": "d.maxlen is read without the lock of d, while d.__init__() by another thread stores it",
}

#: Both in one report: a look-up of CPython's, of dicts too, tries to count a reference to what it has found, which may
#: have been freed meanwhile, and be allocated anew; it notices, and looks again. Of CPython's own list of suppressions
#: (Tools/tsan of 3.13) this is ``new_reference``. Not suppressed by one name: that would hide readers of freed memory.
REUSE = ("_Py_TryXGetRef", "_PyType_AllocNoTrack")

DIRECTIVES = {  # as in setup.py
    "language_level": 3,
    "freethreading_compatible": True,
    "annotation_typing": False,
    "binding": True,
    "auto_pickle": False,
}

RACE = """
#include <Python.h>
static long shared;
static PyObject *race(PyObject *self, PyObject *nothing) { shared++; Py_RETURN_NONE; }
static PyMethodDef methods[] = {{"race", race, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {{Py_mod_gil, Py_MOD_GIL_NOT_USED}, {0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "race", NULL, 0, methods, slots};
PyMODINIT_FUNC PyInit_race(void) { return PyModuleDef_Init(&module); }
"""


# --- In the interpreter that watches ---------------------------------------------------------------------------


def together(calls: Sequence[Callable[[], object]], rounds: int) -> None:
    """Every thread makes all calls again and again, each beginning with another one."""
    ready = threading.Barrier(THREADS)

    def work(first: int) -> None:
        ready.wait()
        for number in range(rounds):
            try:
                calls[(first * len(calls) // THREADS + number) % len(calls)]()
            except Exception:  # noqa: BLE001 - what it raises as others write is the business of other tests
                continue

    threads = [threading.Thread(target=work, args=(first,)) for first in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def on(twin: Any, kind: Any, call: Callable[..., object], *others: Any) -> None:
    call(twin, *others)
    if len(twin) > LARGE:
        twin.drain()
        twin.__init__(kind.contents)


def section(kind: Any, twin: Any) -> None:
    with twin.locked(timeout=5):
        kind.half(twin)
        kind.whole(twin)


def hammer() -> None:
    """All operations on containers that the contracts know, by several threads on one container, and on two."""
    sys.modules["pytest"] = MagicMock()  # of which the table of kinds needs only a decorator
    sys.path.insert(0, str(ROOT / "tests"))
    from contracts.kinds import KINDS  # noqa: PLC0415 - not there where the modules are built

    from lockedcontainers import Mutex, is_compiled, locked  # noqa: PLC0415 - the build under test

    assert is_compiled
    for kind in KINDS:
        twin, other = kind.filled(), kind.filled()
        calls: list[Callable[[], object]] = [
            partial(on, twin, kind, operation.call) for operation in kind.operations.values()
        ]
        together([*calls, partial(section, kind, twin)], max(ROUNDS, 2 * len(calls)))
        crossings: list[Callable[[], object]] = []
        for call in kind.crossings.values():
            crossings += [partial(on, twin, kind, call, other), partial(on, other, kind, call, twin)]

        def both(twin: Any = twin, other: Any = other) -> None:
            with locked(twin, other):
                len(twin)

        together([*crossings, both], ROUNDS)
        print(kind.name, flush=True)
    mutex = Mutex("one")

    def briefly() -> None:
        if mutex.acquire(timeout=0.001):
            mutex.release()

    def nested() -> None:
        with mutex, mutex:
            mutex.locked()

    together([briefly, nested, mutex.statistics, mutex.locked], 10 * ROUNDS)
    print("Mutex", flush=True)
    queues()
    locks()
    caches()


def queues() -> None:
    from lockedcontainers import BoundedLifoQueue, BoundedPriorityQueue, BoundedQueue  # noqa: PLC0415 - as above

    kinds: list[Any] = [BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue]
    for make in kinds:
        q, other = make(3), make(3)
        together(queue_calls(q, other), 5 * ROUNDS)
        together([partial(put_and_get, make(2))], 1)
        print(make.__name__, flush=True)


def queue_calls(q: Any, other: Any) -> list[Callable[[], object]]:
    from lockedcontainers import select  # noqa: PLC0415 - as above

    return [
        lambda: q.put(1, timeout=0.001),
        lambda: q.get(timeout=0.001),
        lambda: other.put(1, timeout=0.001),
        lambda: select(q, other, timeout=0.001),
        lambda: q.put_many([1, 2, 3, 4], timeout=0.001),
        lambda: q.get_many(2, timeout=0.001),
        lambda: (q.put_nowait(1), q.task_done()),
        q.get_nowait,
        lambda: (q.peek(), q.snapshot()),
        lambda: (q.qsize(), q.empty(), q.full(), q.unfinished_tasks, q.dropped, q.is_shutdown, q.maxsize),
        lambda: setattr(q, "unfinished_tasks", 0),
        q.drain,
    ]


def put_and_get(q: Any) -> None:
    """Puts and gets that wait for each other, a join, and the end of it: for some in the midst of a put."""
    for number in range(ROUNDS):
        q.put(number)
        q.get()
        q.task_done()
    q.join()
    q.shutdown()
    q.get()


def locks() -> None:
    from lockedcontainers import ReadWriteLock  # noqa: PLC0415 - as above

    for preference in ("writer", "reader", "fair"):
        lock, shared = ReadWriteLock(preference), {0: 0}

        def read(lock: Any = lock, shared: Any = shared) -> None:
            with lock.read():
                shared[0]

        def write(lock: Any = lock, shared: Any = shared) -> None:
            with lock.write(timeout=5):
                shared[0] += 1
                lock.downgrade()
                lock.release_read()
                lock.acquire_write(timeout=0.001)

        def upgrade(lock: Any = lock) -> None:
            with lock.read(timeout=5):
                if lock.try_upgrade(timeout=0.001):
                    lock.release_write()

        def briefly(lock: Any = lock) -> None:
            if lock.acquire_write(timeout=0.0005):
                lock.release_write()

        together([read, read, write, read, upgrade, briefly, lock.statistics], 5 * ROUNDS)
    print("ReadWriteLock", flush=True)


def caches() -> None:
    from lockedcontainers import LockedCache, cached  # noqa: PLC0415 - as above

    for policy in ("tinylfu", "sieve", "lru"):
        for seconds in (None, 0.01):
            cache = LockedCache[int, int](8, policy=policy, ttl=seconds, idle=seconds, stale=seconds or 0.0)
            together(cache_calls(cache), 10 * ROUNDS)
    print("LockedCache", flush=True)
    square: Any = cached(4)(abs)
    calls: list[Callable[[], object]] = [partial(square, number) for number in range(8)]
    together([*calls, square.cache_info, partial(square.cache_invalidate, 3)], 10 * ROUNDS)
    together([*calls, square.cache_clear], 10 * ROUNDS)
    print("cached", flush=True)


def cache_calls(cache: Any) -> list[Callable[[], object]]:
    return [
        *(partial(cache.get_or_load, number, abs) for number in range(12)),
        *(partial(cache.get, number) for number in range(12)),
        *(partial(cache.__setitem__, number, 1) for number in range(0, 12, 3)),
        lambda: cache.pop(3, None),
        lambda: cache.invalidate(4),
        lambda: (5 in cache, len(cache), cache.currsize, cache.statistics()),
        lambda: (list(cache), cache.snapshot(), list(cache.items()), repr(cache)),
        lambda: cache.update({1: 1, 2: 2}),
        lambda: cache.setdefault(6, 6),
        cache.expire,
        cache.popitem,
        cache.clear,
        cache.drain,
    ]


def race() -> None:
    module = __import__("race")
    together([module.race], 100 * ROUNDS)


# --- Before and after ------------------------------------------------------------------------------------------


def build(python: str, folder: Path) -> None:
    """Translate with the Python that runs this, compile for the one that watches."""
    cythonize: Any = importlib.import_module("Cython.Build").cythonize  # not there where the modules run

    code = (
        "import collections, json, sysconfig as s;"
        "print(json.dumps([s.get_path('include'), s.get_config_var('EXT_SUFFIX'), collections.deque.__basicsize__]))"
    )
    asked = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    include, suffix, size = json.loads(asked.stdout)
    package = folder / "lockedcontainers"
    found = importlib.util.find_spec("sortedcontainers")
    assert found is not None
    assert found.origin is not None
    shutil.copytree(Path(found.origin).parent, folder / "sortedcontainers")
    shutil.copytree(ROOT / "src" / package.name, package, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    (folder / "race.c").write_text(RACE)
    os.chdir(folder)
    names = sorted(path.stem for path in package.glob("*.pxd") if path.stem != "_builtins")
    natives = [path.stem for path in package.glob("*.pyx")]
    sources = [f"{package.name}/{name}{'.pyx' if name in natives else '.py'}" for name in names]
    cythonize(sources, compiler_directives=DIRECTIVES, quiet=True)
    flags = ["-fsanitize=thread", "-O1", "-g", "-fPIC", "-shared", "-w", f"-I{include}", f"-I{package}"]
    deque = [f"-DLC_DEQUE_SIZE={size}", "-DCYTHON_USE_TYPE_SPECS=1"]
    for name in [*(f"{package.name}/{name}" for name in names), "race"]:
        own = deque if name.endswith("_deque") else []
        subprocess.run(["clang", *flags, *own, name + ".c", "-o", name + suffix], check=True)


def reports(python: str, folder: Path, what: str) -> list[str]:
    """What ThreadSanitizer says of a run, each report by itself, but for what is suppressed."""
    suppressions = folder / "suppressions"
    suppressions.write_text("".join(f"race:^{function}$\n" for function in SUPPRESSED))
    log = folder / f"log-{what}"
    options = f"exitcode=0 history_size=3 log_path={log} suppressions={suppressions}"
    environment = os.environ | {"TSAN_OPTIONS": options, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([python, "-W", "ignore", __file__, f"--{what}"], env=environment, check=True, cwd=folder)
    text = "".join(path.read_text() for path in folder.glob(f"{log.name}.*"))
    return re.findall(r"WARNING: ThreadSanitizer.*?(?=^=====)", text, re.DOTALL | re.MULTILINE)


def main(python: str) -> int:
    with tempfile.TemporaryDirectory(prefix="lockedcontainers-tsan.") as name:
        folder = Path(name)
        build(python, folder)
        if not reports(python, folder, "race"):
            print("a race that is there on purpose was not reported")
            return 1
        found = reports(python, folder, "hammer")
    found = [report for report in found if not all(name in report for name in REUSE)]
    ours = [report for report in found if "lockedcontainers" in report]
    print(*ours, sep="\n")
    print(f"{len(ours)} reports with our code in them, {len(found) - len(ours)} others")
    return 1 if ours else 0


if __name__ == "__main__":
    if sys.argv[1] == "--hammer":
        hammer()
    elif sys.argv[1] == "--race":
        race()
    else:
        sys.exit(main(sys.argv[1]))
