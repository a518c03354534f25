"""Promise 8: reentrant, and safe where code runs by surprise."""

from __future__ import annotations

import gc
import signal
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from .kinds import KINDS, Kind, Pause, each_kind
from .threads import Background, elsewhere, is_free, outcome_of

each_displacing = pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(kind, name, id=f"{kind.name}-{name}") for kind in KINDS for name in kind.displacing],
)
each_step = pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(kind, name, id=f"{kind.name}-{name}") for kind in KINDS for name in kind.steps]
)


class Finalized:
    """Calls back when it is let go of."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def __del__(self) -> None:
        self._call()


def use(twin: Any) -> None:
    """What other code may do with a container: look, iterate, copy, change."""
    list(twin)
    len(twin)
    repr(twin)
    twin.copy()
    twin.snapshot()
    with twin.locked():
        pass


def displace(kind: Kind, name: str, held: Any, twin_of: list[Any]) -> None:
    twin = kind.make(kind.holding(held))
    twin_of.append(twin)
    del held
    kind.displacing[name](twin)


@each_kind
def test_a_finalizer_uses_the_container_that_is_garbage_with_it(kind: Kind) -> None:
    used = list[int]()

    def leave_a_cycle() -> None:
        def finalize() -> None:
            use(twin)
            used.append(len(twin))

        twin = kind.make(kind.holding(Finalized(finalize)))

    leave_a_cycle()
    gc.collect()
    assert len(used) == 1


@each_displacing
def test_what_is_displaced_is_let_go_after_the_lock(kind: Kind, name: str) -> None:
    """Its finalizer waits for another thread, which uses the container."""
    twins, blocked = list[Any](), list[bool]()

    def finalize() -> None:
        other = Background(lambda: use(twins[0]))
        blocked.append(not other.is_done(5))

    displace(kind, name, Finalized(finalize), twins)
    assert blocked == [False]


@each_displacing
def test_a_weakref_callback_waits_for_another_thread_that_uses_the_container(kind: Kind, name: str) -> None:
    twins, blocked = list[Any](), list[bool]()

    def callback(_: object) -> None:
        other = Background(lambda: use(twins[0]))
        blocked.append(not other.is_done(5))

    held = Finalized(lambda: None)
    reference = weakref.ref(held, callback)
    holder = [held]
    del held
    displace(kind, name, holder.pop(), twins)
    assert reference() is None
    assert blocked == [False]


@each_displacing
def test_a_finalizer_may_use_the_container_itself(kind: Kind, name: str) -> None:
    twins, called = list[Any](), list[bool]()

    def finalize() -> None:
        use(twins[0])
        kind.half(twins[0])
        called.append(elsewhere(lambda: is_free(twins[0])))

    displace(kind, name, Finalized(finalize), twins)
    assert called == [True]


@each_step
def test_user_code_may_look_at_the_container(kind: Kind, name: str) -> None:
    step = kind.steps[name]
    twin, model, counted = kind.filled(), kind.model_filled(), Pause()
    outcome_of(lambda: step.call(kind.filled(), counted))
    expected = outcome_of(lambda: step.model(model, lambda: None)), kind.state(model)
    for at in range(1, counted.calls + 1):
        twin = kind.filled()
        found = outcome_of(lambda: step.call(twin, Pause(at, lambda: use(twin))))  # noqa: B023
        assert (found, kind.state(twin)) == expected, at
        assert is_free(twin)


@each_step
def test_user_code_may_switch_threads(kind: Kind, name: str) -> None:
    """Other threads use the container meanwhile, and wait where they must."""
    step = kind.steps[name]
    twin, model, others = kind.filled(), kind.model_filled(), list[Background]()

    def switch() -> None:
        if len(others) < 3:
            others.append(Background(lambda: use(twin)))
        time.sleep(0.0005)

    expected = outcome_of(lambda: step.model(model, lambda: None)), kind.state(model)
    found = outcome_of(lambda: step.call(twin, switch))
    for other in others:
        other.result()
    assert others
    assert (found, kind.state(twin)) == expected
    assert is_free(twin)


@each_step
def test_user_code_may_change_the_container(kind: Kind, name: str) -> None:
    """What comes of it is as undefined as it is for the builtin, but nothing crashes, hangs, or stays locked."""
    step, counted = kind.steps[name], Pause()
    outcome_of(lambda: step.call(kind.filled(), counted))
    for at in range(1, counted.calls + 1):
        for change in kind.writes.values():
            twin = kind.filled()
            elsewhere(lambda: "a" in twin)  # noqa: B023  (see limits.md on CPython without the GIL)
            how, what = outcome_of(lambda: step.call(twin, Pause(at, lambda: outcome_of(lambda: change.call(twin)))))  # noqa: B023
            assert how == "returned" or issubclass(what, (RuntimeError, LookupError, ValueError, TypeError))
            assert sorted(map(str, twin)) == sorted(map(str, twin.snapshot()))
        assert is_free(twin)


@each_kind
def test_sections_are_reentrant(kind: Kind) -> None:
    twin = kind.filled()
    with twin.locked() as outer, twin.locked(timeout=0) as inner:
        assert outer is inner is twin
        use(twin)
        kind.half(twin)
    assert is_free(twin)


@pytest.mark.usefixtures("switch_interval")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
@each_kind
def test_a_signal_handler_may_use_the_container(kind: Kind) -> None:
    """Signals at whatever point of a row of operations, with another thread that uses the container as well."""
    twin, handled, done = kind.make(kind.numbered(0, None)), list[int](), threading.Event()

    def handler(*_: object) -> None:
        use(twin)
        kind.renumber(twin, len(handled))
        handled.append(len(twin))

    def rival() -> None:
        while not done.is_set():
            use(twin)

    before = signal.signal(signal.SIGALRM, handler)
    thread = Background(rival)
    try:
        for number in range(100):
            signal.setitimer(signal.ITIMER_REAL, 0.0001 * (number % 10 + 1))
            while len(handled) <= number:
                kind.renumber(twin, number)
                use(twin)
                for step in kind.steps.values():
                    outcome_of(lambda: step.call(twin, lambda: None))  # noqa: B023
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        done.set()
        thread.result()
    assert len(handled) == 100
    assert is_free(twin)
