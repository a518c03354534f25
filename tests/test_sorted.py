"""LockedSortedList, LockedSortedSet and LockedSortedDict: what is particular to them."""

from __future__ import annotations

import copy
import gc
import operator
import pickle
import random
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sortedcontainers import SortedDict, SortedKeyList, SortedList, SortedSet

from lockedcontainers import (
    ABSENT,
    LockedDict,
    LockedSortedDict,
    LockedSortedKeyList,
    LockedSortedList,
    LockedSortedSet,
    LockTimeout,
)

TWINS: dict[type[Any], type[Any]] = {
    SortedList: LockedSortedList,
    SortedKeyList: LockedSortedKeyList,
    SortedSet: LockedSortedSet,
    SortedDict: LockedSortedDict,
}
each_twin = pytest.mark.parametrize("twin", [*TWINS.values()], ids=lambda twin: twin.__name__)


def filled(twin: type[Any], values: Any) -> Any:
    return twin.fromkeys(values) if issubclass(twin, dict) else twin(values)


def backwards(value: int) -> int:
    return -value


# --- The public surface ----------------------------------------------------------------------------------------

#: What Sorted Containers' types have and ours need not override, and why.
LOCK_FREE = {
    "append": "refuses",
    "extend": "refuses",
    "insert": "refuses",
    "reverse": "refuses",
    "__setitem__": "refuses; a dict's is ours",
    "fromkeys": "makes a new one by its class",
    "__missing__": "is the user's",
    "get": "LockedDict's",
    "DEFAULT_LOAD_FACTOR": "a number",
    **dict.fromkeys(
        ["__class__", "__class_getitem__", "__delattr__", "__dict__", "__dir__", "__doc__", "__format__", "__getattribute__",
         "__getstate__", "__init_subclass__", "__module__", "__setattr__", "__sizeof__", "__str__", "__subclasshook__",
         "__weakref__", "__slots__", "__abstractmethods__", "__static_attributes__", "__firstlineno__"],
        "touches no storage",
    ),
    "__reduce_ex__": "object's, which asks __reduce__",
    **dict.fromkeys(["__lt__", "__le__", "__gt__", "__ge__"], "a dict has no such order; the others' are ours"),
}  # fmt: skip


def ours(name: str, twin: type[Any]) -> bool:
    defined_in = next(base for base in twin.__mro__ if name in vars(base))
    return defined_in.__module__.startswith("lockedcontainers")


@pytest.mark.parametrize(("base", "twin"), TWINS.items(), ids=lambda cls: cls.__name__)
def test_every_public_name_locks(base: type[Any], twin: type[Any]) -> None:
    names = {name for name in dir(base) if not name.startswith("_") or name.endswith("__")}
    plain, locked = (filled(cls, [1, 2]) for cls in (base, twin))
    names |= {name for name in vars(plain) if not name.startswith("_")}  # methods that it binds to each instance
    assert {name for name in names if not ours(name, twin)} <= LOCK_FREE.keys()
    assert vars(locked) == {}


@each_twin
def test_every_method_waits_for_a_locked_section(twin: type[Any]) -> None:
    """The reads as well, for they may build the index."""
    locked = filled(twin, range(10))
    calls: dict[str, Callable[[], object]] = {
        "index": lambda: locked.index(3),
        "bisect_left": lambda: locked.bisect_left(3),
        "bisect_right": lambda: locked.bisect_right(3),
        "bisect": lambda: locked.bisect(3),
        "irange": lambda: locked.irange(3),
        "islice": lambda: locked.islice(3),
        "_reset": lambda: locked._reset(4),
        "_check": lambda: locked._check(),
        "pop_first_if": lambda: locked.pop_first_if(lambda *_: False),
        "drain": lambda: locked.drain(),
        "snapshot": lambda: locked.snapshot(),
    }
    if twin is not LockedSortedDict:
        calls |= {"[i]": lambda: locked[3], "[i:j]": lambda: locked[3:5], "count": lambda: locked.count(3)}
    if twin is LockedSortedSet:
        calls |= {
            "add_if_absent": lambda: locked.add_if_absent(3),
            "discard_if_present": lambda: locked.discard_if_present(3),
            "isdisjoint": lambda: locked.isdisjoint([3]),
            "issubset": lambda: locked.issubset([3]),
            "issuperset": lambda: locked.issuperset([3]),
        }
    if twin is LockedSortedDict:
        calls |= {
            "peekitem": lambda: locked.peekitem(),
            "keys()[i]": lambda: locked.keys()[3],
            "items()[i:j]": lambda: locked.items()[3:5],
            "del values()[i]": lambda: operator.delitem(locked.values(), 3),
            "values().count": lambda: locked.values().count(None),
        }
    for name, call in calls.items():
        done = threading.Event()

        def run(call: Callable[[], object] = call, done: threading.Event = done) -> None:
            call()
            done.set()

        thread = threading.Thread(target=run)
        locked.clear()
        locked.update(filled(twin, range(10)))
        with locked.locked():
            thread.start()
            assert not done.wait(0.005), name
        thread.join()
        assert done.is_set(), name


