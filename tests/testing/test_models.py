"""The ready models against our own classes, and the scripts that name a model."""

from __future__ import annotations

import operator
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

import pytest

from lockedcontainers import (
    ABSENT,
    LockedCounter,
    LockedDeque,
    LockedDict,
    LockedList,
    LockedSet,
)
from lockedcontainers.testing import (
    COUNTER,
    DEQUE,
    DICT,
    LIST,
    SET,
    Call,
    ModelOf,
    Operation,
    Outcome,
    Verdict,
    calls,
    check_linearizable,
    explore,
    linearize,
)

READY: list[tuple[type[Any], ModelOf[Any]]] = [
    (LockedDict, DICT),
    (LockedCounter, COUNTER),
    (LockedList, LIST),
    (LockedSet, SET),
    (LockedDeque, DEQUE),
]


def verdict_on(target: object, asked: Sequence[Call], model: ModelOf[Any]) -> Verdict:
    """Judge what one thread was answered."""
    history = [Operation(0, call, 2 * at, 2 * at + 1, call.on(target)) for at, call in enumerate(asked)]
    return linearize(history, model).verdict


@pytest.mark.parametrize(
    ("twin", "model", "start", "call"),
    [(twin, model, start, call) for twin, model in READY for start in model.starts for call in model.calls],
    ids=str,
)
def test_a_model_does_what_the_class_does(
    twin: type[Any], model: ModelOf[Any], start: Sequence[Call], call: Call
) -> None:
    assert verdict_on(twin(), [*start, call, *model.looks], model) is Verdict.LINEARIZABLE


def united(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return one | other


@pytest.mark.parametrize(
    "asked",
    [
        [Call("__setitem__", "a", [1]), Call("merge", "a", [2], operator.add), Call("get", "a")],
        [Call("__setitem__", "a", {"x": 1}), Call("merge", "a", {"y": 2}, united), Call("popitem")],
        [Call("__setitem__", "a", [1]), Call("__eq__", {"a": [1]}), Call("__repr__")],
        [Call("__setitem__", "a", [1]), Call("compare_and_set", "a", [1], [2]), Call("drain")],
        [Call("__setitem__", "a", bytearray(b"x")), Call("get", "a")],
        [Call("__setitem__", "a", 1), Call("keys"), Call("values"), Call("items"), Call("__iter__")],
        [Call("get", [1]), Call("pop"), Call("compute_if_absent", key="a", factory=int)],
    ],
    ids=str,
)
def test_values_of_any_kind_and_calls_that_are_refused_are_explained(asked: Sequence[Call]) -> None:
    assert verdict_on(LockedDict[str, Any](), asked, DICT) is Verdict.LINEARIZABLE


def test_a_tuple_is_no_list() -> None:
    class Hasty(LockedList[int]):
        def snapshot(self) -> Any:
            return tuple(super().snapshot())

    assert verdict_on(Hasty(), [Call("snapshot")], LIST) is Verdict.NOT_LINEARIZABLE


def test_a_set_may_pop_any_element() -> None:
    """The two are in one slot of its table: the first to come is the first to go."""
    for first, second in [(1, 9), (9, 1)]:
        asked = [Call("add", first), Call("add", second), Call("pop"), Call("pop"), Call("pop")]
        assert verdict_on(LockedSet[int](), asked, SET) is Verdict.LINEARIZABLE

        added = [Operation(thread, Call("add", value), 0, 1, Outcome()) for thread, value in enumerate([1, 9])]
        popped = Operation(0, Call("pop"), 2, 3, Outcome(first))
        assert linearize([*added, popped], SET).verdict is Verdict.LINEARIZABLE


def test_a_call_that_is_not_keyed_is_judged_with_all_others() -> None:
    history = [
        Operation(0, Call("append", 1), 0, 1, Outcome()),
        Operation(0, Call("pop", 0), 2, 3, Outcome(raised=IndexError)),
    ]
    assert linearize(history, LIST).verdict is Verdict.NOT_LINEARIZABLE


class Stack:
    """A stack for one thread."""

    def __init__(self, items: Sequence[int] = ()) -> None:
        self.items = list(items)

    def push(self, item: int) -> None:
        self.items.append(item)

    def pop(self) -> int | None:
        return self.items.pop() if self.items else None


def frozen_stack(stack: Stack) -> tuple[int, ...]:
    return tuple(stack.items)


def hasty_stack() -> HastyStack:
    return HastyStack([7])


class HastyStack(Stack):
    def pop(self) -> int | None:
        if not self.items:
            return None
        found = self.items[-1]
        del self.items[-1:]
        return found


class HastyDict(dict[str, Any]):
    def compare_and_set(self, key: str, expected: object, new: object) -> bool:
        if self.get(key, ABSENT) != expected:
            return False
        self[key] = new
        return True


STACK = ModelOf(Stack, frozen_stack, initial=(7,))
CLAIM = Call("compare_and_set", "a", ABSENT, 1)


@pytest.mark.parametrize(
    ("make", "model", "call"), [(hasty_stack, STACK, Call("pop")), (HastyDict, DICT, CLAIM), (HastyDict, dict, CLAIM)]
)
def test_the_script_of_a_failure_replays_it(
    make: Any, model: Any, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = [HastyStack, HastyDict]
    failure = explore(calls(make, model, [[call], [call]], instructions_of=kinds)).failure
    assert failure is not None

    exec(failure.script, {})

    assert failure.message in capsys.readouterr().out


class HastyCounter(Counter[str]):
    def subtract(self, iterable: Any = None, /, **kwargs: int) -> None:
        for key, count in Counter(iterable, **kwargs).items():
            self[key] = self[key] - count


class HastyList(list[Any]):
    def remove(self, value: object) -> None:
        del self[self.index(value)]


class HastySet(set[Any]):
    def add_if_absent(self, value: object) -> bool:
        absent = value not in self
        self.add(value)
        return absent


class HastyDeque(deque[Any]):
    def rotate(self, n: int = 1) -> None:
        for _ in range(n):
            self.appendleft(self.pop())


@pytest.mark.parametrize(
    ("kind", "builtin", "operations"),
    [
        (HastyList, list, ()),
        (HastySet, set, ()),
        (HastyDeque, deque, ()),
        (HastyCounter, Counter, [Call("subtract", "ab")]),  # CPython's is Python code, too: all pairs take long
    ],
)
def test_each_builtin_has_a_ready_model(kind: type[Any], builtin: type[Any], operations: Sequence[Call]) -> None:
    with pytest.raises(AssertionError, match="not linearizable"):
        check_linearizable(kind, builtin, operations)
