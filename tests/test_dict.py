"""LockedDict and LockedDefaultDict: what is theirs alone. What all classes promise is in contracts/."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import sys
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lockedcontainers import ABSENT, LockedDefaultDict, LockedDict, is_compiled

#: Some are equal to one another, some unequal with one hash, one cannot be hashed.
keys = st.sampled_from([0, False, 1, True, 1.0, -1, -2, "a", "b", "c", (), None, ("a", 1), [], float("nan")])
values = st.one_of(st.integers(0, 3), st.sampled_from([None, "v", ..., ABSENT, float("nan")]), st.builds(list))
plain_values = st.integers(0, 3)
items = st.lists(st.tuples(keys, plain_values), max_size=6)


def outcome_of(call: Callable[[], object]) -> tuple[str, object]:
    """What a call returned, or the type and the arguments of what it raised."""
    try:
        return "returned", call()
    except Exception as exception:
        return type(exception).__name__, exception.args if isinstance(exception, KeyError) else None


def shown(what: object) -> str:
    """By repr, so that nan is nan, 1 is not True, and the order of items counts."""
    if isinstance(what, set | frozenset):
        return repr(sorted(map(repr, what)))
    return repr(what)


class DictMachine(RuleBasedStateMachine):
    """LockedDict beside dict: each rule does the same to both."""

    twin_type: type[Any] = LockedDict
    model_type: type[Any] = dict

    twin: Any
    model: Any

    def both(self, call: Callable[[Any], object]) -> None:
        assert shown(outcome_of(lambda: call(self.twin))) == shown(outcome_of(lambda: call(self.model)))

    def own(self, call: Callable[[Any], object], model: Callable[[Any], object]) -> None:
        found, expected = outcome_of(lambda: call(self.twin)), outcome_of(lambda: model(self.model))
        assert shown(found) == shown(expected)

    @initialize(items=items)
    def begin(self, items: list[Any]) -> None:
        self.twin, self.model = self.twin_type(), self.model_type()
        self.both(lambda d: d.update(items))

    # --- What a dict has

    @rule(key=keys)
    def get(self, key: object) -> None:
        self.both(lambda d: d.get(key))
        self.both(lambda d: d.get(key, "default"))
        self.both(lambda d: key in d)

    @rule(key=keys)
    def getitem(self, key: object) -> None:
        self.both(lambda d: d[key])

    @rule(key=keys, value=values)
    def set_item(self, key: object, value: object) -> None:
        self.both(lambda d: d.__setitem__(key, value))

    @rule(key=keys, value=values)
    def setdefault(self, key: object, value: object) -> None:
        self.both(lambda d: d.setdefault(key, value))

    @rule(key=keys)
    def setdefault_none(self, key: object) -> None:
        self.both(lambda d: d.setdefault(key))

    @rule(key=keys)
    def delete(self, key: object) -> None:
        self.both(lambda d: d.__delitem__(key))

    @rule(key=keys)
    def pop(self, key: object) -> None:
        self.both(lambda d: d.pop(key))

    @rule(key=keys, default=values)
    def pop_default(self, key: object, default: object) -> None:
        self.both(lambda d: d.pop(key, None if default is ABSENT else default))

    @rule()
    def popitem(self) -> None:
        self.both(lambda d: d.popitem())

    @rule(items=items)
    def update(self, items: list[Any]) -> None:
        if outcome_of(lambda: dict(items))[0] == "returned":  # else the builtin stores a part of them
            self.both(lambda d: d.update(items))
            self.both(lambda d: d.update(dict(items)))
            self.both(lambda d: d.update(LockedDict(items)))
            self.both(lambda d: d.update(OrderedDict(items), z=1))

    @rule(items=items)
    def union(self, items: list[Any]) -> None:
        if outcome_of(lambda: dict(items))[0] == "returned":
            self.both(lambda d: dict((d | dict(items)).items()))
            self.both(lambda d: dict((dict(items) | d).items()))
            self.both(lambda d: d.__ior__(items) is d)

    @rule()
    def clear(self) -> None:
        self.both(lambda d: d.clear())

    @rule(others=st.lists(keys, max_size=4))
    def algebra_of_keys(self, others: list[Any]) -> None:
        for operate in (
            lambda a, b: a & b,
            lambda a, b: a | b,
            lambda a, b: a - b,
            lambda a, b: a ^ b,
            lambda a, b: a <= set(b),
            lambda a, b: a > set(b),
            lambda a, b: a == set(b),
            lambda a, b: a.isdisjoint(b),
            lambda a, b: set(b) - a,
        ):
            self.both(lambda d: operate(d.keys(), others))  # noqa: B023
            self.both(lambda d: operate(d.items(), [(other, 1) for other in others]))  # noqa: B023

    @rule(key=keys, value=values)
    def membership_of_views(self, key: object, value: object) -> None:
        self.both(lambda d: key in d.keys())  # noqa: SIM118
        self.both(lambda d: value in d.values())
        self.both(lambda d: (key, value) in d.items())
        self.both(lambda d: (key, value, 0) in d.items())

    @rule(names=st.lists(keys, max_size=4), value=plain_values)
    def fromkeys(self, names: list[Any], value: int) -> None:
        self.both(lambda d: list(type(d).fromkeys(names, value).items()))

    # --- Going on with a copy

    @rule(way=st.sampled_from([lambda d: d.copy(), copy.copy, lambda d: d | {}, lambda d: type(d).fromkeys(d)]))
    def go_on_with_a_copy(self, way: Callable[[Any], Any]) -> None:
        self.twin, self.model = way(self.twin), way(self.model)
        assert type(self.twin) is self.twin_type

    @rule(protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
    def go_on_with_a_pickle(self, protocol: int) -> None:
        self.twin, self.model = (pickle.loads(pickle.dumps(d, protocol)) for d in (self.twin, self.model))
        assert type(self.twin) is self.twin_type

    # --- What a dict has not

    @rule(key=keys)
    def compute_if_absent(self, key: object) -> None:
        self.own(lambda d: d.compute_if_absent(key, lambda: 7), lambda d: d.setdefault(key, 7))

    @rule(key=keys, new=st.sampled_from([7, None, ABSENT]))
    def compute(self, key: object, new: object) -> None:
        self.own(lambda d: d.compute(key, lambda _: new), lambda d: self.model_compute(d, key, lambda _: new))
        self.own(
            lambda d: d.compute_if_present(key, lambda old: [old]),
            lambda d: self.model_compute(d, key, lambda old: old if old is ABSENT else [old]),
        )

    @rule(key=keys, value=plain_values, new=st.sampled_from([7, None, ABSENT]))
    def merge(self, key: object, value: int, new: object) -> None:
        self.own(
            lambda d: d.merge(key, value, lambda _, __: new),
            lambda d: self.model_compute(d, key, lambda old: value if old is ABSENT else new),
        )

    @staticmethod
    def model_compute(d: dict[Any, Any], key: object, function: Callable[[Any], Any]) -> object:
        new = function(d.get(key, ABSENT))
        if new is ABSENT:
            d.pop(key, None)
        else:
            d[key] = new
        return new

    @rule(key=keys, expected=values, new=plain_values)
    def compare_and_set(self, key: object, expected: object, new: int) -> None:
        def model(d: dict[Any, Any]) -> bool:
            there = d.get(key, ABSENT)
            if there is not expected and (ABSENT in (there, expected) or there != expected):
                return False
            d[key] = new
            return True

        self.own(lambda d: d.compare_and_set(key, expected, new), model)

    @rule(key=keys, expected=plain_values)
    def compare_and_delete(self, key: object, expected: int) -> None:
        self.own(
            lambda d: d.compare_and_delete(key, expected),
            lambda d: d.get(key, ABSENT) == expected and d.pop(key, ABSENT) is not ABSENT,
        )

    @rule(key=keys, value=plain_values)
    def replace(self, key: object, value: int) -> None:
        self.own(lambda d: d.replace(key, value), lambda d: key in d and d.__setitem__(key, value) is None)

    @rule()
    def drain(self) -> None:
        self.own(lambda d: list(d.drain().items()), lambda d: [*d.items(), *([] if d.clear() else [])])

    # --- What is true at all times

    @invariant()
    def they_are_equal(self) -> None:
        for look in (
            len, bool, list, str.__call__ if False else lambda d: repr(d).removeprefix(type(d).__name__),
            lambda d: list(reversed(d)),
            lambda d: list(d.items()), lambda d: list(d.values()), lambda d: list(reversed(d.items())),
            lambda d: dict(d), lambda d: {**d}, lambda d: repr(d.keys()), lambda d: repr(d.values()),
        ):  # fmt: skip
            self.both(look)
        assert self.twin == self.model
        assert not self.twin != self.model  # noqa: SIM202
        assert self.model == self.twin
        assert self.twin == self.twin.copy()
        assert self.twin.snapshot() == self.model


class DefaultDictMachine(DictMachine):
    """LockedDefaultDict beside defaultdict."""

    twin_type = LockedDefaultDict
    model_type = defaultdict

    @rule(factory=st.sampled_from([None, int, list]))
    def set_factory(self, factory: Any) -> None:
        self.twin.default_factory = self.model.default_factory = factory

    @rule(key=keys)
    def missing(self, key: object) -> None:
        if key not in self.model:
            self.both(lambda d: d.__missing__(key))

    @invariant()
    def they_have_one_factory(self) -> None:
        assert self.twin.default_factory is self.model.default_factory


TestAgainstDict = DictMachine.TestCase
TestAgainstDefaultDict = DefaultDictMachine.TestCase
TestAgainstDict.settings = TestAgainstDefaultDict.settings = settings(
    max_examples=int(os.environ.get("LOCKEDCONTAINERS_EXAMPLES", "60")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
