"""Queues, a cache and an orderly end, on real input: ``python -m lockedcontainers pipeline``.

Readers, parsers and writers are threads, joined by two bounded queues: what one stage finishes is what the next one
waits for, and a fast stage waits for a slow one instead of filling the memory. Parsers look lines up in a cache first,
since lines repeat. Ctrl-C ends the reading; what has been read by then is still parsed and written.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, TextIO, TypeVar

from lockedcontainers import BoundedQueue, Guarded, LockedCache, LockedCounter, LockedDict, ShutDown
from lockedcontainers._console import CommandError, print_table, progress, say, version
from lockedcontainers._index import WORD, input_files, read_file, save, say_left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
MOMENT = 0.05  # seconds between two looks at the queues


def words_of(line: str) -> Counter[str]:
    """Return how often each word is in a line: what the cache keeps."""
    return Counter(WORD.findall(line))


class Stage(Generic[T]):
    """Threads that do the same to whatever comes out of one queue, until that is shut down and empty."""

    def __init__(self, name: str, threads: int, source: BoundedQueue[T], step: Callable[[T], None]) -> None:
        self.name = name
        self.source = source
        self.done = 0
        self.error: BaseException | None = None
        self._step = step
        self._count = Guarded(self)
        self.threads = [threading.Thread(target=self._work, name=name, daemon=True) for _ in range(threads)]

    def _work(self) -> None:
        try:
            for item in self.source:
                self._step(item)
                with self._count.write() as stage:
                    stage.done += 1
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self.error = error
            self.source.shutdown(immediate=True)  # so that the stage before stops too, and nobody waits for ever

    def is_running(self) -> bool:
        """Wait for a moment, and return whether there is more to do."""
        running = [thread for thread in self.threads if thread.is_alive()]
        if running:
            running[0].join(MOMENT)
        return bool(running)


@dataclass(frozen=True)
class Flow:
    """What came through one stage."""

    stage: str
    threads: int
    files: int
    waiting_mean: float
    waiting_most: int


@dataclass(frozen=True)
class Report:
    """What ``--json`` prints."""

    version: str
    files: int
    interrupted: bool
    flows: list[Flow]
    words: int
    different_words: int
    lines: int
    hits: int
    hit_ratio: float
    seconds: float
    depths: list[tuple[float, int, int]]
    left_out: dict[str, str]


class Pipeline:
    """One run: the queues, the stages between them, and what they have made."""

    def __init__(
        self, files: Sequence[Path], *, threads: int, depth: int, cache: int, output: TextIO | None = None
    ) -> None:
        self.files = files
        self.paths: BoundedQueue[Path] = BoundedQueue()
        self.texts: BoundedQueue[tuple[Path, str]] = BoundedQueue(depth)
        self.results: BoundedQueue[tuple[Path, Counter[str]]] = BoundedQueue(depth)
        self.lines: LockedCache[str, Counter[str]] = LockedCache(cache)
        self.counts: LockedCounter[str] = LockedCounter()
        self.left_out: LockedDict[str, str] = LockedDict()
        self.output = None if output is None else Guarded(output)
        self.stages: list[Stage[Any]] = [
            Stage("read", threads, self.paths, self.read),
            Stage("parse", threads, self.texts, self.parse),
            Stage("write", threads, self.results, self.write),
        ]
        self.depths: list[tuple[float, int, int]] = [(0.0, 0, 0)]
        self.interrupted = False

    def read(self, file: Path) -> None:
        """First stage: the text of a file."""
        text, reason = read_file(file)
        if text is None:
            self.left_out[str(file)] = reason
        else:
            self.texts.put((file, text))

    def parse(self, item: tuple[Path, str]) -> None:
        """Second stage: the words of a text."""
        file, text = item
        words: Counter[str] = Counter()
        for line in text.splitlines():
            words.update(self.lines.get_or_load(line, words_of))
        self.results.put((file, words))

    def write(self, item: tuple[Path, Counter[str]]) -> None:
        """Third stage: the words of a file added to those of all, and a line of the output."""
        file, words = item
        self.counts.update(words)
        if self.output is not None:
            line = json.dumps({"file": str(file), "words": words.total(), "most_common": words.most_common(3)})
            with self.output.write() as output:
                output.write(f"{line}\n")

    def run(self, show: Callable[[int, int], None]) -> Report:
        """Let all files through, or as many as were begun when Ctrl-C came."""
        began = perf_counter()
        self.paths.put_many(self.files)
        self.paths.shutdown()
        for stage in self.stages:
            for thread in stage.threads:
                thread.start()
        try:
            self.follow(began, show)
        except KeyboardInterrupt:
            self.interrupted = True
            self.paths.shutdown(immediate=True)
            self.follow(began, show)  # a second Ctrl-C ends it at once
        for stage in self.stages:
            if stage.error is not None and not isinstance(stage.error, ShutDown):
                raise stage.error
        statistics = self.lines.statistics()
        waiting = [[0], [texts for _, texts, _ in self.depths], [results for _, _, results in self.depths]]
        return Report(
            version=version(),
            files=len(self.files),
            interrupted=self.interrupted,
            flows=[
                Flow(stage.name, len(stage.threads), stage.done, fmean(depths), max(depths))
                for stage, depths in zip(self.stages, waiting, strict=True)
            ],
            words=self.counts.total(),
            different_words=len(self.counts),
            lines=statistics.hits + statistics.misses,
            hits=statistics.hits,
            hit_ratio=statistics.hit_ratio,
            seconds=perf_counter() - began,
            depths=self.depths,
            left_out=self.left_out.snapshot(),
        )

    def follow(self, began: float, show: Callable[[int, int], None]) -> None:
        """Wait for one stage after the other, and shut down what the next one takes from when it has ended."""
        for stage, target in zip(self.stages, [self.texts, self.results, None], strict=True):
            while stage.is_running():
                self.depths.append((perf_counter() - began, self.texts.qsize(), self.results.qsize()))
                show(self.stages[-1].done + len(self.left_out), len(self.files))
            if target is not None:
                target.shutdown()
        show(self.stages[-1].done + len(self.left_out), len(self.files))


def print_report(report: Report) -> None:
    """Print what flowed."""
    say(report.version)
    if report.interrupted:
        say("Interrupted: what had been read was parsed and written.")
    print_table(
        ["", "threads", "files", "waiting, mean", "most"],
        [
            [
                flow.stage,
                f"{flow.threads}",
                f"{flow.files:,} of {report.files:,}",
                f"{flow.waiting_mean:.1f}",
                f"{flow.waiting_most}",
            ]
            for flow in report.flows
        ],
    )
    say(
        f"{report.words:,} words, {report.different_words:,} different, in {report.seconds:.2f} s. "
        f"{report.hits:,} of {report.lines:,} lines ({report.hit_ratio:.0%}) were in the cache."
    )
    say_left_out(report.left_out)


def plot(report: Report, file: str) -> None:
    """Draw how many texts and results waited over time into *file*."""
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(10, 4), layout="constrained")  # its types leave much open
    axes = figure.add_subplot()
    times = [time for time, _, _ in report.depths]
    axes.plot(times, [texts for _, texts, _ in report.depths], label="texts to parse")
    axes.plot(times, [results for _, _, results in report.depths], label="results to write")
    axes.set_xlabel("seconds")
    axes.set_ylabel("waiting")
    axes.set_title(f"{report.files:,} files: {report.version}", fontsize="medium")
    axes.legend()
    save(figure, file)


def pipeline(
    paths: Sequence[str],
    *,
    threads: int,
    depth: int,
    cache: int,
    output_file: str | None,
    as_json: bool,
    plot_file: str | None,
) -> int:
    """Run the command and return its exit status: 1 if a file was read and not written, 130 after Ctrl-C."""
    files = input_files(paths, plot_file)
    try:
        with ExitStack() as opened:
            output = opened.enter_context(Path(output_file).open("w", encoding="utf-8")) if output_file else None
            made = Pipeline(files, threads=threads, depth=depth, cache=cache, output=output)
            report = made.run(partial(opened.enter_context(progress()), "pipeline"))
    except OSError as error:  # of what is read none is raised: such a file is left out
        raise CommandError(f"{output_file}: {error.strerror}") from None
    if as_json:
        say(json.dumps(asdict(report), indent=2))
    else:
        print_report(report)
    if plot_file:
        plot(report, plot_file)
    read, parsed, written = (flow.files for flow in report.flows)
    if read - len(report.left_out) != parsed or parsed != written:
        say("Files were lost on the way: please report this as a bug.")
        return 1
    return 130 if report.interrupted else 0
