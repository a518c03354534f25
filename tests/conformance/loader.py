"""CPython's own test modules, loaded so that they test a twin in the place of a builtin.

The source of a module is parsed, every display and comprehension of the builtin is wrapped in a call of the twin
(``{}`` becomes ``dict({})``), and every mention of the builtin's name then means the twin.
"""

from __future__ import annotations

import ast
import importlib
import sys
import unittest
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

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
        builtin = DISPLAYS.get(type(node), "")  # type: ignore[arg-type]
        is_value = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)  # [a, b] = ... is no list
        if builtin in self.names and is_value and isinstance(node, ast.expr):
            twin = ast.Name(self.names[builtin], ast.Load())
            return ast.copy_location(ast.Call(twin, [node], []), node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """An argument of the builtin's name is no builtin."""
        arguments = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        return type(self)({name: twin for name, twin in self.names.items() if name not in arguments}).generic_visit(
            node
        )

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.names and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Name(self.names[node.id], ast.Load()), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        module = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        if module in ("collections", "queue") and node.attr in self.names:
            return ast.copy_location(ast.Name(self.names[node.attr], ast.Load()), node)
        return self.generic_visit(node)


def load(name: str, twins: Mapping[str, type], *bases: str) -> ModuleType:
    """The module *name* with *twins*, by the names of their builtins; so too the modules *bases* that it imports."""
    with ExitStack() as patched:
        for base in bases:
            patched.enter_context(_instead(base, load(base, twins)))
        module = _load(name, twins)
    sys.modules[module.__name__] = module  # pickled classes are looked for there
    return module


@contextmanager
def _instead(name: str, module: ModuleType) -> Generator[None, None, None]:
    """While this lasts, importing *name* gives *module*."""
    package_name, _, last = name.rpartition(".")
    package, before = importlib.import_module(package_name), importlib.import_module(name)
    sys.modules[name] = module
    setattr(package, last, module)
    try:
        yield
    finally:
        sys.modules[name] = before
        setattr(package, last, before)


def _load(name: str, twins: Mapping[str, type]) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    names = {builtin: f"_twin_of_{builtin}" for builtin in twins}
    tree = ast.fix_missing_locations(_ToTwins(names).visit(ast.parse(Path(spec.origin).read_bytes())))
    module = ModuleType(f"{name.rpartition('.')[2]}_on_{'_and_'.join(twin.__name__ for twin in twins.values())}")
    module.__file__ = spec.origin
    module.__dict__.update({names[builtin]: twin for builtin, twin in twins.items()})
    exec(compile(tree, spec.origin, "exec"), module.__dict__)
    return module


def adopt(module: ModuleType, excluded: Mapping[str, str], namespace: dict[str, Any]) -> None:
    """Put the test cases of *module* where pytest finds them.

    *excluded* gives reasons for leaving out tests, by names like ``"DictTest.test_track_literals"``, or whole cases.
    An excluded test runs, and must fail. One of a case that is left out whole does not run.
    """
    for name, case in list(vars(module).items()):
        if isinstance(case, type) and issubclass(case, unittest.TestCase) and case.__module__ == module.__name__:
            tests = unittest.defaultTestLoader.getTestCaseNames(case)
            if name in excluded:
                LEFT_OUT[f"{module.__name__}.{name}"] = len(tests)
            else:
                for test in tests:
                    method = getattr(case, test)
                    method = getattr(method, "excluded", method)  # a case it inherits from may leave it out
                    reason = excluded.get(f"{name}.{test}")
                    setattr(case, test, _must_fail(method, reason) if reason else method)
                namespace[f"{name}_of_{module.__name__}"] = case


#: How many tests are in the cases that are left out whole.
LEFT_OUT: dict[str, int] = {}


def _must_fail(test: Callable[..., object], reason: str) -> Callable[..., object]:
    def must_fail(self: unittest.TestCase) -> None:
        test(self)

    vars(must_fail)["excluded"] = test
    return pytest.mark.xfail(reason=reason, strict=True)(must_fail)
