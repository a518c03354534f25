# pyright: basic
"""Promise 1 after any history: a machine for each class beside its builtin; and the same rules from several threads.

The machines of LockedDict, of the sorted three and of LockedCache are in the files of their rooms.
"""

from __future__ import annotations

import operator
import os
import queue
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lockedcontainers import (
    BoundedLifoQueue,
    BoundedPriorityQueue,
    BoundedQueue,
    DeadlockError,
    LockedDeque,
    Mutex,
    ReadWriteLock,
)
from lockedcontainers.testing import Call, Outcome, Verdict, linearize, record
from lockedcontainers.testing._history import plain, thawed

from .kinds import COUNTER_KIND, DEQUE_KIND, KINDS, LIST_KIND, SET_KIND, Kind, Operation, each_kind
from .threads import outcome_of

EXAMPLES = int(os.environ.get("LOCKEDCONTAINERS_EXAMPLES", "60"))
SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

VALUE = st.sampled_from("vwxyz")
VALUES = st.lists(VALUE, max_size=6)
INDEX = st.integers(-8, 8)
BOUND = st.none() | INDEX
SLICE = st.builds(slice, BOUND, BOUND, st.none() | st.integers(-3, 3).filter(bool))


# --- The containers ------------------------------------------------------------------------------------------------


#: Operations whose model in the table is right only for the contents that the table has.
INEXACT = {
    "compute_if_absent present",
    "compute_if_present",
    "compare_and_set unequal",
    "compare_and_set out of range",
    "compare_and_delete unequal",
    "compute out of range",
    "LockedCounter replace absent",
    "LockedDefaultDict __missing__",
    "LockedSet repr",
    "LockedSet str",
}


def exact(kind: Kind) -> dict[str, Operation]:
    return {
        name: operation for name, operation in kind.operations.items() if not {name, f"{kind.name} {name}"} & INEXACT
    }


#: A count that is no number cannot be added to, and a builtin notices that half way.
COUNTS = replace(
    COUNTER_KIND,
    writes={name: write for name, write in COUNTER_KIND.writes.items() if not name.startswith(("compute", "merge"))},
)


class Machine(RuleBasedStateMachine):
    """The twin beside its builtin: each rule does the same to both."""

    kind: Kind

    twin: Any
    model: Any

    @initialize(values=VALUES)
    def begin(self, values: list[str]) -> None:
        self.twin, self.model = self.kind.make(values), self.kind.model(values)

    def both(self, call: Callable[[Any], object]) -> None:
        assert outcome_of(lambda: call(self.twin)) == outcome_of(lambda: call(self.model))

    @rule(data=st.data())
    def operate(self, data: st.DataObject) -> None:
        """What the table of the contracts has, in any state."""
        operations = {**exact(self.kind), **self.kind.refusals}
        operation = operations[data.draw(st.sampled_from(sorted(operations)))]
        expected = outcome_of(lambda: operation.model(self.model))
        assert outcome_of(lambda: operation.call(self.twin)) == expected

    @rule(data=st.data())
    def go_on_with_a_copy(self, data: st.DataObject) -> None:
        copying = self.kind.copies[data.draw(st.sampled_from(sorted(self.kind.copies)))]
        (_, twin), (_, model) = (outcome_of(lambda c=c: copying(c)) for c in (self.twin, self.model))  # type: ignore[misc]
        assert twin == model
        if type(twin) is self.kind.cls and type(model) is self.kind.builtin:
            self.twin, self.model = twin, model

    @rule()
    def begin_anew_when_it_is_large(self) -> None:
        if len(self.model) > 30:
            self.both(lambda c: c.clear())

    @invariant()
    def they_are_equal(self) -> None:
        assert self.kind.state(self.twin) == self.kind.state(self.model)
        assert self.twin == self.model
        assert not self.twin != self.model  # noqa: SIM202
        assert len(self.twin) == len(self.model)


class SequenceMachine(Machine):
    """What a list and a deque have in common."""

    @rule(index=INDEX, value=VALUE)
    def item(self, index: int, value: str) -> None:
        self.both(lambda c: c[index])
        self.both(lambda c: operator.setitem(c, index, value))
        self.both(lambda c: c.index(value, index))
        self.both(lambda c: c.count(value))

    @rule(index=INDEX, value=VALUE)
    def insert(self, index: int, value: str) -> None:
        self.both(lambda c: c.insert(index, value))

    @rule(index=INDEX)
    def delete(self, index: int) -> None:
        self.both(lambda c: operator.delitem(c, index))

    @rule(value=VALUE)
    def remove(self, value: str) -> None:
        self.both(lambda c: c.remove(value))

    @rule(values=VALUES)
    def compare(self, values: list[str]) -> None:
        other = self.kind.model(values)
        for by in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge, operator.add):
            self.both(lambda c, by=by: by(c, other))  # type: ignore[misc]
            self.both(lambda c, by=by: by(other, c))  # type: ignore[misc]


