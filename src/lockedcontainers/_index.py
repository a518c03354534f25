"""The race, shown on real input: ``python -m lockedcontainers index``.

An inverted index (word → set of files) and word counts are built over the same texts in four ways: by one thread, by
several on plain dicts, by several with a hand-written lock, by several on locked containers. Each result is compared
with the first. All four collect the words of a file privately and then add them word by word: only that adding differs.
"""

from __future__ import annotations

import gc
import json
import operator
import os
import platform
import re
import sys
import sysconfig
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from stat import S_ISDIR
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from lockedcontainers import LockedDict, __version__, is_compiled
from lockedcontainers._console import CommandError, gil_enabled, interpreter, print_table, progress, say, version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

WORD = re.compile(r"\w+")


class Builder(Protocol):
    """An index under construction: *add* is called by several threads at once, one file each."""

    @property
    def index(self) -> Mapping[str, set[str]]:
        """Word → the files it is in."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """Word → how often it occurs."""
        ...

    def add(self, file: str, words: Mapping[str, int]) -> None:
        """Add the words of one file."""
        ...


class Plain:
    """Plain dicts, no lock. Two threads can both find a word missing, or both read a count before either stores it."""

    def __init__(self) -> None:
        self.index: dict[str, set[str]] = {}
        self.counts: dict[str, int] = {}

    def add(self, file: str, words: Mapping[str, int]) -> None:
        """Add the words of one file."""
        index, counts = self.index, self.counts
        for word, count in words.items():
            if word not in index:
                index[word] = set()
            index[word].add(file)
            counts[word] = counts.get(word, 0) + count


class HandLocked(Plain):
    """The same code under a lock written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def add(self, file: str, words: Mapping[str, int]) -> None:
        """Add the words of one file."""
        index, counts, lock = self.index, self.counts, self.lock
        for word, count in words.items():
            with lock:
                if word not in index:
                    index[word] = set()
                index[word].add(file)
                counts[word] = counts.get(word, 0) + count


class Locked:
    """Locked dicts. Both steps run inside the dict, so the sets need no lock of their own."""

    def __init__(self) -> None:
        self.index: LockedDict[str, set[str]] = LockedDict()
        self.counts: LockedDict[str, int] = LockedDict()

    def add(self, file: str, words: Mapping[str, int]) -> None:
        """Add the words of one file."""
        index, counts = self.index, self.counts
        for word, count in words.items():
            index.merge(word, {file}, operator.ior)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            counts.merge(word, count, operator.add)


