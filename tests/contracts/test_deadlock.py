"""Promise 9: a deadlock raises, it does not hang; a timeout that expires changes nothing."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from functools import partial
from typing import Any

import pytest

from lockedcontainers import DeadlockError, LockTimeout, locked

from .kinds import Kind, Operation, each_kind
from .threads import MOMENT, PATIENCE, Background, Holder, elsewhere, is_free, outcome_of, together


@each_kind
def test_every_operation_finds_the_deadlock_it_is_in(kind: Kind) -> None:
    """For each operation two containers and two threads, each in a section of one, operating on the other."""
    started = time.monotonic()

    def work(mine: Any, theirs: Any, both: threading.Barrier, operation: Operation) -> None:
        with mine.locked():
            both.wait(PATIENCE)
            outcome = outcome_of(lambda: operation.call(theirs))
            if outcome == ("raised", DeadlockError):
                raise DeadlockError

    pairs: dict[str, tuple[Any, Any, list[Background]]] = {}
    for name, operation in kind.operations.items():
        a, b, both = kind.filled(), kind.filled(), threading.Barrier(2)
        orders = (a, b, both, operation), (b, a, both, operation)
        pairs[name] = a, b, [Background(partial(work, *order)) for order in orders]
    for name, (a, b, threads) in pairs.items():
        outcomes = Counter(thread.outcome() for thread in threads)
        assert outcomes == {("raised", DeadlockError): 1, ("returned", None): 1}, name
        assert is_free(a), name
        assert is_free(b), name
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("size", [2, 3])
@each_kind
def test_the_message_names_threads_containers_and_lines(kind: Kind, size: int) -> None:
    twins, barrier = [kind.filled() for _ in range(size)], threading.Barrier(size)
    messages: list[str] = []

    def work(i: int) -> None:
        try:
            with twins[i].locked():
                barrier.wait(PATIENCE)
                len(twins[(i + 1) % size])
        except DeadlockError as error:
            messages.append(str(error))

    together(*[partial(work, i) for i in range(size)])
    assert len(messages) == 1
    assert {int(address, 16) for address in re.findall(rf"<{kind.name} at (0x\w+)>", messages[0])} == {
        id(twin) for twin in twins
    }
    assert len(re.findall(r"test_deadlock\.py:\d+ in work", messages[0])) == size
    assert not any(repr(element) in messages[0] for element in ("'a'", "half"))


@each_kind
def test_a_thread_that_waits_long_is_not_in_a_deadlock(kind: Kind) -> None:
    twin = kind.filled()
    with twin.locked():
        thread = Background(lambda: len(twin))
        assert not thread.is_done(0.8)  # it has looked for a cycle twice
    assert thread.result() == len(kind.model_filled())


@each_kind
def test_a_section_left_open_by_a_thread_that_ended_is_reported(kind: Kind) -> None:
    twin = kind.filled()
    elsewhere(lambda: twin.locked().__enter__() and None)
    with pytest.raises(DeadlockError, match="owner has ended"):
        len(twin)


@each_kind
def test_a_timeout_that_expires_changes_nothing(kind: Kind) -> None:
    twin = kind.filled()
    with Holder(twin):
        for timeout in (0, 0.0, MOMENT):
            started = time.monotonic()
            with (
                pytest.raises(LockTimeout, match=f"<{kind.name} at 0x[0-9a-f]+> was not free within"),
                twin.locked(timeout),
            ):
                kind.half(twin)
            assert timeout <= time.monotonic() - started < 5
            with pytest.raises(TimeoutError), locked(twin, timeout=timeout):
                kind.half(twin)
        assert kind.state(twin) == kind.state(kind.model_filled())
    with twin.locked(timeout=0):
        pass
    with pytest.raises(ValueError, match="non-negative"):
        twin.locked(-1)


@each_kind
def test_a_timeout_long_enough_succeeds(kind: Kind) -> None:
    twin = kind.filled()
    with twin.locked():
        thread = Background(lambda: twin.locked(timeout=PATIENCE).__enter__() is twin)
        assert not thread.is_done(MOMENT)
    assert thread.result() is True
