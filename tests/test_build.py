"""setup.py and pyproject.toml: what is compiled, what is done where nothing can be, and what a wheel and an sdist hold.

The builds are of a package of two small modules under the name of the real one, with the real build files.
"""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILD_FILES = ["setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"]
PACKAGE_FILES = {
    "__init__.py": "from lockedcontainers._room import Room, is_compiled as is_compiled\n",
    "_cython.py": "compiled = False\n",
    "_mutex.h": "static inline int lock_body(void) { return 1; }\n",
    "_mutex.pxd": 'cdef extern from "_mutex.h":\n    int lock_body() noexcept\n',
    "_mutex.pyx": "def body():\n    return 'native' if lock_body() else None\n",
    "_mutex.py": "def body():\n    return 'twin'\n",
    "_room.pxd": "cdef class Room(dict):\n    pass\n",
    "_room.py": "from lockedcontainers._mutex import body\n"
    "try:\n    import cython\nexcept ImportError:\n    from lockedcontainers import _cython as cython\n"
    "is_compiled = cython.compiled\n"
    "class Room(dict):\n    def lock(self):\n        return body()\n",
    "py.typed": "",
}
NOT_COMPILED = "not compiled"
WITHOUT_CYTHON = "import sys; sys.modules['Cython'] = None; "

slow = pytest.mark.slow
posix = pytest.mark.skipif(os.name != "posix", reason="chooses the compiler by CC")


class Project:
    """A copy of the build files with the small package, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "src" / "lockedcontainers"
        package.mkdir(parents=True)
        for name in BUILD_FILES:
            shutil.copy(ROOT / name, folder)
        for name, text in PACKAGE_FILES.items():
            (package / name).write_text(text)

    def python(self, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LOCKEDCONTAINERS_") and k != "CC"}
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env=inherited | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def build(self, *, before: str = "", hook: str = "build_wheel", **variables: str) -> tuple[int, str, list[Path]]:
        """Call *hook* as pip does; return its status, its log and what it built."""
        done = self.python(f"{before}from setuptools import build_meta; build_meta.{hook}('dist')", **variables)
        return done.returncode, done.stdout, sorted((self.folder / "dist").glob("*"))

    def installed(self, wheel: Path) -> tuple[set[str], str]:
        """Unpack *wheel*; return the names of its files, and what its lock and its room say they are."""
        site = self.folder / "site"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
            names = {Path(name).name for name in archive.namelist() if name.startswith("lockedcontainers/")}
        says = "import lockedcontainers as l; print(l.is_compiled, l.Room(a=1).lock())"
        return names, self.python(says, PYTHONPATH=str(site)).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def uncompiled(project: Project, log: str, built: list[Path]) -> bool:
    """The wheel is for any machine, holds no compiled module, runs, and the log has one line about it."""
    [wheel] = built
    names, says = project.installed(wheel)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert names == {name for name in PACKAGE_FILES if name != "_mutex.pyx"}
    assert says == "False twin"
    return [NOT_COMPILED in line for line in log.splitlines()].count(True) == 1


@slow
def test_compiled_wheel(project: Project) -> None:
    status, log, [wheel] = project.build(LOCKEDCONTAINERS_REQUIRE_COMPILED="1")
    names, says = project.installed(wheel)

    assert status == 0, log
    assert NOT_COMPILED not in log
    assert says == "True native"
    assert {name.split(".")[0] for name in names if name.endswith((".so", ".pyd"))} == {"_mutex", "_room"}
    assert {name for name in names if not name.endswith((".so", ".pyd"))} == set(PACKAGE_FILES) - {"_mutex.pyx"}
    assert not list(project.folder.glob("src/**/*.c")), "generated C is left in the source tree"


@slow
@posix
def test_without_compiler(project: Project) -> None:
    status, log, built = project.build(CC="/bin/false")

    assert status == 0, log
    assert uncompiled(project, log, built), log


@slow
@posix
def test_without_compiler_for_one_module(project: Project) -> None:
    """All modules are compiled or none: a compiled room could not use the lock's Python twin, nor the reverse."""
    compiler = project.folder / "cc"
    compiler.write_text('#!/bin/sh\ncase "$*" in *_room.c*) exit 1;; esac\nexec cc "$@"\n')
    compiler.chmod(0o755)
    status, log, built = project.build(CC=str(compiler))

    assert status == 0, log
    assert list(project.folder.glob("build/**/_mutex*.o")), "nothing was compiled, so this shows nothing"
    assert uncompiled(project, log, built), log


@slow
def test_without_cython(project: Project) -> None:
    status, log, built = project.build(before=WITHOUT_CYTHON)

    assert status == 0, log
    assert uncompiled(project, log, built), log


@slow
def test_pure_does_not_compile(project: Project) -> None:
    status, log, built = project.build(LOCKEDCONTAINERS_PURE="1")

    assert status == 0, log
    assert uncompiled(project, log, built), log
    assert not list(project.folder.glob("build/**/*.c"))


@slow
@posix
@pytest.mark.parametrize("cause", [{"CC": "/bin/false"}, {"before": WITHOUT_CYTHON}, {"LOCKEDCONTAINERS_PURE": "1"}])
def test_required_and_not_compiled_is_fatal(project: Project, cause: dict[str, str]) -> None:
    status, log, built = project.build(LOCKEDCONTAINERS_REQUIRE_COMPILED="1", **cause)

    assert status != 0
    assert NOT_COMPILED in log
    assert built == []


@slow
def test_sdist_builds(project: Project) -> None:
    """An sdist made where nothing is compiled still holds what compiling needs."""
    _, log, [sdist] = project.build(hook="build_sdist", LOCKEDCONTAINERS_PURE="1")
    with tarfile.open(sdist) as archive:
        archive.extractall(project.folder, filter="data")
    unpacked = project.folder / sdist.name.removesuffix(".tar.gz")

    assert set(PACKAGE_FILES) == {path.name for path in (unpacked / "src" / "lockedcontainers").iterdir()}, log
    assert all((unpacked / name).exists() for name in BUILD_FILES)


def test_installed_files() -> None:
    files = importlib.metadata.files("lockedcontainers")
    assert files is not None
    names = {path.name for path in files}

    assert "py.typed" in names
    assert not {name for name in names if name.endswith((".c", ".pyx"))}