def test_with_a_key_it_is_a_key_list() -> None:
    l = LockedSortedList([1, 2], key=backwards)
    assert isinstance(l, LockedSortedList)
    assert isinstance(l, LockedSortedKeyList)
    assert isinstance(l, SortedKeyList)
    assert l.key is backwards
    assert LockedSortedList().key is None
    assert not isinstance(LockedSortedList(), SortedKeyList)

    class Own(LockedSortedList[int]):
        pass

    with pytest.raises(TypeError, match="inherit LockedSortedKeyList"):
        Own(key=backwards)


@each_twin
def test_without_a_key_there_are_no_keys_to_look_for(twin: type[Any]) -> None:
    if twin is LockedSortedKeyList:
        pytest.skip("has one")
    for name in ("bisect_key", "bisect_key_left", "bisect_key_right", "irange_key"):
        with pytest.raises(AttributeError):
            getattr(filled(twin, [1]), name)(1)


# --- The same as Sorted Containers' ----------------------------------------------------------------------------


def outcome(call: Callable[[], Any]) -> Any:
    try:
        result = call()
    except Exception as error:  # noqa: BLE001
        return type(error)
    if isinstance(result, Iterator):
        return list(result)
    if isinstance(result, SortedList | SortedSet):
        return list(result)
    return result


VALUE = st.integers(-8, 8)
VALUES = st.lists(VALUE, max_size=12)
INDEX = st.integers(-14, 14)
BOUND = st.none() | INDEX
SLICE = st.builds(slice, BOUND, BOUND, st.none() | st.integers(-3, 3).filter(bool))
BOUNDS = st.tuples(st.booleans(), st.booleans())


class Machine(RuleBasedStateMachine):
    """The same is done to the twin and to the plain one; each result and each state must be the same."""

    base: type[Any]
    key: Any = None

    def make(self, cls: type[Any], values: list[int]) -> Any:
        return cls(values) if self.key is None else cls(values, key=self.key)

    @initialize(values=VALUES)
    def begin(self, values: list[int]) -> None:
        self.plain = self.make(self.base, values)
        self.twin = self.make(TWINS[self.base], values)
        self.plain._reset(4)
        self.twin._reset(4)

    def both(self, call: Callable[[Any], Any]) -> None:
        assert outcome(lambda: call(self.twin)) == outcome(lambda: call(self.plain))

    def state(self, container: Any) -> Any:
        return list(container)

    @invariant()
    def same(self) -> None:
        if hasattr(self, "twin"):
            assert self.state(self.twin) == self.state(self.plain)
            assert len(self.twin) == len(self.plain)
            self.twin._check()

    @rule(value=VALUE)
    def look_for(self, value: int) -> None:
        self.both(lambda c: value in c)
        self.both(lambda c: c.index(value))
        self.both(lambda c: c.bisect_left(value))
        self.both(lambda c: c.bisect_right(value))

    @rule(value=VALUE, start=BOUND, stop=BOUND)
    def index_between(self, value: int, start: int | None, stop: int | None) -> None:
        self.both(lambda c: c.index(value, start, stop))

    @rule(low=st.none() | VALUE, high=st.none() | VALUE, inclusive=BOUNDS, reverse=st.booleans())
    def irange(self, low: int | None, high: int | None, inclusive: tuple[bool, bool], reverse: bool) -> None:
        self.both(lambda c: c.irange(low, high, inclusive, reverse))
        if self.key is not None:
            self.both(lambda c: c.irange_key(low, high, inclusive, reverse))
            self.both(lambda c: c.bisect_key_left(low or 0))
            self.both(lambda c: c.bisect_key_right(low or 0))

    @rule(start=BOUND, stop=BOUND, reverse=st.booleans())
    def islice(self, start: int | None, stop: int | None, reverse: bool) -> None:
        self.both(lambda c: c.islice(start, stop, reverse))

    @rule(where=INDEX | SLICE)
    def get(self, where: Any) -> None:
        self.both(lambda c: c[where])

    @rule(where=INDEX | SLICE)
    def delete(self, where: Any) -> None:
        self.both(lambda c: operator.delitem(c, where))

    @rule()
    def reversed(self) -> None:
        self.both(lambda c: list(reversed(c)))

    @rule(index=INDEX)
    def pop(self, index: int) -> None:
        self.both(lambda c: c.pop(index))
        self.both(lambda c: c.pop())

    @rule(values=VALUES)
    def update(self, values: list[int]) -> None:
        self.both(lambda c: c.update(values) and None)

    @rule()
    def clear(self) -> None:
        self.both(lambda c: c.clear())

    @rule(load=st.integers(4, 9))
    def reset(self, load: int) -> None:
        self.both(lambda c: c._reset(load))

    @rule()
    def copies(self) -> None:
        for made in (self.twin.copy(), copy.copy(self.twin), copy.deepcopy(self.twin), pickle.loads(pickle.dumps(self.twin))):
            assert type(made) is type(self.twin)
            assert self.state(made) == self.state(self.plain)
            assert made.key is self.key
            made._check()

    @rule(values=VALUES)
    def compare(self, values: list[int]) -> None:
        other = self.make(self.base, values)
        for by in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
            self.both(lambda c, by=by: by(c, other))  # type: ignore[misc]
            self.both(lambda c, by=by: by(other, c))  # type: ignore[misc]


