# pyright: basic
"""What users pass containers to, and what that does with them: the table of docs/how-to/interoperate.md.

Each row says, for each kind of container:

* "one moment"   it waits for a section of another thread, and sees the container as of one moment;
* "steps"        it waits, but looks several times, and another thread may write in between;
* "storage"      it reads the storage of the builtin, and neither waits nor asks;
* "itself"       it passes the container on;
* "refused"      it takes the builtin, or not even that, and raises.
"""

from __future__ import annotations

import bisect
import copy
import csv
import dataclasses
import functools
import heapq
import importlib
import io
import itertools
import json
import marshal
import operator
import pickle
import pprint
import re
import sqlite3
import string
import subprocess
import sys
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sortedcontainers import SortedDict, SortedList, SortedSet

from lockedcontainers import (
    LockedCounter,
    LockedDefaultDict,
    LockedDeque,
    LockedDict,
    LockedList,
    LockedSet,
    LockedSortedDict,
    LockedSortedList,
    LockedSortedSet,
)

#: Time enough for a call that need not wait.
MOMENT = 0.02
PATIENCE = 30.0

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "interoperate.md"

use = importlib.import_module
Need = Callable[[str], Any]


@pytest.fixture
def need(without_wheel: frozenset[str]) -> Need:
    """Imports a package, or skips the test where there is no wheel of it; all others must be there."""

    def load(package: str) -> Any:
        if package in without_wheel:
            pytest.skip(f"there is no wheel of {package} for this Python")
        return use(package)

    return load


def test_where_there_is_a_wheel_of_each_package_none_is_left_out(without_wheel: frozenset[str]) -> None:
    assert not without_wheel or sys.version_info >= (3, 13)


def elsewhere(call: Callable[[], Any]) -> Any:
    """What a call returns in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result(PATIENCE)


# --- The containers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A class, and what is in its containers, and a change of that in two steps, and what is then in them."""

    cls: type[Any]
    builtin: type[Any]
    contents: Any
    half: Callable[[Any], object]
    whole: Callable[[Any], object]

    def changed(self) -> Any:
        model = self.builtin(self.contents)
        self.half(model)
        self.whole(model)
        return model


def half_of_a_set(s: Any) -> None:
    s.remove("x")
    s.add("half")


def other_half_of_a_set(s: Any) -> None:
    s.remove("y")
    s.add("whole")


CASES = {
    "dict": Case(
        LockedDict,
        dict,
        {"a": "x", "b": "y"},
        lambda d: operator.setitem(d, "a", "half"),
        lambda d: operator.setitem(d, "b", "whole"),
    ),
    "list": Case(
        LockedList,
        list,
        ["x", "y"],
        lambda xs: operator.setitem(xs, 0, "half"),
        lambda xs: operator.setitem(xs, 1, "whole"),
    ),
    "set": Case(LockedSet, set, {"x", "y"}, half_of_a_set, lambda s: s.add("whole")),
    "deque": Case(
        LockedDeque,
        deque,
        ["x", "y"],
        lambda d: operator.setitem(d, 0, "half"),
        lambda d: operator.setitem(d, 1, "whole"),
    ),
    "counter": Case(
        LockedCounter,
        Counter,
        {"a": 1, "b": 2},
        lambda c: operator.setitem(c, "a", 3),
        lambda c: operator.setitem(c, "b", 4),
    ),
    "sorted dict": Case(
        LockedSortedDict,
        SortedDict,
        {"a": "x", "b": "y"},
        lambda d: operator.setitem(d, "a", "half"),
        lambda d: operator.setitem(d, "b", "whole"),
    ),
    "sorted list": Case(LockedSortedList, SortedList, ["x", "y"], half_of_a_set, other_half_of_a_set),
    "sorted set": Case(LockedSortedSet, SortedSet, ["x", "y"], half_of_a_set, other_half_of_a_set),
}


# --- The table ---------------------------------------------------------------------------------------------------


