"""Sequential models: the builtin itself, replaying each call on a copy."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lockedcontainers import ABSENT
from lockedcontainers.testing._history import Call, Outcome, expression, plain

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class ModelOf(Generic[T]):
    """The model that is a sequential class, whose objects ``freeze`` turns into hashable states and ``thaw`` back.

    ``keyed`` names the methods that read and write only what belongs to their first argument. ``calls`` are the ones
    worth trying, ``starts`` the calls that lead to each state worth starting from, ``looks`` those that show a state.

    >>> stack = ModelOf(list, tuple)
    >>> list(stack.step((1, 2), Call("pop")))
    [(Outcome(value=2, raised=None), (1,))]
    """

    thaw: Callable[[Any], T]
    freeze: Callable[[T], Hashable]
    initial: Hashable = ()
    keyed: Collection[str] = ()
    calls: Sequence[Call] = ()
    starts: Sequence[Sequence[Call]] = ((),)
    looks: Sequence[Call] = ()

    def step(self, state: Hashable, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        """Return the one outcome of the call, and the state after it."""
        target = self.thaw(state)
        outcome = call.on(target)
        return [(outcome, self.freeze(target))]

    def key(self, call: Call) -> Hashable | None:
        """Return the first argument of the keyed methods."""
        return ("key", call.args[0]) if call.function in self.keyed else None

    def __repr__(self) -> str:
        return f"ModelOf({expression(self.thaw)}, {expression(self.freeze)})"


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


def keys(target: Any) -> list[object]:
    """Return the keys."""
    return list(target.keys())


def values(target: Any) -> list[object]:
    """Return the values."""
    return list(target.values())


def items(target: Any) -> list[object]:
    """Return the items."""
    return list(target.items())


def reversed_list(target: Any) -> list[object]:
    """Return the keys, the last first."""
    return list(reversed(target))


def absent(value: object) -> object:  # noqa: ARG001 - a function for compute and its kin
    """Return ABSENT."""
    return ABSENT


def _frozen(target: object) -> Hashable:
    return plain(target)


#: The model of a dict and of a LockedDict. The order of the keys is a part of the state.
DICT: ModelOf[Dict[Any, Any]] = ModelOf(
    Dict,
    _frozen,
    keyed=frozenset(
        "__getitem__ __setitem__ __delitem__ __contains__ get setdefault pop compute_if_absent compute_if_present "
        "compute merge replace compare_and_set compare_and_delete".split()
    ),
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
)


def builtin_model(kind: type) -> ModelOf[Any]:
    """Return the ready model of a builtin."""
    try:
        return _BUILTINS[kind]
    except KeyError:
        raise TypeError(f"there is no ready model of {kind.__name__}: give a ModelOf") from None


_BUILTINS: dict[type, ModelOf[Any]] = {dict: DICT}
