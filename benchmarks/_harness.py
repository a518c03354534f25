"""Times containers beside each other, in one interleaved run.

A room's file declares its contestants and its operations as pieces of source, and calls :func:`main`. Each operation of
each contestant becomes a function of its own, which repeats the statement in a loop, many times per turn, on local
variables. A round times every one of them once, for half a millisecond, in an order that rotates from round to round,
so that whatever else the machine does meets all alike. A figure is the median of all rounds, net of the empty loop.

In the pieces ``c`` is the container, ``make`` makes an empty one, ``$k`` and ``$v`` are a key and a value: interned
strings and small ints, which cost free-threaded builds no reference counting between threads.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from string import Template
from textwrap import indent
from typing import TYPE_CHECKING, Any

import lockedcontainers
from lockedcontainers._console import gil_enabled, print_plain_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Timed = Callable[[int], tuple[int, int]]

THREADS = (1, 2, 4)
KEYS = 10
PRELUDE = "import sys, threading; from operator import add\n"
SHORT = 500_000  # ns: where others use the machine too, most of what is shorter than a time slice is undisturbed
EMPTY = "(empty loop)"
PRIVATE = "(one each)"


@dataclass(frozen=True)
class Operation:
    """Something to time, as it is written for the builtin."""

    name: str
    statement: str  # one locked section a line
    setup: str = ""  # once, after the contestant's own
    each: str = ""  # in each round, before the clock starts
    loop: str = "for _ in range(loops):"
    loops: int = 0  # how often the loop turns, if not as often as fills the time
    unroll: int = 10
    keys: int = 5  # fewer than unroll: the next pass over the keys has the other value
    count: int = 1  # operations in one statement


@dataclass(frozen=True)
class Contestant:
    """A container to time, and how it writes what it does not write as the builtin does."""

    name: str
    make: str
    setup: str = ""
    section: str = ""  # a hand-written lock around each statement, such as "with lock:"
    statements: Mapping[str, str | None] = field(default_factory=dict[str, str | None])  # None: it cannot
    names: Mapping[str, object] = field(default_factory=dict[str, object])  # for the setup, beside its own imports
    requires: str = ""  # a module that may be missing


@dataclass(frozen=True)
class Room:
    """What one benchmark file declares. The first contestant is the builtin, the last one is ours."""

    name: str
    contestants: Sequence[Contestant]
    operations: Sequence[Operation]
    threaded: Sequence[Operation]


@dataclass
class Trial:
    """One operation of one contestant, with the figures of each round."""

    operation: Operation
    contestant: str
    runs: list[Timed]  # one for each thread
    turns: int = 1  # of the loop, or calls of the whole where the operation says how often its loop turns
    figures: list[float] = field(default_factory=list[float])

    def spend(self) -> int:
        """Return the nanoseconds that all turns took, by the wall clock."""
        loops, calls = (self.operation.loops, self.turns) if self.operation.loops else (self.turns, 1)
        times = [together(self.runs, loops) if len(self.runs) > 1 else self.runs[0](loops) for _ in range(calls)]
        return sum(ended - began for began, ended in times)

    def calibrate(self, nanoseconds: float) -> None:
        """Find out how many turns take about so long."""
        while (spent := min(self.spend() for _ in range(3))) < nanoseconds / 4:
            self.turns *= 4
        self.turns = max(1, round(self.turns * nanoseconds / spent))

    def run(self) -> None:
        """Note the nanoseconds that one operation of each thread took."""
        operation = self.operation
        count = self.turns * (operation.loops or 1) * operation.unroll * operation.count
        self.figures.append(self.spend() / count)


def together(runs: Sequence[Timed], loops: int) -> tuple[int, int]:
    """Run all at once, each in its thread; return when the first began and the last ended."""
    start = threading.Barrier(len(runs))
    times: list[tuple[int, int]] = []

    def work(timed: Timed) -> None:
        start.wait()
        times.append(timed(loops))

    threads = [threading.Thread(target=work, args=(timed,)) for timed in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    began, ended = zip(*times, strict=True)
    return min(began), max(ended)


def compiled(contestant: Contestant, operation: Operation) -> Callable[[], Timed] | None:
    """Return what makes the function that times *operation*, with a new container; None if there is no such thing."""
    statement = contestant.statements.get(operation.name, operation.statement)
    if statement is None:
        return None
    if contestant.section:
        statement = "\n".join(f"{contestant.section}\n{indent(line, '    ')}" for line in statement.splitlines())
    body = "\n".join(
        Template(statement).substitute(k=f"k{i % operation.keys}", v=f"v{i // operation.keys % 2}")
        for i in range(operation.unroll)
    )
    keys = [f"k{i}" for i in range(KEYS)]
    lines = [
        f"{', '.join(keys)} = {', '.join(map(repr, keys))}",
        "v0, v1 = 1, 2",
        operation.each,
        "began = clock()",
        operation.loop,
        indent(body, "    "),
        "ended = clock()",
        "return began, ended",
    ]
    source = indent("\n".join(lines), "    ")
    setup = f"{PRELUDE}{contestant.setup}\nmake = {contestant.make}\nc = make()\n{operation.setup}"
    code: dict[str, Any] = {}
    exec(f"def timed(loops):\n{source}", code)  # noqa: S102 - the source is a room's own
    names: tuple[str, ...] = code["timed"].__code__.co_names

    def make() -> Timed:
        scope: dict[str, Any] = {"clock": time.perf_counter_ns, **contestant.names}
        exec(setup, scope)  # noqa: S102
        # Whatever the setup made becomes a local variable, or the lookup of a global would be timed too.
        local = ", ".join(f"{name}={name}" for name in names if name in scope)
        exec(f"def timed(loops, {local}):\n{source}", scope)  # noqa: S102
        timed: Timed = scope["timed"]
        return timed

    return make


def absent(contestant: Contestant) -> str:
    """Return why *contestant* cannot take part, or nothing if it can."""
    if not contestant.requires:
        return ""
    script = f"import sys, {contestant.requires}; print(getattr(sys, '_is_gil_enabled', lambda: True)())"
    tried = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603
    if tried.returncode:
        return tried.stderr.strip().rpartition("\n")[2] or f"importing it ends with status {tried.returncode}"
    if tried.stdout.strip() != str(gil_enabled()):
        return "importing it switches the GIL on"
    return ""


def able(contestant: Contestant, room: Room, left_out: dict[str, str]) -> Contestant:
    """Return another package's contestant without the operations that fail in the version that is installed."""
    failed: dict[str, None] = {}
    for operation in (*room.operations, *room.threaded) if contestant.requires else ():
        try:
            if make := compiled(contestant, operation):
                make()(operation.loops or 1)
        except Exception as error:  # noqa: BLE001
            failed[operation.name] = None
            left_out[f"{contestant.name}, {operation.name},"] = f"{type(error).__name__}: {error}"
    return replace(contestant, statements={**contestant.statements, **failed})


