"""CPython's own tests of functools.lru_cache, run on cached."""

from __future__ import annotations

import functools
import importlib
import sys
import unittest
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from lockedcontainers import cached, is_compiled

pytest.importorskip("test.test_functools", reason="this Python comes without its own tests")

F = TypeVar("F")
exact = functools.partial(cached, policy="lru")


def lru_cache(maxsize: Any = 128, typed: bool = False) -> Callable[[F], F]:
    decorator: Any = exact(maxsize, typed)
    return decorator  # type: ignore[no-any-return]


#: What functools is to the tests.
FUNCTOOLS = SimpleNamespace(**vars(functools))
FUNCTOOLS.lru_cache = lru_cache
FUNCTOOLS.cache = exact(None)

test_functools: Any = importlib.import_module("test.test_functools")

EXCLUDED = {
    "test_lru_bug_35780": "promise 5: a function may not ask for the key that it is computing",
    "test_lru_cache_threaded2": "threads that miss a key together do not all run the function",
}
if sys.version_info < (3, 14):  # where a tuple does not keep its hash
    EXCLUDED["test_lru_hash_only_once"] = "a key is hashed for the cache and for its estimate of how often it is wanted"
if hasattr(test_functools.TestLRU, "test_common_signatures"):
    EXCLUDED["test_common_signatures"] = "cache_info and cache_clear say what they return too"
if sys.version_info[:2] == (3, 13):  # which counts how deep C functions call one another
    EXCLUDED["test_lru_recursion"] = "a level of recursion is more than one C function"
if not is_compiled:
    EXCLUDED["test_lru_reentrancy_with_len"] = "it replaces len(), which Python code of ours calls to make a key"


@lru_cache()
def cached_func(x: int, y: int) -> int:
    return 3 * x + y


class TestCached(test_functools.TestLRU, unittest.TestCase):  # type: ignore[misc]
    module = FUNCTOOLS
    cached_func: Any = (cached_func,)

    @lru_cache()
    def cached_meth(self, x: int, y: int) -> int:
        return 3 * x + y

    @staticmethod
    @lru_cache()
    def cached_staticmeth(x: int, y: int) -> int:
        return 3 * x + y


def excluded(name: str, reason: str) -> None:
    test = getattr(TestCached, name)

    @pytest.mark.xfail(reason=reason, strict=True)
    def must_fail(self: unittest.TestCase) -> None:
        test(self)

    setattr(TestCached, name, must_fail)


for name, reason in EXCLUDED.items():
    excluded(name, reason)