class ListMachine(Machine):
    base = SortedList

    @rule(value=VALUE)
    def add(self, value: int) -> None:
        self.both(lambda c: c.add(value))

    @rule(value=VALUE)
    def remove(self, value: int) -> None:
        self.both(lambda c: c.remove(value))

    @rule(value=VALUE)
    def discard(self, value: int) -> None:
        self.both(lambda c: c.discard(value))

    @rule(value=VALUE)
    def count(self, value: int) -> None:
        self.both(lambda c: c.count(value))

    @rule(values=VALUES, times=st.integers(-1, 3))
    def sums(self, values: list[int], times: int) -> None:
        self.both(lambda c: c + values)
        self.both(lambda c: values + c)
        if len(self.plain) < 100:
            self.both(lambda c: c * times)
            self.both(lambda c: list(operator.iadd(c, values)))
            if times:
                self.both(lambda c: list(operator.imul(c, times)))


class KeyListMachine(ListMachine):
    base = SortedKeyList
    key = staticmethod(backwards)


def third(value: int) -> int:
    return value // 3


class ModuloKeyListMachine(ListMachine):
    """Many values of one key."""

    base = SortedKeyList
    key = staticmethod(third)


class SetMachine(Machine):
    base = SortedSet

    @invariant()
    def same_members(self) -> None:
        if hasattr(self, "twin"):
            assert self.twin._set == self.plain._set

    @rule(value=VALUE)
    def add(self, value: int) -> None:
        self.both(lambda c: c.add(value))

    @rule(value=VALUE)
    def add_if_absent(self, value: int) -> None:
        present = value in self.plain
        self.plain.add(value)
        assert self.twin.add_if_absent(value) is not present

    @rule(value=VALUE)
    def discard_if_present(self, value: int) -> None:
        present = value in self.plain
        self.plain.discard(value)
        assert self.twin.discard_if_present(value) is present

    @rule(value=VALUE)
    def remove(self, value: int) -> None:
        self.both(lambda c: c.remove(value))
        self.both(lambda c: c.discard(value - 1))
        self.both(lambda c: c.count(value))

    @rule(values=VALUES, more=VALUES)
    def algebra(self, values: list[int], more: list[int]) -> None:
        for name in ("union", "difference", "intersection"):
            self.both(lambda c, name=name: getattr(c, name)(values, more))  # type: ignore[misc]
            self.both(lambda c, name=name: getattr(c, name)())  # type: ignore[misc]
        self.both(lambda c: c.symmetric_difference(values))
        for by in (operator.or_, operator.and_, operator.sub, operator.xor):
            self.both(lambda c, by=by: by(c, values))  # type: ignore[misc]
            # What the plain one makes of `set - sorted` has no key function.
            self.both(lambda c, by=by: set(by(set(values), c)))  # type: ignore[misc]
        for name in ("isdisjoint", "issubset", "issuperset"):
            self.both(lambda c, name=name: getattr(c, name)(values))  # type: ignore[misc]

    @rule(
        values=VALUES,
        by=st.sampled_from(["update", "difference_update", "intersection_update", "symmetric_difference_update"]),
    )
    def change(self, values: list[int], by: str) -> None:
        assert getattr(self.twin, by)(values) is self.twin
        getattr(self.plain, by)(values)


