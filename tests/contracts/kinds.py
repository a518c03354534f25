# pyright: basic
"""The table that binds the tests of the promises to classes: a class added here is tested for every promise.

An operation is told to the tests as a function of the container, which works on the twin and on its builtin, or as
two functions where the builtin has no such operation. Its result must be plain data that says what the operation saw.
"""

from __future__ import annotations

import copy
import json
import operator
import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import get_ident
from types import SimpleNamespace
from typing import Any, Self

import pytest

from lockedcontainers import (
    ABSENT,
    LockedCounter,
    LockedDefaultDict,
    LockedDeque,
    LockedDict,
    LockedList,
    LockedSet,
)


class Pause:
    """What the code of a user does that runs inside an operation: *action*, in its call number *at*."""

    def __init__(self, at: int = 0, action: Callable[[], object] = lambda: None) -> None:
        self.calls = 0
        self._at = at
        self._action = action
        self._thread = get_ident()

    def __call__(self) -> None:
        if get_ident() == self._thread:
            self.calls += 1
            if self.calls == self._at:
                self._action()


class Hooked(str):  # noqa: SLOT000  (a str has no room for slots)
    """A string that runs the code of a user where it is hashed or compared."""

    pause: Callable[[], object]

    def __new__(cls, text: str, pause: Callable[[], object]) -> Self:
        self = super().__new__(cls, text)
        self.pause = pause
        return self

    def __hash__(self) -> int:
        self.pause()
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        self.pause()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        self.pause()
        return super().__ne__(other)

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)


@dataclass(frozen=True)
class Operation:
    """An operation on the twin, and the same on the builtin."""

    call: Callable[[Any], Any]
    model: Callable[[Any], Any]


@dataclass(frozen=True)
class Step:
    """An operation in which code of the user runs: it calls *pause* at each such point."""

    call: Callable[[Any, Callable[[], object]], Any]
    model: Callable[[Any, Callable[[], object]], Any]


def alike(calls: Mapping[str, Callable[[Any], Any]]) -> dict[str, Operation]:
    return {name: Operation(call, call) for name, call in calls.items()}


def alike_in_steps(calls: Mapping[str, Callable[[Any, Callable[[], object]], Any]]) -> dict[str, Step]:
    return {name: Step(call, call) for name, call in calls.items()}


@dataclass(frozen=True)
class Kind:
    """All that the tests of the promises must know about a class."""

    cls: type[Any]
    builtin: type[Any]
    contents: Any
    #: The class by itself with type arguments, as in an annotation.
    generic: Any
    #: A twin, and the builtin, with these contents.
    make: Callable[[Any], Any]
    model: Callable[[Any], Any]
    #: What is in the container, read without its methods: a list.
    state: Callable[[Any], list[Any]]
    #: Whether the class is its builtin's subclass.
    is_subclass: bool = True
    #: The contents of the builtin as snapshot() and drain() of the twin return them.
    plain: Callable[[Any], Any] = lambda model: model
    #: What leaves the container as it is, and what does not (it may also raise).
    reads: Mapping[str, Operation] = field(default_factory=dict)
    writes: Mapping[str, Operation] = field(default_factory=dict)
    #: What is refused, or answered, without a look at what is in the container.
    refusals: Mapping[str, Operation] = field(default_factory=dict)
    #: Operations that run code of the user.
    steps: Mapping[str, Step] = field(default_factory=dict)
    #: Reads that run code of the user while they look, all of which see what half() and whole() change.
    lookups: Mapping[str, Step] = field(default_factory=dict)
    #: Two writes, of which no other thread may see the first without the second.
    half: Callable[[Any], None] = lambda _: None
    whole: Callable[[Any], None] = lambda _: None
    #: Iterators over the container, and its live views.
    iterators: Mapping[str, Callable[[Any], Iterator[Any]]] = field(default_factory=dict)
    views: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    #: Ways to copy it; and contents for that of equal values, by a number, where the code of a user runs.
    copies: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    numbered: Callable[[int, Callable[[], object] | None], Any] = lambda _number, _pause: None
    renumber: Callable[[Any, int], None] = lambda _container, _number: None
    check_numbers: Callable[[Any], None] = lambda _copy: None
    #: Operations on two containers.
    crossings: Mapping[str, Callable[[Any, Any], Any]] = field(default_factory=dict)
    #: Those that run no code of the user.
    silent: frozenset[str] = frozenset()
    #: Contents with one object in them; and what takes that out.
    holding: Callable[[Any], Any] = lambda _: None
    displacing: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    #: Ways to compute the value of an absent key by a factory.
    loads: Mapping[str, Callable[[Any, Any, Callable[[], Any]], Any]] = field(default_factory=dict)
    #: Put the container into itself.
    nest: Callable[[Any], None] | None = None
    #: Methods that need not be the twin's own: they do not touch the storage, or do it through others.
    inherited: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.cls.__name__

    @property
    def operations(self) -> dict[str, Operation]:
        return {**self.reads, **self.writes}

    def filled(self) -> Any:
        return self.make(self.contents)

    def model_filled(self) -> Any:
        return self.model(self.contents)


def unnamed(text: str, container: Any) -> str:
    """A repr without the name of the class, by which twin and builtin may differ."""
    text = text.removeprefix(type(container).__name__)
    return text[1:-1] if isinstance(container, LockedSet) else text  # as a subclass of set, it has a name


def keywords(**items: Any) -> dict[str, Any]:
    return items


def updated(other: Any, d: Any) -> Any:
    other.update(d)
    return other


def stored(items: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in items.items() if value is not None}


def put(d: Any, key: Any, value: Any) -> None:
    d[key] = value


def remove(d: Any, key: Any) -> None:
    del d[key]


def ior(d: Any, other: Any) -> None:
    d |= other


# --- dict ------------------------------------------------------------------------------------------------------

ABC = {"a": 1, "b": 2, "c": 3}
NUMBERED = [f"k{i}" for i in range(12)]

DICT_COPIES: dict[str, Callable[[Any], Any]] = {
    "d.copy()": lambda d: d.copy(),
    "copy.copy(d)": copy.copy,
    "copy.deepcopy(d)": copy.deepcopy,
    "pickle": lambda d: pickle.loads(pickle.dumps(d)),
    "json": lambda d: json.loads(json.dumps(d)),
    "d.snapshot()": lambda d: d.snapshot() if hasattr(d, "snapshot") else dict(d),
    "list(d.items())": lambda d: dict(list(d.items())),
    "dict(d.items())": lambda d: dict(d.items()),
    "dict(d)": lambda d: dict(d),  # noqa: PLW0108  (the call is what is tested)
    "dict(**d)": lambda d: dict(**d),
    "{**d}": lambda d: {**d},
    "f(**d)": lambda d: keywords(**d),
    "SimpleNamespace(**d)": lambda d: vars(SimpleNamespace(**d)),
    "other.update(d)": lambda d: updated({}, d),
    "other.update(d) over the same keys": lambda d: stored(updated(dict.fromkeys(NUMBERED), d)),
    "{} | d": lambda d: {} | d,
    "d | {}": lambda d: d | {},
    "OrderedDict(d)": OrderedDict,
    "OrderedDict() | d": lambda d: OrderedDict() | d,
    "defaultdict(None, d)": lambda d: defaultdict(None, d),
    "Counter(d)": Counter,
    "LockedDict(d)": LockedDict,
}