class ListMachine(SequenceMachine):
    kind = LIST_KIND

    @rule(where=SLICE, values=VALUES)
    def part(self, where: slice, values: list[str]) -> None:
        self.both(lambda c: c[where])
        self.both(lambda c: operator.setitem(c, where, values))

    @rule(where=SLICE)
    def delete_part(self, where: slice) -> None:
        self.both(lambda c: operator.delitem(c, where))

    @rule(index=INDEX)
    def pop(self, index: int) -> None:
        self.both(lambda c: c.pop(index))


class DequeMachine(SequenceMachine):
    kind = DEQUE_KIND

    @rule(n=INDEX)
    def rotate(self, n: int) -> None:
        self.both(lambda c: c.rotate(n))

    @rule(values=VALUES)
    def extend(self, values: list[str]) -> None:
        self.both(lambda c: c.extend(values))
        self.both(lambda c: c.extendleft(values))

    @invariant()
    def they_have_one_maxlen(self) -> None:
        assert self.twin.maxlen == self.model.maxlen


class BoundedDequeMachine(DequeMachine):
    kind = replace(
        DEQUE_KIND, make=lambda contents: LockedDeque(contents, 4), model=lambda contents: deque(contents, 4)
    )


class SetMachine(Machine):
    kind = SET_KIND

    @rule(value=VALUE)
    def element(self, value: str) -> None:
        self.both(lambda c: value in c)
        self.both(lambda c: c.discard(value))
        self.both(lambda c: c.remove(value))

    @rule(values=VALUES, more=VALUES)
    def algebra(self, values: list[str], more: list[str]) -> None:
        for name in ("union", "difference", "intersection"):
            self.both(lambda c, name=name: getattr(c, name)(values, more))  # type: ignore[misc]
        for name in ("symmetric_difference", "isdisjoint", "issubset", "issuperset"):
            self.both(lambda c, name=name: getattr(c, name)(values))  # type: ignore[misc]
        for by in (operator.or_, operator.and_, operator.sub, operator.xor, operator.le, operator.gt):
            self.both(lambda c, by=by: by(c, set(values)))  # type: ignore[misc]
            self.both(lambda c, by=by: by(set(values), c))  # type: ignore[misc]

    @rule(values=VALUES, by=st.sampled_from([operator.ior, operator.iand, operator.isub, operator.ixor]))
    def change(self, values: list[str], by: Callable[[Any, Any], Any]) -> None:
        self.both(lambda c: by(c, set(values)) is c)


class CounterMachine(Machine):
    kind = COUNTS

    @rule(value=VALUE, n=st.integers(-3, 3))
    def count(self, value: str, n: int) -> None:
        self.both(lambda c: operator.setitem(c, value, n))
        self.both(lambda c: c.most_common(n))
        self.twin.increment(value, n)
        self.model[value] += n

    @rule(counts=st.dictionaries(VALUE, st.integers(-3, 3)))
    def algebra(self, counts: dict[str, int]) -> None:
        other = Counter(counts)
        for by in (operator.add, operator.sub, operator.and_, operator.or_, operator.le, operator.gt):
            self.both(lambda c, by=by: by(c, other))  # type: ignore[misc]
            self.both(lambda c, by=by: by(other, c))  # type: ignore[misc]

    @rule(
        counts=st.dictionaries(VALUE, st.integers(-3, 3)),
        by=st.sampled_from([operator.iadd, operator.isub, operator.iand, operator.ior]),
    )
    def change(self, counts: dict[str, int], by: Callable[[Any, Any], Any]) -> None:
        self.both(lambda c: c.update(counts))
        self.both(lambda c: by(c, Counter(counts)) is c)
        self.both(lambda c: c.subtract(counts))


# --- The queues ----------------------------------------------------------------------------------------------------


