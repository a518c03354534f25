"""Calls, outcomes and results."""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from dataclasses import dataclass
from typing import Any

import pytest

from lockedcontainers import ABSENT, LockedDict
from lockedcontainers.testing import DICT, Call, Operation, Outcome
from lockedcontainers.testing._history import expression, plain, statement, thawed


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

    assert outcome == Outcome(plain({"a": [1]}))


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": {"c": []}},
        [1, (2, deque([3]))],
        ({1, 2}, frozenset({3})),
        bytearray(b"ab"),
        None,
        ABSENT,
    ],
)
def test_results_are_plain_and_hashable_and_can_be_made_again(value: Any) -> None:
    hash(plain(value))
    assert repr(plain(value)) == repr(value)
    assert thawed(plain(value)) == value
    assert thawed(plain(value)) is not value or value in (None, ABSENT)


def test_results_of_two_kinds_differ_but_not_those_of_a_subclass() -> None:
    kinds: list[Any] = [list, tuple, deque, set, bytearray]
    assert len({plain(kind([1])) for kind in kinds}) == 5
    assert plain(Loud(a=1)) == plain({"a": 1})


def test_a_live_view_and_an_iterator_are_known_by_their_kind() -> None:
    for target in ({"a": 1}, LockedDict(a=1)):
        views = [Call(name).on(target).value for name in ("keys", "values", "items", "__iter__")]
        assert views == [KeysView, ValuesView, ItemsView, Iterator]


def test_a_method_that_returns_its_container_is_told_from_one_that_copies_it() -> None:
    assert str(Call("__ior__", {"b": 1}).on({"a": 1})) == "-> itself"
    assert str(Call("__or__", {"b": 1}).on({"a": 1})) == "-> {'a': 1, 'b': 1}"


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


@dataclass(frozen=True)
class Point:
    x: object


def test_source_imports_what_it_names() -> None:
    given = [[Call("merge", "a", 1, operator.add)], str.split, ABSENT, deque([1]), Point(math.sqrt), DICT]
    source = statement("it", "f", {"with_": [operator]}, given)

    assert source.splitlines() == [
        "from collections import deque",
        "from lockedcontainers import ABSENT",
        "from lockedcontainers.testing import DICT",
        f"from {__name__} import Point",
        "import math",
        "import operator",
        "it = f(",
        "    [Call('merge', 'a', 1, operator.add)],",
        "    str.split,",
        "    ABSENT,",
        "    deque([1]),",
        "    Point(x=<built-in function sqrt>),",
        "    DICT,",
        "    with_=[operator],",
        ")",
    ]
    assert expression([len, dict]) == "[len, dict]"
