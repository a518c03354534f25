"""CPython's own tests of the builtins, run on the twins.

The tables give what is left out and why. What they name must fail, so that nothing is left out in vain.
"""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from lockedcontainers import LockedDefaultDict, LockedDict

from .loader import adopt, load

pytest.importorskip("test.test_dict", reason="this Python comes without its own tests")

SNAPSHOT = "promise 3: an iterator goes over a snapshot, and does not notice changes"
TRACKED = "only an exact dict is ever untracked by the garbage collector"

DICT = load("test.test_dict", {"dict": LockedDict}, "test.mapping_tests")
adopt(
    DICT,
    {
        "DictTest.test_free_after_iterating": "promise 3: an iterator over a snapshot does not keep the dict",
        "DictTest.test_merge_and_mutate": "update takes a snapshot of the other dict first",
        "DictTest.test_mutating_iteration": SNAPSHOT,
        "DictTest.test_mutating_iteration_delete": SNAPSHOT,
        "DictTest.test_mutating_iteration_delete_over_items": SNAPSHOT,
        "DictTest.test_mutating_iteration_delete_over_values": SNAPSHOT,
        "DictTest.test_oob_indexing_dictiter_iternextitem": SNAPSHOT,
        "DictTest.test_reversed_dict_after_clear_and_restore": SNAPSHOT,
        "DictTest.test_reversed_dict_keys_changed_during_iteration": SNAPSHOT,
        "DictTest.test_track_dynamic": TRACKED,
        "DictTest.test_track_literals": TRACKED,
        "FrozenDictTests": "of frozendict, another type",
    },
    globals(),
)

DEFAULTDICT = load("test.test_defaultdict", {"defaultdict": LockedDefaultDict, "dict": LockedDict})
adopt(
    DEFAULTDICT,
    {
        "TestDefaultDict.test_factory_conflict_with_set_value": "promise 5: a factory may not ask for its own key",
        "TestDefaultDict.test_repr": "the repr has the name of the class",
    },
    globals(),
)

mapping_tests: Any = importlib.import_module("test.mapping_tests")


class TestLockedDictAsAHashMapping(mapping_tests.TestHashMappingProtocol):  # type: ignore[misc]
    type2test = LockedDict
