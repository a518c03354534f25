"""LockedCache and cached beside lru_cache, cachetools under a lock, and other packages' caches; and their hit ratios.

The traces of the hit ratios are made here, after published workloads: keys by Zipf's law (Breslau et al., 1999), the
same with scans in between, the same where what is popular changes, loops longer than the cache (as in LIRS's "cs" and
"glimpse"), and working sets that move. ``--trace FILE`` adds one of your own, a key a line. Two public ones are in the
source of the package libcachesim: ``data/cloudPhysicsIO.txt``, and the second column of ``data/twitter_cluster52.csv``.
They are measured after the times, unless ``--quick`` is given.
"""

from __future__ import annotations

import heapq
import importlib
import itertools
import sys
from argparse import ArgumentParser
from bisect import bisect
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from _harness import Contestant, Operation, Room, main

from lockedcontainers import LockedCache
from lockedcontainers._console import print_plain_table

Trace = Sequence[Hashable]

FILL = "for i in range(1000): c[sys.intern(f'k{i}')] = 1"
CALL = "for i in range(100): f(sys.intern(f'k{i}'))"
FUNCTION = "def function(a, b=0): return a\n"


def cached_by(decorator: str, module: str) -> str:
    return f"{FUNCTION}from {module} import {decorator}\nf = {decorator}(maxsize=1000)(function)"


NO_MAPPING: dict[str, str | None] = dict.fromkeys(
    ["cache[k]", "get(k)", "k in cache", "cache[k] = v", "miss, set, evict"], None
)
NO_FUNCTION: dict[str, str | None] = dict.fromkeys(["f(k)", "f(k, v)"], None)
EVICT = "c.get(n)\nc[n] = $v\nn += 1"
GET_AND_SET: dict[str, str | None] = {
    **NO_FUNCTION,
    "cache[k]": "c.get($k)",
    "k in cache": None,
    "cache[k] = v": "c.set($k, $v)",
    "miss, set, evict": EVICT.replace("c[n] = $v", "c.set(n, $v)"),
}


def get_and_set(package: str, name: str) -> Contestant:
    """A cache of another package that is no mapping."""
    made = f"{name}(1000)\n    for i in range(1000): cache.set(sys.intern(f'k{{i}}'), 1)"
    setup = f"import {package}\ndef Cache():\n    cache = {package}.{made}\n    return cache"
    return Contestant(package.replace("_", "-"), "Cache", setup, statements=GET_AND_SET, requires=package)


ROOM = Room(
    "cache",
    contestants=[
        Contestant("lru_cache", "dict", cached_by("lru_cache", "functools"), statements=NO_MAPPING),
        Contestant("dict", "dict", statements={**NO_FUNCTION, "miss, set, evict": None}),
        Contestant(
            "cachetools+Lock",
            "LRUCache",
            "from cachetools import LRUCache as _LRUCache\n"
            "def LRUCache(): return _LRUCache(1000)\n"
            "lock = threading.Lock()\n",
            section="with lock:",
            statements=NO_FUNCTION,
            requires="cachetools",
        ),
        Contestant(
            "cachebox",
            "LRUCache",
            "from cachebox import LRUCache as _LRUCache\ndef LRUCache(): return _LRUCache(1000)",
            statements=NO_FUNCTION,
            requires="cachebox",
        ),
        Contestant(
            "lru-dict",
            "LRUCache",
            "from lru import LRU\ndef LRUCache(): return LRU(1000)",
            statements=NO_FUNCTION,
            requires="lru",
        ),
        get_and_set("moka_py", "Moka"),
        get_and_set("theine", "Cache"),
        Contestant(
            "ours, lru",
            "Cache",
            "from lockedcontainers import LockedCache, cached\ndef Cache(): return LockedCache(1000, policy='lru')\n"
            f"{FUNCTION}f = cached(1000, policy='lru')(function)",
        ),
        Contestant(
            "ours",
            "Cache",
            "from lockedcontainers import LockedCache, cached\ndef Cache(): return LockedCache(1000)\n"
            f"{FUNCTION}f = cached(1000)(function)",
        ),
    ],
    operations=[
        Operation("f(k)", "f($k)", CALL),
        Operation("f(k, v)", "f($k, $v)", CALL),
        Operation("cache[k]", "c[$k]", f"if hasattr(c, 'update'):\n    {FILL}"),
        Operation("get(k)", "c.get($k)", f"if hasattr(c, 'update'):\n    {FILL}"),
        Operation("k in cache", "$k in c", f"if hasattr(c, 'update'):\n    {FILL}"),
        Operation("cache[k] = v", "c[$k] = $v", f"if hasattr(c, 'update'):\n    {FILL}"),
        Operation("miss, set, evict", EVICT, "n = 0", each="n = 0"),
    ],
    threaded=[Operation("cache[k]", "c[$k]", f"if hasattr(c, 'update'):\n    {FILL}")],
)


