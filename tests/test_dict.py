# pyright: basic
"""LockedDict and LockedDefaultDict: what is theirs alone. What all classes promise is in contracts/."""

from __future__ import annotations

import copy
import gc
import operator
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lockedcontainers import ABSENT, LockedDefaultDict, LockedDict, is_compiled

#: Some are equal to one another, some unequal with one hash, one cannot be hashed.
keys: st.SearchStrategy[Any] = st.sampled_from([0, False, 1, True, 1.0, -1, -2, "a", "b", "c", (), None, ("a", 1), []])
values: st.SearchStrategy[Any] = st.one_of(
    st.integers(0, 3), st.sampled_from([None, "v", ..., ABSENT]), st.builds(list)
)
plain_values = st.integers(0, 3)
items = st.lists(st.tuples(keys.filter(lambda key: key != []), plain_values), max_size=6)


def outcome_of(call: Callable[[], object]) -> tuple[str, object]:
    """What a call returned, or the type and the arguments of what it raised."""
    try:
        return "returned", call()
    except Exception as exception:  # noqa: BLE001  (whatever the builtin raises)
        return type(exception).__name__, exception.args if isinstance(exception, KeyError) else None


def shown(outcome: tuple[str, object]) -> str:
    """By repr, so that 1 is not True, and the order of items counts."""
    how, what = outcome
    return f"{how} {sorted(map(repr, what)) if isinstance(what, set) else repr(what)}"


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
        self.both(lambda d: d.update(items))
        self.both(lambda d: d.update(dict(items)))
        self.both(lambda d: d.update(LockedDict(items)))
        self.both(lambda d: d.update(OrderedDict(items), z=1))

    @rule(items=items)
    def union(self, items: list[Any]) -> None:
        self.both(lambda d: dict((d | dict(items)).items()))
        self.both(lambda d: dict((dict(items) | d).items()))
        self.both(lambda d: d.__ior__(items) is d)

    @rule()
    def clear(self) -> None:
        self.both(lambda d: d.clear())

    @rule(others=st.lists(keys, max_size=4))
    def algebra_of_keys(self, others: list[Any]) -> None:
        operators: tuple[Callable[[Any, Any], object], ...] = (
            lambda a, b: a & b,
            lambda a, b: a | b,
            lambda a, b: a - b,
            lambda a, b: a ^ b,
            lambda a, b: a <= set(b),
            lambda a, b: a > set(b),
            lambda a, b: a == set(b),
            lambda a, b: a.isdisjoint(b),
            lambda a, b: set(b) - a,
        )
        for operate in operators:
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
        self.own(lambda d: list(d.drain().items()), lambda d: ([*d.items()], d.clear())[0])

    # --- What is true at all times

    @invariant()
    def they_are_equal(self) -> None:
        for look in (
            len, bool, list, lambda d: repr(d).removeprefix(type(d).__name__),
            lambda d: list(reversed(d)),
            lambda d: list(d.items()), lambda d: list(d.values()), lambda d: list(reversed(d.items())),
            dict, lambda d: {**d}, lambda d: repr(d.keys()), lambda d: repr(d.values()),
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
        if key != [] and key not in self.model:
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
    suppress_health_check=[HealthCheck.too_slow],
)


# --- Copies that C code makes: what is recognised, and what is forgotten -----------------------------------------


def is_watched(d: LockedDict[Any, Any]) -> bool:
    """Whether any copy is still being served; compiled, that cannot be seen from outside."""
    return not is_compiled and d._aside is not None and bool(d._aside.merges)


def overtaken(copying: Callable[[LockedDict[str, int]], object]) -> object:
    """What *copying* makes of a dict while another thread changes it after each reading of a key."""

    armed = False

    class Key(str):
        __slots__ = ()

        def __hash__(self) -> int:
            if armed:
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(change).result()
            return super().__hash__()

    def change() -> None:
        nonlocal armed
        armed = False
        for name in "abc":
            d[name] += 10
        armed = True

    d: LockedDict[str, int] = LockedDict({Key(name): number for number, name in enumerate("abc")})
    armed = True
    result = copying(d)
    armed = False
    assert not is_watched(d)
    return result


def test_a_copy_by_c_code_is_recognised() -> None:
    assert overtaken(lambda d: list(dict(d).values())) == [0, 1, 2]
    assert overtaken(lambda d: list({**d}.values())) == [0, 1, 2]


