"""Run a small program under every schedule, or under many, and show the one that fails.

A schedule is a list of numbers, one for each moment at which there was something to choose: which of the ways to go on
was taken, in an order in which 0 is the thread that runs already, if it can. So the plainest schedule is all zeros, and
the number that counts is how often a thread was stopped that could have gone on: few bugs need more than two.
"""

from __future__ import annotations

import linecache
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, cast

from lockedcontainers.testing._history import statement
from lockedcontainers.testing._scheduler import INSTRUCTION, Choose, Program, Row, Run, Scheduler, Wake

LONGEST_TABLE = 200  # rows; of a longer one the middle is left out


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, under which schedule, and how it came about."""

    message: str
    schedule: tuple[int, ...]
    table: str
    script: str

    def __str__(self) -> str:
        return f"{self.message}\n\n{self.table}\n\n{self.script}"


@dataclass(frozen=True, slots=True)
class Result:
    """What an exploration found, and whether it saw everything. Only ``passed`` is a pass."""

    complete: bool
    schedules: int
    steps: int
    preemptions: int | None = None  # the bound, if one was needed
    failure: Failure | None = None
    budgets: tuple[str, ...] = ()  # of what else there was more than the program allows

    @property
    def passed(self) -> bool:
        """Whether everything was explored, there was something to explore, and nothing failed."""
        return self.complete and self.failure is None and self.steps > 0

    def require(self) -> Result:
        """Return the result if it is a pass, or raise an ``AssertionError`` that shows why it is not."""
        if not self.passed:
            raise AssertionError(str(self))
        return self

    def __str__(self) -> str:
        runs = f"{self.schedules:,} schedules, {self.steps:,} steps"
        if self.failure is not None:
            return f"failed after {runs}: {self.failure}"
        if not self.complete:
            return f"stopped after {runs}, with more to explore: this is not a pass"
        if not self.steps:
            return f"no thread came to a switch point in {runs}: this is not a pass"
        return f"explored everything{bounds(self.preemptions, self.budgets)}: {runs}"


def bounds(preemptions: int | None, budgets: Sequence[str]) -> str:
    """Return what is to be said after "everything"."""
    needed = [*([] if preemptions is None else [f"{preemptions} preemptions"]), *budgets]
    return f" with at most {' and '.join(needed)}" if needed else ""


_BUDGETS: Final = {Wake.TIMEOUT: "early_timeouts", Wake.INTERRUPT: "interrupts", Wake.SPURIOUS: "spurious_wakeups"}


def _budgets(program: Program[Any], withheld: set[Wake]) -> tuple[str, ...]:
    """Return the budgets that were spent when there was more."""
    spent = [name for wake, name in _BUDGETS.items() if wake in withheld]
    return tuple([f"{getattr(program, name)} {name.replace('_', ' ')}" for name in spent])


def explore(program: Program[Any], *, max_preemptions: int | None = None, max_schedules: int = 100_000) -> Result:
    """Run the program under every schedule, those with the fewest preemptions first, until one fails.

    With ``max_preemptions``, everything is every schedule with at most so many. An exploration that comes to
    ``max_schedules`` has stopped, and is no pass. The plainest schedule is run again at the end, and the program is
    refused if it does not do the same then.

    >>> from lockedcontainers.testing import Program, explore
    >>> class Account:
    ...     def __init__(self) -> None:
    ...         self.balance = 0
    ...     def deposit(self) -> None:
    ...         self.balance += 1
    >>> def check(account: Account) -> None:
    ...     assert account.balance == 2, f"the balance is {account.balance}"
    >>> threads = [Account.deposit, Account.deposit]
    >>> program = Program(setup=Account, threads=threads, check=check, instructions_of=[Account])
    >>> result = explore(program)
    >>> result.passed, result.failure.schedule
    (False, (0, 0, 1))
    """
    # A run is a prefix followed by zeros. Each run leaves the prefixes that differ from it in one later choice, in the
    # bucket of their preemptions.
    root = _Path(b"")
    buckets: list[list[tuple[_Path, Iterator[bytes]]]] = [[(root, iter([b""]))]]
    schedules = steps = preemptions = 0
    cut = False
    withheld: set[Wake] = set()
    with Scheduler(program) as scheduler:
        while preemptions < len(buckets):
            bucket = buckets[preemptions]
            parent, prefixes = bucket[-1] if bucket else (root, iter(()))
            prefix = next(prefixes, None)
            if prefix is None:
                if bucket:
                    bucket.pop()
                else:
                    preemptions += 1
                continue
            if schedules == max_schedules:
                return Result(False, schedules, steps)
            path = _Path(prefix)
            run = scheduler.execute(path.choose, traced=not schedules)
            schedules += 1
            steps += run.steps
            if run.failure is not None:
                return Result(False, schedules, steps, failure=_show(scheduler, path.chosen))
            if not path.follows(parent):
                raise RuntimeError(_NOT_DETERMINISTIC)
            withheld |= run.withheld
            if parent is root:
                plainest = run
            bucket.append((path, path.children(preempting=False)))
            if preemptions == max_preemptions:
                cut = cut or any(path.children(preempting=True))
                continue
            if preemptions + 1 == len(buckets):
                buckets.append([])
            buckets[preemptions + 1].append((path, path.children(preempting=True)))
        again = scheduler.execute(_Path(b"").choose, traced=True)
        if again.rows != plainest.rows or again.failure is not None:
            raise RuntimeError(_NOT_DETERMINISTIC)
    return Result(True, schedules, steps, max_preemptions if cut else None, budgets=_budgets(program, withheld))


def sample(program: Program[Any], *, schedules: int = 1000, seed: int = 0, depth: int | None = 3) -> Result:
    """Run the program under schedules drawn at random, until one fails. That none fails is never a pass.

    Threads are given priorities, and ``depth - 1`` times in each run the one that runs falls behind all others. A bug
    that needs ``depth`` moments in one order is found in n threads of k steps with a probability of at least
    1 / (n * k ** (depth - 1)) for each run. With a ``depth`` of None every choice is drawn by itself.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    steps = 0
    longest = 1
    with Scheduler(program) as scheduler:
        for number in range(1, schedules + 1):
            draw = _drawn(rng) if depth is None else _priorities(rng, longest, depth)
            path = _Path(b"", draw)
            run = scheduler.execute(path.choose)
            steps += run.steps
            longest = max(longest, len(path.chosen))
            if run.failure is not None:
                return Result(False, number, steps, failure=_show(scheduler, path.chosen))
    return Result(False, schedules, steps)


