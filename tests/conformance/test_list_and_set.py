"""CPython's own tests of ``list`` and ``set``, run on the twins; see test_conformance.py."""

from __future__ import annotations

import pytest

from lockedcontainers import LockedList, LockedSet

from .loader import adopt, load

pytest.importorskip("test.test_list", reason="this Python comes without its own tests")

LIST = load("test.test_list", {"list": LockedList}, "test.seq_tests", "test.list_tests")
adopt(LIST, {}, globals())

SET = load("test.test_set", {"set": LockedSet})
adopt(SET, {}, globals())
