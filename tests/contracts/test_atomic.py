"""Promise 2: every operation happens in one moment, and never inside another thread's ``with c.locked():``."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

from .kinds import Kind, Operation, Pause, Step, each_kind
from .threads import MOMENT, PATIENCE, Background, Outcome, outcome_of

#: What became of two operations, and what they left.
Result = tuple[Outcome, Outcome, list[Any]]


@each_kind
def test_every_operation_waits_for_a_locked_section(kind: Kind) -> None:
    """Each on a container of its own, all at once: none may go on before the section ends, or see it half done."""
    operations = kind.operations
    twins = [kind.filled() for _ in operations]
    ready = threading.Barrier(len(operations) + 1)

    def begin(operation: Operation, twin: Any) -> Any:
        ready.wait(PATIENCE)
        return operation.call(twin)

    with ExitStack() as sections:
        for twin in twins:
            sections.enter_context(twin.locked())
            kind.half(twin)
        threads = [
            Background(lambda operation=operation, twin=twin: begin(operation, twin))  # type: ignore[misc]
            for operation, twin in zip(operations.values(), twins, strict=True)
        ]
        ready.wait(PATIENCE)
        early = [name for name, thread in zip(operations, threads, strict=True) if thread.is_done(MOMENT / 5)]
        for twin in twins:
            kind.whole(twin)
    differing = {}
    for (name, operation), thread, twin in zip(operations.items(), threads, twins, strict=True):
        model = kind.model_filled()
        kind.half(model)
        kind.whole(model)
        expected = outcome_of(lambda: operation.model(model)), kind.state(model)  # noqa: B023
        found = thread.outcome(), kind.state(twin)
        if found != expected:
            differing[name] = found, expected
    assert early == []
    assert differing == {}


def sequentially(kind: Kind, step: Step, operation: Operation, *, step_first: bool) -> Result:
    model = kind.model_filled()
    if step_first:
        stepped = outcome_of(lambda: step.model(model, lambda: None))
    operated = outcome_of(lambda: operation.model(model))
    if not step_first:
        stepped = outcome_of(lambda: step.model(model, lambda: None))
    return stepped, operated, kind.state(model)


def at_once(kind: Kind, step: Step, operations: list[Operation], at: int) -> list[Result]:
    """*operations* begin in other threads when the step has come to its call number *at* of user code."""
    twin = kind.filled()
    threads: list[Background] = []

    def intrude() -> None:
        threads.extend(Background(lambda each=each: each.call(twin)) for each in operations)  # type: ignore[misc]
        threads[-1].is_done(MOMENT if len(threads) > 1 else MOMENT / 10)

    stepped = outcome_of(lambda: step.call(twin, Pause(at, intrude)))
    outcomes = [thread.outcome() for thread in threads]
    return [(stepped, outcome, kind.state(twin)) for outcome in outcomes]


def calls_of(kind: Kind, step: Step) -> int:
    pause = Pause()
    outcome_of(lambda: step.call(kind.filled(), pause))
    assert pause.calls, "this step runs no code of the user"
    return pause.calls


@each_kind
def test_every_pair_of_operations_happens_one_after_the_other(kind: Kind) -> None:
    """The second begins when the first runs user code for the last time: both must end as if one had come first.

    All reads at once, for they do not disturb one another; each write by itself.
    """
    differing = {}
    for step_name, step in kind.steps.items():
        last = calls_of(kind, step)
        results = dict(zip(kind.reads, at_once(kind, step, [*kind.reads.values()], last), strict=True))
        for name, operation in kind.writes.items():
            results[name] = at_once(kind, step, [operation], last)[0]
        for name, operation in kind.operations.items():
            legal = [sequentially(kind, step, operation, step_first=first) for first in (True, False)]
            if results[name] not in legal:
                differing[step_name, name] = results[name], legal
    assert differing == {}


@each_kind
def test_a_read_without_the_mutex_is_tried_again_if_a_section_was_opened_meanwhile(kind: Kind) -> None:
    """While a look-up compares keys, another thread opens a section and does the first half of its work."""
    for name, lookup in kind.lookups.items():
        for at in range(1, calls_of(kind, lookup) + 1):
            twin, before, after = kind.filled(), kind.model_filled(), kind.model_filled()
            kind.half(after)
            kind.whole(after)
            half_done, others = threading.Event(), list[Background]()

            def work(twin: Any = twin, half_done: threading.Event = half_done) -> None:
                with twin.locked():
                    kind.half(twin)
                    half_done.set()
                    threading.Event().wait(MOMENT)
                    kind.whole(twin)

            def intrude(half_done: threading.Event = half_done, others: list[Background] = others) -> None:
                others.append(Background(work))
                half_done.wait(MOMENT)  # in vain if the look-up holds the mutex

            found = outcome_of(lambda: lookup.call(twin, Pause(at, intrude)))  # noqa: B023
            others[0].result()
            legal = [outcome_of(lambda: lookup.model(model, lambda: None)) for model in (before, after)]  # noqa: B023
            assert found in legal, (name, at)
