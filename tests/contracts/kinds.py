# pyright: basic
"""The table that binds the tests of the promises to classes: a class added here is tested for every promise.

An operation is told to the tests as a function of the container, which works on the twin and on its builtin, or as
two functions where the builtin has no such operation. Its result must be plain data that says what the operation saw.
"""

from __future__ import annotations

import copy
import json
import pickle
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import get_ident
from types import SimpleNamespace
from typing import Any, Self

import pytest

from lockedcontainers import ABSENT, LockedDefaultDict, LockedDict


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
    return text.removeprefix(type(container).__name__)


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


KINDS = [
    dict_kind(LockedDict, dict, LockedDict, dict),
    dict_kind(
        LockedDefaultDict,
        defaultdict,
        lambda contents: LockedDefaultDict(list, contents),
        lambda contents: defaultdict(list, contents),
        is_subclass=False,
    ),
]

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
