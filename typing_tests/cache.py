"""Checked by mypy --strict and pyright, never run: the types a user of LockedCache and cached sees."""

from collections.abc import ItemsView, Iterator, KeysView, MutableMapping, ValuesView
from typing import assert_type

from lockedcontainers import CacheInfo, CacheStatistics, EvictionCause, LockedCache, cached

# Made with what it is to hold.
cache: LockedCache[str, int] = LockedCache(100)
assert_type(LockedCache[str, int](None, policy="lru", ttl=1.5, idle=3, stale=1), LockedCache[str, int])
LockedCache[str, int](100, policy="fifo")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
LockedCache[str, str](100, weigh=len)


def tell(key: str, value: int, cause: EvictionCause) -> None: ...


told: LockedCache[str, int] = LockedCache(100, on_evict=tell)


# Taken where a mutable mapping is.
def takes_mapping(mapping: MutableMapping[str, int]) -> None: ...


takes_mapping(cache)
assert_type(cache["a"], int)
assert_type(cache.get("a"), int | None)
assert_type(cache.get("a", 0), int)
assert_type(cache.get("a", "none"), int | str)
assert_type(cache.pop("a"), int)
assert_type(cache.pop("a", None), int | None)
assert_type(cache.popitem(), tuple[str, int])
assert_type(cache.setdefault("a", 1), int)
assert_type(iter(cache), Iterator[str])
keys: KeysView[str] = cache.keys()
values: ValuesView[int] = cache.values()
items: ItemsView[str, int] = cache.items()
cache.update({"a": 1}, b=2)
cache["a"] = "one"  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]

# What is its own.
assert_type(cache.get_or_load("a", len), int)
assert_type(cache.invalidate("a"), bool)
assert_type(cache.snapshot(), dict[str, int])
assert_type(cache.drain(), dict[str, int])
assert_type(cache.expire(), list[tuple[str, int]])
assert_type(cache.statistics(), CacheStatistics)
assert_type(cache.statistics().evictions[EvictionCause.SIZE], int)
with cache.locked(timeout=1) as same:
    assert_type(same, LockedCache[str, int])


# A decorated function has the arguments and the result that it had.
@cached
def bare(a: int, b: str = "") -> float:
    return float(a) if b else 0.0


@cached(maxsize=None, typed=True)
def called(a: int, *, b: str) -> float:
    return float(a) if b else 0.0


assert_type(bare(1), float)
assert_type(bare(1, b="x"), float)
assert_type(called(1, b="x"), float)
bare("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
called(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
assert_type(bare.cache_info(), CacheInfo)
assert_type(bare.cache_invalidate(1, "x"), bool)
bare.cache_invalidate("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
bare.cache_clear()
assert_type(bare.cache_parameters()["maxsize"], int | None)
assert_type(bare.__wrapped__(1), float)
assert_type(bare.cache.statistics(), CacheStatistics)


class Shop:
    @cached
    def price(self, name: str) -> int:
        return len(name)

    @cached(maxsize=10, ttl=60)
    def stock(self, name: str) -> int:
        return len(name)


assert_type(Shop().price("tea"), int)
assert_type(Shop().stock(name="tea"), int)
assert_type(Shop.price(Shop(), "tea"), int)
assert_type(Shop().price.cache_info(), CacheInfo)
Shop().price(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Under classmethod and staticmethod too; mypy does not tell them from methods.
class Market(Shop):
    @classmethod
    @cached
    def open(cls, name: str) -> int:
        return len(name)

    @staticmethod
    @cached(maxsize=10)
    def closed(name: str, day: int = 0, *, week: int) -> int:
        return len(name) + day + week


assert_type(Market.open("tea"), int)  # type: ignore[call-arg, arg-type]
assert_type(Market().open(name="tea"), int)
assert_type(Market.closed("tea", week=1), int)
assert_type(Market().closed("tea", 2, week=1), int)  # type: ignore[misc, arg-type]
assert_type(Market().open.cache_info(), CacheInfo)
assert_type(Market.closed.cache_info(), CacheInfo)
Market.open(1)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportArgumentType]
Market().closed("tea")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
