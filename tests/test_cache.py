# pyright: basic
"""LockedCache and cached."""

from __future__ import annotations

import copy
import functools
import gc
import os
import pickle
import signal
import sys
import threading
import time
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lockedcontainers import (
    CacheInfo,
    DeadlockError,
    EvictionCause,
    LockedCache,
    LockTimeout,
    cached,
    is_compiled,
    locked,
)

PATIENCE = float(os.environ.get("LOCKEDCONTAINERS_PATIENCE", "30"))
SIZE, EXPIRED, REPLACED, REMOVED = EvictionCause

each_policy = pytest.mark.parametrize("policy", ["tinylfu", "sieve", "lru"])


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


class Gate:
    """A loader that says when it runs, and ends when it is told to."""

    def __init__(self, result: Any = "loaded") -> None:
        self.running = threading.Event()
        self.go_on = threading.Event()
        self.calls = 0
        self.result = result

    def __call__(self, *_: object) -> Any:
        self.calls += 1
        self.running.set()
        assert self.go_on.wait(PATIENCE)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


class Log:
    """What on_evict was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, Any, EvictionCause]] = []

    def __call__(self, key: Any, value: Any, cause: EvictionCause) -> None:
        self.seen.append((key, value, cause))

    def take(self) -> list[tuple[Any, Any, EvictionCause]]:
        seen, self.seen = self.seen, []
        return seen


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# --- A mapping -------------------------------------------------------------------------------------------------------


@each_policy
def test_it_is_a_mutable_mapping(policy: Any) -> None:
    cache: LockedCache[str, int] = LockedCache(10, policy=policy)
    assert isinstance(cache, MutableMapping)
    cache.update({"a": 1, "b": 2}, c=3)
    assert cache == {"a": 1, "b": 2, "c": 3} == cache
    assert cache != {"a": 1}
    assert (cache == 1) is False
    assert len(cache) == cache.currsize == 3
    assert list(cache) == list(cache.keys()) == ["a", "b", "c"]
    assert list(cache.values()) == [1, 2, 3]
    assert list(cache.items()) == [("a", 1), ("b", 2), ("c", 3)]
    assert ("a", 1) in cache.items()
    assert ("a", 2) not in cache.items()
    assert ("z", 1) not in cache.items()
    assert 3 in cache.values()
    assert 4 not in cache.values()
    assert cache.keys() & {"a", "z"} == {"a"}
    assert "a" in cache
    assert "z" not in cache
    assert cache.get("z") is None
    assert cache.get("z", 5) == 5
    assert cache.setdefault("a", 7) == 1
    assert cache.setdefault("d", 7) == 7
    assert (cache.get("z", default=5), cache.pop("z", default=6), cache.setdefault("d", default=8)) == (5, 6, 7)
    with pytest.raises(TypeError, match="not reversible"):
        reversed(cache)  # type: ignore[arg-type]
    del cache["d"]
    with pytest.raises(KeyError, match="'d'"):
        cache["d"]
    with pytest.raises(KeyError, match="'d'"):
        del cache["d"]
    with pytest.raises(KeyError, match="'d'"):
        cache.pop("d")
    with pytest.raises(TypeError):
        cache[[]] = 1  # type: ignore[index]
    assert cache.pop("a") == 1
    assert cache.snapshot() == {"b": 2, "c": 3}
    assert dict(cache) == {**cache} == {"b": 2, "c": 3}
    assert cache.drain() == {"b": 2, "c": 3}
    assert (len(cache), cache.currsize, cache.drain()) == (0, 0, {})
    with pytest.raises(KeyError, match="empty"):
        cache.popitem()
    with pytest.raises(TypeError):
        hash(cache)
    assert repr(cache) == "LockedCache({}, maxsize=10, currsize=0)"
    cache["me"] = cache  # type: ignore[assignment]
    assert repr(cache) == "LockedCache({'me': {...}}, maxsize=10, currsize=1)"
    cache.clear()
    assert LockedCache[str, int] is not None


@pytest.mark.parametrize(
    "settings", [{"maxsize": -1}, {"policy": "fifo"}, {"ttl": -1}, {"idle": -1}, {"stale": -1}, {"ttl": float("nan")}]
)
def test_settings_are_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        LockedCache(**{"maxsize": 1, **settings})


@each_policy
def test_what_does_not_fit_is_refused_before_anything_changes(policy: Any) -> None:
    cache: LockedCache[str, int] = LockedCache(3, policy=policy, weigh=lambda value: value)
    cache.update(a=1, b=2)
    for write in (
        lambda: cache.update(a=3, c=4),
        lambda: cache.__setitem__("a", 4),
        lambda: cache.setdefault("c", 4),
        lambda: cache.update(a=-1),
    ):
        with pytest.raises(ValueError, match=r"too large|non-negative"):
            write()
        assert cache.snapshot() == {"a": 1, "b": 2}
    assert cache.get_or_load("c", lambda _: 4) == 4
    assert cache.snapshot() == {"a": 1, "b": 2}
    assert cache.currsize == 3
    with pytest.raises(ValueError, match="too large"):
        LockedCache[str, int](0)["a"] = 1


@each_policy
def test_weights(policy: Any) -> None:
    cache: LockedCache[int, float] = LockedCache(10, policy=policy, weigh=lambda value: value)
    for number in range(200):
        cache[number % 17] = number % 7 / 2
        assert cache.currsize == sum(cache.values()) <= 10
        assert number % 17 in cache
    assert len(cache) > 3
    cache.clear()
    for weight in (0.1, 0.2, 0.3):
        cache[int(weight * 10)] = weight
    for key in list(cache):
        del cache[key]
    assert cache.currsize == 0


@pytest.mark.parametrize("maxsize", [None, float("inf"), 10])
def test_what_weighs_without_end_is_too_large_for_any_cache(maxsize: float | None) -> None:
    cache: LockedCache[str, float] = LockedCache(maxsize, weigh=lambda value: value)
    with pytest.raises(ValueError, match="too large"):
        cache["a"] = float("inf")
    assert cache.get_or_load("a", lambda _: float("inf")) == float("inf")
    assert (len(cache), cache.currsize) == (0, 0)


@each_policy
def test_an_empty_cache_weighs_nothing_whatever_was_in_it(policy: Any) -> None:
    cache: LockedCache[float, float] = LockedCache(10, policy=policy, weigh=float)
    for weight in (0.1, 0.2, 0.3):
        cache[weight] = weight
    for weight in (0.1, 0.2, 0.3):
        del cache[weight]
    assert cache.currsize == 0  # 0.1 + 0.2 + 0.3 - 0.1 - 0.2 - 0.3 is not


@each_policy
def test_a_key_just_written_is_there(policy: Any) -> None:
    for maxsize in (1, 2, 3, 10, 11):
        cache: LockedCache[int, int] = LockedCache(maxsize, policy=policy)
        for number in range(300):
            for _ in range(number % 5):
                cache.get(number * 3 % 13)
            cache[number * 7 % 23] = number
            assert cache[number * 7 % 23] == number
            assert len(cache) == cache.currsize <= maxsize
        assert len(cache) == maxsize


def test_missing_is_asked_by_subscripts_only() -> None:
    class Doubled(LockedCache[int, int]):
        def __missing__(self, key: int) -> int:
            return key * 2

    cache = Doubled(2)
    assert (cache[4], cache.get(4), 4 in cache, len(cache)) == (8, None, False, 0)


# --- Policies --------------------------------------------------------------------------------------------------------


class Sieve:
    """As published: a queue, and a hand that goes from its oldest to its newest entry and round again."""

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.queue: list[Any] = []
        self.visited: dict[Any, bool] = {}
        self.hand: Any = None

    def get(self, key: Any) -> bool:
        if key in self.visited:
            self.visited[key] = True
            return True
        return False

    def put(self, key: Any) -> None:
        if len(self.queue) == self.maxsize:
            at = 0 if self.hand is None else self.queue.index(self.hand)
            while self.visited[self.queue[at]]:
                self.visited[self.queue[at]] = False
                at = (at + 1) % self.maxsize
            del self.visited[self.queue.pop(at)]
            self.hand = self.queue[at] if at < len(self.queue) else None
        self.queue.append(key)
        self.visited[key] = False


def test_sieve_evicts_what_sieve_evicts() -> None:
    random = Random(1)
    for maxsize in (1, 2, 7, 50):
        cache: LockedCache[int, int] = LockedCache(maxsize, policy="sieve")
        model = Sieve(maxsize)
        for _ in range(2000):
            key = int(random.paretovariate(0.7)) % (4 * maxsize)
            found = cache.get(key) is not None
            assert found == model.get(key)
            if not found:
                cache[key] = key
                model.put(key)
            assert set(cache) == set(model.visited)


def hit_ratio(policy: Any, maxsize: int, trace: list[int]) -> float:
    cache: LockedCache[int, int] = LockedCache(maxsize, policy=policy)
    for key in trace:
        cache.get_or_load(key, int)
    return cache.statistics().hit_ratio


def test_a_scan_does_not_empty_the_cache() -> None:
    """Of ten keys in use, each asked for between scans of new ones; and a loop that is longer than the cache."""
    random = Random(2)
    trace: list[int] = []
    for scan in range(100):
        trace += random.choices(range(10), k=20)
        trace += range(1000 * scan + 100, 1000 * scan + 200)
    assert hit_ratio("lru", 20, trace) < 0.1
    assert hit_ratio("sieve", 20, trace) > 0.15
    assert hit_ratio("tinylfu", 20, trace) > 0.15
    loop = list(range(150)) * 20
    assert hit_ratio("lru", 100, loop) == 0
    assert hit_ratio("tinylfu", 100, loop) > 0.5


def test_where_the_keys_in_use_move_on_newcomers_get_more_room() -> None:
    """Each key is asked for more and more, and then never again."""
    random = Random(1)
    trace = [number // 10 + int(random.expovariate(1 / 100)) for number in range(20_000)]
    assert hit_ratio("tinylfu", 100, trace) >= hit_ratio("lru", 100, trace)


def test_where_no_key_returns_soon_newcomers_get_little_room() -> None:
    """After keys that move on, a loop that is longer than the cache: of its keys almost as many as fit are kept."""
    random = Random(1)
    cache: LockedCache[int, int] = LockedCache(200)
    for number in range(5000):
        cache.get_or_load(number // 10 + int(random.expovariate(1 / 100)), int)
    for number in range(9000):
        cache.get_or_load(-1 - number % 300, int)
    before = cache.statistics().hits
    for number in range(3000):
        cache.get_or_load(-1 - number % 300, int)
    assert cache.statistics().hits - before > 1700


def test_what_was_asked_for_long_ago_is_forgotten() -> None:
    cache: LockedCache[int, int] = LockedCache(20)
    for number in range(4000):
        cache.get_or_load(number % 20, int)
    for number in range(4000):
        cache.get_or_load(1000 + number % 20, int)
    before = cache.statistics().hits
    for number in range(200):
        cache.get_or_load(1000 + number % 20, int)
    assert cache.statistics().hits - before > 150
    for number in range(1000):  # a loop that is longer than the cache: none of its keys returns soon
        cache.get_or_load(2000 + number % 40, int)
    assert min(cache) >= 2000


def test_what_was_asked_for_moves_behind_the_rest() -> None:
    cache: LockedCache[int, int] = LockedCache(10)
    cache.update({number: number for number in range(10)})
    assert cache[0] == 0
    assert [cache.popitem()[0] for _ in range(10)] == [9, 1, 2, 3, 4, 5, 6, 7, 8, 0]  # 9 had yet to show its worth


def test_a_key_turned_away_is_let_in_when_it_returns_soon() -> None:
    cache: LockedCache[int, int] = LockedCache(10)
    for number in range(11):
        cache[number] = number
    assert list(cache) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]
    cache[9] = 9
    cache[11] = 11
    assert list(cache) == [2, 3, 4, 5, 6, 7, 8, 10, 9, 11]


def test_lru_evicts_what_was_not_asked_for_the_longest() -> None:
    random = Random(1)
    for maxsize in (1, 2, 7, 50):
        cache: LockedCache[int, int] = LockedCache(maxsize, policy="lru")
        model = OrderedDict[int, int]()
        for number in range(3000):
            key = int(random.paretovariate(0.7)) % (4 * maxsize)
            if cache.get(key) is None:
                assert key not in model
                if len(model) == maxsize:
                    model.popitem(last=False)
                cache[key] = key
                model[key] = key
            model.move_to_end(key)
            if number % 100 == 50:
                cache = copy.copy(cache)  # which is made in order
            if number % 100 == 70:
                cache.pop(key)
                model.pop(key)
            assert cache == dict(model)


class CacheMachine(RuleBasedStateMachine):
    """A cache beside an OrderedDict in the order of use: exact LRU, with times to live and all that leaves reported."""

    cache: LockedCache[int, int]
    model: OrderedDict[int, tuple[int, float]]

    @initialize(maxsize=st.integers(1, 5), ttl=st.sampled_from([None, 3.0]))
    def begin(self, maxsize: int, ttl: float | None) -> None:
        self.clock, self.log, self.maxsize, self.ttl = Clock(), Log(), maxsize, ttl
        self.cache = LockedCache(maxsize, policy="lru", ttl=ttl, on_evict=self.log, clock=self.clock)
        self.model = OrderedDict()
        self.expected: list[tuple[int, int, EvictionCause]] = []

    def fresh(self, key: int) -> bool:
        return key in self.model and (self.ttl is None or self.clock.time < self.model[key][1] + self.ttl)

    def drop(self, key: int, cause: EvictionCause) -> None:
        self.expected.append((key, self.model.pop(key)[0], cause))

    def drop_expired(self) -> None:
        for key in sorted(self.model, key=lambda key: self.model[key][1]):
            if not self.fresh(key):
                self.drop(key, EXPIRED)

    @rule(key=st.integers(0, 7), value=st.integers())
    def store(self, key: int, value: int) -> None:
        self.cache[key] = value
        self.drop_expired()
        if key in self.model:
            self.drop(key, REPLACED)
        elif len(self.model) == self.maxsize:
            self.drop(next(iter(self.model)), SIZE)
        self.model[key] = (value, self.clock.time)

    @rule(key=st.integers(0, 7))
    def get(self, key: int) -> None:
        if self.fresh(key):
            self.model.move_to_end(key)
            assert self.cache[key] == self.model[key][0]
        else:
            assert self.cache.get(key, "none") == "none"

    @rule(key=st.integers(0, 7))
    def peek(self, key: int) -> None:
        assert (key in self.cache) == self.fresh(key)

    @rule(key=st.integers(0, 7), value=st.integers())
    def load(self, key: int, value: int) -> None:
        found = self.cache.get_or_load(key, lambda _: value)
        if self.fresh(key):
            self.model.move_to_end(key)
            assert found == self.model[key][0]
        else:
            assert found == value
            self.drop_expired()
            if len(self.model) == self.maxsize:
                self.drop(next(iter(self.model)), SIZE)
            self.model[key] = (value, self.clock.time)

    @rule(key=st.integers(0, 7))
    def invalidate(self, key: int) -> None:
        assert self.cache.invalidate(key) == self.fresh(key)
        if key in self.model:
            self.drop(key, REMOVED if self.fresh(key) else EXPIRED)

    @rule()
    def popitem(self) -> None:
        for key in list(self.model):
            if self.fresh(key):
                assert self.cache.popitem() == (key, self.model[key][0])
                self.drop(key, REMOVED)
                return
            self.drop(key, EXPIRED)
        with pytest.raises(KeyError):
            self.cache.popitem()

    @rule()
    def clear(self) -> None:
        self.cache.clear()
        for key in list(self.model):
            self.drop(key, REMOVED)

    @rule()
    def expire(self) -> None:
        before = len(self.expected)
        items = self.cache.expire()
        self.drop_expired()
        assert sorted(items) == sorted((key, value) for key, value, _ in self.expected[before:])

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.5]))
    def pass_time(self, seconds: float) -> None:
        self.clock.time += seconds

    @invariant()
    def is_as_expected(self) -> None:
        assert self.cache.snapshot() == {key: value for key, (value, _) in self.model.items() if self.fresh(key)}
        assert len(self.cache) == self.cache.currsize == sum(map(self.fresh, self.model))
        assert sorted(self.log.take(), key=repr) == sorted(self.expected, key=repr)
        self.expected = []


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@each_policy
def test_all_that_leaves_is_reported_once(policy: Any) -> None:
    random, log, clock, stored = Random(3), Log(), Clock(), Counter[tuple[int, int]]()
    cache: LockedCache[int, int] = LockedCache(8, policy=policy, ttl=20, idle=9, on_evict=log, clock=clock)
    for number in range(3000):
        key = int(random.paretovariate(0.8)) % 30
        match random.randrange(6):
            case 0:
                cache.invalidate(key)
            case 1 | 2:
                cache.get(key)
            case _:
                cache[key] = number
                stored[key, number] += 1
        clock.time += random.random()
        assert len(cache) == cache.currsize <= 8
    reported = Counter((key, value) for key, value, _ in log.seen)
    assert sum(cache.statistics().evictions.values()) == len(log.seen)
    assert {cause for _, _, cause in log.seen} == set(EvictionCause)
    cache.clear()
    assert Counter((key, value) for key, value, _ in log.seen) == stored
    assert reported <= stored


# --- Time ------------------------------------------------------------------------------------------------------------


@each_policy
def test_entries_expire_after_they_were_written(policy: Any) -> None:
    clock, log = Clock(), Log()
    cache: LockedCache[str, int] = LockedCache(5, policy=policy, ttl=10, clock=clock, on_evict=log)
    cache["a"] = 1
    clock.time += 6
    cache["b"] = 2
    assert cache["a"] == 1  # to be asked for makes no difference
    clock.time += 4
    assert "a" not in cache
    assert cache.get("a") is None
    assert list(cache) == ["b"]
    assert (len(cache), cache.currsize) == (1, 1)
    assert ("a", 1) not in cache.items()
    with pytest.raises(KeyError):
        cache["a"]
    assert log.take() == []  # reading lets go of nothing
    assert cache.setdefault("a", 3) == 3
    assert log.take() == [("a", 1, EXPIRED)]
    clock.time += 6
    assert cache.pop("b", None) is None
    assert log.take() == [("b", 2, EXPIRED)]
    clock.time += 4
    with pytest.raises(KeyError):
        del cache["a"]
    assert log.take() == [("a", 3, EXPIRED)]


@each_policy
def test_entries_expire_when_nobody_asks_for_them(policy: Any) -> None:
    clock, log = Clock(), Log()
    cache: LockedCache[str, int] = LockedCache(5, policy=policy, idle=10, clock=clock, on_evict=log)
    cache["a"], cache["b"], cache["c"] = 1, 2, 3
    clock.time += 6
    assert cache["a"] == 1
    assert "b" in cache  # to look is not to ask
    clock.time += 4
    assert list(cache) == ["a"]
    cache["d"] = 4
    assert log.take() == [("b", 2, EXPIRED), ("c", 3, EXPIRED)]
    clock.time += 6
    assert cache.expire() == [("a", 1)]
    clock.time += 4
    assert cache.expire() == [("d", 4)]


def test_to_be_asked_for_does_not_keep_an_expired_entry_from_leaving() -> None:
    clock = Clock()
    cache: LockedCache[str, int] = LockedCache(5, ttl=10, clock=clock)
    cache["a"] = 1
    clock.time += 9
    cache["b"] = 2
    assert cache["a"] == 1
    assert cache.expire() == []
    clock.time += 1
    assert cache.expire() == [("a", 1)]


@each_policy
@pytest.mark.parametrize("how", [lambda cache: cache, copy.copy])
def test_expire_lets_go_of_all_that_has_expired(how: Callable[[Any], Any], policy: Any) -> None:
    """Whatever was asked for: an entry that was is behind others which will expire later."""
    clock = Clock()
    cache: LockedCache[str, int] = LockedCache(10, policy=policy, idle=10, clock=clock)
    cache["first"], cache["asked for"] = 1, 2
    clock.time += 7
    assert cache["asked for"] == 2
    clock.time += 1
    cache["late"] = 3
    clock.time += 2
    cache["last"] = 4  # lets go of the first, and comes by the second
    cache = how(cache)
    clock.time += 7.5
    assert cache.expire() == [("asked for", 2)]
    assert sorted(cache) == ["last", "late"]


def test_both_limits_of_time_hold() -> None:
    clock = Clock()
    cache: LockedCache[str, int] = LockedCache(5, ttl=10, idle=4, clock=clock)
    cache["a"] = 1
    for _ in range(3):
        clock.time += 3
        assert cache["a"] == 1
    clock.time += 1
    assert "a" not in cache


def test_a_stale_value_is_served_while_one_thread_loads(pool: ThreadPoolExecutor) -> None:
    clock, gate = Clock(), Gate("new")
    cache: LockedCache[str, str] = LockedCache(5, ttl=10, stale=5, clock=clock)
    cache["a"] = "old"
    clock.time += 12
    assert "a" not in cache
    assert cache.get("a") is None
    leader = pool.submit(cache.get_or_load, "a", gate)
    assert gate.running.wait(PATIENCE)
    assert cache.get_or_load("a", lambda _: "never") == "old"
    gate.go_on.set()
    assert leader.result(PATIENCE) == "new"
    assert cache["a"] == "new"
    clock.time += 15
    assert cache.get_or_load("a", lambda _: "newer") == "newer"  # too old to be served


def test_a_stale_value_outlives_a_load_that_fails(pool: ThreadPoolExecutor) -> None:
    clock = Clock()
    cache: LockedCache[str, int] = LockedCache(5, ttl=10, stale=5, clock=clock)
    cache["a"] = 1
    clock.time += 12
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("a", lambda _: 1 // 0)
    gate = Gate(2)
    leader = pool.submit(cache.get_or_load, "a", gate)
    assert gate.running.wait(PATIENCE)
    assert cache.get_or_load("a", lambda _: 3) == 1
    assert cache.invalidate("a") is False  # it had expired, and is not served from here on
    assert cache.get_or_load("a", lambda _: 3) == 3
    gate.go_on.set()
    assert leader.result(PATIENCE) == 2
    assert cache["a"] == 3


# --- Loading ---------------------------------------------------------------------------------------------------------


@each_policy
def test_threads_that_miss_together_load_once(policy: Any, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, object] = LockedCache(5, policy=policy)
    gate = Gate(object())
    askers = [pool.submit(cache.get_or_load, "a", gate) for _ in range(6)]
    until(lambda: cache.statistics().misses == 6)
    assert pool.submit(cache.get_or_load, "b", lambda _: 1).result(PATIENCE) == 1  # other keys go on
    gate.go_on.set()
    assert [asker.result(PATIENCE) for asker in askers] == [gate.result] * 6
    assert gate.calls == 1
    statistics = cache.statistics()
    assert (statistics.hits, statistics.misses, statistics.loads, statistics.failures) == (0, 7, 2, 0)


def test_if_the_loader_raises_one_of_the_waiting_threads_tries_next(pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, int] = LockedCache(5)
    gate, calls = threading.Event(), list[int]()

    def loader(_: str) -> int:
        calls.append(len(calls))
        assert gate.wait(PATIENCE)
        if len(calls) < 3:
            raise ZeroDivisionError
        return 7

    askers = [pool.submit(cache.get_or_load, "a", loader) for _ in range(5)]
    until(lambda: cache.statistics().misses == 5)
    gate.set()
    errors = [asker.exception(PATIENCE) for asker in askers]
    assert len(calls) == 3
    assert [type(error) for error in errors if error] == [ZeroDivisionError] * 2
    assert [asker.result() for asker in askers if not asker.exception()] == [7] * 3
    assert (cache.statistics().loads, cache.statistics().failures) == (1, 2)


def test_a_value_that_cannot_be_weighed_was_not_loaded() -> None:
    cache: LockedCache[str, str] = LockedCache(10, weigh=lambda value: 1 / len(value))
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("a", lambda _: "")
    assert (cache.statistics().loads, cache.statistics().failures) == (0, 1)
    assert cache.get_or_load("a", lambda _: "x") == "x"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_the_loader_raises_leaves_nothing_behind(error: type[BaseException], pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, int] = LockedCache(5)

    def fail(_: str) -> int:
        raise error

    with pytest.raises(error):
        cache.get_or_load("a", fail)
    assert len(cache) == 0
    assert pool.submit(cache.get_or_load, "a", lambda _: 7).result(PATIENCE) == 7


REMOVALS: dict[str, Callable[[LockedCache[Any, Any]], object]] = {
    "invalidate": lambda cache: cache.invalidate("a"),
    "pop": lambda cache: cache.pop("a", None),
    "clear": lambda cache: cache.clear(),
    "drain": lambda cache: cache.drain(),
}


@pytest.mark.parametrize("removal", REMOVALS)
def test_a_removal_wins_over_a_load_in_flight(removal: str, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    gate = Gate("old")
    leader = pool.submit(cache.get_or_load, "a", gate)
    assert gate.running.wait(PATIENCE)
    REMOVALS[removal](cache)
    fresh = pool.submit(cache.get_or_load, "a", lambda _: "new")
    assert fresh.result(PATIENCE) == "new"  # who asks now neither waits for the old load nor gets its value
    gate.go_on.set()
    assert leader.result(PATIENCE) == "old"
    assert cache["a"] == "new"


def test_a_removal_wins_over_a_load_in_flight_though_nobody_asks_again(pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    gate = Gate("old")
    leader = pool.submit(cache.get_or_load, "a", gate)
    assert gate.running.wait(PATIENCE)
    assert cache.invalidate("a") is False
    gate.go_on.set()
    assert leader.result(PATIENCE) == "old"
    assert "a" not in cache


def test_a_load_that_was_overtaken_leaves_the_next_one_alone(pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    old, new = Gate("old"), Gate("new")
    first = pool.submit(cache.get_or_load, "a", old)
    assert old.running.wait(PATIENCE)
    cache.invalidate("a")
    second = pool.submit(cache.get_or_load, "a", new)
    assert new.running.wait(PATIENCE)
    old.go_on.set()
    assert first.result(PATIENCE) == "old"
    new.go_on.set()
    assert second.result(PATIENCE) == "new"
    assert cache["a"] == "new"


WRITES: dict[str, Callable[[LockedCache[Any, Any]], object]] = {
    "set": lambda cache: cache.__setitem__("a", "written"),
    "setdefault": lambda cache: cache.setdefault("a", "written"),
    "update": lambda cache: cache.update(a="written"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_wins_over_a_load_in_flight(write: str, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    gate = Gate("loaded")
    leader = pool.submit(cache.get_or_load, "a", gate)
    assert gate.running.wait(PATIENCE)
    WRITES[write](cache)
    gate.go_on.set()
    assert leader.result(PATIENCE) == "loaded"
    assert cache["a"] == "written"


def test_nothing_is_locked_while_code_of_the_user_runs(pool: ThreadPoolExecutor) -> None:
    ran: list[str] = []

    def is_free(what: str, result: Any = None) -> Any:
        def enter() -> Any:
            with cache.locked(timeout=0):
                ran.append(what)
            return result

        return pool.submit(enter).result(PATIENCE)

    cache: LockedCache[str, str] = LockedCache(
        1,
        ttl=10,
        weigh=lambda _: is_free("weigh", 1),
        clock=lambda: is_free("clock", 1.0),
        on_evict=lambda *_: is_free("on_evict"),
    )
    cache["a"] = "1"
    cache["a"] = "2"
    cache["b"] = "1"
    cache.get_or_load("c", lambda _: is_free("loader", "1"))
    cache.setdefault("d", "1")
    cache.update(e="1")
    cache.popitem()
    cache["a"] = "1"
    cache.clear()
    assert Counter(ran)["on_evict"] == 7
    assert {"weigh", "clock", "loader"} < set(ran)


def test_an_error_of_on_evict_is_raised_when_all_is_done() -> None:
    told: list[str] = []

    def tell(key: str, *_: object) -> None:
        told.append(key)
        raise ZeroDivisionError(key)

    cache: LockedCache[str, int] = LockedCache(2, policy="lru", on_evict=tell)
    cache.update(a=1, b=2)
    with pytest.raises(ZeroDivisionError, match="a"):
        cache["c"] = 3
    assert cache.snapshot() == {"b": 2, "c": 3}
    with pytest.raises(ZeroDivisionError, match="b"):
        cache.get_or_load("d", lambda _: 4)
    assert cache.get_or_load("d", lambda _: 5) == 4
    with pytest.raises(ZeroDivisionError, match="c"):
        cache.clear()
    assert told == ["a", "b", "c", "d"]
    assert len(cache) == 0


def test_a_loader_that_asks_for_its_own_key_raises_at_once() -> None:
    cache: LockedCache[str, int] = LockedCache(5)

    def loader(key: str) -> int:
        return cache.get_or_load(key, loader)

    with pytest.raises(DeadlockError, match=r"get_or_load of <LockedCache at 0x.* was called back for the key"):
        cache.get_or_load("a", loader)
    assert cache.get_or_load("a", lambda _: 1) == 1


def test_loaders_that_wait_for_each_other_do_not_hang(pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    both = threading.Barrier(2)
    others = {"a": "b", "b": "a"}

    def loader(key: str) -> str:
        both.wait(PATIENCE)
        return cache.get_or_load(others[key], lambda _: "inner")

    errors = [pool.submit(cache.get_or_load, key, loader) for key in others]
    assert [type(error.exception(PATIENCE)) for error in errors].count(DeadlockError) == 1


def test_who_keeps_the_cache_locked_does_not_wait_for_a_load(pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    gate = Gate()
    leader = pool.submit(cache.get_or_load, "a", gate)
    assert gate.running.wait(PATIENCE)
    with cache.locked(), pytest.raises(DeadlockError, match="keeps <LockedCache"):
        cache.get_or_load("a", lambda _: "never")
    gate.go_on.set()
    assert leader.result(PATIENCE) == "loaded"


# --- Threads ---------------------------------------------------------------------------------------------------------


@each_policy
def test_locked_keeps_all_others_out(policy: Any, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, int] = LockedCache(5, policy=policy)
    cache["a"] = 1
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: cache["a"],
        "in": lambda: "a" in cache,
        "len": lambda: len(cache),
        "iter": lambda: list(cache),
        "set": lambda: cache.__setitem__("a", 2),
        "load": lambda: cache.get_or_load("b", lambda _: 1),
        "statistics": cache.statistics,
        "update": lambda: cache.update(a=2, b=1),
        "setdefault": lambda: cache.setdefault("c", 1),
        "values": lambda: list(cache.values()),
        "items": lambda: list(cache.items()),
        "pair in items": lambda: ("a", 2) in cache.items(),
        "snapshot": cache.snapshot,
        "==": lambda: cache == {},
        "!=": lambda: cache != {},
        "repr": lambda: repr(cache),
        "copy": lambda: copy.copy(cache),
        "currsize": lambda: cache.currsize,
        "expire": cache.expire,
        "invalidate": lambda: cache.invalidate("b"),
        "del": lambda: cache.__delitem__("c"),
        "pop": lambda: cache.pop("a"),
        "popitem": cache.popitem,
        "drain": cache.drain,
        "clear": cache.clear,
    }
    for name, call in calls.items():
        with cache.locked() as same:
            assert same is cache
            assert cache["a"] in (1, 2)
            running = pool.submit(call)
            time.sleep(0.005)
            assert not running.done(), name
        running.result(PATIENCE)
        cache["a"] = 1
    with cache.locked(), pytest.raises(LockTimeout):
        pool.submit(cache.locked(timeout=0).__enter__).result(PATIENCE)
    with locked(cache, LockedCache[str, int](1)) as (one, other):
        other["a"] = one["a"]


@each_policy
def test_to_iterate_is_to_go_over_one_moment(policy: Any, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, int] = LockedCache(5, policy=policy)
    cache.update(a=1, b=2, c=3)
    keys, values, items = cache.keys(), cache.values(), cache.items()
    iterators: list[Iterator[Any]] = [iter(cache), iter(keys), iter(values), iter(items)]
    assert [next(iterator) for iterator in iterators] == ["a", "a", 1, ("a", 1)]
    pool.submit(cache.clear).result(PATIENCE)
    pool.submit(cache.update, d=4).result(PATIENCE)
    assert [list(iterator) for iterator in iterators] == [["b", "c"], ["b", "c"], [2, 3], [("b", 2), ("c", 3)]]
    assert (list(keys), list(values), list(items)) == (["d"], [4], [("d", 4)])  # views are live
    assert (len(keys), "d" in keys, 4 in values, keys & {"d", "a"}) == (1, True, True, {"d"})


def test_set_algebra_of_views_is_of_one_moment() -> None:
    """Asked key by key, the cache would be of several: here each hash of a key puts it under the other."""
    cache: LockedCache[str, int] = LockedCache(10)
    cache["a"] = 1

    class Moving(str):
        __slots__ = ()

        def __hash__(self) -> int:
            old, new = ("a", "b") if "a" in cache else ("b", "a")
            cache[new] = cache.pop(old)
            return hash(str(self))

    ab = [Moving("a"), Moving("b")]
    looks: list[Callable[[], int]] = [
        lambda: len(cache.keys() & ab),
        lambda: 2 - len(set(ab) - cache.keys()),
        lambda: len(cache.keys() - ab) + 1,
        lambda: len(cache.items() & [(key, 1) for key in ab]),
        lambda: 1 + cache.keys().isdisjoint(ab),
    ]
    assert [look() for look in looks] == [1] * len(looks)
    there = set(cache)
    assert cache.keys() == cache.keys() == there
    assert cache.keys() <= {"a", "b"} > cache.keys()
    assert cache.keys() | {"c"} == {"c"} ^ cache.keys() == {"c", *there}
    assert cache.items() == {(key, 1) for key in there}


@each_policy
@pytest.mark.usefixtures("switch_interval")
def test_what_is_stored_or_taken_once_is_so_however_many_try(policy: Any, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[int, int] = LockedCache(300, policy=policy)
    start = threading.Barrier(4)

    stored, taken = list[int](), list[int]()

    def work(me: int) -> None:
        start.wait(PATIENCE)
        stored.extend([key for key in range(200) if cache.setdefault(key, me) == me])
        start.wait(PATIENCE)
        taken.extend([key for key in range(0, 200, 2) if cache.pop(key, None) is not None])
        for _ in range(10):
            taken.extend(cache.drain())

    for worker in [pool.submit(work, me) for me in range(4)]:
        worker.result(PATIENCE)
    assert sorted(stored) == sorted(taken) == list(range(200))


@each_policy
@pytest.mark.usefixtures("switch_interval")
def test_several_steps_in_one_section_lose_nothing(policy: Any, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, int] = LockedCache(3, policy=policy)

    def work() -> None:
        for _ in range(300):
            with cache.locked():
                cache["a"] = cache.get("a", 0) + 1

    for worker in [pool.submit(work) for _ in range(4)]:
        worker.result(PATIENCE)
    assert cache["a"] == 1200


@pytest.mark.parametrize("held", ["one", "other"])
def test_no_method_holds_two_locks(held: str, pool: ThreadPoolExecutor) -> None:
    """Whichever of the two caches is locked, the other is free while a method of both waits."""
    caches: dict[str, LockedCache[str, int]] = {"one": LockedCache(5), "other": LockedCache(5)}
    one, other = caches.values()
    one["a"], other["b"] = 1, 2
    free = other if held == "one" else one
    calls: list[Callable[[], object]] = [lambda: one == other, lambda: one != other, lambda: one.update(other)]
    for call in calls:
        with caches[held].locked():
            running = pool.submit(call)
            time.sleep(0.005)
            assert not running.done()
            with free.locked(timeout=PATIENCE):
                pass
        running.result(PATIENCE)
    assert one == {"a": 1, "b": 2}


def test_a_deadlock_of_two_caches_raises(pool: ThreadPoolExecutor) -> None:
    caches: list[LockedCache[str, int]] = [LockedCache(5), LockedCache(5)]
    both = threading.Barrier(2)

    def work(mine: LockedCache[str, int], other: LockedCache[str, int]) -> None:
        with mine.locked():
            both.wait(PATIENCE)
            other["a"] = 1

    errors = [worker.exception(PATIENCE) for worker in [pool.submit(work, *caches), pool.submit(work, *caches[::-1])]]
    assert [type(error) for error in errors if error] == [DeadlockError]


@each_policy
def test_what_raises_in_a_write_leaves_all_as_it_was(policy: Any) -> None:
    def fail(*_: object) -> Any:
        raise ZeroDivisionError

    class Halfway:
        def keys(self) -> list[str]:
            return ["c", "d"]

        def __getitem__(self, key: str) -> int:
            return 3 if key == "c" else fail()

    cache: LockedCache[str, int] = LockedCache(2, policy=policy, weigh=lambda value: fail() if value == 9 else 1)
    cache.update(a=1, b=2)
    for write in (
        lambda: cache.update(Halfway()),
        lambda: cache.update(pair for pair in [("c", 3), fail()]),
        lambda: cache.update(c=3, d=9),
        lambda: cache.__setitem__("a", 9),
        lambda: cache.setdefault("c", 9),
        lambda: cache.get_or_load("c", lambda _: 9),
    ):
        with pytest.raises(ZeroDivisionError):
            write()
        assert (cache.snapshot(), cache.currsize) == ({"a": 1, "b": 2}, 2)
    assert cache.get_or_load("c", lambda _: 3) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@each_policy
def test_a_lock_whose_thread_is_not_in_the_child_is_free_there(policy: Any, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, int] = LockedCache(5, policy=policy)
    cache["a"] = 1
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with cache.locked():
            held.set()
            assert go_on.wait(PATIENCE)

    holder = pool.submit(hold)
    assert held.wait(PATIENCE)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        cache["b"] = cache["a"] + 1
        os._exit(0 if cache == {"a": 1, "b": 2} else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    go_on.set()
    holder.result(PATIENCE)


@each_policy
@pytest.mark.usefixtures("switch_interval")
def test_threads_at_work(policy: Any, pool: ThreadPoolExecutor) -> None:
    """No call fails, no value belongs to another key, the size holds, and what is counted adds up."""
    log = Log()
    cache: LockedCache[int, tuple[int, int]] = LockedCache(16, policy=policy, on_evict=log)
    asked = [0] * 4

    def work(me: int) -> None:
        random = Random(me)
        for number in range(2000):
            key = int(random.paretovariate(0.9)) % 60
            match random.randrange(8):
                case 0:
                    cache.invalidate(key)
                case 1:
                    cache[key] = (key, number)
                case 2:
                    assert all(key == value[0] for key, value in cache.items())
                    assert len(cache) <= 16
                case 3:
                    asked[me] += 1
                    assert cache.get(key, (key, 0))[0] == key
                case _:
                    asked[me] += 1
                    assert cache.get_or_load(key, lambda key: (key, number))[0] == key  # noqa: B023

    for worker in [pool.submit(work, me) for me in range(4)]:
        worker.result(PATIENCE * 4)
    statistics = cache.statistics()
    if is_compiled:  # uncompiled and without the GIL a few hits are lost
        assert statistics.hits + statistics.misses == sum(asked)
    assert len(cache) == cache.currsize == len(list(cache)) <= 16
    assert sum(statistics.evictions.values()) == len(log.seen)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_load_whose_thread_is_not_in_the_child_is_done_again(pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    gate = Gate()
    leader = pool.submit(cache.get_or_load, "a", gate)
    assert gate.running.wait(PATIENCE)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if cache.get_or_load("a", lambda _: "again") == "again" == cache["a"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    gate.go_on.set()
    assert leader.result(PATIENCE) == "loaded"


@pytest.mark.skipif(sys.platform == "win32", reason="signals interrupt waits on POSIX only")
def test_an_interrupted_leader_hands_the_load_on(pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, str] = LockedCache(5)
    followers = []

    def loader(_: str) -> str:
        followers.append(pool.submit(cache.get_or_load, "a", lambda _: "followed"))
        until(lambda: cache.statistics().misses == 2)
        signal.raise_signal(signal.SIGINT)
        time.sleep(PATIENCE)
        return "never"

    with pytest.raises(KeyboardInterrupt):
        cache.get_or_load("a", loader)
    assert followers[0].result(PATIENCE) == "followed"
    assert cache["a"] == "followed"


# --- Code that runs by surprise --------------------------------------------------------------------------------------


@each_policy
def test_what_leaves_is_let_go_of_after_the_lock(policy: Any, pool: ThreadPoolExecutor) -> None:
    cache: LockedCache[str, object] = LockedCache(1, policy=policy)
    freed: list[str] = []

    class Probe:
        def __del__(self) -> None:
            def enter() -> None:
                with cache.locked(timeout=0):
                    freed.append("freed")

            pool.submit(enter).result(PATIENCE)

    calls: list[Callable[[], object]] = [
        lambda: cache.__setitem__("a", 1),
        lambda: cache.__setitem__("b", 1),
        lambda: cache.__delitem__("a"),
        lambda: cache.get_or_load("b", lambda _: 1),
        lambda: cache.popitem() and None,
        cache.clear,
        lambda: cache.drain() and None,
        lambda: cache.invalidate("a"),
    ]
    for call in calls:
        cache.clear()
        del freed[:]
        cache["a"] = Probe()
        call()
        gc.collect()
        assert freed == ["freed"]


@each_policy
def test_keys_that_use_the_cache_while_they_are_compared(policy: Any) -> None:
    """Whatever they do, all goes on as if they had not: nothing is lost, hangs or weighs what is not there."""
    cache: LockedCache[Any, int] = LockedCache(4, policy=policy)
    busy = False
    random = Random(5)

    class Key:
        def __init__(self, number: int) -> None:
            self.number = number

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            nonlocal busy
            if not busy:
                busy = True
                match random.randrange(5):
                    case 0:
                        cache[Key(random.randrange(6))] = 0
                    case 1:
                        cache.invalidate(Key(random.randrange(6)))
                    case 2:
                        cache.get(Key(random.randrange(6)))
                    case 3 if random.random() < 0.1:
                        cache.clear()
                    case _:
                        pass
                busy = False
            return isinstance(other, Key) and self.number == other.number

    for number in range(1500):
        key = Key(random.randrange(6))
        match random.randrange(3):
            case 0:
                cache[key] = number
            case 1:
                cache.get_or_load(key, lambda _: number)  # noqa: B023
            case _:
                cache.pop(key, None)
        assert len(cache) == cache.currsize <= 5
    busy = True
    cache[Key(7)] = 7
    assert len(cache) == cache.currsize <= 4


@each_policy
def test_a_key_that_cannot_be_compared_changes_nothing(policy: Any) -> None:
    class Key:
        fails = False

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            if self.fails:
                raise ZeroDivisionError
            return self is other

    keys = [Key(), Key(), Key()]
    cache: LockedCache[Key, int] = LockedCache(2, policy=policy)
    cache[keys[0]], cache[keys[1]] = 0, 1
    Key.fails = True
    calls: list[Callable[[], object]] = [
        lambda: cache.__setitem__(keys[2], 2),
        lambda: cache[keys[2]],
        lambda: cache.pop(keys[2], None),
        lambda: cache.get_or_load(keys[2], lambda _: 1),
        lambda: keys[2] in cache,
    ]
    for call in calls:
        with pytest.raises(ZeroDivisionError):
            call()
    Key.fails = False
    assert cache == {keys[0]: 0, keys[1]: 1}
    cache[keys[2]] = 2
    assert len(cache) == cache.currsize == 2


def test_a_cycle_through_the_cache_is_collected() -> None:
    class Value:
        pass

    value = Value()
    seen = weakref.ref(value)
    cache: LockedCache[str, object] = LockedCache(3, ttl=5, on_evict=print)
    value.cache = cache  # type: ignore[attr-defined]
    cache["a"] = value
    there = weakref.ref(cache)
    del cache, value
    gc.collect()
    assert seen() is None
    assert there() is None


# --- Copies ----------------------------------------------------------------------------------------------------------


class Named(LockedCache[str, Any]):
    """A subclass with an attribute."""


def by_pickle(cache: Any) -> Any:
    return pickle.loads(pickle.dumps(cache))


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, by_pickle])
@each_policy
def test_a_copy_goes_on_as_its_original_would(how: Callable[[Any], Any], policy: Any) -> None:
    cache = Named(3, policy=policy, weigh=len, on_evict=print)
    cache.name = "n"  # type: ignore[attr-defined]
    cache.update(a="1", b="2", c="3")
    assert cache["a"] == "1"
    new = how(cache)
    assert (type(new), new.name, new == cache, new is cache) == (Named, "n", True, False)
    assert (new.maxsize, new.policy, new.currsize) == (3, policy, 3)
    with cache.locked():
        new["d"] = "4"
    if policy == "lru":
        assert list(new) == ["c", "a", "d"]
    assert list(cache) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="too large"):
        new["e"] = "12345"


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, by_pickle])
def test_entries_expire_in_a_copy_as_in_its_original(how: Callable[[Any], Any]) -> None:
    cache: LockedCache[str, int] = LockedCache(3, policy="lru", ttl=10, idle=8, stale=1, clock=STANDING)
    cache["a"] = 1
    STANDING.time += 6
    cache["b"] = 2
    assert cache["a"] == 1
    new = how(cache)
    clock = STANDING if how is copy.copy else new.__reduce__()[1][1]["clock"]
    clock.time += 4
    assert list(new) == ["b"]
    clock.time += 1
    assert new.expire() == [("a", 1)]
    clock.time += 3
    assert "b" not in new


STANDING = Clock()


# --- cached ----------------------------------------------------------------------------------------------------------


def test_a_function_is_cached() -> None:
    calls: list[tuple[Any, ...]] = []

    @cached
    def f(a: int, b: int = 0, *, c: int = 0) -> int:
        """Add."""
        calls.append((a, b, c))
        return a + b + c

    assert (vars(f)["__name__"], f.__doc__, f.__wrapped__(1), calls.pop()) == ("f", "Add.", 1, (1, 0, 0))
    assert (f(1), f(1), f(1, 0), f(1, b=0), f(1, b=0), f(1, c=0)) == (1,) * 6
    assert len(calls) == 4
    assert f.cache_info() == CacheInfo(hits=2, misses=4, maxsize=128, currsize=4)
    assert f.cache_parameters() == {"maxsize": 128, "typed": False}
    assert f.cache_invalidate(1, b=0) is True
    assert f.cache_invalidate(1, b=0) is False
    assert f(1, b=0) == 1
    assert len(calls) == 5
    f.cache_clear()
    assert f.cache_info() == (0, 0, 128, 0)
    assert copy.copy(f) is copy.deepcopy(f) is f
    with pytest.raises(TypeError):
        f([])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        cached("no function")  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        cached()("no function")  # type: ignore[arg-type]


def test_arguments_make_keys_as_lru_cache_makes_them() -> None:
    def results(make: Callable[..., Any], typed: bool) -> list[Any]:
        f = make(maxsize=None, typed=typed)(lambda *args, **kwargs: (args, kwargs))
        seen: list[Any] = []
        for args, kwargs in (
            ((1,), {}),
            ((1.0,), {}),
            ((True,), {}),
            (("a",), {}),
            ((1, 2), {}),
            ((1.0, 2), {}),
            (((1, 2),), {}),
            ((), {"a": 1}),
            ((), {"a": 1.0}),
            (("a", 1), {}),
            ((1,), {"a": 1, "b": 2}),
            ((1,), {"b": 2, "a": 1}),
            ((), {}),
        ):
            seen.append(repr(f(*args, **kwargs)))  # of the first call that counts as the same
        return [*seen, *f.cache_info()]

    for typed in (False, True):
        assert results(cached, typed) == results(functools.lru_cache, typed)


@cached
def pickled(n: int) -> int:
    return n


def test_a_cached_function_is_pickled_as_a_function_is() -> None:
    assert pickle.loads(pickle.dumps(pickled)) is pickled
    assert repr(pickled).startswith("<cached <function pickled")


class Shop:
    """Methods of all kinds."""

    made = 0

    @cached
    def method(self, n: int) -> int:
        Shop.made += 1
        return n

    @classmethod
    @cached
    def of_the_class(cls, n: int) -> tuple[type, int]:
        return cls, n

    @staticmethod
    @cached(maxsize=3)
    def of_nobody(n: int) -> int:
        return n


class Store(Shop):
    """Another class."""


def test_methods_are_cached() -> None:
    shop, other = Shop(), Shop()
    Shop.made = 0
    assert (shop.method(1), shop.method(1), other.method(1), Shop.method(shop, 1), shop.method(n=1)) == (1,) * 5
    assert Shop.made == 3
    assert shop.method.cache_info().hits == 2
    bound = shop.method
    assert bound(1) == 1
    of_the_class: Any = Shop.of_the_class  # mypy takes it for a method
    assert of_the_class(1) == of_the_class(1) == (Shop, 1)
    assert getattr(Store, "of_the_class")(1) == (Store, 1)  # noqa: B009
    assert Shop.of_nobody(2) == getattr(shop, "of_nobody")(2) == 2  # noqa: B009
    assert Shop.of_nobody.cache_info() == (1, 1, 3, 1)


@pytest.mark.parametrize("maxsize", [None, 0, -5, 1, 2])
def test_sizes_of_functions(maxsize: int | None) -> None:
    f = cached(maxsize, policy="lru")(lambda n: n)
    g = functools.lru_cache(maxsize)(lambda n: n)
    for n in (1, 2, 1, 1, 3, 2, 2):
        assert f(n) == g(n)
    assert tuple(f.cache_info()) == tuple(g.cache_info())


def test_a_function_runs_once_however_many_ask(pool: ThreadPoolExecutor) -> None:
    gate = Gate(object())
    f = cached(gate)
    askers = [pool.submit(f, 1) for _ in range(6)]
    until(lambda: f.cache_info().misses == 6)
    gate.go_on.set()
    assert [asker.result(PATIENCE) for asker in askers] == [gate.result] * 6
    assert gate.calls == 1


def test_an_exception_is_not_cached() -> None:
    outcomes = [ZeroDivisionError(), KeyboardInterrupt(), 7]

    @cached
    def f() -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error):
            f()
    assert f() == f() == 7
    assert f.cache.statistics().failures == 2


def test_a_function_that_calls_itself_for_the_same_key_raises_at_once() -> None:
    @cached
    def f(n: int) -> int:
        return f(n)

    with pytest.raises(DeadlockError, match=r"f of <LockedCache at 0x.*> was called back"):
        f(1)


def test_recursion_over_other_keys() -> None:
    @cached(maxsize=None)
    def fibonacci(n: int) -> int:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(100) == 354224848179261915075
    assert fibonacci.cache_info() == (98, 101, None, 101)


def test_results_expire() -> None:
    clock, told = Clock(), Log()
    f = cached(ttl=10, clock=clock, on_evict=told)(lambda _: clock.time)
    assert f(1) == 100
    clock.time = 109
    assert f(1) == 100
    clock.time = 110
    assert f(1) == 110
    assert told.take() == [(1, 100, EXPIRED)]
    assert f.cache.ttl == 10


def test_a_cycle_through_a_cached_function_is_collected() -> None:
    class Owner:
        pass

    owner = Owner()
    owner.f = cached(lambda kept: kept)  # type: ignore[attr-defined]
    owner.f(owner)  # type: ignore[attr-defined]
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
