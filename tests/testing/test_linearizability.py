"""The checker against brute force, and against histories whose verdict is known."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockedcontainers.testing import DICT, Call, Model, ModelOf, Operation, Outcome, Verdict, linearize

REGISTER_CALLS = [("write", 1), ("write", 2), ("read", 0), ("read", 1), ("read", 2)]


class Register:
    """One value; also the model of itself, so that the checker is tried with a model that is not ``ModelOf``."""

    initial: Hashable = 0

    def step(self, state: Hashable, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        if call.function == "write":
            return [(Outcome(), call.args[0])]
        return [(Outcome(state), state)]

    def key(self, call: Call) -> Hashable | None:  # noqa: ARG002
        return None


class Bag:
    """A model with more than one outcome: ``take`` may return any element."""

    initial: Hashable = frozenset[object]()

    def step(self, state: Hashable, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        state = cast("frozenset[object]", state)
        if call.function == "put":
            return [(Outcome(), state | {call.args[0]})]
        if not state:
            return [(Outcome(raised=KeyError), state)]
        return [(Outcome(element), state - {element}) for element in state]

    def key(self, call: Call) -> Hashable | None:  # noqa: ARG002
        return None


def operation(thread: int, name: str, value: object, began: int, ended: int | None) -> Operation:
    if name == "read":
        return Operation(thread, Call("read"), began, ended, None if ended is None else Outcome(value))
    return Operation(thread, Call("write", value), began, ended, None if ended is None else Outcome())


def brute_force(history: Sequence[Operation], model: Model) -> bool:
    """Try every order of every subset that has at least the operations whose outcome is known."""
    pending = [done for done in history if done.outcome is None]
    ended = [done for done in history if done.outcome is not None]
    for size in range(len(pending) + 1):
        for some in itertools.combinations(pending, size):
            for order in itertools.permutations([*ended, *some]):
                if _in_real_time(order) and _explained(order, model):
                    return True
    return False


def _in_real_time(order: Sequence[Operation]) -> bool:
    return not any(
        later.ended is not None and later.ended < earlier.began for earlier, later in itertools.combinations(order, 2)
    )


def _explained(order: Sequence[Operation], model: Model) -> bool:
    states = {model.initial}
    for done in order:
        states = {
            after
            for state in states
            for outcome, after in model.step(state, done.call)
            if done.outcome is None or outcome == done.outcome
        }
    return bool(states)


def spans(count: int) -> Iterator[list[tuple[int, int]]]:
    """Yield every way in which so many operations can overlap, up to the order in which they are named."""
    for events in set(itertools.permutations([index for index in range(count) for _ in range(2)])):
        first = [events.index(index) for index in range(count)]
        if first == sorted(first):
            yield [(first[i], max(at for at, index in enumerate(events) if index == i)) for i in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_agrees_with_brute_force_on_every_small_history(count: int) -> None:
    verdicts = set[Verdict]()
    for some_spans in spans(count):
        for some_calls in itertools.product(REGISTER_CALLS, repeat=count):
            history = [
                operation(thread, name, value, began, ended)
                for thread, ((name, value), (began, ended)) in enumerate(zip(some_calls, some_spans, strict=True))
            ]
            verdict = linearize(history, Register()).verdict
            verdicts.add(verdict)
            assert (verdict is Verdict.LINEARIZABLE) == brute_force(history, Register()), history
    assert verdicts == ({Verdict.LINEARIZABLE} if count == 0 else {Verdict.LINEARIZABLE, Verdict.NOT_LINEARIZABLE})


@pytest.mark.parametrize("pending", [1, 2, 3])
def test_agrees_with_brute_force_where_operations_did_not_end(pending: int) -> None:
    for some_spans in spans(3):
        for some_calls in itertools.product(REGISTER_CALLS, repeat=3):
            history = [
                operation(thread, name, value, began, None if thread < pending else ended)
                for thread, ((name, value), (began, ended)) in enumerate(zip(some_calls, some_spans, strict=True))
            ]
            verdict = linearize(history, Register()).verdict
            assert (verdict is Verdict.LINEARIZABLE) == brute_force(history, Register()), history


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Some operations did not end, and some ended without an outcome."""
    count = draw(st.integers(1, 5))
    history: list[Operation] = []
    for thread in range(count):
        name, value = draw(st.sampled_from(REGISTER_CALLS))
        began = draw(st.integers(0, 9))
        ended = draw(st.none() | st.integers(began, 10))  # equal times happen where clocks are coarse
        known = operation(thread, name, value, began, ended)
        history.append(draw(st.sampled_from([known, replace(known, outcome=None)])))
    return history


@settings(max_examples=300, deadline=None)
@given(histories())
def test_agrees_with_brute_force_on_drawn_histories(history: list[Operation]) -> None:
    verdict = linearize(history, Register()).verdict

    assert (verdict is Verdict.LINEARIZABLE) == brute_force(history, Register())