DICT_READS: dict[str, Callable[[Any], Any]] = {
    "get": lambda d: d.get("b"),
    "get absent": lambda d: d.get("half", 0),
    "in": lambda d: "half" in d,
    "not in": lambda d: "c" not in d,
    "len": len,
    "bool": bool,
    "iter": list,
    "reversed": lambda d: list(reversed(d)),
    "sorted": sorted,
    "unpacked": lambda d: [*d],
    "keys": lambda d: list(d.keys()),
    "values": lambda d: list(d.values()),
    "items": lambda d: list(d.items()),
    "reversed keys": lambda d: list(reversed(d.keys())),
    "reversed values": lambda d: list(reversed(d.values())),
    "reversed items": lambda d: list(reversed(d.items())),
    "len(keys)": lambda d: len(d.keys()),
    "len(values)": lambda d: len(d.values()),
    "len(items)": lambda d: len(d.items()),
    "in keys": lambda d: "half" in d.keys(),  # noqa: SIM118
    "in values": lambda d: 2 in d.values(),
    "in items": lambda d: ("b", 2) in d.items(),
    "keys ==": lambda d: d.keys() == {"a", "b", "c"},
    "keys !=": lambda d: d.keys() != {"a", "b", "c"},
    "keys <": lambda d: d.keys() < {"a", "b", "c", "d"},
    "keys <=": lambda d: d.keys() <= {"a", "b", "c"},
    "keys >": lambda d: d.keys() > {"a", "b", "c"},
    "keys >=": lambda d: d.keys() >= {"half"},
    "keys &": lambda d: d.keys() & {"a", "half"},
    "keys |": lambda d: d.keys() | {"x"},
    "keys -": lambda d: d.keys() - {"a"},
    "keys ^": lambda d: d.keys() ^ {"a", "x"},
    "& keys": lambda d: {"a", "half"} & d.keys(),
    "- keys": lambda d: {"a", "half"} - d.keys(),
    "isdisjoint keys": lambda d: d.keys().isdisjoint({"half"}),
    "items ==": lambda d: d.items() == {("a", 1), ("b", 2), ("c", 3)},
    "items &": lambda d: d.items() & {("a", 1), ("half", 0)},
    "items -": lambda d: d.items() - {("a", 1)},
    "repr": lambda d: unnamed(repr(d), d),
    "str": lambda d: unnamed(str(d), d),
    "repr(keys)": lambda d: repr(d.keys()),
    "repr(values)": lambda d: repr(d.values()),
    "repr(items)": lambda d: repr(d.items()),
    "mapping of keys": lambda d: dict(d.keys().mapping),
    "==": lambda d: d == ABC,
    "!=": lambda d: d != ABC,
    "reflected ==": lambda d: ABC == d,  # noqa: SIM300
    "reflected !=": lambda d: ABC != d,  # noqa: SIM300
    "d | other": lambda d: d | {"b": 5, "x": 6},
    "other | d": lambda d: {"b": 5, "x": 6} | d,
    **DICT_COPIES,
}

DICT_WRITES: dict[str, Callable[[Any], Any]] = {
    "d[k] = v": lambda d: put(d, "a", 9),
    "d[new] = v": lambda d: put(d, "x", 9),
    "del d[k]": lambda d: remove(d, "b"),
    "del d[absent]": lambda d: remove(d, "half"),
    "setdefault": lambda d: d.setdefault("half", 9),
    "setdefault present": lambda d: d.setdefault("a", 9),
    "pop": lambda d: d.pop("b"),
    "pop absent": lambda d: d.pop("half"),
    "pop absent, default": lambda d: d.pop("half", 9),
    "popitem": lambda d: d.popitem(),
    "update": lambda d: d.update({"a": 9, "x": 9}),
    "update pairs": lambda d: d.update([("a", 9), ("x", 9)]),
    "update keywords": lambda d: d.update({"a": 9}, x=9),
    "|=": lambda d: ior(d, {"a": 9, "x": 9}),
    "|= pairs": lambda d: ior(d, [("a", 9), ("x", 9)]),
    "clear": lambda d: d.clear(),
}

DICT_OWN: dict[str, Operation] = {
    "compute_if_absent": Operation(lambda d: d.compute_if_absent("half", lambda: 9), lambda d: d.setdefault("half", 9)),
    "compute_if_absent present": Operation(lambda d: d.compute_if_absent("b", lambda: 9), lambda d: d["b"]),
    "compute_if_present": Operation(
        lambda d: d.compute_if_present("b", lambda n: [n]), lambda d: model_compute(d, "b", lambda n: [n])
    ),
    "compute_if_present absent": Operation(
        lambda d: d.compute_if_present("half", lambda n: [n]),
        lambda d: model_compute(d, "half", lambda n: ABSENT if n is ABSENT else [n]),
    ),
    "compute": Operation(lambda d: d.compute("half", str), lambda d: model_compute(d, "half", str)),
    "compute to ABSENT": Operation(
        lambda d: d.compute("b", lambda _: ABSENT), lambda d: model_compute(d, "b", lambda _: ABSENT)
    ),
    "merge": Operation(
        lambda d: d.merge("b", 9, lambda old, new: [old, new]),
        lambda d: model_compute(d, "b", lambda old: 9 if old is ABSENT else [old, 9]),
    ),
    "merge absent": Operation(
        lambda d: d.merge("half", 9, lambda old, new: [old, new]),
        lambda d: model_compute(d, "half", lambda old: 9 if old is ABSENT else [old, 9]),
    ),
    "replace": Operation(lambda d: d.replace("b", 9), lambda d: model_replace(d, "b", 9)),
    "replace absent": Operation(lambda d: d.replace("half", 9), lambda d: model_replace(d, "half", 9)),
    "compare_and_set": Operation(
        lambda d: d.compare_and_set("b", 2, 9), lambda d: model_compare(d, "b", 2, lambda: put(d, "b", 9))
    ),
    "compare_and_set unequal": Operation(lambda d: d.compare_and_set("b", 3, 9), lambda _: False),
    "compare_and_set ABSENT": Operation(
        lambda d: d.compare_and_set("half", ABSENT, 9),
        lambda d: model_compare(d, "half", ABSENT, lambda: put(d, "half", 9)),
    ),
    "compare_and_delete": Operation(
        lambda d: d.compare_and_delete("b", 2), lambda d: model_compare(d, "b", 2, lambda: remove(d, "b"))
    ),
    "compare_and_delete unequal": Operation(lambda d: d.compare_and_delete("b", 3), lambda _: False),
    "drain": Operation(lambda d: d.drain(), lambda d: (dict(d), d.clear())[0]),
}


DICT_REFUSALS: dict[str, Operation] = {
    **alike(
        {
            "== list": lambda d: d == [],
            "d < {}": lambda d: d < {},
            "d | list": lambda d: d | [],
            "hash": hash,
            "d[unhashable] = v": lambda d: put(d, [], 9),
            "update None": lambda d: d.update(None),
            "|= None": lambda d: ior(d, None),
            "d[[]]": lambda d: d[[]],
            "del d[[]]": lambda d: remove(d, []),
            "[] in d": lambda d: [] in d,
            "d.get([])": lambda d: d.get([]),
            "d.pop([])": lambda d: d.pop([]),
            "d.setdefault([])": lambda d: d.setdefault([]),
            "d.get()": lambda d: d.get(),
            "d.get(key=)": lambda d: d.get(key="a"),
            "d.pop()": lambda d: d.pop(),
            "d.pop(1, 2, 3)": lambda d: d.pop(1, 2, 3),
            "update 2": lambda d: d.update({}, {}),
            "update keywords of numbers": lambda d: d.update(**{1: 2}),  # type: ignore[arg-type]
            "|": lambda d: d | None,
            "reflected |": lambda d: None | d,
            "d.x": lambda d: d.x,
        }
    ),
    "update bad pairs": Operation(  # the builtin stores the pairs before the bad one
        lambda d: d.update([("a", 9), ("x", 9, 9)]),
        lambda _: dict([("x", 9, 9)]),  # type: ignore[list-item]
    ),
}


def model_compute(d: dict[Any, Any], key: Any, function: Callable[[Any], Any]) -> Any:
    new = function(d.get(key, ABSENT))
    if new is ABSENT:
        d.pop(key, None)
    else:
        d[key] = new
    return new


def model_replace(d: dict[Any, Any], key: Any, value: Any) -> bool:
    return key in d and d.update({key: value}) is None


def model_compare(d: dict[Any, Any], key: Any, expected: Any, change: Callable[[], object]) -> bool:
    if d.get(key, ABSENT) != expected:
        return False
    change()
    return True


def paused(pause: Callable[[], object], value: Any) -> Any:
    pause()
    return value


def hooked(items: dict[str, Any], pause: Callable[[], object]) -> dict[Any, Any]:
    return {Hooked(key, pause): value for key, value in items.items()}


NEW = {"a": 7, "b": 8, "x": 9}