class KeySetMachine(SetMachine):
    key = staticmethod(backwards)


class DictMachine(Machine):
    base = SortedDict

    def make(self, cls: type[Any], values: list[int]) -> Any:
        return cls(self.key, ((value, -value) for value in values))

    def state(self, container: Any) -> Any:
        return list(container.items()), list(container), list(container.values()), dict(container)

    get = delete = None  # type: ignore[assignment]

    @rule(where=INDEX | SLICE)
    def look(self, where: Any) -> None:
        self.both(lambda d: d.keys()[where])
        self.both(lambda d: d.values()[where])
        self.both(lambda d: d.items()[where])
        self.both(lambda d: d.peekitem(where))

    @rule(where=INDEX | SLICE, view=st.sampled_from(["keys", "values", "items"]))
    def delete_in_view(self, where: Any, view: str) -> None:
        self.both(lambda d: operator.delitem(getattr(d, view)(), where))

    @rule(values=VALUES)
    def views(self, values: list[int]) -> None:
        for by in (operator.or_, operator.and_, operator.sub, operator.xor, operator.eq, operator.le):
            self.both(lambda d, by=by: by(d.keys(), set(values)))  # type: ignore[misc]
        self.both(lambda d: d.items() & [(value, -value) for value in values])
        for value in values:
            self.both(lambda d, value=value: d.values().count(value))  # type: ignore[misc]
            self.both(lambda d, value=value: d.keys().index(value))  # type: ignore[misc]
            self.both(lambda d, value=value: (value, -value) in d.items())  # type: ignore[misc]

    @rule(key=VALUE, value=VALUE)
    def put(self, key: int, value: int) -> None:
        self.both(lambda d: operator.setitem(d, key, value))
        self.both(lambda d: d[key])

    @rule(key=VALUE)
    def remove(self, key: int) -> None:
        self.both(lambda d: operator.delitem(d, key))
        self.both(lambda d: d.get(key))

    @rule(key=VALUE, default=VALUE)
    def pops(self, key: int, default: int) -> None:
        self.both(lambda d: d.pop(key, default=default))
        self.both(lambda d: d.pop(key))
        self.both(lambda d: d.setdefault(key, default))

    @rule(index=INDEX)
    def pop(self, index: int) -> None:
        self.both(lambda d: d.popitem(index))
        self.both(lambda d: d.popitem())

    @rule(values=VALUES)
    def update(self, values: list[int]) -> None:
        self.both(lambda d: d.update({value: "new" for value in values}))
        self.both(lambda d: d.update([(value, "newer") for value in values[:2]]))

    @rule(values=VALUES)
    def merge(self, values: list[int]) -> None:
        other = dict.fromkeys(values)
        self.both(lambda d: d | other)
        self.both(lambda d: other | d)

    @rule(key=VALUE)
    def compute(self, key: int) -> None:
        expected = [self.plain.get(key, 0), "computed"]
        self.plain[key] = expected
        assert self.twin.compute(key, lambda value: [0 if value is ABSENT else value, "computed"]) == expected

    @rule(key=VALUE)
    def compute_to_absent(self, key: int) -> None:
        self.plain.pop(key, None)
        assert self.twin.compute(key, lambda _: ABSENT) is ABSENT

    @rule(key=VALUE)
    def compute_if_absent(self, key: int) -> None:
        assert self.twin.compute_if_absent(key, lambda: "made") == self.plain.setdefault(key, "made")

    @rule(key=VALUE)
    def compare_and_change(self, key: int) -> None:
        if key in self.plain:
            assert self.twin.compare_and_delete(key, self.plain.pop(key))
        else:
            self.plain[key] = "set"
            assert self.twin.compare_and_set(key, ABSENT, "set")

    @rule()
    def drain(self) -> None:
        expected = dict(self.plain)
        self.plain.clear()
        assert list(self.twin.drain().items()) == list(expected.items())


class KeyDictMachine(DictMachine):
    key = staticmethod(backwards)


