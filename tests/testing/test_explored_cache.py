"""The cache under the explorer: loads that race, and whoever writes, invalidates or evicts meanwhile."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from lockedcontainers import EvictionCause, LockedCache, _cache, _mutex, _sync, cached, is_compiled
from lockedcontainers.testing import Call, ModelOf, Program, explore, explore_pairs

if is_compiled:
    pytest.skip("only Python code can be explored", allow_module_level=True)

pytestmark = pytest.mark.usefixtures("_specified_mutex")


class Shelf:
    """A cache over a source that changes, how often that was read, and what each thread was given."""

    policy: Any = "tinylfu"
    maxsize = 2
    failures = 0

    def __init__(self) -> None:
        self.version = 1
        self.loads = 0
        self.running = 0
        self.given: list[int] = []
        self.gone: list[tuple[str, int, EvictionCause]] = []
        self.cache: LockedCache[str, int] = LockedCache(self.maxsize, policy=self.policy, on_evict=self.note)

    def note(self, key: str, value: int, cause: EvictionCause) -> None:
        assert not _mutex.holds(self.cache)
        self.gone.append((key, value, cause))

    def load(self, _: str) -> int:
        """Read the source: a step begins with what it finds, so the value may be old when it is returned."""
        self.loads += 1
        self.running += 1
        assert not _mutex.holds(self.cache)
        found = self.version
        failing = self.loads <= self.failures
        try:
            _sync.step("is loading")
            if failing:
                raise ZeroDivisionError
            return found
        finally:
            self.running -= 1

    def get(self) -> None:
        try:
            self.given.append(self.cache.get_or_load("a", self.load))
        except ZeroDivisionError:
            self.given.append(0)

    def get_other(self) -> None:
        assert self.cache.get_or_load("b", lambda _: 9) == 9

    def change(self) -> None:
        """Who asks after this gets nothing from before it."""
        self.version = 2
        self.cache.invalidate("a")
        assert self.cache.get_or_load("a", self.load) == 2

    def remove(self) -> None:
        self.version = 2
        self.cache.invalidate("a")

    def empty(self) -> None:
        self.version = 2
        self.cache.clear()

    def write(self) -> None:
        self.cache["a"] = 3

    def fill(self) -> None:
        for key in "bcd":
            self.cache[key] = 9

    def hit(self) -> None:
        assert self.cache.get("a", 1) == 1
        assert self.cache.get("b", 9) == 9

    def check(self) -> None:
        assert not self.cache._loads
        entries = self.cache._entries.values()
        queued = [entry for queue in (self.cache._small, self.cache._main) for entry in queue.places if entry]
        assert sorted(map(id, queued)) == sorted(map(id, entries))
        assert len(self.cache) == self.cache.currsize <= self.maxsize
        with self.cache.locked(timeout=0):
            pass

    def check_once(self) -> None:
        self.check()
        assert self.loads == 1
        assert self.given == [1] * len(self.given)
        assert self.cache.get("a") == 1

    def check_new(self) -> None:
        """What is in the cache is not from before the change."""
        self.check()
        assert self.cache.get("a") in (None, 2)

    def check_written(self) -> None:
        self.check()
        assert self.cache["a"] == 3
        assert set(self.given) <= {1, 3}


class Nowhere(Shelf):
    """Keeps nothing: those who wait are given the value all the same."""

    maxsize = 0


class Failing(Shelf):
    """The first load fails."""

    failures = 1

    def check_failed(self) -> None:
        self.check()
        assert sorted(self.given) == [0, *[1] * (len(self.given) - 1)]
        assert self.loads == 2
        assert self.cache["a"] == 1


class Exact(Shelf):
    policy = "lru"


class Sieve(Shelf):
    policy = "sieve"


class Old(Shelf):
    """Has a value that has expired, and may be served while one thread loads."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = LockedCache(2, ttl=5, stale=5, clock=lambda: self.time)
        self.time = 0.0
        self.cache["a"] = 0
        self.time = 7.0

    def check_served(self) -> None:
        self.check()
        assert self.loads == 1
        assert 1 in self.given
        assert set(self.given) <= {0, 1}
        assert self.cache["a"] == 1


def program(kind: type[Shelf], threads: str, check: str, **options: Any) -> Program[Shelf]:
    return Program(
        setup=kind, threads=[getattr(kind, name) for name in threads.split()], check=getattr(kind, check), **options
    )