def interleave(trials: Sequence[Trial], rounds: int, nanoseconds: float) -> None:
    """Calibrate all, then run all in each round."""
    for trial in trials:
        trial.calibrate(nanoseconds)
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            first = number * 7 % len(trials)
            for trial in (*trials[first:], *trials[:first]):
                trial.run()
    finally:
        gc.enable()


def one_thread(room: Room, contestants: Sequence[Contestant], rounds: int) -> dict[str, dict[str, float]]:
    """Return the net nanoseconds of each operation of each contestant."""
    empty = replace(contestants[0], name=EMPTY, statements=dict.fromkeys((op.name for op in room.operations), "pass"))
    trials = [
        Trial(operation, contestant.name, [make()])
        for operation in room.operations
        for contestant in (empty, *contestants)
        if (make := compiled(contestant, operation))
    ]
    interleave(trials, rounds, SHORT)
    gross = {(trial.operation.name, trial.contestant): median(trial.figures) for trial in trials}
    return {
        operation.name: {
            contestant.name: gross[operation.name, contestant.name] - gross[operation.name, EMPTY]
            for contestant in contestants
            if (operation.name, contestant.name) in gross
        }
        for operation in room.operations
    }


def several_threads(
    room: Room, contestants: Sequence[Contestant], rounds: int, milliseconds: float
) -> dict[str, dict[str, list[float]]]:
    """Return the rates of all threads together: one thread's in millions of operations a second, others relative to it.

    Each figure relative to one thread compares two neighbours in the same round.
    """
    groups: list[list[Trial]] = []
    for operation in room.threaded:
        for contestant in contestants:
            if make := compiled(contestant, operation):
                shared = make()
                groups.append([Trial(operation, contestant.name, [shared] * n) for n in THREADS])
        if make := compiled(contestants[0], operation):
            groups.append([Trial(operation, PRIVATE, [make() for _ in range(n)]) for n in THREADS])
    interleave([trial for group in groups for trial in group], rounds, milliseconds * 1e6)
    rates: dict[str, dict[str, list[float]]] = {}
    for one, *more in groups:
        relative = [
            median(n * alone / each for alone, each in zip(one.figures, trial.figures, strict=True))
            for n, trial in zip(THREADS[1:], more, strict=True)
        ]
        rates.setdefault(one.operation.name, {})[one.contestant] = [1000 / median(one.figures), *relative]
    return rates


