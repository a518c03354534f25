"""Compile lockedcontainers where that can be done; install the same sources uncompiled where it cannot.

    LOCKEDCONTAINERS_PURE=1                do not compile
    LOCKEDCONTAINERS_REQUIRE_COMPILED=1    fail the build rather than install uncompiled

Everything else about the project is in pyproject.toml.
"""

import os
import sys
import textwrap
from collections import deque
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = Path("src", "lockedcontainers")
DECLARATIONS_ONLY = {"_builtins"}  # compiled, these names are C calls; its .py has them for the uncompiled build
MACROS = {
    # A class on top of collections.deque must know its size, and be of the kind of type that it is (_deque.py).
    "_deque": [("LC_DEQUE_SIZE", str(deque.__basicsize__)), ("CYTHON_USE_TYPE_SPECS", "1")],
}
DIRECTIVES = {
    "language_level": 3,
    "freethreading_compatible": True,
    "annotation_typing": False,
    "binding": True,
    "auto_pickle": False,
}


class NotCompiledError(Exception):
    """Says why there is no compiled build."""


class BuildExt(build_ext):
    """Translates and compiles every extension module, or raises NotCompiledError."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            cause = textwrap.shorten(f"{type(error).__name__}: {error}", 200, placeholder=" ...")
            raise NotCompiledError(cause) from error

    def build_extensions(self) -> None:
        from Cython.Build import cythonize

        # The generated C stays out of the source tree, so that it never ships and never goes stale beside its source.
        translated = cythonize(self.extensions, build_dir=self.build_temp, compiler_directives=DIRECTIVES)
        for extension, generated in zip(self.extensions, translated, strict=True):
            extension.sources = generated.sources
            if self.compiler.compiler_type != "msvc":
                extension.extra_compile_args = ["-O3"]
        super().build_extensions()


def extensions() -> list[Extension]:
    """One module per .pxd: from its .pyx if it has one, else from its .py."""
    headers = [str(header) for header in sorted(PACKAGE.glob("*.h"))]
    found = []
    for declarations in sorted(PACKAGE.glob("*.pxd")):
        if declarations.stem not in DECLARATIONS_ONLY:
            native = declarations.with_suffix(".pyx")
            source = native if native.exists() else declarations.with_suffix(".py")
            found.append(
                Extension(
                    f"{PACKAGE.name}.{source.stem}",
                    [source.as_posix()],
                    include_dirs=[str(PACKAGE)],
                    depends=headers,
                    define_macros=MACROS.get(source.stem, []),
                )
            )
    return found


def build_compiled() -> None:
    if os.environ.get("LOCKEDCONTAINERS_PURE") == "1":
        raise NotCompiledError("LOCKEDCONTAINERS_PURE=1 is set")
    if sys.implementation.name != "cpython":
        raise NotCompiledError(f"the compiled build is for CPython, this is {sys.implementation.name}")
    setup(ext_modules=extensions(), cmdclass={"build_ext": BuildExt})


try:
    build_compiled()
except NotCompiledError as reason:
    if os.environ.get("LOCKEDCONTAINERS_REQUIRE_COMPILED") == "1":
        raise SystemExit(
            f"lockedcontainers: not compiled, but LOCKEDCONTAINERS_REQUIRE_COMPILED=1: {reason}"
        ) from reason
    print(f"lockedcontainers: not compiled, the same sources are installed to run uncompiled ({reason})")
    setup()