def explored(made: Program[Shelf]) -> None:
    """Two threads are stopped twice at any place, three once."""
    print(explore(made, max_preemptions=4 - len(made.threads)).require())


@pytest.mark.parametrize("threads", ["get get", "get get get", "get get_other", "get get get_other"])
@pytest.mark.parametrize("kind", [Shelf, Exact])
def test_a_value_is_loaded_once(kind: type[Shelf], threads: str) -> None:
    explored(program(kind, threads, "check_once"))


def test_what_is_not_kept_is_given_to_those_who_wait() -> None:
    seen: set[int] = set()

    def check(shelf: Shelf) -> None:
        shelf.check()
        assert shelf.given == [1, 1, 1]
        seen.add(shelf.loads)

    explored(Program(setup=Nowhere, threads=[Shelf.get] * 3, check=check))
    assert seen == {1, 2, 3}  # of those who come together one loads, and who comes later loads again


@pytest.mark.parametrize("threads", ["get change", "get get change", "get remove", "get empty", "change change"])
def test_invalidating_wins_over_a_load_in_flight(threads: str) -> None:
    explored(program(Shelf, threads, "check_new"))


@pytest.mark.parametrize("threads", ["get write", "get get write"])
def test_writing_wins_over_a_load_in_flight(threads: str) -> None:
    explored(program(Shelf, threads, "check_written"))


@pytest.mark.parametrize("threads", ["get get", "get get get"])
def test_a_leader_that_fails_hands_the_load_on(threads: str) -> None:
    explored(program(Failing, threads, "check_failed"))


def test_a_load_that_fails_leaves_nothing_behind() -> None:
    explored(program(Failing, "get get_other", "check"))


@pytest.mark.parametrize("threads", ["get get", "get get get_other"])
def test_an_interrupted_leader_or_follower_leaves_nothing_behind(threads: str) -> None:
    """Wherever a wait is interrupted, the others get the value; the load of one that leads is done by another."""
    explored(program(Shelf, threads, "check", interrupts=1))


@pytest.mark.parametrize("threads", ["get get", "get get get"])
def test_a_stale_value_is_served_to_all_but_one(threads: str) -> None:
    explored(program(Old, threads, "check_served"))


@pytest.mark.parametrize("threads", ["fill hit", "get fill", "fill fill", "fill empty", "hit fill remove"])
@pytest.mark.parametrize("kind", [Shelf, Sieve, Exact])
def test_evicting_and_hitting(kind: type[Shelf], threads: str) -> None:
    explored(program(kind, threads, "check"))


@pytest.mark.parametrize("threads", ["fill hit", "get fill"])
@pytest.mark.parametrize("kind", [Shelf, Sieve, Exact])
def test_evicting_and_hitting_at_any_instruction(kind: type[Shelf], threads: str) -> None:
    steps = [_cache.found, _cache.look, _cache.make_room, _cache.let_go]
    explored(program(kind, threads, "check", instructions_of=steps))


class Twice(Shelf):
    """Two keys that are only ever written together."""

    maxsize = 3

    def __init__(self) -> None:
        super().__init__()
        self.cache = LockedCache(self.maxsize, policy=self.policy)
        self.cache.update(a=1, b=1)
        self.asked = 0
        self.seen: list[int] = []

    def write_both(self) -> None:
        with self.cache.locked():
            self.cache["b"] = 2
            _sync.step("has written one")
            self.cache["a"] = 2

    def write_and_undo(self) -> None:
        with self.cache.locked():
            self.cache["b"] = 2
            _sync.step("has written what nobody is to see")
            self.cache["b"] = 1

    def read_once(self) -> None:
        assert self.cache["b"] == 1

    def look_once(self) -> None:
        assert "b" in self.cache
        assert len(self.cache) == 2

    def remove_and_undo(self) -> None:
        with self.cache.locked():
            del self.cache["b"]
            _sync.step("has removed what nobody is to miss")
            self.cache["b"] = 1

    def read_both(self) -> None:
        self.seen = [self.cache["b"], self.cache["a"]]

    def put_if_absent(self) -> None:
        self.asked += 1
        self.seen.append(self.cache.setdefault("c", self.asked))

    def check_both(self) -> None:
        self.check()
        assert self.seen in ([1, 1], [1, 2], [2, 2])

    def check_same(self) -> None:
        self.check()
        assert len(set(self.seen)) == 1