# --- Hit ratios ------------------------------------------------------------------------------------------------------


def zipf(requests: int, keys: int, exponent: float) -> list[int]:
    """Keys by Zipf's law."""
    random = Random(1)  # noqa: S311
    weights = list(itertools.accumulate(1 / (rank + 1) ** exponent for rank in range(keys)))
    return [bisect(weights, random.random() * weights[-1]) for _ in range(requests)]


def zipf_with_scans(requests: int) -> list[int]:
    """After each 2,000 requests, 1,000 keys that are asked for only this once."""
    keys = iter(zipf(requests, 5000, 1.0))
    trace: list[int] = []
    while len(trace) < requests:
        trace += itertools.islice(keys, 2000)
        trace += range(10**6 + len(trace), 10**6 + len(trace) + 1000)
    return trace[:requests]


def zipf_and_loop(requests: int) -> list[int]:
    """By turns, 5,000 requests by Zipf's law and 5,000 of a loop over 1,500 keys."""
    keys = iter(zipf(requests, 5000, 0.9))
    trace: list[int] = []
    while len(trace) < requests:
        trace += itertools.islice(keys, 5000)
        trace += [10**6 + number % 1500 for number in range(5000)]
    return trace[:requests]


def zipf_that_drifts(requests: int) -> list[int]:
    """By Zipf's law, where with each 30th request one of the popular keys changes places with any other."""
    random = Random(1)  # noqa: S311
    keys = list(range(10_000))
    trace: list[int] = []
    for number, rank in enumerate(zipf(requests, len(keys), 0.9)):
        if number % 30 == 0:
            one, other = min(int(random.paretovariate(0.5)), len(keys) - 1), random.randrange(len(keys))
            keys[one], keys[other] = keys[other], keys[one]
        trace.append(keys[rank])
    return trace