def words(text: Any) -> list[str]:
    """What of the contents is in a text, in whatever form and order."""
    return sorted(re.findall(r"\b(?:a|b|x|y|half|whole|[1-4])\b", str(text)))


def unordered(result: Any) -> Any:
    return sorted(result) if isinstance(result, (list, tuple, set)) else result


@dataclass(frozen=True)
class Row:
    name: str
    #: For each of the cases.
    verdicts: tuple[str, ...]
    call: Callable[[Any], Any]
    requires: str = ""
    #: What is compared of the result.
    read: Callable[[Any], Any] = unordered
    #: Whether a subclass with Python methods is treated otherwise, so that another thread cannot be let in by one.
    by_c: bool = False


def snapshot(c: Any) -> Any:
    """That of a twin; of the builtin, what is equal to it."""
    return c.snapshot() if hasattr(c, "snapshot") else PLAIN.get(type(c), lambda c: c)(c)


#: What a sorted container's snapshot is.
PLAIN: dict[type, Callable[[Any], Any]] = {SortedDict: dict, SortedList: list, SortedSet: list}


def parsed(text: Any) -> Any:
    return unordered(json.loads(text))


@dataclass
class Record:
    field: Any


def attrs_record(c: Any) -> Any:
    return use("attrs").make_class("Record", ["field"])(c)


def adapter(c: Any) -> Any:
    return use("pydantic").TypeAdapter(dict if type(c) is SortedDict else type(c))  # it knows none of theirs


def builtin_adapter(c: Any) -> Any:
    return use("pydantic").TypeAdapter(builtin_of(c))


def builtin_of(c: Any) -> Any:
    """The last in the table is of the most particular class."""
    return [case.builtin for case in CASES.values() if isinstance(c, case.builtin)][-1]


def annotation(c: Any) -> Any:
    """What a user writes for such a container with its elements, where the locked type is not known."""
    if isinstance(c, Counter):
        return Counter[str]
    if isinstance(c, dict):
        return dict[str, str]
    return {SortedList: list, SortedSet: set}.get(builtin_of(c), builtin_of(c))[str]


def queried(c: Any) -> Any:
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute("SELECT :a, :b" if isinstance(c, dict) else "SELECT ?, ?", c).fetchone()


def bound(c: Any) -> Any:
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute("SELECT ?", (c,)).fetchone()