def main(room: Room) -> None:
    """Run the benchmark of one room."""
    parser = argparse.ArgumentParser(description=f"Benchmark of the {room.name} room.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to FILE too")
    options = parser.parse_args()
    rounds, thread_rounds, milliseconds = (61, 3, 30) if options.quick else (401, 5, 150)

    reasons = {contestant.name: absent(contestant) for contestant in room.contestants}
    missing = {name: reason for name, reason in reasons.items() if reason}
    contestants = [able(contestant, room, missing) for contestant in room.contestants if not reasons[contestant.name]]
    builtin, ours = contestants[0].name, contestants[-1].name
    locks = [contestant.name for contestant in contestants if contestant.section]

    single = one_thread(room, contestants, rounds)
    several = several_threads(room, contestants, thread_rounds, milliseconds)

    # The header comes last to be made: a contestant may have changed the GIL.
    header = {
        "room": room.name,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "gil": gil_enabled(),
        "compiled": lockedcontainers.is_compiled,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
    print(", ".join(f"{name}: {value}" for name, value in header.items()), end="\n\n")
    print(f"One thread: net ns per operation, medians of {rounds} rounds; and ratios")
    names = [contestant.name for contestant in contestants]
    rows: list[list[str]] = []
    for operation, net in single.items():
        cells = [f"{net[name]:,.1f}" if name in net else "-" for name in names]
        ratios = [(ours, builtin), *((lock, ours) for lock in locks)]
        cells += [f"{net[a] / net[b]:.2f}" if a in net and b in net else "-" for a, b in ratios]
        rows.append([operation, *cells])
    print_plain_table(["", *names, f"ours/{builtin}", *(f"{lock}/ours" for lock in locks)], rows)
    print(f"\nThreads: M operations/s of one, then of {THREADS[1:]} relative to it; {PRIVATE}: the machine's limit")
    rows = [
        [operation, name, *(f"{rate:.2f}" for rate in rates)]
        for operation, by_name in several.items()
        for name, rates in by_name.items()
    ]
    print_plain_table(["", "", *(f"{n} thread{'s' if n > 1 else ''}" for n in THREADS)], rows)
    for name, reason in missing.items():
        print(f"\n{name} is left out: {reason}")
    if options.json:
        figures = {**header, "rounds": rounds, "one_thread_ns": single, "threads": several, "left_out": missing}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
