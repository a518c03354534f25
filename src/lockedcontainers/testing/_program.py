"""Programs made of calls, judged by a model: every pair of operations, under every interleaving."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from lockedcontainers import _sync
from lockedcontainers.testing._explorer import Failure, Result, bounds, explore, sample
from lockedcontainers.testing._history import Call, Operation, statement
from lockedcontainers.testing._linearizability import Model, Verdict, linearize
from lockedcontainers.testing._models import ModelOf, builtin_model
from lockedcontainers.testing._scheduler import Program, codes_of


class _Session:
    """A container and what was done to it, in one run. Only one thread runs at a time, so a count is a clock."""

    def __init__(self, target: object) -> None:
        self.target = target
        self.clock = itertools.count()
        self.history: list[Operation] = []

    def perform(self, thread: int, call: Call) -> None:
        at = len(self.history)
        began = next(self.clock)
        self.history.append(Operation(thread, call, began))
        outcome = None
        try:
            outcome = call.on(self.target)
        finally:  # interrupted, it may have taken effect, but will not do so later
            self.history[at] = Operation(thread, call, began, next(self.clock), outcome)


def calls(
    make: Callable[[], object],
    model: Model | type,
    threads: Sequence[Sequence[Call]],
    *,
    before: Sequence[Call] = (),
    after: Sequence[Call] = (),
    instructions_of: Sequence[object] = (),
    modules: Sequence[ModuleType] = (),
    early_timeouts: int = 1,
    interrupts: int = 0,
    spurious_wakeups: int = 0,
) -> Program[Any]:
    """Return the program in which each thread makes its calls, and all answers are explained by one order.

    The calls ``before`` and ``after`` are made while nothing else runs. A call that ends in a ``KeyboardInterrupt`` may
    have taken effect or not.

    >>> from lockedcontainers.testing import Call, calls, explore
    >>> class Registry(dict):
    ...     def setdefault(self, key, default=None):
    ...         if key not in self:
    ...             self[key] = default
    ...         return self[key]
    >>> threads = [[Call("setdefault", "a", 1)], [Call("setdefault", "a", 2)]]
    >>> explore(calls(Registry, dict, threads, instructions_of=[Registry])).passed
    False
    """
    judge = builtin_model(model) if isinstance(model, type) else model
    judged: dict[Hashable, str] = {}

    def setup() -> _Session:
        session = _Session(make())
        for call in before:
            session.perform(len(threads), call)
        return session

    def thread(index: int) -> Callable[[_Session], None]:
        first, *rest = threads[index]
        labels = [f"starts {call}" for call in rest]

        def run(session: _Session) -> None:
            session.perform(index, first)
            for call, label in zip(rest, labels, strict=True):
                _sync.step(label)
                session.perform(index, call)

        run.__name__ = str(first)
        return run

    def check(session: _Session) -> None:
        for call in after:
            session.perform(len(threads), call)
        seen = tuple([(done.thread, done.began, done.ended, done.outcome) for done in session.history])
        if seen not in judged:
            found = linearize(session.history, judge)
            judged[seen] = "" if found.verdict is Verdict.LINEARIZABLE else str(found)
        if judged[seen]:
            raise AssertionError(judged[seen])

    options: dict[str, Any] = {
        "instructions_of": list(instructions_of),
        "modules": list(modules),
        "early_timeouts": early_timeouts,
        "interrupts": interrupts,
        "spurious_wakeups": spurious_wakeups,
    }
    given = [make, model, [list(some) for some in threads]]
    named = {"before": list(before), "after": list(after), **options}
    usual = {"early_timeouts": 1, "interrupts": 0, "spurious_wakeups": 0}
    return Program(
        setup=setup,
        threads=[thread(index) for index in range(len(threads))],
        check=check,
        source=statement(
            "program", "calls", {name: value for name, value in named.items() if value != usual.get(name, [])}, given
        ),
        **options,
    )


@dataclass(frozen=True, slots=True)
class Findings:
    """What the exploration of many programs found. Only ``passed`` is a pass."""

    programs: int
    schedules: int
    steps: int
    stopped: tuple[str, ...] = ()
    failures: tuple[tuple[str, Failure], ...] = ()
    preemptions: int | None = None  # the bound, if one was needed
    budgets: tuple[str, ...] = ()  # of what else there was more than the programs allow

    @property
    def passed(self) -> bool:
        """Whether everything was explored, there was something to explore, and nothing failed."""
        return not self.failures and not self.stopped and self.steps > 0

    def require(self) -> Findings:
        """Return the findings if they are a pass, or raise an ``AssertionError`` that shows why they are not."""
        if not self.passed:
            raise AssertionError(str(self))
        return self

    def __str__(self) -> str:
        bound = bounds(self.preemptions, self.budgets)
        counted = f"{self.programs:,} programs, {self.schedules:,} schedules{bound}, {self.steps:,} steps"
        if self.passed:
            return f"explored everything: {counted}"
        if not self.steps:
            return f"no thread came to a switch point in {counted}: this is not a pass"
        lines = [f"{len(self.failures)} failed and {len(self.stopped)} stopped with more to explore: {counted}"]
        lines += [f"failed: {name}, schedule {list(failure.schedule)}" for name, failure in self.failures]
        lines += [f"stopped: {name}" for name in self.stopped]
        if self.failures:
            lines += ["", "the plainest failure:", str(min(self.failures, key=_plainness)[1])]
        return "\n".join(lines)


def _plainness(failed: tuple[str, Failure]) -> tuple[int, int]:
    schedule = failed[1].schedule
    return len(schedule) - schedule.count(0), len(schedule)


def explore_pairs(
    make: Callable[[], object],
    operations: Sequence[Call],
    model: Model | type,
    *,
    starts: Sequence[Sequence[Call]] = ((),),
    looks: Sequence[Call] = (),
    instructions_of: Sequence[object] = (),
    modules: Sequence[ModuleType] = (),
    early_timeouts: int = 1,
    interrupts: int = 0,
    spurious_wakeups: int = 0,
    max_preemptions: int | None = None,
    max_schedules: int = 100_000,
) -> Findings:
    """Explore every two of the operations, each in its own thread, under every interleaving.

    Every pair is begun from each of the ``starts``, which are calls made before, and followed by the ``looks``, which
    show the state that is left.
    """
    findings = Findings(0, 0, 0)
    for start, (one, other) in itertools.product(starts, itertools.combinations_with_replacement(operations, 2)):
        program = calls(
            make,
            model,
            [[one], [other]],
            before=start,
            after=looks,
            instructions_of=instructions_of,
            modules=modules,
            early_timeouts=early_timeouts,
            interrupts=interrupts,
            spurious_wakeups=spurious_wakeups,
        )
        result = explore(program, max_preemptions=max_preemptions, max_schedules=max_schedules)
        findings = _with(findings, f"{one} and {other} after {', '.join(map(str, start)) or 'nothing'}", result)
    return findings


def _with(findings: Findings, name: str, result: Result) -> Findings:
    failed = result.failure
    return Findings(
        findings.programs + 1,
        findings.schedules + result.schedules,
        findings.steps + result.steps,
        findings.stopped if result.complete or failed else (*findings.stopped, name),
        (*findings.failures, (name, failed)) if failed else findings.failures,
        findings.preemptions if result.preemptions is None else result.preemptions,
        findings.budgets + tuple([budget for budget in result.budgets if budget not in findings.budgets]),
    )


def check_linearizable(
    make: Callable[[], object],
    model: ModelOf[Any] | type,
    operations: Sequence[Call] = (),
    *,
    modules: Sequence[ModuleType] = (),
    max_preemptions: int | None = 1,
    early_timeouts: int = 1,
    interrupts: int = 0,
    spurious_wakeups: int = 0,
    programs: int = 50,
    seed: int = 0,
) -> Findings:
    """Raise an ``AssertionError`` with a schedule that shows it, if an object does not do what its model does.

    Every two operations are explored, switched between any two instructions of the object's class with at most
    ``max_preemptions``, and then so many ``programs`` of three threads, with operations and schedules drawn at random.
    The operations are those of the model that the class has, unless they are given.

    >>> from lockedcontainers.testing import check_linearizable
    >>> class Registry(dict):
    ...     def setdefault(self, key, default=None):
    ...         if key not in self:
    ...             self[key] = default
    ...         return self[key]
    >>> check_linearizable(Registry, dict)
    Traceback (most recent call last):
        ...
    AssertionError: ...
    """
    known = model if isinstance(model, ModelOf) else builtin_model(model)
    kind = type(make())
    if not codes_of([kind]):
        raise TypeError(f"{kind.__name__} is compiled: there is no Python code to explore")
    chosen = list(operations) or _supported(make, known, known.calls)
    looks = _supported(make, known, known.looks)
    starts = [start for start in known.starts if len(_supported(make, known, start)) == len(start)]
    watched: dict[str, Any] = {
        "instructions_of": [kind],
        "modules": modules,
        "early_timeouts": early_timeouts,
        "interrupts": interrupts,
        "spurious_wakeups": spurious_wakeups,
    }
    findings = explore_pairs(
        make, chosen, model, starts=starts, looks=looks, max_preemptions=max_preemptions, **watched
    ).require()
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    for _ in range(programs):
        threads = [rng.choices(chosen, k=rng.choice([1, 1, 2])) for _ in range(3)]
        program = calls(make, model, threads, before=rng.choice(starts), after=looks, **watched)
        result = sample(program, schedules=20, seed=rng.getrandbits(32))
        if result.failure is not None:
            raise AssertionError(str(result))
    return findings


def _supported(make: Callable[[], object], model: Model, some: Iterable[Call]) -> list[Call]:
    """Return the calls that are the object's own, and that it does not refuse unless the model does."""
    return [call for call in some if _is_own(call, type(make())) and not _is_refused(make, model, call)]


def _is_own(call: Call, kind: type) -> bool:
    name = call.function
    return not isinstance(name, str) or getattr(kind, name, None) is not getattr(object, name, None)


def _is_refused(make: Callable[[], object], model: Model, call: Call) -> bool:
    raised = call.on(make()).raised
    allowed = [outcome.raised for outcome, _ in model.step(model.initial, call)]
    return raised in (AttributeError, TypeError) and raised not in allowed
