"""cachetools' own tests of LRUCache and TTLCache, run on LockedCache where its API is the same.

They are not part of the installed package: its source is downloaded by pip when this runs, or found in the folder that
LOCKEDCONTAINERS_CACHETOOLS names. Where it cannot be had, the tests are skipped and say so.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lockedcontainers import LockedCache

pytestmark = pytest.mark.slow
VERSION = "8.0.1"


class LRUCache(LockedCache[Any, Any]):
    """LockedCache by cachetools' arguments."""

    def __init__(self, maxsize: float, getsizeof: Callable[[Any], float] | None = None, **settings: Any) -> None:
        if getsizeof is not None:
            vars(self)["getsizeof"] = getsizeof
        super().__init__(maxsize, policy="lru", weigh=self.getsizeof, **settings)

    @staticmethod
    def getsizeof(_: Any) -> float:
        return 1


class TTLCache(LRUCache):
    """The same with times."""

    def __init__(
        self,
        maxsize: float,
        ttl: float,
        timer: Callable[[], float] = time.monotonic,
        getsizeof: Callable[[Any], float] | None = None,
    ) -> None:
        self.timer = timer
        super().__init__(maxsize, getsizeof, ttl=ttl, clock=timer)


CACHETOOLS = ModuleType("cachetools")
CACHETOOLS.__dict__.update(Cache=LRUCache, LRUCache=LRUCache, TTLCache=TTLCache)

#: What must fail, and why.
EXCLUDED = {
    "TTLCacheTest.test_ttl_copy": "cachetools' timer stands still within `with cache.timer`",
    "TTLCacheTest.test_ttl_datetime": "times are numbers",
    "TTLCacheTest.test_ttl_datetime_overflow": "times are numbers",
    "TTLCacheTest.test_ttl_expire": "its timer stands still within `with cache.timer`; expire() has no argument",
}


def source() -> Path | None:
    """The folder of cachetools' tests."""
    if "LOCKEDCONTAINERS_CACHETOOLS" in os.environ:
        return Path(os.environ["LOCKEDCONTAINERS_CACHETOOLS"], "tests")
    folder = Path(tempfile.gettempdir(), f"lockedcontainers-cachetools-{VERSION}")
    tests = folder / f"cachetools-{VERSION}" / "tests"
    if not tests.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        command += ["--dest", str(folder), f"cachetools=={VERSION}"]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        if done.returncode:
            return None
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return tests


def loaded(tests: Path, name: str) -> ModuleType:
    """A module of theirs that takes us for cachetools."""
    full = f"cachetools_tests.{name}" if name else "cachetools_tests"
    path = tests / f"{name or '__init__'}.py"
    inside = None if name else [str(tests)]
    spec = importlib.util.spec_from_file_location(full, path, submodule_search_locations=inside)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    before = sys.modules.get("cachetools")
    sys.modules["cachetools"] = CACHETOOLS
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules["cachetools"]
        if before is not None:
            sys.modules["cachetools"] = before
    return module


@pytest.mark.parametrize(("file", "case"), [("test_lru", "LRUCacheTest"), ("test_ttl", "TTLCacheTest")])
def test_cachetools_own_tests(file: str, case: str, subtests: pytest.Subtests) -> None:
    tests = source()
    if tests is None:
        pytest.skip("cachetools' source could not be downloaded")
    loaded(tests, "")
    suite: type[unittest.TestCase] = getattr(loaded(tests, file), case)
    names = unittest.defaultTestLoader.getTestCaseNames(suite)
    assert len(names) > 20
    for name in names:
        with subtests.test(name):
            result = unittest.TestResult()
            suite(name).run(result)
            wrong = [text for _, text in (*result.failures, *result.errors)]
            if f"{case}.{name}" in EXCLUDED:
                assert wrong, "it is excluded, and passes"
            else:
                assert not wrong, wrong[0]
    assert {name.partition(".")[2] for name in EXCLUDED if name.startswith(case)} <= set(names)
