"""Sequential models: the builtin itself, replaying each call on a copy."""

from __future__ import annotations

import operator
from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Generic, TypeVar

from lockedcontainers import ABSENT
from lockedcontainers.testing._history import Call, Outcome, expression, plain, thawed

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class ModelOf(Generic[T]):
    """The model that is a sequential class, whose objects ``freeze`` turns into hashable states and ``thaw`` back.

    ``keyed`` names the methods that read and write only what belongs to their first argument. ``calls`` are the ones
    worth trying, ``starts`` the calls that lead to each state worth starting from, ``looks`` those that show a state.
    A ``name`` is what it is shown by.

    >>> stack = ModelOf(list, tuple)
    >>> list(stack.step((1, 2), Call("pop")))
    [(Outcome(value=2, raised=None), (1,))]
    """

    thaw: Callable[[Any], T]
    freeze: Callable[[T], Hashable]
    initial: Hashable = ()
    keyed: Collection[str] = ()
    calls: Sequence[Call] = field(default=(), repr=False)
    starts: Sequence[Sequence[Call]] = field(default=((),), repr=False)
    looks: Sequence[Call] = field(default=(), repr=False)
    name: str = field(default="", repr=False)

    def step(self, state: Hashable, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        """Return the one outcome of the call, and the state after it."""
        target = self.thaw(state)
        outcome = call.on(target)
        return [(outcome, self.freeze(target))]

    def key(self, call: Call) -> Hashable | None:
        """Return the first argument of the keyed methods."""
        if call.function not in self.keyed or not call.args:
            return None
        key = call.args[0]
        try:
            hash(key)
        except TypeError:  # what the call is going to raise, too
            return None
        return "key", key

    def __repr__(self) -> str:
        shown = [(each.name, getattr(self, each.name)) for each in fields(self) if each.repr]
        return self.name or f"ModelOf({', '.join([f'{name}={expression(value)}' for name, value in shown])})"


class Dict(dict[K, V]):
    """A dict for one thread, with the compound operations of a :class:`~lockedcontainers.LockedDict`."""

    def compute_if_absent(self, key: K, factory: Callable[[], V]) -> V:
        """Return the value, which is ``factory()`` if there is none."""
        if key not in self:
            self[key] = factory()
        return self[key]

    def compute_if_present(self, key: K, function: Callable[[V], Any]) -> Any:
        """Put ``function(value)`` in the place of a value, if there is one."""
        return self.compute(key, function) if key in self else ABSENT

    def compute(self, key: K, function: Callable[[Any], Any]) -> Any:
        """Put ``function(value)`` in the place of a value; on both sides ABSENT means that there is none."""
        value = function(self.get(key, ABSENT))
        if value is not ABSENT:
            self[key] = value
        else:
            self.pop(key, None)
        return value

    def merge(self, key: K, value: V, function: Callable[[V, V], Any]) -> Any:
        """Put ``value``, or ``function(old, value)`` if there is an old one."""
        return self.compute(key, lambda old: value if old is ABSENT else function(old, value))

    def replace(self, key: K, value: V) -> bool:
        """Put the value if there is an old one."""
        return key in self and self.compare_and_set(key, self[key], value)

    def compare_and_set(self, key: K, expected: Any, new: V) -> bool:
        """Put ``new`` if the value is ``expected``."""
        if self.get(key, ABSENT) != expected:
            return False
        self[key] = new
        return True

    def compare_and_delete(self, key: K, expected: V) -> bool:
        """Delete the value if it is ``expected``."""
        if self.get(key, ABSENT) != expected:
            return False
        del self[key]
        return True

    def snapshot(self) -> dict[K, V]:
        """Return a plain copy."""
        return dict(self)

    def drain(self) -> dict[K, V]:
        """Return a plain copy, and clear."""
        items = dict(self)
        self.clear()
        return items


class Count(Dict[Any, int], Counter[Any]):
    """A Counter for one thread, with the operations that a :class:`~lockedcontainers.LockedCounter` adds."""

    def increment(self, key: Any, n: int = 1) -> int:
        """Add to a count."""
        self[key] += n
        return self[key]

    def decrement(self, key: Any, n: int = 1) -> int:
        """Subtract from a count."""
        return self.increment(key, -n)


class List(list[Any]):
    """A list for one thread, with the operations that a :class:`~lockedcontainers.LockedList` adds."""

    def compare_and_set(self, index: int, expected: Any, new: Any) -> bool:
        """Put ``new`` if the item is ``expected``."""
        if self[index] != expected:
            return False
        self[index] = new
        return True

    def compute(self, index: int, function: Callable[[Any], Any]) -> Any:
        """Put ``function(item)`` in the place of an item; ABSENT deletes it."""
        new = function(self[index])
        if new is ABSENT:
            del self[index]
        else:
            self[index] = new
        return new

    def remove_if(self, predicate: Callable[[Any], Any]) -> int:
        """Remove what the predicate says, and return how many that were."""
        kept = [item for item in self if not predicate(item)]
        removed = len(self) - len(kept)
        self[:] = kept
        return removed

    def snapshot(self) -> list[Any]:
        """Return a plain copy."""
        return list(self)

    def drain(self) -> list[Any]:
        """Return a plain copy, and clear."""
        items = list(self)
        self.clear()
        return items


class Set(set[Any]):
    """A set for one thread, with the operations that a :class:`~lockedcontainers.LockedSet` adds."""

    def add_if_absent(self, value: Any) -> bool:
        """Add, and return whether that was new."""
        absent = value not in self
        self.add(value)
        return absent

    def discard_if_present(self, value: Any) -> bool:
        """Discard, and return whether it was there."""
        present = value in self
        self.discard(value)
        return present

    def snapshot(self) -> frozenset[Any]:
        """Return a plain copy."""
        return frozenset(self)

    def drain(self) -> set[Any]:
        """Return a plain copy, and clear."""
        elements = set(self)
        self.clear()
        return elements


class Deque(deque[Any]):
    """A deque for one thread, with the operations that a :class:`~lockedcontainers.LockedDeque` adds."""

    def snapshot(self) -> deque[Any]:
        """Return a plain copy."""
        return deque(self, self.maxlen)

    def drain(self) -> deque[Any]:
        """Return a plain copy, and clear."""
        items = self.snapshot()
        self.clear()
        return items


class SetModel(ModelOf[Set]):
    """The model of a set, which may pop any element: which it is depends on how the set came to be."""

    def step(self, state: Hashable, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        """Return each outcome of the call, and the state after it."""
        target = self.thaw(state)
        if call == Call("pop") and target:
            return [(Outcome(element), self.freeze(self.thaw(target - {element}))) for element in target]
        return super().step(state, call)


def keys(target: Any) -> list[object]:
    """Return the keys."""
    return list(target.keys())


def values(target: Any) -> list[object]:
    """Return the values."""
    return list(target.values())


def items(target: Any) -> list[object]:
    """Return the items."""
    return list(target.items())


def elements(target: Any) -> list[object]:
    """Return the elements of a Counter."""
    return list(target.elements())


def reversed_list(target: Any) -> list[object]:
    """Return what is in it, the last first."""
    return list(reversed(target))


def sorted_repr(target: Any) -> str:
    """Return what it is shown by, in any order and without the name of its class."""
    return "".join(sorted(repr(target).removeprefix(type(target).__name__)))


def contents_repr(target: Any) -> str:
    """Return what it is shown by without the name of its class."""
    return repr(target).partition("(")[2]


def added_before(target: Any) -> Any:
    """Add it to a list."""
    return [0] + target  # noqa: RUF005 - the addition is what is called


def added_to(target: Any) -> Any:
    """Add it to a list in place."""
    other = [0]
    other += target
    return other


def added_after(target: Any) -> Any:
    """Add it to a deque."""
    return deque([0]) + target


def doubled(target: Any) -> Any:
    """Add it to itself."""
    return target + target


def extended_by_itself(target: Any) -> None:
    """Extend it by itself."""
    target.extend(target)


def assigned_to_itself(target: Any) -> None:
    """Put its items in the place of its items."""
    target[:] = target


def is_itself(target: Any) -> Any:
    """Compare it with itself."""
    return target == target  # noqa: PLR0124


def add(target: Any) -> None:
    """Add to a count."""
    target["a"] += 1


def subtract(target: Any) -> None:
    """Subtract from a count."""
    target["a"] -= 5


def add_to_another(target: Any) -> None:
    """Add to the count of what is not counted yet."""
    target["new"] += 7


def absent(value: object) -> object:  # noqa: ARG001 - a function for compute and its kin
    """Return ABSENT."""
    return ABSENT


def odd(value: int) -> int:
    """Return whether it is odd."""
    return value % 2


def _thawed_dict(state: Hashable) -> Dict[Any, Any]:
    return Dict(thawed(state))


def _thawed_count(state: Hashable) -> Count:
    return Count(thawed(state))


def _thawed_list(state: Hashable) -> List:
    return List(thawed(state))


def _thawed_deque(state: Hashable) -> Deque:
    return Deque(thawed(state))


def _frozen(target: object) -> Hashable:
    return plain(target)


_KEYED: Final = frozenset(
    "__getitem__ __setitem__ __delitem__ __contains__ get setdefault pop compute_if_absent compute_if_present "
    "compute merge replace compare_and_set compare_and_delete".split()
)

#: The model of a dict and of a LockedDict. The order of the keys is a part of the state.
DICT: ModelOf[Dict[Any, Any]] = ModelOf(
    _thawed_dict,
    _frozen,
    _frozen({}),
    _KEYED,
    calls=(
        Call("__getitem__", "a"),
        Call("get", "a"),
        Call("__contains__", "a"),
        Call("__len__"),
        Call("__setitem__", "a", 2),
        Call("__setitem__", "b", 3),
        Call("__delitem__", "a"),
        Call("setdefault", "a", 4),
        Call("setdefault", "a", 14),
        Call("pop", "a"),
        Call("pop", "a", None),
        Call("popitem"),
        Call("clear"),
        Call("update", {"a": 5, "b": 6}),
        Call("__ior__", {"b": 7, "c": 8}),
        Call("__or__", {"a": 9}),
        Call("__ror__", {"z": 9}),
        Call("__eq__", {"a": 1}),
        Call("copy"),
        Call("__repr__"),
        Call(list),
        Call(dict),
        Call(reversed_list),
        Call(keys),
        Call(values),
        Call(items),
        Call("compute_if_absent", "a", int),
        Call("compute_if_present", "a", operator.neg),
        Call("compute_if_present", "a", absent),
        Call("compute", "a", repr),
        Call("compute", "a", absent),
        Call("merge", "a", 10, operator.add),
        Call("replace", "a", 11),
        Call("compare_and_set", "a", 1, 12),
        Call("compare_and_set", "a", ABSENT, 13),
        Call("compare_and_delete", "a", 1),
        Call("snapshot"),
        Call("drain"),
    ),
    starts=((), (Call("__setitem__", "a", 1),)),
    looks=(Call("__len__"), Call("get", "a"), Call("get", "b"), Call(items)),
    name="DICT",
)

#: The model of a Counter and of a LockedCounter. The order of the keys is a part of the state.
COUNTER: ModelOf[Count] = ModelOf(
    _thawed_count,
    _frozen,
    _frozen({}),
    _KEYED | {"increment", "decrement"},
    calls=(
        Call(add),
        Call(subtract),
        Call(add_to_another),
        Call("increment", "a"),
        Call("decrement", "new", 2),
        Call("__getitem__", "a"),
        Call("__getitem__", "new"),
        Call("get", "a"),
        Call("__contains__", "a"),
        Call("__len__"),
        Call("__setitem__", "a", 20),
        Call("__delitem__", "a"),
        Call("setdefault", "new", 4),
        Call("pop", "a"),
        Call("popitem"),
        Call("clear"),
        Call("drain"),
        Call("update", "ab"),
        Call("update", {"a": 5}, new=6),
        Call("subtract", "ab"),
        Call("most_common"),
        Call("total"),
        Call("copy"),
        Call("snapshot"),
        Call(contents_repr),
        Call(list),
        Call(dict),
        Call(items),
        Call(elements),
        Call(doubled),
        Call("__eq__", Counter("aab")),
        Call("__le__", Counter("aab")),
        *[Call(name, Counter("ab")) for name in ("__add__", "__sub__", "__and__", "__or__")],
        *[Call(name) for name in ("__pos__", "__neg__")],
        *[Call(name, Counter("ab")) for name in ("__iadd__", "__isub__", "__iand__")],
        Call("__ior__", Counter("abb")),
        Call("compute_if_absent", "new", int),
        Call("compute_if_present", "a", operator.neg),
        Call("compute", "a", absent),
        Call("merge", "a", 10, operator.add),
        Call("replace", "a", 11),
        Call("compare_and_set", "a", 2, 12),
        Call("compare_and_delete", "a", 2),
    ),
    starts=((), (Call("update", "aab"),)),
    looks=(Call(items),),
    name="COUNTER",
)

#: The model of a list and of a LockedList.
LIST: ModelOf[List] = ModelOf(
    _thawed_list,
    _frozen,
    _frozen([]),
    calls=(
        Call("__getitem__", 0),
        Call("__getitem__", -1),
        Call("__getitem__", slice(1, None)),
        Call("__len__"),
        Call("__contains__", 1),
        Call("index", 1),
        Call("count", 1),
        Call("__eq__", [1, 2]),
        Call("__lt__", [1, 2]),
        Call("__repr__"),
        Call("copy"),
        Call("snapshot"),
        Call(list),
        Call(reversed_list),
        Call(added_before),
        Call(added_to),
        Call(doubled),
        Call(is_itself),
        Call("__add__", [9]),
        Call("__mul__", 2),
        Call("__setitem__", 0, 3),
        Call("__setitem__", slice(0, 1), [4, 5]),
        Call("__setitem__", slice(None, None, -1), [6, 7]),
        Call("__delitem__", 0),
        Call("__delitem__", slice(None, None, 2)),
        Call("append", 8),
        Call("extend", [1, 9]),
        Call("insert", 0, 10),
        Call("pop"),
        Call("pop", 0),
        Call("remove", 1),
        Call("clear"),
        Call("reverse"),
        Call("sort"),
        Call("__iadd__", [11]),
        Call("__imul__", 2),
        Call(extended_by_itself),
        Call(assigned_to_itself),
        Call("compare_and_set", 0, 2, 12),
        Call("compare_and_set", 0, 1, 12),
        Call("compute", -1, operator.neg),
        Call("compute", 0, absent),
        Call("remove_if", odd),
        Call("drain"),
    ),
    starts=((), (Call("append", 2), Call("append", 1))),
    looks=(Call(list),),
    name="LIST",
)

#: The model of a set and of a LockedSet.
SET: ModelOf[Set] = SetModel(
    Set,
    frozenset,
    frozenset[Any](),
    {"__contains__", "add", "discard", "remove", "add_if_absent", "discard_if_present"},
    calls=(
        Call("__contains__", 1),
        Call("__len__"),
        Call("add", 3),
        Call("add_if_absent", 3),
        Call("add_if_absent", 1),
        Call("discard", 1),
        Call("discard_if_present", 1),
        Call("remove", 1),
        Call("pop"),
        Call("copy"),
        Call("snapshot"),
        Call(sorted),
        Call(sorted_repr),
        Call("__eq__", {1, 2}),
        Call("__le__", {1, 2, 3}),
        Call("__ge__", {1}),
        Call("isdisjoint", [1]),
        Call("issubset", [1, 2]),
        *[Call(name, {1, 9}) for name in ("__or__", "__and__", "__sub__", "__xor__")],
        *[Call(name, {1, 9}) for name in ("__ior__", "__iand__", "__isub__", "__ixor__")],
        Call("update", [3], [4]),
        Call("difference_update", [1], [2]),
        Call("clear"),
        Call("drain"),
    ),
    starts=((), (Call("add", 1), Call("add", 2))),
    looks=(Call(sorted),),
    name="SET",
)

#: The model of a deque and of a LockedDeque, without a ``maxlen``.
DEQUE: ModelOf[Deque] = ModelOf(
    _thawed_deque,
    _frozen,
    _frozen(deque[Any]()),
    calls=(
        Call("__getitem__", 0),
        Call("__getitem__", -1),
        Call("__len__"),
        Call("__contains__", 1),
        Call("index", 1),
        Call("count", 1),
        Call("__eq__", deque([1, 2])),
        Call("__lt__", deque([1, 2])),
        Call("copy"),
        Call("snapshot"),
        Call(contents_repr),
        Call(list),
        Call(reversed_list),
        Call(doubled),
        Call(added_after),
        Call(is_itself),
        Call("__add__", deque([9])),
        Call("__mul__", 2),
        Call("__setitem__", 0, 3),
        Call("__delitem__", -1),
        Call("append", 4),
        Call("appendleft", 5),
        Call("pop"),
        Call("popleft"),
        Call("extend", [6, 7]),
        Call("extendleft", [6, 7]),
        Call("insert", 1, 8),
        Call("remove", 1),
        Call("rotate"),
        Call("reverse"),
        Call("clear"),
        Call("__iadd__", [9]),
        Call("__imul__", 2),
        Call(extended_by_itself),
        Call("drain"),
    ),
    starts=((), (Call("append", 2), Call("append", 1))),
    looks=(Call(list),),
    name="DEQUE",
)


def builtin_model(kind: type) -> ModelOf[Any]:
    """Return the ready model of a builtin."""
    try:
        return _BUILTINS[kind]
    except KeyError:
        raise TypeError(f"there is no ready model of {kind.__name__}: give a ModelOf") from None


_BUILTINS: dict[type, ModelOf[Any]] = {dict: DICT, Counter: COUNTER, list: LIST, set: SET, deque: DEQUE}
