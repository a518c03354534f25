"""CPython's own tests of ``list`` and ``set``, run on the twins; see test_conformance.py."""

from __future__ import annotations

import pytest

from lockedcontainers import LockedList, LockedSet

from .loader import adopt, load

pytest.importorskip("test.test_list", reason="this Python comes without its own tests")

SNAPSHOT = "promise 3: an iterator goes over a snapshot, and does not notice changes"
KEEPS = "promise 3: an iterator over a snapshot does not keep the container"
COPY = "promise 2: it compares and prints a copy, and does not notice changes"
NAME = "the repr has the name of the class, as that of a subclass of set has"
SUBCLASS = "what a subclass makes of itself is of that subclass, as with the other twins"
HASHES = "dict.fromkeys takes the hashes from exact sets only, and asks for those of what it iterates over"

LIST = load("test.test_list", {"list": LockedList}, "test.seq_tests", "test.list_tests")
adopt(
    LIST,
    {
        "ListTest.test_equal_operator_modifying_operand": COPY,
        "ListTest.test_exhausted_iterator": SNAPSHOT,
        "ListTest.test_free_after_iterating": KEEPS,
        "ListTest.test_iterator_pickle": SNAPSHOT,
        "ListTest.test_repr_mutate": COPY,
        "ListTest.test_reversed_pickle": SNAPSHOT,
    },
    globals(),
)

SET = load("test.test_set", {"set": LockedSet})
adopt(
    SET,
    {
        "TestSet.test_cyclical_repr": NAME,
        "TestSet.test_do_not_rehash_dict_keys": HASHES,
        "TestSet.test_free_after_iterating": KEEPS,
        "TestSetSubclass.test_copy": SUBCLASS,
        "TestSetSubclass.test_difference": SUBCLASS,
        "TestSetSubclass.test_do_not_rehash_dict_keys": HASHES,
        "TestSetSubclass.test_free_after_iterating": KEEPS,
        "TestSetSubclass.test_intersection": SUBCLASS,
        "TestSetSubclass.test_symmetric_difference": SUBCLASS,
        "TestSetSubclass.test_union": SUBCLASS,
        "TestFrozenSet.test_do_not_rehash_dict_keys": HASHES,
        "TestFrozenSetSubclass.test_do_not_rehash_dict_keys": HASHES,
        **{
            f"TestBasicOps{case}.test_repr": NAME
            for case in ("Empty", "Singleton", "Tuple", "String", "Bytes", "MixedStringBytes")
        },
        "TestExceptionPropagation.test_changingSizeWhileIterating": SNAPSHOT,
    },
    globals(),
)