DICT_STEPS: dict[str, Step] = {
    **alike_in_steps(
        {
            "d[k] = v": lambda d, pause: put(d, Hooked("a", pause), 7),
            "d[new] = v": lambda d, pause: put(d, Hooked("x", pause), 7),
            "del d[k]": lambda d, pause: remove(d, Hooked("a", pause)),
            "pop": lambda d, pause: d.pop(Hooked("a", pause)),
            "setdefault": lambda d, pause: d.setdefault(Hooked("x", pause), 7),
            "update": lambda d, pause: d.update(hooked(NEW, pause)),
            "update pairs": lambda d, pause: d.update(list(hooked(NEW, pause).items())),
            "update generator": lambda d, pause: d.update((key, paused(pause, value)) for key, value in NEW.items()),
            "update keys()": lambda d, pause: d.update(Keyed(NEW, pause)),
            "|=": lambda d, pause: ior(d, hooked(NEW, pause)),
            "|": lambda d, pause: dict.items(d | hooked(NEW, pause)) >= NEW.items(),
            "==": lambda d, pause: d == {"a": 1, "b": 2, "c": Hooked("3", pause)},
        }
    ),
    "compute": Step(
        lambda d, pause: d.compute("a", lambda n: paused(pause, [n])),
        lambda d, pause: model_compute(d, "a", lambda n: paused(pause, [n])),
    ),
    "compute to ABSENT": Step(
        lambda d, pause: d.compute("a", lambda _: paused(pause, ABSENT)),
        lambda d, pause: model_compute(d, "a", lambda _: paused(pause, ABSENT)),
    ),
    "compute_if_present": Step(
        lambda d, pause: d.compute_if_present("a", lambda n: paused(pause, [n])),
        lambda d, pause: model_compute(d, "a", lambda n: paused(pause, ABSENT if n is ABSENT else [n])),
    ),
    "compute_if_absent": Step(
        lambda d, pause: d.compute_if_absent("x", lambda: paused(pause, 7)),
        lambda d, pause: d.setdefault("x", paused(pause, 7)),
    ),
    "merge": Step(
        lambda d, pause: d.merge("a", 7, lambda old, new: paused(pause, [old, new])),
        lambda d, pause: model_compute(d, "a", lambda old: 7 if old is ABSENT else paused(pause, [old, 7])),
    ),
    "replace": Step(
        lambda d, pause: d.replace(Hooked("a", pause), 7),
        lambda d, pause: model_replace(d, Hooked("a", pause), 7),
    ),
    "compare_and_set": Step(
        lambda d, pause: d.compare_and_set("a", Equal(1, pause), 7),
        lambda d, pause: model_compare(d, "a", Equal(1, pause), lambda: put(d, "a", 7)),
    ),
    "compare_and_delete": Step(
        lambda d, pause: d.compare_and_delete("a", Equal(1, pause)),
        lambda d, pause: model_compare(d, "a", Equal(1, pause), lambda: remove(d, "a")),
    ),
}

DICT_LOOKUPS: dict[str, Step] = {
    **alike_in_steps(
        {
            "d[k]": lambda d, pause: d[Hooked("b", pause)],
            "get": lambda d, pause: d.get(Hooked("b", pause)),
            "in": lambda d, pause: Hooked("half", pause) in d,
            "in keys": lambda d, pause: Hooked("half", pause) in d.keys(),  # noqa: SIM118
            "in items": lambda d, pause: (Hooked("b", pause), "half") in d.items(),
        }
    ),
    "compute_if_absent": Step(
        lambda d, pause: d.compute_if_absent(Hooked("b", pause), lambda: 9),
        lambda d, pause: d[Hooked("b", pause)],
    ),
}


class Keyed:
    """A mapping by its methods only, which run Python code."""

    def __init__(self, items: dict[str, Any], pause: Callable[[], object]) -> None:
        self._items = items
        self._pause = pause

    def keys(self) -> list[str]:
        self._pause()
        return list(self._items)

    def __getitem__(self, key: str) -> Any:
        self._pause()
        return self._items[key]


