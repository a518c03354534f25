"""CPython's own test modules, loaded so that they test a twin in the place of a builtin.

The source of a module is parsed, every display and comprehension of the builtin is wrapped in a call of the twin
(``{}`` becomes ``dict({})``), and every mention of the builtin's name then means the twin.
"""

from __future__ import annotations

import ast
import importlib
import sys
import unittest
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

DISPLAYS: Mapping[type[ast.expr], str] = {
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Set: "set",
    ast.SetComp: "set",
}


class _ToTwins(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        builtin = DISPLAYS.get(type(node))  # type: ignore[arg-type]
        is_value = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)  # [a, b] = ... is no list
        if builtin in self.names and is_value and isinstance(node, ast.expr):
            twin = ast.Name(self.names[builtin], ast.Load())
            return ast.copy_location(ast.Call(twin, [node], []), node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.names and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Name(self.names[node.id], ast.Load()), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "collections" and node.attr in self.names:
            return ast.copy_location(ast.Name(self.names[node.attr], ast.Load()), node)
        return self.generic_visit(node)


def load(name: str, twins: Mapping[str, type], *bases: str) -> ModuleType:
    """The module *name* with *twins*, by the names of their builtins; so too the modules *bases* that it imports."""
    with ExitStack() as patched:
        for base in bases:
            package, _, last = base.rpartition(".")
            loaded = load(base, twins)
            patched.enter_context(mock.patch.dict(sys.modules, {base: loaded}))
            patched.enter_context(mock.patch.object(importlib.import_module(package), last, loaded, create=True))
        return _load(name, twins)


def _load(name: str, twins: Mapping[str, type]) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    names = {builtin: f"_twin_of_{builtin}" for builtin in twins}
    tree = ast.fix_missing_locations(_ToTwins(names).visit(ast.parse(Path(spec.origin).read_bytes())))
    module = ModuleType(f"{name}_on_{'_'.join(twin.__name__ for twin in twins.values())}")
    module.__file__ = spec.origin
    module.__dict__.update({names[builtin]: twin for builtin, twin in twins.items()})
    sys.modules[module.__name__] = module  # pickled classes are looked for there
    exec(compile(tree, spec.origin, "exec"), module.__dict__)  # noqa: S102
    return module


def adopt(
    module: ModuleType, exclusions: Mapping[str, str], namespace: dict[str, Any], prefix: str
) -> None:
    """Put the test cases of *module* where pytest finds them. Those in *exclusions* must fail, for the reason given.

    *exclusions* has names like ``"DictTest.test_track_literals"``.
    """
    left = dict(exclusions)
    for name, case in vars(module).items():
        if not (isinstance(case, type) and issubclass(case, unittest.TestCase) and case.__module__ == module.__name__):
            continue
        for test in unittest.defaultTestLoader.getTestCaseNames(case):
            reason = left.pop(f"{name}.{test}", None)
            if reason is not None:
                setattr(case, test, _excluded(getattr(case, test), reason))
        namespace[f"{prefix}{name}"] = case
    assert not left, f"{module.__name__} has no {', '.join(left)}"


def _excluded(test: Callable[..., object], reason: str) -> Callable[..., object]:
    def excluded(self: unittest.TestCase) -> None:
        test(self)

    excluded.__name__ = test.__name__
    return pytest.mark.xfail(reason=reason, strict=True)(excluded)