class QueueMachine(RuleBasedStateMachine):
    """Never waiting, beside a queue of the standard library."""

    twin_type: Any = BoundedQueue
    model_type: Any = queue.Queue

    @initialize(maxsize=st.integers(0, 3))
    def begin(self, maxsize: int) -> None:
        self.twin, self.model = self.twin_type(maxsize), self.model_type(maxsize)

    def both(self, call: Callable[[Any], object]) -> None:
        assert outcome_of(lambda: call(self.twin)) == outcome_of(lambda: call(self.model))

    def own(self, call: Callable[[Any], object], model: Callable[[Any], object]) -> None:
        assert outcome_of(lambda: call(self.twin)) == outcome_of(lambda: model(self.model))

    @rule(item=st.integers(0, 9))
    def put(self, item: int) -> None:
        self.both(lambda q: q.put_nowait(item))
        self.both(lambda q: q.put(item, False))
        self.both(lambda q: q.put(item, timeout=-1))

    @rule()
    def get(self) -> None:
        self.both(lambda q: q.get_nowait())

    @rule()
    def get_without_waiting(self) -> None:
        self.both(lambda q: q.get(False))
        self.both(lambda q: q.get(timeout=-1))

    @rule(items=st.lists(st.integers(0, 9), max_size=5))
    def put_many(self, items: list[int]) -> None:
        def model(q: Any) -> int:
            room = len(items) if not q.maxsize else max(q.maxsize - q.qsize(), 0)
            for item in items[:room]:
                q.put_nowait(item)
            if items and not room:
                raise queue.Full
            return len(items[:room])

        self.own(lambda q: q.put_many(items, block=False), model)

    @rule(count=st.integers(0, 5))
    def get_many(self, count: int) -> None:
        def model(q: Any) -> list[int]:
            if count < 1:
                raise ValueError
            return [q.get_nowait() for _ in range(min(count, max(q.qsize(), 1)))]

        self.own(lambda q: q.get_many(count, block=False), model)

    @rule()
    def drain(self) -> None:
        self.own(lambda q: q.drain(), lambda q: [q.get_nowait() for _ in range(q.qsize())])

    @rule()
    def task_done(self) -> None:
        self.both(lambda q: q.task_done())

    @invariant()
    def they_are_equal(self) -> None:
        self.both(lambda q: (q.qsize(), q.empty(), q.full(), q.maxsize, q.unfinished_tasks))
        self.both(lambda q: q.queue)

    @invariant()
    def what_is_shown_is_what_would_be_taken(self) -> None:
        model = self.model_type()
        for item in self.model.queue:
            model.put_nowait(item)
        items = [model.get_nowait() for _ in range(model.qsize())]
        assert self.twin.snapshot() == items
        assert outcome_of(self.twin.peek) == (("returned", items[0]) if items else ("raised", queue.Empty))


class LifoQueueMachine(QueueMachine):
    twin_type = BoundedLifoQueue
    model_type = queue.LifoQueue


class PriorityQueueMachine(QueueMachine):
    twin_type = BoundedPriorityQueue
    model_type = queue.PriorityQueue


# --- The locks -----------------------------------------------------------------------------------------------------


class MutexMachine(RuleBasedStateMachine):
    """One thread, beside an RLock: it never waits."""

    def __init__(self) -> None:
        super().__init__()
        self.twin, self.model, self.depth = Mutex(), threading.RLock(), 0

    @rule(way=st.sampled_from([(), (False,), (True, 0.5), (True, 0), (False, 0.5), (True, -2)]))
    def acquire(self, way: tuple[Any, ...]) -> None:
        found = outcome_of(lambda: self.twin.acquire(*way))
        assert found == outcome_of(lambda: self.model.acquire(*way))
        self.depth += found == ("returned", True)

    @rule()
    def release(self) -> None:
        assert outcome_of(self.twin.release) == outcome_of(self.model.release)
        self.depth = max(self.depth - 1, 0)

    @rule()
    def use_in_a_section(self) -> None:
        with self.twin:
            assert self.twin.locked()

    @invariant()
    def they_are_held_as_often(self) -> None:
        assert self.twin.locked() == bool(self.depth)
        assert f"count={self.depth} " in repr(self.twin)