class Equal:
    """Equal to a value, by code of the user."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any, pause: Callable[[], object]) -> None:
        self._value = value
        self._pause = pause

    def __eq__(self, other: object) -> bool:
        self._pause()
        return bool(other == self._value)


def dict_half(d: Any) -> None:
    for key in ABC:
        d[key] = "half"
    d["half"] = "half"


def dict_whole(d: Any) -> None:
    del d["half"]
    for key in ABC:
        d[key] = "whole"


def dict_numbered(number: int, pause: Callable[[], object] | None) -> dict[Any, int]:
    return {key if pause is None else Hooked(key, pause): number for key in NUMBERED}


def dict_renumber(d: Any, number: int) -> None:
    """In two atomic steps: all values, and then one key less."""
    d.update(dict.fromkeys(NUMBERED, number))
    d.pop(NUMBERED[number % len(NUMBERED)], None)


def dict_check_numbers(copied: Any) -> None:
    values = list(copied.values())
    assert values == values[:1] * len(values), "torn"
    missing = set(NUMBERED).difference(str(key) for key in copied)
    assert missing <= {NUMBERED[values[0] % len(NUMBERED)]}, "keys of one moment with values of another"


DICT_CROSSINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a.update(b)": lambda a, b: a.update(b),
    "a.update(b.items())": lambda a, b: a.update(b.items()),
    "a |= b": ior,
    "a | b": lambda a, b: a | b,
    "a == b": lambda a, b: a == b,
    "a != b": lambda a, b: a != b,
    "a.keys() == b.keys()": lambda a, b: a.keys() == b.keys(),
    "a.keys() & b.keys()": lambda a, b: a.keys() & b.keys(),
    "a.keys() | b": lambda a, b: a.keys() | b,
    "a.keys().isdisjoint(b)": lambda a, b: a.keys().isdisjoint(b),
    "a.items() == b.items()": lambda a, b: a.items() == b.items(),
    "a.items() <= b.items()": lambda a, b: a.items() <= b.items(),
    "a.items() ^ b.items()": lambda a, b: a.items() ^ b.items(),
    "{**a, **b}": lambda a, b: {**a, **b},
    "LockedDict(a, **b)": lambda a, b: LockedDict(a, **b),
}

DICT_DISPLACING: dict[str, Callable[[Any], object]] = {
    "d[k] = v": lambda d: put(d, "held", 0),
    "del d[k]": lambda d: remove(d, "held"),
    "pop": lambda d: d.pop("held") and None,
    "popitem": lambda d: d.popitem() and None,
    "update": lambda d: d.update(held=0),
    "|=": lambda d: ior(d, {"held": 0}),
    "__init__": lambda d: d.__init__(*([None] if hasattr(d, "default_factory") else []), {"held": 0}),
    "clear": lambda d: d.clear(),
    "drain": lambda d: d.drain() and None,
    "replace": lambda d: d.replace("held", 0),
    "compute": lambda d: d.compute("held", lambda _: 0),
    "compute to ABSENT": lambda d: d.compute("held", lambda _: ABSENT),
    "compute_if_present": lambda d: d.compute_if_present("held", lambda _: 0),
    "compute_if_present to ABSENT": lambda d: d.compute_if_present("held", lambda _: ABSENT),
    "merge": lambda d: d.merge("held", 0, lambda _, new: new),
    "merge to ABSENT": lambda d: d.merge("held", 0, lambda _, __: ABSENT),
    "compare_and_set": lambda d: d.compare_and_set("held", d["held"], 0),
    "compare_and_delete": lambda d: d.compare_and_delete("held", d["held"]),
}


DICT_INHERITED = frozenset({
    "__class_getitem__", "__getattribute__", "__new__", "__sizeof__",
    "__lt__", "__le__", "__gt__", "__ge__",  # there is no such order
    "__reduce__",  # pickle and copy ask for __reduce_ex__
    "fromkeys",  # makes a new one and stores into that by its __setitem__
})  # fmt: skip


def load_by_missing(d: Any, key: Any, factory: Callable[[], Any]) -> Any:
    d.default_factory = factory
    return d[key]


def dict_kind(
    cls: type[Any], builtin: type[Any], make: Callable[[Any], Any], model: Callable[[Any], Any], **also: Any
) -> Kind:
    """What the classes that are dicts have in common."""
    computes = hasattr(builtin, "__missing__")
    subscripts = alike(
        {  # which may store a new value
            "d[k]": lambda d: d["b"],
            "d[absent]": lambda d: d["half"],
            "format_map": "{a}{b}".format_map,
        }
    )
    missing = alike({"__missing__": lambda d: d.__missing__("half")})
    loads = {"compute_if_absent": lambda d, key, factory: d.compute_if_absent(key, factory)}
    return Kind(
        cls=cls,
        builtin=builtin,
        contents=ABC,
        generic=cls.__class_getitem__((str, int)),
        make=make,
        model=model,
        state=lambda d: list(dict.items(d)),
        reads=alike(DICT_READS) | ({} if computes else subscripts),
        writes=alike(DICT_WRITES) | DICT_OWN | (subscripts | missing if computes else {}),
        refusals=DICT_REFUSALS | ({} if computes else missing),
        steps=DICT_STEPS,
        lookups=DICT_LOOKUPS,
        half=dict_half,
        whole=dict_whole,
        iterators={
            "iter": iter,
            "reversed": reversed,
            "keys": lambda d: iter(d.keys()),
            "values": lambda d: iter(d.values()),
            "items": lambda d: iter(d.items()),
            "reversed keys": lambda d: reversed(d.keys()),
            "reversed values": lambda d: reversed(d.values()),
            "reversed items": lambda d: reversed(d.items()),
            "enumerate": enumerate,
        },
        views={"keys": lambda d: d.keys(), "values": lambda d: d.values(), "items": lambda d: d.items()},
        copies=DICT_COPIES,
        numbered=dict_numbered,
        renumber=dict_renumber,
        check_numbers=dict_check_numbers,
        crossings=DICT_CROSSINGS,
        holding=lambda value: {"first": 1, "held": value},
        displacing=DICT_DISPLACING,
        loads=loads | ({"d[k]": load_by_missing} if computes else {}),
        nest=lambda d: put(d, "a", d),
        inherited=DICT_INHERITED,
        **also,
    )


# --- list ------------------------------------------------------------------------------------------------------

XYZ = ["x", "y", "z"]


class Number:
    """An index or a count, by code of the user."""

    def __init__(self, value: int, pause: Callable[[], object]) -> None:
        self._value = value
        self._pause = pause

    def __index__(self) -> int:
        self._pause()
        return self._value


def extend(xs: Any, other: Any) -> None:
    xs += other


def repeat(xs: Any, times: Any) -> None:
    xs *= times


def added_before(xs: Any) -> Any:
    return ["v", *["w"]] + xs  # noqa: RUF005


def added_to(xs: Any) -> Any:
    other: list[Any] = []
    other += xs
    return other


def assigned_to(xs: Any) -> Any:
    other: list[Any] = ["w"]
    other[:] = xs
    return other


def unpacked(xs: Any) -> Any:
    first, *rest = xs
    return [first, *rest]


def model_remove_if(xs: Any, predicate: Callable[[Any], object]) -> int:
    kept = [x for x in xs if not predicate(x)]
    removed = len(xs) - len(kept)
    xs[:] = kept
    return removed


def model_compute_at(xs: Any, index: int, function: Callable[[Any], Any]) -> Any:
    new = function(xs[index])
    if new is ABSENT:
        del xs[index]
    else:
        xs[index] = new
    return new


def model_drain(container: Any) -> Any:
    taken = container.copy()
    container.clear()
    return taken


LIST_COPIES: dict[str, Callable[[Any], Any]] = {
    "l.copy()": lambda xs: xs.copy(),
    "copy.copy(l)": copy.copy,
    "copy.deepcopy(l)": copy.deepcopy,
    "pickle": lambda xs: pickle.loads(pickle.dumps(xs)),
    "json": lambda xs: json.loads(json.dumps(xs)),
    "l.snapshot()": lambda xs: xs.snapshot() if hasattr(xs, "snapshot") else list(xs),
    "l[:]": lambda xs: xs[:],
    "l[::-1]": lambda xs: xs[::-1],
    "list(l)": list,
    "tuple(l)": tuple,
    "sorted(l)": sorted,
    "reversed(l)": lambda xs: list(reversed(xs)),
    "[*l]": lambda xs: [*xs],
    "f(*l)": lambda xs: (lambda *args: args)(*xs),  # noqa: PLC3002
    "first, *rest = l": unpacked,
    "l + []": lambda xs: xs + [],  # noqa: RUF005
    "[] + l": lambda xs: [] + xs,  # noqa: RUF005
    "l * 1": lambda xs: xs * 1,
    "other += l": added_to,
    "other[:] = l": assigned_to,
    "deque(l)": lambda xs: list(deque(xs)),
    "LockedList(l)": LockedList,
}

LIST_READS: dict[str, Callable[[Any], Any]] = {
    "l[i]": lambda xs: xs[1],
    "l[-i]": lambda xs: xs[-1],
    "l[out of range]": lambda xs: xs[9],
    "l[i:]": lambda xs: xs[1:],
    "l[::-2]": lambda xs: xs[::-2],
    "in": lambda xs: "y" in xs,
    "not in": lambda xs: "half" not in xs,
    "len": len,
    "bool": bool,
    "index": lambda xs: xs.index("z"),
    "index in a range": lambda xs: xs.index("z", -2, 9),
    "index absent": lambda xs: xs.index("half"),
    "count": lambda xs: xs.count("y"),
    "repr": repr,
    "str": str,
    "==": lambda xs: xs == ["x", "y", "z"],
    "!=": lambda xs: xs != ["x", "y", "z"],
    "<": lambda xs: xs < ["x", "y", "zz"],
    "<=": lambda xs: xs <= ["x", "y"],
    ">": lambda xs: xs > ["x", "y"],
    ">=": lambda xs: xs >= ["x", "yy"],
    "reflected ==": lambda xs: ["x", "y", "z"] == xs,  # noqa: SIM300
    "reflected <": lambda xs: ["x", "y"] < xs,  # noqa: SIM300
    "l == l": lambda xs: xs == xs,  # noqa: PLR0124
    "l + other": lambda xs: xs + ["v"],  # noqa: RUF005
    "l + l": lambda xs: xs + xs,
    "other + l": added_before,
    "l * 2": lambda xs: xs * 2,
    "2 * l": lambda xs: 2 * xs,
    "join": "".join,
    **LIST_COPIES,
}

LIST_WRITES: dict[str, Callable[[Any], Any]] = {
    "l[i] = v": lambda xs: put(xs, 1, "v"),
    "l[out of range] = v": lambda xs: put(xs, 9, "v"),
    "l[i:j] = v": lambda xs: put(xs, slice(0, 2), "vw"),
    "l[::2] = v": lambda xs: put(xs, slice(None, None, 2), ["v"] * 2),
    "l[::2] = too many": lambda xs: put(xs, slice(None, None, 2), ["v"] * 9),
    "l[:] = l": lambda xs: put(xs, slice(None), xs),
    "del l[i]": lambda xs: remove(xs, 1),
    "del l[out of range]": lambda xs: remove(xs, 9),
    "del l[i:]": lambda xs: remove(xs, slice(1, None)),
    "del l[::2]": lambda xs: remove(xs, slice(None, None, 2)),
    "append": lambda xs: xs.append("v"),
    "extend": lambda xs: xs.extend("vw"),
    "extend by itself": lambda xs: xs.extend(xs),
    "+=": lambda xs: extend(xs, "vw"),
    "+= itself": lambda xs: extend(xs, xs),
    "*= 2": lambda xs: repeat(xs, 2),
    "*= 0": lambda xs: repeat(xs, 0),
    "insert": lambda xs: xs.insert(-1, "v"),
    "pop": lambda xs: xs.pop(),
    "pop first": lambda xs: xs.pop(0),
    "pop out of range": lambda xs: xs.pop(9),
    "remove": lambda xs: xs.remove("y"),
    "remove absent": lambda xs: xs.remove("half"),
    "clear": lambda xs: xs.clear(),
    "reverse": lambda xs: xs.reverse(),
    "sort": lambda xs: xs.sort(reverse=True),
}

LIST_OWN: dict[str, Operation] = {
    "compare_and_set": Operation(
        lambda xs: xs.compare_and_set(1, "y", "v"),
        lambda xs: xs[1] == "y" and xs.__setitem__(1, "v") is None,
    ),
    "compare_and_set unequal": Operation(lambda xs: xs.compare_and_set(0, "y", "v"), lambda _: False),
    "compare_and_set out of range": Operation(lambda xs: xs.compare_and_set(9, "y", "v"), lambda xs: xs[9]),
    "compute": Operation(lambda xs: xs.compute(-1, str.upper), lambda xs: model_compute_at(xs, -1, str.upper)),
    "compute to ABSENT": Operation(
        lambda xs: xs.compute(1, lambda _: ABSENT), lambda xs: model_compute_at(xs, 1, lambda _: ABSENT)
    ),
    "compute out of range": Operation(lambda xs: xs.compute(9, str), lambda xs: xs[9]),
    "remove_if": Operation(lambda xs: xs.remove_if("xz".count), lambda xs: model_remove_if(xs, "xz".count)),
    "drain": Operation(lambda xs: xs.drain(), model_drain),
}

LIST_REFUSALS: dict[str, Operation] = alike(
    {
        "l['a']": lambda xs: xs["a"],
        "l['a'] = v": lambda xs: put(xs, "a", "v"),
        "del l['a']": lambda xs: remove(xs, "a"),
        "l[:] = None": lambda xs: put(xs, slice(None), None),
        "l + tuple": lambda xs: xs + ("v",),  # noqa: RUF005
        "tuple + l": lambda xs: ("v",) + xs,  # noqa: RUF005
        "l * 'a'": lambda xs: xs * "a",
        "l += None": lambda xs: extend(xs, None),
        "l *= None": lambda xs: repeat(xs, None),
        "extend None": lambda xs: xs.extend(None),
        "insert at None": lambda xs: xs.insert(None, "v"),
        "pop None": lambda xs: xs.pop(None),
        "== tuple": lambda xs: xs == ("x", "y", "z"),
        "< tuple": lambda xs: xs < ("x",),
        "hash": hash,
    }
)

LIST_STEPS: dict[str, Step] = {
    **alike_in_steps(
        {
            "l[i] = v": lambda xs, pause: put(xs, Number(1, pause), "v"),
            "l[i:] = v": lambda xs, pause: put(xs, slice(Number(1, pause), None), "v"),
            "l[i:j] = generator": lambda xs, pause: put(xs, slice(0, 2), (paused(pause, v) for v in "vw")),
            "del l[i]": lambda xs, pause: remove(xs, Number(1, pause)),
            "extend": lambda xs, pause: xs.extend(paused(pause, v) for v in "vw"),
            "+=": lambda xs, pause: extend(xs, (paused(pause, v) for v in "vw")),
            "*=": lambda xs, pause: repeat(xs, Number(2, pause)),
            "insert": lambda xs, pause: xs.insert(Number(1, pause), "v"),
            "pop": lambda xs, pause: xs.pop(Number(1, pause)),
            "remove": lambda xs, pause: xs.remove(Hooked("y", pause)),
            "sort": lambda xs, pause: xs.sort(key=lambda x: paused(pause, x), reverse=True),
            "==": lambda xs, pause: xs == ["x", "y", Hooked("z", pause)],
        }
    ),
    "remove_if": Step(
        lambda xs, pause: xs.remove_if(lambda x: paused(pause, x == "y")),
        lambda xs, pause: model_remove_if(xs, lambda x: paused(pause, x == "y")),
    ),
    "compute": Step(
        lambda xs, pause: xs.compute(1, lambda x: paused(pause, [x])),
        lambda xs, pause: model_compute_at(xs, 1, lambda x: paused(pause, [x])),
    ),
    "compute to ABSENT": Step(
        lambda xs, pause: xs.compute(1, lambda _: paused(pause, ABSENT)),
        lambda xs, pause: model_compute_at(xs, 1, lambda _: paused(pause, ABSENT)),
    ),
    "compare_and_set": Step(
        lambda xs, pause: xs.compare_and_set(1, Equal("y", pause), "v"),
        lambda xs, pause: bool(xs[1] == Equal("y", pause)) and xs.__setitem__(1, "v") is None,
    ),
}

LIST_LOOKUPS: dict[str, Step] = alike_in_steps(
    {
        "l[i]": lambda xs, pause: xs[Number(1, pause)],
        "l[i:]": lambda xs, pause: xs[Number(1, pause) :],
        "in": lambda xs, pause: Hooked("half", pause) in xs,
        "index": lambda xs, pause: xs.index(Hooked("whole", pause)),
        "count": lambda xs, pause: xs.count(Hooked("whole", pause)),
        "==": lambda xs, pause: xs == [Hooked("x", pause), "half", "z"],
        "l * i": lambda xs, pause: xs * Number(2, pause),
    }
)


def list_half(xs: Any) -> None:
    xs[:] = ["half"] * 2


def list_whole(xs: Any) -> None:
    xs[:] = ["z", "whole", "y", "x", "whole"]


def list_numbered(number: int, pause: Callable[[], object] | None) -> list[str]:
    return [f"n{number}" if pause is None else Hooked(f"n{number}", pause) for _ in NUMBERED]


def list_renumber(xs: Any, number: int) -> None:
    """In two atomic steps: all elements, and then one less."""
    xs[:] = list_numbered(number, None)
    del xs[-1:]


def list_check_numbers(copied: Any) -> None:
    assert len({str(x) for x in copied}) == 1, "torn"
    assert len(copied) in (len(NUMBERED), len(NUMBERED) - 1)


def trimmed(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """That makes a list longer, but not ever longer."""

    def crossing(a: Any, b: Any) -> None:
        call(a, b)
        del a[24:]

    return crossing


LIST_CROSSINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a.extend(b)": trimmed(lambda a, b: a.extend(b)),
    "a += b": trimmed(extend),
    "a[:] = b": lambda a, b: put(a, slice(None), b),
    "a[1:2] = b": trimmed(lambda a, b: put(a, slice(1, 2), b)),
    "a + b": lambda a, b: a + b,
    "a == b": lambda a, b: a == b,
    "a != b": lambda a, b: a != b,
    "a < b": lambda a, b: a < b,
    "a >= b": lambda a, b: a >= b,
    "b[0] in a": lambda a, b: b[0] in a,
    "[*a, *b]": lambda a, b: [*a, *b],
}

LIST_DISPLACING: dict[str, Callable[[Any], object]] = {
    "l[i] = v": lambda xs: put(xs, 1, 0),
    "l[i:] = v": lambda xs: put(xs, slice(1, None), [0]),
    "l[i::2] = v": lambda xs: put(xs, slice(1, None, 2), [0]),
    "del l[i]": lambda xs: remove(xs, 1),
    "del l[:]": lambda xs: remove(xs, slice(None)),
    "del l[i::2]": lambda xs: remove(xs, slice(1, None, 2)),
    "*= 0": lambda xs: repeat(xs, 0),
    "pop": lambda xs: xs.pop() and None,
    "pop first": lambda xs: (xs.reverse(), xs.pop(0)) and None,  # noqa: SIM223
    "remove": lambda xs: xs.remove(xs[1]),
    "remove_if": lambda xs: xs.remove_if(lambda x: x != "first"),
    "clear": lambda xs: xs.clear(),
    "drain": lambda xs: xs.drain() and None,
    "__init__": lambda xs: xs.__init__(["other"]),
    "compute": lambda xs: xs.compute(1, lambda _: 0),
    "compute to ABSENT": lambda xs: xs.compute(1, lambda _: ABSENT),
    "compare_and_set": lambda xs: xs.compare_and_set(1, xs[1], 0),
}

LIST_KIND = Kind(
    cls=LockedList,
    builtin=list,
    contents=XYZ,
    generic=LockedList.__class_getitem__(str),
    make=LockedList,
    model=list,
    state=lambda xs: list(list.__iter__(xs)),
    reads=alike(LIST_READS),
    writes=alike(LIST_WRITES) | LIST_OWN,
    refusals=LIST_REFUSALS,
    steps=LIST_STEPS,
    lookups=LIST_LOOKUPS,
    half=list_half,
    whole=list_whole,
    iterators={"iter": iter, "reversed": reversed, "enumerate": enumerate},
    copies=LIST_COPIES,
    numbered=list_numbered,
    renumber=list_renumber,
    check_numbers=list_check_numbers,
    crossings=LIST_CROSSINGS,
    silent=frozenset({"a.extend(b)", "a += b", "a[:] = b", "a[1:2] = b", "a + b", "[*a, *b]"}),
    holding=lambda value: ["first", value],
    displacing=LIST_DISPLACING,
    nest=lambda xs: xs.append(xs),
    inherited=frozenset({"__class_getitem__", "__getattribute__", "__new__", "__sizeof__"}),
)


# --- set -------------------------------------------------------------------------------------------------------

SET_COPIES: dict[str, Callable[[Any], Any]] = {
    "s.copy()": lambda s: s.copy(),
    "copy.copy(s)": copy.copy,
    "copy.deepcopy(s)": copy.deepcopy,
    "pickle": lambda s: pickle.loads(pickle.dumps(s)),
    "json": lambda s: sorted(json.loads(json.dumps(list(s)))),
    "s.snapshot()": lambda s: s.snapshot() if hasattr(s, "snapshot") else frozenset(s),
    "list(s)": lambda s: sorted(list(s)),  # noqa: C414
    "tuple(s)": lambda s: sorted(tuple(s)),  # noqa: C414
    "sorted(s)": sorted,
    "[*s]": lambda s: sorted([*s]),
    "f(*s)": lambda s: sorted((lambda *args: args)(*s)),  # noqa: PLC3002
    "first, *rest = s": lambda s: sorted(unpacked(s)),
    "{x for x in s}": lambda s: {x for x in s},  # noqa: C416
    "s | set()": lambda s: s | set(),
    "set() | s": lambda s: set() | s,
    "s - set()": lambda s: s - set(),
    "s ^ set()": lambda s: s ^ set(),
    "set() ^ s": lambda s: set() ^ s,
    "s & s": lambda s: s & s,
    "s.union()": lambda s: s.union(),
    "dict.fromkeys(s)": dict.fromkeys,
    "LockedSet(s)": LockedSet,
}
SET_READS: dict[str, Callable[[Any], Any]] = {
    "in": lambda s: "y" in s,
    "not in": lambda s: "half" not in s,
    "set in": lambda s: {"y"} in s,
    "len": len,
    "bool": bool,
    "repr": lambda s: sorted(unnamed(repr(s), s)),
    "str": lambda s: sorted(unnamed(str(s), s)),
    "==": lambda s: s == {"x", "y", "z"},
    "!=": lambda s: s != {"x", "y", "z"},
    "<": lambda s: s < {"x", "y", "z", "v"},
    "<=": lambda s: s <= {"x", "y", "z"},
    ">": lambda s: s > {"x", "y"},
    ">=": lambda s: s >= {"x", "y"},
    "reflected ==": lambda s: {"x", "y", "z"} == s,
    "reflected <": lambda s: {"x", "y"} < s,
    "reflected <=": lambda s: {"x", "half"} <= s,
    "reflected >": lambda s: {"x", "y", "z", "v"} > s,
    "== keys": lambda s: s == dict.fromkeys("xyz").keys(),
    "s == s": lambda s: s == s,  # noqa: PLR0124
    "isdisjoint": lambda s: s.isdisjoint(["half"]),
    "issubset": lambda s: s.issubset("xyz"),
    "issuperset": lambda s: s.issuperset("xy"),
    "s | other": lambda s: s | {"v"},
    "s & other": lambda s: s & {"v", "x"},
    "s - other": lambda s: s - {"v", "x"},
    "s ^ other": lambda s: s ^ {"v", "x"},
    "other | s": lambda s: {"v"} | s,
    "other & s": lambda s: {"v", "x"} & s,
    "other - s": lambda s: {"v", "x"} - s,
    "other ^ s": lambda s: {"v", "x"} ^ s,
    "s - s": lambda s: s - s,
    "s ^ s": lambda s: s ^ s,
    "union": lambda s: s.union("v", iter("w")),
    "intersection": lambda s: s.intersection("xyv", iter("yw")),
    "intersection of none": lambda s: s.intersection(),
    "difference": lambda s: s.difference("x", iter("w")),
    "symmetric_difference": lambda s: s.symmetric_difference("xv"),
    **SET_COPIES,
}


def iand(s: Any, other: Any) -> None:
    s &= other


def isub(s: Any, other: Any) -> None:
    s -= other


def ixor(s: Any, other: Any) -> None:
    s ^= other


def pop_all(s: Any) -> list[Any]:
    """An order is not promised, but here the locked section of another thread ends before the first of the steps."""
    popped: list[Any] = []
    while s:
        popped.append(s.pop())
    return sorted(popped)


SET_WRITES: dict[str, Callable[[Any], Any]] = {
    "add": lambda s: s.add("v"),
    "add present": lambda s: s.add("x"),
    "add unhashable": lambda s: s.add([]),
    "discard": lambda s: s.discard("x"),
    "discard absent": lambda s: s.discard("half"),
    "discard set": lambda s: s.discard({"x"}),
    "remove": lambda s: s.remove("x"),
    "remove absent": lambda s: s.remove("half"),
    "pop": pop_all,
    "clear": lambda s: s.clear(),
    "update": lambda s: s.update("vx", {"w"}),
    "update by itself": lambda s: s.update(s),
    "intersection_update": lambda s: s.intersection_update("vx", {"x"}),
    "difference_update": lambda s: s.difference_update("vx", {"w"}),
    "difference_update by itself": lambda s: s.difference_update(s),
    "symmetric_difference_update": lambda s: s.symmetric_difference_update("vx"),
    "|=": lambda s: ior(s, {"v", "x"}),
    "&=": lambda s: iand(s, {"v", "x"}),
    "-=": lambda s: isub(s, {"v", "x"}),
    "^=": lambda s: ixor(s, {"v", "x"}),
    "^= itself": lambda s: ixor(s, s),
}


def model_add(s: Any, element: Any) -> bool:
    before = len(s)
    s.add(element)
    return len(s) > before


def model_discard(s: Any, element: Any) -> bool:
    before = len(s)
    s.discard(element)
    return len(s) < before


SET_OWN: dict[str, Operation] = {
    "add_if_absent": Operation(lambda s: s.add_if_absent("v"), lambda s: model_add(s, "v")),
    "add_if_absent present": Operation(lambda s: s.add_if_absent("x"), lambda s: model_add(s, "x")),
    "discard_if_present": Operation(lambda s: s.discard_if_present("x"), lambda s: model_discard(s, "x")),
    "discard_if_present absent": Operation(lambda s: s.discard_if_present("v"), lambda s: model_discard(s, "v")),
    "drain": Operation(lambda s: s.drain(), model_drain),
}

SET_REFUSALS: dict[str, Operation] = alike(
    {
        "s | list": lambda s: s | ["v"],
        "list | s": lambda s: ["v"] | s,
        "s & dict": lambda s: s & {"v": 1},
        "s - str": lambda s: s - "v",
        "s ^ None": lambda s: s ^ None,
        "s |= list": lambda s: ior(s, ["v"]),
        "s &= list": lambda s: iand(s, ["v"]),
        "s -= list": lambda s: isub(s, ["v"]),
        "s ^= list": lambda s: ixor(s, ["v"]),
        "update None": lambda s: s.update(None),
        "isdisjoint None": lambda s: s.isdisjoint(None),
        "issuperset None": lambda s: s.issuperset(None),
        "== list": lambda s: s == ["x"],
        "< list": lambda s: s < ["x"],
        "hash": hash,
    }
) | {
    "update unhashable": Operation(  # the builtin adds the elements before it
        lambda s: s.update(["v", []]),
        lambda _: {[]},  # pyright: ignore[reportUnhashable]
    ),
}


def hooked_set(elements: str, pause: Callable[[], object]) -> set[Any]:
    return {Hooked(element, pause) for element in elements}


SET_STEPS: dict[str, Step] = {
    **alike_in_steps(
        {
            "add": lambda s, pause: s.add(Hooked("v", pause)),
            "add present": lambda s, pause: s.add(Hooked("x", pause)),
            "discard": lambda s, pause: s.discard(Hooked("x", pause)),
            "remove": lambda s, pause: s.remove(Hooked("x", pause)),
            "update": lambda s, pause: s.update(hooked_set("vwx", pause)),
            "update list": lambda s, pause: s.update([Hooked(e, pause) for e in "vx"], [Hooked("y", pause)]),
            "update generator": lambda s, pause: s.update(paused(pause, e) for e in "vwx"),
            "intersection_update": lambda s, pause: s.intersection_update([Hooked(e, pause) for e in "vxz"]),
            "difference_update": lambda s, pause: s.difference_update([Hooked(e, pause) for e in "vxz"]),
            "|=": lambda s, pause: ior(s, hooked_set("vwx", pause)),
            "&=": lambda s, pause: iand(s, hooked_set("vxz", pause)),
            "-=": lambda s, pause: isub(s, hooked_set("vxz", pause)),
            "^=": lambda s, pause: ixor(s, hooked_set("vxz", pause)),
            "|": lambda s, pause: s | hooked_set("vx", pause),
            "-": lambda s, pause: s - hooked_set("vx", pause),
            "^": lambda s, pause: s ^ hooked_set("vx", pause),
            "==": lambda s, pause: s == hooked_set("xyz", pause),
            "<=": lambda s, pause: s <= hooked_set("xyz", pause),
        }
    ),
    "add_if_absent": Step(
        lambda s, pause: s.add_if_absent(Hooked("x", pause)), lambda s, pause: model_add(s, Hooked("x", pause))
    ),
    "discard_if_present": Step(
        lambda s, pause: s.discard_if_present(Hooked("x", pause)), lambda s, pause: model_discard(s, Hooked("x", pause))
    ),
}

SET_LOOKUPS: dict[str, Step] = alike_in_steps(
    {
        "in": lambda s, pause: Hooked("half", pause) in s,
        "&": lambda s, pause: s & hooked_set("xh", pause) == {"x"},
        "reflected -": lambda s, pause: len(hooked_set("xh", pause) - s),
        ">=": lambda s, pause: s >= hooked_set("xy", pause),
        ">": lambda s, pause: s > hooked_set("x", pause),
        "issuperset": lambda s, pause: s.issuperset([Hooked("x", pause)]),
        "isdisjoint": lambda s, pause: s.isdisjoint([Hooked("half", pause)]),
    }
)


def set_half(s: Any) -> None:
    s.clear()
    s.add("half")


def set_whole(s: Any) -> None:
    s.remove("half")
    s.update(["x", "whole"])


def set_numbered(number: int, pause: Callable[[], object] | None) -> set[Any]:
    names = [f"{name} {number}" for name in NUMBERED]
    return {name if pause is None else Hooked(name, pause) for name in names}


def set_renumber(s: Any, number: int) -> None:
    """In two atomic steps, if nobody else writes: all elements, and then one less."""
    s ^= s ^ set_numbered(number, None)
    s.discard(f"{NUMBERED[0]} {number}")


def set_check_numbers(copied: Any) -> None:
    assert len({str(element).partition(" ")[2] for element in copied}) == 1, "torn"
    assert len(copied) in (len(NUMBERED), len(NUMBERED) - 1)


SET_CROSSINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a.update(b)": lambda a, b: a.update(b),
    "a |= b": ior,
    "a &= b": iand,
    "a -= b": isub,
    "a ^= b": ixor,
    "a | b": lambda a, b: a | b,
    "a & b": lambda a, b: a & b,
    "a - b": lambda a, b: a - b,
    "a ^ b": lambda a, b: a ^ b,
    "a.union(b)": lambda a, b: a.union(b),
    "a.intersection(b, b)": lambda a, b: a.intersection(b, b),
    "a.difference(b)": lambda a, b: a.difference(b),
    "a.difference_update(b)": lambda a, b: a.difference_update(b),
    "a.isdisjoint(b)": lambda a, b: a.isdisjoint(b),
    "a.issubset(b)": lambda a, b: a.issubset(b),
    "a.issuperset(b)": lambda a, b: a.issuperset(b),
    "a == b": lambda a, b: a == b,
    "a != b": lambda a, b: a != b,
    "a <= b": lambda a, b: a <= b,
    "a > b": lambda a, b: a > b,
}


def held_in(s: Any) -> Any:
    return next(element for element in s if element != "first")


SET_DISPLACING: dict[str, Callable[[Any], object]] = {
    "discard": lambda s: s.discard(held_in(s)),
    "remove": lambda s: s.remove(held_in(s)),
    "discard_if_present": lambda s: s.discard_if_present(held_in(s)),
    "pop": lambda s: (s.pop(), s.pop()) and None,  # noqa: SIM223
    "clear": lambda s: s.clear(),
    "drain": lambda s: s.drain() and None,
    "__init__": lambda s: s.__init__(["other"]),
    "&=": lambda s: iand(s, {"first"}),
    "intersection_update": lambda s: s.intersection_update(["first"]),
    "-=": lambda s: isub(s, {held_in(s)}),
    "difference_update by itself": lambda s: s.difference_update(s),
    "^=": lambda s: ixor(s, {held_in(s)}),
    "^= itself": lambda s: ixor(s, s),
}

SET_KIND = Kind(
    cls=LockedSet,
    builtin=set,
    contents=set(XYZ),
    generic=LockedSet.__class_getitem__(str),
    make=LockedSet,
    model=set,
    state=lambda s: sorted(set.__iter__(s), key=str),
    reads=alike(SET_READS),
    writes=alike(SET_WRITES) | SET_OWN,
    refusals=SET_REFUSALS,
    steps=SET_STEPS,
    lookups=SET_LOOKUPS,
    half=set_half,
    whole=set_whole,
    iterators={"iter": iter, "enumerate": enumerate},
    copies=SET_COPIES,
    numbered=set_numbered,
    renumber=set_renumber,
    check_numbers=set_check_numbers,
    crossings=SET_CROSSINGS,
    silent=frozenset({"a > b"}),
    holding=lambda value: {"first", value},
    displacing=SET_DISPLACING,
    inherited=frozenset({"__class_getitem__", "__getattribute__", "__new__", "__sizeof__"}),
)


# --- deque -----------------------------------------------------------------------------------------------------


def extended(other: Any, d: Any) -> Any:
    other.extend(d)
    return other


def compared(d: Any, name: str, other: Any) -> Any:
    return vars(operator)[name](d, other)


DEQUE_COPIES: dict[str, Callable[[Any], Any]] = {
    **{
        name: call
        for name, call in LIST_COPIES.items()
        if name not in ("json", "l.snapshot()", "l[:]", "l[::-1]", "l + []", "[] + l", "other[:] = l", "LockedList(l)")
    },
    "d.snapshot()": lambda d: d.snapshot() if hasattr(d, "snapshot") else d.copy(),
    "d + deque()": lambda d: d + deque[Any](),
    "deque() + d": lambda d: deque[Any]() + d,
    "other.extend(d)": lambda d: extended(deque[Any](), d),
    "LockedDeque(d)": LockedDeque,
}

DEQUE_READS: dict[str, Callable[[Any], Any]] = {
    **{
        name: call
        for name, call in LIST_READS.items()
        if name not in (*LIST_COPIES, "l[i:]", "l[::-2]", "l + other", "other + l", "join")
    },
    "repr": lambda d: unnamed(repr(d), d),
    "str": lambda d: unnamed(str(d), d),
    "==": lambda d: compared(d, "eq", deque(XYZ)),
    "!=": lambda d: compared(d, "ne", deque(XYZ)),
    "<": lambda d: compared(d, "lt", deque(["x", "y", "zz"])),
    "<=": lambda d: compared(d, "le", deque("xy")),
    ">": lambda d: compared(d, "gt", deque("xy")),
    ">=": lambda d: compared(d, "ge", deque(["x", "yy"])),
    "reflected ==": lambda d: compared(deque(XYZ), "eq", d),
    "reflected <": lambda d: compared(deque("xy"), "lt", d),
    "d + other": lambda d: d + deque("v"),
    "other + d": lambda d: deque("v") + d,
    "concat": lambda d: compared(d, "concat", deque("v")),
    **DEQUE_COPIES,
}

DEQUE_WRITES: dict[str, Callable[[Any], Any]] = {
    **{
        name: call
        for name, call in LIST_WRITES.items()
        if ":" not in name and name not in ("sort", "pop first", "pop out of range")
    },
    "iconcat": lambda d: compared(d, "iconcat", ["v"]) is d,
    "appendleft": lambda d: d.appendleft("v"),
    "extendleft": lambda d: d.extendleft("vw"),
    "extendleft by itself": lambda d: d.extendleft(d),
    "popleft": lambda d: d.popleft(),
    "rotate": lambda d: d.rotate(),
    "rotate back": lambda d: d.rotate(-4),
    "__init__": lambda d: d.__init__("vw"),
}

DEQUE_STEPS: dict[str, Step] = {
    **{name: LIST_STEPS[name] for name in ("l[i] = v", "del l[i]", "extend", "+=", "*=", "insert", "remove")},
    **alike_in_steps(
        {
            "extendleft": lambda d, pause: d.extendleft(paused(pause, v) for v in "vw"),
            "rotate": lambda d, pause: d.rotate(Number(1, pause)),
            "__init__": lambda d, pause: d.__init__(paused(pause, v) for v in "vw"),
            "==": lambda d, pause: d == deque(["x", "y", Hooked("z", pause)]),
        }
    ),
}

DEQUE_LOOKUPS: dict[str, Step] = {
    **{name: LIST_LOOKUPS[name] for name in ("l[i]", "in", "index", "count", "l * i")},
    **alike_in_steps({"==": lambda d, pause: d == deque([Hooked("x", pause), "half", "z"])}),
}


def deque_half(d: Any) -> None:
    d.clear()
    d.extend(["half"] * 2)


def deque_whole(d: Any) -> None:
    d.extend(["z", "whole", "y", "x", "whole"])
    d.popleft()
    d.popleft()


def deque_renumber(d: Any, number: int) -> None:
    """In two atomic steps: all items, and then one less."""
    d.__init__(list_numbered(number, None))
    d.pop()


def shortened(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """That makes a deque longer, but not ever longer."""

    def crossing(a: Any, b: Any) -> None:
        call(a, b)
        while len(a) > 24:
            a.pop()

    return crossing


def drop_left(d: Any) -> None:
    d.rotate()
    d.popleft()


DEQUE_CROSSINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a.extend(b)": shortened(lambda a, b: a.extend(b)),
    "a.extendleft(b)": shortened(lambda a, b: a.extendleft(b)),
    "a += b": shortened(extend),
    **{name: LIST_CROSSINGS[name] for name in ("a + b", "a == b", "a != b", "a < b", "a >= b", "b[0] in a")},
}

DEQUE_KIND = Kind(
    cls=LockedDeque,
    builtin=deque,
    contents=XYZ,
    generic=LockedDeque.__class_getitem__(str),
    make=LockedDeque,
    model=deque,
    state=lambda d: list(deque.__iter__(d)),
    reads=alike(DEQUE_READS),
    writes=alike(DEQUE_WRITES) | {"drain": Operation(lambda d: d.drain(), model_drain)},
    refusals=alike(
        {
            **{
                name: refusal.call
                for name, refusal in LIST_REFUSALS.items()
                if ":" not in name and name not in ("pop None", "== tuple", "< tuple")
            },
            "d[:]": lambda d: d[:],
            "del d[:]": lambda d: remove(d, slice(None)),
            "d + list": lambda d: compared(d, "add", ["v"]),
            "list + d": lambda d: compared(["v"], "add", d),
            "== list": lambda d: d == XYZ,
            "< list": lambda d: d < XYZ,
            "rotate None": lambda d: d.rotate(None),
            "json": json.dumps,
        }
    ),
    steps=DEQUE_STEPS,
    lookups=DEQUE_LOOKUPS,
    half=deque_half,
    whole=deque_whole,
    iterators={"iter": iter, "reversed": reversed, "enumerate": enumerate},
    copies=DEQUE_COPIES,
    numbered=list_numbered,
    renumber=deque_renumber,
    check_numbers=list_check_numbers,
    crossings=DEQUE_CROSSINGS,
    silent=frozenset({"a.extend(b)", "a.extendleft(b)", "a += b", "a + b"}),
    holding=lambda value: ["first", value],
    displacing={
        **{
            name: LIST_DISPLACING[name]
            for name in ("l[i] = v", "del l[i]", "*= 0", "pop", "remove", "clear", "drain", "__init__")
        },
        "popleft": drop_left,
    },
    nest=lambda d: d.append(d),
    inherited=frozenset({"__class_getitem__", "__getattribute__", "__new__", "__sizeof__"}),
)


# --- Counter ---------------------------------------------------------------------------------------------------


def add(d: Any, key: Any, n: Any) -> None:
    d[key] += n


def subtract(d: Any, key: Any, n: Any) -> None:
    d[key] -= n


def model_replace_count(d: Any, key: Any, value: Any) -> bool:
    if key not in d:
        return False
    d[key] = value
    return True


def model_increment(d: Any, key: Any, n: int) -> Any:
    d[key] += n
    return d[key]


def in_place(name: str, other: str) -> Callable[[Any], None]:
    by: Callable[[Any, Any], object] = vars(operator)[name]

    def change(d: Any) -> None:
        assert by(d, Counter(other)) is d

    return change


COUNTER_READS: dict[str, Callable[[Any], Any]] = {
    **DICT_READS,
    "c[k]": lambda d: d["b"],
    "c[absent]": lambda d: d["half"],
    "format_map": "{a}{b}".format_map,
    "most_common": lambda d: d.most_common(),
    "most_common(1)": lambda d: d.most_common(1),
    "elements": lambda d: list(d.elements()),
    "total": lambda d: d.total(),
    "+c": lambda d: +d,
    "-c": lambda d: -d,
    "c + other": lambda d: d + Counter("ax"),
    "other + c": lambda d: Counter("ax") + d,
    "c - other": lambda d: d - Counter("ax"),
    "other - c": lambda d: Counter("ax") - d,
    "c & other": lambda d: d & Counter("ax"),
    "other & c": lambda d: Counter("ax") & d,
    "c | other": lambda d: d | Counter("ax"),
    "other | c": lambda d: Counter("ax") | d,
    "c + c": lambda d: d + d,
    "c == other": lambda d: d == Counter("abbccc"),
    "c != other": lambda d: d != Counter("abbccc"),
    "c <= other": lambda d: d <= Counter("abbccc"),
    "c < other": lambda d: d < Counter("abbcccd"),
    "other >= c": lambda d: Counter("abbccc") >= d,
    "c == c": lambda d: compared(d, "eq", d),
}

COUNTER_WRITES: dict[str, Operation] = {
    **alike(
        {
            **{name: write for name, write in DICT_WRITES.items() if name != "|= pairs"},
            "c[k] += n": lambda d: add(d, "b", 3),
            "c[absent] += n": lambda d: add(d, "x", 3),
            "c[k] -= n": lambda d: subtract(d, "b", 3),
            "update text": lambda d: d.update("abxx"),
            "update by itself": lambda d: d.update(d),
            "subtract by itself": lambda d: d.subtract(d),
            "subtract": lambda d: d.subtract("abxx"),
            "subtract mapping": lambda d: d.subtract({"a": 5}, x=1),
            "c += other": in_place("iadd", "abx"),
            "c -= other": in_place("isub", "abx"),
            "c &= other": in_place("iand", "abx"),
            "c |= other": in_place("ior", "aabx"),
        }
    ),
    **{name: operation for name, operation in DICT_OWN.items() if name != "replace"},
    "replace": Operation(lambda d: d.replace("b", 9), lambda d: model_replace_count(d, "b", 9)),
    "increment": Operation(lambda d: d.increment("b"), lambda d: model_increment(d, "b", 1)),
    "increment absent": Operation(lambda d: d.increment("x", 4), lambda d: model_increment(d, "x", 4)),
    "decrement": Operation(lambda d: d.decrement("b", 4), lambda d: model_increment(d, "b", -4)),
}


def counter_half(d: Any) -> None:
    for key in ABC:
        d[key] = 50
    d["half"] = 50


def counter_whole(d: Any) -> None:
    del d["half"]
    for key in ABC:
        d[key] = 60


def counter_renumber(d: Any, number: int) -> None:
    """As for a dict, by a dict's update: a counter's own one adds."""
    LockedDict.update(d, dict.fromkeys(NUMBERED, number))
    d.pop(NUMBERED[number % len(NUMBERED)], None)


def kept_small(call: Callable[[Any, Any], object]) -> Callable[[Any, Any], None]:
    """That makes counts larger, but not ever larger."""

    def crossing(a: Any, b: Any) -> None:
        call(a, b)
        for key in list(a):
            a[key] = 1

    return crossing


COUNTER_CROSSINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a.update(b)": kept_small(lambda a, b: a.update(b)),
    "a.subtract(b)": kept_small(lambda a, b: a.subtract(b)),
    "a += b": kept_small(vars(operator)["iadd"]),
    "a -= b": kept_small(vars(operator)["isub"]),
    "a &= b": kept_small(vars(operator)["iand"]),
    "a |= b": kept_small(ior),
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a & b": lambda a, b: a & b,
    "a | b": lambda a, b: a | b,
    "a == b": lambda a, b: a == b,
    "a <= b": lambda a, b: a <= b,
}

COUNTER_KIND = replace(
    dict_kind(LockedCounter, dict, LockedCounter, Counter),
    builtin=Counter,
    generic=LockedCounter.__class_getitem__(str),
    reads=alike(COUNTER_READS),
    writes=COUNTER_WRITES,
    refusals={
        **{name: refusal for name, refusal in DICT_REFUSALS.items() if name != "update bad pairs"},
        **alike({"|= pairs": DICT_WRITES["|= pairs"], "fromkeys": lambda d: d.fromkeys("ab")}),
    },
    steps={
        **{name: step for name, step in DICT_STEPS.items() if name != "update keys()"},
        "replace": Step(
            lambda d, pause: d.replace(Hooked("a", pause), 7),
            lambda d, pause: model_replace_count(d, Hooked("a", pause), 7),
        ),
    },
    half=counter_half,
    whole=counter_whole,
    renumber=counter_renumber,
    crossings=COUNTER_CROSSINGS,
    displacing={  # an update adds to what it displaces, and this cannot be added to
        name: displace for name, displace in DICT_DISPLACING.items() if name not in ("update", "|=", "__init__")
    },
    nest=None,  # a Counter's repr has no end then
    inherited=DICT_INHERITED | {"_keep_positive"},
)


KINDS = [
    dict_kind(LockedDict, dict, LockedDict, dict),
    dict_kind(
        LockedDefaultDict,
        defaultdict,
        lambda contents: LockedDefaultDict(list, contents),
        lambda contents: defaultdict(list, contents),
        is_subclass=False,
    ),
    LIST_KIND,
    SET_KIND,
    DEQUE_KIND,
    COUNTER_KIND,
]

from .sorted_kinds import SORTED_KINDS  # noqa: E402  (they build on what is above)

KINDS += SORTED_KINDS

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