class Worker(threading.Thread):
    """Adds files to *builder* until none are left to do."""

    def __init__(self, builder: Builder, todo: SimpleQueue[tuple[str, str]], start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self._builder = builder
        self._todo = todo
        self._start = start
        self.done = 0
        self.errors: list[str] = []

    def run(self) -> None:
        """Wait for the others, then work."""
        self._start.wait()
        self.began = perf_counter()
        while True:
            try:
                file, text = self._todo.get_nowait()
            except Empty:
                break
            try:
                self._builder.add(file, Counter(WORD.findall(text)))
            except Exception as error:  # noqa: BLE001 - a race may raise anything; what is missing counts as lost
                self.errors.append(f"{file}: {error!r}")
            self.done += 1
        self.ended = perf_counter()


def build(
    builder: Builder, texts: Sequence[tuple[str, str]], threads: int, show: Callable[[int, int], None]
) -> tuple[float, list[str]]:
    """Add all *texts* to *builder*; return the seconds that took and the errors met."""
    todo: SimpleQueue[tuple[str, str]] = SimpleQueue()
    for text in texts:
        todo.put(text)
    start = threading.Barrier(threads)
    workers = [Worker(builder, todo, start) for _ in range(threads)]
    gc.collect()
    gc.disable()  # or a later way would pay for collections among the results of those before it
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            while worker.is_alive():
                show(sum(worker.done for worker in workers), len(texts))
                worker.join(0.1)
    finally:
        gc.enable()
    show(len(texts), len(texts))
    seconds = max(worker.ended for worker in workers) - min(worker.began for worker in workers)
    return seconds, [error for worker in workers for error in worker.errors]


@dataclass(frozen=True)
class Outcome:
    """What one way did, beside what one thread did."""

    way: str
    threads: int
    lost_postings: int
    lost_counts: int
    same: bool
    seconds: float
    ratio: float
    errors: list[str]


def compare(expected: Builder, got: Builder) -> tuple[int, int, bool]:
    """Return the postings lost, the occurrences not counted, and whether *got* is exactly what was *expected*."""
    postings = sum(len(files - got.index.get(word, set())) for word, files in expected.index.items())
    counts = sum(max(0, count - got.counts.get(word, 0)) for word, count in expected.counts.items())
    return postings, counts, got.index == expected.index and got.counts == expected.counts


@dataclass(frozen=True)
class Report:
    """What ``--json`` prints."""

    version: str
    compiled: bool
    implementation: str
    python: str
    gil: bool
    threads: int
    switch_interval: float
    files: int
    words: int
    postings: int
    counts: int
    outcomes: list[Outcome]
    left_out: dict[str, str]
    seen: str


def run(
    texts: Sequence[tuple[str, str]], left_out: dict[str, str], threads: int, show: Callable[[str, int, int], None]
) -> Report:
    """Build the index in the four ways."""
    expected = Plain()
    ways: list[tuple[str, int, Builder]] = [
        ("one thread", 1, expected),
        ("no lock", threads, Plain()),
        ("threading.Lock", threads, HandLocked()),
        ("LockedDict", threads, Locked()),
    ]
    outcomes: list[Outcome] = []
    for way, workers, builder in ways:
        seconds, errors = build(builder, texts, workers, partial(show, way))
        ratio = seconds / (outcomes[0].seconds if outcomes else seconds)
        outcomes.append(Outcome(way, workers, *compare(expected, builder), seconds, ratio, errors))
    postings = sum(map(len, expected.index.values()))
    counts = sum(expected.counts.values())
    return Report(
        version=__version__,
        compiled=is_compiled,
        implementation=platform.python_implementation(),
        python=platform.python_version(),
        gil=gil_enabled(),
        threads=threads,
        switch_interval=sys.getswitchinterval(),
        files=len(texts),
        words=len(expected.counts),
        postings=postings,
        counts=counts,
        outcomes=outcomes,
        left_out=left_out,
        seen=sentence(outcomes, postings, counts),
    )


def sentence(outcomes: Sequence[Outcome], postings: int, counts: int) -> str:
    """Return in one sentence what was seen."""
    _, unlocked, _, locked = outcomes
    here = f"On {interpreter()}"
    if not locked.same:
        return f"{here}, the locked containers differ from the one-thread result: please report this as a bug."
    if unlocked.same:
        return (
            f"{here}, no race showed in this one run, which does not mean that there is none: "
            "a smaller --switch-interval or more --threads makes it likelier."
        )
    return (
        f"{here}, {unlocked.threads} threads on plain dicts lost {unlocked.lost_postings:,} of {postings:,} postings "
        f"and {unlocked.lost_counts:,} of {counts:,} counted words; on locked containers they lost nothing."
    )


def find_files(paths: Iterable[str]) -> list[Path]:
    """Return every file at or below *paths*, hidden ones and bytecode excepted, each once and sorted.

    A folder that cannot be listed is returned as if it were a file: reading it will say why.
    """
    found: set[Path] = set()

    def add(file: str | Path) -> None:
        found.add(Path(file).resolve())

    for path in paths:
        try:
            mode = Path(path).stat().st_mode
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        if not S_ISDIR(mode):
            add(path)
            continue
        for folder, folders, files in os.walk(path, onerror=lambda error: add(error.filename)):
            folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
            for name in files:
                if not name.startswith("."):
                    add(Path(folder, name))
    return sorted(found)


def standard_library() -> list[Path]:
    """Return every ``.py`` file of the running interpreter's standard library."""
    installed = {"site-packages", "dist-packages"}
    files = find_files([sysconfig.get_path("stdlib")])
    return [file for file in files if file.suffix == ".py" and installed.isdisjoint(file.parts)]


def read(files: Sequence[Path], show: Callable[[int, int], None]) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Return the texts of *files*, and for each file without one the reason."""
    texts: list[tuple[str, str]] = []
    left_out: dict[str, str] = {}
    for done, file in enumerate(files, 1):
        text, reason = read_file(file)
        if text is None:
            left_out[str(file)] = reason
        else:
            texts.append((str(file), text))
        show(done, len(files))
    return texts, left_out


def read_file(file: Path) -> tuple[str | None, str]:
    """Return the text of a file, or None and the reason why there is none."""
    try:
        return file.read_text(encoding="utf-8"), ""
    except UnicodeDecodeError:
        return None, "not UTF-8"
    except OSError as error:
        return None, error.strerror or "unreadable"


def say_left_out(left_out: Mapping[str, str]) -> None:
    """Print which files had no text, and why."""
    if left_out:
        say(f"Files left out: {len(left_out):,}")
        for file, reason in left_out.items():
            say(f"  {file}: {reason}")


def print_report(report: Report) -> None:
    """Print the table, the sentence, and what went wrong."""
    say(version())
    say(f"{report.files:,} files, {report.words:,} different words; {report.threads} threads")
    print_table(
        ["", "postings", "lost", "words", "lost", "seconds", "ratio"],
        [
            [
                outcome.way,
                f"{report.postings:,}",
                f"{outcome.lost_postings:,}",
                f"{report.counts:,}",
                f"{outcome.lost_counts:,}",
                f"{outcome.seconds:.2f}",
                f"{outcome.ratio:.2f}",
            ]
            for outcome in report.outcomes
        ],
    )
    say(report.seen)
    for outcome in report.outcomes:
        if outcome.errors:
            say(f"{outcome.way}: {len(outcome.errors):,} files failed, the first at {outcome.errors[0]}")
    say_left_out(report.left_out)


def plot(report: Report, file: str) -> None:
    """Draw the table into *file*, in the format its suffix names."""
    from matplotlib.figure import Figure

    ways = [outcome.way for outcome in report.outcomes]
    figure: Any = Figure(figsize=(10, 4), layout="constrained")  # its types leave much open
    figure.suptitle(f"An index of {report.files:,} files, {report.threads} threads: {version()}", fontsize="medium")
    panels: list[tuple[str, list[float], str]] = [
        ("seconds", [outcome.seconds for outcome in report.outcomes], "%.2f"),
        ("postings and counted words lost", [o.lost_postings + o.lost_counts for o in report.outcomes], "%d"),
    ]
    for column, (title, values, label) in enumerate(panels, 1):
        axes = figure.add_subplot(1, len(panels), column)
        axes.bar_label(axes.barh(ways, values), fmt=label, padding=3)
        axes.invert_yaxis()
        axes.margins(x=0.2)
        axes.set_title(title)
    save(figure, file)


def save(figure: Any, file: str) -> None:
    """Write a matplotlib figure."""
    try:
        figure.savefig(file)
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot write the plot: {error}") from None


def input_files(paths: Sequence[str], plot_file: str | None) -> list[Path]:
    """Return what a command is to read, or raise what the user has to put right before it begins."""
    if plot_file and not find_spec("matplotlib"):
        raise CommandError('--plot needs matplotlib: pip install "lockedcontainers[plot]"')
    files = find_files(paths) if paths else standard_library()
    if not files:
        raise CommandError(f"no files found in {', '.join(paths) or 'the standard library'}")
    return files


def index(
    paths: Sequence[str], *, threads: int, switch_interval: float | None, as_json: bool, plot_file: str | None
) -> int:
    """Run the command and return its exit status: 1 if the locked result differs from the one-thread result."""
    files = input_files(paths, plot_file)
    usual_interval = sys.getswitchinterval()
    with progress() as show:
        texts, left_out = read(files, partial(show, "reading"))
        sys.setswitchinterval(switch_interval or usual_interval)
        try:
            report = run(texts, left_out, threads, show)
        finally:
            sys.setswitchinterval(usual_interval)
    if as_json:
        say(json.dumps(asdict(report), indent=2))
    else:
        print_report(report)
    if plot_file:
        plot(report, plot_file)
    return 0 if report.outcomes[-1].same else 1
