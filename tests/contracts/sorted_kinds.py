# pyright: basic
"""The sorted three as the tests of the promises see them: a part of the table in kinds.py."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sortedcontainers import SortedDict, SortedKeyList, SortedList, SortedSet

from lockedcontainers import ABSENT, LockedSortedDict, LockedSortedKeyList, LockedSortedList, LockedSortedSet

from .kinds import (
    DICT_COPIES,
    NUMBERED,
    Hooked,
    Kind,
    Operation,
    Step,
    alike,
    alike_in_steps,
    dict_kind,
    ior,
    paused,
    unnamed,
)


class InOrder(Hooked):
    """A string that runs the code of a user where it is ordered, too."""

    def __lt__(self, other: str) -> bool:
        self.pause()
        return super().__lt__(other)

    def __gt__(self, other: str) -> bool:
        self.pause()
        return super().__gt__(other)


def in_order(values: str, pause: Callable[[], object]) -> list[Any]:
    return [InOrder(value, pause) for value in values]


def remove_at(container: Any, at: Any) -> None:
    del container[at]


def iadd(one: Any, other: Any) -> None:
    one += other


def imul(one: Any, times: Any) -> None:
    one *= times


def model_drain(model: Any) -> list[Any]:
    values = list(model)
    model.clear()
    return values


def model_pop_first_if(model: Any, predicate: Callable[[Any], object]) -> Any:
    return model.pop(0) if len(model) and predicate(model[0]) else ABSENT


# --- What the list and the set have in common --------------------------------------------------------------------

COPIES: dict[str, Callable[[Any], Any]] = {
    "copy()": lambda c: c.copy(),
    "copy.copy(c)": copy.copy,
    "copy.deepcopy(c)": copy.deepcopy,
    "pickle": lambda c: pickle.loads(pickle.dumps(c)),
    "snapshot": lambda c: c.snapshot() if hasattr(c, "snapshot") else list(c),
    "list(c)": lambda c: list(c),  # noqa: PLW0108  (the call is what is tested)
    "sorted(c)": sorted,
    "[*c]": lambda c: [*c],
    "c[:]": lambda c: c[:],
    "type(c)(c)": lambda c: type(c)(c),
    "LockedSortedList(c)": lambda c: list(LockedSortedList(c)),
}

READS: dict[str, Callable[[Any], Any]] = {
    "len": len,
    "bool": bool,
    "in": lambda c: "half" in c,
    "not in": lambda c: "b" not in c,
    "[0]": lambda c: c[0],
    "[-1]": lambda c: c[-1],
    "[9]": lambda c: c[9],
    "[1:]": lambda c: c[1:],
    "[::-1]": lambda c: c[::-1],
    "iter": list,
    "reversed": lambda c: list(reversed(c)),
    "count": lambda c: c.count("half"),
    "index": lambda c: c.index("half"),
    "index between": lambda c: c.index("b", 1, 9),
    "bisect_left": lambda c: c.bisect_left("half"),
    "bisect_right": lambda c: c.bisect_right("half"),
    "bisect": lambda c: c.bisect("b"),
    "irange": lambda c: list(c.irange("b")),
    "irange reverse": lambda c: list(c.irange("a", "half", (False, True), reverse=True)),
    "islice": lambda c: list(c.islice(1)),
    "islice reverse": lambda c: list(c.islice(0, 2, reverse=True)),
    "repr": lambda c: unnamed(repr(c), c),
    **COPIES,
}

WRITES: dict[str, Callable[[Any], Any]] = {
    "add": lambda c: c.add("b2"),
    "add present": lambda c: c.add("b"),
    "discard": lambda c: c.discard("a"),
    "discard absent": lambda c: c.discard("half"),
    "remove": lambda c: c.remove("a"),
    "pop": lambda c: c.pop(),
    "pop first": lambda c: c.pop(0),
    "pop far": lambda c: c.pop(9),
    "del [0]": lambda c: remove_at(c, 0),
    "del [9]": lambda c: remove_at(c, 9),
    "del [:2]": lambda c: remove_at(c, slice(2)),
    "del [::-2]": lambda c: remove_at(c, slice(None, None, -2)),
    "update": lambda c: c.update(["x", "b", "a2"]) and None,
    "clear": lambda c: c.clear(),
}

OWN: dict[str, Operation] = {
    "pop_first_if": Operation(
        lambda c: c.pop_first_if(lambda first: first < "b"), lambda c: model_pop_first_if(c, lambda first: first < "b")
    ),
    "pop_first_if not": Operation(lambda c: c.pop_first_if(lambda first: first > "z"), lambda _: ABSENT),
    "drain": Operation(lambda c: c.drain(), model_drain),
}

REFUSALS: dict[str, Callable[[Any], Any]] = {
    "hash": hash,
    "c == 5": lambda c: c == 5,
    "c < 5": lambda c: c < 5,
    "c[None]": lambda c: c["a"],
    "del c[None]": lambda c: remove_at(c, "a"),
    "pop None": lambda c: c.pop("a"),
    "bisect 5": lambda c: c.bisect(5),
    "index 5": lambda c: c.index(5),
    "irange 5": lambda c: list(c.irange(5)),
    "update None": lambda c: c.update(5),
    "c.x": lambda c: c.x,
}

STEPS: dict[str, Step] = {
    **alike_in_steps(
        {
            "add": lambda c, pause: c.add(InOrder("b2", pause)),
            "discard": lambda c, pause: c.discard(InOrder("b", pause)),
            "remove": lambda c, pause: c.remove(InOrder("b", pause)),
            "update": lambda c, pause: c.update(in_order("xwb", pause)) and None,
            "update generator": lambda c, pause: c.update(paused(pause, value) for value in "xwb") and None,
            "bisect": lambda c, pause: c.bisect(InOrder("b", pause)),
            "irange": lambda c, pause: list(c.irange(InOrder("b", pause))),
            "==": lambda c, pause: c == type(c)(in_order("abc", pause)),
        }
    ),
    "pop_first_if": Step(
        lambda c, pause: c.pop_first_if(lambda first: paused(pause, first < "b")),
        lambda c, pause: model_pop_first_if(c, lambda first: paused(pause, first < "b")),
    ),
}

LOOKUPS: dict[str, Step] = alike_in_steps(
    {
        "in": lambda c, pause: InOrder("half", pause) in c,
        "index": lambda c, pause: c.index(InOrder("b", pause)),
        "bisect_left": lambda c, pause: c.bisect_left(InOrder("half", pause)),
        "irange": lambda c, pause: list(c.irange(InOrder("b", pause), "half")),
    }
)

DISPLACING: dict[str, Callable[[Any], object]] = {
    "pop": lambda c: c.pop() and None,
    "pop first": lambda c: c.pop(0) and None,
    "pop_first_if": lambda c: c.pop_first_if(lambda _: True) and None,
    "del [0]": lambda c: remove_at(c, 0),
    "del [:]": lambda c: remove_at(c, slice(None)),
    "clear": lambda c: c.clear(),
    "drain": lambda c: c.drain() and None,
    "__init__": lambda c: c.__init__(["other"]),
}


def half(c: Any) -> None:
    c.clear()
    c.add("half")


def whole(c: Any) -> None:
    c.remove("half")
    c.update(["b", "whole"])


def numbered(number: int, pause: Callable[[], object] | None) -> list[Any]:
    names = [f"{name} {number}" for name in sorted(NUMBERED)]
    return [name if pause is None else InOrder(name, pause) for name in names]


def renumber(c: Any, number: int) -> None:
    """In two atomic steps, if nobody else writes: all values, and then one less."""
    c.__init__(numbered(number, None))
    c.pop()


def check_numbers(copied: Any) -> None:
    assert len({str(value).partition(" ")[2] for value in copied}) == 1, "torn"
    assert len(copied) in (len(NUMBERED), len(NUMBERED) - 1)


#: What abc's mixins offer and Sorted Containers' types refuse, and what touches no storage.
INHERITED = frozenset(
    """
    __class_getitem__ __getattribute__ __new__ __sizeof__ __subclasshook__ __init_subclass__ __setitem__
    append extend insert reverse
    """.split()
)


# --- list ----------------------------------------------------------------------------------------------------------


def trimmed(container: Any, change: Callable[[], object]) -> None:
    """Again and again it would grow without end."""
    change()
    del container[12:]


LIST_CROSSINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a.update(b)": lambda a, b: trimmed(a, lambda: a.update(b)),
    "a += b": lambda a, b: trimmed(a, lambda: iadd(a, b)),
    "a + b": operator.add,
    "a == b": operator.eq,
    "a != b": operator.ne,
    "a < b": operator.lt,
    "a >= b": operator.ge,
}


def getitem(cls: Any, parameter: Any) -> Any:
    return cls.__class_getitem__(parameter)


def values_of(container: Any) -> list[Any]:
    return [value for values in container._lists for value in values]


def list_kind(cls: type[Any], model: type[Any], also: dict[str, Operation]) -> Kind:
    return Kind(
        cls=cls,
        builtin=model,
        contents=list("cab"),
        generic=getitem(cls, str),
        make=cls,
        model=model,
        state=values_of,
        reads=alike(READS)
        | alike(
            {
                "==": lambda c: c == ["a", "b", "c"],
                "!=": lambda c: c != ["a", "b", "c"],
                "<": lambda c: c < ["a", "b", "d"],
                "<=": lambda c: c <= ["a", "b", "c"],
                ">": lambda c: c > ["a", "b", "c"],
                ">=": lambda c: c >= ["half"],
                "+": lambda c: operator.add(c, ["b", "x"]),
                "reflected +": lambda c: operator.add(["b", "x"], c),
                "*": lambda c: c * 2,
                "reflected *": lambda c: 2 * c,
            }
        )
        | also,
        writes=alike(WRITES)
        | OWN
        | alike(
            {
                "remove absent": lambda c: c.remove("a2"),
                "+=": lambda c: iadd(c, ["x", "b"]),
                "*= 2": lambda c: imul(c, 2),
            }
        ),
        refusals=alike(REFUSALS)
        | alike(
            {
                "add 5": lambda c: c.add(5),
                "5 in": lambda c: 5 in c,
                "append": lambda c: c.append("d"),
                "extend": lambda c: c.extend("d"),
                "insert": lambda c: c.insert(0, "a"),
                "reverse": lambda c: c.reverse(),
                "c[0] = v": lambda c: operator.setitem(c, 0, "a"),
                "+ 5": lambda c: c + 5,
                "* None": lambda c: c * "a",
            }
        )
        # The plain one has added them by then.
        | {"update incomparable": Operation(lambda c: c.update([5]), lambda _: sorted([5, ""]))},
        steps=STEPS
        | alike_in_steps(
            {
                "+": lambda c, pause: c + in_order("xb", pause),
                "+=": lambda c, pause: iadd(c, in_order("xb", pause)),
                "count": lambda c, pause: c.count(InOrder("b", pause)),
            }
        ),
        lookups=LOOKUPS | alike_in_steps({"count": lambda c, pause: c.count(InOrder("half", pause))}),
        half=half,
        whole=whole,
        iterators={
            "iter": iter,
            "reversed": reversed,
            "irange": lambda c: c.irange("a"),
            "irange reverse": lambda c: c.irange(None, "z z", reverse=True),
            "islice": lambda c: c.islice(0),
            "enumerate": enumerate,
        },
        copies=COPIES,
        numbered=numbered,
        renumber=renumber,
        check_numbers=check_numbers,
        crossings=LIST_CROSSINGS,
        holding=lambda value: [value],
        displacing=DISPLACING,
        inherited=INHERITED,
    )


# --- set -----------------------------------------------------------------------------------------------------------

SET_CROSSINGS: dict[str, Callable[[Any, Any], Any]] = {
    "a.update(b)": lambda a, b: a.update(b) and None,
    "a.difference_update(b)": lambda a, b: a.difference_update(b) and None,
    "a.intersection_update(b)": lambda a, b: a.intersection_update(b) and None,
    "a.symmetric_difference_update(b)": lambda a, b: a.symmetric_difference_update(b) and None,
    "a |= b": ior,
    "a | b": operator.or_,
    "a & b": operator.and_,
    "a - b": operator.sub,
    "a ^ b": operator.xor,
    "a == b": operator.eq,
    "a != b": operator.ne,
    "a <= b": operator.le,
    "a.isdisjoint(b)": lambda a, b: a.isdisjoint(b),
    "a.issubset(b)": lambda a, b: a.issubset(b),
    "a.issuperset(b)": lambda a, b: a.issuperset(b),
}


def model_add(model: Any, value: Any) -> bool:
    before = len(model)
    model.add(value)
    return len(model) > before


def model_discard(model: Any, value: Any) -> bool:
    before = len(model)
    model.discard(value)
    return len(model) < before


SET_KIND = Kind(
    cls=LockedSortedSet,
    builtin=SortedSet,
    contents=list("cab"),
    generic=getitem(LockedSortedSet, str),
    make=LockedSortedSet,
    model=SortedSet,
    plain=list,
    state=lambda s: values_of(s._list),
    reads=alike(READS)
    | alike(
        {
            "==": lambda s: s == {"a", "b", "c"},
            "!=": lambda s: s != {"a", "b", "c"},
            "<": lambda s: s < {"a", "b", "c", "d"},
            "<=": lambda s: s <= {"a", "b", "c"},
            ">": lambda s: s > {"a", "b"},
            ">=": lambda s: s >= {"half"},
            "|": lambda s: s | {"x"},
            "&": lambda s: s & {"a", "half"},
            "-": lambda s: s - {"a"},
            "^": lambda s: s ^ {"a", "x"},
            "reflected |": lambda s: {"x"} | s,
            "reflected -": lambda s: {"a", "half"} - s,
            "union": lambda s: s.union(["x"], "y"),
            "intersection": lambda s: s.intersection(["a", "half"], "a"),
            "difference": lambda s: s.difference("a", "b"),
            "symmetric_difference": lambda s: s.symmetric_difference("ax"),
            "isdisjoint": lambda s: s.isdisjoint(["half"]),
            "issubset": lambda s: s.issubset("abcd"),
            "issuperset": lambda s: s.issuperset(["half"]),
        }
    ),
    writes=alike(WRITES)
    | OWN
    | alike(
        {
            "remove absent": lambda s: s.remove("a2"),
            "|=": lambda s: ior(s, {"x", "b"}),
            "difference_update": lambda s: s.difference_update("ax") and None,
            "intersection_update": lambda s: s.intersection_update("ax") and None,
            "symmetric_difference_update": lambda s: s.symmetric_difference_update("ax") and None,
        }
    )
    | {
        "add_if_absent": Operation(lambda s: s.add_if_absent("half"), lambda s: model_add(s, "half")),
        "add_if_absent present": Operation(lambda s: s.add_if_absent("b"), lambda s: model_add(s, "b")),
        "discard_if_present": Operation(lambda s: s.discard_if_present("b"), lambda s: model_discard(s, "b")),
        "discard_if_present absent": Operation(lambda s: s.discard_if_present("x"), lambda s: model_discard(s, "x")),
    },
    refusals=alike(REFUSALS)
    | alike(
        {
            "add unhashable": lambda s: s.add([]),
            "[] in": lambda s: [] in s,
            "5 in": lambda s: 5 in s,
            "discard 5": lambda s: s.discard(5),
            "isdisjoint 5": lambda s: s.isdisjoint(5),
        }
    )
    | {  # The plain one has hashed it by then.
        "add 5": Operation(lambda s: s.add(5), lambda _: sorted([5, ""])),
        "update incomparable": Operation(lambda s: s.update([5]), lambda _: sorted([5, ""])),
    },
    steps=STEPS
    | alike_in_steps(
        {
            "|=": lambda s, pause: ior(s, set(in_order("xb", pause))),
            "difference_update": lambda s, pause: s.difference_update(in_order("xb", pause)) and None,
            "intersection_update": lambda s, pause: s.intersection_update(in_order("xb", pause)) and None,
            "symmetric_difference_update": lambda s, pause: (
                s.symmetric_difference_update(in_order("xb", pause)) and None
            ),
        }
    )
    | {
        "add_if_absent": Step(
            lambda s, pause: s.add_if_absent(InOrder("x", pause)), lambda s, pause: model_add(s, InOrder("x", pause))
        ),
        "discard_if_present": Step(
            lambda s, pause: s.discard_if_present(InOrder("b", pause)),
            lambda s, pause: model_discard(s, InOrder("b", pause)),
        ),
    },
    lookups=LOOKUPS
    | alike_in_steps(
        {
            "count": lambda s, pause: s.count(InOrder("half", pause)),
            "isdisjoint": lambda s, pause: s.isdisjoint([InOrder("half", pause)]),
            "issuperset": lambda s, pause: s.issuperset([InOrder("b", pause)]),
        }
    ),
    half=half,
    whole=whole,
    iterators={
        "iter": iter,
        "reversed": reversed,
        "irange": lambda s: s.irange("a"),
        "islice": lambda s: s.islice(0),
        "enumerate": enumerate,
    },
    copies=COPIES,
    numbered=numbered,
    renumber=renumber,
    check_numbers=check_numbers,
    crossings=SET_CROSSINGS,
    holding=lambda value: [value],
    displacing=DISPLACING,
    inherited=INHERITED,
)


# --- dict ----------------------------------------------------------------------------------------------------------

DICT_READS: dict[str, Callable[[Any], Any]] = {
    "peekitem": lambda d: d.peekitem(),
    "peekitem first": lambda d: d.peekitem(0),
    "peekitem far": lambda d: d.peekitem(9),
    "keys()[0]": lambda d: d.keys()[0],
    "keys()[:2]": lambda d: d.keys()[:2],
    "values()[0]": lambda d: d.values()[0],
    "values()[1:]": lambda d: d.values()[1:],
    "items()[-1]": lambda d: d.items()[-1],
    "items()[::-1]": lambda d: d.items()[::-1],
    "keys().index": lambda d: d.keys().index("half"),
    "values().count": lambda d: d.values().count(2),
    "index": lambda d: d.index("half"),
    "bisect_left": lambda d: d.bisect_left("half"),
    "bisect": lambda d: d.bisect("b"),
    "irange": lambda d: list(d.irange("b")),
    "islice": lambda d: list(d.islice(1)),
}


def model_pop_first_item_if(d: Any, predicate: Callable[[Any, Any], object]) -> Any:
    return d.popitem(0) if len(d) and predicate(*d.peekitem(0)) else ABSENT


def hooked_keys(number: int, pause: Callable[[], object] | None) -> dict[Any, int]:
    return {key if pause is None else InOrder(key, pause): number for key in NUMBERED}


def items_of(d: Any) -> list[Any]:
    values = {id(key): value for key, value in dict.items(d)}
    return [(key, values[id(key)]) for key in values_of(d._list)]


SORTED_DICT = dict_kind(LockedSortedDict, SortedDict, LockedSortedDict, SortedDict)
OTHERWISE = {"repr(keys)", "repr(values)", "repr(items)", "mapping of keys"}  # by another name, or not there

DICT_KIND = replace(
    SORTED_DICT,
    state=items_of,
    reads={name: read for name, read in SORTED_DICT.reads.items() if name not in OTHERWISE} | alike(DICT_READS),
    writes={
        **SORTED_DICT.writes,
        **alike(
            {
                "popitem first": lambda d: d.popitem(0),
                "popitem far": lambda d: d.popitem(9),
                "del keys()[0]": lambda d: remove_at(d.keys(), 0),
                "del items()[:2]": lambda d: remove_at(d.items(), slice(2)),
            }
        ),
        "pop_first_if": Operation(
            lambda d: d.pop_first_if(lambda key, value: key < "b" and value == 1),
            lambda d: model_pop_first_item_if(d, lambda key, value: key < "b" and value == 1),
        ),
        "pop_first_if not": Operation(lambda d: d.pop_first_if(lambda *_: False), lambda _: ABSENT),
    },
    steps={
        **SORTED_DICT.steps,
        **alike_in_steps(
            {
                "d[new in order] = v": lambda d, pause: operator.setitem(d, InOrder("b2", pause), 7),
                "pop in order": lambda d, pause: d.pop(InOrder("a", pause)),
                "bisect": lambda d, pause: d.bisect(InOrder("b", pause)),
                "update in order": lambda d, pause: d.update(dict.fromkeys(in_order("xb", pause), 7)),
            }
        ),
        "pop_first_if": Step(
            lambda d, pause: d.pop_first_if(lambda key, _: paused(pause, key < "b")),
            lambda d, pause: model_pop_first_item_if(d, lambda key, _: paused(pause, key < "b")),
        ),
    },
    iterators={**SORTED_DICT.iterators, "irange": lambda d: d.irange("a"), "islice": lambda d: d.islice(0)},
    copies={**DICT_COPIES, "LockedSortedDict(d)": LockedSortedDict},
    numbered=hooked_keys,
    # A set of items of which some are not comparable has no order.
    crossings={name: call for name, call in SORTED_DICT.crossings.items() if name != "a.items() ^ b.items()"},
    inherited=SORTED_DICT.inherited | {"get"},
)

SORTED_KINDS = [
    list_kind(LockedSortedList, SortedList, {}),
    list_kind(
        LockedSortedKeyList,
        SortedKeyList,
        alike(
            {
                "irange_key": lambda c: list(c.irange_key("b")),
                "bisect_key": lambda c: c.bisect_key("half"),
                "bisect_key_left": lambda c: c.bisect_key_left("half"),
            }
        ),
    ),
    SET_KIND,
    DICT_KIND,
]
