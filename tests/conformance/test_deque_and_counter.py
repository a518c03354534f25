"""CPython's own tests of ``deque`` and ``Counter``, run on the twins; see test_conformance.py."""

from __future__ import annotations

import unittest

import pytest

from lockedcontainers import LockedCounter, LockedDeque, is_compiled

from .loader import adopt, load

pytest.importorskip("test.test_deque", reason="this Python comes without its own tests")

SNAPSHOT = "promise 3: an iterator goes over a snapshot, and does not notice changes"
COPY = "promise 2: it compares a copy, and does not notice changes"
NAME = "the repr has the name of the class"

DEQUE = load("test.test_deque", {"deque": LockedDeque})
vars(DEQUE)["LockedDeque"] = LockedDeque  # for the eval of a repr
adopt(
    DEQUE,
    {
        "TestBasic.test_contains": COPY,
        "TestBasic.test_contains_count_stop_crashes": COPY,
        "TestBasic.test_contains_count_index_stop_crashes": COPY,
        "TestBasic.test_count": COPY,
        "TestBasic.test_index": COPY,
        "TestBasic.test_iterator_pickle": SNAPSHOT,
        "TestBasic.test_maxlen": NAME,
        "TestBasic.test_reversed_new": "an iterator over a snapshot is a list's iterator",
        "TestBasic.test_sizeof": "the lock is in the object",
        "TestVariousIteratorArgs.test_iter_with_altered_data": SNAPSHOT,
        "TestVariousIteratorArgs.test_runtime_error_on_empty_deque": SNAPSHOT,
        "TestSubclass.test_pickle_recursive": "a subclass that cannot be iterated over can be pickled",
        **({} if is_compiled else {"TestSubclass.test_bug_31608": "a __new__ that makes a list has another error"}),
    },
    globals(),
)

COLLECTIONS = load("test.test_collections", {"Counter": LockedCounter})
vars(COLLECTIONS)["LockedCounter"] = LockedCounter
for name, case in list(vars(COLLECTIONS).items()):
    if isinstance(case, type) and issubclass(case, unittest.TestCase) and name != "TestCounter":
        delattr(COLLECTIONS, name)
adopt(
    COLLECTIONS,
    {
        "TestCounter.test_basics": NAME,
        "TestCounter.test_helper_function": "a subclass with its own __setitem__ or get is counted without it",
    },
    globals(),
)
