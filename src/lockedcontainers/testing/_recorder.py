"""Record what real threads ask of a container at the same time, and when."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns

from lockedcontainers.testing._history import Call, Operation, Outcome, plain


def record(
    target: object, threads: Sequence[Sequence[Call]], *, switch_interval: float = 1e-6, timeout: float = 60.0
) -> list[Operation]:
    """Make the calls of each thread in a thread of its own, all at once, and return their history.

    Builds with a GIL are told to switch threads every ``switch_interval`` seconds meanwhile: at Python's own interval
    few calls overlap at all. The clock is read before and after each call, so an operation may have taken effect at any
    moment of the time written down for it; that can hide an error, but not invent one.

    >>> from lockedcontainers.testing import DICT, Call, linearize, record
    >>> threads = [[Call("setdefault", "a", 1)] * 3, [Call("setdefault", "a", 2)] * 3]
    >>> history = record({}, threads)
    >>> len(history), linearize(history, DICT).verdict
    (6, <Verdict.LINEARIZABLE: 'linearizable'>)
    """
    barrier = threading.Barrier(len(threads))
    histories: list[list[Operation]] = [[] for _ in threads]
    errors: list[BaseException] = []

    def work(index: int) -> None:
        seen: list[tuple[Call, int, int, Outcome]] = []
        try:
            # Everything is made ready before the barrier: what is left between two calls is what could hide a race.
            bound = [(call, call.bind(target)) for call in threads[index]]
            barrier.wait()
            _perform(bound, target, seen)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that records
            errors.append(error)
            barrier.abort()  # or the others would wait for a thread that does not come
        histories[index] = [Operation(index, call, began, ended, outcome) for call, began, ended, outcome in seen]

    workers = [threading.Thread(target=work, args=(index,), daemon=True) for index in range(len(threads))]
    with _switching(switch_interval):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout)
    hung = [str(index) for index, worker in enumerate(workers) if worker.is_alive()]
    if hung:
        raise TimeoutError(f"still running after {timeout:g} s: thread {', '.join(hung)}")
    if errors:
        raise errors[0]
    return sorted([operation for history in histories for operation in history], key=lambda operation: operation.began)


def _perform(
    bound: Sequence[tuple[Call, Callable[[], object]]], target: object, seen: list[tuple[Call, int, int, Outcome]]
) -> None:
    for call, function in bound:
        began = perf_counter_ns()
        try:
            value = function()
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            ended = perf_counter_ns()
            outcome = Outcome(raised=type(error))
        else:
            ended = perf_counter_ns()
            outcome = Outcome(plain(value, target))
        seen.append((call, began, ended, outcome))


@contextmanager
def _switching(interval: float) -> Generator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