def test_reading_key_after_key_in_python_is_not_a_copy() -> None:
    """Each d[k] is as of its own moment, whether the keys come from keys(), from iter() or from a list."""

    def by_keys(d: LockedDict[str, int]) -> list[int]:
        return [d[key] for key in d.keys()]  # noqa: SIM118

    def in_two_lines(d: LockedDict[str, int]) -> list[int]:
        names = d.keys()
        return [d[name] for name in names]

    for way in (by_keys, in_two_lines, lambda d: list(map(d.__getitem__, d.keys()))):
        result = overtaken(way)
        assert isinstance(result, list)
        assert result[0] >= 0
        assert result[-1] > result[0] + 2


def test_a_copy_may_leave_out_keys_and_stop_early() -> None:
    d = LockedDict(a=1, b=2, c=3)

    def failing(**_: object) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match="multiple values"):
        failing(b=0, **d)
    assert d.pop("a") == 1
    assert not is_watched(d)
    assert {**d} == {"b": 2, "c": 3}
    with pytest.raises(TypeError, match="keywords must be strings"):
        failing(**LockedDict({1: 1, 2: 2}))  # type: ignore[arg-type]


def test_a_copy_in_each_frame_of_a_recursion() -> None:
    d = LockedDict(a=1, b=2)
    depth, copies = 0, list[dict[str, int]]()

    class Key(str):
        __slots__ = ()

        def __hash__(self) -> int:
            nonlocal depth
            if 0 < depth < 5:
                depth += 1
                copies.append(dict(d))
            return super().__hash__()

    d[Key("c")] = 3
    depth = 1
    copies.append(dict(d))
    assert len(copies) == 5
    assert copies == [{"a": 1, "b": 2, "c": 3}] * 5
    assert not is_watched(d)


def test_what_a_copy_keeps_is_let_go_outside_the_lock() -> None:
    """The last reference to a value that another thread replaced is the snapshot of a copy that has failed."""
    d: LockedDict[str, Any] = LockedDict()
    blocked = []

    class Held:
        def __del__(self) -> None:
            with ThreadPoolExecutor(1) as pool:
                blocked.append(pool.submit(lambda: len(d)).result(10) != 2)

    class Key(str):
        __slots__ = ()

        def __hash__(self) -> int:
            if failing:
                raise ZeroDivisionError
            return super().__hash__()

    failing = False
    d.update({Key("key"): 0, "held": Held()})
    failing = True
    with pytest.raises(ZeroDivisionError):
        dict(d)
    failing = False
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: d.update(held=1)).result()
    assert blocked == []
    d["key"] = 2
    assert blocked == [False]


def test_generators_coroutines_and_tracing_change_nothing() -> None:
    d = LockedDict(a=1, b=2)

    def generator() -> Iterator[dict[str, int]]:
        while True:
            yield {**d}

    async def coroutine() -> dict[str, int]:
        return dict(d)

    copies = generator()
    for number in range(3):
        d["a"] = number
        assert next(copies) == {"a": number, "b": 2}
    with pytest.raises(StopIteration) as stopped:
        coroutine().send(None)
    assert stopped.value.value == d
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        assert {**d} == dict(d) == d
    finally:
        sys.settrace(before)
    assert not is_watched(d)


# --- Being a dict ------------------------------------------------------------------------------------------------


class Missing(LockedDict[Any, Any]):
    def __missing__(self, key: object) -> object:
        return ["missing", key]


def test_a_subclass_may_say_what_is_missing() -> None:
    d = Missing(a=1)
    assert d["a"] == 1
    assert d["b"] == ["missing", "b"]
    assert d.get("b") is None
    assert "b" not in d
    assert "{a} {b}".format_map(d) == "1 ['missing', 'b']"


class Shout(LockedDict[str, int]):
    def __iter__(self) -> Iterator[str]:
        return (key.upper() for key in super().__iter__())

    def keys(self) -> Any:
        return list(self)

    def __getitem__(self, key: str) -> int:
        return super().__getitem__(key.lower())


def test_a_subclass_that_iterates_in_its_own_way_is_copied_by_its_methods() -> None:
    shout = Shout(a=1)
    for copied in (dict(shout), {**shout}, LockedDict(shout), LockedDict() | dict(shout)):
        assert copied == {"A": 1}
    d: LockedDict[str, int] = LockedDict()
    d.update(shout)
    assert d == {"A": 1}


def test_unions_are_what_the_left_operand_is() -> None:
    assert type(LockedDict(a=1) | {"b": 2}) is LockedDict
    assert type({"b": 2} | LockedDict(a=1)) is LockedDict
    assert type(LockedDefaultDict(int, a=1) | {"b": 2}) is LockedDefaultDict
    both = LockedDict(a=1) | LockedDefaultDict(int, b=2)
    assert type(both) is LockedDefaultDict  # as defaultdict is: the more special operand decides
    assert both.default_factory is int