@pytest.mark.parametrize("policy", ["tinylfu", "lru"])
def test_what_is_done_in_a_section_is_seen_at_once(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Twice, "policy", policy)
    explored(program(Twice, "write_both read_both", "check_both", instructions_of=[_cache.found]))


@pytest.mark.parametrize("threads", ["write_and_undo read_once", "remove_and_undo look_once"])
def test_what_is_undone_in_a_section_is_never_seen(threads: str) -> None:
    steps: list[object] = [_cache.found, _cache.peek, vars(LockedCache)["__len__"]]
    explored(program(Twice, threads, "check", instructions_of=steps))


def test_two_threads_do_not_both_store_a_default() -> None:
    explored(program(Twice, "put_if_absent put_if_absent", "check_same"))


class Drained(Shelf):
    """What is in it is taken out while it is written to."""

    def __init__(self) -> None:
        super().__init__()
        self.cache["b"] = 9
        self.written = 0
        self.taken: list[dict[str, int]] = []

    def drain(self) -> None:
        self.taken.append(self.cache.drain())

    def write(self) -> None:
        super().write()
        self.written += 1

    def check_drained(self) -> None:
        self.check()
        places = [*self.taken, self.cache.snapshot()]
        assert sorted(key for items in places for key in items) == ["a"] * self.written + ["b"]


@pytest.mark.parametrize("threads", ["drain drain", "drain write", "drain drain write"])
def test_what_is_drained_is_in_one_drain(threads: str) -> None:
    explored(program(Drained, threads, "check_drained"))


class Memo(Shelf):
    """The same by the decorator."""

    def __init__(self) -> None:
        super().__init__()
        self.function = cached(self.load)

    def get(self) -> None:
        self.given.append(self.function("a"))

    def check_once(self) -> None:
        assert self.loads == 1
        assert self.given == [1] * len(self.given)
        assert self.function.cache_info().currsize == 1


def test_a_cached_function_runs_once() -> None:
    explored(program(Memo, "get get get", "check_once"))


class Lru(OrderedDict[str, int]):
    """A cache of two for one thread: what was not used for longest comes first, and goes first."""

    def __getitem__(self, key: str) -> int:
        value = super().__getitem__(key)
        self.move_to_end(key)
        return value

    def __setitem__(self, key: str, value: int) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > 2:
            del self[next(iter(self))]

    def get(self, key: str, default: Any = None) -> Any:
        if key in self:
            return self[key]
        return default

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def popitem(self) -> tuple[str, int]:  # type: ignore[override]
        if not self:
            raise KeyError
        key = next(iter(self))
        return key, self.pop(key)

    def invalidate(self, key: str) -> bool:
        return self.pop(key, None) is not None

    def snapshot(self) -> dict[str, int]:
        return dict(self.items())

    def drain(self) -> dict[str, int]:
        drained = self.snapshot()
        self.clear()
        return drained


def shown(cache: Any) -> list[tuple[str, int]]:
    return sorted(cache.snapshot().items())  # in no order that is promised


def drained(cache: Any) -> list[tuple[str, int]]:
    return sorted(cache.drain().items())


LRU = ModelOf(Lru, lambda lru: tuple(lru.items()))
ON_A_CACHE = [
    *(Call("__setitem__", "a", 1), Call("__setitem__", "c", 2), Call("setdefault", "a", 3), Call("setdefault", "c", 4)),
    *(Call("__getitem__", "a"), Call("get", "b"), Call("__contains__", "a"), Call("__len__"), Call(shown)),
    *(Call("__delitem__", "a"), Call("pop", "a"), Call("pop", "b", None), Call("popitem"), Call("invalidate", "a")),
    *(Call("update", {"c": 5, "d": 6}), Call("clear"), Call(drained)),
]


def test_all_pairs_of_a_cache_are_linearizable(preemptions: int | None) -> None:
    """What is evicted, too. (What loads is explored above: an operation of several steps, and that is its purpose.)"""
    a, b = Call("__setitem__", "a", 7), Call("__setitem__", "b", 8)
    findings = explore_pairs(
        lambda: LockedCache[str, int](2, policy="lru"),
        ON_A_CACHE,
        LRU,
        starts=[[], [a], [a, b]],
        looks=[Call("popitem"), Call("popitem"), Call("__len__")],
        max_preemptions=preemptions,
    ).require()
    print(findings)