SETTINGS = settings(max_examples=40, stateful_step_count=30, deadline=None)
for machine in (
    ListMachine, KeyListMachine, ModuloKeyListMachine, SetMachine, KeySetMachine, DictMachine, KeyDictMachine,
):  # fmt: skip
    case = machine.TestCase
    case.settings = SETTINGS
    globals()[f"Test{machine.__name__}"] = case
del case, machine


@pytest.mark.parametrize("load", [4, 17, 1000])
def test_a_long_life_at_many_sizes(load: int) -> None:
    """The index is built, kept up to date and dropped, and sublists are split and merged."""
    rng = random.Random(load)
    twin, plain = LockedSortedList[int](), SortedList()
    twin._reset(load)
    plain._reset(load)
    for _ in range(3000):
        if rng.random() < (0.7 if len(plain) < 4 * load else 0.3) or not plain:
            value = rng.randrange(1000)
            twin.add(value)
            plain.add(value)
        else:
            at = rng.randrange(len(plain))
            assert twin.pop(at) == plain.pop(at)
        if plain:
            at = rng.randrange(len(plain))
            assert twin[at] == plain[at]
            assert twin.bisect(at) == plain.bisect(at)
    twin._check()
    assert twin == plain
    assert twin._maxes == plain._maxes


# --- Code of users in the middle of it -------------------------------------------------------------------------


class Value:
    """Compared and hashed by Python code, which calls *hook* first."""

    hook: Callable[[], object] = staticmethod(lambda: None)

    def __init__(self, number: int) -> None:
        self.number = number

    def __lt__(self, other: Any) -> bool:
        Value.hook()
        return self.number < int(other.number)

    def __le__(self, other: Any) -> bool:
        return not other < self

    def __eq__(self, other: object) -> bool:
        Value.hook()
        return isinstance(other, Value) and self.number == other.number

    def __hash__(self) -> int:
        Value.hook()
        return self.number % 3

    def __repr__(self) -> str:
        return str(self.number)


def value_key(value: Value) -> int:
    Value.hook()
    return -value.number


@pytest.fixture
def hook() -> Iterator[Callable[[Callable[[], object]], None]]:
    yield lambda call: setattr(Value, "hook", staticmethod(call))
    Value.hook = staticmethod(lambda: None)


Hook = Callable[[Callable[[], object]], None]


def put(c: Any, number: int) -> None:
    if isinstance(c, dict):
        c[Value(number)] = number
    else:
        c.add(Value(number))


def take(c: Any, number: int) -> None:
    if isinstance(c, dict):
        c.pop(Value(number), None)
    else:
        c.discard(Value(number))


def many(c: Any, numbers: Any) -> None:
    c.update({Value(n): n for n in numbers} if isinstance(c, dict) else [Value(n) for n in numbers])