@pytest.mark.skipif(sys.version_info < (3, 15), reason="frozendict is new in 3.15")
def test_frozendict_is_another_dict() -> None:
    frozen = frozendict(a=1)  # type: ignore[name-defined]  # noqa: F821
    d = LockedDict(a=1)
    assert d == frozen
    assert frozen == d
    assert type(d | frozen) is LockedDict
    assert type(frozen | d) is type(frozen)
    d.update(frozen)
    assert frozen | LockedDict(b=2) == {"a": 1, "b": 2}


def test_the_factory_is_none_where_it_was_not_set() -> None:
    d = LockedDefaultDict.__new__(LockedDefaultDict)
    assert d.default_factory is None
    d.default_factory = int
    assert d["a"] == 0
    del d.default_factory
    assert d.default_factory is None
    with pytest.raises(KeyError):
        assert d["b"]
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        d.other  # noqa: B018
    with pytest.raises(TypeError, match="must be callable or None"):
        LockedDefaultDict(1)  # type: ignore[call-overload]


def test_views_of_a_dict() -> None:
    d = LockedDict(a=1)
    assert d.keys().mapping["a"] == 1
    with pytest.raises(TypeError):
        d.keys().mapping["a"] = 2  # type: ignore[index]
    with pytest.raises(TypeError):
        hash(d.keys())
    assert d.values() != d.values()
    assert LockedDict(a=[1]).items() == {"a": [1]}.items()
    with pytest.raises(TypeError, match="unhashable"):
        assert LockedDict(a=[1]).items() & {("a", 1)}
    assert str(LockedDict(a=d).values()) == "dict_values([{'a': 1}])"
    d["keys"] = d.keys()  # type: ignore[assignment]
    assert repr(d.values()) == "dict_values([1, dict_keys(['a', 'keys'])])"


def test_a_stored_ellipsis_or_absent_is_a_value() -> None:
    for value in (..., ABSENT, None):
        d: LockedDict[str, Any] = LockedDict(a=value)
        assert d["a"] is value
        assert d.get("a", 1) is value
        assert "a" in d
        assert d.compute_if_absent("a", int) is value
        assert d.pop("a") is value


# --- What it costs -----------------------------------------------------------------------------------------------


def use_and_drop() -> None:
    d: LockedDict[Any, Any] = LockedDict(a=1)
    d["b"] = [d.copy(), dict(d), {**d}]
    d.compute_if_absent("c", list).append(d.keys())
    d.merge("a", 1, lambda old, new: old + new)
    with d.locked(), pytest.raises(KeyError):
        d["absent"]
    assert [d[key] for key in d] == list(d.values())
    assert pickle.loads(pickle.dumps(LockedDefaultDict(list, a=1)))["z"] == []
    d.drain()
    d["self"] = d


#: LOCKEDCONTAINERS_CYCLES=1000000 drops a million.
CYCLES = int(os.environ.get("LOCKEDCONTAINERS_CYCLES", "500"))


def growth(use: Callable[[], object], times: int) -> int:
    """By how many blocks of memory the process grows in so many uses, when its caches are full."""

    def blocks() -> int:
        for _ in range(times):
            use()
        gc.collect()
        gc.collect()
        return sys.getallocatedblocks()

    measured = [blocks() for _ in range(5)]
    return min(after - before for before, after in pairwise(measured))


