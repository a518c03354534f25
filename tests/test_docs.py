"""Every example in README.md, docs/ and the docstrings of the package runs, on whichever build is installed.

In a page, ``pycon`` blocks are checked as doctests and ``python`` blocks are run.
All blocks of a page share their names. One that imports a package without a wheel for this Python is left out.
"""

import ast
import doctest
import importlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lockedcontainers

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^( *)```(python|pycon)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"^(?:>>> )?import (\w+)", re.MULTILINE)
PACKAGE = Path(lockedcontainers.__path__[0])
PUBLIC: list[str] = lockedcontainers.__all__


def check(source: str, names: dict[str, Any], name: str, path: Path, line: int) -> None:
    """Run the ``>>>`` examples in *source*, which starts at *line* of *path*; they read and write *names*."""
    test = doctest.DocTestParser().get_doctest(source, {}, name, str(path), line)
    test.globs = names
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    if runner.run(test, out=report.append, clear_globs=False).failed:
        pytest.fail("".join(report), pytrace=False)


@pytest.fixture(autouse=True)
def _registered_for_one_page() -> Iterator[None]:
    """What a page tells sqlite3 about our classes must not reach the tests of what it knows of them by itself."""
    before = dict(sqlite3.adapters)
    yield
    sqlite3.adapters.clear()
    sqlite3.adapters.update(before)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page: Path, without_wheel: frozenset[str]) -> None:
    text = page.read_text(encoding="utf-8")
    left_out: set[str] = set()
    names: dict[str, Any] = {"__name__": page.stem}
    for block in BLOCK.finditer(text):
        _, language, source = block.groups()
        line = text.count("\n", 0, block.start(3))
        if missing := without_wheel.intersection(IMPORT.findall(source)):
            left_out |= missing
            continue
        if language == "pycon":
            check(source, names, page.name, page, line)
        else:
            exec(compile("\n" * line + source, page, "exec"), names)
    if left_out:
        pytest.skip(f"all has run but the blocks that import {', '.join(sorted(left_out))}: no wheel for this Python")


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def documented(node: Documented, name: str) -> Iterator[tuple[str, str, int]]:
    """Name, docstring and line of *node* and of everything in it that has an example."""
    docstring = ast.get_docstring(node, clean=False)
    if docstring is not None and ">>>" in docstring:
        yield name, docstring, node.body[0].lineno - 1
    for child in node.body:
        if isinstance(child, Documented):
            yield from documented(child, f"{name}.{child.name}")


def docstrings() -> Iterator[Any]:
    """Read from the source beside the compiled module, since doctest finds few of the objects in a compiled one."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join([PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
        for name, docstring, line in documented(ast.parse(path.read_text(encoding="utf-8")), module):
            yield pytest.param(module, docstring, path, line, id=name)


@pytest.mark.parametrize(("module", "docstring", "path", "line"), list(docstrings()))
def test_docstring(module: str, docstring: str, path: Path, line: int) -> None:
    """The names of the module and the public names are there; a compiled module may keep some of its own to itself."""
    names = vars(importlib.import_module(module)) | {name: getattr(lockedcontainers, name) for name in PUBLIC}
    check(docstring, names, module, path, line)