def replay(program: Program[Any], schedule: Iterable[int]) -> Result:
    """Run the program under one schedule, as a failure prints it. Numbers that do not apply count as 0."""
    with Scheduler(program) as scheduler:
        path = _Path(bytes(schedule))
        run = scheduler.execute(path.choose)
        failure = None if run.failure is None else _show(scheduler, path.chosen, shorten=False)
        return Result(False, 1, run.steps, failure=failure)


_NOT_DETERMINISTIC: Final = "the program is not deterministic: the same choices led elsewhere than before"


def _first(_options: object, _free: int) -> int:
    return 0


class _Path:
    """Chooses as a prefix says, and then as ``otherwise`` does, and remembers what there was to choose."""

    def __init__(self, prefix: bytes, otherwise: Choose = _first) -> None:
        self.prefix: Final = prefix
        self.otherwise: Final = otherwise
        self.chosen: Final = bytearray()
        self.widths: Final = bytearray()
        self.frees: Final = bytearray()

    def choose(self, options: Sequence[tuple[Wake, int]], free: int) -> int:
        at = len(self.chosen)
        choice = self.prefix[at] if at < len(self.prefix) else self.otherwise(options, free)
        if choice >= len(options):  # follows() notices, where it should not happen
            choice = 0
        self.chosen.append(choice)
        self.widths.append(len(options))
        self.frees.append(free)
        return choice

    def follows(self, parent: _Path) -> bool:
        """Whether there was the same to choose along the prefix as along that of the path it comes from."""
        size = len(self.prefix)
        if len(self.chosen) < size:
            return False
        return self.widths[:size] == parent.widths[:size] and self.frees[:size] == parent.frees[:size]

    def children(self, *, preempting: bool) -> Iterator[bytes]:
        """Yield the prefixes that differ from this path in one choice after its own prefix."""
        chosen = bytes(self.chosen)
        for at in range(len(self.prefix), len(chosen)):
            free, width = self.frees[at], self.widths[at]
            for choice in range(free, width) if preempting else range(1, free):
                yield chosen[:at] + bytes([choice])