def test_a_factory_that_fails_keeps_nothing_alive() -> None:
    class Key:
        pass

    d: LockedDict[Any, Any] = LockedDict()
    key = Key()
    reference = weakref.ref(key)
    with pytest.raises(ZeroDivisionError):
        d.compute_if_absent(key, lambda: 1 // 0)
    del key
    gc.collect()
    assert reference() is None


def test_nothing_leaks() -> None:
    assert growth(use_and_drop, max(CYCLES // 5, 1)) < 60


def test_waiting_leaks_nothing() -> None:
    """A container that was waited for has a queue, which goes with it."""
    with ThreadPoolExecutor(1) as pool:

        def wait() -> None:
            d = LockedDict(a=1)
            with d.locked():
                waiting = pool.submit(d.copy)
                threading.Event().wait(0.0005)
            waiting.result()

        assert growth(wait, 50) < 40


# --- Merges by C code --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "read"),
    [(LockedDict[str, int].__setitem__, 10), (LockedDict[str, int].setdefault, 1), (dict[str, int].__setitem__, 1)],
    ids=["d[k] = v", "setdefault", "behind its back"],
)
def test_a_write_by_the_same_c_code_ends_a_merge(
    write: Callable[[LockedDict[str, int], str, int], object], read: int
) -> None:
    """One instruction, a call of list(), takes the keys as a merge does, but then it writes."""
    d = LockedDict(a=1, b=2)
    first, second = d.snapshot()  # a merge asks for the very keys that it was given
    keys = map(list, map(LockedDict.keys, [d]))
    calls: list[partial[Any]] = [
        partial(write, d, first, 10),
        *(partial(d.__getitem__, key) for key in (first, second)),
    ]
    assert list(chain[Any](keys, map(operator.call, calls)))[2:] == [read, 2]


def test_what_a_merge_left_in_a_thread_that_ended_is_found() -> None:
    class Value:
        pass

    value = Value()
    watched = weakref.ref(value)
    d: LockedDict[str, Any] = LockedDict(a=1, b=value)

    def fail() -> None:
        with pytest.raises(TypeError):
            dict(a=1, **d)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    d["b"] = None
    del value
    dict(d)
    gc.collect()
    assert watched() is None


def test_a_comparison_that_warns_keeps_other_threads_out() -> None:
    """`python -b`: bytes and str of one hash are compared, which runs what shows warnings, in the midst of a store."""
    script = """if True:
        import threading, warnings
        from lockedcontainers import LockedDict, LockTimeout
        d, refused = LockedDict({b"a": 1}), []
        def enter():
            try:
                with d.locked(timeout=0): refused.append(False)
            except LockTimeout:
                refused.append(True)
        def show(*_, **__):
            thread = threading.Thread(target=enter); thread.start(); thread.join()
        warnings.showwarning = show
        d["a"] = 2
        print(*refused, d)
    """
    shown = subprocess.run([sys.executable, "-b", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.split(maxsplit=1) == ["True", "{b'a': 1, 'a': 2}\n"]


# --- Threads at random -------------------------------------------------------------------------------------------


def in_threads(work: Callable[[int], object], number: int = 4) -> None:
    barrier = threading.Barrier(number)

    def begin(i: int) -> None:
        barrier.wait(30)
        work(i)

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(begin, range(number)))


@pytest.mark.usefixtures("switch_interval")
def test_appends_and_counts_are_all_there() -> None:
    groups: LockedDefaultDict[int, list[int]] = LockedDefaultDict(list)
    counts: LockedDict[int, int] = LockedDict()
    times = 500

    def work(i: int) -> None:
        for n in range(times):
            groups[n % 7].append(n * 10 + i)
            counts.merge(n % 7, 1, int.__add__)

    in_threads(work)
    assert sorted(n for group in groups.values() for n in group) == sorted(
        n * 10 + i for n in range(times) for i in range(4)
    )
    assert sum(counts.values()) == 4 * times


@pytest.mark.usefixtures("switch_interval")
def test_each_key_is_popped_once() -> None:
    d = LockedDict(dict.fromkeys(range(1000)))
    got: list[list[int]] = [[] for _ in range(4)]

    def work(i: int) -> None:
        for n in range(1000):
            if n % 2:
                if d.pop(n, "absent") is None:
                    got[i].append(n)
            elif d:
                try:
                    got[i].append(d.popitem()[0])
                except KeyError:
                    break

    in_threads(work)
    assert sorted(n for mine in got for n in mine) + sorted(d) == sorted({n for mine in got for n in mine}) + sorted(d)
    assert len(d) + sum(map(len, got)) == 1000


@pytest.mark.usefixtures("switch_interval")
def test_mixed_operations_keep_the_dict_whole() -> None:
    """No operation may raise but by KeyError, and in the end all ways to read agree."""
    d: LockedDict[Any, Any] = LockedDict()
    operations: list[Callable[[int], object]] = [
        lambda n: d.__setitem__(n, [n]),
        lambda n: d.pop(n, None),
        lambda n: d.setdefault(n, []),
        lambda n: d.update({n: 1, n + 1: 2}),
        lambda n: d.compute_if_absent(n, list),
        lambda n: d.compute(n, lambda _: n),
        lambda _: d.clear(),
        lambda _: d.drain(),
        lambda _: [*d, *d.values(), *d.items()],
        lambda _: ({**d}, dict(d), d.copy(), d | {1: 1}),
        lambda _: (d == {}, repr(d), len(d), list(reversed(d))),
        lambda n: (n in d, d.get(n), n in d.keys(), d.keys() & {n}),  # noqa: SIM118
        lambda _: d.popitem(),
        d.__delitem__,
        lambda n: d[n],
    ]

    def work(i: int) -> None:
        state = 12345 * (i + 1)
        for _ in range(600):
            state = (state * 1103515245 + 12345) % 2**31
            with suppress(KeyError):
                operations[(state >> 8) % len(operations)](state % 16)

    in_threads(work)
    assert dict(d) == dict(d.items()) == d.snapshot() == {key: d[key] for key in d}
    assert len(d) == len(list(d)) == len(d.values())