KEYED = (
    [(Call("get", key), Outcome(value)) for key in "ab" for value in (None, 1, 2)]
    + [(Call("setdefault", key, value), Outcome(answer)) for key in "ab" for value in (1, 2) for answer in (1, 2)]
    + [(Call("__delitem__", key), outcome) for key in "ab" for outcome in (Outcome(), Outcome(raised=KeyError))]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYED), st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=5))
def test_splitting_by_key_changes_no_verdict(drawn: list[tuple[tuple[Call, Outcome], int, int]]) -> None:
    history = [
        Operation(thread, call, began, began + length, outcome)
        for thread, ((call, outcome), began, length) in enumerate(drawn)
    ]
    whole = ModelOf(DICT.thaw, DICT.freeze)

    assert linearize(history, DICT).verdict == linearize(history, whole).verdict
    assert (linearize(history, DICT).verdict is Verdict.LINEARIZABLE) == brute_force(history, DICT)


def _put(value: int, began: int, ended: int) -> Operation:
    return Operation(0, Call("put", value), began, ended, Outcome())


def _take(value: int, began: int, ended: int) -> Operation:
    return Operation(1, Call("take"), began, ended, Outcome(value))


@pytest.mark.parametrize(
    ("history", "good"),
    [
        ([_put(1, 0, 1), _put(2, 2, 3), _take(2, 4, 5), _take(1, 6, 7)], True),
        ([_put(1, 0, 5), _take(1, 1, 2)], True),
        ([_take(1, 0, 1), _put(1, 2, 3)], False),
        ([_put(1, 0, 1), _take(1, 2, 3), _take(1, 4, 5)], False),
        ([_put(1, 0, 1), Operation(1, Call("take"), 2, 3, Outcome(raised=KeyError))], False),
    ],
)
def test_a_model_may_have_several_outcomes(history: list[Operation], good: bool) -> None:
    assert (linearize(history, Bag()).verdict is Verdict.LINEARIZABLE) == good == brute_force(history, Bag())


def test_an_interrupted_operation_has_no_effect_once_it_has_ended() -> None:
    interrupted = Operation(0, Call("write", 1), 0, 1)
    reads = [operation(1, "read", 0, 2, 3), operation(1, "read", 1, 4, 5)]

    assert linearize([interrupted, reads[0]], Register()).verdict is Verdict.LINEARIZABLE
    assert linearize([interrupted, reads[1]], Register()).verdict is Verdict.LINEARIZABLE
    assert linearize([interrupted, *reads], Register()).verdict is Verdict.NOT_LINEARIZABLE


def test_an_order_is_returned_that_explains_the_history() -> None:
    history = [operation(0, "read", 2, 0, 9), operation(1, "write", 1, 1, 8), operation(2, "write", 2, 2, 7)]

    found = linearize(history, Register())

    assert found.verdict is Verdict.LINEARIZABLE
    assert sorted(found.order, key=lambda done: done.thread) == history
    assert _in_real_time(found.order)
    assert _explained(found.order, Register())


def test_a_spent_budget_is_neither_a_yes_nor_a_no() -> None:
    history = [operation(thread, "write", thread, 0, 100) for thread in range(8)]
    history.append(operation(8, "read", 99, 0, 100))

    assert linearize(history, Register(), budget=50).verdict is Verdict.UNKNOWN
    assert linearize(history, Register()).verdict is Verdict.NOT_LINEARIZABLE


def test_a_budget_is_one_for_all_keys() -> None:
    history = [Operation(0, Call("__setitem__", key, 1), at, at, Outcome()) for at, key in enumerate("abc")]

    assert linearize(history, DICT, budget=2).verdict is Verdict.UNKNOWN
    assert linearize(history, DICT, budget=3).verdict is Verdict.LINEARIZABLE
    assert linearize(history, DICT).configurations == 3

    pending = Operation(0, Call("__setitem__", "d", 1), 9)  # takes nothing of the budget
    assert linearize([*history, pending], DICT, budget=2).verdict is Verdict.UNKNOWN


def test_a_counterexample_says_what_could_not_come_next() -> None:
    history = [
        Operation(0, Call("setdefault", "a", 1), 0, 1, Outcome(1)),
        Operation(1, Call(len), 2, 3, Outcome(2)),
    ]

    assert str(linearize(history, DICT)).splitlines()[1:] == [
        "the longest order that explains a part of the history:",
        "  thread 0: setdefault('a', 1) -> 1",
        "  leaving {'a': 1}",
        "and then none of these can come next:",
        "  thread 1: len() -> 2, where the model -> 1",
    ]


def test_a_thousand_operations_on_each_of_eight_keys_are_checked_key_by_key() -> None:
    history: list[Operation] = []
    for thread in range(8):
        state = 0
        for number in range(1000):
            began = 10 * number + thread  # every call overlaps those of the other threads
            state = number
            history.append(Operation(thread, Call("__setitem__", thread, state), began, began + 10, Outcome()))

    assert linearize(history, DICT).verdict is Verdict.LINEARIZABLE