def _drawn(rng: random.Random) -> Choose:
    return lambda options, _: rng.randrange(len(options))


def _priorities(rng: random.Random, steps: int, depth: int) -> Choose:
    changes = {rng.randrange(steps) for _ in range(depth - 1)}
    priorities: dict[tuple[Wake, int], float] = {}
    count = 0

    def choose(options: Sequence[tuple[Wake, int]], _: int) -> int:
        nonlocal count
        for option in options:
            priorities.setdefault(option, rng.random())
        if count in changes:
            priorities[options[0]] = -count
        count += 1
        return max(range(len(options)), key=lambda i: priorities[options[i]])

    return choose


def _show(scheduler: Scheduler, schedule: Iterable[int], *, shorten: bool = True) -> Failure:
    """Run a failing schedule again and write down what happens."""
    schedule = bytes(schedule)
    if shorten:
        schedule = _shortened(scheduler, schedule)
    path = _Path(schedule)
    run = scheduler.execute(path.choose, traced=True)
    choices = tuple(path.chosen.rstrip(b"\0"))
    if run.failure is None:
        raise RuntimeError(_NOT_DETERMINISTIC)
    return Failure(run.failure, choices, _table(run), _script(scheduler.program, choices))


def _shortened(scheduler: Scheduler, schedule: bytes) -> bytes:
    """Put zeros in a failing schedule for as long as it fails: in long pieces of it first."""
    size = len(schedule)
    while size:
        at = 0
        while at < len(schedule):
            piece = schedule[at : at + size]
            if any(piece):
                path = _Path(schedule[:at] + bytes(len(piece)) + schedule[at + size :])
                run = scheduler.execute(path.choose)
                if run.failure is not None and _switches(path.chosen) < _switches(schedule):
                    schedule = bytes(path.chosen)
                    at = 0
                    continue
            at += size
        size //= 2
    return schedule


def _switches(schedule: bytes | bytearray) -> int:
    return len(schedule) - schedule.count(0)


def _table(run: Run) -> str:
    """Return what a traced run did, a column for each thread, a row for each line of code between switches."""
    width = max(24, 116 // len(run.tasks))
    lines = ["".join([f"thread {task.index}".ljust(width) for task in run.tasks]).rstrip()]
    last: tuple[int, str] | None = None
    for row in run.rows or ():
        text = _text(row)
        if (row.thread, text) != last:
            text = text if len(text) < width else f"{text[: width - 3]}…"
            lines.append(" " * (row.thread * width) + text)
        last = row.thread, _text(row)
    if len(lines) > LONGEST_TABLE:
        half = LONGEST_TABLE // 2
        lines[half:-half] = [f"… {len(lines) - 2 * half:,} more rows …"]
    return "\n".join(lines)


def _text(row: Row) -> str:
    if row.place is None:
        return row.text
    filename, line = row.place
    text = linecache.getline(filename, line).strip() if row.text == INSTRUCTION else row.text
    return f"{os.path.basename(filename)}:{line} {text}"


def _script(program: Program[Any], schedule: Sequence[int]) -> str:
    """Return a script that replays the schedule, as far as the parts of the program have names."""
    made = program.source
    if not made:
        arguments: dict[str, object] = {}
        for field in fields(program):
            value = getattr(program, field.name)
            value = list(cast("Sequence[object]", value)) if isinstance(value, (list, tuple)) else value
            if value not in ([], field.default):
                arguments[field.name] = value
        made = statement("program", "Program", arguments)
    try:
        compile(made, "the script", "exec")
    except SyntaxError:  # it names a lambda, or a function or class of a function
        lines = [
            "What follows names parts that cannot be imported: paste it beside their definitions.",
            *made.split("\n"),
        ]
        made = "\n".join([f"# {line}" for line in lines])
    names = "Call, calls, replay" if program.source else "Program, replay"
    return f"from lockedcontainers.testing import {names}\n{made}\nprint(replay(program, {list(schedule)}))"