def written(c: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(c)
    return out.getvalue()


def matched(subject: Any) -> Any:
    match subject:
        case {"a": first, "b": second}:
            return first, second
        case [first, second]:
            return first, second
    return None


def positional(*args: Any) -> Any:
    return args


def keywords(**kwargs: Any) -> Any:
    return kwargs


def heapified(c: Any) -> Any:
    heapq.heapify(c)
    return list.copy(c)


ONE, STEPS, STORAGE, ITSELF, REFUSED, NONE = "one moment", "steps", "storage", "itself", "refused", "-"
ALL_ONE = (ONE,) * 8

ROWS = [
    Row("`sorted(c)`, `min`, `max`, `list`, `tuple`", ALL_ONE, sorted),
    Row(
        "`set(c)`, `frozenset(c)`, `{*c}`, `other.update(c)` of a set",
        (ONE, ONE, STORAGE, ONE, ONE, ONE, ONE, ONE),
        lambda c: {*c},
    ),
    Row("`f(*c)`, `[*c]`", ALL_ONE, lambda c: positional(*c)),
    Row(
        "`f(**c)`, `{**c}`, `dict(c)`",
        (ONE, NONE, NONE, NONE, ONE, ONE, NONE, NONE),
        lambda c: keywords(**c),
        by_c=True,
    ),
    Row('`"".join(c)`', ALL_ONE, lambda c: sorted("".join(c))),
    Row("`functools.reduce`, `sum`, `any`, `all`", ALL_ONE, lambda c: functools.reduce(max, c)),
    Row("`itertools.chain(c)`, `zip`, `map`, `filter`, `enumerate`", ALL_ONE, lambda c: list(itertools.chain(c))),
    Row(
        "`operator.itemgetter(0, 1)(c)`",
        (STEPS, STEPS, NONE, STEPS, STEPS, STEPS, STEPS, STEPS),
        lambda c: operator.itemgetter(*keys_of(c))(c),
    ),
    Row("`match c:`", (STEPS, STEPS, NONE, STEPS, STEPS, STEPS, STEPS, STEPS), matched),
    Row("`collections.deque(c)`, `OrderedDict.fromkeys(c)`", ALL_ONE, deque, read=sorted),
    Row("`collections.Counter(c)`", ALL_ONE, lambda c: dict(Counter(c)), by_c=True),
    Row(
        "`collections.OrderedDict(c)`",
        (ONE, NONE, NONE, NONE, ONE, ONE, NONE, NONE),
        lambda c: dict(OrderedDict(c)),
        by_c=True,
    ),
    Row("`collections.UserDict(c)`", (STEPS, NONE, NONE, NONE, STEPS, STEPS, NONE, NONE), lambda c: UserDict(c).data),
    Row("`collections.UserList(c)`", (NONE, ONE, NONE, ONE, NONE, NONE, ONE, NONE), lambda c: UserList(c).data),
    Row(
        "`dict(collections.ChainMap(c))`",
        (STEPS, NONE, NONE, NONE, STEPS, STEPS, NONE, NONE),
        lambda c: dict(ChainMap(c)),
    ),
    Row("`bisect.bisect(c, x)`", (NONE, STEPS, NONE, STEPS, NONE, NONE, STEPS, STEPS), lambda c: bisect.bisect(c, "y")),
    Row("`heapq.merge(c, …)`", ALL_ONE, lambda c: sorted(heapq.merge(c))),
    Row(
        "`heapq.heapify(c)`, `heappush`, `heappop`",
        (REFUSED, STORAGE, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
        heapified,
    ),
    Row(
        "`string.Template(…).substitute(c)`",
        (STEPS, NONE, NONE, NONE, STEPS, STEPS, NONE, NONE),
        lambda c: string.Template("$a $b").substitute(c),
    ),
    Row('`"…".format_map(c)`', (STEPS, NONE, NONE, NONE, STEPS, STEPS, NONE, NONE), "{a} {b}".format_map),
    Row('`"%(a)s …" % c`', (STEPS, NONE, NONE, NONE, STEPS, STEPS, NONE, NONE), lambda c: "%(a)s %(b)s" % c),  # noqa: UP031
    Row("`csv.writer(…).writerow(c)`", ALL_ONE, written, read=words),
    Row("`copy.copy(c)`, `copy.deepcopy(c)`", ALL_ONE, copy.deepcopy),
    Row("`pickle.dumps(c)`", ALL_ONE, pickle.dumps, read=lambda data: unordered(pickle.loads(data))),
    Row("`marshal.dumps(c)`", (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED), marshal.dumps),
    Row(
        "`marshal.dumps(c.snapshot())`",
        (ONE, ONE, ONE, REFUSED, REFUSED, ONE, ONE, ONE),
        lambda c: marshal.dumps(snapshot(c)),
        read=marshal.loads,
    ),
    Row("`json.dumps(c)`", (ONE, ONE, REFUSED, REFUSED, ONE, ONE, REFUSED, REFUSED), json.dumps),
    Row("`json.dumps(c, default=list)`", ALL_ONE, lambda c: json.dumps(c, default=list), read=parsed),
    Row("`pprint.pformat(c)`", ALL_ONE, pprint.pformat, read=words, by_c=True),
    Row("`dataclasses.asdict(record)`", ALL_ONE, lambda c: dataclasses.asdict(Record(c))),
    Row(
        "`dataclasses.replace(record)`",
        (ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF),
        lambda c: dataclasses.replace(Record(c)).field,
    ),
    Row("`sqlite3`: `execute(sql, c)`", (STEPS, STEPS, REFUSED, STEPS, STEPS, STEPS, STEPS, STEPS), queried),
    Row("`sqlite3`: `c` as a value", (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED), bound),
    Row(
        "attrs: `asdict(record)`",
        (ONE, ONE, ONE, ITSELF, ONE, ONE, ITSELF, ITSELF),
        lambda c: use("attrs").asdict(attrs_record(c))["field"],
        "attrs",
    ),
    Row(
        "attrs: `evolve(record)`",
        (ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF),
        lambda c: use("attrs").evolve(attrs_record(c)).field,
        "attrs",
    ),
    Row(
        "cattrs: `unstructure(c)`",
        (ONE, ITSELF, ITSELF, ITSELF, ONE, ONE, ITSELF, ITSELF),
        lambda c: use("cattrs").unstructure(c),
        "cattrs",
    ),
    Row(
        "cattrs: `structure(c, list[str])`",
        ALL_ONE,
        lambda c: use("cattrs").structure(c, annotation(c)),
        "cattrs",
    ),
    Row("IPython: display", ALL_ONE, lambda c: use("IPython.lib.pretty").pretty(c), "IPython", read=words),
    Row(
        "msgspec: `json.encode(c)`",
        (STORAGE, STORAGE, ONE, REFUSED, STORAGE, STORAGE, REFUSED, REFUSED),
        lambda c: use("msgspec").json.encode(c),  # noqa: PLW0108
        "msgspec",
        parsed,
    ),
    Row(
        "msgspec: `json.encode(c.snapshot())`",
        (ONE, ONE, ONE, REFUSED, ONE, ONE, ONE, ONE),
        lambda c: use("msgspec").json.encode(snapshot(c)),
        "msgspec",
        parsed,
    ),
    Row(
        "msgspec: `convert(c, list[str])`",
        (STORAGE, STORAGE, ONE, ITSELF, ITSELF, STORAGE, REFUSED, REFUSED),
        lambda c: use("msgspec").convert(c, annotation(c)),
        "msgspec",
    ),
    Row(
        "numpy: `array(c)`",
        (NONE, ONE, NONE, ONE, NONE, NONE, ONE, ONE),
        lambda c: use("numpy").array(c).tolist(),
        "numpy",
    ),
    Row("numpy: `fromiter(c, …)`", ALL_ONE, lambda c: use("numpy").fromiter(c, object).tolist(), "numpy"),
    Row(
        "orjson: `dumps(c)`",
        (STORAGE, STORAGE, REFUSED, REFUSED, STORAGE, STORAGE, REFUSED, REFUSED),
        lambda c: use("orjson").dumps(c),
        "orjson",
        parsed,
    ),
    Row(
        "orjson: `dumps(c, default=…, option=OPT_PASSTHROUGH_SUBCLASS)`",
        (ONE, ONE, ONE, REFUSED, REFUSED, ONE, ONE, ONE),
        lambda c: use("orjson").dumps(
            c,
            default=lambda c: list(c) if isinstance(c, set) else snapshot(c),
            option=use("orjson").OPT_PASSTHROUGH_SUBCLASS,
        ),
        "orjson",
        parsed,
    ),
    Row(
        "pandas: `Series(c)`",
        (STEPS, STEPS, REFUSED, STEPS, STEPS, STEPS, STEPS, STEPS),
        lambda c: use("pandas").Series(c).to_dict(),
        "pandas",
    ),
    Row(
        "pandas: `DataFrame(c)`",
        (STEPS, STEPS, ONE, NONE, STEPS, STEPS, NONE, NONE),
        lambda c: use("pandas").DataFrame(c, index=[0] if isinstance(c, dict) else None),
        "pandas",
        lambda frame: unordered(frame.to_numpy().ravel().tolist()),
    ),
    Row(
        "pydantic: a field of the locked type",
        (ONE, ONE, ONE, ONE, ONE, ONE, REFUSED, REFUSED),
        lambda c: adapter(c).validate_python(c),
        "pydantic",
    ),
    Row(
        "pydantic: `model_dump()` of it",
        (ONE, ONE, ONE, ONE, ONE, ONE, REFUSED, REFUSED),
        lambda c: adapter(c).dump_python(c),
        "pydantic",
    ),
    Row(
        "pydantic: `model_dump_json()` of it",
        (ONE, ONE, ONE, ONE, ONE, ONE, REFUSED, REFUSED),
        lambda c: adapter(c).dump_json(c),
        "pydantic",
        parsed,
    ),
    Row(
        "pydantic: a field of the builtin type",
        (ONE, STORAGE, ONE, ONE, NONE, REFUSED, REFUSED, REFUSED),
        lambda c: builtin_adapter(c).validate_python(c),
        "pydantic",
    ),
    Row(
        "pydantic: `model_dump_json()` of that, not validated",
        (STORAGE, STORAGE, ONE, NONE, STORAGE, REFUSED, REFUSED, REFUSED),
        lambda c: builtin_adapter(c).dump_json(c),
        "pydantic",
        parsed,
    ),
    Row(
        "PyYAML: `safe_dump(c)`",
        (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
        lambda c: use("yaml").safe_dump(c),
        "yaml",
    ),
    Row("PyYAML: `dump(c)`", ALL_ONE, lambda c: use("yaml").dump(c), "yaml", read=words),
    Row("rich: `print(c)`", ALL_ONE, lambda c: use("rich.pretty").pretty_repr(c), "rich", read=words),
]


def keys_of(c: Any) -> tuple[Any, Any]:
    return ("a", "b") if isinstance(c, dict) else (0, 1)


CELLS = [
    pytest.param(row, case, verdict, id=f"{row.name.replace('`', '')} of a {name}")
    for row in ROWS
    for (name, case), verdict in zip(CASES.items(), row.verdicts, strict=True)
    if verdict != NONE
]
each_cell = pytest.mark.parametrize(("row", "case", "verdict"), CELLS)


@each_cell
def test_what_it_does_with_a_locked_container(row: Row, case: Case, verdict: str, need: Need) -> None:
    """While another thread is half through a section: it waits, or sees what is there."""
    if row.requires:
        need(row.requires)
    twin = case.cls(case.contents)
    if verdict == REFUSED:
        theirs = {"yaml": "YAMLError", "pydantic": "PydanticSchemaGenerationError"}
        own = [getattr(use(row.requires), theirs[row.requires])] if row.requires in theirs else []
        with pytest.raises((TypeError, ValueError, sqlite3.ProgrammingError, *own)):
            row.call(twin)
    elif verdict == ITSELF:
        with twin.locked():
            assert elsewhere(lambda: row.call(twin) is twin)
    elif verdict == STORAGE:
        model = case.builtin(case.contents)
        case.half(model)
        with twin.locked():
            case.half(twin)
            found = elsewhere(lambda: row.call(twin))
        assert row.read(found) == row.read(row.call(model))
    else:
        with ThreadPoolExecutor(1) as pool:
            with twin.locked():
                case.half(twin)
                thread = pool.submit(row.call, twin)
                with pytest.raises(TimeoutError):
                    thread.result(MOMENT)
                case.whole(twin)
            assert row.read(thread.result(PATIENCE)) == row.read(row.call(case.changed()))


LETS_IN = "__contains__ __getitem__ __iter__ __len__ __reduce__ copy get items keys snapshot values".split()
SHOWING = ["__repr__", "__rich_repr__"]


def with_a_visitor(case: Case, at: int, change: Callable[[Any], object]) -> tuple[Any, list[None]]:
    """A twin that another thread changes after the call number *at* of a method, and a list of one when it has."""
    calls, came = 0, list[None]()

    def counted(name: str) -> Callable[..., Any]:
        def method(self: Any, *args: Any) -> Any:
            nonlocal calls
            result = getattr(case.cls, name)(self, *args)
            calls += 1
            if calls == at:
                came.append(None)
                elsewhere(lambda: change(self))
            return result

        return method

    methods = {name: counted(name) for name in LETS_IN + SHOWING if hasattr(case.cls, name)}
    visited = type(f"Visited{case.cls.__name__}", (case.cls,), {**methods, "__module__": __name__})
    globals()[visited.__name__] = visited  # where pickle looks for it
    return visited(case.contents), came


@pytest.mark.parametrize(
    ("row", "case", "verdict"),
    [cell for cell in CELLS if cell.values[2] in (ONE, STEPS) and not cell.values[0].by_c],  # type: ignore[union-attr]
)
def test_what_is_of_one_moment_and_what_is_not(row: Row, case: Case, verdict: str, need: Need) -> None:
    """Another thread changes all, or takes all out, after the first method that is called, the second, ..."""
    if row.requires:
        need(row.requires)

    def change(c: Any) -> None:
        with c.locked():
            case.half(c)
            case.whole(c)

    def seen(c: Any) -> Any:
        with suppress(Exception):
            return row.read(row.call(c))
        return "raised"

    torn, before = [], seen(case.builtin(case.contents))
    for visit, after in ((change, seen(case.changed())), (lambda c: c.clear(), seen(case.builtin()))):
        at, came = 1, [None]
        while came:
            twin, came = with_a_visitor(case, at, visit)
            found = seen(twin)
            if found not in (before, after):
                torn.append((visit, at, found))
            at += 1
        assert at > 2, "no method was called"
    assert bool(torn) is (verdict == STEPS), torn


def test_the_table_is_on_the_page() -> None:
    lines = [f"| {row.name} | {' | '.join(row.verdicts)} |" for row in ROWS]
    on_the_page = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert on_the_page[1:] == lines


# --- pydantic ----------------------------------------------------------------------------------------------------


@pytest.fixture
def node(need: Need) -> Any:
    """A model of which the fields hold models of its own class."""
    pydantic = need("pydantic")
    return pydantic.create_model(
        "Node",
        number=(int, ...),
        children=(LockedList["Node"], pydantic.Field(default_factory=LockedList)),  # type: ignore[name-defined]
        names=(LockedSet[str], pydantic.Field(default_factory=LockedSet)),
        by_name=(LockedDict[str, "Node"], pydantic.Field(default_factory=LockedDict)),  # type: ignore[name-defined]
        groups=(LockedDefaultDict[str, list[int]], pydantic.Field(default_factory=lambda: LockedDefaultDict(list))),
    )


NODE = {
    "number": 1,
    "children": [{"number": "2"}],
    "names": ["x"],
    "by_name": {"a": {"number": 3}},
    "groups": {"a": ["4"]},
}


def test_pydantic_makes_locked_containers_of_what_it_has_checked(node: Any) -> None:
    made = node.model_validate(NODE)
    assert [type(value) for value in dict(made).values()] == [int, LockedList, LockedSet, LockedDict, LockedDefaultDict]
    assert isinstance(made.children[0], node)
    assert (made.children[0].number, made.by_name["a"].number, made.names) == (2, 3, {"x"})
    assert (made.groups, made.groups["new"]) == ({"a": [4], "new": []}, [])


def test_pydantic_dumps_plain_containers_and_reads_its_own_dumps(node: Any) -> None:
    made = node.model_validate(NODE)
    dumped = made.model_dump(exclude_defaults=True)
    assert dumped == {**NODE, "names": {"x"}, "children": [{"number": 2}], "groups": {"a": [4]}}
    assert [type(value) for value in dumped.values()] == [int, list, set, dict, dict]
    assert made.model_dump(include={"children": {0: {"number"}}}) == {"children": [{"number": 2}]}
    assert made.model_dump(exclude={"children": {0}}) == {**made.model_dump(), "children": []}
    for strict in (False, True):
        assert node.model_validate_json(made.model_dump_json(), strict=strict) == made


def test_pydantic_refuses_wrong_elements(node: Any) -> None:
    with pytest.raises(ValueError, match=r"children\.0\.number"):
        node.model_validate({"number": 1, "children": [{"number": "one"}]})
    with pytest.raises(ValueError, match="valid set"):
        node.model_validate({"number": 1, "names": 1})


def test_pydantic_describes_a_locked_container_as_its_builtin(need: Need) -> None:
    pydantic = need("pydantic")
    for mode in ("validation", "serialization"):
        for locked, builtin in (
            (LockedDict[str, int], dict[str, int]),
            (LockedDefaultDict[str, int], defaultdict[str, int]),
            (LockedList[int], list[int]),
            (LockedSet[int], set[int]),
            (LockedDeque[int], deque[int]),
            (LockedCounter[str], Counter[str]),
            (LockedList, list),
        ):
            schemas = [pydantic.TypeAdapter(each).json_schema(mode=mode) for each in (locked, builtin)]
            assert schemas[0] == schemas[1]


def test_pydantic_takes_one_locked_container_for_another_as_it_does_with_the_builtins(need: Need) -> None:
    pydantic = need("pydantic")
    validated = pydantic.TypeAdapter(LockedList[int]).validate_python(LockedSet(["1"]))
    assert (type(validated), validated) == (LockedList, [1])
    validated = pydantic.TypeAdapter(LockedDict[str, int]).validate_python(LockedDefaultDict(str, a="1"))
    assert (type(validated), validated) == (LockedDict, {"a": 1})
    for strict in (False, True):
        for twin in (LockedDict(a=1), LockedList("a"), LockedSet("a"), LockedDeque("ab", 5), LockedCounter("aab")):
            adapter, builtin = pydantic.TypeAdapter(type(twin)), twin.snapshot()
            try:
                pydantic.TypeAdapter(type(builtin)).validate_python(builtin, strict=strict)
            except pydantic.ValidationError:  # pydantic 2.12.3 refuses a deque where it is to be strict
                with pytest.raises(pydantic.ValidationError):
                    adapter.validate_python(twin, strict=strict)
                continue
            validated = adapter.validate_python(twin, strict=strict)
            assert (type(validated), validated) == (type(twin), twin)
            assert validated is not twin
            assert getattr(validated, "maxlen", None) == getattr(twin, "maxlen", None)
    with pytest.raises(ValueError, match="valid list"):
        pydantic.TypeAdapter(LockedList[int]).validate_python(LockedDict(a=1))


def test_pydantic_keeps_the_factory_of_a_default_dict(need: Need) -> None:
    pydantic = need("pydantic")
    validated = pydantic.TypeAdapter(LockedDefaultDict[str, int]).validate_python(LockedDefaultDict(lambda: 7))
    assert validated["new"] == 7
    with pytest.raises(pydantic.errors.PydanticSchemaGenerationError, match="default factory"):
        pydantic.TypeAdapter(LockedDefaultDict)  # as for the builtin: a factory for what?


def test_pydantic_makes_the_subclass_that_is_asked_for(need: Need) -> None:
    class Names(LockedList[str]):
        pass

    adapter = need("pydantic").TypeAdapter(Names)
    validated = adapter.validate_python(("x", "y"))
    assert (type(validated), validated, adapter.dump_python(validated)) == (Names, ["x", "y"], ["x", "y"])


def test_pydantic_is_not_imported_for_it() -> None:
    script = "import sys, lockedcontainers; assert not {'pydantic', 'pydantic_core'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# --- Others ------------------------------------------------------------------------------------------------------


def test_a_record_with_a_locked_default_dict_is_made_a_dict_as_one_with_a_default_dict_is() -> None:
    outcomes: list[object] = []
    for value in (LockedDefaultDict(list, a=[1]), defaultdict(list, a=[1])):
        try:
            field = dataclasses.asdict(Record(value))["field"]
            outcomes.append((dict(field), field.default_factory))
        except TypeError as error:  # before Python 3.12
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_a_record_made_a_dict_has_locked_containers_of_its_own() -> None:
    for case in CASES.values():
        original = Record(case.cls(case.contents))
        field = dataclasses.asdict(original)["field"]
        model = dataclasses.asdict(Record(case.builtin(case.contents)))["field"]  # a Counter counts its own items
        assert (type(field), field) == (case.cls, model)
        assert field is not original.field
