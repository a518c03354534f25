# pyright: basic
"""Sorted Containers' own tests, run on the sorted three.

Its sdist comes without them. SORTEDCONTAINERS_TESTS names the folder ``tests`` of its repository, or of a
distribution's source package; where it is not set, all are skipped. tests/test_sorted.py compares with the plain
types anywhere.
"""

from __future__ import annotations

import ast
import os
import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from lockedcontainers import LockedSortedDict, LockedSortedKeyList, LockedSortedList, LockedSortedSet
from lockedcontainers._sorted import LockedSortedItems, LockedSortedKeys, LockedSortedValues

from .loader import _ToTwins

TESTS = os.environ.get("SORTEDCONTAINERS_TESTS")
if not TESTS:
    pytest.skip("SORTEDCONTAINERS_TESTS is not set: the sdist has no tests", allow_module_level=True)

TWINS: Mapping[str, type[Any]] = {
    "SortedDict": LockedSortedDict,
    "SortedKeyList": LockedSortedKeyList,
    "SortedList": LockedSortedList,
    "SortedListWithKey": LockedSortedKeyList,
    "SortedSet": LockedSortedSet,
    "SortedKeysView": LockedSortedKeys,
    "SortedItemsView": LockedSortedItems,
    "SortedValuesView": LockedSortedValues,
}

#: What they import themselves from.
THEIRS = ("context", "sortedcontainers")

#: Each must fail.
EXCLUDED: Mapping[str, str] = {}


class _Named(_ToTwins):
    """The names in what a repr is compared with are the twins' too."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:  # noqa: N802  (ast's name for it)
        if isinstance(node.value, str):
            value = node.value
            for name, twin in TWINS.items():
                if value.startswith(f"{name}("):
                    value = twin.__name__ + value.removeprefix(name)
            value = value.replace("(SortedDict(", "(LockedSortedDict(")
            return ast.copy_location(ast.Constant(value), node)
        return node


def load(path: Path) -> ModuleType:
    tree = ast.parse(path.read_bytes())
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module in THEIRS)]
    names = {name: f"_twin_of_{name}" for name in TWINS}
    module = ModuleType(path.stem)
    module.__dict__.update({names[name]: twin for name, twin in TWINS.items()})
    module.__dict__.update(SortedKeyList=LockedSortedKeyList)
    tree = ast.fix_missing_locations(_Named(names).visit(tree))
    exec(compile(tree, path, "exec"), module.__dict__)
    sys.modules[module.__name__] = module  # pickled functions are looked for there
    return module


def collected() -> Iterator[Any]:
    paths = sorted(Path(TESTS or "").glob("test_*.py"))
    assert paths, f"there are no tests in {TESTS}"
    for path in paths:
        for name, test in vars(load(path)).items():
            if name.startswith("test_") and isinstance(test, FunctionType):
                reason = EXCLUDED.get(f"{path.stem}.{name}")
                marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
                yield pytest.param(test, id=f"{path.stem}.{name}", marks=marks)


@pytest.mark.parametrize("test", list(collected()))
def test_of_sorted_containers(test: FunctionType) -> None:
    random.seed(0)
    test()