def news(requests: int) -> list[int]:
    """A key appears with each 20th request and is asked for less and less."""
    random = Random(1)  # noqa: S311
    return [number // 20 - int(random.expovariate(1 / 200)) for number in range(requests)]


def window(requests: int) -> list[int]:
    """Any of 400 keys alike, of which one leaves and another comes with each 20th request."""
    random = Random(1)  # noqa: S311
    return [number // 20 + random.randrange(400) for number in range(requests)]


def moving(requests: int) -> list[int]:
    """A working set that moves on by one key in 20 requests: what is recent counts, what is frequent does not."""
    random = Random(1)  # noqa: S311
    return [number // 20 + int(random.expovariate(1 / 200)) for number in range(requests)]


def optimum(trace: Trace, size: int) -> float:
    """Belady's: evict what will be asked for last. What no policy can do better."""
    following = [0] * len(trace)
    last: dict[Hashable, int] = {}
    for at in range(len(trace) - 1, -1, -1):
        following[at] = last.get(trace[at], len(trace) + at)
        last[trace[at]] = at
    cached: dict[Hashable, int] = {}
    heap: list[tuple[int, int]] = []  # when a key is asked for next, negated, and a place at which it was asked for
    hits = 0
    for at, key in enumerate(trace):
        hits += key in cached
        if key not in cached and len(cached) == size:
            while True:
                when, where = heapq.heappop(heap)
                if cached.get(trace[where]) == -when:
                    del cached[trace[where]]
                    break
        cached[key] = following[at]
        heapq.heappush(heap, (-following[at], at))
    return hits / len(trace)


Asking = Callable[[Hashable], bool]


def ours(policy: Any) -> Callable[[int], Asking]:
    """Return what makes a cache of a size, and that a function which asks for a key and says whether it was there."""

    def make(size: int) -> Asking:
        cache: LockedCache[Hashable, bool] = LockedCache(size, policy=policy)

        def ask(key: Hashable) -> bool:
            there = cache.get(key, False)
            if not there:
                cache[key] = True
            return there

        return ask

    return make


def theirs(module: str, name: str) -> Callable[[int], Asking]:
    """Do the same with a cache of another package that has ``get`` and ``set``; theine's get returns two."""
    make_cache = getattr(importlib.import_module(module), name)

    def make(size: int) -> Asking:
        cache = make_cache(size)

        def ask(key: Hashable) -> bool:
            found: Any = cache.get(key)
            there = bool(found[1] if name == "Cache" else found)
            if not there:
                cache.set(key, True)
            return there

        return ask

    return make


def hit_ratios(files: Sequence[Path]) -> None:
    """Print the hit ratios of all policies on all traces."""
    traces: dict[str, tuple[Trace, int]] = {
        "Zipf 0.9, 500 of 10,000": (zipf(60_000, 10_000, 0.9), 500),
        "Zipf 1.1, 200 of 10,000": (zipf(60_000, 10_000, 1.1), 200),
        "Zipf 1.0 with scans, 500": (zipf_with_scans(60_000), 500),
        "loop, 1,000 of 1,500": ([number % 1500 for number in range(60_000)], 1000),
        "loop, 1,000 of 3,000": ([number % 3000 for number in range(60_000)], 1000),
        "Zipf 0.9 and loop, 1,000": (zipf_and_loop(60_000), 1000),
        "Zipf 0.9 that drifts, 500": (zipf_that_drifts(60_000), 500),
        "moving set, 300": (moving(60_000), 300),
        "news, 300": (news(60_000), 300),
        "moving window, 300": (window(60_000), 300),
    }
    for file in files:
        keys = file.read_text(encoding="utf-8").split()
        for part in (100, 20, 5):
            size = max(1, len(set(keys)) // part)
            traces[f"{file.name}, {size:,} of {len(set(keys)):,}"] = (keys, size)
    makers: dict[str, Callable[[int], Asking]] = {policy: ours(policy) for policy in ("lru", "sieve", "tinylfu")}
    for label, module, name in (("theine", "theine", "Cache"), ("moka-py", "moka_py", "Moka")):
        try:
            makers[label] = theirs(module, name)
        except ImportError:
            print(f"{label} is left out: it is not installed")
    rows: list[list[str]] = []
    for label, (trace, size) in traces.items():
        ratios = [sum(map(make(size), trace)) / len(trace) for make in makers.values()]
        rows.append([label, *(f"{100 * ratio:.1f}" for ratio in (*ratios, optimum(trace, size)))])
    print("\nHits of 100 requests; the last column is Belady's optimum")
    print_plain_table(["", *makers, "optimum"], rows)


if __name__ == "__main__":
    parser = ArgumentParser(add_help=False)
    parser.add_argument("--trace", metavar="FILE", type=Path, action="append", default=[])
    parser.add_argument("--ratios-only", action="store_true")
    options, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    if not options.ratios_only:
        main(ROOM)
    if "--quick" not in rest:
        hit_ratios(options.trace)
