"""What the commands of ``python -m lockedcontainers`` share: the interpreter in words, progress bars and tables.

Bars and tables are drawn by rich where it is installed (``pip install "lockedcontainers[demo]"``), else plainly.
"""

from __future__ import annotations

import platform
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lockedcontainers import __version__, is_compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import TextIO


class CommandError(Exception):
    """What the user has to put right: its text is printed as one line, and the exit status is 2."""


def gil_enabled() -> bool:
    """Return whether a GIL runs one thread at a time here."""
    is_enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return is_enabled()


def interpreter() -> str:
    """Return the interpreter's name, version and GIL state."""
    name, version = platform.python_implementation(), platform.python_version()
    return f"{name} {version} with the GIL {'on' if gil_enabled() else 'off'}"


def version() -> str:
    """Return what ``--version`` says."""
    return f"lockedcontainers {__version__} ({'compiled' if is_compiled else 'not compiled'}) on {interpreter()}"


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a line to *stream* (stdout), with escapes for what it cannot show: a file's name may hold anything."""
    out: TextIO = stream or sys.stdout
    out.write(text.encode(out.encoding, "backslashreplace").decode(out.encoding) + "\n")


@contextmanager
def progress() -> Generator[Callable[[str, int, int], None]]:
    """Yield ``show(step, done, total)``, which draws on stderr."""
    try:
        from rich.console import Console
        from rich.progress import Progress, TaskID
    except ImportError:
        begun: set[str] = set()

        def show_plainly(step: str, _done: int, total: int) -> None:
            if step not in begun:
                begun.add(step)
                say(f"{step}: {total:,} files", sys.stderr)

        yield show_plainly
        return

    bars: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True)) as drawn:

        def show(step: str, done: int, total: int) -> None:
            if step not in bars:
                bars[step] = drawn.add_task(step)
            drawn.update(bars[step], completed=done, total=total)

        yield show


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* under *header*, the first column to the left and the others to the right."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        print_plain_table(header, rows)
        return

    table = Table()
    for column, title in enumerate(header):
        table.add_column(title, justify="right" if column else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def print_plain_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* under *header* in columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for first, *others in (header, *rows):
        cells = [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(others, widths[1:], strict=True))]
        say("  ".join(cells))