CHANGES: dict[str, Callable[[Any], object]] = {
    "put": lambda c: put(c, 11),
    "put again": lambda c: put(c, 10),
    "take": lambda c: take(c, 10),
    "take absent": lambda c: take(c, 11),
    "pop": lambda c: c.popitem(5) if isinstance(c, dict) else c.pop(5),
    "update with one": lambda c: many(c, [11]),
    "update with a few": lambda c: many(c, [11, 12, 45]),
    "update with many": lambda c: many(c, range(0, 60, 3)),
    "pop_first_if": lambda c: c.pop_first_if(lambda *_: Value.hook() or True),
    "del one": lambda c: operator.delitem(c.keys() if isinstance(c, dict) else c, 5),
    "del a few": lambda c: operator.delitem(c.keys() if isinstance(c, dict) else c, slice(4, 6)),
    "del many": lambda c: operator.delitem(c.keys() if isinstance(c, dict) else c, slice(2, 18)),
    "clear": lambda c: c.clear(),
    "difference_update few": lambda c: hasattr(c, "union") and c.difference_update([Value(10), Value(12)]),
    "difference_update many": lambda c: hasattr(c, "union") and c.difference_update([Value(n) for n in range(20)]),
    "intersection_update": lambda c: hasattr(c, "union") and c.intersection_update([Value(n) for n in range(20)]),
    "symmetric_difference_update": lambda c: hasattr(c, "union") and c.symmetric_difference_update([Value(10), Value(11)]),
    "*=": lambda c: isinstance(c, SortedList) and operator.imul(c, 2),
    "merge": lambda c: isinstance(c, dict) and c.merge(Value(11), 1, lambda a, b: a + b),
    "setdefault": lambda c: isinstance(c, dict) and c.setdefault(Value(11), 1),
}
MAKERS: dict[str, Callable[[], Any]] = {
    "list": LockedSortedList,
    "key list": lambda: LockedSortedKeyList(key=value_key),
    "set": LockedSortedSet,
    "key set": lambda: LockedSortedSet(key=value_key),
    "dict": LockedSortedDict,
    "key dict": lambda: LockedSortedDict(value_key),
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
each_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def prepared(make: Callable[[], Any]) -> Any:
    c = make()
    c._reset(4)
    many(c, range(0, 40, 2))
    return c


def numbers(c: Any) -> list[int]:
    return [value.number for value in c]


def calls_of(make: Callable[[], Any], change: Callable[[Any], object], hook: Hook) -> int:
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    c = prepared(make)
    hook(count)
    change(c)
    hook(lambda: None)
    return calls


def at_call(number: int, action: Callable[[], object]) -> Callable[[], None]:
    """Do it in the call of that number; what the action does is not counted."""
    calls, busy = 0, False

    def hooked() -> None:
        nonlocal calls, busy
        calls += not busy
        if calls == number and not busy:
            busy = True
            action()
            calls += 1
            busy = False

    return hooked


@each_maker
@each_change
def test_what_is_raised_at_any_call_leaves_all_as_it_was(make: Callable[[], Any], change: Any, hook: Hook) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    for at in range(1, calls_of(make, change, hook) + 1):
        c = prepared(make)
        before = numbers(c)
        hook(at_call(at, fail))
        with pytest.raises(ZeroDivisionError):
            change(c)
        hook(lambda: None)
        c._check()
        assert numbers(c) == before, at


@each_maker
@each_change
@pytest.mark.parametrize("inner", ["put", "take", "pop", "update with many", "clear", "del a few"])
def test_a_comparison_may_change_the_container(make: Callable[[], Any], change: Any, inner: str, hook: Hook) -> None:
    for at in range(1, calls_of(make, change, hook) + 1):
        c = prepared(make)
        hook(at_call(at, lambda: CHANGES[inner](c)))  # noqa: B023
        try:
            change(c)
        except LookupError:
            pass
        finally:
            hook(lambda: None)
        if isinstance(c, dict) and inner == "clear" and not all(dict.__contains__(c, key) for key in dict.keys(c)):
            continue  # CPython's dict.update() loses keys if a comparison clears the dict
        c._check()
        assert numbers(c) == [value.number for value in c.snapshot()]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
@each_maker
@pytest.mark.parametrize("raises", [False, True])
def test_a_signal_handler_may_change_the_container_or_raise(make: Callable[[], Any], raises: bool) -> None:
    c, handled = prepared(make), 0

    class Interrupted(BaseException):
        pass

    def handler(*_: object) -> None:
        nonlocal handled
        handled += 1
        take(c, handled % 40)
        put(c, handled * 7 % 40)
        if raises:
            signal.setitimer(signal.ITIMER_REAL, 0.0002)
            raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        number = 0
        while handled < 150:
            number += 1
            try:
                put(c, number * 3 % 40)
                take(c, number * 5 % 40)
                many(c, range(number % 40, 40, 9))
                c.pop_first_if(lambda *_: len(c) > 30)
            except Interrupted:
                pass
    finally:
        while True:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
                break
            except Interrupted:
                pass
    c._check()


class Finalized(Value):
    """Calls back when it is let go of."""

    def __init__(self, number: int, call: Callable[[], object]) -> None:
        super().__init__(number)
        self.call = call

    def __del__(self) -> None:
        self.call()


@each_maker
@pytest.mark.parametrize("name", ["take", "pop", "pop_first_if", "del one", "del a few", "del many", "clear", "drain"])
def test_what_is_removed_is_let_go_after_the_lock(make: Callable[[], Any], name: str) -> None:
    """Its finalizer waits for another thread, which uses the container. A dict's keys are not values."""
    c, free = make(), list[bool]()
    c._reset(4)

    def use() -> None:
        try:
            with c.locked(timeout=5):
                free.append(True)
        except LockTimeout:
            free.append(False)

    def finalize() -> None:
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()

    for number in range(0, 40, 2):
        held = Finalized(number, finalize)
        if isinstance(c, dict):
            c[Value(number)] = held
        else:
            c.add(held)
        del held
    if name == "drain":
        c.drain()
    else:
        CHANGES[name](c)
    gc.collect()
    assert free
    assert all(free)


# --- Iterators -------------------------------------------------------------------------------------------------

ITERATORS: dict[str, Callable[[Any], Iterator[int]]] = {
    "iter": iter,
    "reversed": reversed,
    "irange": lambda c: c.irange(5, 33),
    "irange reverse": lambda c: c.irange(5, 33, reverse=True),
    "irange in one sublist": lambda c: c.irange(5, 7),
    "irange open": lambda c: c.irange(),
    "islice": lambda c: c.islice(3, 31),
    "islice reverse": lambda c: c.islice(3, 31, reverse=True),
}


@each_twin
@pytest.mark.parametrize("name", ITERATORS)
@pytest.mark.parametrize("seen", [0, 1, 2])
def test_an_iterator_goes_over_one_moment(twin: type[Any], name: str, seen: int) -> None:
    """Whatever is done to the container meanwhile, and however many iterators there are."""
    changes: dict[str, Callable[[Any], object]] = {
        "add": lambda c: [c.setdefault(n + 0.5) if isinstance(c, dict) else c.add(n + 0.5) for n in range(40)],
        "pop": lambda c: [c.popitem(0) if isinstance(c, dict) else c.pop(0) for _ in range(39)],
        "discard": lambda c: [c.pop(n) if isinstance(c, dict) else c.discard(n) for n in range(0, 40, 3)],
        "clear": lambda c: c.clear(),
        "reset": lambda c: c._reset(9),
        "add all": lambda c: c.update(dict.fromkeys(range(100))),
        "add few": lambda c: c.update(dict.fromkeys([0.1, 20.1])),
        "del": lambda c: operator.delitem(c.keys() if isinstance(c, dict) else c, slice(1, 39)),
    }
    expected = list(ITERATORS[name](filled(twin, range(40))))
    for change in changes.values():
        c = filled(twin, range(40))
        c._reset(4)
        iterators = [ITERATORS[name](c) for _ in range(3)]
        results = [[next(iterator) for _ in range(seen)] for iterator in iterators]
        change(c)
        for result, iterator in zip(results, iterators, strict=True):
            result.extend(iterator)
            assert result == expected
        c._check()


@each_twin
def test_the_views_of_a_dict_are_live_to_index_and_one_moment_to_iterate(twin: type[Any]) -> None:
    if twin is not LockedSortedDict:
        pytest.skip("has no views")
    d = LockedSortedDict[Any, int](b=2, c=3)
    keys, values, items = d.keys(), d.values(), d.items()
    iterators = iter(keys), iter(values), iter(items)
    d["a"] = 1
    assert (keys[0], values[0], items[0]) == ("a", 1, ("a", 1))
    assert ("a" in keys, 1 in values, ("a", 1) in items) == (True, True, True)
    assert (len(keys), len(values), len(items)) == (3, 3, 3)
    assert [list(iterator) for iterator in iterators] == [["b", "c"], [2, 3], [("b", 2), ("c", 3)]]
    assert isinstance(keys & {"a"}, SortedSet)
    assert repr(keys) == "LockedSortedKeys(LockedSortedDict({'a': 1, 'b': 2, 'c': 3}))"


# --- Threads ---------------------------------------------------------------------------------------------------


def in_threads(work: Callable[[random.Random], object], count: int = 4) -> None:
    errors = list[BaseException]()

    def run(seed: int) -> None:
        try:
            work(random.Random(seed))
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@each_maker
def test_it_is_whole_after_many_threads(make: Callable[[], Any], switch_interval: None) -> None:
    """Values that are compared by Python code let threads switch in the middle of everything."""
    c = prepared(make)

    def work(rng: random.Random) -> None:
        for _ in range(60):
            number = rng.randrange(40)
            put(c, number)
            take(c, rng.randrange(40))
            seen = numbers(rng.choice([c, c.irange(), c.islice()]))
            assert seen == sorted(seen) or seen == sorted(seen, reverse=True)
            c.bisect(Value(number))
            if rng.random() < 0.1:
                many(c, rng.sample(range(40), 10))
                c.copy()._check()
                repr(c)

    in_threads(work)
    c._check()


@each_maker
def test_two_threads_never_claim_one_value(make: Callable[[], Any], switch_interval: None) -> None:
    c, claimed = make(), list[int]()
    many(c, range(300))

    def work(_: random.Random) -> None:
        while (item := c.pop_first_if(lambda first, *_: first.number >= 0)) is not ABSENT:
            claimed.append((item[0] if isinstance(c, dict) else item).number)

    in_threads(work)
    assert sorted(claimed) == list(range(300))
    assert len(c) == 0


def test_of_several_threads_that_add_one_value_one_adds_it(switch_interval: None) -> None:
    s, added = LockedSortedSet[int](), list[int]()

    def work(rng: random.Random) -> None:
        added.extend(n for n in range(200) if s.add_if_absent(n))

    in_threads(work)
    assert sorted(added) == list(range(200))


def test_updates_of_one_another_do_not_deadlock(switch_interval: None) -> None:
    a, b = LockedSortedSet(range(0, 20, 2)), LockedSortedSet(range(0, 20, 3))
    d, e = LockedSortedDict[int, int](), LockedSortedDict({1: 1})

    def work(rng: random.Random) -> None:
        for _ in range(100):
            one, other = rng.sample([a, b], 2)
            one |= other
            one -= other
            assert isinstance(one <= other, bool)
            one.update(range(5))
            this, that = rng.sample([d, e], 2)
            this.update(that)
            assert isinstance(this == that, bool)
            that.update({rng.randrange(9): 1})

    in_threads(work)
    for each in (a, b, d, e):
        each._check()


# --- Copies ----------------------------------------------------------------------------------------------------


class Noted(LockedSortedKeyList[int]):
    """With attributes of its own, and another constructor."""

    __slots__ = ("slot",)

    def __init__(self, iterable: Any = ()) -> None:
        super().__init__(iterable, key=backwards)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_subclass_keeps_what_it_has_added(protocol: int) -> None:
    noted = Noted([1, 2])
    noted.note = "mine"  # type: ignore[attr-defined]
    noted.slot = "too"  # type: ignore[misc]
    for made in (pickle.loads(pickle.dumps(noted, protocol)), copy.deepcopy(noted)):
        assert type(made) is Noted
        assert (made.note, made.slot, list(made), made.key) == ("mine", "too", [2, 1], backwards)
        made.add(3)
        assert list(noted) == [2, 1]


@each_twin
def test_a_value_that_holds_its_container_does_not_keep_it_alive(twin: type[Any]) -> None:
    class Child(Value):
        parent: Any

    c = twin() if twin is not LockedSortedKeyList else twin(key=value_key)
    child = Child(1)
    child.parent = c
    if isinstance(c, dict):
        c[child] = c
    else:
        c.add(child)
    watched = weakref.ref(c)
    del c, child
    gc.collect()
    assert watched() is None


@each_twin
def test_its_repr_survives_recursion(twin: type[Any]) -> None:
    class Holder(Value):
        held: Any

        def __repr__(self) -> str:
            return f"<{self.held!r}>"

    c = twin() if twin is not LockedSortedKeyList else twin(key=value_key)
    holder = Holder(1)
    holder.held = c
    put_in = c.setdefault if isinstance(c, dict) else c.add
    put_in(holder)
    assert "<...>" in repr(c)
    c.clear()


def test_a_sorted_dict_is_a_locked_dict() -> None:
    d = LockedSortedDict(backwards, {1: "a", 2: "b"})
    assert isinstance(d, LockedDict)
    assert isinstance(d, SortedDict)
    assert {**d} == dict(d) == d.snapshot()
    assert [list(made) for made in (dict(d), {**d}, d.snapshot(), {} | d.snapshot())] == [[2, 1]] * 4
    assert repr(d) == f"LockedSortedDict({backwards!r}, {{2: 'b', 1: 'a'}})"
    with pytest.warns(DeprecationWarning):
        assert d.iloc[0] == 2


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="counts references")
@each_twin
def test_nothing_is_kept_alive(twin: type[Any]) -> None:
    """By the container, once a value is removed and the iterators are gone."""
    c = twin() if twin is not LockedSortedKeyList else twin(key=value_key)
    c._reset(4)
    many(c, range(50))
    held = Value(25)
    take(c, 25)
    if isinstance(c, dict):
        c[held] = 1
    else:
        c.add(held)
    watched = weakref.ref(held)
    iterators = [iter(c), reversed(c), c.irange(), c.islice(5)]
    for iterator in iterators[:2]:
        next(iterator)
    take(c, 25)
    del held
    gc.collect()
    assert watched() is not None
    del iterators, iterator
    gc.collect()
    assert watched() is None