class ReadWriteMachine(RuleBasedStateMachine):
    """One thread, beside two counts: it never waits, for others are not there."""

    @initialize(preference=st.sampled_from(["writer", "reader", "fair"]))
    def begin(self, preference: Any) -> None:
        self.lock = ReadWriteLock(preference)
        self.reads = self.writes = 0

    def try_to(self, call: Callable[[], object], error: type[Exception] | None) -> None:
        how, what = outcome_of(call)
        assert (how, what) == ("raised", error) if error is not None else how == "returned" and what in (True, None)

    @rule(timeout=st.sampled_from([None, 0, 0.5]))
    def acquire_read(self, timeout: float | None) -> None:
        self.try_to(lambda: self.lock.acquire_read(timeout), None)
        self.reads += 1

    @rule()
    def release_read(self) -> None:
        self.try_to(self.lock.release_read, None if self.reads else RuntimeError)
        self.reads = max(self.reads - 1, 0)

    @rule(timeout=st.sampled_from([None, 0, 0.5]))
    def acquire_write(self, timeout: float | None) -> None:
        must_upgrade = bool(self.reads and not self.writes)
        self.try_to(lambda: self.lock.acquire_write(timeout), DeadlockError if must_upgrade else None)
        self.writes += not must_upgrade

    @rule()
    def release_write(self) -> None:
        self.try_to(self.lock.release_write, None if self.writes else RuntimeError)
        self.writes = max(self.writes - 1, 0)

    @rule(timeout=st.sampled_from([None, 0, 0.5]))
    def try_upgrade(self, timeout: float | None) -> None:
        inside = bool(self.reads or self.writes)
        self.try_to(lambda: self.lock.try_upgrade(timeout), None if inside else RuntimeError)
        self.writes += inside

    @rule()
    def downgrade(self) -> None:
        writes = bool(self.writes)
        self.try_to(self.lock.downgrade, None if writes else RuntimeError)
        self.writes -= writes
        self.reads += writes

    @rule(writes=st.booleans())
    def use_in_a_section(self, writes: bool) -> None:
        if not writes or self.writes or not self.reads:
            with self.lock.write() if writes else self.lock.read():
                pass

    @invariant()
    def what_it_counts(self) -> None:
        if hasattr(self, "lock"):
            readers, writers, waiting_readers, waiting_writers = self.lock.statistics()[:4]
            assert (readers, writers) == (bool(self.reads), bool(self.writes))
            assert (waiting_readers, waiting_writers) == (0, 0)


MACHINES = [
    ListMachine,
    DequeMachine,
    BoundedDequeMachine,
    SetMachine,
    CounterMachine,
    QueueMachine,
    LifoQueueMachine,
    PriorityQueueMachine,
    MutexMachine,
    ReadWriteMachine,
]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_any_history_is_that_of_the_builtin(machine: type[RuleBasedStateMachine]) -> None:
    case = machine.TestCase
    case.settings = SETTINGS
    case("runTest").runTest()


# --- The same from several threads ---------------------------------------------------------------------------------


#: Operations of several steps.
STEPS = {"LockedSet pop", *[f"{kind.name} format_map" for kind in KINDS]}  # one key after the other


@dataclass(frozen=True)
class Result:
    """What an operation of the table returned: compared as the other tests of the table do."""

    value: object


@dataclass(frozen=True)
class Rule:
    """An operation of the table as a function to record."""

    name: str
    operation: Operation

    def __call__(self, twin: Any) -> Result:
        return Result(self.returned(self.operation.call, twin))

    def model(self, model: Any) -> Result:
        return Result(self.returned(self.operation.model, model))

    @staticmethod
    def returned(call: Callable[[Any], Any], container: Any) -> Any:
        """What a call returned; where that is the container, the table has a look at it that is another operation."""
        value = call(container)
        return None if value is container else value

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Table:
    """The model that is the builtin, by the table of the contracts."""

    kind: Kind

    @property
    def initial(self) -> Hashable:
        return self.frozen(self.kind.model_filled())

    def frozen(self, model: Any) -> Hashable:
        state = self.kind.state(model)
        return plain(dict(state) if isinstance(model, dict) else state)

    def step(self, state: Hashable, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        assert isinstance(call.function, Rule)
        model = self.kind.model(thawed(state))
        return [(Call(call.function.model).on(model), self.frozen(model))]

    def key(self, call: Call) -> Hashable | None:  # noqa: ARG002
        return None


@each_kind
def test_any_history_of_several_threads_is_that_of_the_builtin_in_some_order(kind: Kind) -> None:
    kind = COUNTS if kind is COUNTER_KIND else kind
    rules = [
        Call(Rule(name, operation)) for name, operation in exact(kind).items() if f"{kind.name} {name}" not in STEPS
    ]
    rng = random.Random(kind.name)
    for _ in range(5 * EXAMPLES):
        history = record(kind.filled(), [rng.choices(rules, k=3) for _ in range(3)])
        found = linearize(history, Table(kind))
        assert found.verdict is Verdict.LINEARIZABLE, str(found)
