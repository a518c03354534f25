"""Promise 10: an exception leaves the container as it was, and no lock held."""

from __future__ import annotations

import gc
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from lockedcontainers import BoundedQueue, LockedCache, Mutex, ReadWriteLock, cached, is_compiled

from .kinds import KINDS, Kind, Pause, each_kind
from .threads import MOMENT, Background, Holder, is_free, outcome_of

each_step = pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(kind, name, id=f"{kind.name}-{name}") for kind in KINDS for name in kind.steps]
)


@pytest.mark.parametrize("exception", [ZeroDivisionError, KeyboardInterrupt])
@each_step
def test_what_user_code_raises_leaves_all_as_it_was(kind: Kind, name: str, exception: type[BaseException]) -> None:
    step, counted = kind.steps[name], Pause()
    step.call(kind.filled(), counted)

    def fail() -> None:
        raise exception

    for at in range(1, counted.calls + 1):
        twin = kind.filled()
        with pytest.raises(exception):
            step.call(twin, Pause(at, fail))
        assert kind.state(twin) == kind.state(kind.model_filled()), f"call {at} of {counted.calls}"
        assert is_free(twin)


@each_kind
def test_what_is_refused_changes_nothing(kind: Kind) -> None:
    for name, refusal in kind.refusals.items():
        twin = kind.filled()
        outcome_of(lambda: refusal.call(twin))  # noqa: B023
        assert kind.state(twin) == kind.state(kind.model_filled()), name
        assert is_free(twin), name


@each_kind
def test_an_exception_in_a_section_leaves_it(kind: Kind) -> None:
    twin = kind.filled()
    with pytest.raises(ZeroDivisionError), twin.locked():
        raise ZeroDivisionError
    assert is_free(twin)


class Interrupted(BaseException):
    """What the signal handler raises: KeyboardInterrupt by another name, so that a real Ctrl-C still works."""


@pytest.fixture
def alarm() -> Iterator[None]:
    """A handler that raises. The collector is off, as what a handler raises in a weak reference's callback is lost."""

    def handler(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    signal.signal(signal.SIGALRM, before)


def alarmed(seconds: float, call: Callable[[], object]) -> None:
    """The alarm is set here, and not before `pytest.raises` is ready for it."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    call()


@pytest.mark.usefixtures("alarm")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
@each_kind
def test_ctrl_c_interrupts_every_wait(kind: Kind) -> None:
    for name, operation in kind.operations.items():
        twin = kind.filled()
        with Holder(twin), pytest.raises(Interrupted):
            alarmed(MOMENT / 2, lambda: operation.call(twin))  # noqa: B023
        assert kind.state(twin) == kind.state(kind.model_filled()), name
        assert is_free(twin), name


@pytest.mark.usefixtures("alarm")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
@pytest.mark.parametrize("load", ["compute_if_absent", "d[k]"])
@each_kind
def test_ctrl_c_interrupts_a_wait_for_a_value(kind: Kind, load: str) -> None:
    if load not in kind.loads:
        pytest.skip("computes no values so")
    twin, computing, go_on = kind.filled(), threading.Event(), threading.Event()

    def factory() -> str:
        computing.set()
        go_on.wait(20)
        return "theirs"

    def compute() -> None:
        kind.loads["compute_if_absent"](twin, "new", factory)

    thread = threading.Thread(target=compute)
    thread.start()
    assert computing.wait(20)
    with pytest.raises(Interrupted):
        alarmed(MOMENT, lambda: kind.loads[load](twin, "new", lambda: "ours"))
    go_on.set()
    thread.join()
    assert twin["new"] == "theirs"
    assert is_free(twin)


@pytest.mark.usefixtures("alarm")
@pytest.mark.skipif(not is_compiled, reason="accepted in _mutex.py: lines of Python can be interrupted in between")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
@each_kind
def test_ctrl_c_anywhere_leaves_nothing_locked(kind: Kind) -> None:
    """Not in a wait, but at whatever point of a row of operations; and in the `with` statement of a section."""
    interrupted = 0
    twin: Any = kind.make(kind.numbered(0, None))
    for number in range(150):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.00005 * (number % 20 + 1))
            while True:
                kind.renumber(twin, number)
                twin.copy()
                list(twin)
        except Interrupted:
            interrupted += 1
        assert is_free(twin)
        kind.check_numbers(twin.snapshot())
    assert interrupted == 150


def at_depth(levels: int, call: Callable[[], object]) -> object:
    return call() if levels == 0 else at_depth(levels - 1, call)


def last_depths() -> range:
    """At the last of these there is room for no call any more, at the first for all that an operation makes."""
    deepest = sys.getrecursionlimit() - len(inspect.stack(0))
    return range(deepest - 24, deepest)


@each_kind
def test_the_end_of_the_stack_leaves_no_lock_held(kind: Kind) -> None:
    calls = [*[operation.call for operation in kind.operations.values()], section]
    ended = 0
    for call in calls:
        for levels in last_depths():
            twin = kind.filled()
            try:
                at_depth(levels, partial(call, twin))
            except RecursionError:
                assert is_free(twin)
                ended += 1
            except Exception:  # noqa: BLE001  (what the operation raises anyway)
                continue
    assert ended


def section(container: Any) -> None:
    with container.locked():
        pass


def hold(mutex: Mutex) -> None:
    with mutex:
        pass


def both(rw: ReadWriteLock) -> None:
    with rw.read():
        pass
    with rw.write():
        pass


def through(q: BoundedQueue[int]) -> None:
    q.put(1)
    q.get()


def test_the_end_of_the_stack_leaves_no_lock_held_where_threads_wait() -> None:
    mutex, rw, q, cache = Mutex(), ReadWriteLock(), BoundedQueue[int](), LockedCache[str, int](2)
    function = cached(maxsize=2)(len)
    calls: list[Callable[[], object]] = [
        partial(both, rw),
        partial(through, q),
        partial(hold, mutex),
        lambda: cache.get_or_load("a", len),
        lambda: function("a"),
    ]
    for levels in last_depths():
        for call in calls:
            with suppress(RecursionError):
                at_depth(levels, call)
    for call in calls:
        assert Background(call).outcome()[0] == "returned"
