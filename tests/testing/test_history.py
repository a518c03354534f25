"""Calls, outcomes and results."""

from __future__ import annotations

import math
import operator
from collections import deque
from typing import Any

import pytest

from lockedcontainers import ABSENT, LockedDict
from lockedcontainers.testing import DICT, Call, Operation, Outcome
from lockedcontainers.testing._history import expression, plain, statement


class Loud(dict[str, int]):
    """A dict whose own methods must not be used to read it."""

    def items(self) -> Any:
        raise AssertionError

    def __iter__(self) -> Any:
        raise AssertionError


def test_a_result_is_what_it_was() -> None:
    target: dict[str, list[int]] = {"a": [1]}
    outcome = Call("copy").on(target)
    target["a"].append(2)

    assert outcome == Outcome((("a", (1,)),))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Loud(a=1), (("a", 1),)),
        ([1, (2, deque([3]))], (1, (2, (3,)))),
        ({1, 2}, frozenset({1, 2})),
        (None, None),
        (ABSENT, ABSENT),
    ],
)
def test_results_are_plain_and_hashable(value: object, expected: object) -> None:
    assert plain(value) == expected
    hash(plain(value))


def test_a_method_that_returns_its_container_is_told_from_one_that_copies_it() -> None:
    assert str(Call("__ior__", {"b": 1}).on({"a": 1})) == "-> itself"
    assert str(Call("__or__", {"b": 1}).on({"a": 1})) == "-> (('a', 1), ('b', 1))"


def test_calls_compare_and_show_what_they_ask() -> None:
    call = Call("update", {"a": 1}, b=2)

    assert call == Call("update", {"a": 1}, b=2)
    assert call != Call("update", {"a": 1}, b=3)
    assert call != "update"
    assert hash(Call(len)) == hash(Call(len))
    assert str(call) == "update({'a': 1}, b=2)"
    assert repr(call) == "Call('update', {'a': 1}, b=2)"
    assert repr(Call(operator.add, math.sqrt)) == "Call(operator.add, math.sqrt)"
    assert str(Operation(1, call, 0)) == "thread 1: update({'a': 1}, b=2) did not return"


def test_a_call_that_is_not_answered_by_an_exception_is_let_through() -> None:
    def leave(_: object) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        Call(leave).on(None)


def test_source_imports_what_it_names() -> None:
    source = statement("it", "f", {"with_": [operator]}, [[Call("merge", "a", 1, operator.add)], str.split, ABSENT])

    assert source.splitlines() == [
        "import operator",
        "it = f(",
        "    [Call('merge', 'a', 1, operator.add)],",
        "    str.split,",
        "    ABSENT,",
        "    with_=[operator],",
        ")",
    ]
    assert expression([len, dict]) == "[len, dict]"


@pytest.mark.parametrize("start", DICT.starts)
@pytest.mark.parametrize("call", DICT.calls, ids=str)
def test_the_model_of_a_dict_does_what_a_locked_dict_does(call: Call, start: list[Call]) -> None:
    target: LockedDict[str, int] = LockedDict()
    state = DICT.initial
    for step in [*start, call, *DICT.looks]:
        [(outcome, state)] = DICT.step(state, step)
        assert step.on(target) == outcome
    assert plain(target) == state
