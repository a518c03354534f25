"""Threads that a test starts, waits for, and is told by what they saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

PATIENCE = 30.0
#: Time enough for a thread that need not wait to be done. One that must wait is found waiting however short it is.
MOMENT = 0.01

Outcome = tuple[str, Any]


def outcome_of(call: Callable[[], object]) -> Outcome:
    """What a call returned, or the type of what it raised."""
    try:
        return "returned", call()
    except Exception as exception:  # noqa: BLE001  (whatever the builtin raises)
        return "raised", type(exception)


class Background:
    """A call in a thread of its own, begun at once."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._outcome: Outcome | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._outcome = outcome_of(self._call)

    def is_done(self, within: float = 0.0) -> bool:
        self._thread.join(within)
        return not self._thread.is_alive()

    def outcome(self) -> Outcome:
        """Wait for the call to end; a test whose thread hangs fails."""
        assert self.is_done(PATIENCE), "a thread hangs"
        assert self._outcome is not None, "a thread was ended by an exception that is not an Exception"
        return self._outcome

    def result(self) -> Any:
        """Wait for the call to return."""
        how, what = self.outcome()
        assert how == "returned", what
        return what


def elsewhere(call: Callable[[], object]) -> Any:
    """What a call returns in another thread."""
    return Background(call).result()


def together(*calls: Callable[[], object]) -> list[Outcome]:
    """Begin all calls at one moment, each in a thread of its own; their outcomes."""
    barrier = threading.Barrier(len(calls))

    def begin(call: Callable[[], object]) -> object:
        barrier.wait(PATIENCE)
        return call()

    running = [Background(lambda call=call: begin(call)) for call in calls]  # type: ignore[misc]
    return [each.outcome() for each in running]


def is_free(container: Any) -> bool:
    """Whether another thread could enter the container now."""

    def enter() -> None:
        with container.locked(timeout=0):
            pass

    return Background(enter).outcome()[0] == "returned"


class Holder:
    """Another thread that keeps containers locked inside a ``with`` statement."""

    def __init__(self, *containers: Any) -> None:
        self._containers = containers
        self._inside = threading.Event()
        self._leave = threading.Event()

    def __enter__(self) -> Self:
        self._thread = Background(self._hold)
        assert self._inside.wait(PATIENCE)
        return self

    def _hold(self) -> None:
        with ExitStack() as stack:
            for container in self._containers:
                stack.enter_context(container.locked())
            self._inside.set()
            assert self._leave.wait(PATIENCE)

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.result()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
